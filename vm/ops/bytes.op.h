// SPDX-License-Identifier: Apache-2.0
// Bodies of the ops on bytes: all work is in slow_bytes.c and slow_build.c.

op(bytes_bits) {
    Term a = A;
    if (LIKELY(term_is_bytes(a))) {
        SET(term_small((int64_t)bytes_len(a) * 8));
        NEXT;
    }
    JUMP(L);
}

op(bits_int) {
    FETCH_SPEC(slow_bits_int);
}

op(bits_float) {
    FETCH_SPEC(slow_bits_float);
}

op(bits_utf8) {
    FETCH2(slow_bits_utf8);
}

op(utf8_bits) {
    SET(utf8_bits(A));
    NEXT;
}

op(bits_bytes) {
    FETCH3(slow_bits_bytes);
}

op(bits_rest) {
    FETCH2(slow_bits_rest);
}

op(bits_match) {
    if (LIKELY(bits_match(A, B, C))) {
        NEXT;
    }
    JUMP(L);
}

op(bits_build) {
    SLOW_LIST(slow_bits_build);
}

op(concat) {
    SLOW2(slow_concat);
}

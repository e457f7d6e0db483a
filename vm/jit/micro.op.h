// SPDX-License-Identifier: Apache-2.0
// Bodies of what micro.def declares. A is the first operand that is no destination, D the one that
// is.

op(move) {
    D = A;
    NEXT;
}

op(load_y) {
    D = Y_SLOT;
    NEXT;
}

op(load_x) {
    D = X_SLOT;
    NEXT;
}

op(load_small) {
    D = TERM_LITERAL((uintptr_t)&HOLE_WORD32);
    NEXT;
}

op(load_word) {
    D = TERM_LITERAL(WORD64(HOLE_WORD));
    NEXT;
}

op(store_y) {
    Y_SLOT = D;
    NEXT;
}

op(store_x) {
    X_SLOT = D;
    NEXT;
}

op(raw_get) {
    D = A;
    NEXT;
}

op(raw_put_y) {
    raw_store(&Y_SLOT, D);
    NEXT;
}

op(raw_put_x) {
    raw_store(&X_SLOT, D);
    NEXT;
}

op(captured) {
    D = box_term(t0, N);
    NEXT;
}

op(put) {
    top[N] = A;
    NEXT;
}

op(box) {
    D = term_from_box(top);
    top += N;
    NEXT;
}

op(is_case) {
    if (UNLIKELY(A.bits == (uintptr_t)&HOLE_WORD32)) {
        JUMP(L);
    }
    NEXT;
}

op(below_case) {
    if (UNLIKELY(A.bits < (uintptr_t)&HOLE_WORD32)) {
        JUMP(L);
    }
    NEXT;
}

op(is_word) {
    if (UNLIKELY(A.bits == t1.bits)) {
        JUMP(L);
    }
    NEXT;
}

op(below_word) {
    if (UNLIKELY(A.bits < t1.bits)) {
        JUMP(L);
    }
    NEXT;
}

op(leave) {
    GO_COLD;
}

// Bytes -------------------------------------------------------------------------------------------

op(bytes_at) {
    if (LIKELY(term_is_bytes(A))) {
        BytesView view = bytes_view(A);
        if (LIKELY(view.len >= (uintptr_t)&HOLE_WORD32)) {
            t1 = TERM_LITERAL((uintptr_t)(view.data + OFFSET));
            t0 = stencil_any();
            NEXT;
        }
    }
    t0 = t1 = stencil_any();
    JUMP(L);
}

op(bytes_from) {
    if (LIKELY(term_is_bytes(A))) {
        BytesView view = bytes_view(A);
        uint64_t at = byte_at(t1);
        if (LIKELY(at < view.len && at + OFFSET <= view.len)) {
            t1 = TERM_LITERAL((uintptr_t)(view.data + at));
            t0 = stencil_any();
            NEXT;
        }
    }
    GO_COLD;
}

op(load_8) {
    D = term_small(*(const uint8_t *)t1.bits);
    NEXT;
}

op(load_16) {
    D = term_small(__builtin_bswap16(load_u16(t1)));
    NEXT;
}

op(load_32) {
    D = term_small(__builtin_bswap32(load_u32(t1)));
    NEXT;
}

op(load_64) {
    uint64_t value = __builtin_bswap64(load_u64(t1));
    if (UNLIKELY(value > (uint64_t)SMALL_MAX)) {
        GO_COLD;
    }
    D = term_small((int64_t)value);
    NEXT;
}

op(load_16_little) {
    D = term_small(load_u16(t1));
    NEXT;
}

op(load_32_little) {
    D = term_small(load_u32(t1));
    NEXT;
}

op(load_64_little) {
    uint64_t value = load_u64(t1);
    if (UNLIKELY(value > (uint64_t)SMALL_MAX)) {
        GO_COLD;
    }
    D = term_small((int64_t)value);
    NEXT;
}

op(load_8_signed) {
    D = term_small(*(const int8_t *)t1.bits);
    NEXT;
}

op(load_16_signed) {
    D = term_small((int16_t)__builtin_bswap16(load_u16(t1)));
    NEXT;
}

op(load_32_signed) {
    D = term_small((int32_t)__builtin_bswap32(load_u32(t1)));
    NEXT;
}

op(load_16_little_signed) {
    D = term_small((int16_t)load_u16(t1));
    NEXT;
}

op(load_32_little_signed) {
    D = term_small((int32_t)load_u32(t1));
    NEXT;
}

op(load_ascii) {
    uint64_t byte = *(const uint8_t *)t1.bits;
    if (UNLIKELY(byte >= 0x80)) {
        GO_COLD;
    }
    D = term_small((int64_t)byte);
    NEXT;
}

op(match_8) {
    if (LIKELY(((const uint8_t *)t1.bits)[OFFSET] == (uintptr_t)&HOLE_WORD32)) {
        NEXT;
    }
    JUMP(L);
}

op(match_16) {
    if (LIKELY(load_u16(TERM_LITERAL(t1.bits + OFFSET)) == (uintptr_t)&HOLE_WORD32)) {
        NEXT;
    }
    JUMP(L);
}

op(match_32) {
    if (LIKELY(load_u32(TERM_LITERAL(t1.bits + OFFSET)) == (uint32_t)(uintptr_t)&HOLE_WORD32)) {
        NEXT;
    }
    JUMP(L);
}

op(match_64) {
    if (LIKELY(load_u64(TERM_LITERAL(t1.bits + OFFSET)) == WORD64(HOLE_WORD))) {
        NEXT;
    }
    JUMP(L);
}

// What fails is left to C.

op(rest_at) {
    Term a = A;
    if (LIKELY(is_window(a) && box_raw(a, 1) >= OFFSET + BYTES_SLICE_MIN && HAS_SLICE_ROOM)) {
        put_slice(top, a, OFFSET);
        D = term_from_box(top);
        top += SLICE_WORDS;
        t1 = stencil_any();
        NEXT;
    }
    if (LIKELY(term_is_bytes(a))) {
        BytesView view = bytes_view(a);
        __asm__("" : "+r"(view.len)); // the length before the address: registers are few
        if (LIKELY(view.len - OFFSET <= BYTES_HEAP_MAX && HAS_BYTES_ROOM)) {
            t0 = t1 = stencil_any();
            Term *box = top;
            top = put_bytes(box, (uintptr_t)view.data + OFFSET, view.len - OFFSET);
            D = term_from_box(box);
            NEXT;
        }
    }
    GO_COLD;
}

op(rest_from) {
    Term a = A;
    if (LIKELY(is_window(a))) {
        uint64_t at = byte_at(t1);
        uint64_t len = box_raw(a, 1);
        if (LIKELY(at < len && len - at >= BYTES_SLICE_MIN && HAS_SLICE_ROOM)) {
            put_slice(top, a, at);
            D = term_from_box(top);
            top += SLICE_WORDS;
            t1 = stencil_any();
            NEXT;
        }
    }
    GO_COLD;
}

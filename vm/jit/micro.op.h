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

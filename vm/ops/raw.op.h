// SPDX-License-Identifier: Apache-2.0
// Bodies of the ops on raw floats. What leaves a raw register as a term is finite: box looks, since a
// number that is not has the tag of none. mul_unbox and div_unbox leave looking to who comes next, as
// raw_mul and raw_div do.

op(raw_move) {
    SET_RAW(A);
    NEXT;
}

op(raw_add) {
    SET_RAW(A + B);
    NEXT;
}

op(raw_sub) {
    SET_RAW(A - B);
    NEXT;
}

op(raw_mul) {
    SET_RAW(A * B);
    NEXT;
}

op(raw_div) {
    SET_RAW(A / B);
    NEXT;
}

op(raw_neg) {
    SET_RAW(raw_negated(A));
    NEXT;
}

op(raw_sqrt) {
    SET_RAW(raw_root(A));
    NEXT;
}

op(raw_check) {
    if (LIKELY(raw_is_finite(A))) {
        NEXT;
    }
    CHECK_RAW(A);
}

op(raw_lt) {
    if (A < B) {
        NEXT;
    }
    JUMP(L);
}

op(raw_ge) {
    if (A < B) {
        JUMP(L);
    }
    NEXT;
}

op(raw_eq) {
    if (A == B) {
        NEXT;
    }
    JUMP(L);
}

op(raw_ne) {
    if (A == B) {
        JUMP(L);
    }
    NEXT;
}

op(unbox) {
    Term a = A;
    if (LIKELY(term_is_flo(a))) {
        SET_RAW(term_to_flo(a));
        NEXT;
    }
    if (term_is_small(a)) {
        SET_RAW((double)term_to_small(a));
        NEXT;
    }
    SLOW_RAW(slow_unbox(p, A));
}

op(as_float) {
    Term a = A;
    if (LIKELY(term_is_flo(a))) {
        SET_RAW(term_to_flo(a));
        NEXT;
    }
    JUMP(L);
}

op(box) {
    Term boxed = TERM_LITERAL(flo_encode(A));
    if (LIKELY(term_is_flo(boxed))) {
        SET(boxed);
        NEXT;
    }
    SLOW_FLOAT(A);
}

op(mul_unbox) {
    Term a = A;
    Term b = B;
    if (LIKELY(term_is_flo(a) && term_is_flo(b))) {
        SET_RAW(term_to_flo(a) * term_to_flo(b));
        NEXT;
    }
    SLOW_RAW(slow_mul_unbox(p, A, B));
}

op(div_unbox) {
    Term a = A;
    Term b = B;
    if (LIKELY(term_is_flo(a))) {
        if (term_is_flo(b)) {
            SET_RAW(term_to_flo(a) / term_to_flo(b));
            NEXT;
        }
        if (LIKELY(term_is_small(b))) {
            SET_RAW(term_to_flo(a) / (double)term_to_small(b));
            NEXT;
        }
    } else if (terms_are_small(a, b)) {
        // Of integers the quotient is right when both are floats exactly.
        double dividend = (double)term_to_small(a);
        double divisor = (double)term_to_small(b);
        if ((int64_t)dividend == term_to_small(a) && (int64_t)divisor == term_to_small(b)) {
            SET_RAW(dividend / divisor);
            NEXT;
        }
    }
    SLOW_RAW(slow_div(p, A, B));
}

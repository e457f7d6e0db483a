// SPDX-License-Identifier: Apache-2.0
// Bodies of arithmetic: small integers and tagged floats here, all else in slow_arith.c.
//
// A small integer is its value times 4, so sums and differences of words are right as they stand,
// and overflow of the word is overflow of the small range.

op(add) {
    Term a = A;
    Term b = B;
    int64_t r;
    if (LIKELY(terms_are_small(a, b) &&
               !__builtin_add_overflow((int64_t)a.bits, (int64_t)b.bits, &r))) {
        SET(TERM_LITERAL(r));
        NEXT;
    }
    if (term_is_flo(a) && term_is_flo(b)) {
        Term sum = TERM_LITERAL(flo_encode(term_to_flo(a) + term_to_flo(b)));
        if (LIKELY(term_is_flo(sum))) {
            SET(sum);
            NEXT;
        }
    }
    SLOW2(slow_add);
}

op(sub) {
    Term a = A;
    Term b = B;
    int64_t r;
    if (LIKELY(terms_are_small(a, b) &&
               !__builtin_sub_overflow((int64_t)a.bits, (int64_t)b.bits, &r))) {
        SET(TERM_LITERAL(r));
        NEXT;
    }
    if (term_is_flo(a) && term_is_flo(b)) {
        Term difference = TERM_LITERAL(flo_encode(term_to_flo(a) - term_to_flo(b)));
        if (LIKELY(term_is_flo(difference))) {
            SET(difference);
            NEXT;
        }
    }
    SLOW2(slow_sub);
}

op(mul) {
    Term a = A;
    Term b = B;
    int64_t r;
    if (LIKELY(terms_are_small(a, b) && !__builtin_mul_overflow((int64_t)a.bits, B_VALUE, &r))) {
        SET(TERM_LITERAL(r));
        NEXT;
    }
    if (term_is_flo(a) && term_is_flo(b)) {
        Term product = TERM_LITERAL(flo_encode(term_to_flo(a) * term_to_flo(b)));
        if (LIKELY(term_is_flo(product))) {
            SET(product);
            NEXT;
        }
    }
    SLOW2(slow_mul);
}

op(div) {
    double a;
    double b;
    if (LIKELY(term_exact_double(A, &a) && term_exact_double(B, &b))) {
        // A quotient by zero has no tag: infinity or not a number.
        Term quotient = TERM_LITERAL(flo_encode(a / b));
        if (LIKELY(term_is_flo(quotient))) {
            SET(quotient);
            NEXT;
        }
    }
    SLOW2(slow_div);
}

op(idiv) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b) && (int64_t)b.bits > 0)) {
        int64_t x_ = term_to_small(a);
        int64_t y_ = term_to_small(b);
        SET(term_small(x_ / y_ - (x_ % y_ < 0)));
        NEXT;
    }
    SLOW2(slow_idiv);
}

op(mod) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b) && (int64_t)b.bits > 0)) {
        // Both are four times their value, and so is the remainder.
        int64_t r = (int64_t)a.bits % (int64_t)b.bits;
        SET(TERM_LITERAL(r < 0 ? r + (int64_t)b.bits : r));
        NEXT;
    }
    SLOW2(slow_mod);
}

op(neg) {
    Term a = A;
    int64_t r;
    if (LIKELY(term_is_small(a) && !__builtin_sub_overflow(INT64_C(0), (int64_t)a.bits, &r))) {
        SET(TERM_LITERAL(r));
        NEXT;
    }
    if (term_is_flo(a)) {
        SET(term_flo(-term_to_flo(a)));
        NEXT;
    }
    SLOW1(slow_neg);
}

op(band) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b))) {
        SET(TERM_LITERAL(a.bits & b.bits));
        NEXT;
    }
    SLOW2(slow_band);
}

op(bor) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b))) {
        SET(TERM_LITERAL(a.bits | b.bits));
        NEXT;
    }
    SLOW2(slow_bor);
}

op(bxor) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b))) {
        SET(TERM_LITERAL(a.bits ^ b.bits));
        NEXT;
    }
    SLOW2(slow_bxor);
}

op(bnot) {
    Term a = A;
    if (LIKELY(term_is_small(a))) {
        SET(TERM_LITERAL(a.bits ^ ~UINT64_C(3)));
        NEXT;
    }
    SLOW1(slow_bnot);
}

op(shl) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b) && B_IS_SHIFT)) {
        int64_t r = (int64_t)(a.bits << B_VALUE);
        if (LIKELY(r >> B_VALUE == (int64_t)a.bits)) {
            SET(TERM_LITERAL(r));
            NEXT;
        }
    }
    SLOW2(slow_shl);
}

op(shr) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b) && B_IS_SHIFT)) {
        SET(TERM_LITERAL(((int64_t)a.bits >> B_VALUE) & ~INT64_C(3)));
        NEXT;
    }
    SLOW2(slow_shr);
}

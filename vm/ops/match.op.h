// SPDX-License-Identifier: Apache-2.0
// Bodies of the tests: each falls through when it holds and goes to its label when not.

op(truthy) {
    if (LIKELY(!term_is_falsy(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_int) {
    if (LIKELY(term_is_integer(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_float) {
    if (LIKELY(term_is_float(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_number) {
    if (LIKELY(term_is_number(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_atom) {
    if (LIKELY(term_is_atom(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_bool) {
    if (LIKELY(term_is_bool(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_bytes) {
    if (LIKELY(term_is_bytes(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_tuple) {
    if (LIKELY(term_is_tuple(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_list) {
    if (LIKELY(term_is_list(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_cons) {
    if (LIKELY(term_is_cons(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_empty) {
    if (LIKELY(term_is_empty(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_map) {
    if (LIKELY(term_is_map(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_record) {
    if (LIKELY(term_is_record(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_range) {
    if (LIKELY(term_is_range(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_fn) {
    if (LIKELY(term_is_fn(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_pid) {
    if (LIKELY(term_is_pid(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_ref) {
    if (LIKELY(term_is_ref(A))) {
        NEXT;
    }
    JUMP(L);
}

op(is_tuple_of) {
    if (LIKELY(box_is_headed(A, TUPLE_HEADER))) {
        NEXT;
    }
    JUMP(L);
}

op(is_tagged) {
    if (LIKELY(box_is_headed(A, TUPLE_HEADER) && term_same_bits(tuple_at(A, 0), ATOM))) {
        NEXT;
    }
    JUMP(L);
}

op(is_record_of) {
    if (LIKELY(record_is_of(A, RECORD))) {
        NEXT;
    }
    JUMP(L);
}

op(same) {
    Term a = A;
    Term b = B;
    if (term_same_bits(a, b)) {
        NEXT;
    }
    if (LIKELY(!term_is_pointer(a) || !term_is_pointer(b))) {
        JUMP(L);
    }
    if (LIKELY(bytes_differ_at_sight(a, b))) {
        JUMP(L);
    }
    TEST2(slow_same);
}

op(differ) {
    Term a = A;
    Term b = B;
    if (term_same_bits(a, b)) {
        JUMP(L);
    }
    if (LIKELY(!term_is_pointer(a) || !term_is_pointer(b))) {
        NEXT;
    }
    if (LIKELY(bytes_differ_at_sight(a, b))) {
        NEXT;
    }
    TEST2(slow_differ);
}

op(eq) {
    Term a = A;
    Term b = B;
    if (term_same_bits(a, b)) {
        NEXT;
    }
    if (LIKELY(terms_are_small(a, b) || term_is_atom(a) || term_is_atom(b))) {
        JUMP(L);
    }
    if (term_is_flo(a) && term_is_flo(b)) {
        if (term_to_flo(a) == term_to_flo(b)) {
            NEXT;
        }
        JUMP(L);
    }
    if (LIKELY(bytes_differ_at_sight(a, b))) {
        JUMP(L);
    }
    TEST2(slow_eq);
}

op(ne) {
    Term a = A;
    Term b = B;
    if (term_same_bits(a, b)) {
        JUMP(L);
    }
    if (LIKELY(terms_are_small(a, b) || term_is_atom(a) || term_is_atom(b))) {
        NEXT;
    }
    if (term_is_flo(a) && term_is_flo(b)) {
        if (term_to_flo(a) != term_to_flo(b)) {
            NEXT;
        }
        JUMP(L);
    }
    if (LIKELY(bytes_differ_at_sight(a, b))) {
        NEXT;
    }
    TEST2(slow_ne);
}

op(lt) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b))) {
        if ((int64_t)a.bits < (int64_t)b.bits) {
            NEXT;
        }
        JUMP(L);
    }
    if (term_is_flo(a) && term_is_flo(b)) {
        if (term_to_flo(a) < term_to_flo(b)) {
            NEXT;
        }
        JUMP(L);
    }
    TEST2(slow_lt);
}

op(ge) {
    Term a = A;
    Term b = B;
    if (LIKELY(terms_are_small(a, b))) {
        if ((int64_t)a.bits >= (int64_t)b.bits) {
            NEXT;
        }
        JUMP(L);
    }
    if (term_is_flo(a) && term_is_flo(b)) {
        if (term_to_flo(a) >= term_to_flo(b)) {
            NEXT;
        }
        JUMP(L);
    }
    TEST2(slow_ge);
}

// SPDX-License-Identifier: Apache-2.0
// Bodies of building and taking apart. The verifier has seen to it that there is room for what is
// built, and that what is taken apart unchecked is what it must be.

op(alloc) {
    if (UNLIKELY(!HAS_ROOM)) {
        COLLECT(N);
    }
    NEXT;
}

op(cons) {
    Term *cell = TOP;
    cell[0] = A;
    cell[1] = B;
    TOP = cell + 2;
    SET(term_from_cons(cell));
    NEXT;
}

op(head) {
    SET(cons_head(A));
    NEXT;
}

op(tail_of) {
    SET(cons_tail(A));
    NEXT;
}

// An unfinished list is its last cell, whose tail is the first one, which counts for nothing: so one
// term holds both ends.
op(list_new) {
    Term *cell = TOP;
    cell[0] = TERM_EMPTY;
    cell[1] = term_from_cons(cell);
    TOP = cell + 2;
    SET(term_from_cons(cell));
    NEXT;
}

op(list_add) {
    Term last = A;
    if (UNLIKELY(!heap_is_new(&p->heap, TOP, last))) {
        REMEMBER(last);
    }
    Term *cell = TOP;
    cell[0] = B;
    cell[1] = cons_tail(last);
    term_pointer(last)[1] = term_from_cons(cell);
    TOP = cell + 2;
    SET(term_from_cons(cell));
    NEXT;
}

op(list_end) {
    Term last = A;
    if (UNLIKELY(!heap_is_new(&p->heap, TOP, last))) {
        REMEMBER(last);
    }
    Term first = cons_tail(last);
    term_pointer(last)[1] = B;
    SET(cons_tail(first));
    NEXT;
}

op(tuple) {
    Term *box = TOP;
    box[0] = header_make(KIND_TUPLE, COUNT, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        box[1 + i] = ELEMENT(i);
    }
    TOP = box + 1 + COUNT;
    SET(term_from_box(box));
    NEXT;
}

op(elem) {
    SET(tuple_at(A, N));
    NEXT;
}

op(record) {
    Term *box = TOP;
    box[0] = header_make(KIND_RECORD, 1 + (size_t)COUNT, 0);
    box[1] = TERM_LITERAL((uintptr_t)RECORD);
    for (uint32_t i = 0; i < COUNT; i++) {
        box[2 + i] = ELEMENT(i);
    }
    TOP = box + 2 + COUNT;
    SET(term_from_box(box));
    NEXT;
}

op(field) {
    SET(record_field(A, N));
    NEXT;
}

op(closure) {
    Term *box = TOP;
    box[0] = header_make(KIND_FN, 1 + (size_t)COUNT, 0);
    box[1] = TERM_LITERAL((uintptr_t)FUNCTION);
    for (uint32_t i = 0; i < COUNT; i++) {
        box[2 + i] = ELEMENT(i);
    }
    TOP = box + 2 + COUNT;
    SET(term_from_box(box));
    NEXT;
}

op(get) {
    SLOW_WITH(slow_get, ATOM);
}

op(get_field) {
    if (LIKELY(record_is_of(A, RECORD))) {
        SET(record_field(A, N));
        NEXT;
    }
    SLOW_WITH(slow_get, ATOM);
}

op(index) {
    Term a = A;
    Term b = B;
    if (LIKELY(term_is_tuple(a) && term_is_small(b) && b.bits >> 2 < tuple_size(a))) {
        SET(tuple_at(a, b.bits >> 2));
        NEXT;
    }
    SLOW2(slow_index);
}

op(range) {
    SLOW2(slow_range);
}

op(map) {
    SLOW_LIST(slow_map);
}

op(map_put) {
    SLOW3(slow_map_put);
}

op(map_update) {
    SLOW3(slow_map_update);
}

op(map_get) {
    FETCH2(slow_map_get);
}

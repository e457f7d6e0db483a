// SPDX-License-Identifier: Apache-2.0
// Built-ins of Tuple. Tests: the examples of stdlib/tupleop.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"

Term bif_tuple_size(Process *p, Term *args) {
    return term_is_tuple(args[0]) ? term_small((int64_t)tuple_size(args[0])) : process_badarg(p, args[0]);
}

// The position that args[1] names in the tuple args[0]; false after the failure.
static bool tuple_position(Process *p, Term *args, size_t *i) {
    if (!term_is_tuple(args[0])) {
        process_badarg(p, args[0]);
        return false;
    }
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 0 || (size_t)term_to_small(args[1]) >= tuple_size(args[0])) {
        process_badarg(p, args[1]);
        return false;
    }
    *i = (size_t)term_to_small(args[1]);
    return true;
}

Term bif_tuple_at(Process *p, Term *args) {
    size_t i;
    return tuple_position(p, args, &i) ? tuple_at(args[0], i) : TERM_NONE;
}

Term bif_tuple_put(Process *p, Term *args) {
    size_t i;
    if (!tuple_position(p, args, &i)) {
        return TERM_NONE;
    }
    Room room;
    if (!process_reserve(p, 1 + tuple_size(args[0]), NULL, 0, &room)) {
        return TERM_NONE;
    }
    process_charge(p, (int32_t)(tuple_size(args[0]) / CELLS_PER_REDUCTION));
    return tuple_put(&room, args[0], i, args[2]);
}

Term bif_tuple_to_list(Process *p, Term *args) {
    if (!term_is_tuple(args[0])) {
        return process_badarg(p, args[0]);
    }
    size_t n = tuple_size(args[0]);
    Room room;
    if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
    return room_list(&room, tuple_elements(args[0]), n, TERM_EMPTY);
}

// Tuples are for a handful of things: what is longer than this fails with :limit(:tuple).
enum { TUPLE_MAX = 1 << 16 };

Term bif_tuple_from_list(Process *p, Term *args) {
    Term at = args[0];
    size_t n = list_walk(&at, TUPLE_MAX + 1);
    if (n > TUPLE_MAX) {
        return process_limit(p, AM_tuple);
    }
    if (!term_is_empty(at)) {
        return process_badarg(p, args[0]);
    }
    Room room;
    if (!process_reserve(p, 1 + n, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term tuple = room_box(&room, KIND_TUPLE, n, 0);
    at = args[0];
    for (size_t i = 0; i < n; i++, at = cons_tail(at)) {
        box_set(tuple, i, cons_head(at));
    }
    process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
    return tuple;
}

// SPDX-License-Identifier: Apache-2.0
// Lists: walking and building. Lists may end in something other than []: then they are improper.
// Tests: tests/unit/vm/term.
#pragma once

#include "vm/term/room.h"

static inline bool term_is_list(Term t) {
    return term_is_cons(t) || term_is_empty(t);
}

// Counts the cells from *at on, `max` at most, and moves *at to what follows them. It ended where
// *at is no cell: TERM_EMPTY for a proper list.
static inline size_t list_walk(Term *at, size_t max) {
    size_t n = 0;
    while (n < max && term_is_cons(*at)) {
        *at = cons_tail(*at);
        n++;
    }
    return n;
}

// How many elements a proper list has, or -1 for anything else. O(n), without yielding.
static inline int64_t list_length(Term list) {
    size_t n = list_walk(&list, SIZE_MAX);
    return term_is_empty(list) ? (int64_t)n : -1;
}

// The elements in order, ending in `tail`. 2 * count words.
static inline Term room_list(Room *room, const Term *elements, size_t count, Term tail) {
    while (count > 0) {
        tail = room_cons(room, elements[--count], tail);
    }
    return tail;
}

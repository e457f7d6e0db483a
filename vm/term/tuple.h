// SPDX-License-Identifier: Apache-2.0
// Tuples beyond term.h's readers and room.h's constructors. Tests: tests/unit/vm/term.
#pragma once

#include "vm/term/room.h"

static inline const Term *tuple_elements(Term t) {
    return box_pointer(t) + 1;
}

// Whether t is a tuple of `size` elements that begins with the atom `tag`.
static inline bool tuple_is_tagged(Term t, Term tag, size_t size) {
    return term_is_tuple(t) && tuple_size(t) == size && size > 0 &&
           term_same_bits(tuple_at(t, 0), tag);
}

// A copy of t with its i-th element replaced. 1 + size words; t must lie outside the room.
static inline Term tuple_put(Room *room, Term t, size_t i, Term value) {
    ASSERT(i < tuple_size(t));
    Term copy = room_tuple(room, tuple_elements(t), tuple_size(t));
    box_set(copy, i, value);
    return copy;
}

// SPDX-License-Identifier: Apache-2.0
// The inner loops of collections: moving an object to where survivors go, and scanning what was
// moved (Cheney 1970). Included by those that collect only: all is inlined for the kind of
// collection, a constant in each use.
//
// A moved cell has TERM_MOVED in its head and its new place in its tail; a moved box has its new
// place where its header was. The words behind a box's header stay intact until the block is freed.
// The cells of a list are moved together, so that a list lies in order afterwards.
#pragma once

#include "vm/heap/gc_private.h"

// From where a collection moves.
typedef enum {
    FROM_YOUNG,    // the young block
    FROM_MESSAGES, // and adopted fragments
    FROM_ALL,      // and the old heap
} From;

// Whether an address is one that this collection moves from.
static inline bool is_from(const Collection *c, uintptr_t address, From from) {
    switch (from) {
    case FROM_YOUNG: return range_has(c->young, address);
    case FROM_MESSAGES:
        // What is in none of the others is in an adopted fragment.
        return range_has(c->young, address) ||
               (!range_has(c->old, address) && !range_has(c->literal, address) &&
                !range_has(c->foreign, address));
    case FROM_ALL: break;
    }
    return !range_has(c->to, address) && !range_has(c->literal, address) &&
           !range_has(c->foreign, address);
}

// Where a cell or box was moved to. False: it was not.
static inline bool was_moved(Term t, Term *where) {
    const Term *from = term_pointer(t);
    if (term_is_cons(t)) {
        *where = from[1];
        return term_same_bits(from[0], TERM_MOVED);
    }
    *where = from[0];
    return !term_is_header(from[0]);
}

static inline Term move_box(Collection *c, Term t) {
    Term *from = term_pointer(t);
    Term *to = c->top;
    size_t words = header_words(from[0]);
    to[0] = from[0];
#pragma GCC unroll 1
    for (size_t i = 1; i <= words; i++) {
        to[i] = from[i];
        __asm__("" : : :); // most are too short for what a compiler would make of it
    }
    c->top = to + 1 + words;
    return from[0] = term_from_box(to);
}

// The cell, and those that follow as long as they are to be moved.
static inline __attribute__((always_inline)) Term move_cells(Collection *c, Term t, From from) {
    Term *to = c->top;
    Term first = term_from_cons(to);
    for (;;) {
        Term *cell = term_pointer(t);
        Term tail = cell[1];
        to[0] = cell[0];
        to[1] = tail;
        cell[0] = TERM_MOVED;
        cell[1] = term_from_cons(to);
        to += 2;
        if (!term_is_cons(tail) || !is_from(c, term_address(tail), from) ||
            was_moved(tail, &to[-1])) {
            break;
        }
        to[-1] = term_from_cons(to);
        t = tail;
    }
    c->top = to;
    return first;
}

static inline __attribute__((always_inline)) void visit_slot(Collection *c, Term *slot, From from) {
    Term t = *slot;
    if (term_is_pointer(t) && is_from(c, term_address(t), from) && !was_moved(t, slot)) {
        *slot = term_is_cons(t) ? move_cells(c, t, from) : move_box(c, t);
    }
}

// Scans what was moved, from `scan` on, and so moves all that it leads to.
#define SCAN_MOVED(c, scan, visit)                                                                 \
    while ((scan) < (c)->top) {                                                                    \
        Term word_ = *(scan);                                                                      \
        if (term_is_header(word_)) {                                                               \
            size_t words_ = header_words(word_);                                                   \
            size_t i_ = kind_raw_words(header_kind(word_), words_);                                \
            for (; i_ < words_; i_++) {                                                            \
                visit(c, (scan) + 1 + i_);                                                         \
            }                                                                                      \
            (scan) += 1 + words_;                                                                  \
        } else {                                                                                   \
            visit(c, (scan));                                                                      \
            visit(c, (scan) + 1);                                                                  \
            (scan) += 2;                                                                           \
        }                                                                                          \
    }

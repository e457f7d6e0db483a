// SPDX-License-Identifier: Apache-2.0
// Generic operand words: how operands that make no variants (elements of lists, ops with many
// operands) stand in engine code. A word is the constant term itself, or a register in the form of
// a non-value:
//
//   constant   the term's bits
//   register   bits 0-7 IMM_NONVALUE, 8-15 0x80 (X) or 0x81 (Y), 16-47 its number
#pragma once

#include "vm/proc/process.h"
#include "vm/term/box.h"

enum { WORD_X = 0x80, WORD_Y = 0x81 };

static inline uint64_t word_register(bool y, uint32_t number) {
    return (uint64_t)number << 16 | (uint64_t)(y ? WORD_Y : WORD_X) << 8 | IMM_NONVALUE;
}

static inline Term *word_slot(uint64_t word, Term *x, Term *y) {
    return ((word & 0x100) != 0 ? y : x) + (word >> 16);
}

static inline Term word_value(uint64_t word, Term *x, Term *y) {
    return (word & IMM_MASK) == IMM_NONVALUE ? *word_slot(word, x, y) : TERM_LITERAL(word);
}

// A raw register is one behind X; a constant is the float as a term.
static inline double word_raw(uint64_t word, Term *x, Term *y) {
    return (word & IMM_MASK) == IMM_NONVALUE ? raw_load(word_slot(word, x, y))
                                             : term_to_double(TERM_LITERAL(word));
}

// The value while a slow path runs.
static inline Term word_get(const Process *p, uint64_t word) {
    return word_value(word, p->x, p->heap.sp);
}

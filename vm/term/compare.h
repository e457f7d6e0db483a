// SPDX-License-Identifier: Apache-2.0
// Comparing terms, four ways:
//
//   COMPARE_EXACT    `===`, patterns, map keys: 1 and 1.0 differ, so do 0.0 and -0.0
//   COMPARE_NUMERIC  `==`: numbers by value and without rounding, inside tuples and lists too; map keys stay exact
//   COMPARE_ORDER    `<`: number < atom < ref < fn < pid < tuple < record < range < map < list < bytes; atoms by text,
//                    tuples, records and maps by size first, then elements; maps then by keys (in key order), then by
//                    values; refs and closures by age; 1 and 1.0 are equal here
//   COMPARE_KEYS     as COMPARE_ORDER but total and exact: every Int before every Float, -0.0 before 0.0. The order of the
//                    keys of a small map, and of nothing that a program sees
//
// No C recursion: nested terms wait on a work stack (stack.h). A Comparison can be run in slices of
// a budget, as a built-in does for terms of any size. The plain functions run to the end, and take
// the little memory that deep nesting (over STACK_INLINE levels) needs even beyond the VM's limit.
// Shared parts that are the same box cost nothing. Tests: tests/unit/vm/term/compare_test.c.
#pragma once

#include "vm/term/atom.h"
#include "vm/term/stack.h"

typedef enum { COMPARE_EXACT, COMPARE_NUMERIC, COMPARE_ORDER, COMPARE_KEYS } CompareMode;

typedef struct {
    const AtomTable *atoms;
    TermStack stack;
    Term a; // to be compared next, or TERM_NONE
    Term b;
    CompareMode mode; // of these two
    int result;       // once done: below, equal to or above 0 (just 0 or not for EXACT and NUMERIC)
} Comparison;

void comparison_init(Comparison *c, const AtomTable *atoms, CompareMode mode, Term a, Term b);
// Goes on; each pair of terms takes 1 of *budget. STEP_DONE: c->result is set.
StepStatus comparison_run(Comparison *c, int64_t *budget);
// The terms it still holds.
void comparison_each_root(Comparison *c, RootVisit visit, void *collection);
// At any time; then no other function but init.
void comparison_free(Comparison *c);

bool compare_equal(const AtomTable *atoms, CompareMode mode, Term a, Term b);
int compare_full(const AtomTable *atoms, CompareMode mode, Term a, Term b);

// `===`
static inline bool term_equal(const AtomTable *atoms, Term a, Term b) {
    if (term_same_bits(a, b)) {
        return true;
    }
    // Different words are equal only if both point to memory.
    return term_is_pointer(a) && term_is_pointer(b) && compare_equal(atoms, COMPARE_EXACT, a, b);
}

// `==`
static inline bool term_equal_numeric(const AtomTable *atoms, Term a, Term b) {
    return term_same_bits(a, b) || compare_equal(atoms, COMPARE_NUMERIC, a, b);
}

// `<` and the rest: below, equal to or above 0.
static inline int term_compare(const AtomTable *atoms, Term a, Term b) {
    if (terms_are_small(a, b)) {
        return ((int64_t)a.bits > (int64_t)b.bits) - ((int64_t)a.bits < (int64_t)b.bits);
    }
    return compare_full(atoms, COMPARE_ORDER, a, b);
}

static inline int term_compare_keys(const AtomTable *atoms, Term a, Term b) {
    return term_same_bits(a, b) ? 0 : compare_full(atoms, COMPARE_KEYS, a, b);
}

// Two numbers, by value and without rounding.
int number_compare(Term a, Term b);

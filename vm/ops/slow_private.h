// SPDX-License-Identifier: Apache-2.0
// What the slow paths share. Private to vm/ops.
#pragma once

#include "vm/ops/slow.h"
#include "vm/term/atom.h"

enum {
    STEPS_PER_REDUCTION = 16, // pairs of terms and the like
    REDUCTION_US = 10,        // reductions that a microsecond of other work costs
};

// The work that an earlier run of this op left, or NULL.
static inline void *slow_resume(const Process *p, const void *owner) {
    ASSERT(p->work == NULL || p->work->owner == owner);
    return p->work;
}

// How many steps may be done before they are charged: as this slice still allows, and not so many
// that the clock is looked at too late (process_charge).
static inline int64_t slow_budget(const Process *p) {
    enum { AT_ONCE = 256 };
    int32_t reductions = p->reds < 1 ? 1 : p->reds < AT_ONCE ? p->reds : AT_ONCE;
    return (int64_t)reductions * STEPS_PER_REDUCTION;
}

// Charges what was used of a budget. True when the slice is spent.
static inline bool slow_charge(Process *p, int64_t steps) {
    return process_charge(p, (int32_t)(steps / STEPS_PER_REDUCTION));
}

// Drops p->work: it is done.
static inline void slow_done(Process *p) {
    Work *work = p->work;
    p->work = NULL;
    work->drop(p, work);
}

// Whether a term is a small integer that is not negative; then its value.
static inline bool term_to_size(Term t, uint64_t *size) {
    *size = t.bits >> 2;
    return term_is_small(t) && (int64_t)t.bits >= 0;
}

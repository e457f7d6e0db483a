// SPDX-License-Identifier: Apache-2.0
// Slow paths of comparisons. Most are over after a few steps, on the C stack; one that is not
// begins anew in p->work and goes on in slices.
#include "vm/ops/slow_private.h"
#include "vm/term/compare.h"

enum { FIRST_STEPS = 256, SHORT_BYTES = 4096 };

typedef struct {
    Work work;
    Comparison comparison;
} CompareWork;

static void compare_drop(Process *p, Work *work) {
    comparison_free(&((CompareWork *)work)->comparison);
    mem_free(p->vm->mem, MEM_SCRATCH, work);
}

static void compare_roots(Work *work, RootVisit visit, void *collection) {
    comparison_each_root(&((CompareWork *)work)->comparison, visit, collection);
}

// Short bytes are compared at once. True: *result.
static bool compare_bytes(CompareMode mode, Term a, Term b, int *result) {
    if (!term_is_bytes(a) || !term_is_bytes(b)) {
        return false;
    }
    BytesView x = bytes_view(a);
    BytesView y = bytes_view(b);
    if (x.len > SHORT_BYTES && y.len > SHORT_BYTES) {
        return false;
    }
    *result = mode <= COMPARE_NUMERIC && x.len != y.len ? 1 : bytes_compare(x, y);
    return true;
}

// Tries with a small budget. True when it is done: *result.
static bool compare_quick(Process *p, CompareMode mode, Term a, Term b, int *result) {
    Comparison c;
    comparison_init(&c, p->vm->atoms, mode, a, b);
    int64_t budget = FIRST_STEPS;
    StepStatus status = comparison_run(&c, &budget);
    *result = c.result;
    slow_charge(p, FIRST_STEPS - budget);
    comparison_free(&c);
    return status == STEP_DONE;
}

static CompareWork *compare_begin(Process *p, CompareMode mode, Term a, Term b) {
    CompareWork *work = mem_alloc_zero(p->vm->mem, MEM_SCRATCH, sizeof *work);
    if (work == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    work->work = (Work){compare_drop, compare_roots, (const void *)compare_begin};
    comparison_init(&work->comparison, p->vm->atoms, mode, a, b);
    p->work = &work->work;
    return work;
}

// TERM_TRUE with *result set, or what the op must answer.
static Term compare(Process *p, CompareMode mode, Term a, Term b, int *result) {
    CompareWork *work = slow_resume(p, (const void *)compare_begin);
    if (work == NULL) {
        if (compare_bytes(mode, a, b, result) || compare_quick(p, mode, a, b, result)) {
            return TERM_TRUE;
        }
        work = compare_begin(p, mode, a, b);
        if (work == NULL) {
            return TERM_NONE;
        }
    }
    StepStatus status;
    int64_t steps;
    int64_t budget;
    do {
        budget = steps = slow_budget(p);
        status = comparison_run(&work->comparison, &budget);
    } while (!slow_charge(p, steps - budget) && status == STEP_MORE);
    *result = work->comparison.result;
    if (status == STEP_MORE) {
        return TERM_YIELD;
    }
    slow_done(p);
    return status == STEP_DONE ? TERM_TRUE : process_limit(p, AM_memory);
}

Term slow_same(Process *p, Term a, Term b) {
    int result;
    Term done = compare(p, COMPARE_EXACT, a, b, &result);
    return term_same_bits(done, TERM_TRUE) ? term_bool(result == 0) : done;
}

Term slow_differ(Process *p, Term a, Term b) {
    int result;
    Term done = compare(p, COMPARE_EXACT, a, b, &result);
    return term_same_bits(done, TERM_TRUE) ? term_bool(result != 0) : done;
}

Term slow_eq(Process *p, Term a, Term b) {
    int result;
    Term done = compare(p, COMPARE_NUMERIC, a, b, &result);
    return term_same_bits(done, TERM_TRUE) ? term_bool(result == 0) : done;
}

Term slow_ne(Process *p, Term a, Term b) {
    int result;
    Term done = compare(p, COMPARE_NUMERIC, a, b, &result);
    return term_same_bits(done, TERM_TRUE) ? term_bool(result != 0) : done;
}

Term slow_lt(Process *p, Term a, Term b) {
    int result;
    Term done = compare(p, COMPARE_ORDER, a, b, &result);
    return term_same_bits(done, TERM_TRUE) ? term_bool(result < 0) : done;
}

Term slow_ge(Process *p, Term a, Term b) {
    int result;
    Term done = compare(p, COMPARE_ORDER, a, b, &result);
    return term_same_bits(done, TERM_TRUE) ? term_bool(result >= 0) : done;
}

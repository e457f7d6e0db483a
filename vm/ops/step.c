// SPDX-License-Identifier: Apache-2.0
// See step.h.
#include "vm/ops/step.h"

#include "vm/boot.h"
#include "vm/term/atom.h"

static Step after_unwind(Process *p, UnwindResult result, Term reason) {
    switch (result) {
    case UNWIND_CAUGHT: p->x[0] = reason; return (Step){p->pc, 0};
    case UNWIND_MORE:
        p->pc = p->vm->engine->unwinding(p->vm);
        p->saved_count = 0;
        return (Step){NULL, RUN_YIELD};
    default: return (Step){NULL, RUN_EXIT};
    }
}

static Step raise(Process *p) {
    Term reason = TERM_NONE;
    UnwindResult result = unwind(p, &reason);
    return after_unwind(p, result, reason);
}

// What is saved is looked at by collections: a raw number is kept as two small integers. Behind
// X0..count-1; gives the new count.
static uint32_t save_raws(Term *x, uint32_t count, uint32_t raws) {
    for (uint32_t i = 0; i < raws; i++) {
        uint64_t bits = x[RAW_FILE + i].bits;
        x[count++] = term_small((int64_t)(bits >> 32));
        x[count++] = term_small((int64_t)(uint32_t)bits);
    }
    return count;
}

// False after process_limit.
static bool save_registers(Process *p) {
    static_assert(X_COUNT + 2 * D_COUNT < RAW_FILE, "there is room to save raw numbers");
    uint32_t count = p->live;
    if (count == 0) {
        count = p->point->nx;
        for (uint32_t i = 0; i < count; i++) {
            if (!slot_is_root(safepoint_kind(p->point, i))) {
                p->x[i] = TERM_EMPTY;
            }
        }
        count = save_raws(p->x, count, p->point->nd);
    }
    p->live = 0;
    return process_save(p, p->x, count);
}

void step_restore(Process *p) {
    if (p->saved_count == 0) {
        return;
    }
    memcpy(p->x, process_saved(p), p->saved_count * sizeof(Term));
    const Safepoint *point = p->point;
    uint32_t raws = point == NULL ? 0 : point->nd;
    const Term *pairs = p->x + p->saved_count - 2 * raws;
    for (uint32_t i = 0; i < raws; i++) {
        uint64_t high = (uint64_t)term_to_small(pairs[2 * i]);
        p->x[RAW_FILE + i] = TERM_LITERAL(high << 32 | (uint64_t)term_to_small(pairs[2 * i + 1]));
    }
    p->saved_count = 0;
}

Step step_leave(Process *p, Term answer) {
    if (term_same_bits(answer, TERM_NONE) || !save_registers(p)) {
        return raise(p);
    }
    return (Step){NULL, term_same_bits(answer, TERM_WAIT) ? RUN_WAIT : RUN_YIELD};
}

Step step_unwind(Process *p) {
    Term reason = TERM_NONE;
    UnwindResult result = unwind_step(p, &reason);
    return after_unwind(p, result, reason);
}

Step step_exit(Process *p) {
    p->reason = AM_normal;
    return (Step){NULL, RUN_EXIT};
}

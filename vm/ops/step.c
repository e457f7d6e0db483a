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

// False after process_limit.
static bool save_registers(Process *p) {
    uint32_t count = p->live;
    if (count == 0) {
        count = p->point->nx;
        for (uint32_t i = 0; i < count; i++) {
            if (safepoint_kind(p->point, i) != SLOT_TERM) {
                p->x[i] = TERM_EMPTY;
            }
        }
    }
    p->live = 0;
    return process_save(p, p->x, count);
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

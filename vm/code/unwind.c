// SPDX-License-Identifier: Apache-2.0
// See unwind.h.
#include "vm/code/unwind.h"

#include "vm/boot.h"
#include "vm/code/module.h"
#include "vm/proc/backtrace.h"
#include "vm/proc/exit.h"

enum { UNWIND_FRAMES_PER_REDUCTION = 8 };

static void visit_kinds(const Safepoint *point, uint32_t first, uint32_t count, Term *slots,
                        RootVisit visit, void *collection) {
    uint32_t run = 0; // terms side by side are visited together
    for (uint32_t i = 0; i < count; i++) {
        if (slot_is_root(safepoint_kind(point, first + i))) {
            run++;
        } else if (run != 0) {
            visit(collection, slots + i - run, run);
            run = 0;
        }
    }
    if (run != 0) {
        visit(collection, slots + count - run, run);
    }
}

void code_each_frame_root(Process *p, RootVisit visit, void *collection) {
    const Safepoint *point = p->point;
    if (p->x != NULL && p->live != 0) {
        visit(collection, p->x, p->live);
    } else if (p->x != NULL && point != NULL) {
        visit_kinds(point, 0, point->nx, p->x, visit, collection);
    }
    const Safepoint *(*safepoint_of)(uintptr_t) = p->vm->engine->safepoint_of;
    Term *sp = p->heap.sp;
    const uintptr_t *back = p->returns.top;
    const uintptr_t *base = returns_base(&p->returns);
    for (;;) {
        if (point != NULL) {
            visit_kinds(point, point->nx, point->ny, sp, visit, collection);
            sp += point->ny;
        }
        if (back == base) {
            return;
        }
        point = safepoint_of(*back++);
    }
}

// Failures ---------------------------------------------------------------------------------------

static void drop_work(Process *p) {
    if (p->work != NULL) {
        Work *work = p->work;
        p->work = NULL;
        work->drop(p, work);
    }
}

// The number of the innermost region around the point, or -1.
static int64_t region_around(const Safepoint *point) {
    const Function *f = point->function;
    for (uint32_t i = 0; f != NULL && i < f->region_count; i++) {
        if (f->regions[i].start <= point->offset && point->offset < f->regions[i].end) {
            return i;
        }
    }
    return -1;
}

// Failing used words of the gap that every heap keeps for it. They are made up for here, where
// p->point says what lives.
static bool restore_gap(Process *p) {
    Room room;
    return heap_free_words(&p->heap) >= HEAP_GAP || process_reserve_slow(p, 0, NULL, 0, &room);
}

static UnwindResult catch_at(Process *p, uint32_t region, Term *reason) {
    p->pc = p->vm->engine->handler(p->point->function, region);
    *reason = p->reason;
    p->reason = TERM_NONE;
    return UNWIND_CAUGHT;
}

UnwindResult unwind_step(Process *p, Term *reason) {
    int32_t frames = 0;
    while (process_may_catch(p)) {
        int64_t region = region_around(p->point);
        if (region >= 0 && restore_gap(p)) {
            return catch_at(p, (uint32_t)region, reason);
        }
        if (p->returns.top == returns_base(&p->returns)) {
            break;
        }
        p->heap.sp += p->point->ny;
        p->point = p->vm->engine->safepoint_of(*p->returns.top++);
        if (++frames == UNWIND_FRAMES_PER_REDUCTION) {
            frames = 0;
            if (process_charge(p, 1)) {
                return UNWIND_MORE;
            }
        }
    }
    return UNWIND_ENDED;
}

UnwindResult unwind(Process *p, Term *reason) {
    drop_work(p);
    p->live = 0;
    trace_capture(p, p->point);
    return unwind_step(p, reason);
}

bool unwind_forget(Process *p) {
    if (!process_may_catch(p)) {
        return false;
    }
    drop_work(p);
    p->live = 0;
    p->reason = TERM_NONE;
    return restore_gap(p);
}

// SPDX-License-Identifier: Apache-2.0
// The run queue of one scheduler. Private to its thread, without a lock: others get processes only
// from `offered`, to which the owner moves some when a scheduler is idle (steal.c). Per priority
// two lists, first in first out: `fresh`, just woken or made, and `spent`, who used up their slice.
// Fresh ones go first, until they have used FRESH_REDUCTIONS since the last of the others. MAX
// before HIGH before the others; LOW gets one of eight turns that NORMAL takes. Tests: tests/behave.
#pragma once

#include "vm/base/lock.h"
#include "vm/proc/process.h"

typedef struct {
    Process *first;
    Process *last;
    uint32_t count;
} RunList;

typedef struct {
    RunList fresh;
    RunList spent;
    int32_t fresh_used; // reductions of those from `fresh` since the last of `spent`
} RunLevel;

typedef struct {
    RunLevel levels[PRIORITY_COUNT];
    uint32_t count;
    uint32_t busy;       // of those in `spent`: not chatty
    uint32_t normal_run; // turns of NORMAL since the last of LOW
    RunLevel *ran;       // whose `fresh` gave the last one, or NULL
    ON_OWN_LINE Lock lock;
    RunList offered; // under the lock
    _Atomic uint32_t offered_count;
} RunQueue;

void runlist_push(RunList *list, Process *p);
// NULL when it is empty.
Process *runlist_pop(RunList *list);

void runq_init(RunQueue *q);
void runq_destroy(RunQueue *q);
// Owner.
void runq_push_fresh(RunQueue *q, Process *p);
void runq_push_spent(RunQueue *q, Process *p);
// NULL when there is none.
Process *runq_pop(RunQueue *q);
// Owner: what the last one that was taken has used.
static inline void runq_charge(RunQueue *q, int32_t reductions) {
    if (q->ran != NULL) {
        q->ran->fresh_used += reductions;
    }
}
// Owner: lets others take up to half of what is there: of those that used up their slice, unless
// they are chatty, or, `all`, of any. How many.
uint32_t runq_offer(RunQueue *q, bool all);
// Any thread: takes up to `max` of what is offered onto the list `into`. How many.
uint32_t runq_take_offered(RunQueue *q, RunList *into, uint32_t max);

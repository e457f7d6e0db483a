// SPDX-License-Identifier: Apache-2.0
// The run queue of one scheduler: see runq.h. What goes between schedulers is in steal.c.
#include "vm/sched/runq.h"

#include "vm/sched/sched.h"

enum { NORMAL_RUN = 8 }; // turns of NORMAL before one of LOW

void runlist_push(RunList *list, Process *p) {
    p->queue_next = NULL;
    if (list->last == NULL) {
        list->first = p;
    } else {
        list->last->queue_next = p;
    }
    list->last = p;
    list->count++;
}

Process *runlist_pop(RunList *list) {
    Process *p = list->first;
    if (p != NULL) {
        list->first = p->queue_next;
        if (list->first == NULL) {
            list->last = NULL;
        }
        list->count--;
    }
    return p;
}

void runq_init(RunQueue *q) {
    *q = (RunQueue){.count = 0};
    lock_init(&q->lock, LOCK_RUNQ);
}

void runq_destroy(RunQueue *q) {
    lock_destroy(&q->lock);
}

void runq_push_fresh(RunQueue *q, Process *p) {
    runlist_push(&q->levels[p->priority].fresh, p);
    q->count++;
}

void runq_push_spent(RunQueue *q, Process *p) {
    runlist_push(&q->levels[p->priority].spent, p);
    q->count++;
    q->busy += !p->chatty;
}

static bool level_is_empty(const RunLevel *level) {
    return level->fresh.count == 0 && level->spent.count == 0;
}

static Process *level_pop(RunQueue *q, RunLevel *level) {
    if (level->fresh.count > 0 &&
        (level->fresh_used < FRESH_REDUCTIONS || level->spent.count == 0)) {
        q->ran = level;
        return runlist_pop(&level->fresh);
    }
    q->ran = NULL;
    level->fresh_used = 0;
    Process *p = runlist_pop(&level->spent);
    q->busy -= !p->chatty;
    return p;
}

static RunLevel *level_next(RunQueue *q) {
    for (unsigned i = PRIORITY_MAX; i > PRIORITY_NORMAL; i--) {
        if (!level_is_empty(&q->levels[i])) {
            return &q->levels[i];
        }
    }
    RunLevel *normal = &q->levels[PRIORITY_NORMAL];
    RunLevel *low = &q->levels[PRIORITY_LOW];
    if (level_is_empty(low)) {
        return normal;
    }
    if (level_is_empty(normal) || q->normal_run >= NORMAL_RUN) {
        q->normal_run = 0;
        return low;
    }
    q->normal_run++;
    return normal;
}

Process *runq_pop(RunQueue *q) {
    if (q->count == 0) {
        return NULL;
    }
    q->count--;
    return level_pop(q, level_next(q));
}

// SPDX-License-Identifier: Apache-2.0
// How work gets from one scheduler to another.
//
// A queue is private to its scheduler, which takes no lock to use it. Only when another is idle
// does the owner move some of what it has to its `offered` list, under the queue's lock, and wakes
// the idle one, which looks for such lists. While all are busy, those that have less than somebody
// offers take more of it, and the owner takes back the rest, so that nothing waits there for ever.
// As long as nobody was idle no queue is locked.
//
// Which some: a process that computes gains by running elsewhere, but one that mostly sends and
// receives (`chatty`) loses: its messages and those it talks to would go from cache to cache. So at
// first only those go that used up a slice and are not chatty. When more than one waits for longer
// than a millisecond, the others are tried as well: as those who are woken go where they were woken
// from, a group that talks among itself is soon together again, here or there.
#include "vm/sched/runq.h"
#include "vm/sched/sched_private.h"

// Moves from a list what others may have, looking at a bounded part of it.
static void set_apart(RunQueue *q, RunList *from, bool spent, bool all, RunList *some,
                      uint32_t max) {
    uint32_t look = from->count < STEAL_MAX ? from->count : STEAL_MAX;
    for (; look > 0 && some->count < max; look--) {
        Process *p = runlist_pop(from);
        if (!all && p->chatty) {
            runlist_push(from, p);
            continue;
        }
        q->count--;
        q->busy -= spent && !p->chatty;
        runlist_push(some, p);
    }
}

uint32_t runq_offer(RunQueue *q, bool all) {
    uint32_t max = q->count / 2;
    RunList some = {.count = 0};
    for (unsigned i = PRIORITY_COUNT; i-- > 0;) {
        set_apart(q, &q->levels[i].spent, true, all, &some, max);
        if (all) {
            set_apart(q, &q->levels[i].fresh, false, all, &some, max);
        }
    }
    uint32_t count = some.count;
    if (count == 0) {
        return 0;
    }
    lock_acquire(&q->lock);
    for (Process *p; (p = runlist_pop(&some)) != NULL;) {
        runlist_push(&q->offered, p);
    }
    // Release: a thief that sees the count finds them under the lock.
    atomic_store_explicit(&q->offered_count, q->offered.count, memory_order_release);
    lock_release(&q->lock);
    return count;
}

uint32_t runq_take_offered(RunQueue *q, RunList *into, uint32_t max) {
    if (atomic_load_explicit(&q->offered_count, memory_order_acquire) == 0) {
        return 0;
    }
    uint32_t taken = 0;
    lock_acquire(&q->lock);
    for (Process *p; taken < max && (p = runlist_pop(&q->offered)) != NULL; taken++) {
        runlist_push(into, p);
    }
    atomic_store_explicit(&q->offered_count, q->offered.count, memory_order_release);
    lock_release(&q->lock);
    return taken;
}

// Moves what is offered by `from` into s's own queue.
static uint32_t take_from(Scheduler *s, Scheduler *from) {
    RunList got = {.count = 0};
    uint32_t count = runq_take_offered(&from->queue, &got, STEAL_MAX);
    for (Process *p; (p = runlist_pop(&got)) != NULL;) {
        // In the order in which they come, the fresh ones first; what is woken here goes before
        // them all.
        runq_push_spent(&s->queue, p);
    }
    return count;
}

bool sched_steal(Scheduler *s) {
    SchedPool *pool = s->pool;
    for (uint32_t i = 0; i < pool->count; i++) {
        // Its own first, then the others, each beginning behind itself.
        if (take_from(s, pool->schedulers[(s->worker.number + i) % pool->count]) > 0) {
            return true;
        }
    }
    return false;
}

void sched_balance(Scheduler *s) {
    SchedPool *pool = s->pool;
    for (uint32_t i = 1; i < pool->count; i++) {
        Scheduler *other = pool->schedulers[(s->worker.number + i) % pool->count];
        // Relaxed: take_from looks again.
        if (atomic_load_explicit(&other->queue.offered_count, memory_order_relaxed) >
            s->queue.count) {
            take_from(s, other);
        }
    }
    if (atomic_load_explicit(&s->queue.offered_count, memory_order_relaxed) != 0 &&
        atomic_load_explicit(&pool->idle, memory_order_relaxed) == 0) {
        take_from(s, s);
    }
}

bool sched_is_any_offered(const SchedPool *pool) {
    for (uint32_t i = 0; i < pool->count; i++) {
        if (atomic_load_explicit(&pool->schedulers[i]->queue.offered_count, memory_order_acquire) !=
            0) {
            return true;
        }
    }
    return false;
}

// Those that talk were offered. Where that is soon to be done again, as they came back, it is tried
// more rarely.
static void be_patient(Scheduler *s) {
    enum { SOON = 8 };
    uint64_t now_ns = s->worker.now_ns;
    bool soon = now_ns - s->talkers_ns < SOON * s->patience_ns;
    s->talkers_ns = now_ns;
    s->patience_ns = !soon                               ? PATIENCE_FIRST_NS
                     : s->patience_ns < PATIENCE_LAST_NS ? 2 * s->patience_ns
                                                         : s->patience_ns;
}

void sched_share(Scheduler *s) {
    uint64_t now_ns = s->worker.now_ns;
    RunQueue *q = &s->queue;
    if (q->count < 2) {
        s->crowded_ns = UINT64_MAX;
        return;
    }
    s->crowded_ns = s->crowded_ns == UINT64_MAX ? now_ns : s->crowded_ns;
    // Relaxed: a scheduler that parks at this moment looks at the lists once more.
    if (atomic_load_explicit(&s->pool->idle, memory_order_relaxed) == 0) {
        return;
    }
    bool all = now_ns - s->crowded_ns >= s->patience_ns;
    if ((all || q->busy > 0) && runq_offer(q, all) > 0) {
        s->crowded_ns = now_ns;
        if (all) {
            be_patient(s);
        }
        sched_wake_one(s->pool);
    }
}

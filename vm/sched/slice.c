// SPDX-License-Identifier: Apache-2.0
// One process's turn on a scheduler: its signals, a slice of its code, and where it goes then.
#include "vm/base/clock.h"
#include "vm/boot.h"
#include "vm/code/module.h"
#include "vm/proc/exit.h"
#include "vm/proc/extra.h"
#include "vm/proc/limits.h"
#include "vm/proc/purge.h"
#include "vm/proc/receive.h"
#include "vm/proc/trace.h"
#include "vm/sched/blocking.h"
#include "vm/sched/sched_private.h"
#include "vm/sched/sim.h"

static bool is_exiting(const Process *p) {
    return atomic_load_explicit(&p->state, memory_order_relaxed) >= PROC_EXITING;
}

static void set_state(Process *p, ProcState state) {
    // Relaxed: for those who want to know; what must be in order goes through the inbox. There is
    // no way back from EXITING.
    if (!is_exiting(p)) {
        atomic_store_explicit(&p->state, state, memory_order_relaxed);
    }
}

void sched_queue_own(Scheduler *s, Process *p) {
    set_state(p, PROC_QUEUED);
    if (s->sim != NULL) {
        sim_push(s->sim, s->worker.mem, p);
    } else {
        runq_push_fresh(&s->queue, p);
    }
}

void sched_queue_spent(Scheduler *s, Process *p) {
    set_state(p, PROC_QUEUED);
    if (s->sim != NULL) {
        sim_push(s->sim, s->worker.mem, p);
    } else {
        runq_push_spent(&s->queue, p);
    }
}

// Collecting off the scheduler --------------------------------------------------------------------

typedef struct {
    Job job;
    Process *p;
} CollectJob;

static void collect_run(Job *job, Worker *w) {
    Process *p = ((CollectJob *)(void *)job)->p;
    p->heap.pool = &w->blocks;
    // That it is over its limit the heap knows, for limits_check. Want of memory may pass; else the
    // next reserve fails.
    HeapStatus status = heap_collect_due(&p->heap);
    (void)status;
    quiet_online(w->quiet);
    w->hooks->queue(w, p);
    quiet_offline(w->quiet);
}

// p, which has work to do or will find that it has none, is collected by the blocking pool. False:
// it need or can not be.
static bool collect_elsewhere(Process *p) {
    if (!p->worker->blocks.defers || !heap_wants_collection(&p->heap)) {
        return false;
    }
    CollectJob *job = job_new(p->vm, JOB_COMPUTES, sizeof *job, TERM_NIL, collect_run, NULL);
    if (job == NULL) {
        p->heap.why = HEAP_MEMORY; // so that it is not put off again
        return false;
    }
    job->p = p;
    set_state(p, PROC_COLLECTING);
    TRACE_EVENT(p->vm, TRACE_gc, p->pid, "is collected elsewhere");
    job_post(&job->job);
    job_release(&job->job);
    return true;
}

typedef struct {
    Job job;
    Heap heap;
    bool freed;
} FreeJob;

static void free_run(Job *job, Worker *w) {
    FreeJob *f = (FreeJob *)(void *)job;
    f->heap.pool = &w->blocks;
    heap_destroy(&f->heap);
    f->freed = true;
}

// The pool ends before it had its turn.
static void free_drop(Job *job) {
    FreeJob *f = (FreeJob *)(void *)job;
    if (!f->freed) {
        BlockPool pool;
        block_pool_init(&pool, job->vm->blocks);
        f->heap.pool = &pool;
        heap_destroy(&f->heap);
        block_pool_free(&pool);
    }
}

void sched_free_heap(Worker *w, Heap *heap) {
    FreeJob *job = w->blocks.defers && heap_destroy_is_long(heap)
                       ? job_new(w->vm, JOB_COMPUTES, sizeof *job, TERM_NIL, free_run, free_drop)
                       : NULL;
    if (job == NULL) {
        heap_destroy(heap);
        return;
    }
    job->heap = *heap;
    job_post(&job->job);
    job_release(&job->job);
}

// What must be known of it before it runs on: purge.h ---------------------------------------------

static void look_run(Job *job, Worker *w) {
    Process *p = ((CollectJob *)(void *)job)->p;
    p->heap.pool = &w->blocks;
    purge_look(p);
    quiet_online(w->quiet);
    w->hooks->queue(w, p);
    quiet_offline(w->quiet);
}

// False: the blocking pool has it.
static bool look_for_doomed(Process *p) {
    CollectJob *job = p->worker->blocks.defers && purge_look_is_long(p)
                          ? job_new(p->vm, JOB_COMPUTES, sizeof *job, TERM_NIL, look_run, NULL)
                          : NULL;
    if (job == NULL) {
        purge_look(p);
        return true;
    }
    job->p = p;
    set_state(p, PROC_COLLECTING);
    job_post(&job->job);
    job_release(&job->job);
    return false;
}

// Where it goes -----------------------------------------------------------------------------------

static bool is_suspended(const Process *p) {
    return p->extra != NULL && p->extra->suspends > 0;
}

// Sleeps until a signal comes. It is not this thread's any more then.
static bool fall_asleep(Process *p) {
    p->asleep = true;
    set_state(p, is_suspended(p) ? PROC_SUSPENDED : PROC_WAITING);
    return inbox_sleep(&p->inbox);
}

static void end(Scheduler *s, Process *p) {
    switch (process_end_step(p)) {
    case END_OVER: break;
    case END_MORE: sched_queue_spent(s, p); break;
    case END_WAIT:
        if (p->woken || mailbox_has_more(&p->mailbox) || !fall_asleep(p)) {
            sched_queue_spent(s, p);
        }
        break;
    }
}

// p waits, as far as it knows. The signals that have come meanwhile decide.
static void wait(Scheduler *s, Process *p) {
    for (;;) {
        if (p->must_exit) {
            end(s, p);
            return;
        }
        if (p->woken && !is_suspended(p)) {
            sched_queue_own(s, p);
            return;
        }
        if (p->purge == PURGE_DUE) {
            sched_queue_spent(s, p);
            return;
        }
        if (mailbox_has_more(&p->mailbox)) {
            sched_queue_spent(s, p);
            return;
        }
        TRACE_EVENT(p->vm, TRACE_sched, p->pid, "waits");
        if (fall_asleep(p)) {
            return;
        }
        process_fetch(p);
    }
}

static int32_t slice_of(const Scheduler *s) {
    if (s->pool->stress) {
        return 1;
    }
    return s->sim != NULL ? sim_slice(s->sim) : SLICE_REDUCTIONS;
}

// Debug builds look at the heap of what has run: after each slice while heaps are small, else so
// often that it takes about as long as the slices themselves.
static void verify(Scheduler *s, Heap *heap) {
    enum { WORDS_A_SLICE = 16 * 1024 };
    if (s->verified_words > WORDS_A_SLICE) {
        s->verified_words -= WORDS_A_SLICE;
        return;
    }
    HeapUse use = heap_use(heap);
    s->verified_words += use.young_words + use.old_words + use.stack_words + use.fragment_words;
    heap_verify(heap);
}

// Who uses fewer reductions than this for each message sent or taken would lose by being run apart
// from those it talks to: steal.c.
enum { CHATTY_REDUCTIONS = 64 };

static int run_slice(Scheduler *s, Process *p, int32_t slice) {
    p->woken = false;
    p->asleep = false;
    p->reds = slice;
    s->worker.slice_end_ns = s->sim != NULL ? SLICE_UNTIMED : SLICE_BEGUN;
    p->x = s->x;
    set_state(p, PROC_RUNNING);
    TRACE_EVENT(p->vm, TRACE_sched, p->pid, "runs");
    s->worker.current = p;
    uint8_t collections = p->heap.collections;
    uint64_t messages = s->worker.messages;
    int result = p->vm->engine->run(p);
    s->worker.current = NULL;
    s->last = p->point;
    p->x = NULL;
    p->live = 0;
    int32_t used = slice - p->reds;
    p->reductions += (uint64_t)(used > 0 ? used : 0);
    s->reds_left -= used;
    p->chatty = (int64_t)(s->worker.messages - messages) * CHATTY_REDUCTIONS > used;
    if (p->heap.collections != collections) {
        TRACE_EVENT(p->vm, TRACE_gc, p->pid, "was collected");
    }
    if (VM_DEBUG && result != RUN_EXIT) {
        verify(s, &p->heap);
    }
    return result;
}

// How long it takes -------------------------------------------------------------------------------

StepTime sched_measure(const Scheduler *s) {
    const Tracer *tracer = s->worker.vm->tracer;
    bool wanted = __builtin_expect(tracer != NULL, 0) && (tracer->kinds >> TRACE_long & 1) != 0 &&
                  s->sim == NULL;
    return wanted ? (StepTime){clock_thread_ns(), clock_monotonic_ns()} : (StepTime){0, 0};
}

void sched_measured(Scheduler *s, StepTime begun, const char *what, Term pid, Term label) {
    enum { LONG_NS = 1000 * 1000 };
    if (begun.wall_ns == 0) {
        return;
    }
    uint64_t own_ns = clock_thread_ns() - begun.own_ns;
    uint64_t wall_ns = clock_monotonic_ns() - begun.wall_ns;
    if (wall_ns > LONG_NS) {
        const Function *function = s->last == NULL ? NULL : s->last->function;
        trace_write(s->worker.vm->tracer, TRACE_long, pid,
                    "%s takes %u us, %u by the wall: %P, in %P", what,
                    (unsigned long long)own_ns / 1000, (unsigned long long)wall_ns / 1000, label,
                    function == NULL ? TERM_NIL : function_head(function)->name);
    }
}

// A turn ------------------------------------------------------------------------------------------

// p, which has used up its slice, goes on where charge_for_queue (vm/proc/send.c) said. False: here.
static bool follow(Scheduler *s, Process *p) {
    uint32_t number = p->follow;
    if (number == 0) {
        return false;
    }
    if (number > s->pool->count || !p->chatty) {
        p->follow = 0;
        return false;
    }
    set_state(p, PROC_QUEUED);
    sched_inject(s->pool->schedulers[number - 1], p);
    return true;
}

static void turn(Scheduler *s, Process *p) {
    if (p->worker != &s->worker) {
        p->worker = &s->worker;
        atomic_store_explicit(&p->home, s->worker.number, memory_order_relaxed);
    }
    p->heap.pool = &s->worker.blocks;
    atomic_store_explicit(&s->switches,
                          atomic_load_explicit(&s->switches, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    if (!is_exiting(p)) {
        process_fetch(p);
    }
    if (p->end_stage != 0 || p->must_exit) {
        end(s, p);
        return;
    }
    if (p->purge != PURGE_NONE) {
        if (!look_for_doomed(p)) {
            return;
        }
        if (p->must_exit) {
            end(s, p);
            return;
        }
    }
    if ((p->asleep && !p->woken) || is_suspended(p)) {
        // What came was nothing for its code.
        wait(s, p);
        return;
    }
    if (!limits_check(p)) {
        end(s, p);
        return;
    }
    switch (run_slice(s, p, slice_of(s))) {
    case RUN_YIELD:
        TRACE_EVENT(p->vm, TRACE_sched, p->pid, "yields");
        if (p->must_exit) {
            end(s, p);
        } else if (!collect_elsewhere(p) && !follow(s, p)) {
            sched_queue_spent(s, p);
        }
        break;
    case RUN_WAIT:
        process_fetch(p);
        if (p->must_exit || !collect_elsewhere(p)) {
            wait(s, p);
        }
        break;
    default: end(s, p); break;
    }
}

void sched_run(Scheduler *s, Process *p) {
    StepTime begun = sched_measure(s);
    if (begun.wall_ns == 0) {
        turn(s, p);
        return;
    }
    // p may be gone afterwards.
    Term pid = p->pid;
    Term label = process_label(p);
    s->last = NULL;
    const char *what = p->end_stage != 0 || p->must_exit ? "ending" : "running";
    turn(s, p);
    sched_measured(s, begun, what, pid, label);
}

// SPDX-License-Identifier: Apache-2.0
// Schedulers: one thread per core, each with its own queues, timers, event loop and memory pools.
//
// A process is queued on the scheduler that woke or made it, so those that talk to each other stay
// together; a scheduler without work takes some from others (steal.c). A slice is SLICE_REDUCTIONS.
// Within a priority, those just woken go before those that used up their slice, but one of the
// latter has its turn when the former have used FRESH_REDUCTIONS. Idle schedulers sleep in the kernel, on
// their event loop and a wake-up descriptor, until the next timer: nothing spins.
//
//   turn:   posts from others → timers, event loop (every few slices) → a process: fetch signals, run a slice → queue, sleep or end
//
// In the seeded mode there is one runner, and sim.c draws who runs and for how long.
// Tests: tests/behave.
#pragma once

#include <pthread.h>

#include "vm/ops/ops.h"
#include "vm/proc/worker.h"
#include "vm/sched/runq.h"
#include "vm/sched/timer.h"

enum {
    SLICE_REDUCTIONS = 4000,
    FRESH_REDUCTIONS = 32000, // of woken ones before one that had used up its slice
    TURN_REDUCTIONS = 20,     // what a turn costs beside them
    PATIENCE_FIRST_NS = 1000 * 1000,
    PATIENCE_LAST_NS = 64 * PATIENCE_FIRST_NS,
    POLL_REDUCTIONS = 4000, // between looks at the clock and the event loop
    SCHED_MAX = 1024,
};

typedef struct Sim Sim;       // sim.h: the seeded mode
typedef struct IoLoop IoLoop; // vm/io/loop.h

// Work posted to a scheduler by another thread; embedded in what it is about.
typedef struct Post {
    struct Post *next;
    void (*run)(Scheduler *s, struct Post *post); // on the scheduler's thread, outside any process
} Post;

// What the room of I/O adds to a scheduler's turn; set by boot.
typedef struct {
    // Makes and ends the loop of a scheduler. open: false when it cannot be had.
    bool (*open)(Scheduler *s);
    void (*close)(Scheduler *s);
    // Handles what is ready, without waiting. Returns how many operations are in flight.
    uint32_t (*poll)(Scheduler *s);
    // The descriptor that becomes readable when there is something to poll for; -1: none.
    int (*descriptor)(Scheduler *s);
    // A timer has gone off that was started on the scheduler's wheel for TERM_NIL, with this id.
    void (*expire)(uint64_t id);
} SchedIo;

struct Scheduler {
    Worker worker; // first: p->worker of what runs here
    SchedPool *pool;
    pthread_t thread;
    Term x[REGISTER_WORDS]; // of the process that runs
    RunQueue queue;
    TimerWheel timers;
    Sim *sim;     // NULL: real time and threads
    IoLoop *loop; // NULL until used
    uint32_t io_in_flight;
    int32_t reds_left;     // until the next poll
    uint64_t patience_ns;  // how long it waits then until it offers those that talk
    uint64_t talkers_ns;   // when it did so last
    uint64_t crowded_ns;   // since when more than one waits at every poll; UINT64_MAX: not so
    size_t verified_words; // of heaps, which the slices since have not made up for; debug builds
    int wake_fd;           // eventfd
    const struct Safepoint *last; // where the process that ran last stopped: for --trace=long
    // Others' side.
    ON_OWN_LINE _Atomic(Post *) posts; // newest first
    _Atomic(Process *) injected;       // processes queued by other threads, newest first
    _Atomic uint32_t parked;           // 1: sleeps, or is about to
    _Atomic uint64_t switches;         // slices run: statistics
};

struct SchedPool {
    VM *vm;
    uint32_t count;
    Scheduler **schedulers;
    const SchedIo *io;
    bool running;
    bool stress;                       // COP_STRESS=yield: slices of one reduction
    int done_fd;                       // eventfd: wakes sched_run_until
    ON_OWN_LINE _Atomic uint32_t idle; // parked schedulers
    _Atomic uint32_t stopping;
    _Atomic uint32_t next; // whom the next outside work goes to
};

// How many schedulers these options ask for: one in the seeded mode, else as said or one per core.
uint32_t sched_wanted(const VMOptions *options);
// The pool of a VM: vm->options say how many. NULL with `why` set. No thread runs yet.
SchedPool *sched_new(VM *vm, const SchedIo *io, char *why);
// Starts the threads. False with `why` set. The seeded mode has none: sched_run_until does its
// work.
bool sched_start(SchedPool *pool, char *why);
// Stops and joins them.
void sched_stop(SchedPool *pool);
// Runs what has been posted meanwhile, on the caller's thread: what gives back memory may be among
// it.
void sched_drain(SchedPool *pool);
// Drops the processes that the table knows no more, as they are ending; empties the queues. Nothing
// runs any more.
void sched_drop_unlisted(SchedPool *pool, Worker *w);
void sched_free(SchedPool *pool);

// Runs the machine until *done is not 0: on the caller's thread in the seeded mode, otherwise by
// waiting. False when nothing can ever happen any more (seeded mode: every process waits, and there
// is no timer and no input).
bool sched_run_until(SchedPool *pool, _Atomic uint32_t *done);
// One step of it: a turn of the runner in the seeded mode, otherwise waits for a sched_notify (or
// any signal). False as above.
bool sched_turn(SchedPool *pool);
// Wakes sched_run_until after *done was set. Any thread, or a signal handler.
void sched_notify(SchedPool *pool);

// The scheduler that runs p.
static inline Scheduler *sched_of(const Process *p) {
    return (Scheduler *)(void *)p->worker;
}

// Hands work to a scheduler. Any thread.
void sched_post(Scheduler *s, Post *post);
// The hooks of a worker that is none of a scheduler: what it wakes goes to the scheduler that ran
// it last.
extern const WorkerHooks sched_outside_hooks;
// Wakes one that sleeps, if any. Any thread.
void sched_wake_one(SchedPool *pool);
// A scheduler for work from outside, in turn.
Scheduler *sched_pick(SchedPool *pool);
// Runs `run(w, data)` with the worker of a scheduler, on its thread, and waits for it. Not from a
// scheduler's thread.
void sched_call(SchedPool *pool, void (*run)(Worker *w, void *data), void *data);
// Nanoseconds of the VM's clock.
uint64_t sched_now_ns(const VM *vm);

// SPDX-License-Identifier: Apache-2.0
// The blocking pool: threads for what may take long or wait in the kernel (files, name lookups,
// large collections, long computations), so that no scheduler does. Threads start when there is
// work and none is free, up to a limit, and end after a while of nothing to do. When the machine
// gives no thread at all, jobs run where they are posted: late for others, and not in vain.
//
// There are two crews, for they want different things. Who waits in the kernel needs a thread and
// hardly a core, so there may be many of those. Who computes needs a core, and the schedulers have
// them all: a few such threads, of lower priority (nice), so that a scheduler never waits for more
// than one time slice of theirs. Programs that are started inherit nothing of that, as they are
// started by the first crew.
//
// A Job is shared by who posted it and the pool, and freed by the last of them: a process may end
// while its job runs. The job runs without access to the process or its terms; it takes and gives
// plain memory. When it is done, the process gets a SIGNAL_WAKE.
//
//   job_new → fill in → job_post → TERM_WAIT … run again: job_is_done? → read → job_release
//
// Tests: tests/behave.
#pragma once

#include "vm/base/lock.h"
#include "vm/proc/worker.h"

// In the seeded mode who posts a job runs it at once, and so at a time that repeats, but for
// JOB_OUTSIDE.
typedef enum {
    JOB_COMPUTES,
    JOB_KERNEL,  // files, and what may wait for a while
    JOB_OUTSIDE, // waits for the world: input, a network
} JobKind;

typedef struct Job {
    struct Job *next;
    VM *vm;
    Term pid;                                // to wake; NIL: nobody
    void (*run)(struct Job *job, Worker *w); // on a thread of the pool; offline (quiet.h)
    void (*free)(struct Job *job);           // frees what it holds, not the job itself; may be NULL
    size_t size;
    _Atomic uint32_t refs;
    _Atomic uint32_t done;
    _Atomic uint32_t cancelled; // nobody waits any more: `run` looks, if it may take for ever
    JobKind kind;
} Job;

enum {
    BLOCKING_MAX = 64,
    COMPUTING_PER_SCHEDULER = 2, // threads
    COMPUTING_NICENESS = 8,      // of 19: a sixth of a scheduler's share when all cores are busy
    COMPUTING_NS = 500 * 1000,   // after which they offer the core
    BLOCKING_IDLE_MS = 5000,
};

// max_threads: of those that wait in the kernel; 0: BLOCKING_MAX.
BlockingPool *blocking_new(VM *vm, uint32_t max_threads);
// Cancels jobs that run and lets them finish, drops those that wait, ends the threads.
void blocking_free(BlockingPool *pool);
// Jobs of the kind JOB_OUTSIDE that are not done.
uint32_t blocking_in_flight(const BlockingPool *pool);

// A zeroed struct of `size` bytes that begins with a Job, held by the caller. NULL: no memory.
void *job_new(VM *vm, JobKind kind, size_t size, Term pid, void (*run)(Job *, Worker *),
              void (*free)(Job *));
// Gives it to the pool. Any thread.
void job_post(Job *job);
bool job_is_done(const Job *job);
// Gives up the caller's hold; `cancelled` is set if it is not done.
void job_release(Job *job);

// The whole of it for a built-in: keeps the job in p->work. First run: `make` fills in and returns
// a job (NULL after a failure); when it is done `finish` makes the answer. TERM_WAIT meanwhile.
Term job_await(Process *p, const void *owner, Term *args, Job *(*make)(Process *, Term *args),
               Term (*finish)(Process *, Term *args, Job *));

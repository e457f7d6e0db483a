// SPDX-License-Identifier: Apache-2.0
// What a thread that runs processes, or does things to them, lends the functions of this room:
// memory pools, its quiet point, pids to give out, and the few calls upward (queueing a process,
// its timer), which the scheduler sets.
//
// A scheduler begins with a Worker; so does a thread of the blocking pool. p->worker is that of the
// thread that runs p, so the owner's functions find it there; functions that others call take it as
// their first argument. Own thread only.
#pragma once

#include "vm/base/quiet.h"
#include "vm/boot.h"
#include "vm/proc/process.h"
#include "vm/term/atom.h"

typedef struct {
    // Puts a process that was woken, or is new, into a run queue. The caller owned it until now.
    void (*queue)(Worker *w, Process *p);
    // Frees the heap of a process that has ended, which is the calling thread's; perhaps later and
    // elsewhere.
    void (*free_heap)(Worker *w, Heap *heap);
    // p's timer: p->timer is NULL before start and after stop. Ends in a SIGNAL_TIMER with that
    // number. False: no memory.
    bool (*timer_start)(Process *p, uint64_t deadline_ns, uint64_t number);
    void (*timer_stop)(Process *p);
    // A timer that was aimed at a process is not wanted any more (its target has ended).
    void (*timer_forget)(Worker *w, uint64_t id);
    // Whether a timer in that part (0..PURGE_TIMER_PARTS-1) of all holds something doomed: purge.h.
    // A scheduler's.
    bool (*timers_hold_doomed)(Worker *w, uint32_t part);
    // The main process has ended and its supervisors are shut down.
    void (*main_ended)(Worker *w, int status);
} WorkerHooks;

enum { WORKER_PIDS = 64, WORKER_SPARES = 256 };
enum { SLICE_NS = 500 * 1000 };
#define SLICE_UNTIMED UINT64_MAX
#define SLICE_BEGUN   UINT64_C(0)

struct Worker {
    VM *vm;
    MemStats *mem;
    const WorkerHooks *hooks;
    QuietThread *quiet;
    BlockPool blocks;
    Process *current;      // runs now, or NULL
    uint64_t slice_end_ns; // SLICE_UNTIMED in the seeded mode, SLICE_BEGUN until somebody looks
    uint32_t number;       // of the scheduler; UINT32_MAX for other threads
    uint32_t pid_count;    // slots of the process table to give out: see table.h
    uint32_t pids[WORKER_PIDS];
    uint32_t freed_count; // slots to give back
    uint32_t freed[WORKER_PIDS];
    Process *spares; // structs for new processes, by queue_next
    uint32_t spare_count;
    void *native_sp;   // C's stack while machine code runs on the process's own: vm/jit
    uint64_t now_ns;   // of the VM's clock, about: a scheduler's last look at it
    uint64_t spawned;  // statistics: read by others without order
    uint64_t dropped;  // messages to those who had ended
    uint64_t messages; // sent and taken by those who ran here
};

// False: no memory.
MUST_USE bool worker_init(Worker *w, VM *vm, const WorkerHooks *hooks, uint32_t number);
void worker_destroy(Worker *w);

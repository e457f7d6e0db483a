// SPDX-License-Identifier: Apache-2.0
// Quiet points: when memory that others read without a lock may be freed.
//
// A thread that follows shared pointers (the process table, names, code) joins and is online while
// it does so. Between two pieces of work it passes a quiet point: it then holds no such pointer.
// What was taken out of the shared structures is retired, and freed once every thread that was
// online has passed a quiet point or gone offline since. (Quiescent-state-based reclamation:
// McKenney and Slingwine 1998; Hart et al. 2007.)
//
//   epoch of all:  ... 7 ........ 8 ........ 9      it moves on when every online thread has seen it
//   retired at 7: free when the epoch is 9 or more
//
// quiet_point costs two loads; nothing here waits but quiet_join and quiet_leave (LOCK_VM).
// A QuietThread is used by its own thread only. Tests: tests/unit/vm/base/base_test.c.
#pragma once

#include "vm/base/atomic.h"
#include "vm/base/lock.h"

typedef struct Quiet Quiet;
typedef struct QuietThread QuietThread;

// Embedded in what is to be freed.
typedef struct QuietItem {
    struct QuietItem *next;
    void (*free)(struct QuietItem *item, void *context); // context: see quiet_collect
    uint64_t epoch;
} QuietItem;

struct QuietThread {
    ON_OWN_LINE _Atomic uint64_t seen; // epoch it saw last; 0: offline
    Quiet *quiet;
    QuietThread *next;
    QuietItem *first; // retired by this thread, oldest first
    QuietItem **last;
    QuietItem **fresh; // from here on they have no epoch yet: they get it at the next quiet_collect
    uint32_t count;
    bool used;
};

struct Quiet {
    ON_OWN_LINE _Atomic uint64_t epoch;
    ON_OWN_LINE MemStats *mem;
    Lock lock;                    // joining, leaving and the orphans
    QuietThread *_Atomic threads; // only grows; threads that left are used again
    QuietItem *orphans;           // of threads that left
};

// NULL: no memory.
Quiet *quiet_new(MemStats *mem);
// Frees everything retired. No thread may be joined.
void quiet_free(Quiet *quiet, void *context);

// Offline at first. NULL: no memory.
QuietThread *quiet_join(Quiet *quiet);
void quiet_leave(QuietThread *thread);

// Online: may follow shared pointers from now on. Offline: holds none; parks, blocks, runs C code
// of others.
void quiet_online(QuietThread *thread);
void quiet_offline(QuietThread *thread);

// The thread holds no shared pointer at this moment.
static inline void quiet_point(QuietThread *thread) {
    // Acquire: what happens after this point sees everything done before the epoch moved on.
    uint64_t now = atomic_load_explicit(&thread->quiet->epoch, memory_order_acquire);
    if (now != atomic_load_explicit(&thread->seen, memory_order_relaxed)) {
        // Release: reads of shared memory before the point are over when another thread sees it.
        atomic_store_explicit(&thread->seen, now, memory_order_release);
    }
}

// To be freed by item->free, on this thread, when all have passed a quiet point. The item must be
// out of reach already.
void quiet_retire(QuietThread *thread, QuietItem *item, void (*free)(QuietItem *, void *));
// Frees what this thread retired and may be freed now, at most `max` items; `context` goes to their
// free functions. Tries to move the epoch on. True when there is more that could be freed at once.
bool quiet_collect(QuietThread *thread, uint32_t max, void *context);

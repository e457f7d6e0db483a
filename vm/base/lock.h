// SPDX-License-Identifier: Apache-2.0
// Mutexes with a rank (locks.def) and conditions.
//
// Invariant: a thread that holds a lock takes only locks of a higher rank, or of the same rank at a
// higher address. Debug builds keep the locks that each thread holds and abort with both orders
// when one is broken; release builds are plain pthread mutexes. clang's -Wthread-safety checks
// REQUIRES, ACQUIRE and RELEASE. Tests: tests/unit/vm/base/base_test.c.
#pragma once

#include <pthread.h>

#include "vm/vm.h"

#if defined(__clang__)
#define THREAD_ANNOTATION(x) __attribute__((x))
#else
#define THREAD_ANNOTATION(x)
#endif
#define LOCKABLE         THREAD_ANNOTATION(capability("mutex"))
#define REQUIRES(...)    THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...)    THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...)     THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...)     THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define NO_LOCK_ANALYSIS THREAD_ANNOTATION(no_thread_safety_analysis)

typedef enum {
#define LOCK(name, doc) LOCK_##name,
#include "vm/base/locks.def"
#undef LOCK
    LOCK_RANK_COUNT
} LockRank;

typedef struct LOCKABLE {
    pthread_mutex_t mutex;
    LockRank rank;
} Lock;

typedef struct {
    pthread_cond_t condition;
} Condition;

void lock_init(Lock *lock, LockRank rank);
void lock_destroy(Lock *lock);
void lock_acquire(Lock *lock) ACQUIRE(lock);
void lock_release(Lock *lock) RELEASE(lock);
// False when another thread has it. Out of rank order is allowed here, as it never waits.
bool lock_try(Lock *lock) TRY_ACQUIRE(true, lock);
// Whether this thread holds it; always true in release builds, so only for assertions.
bool lock_is_held(const Lock *lock);
const char *lock_rank_name(LockRank rank);

void condition_init(Condition *c);
void condition_destroy(Condition *c);
// Waits for a signal with the lock given up meanwhile. Wakes without cause now and then.
void condition_wait(Condition *c, Lock *lock) REQUIRES(lock);
// As condition_wait, at the longest until clock_monotonic_ns() is deadline_ns; false when that was
// reached.
bool condition_wait_until(Condition *c, Lock *lock, uint64_t deadline_ns) REQUIRES(lock);
void condition_signal(Condition *c);
void condition_broadcast(Condition *c);

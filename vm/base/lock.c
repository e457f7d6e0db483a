// SPDX-License-Identifier: Apache-2.0
// Ranked mutexes over pthreads, with an order check in debug builds.
#include "vm/base/lock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "vm/base/check.h"

enum { HELD_MAX = 16 };

// The locks of this thread, oldest first; debug builds only.
static _Thread_local const Lock *held[HELD_MAX];
static _Thread_local int held_count;

const char *lock_rank_name(LockRank rank) {
    static const char *const names[] = {
#define LOCK(name, doc) #name,
#include "vm/base/locks.def"
#undef LOCK
    };
    return names[rank];
}

static bool may_follow(const Lock *lock, const Lock *before) {
    return lock->rank > before->rank || (lock->rank == before->rank && lock > before);
}

// Taking `lock` now must not break the order against any lock held.
static void check_order(const Lock *lock) {
    for (int i = 0; i < held_count; i++) {
        if (!may_follow(lock, held[i])) {
            fprintf(stderr, "lock order: %s is taken while these are held (oldest first):",
                    lock_rank_name(lock->rank));
            for (int j = 0; j < held_count; j++) {
                fprintf(stderr, " %s", lock_rank_name(held[j]->rank));
            }
            fprintf(stderr, "\n");
            CHECK(may_follow(lock, held[i]));
        }
    }
}

static void note_taken(const Lock *lock) {
    if (VM_DEBUG) {
        CHECK(held_count < HELD_MAX);
        held[held_count++] = lock;
    }
}

static void note_released(const Lock *lock) {
    if (VM_DEBUG) {
        int i = held_count - 1;
        while (i >= 0 && held[i] != lock) {
            i--;
        }
        CHECK(i >= 0);
        held_count--;
        for (; i < held_count; i++) {
            held[i] = held[i + 1];
        }
    }
}

void lock_init(Lock *lock, LockRank rank) {
    lock->rank = rank;
    CHECK(pthread_mutex_init(&lock->mutex, NULL) == 0);
}

void lock_destroy(Lock *lock) {
    CHECK(pthread_mutex_destroy(&lock->mutex) == 0);
}

// The analysis follows annotated locks, not the mutex inside this one.
void lock_acquire(Lock *lock) NO_LOCK_ANALYSIS {
    if (VM_DEBUG) {
        check_order(lock);
    }
    CHECK(pthread_mutex_lock(&lock->mutex) == 0);
    note_taken(lock);
}

void lock_release(Lock *lock) NO_LOCK_ANALYSIS {
    note_released(lock);
    CHECK(pthread_mutex_unlock(&lock->mutex) == 0);
}

bool lock_try(Lock *lock) NO_LOCK_ANALYSIS {
    if (pthread_mutex_trylock(&lock->mutex) != 0) {
        return false;
    }
    note_taken(lock);
    return true;
}

bool lock_is_held(const Lock *lock) {
    if (!VM_DEBUG) {
        return true;
    }
    for (int i = 0; i < held_count; i++) {
        if (held[i] == lock) {
            return true;
        }
    }
    return false;
}

void condition_init(Condition *c) {
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&c->condition, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

void condition_destroy(Condition *c) {
    CHECK(pthread_cond_destroy(&c->condition) == 0);
}

void condition_wait(Condition *c, Lock *lock) NO_LOCK_ANALYSIS {
    note_released(lock);
    CHECK(pthread_cond_wait(&c->condition, &lock->mutex) == 0);
    note_taken(lock);
}

bool condition_wait_until(Condition *c, Lock *lock, uint64_t deadline_ns) NO_LOCK_ANALYSIS {
    struct timespec at = {(time_t)(deadline_ns / 1000000000u), (long)(deadline_ns % 1000000000u)};
    note_released(lock);
    int status = pthread_cond_timedwait(&c->condition, &lock->mutex, &at);
    note_taken(lock);
    CHECK(status == 0 || status == ETIMEDOUT);
    return status == 0;
}

void condition_signal(Condition *c) {
    pthread_cond_signal(&c->condition);
}

void condition_broadcast(Condition *c) {
    pthread_cond_broadcast(&c->condition);
}

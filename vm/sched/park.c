// SPDX-License-Identifier: Apache-2.0
// Sleeping and waking of schedulers.
//
// A scheduler that finds nothing says so (`parked`, and the pool's count `idle`), looks once more,
// and sleeps in the kernel on its wake-up descriptor and its event loop. Whoever has something for
// it takes `parked` from 1 to 0, and thereby the duty to write to the descriptor. All of `parked`,
// `idle`, the posts and the offers are sequentially consistent where they meet here: either the
// sleeper sees the work, or the one who brought it sees the sleeper.
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/proc/purge.h"
#include "vm/sched/sched_private.h"

static void write_event(int fd) {
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written; // it can only fail when it is readable already
}

static void drain_event(int fd) {
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

// Whether this call was the one that unparked it.
static bool unpark(Scheduler *s) {
    uint32_t parked = 1;
    if (!atomic_compare_exchange_strong_explicit(&s->parked, &parked, 0, memory_order_seq_cst,
                                                 memory_order_relaxed)) {
        return false;
    }
    atomic_fetch_sub_explicit(&s->pool->idle, 1, memory_order_seq_cst);
    return true;
}

void sched_wake(Scheduler *s) {
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&s->parked, memory_order_relaxed) != 0 && unpark(s)) {
        write_event(s->wake_fd);
    }
}

void sched_wake_one(SchedPool *pool) {
    atomic_thread_fence(memory_order_seq_cst);
    for (uint32_t i = 0; i < pool->count; i++) {
        Scheduler *s = pool->schedulers[i];
        if (atomic_load_explicit(&s->parked, memory_order_relaxed) != 0 && unpark(s)) {
            write_event(s->wake_fd);
            return;
        }
    }
}

void sched_wake_all(SchedPool *pool) {
    for (uint32_t i = 0; i < pool->count; i++) {
        sched_wake(pool->schedulers[i]);
        write_event(pool->schedulers[i]->wake_fd);
    }
}

void sched_notify(SchedPool *pool) {
    write_event(pool->done_fd);
}

void sched_wait_fds(int fd, int other, uint64_t deadline_ns) {
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    struct timespec timeout = {0};
    struct timespec *wait = NULL;
    if (deadline_ns != UINT64_MAX) {
        uint64_t now = clock_monotonic_ns();
        uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
        timeout.tv_sec = (time_t)(left / UINT64_C(1000000000));
        timeout.tv_nsec = (long)(left % UINT64_C(1000000000));
        wait = &timeout;
    }
    // An interruption by a signal is as good as anything: the caller looks again.
    if (ppoll(fds, other >= 0 ? 2 : 1, wait, NULL) > 0 && (fds[0].revents & POLLIN) != 0) {
        drain_event(fd);
    }
}

static bool has_work(Scheduler *s) {
    return atomic_load_explicit(&s->posts, memory_order_relaxed) != NULL ||
           atomic_load_explicit(&s->injected, memory_order_relaxed) != NULL ||
           atomic_load_explicit(&s->pool->stopping, memory_order_relaxed) != 0 ||
           sched_is_any_offered(s->pool);
}

// A purge has nobody to wake those it waits for.
static uint64_t before_purge(const Scheduler *s, uint64_t deadline_ns) {
    enum { PURGE_NS = 500 * 1000 };
    uint64_t soon = purge_goes_on(s->worker.vm) ? clock_monotonic_ns() + PURGE_NS : UINT64_MAX;
    return deadline_ns < soon ? deadline_ns : soon;
}

void sched_park(Scheduler *s, uint64_t deadline_ns) {
    atomic_fetch_add_explicit(&s->pool->idle, 1, memory_order_seq_cst);
    atomic_store_explicit(&s->parked, 1, memory_order_seq_cst);
    atomic_thread_fence(memory_order_seq_cst);
    if (!has_work(s)) {
        quiet_offline(s->worker.quiet);
        int fd = s->loop == NULL ? -1 : s->pool->io->descriptor(s);
        sched_wait_fds(s->wake_fd, fd, before_purge(s, deadline_ns));
        quiet_online(s->worker.quiet);
    }
    unpark(s);
}

// SPDX-License-Identifier: Apache-2.0
// Clocks over clock_gettime, and virtual ones.
#include "vm/base/clock.h"

#include <time.h>

#include "vm/base/check.h"

static uint64_t read_ns(clockid_t id) {
    struct timespec t;
    CHECK(clock_gettime(id, &t) == 0);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_monotonic_ns(void) {
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_thread_ns(void) {
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

void clock_init(Clock *clock) {
    clock->is_virtual = false;
    atomic_init(&clock->virtual_ns, 0);
    clock->epoch_ns = 0;
}

void clock_init_virtual(Clock *clock, uint64_t epoch_ns) {
    clock->is_virtual = true;
    atomic_init(&clock->virtual_ns, 0);
    clock->epoch_ns = epoch_ns;
}

uint64_t clock_now_ns(const Clock *clock) {
    // Relaxed: time is a number by itself; nothing is read on account of it.
    return clock->is_virtual ? atomic_load_explicit(&clock->virtual_ns, memory_order_relaxed)
                             : clock_monotonic_ns();
}

uint64_t clock_system_ns(const Clock *clock) {
    return clock->is_virtual ? clock->epoch_ns + clock_now_ns(clock) : read_ns(CLOCK_REALTIME);
}

void clock_advance(Clock *clock, uint64_t by_ns) {
    ASSERT(clock->is_virtual);
    atomic_fetch_add_explicit(&clock->virtual_ns, by_ns, memory_order_relaxed);
}

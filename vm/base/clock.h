// SPDX-License-Identifier: Apache-2.0
// Time. A VM reads it through its Clock only: the wall's, or in the seeded mode a virtual one that
// stands still until the scheduler advances it. Any thread may read; one thread (the single runner)
// advances. Tests: tests/unit/vm/base/base_test.c.
#pragma once

#include "vm/base/atomic.h"
#include "vm/vm.h"

typedef struct {
    bool is_virtual;
    _Atomic uint64_t virtual_ns; // monotonic time when virtual
    uint64_t epoch_ns;           // system time at virtual_ns == 0
} Clock;

// Nanoseconds of the machine's monotonic clock, from an unknown start.
uint64_t clock_monotonic_ns(void);

// Nanoseconds that the calling thread has run.
uint64_t clock_thread_ns(void);

void clock_init(Clock *clock);
// Starts at 0; the system time starts at epoch_ns.
void clock_init_virtual(Clock *clock, uint64_t epoch_ns);
// Monotonic nanoseconds of this VM.
uint64_t clock_now_ns(const Clock *clock);
// Nanoseconds since 1970 of this VM.
uint64_t clock_system_ns(const Clock *clock);
// Moves virtual time on; not for a clock on the wall's time.
void clock_advance(Clock *clock, uint64_t by_ns);

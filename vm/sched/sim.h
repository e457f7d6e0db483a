// SPDX-License-Identifier: Apache-2.0
// The seeded mode: one runner, on the thread that calls sched_run_until. The seed decides which of the runnable processes of the
// highest priority runs next and how many reductions its slice has; time is virtual and jumps to the next timer when
// nobody can run. While real input or output is in flight, time runs as on the wall, and the run counts as not exact.
// Equal seeds give equal runs, event by event. Tests: tests/unit/vm/sched/sim_test.c.
#pragma once

#include "vm/base/clock.h"
#include "vm/base/rand.h"
#include "vm/sched/sched.h"

typedef struct {
    Process **items;
    uint32_t count;
    uint32_t capacity;
} SimReady;

struct Sim {
    Rand rand;
    bool inexact;         // real I/O was done
    uint64_t wall_ns;     // the wall's time when virtual time last followed it; 0: it does not
    SimReady ready[PRIORITY_COUNT];
};

Sim *sim_new(VM *vm, uint64_t seed);
void sim_free(Sim *sim, MemStats *mem);
void sim_push(Sim *sim, MemStats *mem, Process *p);
Process *sim_pop(Sim *sim);
// While real I/O is in flight: virtual time goes on as the wall's has since the last call. sim_leave_wall when none is any more.
void sim_follow_wall(Sim *sim, Clock *clock);
void sim_leave_wall(Sim *sim);
// Reductions of the next slice: 1 to SLICE_REDUCTIONS.
int32_t sim_slice(Sim *sim);

// SPDX-License-Identifier: Apache-2.0
// The seeded mode: one runner, on the thread that calls sched_run_until. The seed decides which of
// the runnable processes of the highest priority runs next and how many reductions its slice has.
// Time is virtual: a reduction takes REDUCTION_NS, and when nobody can run it jumps to the next
// timer. Equal seeds give equal runs, event by event.
//
// Sockets, standard input and other programs are real all the same. They are looked at when nobody
// can run, so that the machine's speed does not show, and a timer waits as long in truth as it says
// while one of them is in flight: as far as what comes, comes in the same order and not within
// microseconds of a timer, such runs repeat too. Tests: tests/system/seeds.sh.
#pragma once

#include "vm/base/clock.h"
#include "vm/base/rand.h"
#include "vm/sched/sched.h"

enum { REDUCTION_NS = 50, SIM_TURNS = 1000 };

typedef struct {
    Process **items;
    uint32_t count;
    uint32_t capacity;
} SimReady;

struct Sim {
    Rand rand;
    uint64_t waited_ns; // for real I/O, since time last went on
    uint32_t turns;     // since the last look at it
    SimReady ready[PRIORITY_COUNT];
};

Sim *sim_new(VM *vm, uint64_t seed);
void sim_free(Sim *sim, MemStats *mem);
void sim_push(Sim *sim, MemStats *mem, Process *p);
Process *sim_pop(Sim *sim);
// Whether this turn looks at real I/O: when nobody can run, and at every SIM_TURNS-th at the
// latest.
bool sim_looks_out(Sim *sim);
// Virtual time passes while `reductions` are done.
void sim_spend(Clock *clock, int32_t reductions);
// Reductions of the next slice: 1 to SLICE_REDUCTIONS.
int32_t sim_slice(Sim *sim);

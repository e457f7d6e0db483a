// SPDX-License-Identifier: Apache-2.0
// The seeded mode: see sim.h.
#include "vm/sched/sim.h"

#include "vm/base/clock.h"

Sim *sim_new(VM *vm, uint64_t seed) {
    Sim *sim = mem_alloc_zero(vm->mem, MEM_SCHED, sizeof *sim);
    if (sim != NULL) {
        rand_init(&sim->rand, seed);
    }
    return sim;
}

void sim_free(Sim *sim, MemStats *mem) {
    for (unsigned i = 0; i < PRIORITY_COUNT; i++) {
        mem_free(mem, MEM_SCHED, sim->ready[i].items);
    }
    mem_free(mem, MEM_SCHED, sim);
}

void sim_push(Sim *sim, MemStats *mem, Process *p) {
    SimReady *ready = &sim->ready[p->priority];
    if (ready->count == ready->capacity) {
        uint32_t capacity = ready->capacity == 0 ? 64 : ready->capacity * 2;
        // A process that is not queued is lost: this cannot fail.
        Process **items = mem_alloc_urgent(mem, MEM_SCHED, capacity * sizeof(Process *));
        if (ready->count > 0) {
            memcpy(items, ready->items, ready->count * sizeof(Process *));
        }
        mem_free(mem, MEM_SCHED, ready->items);
        ready->items = items;
        ready->capacity = capacity;
    }
    ready->items[ready->count++] = p;
}

// LOW has its turn now and then, as outside the seeded mode.
static SimReady *choose_level(Sim *sim) {
    enum { LOW_ONE_IN = 9 };
    for (unsigned i = PRIORITY_MAX; i > PRIORITY_NORMAL; i--) {
        if (sim->ready[i].count > 0) {
            return &sim->ready[i];
        }
    }
    SimReady *normal = &sim->ready[PRIORITY_NORMAL];
    SimReady *low = &sim->ready[PRIORITY_LOW];
    if (low->count > 0 && (normal->count == 0 || rand_below(&sim->rand, LOW_ONE_IN) == 0)) {
        return low;
    }
    return normal;
}

Process *sim_pop(Sim *sim) {
    SimReady *ready = choose_level(sim);
    if (ready->count == 0) {
        return NULL;
    }
    uint32_t i = ready->count == 1 ? 0 : (uint32_t)rand_below(&sim->rand, ready->count);
    Process *p = ready->items[i];
    ready->items[i] = ready->items[--ready->count];
    return p;
}

int32_t sim_slice(Sim *sim) {
    // Short ones are likely too: they show what a switch in an odd place does.
    uint64_t bits = rand_next(&sim->rand);
    int32_t limit = (bits & 3) == 0 ? 64 : SLICE_REDUCTIONS;
    return 1 + (int32_t)((bits >> 8) % (uint64_t)limit);
}

bool sim_looks_out(Sim *sim) {
    bool idle = true;
    for (unsigned i = 0; i < PRIORITY_COUNT; i++) {
        idle = idle && sim->ready[i].count == 0;
    }
    sim->turns = idle || sim->turns == SIM_TURNS ? 0 : sim->turns + 1;
    return sim->turns == 0;
}

void sim_spend(Clock *clock, int32_t reductions) {
    // What costs none still takes a little, so that no loop stops the time.
    clock_advance(clock, (uint64_t)(reductions > 0 ? reductions : 1) * REDUCTION_NS);
}

// SPDX-License-Identifier: Apache-2.0
// See world.h.
#include "tests/unit/vm/proc/world.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/proc/receive.h"
#include "vm/sched/sched.h"
#include "vm/term/atom.h"

static bool fake_prepare(VM *vm, Module *module) {
    (void)vm;
    (void)module;
    return true;
}

static void fake_discard(VM *vm, Module *module) {
    (void)vm;
    (void)module;
}

static int fake_run(Process *p) {
    memcpy(p->x, process_saved(p), p->saved_count * sizeof(Term));
    p->live = p->saved_count;
    return ((Body)(uintptr_t)p->entry->engine_data)(p);
}

static const Safepoint *fake_safepoint_of(uintptr_t address) {
    (void)address;
    return NULL;
}

static void fake_start(Process *p, const Function *function) {
    p->pc = function;
}

static const Engine fake_engine = {
    .name = "fake",
    .prepare = fake_prepare,
    .discard = fake_discard,
    .run = fake_run,
    .safepoint_of = fake_safepoint_of,
    .start = fake_start,
};

VM *world_new(uint32_t schedulers, uint64_t seed, const char *trace) {
    char why[256];
    VMOptions options = {
        .schedulers = schedulers, .seeded = seed != 0, .seed = seed, .trace = trace};
    VM *vm = vm_create(&options, why);
    cr_assert(vm != NULL, "%s", why);
    vm->engine = &fake_engine;
    return vm;
}

void world_free(VM *vm) {
    vm_destroy(vm);
}

const Function *world_function(Body body, uint16_t arity) {
    enum { FUNCTIONS = 64 };
    static struct Function functions[FUNCTIONS];
    static _Atomic uint32_t lock;
    while (atomic_exchange_explicit(&lock, 1, memory_order_acquire) != 0) {
        cpu_relax();
    }
    uint32_t i = 0;
    while (functions[i].engine_data != NULL &&
           functions[i].engine_data != (void *)(uintptr_t)body) {
        i++;
        cr_assert(i < FUNCTIONS);
    }
    if (functions[i].engine_data == NULL) {
        functions[i].serial = i + 1;
        functions[i].module_name = AM_main;
        functions[i].name = AM_start;
        functions[i].arity = arity;
        functions[i].engine_data = (void *)(uintptr_t)body;
    }
    atomic_store_explicit(&lock, 0, memory_order_release);
    return &functions[i];
}

typedef struct {
    const Function *function;
    const Term *args;
    uint32_t count;
    Term pid;
} SpawnCall;

static void spawn_call(Worker *w, void *data) {
    SpawnCall *call = data;
    SpawnOptions options = spawn_options();
    call->pid = process_spawn_call(w, call->function, call->args, call->count, &options);
}

Term world_spawn(VM *vm, Body body, const Term *args, uint32_t count) {
    SpawnCall call = {
        .function = world_function(body, (uint16_t)count), .args = args, .count = count};
    sched_call(vm->sched, spawn_call, &call);
    cr_assert(term_is_pid(call.pid));
    return call.pid;
}

Term world_spawn_from(Process *p, Body body, const Term *args, uint32_t count,
                      const SpawnOptions *options) {
    SpawnOptions plain = spawn_options();
    Room room;
    cr_assert(process_reserve(p, 2 + count, NULL, 0, &room));
    Term fn = room_fn(&room, world_function(body, 0), args, count);
    return process_spawn(p, fn, options == NULL ? &plain : options, AM_infinity);
}

int stay(Process *p, RunResult result, uint32_t count) {
    cr_assert(process_save(p, p->x, count));
    return result;
}

int leave(Process *p, Term reason) {
    p->reason = reason;
    return RUN_EXIT;
}

void world_wait(VM *vm, _Atomic uint32_t *flag, uint32_t value, int seconds) {
    uint64_t end = clock_monotonic_ns() + (uint64_t)seconds * 1000 * 1000 * 1000;
    while (atomic_load_explicit(flag, memory_order_acquire) < value) {
        if (vm->options.seeded) {
            cr_assert(sched_turn(vm->sched), "nothing can happen any more at %u of %u", *flag,
                      value);
        } else {
            usleep(200);
        }
        cr_assert(clock_monotonic_ns() < end, "%u of %u after %d seconds", *flag, value, seconds);
    }
}

bool world_receive(Process *p, Term *message) {
    if (!receive_peek(p, message)) {
        receive_wait(p);
        return false;
    }
    receive_take(p);
    return true;
}

bool world_pending(Process *p, Term answer, uint32_t count, int *result) {
    if (term_same_bits(answer, TERM_YIELD) || term_same_bits(answer, TERM_WAIT)) {
        *result = stay(p, term_same_bits(answer, TERM_YIELD) ? RUN_YIELD : RUN_WAIT, count);
        return true;
    }
    if (term_same_bits(answer, TERM_NONE)) {
        *result = RUN_EXIT;
        return true;
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
// Making a VM and taking it down. The order is that of the calls below, each room after those it
// stands on; it is taken down in the reverse order, once the schedulers have stopped and the
// processes are gone. What a room needs of a higher one (the linker a built-in, the process table's
// end a handle) is handed to it here.
#include "vm/boot.h"

#include <stdio.h>
#include <string.h>

#include "vm/base/alloc.h"
#include "vm/base/check.h"
#include "vm/base/hash.h"
#include "vm/base/quiet.h"
#include "vm/base/rand.h"
#include "vm/bif/bif.h"
#include "vm/bif/state.h"
#include "vm/code/module.h"
#include "vm/heap/block.h"
#include "vm/heap/literal.h"
#include "vm/interp/interp.h"
#include "vm/jit/jit.h"
#include "vm/io/handle.h"
#include "vm/io/loop.h"
#include "vm/io/stdio.h"
#include "vm/io/subprocess.h"
#include "vm/proc/registry.h"
#include "vm/proc/spawn.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/sched/blocking.h"
#include "vm/sched/program.h"
#include "vm/sched/sched.h"
#include "vm/sched/timer.h"
#include "vm/term/atom.h"
#include "vm/term/record.h"

// System time at the start of the seeded mode: 2020-01-01.
static const uint64_t SEEDED_EPOCH_NS = UINT64_C(1577836800) * 1000 * 1000 * 1000;

// Reports go out in order with what is printed.
static void report_to_stderr(void *data, const char *text, size_t len) {
    VM *vm = data;
    stdio_write(vm->stdio, 2, text, len);
}

static BuiltinFn find_builtin(const char *module, const char *name, uint32_t arity) {
    const Bif *bif = bif_find(module, name, arity);
    return bif == NULL ? NULL : bif->function;
}

static void wake_for_purge(VM *vm) {
    if (vm->sched != NULL) {
        sched_wake_one(vm->sched);
    }
}

static const CodeHooks code_hooks = {.find_builtin = find_builtin, .retired = wake_for_purge};

// The best one first.
static const Engine *const engines[] = {
#ifdef COPPICE_JIT
    &jit_engine,
#endif
    &interp_engine,
};

static bool choose_engine(VM *vm, char *why) {
    const char *name = vm->options.engine;
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (name == NULL || strcmp(name, engines[i]->name) == 0) {
            vm->engine = engines[i];
            return vm->engine->open(vm, why);
        }
    }
    snprintf(why, 256, "there is no engine '%.60s'", name);
    return false;
}

// Memory, terms and code.
static bool make_lower(VM *vm) {
    if (vm->options.seeded) {
        clock_init_virtual(&vm->clock, SEEDED_EPOCH_NS);
        vm->hash_salt = hash_word(0, vm->options.seed);
    } else {
        clock_init(&vm->clock);
        vm->hash_salt = rand_entropy();
    }
    return (vm->atoms = atom_table_new(vm->mem, vm->hash_salt, 0)) != NULL &&
           (vm->records = record_table_new(vm->atoms)) != NULL &&
           (vm->literals = literal_space_new(vm->mem)) != NULL &&
           (vm->blocks = block_depot_new(vm->mem, vm->literals)) != NULL &&
           (vm->quiet = quiet_new(vm->mem)) != NULL &&
           (vm->code = code_table_new(vm, &code_hooks)) != NULL;
}

// Processes and input and output.
static bool make_upper(VM *vm) {
    return (vm->processes = table_new(vm->mem, vm->options.process_limit)) != NULL &&
           (vm->registry = registry_new(vm->mem)) != NULL &&
           (vm->timers = timer_table_new(vm->mem)) != NULL &&
           (vm->program = program_life_new(vm)) != NULL &&
           (vm->blocking = blocking_new(vm, vm->options.blocking_threads)) != NULL &&
           (vm->handles = handle_table_new(vm)) != NULL && (vm->stdio = stdio_new(vm)) != NULL &&
           (vm->subprocesses = subprocesses_new(vm)) != NULL &&
           (vm->bifs = bif_state_new(vm)) != NULL;
}

static bool make_all(VM *vm, char *why) {
    snprintf(why, 256, "no memory");
    if (!make_lower(vm) || !make_upper(vm)) {
        return false;
    }
    if (vm->options.report == NULL) {
        vm->options.report = report_to_stderr;
        vm->options.report_data = vm;
    }
    if (vm->options.trace != NULL &&
        (vm->tracer = tracer_new(vm, vm->options.trace, why)) == NULL) {
        return false;
    }
    return choose_engine(vm, why) && (vm->sched = sched_new(vm, &io_hooks, why)) != NULL &&
           sched_start(vm->sched, why);
}

VM *vm_create(const VMOptions *options, char *why) {
    MemStats *mem = mem_stats_new(options->memory_limit);
    VM *vm = mem == NULL ? NULL : mem_alloc_zero(mem, MEM_OTHER, sizeof *vm);
    if (vm == NULL) {
        mem_stats_free(mem);
        snprintf(why, 256, "no memory");
        return NULL;
    }
    vm->options = *options;
    vm->mem = mem;
    if (!make_all(vm, why)) {
        vm_destroy(vm);
        return NULL;
    }
    return vm;
}

static void drop_processes(VM *vm) {
    Scheduler *s = vm->sched->schedulers[0];
    Worker *w = &s->worker;
    w->blocks.defers = false; // there is nobody left to leave work to
    quiet_online(w->quiet);
    sched_drop_unlisted(vm->sched, w);
    uint32_t index = 0;
    for (Process *p; (p = table_next(vm->processes, &index)) != NULL;) {
        p->worker = w;
        process_drop(w, p);
    }
    quiet_offline(w->quiet);
}

void vm_destroy(VM *vm) {
    if (vm == NULL) {
        return;
    }
    MemStats *mem = vm->mem;
    if (vm->sched != NULL) {
        sched_stop(vm->sched);
    }
    // Jobs may still wake processes; nothing runs them any more.
    blocking_free(vm->blocking);
    handle_table_free(vm->handles);
    if (vm->sched != NULL) {
        drop_processes(vm);
        sched_drain(vm->sched);
    }
    stdio_free(vm->stdio);
    subprocesses_free(vm->subprocesses);
    sched_free(vm->sched);
    quiet_free(vm->quiet, NULL);
    bif_state_free(vm->bifs);
    program_life_free(vm->program);
    timer_table_free(vm->timers);
    registry_free(vm->registry);
    table_free(vm->processes);
    tracer_free(vm->tracer);
    if (vm->code != NULL) {
        code_table_free(vm->code);
    }
    if (vm->engine != NULL) {
        vm->engine->close(vm);
    }
    if (vm->blocks != NULL) {
        block_depot_free(vm->blocks);
    }
    if (vm->literals != NULL) {
        literal_space_free(vm->literals);
    }
    if (vm->records != NULL) {
        record_table_free(vm->records);
    }
    if (vm->atoms != NULL) {
        atom_table_free(vm->atoms);
    }
    mem_free(mem, MEM_OTHER, vm);
    mem_stats_free(mem);
}

// SPDX-License-Identifier: Apache-2.0
// See machine.h.
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/base/buffer.h"
#include "vm/base/quiet.h"
#include "vm/heap/literal.h"
#include "vm/interp/interp.h"
#include "vm/proc/exit.h"
#include "vm/proc/receive.h"
#include "vm/proc/registry.h"
#include "vm/proc/send.h"
#include "vm/proc/spawn.h"
#include "vm/proc/table.h"
#include "vm/term/print.h"
#include "vm/term/record.h"

enum { SLICE = 4000 };

static Machine *machine_of(Worker *w) {
    return (Machine *)(void *)w;
}

static void machine_queue(Worker *w, Process *p) {
    Machine *m = machine_of(w);
    p->queue_next = NULL;
    *m->last = p;
    m->last = &p->queue_next;
}

static bool machine_timer_start(Process *p, uint64_t deadline_ns, uint64_t number) {
    Machine *m = machine_of(p->worker);
    if (m->timer_count == MACHINE_TIMERS) {
        return false;
    }
    m->timers[m->timer_count++] = (MachineTimer){p, deadline_ns, number};
    p->timer = (struct Timer *)(void *)m; // only looked at for being there
    return true;
}

static void machine_timer_stop(Process *p) {
    Machine *m = machine_of(p->worker);
    for (uint32_t i = 0; i < m->timer_count; i++) {
        if (m->timers[i].process == p) {
            m->timers[i--] = m->timers[--m->timer_count];
        }
    }
    p->timer = NULL;
}

static void machine_timer_forget(Worker *w, uint64_t id) {
    (void)w;
    (void)id;
}

static void machine_free_heap(Worker *w, Heap *heap) {
    (void)w;
    heap_destroy(heap);
}

static const WorkerHooks machine_hooks = {
    .queue = machine_queue,
    .free_heap = machine_free_heap,
    .timer_start = machine_timer_start,
    .timer_stop = machine_timer_stop,
    .timer_forget = machine_timer_forget,
};

static Term builtin_add_one(Process *p, Term *args) {
    return term_is_small(args[0]) ? term_small(term_to_small(args[0]) + 1)
                                  : process_badarg(p, args[0]);
}

// Answers only when it is run for the third time.
typedef struct {
    Work work;
    int runs;
} ThriceWork;

static void thrice_drop(Process *p, Work *work) {
    mem_free(p->vm->mem, MEM_BIF, work);
}

static Term builtin_thrice(Process *p, Term *args) {
    ThriceWork *work = (ThriceWork *)p->work;
    if (work == NULL) {
        work = mem_alloc_zero(p->vm->mem, MEM_BIF, sizeof *work);
        work->work = (Work){thrice_drop, NULL, NULL};
        p->work = &work->work;
    }
    if (++work->runs < 3) {
        return TERM_YIELD;
    }
    p->work = NULL;
    thrice_drop(p, &work->work);
    return args[1];
}

// The built-ins that tests of calls need.
static BuiltinFn machine_builtin(const char *module, const char *name, uint32_t arity) {
    if (strcmp(module, "Native") != 0) {
        return NULL;
    }
    if (strcmp(name, "add_one") == 0 && arity == 1) {
        return builtin_add_one;
    }
    return strcmp(name, "thrice") == 0 && arity == 2 ? builtin_thrice : NULL;
}

static void machine_report(void *data, const char *text, size_t len) {
    (void)data;
    (void)text;
    (void)len;
}

Machine *machine_new(size_t memory_limit) {
    static const CodeHooks code_hooks = {machine_builtin};
    Machine *m = aligned_alloc(CACHE_LINE, (sizeof *m + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    memset(m, 0, sizeof *m);
    VM *vm = &m->vm;
    vm->mem = mem_stats_new(memory_limit != 0 ? memory_limit : (size_t)256 << 20);
    vm->hash_salt = 42;
    vm->options.report = machine_report;
    clock_init_virtual(&vm->clock, 0);
    vm->atoms = atom_table_new(vm->mem, vm->hash_salt, 0);
    vm->records = record_table_new(vm->atoms);
    vm->literals = literal_space_new(vm->mem);
    vm->blocks = block_depot_new(vm->mem, vm->literals);
    vm->quiet = quiet_new(vm->mem);
    vm->processes = table_new(vm->mem, 1 << 16);
    vm->registry = registry_new(vm->mem);
    vm->engine = &interp_engine;
    vm->code = code_table_new(vm, &code_hooks);
    m->last = &m->first;
    CHECK(worker_init(&m->worker, vm, &machine_hooks, 0));
    quiet_online(m->worker.quiet);
    return m;
}

static Process *machine_take(Machine *m) {
    Process *p = m->first;
    if (p != NULL) {
        m->first = p->queue_next;
        if (m->first == NULL) {
            m->last = &m->first;
        }
    }
    return p;
}

// Lets the timer that is next go off. False: there is none.
static bool machine_fire(Machine *m) {
    if (m->timer_count == 0) {
        return false;
    }
    uint32_t next = 0;
    for (uint32_t i = 1; i < m->timer_count; i++) {
        next = m->timers[i].deadline_ns < m->timers[next].deadline_ns ? i : next;
    }
    MachineTimer timer = m->timers[next];
    m->timers[next] = m->timers[--m->timer_count];
    uint64_t now = clock_now_ns(&m->vm.clock);
    if (timer.deadline_ns > now) {
        clock_advance(&m->vm.clock, timer.deadline_ns - now);
    }
    Signal *signal = signal_new_urgent(&m->worker.blocks, SIGNAL_TIMER, 0);
    signal->data[SIGNAL_AT_ID].bits = timer.number;
    if (!signal_send(&m->worker, timer.process, signal)) {
        signal_free(m->vm.mem, signal);
    }
    return true;
}

// A slice of p: as a scheduler's, but it says how it ended.
static RunResult machine_slice(Machine *m, Process *p) {
    m->slices++;
    p->worker = &m->worker;
    p->heap.pool = &m->worker.blocks;
    m->worker.current = p;
    process_fetch(p);
    RunResult result = RUN_EXIT;
    if (!p->must_exit) {
        p->x = m->x;
        p->reds = SLICE;
        result = (RunResult)m->vm.engine->run(p);
        p->x = NULL;
    }
    m->worker.current = NULL;
    return result;
}

static void machine_end(Machine *m, Process *p) {
    machine_timer_stop(p);
    m->worker.current = p;
    while (process_end_step(p) != END_OVER) {
    }
    m->worker.current = NULL;
}

// After a slice that did not end it.
static void machine_park(Machine *m, Process *p, RunResult result) {
    if (result == RUN_YIELD || p->woken || !inbox_sleep(&p->inbox)) {
        machine_queue(&m->worker, p);
    }
    p->woken = false;
}

static void machine_text(Machine *m, Term t, char *out, size_t size) {
    Buffer buffer;
    buffer_init(&buffer, m->vm.mem);
    term_print_short(m->vm.atoms, &buffer, t);
    snprintf(out, size, "%s", buffer_text(&buffer));
    buffer_free(&buffer);
}

CallEnd machine_call(Machine *m, const Function *f, size_t heap_words, uint64_t max_slices,
                     char *out, size_t size) {
    return machine_call_with(m, f, NULL, heap_words, max_slices, out, size);
}

CallEnd machine_call_with(Machine *m, const Function *f, const Term *args, size_t heap_words,
                          uint64_t max_slices, char *out, size_t size) {
    SpawnOptions options = spawn_options();
    options.heap_limit_words = heap_words;
    options.cells = 2;
    out[0] = '\0';
    Term pid = process_spawn_call(&m->worker, f, args, f->arity, &options);
    CHECK(term_is_pid(pid));
    uint64_t end = m->slices + max_slices;
    while (m->slices < end) {
        Process *p = machine_take(m);
        if (p == NULL) {
            if (!machine_fire(m)) {
                return CALL_STUCK;
            }
            continue;
        }
        RunResult result = machine_slice(m, p);
        bool mine = term_same_bits(p->pid, pid);
        bool failed = p->must_exit || !term_same_bits(p->reason, AM_normal);
        if (result != RUN_EXIT) {
            machine_park(m, p, result);
            continue;
        }
        if (mine) {
            machine_text(m, failed ? p->reason : m->x[0], out, size);
        }
        machine_end(m, p);
        quiet_point(m->worker.quiet);
        quiet_collect(m->worker.quiet, 100, &m->worker);
        if (mine) {
            return failed ? CALL_FAILED : CALL_VALUE;
        }
    }
    return CALL_LONG;
}

void machine_clear(Machine *m) {
    uint32_t index = 0;
    m->first = NULL;
    m->last = &m->first;
    for (Process *p; (p = table_next(m->vm.processes, &index)) != NULL;) {
        p->worker = &m->worker;
        p->heap.pool = &m->worker.blocks;
        p->reason = AM_killed;
        Signal *asleep = INBOX_ASLEEP;
        atomic_compare_exchange_strong(&p->inbox.head, &asleep, NULL);
        machine_end(m, p);
    }
    m->first = NULL;
    m->last = &m->first;
    m->timer_count = 0;
    for (int i = 0; i < 4; i++) {
        quiet_point(m->worker.quiet);
        while (quiet_collect(m->worker.quiet, 1000, &m->worker)) {
        }
    }
}

void machine_free(Machine *m) {
    VM *vm = &m->vm;
    machine_clear(m);
    code_table_free(vm->code);
    quiet_offline(m->worker.quiet);
    worker_destroy(&m->worker);
    quiet_free(vm->quiet, NULL);
    registry_free(vm->registry);
    table_free(vm->processes);
    block_depot_free(vm->blocks);
    literal_space_free(vm->literals);
    record_table_free(vm->records);
    atom_table_free(vm->atoms);
    mem_stats_free(vm->mem);
    free(m);
}

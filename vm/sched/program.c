// SPDX-License-Identifier: Apache-2.0
// The life of a program: see program.h. The main process itself is in vm/proc/program.c.
#include "vm/sched/program.h"

#include <signal.h>

#include "vm/code/module.h"
#include "vm/proc/exit.h"
#include "vm/proc/send.h"
#include "vm/proc/spawn.h"
#include "vm/sched/sched.h"
#include "vm/term/box.h"

struct ProgramLife {
    VM *vm;
    _Atomic uint64_t main; // bits of the main process's pid, 0: none
    _Atomic uint32_t done;
    _Atomic int status;          // of main
    _Atomic int chosen;          // by a signal or program_exit; -1: none
    _Atomic uint32_t interrupts; // signals that have come
    uint32_t interrupts_seen;
};

enum { STATUS_NONE = -1 };

// The one that signals of the operating system speak to: they belong to the whole process, not to a
// VM.
static _Atomic(struct ProgramLife *) in_charge;

struct ProgramLife *program_life_new(VM *vm) {
    struct ProgramLife *life = mem_alloc_zero(vm->mem, MEM_OTHER, sizeof *life);
    if (life != NULL) {
        life->vm = vm;
        atomic_init(&life->chosen, STATUS_NONE);
    }
    return life;
}

void program_life_free(struct ProgramLife *life) {
    if (life != NULL) {
        mem_free(life->vm->mem, MEM_OTHER, life);
    }
}

// Signals of the operating system -----------------------------------------------------------------

void program_interrupt(VM *vm, int status) {
    struct ProgramLife *life = vm->program;
    atomic_store_explicit(&life->chosen, status, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&life->interrupts, 1, memory_order_release) > 0) {
        // The second one does not wait.
        atomic_store_explicit(&life->done, 1, memory_order_release);
    }
    sched_notify(vm->sched);
}

static void on_signal(int number) {
    struct ProgramLife *life = atomic_load_explicit(&in_charge, memory_order_acquire);
    if (life != NULL) {
        program_interrupt(life->vm, 128 + number);
    }
}

static void listen_to_signals(struct ProgramLife *life) {
    atomic_store_explicit(&in_charge, life, memory_order_release);
    struct sigaction action = {.sa_handler = life == NULL ? SIG_DFL : on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    // Who runs under nohup wants to outlive the terminal.
    struct sigaction before;
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
        sigaction(SIGHUP, &action, NULL);
    }
}

// Running -----------------------------------------------------------------------------------------

typedef struct {
    struct ProgramLife *life;
    const Function *function;
    const Term *args;
    uint32_t count;
    bool ok;
} MainCall;

static void start_main(Worker *w, void *data) {
    MainCall *call = data;
    SpawnOptions options = spawn_options();
    Process *p = process_make(w, call->function, call->args, call->count, &options);
    if (p == NULL || !program_adopt_main(p)) {
        return;
    }
    atomic_store_explicit(&call->life->main, p->pid.bits, memory_order_release);
    call->ok = true;
    w->hooks->queue(w, p);
}

static void stop_main(Worker *w, void *data) {
    struct ProgramLife *life = data;
    process_exit_from_outside(
        w, TERM_LITERAL(atomic_load_explicit(&life->main, memory_order_acquire)), AM_kill);
}

void program_main_ended(Worker *w, int status) {
    struct ProgramLife *life = w->vm->program;
    atomic_store_explicit(&life->status, status, memory_order_relaxed);
    // Release: pairs with sched_run_until.
    atomic_store_explicit(&life->done, 1, memory_order_release);
    sched_notify(w->vm->sched);
}

// Waits for the end of main, and tells it of the first interruption.
static bool wait_for_end(struct ProgramLife *life) {
    SchedPool *pool = life->vm->sched;
    for (;;) {
        uint32_t seen = atomic_load_explicit(&life->interrupts, memory_order_acquire);
        if (seen > life->interrupts_seen) {
            life->interrupts_seen = seen;
            sched_call(pool, stop_main, life);
        }
        if (atomic_load_explicit(&life->done, memory_order_acquire) != 0) {
            return true;
        }
        if (!sched_turn(pool)) {
            return false;
        }
    }
}

ProgramEnd program_run(VM *vm, const Function *main, const Term *args, uint32_t count) {
    struct ProgramLife *life = vm->program;
    atomic_store_explicit(&life->done, 0, memory_order_relaxed);
    MainCall call = {.life = life, .function = main, .args = args, .count = count};
    // Before main begins: nobody who sees that it runs sends a signal in vain.
    listen_to_signals(life);
    sched_call(vm->sched, start_main, &call);
    bool ended = call.ok && wait_for_end(life);
    listen_to_signals(NULL);
    if (!call.ok) {
        return (ProgramEnd){.status = 1};
    }
    int chosen = atomic_load_explicit(&life->chosen, memory_order_relaxed);
    int status = atomic_load_explicit(&life->status, memory_order_relaxed);
    return (ProgramEnd){.status = chosen != STATUS_NONE ? chosen
                                  : ended               ? status
                                                        : 1,
                        .stuck = !ended};
}

ProgramEnd program_run_fn(VM *vm, Term fn) {
    ASSERT(term_is_fn(fn));
    ASSERT(box_kind(fn) == KIND_FN);
    return program_run(vm, fn_function(fn), term_pointer(fn) + 2, (uint32_t)fn_captured_count(fn));
}

Term program_exit(Process *p, int status) {
    struct ProgramLife *life = p->vm->program;
    atomic_store_explicit(&life->chosen, status, memory_order_relaxed);
    Term main = TERM_LITERAL(atomic_load_explicit(&life->main, memory_order_acquire));
    if (!term_same_bits(main, p->pid)) {
        exit_send(p, main, AM_kill, true);
    }
    return process_stop(p, AM_normal);
}

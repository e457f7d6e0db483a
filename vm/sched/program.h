// SPDX-License-Identifier: Apache-2.0
// The life of a program: main is run, and when it has ended, or a signal asked for it, the
// supervisors that main started are shut down, the last one first; then the machine stops. Tests:
// tests/system.
#pragma once

#include "vm/proc/program.h"
#include "vm/proc/worker.h"

// What VM.program is. NULL: no memory.
struct ProgramLife *program_life_new(VM *vm);
void program_life_free(struct ProgramLife *life);

typedef struct {
    int status; // of the command: 0; 1: main failed; 129, 130, 143: ended by a signal
    bool stuck; // seeded mode: nothing could ever happen any more
} ProgramEnd;

// Runs function(args...) as the main process of the VM on its schedulers, and waits for its end and
// the shutdown. Handles SIGINT, SIGTERM and (unless it is ignored) SIGHUP meanwhile. Not from a
// scheduler's thread.
ProgramEnd program_run(VM *vm, const Function *main, const Term *args, uint32_t count);
// The same for a function value of no arguments.
ProgramEnd program_run_fn(VM *vm, Term fn);
// WorkerHooks.main_ended.
void program_main_ended(Worker *w, int status);
// As if SIGINT (130) or SIGTERM (143) had come; a second time ends without waiting. Any thread,
// also a signal handler.
void program_interrupt(VM *vm, int status);
// Ends the program at once with a status, as if main had returned: supervisors are shut down.
// TERM_NONE.
Term program_exit(Process *p, int status);

// SPDX-License-Identifier: Apache-2.0
// Making processes. Tests: tests/behave b16, b36-b38.
#pragma once

#include "vm/proc/bound.h"
#include "vm/proc/worker.h"

typedef enum { SPAWN_PLAIN, SPAWN_LINK, SPAWN_MONITOR } SpawnHow;

typedef struct {
    SpawnHow how;
    Priority priority;      // spawn_options gives NORMAL
    Term label;             // atom: what it runs, for reports and info; NIL: the function's name
    Term name;              // atom to register before it runs, or NIL
    uint32_t mailbox_limit; // with a policy other than UNBOUNDED
    MailboxPolicy policy;
    uint16_t cells;  // of actor state, all nil
    bool trap_exits; // from the first moment on, as no exit signal may come before it could say so
                     // itself
    bool sync;       // the spawner waits for process_started
    size_t heap_limit_words; // 0: none
} SpawnOptions;

SpawnOptions spawn_options(void);

// Runs fn, a function value of no arguments, in a new process. pid or (pid, ref); TERM_NONE
// (:badfun(fn), :badarity(fn, 0), :already_started(pid), :limit(:processes), :limit(:memory)),
// TERM_YIELD for long copies. With sync it goes on as process_start: TERM_WAIT. `timeout` (ms or
// :infinity) matters then only. Run again with the same arguments.
Term process_spawn(Process *p, Term fn, const SpawnOptions *options, Term timeout);

// The same from outside: main, a test, a host. fn is a function value in a literal or of immediates
// only. Its pid, or TERM_NONE: no memory. Any thread with a worker; the process is queued.
// fn is a closure (not a &Mod.f/n).
Term process_spawn_outside(Worker *w, Term fn, const SpawnOptions *options);
// With arguments (immediates, literals or terms that stand still), for a Function that takes that
// many.
Term process_spawn_call(Worker *w, const Function *function, const Term *args, uint32_t count,
                        const SpawnOptions *options);

// The same, not yet queued: hooks->queue does that. NULL: no memory.
Process *process_make(Worker *w, const Function *function, const Term *args, uint32_t count,
                      const SpawnOptions *options);

// p, which has not said process_started, has ended with the reason: its starter hears of it.
void start_failed(Process *p, Term reason);

// Frees a process that never ran or has ended. Owner.
void process_free(Worker *w, Process *p);
// Frees one that still lives, with its work and signals, telling nobody: when the VM ends. Nothing
// runs any more.
void process_drop(Worker *w, Process *p);

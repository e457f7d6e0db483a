// SPDX-License-Identifier: Apache-2.0
// What becomes of an op that answered no value: the same for every engine. Owner thread.
#pragma once

#include "vm/code/module.h"
#include "vm/code/unwind.h"

// Where to go on in the engine's code; or, pc being NULL, what its run() returns: a RunResult.
typedef struct {
    const void *pc;
    int64_t result;
} Step;

// After TERM_NONE, TERM_YIELD or TERM_WAIT; p->pc is where p goes on if it yields or waits. Keeps
// the registers that a built-in was called with (p->live) or that p->point names.
Step step_leave(Process *p, Term answer);
// Before p runs on: its registers are again what they were when step_leave saved them.
void step_restore(Process *p);
// Goes on looking for a handler: where the engine's `unwinding` leads.
Step step_unwind(Process *p);
// The first function returned.
Step step_exit(Process *p);

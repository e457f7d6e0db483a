// SPDX-License-Identifier: Apache-2.0
// Walking the frames of a process: for the collector, for failures, for those who ask what code it
// is in. An engine's return addresses lead to Safepoints, whose ny gives the frame's size. Owner
// thread.
//
//   stack of values, sp first:  [frame of p->point's function][frame of the caller]…[cells]
//   return addresses, last first:                             [into the caller     ]…[the engine's exit: function NULL]
//
// This and vm/proc see each other: the process is defined there, its frames by the code. Tests:
// tests/unit/vm/interp.
#pragma once

#include "vm/proc/process.h"

// Visits the terms of the X registers that the op in progress holds (while p runs), and of all
// frames.
void code_each_frame_root(Process *p, RootVisit visit, void *collection);

typedef enum {
    UNWIND_CAUGHT, // p->pc, p->point and sp are the handler's; the reason is to go to X0, p->reason
                   // is cleared
    UNWIND_ENDED,  // nobody catches it: p ends with p->reason
    UNWIND_MORE,   // the slice is over: go on with unwind_step
} UnwindResult;

// p->reason was set by the op at p->point: notes the trace, drops p->work, looks for a handler.
// *reason is the caught one.
UnwindResult unwind(Process *p, Term *reason);
// Goes on looking.
UnwindResult unwind_step(Process *p, Term *reason);
// The failure goes to an `f` label instead: forgets it. False when it must not be caught: then it
// is raised after all.
bool unwind_forget(Process *p);

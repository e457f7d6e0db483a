// SPDX-License-Identifier: Apache-2.0
// What the main process of a program does besides running main: it keeps the supervisors that it
// started and shuts them down, the last one first, before it ends. The outside of it (signals of
// the operating system, the exit status) is vm/sched/program.h. Owner thread of the main process,
// where not said otherwise. Tests: tests/system.
#pragma once

#include "vm/proc/worker.h"

// Makes p (not yet queued) the main process. False: no memory.
MUST_USE bool program_adopt_main(Process *p);
// p has started the supervisor `pid`: when p is the main process, it is shut down before p ends,
// and its failing ends p. False: no memory.
MUST_USE bool program_add_supervisor(Process *p, Term pid);
// The main process is ending: shuts down its supervisors. True when there is none any more;
// otherwise call again after a signal.
bool program_end_step(Process *p);
// p, a supervisor, gives up: if the main process has started it, its end ends the program.
void program_give_up(Process *p);
void program_gave_up(Process *p, Term pid); // the signal
// A supervisor of p has ended.
void program_supervisor_down(Process *p, Term reason);

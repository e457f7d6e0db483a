// SPDX-License-Identifier: Apache-2.0
// Process.info: what is known of a process. Others are asked by an INFO signal, which a sleeping
// one answers without running code. Items are atoms (info.def): each with the function that builds
// its answer. Tests: tests/stdlib/processes_test.cop.
#pragma once

#include "vm/proc/worker.h"

// A map of all items, or nil when pid has ended. Resumable: TERM_WAIT. TERM_NONE: :badarg(pid).
Term process_info(Process *p, Term pid);
// One item, nil when pid has ended; :badarg(item).
Term process_info_item(Process *p, Term pid, Term item);
// A list of all pids. May collect; TERM_NONE: :limit(...).
Term process_list(Process *p);

// Signals. Both take the signal over.
void info_asked(Process *p, Signal *signal);
void info_answered(Process *p, Signal *signal);
// An INFO signal that came too late.
void info_nobody(Process *p, const Signal *signal);
void info_suspended(Process *p, const Signal *signal);
void info_resumed(Process *p);

// Suspends another process until as many resumes; true, or false when it has ended. Resumable:
// returns when it no longer runs.
Term process_suspend(Process *p, Term pid);
Term process_resume(Process *p, Term pid);

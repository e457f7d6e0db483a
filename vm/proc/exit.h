// SPDX-License-Identifier: Apache-2.0
// Ends. A process ends when its function returns (:normal), by a failure that nobody catches, by an
// exit signal, or over a limit.
//
// Then, in this order: no name leads to it; its pid is unknown; its inbox is closed; links get an
// exit signal, watchers :down, those whose requests it held their answer; senders that wait for
// room are let go; what it had is freed. Each step that may be long goes on in slices. Rules of
// exit signals as OTP's: an orderly :normal from a link ends nobody; :kill sent on purpose ends
// even a trapping one, with :killed; the first signal decides. Owner thread but for what says
// otherwise. Tests: tests/behave b10-b19, tests/behave b10-b19.
#pragma once

#include "vm/proc/worker.h"

// Sends pid an exit signal on purpose. true; TERM_NONE: :badarg(pid), :limit(:memory); TERM_YIELD
// when p itself may have to end by it: run again, it then returns true.
Term process_exit(Process *p, Term pid, Term reason);
// The same from outside. Any thread with a worker. The reason is an immediate.
void process_exit_from_outside(Worker *w, Term pid, Term reason);
// Whether exit signals come as messages (:exit, pid, reason); the old setting.
Term process_trap_exits(Process *p, bool trap);
// Ends p with the reason, without a report, when it returns: fails in a way that no catch sees.
// TERM_NONE.
Term process_stop(Process *p, Term reason);
// After a report (report.h) that names the message which was being handled. TERM_NONE.
Term process_stop_failed(Process *p, Term reason, Term message);
// Whether the failure in p->reason may be caught: not after process_stop, a limit that is fatal or
// an exit signal.
bool process_may_catch(const Process *p);

typedef enum {
    END_OVER, // p has been retired
    END_MORE, // call again after others had their turn
    END_WAIT, // call again after a signal
} EndResult;
// A step of the end of p, whose reason is p->reason.
EndResult process_end_step(Process *p);
// Whether p is past the step that takes it out of the table.
bool process_is_unlisted(const Process *p);

// Room that these signals have at their end, for what the receiver makes of them: (:exit, pid,
// reason) and (:down, ref, pid, reason).
enum { EXIT_MESSAGE_WORDS = 4, DOWN_MESSAGE_WORDS = 5 + REF_WORDS };

// Sends pid an exit signal of p, through a link or on purpose.
void exit_send(Process *p, Term pid, Term reason, bool on_purpose);
// Sends `to` the news that p has ended: DOWN of a monitor, ask or wait.
void exit_send_down(Process *p, Term to, uint64_t id, Term reason);

// Signals.
void exit_signal(Process *p, Signal *signal);   // takes it over
void exit_leftover(Process *p, Signal *signal); // one that came too late; takes it over

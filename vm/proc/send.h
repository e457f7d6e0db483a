// SPDX-License-Identifier: Apache-2.0
// Sending: `to ! message`, and what the machine sends.
//
// The message is copied into a signal by the sender. Large ones are copied in slices (TERM_YIELD);
// a bounded mailbox with the policy :block makes the sender wait (TERM_WAIT), as a waiting edge for
// the deadlock probe (ask.h). Tests: tests/behave b01-b09.
#pragma once

#include "vm/proc/worker.h"

// to: pid, alias (a reference), name (atom) or (name, node). Returns message; TERM_NONE (:noproc
// for a name that nobody has, :mailbox_full, :deadlock(cycle), :badarg(to), :limit(:memory)),
// TERM_YIELD or TERM_WAIT: to be run again with the same arguments.
// `args` holds to and message: it must be among the roots while it is run again (X registers).
Term process_send(Process *p, Term to, Term message);

// Puts a signal into target's inbox and queues the target if it slept. False when it has ended: the
// caller keeps the signal. The thread is online; target was found since its last quiet point.
bool signal_send(Worker *w, Process *target, Signal *signal);
// The same by pid; a signal to one that has ended is freed.
bool signal_send_to(Worker *w, Term pid, Signal *signal);
// A SIGNAL_WAKE: what the process waits for has happened.
void process_wake(Worker *w, Term pid);
// A copy of a small term as a message of the machine (never counted, never refused). False when
// nobody is there.
bool process_notify(Worker *w, Term pid, Term message);

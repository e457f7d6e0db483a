// SPDX-License-Identifier: Apache-2.0
// Asking: `to ? message`, starts that are waited for, answers, and circles of waiting processes.
//
// An ASK signal is the message (:"$gen_call", (caller, ref), message) and a monitor in one: whoever
// has it in his mailbox, handles it or put it aside tells the caller of his end. The answer is a
// signal to the reference, which is a one-shot alias: it completes the ask and never sees the
// mailbox; one that comes late finds no ask and is dropped.
//
// `waiting` of a process is the id of the wait it is in: ask, start or room in a full mailbox.
// Whoever ends the wait (the answer, the place given, the timeout) clears it, so anyone can see
// whether a wait still stands.
//
// Circles (Chandy, Misra and Haas 1983, one request at a time): a wait of PROBE_NS sends a PROBE to
// whom it waits for; one that waits itself passes it on, if the request is one that it has not
// taken or is handling, and the path comes round where a circle is. Then all ids of the path are
// looked at once more: if each still stands, all of them stood at once, since an id is set and
// cleared only once; so no circle is reported that is none. The youngest wait, the one that closed
// it, fails with :deadlock(cycle). Each wait probes once: the one that closes a circle does so when
// all others stand. Tests: tests/behave b39-b45, tests/behave.
#pragma once

#include "vm/proc/spawn.h"
#include "vm/proc/worker.h"

enum { PROBE_NS = 4 * 1000 * 1000 };

// The reply; TERM_NONE (:ask(why, to, message)), TERM_WAIT, TERM_YIELD: to be run again with the
// same arguments, which must be roots meanwhile. to: pid, name or (name, node); timeout: ms or
// :infinity, otherwise :badarg(timeout).
Term process_ask(Process *p, Term to, Term message, Term timeout);
// As Actor.ask: :ok(reply) or :error(why).
Term process_try_ask(Process *p, Term to, Term message, Term timeout);

// Answers a request; from is (pid, ref) of its envelope; a hand-made tag gets (tag, value) as a
// message. :ok; :badarg(from).
Term process_reply(Process *p, Term from, Term value);
// Makes the ask fail with :ask(why, to, message). :ok.
Term process_reply_error(Process *p, Term from, Term why);
// caller() was taken: anyone may answer now, so the request is no waiting edge any more. from.
Term process_caller(Process *p, Term from);
// A request that was taken earlier (postponed, or put before all others) is being handled now.
// from.
Term process_handling(Process *p, Term from);

// Starts that are waited for: see spawn.h. The child's own answers: true when somebody waited.
bool process_started(Process *p);
// The starter gets :ignore once the child has ended.
bool process_ignored(Process *p);

// receive_take: the message that was taken is a request.
void ask_taken(Process *p, const Signal *signal);
// A request was dropped from a full mailbox.
void ask_dropped(Process *p, const Signal *signal);
// Signals.
void ask_replied(Process *p, Signal *signal); // REPLY, REFUSE, CIRCLE; takes the signal over
bool ask_down(Process *p,
              Signal *signal); // whether it was for the ask: then it took the signal over
void ask_room_given(Process *p, Term receiver, uint64_t id);
bool ask_timer(
    Process *p); // the timer of the wait; false when the time is over, or there is no such wait
void ask_probe(Process *p, Signal *signal); // takes the signal over
// When p ends: requests that it still holds are told the reason. At most *budget of them; true when
// all are.
bool ask_end(Process *p, Term reason, int32_t *budget);

// SPDX-License-Identifier: Apache-2.0
// Bounded mailboxes. `count` is the number of ordinary messages on their way, in the inbox and in
// the mailbox; a sender takes a place before it pushes, the owner gives it back when it takes the
// message. System messages, replies, timers, notices and what a process sends to itself or another
// node sends are not counted. When there is no place:
//   :block     the sender waits in a queue that the owner keeps: ROOM_WANTED, ROOM_GIVEN, ROOM_BACK signals
//   :drop_new  the message is dropped, and counted as such
//   :drop_old  it gets in, and the owner drops the oldest ordinary message when it fetches
//   :fail      the sender fails with :mailbox_full
// Tests: tests/lang/actors.
#pragma once

#include "vm/proc/worker.h"

typedef enum {
    MAILBOX_UNBOUNDED,
    MAILBOX_BLOCK,
    MAILBOX_DROP_NEW,
    MAILBOX_DROP_OLD,
    MAILBOX_FAIL
} MailboxPolicy;

typedef struct RoomWaiter RoomWaiter;

struct Bound {
    uint32_t limit;
    MailboxPolicy policy;
    _Atomic uint32_t count;
    _Atomic uint64_t dropped;
    RoomWaiter *first; // owner's: senders that wait, oldest first
    RoomWaiter **last;
};

typedef enum { BOUND_IN, BOUND_WAIT, BOUND_DROP, BOUND_FULL } BoundResult;

// The policy of an atom (nil: unbounded). False when it is none.
bool bound_policy(Term atom, MailboxPolicy *policy);
// Bounds p's mailbox (new, or run by this thread). False: no memory.
MUST_USE bool bound_set(Process *p, uint32_t limit, MailboxPolicy policy);
void bound_free(Process *p);

// A place for one more ordinary message. Any thread.
BoundResult bound_enter(Bound *bound);
// Owner: a counted message has left the mailbox; hands the place to one that waits.
void bound_leave(Process *p);
// Owner: drops what is too much (:drop_old).
void bound_trim(Process *p);

// Owner: the signals.
void bound_wanted(Process *p, Term sender, uint64_t id);
void bound_back(Process *p, uint64_t id);
// Owner, which has ended: lets go those that wait, at most *budget of them; true when all are.
bool bound_end(Process *p, int32_t *budget);

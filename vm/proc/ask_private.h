// SPDX-License-Identifier: Apache-2.0
// The wait of a process: an ask, a start or room in a full mailbox. One at a time; it is the
// process's work meanwhile and is kept for the next one. wait.c has what the three have in common,
// ask.c, start.c and send.c their steps, probe.c the circles.
#pragma once

#include "vm/proc/ask.h"
#include "vm/proc/carry.h"
#include "vm/proc/extra.h"

typedef enum {
    WAIT_NONE,     // no wait, or not yet: copying
    WAIT_ROOM,     // for a place in target's mailbox
    WAIT_REPLY,    // for the answer
    WAIT_START,    // for process_started of the child
    WAIT_STOPPING, // for the end of a child whose time was over
} WaitKind;

struct Wait {
    Work work;
    WaitKind kind;
    SignalKind carry_kind;
    uint64_t id;      // of the wait, and of the ask
    uint64_t monitor; // start: the monitor's id
    uint64_t deadline_ns;
    uint64_t probe_ns;     // when it looks for a circle
    uint64_t armed_ns;     // when the timer ends that it or the wait before it has started
    Term target;           // pid
    Carry *carry;          // the message, being copied
    Signal *message;       // the message, copied and not yet sent
    Signal *answer;        // how it ended: REPLY, REFUSE, DOWN or CIRCLE
    SignalKind taken_kind; // the same of one whose term was taken
    Term taken_from;
    bool taken;
    SpawnHow how;
    bool probed;
    bool given;    // a place in target's mailbox is kept for this
    bool over;     // the time is over
    bool declined; // start: process_ignored
};

typedef struct {
    Term pid;       // NIL: nobody
    uint64_t alias; // 0: none
    bool by_name;
} Address;

// Where `to` leads. False when it is no address.
bool address_resolve(Process *p, Term to, Address *address);

// The wait that p is in, which `owner` began; NULL when p->work is NULL.
Wait *wait_of(const Process *p, const void *owner);
// Makes it p's work, of kind NONE. NULL: no memory.
MUST_USE Wait *wait_begin(Process *p, const void *owner);
// From now on p waits for target, until `deadline_ns` at the most; others see it. False: no memory.
MUST_USE bool wait_enter(Process *p, Wait *wait, WaitKind kind, Term target, uint64_t deadline_ns);
// The place that was given is used: wait_end does not give it back.
void wait_used_room(Process *p, Wait *wait);
// It is over: the work is gone, the place in a mailbox given back, the other side told if it still
// counts on it.
void wait_end(Process *p);
// Whether `id` is the wait that p is in.
bool wait_is(const Process *p, uint64_t id);
// Asks target for a place, for a wait of kind ROOM.
void room_ask(Process *p, Wait *wait, Process *target);
// For process_send: waits with a signal that is copied, or with a copy that is not done.
Term wait_for_room(Process *p, Process *target, Signal *signal, uint64_t deadline_ns,
                   const void *owner);
bool wait_begin_copy(Process *p, Carry *carry, SignalKind kind, const void *owner);

typedef enum { ROOM_WAITING, ROOM_READY, ROOM_GONE, ROOM_CIRCLE, ROOM_LATE } RoomStatus;
RoomStatus wait_room_status(Process *p, Wait *wait);
// :deadlock(cycle), as the answer says; ends the wait.
Term wait_fail_circle(Process *p, Wait *wait);
// The term of the answer as one of p's own; the wait holds the signal no more.
Term wait_take_answer(Process *p, Wait *wait);
// Marks the wait `id` of process `pid` as ended, so that no probe counts it any more.
void wait_clear(const VM *vm, Term pid, uint64_t id);
// Whether it still stands.
bool wait_stands(const VM *vm, Term pid, uint64_t id);

// probe.c: sends the probe of p's wait.
void probe_start(Process *p, Wait *wait);

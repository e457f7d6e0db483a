// SPDX-License-Identifier: Apache-2.0
// Timers: a hierarchical wheel per scheduler (Varghese and Lauck 1987), five levels of 256 slots,
// ticks of 2^16 ns (about 66 us).
//
// A timer goes into the slot of its tick, or into a coarser one from which it moves down when its
// time comes near. Starting and cancelling are O(1). What ends in one tick goes off in the order of
// deadlines, then of starting. A timer never goes off early. Only the wheel's own thread touches
// it; to cancel from elsewhere marks the timer (atomically) and leaves it to the wheel. Timers that
// programs start (send_after) are found by reference in a table of the VM, under LOCK_TIMER, and
// end with their target. Tests: tests/unit/vm/sched/timer_test.c, tests/behave b31-b35.
#pragma once

#include "vm/base/lock.h"
#include "vm/proc/process.h"

enum {
    TIMER_TICK_BITS = 16, // ns
    TIMER_LEVELS = 5,
    TIMER_SLOTS = 256,
};

typedef enum { TIMER_ARMED, TIMER_FIRED, TIMER_CANCELLED } TimerState;

typedef struct Timer {
    struct Timer *next;
    struct Timer **link; // what points to it; NULL: not in a wheel
    uint64_t deadline_ns;
    uint64_t order;  // of starting, on this wheel
    uint64_t id;     // number of the SIGNAL_TIMER, or the reference
    Term target;     // pid, or a name (atom) looked up when it goes off
    Signal *message; // NULL: a SIGNAL_TIMER
    struct TimerWheel *wheel;
    struct Timer *hash_next; // in the table of references
    _Atomic uint32_t state;  // TimerState
    int16_t slot;            // level << 8 | slot; -1: in `due`
} Timer;

typedef struct TimerWheel {
    MemStats *mem;
    uint64_t tick; // everything before it has gone off
    uint64_t order;
    uint64_t count;
    Timer *slots[TIMER_LEVELS][TIMER_SLOTS];
    uint64_t occupied[TIMER_LEVELS][TIMER_SLOTS / 64];
    Timer *due; // taken from their slots, not yet gone off, in order
    Timer *spares;
    uint32_t spare_count;
    _Atomic(Timer *) cancelled; // by other threads, to be taken out
} TimerWheel;

void wheel_init(TimerWheel *wheel, MemStats *mem, uint64_t now_ns);
// Frees all timers that are left.
void wheel_destroy(TimerWheel *wheel);

// The rest but wheel_cancel: wheel's thread.
// NULL: no memory. The timer is the wheel's; message goes with it.
MUST_USE Timer *wheel_start(TimerWheel *wheel, uint64_t deadline_ns, uint64_t id, Term target,
                            Signal *message);
// Takes it out and frees it with its message; `own` is the calling thread's wheel, or NULL. False
// when it has gone off already: then it is whoever's it was to be.
bool wheel_cancel(Timer *timer, TimerWheel *own);
// When the next may go off (at latest: may be early by a coarse slot), UINT64_MAX: never.
uint64_t wheel_next_ns(const TimerWheel *wheel);
// Lets what is due go off, at most `max`; true when more is due already. `fire` gets a timer with a
// message as it is, and frees it with wheel_free_timer unless it has been cancelled (after.c
// decides that); of one without a message a copy of target and id.
typedef void (*TimerFire)(void *context, Timer *timer);
bool wheel_advance(TimerWheel *wheel, uint64_t now_ns, uint32_t max, TimerFire fire, void *context);
// A timer that is in no wheel any more; `wheel` is the calling thread's.
void wheel_free_timer(TimerWheel *wheel, Timer *timer);

// What programs use ------------------------------------------------------------------------------

typedef struct TimerTable TimerTable;
TimerTable *timer_table_new(MemStats *mem);
void timer_table_free(TimerTable *table);

// Process.send_after(to, message, ms): a ref. to: pid or name; ms: an integer >= 0. TERM_NONE:
// :badarg, :limit(...); TERM_YIELD.
Term timer_send_after(Process *p, Term to, Term message, Term ms);
// Vm.start_timer(ms, name): after ms this process gets (:"$timeout", ref, name). A ref.
Term timer_start_named(Process *p, Term ms, Term name);
// Milliseconds that were left, or nil when there is no such timer. Its message never arrives.
Term timer_cancel(Process *p, Term ref);
Term timer_read(Process *p, Term ref);

// A timer with a message has gone off: sends it and frees the timer. Wheel's thread.
void timer_deliver(Worker *w, TimerWheel *wheel, Timer *timer);
// WorkerHooks.timer_forget, timers_hold_doomed.
void timer_forget(Worker *w, uint64_t id);
bool timers_hold_doomed(Worker *w, uint32_t part);

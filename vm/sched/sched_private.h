// SPDX-License-Identifier: Apache-2.0
// Between the files of this room: parking and waking schedulers (park.c), sharing work (steal.c),
// running a process (slice.c).
#pragma once

#include "vm/sched/sched.h"

enum { STEAL_MAX = 256 };

// steal.c. Work that others offer, or that s has offered itself; false when there is none.
bool sched_steal(Scheduler *s);
bool sched_is_any_offered(const SchedPool *pool);
// Offers work when somebody is idle: at every poll.
void sched_share(Scheduler *s);
// Of what is offered: more from those who offer more than s has, and s's own back when nobody is
// idle.
void sched_balance(Scheduler *s);

// sched.c. Queues p, which the caller owns, on another thread's scheduler.
void sched_inject(Scheduler *s, Process *p);

// park.c. Sleeps until there is work, a post or input, or until `deadline_ns` (of the wall's clock;
// UINT64_MAX: never).
void sched_park(Scheduler *s, uint64_t deadline_ns);
void sched_wake(Scheduler *s);
// The same for all, also those that are about to sleep.
void sched_wake_all(SchedPool *pool);
// Waits until one of the descriptors is readable or `deadline_ns` (of the wall's clock; UINT64_MAX:
// never).
void sched_wait_fds(int fd, int other, uint64_t deadline_ns);

// slice.c. Runs p, which was taken from a queue, for one slice, and sees to where it goes then.
void sched_run(Scheduler *s, Process *p);
// How long a step of s takes, for --trace=long: sched_measure gives when it begins, zeros when
// nobody wants to know.
typedef struct {
    uint64_t own_ns; // of the thread
    uint64_t wall_ns;
} StepTime;
StepTime sched_measure(const Scheduler *s);
void sched_measured(Scheduler *s, StepTime begun, const char *what, Term pid, Term label);
// The hook free_heap: large ones are freed by the blocking pool, as giving back memory takes the
// system long.
void sched_free_heap(Worker *w, Heap *heap);
// Queues p as one that was just woken, from s's own thread.
void sched_queue_own(Scheduler *s, Process *p);
void sched_queue_spent(Scheduler *s, Process *p);
// Timers that are due, the event loop, what was retired. True when there is more to do at once.
bool sched_poll(Scheduler *s);

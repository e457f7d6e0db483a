// SPDX-License-Identifier: Apache-2.0
// Event loops: a libuv loop per scheduler, made at its first use, polled between slices and while
// the scheduler is idle.
//
// A socket belongs to the loop of one scheduler, its home; whoever uses it from elsewhere posts an
// IoRequest there. Only the home's thread touches libuv's structs. A request is shared by the
// process that waits for it and the loop, and freed by the last of them: the process may end, or
// give up at its deadline, while it is under way. Functions here run on the loop's thread unless
// they say otherwise. Tests: tests/stdlib/outside_test.cop.
#pragma once

#include <uv.h>

#include "vm/io/handle.h"
#include "vm/sched/sched.h"

extern const SchedIo io_hooks; // for sched_new

struct IoLoop {
    uv_loop_t uv;
    Scheduler *scheduler;
    uint32_t in_flight; // requests that are not done
};

// The loop of this thread's scheduler, opened if need be. NULL: it cannot be had.
IoLoop *io_loop(Scheduler *s);

typedef struct IoRequest IoRequest;
struct IoRequest {
    Post post;
    VM *vm;
    Term pid;       // to wake
    Handle *handle; // held; may be NULL
    Scheduler *home;
    const char *what;            // for the trace
    void (*start)(IoRequest *r); // home's thread
    void (*cancel)(
        IoRequest
            *r); // home's thread, while it is not done: takes it out of where it waits; NULL: it
                 // ends by itself
    void (*drop)(IoRequest *r); // frees what it holds, not itself; may be NULL
    IoRequest *next;            // in the list where it waits
    int status;                 // 0 or a negative errno of libuv
    bool is_cancelled;          // home's thread
    _Atomic uint32_t refs;
    _Atomic uint32_t done;
    uint64_t deadline_ns; // of the VM's clock
    Timer *timer;         // on the wheel of home; NULL without a deadline; home's thread
};

// A zeroed struct of `size` bytes that begins with an IoRequest; the handle, if any, goes over to
// it. `what` it does is for the trace. NULL after :limit(:memory). Any thread.
void *io_request_new(Process *p, size_t size, const char *what, Handle *handle, Scheduler *home,
                     void (*start)(IoRequest *));
// Loop's thread: it is over; wakes the process.
void io_request_finish(IoRequest *r, int status);
void io_request_release(IoRequest *r);

// Waiting for one, for a built-in that is run again: io_request_begin hangs it into p->work and
// starts it (false after a failure); io_request_continue, in that run and each one after it, gives
// `finish`'s answer when it is done and TERM_WAIT until then. `owner` tells what p->work belongs
// to.
bool io_request_begin(Process *p, const void *owner, IoRequest *r);
Term io_request_continue(Process *p, const void *owner, Term *args,
                         Term (*finish)(Process *, Term *args, IoRequest *));

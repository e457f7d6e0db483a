// SPDX-License-Identifier: Apache-2.0
// Event loops: a libuv loop per scheduler, made at its first use, polled between slices and while the scheduler is idle.
//
// A handle (listener, connection) belongs to the loop of the scheduler that opened it; whoever uses it from elsewhere posts a
// Request there. Programs know handles by reference, through a table of the VM. A handle closes with the process that owns it: a request of
// kind "close" is among what that process leaves behind (handle_owner). Accepted connections go to the loops in turn.
// Functions here run on the loop's thread unless they say otherwise. Tests: tests/unit/vm/io/loop_test.c.
#pragma once

#include <uv.h>

#include "vm/sched/sched.h"

extern const SchedIo io_hooks;  // for sched_new

struct IoLoop {
    uv_loop_t uv;
    Scheduler *scheduler;
    uint32_t in_flight;   // requests that are not done
    uint32_t handles;     // open
};

// The loop of this thread's scheduler, opened if need be. NULL: it cannot be had.
IoLoop *io_loop(Scheduler *s);

// A handle that programs hold. Counted: the table's hold and one for each request.
typedef struct Handle {
    uint64_t id;
    _Atomic uint32_t refs;
    Scheduler *home;
    Term owner;                        // pid; closes with it. home's thread
    bool closed;
    const struct HandleKind *kind;
    struct Handle *hash_next;
    VM *vm;
} Handle;

typedef struct HandleKind {
    const char *name;
    void (*close)(Handle *handle);     // home's thread, once: starts to close
    void (*free)(Handle *handle);      // any thread, when nobody holds it
} HandleKind;

// An operation of a process on a loop; shared by both, freed by the last (as Job of the blocking pool).
typedef struct Request {
    Post post;
    VM *vm;
    Term pid;               // to wake
    Handle *handle;         // held; may be NULL
    void (*start)(struct Request *r);   // home's thread
    void (*cancel)(struct Request *r);  // home's thread: nobody waits any more; NULL: let it end
    void (*free)(struct Request *r);    // what it holds, not itself
    size_t size;
    int status;             // 0 or a negative errno of libuv
    _Atomic uint32_t refs;
    _Atomic uint32_t done;
    _Atomic uint32_t cancelled;
} Request;

// A zeroed struct of `size` bytes that begins with a Request. NULL: no memory. Any thread.
void *request_new(Process *p, size_t size, Handle *handle, void (*start)(Request *));
// Starts it on `home`: at once if this is its thread. Any scheduler's thread.
void request_post(Request *r, Scheduler *home);
// Loop's thread: it is over; wakes the process.
void request_finish(Request *r, int status);
bool request_is_done(const Request *r);
// Any thread.
void request_release(Request *r);
// The whole of it for a built-in, as job_await.
Term request_await(Process *p, const void *owner, Term *args, Request *(*make)(Process *, Term *args),
                   Term (*finish)(Process *, Term *args, Request *));

// :error(reason) of a libuv error, the reason an atom such as :econnrefused. May collect.
Term io_error(Process *p, int status);
// The same for the reason alone.
Term io_reason(VM *vm, int status);

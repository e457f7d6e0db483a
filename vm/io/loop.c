// SPDX-License-Identifier: Apache-2.0
#include "vm/io/loop.h"

#include "vm/io/answer.h"
#include "vm/proc/send.h"
#include "vm/proc/trace.h"
#include "vm/sched/timer.h"
#include "vm/term/atom.h"

enum { CLOSE_TURNS = 1000 };

// ---- Loops --------------------------------------------------------------------------------------

static bool loop_open(Scheduler *s) {
    IoLoop *loop = mem_alloc_zero(s->worker.vm->mem, MEM_IO, sizeof *loop);
    if (loop == NULL) {
        return false;
    }
    loop->scheduler = s;
    if (uv_loop_init(&loop->uv) != 0) {
        mem_free(s->worker.vm->mem, MEM_IO, loop);
        return false;
    }
    loop->uv.data = loop;
    s->loop = loop;
    return true;
}

IoLoop *io_loop(Scheduler *s) {
    return s->loop != NULL || loop_open(s) ? s->loop : NULL;
}

// Loops are made when they are first needed.
static bool hook_open(Scheduler *s) {
    (void)s;
    return true;
}

static void hook_close(Scheduler *s) {
    IoLoop *loop = s->loop;
    if (loop == NULL) {
        return;
    }
    for (int i = 0; i < CLOSE_TURNS && uv_loop_alive(&loop->uv); i++) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    }
    // What does not close leaves the loop to the system: freeing it then would be a use after free.
    if (uv_loop_close(&loop->uv) == 0) {
        mem_free(s->worker.vm->mem, MEM_IO, loop);
    }
    s->loop = NULL;
}

static uint32_t hook_poll(Scheduler *s) {
    IoLoop *loop = s->loop;
    if (loop == NULL) {
        return 0;
    }
    // A callback may have started or closed something: that is registered, and closing finished, by
    // the next turn.
    for (int i = 0; i < 4; i++) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
        if (uv_backend_timeout(&loop->uv) != 0) {
            break;
        }
    }
    return loop->in_flight;
}

static int hook_descriptor(Scheduler *s) {
    return s->loop == NULL ? -1 : uv_backend_fd(&s->loop->uv);
}

// ---- Requests -----------------------------------------------------------------------------------

void io_request_release(IoRequest *r) {
    // Release and acquire: the last one sees what the others did.
    if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (r->drop != NULL) {
        r->drop(r);
    }
    if (r->handle != NULL) {
        handle_release(r->handle);
    }
    mem_free(r->vm->mem, MEM_IO, r);
}

void io_request_finish(IoRequest *r, int status) {
    ASSERT(atomic_load_explicit(&r->done, memory_order_relaxed) == 0);
    r->status = status;
    TRACE_EVENT(r->vm, TRACE_io, r->pid, "%s ends: %s", r->what,
                status == 0 ? "well" : uv_err_name(status));
    if (r->timer != NULL) {
        CHECK(wheel_cancel(r->timer, &r->home->timers));
        r->timer = NULL;
    }
    if (r->home->loop != NULL) {
        r->home->loop->in_flight--;
    }
    // Release: the process's thread reads status and results after it has seen this.
    atomic_store_explicit(&r->done, 1, memory_order_release);
    process_wake(&r->home->worker, r->pid);
    io_request_release(r);
}

// Ends a request that waits somewhere; one that cannot be taken out ends by itself.
static void give_up(IoRequest *r, int status) {
    if (atomic_load_explicit(&r->done, memory_order_relaxed) != 0 || r->is_cancelled) {
        return;
    }
    r->is_cancelled = true;
    if (r->cancel != NULL) {
        r->cancel(r);
        io_request_finish(r, status);
    }
}

// The request's deadline has passed. It is not done: that would have cancelled the timer.
static void hook_expire(uint64_t id) {
    IoRequest *r = (IoRequest *)(uintptr_t)id;
    wheel_free_timer(&r->home->timers, r->timer);
    r->timer = NULL;
    give_up(r, UV_ETIMEDOUT);
}

const SchedIo io_hooks = {hook_open, hook_close, hook_poll, hook_descriptor, hook_expire};

// Sets the timer of a request with a deadline. False: no memory.
static bool start_timer(IoRequest *r) {
    if (r->deadline_ns != UINT64_MAX) {
        r->timer = wheel_start(&r->home->timers, r->deadline_ns, (uintptr_t)r, TERM_NIL, NULL);
        return r->timer != NULL;
    }
    return true;
}

static void run_request(Scheduler *s, Post *post) {
    IoRequest *r = (IoRequest *)(void *)post;
    IoLoop *loop = io_loop(s);
    if (loop == NULL) {
        r->status = UV_ENOMEM;
        atomic_store_explicit(&r->done, 1, memory_order_release);
        process_wake(&s->worker, r->pid);
        io_request_release(r);
        return;
    }
    loop->in_flight++;
    if (!start_timer(r)) {
        io_request_finish(r, UV_ENOMEM);
        return;
    }
    r->start(r);
}

void *io_request_new(Process *p, size_t size, const char *what, Handle *handle, Scheduler *home,
                     void (*start)(IoRequest *)) {
    IoRequest *r = mem_alloc_zero(p->vm->mem, MEM_IO, size);
    if (r == NULL) {
        if (handle != NULL) {
            handle_release(handle);
        }
        process_limit(p, AM_memory);
        return NULL;
    }
    r->post.run = run_request;
    r->vm = p->vm;
    r->pid = p->pid;
    r->handle = handle;
    r->home = home;
    r->what = what;
    r->start = start;
    r->deadline_ns = UINT64_MAX;
    atomic_store_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

// ---- Waiting for one ----------------------------------------------------------------------------

typedef struct {
    Work work;
    IoRequest *request;
} RequestWork;

typedef struct {
    Post post;
    IoRequest *request;
} CancelPost;

static void run_cancel(Scheduler *s, Post *post) {
    (void)s;
    CancelPost *cancel = (CancelPost *)(void *)post;
    IoRequest *r = cancel->request;
    give_up(r, UV_ECANCELED);
    mem_free(r->vm->mem, MEM_IO, cancel);
    io_request_release(r);
}

// The process fails or ends meanwhile: the request is taken back, on its home's thread.
static void work_drop(Process *p, Work *work) {
    IoRequest *r = ((RequestWork *)(void *)work)->request;
    if (atomic_load_explicit(&r->done, memory_order_acquire) == 0) {
        CancelPost *cancel = mem_alloc_urgent(p->vm->mem, MEM_IO, sizeof *cancel);
        *cancel = (CancelPost){{.run = run_cancel}, r};
        sched_post(r->home, &cancel->post);
    } else {
        io_request_release(r);
    }
    mem_free(p->vm->mem, MEM_IO, work);
    p->work = NULL;
}

bool io_request_begin(Process *p, const void *owner, IoRequest *r) {
    RequestWork *work = mem_alloc(p->vm->mem, MEM_IO, sizeof *work);
    if (work == NULL) {
        io_request_release(r);
        process_limit(p, AM_memory);
        return false;
    }
    *work = (RequestWork){{.drop = work_drop, .owner = owner}, r};
    TRACE_EVENT(p->vm, TRACE_io, p->pid, "%s begins", r->what);
    p->work = &work->work;
    // One more for the loop.
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    if (r->home == sched_of(p)) {
        run_request(r->home, &r->post);
    } else {
        sched_post(r->home, &r->post);
    }
    return true;
}

Term io_request_continue(Process *p, const void *owner, Term *args,
                         Term (*finish)(Process *, Term *args, IoRequest *)) {
    RequestWork *work = (RequestWork *)(void *)p->work;
    ASSERT(work->work.owner == owner);
    (void)owner;
    IoRequest *r = work->request;
    if (atomic_load_explicit(&r->done, memory_order_acquire) == 0) {
        return TERM_WAIT;
    }
    mem_free(p->vm->mem, MEM_IO, work);
    p->work = NULL;
    Term answer = finish(p, args, r);
    io_request_release(r);
    return answer;
}

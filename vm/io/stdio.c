// SPDX-License-Identifier: Apache-2.0
// One list of pieces for standard output and error, written out by a job of the blocking pool that
// lives as long as there are some. Pieces are made outside the lock and never changed once they are
// in the list, so the lock is held for a few instructions only. Lock: LOCK_IO_POST. Waiters are
// woken when the list has become short again.
#include "vm/io/stdio.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/io/answer.h"
#include "vm/io/loop.h"
#include "vm/proc/send.h"
#include "vm/proc/trace.h"
#include "vm/term/atom.h"

enum {
    STDIO_LONG = 1024 * 1024, // bytes queued: who prints waits
    STDIO_SHORT = 256 * 1024, // go on
    STDIO_BATCH = 64,         // pieces for one writev
    STDIO_LINE_MAX = 64 * 1024 * 1024,
};

typedef struct Piece {
    struct Piece *next;
    int fd;
    SharedBytes *shared; // NULL: the text is in `own`
    const uint8_t *data;
    size_t len;
    uint8_t own[];
} Piece;

typedef struct Waiter {
    struct Waiter *next;
    Term pid;
} Waiter;

struct Stdio {
    VM *vm;
    Lock lock;
    Condition idle; // broadcast when everything is out
    Piece *first;
    Piece **last;
    size_t queued_bytes;
    bool writing; // a job is at it
    Waiter *waiters;
    _Atomic int errors[3]; // first errno of each descriptor, until it is told
    // Input: read by one job at a time, which owns these while it runs.
    _Atomic uint32_t reading;
    char *input;
    size_t input_start;
    size_t input_end;
    size_t input_capacity;
};

Stdio *stdio_new(VM *vm) {
    Stdio *s = mem_alloc_zero(vm->mem, MEM_IO, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->vm = vm;
    s->last = &s->first;
    lock_init(&s->lock, LOCK_IO_POST);
    condition_init(&s->idle);
    return s;
}

static void piece_free(Stdio *s, Piece *piece) {
    if (piece->shared != NULL) {
        shared_release(piece->shared);
    }
    mem_free(s->vm->mem, MEM_IO, piece);
}

void stdio_free(Stdio *s) {
    if (s == NULL) {
        return;
    }
    while (s->first != NULL) {
        Piece *piece = s->first;
        s->first = piece->next;
        piece_free(s, piece);
    }
    while (s->waiters != NULL) {
        Waiter *waiter = s->waiters;
        s->waiters = waiter->next;
        mem_free(s->vm->mem, MEM_IO, waiter);
    }
    mem_free(s->vm->mem, MEM_IO, s->input);
    condition_destroy(&s->idle);
    lock_destroy(&s->lock);
    mem_free(s->vm->mem, MEM_IO, s);
}

bool stdio_is_terminal(int fd) {
    return isatty(fd) == 1;
}

// ---- Writing ------------------------------------------------------------------------------------

static void note_error(Stdio *s, int fd, int error) {
    int none = 0;
    atomic_compare_exchange_strong_explicit(&s->errors[fd], &none, error, memory_order_relaxed,
                                            memory_order_relaxed);
}

// Writes all of it, waiting for the other side. After an error the rest is dropped.
static void write_out(Stdio *s, int fd, struct iovec *parts, int count) {
    while (count > 0) {
        ssize_t n = writev(fd, parts, count);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            poll(&ready, 1, -1);
            continue;
        }
        if (n < 0) {
            note_error(s, fd, errno);
            return;
        }
        size_t left = (size_t)n;
        while (count > 0 && left >= parts->iov_len) {
            left -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
}

// Takes the pieces for one descriptor at the front of the list; NULL: there are none.
static Piece *take_batch(Stdio *s) {
    Piece *first = s->first;
    Piece *end = first;
    for (int n = 1;
         end != NULL && n < STDIO_BATCH && end->next != NULL && end->next->fd == first->fd; n++) {
        end = end->next;
    }
    if (first != NULL) {
        s->first = end->next;
        if (s->first == NULL) {
            s->last = &s->first;
        }
        end->next = NULL;
    }
    return first;
}

static size_t write_batch(Stdio *s, Piece *batch) {
    struct iovec parts[STDIO_BATCH];
    int count = 0;
    size_t bytes = 0;
    for (Piece *piece = batch; piece != NULL; piece = piece->next) {
        parts[count++] = (struct iovec){(void *)(uintptr_t)piece->data, piece->len};
        bytes += piece->len;
    }
    write_out(s, batch->fd, parts, count);
    while (batch != NULL) {
        Piece *piece = batch;
        batch = piece->next;
        piece_free(s, piece);
    }
    return bytes;
}

static void wake_waiters(Stdio *s, Worker *w, Waiter *waiters) {
    while (waiters != NULL) {
        Waiter *waiter = waiters;
        waiters = waiter->next;
        quiet_online(w->quiet);
        process_wake(w, waiter->pid);
        quiet_offline(w->quiet);
        mem_free(s->vm->mem, MEM_IO, waiter);
    }
}

typedef struct {
    Job job;
    Stdio *stdio;
} WriteJob;

static void write_run(Job *job, Worker *w) {
    Stdio *s = ((WriteJob *)(void *)job)->stdio;
    for (;;) {
        lock_acquire(&s->lock);
        Piece *batch = take_batch(s);
        if (batch == NULL) {
            s->writing = false;
            condition_broadcast(&s->idle);
        }
        Waiter *waiters = s->queued_bytes <= STDIO_SHORT ? s->waiters : NULL;
        if (waiters != NULL) {
            s->waiters = NULL;
        }
        lock_release(&s->lock);
        wake_waiters(s, w, waiters);
        if (batch == NULL) {
            return;
        }
        size_t bytes = write_batch(s, batch);
        lock_acquire(&s->lock);
        s->queued_bytes -= bytes;
        lock_release(&s->lock);
    }
}

// Puts a piece at the end and sees to it that somebody writes. In the seeded mode it is written
// now.
static void put(Stdio *s, Piece *piece) {
    if (s->vm->options.seeded) {
        struct iovec part = {(void *)(uintptr_t)piece->data, piece->len};
        write_out(s, piece->fd, &part, 1);
        piece_free(s, piece);
        return;
    }
    lock_acquire(&s->lock);
    piece->next = NULL;
    *s->last = piece;
    s->last = &piece->next;
    s->queued_bytes += piece->len;
    bool start = !s->writing;
    s->writing = true;
    lock_release(&s->lock);
    if (start) {
        WriteJob *job = job_new(s->vm, JOB_KERNEL, sizeof *job, TERM_NIL, write_run, NULL);
        if (job != NULL) {
            job->stdio = s;
            job_post(&job->job);
            job_release(&job->job);
            return;
        }
        lock_acquire(&s->lock); // no memory for a job: the next print tries again
        s->writing = false;
        lock_release(&s->lock);
    }
}

void stdio_write(Stdio *s, int fd, const char *text, size_t len) {
    if (len == 0) {
        return;
    }
    Piece *piece = mem_alloc_urgent(s->vm->mem, MEM_IO, sizeof *piece + len);
    *piece = (Piece){.fd = fd, .data = piece->own, .len = len};
    memcpy(piece->own, text, len);
    put(s, piece);
}

int stdio_flush(Stdio *s, uint64_t timeout_ms) {
    uint64_t deadline = clock_monotonic_ns() + timeout_ms * 1000000;
    lock_acquire(&s->lock);
    while ((s->first != NULL || s->writing) && condition_wait_until(&s->idle, &s->lock, deadline)) {
    }
    lock_release(&s->lock);
    return atomic_load_explicit(&s->errors[1], memory_order_relaxed);
}

// True when there is room; otherwise p is woken when there is.
static bool has_room(Stdio *s, Process *p) {
    Waiter *waiter = NULL;
    lock_acquire(&s->lock);
    bool full = s->queued_bytes > STDIO_LONG && s->writing;
    lock_release(&s->lock);
    if (!full || (waiter = mem_alloc(s->vm->mem, MEM_IO, sizeof *waiter)) == NULL) {
        return true;
    }
    waiter->pid = p->pid;
    lock_acquire(&s->lock);
    full = s->queued_bytes > STDIO_LONG && s->writing;
    if (full) {
        waiter->next = s->waiters;
        s->waiters = waiter;
    }
    lock_release(&s->lock);
    if (!full) {
        mem_free(s->vm->mem, MEM_IO, waiter);
    }
    return !full;
}

// An error that has not been told yet, as the answer; TERM_NONE when there is none.
static bool take_error(Stdio *s, int fd, int *error) {
    *error = atomic_exchange_explicit(&s->errors[fd], 0, memory_order_relaxed);
    return *error != 0;
}

static Term print(Process *p, Term *args, int fd, bool line) {
    Stdio *s = p->vm->stdio;
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    int error;
    if (take_error(s, fd, &error)) {
        return io_error(p, -error);
    }
    if (!has_room(s, p)) {
        return TERM_WAIT;
    }
    BytesView view = bytes_view(args[0]);
    TRACE_EVENT(p->vm, TRACE_io, p->pid, "prints %P", args[0]);
    bool copy = box_kind(args[0]) == KIND_BYTES || line;
    Piece *piece = mem_alloc(p->vm->mem, MEM_IO, sizeof *piece + (copy ? view.len + 1 : 0));
    if (piece == NULL) {
        return process_limit(p, AM_memory);
    }
    *piece = (Piece){.fd = fd, .data = piece->own, .len = view.len + line};
    if (copy) {
        memcpy(piece->own, view.data, view.len);
        piece->own[view.len] = '\n';
    } else {
        piece->shared = shared_retain(
            shared_of(box_kind(args[0]) == KIND_SHARED ? args[0] : box_term(args[0], 2)));
        piece->data = view.data;
    }
    process_charge(p, 20 + (int32_t)(view.len / 256));
    if (piece->len == 0) {
        piece_free(s, piece);
    } else {
        put(s, piece);
    }
    if (p->vm->options.seeded && take_error(s, fd, &error)) {
        return io_error(p, -error);
    }
    return AM_ok;
}

Term stdio_print(Process *p, Term *args, int fd) {
    return print(p, args, fd, false);
}

Term stdio_print_line(Process *p, Term *args, int fd) {
    return print(p, args, fd, true);
}

typedef struct {
    Job job;
    Stdio *stdio;
    int error;
} FlushJob;

static void flush_run(Job *job, Worker *w) {
    (void)w;
    FlushJob *flush = (FlushJob *)(void *)job;
    stdio_flush(flush->stdio, UINT64_MAX / 2000000);
    take_error(flush->stdio, 1, &flush->error);
}

static Job *flush_make(Process *p, Term *args) {
    (void)args;
    FlushJob *job = job_new(p->vm, JOB_KERNEL, sizeof *job, p->pid, flush_run, NULL);
    if (job == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    job->stdio = p->vm->stdio;
    return &job->job;
}

static Term flush_finish(Process *p, Term *args, Job *job) {
    (void)args;
    int error = ((FlushJob *)(void *)job)->error;
    return error != 0 ? io_error(p, -error) : AM_ok;
}

Term stdio_flush_wait(Process *p, Term *args) {
    return job_await(p, stdio_flush_wait, args, flush_make, flush_finish);
}

// ---- Reading ------------------------------------------------------------------------------------

typedef struct {
    Job job;
    Stdio *stdio;
    size_t wanted;     // bytes; 0: a line
    SharedBytes *data; // what was read
    int status;        // 0, or a negative errno, UV_EOF
} ReadJob;

// Reads more into the buffer. How many bytes, 0 at the end, or a negative errno. Gives up when
// nobody waits any more.
static ssize_t read_more(Stdio *s, ReadJob *job) {
    if (s->input_start > 0 && s->input_start == s->input_end) {
        s->input_start = s->input_end = 0;
    }
    if (s->input_end == s->input_capacity) {
        size_t capacity = s->input_capacity == 0 ? 65536 : s->input_capacity * 2;
        char *input =
            capacity > STDIO_LINE_MAX ? NULL : mem_realloc(s->vm->mem, MEM_IO, s->input, capacity);
        if (input == NULL) {
            return -ENOBUFS;
        }
        s->input = input;
        s->input_capacity = capacity;
    }
    for (;;) {
        if (atomic_load_explicit(&job->job.cancelled, memory_order_relaxed) != 0) {
            return -ECANCELED;
        }
        struct pollfd ready = {.fd = 0, .events = POLLIN};
        if (poll(&ready, 1, 100) == 0) {
            continue;
        }
        ssize_t n = read(0, s->input + s->input_end, s->input_capacity - s->input_end);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (n > 0) {
            s->input_end += (size_t)n;
        }
        return n < 0 ? -errno : n;
    }
}

// Gives `len` bytes of the buffer to the job and drops `skip` behind them.
static void give_input(Stdio *s, ReadJob *job, size_t len, size_t skip) {
    job->data = shared_new(s->vm->mem, len > 0 ? len : 1);
    if (job->data == NULL) {
        job->status = -ENOMEM;
        return;
    }
    memcpy(job->data->data, s->input + s->input_start, len);
    atomic_store_explicit(&job->data->used, len, memory_order_relaxed);
    s->input_start += len + skip;
}

static void read_line(Stdio *s, ReadJob *job) {
    size_t looked = 0;
    for (;;) {
        size_t len = s->input_end - s->input_start;
        const char *start = len > looked ? s->input + s->input_start : NULL;
        const char *end = start != NULL ? memchr(start + looked, '\n', len - looked) : NULL;
        if (end != NULL) {
            size_t line = (size_t)(end - start);
            size_t cut = line > 0 && start[line - 1] == '\r';
            give_input(s, job, line - cut, 1 + cut);
            return;
        }
        looked = len;
        ssize_t n = read_more(s, job);
        if (n == 0 && len > 0) {
            give_input(s, job, len, 0);
            return;
        }
        if (n <= 0) {
            job->status = n == 0 ? UV_EOF : (int)n;
            return;
        }
    }
}

static void read_bytes(Stdio *s, ReadJob *job) {
    ssize_t n = 1;
    while (s->input_end - s->input_start < job->wanted && n > 0) {
        n = read_more(s, job);
    }
    size_t len = s->input_end - s->input_start;
    if (n < 0 || len == 0) {
        job->status = n < 0 ? (int)n : UV_EOF;
        return;
    }
    give_input(s, job, len < job->wanted ? len : job->wanted, 0);
}

static void input_run(Job *base, Worker *w) {
    (void)w;
    ReadJob *job = (ReadJob *)(void *)base;
    if (job->wanted == 0) {
        read_line(job->stdio, job);
    } else {
        read_bytes(job->stdio, job);
    }
    // Release: pairs with the acquire in input_make; the buffer is the next job's.
    atomic_store_explicit(&job->stdio->reading, 0, memory_order_release);
}

static void input_free(Job *base) {
    ReadJob *job = (ReadJob *)(void *)base;
    if (job->data != NULL) {
        shared_release(job->data);
    }
}

static Job *input_make(Process *p, Term *args) {
    Stdio *s = p->vm->stdio;
    size_t wanted = args == NULL ? 0 : (size_t)term_to_small(args[0]);
    ReadJob *job = job_new(p->vm, JOB_KERNEL, sizeof *job, p->pid, input_run, input_free);
    if (job == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    job->stdio = s;
    job->wanted = wanted;
    TRACE_EVENT(p->vm, TRACE_io, p->pid, "reads standard input");
    struct pollfd ready = {.fd = 0, .events = POLLIN};
    if (s->input_start == s->input_end && poll(&ready, 1, 0) == 0) {
        job->job.kind = JOB_OUTSIDE;
    }
    return &job->job;
}

static Term input_finish(Process *p, Term *args, Job *base) {
    (void)args;
    ReadJob *job = (ReadJob *)(void *)base;
    if (job->status == UV_EOF) {
        return io_error_atom(p, AM_eof);
    }
    if (job->status != 0) {
        return io_error(p, job->status);
    }
    SharedBytes *data = job->data;
    job->data = NULL;
    return io_ok_shared(p, data);
}

static Job *line_make(Process *p, Term *args) {
    (void)args;
    return input_make(p, NULL);
}

// One reader at a time: another is told :busy.
static bool claim_input(Process *p) {
    uint32_t free = 0;
    return p->work != NULL ||
           atomic_compare_exchange_strong_explicit(&p->vm->stdio->reading, &free, 1,
                                                   memory_order_acquire, memory_order_relaxed);
}

static Term give_back(Process *p, Term answer, bool had_work) {
    if (!had_work && p->work == NULL) { // no job was made
        atomic_store_explicit(&p->vm->stdio->reading, 0, memory_order_release);
    }
    return answer;
}

Term stdio_read_line(Process *p, Term *args) {
    bool had_work = p->work != NULL;
    if (!claim_input(p)) {
        return io_error_atom(p, AM_busy);
    }
    return give_back(p, job_await(p, stdio_read_line, args, line_make, input_finish), had_work);
}

Term stdio_read(Process *p, Term *args) {
    if (!term_is_small(args[0]) || term_to_small(args[0]) <= 0 ||
        term_to_small(args[0]) > STDIO_LINE_MAX) {
        return process_badarg(p, args[0]);
    }
    bool had_work = p->work != NULL;
    if (!claim_input(p)) {
        return io_error_atom(p, AM_busy);
    }
    return give_back(p, job_await(p, stdio_read, args, input_make, input_finish), had_work);
}

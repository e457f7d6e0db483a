// SPDX-License-Identifier: Apache-2.0
// A job on the blocking pool starts the program with posix_spawn, moves its input and output with
// poll until all ends are closed, and waits for it. Ended by SIGKILL to its process group when
// nobody waits any more or the time is over.
#include "vm/io/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "vm/base/clock.h"
#include "vm/boot.h"
#include "vm/io/answer.h"
#include "vm/proc/trace.h"
#include "vm/term/atom.h"
#include "vm/term/list.h"
#include "vm/term/map.h"
#include "vm/term/room.h"

extern char **environ;

enum { ARGUMENTS_MAX = 4096, POLL_MS = 50 };

typedef struct {
    Job job;
    char **argv; // program first; ends with NULL
    size_t argc;
    char **added; // "NAME=value" to add to the environment
    size_t added_count;
    char *directory; // NULL: the VM's
    Lent input;
    uint64_t deadline_ns;   // of the wall's clock
    SharedBytes *output[2]; // standard output and error
    int status;             // 0, or an errno; ETIMEDOUT
    int exit_status;
} RunJob;

// ---- Running ------------------------------------------------------------------------------------

typedef struct Child {
    pid_t pid;
    int in; // our ends; -1: closed
    int out[2];
    size_t written;
    struct Child *next; // in Subprocesses
} Child;

// The programs that run, so that the end of the VM is theirs. A program is killed and reaped under
// the lock: its pid is nobody else's then.
struct Subprocesses {
    VM *vm;
    Lock lock;
    Condition started;
    Child *first;
    uint32_t starting;
    bool ending;
};

struct Subprocesses *subprocesses_new(VM *vm) {
    struct Subprocesses *all = mem_alloc_zero(vm->mem, MEM_IO, sizeof *all);
    if (all != NULL) {
        all->vm = vm;
        lock_init(&all->lock, LOCK_SUBPROCESS);
        condition_init(&all->started);
    }
    return all;
}

void subprocesses_free(struct Subprocesses *all) {
    if (all != NULL) {
        condition_destroy(&all->started);
        lock_destroy(&all->lock);
        mem_free(all->vm->mem, MEM_IO, all);
    }
}

void subprocesses_end(struct Subprocesses *all) {
    lock_acquire(&all->lock);
    all->ending = true;
    while (all->starting > 0) {
        condition_wait(&all->started, &all->lock);
    }
    for (const Child *child = all->first; child != NULL; child = child->next) {
        kill(-child->pid, SIGKILL);
    }
    lock_release(&all->lock);
}

static bool may_start(struct Subprocesses *all) {
    lock_acquire(&all->lock);
    bool may = !all->ending;
    all->starting += may;
    lock_release(&all->lock);
    return may;
}

static void has_started(struct Subprocesses *all, Child *child, bool good) {
    lock_acquire(&all->lock);
    if (good) {
        child->next = all->first;
        all->first = child;
    }
    all->starting--;
    condition_signal(&all->started);
    lock_release(&all->lock);
}

static void kill_child(struct Subprocesses *all, const Child *child) {
    lock_acquire(&all->lock);
    kill(-child->pid, SIGKILL);
    lock_release(&all->lock);
}

// Whether it has ended, and how.
static bool reap(struct Subprocesses *all, Child *child, int *status) {
    lock_acquire(&all->lock);
    pid_t ended = waitpid(child->pid, status, WNOHANG);
    bool gone = ended == child->pid || (ended < 0 && errno != EINTR);
    if (gone) {
        Child **at = &all->first;
        while (*at != child) {
            at = &(*at)->next;
        }
        *at = child->next;
    }
    lock_release(&all->lock);
    return gone;
}

static void close_end(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

// Adds what can be read from an output. False: no memory or too much.
static bool read_output(RunJob *job, int which, int *fd) {
    SharedBytes *data = job->output[which];
    size_t used = atomic_load_explicit(&data->used, memory_order_relaxed);
    if (used == data->capacity) {
        size_t capacity = data->capacity * 2;
        SharedBytes *larger =
            capacity > SUBPROCESS_OUTPUT_MAX ? NULL : shared_new(job->job.vm->mem, capacity);
        if (larger == NULL) {
            job->status = ENOBUFS;
            return false;
        }
        memcpy(larger->data, data->data, used);
        shared_release(data);
        job->output[which] = data = larger;
    }
    ssize_t n = read(*fd, data->data + used, data->capacity - used);
    if (n > 0) {
        used += (size_t)n;
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        close_end(fd);
    }
    atomic_store_explicit(&data->used, used, memory_order_relaxed);
    return true;
}

static void write_input(RunJob *job, Child *child) {
    ssize_t n = write(child->in, job->input.data + child->written, job->input.len - child->written);
    if (n > 0) {
        child->written += (size_t)n;
    } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
        child->written = job->input.len; // it does not want any more
    }
    if (child->written == job->input.len) {
        close_end(&child->in);
    }
}

// Moves data until the program has closed its outputs. False: it is to be killed (status says why).
static bool move_data(RunJob *job, Child *child) {
    if (job->input.len == 0) {
        close_end(&child->in);
    }
    while (child->out[0] >= 0 || child->out[1] >= 0) {
        struct pollfd fds[3] = {
            {.fd = child->out[0], .events = POLLIN},
            {.fd = child->out[1], .events = POLLIN},
            {.fd = child->in, .events = POLLOUT},
        };
        int ready = poll(fds, 3, POLL_MS);
        if (atomic_load_explicit(&job->job.cancelled, memory_order_relaxed) != 0) {
            job->status = ECANCELED;
            return false;
        }
        if (clock_monotonic_ns() >= job->deadline_ns) {
            job->status = ETIMEDOUT;
            return false;
        }
        for (int i = 0; ready > 0 && i < 2; i++) {
            if (fds[i].revents != 0 && !read_output(job, i, &child->out[i])) {
                return false;
            }
        }
        if (ready > 0 && fds[2].revents != 0) {
            write_input(job, child);
        }
    }
    return true;
}

// Waits for its end, for as long as there is time. A program may go on after it has closed its
// outputs.
static void wait_end(RunJob *job, Child *child, bool wanted) {
    struct Subprocesses *all = job->job.vm->subprocesses;
    int status = 0;
    if (!wanted) {
        kill_child(all, child);
    }
    while (!reap(all, child, &status)) {
        bool cancelled = atomic_load_explicit(&job->job.cancelled, memory_order_relaxed) != 0;
        if (wanted && (cancelled || clock_monotonic_ns() >= job->deadline_ns)) {
            job->status = cancelled ? ECANCELED : ETIMEDOUT;
            kill_child(all, child);
            wanted = false;
        }
        poll(NULL, 0, 1);
    }
    job->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// The environment with what was added; ends with NULL. NULL: no memory.
static char **environment(RunJob *job) {
    size_t count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **all = mem_alloc(job->job.vm->mem, MEM_IO, (count + job->added_count + 1) * sizeof *all);
    if (all == NULL) {
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        bool replaced = false;
        for (size_t k = 0; k < job->added_count && !replaced; k++) {
            size_t name = strcspn(job->added[k], "=") + 1;
            replaced = strncmp(environ[i], job->added[k], name) == 0;
        }
        if (!replaced) {
            all[n++] = environ[i];
        }
    }
    for (size_t k = 0; k < job->added_count; k++) {
        all[n++] = job->added[k];
    }
    all[n] = NULL;
    return all;
}

// Three pipes; ours are not inherited. False with everything closed.
static bool make_pipes(int pipes[3][2]) {
    for (int i = 0; i < 3; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) != 0) {
            while (i-- > 0) {
                close(pipes[i][0]);
                close(pipes[i][1]);
            }
            return false;
        }
    }
    return true;
}

static int start_child(RunJob *job, Child *child, int pipes[3][2]) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawn_file_actions_adddup2(&actions, pipes[0][0], 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[1][1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes[2][1], 2);
    if (job->directory != NULL) {
        posix_spawn_file_actions_addchdir_np(&actions, job->directory);
    }
    char **all = environment(job);
    int error = all == NULL ? ENOMEM
                            : posix_spawnp(&child->pid, job->argv[0], &actions, &attributes,
                                           job->argv, all);
    mem_free(job->job.vm->mem, MEM_IO, all);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static int spawn_child(RunJob *job, Child *child, int pipes[3][2]) {
    struct Subprocesses *all = job->job.vm->subprocesses;
    if (!may_start(all)) {
        return ECANCELED;
    }
    int error = start_child(job, child, pipes);
    has_started(all, child, error == 0);
    return error;
}

static void run(Job *base, Worker *w) {
    (void)w;
    RunJob *job = (RunJob *)(void *)base;
    for (int i = 0; i < 2; i++) {
        job->output[i] = shared_new(base->vm->mem, 4096);
        if (job->output[i] == NULL) {
            job->status = ENOMEM;
            return;
        }
    }
    int pipes[3][2];
    if (!make_pipes(pipes)) {
        job->status = errno;
        return;
    }
    Child child = {.in = pipes[0][1], .out = {pipes[1][0], pipes[2][0]}};
    fcntl(child.in, F_SETFL, O_NONBLOCK);
    job->status = spawn_child(job, &child, pipes);
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    if (job->status == 0) {
        bool wanted = move_data(job, &child);
        close_end(&child.in);
        wait_end(job, &child, wanted);
    }
    close_end(&child.in);
    close_end(&child.out[0]);
    close_end(&child.out[1]);
}

// ---- Terms --------------------------------------------------------------------------------------

static void run_drop(Job *base) {
    RunJob *job = (RunJob *)(void *)base;
    MemStats *mem = base->vm->mem;
    for (size_t i = 0; i < job->argc; i++) {
        mem_free(mem, MEM_IO, job->argv[i]);
    }
    mem_free(mem, MEM_IO, job->argv);
    for (size_t i = 0; i < job->added_count; i++) {
        mem_free(mem, MEM_IO, job->added[i]);
    }
    mem_free(mem, MEM_IO, job->added);
    mem_free(mem, MEM_IO, job->directory);
    io_lent_free(&job->input);
    for (int i = 0; i < 2; i++) {
        if (job->output[i] != NULL) {
            shared_release(job->output[i]);
        }
    }
}

static bool take_arguments(Process *p, RunJob *job, Term program, Term list) {
    int64_t count = list_length(list);
    if (count < 0 || count > ARGUMENTS_MAX) {
        process_badarg(p, list);
        return false;
    }
    job->argv = mem_alloc_zero(p->vm->mem, MEM_IO, ((size_t)count + 2) * sizeof *job->argv);
    if (job->argv == NULL) {
        process_limit(p, AM_memory);
        return false;
    }
    Term at = program;
    for (;;) {
        job->argv[job->argc] = io_text(p, at);
        if (job->argv[job->argc] == NULL) {
            return false;
        }
        job->argc++;
        if (!term_is_cons(list)) {
            return true;
        }
        at = cons_head(list);
        list = cons_tail(list);
    }
}

// One "NAME=value"; the name may be an atom or a String without '='.
static char *variable(Process *p, Term name, Term value) {
    MemStats *mem = p->vm->mem;
    char *left = NULL;
    const char *text;
    if (term_is_atom(name)) {
        text = atom_text(p->vm->atoms, name);
    } else {
        text = left = io_text(p, name);
    }
    if (text != NULL && (text[0] == '\0' || strchr(text, '=') != NULL)) {
        mem_free(mem, MEM_IO, left);
        process_badarg(p, name);
        return NULL;
    }
    char *right = text == NULL ? NULL : io_text(p, value);
    char *both = NULL;
    if (right != NULL) {
        size_t size = strlen(text) + strlen(right) + 2;
        both = mem_alloc(mem, MEM_IO, size);
        if (both == NULL) {
            process_limit(p, AM_memory);
        } else {
            snprintf(both, size, "%s=%s", text, right);
        }
    }
    mem_free(mem, MEM_IO, left);
    mem_free(mem, MEM_IO, right);
    return both;
}

static bool take_environment(Process *p, RunJob *job, Term map) {
    if (term_same_bits(map, TERM_NIL)) {
        return true;
    }
    if (!term_is_map(map) || map_size(map) > ARGUMENTS_MAX) {
        process_badarg(p, map);
        return false;
    }
    job->added = mem_alloc_zero(p->vm->mem, MEM_IO, (map_size(map) + 1) * sizeof *job->added);
    if (job->added == NULL) {
        process_limit(p, AM_memory);
        return false;
    }
    Term name;
    Term value;
    for (uint64_t at = map_next(map, 0, &name, &value); at != MAP_END;
         at = map_next(map, at, &name, &value)) {
        char *text = variable(p, name, value);
        if (text == NULL) {
            return false;
        }
        job->added[job->added_count++] = text;
    }
    return true;
}

static Job *run_make(Process *p, Term *args) {
    RunJob *job = job_new(p->vm, JOB_KERNEL, sizeof *job, p->pid, run, run_drop);
    if (job == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    TRACE_EVENT(p->vm, TRACE_io, p->pid, "runs %P", args[0]);
    bool good = take_arguments(p, job, args[0], args[1]) && io_lend(p, args[2], &job->input) &&
                take_environment(p, job, args[4]) && io_deadline(p, args[5], &job->deadline_ns);
    if (good && job->deadline_ns != UINT64_MAX) {
        job->deadline_ns += clock_monotonic_ns() - clock_now_ns(&p->vm->clock);
    }
    if (good && !term_same_bits(args[3], TERM_NIL)) {
        job->directory = io_text(p, args[3]);
        good = job->directory != NULL;
    }
    if (!good) {
        job_release(&job->job);
        return NULL;
    }
    return &job->job;
}

static Term run_finish(Process *p, Term *args, Job *base) {
    (void)args;
    RunJob *job = (RunJob *)(void *)base;
    if (job->status == ETIMEDOUT) {
        return io_error_atom(p, AM_timeout);
    }
    if (job->status != 0) {
        return io_error(p, -job->status);
    }
    Term texts[2];
    size_t words = 3 + 4;
    for (int i = 0; i < 2; i++) {
        words += bytes_words(atomic_load_explicit(&job->output[i]->used, memory_order_relaxed));
    }
    Room room;
    if (!process_reserve(p, words, NULL, 0, &room)) {
        return TERM_NONE;
    }
    for (int i = 0; i < 2; i++) {
        SharedBytes *data = job->output[i];
        size_t len = atomic_load_explicit(&data->used, memory_order_relaxed);
        if (len <= BYTES_HEAP_MAX) {
            texts[i] = room_bytes(p->vm->mem, &room, data->data, len);
        } else {
            texts[i] = room_shared(&room, shared_retain(data), 0, len, data->capacity);
        }
    }
    Term result = room_tuple3(&room, term_small(job->exit_status), texts[0], texts[1]);
    return room_tuple2(&room, AM_ok, result);
}

Term subprocess_run(Process *p, Term *args) {
    return job_await(p, subprocess_run, args, run_make, run_finish);
}

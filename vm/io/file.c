// SPDX-License-Identifier: Apache-2.0
// Every operation is a job: a FileJob with what it needs in plain memory, whose `act` runs on the
// blocking pool and leaves an errno or its data; finishing makes the terms. An open file is a
// Handle; its descriptor and read buffer belong to the job that holds its lock.
#include "vm/io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "vm/io/answer.h"
#include "vm/io/handle.h"
#include "vm/proc/trace.h"
#include "vm/term/atom.h"
#include "vm/term/map.h"
#include "vm/term/room.h"

enum {
    FILE_BUFFER = 64 * 1024,
    FILE_READ_MAX = 1 << 30, // bytes that one read gives at the most
    LINE_MAX_BYTES = 64 * 1024 * 1024,
};

// ---- Open files ---------------------------------------------------------------------------------

typedef struct {
    Handle handle;
    Lock lock; // held by the job that works on it, or by closing
    _Atomic uint32_t
        closing; // who holds the lock closes it when it is done: a scheduler never waits for the
                 // lock
    int fd;      // -1: closed
    uint8_t *buffer; // what was read ahead
    size_t start;
    size_t end;
} OpenFile;

// Closes the descriptor unless a job works on it, which does this itself when it is done.
static void close_if_free(OpenFile *file) {
    if (!lock_try(&file->lock)) {
        return;
    }
    int fd = file->fd;
    file->fd = -1;
    lock_release(&file->lock);
    if (fd >= 0) {
        close(fd);
    }
}

static void file_handle_close(Handle *handle) {
    OpenFile *file = (OpenFile *)(void *)handle;
    // Sequentially consistent: either the holder of the lock sees this after it let go, or we find
    // the lock free.
    atomic_store_explicit(&file->closing, 1, memory_order_seq_cst);
    close_if_free(file);
}

static void file_handle_free(Handle *handle) {
    OpenFile *file = (OpenFile *)(void *)handle;
    MemStats *mem = handle->vm->mem;
    mem_free(mem, MEM_IO, file->buffer);
    lock_destroy(&file->lock);
    mem_free(mem, MEM_IO, file);
}

static const HandleKind file_kind = {"file", file_handle_close, file_handle_free};

static OpenFile *open_file_new(VM *vm, int fd) {
    OpenFile *file = mem_alloc_zero(vm->mem, MEM_IO, sizeof *file);
    if (file != NULL) {
        file->handle = (Handle){.kind = &file_kind, .vm = vm, .owner = TERM_NIL, .refs = 1};
        file->fd = fd;
        lock_init(&file->lock, LOCK_HANDLE_USE);
    }
    return file;
}

// ---- Jobs ---------------------------------------------------------------------------------------

typedef struct FileJob FileJob;
struct FileJob {
    Job job;
    void (*act)(FileJob *job);
    char *path;
    char *other; // second path
    Lent lent;
    OpenFile *file;    // held
    int64_t number;    // flags, a count, an offset
    int status;        // 0 or an errno; FILE_EOF
    SharedBytes *data; // result
    struct stat info;
    char **names;
    size_t name_count;
    int fd; // result of opening, -1: none
};

enum { FILE_EOF = -1 };

static void act(Job *base, Worker *w) {
    (void)w;
    FileJob *job = (FileJob *)(void *)base;
    job->act(job);
}

static void job_drop(Job *base) {
    FileJob *job = (FileJob *)(void *)base;
    MemStats *mem = base->vm->mem;
    mem_free(mem, MEM_IO, job->path);
    mem_free(mem, MEM_IO, job->other);
    io_lent_free(&job->lent);
    if (job->file != NULL) {
        handle_release(&job->file->handle);
    }
    if (job->data != NULL) {
        shared_release(job->data);
    }
    for (size_t i = 0; i < job->name_count; i++) {
        mem_free(mem, MEM_IO, job->names[i]);
    }
    mem_free(mem, MEM_IO, job->names);
    if (job->fd >= 0) {
        close(job->fd);
    }
}

static FileJob *new_job(Process *p, void (*what)(FileJob *)) {
    FileJob *job = job_new(p->vm, JOB_KERNEL, sizeof *job, p->pid, act, job_drop);
    if (job == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    job->act = what;
    job->fd = -1;
    return job;
}

// A job on a path; NULL after a failure.
static FileJob *path_job(Process *p, Term path, void (*what)(FileJob *)) {
    char *text = io_text(p, path);
    FileJob *job = text == NULL ? NULL : new_job(p, what);
    if (job == NULL) {
        mem_free(p->vm->mem, MEM_IO, text);
        return NULL;
    }
    job->path = text;
    TRACE_EVENT(p->vm, TRACE_io, p->pid, "works on %P", path);
    return job;
}

// A job on an open file. One that is closed gives a job that says so.
static FileJob *handle_job(Process *p, Term ref, void (*what)(FileJob *)) {
    if (!term_is_kind(ref, KIND_REF)) {
        process_badarg(p, ref);
        return NULL;
    }
    FileJob *job = new_job(p, what);
    if (job != NULL) {
        job->file = (OpenFile *)(void *)handle_find(p->vm, ref, &file_kind);
    }
    return job;
}

static Term finish_status(Process *p, FileJob *job) {
    return job->status == FILE_EOF ? io_error_atom(p, AM_eof) : io_error(p, -job->status);
}

static Term finish_ok(Process *p, Term *args, Job *base) {
    (void)args;
    FileJob *job = (FileJob *)(void *)base;
    return job->status != 0 ? finish_status(p, job) : AM_ok;
}

static Term finish_data(Process *p, Term *args, Job *base) {
    (void)args;
    FileJob *job = (FileJob *)(void *)base;
    if (job->status != 0) {
        return finish_status(p, job);
    }
    SharedBytes *data = job->data;
    job->data = NULL;
    return io_ok_shared(p, data);
}

static Job *as_job(FileJob *job) {
    return job == NULL ? NULL : &job->job;
}

// ---- Whole files --------------------------------------------------------------------------------

// Reads from fd up to `max` bytes into new shared data; the size is a first guess.
static void read_into(FileJob *job, int fd, size_t guess, size_t max) {
    size_t capacity = guess + 1;
    SharedBytes *data = shared_new(job->job.vm->mem, capacity);
    size_t len = 0;
    while (data != NULL && len < max) {
        if (len == capacity) {
            SharedBytes *larger = shared_new(job->job.vm->mem, capacity * 2);
            if (larger != NULL) {
                memcpy(larger->data, data->data, len);
            }
            shared_release(data);
            data = larger;
            capacity *= 2;
            continue;
        }
        size_t want = capacity - len < max - len ? capacity - len : max - len;
        ssize_t n = read(fd, data->data + len, want);
        if (n < 0 && errno != EINTR) {
            job->status = errno;
            shared_release(data);
            return;
        }
        if (n == 0) {
            break;
        }
        len += n > 0 ? (size_t)n : 0;
    }
    if (data == NULL) {
        job->status = ENOMEM;
        return;
    }
    atomic_store_explicit(&data->used, len, memory_order_relaxed);
    job->data = data;
}

static void act_read(FileJob *job) {
    int fd = open(job->path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        job->status = errno;
    } else if (S_ISDIR(info.st_mode)) {
        job->status = EISDIR;
    } else {
        read_into(job, fd, info.st_size > 0 ? (size_t)info.st_size : 4096, SIZE_MAX);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static Job *make_read(Process *p, Term *args) {
    return as_job(path_job(p, args[0], act_read));
}

Term file_read(Process *p, Term *args) {
    return job_await(p, file_read, args, make_read, finish_data);
}

// All of it; an errno or 0.
static int write_all(int fd, const uint8_t *data, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static void act_write(FileJob *job) {
    int fd = open(job->path, O_WRONLY | O_CREAT | O_CLOEXEC | (int)job->number, 0666);
    if (fd < 0) {
        job->status = errno;
        return;
    }
    job->status = write_all(fd, job->lent.data, job->lent.len);
    if (close(fd) != 0 && job->status == 0) {
        job->status = errno;
    }
}

static Job *make_write(Process *p, Term *args) {
    int flags;
    if (term_same_bits(args[2], AM_write)) {
        flags = O_TRUNC;
    } else if (term_same_bits(args[2], AM_append)) {
        flags = O_APPEND;
    } else if (term_same_bits(args[2], AM_new)) {
        flags = O_EXCL;
    } else {
        process_badarg(p, args[2]);
        return NULL;
    }
    FileJob *job = path_job(p, args[0], act_write);
    if (job == NULL) {
        return NULL;
    }
    job->number = flags;
    if (!io_lend(p, args[1], &job->lent)) {
        job_release(&job->job);
        return NULL;
    }
    return &job->job;
}

Term file_write(Process *p, Term *args) {
    return job_await(p, file_write, args, make_write, finish_ok);
}

// ---- Directories --------------------------------------------------------------------------------

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_name(FileJob *job, const char *name, size_t *capacity) {
    MemStats *mem = job->job.vm->mem;
    if (job->name_count == *capacity) {
        size_t larger = *capacity == 0 ? 64 : *capacity * 2;
        char **names = mem_realloc(mem, MEM_IO, job->names, larger * sizeof *names);
        if (names == NULL) {
            return false;
        }
        job->names = names;
        *capacity = larger;
    }
    size_t size = strlen(name) + 1;
    char *copy = mem_alloc(mem, MEM_IO, size);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, name, size);
    job->names[job->name_count++] = copy;
    return true;
}

static void act_list(FileJob *job) {
    DIR *directory = opendir(job->path);
    if (directory == NULL) {
        job->status = errno;
        return;
    }
    size_t capacity = 0;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !add_name(job, entry->d_name, &capacity)) {
            job->status = ENOMEM;
            break;
        }
    }
    closedir(directory);
    if (job->name_count > 0) {
        qsort(job->names, job->name_count, sizeof *job->names, by_name);
    }
}

static Job *make_list(Process *p, Term *args) {
    return as_job(path_job(p, args[0], act_list));
}

static Term finish_list(Process *p, Term *args, Job *base) {
    (void)args;
    FileJob *job = (FileJob *)(void *)base;
    if (job->status != 0) {
        return finish_status(p, job);
    }
    size_t words = 3;
    for (size_t i = 0; i < job->name_count; i++) {
        words += CONS_WORDS + bytes_words(strlen(job->names[i]));
    }
    Room room;
    if (!process_reserve(p, words, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term list = TERM_EMPTY;
    for (size_t i = job->name_count; i-- > 0;) {
        Term name = room_bytes(p->vm->mem, &room, job->names[i], strlen(job->names[i]));
        if (term_same_bits(name, TERM_NONE)) {
            return process_limit(p, AM_memory);
        }
        list = room_cons(&room, name, list);
    }
    process_charge(p, (int32_t)(job->name_count / 16));
    return room_tuple2(&room, AM_ok, list);
}

Term file_list(Process *p, Term *args) {
    return job_await(p, file_list, args, make_list, finish_list);
}

static void act_info(FileJob *job) {
    job->status = lstat(job->path, &job->info) == 0 ? 0 : errno;
}

static Job *make_info(Process *p, Term *args) {
    return as_job(path_job(p, args[0], act_info));
}

static Term finish_info(Process *p, Term *args, Job *base) {
    (void)args;
    FileJob *job = (FileJob *)(void *)base;
    if (job->status != 0) {
        return finish_status(p, job);
    }
    Room room;
    if (!process_reserve(p, 3 + 9 + 3 * INTEGER_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    const struct stat *info = &job->info;
    Term type = S_ISREG(info->st_mode)   ? AM_file
                : S_ISDIR(info->st_mode) ? AM_directory
                : S_ISLNK(info->st_mode) ? AM_link
                                         : AM_other;
    Term pairs[] = {
        AM_size,
        room_int(&room, info->st_size),
        AM_type,
        type,
        AM_modified_ms,
        room_int(&room, (int64_t)info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000),
        AM_mode,
        room_int(&room, info->st_mode & 07777),
    };
    Term map = map_from_pairs(p->vm->atoms, &room, pairs, 4);
    return room_tuple2(&room, AM_ok, map);
}

Term file_info(Process *p, Term *args) {
    return job_await(p, file_info, args, make_info, finish_info);
}

static void act_delete(FileJob *job) {
    job->status = remove(job->path) == 0 ? 0 : errno;
}

static Job *make_delete(Process *p, Term *args) {
    return as_job(path_job(p, args[0], act_delete));
}

Term file_delete(Process *p, Term *args) {
    return job_await(p, file_delete, args, make_delete, finish_ok);
}

static void act_rename(FileJob *job) {
    job->status = rename(job->path, job->other) == 0 ? 0 : errno;
}

static Job *make_rename(Process *p, Term *args) {
    FileJob *job = path_job(p, args[0], act_rename);
    if (job == NULL) {
        return NULL;
    }
    job->other = io_text(p, args[1]);
    if (job->other == NULL) {
        job_release(&job->job);
        return NULL;
    }
    return &job->job;
}

Term file_rename(Process *p, Term *args) {
    return job_await(p, file_rename, args, make_rename, finish_ok);
}

static void act_make_directory(FileJob *job) {
    if (job->number == 0) {
        job->status = mkdir(job->path, 0777) == 0 ? 0 : errno;
        return;
    }
    for (char *at = job->path + 1;; at++) { // each parent, then the whole
        char ends = *at;
        if (ends != '/' && ends != '\0') {
            continue;
        }
        *at = '\0';
        struct stat info;
        if (mkdir(job->path, 0777) != 0 &&
            !(errno == EEXIST && stat(job->path, &info) == 0 && S_ISDIR(info.st_mode))) {
            job->status = errno;
            return;
        }
        *at = ends;
        if (ends == '\0') {
            return;
        }
    }
}

static Job *make_make_directory(Process *p, Term *args) {
    FileJob *job = path_job(p, args[0], act_make_directory);
    if (job != NULL) {
        job->number = term_same_bits(args[1], TERM_TRUE);
        if (job->path[0] == '\0') {
            job->number = 0;
        }
    }
    return as_job(job);
}

Term file_make_directory(Process *p, Term *args) {
    return job_await(p, file_make_directory, args, make_make_directory, finish_ok);
}

static void act_current(FileJob *job) {
    char *path = getcwd(NULL, 0);
    job->status = path == NULL ? errno : 0;
    if (path != NULL) {
        size_t len = strlen(path);
        job->data = shared_new(job->job.vm->mem, len);
        if (job->data == NULL) {
            job->status = ENOMEM;
        } else {
            memcpy(job->data->data, path, len);
            atomic_store_explicit(&job->data->used, len, memory_order_relaxed);
        }
        free(path);
    }
}

static Job *make_current(Process *p, Term *args) {
    (void)args;
    return as_job(new_job(p, act_current));
}

Term file_current(Process *p, Term *args) {
    return job_await(p, file_current, args, make_current, finish_data);
}

// ---- Open files: operations ---------------------------------------------------------------------

static void act_open(FileJob *job) {
    job->fd = open(job->path, (int)job->number | O_CLOEXEC, 0666);
    job->status = job->fd < 0 ? errno : 0;
}

static Job *make_open(Process *p, Term *args) {
    int flags;
    if (term_same_bits(args[1], AM_read)) {
        flags = O_RDONLY;
    } else if (term_same_bits(args[1], AM_write)) {
        flags = O_WRONLY | O_CREAT | O_TRUNC;
    } else if (term_same_bits(args[1], AM_append)) {
        flags = O_WRONLY | O_CREAT | O_APPEND;
    } else if (term_same_bits(args[1], AM_update)) {
        flags = O_RDWR | O_CREAT;
    } else {
        process_badarg(p, args[1]);
        return NULL;
    }
    FileJob *job = path_job(p, args[0], act_open);
    if (job != NULL) {
        job->number = flags;
    }
    return as_job(job);
}

static Term finish_open(Process *p, Term *args, Job *base) {
    (void)args;
    FileJob *job = (FileJob *)(void *)base;
    if (job->status != 0) {
        return finish_status(p, job);
    }
    OpenFile *file = open_file_new(p->vm, job->fd);
    if (file == NULL) {
        return process_limit(p, AM_memory);
    }
    job->fd = -1;
    Term ref = handle_publish(p, &file->handle);
    return term_same_bits(ref, TERM_NONE) ? ref : io_ok(p, ref);
}

Term file_open(Process *p, Term *args) {
    return job_await(p, file_open, args, make_open, finish_open);
}

// Begins work on the open file: false (status set) when it is closed.
static bool use(FileJob *job) NO_LOCK_ANALYSIS {
    if (job->file == NULL) {
        job->status = EBADF;
        return false;
    }
    lock_acquire(&job->file->lock);
    if (job->file->fd < 0) {
        lock_release(&job->file->lock);
        job->status = EBADF;
        return false;
    }
    return true;
}

static void end_use(FileJob *job) NO_LOCK_ANALYSIS {
    lock_release(&job->file->lock);
    if (atomic_load_explicit(&job->file->closing, memory_order_seq_cst) != 0) {
        close_if_free(job->file);
    }
}

// Drops what was read ahead, so that the kernel's position is the program's.
static void forget_ahead(OpenFile *file) {
    if (file->end > file->start) {
        lseek(file->fd, -(off_t)(file->end - file->start), SEEK_CUR);
    }
    file->start = file->end = 0;
}

static void act_read_bytes(FileJob *job) {
    if (!use(job)) {
        return;
    }
    forget_ahead(job->file);
    size_t max = (size_t)job->number;
    read_into(job, job->file->fd, max < FILE_BUFFER ? max : FILE_BUFFER, max);
    if (job->status == 0 && max > 0 &&
        atomic_load_explicit(&job->data->used, memory_order_relaxed) == 0) {
        job->status = FILE_EOF;
    }
    end_use(job);
}

static Job *make_read_bytes(Process *p, Term *args) {
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 0 ||
        term_to_small(args[1]) > FILE_READ_MAX) {
        process_badarg(p, args[1]);
        return NULL;
    }
    FileJob *job = handle_job(p, args[0], act_read_bytes);
    if (job != NULL) {
        job->number = term_to_small(args[1]);
    }
    return as_job(job);
}

Term file_read_bytes(Process *p, Term *args) {
    return job_await(p, file_read_bytes, args, make_read_bytes, finish_data);
}

// Adds `len` bytes to the line. False: no memory, or it is too long.
static bool add_to_line(FileJob *job, const uint8_t *data, size_t len) {
    MemStats *mem = job->job.vm->mem;
    size_t used =
        job->data == NULL ? 0 : atomic_load_explicit(&job->data->used, memory_order_relaxed);
    if (job->data == NULL || job->data->capacity < used + len) {
        size_t capacity = used + len > 128 ? (used + len) * 2 : 128;
        SharedBytes *larger = capacity > LINE_MAX_BYTES ? NULL : shared_new(mem, capacity);
        if (larger == NULL) {
            job->status = ENOBUFS;
            return false;
        }
        if (job->data != NULL) {
            memcpy(larger->data, job->data->data, used);
            shared_release(job->data);
        }
        job->data = larger;
    }
    memcpy(job->data->data + used, data, len);
    atomic_store_explicit(&job->data->used, used + len, memory_order_relaxed);
    return true;
}

// Reads ahead when nothing is left. False at the end or on an error (status set).
static bool fill(FileJob *job) {
    OpenFile *file = job->file;
    if (file->start < file->end) {
        return true;
    }
    if (file->buffer == NULL &&
        (file->buffer = mem_alloc(job->job.vm->mem, MEM_IO, FILE_BUFFER)) == NULL) {
        job->status = ENOMEM;
        return false;
    }
    ssize_t n;
    do {
        n = read(file->fd, file->buffer, FILE_BUFFER);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        job->status = errno;
        return false;
    }
    file->start = 0;
    file->end = (size_t)n;
    return n > 0;
}

static void act_read_line(FileJob *job) {
    if (!use(job)) {
        return;
    }
    OpenFile *file = job->file;
    bool ended = false;
    while (!ended && fill(job)) {
        const uint8_t *start = file->buffer + file->start;
        size_t len = file->end - file->start;
        const uint8_t *newline = memchr(start, '\n', len);
        ended = newline != NULL;
        size_t part = ended ? (size_t)(newline - start) : len;
        file->start += part + ended;
        if (!add_to_line(job, start, part)) {
            break;
        }
    }
    if (job->status == 0 && job->data == NULL) {
        job->status = FILE_EOF;
    }
    if (job->status == 0 && ended) {
        size_t used = atomic_load_explicit(&job->data->used, memory_order_relaxed);
        if (used > 0 && job->data->data[used - 1] == '\r') {
            atomic_store_explicit(&job->data->used, used - 1, memory_order_relaxed);
        }
    }
    end_use(job);
}

static Job *make_read_line(Process *p, Term *args) {
    return as_job(handle_job(p, args[0], act_read_line));
}

Term file_read_line(Process *p, Term *args) {
    return job_await(p, file_read_line, args, make_read_line, finish_data);
}

static void act_write_bytes(FileJob *job) {
    if (use(job)) {
        forget_ahead(job->file);
        job->status = write_all(job->file->fd, job->lent.data, job->lent.len);
        end_use(job);
    }
}

static Job *make_write_bytes(Process *p, Term *args) {
    FileJob *job = handle_job(p, args[0], act_write_bytes);
    if (job == NULL) {
        return NULL;
    }
    if (!io_lend(p, args[1], &job->lent)) {
        job_release(&job->job);
        return NULL;
    }
    return &job->job;
}

Term file_write_bytes(Process *p, Term *args) {
    return job_await(p, file_write_bytes, args, make_write_bytes, finish_ok);
}

static void act_seek(FileJob *job) {
    if (use(job)) {
        job->file->start = job->file->end = 0;
        job->status = lseek(job->file->fd, (off_t)job->number, SEEK_SET) < 0 ? errno : 0;
        end_use(job);
    }
}

static Job *make_seek(Process *p, Term *args) {
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 0) {
        process_badarg(p, args[1]);
        return NULL;
    }
    FileJob *job = handle_job(p, args[0], act_seek);
    if (job != NULL) {
        job->number = term_to_small(args[1]);
    }
    return as_job(job);
}

Term file_seek(Process *p, Term *args) {
    return job_await(p, file_seek, args, make_seek, finish_ok);
}

static void act_sync(FileJob *job) {
    if (use(job)) {
        job->status = fsync(job->file->fd) == 0 ? 0 : errno;
        end_use(job);
    }
}

static Job *make_sync(Process *p, Term *args) {
    return as_job(handle_job(p, args[0], act_sync));
}

Term file_sync(Process *p, Term *args) {
    return job_await(p, file_sync, args, make_sync, finish_ok);
}

// On the pool, since closing may wait for the disk.
static void act_close(FileJob *job) {
    if (job->file == NULL || !handle_close(&job->file->handle)) {
        job->status = EBADF;
    }
}

static Job *make_close(Process *p, Term *args) {
    return as_job(handle_job(p, args[0], act_close));
}

Term file_close(Process *p, Term *args) {
    return job_await(p, file_close, args, make_close, finish_ok);
}

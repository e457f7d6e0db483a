// See modes.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/differ/modes.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "tools/coppice/command.h"
#include "vm/base/check.h"
#include "vm/boot.h"
#include "vm/code/module.h"
#include "vm/io/stdio.h"
#include "vm/sched/program.h"
#include "vm/term/atom.h"

const Mode modes[] = {
    {"interp --opt=0", "interp", true, NULL},
    {"interp", "interp", false, NULL},
    {"jit --opt=0", "jit", true, NULL},
    {"jit", "jit", false, NULL},
    {"jit COP_STRESS=yield", "jit", false, "yield"},
    {"interp COP_STRESS=yield", "interp", false, "yield"},
    {"jit COP_STRESS=gc", "jit", false, "gc"},
    {"interp COP_STRESS=gc", "interp", false, "gc"},
    {"jit COP_STRESS=gc,yield", "jit", false, "gc,yield"},
    {"jit --opt=0 COP_STRESS=gc,yield", "jit", true, "gc,yield"},
};
const uint32_t mode_count = sizeof modes / sizeof modes[0];

enum { MEMORY_LIMIT = 1 << 30, SEED = 1 };

// ---- In the child -------------------------------------------------------------------------------

static void copy_output(Result *result, int fd) {
    off_t size = lseek(fd, 0, SEEK_END);
    ssize_t got =
        pread(fd, result->output, OUTPUT_BYTES, size > OUTPUT_BYTES ? size - OUTPUT_BYTES : 0);
    result->size = got < 0 ? 0 : (size_t)got;
}

static int run_image(const Mode *mode, Str image) {
    VMOptions options = {
        .seeded = true, .seed = SEED, .engine = mode->engine, .memory_limit = MEMORY_LIMIT};
    char why[256];
    VM *vm = vm_create(&options, why);
    if (vm == NULL) {
        fprintf(stderr, "%s\n", why);
        abort();
    }
    vm->library = (struct Library *)(uintptr_t)&embedded_library;
    Term name;
    CodeError error = {0};
    if (code_add_image(vm->code, (const uint8_t *)image.ptr, image.len, &name, &error) != CODE_OK) {
        fprintf(stderr, "%s\n", error.what);
        abort();
    }
    const Module *module = code_find_module(vm->code, name, &error);
    Term main_name;
    if (module == NULL || atom_intern(vm->atoms, "main", 4, &main_name) != ATOM_OK) {
        fprintf(stderr, "%s\n", error.what);
        abort();
    }
    ProgramEnd end = program_run(vm, module_export(module, main_name, 0), NULL, 0);
    stdio_flush(vm->stdio, 1000);
    vm_destroy(vm);
    return end.stuck ? -1 : end.status;
}

double modes_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_mode(const Mode *mode, const char *text, size_t size, int out, Result *result) {
    CompileOptions options = {.plain = mode->plain};
    CompileHost host = {.library_interface = library_interface};
    Compilation *c = compilation_new(&options, &host);
    CompileSource source = {STR("program.cop"), STR("program.cop"), {text, size}};
    if (compile_program(c, &source, 1) != COMPILE_OK) {
        Str diagnostics = compilation_diagnostics(c, false);
        result->size = diagnostics.len < OUTPUT_BYTES ? diagnostics.len : OUTPUT_BYTES;
        memcpy(result->output, diagnostics.ptr, result->size);
        result->outcome = REJECTED;
        return;
    }
    if (mode->stress != NULL) {
        setenv("COP_STRESS", mode->stress, 1);
    } else {
        unsetenv("COP_STRESS");
    }
    CHECK(ftruncate(out, 0) == 0 && lseek(out, 0, SEEK_SET) == 0);
    double start = modes_now();
    result->status = run_image(mode, compilation_bundle(c));
    result->seconds = modes_now() - start;
    copy_output(result, out);
    result->outcome = RAN;
    compilation_free(c);
}

// ---- In the parent ------------------------------------------------------------------------------

// Waits for the child, but not beyond `limit_s` without a new result. False: it was too late.
static bool wait_for(pid_t pid, double limit_s, const uint32_t *done, int *status) {
    uint32_t seen = 0;
    double since = modes_now();
    for (long nap_ns = 100 * 1000;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        CHECK(ended >= 0 || errno == EINTR);
        if (ended == pid) {
            return true;
        }
        uint32_t now_done = __atomic_load_n(done, __ATOMIC_ACQUIRE);
        since = now_done != seen ? modes_now() : since;
        seen = now_done;
        if (modes_now() - since > limit_s) {
            kill(pid, SIGKILL);
            waitpid(pid, status, 0);
            return false;
        }
        nanosleep(&(struct timespec){0, nap_ns}, NULL);
        nap_ns = nap_ns < 2000 * 1000 ? nap_ns * 2 : nap_ns;
    }
}

typedef struct {
    uint32_t current; // the mode that is tried
    uint32_t done;    // how many were
    Result results[];
} Shared;

static Shared *shared;

Result *modes_results(void) {
    if (shared == NULL) {
        shared = mmap(NULL, sizeof *shared + mode_count * sizeof(Result), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CHECK(shared != MAP_FAILED);
    }
    return shared->results;
}

static void run_from(uint32_t first, const char *text, size_t size, uint32_t set, int out,
                     int err) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CHECK(dup2(out, 1) == 1 && dup2(err, 2) == 2);
    for (uint32_t i = first; i < mode_count; i++) {
        if ((set >> i & 1) != 0) {
            shared->current = i;
            run_mode(&modes[i], text, size, out, &shared->results[i]);
            __atomic_store_n(&shared->done, shared->done + 1, __ATOMIC_RELEASE);
            if (shared->results[i].outcome == REJECTED) {
                break;
            }
        }
    }
    _exit(0);
}

static int new_file(void) {
    int fd = memfd_create("output", MFD_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

void modes_run(const char *text, size_t size, uint32_t set, double limit_s, Result *results) {
    CHECK(results == modes_results());
    uint32_t first = 0;
    while (first < mode_count && set >> first != 0) {
        shared->current = first;
        shared->done = 0;
        int out = new_file();
        int err = new_file();
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            run_from(first, text, size, set, out, err);
        }
        int status;
        bool ended = wait_for(pid, limit_s, &shared->done, &status);
        uint32_t at = shared->current;
        if (!ended) {
            results[at].outcome = LATE;
            results[at].size = 0;
            results[at].seconds = limit_s;
        } else if (status != 0) {
            copy_output(&results[at], err);
            results[at].outcome = CRASHED;
            results[at].status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
        }
        close(out);
        close(err);
        first = ended && status == 0 ? mode_count : at + 1;
    }
}

// ---- Judging ------------------------------------------------------------------------------------

// Pids and references may differ: of `<0.12.0>` and `#ref<12>` only the brackets count.
static size_t next_byte(const Result *r, size_t at, char *byte) {
    *byte = r->output[at++];
    if (*byte == '<') {
        while (at < r->size && (strchr("0123456789.", r->output[at]) != NULL)) {
            at++;
        }
    }
    return at;
}

bool modes_agree(const Result *a, const Result *b) {
    if (a->outcome != b->outcome || (a->outcome == RAN && a->status != b->status)) {
        return false;
    }
    if (a->outcome != RAN) {
        return true;
    }
    size_t i = 0, k = 0;
    while (i < a->size && k < b->size) {
        char x, y;
        i = next_byte(a, i, &x);
        k = next_byte(b, k, &y);
        if (x != y) {
            return false;
        }
    }
    return i == a->size && k == b->size;
}

bool modes_tells_nothing(const Result *result) {
    return memmem(result->output, result->size, ":limit(", 7) != NULL ||
           memmem(result->output, result->size, "no memory", 9) != NULL;
}

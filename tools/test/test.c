// SPDX-License-Identifier: Apache-2.0
// coppice test: compiles sources with their `test` blocks and the `>>` examples of doc comments,
// and runs each in a virtual machine of its own, so that no test sees what another left behind.
// What a test prints goes to standard output; crash reports are kept and shown when it fails. The
// last line is `N passed, N failed`; status 1 if one failed.
//
// With --seeds N each test runs under N seeds; a failure names the seed that repeats it. A test
// that runs for TEST_SECONDS is ended by a watchdog and has failed. Tests: tests/lang/testing,
// tests/stdlib.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/coppice/command.h"
#include "vm/code/library.h"
#include "vm/code/meta.h"
#include "vm/sched/program.h"
#include "vm/term/atom.h"

enum { TEST_SECONDS = 60, REPORT_BYTES = 16 * 1024 };

typedef struct {
    const Options *options;
    uint32_t passed;
    uint32_t failed;
} Tally;

// One run of one test.
typedef struct {
    VM *vm;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    bool over;
    bool late;
    bool stuck;
    size_t report_len;
    char report[REPORT_BYTES];
} TestRun;

// Called for every crash report of the machine, on any of its threads.
static void keep_report(void *data, const char *text, size_t len) {
    TestRun *run = data;
    pthread_mutex_lock(&run->mutex);
    size_t left = sizeof run->report - run->report_len;
    len = len < left ? len : left;
    memcpy(run->report + run->report_len, text, len);
    run->report_len += len;
    pthread_mutex_unlock(&run->mutex);
}

static void *watch(void *data) {
    TestRun *run = data;
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += TEST_SECONDS;
    pthread_mutex_lock(&run->mutex);
    while (!run->over && pthread_cond_timedwait(&run->condition, &run->mutex, &deadline) == 0) {
    }
    run->late = !run->over;
    pthread_mutex_unlock(&run->mutex);
    if (run->late) {
        program_interrupt(run->vm, STATUS_TERMINATED);
        program_interrupt(run->vm, STATUS_TERMINATED);
    }
    return NULL;
}

static int run_watched(TestRun *run, const Function *function) {
    pthread_t watchdog;
    bool watched = pthread_create(&watchdog, NULL, watch, run) == 0;
    ProgramEnd end = program_run(run->vm, function, NULL, 0);
    pthread_mutex_lock(&run->mutex);
    run->over = true;
    pthread_cond_signal(&run->condition);
    pthread_mutex_unlock(&run->mutex);
    if (watched) {
        pthread_join(watchdog, NULL);
    }
    run->stuck = end.stuck;
    return end.status;
}

// The library with one module in place of its own: the one that is tested.
typedef struct {
    struct Library library;
    Str module;
    Str image;
} Overlay;

static bool overlay_find(const struct Library *library, const char *module, const uint8_t **bytes,
                         size_t *size) {
    const Overlay *overlay = (const Overlay *)library;
    if (!str_is(overlay->module, module)) {
        return library_image(module, strlen(module), bytes, size);
    }
    *bytes = (const uint8_t *)overlay->image.ptr;
    *size = overlay->image.len;
    return true;
}

// What is tested: a module of a program, or (overlay not NULL) of the library.
typedef struct {
    const char *path;
    Str module;
    Str image;
    Overlay *overlay;
} Subject;

// The `index`th test of a module. NULL when it cannot be found.
static const MetaTest *find_test(VM *vm, const Subject *subject, uint32_t index, CodeError *error) {
    Term name;
    if (subject->overlay != NULL) {
        vm->library = &subject->overlay->library;
    } else if (code_add_image(vm->code, (const uint8_t *)subject->image.ptr, subject->image.len,
                              NULL, error) != CODE_OK) {
        return NULL;
    }
    if (atom_intern(vm->atoms, subject->module.ptr, subject->module.len, &name) != ATOM_OK) {
        return NULL;
    }
    const Module *loaded = code_find_module(vm->code, name, error);
    return loaded != NULL && index < loaded->meta->test_count ? &loaded->meta->tests[index] : NULL;
}

static void show_failure(const char *path, const MetaTest *test, const TestRun *run,
                         const VMOptions *vm, int status) {
    printf("FAILED %s:%u: %.*s", path, test->line, (int)test->name.len, test->name.data);
    if (vm->seeded) {
        printf(" (--seed %llu)", (unsigned long long)vm->seed);
    }
    printf("\n");
    if (run->late) {
        printf("   it ran for more than %d s\n", TEST_SECONDS);
    } else if (run->stuck) {
        printf("   stuck: every process waits, and nothing can wake one\n");
    } else if (run->report_len == 0) {
        printf("   status %d\n", status);
    }
    fwrite(run->report, 1, run->report_len, stdout);
}

// -1: there is no such test (any more); otherwise whether it passed.
static int run_test(Tally *tally, const Subject *subject, uint32_t index,
                    const VMOptions *vm_options) {
    TestRun *run = calloc(1, sizeof *run);
    if (run == NULL) {
        abort();
    }
    pthread_mutex_init(&run->mutex, NULL);
    pthread_cond_init(&run->condition, NULL);
    VMOptions options = *vm_options;
    options.report = keep_report;
    options.report_data = run;
    int passed = 0;
    run->vm = machine_create(&options);
    if (run->vm != NULL) {
        CodeError error = {0};
        const MetaTest *test = find_test(run->vm, subject, index, &error);
        const char *filter = tally->options->filter;
        if (test == NULL) {
            passed = error.what[0] == 0 ? -1 : (complain("%s: %s", subject->path, error.what), 0);
        } else if (filter != NULL &&
                   memmem(test->name.data, test->name.len, filter, strlen(filter)) == NULL) {
            passed = 2;
        } else {
            int status = run_watched(run, test->function);
            passed = status == STATUS_OK && !run->late;
            if (!passed) {
                show_failure(subject->path, test, run, &options, status);
            }
        }
        fflush(stdout);
        machine_flush(run->vm, STATUS_OK);
        vm_destroy(run->vm);
    }
    pthread_cond_destroy(&run->condition);
    pthread_mutex_destroy(&run->mutex);
    free(run);
    return passed;
}

// All tests of one module of a compilation, one after another, each under its seeds.
static void run_module(Tally *tally, const CompiledModule *module, Str image) {
    char path[4096];
    snprintf(path, sizeof path, "%.*s", (int)module->path.len, module->path.ptr);
    Overlay overlay = {.library = {.find = overlay_find}, .module = module->name, .image = image};
    Subject subject = {path, module->name, image, tally->options->library ? &overlay : NULL};
    for (uint32_t index = 0;; index++) {
        int passed = 1;
        uint32_t runs = tally->options->seeds > 0 ? tally->options->seeds : 1;
        for (uint32_t i = 1; i <= runs && passed == 1; i++) {
            VMOptions options = tally->options->vm;
            if (tally->options->seeds > 0) {
                options.seeded = true;
                options.seed = i;
            }
            passed = run_test(tally, &subject, index, &options);
        }
        if (passed < 0) {
            return;
        }
        tally->passed += passed == 1;
        tally->failed += passed == 0;
    }
}

// A source or a folder; `library`: all modules of the folder are compiled, those of `path` are run.
// False when it does not compile.
static bool test_path(Tally *tally, const char *path) {
    bool library = tally->options->library;
    Program *program = program_open(path);
    if (program == NULL) {
        return false;
    }
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path),
             slash == NULL ? "." : path);
    bool whole = is_directory(path);
    bool good = whole     ? program_add_folder(program, path)
                : library ? program_add_folder(program, folder)
                          : program_add(program, path, NULL, 0);
    if (good) {
        CompileOptions options = {
            .tests = true, .library = library, .plain = tally->options->plain};
        CompileStatus status;
        Compilation *c = program_compile(program, &options, &status);
        good = status == COMPILE_OK;
        Str bundle = good ? compilation_bundle(c) : (Str){"", 0};
        for (uint32_t i = 0; good && i < program_entry_count(program); i++) {
            const CompiledModule *module = compilation_module(c, i);
            if (whole || !library || str_is(module->path, path)) {
                run_module(tally, module, library ? module->image : bundle);
            }
        }
        compilation_free(c);
    }
    program_free(program);
    return good;
}

int command_test(const Options *options) {
    static char *here[] = {"."};
    Tally tally = {.options = options};
    bool good = true;
    int count = options->count > 0 ? options->count : 1;
    char **paths = options->count > 0 ? options->operands : here;
    for (int i = 0; i < count; i++) {
        good = test_path(&tally, paths[i]) && good;
    }
    printf("%u passed, %u failed\n", tally.passed, tally.failed);
    fflush(stdout);
    if (good && options->filter != NULL && tally.passed + tally.failed == 0) {
        complain("no test has a name that holds '%s'", options->filter);
        good = false;
    }
    return good && tally.failed == 0 ? STATUS_OK : STATUS_FAILED;
}

// Runs the program tests: see tests/README.md, and usage below.
//
// Each test is run in each mode, as a command line of its own: from source, as an image,
// interpreted, not optimised, with one or two schedulers, under seeds. Its file says what to
// expect, whatever the mode. The last line printed is `N passed, N failed, N skipped`.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/runner/runner.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: tests/run [options] [PATH...]        in the root of the repository\n"
    "\n"
    "  PATH          a file or folder, tests/ may be left out: lang/match (default: all);\n"
    "                manual: the examples of compiler/MANUAL.md; library: those of stdlib/\n"
    "  -m MODES      among source, image, engine=NAME, opt=0, schedulers=N, seed=N (default:\n"
    "                all, engine interp, schedulers 1 and 2, seeds 1 to 3); commas between\n"
    "  -c COMMAND    the coppice to test (default: .build/coppice)\n"
    "  -j N          so many at a time (default: one a processor)\n"
    "  -x FACTOR     multiply time limits\n"
    "  -v            name what passes, too\n"
    "  --accept      write golden files (.err, stages) anew where they differ\n"
    "  --unit PROGRAM, --fuzz PROGRAM FOLDER..., --check PROGRAM -- ARGUMENT...,\n"
    "  --session FILE COMMAND..., --tally FILE, --total FILE\n"
    "                what make and the runner use: unit tests, a fuzz target for -x seconds, a\n"
    "                program that passes by its status, a terminal session, common counts\n";

static const char *const everything[] = {"lang",  "behave",  "stdlib",   "ops",
                                         "stage", "samples", "examples", "system",
                                         "fault", "sim",     "manual",   "library"};

static const char default_modes[] =
    "source,engine=interp,opt=0,image,schedulers=1,schedulers=2,seed=1,seed=2,seed=3";

static bool word_in(const Words *w, const char *mode) {
    size_t len = strcspn(mode, "=");
    for (int i = 0; i < w->count; i++) {
        const char *item = w->items[i];
        size_t item_len = strcspn(item, ",");
        if (strncmp(item, mode, item_len) == 0 && (item_len == len || mode[item_len] == '\0')) {
            return true;
        }
    }
    return false;
}

// What is no program runs once, with the mode `source`.
static bool mode_fits(const Test *test, const char *mode) {
    if (test->kind != KIND_PROGRAM) {
        return strcmp(mode, "source") == 0;
    }
    return (test->only.count == 0 || word_in(&test->only, mode)) && !word_in(&test->never, mode);
}

static void add_all(Words *to, const Words *from) {
    for (int i = 0; i < from->count; i++) {
        words_add(to, from->items[i]);
    }
}

static const char *image_path(int number) {
    Text image = {0};
    text_print(&image, "%s/%d.copc", exec_folder(), number);
    return image.bytes;
}

static void command_program(Run *run, const char *coppice, int number) {
    const Test *test = run->test;
    const char *image = image_path(number);
    bool as_image = strcmp(run->mode, "image") == 0;
    words_add(&run->command, coppice);
    words_add(&run->command, "run");
    const char *value = strchr(run->mode, '=');
    if (value != NULL) {
        Text flag = {0};
        text_print(&flag, "--%.*s", (int)(value - run->mode), run->mode);
        words_add(&run->command, flag.bytes);
        words_add(&run->command, value + 1);
    }
    add_all(&run->command, &test->flags);
    words_add(&run->command, as_image ? image : test->path);
    add_all(&run->command, &test->args);
    if (as_image) {
        words_add(&run->build, coppice);
        words_add(&run->build, "build");
        words_add(&run->build, test->path);
        words_add(&run->build, "-o");
        words_add(&run->build, image);
    }
}

static void command_session(Run *run, const Options *options) {
    Text slowness = {0};
    text_print(&slowness, "%g", options->slowness);
    words_add(&run->command, ".build/testrun");
    words_add(&run->command, "-x");
    words_add(&run->command, slowness.bytes);
    words_add(&run->command, "--session");
    words_add(&run->command, run->test->path);
    words_add(&run->command, options->coppice);
}

static void command_other(Run *run, const Options *options, int number) {
    const char *coppice = options->coppice;
    const Test *test = run->test;
    Text dump = {0};
    switch (test->kind) {
    case KIND_TESTS:
        words_add(&run->command, coppice);
        words_add(&run->command, "test");
        break;
    case KIND_ERRORS:
        words_add(&run->command, coppice);
        words_add(&run->command, "build");
        words_add(&run->command, "-o");
        words_add(&run->command, image_path(number)); // never written: it does not compile
        break;
    case KIND_STAGE:
        text_print(&dump, "--dump=%s", test->stage);
        words_add(&run->command, coppice);
        words_add(&run->command, "build");
        words_add(&run->command, dump.bytes);
        break;
    case KIND_SCRIPT: words_add(&run->command, "sh"); break;
    case KIND_SESSION: command_session(run, options); return;
    case KIND_PROGRAM: break;
    }
    add_all(&run->command, &test->flags);
    words_add(&run->command, test->path);
}

static Run *make_runs(const TestList *tests, const char *modes, const Options *options,
                      Counts *counts, int *count) {
    Words names = {0};
    char *copy = strdup(modes);
    for (char *m = strtok(copy, ","); m != NULL; m = strtok(NULL, ",")) {
        words_add(&names, m);
    }
    Run *runs = calloc((size_t)tests->count * (size_t)names.count + 1, sizeof *runs);
    int n = 0;
    for (int i = 0; i < tests->count; i++) {
        const Test *test = &tests->items[i];
        if (test->skip != NULL) {
            counts->skipped++;
            printf("SKIP %s: %s\n", test->path, test->skip);
            continue;
        }
        for (int m = 0; m < names.count; m++) {
            if (mode_fits(test, names.items[m])) {
                Run *run = &runs[n++];
                run->test = test;
                run->mode = names.items[m];
                if (test->kind == KIND_PROGRAM) {
                    command_program(run, options->coppice, n);
                } else {
                    command_other(run, options, n);
                }
            }
        }
    }
    *count = n;
    return runs;
}

// A path as it is typed: with or without tests/ before it and .cop behind it, or one of the two
// other words.
static void find_named(TestList *tests, const char *name, bool must_exist) {
    struct stat info;
    Text path = {0};
    if (strcmp(name, "manual") == 0) {
        text_print(&path, "compiler/MANUAL.md");
    } else if (strcmp(name, "library") == 0) {
        text_print(&path, "stdlib");
    } else if (must_exist && stat(name, &info) == 0) {
        text_print(&path, "%s", name);
    } else {
        text_print(&path, "tests/%s", name);
    }
    if (stat(path.bytes, &info) != 0) {
        if (!must_exist) {
            return;
        }
        text_print(&path, ".cop");
    }
    find_tests(tests, path.bytes);
}

static void find_all(TestList *tests, char **paths) {
    for (size_t i = 0; *paths == NULL && i < sizeof everything / sizeof *everything; i++) {
        find_named(tests, everything[i], false);
    }
    for (; *paths != NULL; paths++) {
        find_named(tests, *paths, true);
    }
}

static void run_programs(char **paths, const char *modes, const Options *options, Counts *counts) {
    if (access(options->coppice, X_OK) != 0) {
        perror(options->coppice);
        counts->failed++;
        return;
    }
    setenv("COPPICE", options->coppice, 1);
    TestList tests = {0};
    find_all(&tests, paths);
    int count = 0;
    Run *runs = make_runs(&tests, modes, options, counts, &count);
    exec_folder();
    exec_all(runs, count, options, check_run, counts);
    exec_cleanup();
    free(runs);
}

int main(int argc, char **argv) {
    static const struct option longs[] = {
        {"accept", no_argument, NULL, 'A'},
        {"unit", required_argument, NULL, 'U'},
        {"fuzz", required_argument, NULL, 'F'},
        {"tally", required_argument, NULL, 'T'},
        {"total", required_argument, NULL, 'S'},
        {"session", required_argument, NULL, 'P'},
        {"check", required_argument, NULL, 'C'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    Options options = {
        .coppice = ".build/coppice", .jobs = (int)sysconf(_SC_NPROCESSORS_ONLN), .slowness = 1};
    const char *modes = default_modes;
    const char *unit = NULL;
    const char *fuzz = NULL;
    const char *check = NULL;
    const char *session = NULL;
    const char *total = NULL;
    int c;
    while ((c = getopt_long(argc, argv, "m:c:j:x:vh", longs, NULL)) != -1) {
        switch (c) {
        case 'm': modes = optarg; break;
        case 'c': options.coppice = optarg; break;
        case 'j': options.jobs = atoi(optarg) > 0 ? atoi(optarg) : 1; break;
        case 'x': options.slowness = atof(optarg); break;
        case 'v': options.verbose = true; break;
        case 'A': options.accept = true; break;
        case 'U': unit = optarg; break;
        case 'F': fuzz = optarg; break;
        case 'C': check = optarg; break;
        case 'P': session = optarg; break;
        case 'T': options.tally = optarg; break;
        case 'S': total = optarg; break;
        default: fputs(usage, stderr); return 2;
        }
    }
    if (session != NULL) {
        return session_play(session, argv + optind, options.slowness);
    }
    Counts counts = {0};
    if (total != NULL) {
        tally_read(total, &counts);
    } else if (unit != NULL) {
        suite_unit(unit, &options, &counts);
    } else if (fuzz != NULL) {
        suite_fuzz(fuzz, argv + optind, &options, &counts);
    } else if (check != NULL) {
        suite_check(check, argv + optind, &options, &counts);
    } else {
        run_programs(argv + optind, modes, &options, &counts);
    }
    if (options.tally != NULL) {
        tally_add(options.tally, &counts);
    }
    printf("%d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped);
    return counts.failed > 0 ? 1 : 0;
}

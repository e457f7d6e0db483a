// The differential fuzzer: makes programs (gen.h), runs each in many ways (modes.h), and when one
// way does not do what the others do, prints the smallest program that it can find (reduce.h) which
// shows it. What a program did is what it printed and its status.
//
//   differ [-s SEED] [-n COUNT] [-t SECONDS] [-j WORKERS] [-o FOLDER] [-x FACTOR]
//                     programs SEED, SEED + 1 and so on; those with a fault are left in FOLDER;
//                     FACTOR multiplies time limits, for a machine that is emulated
//   differ -p SEED    prints a program
//   differ FILE       runs a file in all modes
//
// SPDX-License-Identifier: Apache-2.0
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/differ/gen.h"
#include "tests/fuzz/differ/modes.h"
#include "tests/fuzz/differ/reduce.h"
#include "vm/base/check.h"

enum { REFERENCE = 1, REDUCE_SECONDS = 120 };

// Seconds: how long the reference may take, how long it may take for the slow modes to be tried,
// and how long any mode may take then.
static const double REFERENCE_MAX = 0.5;
static const double SLOW_MAX = 0.01;
static const double LIMIT = 10;
static double slowness = 1;

typedef struct {
    uint32_t ran;
    uint32_t rejected;
    uint32_t useless;
    uint32_t late;
    uint32_t faults;
} Tally;

static bool is_slow(const Mode *mode) {
    return mode->stress != NULL;
}

static uint32_t fast_modes(void) {
    uint32_t set = 0;
    for (uint32_t i = 0; i < mode_count; i++) {
        set |= is_slow(&modes[i]) ? 0 : 1u << i;
    }
    return set;
}

static Str text_of(Arena *arena, const Node *program) {
    Buf text = buf_new(arena);
    node_print(program, &text);
    return buf_view(&text);
}

// The modes of `set` that disagree with the reference; 0 as well when that says nothing.
static uint32_t find_faults(Str text, uint32_t set, Result *results) {
    modes_run(text.ptr, text.len, set | REFERENCE, LIMIT * slowness, results);
    const Result *reference = &results[0];
    if (reference->outcome != RAN) {
        return reference->outcome == CRASHED ? REFERENCE : 0;
    }
    if (modes_tells_nothing(reference)) {
        return 0;
    }
    uint32_t faults = 0;
    for (uint32_t i = 1; i < mode_count; i++) {
        bool tried = (set >> i & 1) != 0;
        bool slow = is_slow(&modes[i]) && results[i].outcome == LATE;
        bool told = tried && !slow && !modes_tells_nothing(&results[i]);
        faults |= told && !modes_agree(reference, &results[i]) ? 1u << i : 0;
    }
    return faults;
}

typedef struct {
    uint32_t mode; // its bit
    Outcome outcome;
    Result *results;
} Wanted;

static bool still_shows(void *context, const Node *program) {
    const Wanted *wanted = context;
    Arena arena;
    arena_init(&arena);
    uint32_t faults = find_faults(text_of(&arena, program), wanted->mode, wanted->results);
    arena_free(&arena);
    return (faults & wanted->mode) != 0 &&
           wanted->results[__builtin_ctz(wanted->mode)].outcome == wanted->outcome;
}

static void print_result(const Mode *mode, const Result *result) {
    enum { SHOWN = 3000 };
    static const char *const outcomes[] = {"status", "does not compile", "signal", "late"};
    printf("--- %s: %s %d\n%.*s\n", mode->name, outcomes[result->outcome], result->status,
           (int)(result->size < SHOWN ? result->size : SHOWN), result->output);
}

static void report(Arena *arena, Node *program, uint64_t seed, uint32_t faults, const char *folder,
                   Result *results) {
    uint32_t mode = faults & -faults;
    Wanted wanted = {mode, results[__builtin_ctz(mode)].outcome, results};
    Reduction reduction = {still_shows, &wanted, REDUCE_SECONDS};
    printf("FAULT in program %llu, mode %s%s\n", (unsigned long long)seed,
           modes[__builtin_ctz(mode)].name, faults == mode ? "" : " and others");
    fflush(stdout);
    Node *small = node_copy(arena, program);
    reduce(arena, small, &reduction);
    Str text = text_of(arena, small);
    find_faults(text, mode, results);
    printf("%.*s", (int)text.len, text.ptr);
    print_result(&modes[0], &results[0]);
    if (mode != REFERENCE) {
        print_result(&modes[__builtin_ctz(mode)], &results[__builtin_ctz(mode)]);
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/fault_%llu.cop", folder, (unsigned long long)seed);
    mkdir(folder, 0777);
    FILE *f = fopen(path, "w");
    if (f != NULL) {
        fwrite(text.ptr, 1, text.len, f);
        fclose(f);
        printf("in %s\n", path);
    }
    fflush(stdout);
}

static void try_program(uint64_t seed, const char *folder, Tally *tally) {
    Result *results = modes_results();
    Arena arena;
    arena_init(&arena);
    Node *program = gen_program(&arena, seed);
    Str text = text_of(&arena, program);
    uint32_t faults = find_faults(text, REFERENCE, results);
    const Result *reference = &results[0];
    if (reference->outcome == REJECTED) {
        tally->rejected++;
    } else if (reference->outcome == LATE || reference->seconds > REFERENCE_MAX * slowness ||
               modes_tells_nothing(reference)) {
        tally->useless++;
    } else {
        tally->ran++;
        uint32_t all =
            reference->seconds < SLOW_MAX * slowness ? (1u << mode_count) - 1 : fast_modes();
        faults |= faults == 0 ? find_faults(text, all, results) : 0;
        for (uint32_t i = 1; i < mode_count; i++) {
            tally->late += (all >> i & 1) != 0 && results[i].outcome == LATE;
        }
    }
    if (faults != 0) {
        tally->faults++;
        report(&arena, program, seed, faults, folder, results);
    }
    arena_free(&arena);
}

static int run_file(const char *path) {
    static char text[1 << 20];
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        perror(path);
        return 2;
    }
    size_t size = fread(text, 1, sizeof text, f);
    fclose(f);
    Result *results = modes_results();
    uint32_t faults = find_faults((Str){text, size}, (1u << mode_count) - 1, results);
    print_result(&modes[0], &results[0]);
    for (uint32_t i = 1; i < mode_count; i++) {
        if ((faults >> i & 1) != 0) {
            print_result(&modes[i], &results[i]);
        }
    }
    return faults == 0 && results[0].outcome == RAN ? 0 : 1;
}

static void print_program(uint64_t seed) {
    Arena arena;
    arena_init(&arena);
    Str text = text_of(&arena, gen_program(&arena, seed));
    printf("%.*s", (int)text.len, text.ptr);
    arena_free(&arena);
}

typedef struct {
    uint64_t first;
    uint64_t count;
    double seconds;
    const char *folder;
    uint32_t step; // how many workers there are
} Task;

// Every `step`th program from the first on. How many had faults.
static uint32_t work(const Task *task) {
    Tally tally = {0};
    double start = modes_now();
    for (uint64_t i = 0; i < task->count && modes_now() - start < task->seconds; i += task->step) {
        try_program(task->first + i, task->folder, &tally);
    }
    printf("%u programs: %u faults; besides %u too long, %u not compiled; %u runs late\n",
           tally.ran, tally.faults, tally.useless, tally.rejected, tally.late);
    return tally.faults;
}

static int work_together(Task task) {
    fflush(stdout);
    for (uint32_t i = 1; i < task.step; i++) {
        if (fork() == 0) {
            task.first += i;
            task.count -= task.count < i ? task.count : i;
            exit(work(&task) > 0);
        }
    }
    bool bad = work(&task) > 0;
    int status;
    while (wait(&status) > 0) {
        bad = bad || status != 0;
    }
    return bad;
}

static const char usage[] =
    "usage: differ [-s SEED] [-n COUNT] [-t SECONDS] [-j WORKERS] [-o FOLDER] [-x FACTOR]\n"
    "       differ -p SEED | FILE\n";

int main(int argc, char **argv) {
    Task task = {1, UINT64_MAX, 1e9, ".build/faults", 1};
    int c;
    while ((c = getopt(argc, argv, "s:n:t:j:o:p:x:")) != -1) {
        switch (c) {
        case 's': task.first = strtoull(optarg, NULL, 10); break;
        case 'n': task.count = strtoull(optarg, NULL, 10); break;
        case 't': task.seconds = atof(optarg); break;
        case 'j': task.step = (uint32_t)atoi(optarg); break;
        case 'o': task.folder = optarg; break;
        case 'x': slowness = atof(optarg); break;
        case 'p': print_program(strtoull(optarg, NULL, 10)); return 0;
        default: fputs(usage, stderr); return 2;
        }
    }
    return optind < argc ? run_file(argv[optind]) : work_together(task);
}

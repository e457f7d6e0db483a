// Suites that are programs of their own, the unit tests (Criterion) and fuzz targets (libFuzzer),
// and the tally in which the parts of `make test` are counted together.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void no_check(Run *run, const Options *options, Counts *counts) {
    (void)run, (void)options, (void)counts;
}

static Run run_program(Words command, int limit_s, const Options *options) {
    static Test test;
    test = (Test){.path = command.items[0], .kind = KIND_SCRIPT, .limit_s = limit_s};
    Run run = {.test = &test, .mode = "", .command = command};
    Options alone = *options;
    alone.jobs = 1;
    exec_all(&run, 1, &alone, no_check, NULL);
    return run;
}

static void print_failed(const char *program, const Run *run) {
    printf("FAIL %s: exit status %d%s\n%s%s", program, run->exit_status,
           run->timed_out ? ", not in time" : "", run->out.bytes, run->err.bytes);
}

// Leaks that a sanitizer found at the end of tests which had passed by then: Criterion looks at no
// status.
static int count_leaks(const char *err) {
    static const char mark[] = "ERROR: LeakSanitizer";
    int count = 0;
    while ((err = strstr(err, mark)) != NULL) {
        err += sizeof mark - 1;
        count++;
    }
    return count;
}

void suite_unit(const char *program, const Options *options, Counts *counts) {
    Words command = {0};
    words_add(&command, program);
    words_add(&command, "-j2");
    Run run = run_program(command, 300, options);
    const char *line = strstr(run.err.bytes, "Synthesis:");
    int tested, passed, failed, crashed;
    if (line == NULL ||
        sscanf(line, "Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: %d", &tested,
               &passed, &failed, &crashed) != 4) {
        print_failed(program, &run);
        counts->failed++;
        return;
    }
    int leaks = count_leaks(run.err.bytes);
    counts->passed += passed - leaks;
    counts->failed += tested - passed + leaks;
    if (tested != passed || leaks > 0 || run.exit_status != 0) {
        print_failed(program, &run);
        counts->failed += tested == passed && leaks == 0;
    }
}

// Its time is given as options->slowness, in seconds.
void suite_fuzz(const char *program, char **folders, const Options *options, Counts *counts) {
    Words command = {0};
    Text seconds = {0};
    text_print(&seconds, "-max_total_time=%d", (int)options->slowness);
    words_add(&command, program);
    words_add(&command, seconds.bytes);
    words_add(&command, "-timeout=10");
    words_add(&command, "-rss_limit_mb=3000");
    for (; *folders != NULL; folders++) {
        words_add(&command, *folders);
    }
    Options patient = *options;
    patient.slowness = 1;
    Run run = run_program(command, (int)options->slowness + 60, &patient);
    if (run.exit_status == 0 && !run.timed_out) {
        counts->passed++;
    } else {
        print_failed(program, &run);
        counts->failed++;
    }
}

void suite_check(const char *program, char **arguments, const Options *options, Counts *counts) {
    Words command = {0};
    words_add(&command, program);
    for (; *arguments != NULL; arguments++) {
        words_add(&command, *arguments);
    }
    Options patient = *options;
    patient.slowness = 1;
    Run run = run_program(command, (int)options->slowness, &patient);
    if (run.exit_status == 0 && !run.timed_out) {
        counts->passed++;
        printf("%s", run.out.bytes);
    } else {
        print_failed(program, &run);
        counts->failed++;
    }
}

void tally_add(const char *path, const Counts *counts) {
    FILE *f = fopen(path, "a");
    if (f == NULL ||
        fprintf(f, "%d %d %d\n", counts->passed, counts->failed, counts->skipped) < 0 ||
        fclose(f) != 0) {
        perror(path);
        exit(2);
    }
}

void tally_read(const char *path, Counts *counts) {
    FILE *f = fopen(path, "r");
    Counts part;
    while (f != NULL && fscanf(f, "%d %d %d", &part.passed, &part.failed, &part.skipped) == 3) {
        counts->passed += part.passed;
        counts->failed += part.failed;
        counts->skipped += part.skipped;
    }
    if (f == NULL) {
        perror(path);
        counts->failed++;
    } else {
        fclose(f);
    }
    Text bad_path = {0};
    text_print(&bad_path, "%s.bad", path);
    Text bad = {0};
    if (text_read(&bad, bad_path.bytes)) {
        printf("%s", bad.bytes);
        for (size_t i = 0; i < bad.len; i++) {
            counts->failed += bad.bytes[i] == '\n';
        }
    }
}

// The runner of the program tests: what its parts share.
//
// find.c walks the folders and makes a Test of each file; expect.c reads a file's expectations;
// main.c makes a Run for each test and mode; exec.c starts runs, several at a time, each in its own
// process group with a time limit; check.c compares and reports. session.c plays terminal sessions,
// suites.c runs the unit tests and fuzz targets, which are programs of their own, and counts all
// together. One thread; memory lives until the runner ends. What it expects of a test file is
// written in tests/README.md.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A growing string; bytes[len] is always 0.
typedef struct Text {
    char *bytes;
    size_t len;
    size_t capacity;
} Text;

void text_add(Text *t, const char *bytes, size_t len);
void text_print(Text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The whole of a file; false, with errno, if it cannot be read.
bool text_read(Text *t, const char *path);

// A growing list of strings, which ends in NULL.
typedef struct Words {
    char **items;
    int count;
} Words;

void words_add(Words *w, const char *word);
// Adds the words of a line, as a shell without expansions would split it ('…' and "…" hold blanks).
void words_split(Words *w, const char *line);

typedef enum Kind {
    KIND_PROGRAM, // run it, compare what it prints
    KIND_TESTS,   // `coppice test`
    KIND_ERRORS,  // does not compile: compare the diagnostics
    KIND_STAGE,   // compare the dump of one stage with a golden file
    KIND_SCRIPT,  // a shell script that drives the command
    KIND_SESSION, // a person at a terminal
} Kind;

typedef struct ErrorExpectation {
    int line;
    const char *text;
} ErrorExpectation;

// A test file and what stands in its comments.
typedef struct Test {
    const char *path;
    Kind kind;
    const char *stage; // KIND_STAGE: the golden's ending, which names the stage
    Text out;          // the whole of standard output
    Words err_parts;   // what standard error must hold, in this order
    bool any_err;
    Text diagnostics; // KIND_ERRORS: the whole of standard error, if .has_golden
    bool has_golden;
    bool has_expectations;
    bool has_tests; // a test block or a doc test stands in it
    bool has_code_outside_tests;
    ErrorExpectation *errors; // KIND_ERRORS: for .line, one line of standard error that holds .text
    int error_count;
    int exit_status;
    Words args;
    Words flags;
    Words env;
    Text input;
    Words only;
    Words never;
    int limit_s;
    const char *skip; // why it does not run, or NULL
} Test;

typedef struct TestList {
    Test *items;
    int count;
} TestList;

// Adds the tests in a file or folder.
void find_tests(TestList *list, const char *path);
// Reads the expectations of test->path into *test, which is zero but for .path.
void expect_read(Test *test);

// One execution of a test.
typedef struct Run {
    const Test *test;
    const char *mode; // "source", "image", "schedulers=2", "seed=7"
    Words build;      // the command that comes first, or nothing
    Words command;
    // Set by the execution:
    Text out;
    Text err;
    int exit_status; // 128 + n when ended by signal n
    double seconds;
    bool timed_out;
    bool flooded; // ended by us, for it printed too much
    bool build_failed;
    bool failed; // set by check_run
} Run;

typedef struct Options {
    const char *coppice;
    int jobs;
    double slowness; // multiplies time limits
    bool verbose;
    bool accept;       // write golden files anew
    const char *tally; // where to add the counts, or NULL
} Options;

typedef struct Counts {
    int passed;
    int failed;
    int skipped;
} Counts;

// Executes all runs, options->jobs at a time, and calls done for each as it ends.
void exec_all(Run *runs, int count, const Options *options,
              void (*done)(Run *, const Options *, Counts *), Counts *counts);
// A folder for temporary files, of this runner alone; removed by exec_cleanup.
const char *exec_folder(void);
void exec_cleanup(void);

// Judges a run that has ended: counts it, and prints what is wrong.
void check_run(Run *run, const Options *options, Counts *counts);

// Plays a .session file with a command on a pseudo terminal; the exit status for main.
int session_play(const char *path, char **command, double slowness);

// Criterion's and libFuzzer's programs.
void suite_unit(const char *program, const Options *options, Counts *counts);
void suite_fuzz(const char *program, char **folders, const Options *options, Counts *counts);
// A program that passes with status 0, in options->slowness seconds.
void suite_check(const char *program, char **arguments, const Options *options, Counts *counts);
// The counts collected in options->tally by earlier runners.
void tally_add(const char *path, const Counts *counts);
void tally_read(const char *path, Counts *counts);

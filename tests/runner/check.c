// Judges runs: compares what a program did with what its file says, and prints the difference and
// the command that repeats it.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIFF_LINES = 1500, SHOWN_LINES = 60, SHOWN_BYTES = 4000, SHOWN_FAILURES = 40 };

typedef struct Line {
    const char *start;
    int len;
} Line;

static int split_lines(const Text *t, Line *lines, int limit) {
    int count = 0;
    for (const char *at = t->bytes; at < t->bytes + t->len && count < limit;) {
        const char *end = memchr(at, '\n', t->len - (size_t)(at - t->bytes));
        if (end == NULL) {
            end = t->bytes + t->len;
        }
        lines[count++] = (Line){at, (int)(end - at)};
        at = end + 1;
    }
    return count;
}

static bool line_equal(Line a, Line b) {
    return a.len == b.len && memcmp(a.start, b.start, (size_t)a.len) == 0;
}

static void print_line(const char *mark, Line line) {
    printf("    %s", mark);
    for (int i = 0; i < line.len && i < 400; i++) {
        unsigned char c = (unsigned char)line.start[i];
        if ((c < ' ' && c != '\t') || c == 127) {
            printf("\\x%02x", c);
        } else {
            putchar(c);
        }
    }
    putchar('\n');
}

// Longest common subsequence by the textbook's table: the outputs are short. Prints the first lines
// only.
static void print_diff(const Text *expected, const Text *got) {
    Line *a = malloc(DIFF_LINES * sizeof *a);
    Line *b = malloc(DIFF_LINES * sizeof *b);
    int n = split_lines(expected, a, DIFF_LINES);
    int m = split_lines(got, b, DIFF_LINES);
    uint16_t *common = calloc(((size_t)n + 1) * ((size_t)m + 1), sizeof *common);
    int width = m + 1;
    for (int i = n - 1; i >= 0; i--) {
        for (int j = m - 1; j >= 0; j--) {
            uint16_t down = common[(i + 1) * width + j];
            uint16_t right = common[i * width + j + 1];
            common[i * width + j] = line_equal(a[i], b[j]) ? common[(i + 1) * width + j + 1] + 1
                                                           : (down > right ? down : right);
        }
    }
    puts("    --- expected, +++ printed");
    int shown = 0;
    for (int i = 0, j = 0; (i < n || j < m) && shown < SHOWN_LINES; shown++) {
        if (i < n && j < m && line_equal(a[i], b[j])) {
            print_line("  ", a[i]);
            i++, j++;
        } else if (j == m || (i < n && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
            print_line("- ", a[i++]);
        } else {
            print_line("+ ", b[j++]);
        }
    }
    if (shown == SHOWN_LINES) {
        puts("    …");
    }
    if (expected->len > 0 && got->len > 0 &&
        expected->bytes[expected->len - 1] != got->bytes[got->len - 1]) {
        puts("    (the last line break differs)");
    }
    free(common);
    free(a);
    free(b);
}

static void print_indented(const char *title, const Text *t) {
    if (t->len == 0) {
        return;
    }
    Text part = {.bytes = t->bytes, .len = t->len < SHOWN_BYTES ? t->len : SHOWN_BYTES};
    Line *lines = malloc(SHOWN_BYTES * sizeof *lines);
    int count = split_lines(&part, lines, SHOWN_BYTES);
    printf("  %s:\n", title);
    for (int i = 0; i < count; i++) {
        print_line("| ", lines[i]);
    }
    if (part.len < t->len) {
        printf("    | … %zu bytes more\n", t->len - part.len);
    }
    free(lines);
}

// As one would type it; a temporary file, which is gone by now, goes to .build/ instead.
static void print_words(const Words *w) {
    size_t folder_len = strlen(exec_folder());
    for (int i = 0; i < w->count; i++) {
        const char *word = w->items[i];
        bool plain = word[0] != '\0' && strpbrk(word, " \t\"'$&|;<>*?()#\\") == NULL;
        bool temporary = strncmp(word, exec_folder(), folder_len) == 0;
        printf(plain ? " %s%s" : " '%s%s'", temporary ? ".build" : "",
               temporary ? word + folder_len : word);
    }
}

static void print_repeat(const Run *run) {
    printf("  repeat:");
    print_words(&run->test->env);
    if (run->build.count > 0) {
        print_words(&run->build);
        printf(" &&");
    }
    print_words(&run->command);
    putchar('\n');
}

// What is wrong with a run, or NULL.
static const char *stderr_fault(const Run *run) {
    const Test *test = run->test;
    const char *at = run->err.bytes;
    for (int i = 0; i < test->err_parts.count; i++) {
        const char *part = test->err_parts.items[i];
        at = strstr(at, part);
        if (at == NULL) {
            return "standard error lacks what is expected there";
        }
        at += strlen(part);
    }
    bool quiet = test->err_parts.count == 0 && !test->any_err;
    return quiet && run->err.len > 0 ? "something is printed to standard error" : NULL;
}

static bool text_equal(const Text *a, const Text *b) {
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

// A line of standard error speaks of line number `line`, with this text.
static bool has_diagnostic(const Text *err, const ErrorExpectation *e) {
    char place[32];
    snprintf(place, sizeof place, ":%d:", e->line);
    for (const char *at = err->bytes; (at = strstr(at, place)) != NULL; at++) {
        const char *end = strchrnul(at, '\n');
        const char *text = strstr(at, e->text);
        if (text != NULL && text < end) {
            return true;
        }
    }
    return false;
}

static const char *diagnostics_fault(const Run *run) {
    const Test *test = run->test;
    if (run->exit_status != 1) {
        return run->exit_status == 0 ? "it compiles" : "the compiler failed";
    }
    if (test->has_golden && !text_equal(&test->diagnostics, &run->err)) {
        return "the diagnostics differ";
    }
    for (int i = 0; i < test->error_count; i++) {
        if (!has_diagnostic(&run->err, &test->errors[i])) {
            return "an expected error is not reported at its line";
        }
    }
    return test->has_golden || test->error_count > 0
               ? NULL
               : "no expectation: write its .err file (--accept)";
}

static const char *fault(const Run *run) {
    const Test *test = run->test;
    if (run->timed_out) {
        return "it did not end in time";
    }
    if (run->flooded) {
        return "it prints without end";
    }
    if (run->build_failed) {
        return "it could not be built";
    }
    if (test->kind == KIND_ERRORS) {
        return diagnostics_fault(run);
    }
    if (test->kind == KIND_PROGRAM || test->kind == KIND_STAGE) {
        if (!text_equal(&test->out, &run->out)) {
            return "standard output differs";
        }
        const char *wrong = stderr_fault(run);
        if (wrong != NULL) {
            return wrong;
        }
    }
    return run->exit_status != test->exit_status ? "wrong exit status" : NULL;
}

static void print_failure(const Run *run, const char *wrong) {
    const Test *test = run->test;
    printf("FAIL %s (%s): %s\n", test->path, run->mode, wrong);
    if (test->kind == KIND_ERRORS && test->has_golden) {
        print_diff(&test->diagnostics, &run->err);
    } else if ((test->kind == KIND_PROGRAM || test->kind == KIND_STAGE) &&
               !text_equal(&test->out, &run->out)) {
        print_diff(&test->out, &run->out);
    } else {
        print_indented("standard output", &run->out);
    }
    if (test->kind != KIND_ERRORS || !test->has_golden) {
        print_indented("standard error", &run->err);
    }
    int expected_status = test->kind == KIND_ERRORS ? 1 : test->exit_status;
    if (run->exit_status != expected_status && !run->timed_out && !run->flooded) {
        printf("  exit status %d, expected %d\n", run->exit_status, expected_status);
    }
    print_repeat(run);
    fflush(stdout);
}

// Writes the golden file of a stage or of diagnostics as it is now.
static bool accept_golden(const Run *run) {
    const Test *test = run->test;
    bool errors = test->kind == KIND_ERRORS && run->exit_status == 1 && test->error_count == 0;
    bool stage = test->kind == KIND_STAGE && run->exit_status == 0;
    if (!errors && !stage) {
        return false;
    }
    Text path = {0};
    text_print(&path, "%.*s.%s", (int)(strlen(test->path) - strlen(".cop")), test->path,
               stage ? test->stage : "err");
    const Text *bytes = stage ? &run->out : &run->err;
    FILE *f = fopen(path.bytes, "wb");
    if (f == NULL || fwrite(bytes->bytes, 1, bytes->len, f) != bytes->len || fclose(f) != 0) {
        perror(path.bytes);
        exit(2);
    }
    printf("wrote %s\n", path.bytes);
    return true;
}

void check_run(Run *run, const Options *options, Counts *counts) {
    const char *wrong = fault(run);
    if (run->test->kind == KIND_SCRIPT && run->exit_status == 77 && !run->timed_out) {
        printf("SKIP %s: %.*s\n", run->test->path, (int)strcspn(run->out.bytes, "\n"),
               run->out.bytes);
        counts->skipped++;
    } else if (wrong == NULL || (options->accept && accept_golden(run))) {
        counts->passed++;
        if (options->verbose) {
            printf("ok   %s (%s) %.0f ms\n", run->test->path, run->mode, run->seconds * 1000);
        }
    } else {
        run->failed = true;
        counts->failed++;
        if (counts->failed <= SHOWN_FAILURES) {
            print_failure(run, wrong);
        } else {
            printf("FAIL %s (%s): %s\n", run->test->path, run->mode, wrong);
        }
    }
    free(run->out.bytes);
    free(run->err.bytes);
}

// Reads what a test file says about itself in its comments: tests/README.md lists the words.
//
// A directive stands at the end of a line of code or on a line of its own. The table below is the
// one place that knows them; a word that looks like a directive and is none is an error, so that a
// misspelt one does not pass as a comment.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum Word {
    WORD_OUT,
    WORD_ERR,
    WORD_ERROR,
    WORD_EXIT,
    WORD_ANY_ERR,
    WORD_ARGS,
    WORD_FLAGS,
    WORD_ENV,
    WORD_INPUT,
    WORD_ONLY,
    WORD_NOT,
    WORD_LIMIT,
    WORD_SKIP,
} Word;

static const struct Directive {
    const char *name;
    Word word;
} directives[] = {
    {"expect:", WORD_OUT},       {"expect stderr:", WORD_ERR}, {"expect error:", WORD_ERROR},
    {"expect exit:", WORD_EXIT}, {"any stderr", WORD_ANY_ERR}, {"args:", WORD_ARGS},
    {"flags:", WORD_FLAGS},      {"env:", WORD_ENV},           {"stdin:", WORD_INPUT},
    {"only:", WORD_ONLY},        {"not:", WORD_NOT},           {"time limit:", WORD_LIMIT},
    {"skip:", WORD_SKIP},
};

static void add_error(Test *test, int line, const char *text) {
    test->errors = realloc(test->errors, ((size_t)test->error_count + 1) * sizeof *test->errors);
    if (test->errors == NULL) {
        exit(2);
    }
    test->errors[test->error_count++] = (ErrorExpectation){.line = line, .text = strdup(text)};
}

static void apply(Test *test, Word word, const char *value, int line) {
    switch (word) {
    case WORD_OUT:
        text_print(&test->out, "%s\n", value);
        test->has_expectations = true;
        break;
    case WORD_ERR:
        words_add(&test->err_parts, value);
        test->has_expectations = true;
        break;
    case WORD_ERROR: add_error(test, line, value); break;
    case WORD_EXIT:
        test->exit_status = atoi(value);
        test->has_expectations = true;
        break;
    case WORD_ANY_ERR: test->any_err = true; break;
    case WORD_ARGS: words_split(&test->args, value); break;
    case WORD_FLAGS: words_split(&test->flags, value); break;
    case WORD_ENV: words_split(&test->env, value); break;
    case WORD_INPUT: text_print(&test->input, "%s\n", value); break;
    case WORD_ONLY: words_split(&test->only, value); break;
    case WORD_NOT: words_split(&test->never, value); break;
    case WORD_LIMIT: test->limit_s = atoi(value); break;
    case WORD_SKIP: test->skip = strdup(value); break;
    }
}

// The directive that a comment, given from behind its "# ", starts with; *value is what follows it.
static const struct Directive *directive_at(const char *comment, const char **value) {
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++) {
        size_t len = strlen(directives[i].name);
        if (strncmp(comment, directives[i].name, len) == 0) {
            *value = comment + len + (comment[len] == ' ');
            return &directives[i];
        }
    }
    return NULL;
}

// The last comment of a line that is a directive.
static void read_line(Test *test, const char *line, int number) {
    const char *value = NULL;
    for (const char *c = line + strlen(line); c-- > line;) {
        if (c[0] == '#' && c[1] == ' ' && (c == line || c[-1] == ' ')) {
            const struct Directive *d = directive_at(c + 2, &value);
            if (d != NULL) {
                apply(test, d->word, value, number);
                return;
            }
            if (strncmp(c + 2, "expect ", 7) == 0) {
                fprintf(stderr, "%s:%d: no such directive: %s\n", test->path, number, c);
                exit(2);
            }
        }
    }
}

// The lines of "# Prints:", with their three blanks taken off. Returns where the block ends.
static const char *read_prints(Test *test, const char *at) {
    int blank_lines = 0;
    test->has_expectations = true;
    while (*at == '#') {
        const char *end = strchrnul(at, '\n');
        const char *c = at + 1;
        if (c == end) {
            blank_lines++;
        } else {
            for (; blank_lines > 0; blank_lines--) {
                text_add(&test->out, "\n", 1);
            }
            for (int i = 0; i < 3 && *c == ' '; i++) {
                c++;
            }
            text_print(&test->out, "%.*s\n", (int)(end - c), c);
        }
        at = *end == '\n' ? end + 1 : end;
    }
    return at;
}

static bool starts_with(const char *s, const char *prefix) {
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static void read_sibling(const Test *test, const char *ending, Text *into, bool *found) {
    Text path = {0};
    text_print(&path, "%.*s%s", (int)(strrchr(test->path, '.') - test->path), test->path, ending);
    Text bytes = {0};
    if (text_read(&bytes, path.bytes)) {
        *into = bytes;
        *found = true;
    }
}

void expect_read(Test *test) {
    Text source = {0};
    if (!text_read(&source, test->path)) {
        perror(test->path);
        exit(2);
    }
    text_add(&test->out, "", 0);
    test->limit_s = 10;
    int number = 1;
    for (const char *at = source.bytes; *at != '\0'; number++) {
        const char *end = strchrnul(at, '\n');
        char *line = strndup(at, (size_t)(end - at));
        at = *end == '\n' ? end + 1 : end;
        if (strcmp(line, "# Prints:") == 0) {
            at = read_prints(test, at);
        } else {
            read_line(test, line, number);
        }
        test->has_tests |=
            starts_with(line, "test \"") || starts_with(line + strspn(line, " "), "## >> ");
        test->has_code_outside_tests |=
            starts_with(line, "fn main") || starts_with(line, "pub fn main");
        free(line);
    }
    bool found = false;
    read_sibling(test, ".in", &test->input, &found);
    read_sibling(test, ".out", &test->out, &test->has_expectations);
    read_sibling(test, ".err", &test->diagnostics, &test->has_golden);
}

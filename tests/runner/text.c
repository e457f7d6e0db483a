// Strings and word lists of the runner. Memory is never given back: the runner is short-lived.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/runner/runner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *grow(void *old, size_t size_bytes) {
    void *p = realloc(old, size_bytes);
    if (p == NULL) {
        fputs("testrun: out of memory\n", stderr);
        exit(2);
    }
    return p;
}

void text_add(Text *t, const char *bytes, size_t len) {
    if (t->len + len + 1 > t->capacity) {
        t->capacity = (t->len + len + 1) * 2;
        t->bytes = grow(t->bytes, t->capacity);
    }
    if (len > 0) {
        memcpy(t->bytes + t->len, bytes, len);
    }
    t->len += len;
    t->bytes[t->len] = '\0';
}

void text_print(Text *t, const char *format, ...) {
    char *line = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&line, format, args);
    va_end(args);
    if (len < 0) {
        exit(2);
    }
    text_add(t, line, (size_t)len);
    free(line);
}

bool text_read(Text *t, const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return false;
    }
    char buffer[16384];
    size_t n;
    text_add(t, "", 0);
    while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) {
        text_add(t, buffer, n);
    }
    bool ok = !ferror(f);
    fclose(f);
    return ok;
}

void words_add(Words *w, const char *word) {
    w->items = grow(w->items, ((size_t)w->count + 2) * sizeof *w->items);
    w->items[w->count] = strdup(word);
    if (w->items[w->count] == NULL) {
        exit(2);
    }
    w->items[++w->count] = NULL;
}

void words_split(Words *w, const char *line) {
    const char *c = line;
    for (;;) {
        while (*c == ' ' || *c == '\t') {
            c++;
        }
        if (*c == '\0') {
            return;
        }
        Text word = {0};
        text_add(&word, "", 0);
        char quote = '\0';
        for (; *c != '\0' && (quote != '\0' || (*c != ' ' && *c != '\t')); c++) {
            if (quote != '\0' ? *c == quote : (*c == '"' || *c == '\'')) {
                quote = quote != '\0' ? '\0' : *c;
            } else {
                text_add(&word, c, 1);
            }
        }
        words_add(w, word.bytes);
        free(word.bytes);
    }
}

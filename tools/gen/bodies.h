// SPDX-License-Identifier: Apache-2.0
// Reading the bodies of ops from *.op.h files: shared by the generators that print them.
//
// A body begins with a line `op(name) {` and ends with a line `}`; its text is taken as it stands.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *text; // from the brace on
    char file[64];
    int line;
} Body;

static inline void die(const char *what, const char *which) {
    fprintf(stderr, "%s %s\n", what, which);
    exit(1);
}

// find gives the index of a name in `bodies`, or -1.
static inline void read_bodies(const char *path, Body *bodies, int (*find)(const char *, size_t)) {
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        die("cannot read", path);
    }
    char line[512];
    Body *body = NULL;
    size_t len = 0;
    for (int number = 1; fgets(line, sizeof line, f) != NULL; number++) {
        if (body == NULL && strncmp(line, "op(", 3) == 0) {
            char *close = strchr(line, ')');
            int op = close == NULL ? -1 : find(line + 3, (size_t)(close - line - 3));
            if (op < 0 || bodies[op].text != NULL) {
                die("no such op, or a second body:", line);
            }
            body = &bodies[op];
            body->line = number;
            snprintf(body->file, sizeof body->file, "%s", path);
            len = 0;
            body->text = calloc(1, 1);
            memmove(line, close + 1, strlen(close + 1) + 1);
        }
        if (body != NULL) {
            body->text = realloc(body->text, len + strlen(line) + 1);
            strcpy(body->text + len, line);
            len += strlen(line);
            if (strcmp(line, "}\n") == 0) {
                body = NULL;
            }
        }
    }
    if (body != NULL) {
        die("a body without an end in", path);
    }
    fclose(f);
}

static inline void print_body(const Body *body) {
    printf("#line %d \"%s\"\n%s", body->line, body->file, body->text);
}

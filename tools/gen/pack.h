// SPDX-License-Identifier: Apache-2.0
// What stencilpack.c has of a machine: pack_MACHINE.h fills it in.
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 400, LINE_MAX_BYTES = 160 };

static inline void die(const char *what, const char *which) {
    fprintf(stderr, "stencilpack: %s %s\n", what, which);
    exit(1);
}

// A function of the assembly: its labels and instructions.
typedef struct {
    char name[64];
    bool call;
    char lines[LINES_MAX][LINE_MAX_BYTES];
    int count;
} Text;

// "jne" and ".LBB0_2"; what a conditional jump compares, as in "cbz x8, .LBB0_2", is in `operands`,
// with the comma behind it.
typedef struct {
    char mnemonic[16];
    char operands[32];
    char target[64];
} Jump;

typedef struct {
    const char *name;
    const char *comment; // what begins one
    const char *jump;    // always
    const char *to_register;
    const char *(*inverses)[2]; // of conditional jumps; the last is NULL
    const char *returns;        // from a stencil
    // False: it is no jump.
    bool (*parse_jump)(const char *line, Jump *jump);
    bool (*touches_stack)(const char *line);
    // Before a function is split.
    void (*prepare)(Text *text);
    // A call in place of the jump, and what stands behind it.
    void (*put_call)(const Jump *jump);
    // The name of a FillType (vm/jit/machine_MACHINE.h) for a relocation; NULL: there is none.
    const char *(*fill_type)(uint32_t relocation);
} Machine;

static inline bool starts(const char *line, const char *with) {
    return strncmp(line, with, strlen(with)) == 0;
}

static inline bool is_label(const char *line) {
    return line[0] == '.' && strchr(line, ':') != NULL;
}

// SPDX-License-Identifier: Apache-2.0
// From places in code to places in the source. An entry holds from its offset up to the next one's;
// what was inlined there has a frame for each function, innermost first. Immutable; any thread.
// Tests: tests/unit/vm/code/loader_test.c.
#pragma once

#include "vm/code/module.h"

typedef struct {
    Term function; // atom: its name
    uint32_t file; // of Module.files
    uint32_t line;
} LineFrame;

typedef struct {
    uint32_t offset; // words
    uint32_t first;  // of LineTable.frames
    uint32_t count;
} LineEntry;

// One for each function.
struct LineTable {
    uint32_t entry_count;
    LineEntry *entries; // by offset
    LineFrame *frames;
};
typedef struct LineTable LineTable;

// The frames of word `offset` of the function, innermost first; *count is 0 when the image says
// nothing.
const LineFrame *lines_find(const Function *function, uint32_t offset, uint32_t *count);
// The file's name, "?" when there is none of that number.
const char *lines_file(const Function *function, const LineFrame *frame);

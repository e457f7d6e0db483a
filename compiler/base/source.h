// Sources: the texts of one compilation, by file number, and where their lines begin.
//
// A Source keeps a copy of its text with a NUL behind it, since the lexer stops there and
// diagnostics quote it later. Lines are found when first asked for. A line ends with a line feed; a
// carriage return before it belongs to neither line. One thread. Tests:
// tests/unit/compiler/base/base_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/span.h"
#include "compiler/base/str.h"
#include "compiler/base/vec.h"

// A longer text is cut here, and the parser says so: offsets have 32 bits.
enum { SOURCE_MAX_BYTES = 1 << 29 };

typedef struct Source {
    Str path; // as messages show it
    Str text; // NUL behind its end
    bool is_cut;
    uint32_t *line_starts; // offsets, ascending; NULL until asked for
    uint32_t line_count;
} Source;

typedef struct Sources {
    Arena *arena;
    VEC(Source) files;
} Sources;

// A place as people count: line and column from 1, the column in code points (a byte that is no
// part of valid UTF-8 counts as one).
typedef struct Place {
    uint32_t line;
    uint32_t column;
} Place;

void sources_init(Sources *sources, Arena *arena);

// Adds a file and returns its number. Copies path and text.
uint32_t sources_add(Sources *sources, Str path, Str text);

// The file of a number; the pointer is good until the next sources_add.
Source *sources_file(const Sources *sources, uint32_t file);

// Where `offset` (at most the text's length) is. O(log lines + column).
Place source_place(Sources *sources, uint32_t file, uint32_t offset);

// The text of line `line` (from 1) without its end.
Str source_line(Sources *sources, uint32_t file, uint32_t line);

// The text a span covers.
Str source_text(const Sources *sources, Span span);

// SPDX-License-Identifier: Apache-2.0
// What an image carries for tools: tests, documentation, the checker's types. Kept as it stands in
// the image, which must stay, but looked through when it is loaded; read one entry after another.
// Immutable; any thread. Tests: tests/unit/vm/code/loader_test.c.
#pragma once

#include "vm/code/module.h"

// A piece of text in the image, not ended by a zero.
typedef struct {
    const char *data;
    size_t len;
} MetaText;

typedef struct {
    MetaText name;
    const Function *function; // of no arguments
    uint32_t line;
} MetaTest;

typedef struct {
    DocKind kind;
    MetaText name;
    uint32_t arity;
    MetaText signature;
    MetaText text;
    uint32_t line;
} MetaDoc;

struct ModuleMeta {
    uint32_t test_count;
    MetaTest *tests;
    uint32_t doc_count;
    MetaDoc *docs;
    const uint8_t *types; // TYPE chunk
    size_t types_bytes;
};
typedef struct ModuleMeta ModuleMeta;

// Interned names: equal texts are the same pointer, so that `==` compares names.
//
// A Name is an atom's text, an identifier, a dotted module name or a path; the table knows nothing
// of which. It lives in the compilation's arena, and an entry never moves. `id` counts from 0 in
// the order of first appearance, so that a pass may keep what it knows of names in an array. Open
// addressing with linear probing; the hash is kept in the entry. One thread. Tests:
// tests/unit/compiler/base/base_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/str.h"

typedef const struct NameEntry *Name;

struct NameEntry {
    uint32_t hash;
    uint32_t id;
    uint32_t len;
    char text[]; // `len` bytes and a NUL; quoted atoms may hold any byte
};

// The names of names.def, to index `known` with.
enum {
#define NAME(id, text) NAME_##id,
#include "compiler/base/names.def"
#undef NAME
    NAME_COUNT
};

typedef struct Intern {
    Arena *arena;
    Name *slots; // a power of two of them, NULL when free
    uint32_t slot_count;
    uint32_t count;
    Name known[NAME_COUNT];
} Intern;

// Makes a table in `arena` with the names of names.def in it.
void intern_init(Intern *in, Arena *arena);

// The one Name of these bytes. Amortised O(len).
Name intern_str(Intern *in, Str text);

// The Name of a C string literal or other terminated text.
Name intern_text(Intern *in, const char *text);

static inline Str name_str(Name name) {
    return (Str){name->text, name->len};
}

// Is it the known name `id`, e.g. name_is(n, NAME_START)?
static inline bool name_is(Name name, uint32_t id) {
    return name->id == id;
}

// SPDX-License-Identifier: Apache-2.0
// Atoms: interned texts of at most ATOM_LEN_MAX bytes of UTF-8, numbered in order of first use.
//
// The table only grows. Entries stand in segments that never move, so atom_text and friends read
// without a lock, as does finding an existing atom: its hash index is an array of atomic slots that
// is replaced as a whole when full (old ones are kept until the table ends). Adding takes
// LOCK_ATOM. An Atom's hash depends on its text and the salt. The table carries the VM's salt and
// MemStats as well, so that comparing, hashing, printing and maps need just this one pointer. Any
// thread. Tests: tests/unit/vm/term/atom_test.c, tests/fault.
#pragma once

#include "vm/base/alloc.h"
#include "vm/base/lock.h"
#include "vm/term/term.h"

// Predeclared atoms: ATOM_INDEX_ok is the number, AM_ok the term (atoms.def).
typedef enum {
#define ATOM(name)            ATOM_INDEX_##name,
#define ATOM_TEXT(name, text) ATOM_INDEX_##name,
#include "vm/term/atoms.def"
#undef ATOM
#undef ATOM_TEXT
    ATOM_PREDECLARED_COUNT
} AtomIndex;

#define ATOM_TERM(name)                                                                            \
    static const Term AM_##name                                                                    \
        __attribute__((unused)) = {((uint64_t)ATOM_INDEX_##name << 8) | IMM_ATOM};
#define ATOM(name)            ATOM_TERM(name)
#define ATOM_TEXT(name, text) ATOM_TERM(name)
#include "vm/term/atoms.def"
#undef ATOM
#undef ATOM_TEXT
#undef ATOM_TERM

// For `switch (t.bits) { case ATOM_BITS(ok): … }`.
#define ATOM_BITS(name) (((uint64_t)ATOM_INDEX_##name << 8) | IMM_ATOM)

enum {
    ATOM_LEN_MAX = 65535,         // bytes
    ATOM_COUNT_DEFAULT = 1 << 20, // of a VM, unless asked for otherwise
    ATOM_SEGMENTS = 32,
};

typedef enum { ATOM_OK, ATOM_TOO_LONG, ATOM_TOO_MANY, ATOM_NO_MEMORY } AtomStatus;

typedef struct {
    const char *text; // a zero follows, not counted; the text may hold zeros itself
    uint64_t hash;
    uint64_t prefix; // the first eight bytes, big-endian, zero padded: decides most orderings
    uint32_t len;    // bytes
    bool is_word;    // may be written without quotes
} Atom;

typedef struct AtomHashIndex AtomHashIndex;
typedef struct AtomPage AtomPage;

struct AtomTable {
    MemStats *mem;
    uint64_t salt;
    uint32_t limit;
    _Atomic uint32_t
        count; // entries below it are complete (release; readers of a number acquired it elsewhere)
    _Atomic(Atom *) segments[ATOM_SEGMENTS];
    _Atomic(AtomHashIndex *) index;
    Lock lock;       // for adding
    AtomPage *pages; // of texts
    size_t page_left;
};

// With the atoms of atoms.def in it. limit 0: ATOM_COUNT_DEFAULT. NULL when there is no memory.
AtomTable *atom_table_new(MemStats *mem, uint64_t salt, uint32_t limit);
void atom_table_free(AtomTable *table);

// The atom of a text, made if it is new. The text must be valid UTF-8 (not checked here).
MUST_USE AtomStatus atom_intern(AtomTable *table, const char *text, size_t len, Term *atom);
// The atom of a text if there is one. Never waits.
bool atom_find(const AtomTable *table, const char *text, size_t len, Term *atom);

static inline const Atom *atom_at(const AtomTable *table, uint32_t index) {
    // Segment 0 holds the first 256 entries, segment s > 0 the 128 << s from number 128 << s on.
    uint32_t s = index < 256 ? 0 : 31u - (uint32_t)__builtin_clz(index) - 7;
    const Atom *segment = atomic_load_explicit(&table->segments[s], memory_order_acquire);
    return segment + (s == 0 ? index : index - (128u << s));
}

static inline const Atom *atom_get(const AtomTable *table, Term atom) {
    return atom_at(table, term_to_atom(atom));
}

// Ended by a zero; good as long as the table.
static inline const char *atom_text(const AtomTable *table, Term atom) {
    return atom_get(table, atom)->text;
}

// By text, as bytes: below, equal to or above 0.
int atom_compare(const AtomTable *table, Term a, Term b);

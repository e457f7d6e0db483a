// Patterns as the match compiler wants them: names resolved, constants computed, bindings apart.
//
// A Pat asks something of one value; what is bound to the value itself (`x`, `p as x`) is listed in
// `binds`, so that `x` alone is PAT_ANY. Lists are chains of PAT_CONS. pattern.c makes Pats and
// reports what is wrong with a pattern, once; match.c turns rows of them into a decision tree.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/core/lower_private.h"

typedef struct Pat Pat;
typedef struct BitsPat BitsPat;

typedef enum PatKind {
    PAT_ANY,
    PAT_CONST, // value
    PAT_SET,   // any of several small integers and atoms: consts
    PAT_TUPLE, // items
    PAT_CONS,  // items: head, tail
    PAT_EMPTY,
    PAT_MAP,    // entries
    PAT_RECORD, // record, items: one for each field, PAT_ANY where none is given
    PAT_RANGE,  // value, last: integer constants
    PAT_PIN,    // atom
    PAT_BITS,   // bits
    PAT_REST,   // what begins at `segment` of bits; asked of positions only (match_bits.c)
    PAT_OR,     // items; each binds the same names
} PatKind;

// A name bound to a value.
typedef struct PatBind {
    Name name;
    Span span;
    const BitsPat *within; // the innermost bytes pattern it stands in, or NULL
    struct PatBind *next;
} PatBind;

// A key that a map must have; entries are a chain.
typedef struct PatEntry {
    CoreExpr *key; // atomic
    Pat *value;
    struct PatEntry *next;
} PatEntry;

typedef struct PatSegment {
    Span span;
    uint32_t spec; // SEG_*
    Str literal;   // of a literal text; then nothing else counts
    bool is_literal;
    bool is_rest; // bytes without a size
    int64_t bits; // size when it is constant (bytes: in bits too); -1: `size` says
    const AstNode *size;
    bool size_reported; // the size was lowered once: what is wrong with it has been said
    Pat *value;
} PatSegment;

struct BitsPat {
    PatSegment *segments;
    uint32_t count;
};

struct Pat {
    PatKind kind;
    Span span;
    PatBind *binds;
    const CoreConst *value;
    const CoreConst *last;
    const CoreConst **consts;
    uint32_t const_count;
    Pat **items;
    uint32_t item_count;
    PatEntry *entries;
    uint32_t record;
    CoreExpr *atom;
    BitsPat *bits;
    uint32_t segment;
    bool is_needed; // of an alternative: some leaf of the tree comes by it
};

typedef VEC(Pat *) Pats;

// What one clause's patterns bind, in order of appearance.
typedef VEC(PatBind *) PatNames;

typedef struct Patterns {
    Lower *L;
    Chain *before;     // values that patterns compare with are bound here (pinned cells, keys)
    uint32_t size;     // parts of all patterns made so far
    bool is_too_large; // one of them was, which has been reported
    // Of the clause at hand:
    PatNames *names;
    const BitsPat *within;
    Pats alternatives; // of all PAT_OR made so far
} Patterns;

// The Pat of a pattern; names it binds are added to p->names. Never NULL; after a report maybe
// PAT_ANY.
Pat *pattern_make(Patterns *p, const AstNode *node);

// Are two atomic expressions surely the same value?
bool pattern_same_atom(const CoreExpr *a, const CoreExpr *b);

static inline bool pattern_is_switchable(const CoreConst *c) {
    const int64_t limit = (int64_t)1 << 60;
    return c->kind == CONST_ATOM ||
           (c->kind == CONST_INT && c->integer < limit && c->integer > -limit);
}

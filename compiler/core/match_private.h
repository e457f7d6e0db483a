// The match compiler's own structures, shared by match.c and match_bits.c.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/core/pattern.h"

typedef struct Occ Occ;

typedef enum OccHow {
    OCC_BOUND, // in a variable from the start: a subject, or what a test binds
    OCC_ELEM,  // element `index` of the tuple `parent`
    OCC_FIELD, // field `index` of `parent`, a `record`
    OCC_HEAD,
    OCC_TAIL,
    OCC_BITS, // a position in the bytes `parent`
} OccHow;

// The parts of a value under one view of it: tuple of so many, record, cell.
typedef struct OccParts {
    OccHow how;
    uint32_t id; // how many elements; which record
    Occ *items;
    struct OccParts *next;
} OccParts;

// A value inside the subjects. It is put into a variable where it is first needed on a path.
struct Occ {
    OccHow how;
    Occ *parent;
    uint32_t index;
    uint32_t record;
    CoreVar var; // 0: in none here
    OccParts *parts;
    bool is_small; // an unsigned integer of so few bits that it can be a size unchecked
    // OCC_BITS: the position is base + offset, in bits
    CoreVar total; // size of the bytes, in bits
    CoreVar base;  // 0: none
    int64_t offset;
};

// What a row still asks of a value. Chains are shared and not changed.
typedef struct Ask {
    Occ *occ;
    const Pat *pat;
    struct Ask *next;
} Ask;

typedef struct Known {
    const PatBind *bind;
    Occ *occ;
    struct Known *next;
} Known;

// Where a row that asks nothing more goes, when that is not its clause: the joint continuation of
// alternatives.
typedef struct OrLeaf {
    Target *target;
    const PatNames *names;
} OrLeaf;

// The alternatives by which a row came about.
typedef struct Chosen {
    Pat *alternative;
    struct Chosen *next;
} Chosen;

typedef struct Row {
    uint32_t clause;
    Ask *asks;
    Known *known;
    Chosen *chosen;
    const OrLeaf *leaf;
} Row;

typedef VEC(Row *) Rows;

typedef struct MatchClause {
    const LowerClause *clause;
    PatNames names;
    Target target;
    bool guard_reported; // the guard was lowered once: what is wrong with it has been said
} MatchClause;

typedef struct Match {
    Lower *L;
    Arena *arena;
    Span span;
    MatchClause *clauses;
    uint32_t node_count;
    uint32_t node_limit; // with more the rows are no longer mixed
    bool gave_up;        // that happened, so what is not reached need not be unreachable
    VEC(Occ *) trail;    // occurrences put into variables on this path, newest last
} Match;

// The tree of these rows; where none fits it goes to `fail`.
CoreExpr *match_compile(Match *m, const Rows *rows, Target *fail);

// The value in a variable, bound by the chain if need be.
CoreExpr *match_atom(Match *m, Chain *chain, Occ *occ);
// Gives an occurrence that a test binds its variable, until the path ends.
CoreVar match_bind(Match *m, Occ *occ);
Occ *match_occ(Match *m);

// The ask of a row about an occurrence, or NULL.
Ask *match_ask_of(const Row *row, const Occ *occ);
// The row without one of its asks.
Row *match_without(Match *m, const Row *row, const Ask *ask);
// Adds an ask to a row made by match_without; names bound to the value become known.
void match_add(Match *m, Row *row, Occ *occ, const Pat *pat);

// A test with the trees of both sides (fields other than operands are set by the caller).
CoreExpr *match_test(Match *m, Span span, CoreTestKind kind, CoreExpr *left, CoreExpr *right);

// ---- match_split.c ----

// The test of an ask of the first row, with the trees of the rows on both sides.
CoreExpr *match_split(Match *m, const Rows *rows, const Ask *ask, Chain *chain, Target *fail);

// How many of the first rows are split by the test without any being in both parts. Only tests that
// tell little apart (of a key, a segment, a pinned value, a range) are limited so: with them trees
// would grow fast.
uint32_t match_group_len(const Match *m, const Rows *rows, const Ask *chosen);

// Is the ask (or NULL) about small integers and atoms, which a switch tells apart?
bool match_is_switchable(const Ask *ask);

// ---- match_bits.c ----

// Rows after a PAT_BITS or PAT_REST of the first row was chosen (match_bits.c).
CoreExpr *match_bits(Match *m, const Rows *rows, const Ask *ask, Target *fail);
bool match_rest_parts_ways(const Ask *ask, const Ask *chosen);
CoreExpr *match_rest(Match *m, const Rows *rows, const Row *row, const Ask *ask, Target *fail);

// SPDX-License-Identifier: Apache-2.0
// The word. A Term is 64 bits; the low three are its tag:
//
//   000, 100  small integer: the value << 2, so 62 bits, added and compared without untagging
//   010, 101, 110  float: the double rotated left by 4, plus 2. The three tags are the exponents that
//             begin 000 (zero and tiny), 011 (2^-255 .. 2) and 100 (2 .. 2^257); other doubles are boxed
//   001       cons cell: pointer to two words, head and tail, without a header
//   011       boxed: pointer to a header word (kind, size) and its words (kinds.def)
//   111       immediate; bits 3..7 tell which: atom, local pid, [], header, non-values
//
// Invariants: equal small values have equal bits (`term_same_bits` decides exact equality of
// immediates); every integer in the small range is small and every double with a tag is tagged, so
// no value has two forms. A header word is no value and stands only at the start of a box. Terms
// are values and belong to whoever holds the heap they point into: a process, a fragment or a
// literal area. Nothing here allocates. All functions are pure and safe on any thread. Tests:
// tests/unit/vm/term.
#pragma once

#include <string.h>

#include "vm/vm.h"

typedef struct {
    uint64_t bits;
} Term;

static_assert(sizeof(Term) == 8, "a Term is one word");

enum {
    TAG_MASK = 7,
    TAG_CONS = 1,
    TAG_BOX = 3,
    TAG_IMM = 7,
    IMM_MASK = 0xff,
    IMM_ATOM = 0x07,
    IMM_PID = 0x0f,
    IMM_EMPTY = 0x17,
    IMM_NONVALUE = 0x1f,
    IMM_HEADER = 0x27,
};

typedef enum {
#define KIND_ALL_RAW         0xff
#define KIND(name, raw, doc) KIND_##name,
#include "vm/term/kinds.def"
#undef KIND
    KIND_COUNT
} Kind;

#define TERM_LITERAL(b) ((Term){(uint64_t)(b)})
// The empty list.
#define TERM_EMPTY TERM_LITERAL(IMM_EMPTY)
// No value: what a C function returns after fail(); never stored where a collection or program sees
// it.
#define TERM_NONE TERM_LITERAL(0x001f)
// A built-in's answer "call me again": see vm/bif/bif.h.
#define TERM_YIELD TERM_LITERAL(0x011f)
// A built-in's answer "I wait": as TERM_YIELD, but the process sleeps until a signal or its timer.
#define TERM_WAIT TERM_LITERAL(0x021f)
// Head of a cons cell that was moved; the tail is where to. Only inside a collection.
#define TERM_MOVED TERM_LITERAL(0x031f)

#define SMALL_MAX ((INT64_C(1) << 61) - 1)
#define SMALL_MIN (-(INT64_C(1) << 61))

static inline bool term_same_bits(Term a, Term b) {
    return a.bits == b.bits;
}

static inline bool term_is_value(Term t) {
    return (t.bits & IMM_MASK) != IMM_NONVALUE && (t.bits & IMM_MASK) != IMM_HEADER;
}

// Small integers ---------------------------------------------------------------------------------

static inline bool term_is_small(Term t) {
    return (t.bits & 3) == 0;
}

static inline bool terms_are_small(Term a, Term b) {
    return ((a.bits | b.bits) & 3) == 0;
}

static inline bool small_fits(int64_t v) {
    return v >= SMALL_MIN && v <= SMALL_MAX;
}

// v must fit (small_fits).
static inline Term term_small(int64_t v) {
    return TERM_LITERAL((uint64_t)v << 2);
}

static inline int64_t term_to_small(Term t) {
    return (int64_t)t.bits >> 2;
}

// Floats -----------------------------------------------------------------------------------------

// Whether a tag tells it (a boxed float is none here: see term_is_float in box.h).
static inline bool term_is_flo(Term t) {
    return (0x64646464u >> (t.bits & 31)) & 1;
}

static inline uint64_t flo_encode(double d) {
    uint64_t b;
    memcpy(&b, &d, sizeof b);
    return ((b << 4) | (b >> 60)) + 2;
}

// Whether d has a tagged form.
static inline bool flo_fits(double d) {
    return term_is_flo(TERM_LITERAL(flo_encode(d)));
}

// d must fit (flo_fits).
static inline Term term_flo(double d) {
    return TERM_LITERAL(flo_encode(d));
}

static inline double term_to_flo(Term t) {
    uint64_t b = t.bits - 2;
    b = (b >> 4) | (b << 60);
    double d;
    memcpy(&d, &b, sizeof d);
    return d;
}

// Whether it is neither infinite nor not a number.
static inline bool raw_is_finite(double d) {
    double zero = d - d;
    return zero == zero;
}

static inline double raw_load(const Term *slot) {
    double d;
    memcpy(&d, slot, sizeof d);
    return d;
}

static inline void raw_store(Term *slot, double d) {
    memcpy(slot, &d, sizeof d);
}

enum { FLO_EXACT_BITS = 53 }; // integers of a double's precision

// The value as a double, when that is exact and `t` is a small integer or a tagged float.
static inline bool term_exact_double(Term t, double *d) {
    if (term_is_flo(t)) {
        *d = term_to_flo(t);
        return true;
    }
    int64_t v = term_to_small(t);
    *d = (double)v;
    return term_is_small(t) && v <= INT64_C(1) << FLO_EXACT_BITS &&
           v >= -(INT64_C(1) << FLO_EXACT_BITS);
}

// Atoms and pids ---------------------------------------------------------------------------------

static inline bool term_is_atom(Term t) {
    return (t.bits & IMM_MASK) == IMM_ATOM;
}

static inline Term term_atom(uint32_t index) {
    return TERM_LITERAL(((uint64_t)index << 8) | IMM_ATOM);
}

static inline uint32_t term_to_atom(Term t) {
    return (uint32_t)(t.bits >> 8);
}

enum { PID_INDEX_BITS = 28, PID_SERIAL_BITS = 28 };

static inline bool term_is_pid(Term t) {
    return (t.bits & IMM_MASK) == IMM_PID;
}

// A process of this VM: its slot in the table and how often the slot had been used before.
static inline Term term_pid(uint32_t index, uint32_t serial) {
    return TERM_LITERAL(((uint64_t)serial << (8 + PID_INDEX_BITS)) | ((uint64_t)index << 8) |
                        IMM_PID);
}

static inline uint32_t pid_index(Term t) {
    return (uint32_t)(t.bits >> 8) & ((1u << PID_INDEX_BITS) - 1);
}

static inline uint32_t pid_serial(Term t) {
    return (uint32_t)(t.bits >> (8 + PID_INDEX_BITS));
}

static inline bool term_is_empty(Term t) {
    return t.bits == IMM_EMPTY;
}

// Cells and boxes --------------------------------------------------------------------------------

static inline bool term_is_cons(Term t) {
    return (t.bits & TAG_MASK) == TAG_CONS;
}

static inline bool term_is_box(Term t) {
    return (t.bits & TAG_MASK) == TAG_BOX;
}

// Whether it points to memory (a cell or a box).
static inline bool term_is_pointer(Term t) {
    return (t.bits & 5) == 1;
}

static inline Term *term_pointer(Term t) {
    return (Term *)(uintptr_t)(t.bits & ~(uint64_t)TAG_MASK);
}

// The same when the tag is known: the compiler folds it into the address.
static inline Term *cons_pointer(Term t) {
    return (Term *)(uintptr_t)(t.bits - TAG_CONS);
}

static inline Term *box_pointer(Term t) {
    return (Term *)(uintptr_t)(t.bits - TAG_BOX);
}

static inline Term term_from_cons(const Term *cell) {
    return TERM_LITERAL((uint64_t)(uintptr_t)cell + TAG_CONS);
}

static inline Term term_from_box(const Term *box) {
    return TERM_LITERAL((uint64_t)(uintptr_t)box + TAG_BOX);
}

static inline Term cons_head(Term t) {
    return cons_pointer(t)[0];
}

static inline Term cons_tail(Term t) {
    return cons_pointer(t)[1];
}

// Headers: bits 0-7 IMM_HEADER, 8-15 kind, 16-23 flags, 24-63 size in words without the header.
enum { HEADER_NEGATIVE = 1 }; // flag of a BIGNUM

static inline Term header_make(Kind kind, size_t words, unsigned flags) {
    return TERM_LITERAL(((uint64_t)words << 24) | ((uint64_t)flags << 16) | ((uint64_t)kind << 8) |
                        IMM_HEADER);
}

static inline bool term_is_header(Term t) {
    return (t.bits & IMM_MASK) == IMM_HEADER;
}

static inline Kind header_kind(Term h) {
    return (Kind)((h.bits >> 8) & 0xff);
}

static inline unsigned header_flags(Term h) {
    return (h.bits >> 16) & 0xff;
}

static inline size_t header_words(Term h) {
    return h.bits >> 24;
}

static inline Kind box_kind(Term t) {
    return header_kind(box_pointer(t)[0]);
}

// Words after the header.
static inline size_t box_words(Term t) {
    return header_words(box_pointer(t)[0]);
}

// How many of the words after a header are raw, for a box of `words` words.
static inline size_t kind_raw_words(Kind kind, size_t words) {
    static const uint8_t raw[KIND_COUNT] = {
#define KIND(name, raw, doc) raw,
#include "vm/term/kinds.def"
#undef KIND
    };
    return raw[kind] == KIND_ALL_RAW ? words : raw[kind];
}

static inline bool term_is_kind(Term t, Kind kind) {
    return term_is_box(t) && box_kind(t) == kind;
}

// The i-th word after the header as a term, and as a raw word.
static inline Term box_term(Term t, size_t i) {
    return box_pointer(t)[1 + i];
}

static inline uint64_t box_raw(Term t, size_t i) {
    return box_pointer(t)[1 + i].bits;
}

// Tuples -----------------------------------------------------------------------------------------

static inline bool term_is_tuple(Term t) {
    return term_is_kind(t, KIND_TUPLE);
}

static inline size_t tuple_size(Term t) {
    return box_words(t);
}

static inline Term tuple_at(Term t, size_t i) {
    return box_term(t, i);
}

// Truth: only false and nil are falsy. Both are atoms of fixed numbers (atoms.def: FALSE 0, NIL 1,
// TRUE 2).
#define TERM_FALSE TERM_LITERAL(0x007)
#define TERM_NIL   TERM_LITERAL(0x107)
#define TERM_TRUE  TERM_LITERAL(0x207)

static inline bool term_is_falsy(Term t) {
    return (t.bits & ~UINT64_C(0x100)) == 0x007;
}

static inline Term term_bool(bool b) {
    return b ? TERM_TRUE : TERM_FALSE;
}

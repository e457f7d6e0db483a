// SPDX-License-Identifier: Apache-2.0
// Readers of the kinds of term that term.h leaves to boxes: numbers, closures, refs, ranges,
// records. Nothing here allocates; all pure. Tests: tests/unit/vm/term.
#pragma once

#include "vm/term/term.h"

// Numbers ----------------------------------------------------------------------------------------

static inline bool term_is_float(Term t) {
    return term_is_flo(t) || term_is_kind(t, KIND_FLOAT);
}

// t must be a float.
static inline double term_to_double(Term t) {
    if (term_is_flo(t)) {
        return term_to_flo(t);
    }
    double d;
    memcpy(&d, term_pointer(t) + 1, sizeof d);
    return d;
}

static inline bool term_is_bignum(Term t) {
    return term_is_kind(t, KIND_BIGNUM);
}

static inline bool term_is_integer(Term t) {
    return term_is_small(t) || term_is_bignum(t);
}

static inline bool term_is_number(Term t) {
    return term_is_small(t) || term_is_flo(t) ||
           (term_is_box(t) && (box_kind(t) == KIND_BIGNUM || box_kind(t) == KIND_FLOAT));
}

static inline bool bignum_is_negative(Term t) {
    return (header_flags(term_pointer(t)[0]) & HEADER_NEGATIVE) != 0;
}

// False when t is no integer or not in the range of the type.
static inline bool term_to_int64(Term t, int64_t *value) {
    if (term_is_small(t)) {
        *value = term_to_small(t);
        return true;
    }
    if (!term_is_bignum(t) || box_words(t) != 1) {
        return false;
    }
    uint64_t limb = box_raw(t, 0);
    bool negative = bignum_is_negative(t);
    if (limb > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *value = (int64_t)(negative ? -limb : limb);
    return true;
}

static inline bool term_to_uint64(Term t, uint64_t *value) {
    if (term_is_small(t)) {
        *value = (uint64_t)term_to_small(t);
        return term_to_small(t) >= 0;
    }
    if (!term_is_bignum(t) || box_words(t) != 1 || bignum_is_negative(t)) {
        return false;
    }
    *value = box_raw(t, 0);
    return true;
}

// Functions, references, ranges, records ---------------------------------------------------------

// A closure or a reference to a named function.
static inline bool term_is_fn(Term t) {
    return term_is_box(t) && (box_kind(t) == KIND_FN || box_kind(t) == KIND_FNREF);
}

static inline const Function *fn_function(Term t) {
    return (const Function *)(uintptr_t)box_raw(t, 0);
}

static inline size_t fn_captured_count(Term t) {
    return box_words(t) - 1;
}

static inline Term fn_captured(Term t, size_t i) {
    return box_term(t, 1 + i);
}

static inline bool term_is_ref(Term t) {
    return term_is_kind(t, KIND_REF);
}

static inline uint64_t ref_id(Term t) {
    return box_raw(t, 0);
}

static inline Term ref_maker(Term t) {
    return box_term(t, 1);
}

static inline bool term_is_range(Term t) {
    return term_is_kind(t, KIND_RANGE);
}

static inline bool term_is_record(Term t) {
    return term_is_kind(t, KIND_RECORD);
}

static inline const RecordDesc *record_desc(Term t) {
    return (const RecordDesc *)(uintptr_t)box_raw(t, 0);
}

static inline Term record_field(Term t, size_t i) {
    return box_term(t, 1 + i);
}

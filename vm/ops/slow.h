// SPDX-License-Identifier: Apache-2.0
// What op bodies use of C: small inline tests, and the slow paths that all engines share.
//
// A slow path takes the values of its op's sources and answers with the op's result, or
//   TERM_NONE    after process_fail…
//   TERM_YIELD   to be run again from its start after others had their turn; what it has done is in p->work
//   TERM_WAIT    the same, when something woke the process
//   SLOW_ELSE    the op goes to its label
// Tests answer TERM_TRUE, TERM_FALSE or TERM_YIELD. While one runs, p->point is the op's safepoint,
// so it may collect; its arguments are then stale but for those it has among its own roots. None
// runs longer than a millisecond or so: long work yields or goes to the blocking pool. Owner
// thread. Tests: tests/ops, tests/unit/vm/ops.
#pragma once

#include "vm/boot.h"
#include "vm/code/module.h"
#include "vm/code/unwind.h"
#include "vm/ops/words.h"
#include "vm/proc/ask.h"
#include "vm/proc/receive.h"
#include "vm/proc/send.h"
#include "vm/term/box.h"
#include "vm/term/bytes.h"
#include "vm/term/list.h"
#include "vm/term/map.h"
#include "vm/term/record.h"

// "Goes to the label": never stored.
#define SLOW_ELSE TERM_LITERAL(0x051f)

// Tests ------------------------------------------------------------------------------------------

static inline bool term_is_bool(Term t) {
    return term_same_bits(t, TERM_TRUE) || term_same_bits(t, TERM_FALSE);
}

// Without a constant in memory, which a stencil has none of.
static inline double raw_negated(double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    bits += UINT64_C(1) << 63;
    __asm__("" : "+r"(bits));
    memcpy(&d, &bits, sizeof d);
    return d;
}

static inline double raw_root(double d) {
    return __builtin_sqrt(d);
}

static inline bool box_is_headed(Term t, Term header) {
    return term_is_box(t) && term_same_bits(box_pointer(t)[0], header);
}

// Bytes of different length are not equal, which needs no look at them.
static inline __attribute__((always_inline)) bool bytes_differ_at_sight(Term a, Term b) {
    if (!term_is_bytes(a)) {
        return false;
    }
    uint64_t len = bytes_len(a);
    __asm__("" : "+r"(len)); // one after the other: a stencil has few registers
    return term_is_bytes(b) && bytes_len(b) != len;
}

static inline bool record_is_of(Term t, const RecordDesc *desc) {
    return term_is_record(t) && record_desc(t) == desc;
}

// The function that a closure calls with `arity` arguments; NULL when it is none, or of another
// arity.
static inline const Function *fn_callee(Term fn, uint32_t arity) {
    if (!term_is_kind(fn, KIND_FN)) {
        return NULL;
    }
    const Function *f = fn_function(fn);
    return f->arity == arity ? f : NULL;
}

// Where a `switch` goes: `cases` are pairs of a constant and an address, sorted by the constant's
// bits.
uint64_t switch_find(Term t, const uint64_t *cases, uint32_t count, uint64_t otherwise);

// Calls ------------------------------------------------------------------------------------------

// What an import leads to now; NULL after :undef(name).
const Target *slow_link(Process *p, Import *import);
// What a function reference leads to; NULL after :badfun(fn), :badarity(fn, n) or :undef(name).
// `fn` is no closure of that arity.
const Target *slow_reference(Process *p, Term fn, uint32_t arity);
Term slow_reraise(Process *p, Term reason);
// Makes `words` free between top and sp: TERM_TRUE, or TERM_YIELD to be called again, or TERM_NONE
// after process_limit.
Term slow_collect(Process *p, size_t words);

// Comparing --------------------------------------------------------------------------------------

Term slow_same(Process *p, Term a, Term b);
Term slow_differ(Process *p, Term a, Term b);
Term slow_eq(Process *p, Term a, Term b);
Term slow_ne(Process *p, Term a, Term b);
Term slow_lt(Process *p, Term a, Term b);
Term slow_ge(Process *p, Term a, Term b);

// Arithmetic -------------------------------------------------------------------------------------

Term slow_add(Process *p, Term a, Term b);
Term slow_sub(Process *p, Term a, Term b);
Term slow_mul(Process *p, Term a, Term b);
Term slow_div(Process *p, Term a, Term b);
// A float of any size as a term; :arithmetic when it is not finite.
Term slow_float(Process *p, double d);
// The number as a float.
Term slow_unbox(Process *p, Term a);
Term slow_mul_unbox(Process *p, Term a, Term b);
Term slow_idiv(Process *p, Term a, Term b);
Term slow_mod(Process *p, Term a, Term b);
Term slow_neg(Process *p, Term a);
Term slow_band(Process *p, Term a, Term b);
Term slow_bor(Process *p, Term a, Term b);
Term slow_bxor(Process *p, Term a, Term b);
Term slow_bnot(Process *p, Term a);
Term slow_shl(Process *p, Term a, Term b);
Term slow_shr(Process *p, Term a, Term b);

// Data -------------------------------------------------------------------------------------------

Term slow_get(Process *p, Term a, Term name);
Term slow_index(Process *p, Term a, Term key);
Term slow_range(Process *p, Term first, Term last);
Term slow_map(Process *p, const uint64_t *list, uint32_t count);
Term slow_map_put(Process *p, Term map, Term key, Term value);
Term slow_map_update(Process *p, Term map, Term key, Term value);
Term slow_map_get(Process *p, Term map, Term key);

// Bytes ------------------------------------------------------------------------------------------

Term slow_bits_int(Process *p, Term bytes, Term at, Term size, uint32_t spec);
Term slow_bits_float(Process *p, Term bytes, Term at, Term size, uint32_t spec);
Term slow_bits_utf8(Process *p, Term bytes, Term at);
Term utf8_bits(Term code_point);
Term slow_bits_bytes(Process *p, Term bytes, Term at, Term size);
Term slow_bits_rest(Process *p, Term bytes, Term at);
bool bits_match(Term bytes, Term at, Term part);
Term slow_bits_build(Process *p, const uint64_t *list, uint32_t count);
Term slow_concat(Process *p, Term a, Term b);

// Processes --------------------------------------------------------------------------------------

Term slow_recv_peek(Process *p);

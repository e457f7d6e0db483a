// SPDX-License-Identifier: Apache-2.0
// What the built-ins share: resuming, charging, answering.
//
// A built-in that may take long keeps a struct that begins with Work in p->work between its runs:
//
//   Sum *sum = bif_resume(p, bif_list_sum);
//   if (sum == NULL) { sum = bif_begin(p, sizeof *sum, bif_list_sum, sum_drop, sum_roots); if (sum == NULL) { return TERM_NONE; } }
//   … return TERM_YIELD as often as process_charge says so …
//   bif_end(p);
//
// Its `drop` frees what the struct holds and then calls bif_free. Terms in it are roots if
// each_root visits them. A reduction stands for some 50 to 100 ns of work in C; the enumerators
// below say how much that is. All of it runs on the thread of p's scheduler. Tests:
// tests/unit/vm/bif, tests/stdlib.
#pragma once

#include "vm/base/buffer.h"
#include "vm/bif/bif.h"
#include "vm/boot.h"
#include "vm/term/atom.h"
#include "vm/term/bignum.h"
#include "vm/term/box.h"
#include "vm/term/bytes.h"
#include "vm/term/list.h"
#include "vm/term/tuple.h"

enum {
    CELLS_PER_REDUCTION = 16,
    BYTES_PER_REDUCTION = 128,
    // Bytes that a loop handles before it looks at the clock of reductions again.
    SCAN_CHUNK_BYTES = 16 * 1024,
    // Cells built by one reserve.
    CELL_CHUNK = 4096,
};

static inline MemStats *bif_mem(const Process *p) {
    return p->vm->mem;
}

// The work of an earlier run of `owner`, or NULL.
void *bif_resume(const Process *p, BifFn owner);
// Zeroed work of `size` bytes, hung into p. NULL after :limit(:memory).
void *bif_begin(Process *p, size_t size, BifFn owner, void (*drop)(Process *, Work *),
                void (*each_root)(Work *, RootVisit, void *));
// Drops p->work.
void bif_end(Process *p);
// Frees the struct itself: the last line of a drop function.
void bif_free(Process *p, Work *work);
// bif_end, then the failure.
Term bif_end_badarg(Process *p, Term value);
Term bif_end_memory(Process *p);

// Charges for `count` units of which a reduction stands for `per`; true when it is time to yield.
static inline bool bif_charge(Process *p, size_t count, size_t per) {
    return process_charge(p, 1 + (int32_t)(count / per));
}

// Answers. Each reserves: all terms but args and `value` are stale afterwards. TERM_NONE after a
// failure.
Term bif_bytes(Process *p, const void *data, size_t len);
Term bif_text(Process *p, const char *text);
Term bif_integer(Process *p, int64_t value);
Term bif_unsigned(Process *p, uint64_t value);
// Fails with :arithmetic when d is no finite number.
Term bif_float(Process *p, double d);
Term bif_pair(Process *p, Term a, Term b);
static inline Term bif_ok(Process *p, Term value) {
    return bif_pair(p, AM_ok, value);
}
static inline Term bif_error(Process *p, Term reason) {
    return bif_pair(p, AM_error, reason);
}
// An atom made of C text (not of input). TERM_NONE after a failure.
Term bif_atom(Process *p, const char *text);

// What a buffer holds as bytes, copied in slices: TERM_YIELD while there is more to copy. `shared`
// and `copied` start as NULL and 0; the owner of the work frees the buffer, and releases `shared`
// if it is not NULL.
typedef struct {
    Buffer text;
    SharedBytes *shared;
    size_t copied;
} OutText;

void out_text_init(OutText *out, Process *p);
void out_text_free(OutText *out);
Term out_text_finish(Process *p, OutText *out);
// Room for `len` more bytes in memory that grows by doubling. NULL: no memory.
void *bif_grow(Process *p, void *items, size_t *capacity, size_t need, size_t item_size);

// Arguments.
// The double of a number. False when v is none, or too large for a double.
bool bif_number(Term v, double *d);
// a op b for integers of any size, in the room of p. Only args and these are good afterwards.
// TERM_NONE after a failure.
Term bif_integer_op(Process *p, BignumOp op, Term a, Term b);
// How many elements the range has that a register (so: a root) holds, an integer.
Term bif_range_size(Process *p, const Term *range);

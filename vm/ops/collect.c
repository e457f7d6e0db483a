// SPDX-License-Identifier: Apache-2.0
// Vm.bits_collect: the bytes of a comprehension, from the list of its segments, newest first.
// Measured in a first walk, then written from the end to the front, so the list needs no turning
// round. Both walks, the clearing of the memory and long segments stop when the reductions are
// spent. Tests: tests/lang/bytes, tests/lang/comprehensions.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/ops/bits.h"
#include "vm/ops/ops.h"
#include "vm/ops/segment.h"

enum { SEGMENTS_AT_ONCE = 256, COPY_BYTES = 64 * 1024 };
#define COLLECT_MAX_BITS (UINT64_C(1) << 50)

typedef struct {
    Work work;
    Term at;        // segments still to be looked at, or written
    uint64_t bits;  // measured; then where the segment written last begins
    size_t len;     // of the result
    size_t cleared; // bytes of it that are zero
    size_t copied;  // of the bytes segment that is being written, from its end
    bool measured;
    SharedBytes *shared; // where a result goes that is longer than
    uint8_t text[BYTES_HEAP_MAX];
} Collecting;

static void collecting_drop(Process *p, Work *work) {
    Collecting *c = (Collecting *)work;
    if (c->shared != NULL) {
        shared_release(c->shared);
    }
    bif_free(p, work);
}

static void collecting_roots(Work *work, RootVisit visit, void *collection) {
    visit(collection, &((Collecting *)work)->at, 1);
}

static Segment segment_of(Term triple) {
    return (Segment){(uint32_t)term_to_small(tuple_at(triple, 0)), tuple_at(triple, 1),
                     tuple_at(triple, 2)};
}

// STEP_MEMORY: p has failed.
static StepStatus collect_measure(Process *p, Collecting *c) {
    while (term_is_cons(c->at)) {
        for (size_t i = 0; i < SEGMENTS_AT_ONCE && term_is_cons(c->at); i++) {
            uint64_t bits;
            if (!term_is_value(segment_bits(p, segment_of(cons_head(c->at)), &bits))) {
                return STEP_MEMORY;
            }
            c->bits += bits;
            if (c->bits > COLLECT_MAX_BITS) {
                process_limit(p, AM_memory);
                return STEP_MEMORY;
            }
            c->at = cons_tail(c->at);
        }
        if (bif_charge(p, SEGMENTS_AT_ONCE, 4)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

// The bytes segment before c->bits, from its end to its front. False: to be gone on with.
static bool collect_bytes(Process *p, Collecting *c, uint8_t *data, Segment s) {
    size_t len = segment_len(s);
    while (c->copied < len) {
        size_t n = len - c->copied < COPY_BYTES ? len - c->copied : COPY_BYTES;
        size_t from = len - c->copied - n;
        bits_copy_in(data, c->bits - (uint64_t)len * 8 + (uint64_t)from * 8,
                     bytes_view(s.value).data + from, n);
        c->copied += n;
        if (bif_charge(p, n, 4 * BYTES_PER_REDUCTION) && c->copied < len) {
            return false;
        }
    }
    c->copied = 0;
    c->bits -= (uint64_t)len * 8;
    return true;
}

static StepStatus collect_write(Process *p, Collecting *c, uint8_t *data) {
    while (c->cleared < c->len) {
        size_t n = c->len - c->cleared < COPY_BYTES ? c->len - c->cleared : COPY_BYTES;
        memset(data + c->cleared, 0, n);
        c->cleared += n;
        if (bif_charge(p, n, 16 * BYTES_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    while (term_is_cons(c->at)) {
        for (size_t i = 0; i < SEGMENTS_AT_ONCE && term_is_cons(c->at); i++) {
            Segment s = segment_of(cons_head(c->at));
            if ((s.spec & SEG_TYPE_MASK) == SEG_BYTES) {
                if (!collect_bytes(p, c, data, s)) {
                    return STEP_MORE;
                }
            } else {
                uint64_t bits;
                segment_bits(p, s, &bits);
                c->bits -= bits;
                segment_put(data, c->bits, s);
            }
            c->at = cons_tail(c->at);
        }
        if (bif_charge(p, SEGMENTS_AT_ONCE, 4)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

// Everything is measured: room for it. False after the failure.
static bool collect_begin_writing(Process *p, Term *args, Collecting *c) {
    if (c->bits % 8 != 0) {
        process_badarg(p, tuple_at(cons_head(args[0]), 1));
        return false;
    }
    c->measured = true;
    c->len = c->bits / 8;
    c->at = args[0];
    if (c->len > BYTES_HEAP_MAX) {
        c->shared = shared_new(bif_mem(p), c->len);
        if (c->shared == NULL || !shared_claim(c->shared, 0, c->len)) {
            process_limit(p, AM_memory);
            return false;
        }
    }
    return true;
}

static Term collect_result(Process *p, Collecting *c) {
    Room room;
    if (!process_reserve(p, bytes_words(c->len), NULL, 0, &room)) {
        return TERM_NONE;
    }
    if (c->shared == NULL) {
        return room_bytes(bif_mem(p), &room, c->text, c->len);
    }
    SharedBytes *shared = c->shared;
    c->shared = NULL;
    return room_shared(&room, shared, 0, c->len, c->len);
}

Term bif_vm_bits_collect(Process *p, Term *args) {
    Collecting *c = bif_resume(p, bif_vm_bits_collect);
    if (c == NULL) {
        c = bif_begin(p, sizeof *c, bif_vm_bits_collect, collecting_drop, collecting_roots);
        if (c == NULL) {
            return TERM_NONE;
        }
        c->at = args[0];
    }
    StepStatus status = c->measured ? STEP_DONE : collect_measure(p, c);
    if (status == STEP_DONE && !c->measured && !collect_begin_writing(p, args, c)) {
        status = STEP_MEMORY;
    }
    if (status == STEP_DONE) {
        status = collect_write(p, c, c->shared != NULL ? c->shared->data : c->text);
    }
    if (status == STEP_MORE) {
        return TERM_YIELD;
    }
    Term bytes = status == STEP_DONE ? collect_result(p, c) : TERM_NONE;
    bif_end(p);
    return bytes;
}

// SPDX-License-Identifier: Apache-2.0
// See bif_private.h.
#include "vm/bif/bif_private.h"

#include <math.h>

void *bif_resume(const Process *p, BifFn owner) {
    if (p->work == NULL) {
        return NULL;
    }
    ASSERT(p->work->owner == (const void *)owner);
    (void)owner;
    return p->work;
}

void *bif_begin(Process *p, size_t size, BifFn owner, void (*drop)(Process *, Work *),
                void (*each_root)(Work *, RootVisit, void *)) {
    ASSERT(p->work == NULL);
    Work *work = mem_alloc_zero(bif_mem(p), MEM_BIF, size);
    if (work == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    work->drop = drop;
    work->each_root = each_root;
    work->owner = (const void *)owner;
    p->work = work;
    return work;
}

void bif_free(Process *p, Work *work) {
    mem_free(bif_mem(p), MEM_BIF, work);
}

void bif_end(Process *p) {
    Work *work = p->work;
    ASSERT(work != NULL);
    p->work = NULL;
    work->drop(p, work);
}

Term bif_end_badarg(Process *p, Term value) {
    bif_end(p);
    return process_badarg(p, value);
}

Term bif_end_memory(Process *p) {
    bif_end(p);
    return process_limit(p, AM_memory);
}

// ---- Answers ------------------------------------------------------------------------------------

Term bif_bytes(Process *p, const void *data, size_t len) {
    Room room;
    if (!process_reserve(p, bytes_words(len), NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term bytes = room_bytes(bif_mem(p), &room, len == 0 ? "" : data, len);
    return term_is_value(bytes) ? bytes : process_limit(p, AM_memory);
}

Term bif_text(Process *p, const char *text) {
    return bif_bytes(p, text, strlen(text));
}

Term bif_integer(Process *p, int64_t value) {
    if (small_fits(value)) {
        return term_small(value);
    }
    Room room;
    if (!process_reserve(p, INTEGER_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    return room_int(&room, value);
}

Term bif_unsigned(Process *p, uint64_t value) {
    if (value <= (uint64_t)SMALL_MAX) {
        return term_small((int64_t)value);
    }
    Room room;
    if (!process_reserve(p, INTEGER_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    return room_uint(&room, value, false);
}

Term bif_float(Process *p, double d) {
    if (!isfinite(d)) {
        return process_fail(p, AM_arithmetic);
    }
    if (flo_fits(d)) {
        return term_flo(d);
    }
    Room room;
    if (!process_reserve(p, FLOAT_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    return room_float(&room, d);
}

Term bif_pair(Process *p, Term a, Term b) {
    Term roots[2] = {a, b};
    Room room;
    if (!process_reserve(p, 3, roots, 2, &room)) {
        return TERM_NONE;
    }
    return room_tuple2(&room, roots[0], roots[1]);
}

Term bif_atom(Process *p, const char *text) {
    Term atom;
    switch (atom_intern(p->vm->atoms, text, strlen(text), &atom)) {
    case ATOM_OK: return atom;
    case ATOM_NO_MEMORY: return process_limit(p, AM_memory);
    default: return process_limit(p, AM_atoms);
    }
}

void out_text_init(OutText *out, Process *p) {
    buffer_init(&out->text, bif_mem(p));
    out->shared = NULL;
    out->copied = 0;
}

void out_text_free(OutText *out) {
    buffer_free(&out->text);
    if (out->shared != NULL) {
        shared_release(out->shared);
        out->shared = NULL;
    }
}

Term out_text_finish(Process *p, OutText *out) {
    enum { COPY_BYTES = 256 * 1024 };
    size_t len = out->text.len;
    if (out->text.failed) {
        return process_limit(p, AM_memory);
    }
    if (len <= COPY_BYTES) {
        return bif_bytes(p, out->text.data, len);
    }
    if (out->shared == NULL) {
        out->shared = shared_new(bif_mem(p), len);
        if (out->shared == NULL || !shared_claim(out->shared, 0, len)) {
            return process_limit(p, AM_memory);
        }
    }
    while (out->copied < len) {
        size_t n = len - out->copied < COPY_BYTES ? len - out->copied : COPY_BYTES;
        memcpy(out->shared->data + out->copied, out->text.data + out->copied, n);
        out->copied += n;
        if (bif_charge(p, n, 16 * BYTES_PER_REDUCTION)) {
            return TERM_YIELD;
        }
    }
    Room room;
    if (!process_reserve(p, SHARED_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term bytes = room_shared(&room, out->shared, 0, len, len);
    out->shared = NULL;
    return bytes;
}

void *bif_grow(Process *p, void *items, size_t *capacity, size_t need, size_t item_size) {
    if (need <= *capacity) {
        return items;
    }
    size_t next = *capacity < 32 ? 64 : *capacity * 2;
    while (next < need) {
        next *= 2;
    }
    void *grown = mem_realloc(bif_mem(p), MEM_BIF, items, next * item_size);
    if (grown != NULL) {
        *capacity = next;
    }
    return grown;
}

// ---- Arguments ----------------------------------------------------------------------------------

bool bif_number(Term v, double *d) {
    if (term_is_small(v)) {
        *d = (double)term_to_small(v);
        return true;
    }
    if (term_is_float(v)) {
        *d = term_to_double(v);
        return true;
    }
    return term_is_bignum(v) && bignum_to_double(v, d);
}

Term bif_integer_op(Process *p, BignumOp op, Term a, Term b) {
    Term roots[2] = {a, b};
    Room room;
    if (!process_reserve(p, bignum_words(op, a, b), roots, 2, &room)) {
        return TERM_NONE;
    }
    Term result;
    switch (bignum_run(bif_mem(p), op, &room, roots[0], roots[1], &result)) {
    case NUM_OK: return result;
    case NUM_MEMORY: return process_limit(p, AM_memory);
    case NUM_ZERO: return process_fail(p, AM_arithmetic);
    default: return process_limit(p, AM_integer);
    }
}

Term bif_range_size(Process *p, const Term *range) {
    Term first = box_term(*range, 0);
    Term last = box_term(*range, 1);
    bool up = bignum_compare(box_term(*range, 2), term_small(0)) > 0;
    if (up ? bignum_compare(first, last) > 0 : bignum_compare(first, last) < 0) {
        return term_small(0);
    }
    if (terms_are_small(first, last) && term_is_small(box_term(*range, 2))) {
        // The difference of two small integers fits 63 bits.
        return bif_integer(
            p,
            (term_to_small(last) - term_to_small(first)) / term_to_small(box_term(*range, 2)) + 1);
    }
    Term size = bif_integer_op(p, BIGNUM_SUB, last, first);
    if (term_is_value(size)) {
        size = bif_integer_op(p, BIGNUM_DIV, size, box_term(*range, 2));
    }
    return term_is_value(size) ? bif_integer_op(p, BIGNUM_ADD, size, term_small(1)) : size;
}

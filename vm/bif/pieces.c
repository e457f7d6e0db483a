// SPDX-License-Identifier: Apache-2.0
// What cuts strings and bytes at places: split, words, find, replace. The places are gathered first
// (an array of offsets), then what is asked for is built from the end, so that a list needs no
// turning round.
//
// Offsets stay good over a collection; the bytes are read from the argument anew in each run.
// Searching is memmem's, which is linear whatever the pattern. Tests: tests/stdlib/string_test.cop,
// bytes_test.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"

typedef struct {
    size_t start;
    size_t end;
} Piece;

typedef struct {
    Work work;
    Piece *pieces;
    size_t count;
    size_t capacity;
    size_t at;    // where the search goes on
    size_t start; // of the piece that is open
    bool searched;
    bool inside; // words: in a word
    Term acc;
    OutText out;
} Cutting;

static void cutting_drop(Process *p, Work *work) {
    Cutting *c = (Cutting *)work;
    mem_free(bif_mem(p), MEM_BIF, c->pieces);
    out_text_free(&c->out);
    bif_free(p, work);
}

static void cutting_roots(Work *work, RootVisit visit, void *collection) {
    visit(collection, &((Cutting *)work)->acc, 1);
}

static Cutting *cutting_work(Process *p, BifFn owner) {
    Cutting *c = bif_resume(p, owner);
    if (c == NULL) {
        c = bif_begin(p, sizeof *c, owner, cutting_drop, cutting_roots);
        if (c != NULL) {
            c->acc = TERM_EMPTY;
            out_text_init(&c->out, p);
        }
    }
    return c;
}

static bool cutting_add(Process *p, Cutting *c, size_t start, size_t end) {
    Piece *grown = bif_grow(p, c->pieces, &c->capacity, c->count + 1, sizeof(Piece));
    if (grown == NULL) {
        return false;
    }
    c->pieces = grown;
    c->pieces[c->count++] = (Piece){start, end};
    return true;
}

// The place of `what` in text from *at on: SIZE_MAX when there is none. Looks at one chunk; false
// (and *at moved) when the text goes on after it.
static bool find_chunk(BytesView text, BytesView what, size_t *at, size_t *found) {
    size_t window = SCAN_CHUNK_BYTES + 2 * what.len;
    bool last = text.len - *at <= window;
    size_t len = last ? text.len - *at : window;
    const uint8_t *hit = memmem(text.data + *at, len, what.data, what.len);
    if (hit != NULL) {
        *found = (size_t)(hit - text.data);
        return true;
    }
    *found = SIZE_MAX;
    if (!last) {
        *at += window - (what.len - 1);
    }
    return last;
}

// The pieces between the separators.
static StepStatus cut_at(Process *p, Cutting *c, BytesView text, BytesView separator) {
    for (;;) {
        size_t found;
        size_t from = c->at;
        bool known = find_chunk(text, separator, &c->at, &found);
        if (known && found == SIZE_MAX) {
            return cutting_add(p, c, c->start, text.len) ? STEP_DONE : STEP_MEMORY;
        }
        if (found != SIZE_MAX) {
            if (!cutting_add(p, c, c->start, found)) {
                return STEP_MEMORY;
            }
            c->at = c->start = found + separator.len;
        }
        if (bif_charge(p, c->at - from, BYTES_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
}

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// The runs of what is no white space.
static StepStatus cut_words(Process *p, Cutting *c, BytesView text) {
    while (c->at < text.len) {
        size_t stop = text.len - c->at < SCAN_CHUNK_BYTES ? text.len : c->at + SCAN_CHUNK_BYTES;
        for (; c->at < stop; c->at++) {
            bool space = is_space(text.data[c->at]);
            if (space && c->inside && !cutting_add(p, c, c->start, c->at)) {
                return STEP_MEMORY;
            }
            if (!space && !c->inside) {
                c->start = c->at;
            }
            c->inside = !space;
        }
        if (bif_charge(p, SCAN_CHUNK_BYTES, BYTES_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    bool open = c->inside;
    c->inside = false;
    return !open || cutting_add(p, c, c->start, text.len) ? STEP_DONE : STEP_MEMORY;
}

// The list of the pieces of args[0], from the last to the first. STEP_MEMORY: p has failed.
static StepStatus pieces_list(Process *p, Term *args, Cutting *c) {
    enum { PIECE_CHUNK = 256 };
    while (c->count > 0) {
        size_t n = c->count < PIECE_CHUNK ? c->count : PIECE_CHUNK;
        size_t words = 0;
        for (size_t i = c->count - n; i < c->count; i++) {
            words += CONS_WORDS + bytes_slice_words(args[0], c->pieces[i].end - c->pieces[i].start);
        }
        Room room;
        if (!process_reserve(p, words, NULL, 0, &room)) {
            return STEP_MEMORY;
        }
        for (size_t i = 0; i < n; i++) {
            Piece piece = c->pieces[--c->count];
            Term part = bytes_slice(&room, args[0], piece.start, piece.end - piece.start);
            c->acc = room_cons(&room, part, c->acc);
        }
        if (bif_charge(p, n, 4) && c->count > 0) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

static Term cut_finish(Process *p, Term *args, Cutting *c) {
    c->searched = true;
    switch (pieces_list(p, args, c)) {
    case STEP_MORE: return TERM_YIELD;
    case STEP_MEMORY: bif_end(p); return TERM_NONE;
    default: {
        Term list = c->acc;
        bif_end(p);
        return list;
    }
    }
}

// split(bytes, separator); the separator is not empty.
Term bif_bytes_split(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    if (!term_is_bytes(args[1]) || bytes_len(args[1]) == 0) {
        return process_badarg(p, args[1]);
    }
    Cutting *c = cutting_work(p, bif_bytes_split);
    if (c == NULL) {
        return TERM_NONE;
    }
    if (!c->searched) {
        StepStatus status = cut_at(p, c, bytes_view(args[0]), bytes_view(args[1]));
        if (status != STEP_DONE) {
            return status == STEP_MORE ? TERM_YIELD : bif_end_memory(p);
        }
    }
    return cut_finish(p, args, c);
}

Term bif_string_words(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    Cutting *c = cutting_work(p, bif_string_words);
    if (c == NULL) {
        return TERM_NONE;
    }
    if (!c->searched) {
        StepStatus status = cut_words(p, c, bytes_view(args[0]));
        if (status != STEP_DONE) {
            return status == STEP_MORE ? TERM_YIELD : bif_end_memory(p);
        }
    }
    return cut_finish(p, args, c);
}

// find(bytes, what, from): the offset of the first `what` at or after `from`, or nil.
Term bif_bytes_find(Process *p, Term *args) {
    for (int i = 0; i < 2; i++) {
        if (!term_is_bytes(args[i])) {
            return process_badarg(p, args[i]);
        }
    }
    BytesView text = bytes_view(args[0]);
    BytesView what = bytes_view(args[1]);
    if (!term_is_small(args[2]) || term_to_small(args[2]) < 0) {
        return process_badarg(p, args[2]);
    }
    size_t from = (size_t)term_to_small(args[2]);
    if (from > text.len) {
        return TERM_NIL;
    }
    if (what.len == 0) {
        return args[2];
    }
    Cutting *c = bif_resume(p, bif_bytes_find);
    if (c == NULL) {
        size_t found;
        if (find_chunk(text, what, &from, &found)) {
            process_charge(p, (int32_t)(SCAN_CHUNK_BYTES / BYTES_PER_REDUCTION / 2));
            return found == SIZE_MAX ? TERM_NIL : term_small((int64_t)found);
        }
        c = cutting_work(p, bif_bytes_find);
        if (c == NULL) {
            return TERM_NONE;
        }
        c->at = from;
    }
    for (;;) {
        size_t found;
        if (find_chunk(text, what, &c->at, &found)) {
            bif_end(p);
            return found == SIZE_MAX ? TERM_NIL : term_small((int64_t)found);
        }
        if (bif_charge(p, SCAN_CHUNK_BYTES, BYTES_PER_REDUCTION)) {
            return TERM_YIELD;
        }
    }
}

// replace(text, old, new): all of them, from the left; `old` is not empty.
Term bif_string_replace(Process *p, Term *args) {
    for (int i = 0; i < 3; i++) {
        if (!term_is_bytes(args[i]) || (i == 1 && bytes_len(args[i]) == 0)) {
            return process_badarg(p, args[i]);
        }
    }
    Cutting *c = cutting_work(p, bif_string_replace);
    if (c == NULL) {
        return TERM_NONE;
    }
    BytesView text = bytes_view(args[0]);
    BytesView old = bytes_view(args[1]);
    BytesView new = bytes_view(args[2]);
    while (!c->searched) {
        size_t found;
        size_t from = c->at;
        bool last = find_chunk(text, old, &c->at, &found) && found == SIZE_MAX;
        size_t end = found != SIZE_MAX ? found : last ? text.len : c->at;
        buffer_add(&c->out.text, text.data + from, end - from);
        if (found != SIZE_MAX) {
            buffer_add(&c->out.text, new.data, new.len);
            c->at = found + old.len;
        }
        c->searched = last;
        if (bif_charge(p, end - from + new.len, BYTES_PER_REDUCTION)) {
            return TERM_YIELD;
        }
    }
    Term result = out_text_finish(p, &c->out);
    if (result.bits != TERM_YIELD.bits) {
        bif_end(p);
    }
    return result;
}

// ---- join ---------------------------------------------------------------------------------------

typedef struct {
    Work work;
    Term at;
    size_t count;
    size_t total;
    size_t filled;
    bool measured;
    bool begun;          // the first part is in
    SharedBytes *shared; // where the text goes when it is longer than
    uint8_t text[BYTES_HEAP_MAX];
} Joining;

static void joining_drop(Process *p, Work *work) {
    Joining *j = (Joining *)work;
    if (j->shared != NULL) {
        shared_release(j->shared);
    }
    bif_free(p, work);
}

static void joining_roots(Work *work, RootVisit visit, void *collection) {
    visit(collection, &((Joining *)work)->at, 1);
}

// Measures up to the end of the list. STEP_DONE, STEP_MORE, or STEP_MEMORY when an element is no
// bytes (*bad).
static StepStatus join_measure(Process *p, Joining *j, size_t separator, Term *bad) {
    while (term_is_cons(j->at)) {
        for (size_t i = 0; i < 512 && term_is_cons(j->at); i++) {
            Term part = cons_head(j->at);
            if (!term_is_bytes(part)) {
                *bad = part;
                return STEP_MEMORY;
            }
            j->total += bytes_len(part) + (j->count++ > 0 ? separator : 0);
            j->at = cons_tail(j->at);
        }
        if (bif_charge(p, 512, CELLS_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    *bad = j->at;
    return term_is_empty(j->at) ? STEP_DONE : STEP_MEMORY;
}

static StepStatus join_fill(Process *p, Joining *j, uint8_t *out, BytesView separator) {
    while (term_is_cons(j->at)) {
        size_t before = j->filled;
        size_t n = 0;
        for (; n < 512 && j->filled - before < SCAN_CHUNK_BYTES && term_is_cons(j->at); n++) {
            BytesView part = bytes_view(cons_head(j->at));
            if (j->begun) {
                memcpy(out + j->filled, separator.data, separator.len);
                j->filled += separator.len;
            }
            memcpy(out + j->filled, part.data, part.len);
            j->filled += part.len;
            j->begun = true;
            j->at = cons_tail(j->at);
        }
        if (bif_charge(p, n * 8 + j->filled - before, BYTES_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

// join(parts, separator): parts is a list.
Term bif_string_join(Process *p, Term *args) {
    if (!term_is_bytes(args[1])) {
        return process_badarg(p, args[1]);
    }
    Joining *j = bif_resume(p, bif_string_join);
    if (j == NULL) {
        if (!term_is_list(args[0])) {
            return process_badarg(p, args[0]);
        }
        j = bif_begin(p, sizeof *j, bif_string_join, joining_drop, joining_roots);
        if (j == NULL) {
            return TERM_NONE;
        }
        j->at = args[0];
    }
    if (!j->measured) {
        Term bad = TERM_EMPTY;
        StepStatus status = join_measure(p, j, bytes_len(args[1]), &bad);
        if (status != STEP_DONE) {
            return status == STEP_MORE ? TERM_YIELD : bif_end_badarg(p, bad);
        }
        j->measured = true;
        j->at = args[0];
    }
    bool is_long = j->total > BYTES_HEAP_MAX;
    if (is_long && j->shared == NULL) {
        j->shared = shared_new(bif_mem(p), j->total);
        if (j->shared == NULL || !shared_claim(j->shared, 0, j->total)) {
            return bif_end_memory(p);
        }
    }
    if (join_fill(p, j, is_long ? j->shared->data : j->text, bytes_view(args[1])) == STEP_MORE) {
        return TERM_YIELD;
    }
    Room room;
    if (!process_reserve(p, bytes_words(j->total), NULL, 0, &room)) {
        bif_end(p);
        return TERM_NONE;
    }
    Term joined;
    if (is_long) {
        joined = room_shared(&room, j->shared, 0, j->total, j->total);
        j->shared = NULL;
    } else {
        joined = room_bytes(bif_mem(p), &room, j->text, j->total);
    }
    bif_end(p);
    return joined;
}

// ---- repeat -------------------------------------------------------------------------------------

enum { REPEAT_BYTES = 256 * 1024 };

typedef struct {
    Work work;
    SharedBytes *shared;
    size_t filled;
} Repeating;

static void repeating_drop(Process *p, Work *work) {
    Repeating *r = (Repeating *)work;
    if (r->shared != NULL) {
        shared_release(r->shared);
    }
    bif_free(p, work);
}

// repeat(bytes, n)
Term bif_string_repeat(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 0) {
        return process_badarg(p, args[1]);
    }
    BytesView unit = bytes_view(args[0]);
    size_t total;
    if (__builtin_mul_overflow(unit.len, (size_t)term_to_small(args[1]), &total) ||
        total > SIZE_MAX / 4) {
        return process_limit(p, AM_memory);
    }
    if (total <= BYTES_HEAP_MAX) {
        uint8_t text[BYTES_HEAP_MAX];
        for (size_t i = 0; i < total; i += unit.len) {
            memcpy(text + i, unit.data, unit.len);
        }
        return bif_bytes(p, text, total);
    }
    Repeating *r = bif_resume(p, bif_string_repeat);
    if (r == NULL) {
        r = bif_begin(p, sizeof *r, bif_string_repeat, repeating_drop, NULL);
        if (r == NULL) {
            return TERM_NONE;
        }
        r->shared = shared_new(bif_mem(p), total);
        if (r->shared == NULL || !shared_claim(r->shared, 0, total)) {
            return bif_end_memory(p);
        }
    }
    while (r->filled < total) {
        // What is there already is doubled, a bounded piece at a time.
        size_t n = r->filled == 0 || unit.len > REPEAT_BYTES ? unit.len : r->filled;
        if (n > REPEAT_BYTES && unit.len <= REPEAT_BYTES) {
            n = REPEAT_BYTES - REPEAT_BYTES % unit.len;
        }
        n = n < total - r->filled ? n : total - r->filled;
        memcpy(r->shared->data + r->filled, r->filled == 0 ? unit.data : r->shared->data, n);
        r->filled += n;
        if (bif_charge(p, n, 8 * BYTES_PER_REDUCTION)) {
            return TERM_YIELD;
        }
    }
    Room room;
    if (!process_reserve(p, SHARED_WORDS, NULL, 0, &room)) {
        bif_end(p);
        return TERM_NONE;
    }
    Term text = room_shared(&room, r->shared, 0, total, total);
    r->shared = NULL;
    bif_end(p);
    return text;
}

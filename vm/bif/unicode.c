// SPDX-License-Identifier: Apache-2.0
// Built-ins of String that know Unicode: graphemes (utf8proc's extended clusters), case, white
// space, code points.
//
// All go by code points and stop in the middle of a cluster of any length when the reductions are
// spent: the scan keeps the last code point and utf8proc's state. Text that is no valid UTF-8 fails
// with :badarg. Runs of ASCII are stepped over without tables. Tests: tests/stdlib/string_test.cop.
#include <utf8proc.h>

#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"

typedef enum { SCAN_DONE, SCAN_MORE, SCAN_INVALID } ScanStatus;

// Counts the clusters before `at`. A cluster is counted where it begins.
typedef struct {
    size_t at;     // next byte to look at
    size_t count;  // clusters begun so far
    int32_t last;  // code point before `at`, -1 at the start
    int32_t state; // of utf8proc's break rules
} Graphemes;

typedef struct {
    Work work;
    Graphemes scan;
    size_t start; // slice: where it begins
    bool started;
    Term acc;
    OutText out;
    size_t at;
    size_t *ends; // graphemes: where each cluster begins
    size_t ends_count;
    size_t ends_capacity;
    bool scanned;
} TextWork;

static void text_drop(Process *p, Work *work) {
    TextWork *w = (TextWork *)work;
    mem_free(bif_mem(p), MEM_BIF, w->ends);
    out_text_free(&w->out);
    bif_free(p, work);
}

static void text_roots(Work *work, RootVisit visit, void *collection) {
    visit(collection, &((TextWork *)work)->acc, 1);
}

static TextWork *text_work(Process *p, BifFn owner) {
    TextWork *w = bif_resume(p, owner);
    if (w == NULL) {
        w = bif_begin(p, sizeof *w, owner, text_drop, text_roots);
        if (w != NULL) {
            w->acc = TERM_EMPTY;
            w->scan.last = -1;
            out_text_init(&w->out, p);
        }
    }
    return w;
}

// Goes on until `target` clusters have been begun and the next one is about to begin (at is its
// first byte), the text ends, or
// `budget` bytes are spent.
static ScanStatus graphemes_run(Graphemes *g, BytesView text, size_t target, size_t budget) {
    size_t stop = text.len - g->at < budget ? text.len : g->at + budget;
    while (g->at < stop) {
        uint32_t code;
        uint8_t byte = text.data[g->at];
        bool plain = byte < 0x80 && g->last < 0x80 && g->last != '\r';
        size_t len = 1;
        if (byte < 0x80) {
            code = byte;
        } else {
            len = utf8_decode(text.data + g->at, text.len - g->at, &code);
            if (len == 0) {
                return SCAN_INVALID;
            }
        }
        int32_t state = plain ? 0 : g->state;
        bool begins = plain || g->last < 0 ||
                      utf8proc_grapheme_break_stateful(g->last, (int32_t)code, &state);
        if (begins) {
            if (g->count == target) {
                return SCAN_DONE; // with the state of before, since the next run looks at this code
                                  // point again
            }
            g->count++;
        }
        g->state = state;
        g->last = (int32_t)code;
        g->at += len;
    }
    return g->at == text.len ? SCAN_DONE : SCAN_MORE;
}

// graphemes_run for a built-in: TERM_YIELD, TERM_NONE after the failure, or TERM_TRUE when done.
static Term graphemes_drive(Process *p, Term *args, Graphemes *g, size_t target) {
    for (;;) {
        size_t from = g->at;
        ScanStatus status = graphemes_run(g, bytes_view(args[0]), target, SCAN_CHUNK_BYTES);
        bool spent = bif_charge(p, g->at - from, BYTES_PER_REDUCTION / 8);
        if (status == SCAN_INVALID) {
            return bif_end_badarg(p, args[0]);
        }
        if (status == SCAN_DONE) {
            return TERM_TRUE;
        }
        if (spent) {
            return TERM_YIELD;
        }
    }
}

Term bif_string_length(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    if (p->work == NULL) {
        Graphemes g = {.last = -1};
        ScanStatus status = graphemes_run(&g, bytes_view(args[0]), SIZE_MAX, 1024);
        if (status != SCAN_MORE) {
            process_charge(p, (int32_t)(g.at / 32));
            return status == SCAN_DONE ? term_small((int64_t)g.count) : process_badarg(p, args[0]);
        }
    }
    TextWork *w = text_work(p, bif_string_length);
    if (w == NULL) {
        return TERM_NONE;
    }
    Term done = graphemes_drive(p, args, &w->scan, SIZE_MAX);
    if (done.bits == TERM_TRUE.bits) {
        done = term_small((int64_t)w->scan.count);
        bif_end(p);
    }
    return done;
}

// slice(s, start, n): n clusters from number `start` on; both are not negative.
Term bif_string_slice(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    for (int i = 1; i < 3; i++) {
        if (!term_is_small(args[i]) || term_to_small(args[i]) < 0) {
            return process_badarg(p, args[i]);
        }
    }
    TextWork *w = text_work(p, bif_string_slice);
    if (w == NULL) {
        return TERM_NONE;
    }
    size_t first = (size_t)term_to_small(args[1]);
    Term done;
    if (!w->started) {
        done = graphemes_drive(p, args, &w->scan, first);
        if (done.bits != TERM_TRUE.bits) {
            return done;
        }
        w->started = true;
        w->start = w->scan.at;
    }
    done = graphemes_drive(p, args, &w->scan, first + (size_t)term_to_small(args[2]));
    if (done.bits != TERM_TRUE.bits) {
        return done;
    }
    size_t start = w->start;
    size_t end = w->scan.at;
    bif_end(p);
    Room room;
    if (!process_reserve(p, bytes_slice_words(args[0], end - start), NULL, 0, &room)) {
        return TERM_NONE;
    }
    return bytes_slice(&room, args[0], start, end - start);
}

// The list of the clusters whose starts are in w->ends, from the last.
static StepStatus grapheme_list(Process *p, Term *args, TextWork *w) {
    enum { CHUNK = 256 };
    size_t end = w->at;
    while (w->ends_count > 0) {
        size_t n = w->ends_count < CHUNK ? w->ends_count : CHUNK;
        size_t first = w->ends[w->ends_count - n];
        Room room;
        // Each cluster is copied or sliced: at most a slice's or a short copy's words.
        size_t words = n * (CONS_WORDS + 2 + SHARED_WORDS) + (end - first) / 8 + n;
        if (!process_reserve(p, words, NULL, 0, &room)) {
            return STEP_MEMORY;
        }
        for (size_t i = 0; i < n; i++) {
            size_t start = w->ends[--w->ends_count];
            w->acc = room_cons(&room, bytes_slice(&room, args[0], start, end - start), w->acc);
            end = start;
        }
        w->at = end;
        if (bif_charge(p, n, 4) && w->ends_count > 0) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

// Notes where every cluster begins.
static Term grapheme_starts(Process *p, Term *args, TextWork *w) {
    size_t len = bytes_len(args[0]);
    while (w->scan.at < len) {
        Term done =
            graphemes_drive(p, args, &w->scan, w->scan.count); // to the start of the next cluster
        if (done.bits != TERM_TRUE.bits) {
            return done;
        }
        if (w->scan.at == len) {
            break;
        }
        size_t *grown = bif_grow(p, w->ends, &w->ends_capacity, w->ends_count + 1, sizeof(size_t));
        if (grown == NULL) {
            return bif_end_memory(p);
        }
        w->ends = grown;
        w->ends[w->ends_count++] = w->scan.at;
        // One step into it, so that the next run looks for its end.
        graphemes_run(&w->scan, bytes_view(args[0]), w->scan.count + 1, 1);
    }
    return TERM_TRUE;
}

Term bif_string_graphemes(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    TextWork *w = text_work(p, bif_string_graphemes);
    if (w == NULL) {
        return TERM_NONE;
    }
    if (!w->scanned) {
        Term done = grapheme_starts(p, args, w);
        if (done.bits != TERM_TRUE.bits) {
            return done;
        }
        w->scanned = true;
        w->at = bytes_len(args[0]);
    }
    switch (grapheme_list(p, args, w)) {
    case STEP_MORE: return TERM_YIELD;
    case STEP_MEMORY: bif_end(p); return TERM_NONE;
    default: {
        Term list = w->acc;
        bif_end(p);
        return list;
    }
    }
}

// ---- Case ---------------------------------------------------------------------------------------

// Adds one chunk of text in the other case. SCAN_DONE at the end of the text.
static ScanStatus case_chunk(Buffer *out, BytesView text, size_t *at, bool upper) {
    size_t stop = text.len - *at < SCAN_CHUNK_BYTES ? text.len : *at + SCAN_CHUNK_BYTES;
    while (*at < stop) {
        uint8_t byte = text.data[*at];
        if (byte < 0x80) {
            bool turn = upper ? byte >= 'a' && byte <= 'z' : byte >= 'A' && byte <= 'Z';
            buffer_add_char(out, (char)(turn ? byte ^ 0x20 : byte));
            (*at)++;
            continue;
        }
        uint32_t code;
        size_t len = utf8_decode(text.data + *at, text.len - *at, &code);
        if (len == 0) {
            return SCAN_INVALID;
        }
        uint8_t encoded[UTF8_MAX];
        int32_t turned = upper ? utf8proc_toupper((int32_t)code) : utf8proc_tolower((int32_t)code);
        buffer_add(out, encoded, utf8_encode((uint32_t)turned, encoded));
        *at += len;
    }
    return *at == text.len ? SCAN_DONE : SCAN_MORE;
}

static Term string_case(Process *p, Term *args, BifFn owner, bool upper) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    TextWork *w = text_work(p, owner);
    if (w == NULL) {
        return TERM_NONE;
    }
    while (!w->scanned) {
        ScanStatus status = case_chunk(&w->out.text, bytes_view(args[0]), &w->at, upper);
        if (status == SCAN_INVALID) {
            return bif_end_badarg(p, args[0]);
        }
        w->scanned = status == SCAN_DONE;
        if (bif_charge(p, SCAN_CHUNK_BYTES, BYTES_PER_REDUCTION / 8) && !w->scanned) {
            return TERM_YIELD;
        }
    }
    Term result = out_text_finish(p, &w->out);
    if (result.bits != TERM_YIELD.bits) {
        bif_end(p);
    }
    return result;
}

Term bif_string_upper(Process *p, Term *args) {
    return string_case(p, args, bif_string_upper, true);
}

Term bif_string_lower(Process *p, Term *args) {
    return string_case(p, args, bif_string_lower, false);
}

// ---- White space --------------------------------------------------------------------------------

static bool is_white(uint32_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

// The start of the code point that ends at `end`.
static size_t code_point_before(BytesView text, size_t end) {
    size_t at = end - 1;
    while (at > 0 && end - at < UTF8_MAX && (text.data[at] & 0xc0) == 0x80) {
        at--;
    }
    return at;
}

// trim(s, left, right): without white space at the sides that are true. w->start and w->at are the
// sides reached.
Term bif_string_trim(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    bool fresh = p->work == NULL;
    TextWork *w = text_work(p, bif_string_trim);
    if (w == NULL) {
        return TERM_NONE;
    }
    BytesView text = bytes_view(args[0]);
    if (fresh) {
        w->at = text.len;
    }
    bool left = !term_is_falsy(args[1]);
    bool right = !term_is_falsy(args[2]);
    uint32_t code;
    for (size_t steps = 1; left && w->start < w->at; steps++) {
        size_t len = utf8_decode(text.data + w->start, text.len - w->start, &code);
        if (len == 0 || !is_white(code)) {
            break;
        }
        w->start += len;
        if (steps % SCAN_CHUNK_BYTES == 0 &&
            bif_charge(p, SCAN_CHUNK_BYTES, BYTES_PER_REDUCTION / 8)) {
            return TERM_YIELD;
        }
    }
    for (size_t steps = 1; right && w->start < w->at; steps++) {
        size_t before = code_point_before(text, w->at);
        if (utf8_decode(text.data + before, w->at - before, &code) != w->at - before ||
            !is_white(code)) {
            break;
        }
        w->at = before;
        if (steps % SCAN_CHUNK_BYTES == 0 &&
            bif_charge(p, SCAN_CHUNK_BYTES, BYTES_PER_REDUCTION / 8)) {
            return TERM_YIELD;
        }
    }
    size_t start = w->start;
    size_t len = w->at - start;
    bif_end(p);
    if (len == text.len) {
        return args[0];
    }
    Room room;
    if (!process_reserve(p, bytes_slice_words(args[0], len), NULL, 0, &room)) {
        return TERM_NONE;
    }
    return bytes_slice(&room, args[0], start, len);
}

// ---- Code points --------------------------------------------------------------------------------

// code_points(s): the list of them. Built turned round, from the end of the text.
Term bif_string_code_points(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    bool fresh = p->work == NULL;
    TextWork *w = text_work(p, bif_string_code_points);
    if (w == NULL) {
        return TERM_NONE;
    }
    if (fresh) {
        w->at = bytes_len(args[0]);
    }
    while (w->at > 0) {
        enum { CHUNK = 1024 };
        Room room;
        if (!process_reserve(p, CHUNK * CONS_WORDS, NULL, 0, &room)) {
            bif_end(p);
            return TERM_NONE;
        }
        BytesView text = bytes_view(args[0]);
        for (size_t i = 0; i < CHUNK && w->at > 0; i++) {
            size_t before = code_point_before(text, w->at);
            uint32_t code;
            if (utf8_decode(text.data + before, w->at - before, &code) != w->at - before) {
                return bif_end_badarg(p, args[0]);
            }
            w->acc = room_cons(&room, term_small(code), w->acc);
            w->at = before;
        }
        if (bif_charge(p, CHUNK, CELLS_PER_REDUCTION) && w->at > 0) {
            return TERM_YIELD;
        }
    }
    Term list = w->acc;
    bif_end(p);
    return list;
}

// from_code_points(list)
Term bif_string_from_code_points(Process *p, Term *args) {
    TextWork *w = bif_resume(p, bif_string_from_code_points);
    if (w == NULL) {
        if (!term_is_list(args[0])) {
            return process_badarg(p, args[0]);
        }
        w = text_work(p, bif_string_from_code_points);
        if (w == NULL) {
            return TERM_NONE;
        }
        w->acc = args[0];
    }
    while (term_is_cons(w->acc)) {
        for (size_t i = 0; i < 1024 && term_is_cons(w->acc); i++) {
            Term code = cons_head(w->acc);
            uint8_t encoded[UTF8_MAX];
            size_t len = 0;
            if (term_is_small(code) && term_to_small(code) >= 0 &&
                term_to_small(code) <= 0x10ffff) {
                len = utf8_encode((uint32_t)term_to_small(code), encoded);
            }
            if (len == 0) {
                return bif_end_badarg(p, code);
            }
            buffer_add(&w->out.text, encoded, len);
            w->acc = cons_tail(w->acc);
        }
        if (bif_charge(p, 1024, CELLS_PER_REDUCTION) && term_is_cons(w->acc)) {
            return TERM_YIELD;
        }
    }
    if (!term_is_empty(w->acc)) {
        return bif_end_badarg(p, args[0]);
    }
    Term result = out_text_finish(p, &w->out);
    if (result.bits != TERM_YIELD.bits) {
        bif_end(p);
    }
    return result;
}

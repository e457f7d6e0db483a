// SPDX-License-Identifier: Apache-2.0
// Built-ins of Bytes and Base64: parts, lists of bytes, and texts that spell bytes.
// Tests: the examples of stdlib/bytes.cop and base64.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"

Term bif_bytes_size(Process *p, Term *args) {
    return term_is_bytes(args[0]) ? term_small((int64_t)bytes_len(args[0]))
                                  : process_badarg(p, args[0]);
}

Term bif_bytes_at(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    if (!term_is_small(args[1])) {
        return process_badarg(p, args[1]);
    }
    BytesView view = bytes_view(args[0]);
    int64_t i = term_to_small(args[1]);
    return i >= 0 && (size_t)i < view.len ? term_small(view.data[i]) : TERM_NIL;
}

// slice(b, start, n): what there is of it.
Term bif_bytes_slice(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    for (int i = 1; i < 3; i++) {
        if (!term_is_small(args[i]) || term_to_small(args[i]) < 0) {
            return process_badarg(p, args[i]);
        }
    }
    size_t len = bytes_len(args[0]);
    size_t start = (size_t)term_to_small(args[1]);
    size_t n = (size_t)term_to_small(args[2]);
    start = start < len ? start : len;
    n = n < len - start ? n : len - start;
    if (n == len) {
        return args[0];
    }
    Room room;
    if (!process_reserve(p, bytes_slice_words(args[0], n), NULL, 0, &room)) {
        return TERM_NONE;
    }
    return bytes_slice(&room, args[0], start, n);
}

// Whether `args[0]` begins (or ends) with args[1].
static Term bytes_edge(Process *p, Term *args, bool end) {
    for (int i = 0; i < 2; i++) {
        if (!term_is_bytes(args[i])) {
            return process_badarg(p, args[i]);
        }
    }
    BytesView text = bytes_view(args[0]);
    BytesView edge = bytes_view(args[1]);
    if (edge.len > text.len) {
        return TERM_FALSE;
    }
    process_charge(p, (int32_t)(edge.len / (8 * BYTES_PER_REDUCTION)));
    return term_bool(memcmp(text.data + (end ? text.len - edge.len : 0), edge.data, edge.len) == 0);
}

Term bif_bytes_starts_with(Process *p, Term *args) {
    return bytes_edge(p, args, false);
}

Term bif_bytes_ends_with(Process *p, Term *args) {
    return bytes_edge(p, args, true);
}

// ---- Texts made of bytes ------------------------------------------------------------------------

typedef struct {
    Work work;
    size_t at;
    Term acc;
    OutText out;
    bool done;
    uint32_t bits;  // decoding: those read and not written yet
    uint32_t count; // of them
} Recoding;

static void recoding_drop(Process *p, Work *work) {
    out_text_free(&((Recoding *)work)->out);
    bif_free(p, work);
}

static void recoding_roots(Work *work, RootVisit visit, void *collection) {
    visit(collection, &((Recoding *)work)->acc, 1);
}

static Recoding *recoding_work(Process *p, BifFn owner) {
    Recoding *r = bif_resume(p, owner);
    if (r == NULL) {
        r = bif_begin(p, sizeof *r, owner, recoding_drop, recoding_roots);
        if (r != NULL) {
            r->acc = TERM_EMPTY;
            out_text_init(&r->out, p);
        }
    }
    return r;
}

// Adds one chunk of the result; false when the text is no such text.
typedef bool (*RecodeChunk)(Recoding *r, BytesView text, size_t stop);

// Runs `chunk` over args[0] and gives the result, or nil when it says false.
static Term recode(Process *p, Term *args, BifFn owner, RecodeChunk chunk) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    Recoding *r = recoding_work(p, owner);
    if (r == NULL) {
        return TERM_NONE;
    }
    BytesView text = bytes_view(args[0]);
    while (!r->done) {
        enum { CHUNK = SCAN_CHUNK_BYTES / 12 * 12 };
        size_t stop = text.len - r->at < CHUNK ? text.len : r->at + CHUNK;
        if (!chunk(r, text, stop)) {
            bif_end(p);
            return TERM_NIL;
        }
        r->at = stop;
        r->done = stop == text.len;
        if (bif_charge(p, CHUNK, BYTES_PER_REDUCTION / 8) && !r->done) {
            return TERM_YIELD;
        }
    }
    Term result = out_text_finish(p, &r->out);
    if (result.bits != TERM_YIELD.bits) {
        bif_end(p);
    }
    return result;
}

static bool hex_chunk(Recoding *r, BytesView text, size_t stop) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = r->at; i < stop; i++) {
        buffer_add_char(&r->out.text, digits[text.data[i] >> 4]);
        buffer_add_char(&r->out.text, digits[text.data[i] & 15]);
    }
    return true;
}

static int hex_value(uint8_t c) {
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

static bool unhex_chunk(Recoding *r, BytesView text, size_t stop) {
    if (text.len % 2 != 0) {
        return false;
    }
    for (size_t i = r->at; i < stop; i += 2) {
        int high = hex_value(text.data[i]);
        int low = hex_value(text.data[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        buffer_add_char(&r->out.text, (char)(high << 4 | low));
    }
    return true;
}

Term bif_bytes_to_hex(Process *p, Term *args) {
    return recode(p, args, bif_bytes_to_hex, hex_chunk);
}

Term bif_bytes_from_hex(Process *p, Term *args) {
    return recode(p, args, bif_bytes_from_hex, unhex_chunk);
}

static const char base64_plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void base64_encode(Recoding *r, BytesView text, size_t stop, const char *alphabet,
                          bool pad) {
    for (size_t i = r->at; i < stop; i += 3) {
        size_t n = stop - i < 3 ? stop - i : 3;
        uint32_t bits = (uint32_t)text.data[i] << 16;
        bits |= n > 1 ? (uint32_t)text.data[i + 1] << 8 : 0;
        bits |= n > 2 ? text.data[i + 2] : 0;
        for (size_t k = 0; k < 4; k++) {
            if (k <= n) {
                buffer_add_char(&r->out.text, alphabet[bits >> (18 - 6 * k) & 63]);
            } else if (pad) {
                buffer_add_char(&r->out.text, '=');
            }
        }
    }
}

static bool base64_chunk(Recoding *r, BytesView text, size_t stop) {
    base64_encode(r, text, stop, base64_plain, true);
    return true;
}

static bool base64_url_chunk(Recoding *r, BytesView text, size_t stop) {
    base64_encode(r, text, stop, base64_url, false);
    return true;
}

Term bif_base64_encode(Process *p, Term *args) {
    return recode(p, args, bif_base64_encode, base64_chunk);
}

Term bif_base64_encode_url(Process *p, Term *args) {
    return recode(p, args, bif_base64_encode_url, base64_url_chunk);
}

// Both alphabets are read, '=' only at the end; bits left over must be 0.
static int base64_value(uint8_t c) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool unbase64_chunk(Recoding *r, BytesView text, size_t stop) {
    size_t digits = text.len;
    while (digits > 0 && text.len - digits < 2 && text.data[digits - 1] == '=') {
        digits--;
    }
    if (digits % 4 == 1 || (digits < text.len && text.len % 4 != 0)) {
        return false;
    }
    for (size_t i = r->at; i < stop && i < digits; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0) {
            return false;
        }
        r->bits = r->bits << 6 | (uint32_t)value;
        r->count += 6;
        if (r->count >= 8) {
            r->count -= 8;
            buffer_add_char(&r->out.text, (char)(r->bits >> r->count));
            r->bits &= (1u << r->count) - 1;
        }
    }
    return stop < text.len || r->bits == 0;
}

Term bif_base64_decode(Process *p, Term *args) {
    return recode(p, args, bif_base64_decode, unbase64_chunk);
}

// ---- Lists of bytes -----------------------------------------------------------------------------

Term bif_bytes_to_list(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    bool fresh = p->work == NULL;
    Recoding *r = recoding_work(p, bif_bytes_to_list);
    if (r == NULL) {
        return TERM_NONE;
    }
    if (fresh) {
        r->at = bytes_len(args[0]);
    }
    while (r->at > 0) {
        size_t n = r->at < CELL_CHUNK ? r->at : CELL_CHUNK;
        Room room;
        if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
            bif_end(p);
            return TERM_NONE;
        }
        BytesView view = bytes_view(args[0]);
        for (size_t i = 0; i < n; i++) {
            r->acc = room_cons(&room, term_small(view.data[--r->at]), r->acc);
        }
        if (bif_charge(p, n, CELLS_PER_REDUCTION) && r->at > 0) {
            return TERM_YIELD;
        }
    }
    Term list = r->acc;
    bif_end(p);
    return list;
}

// from_list(list of integers from 0 to 255)
Term bif_bytes_from_list(Process *p, Term *args) {
    Recoding *r = bif_resume(p, bif_bytes_from_list);
    if (r == NULL) {
        if (!term_is_list(args[0])) {
            return process_badarg(p, args[0]);
        }
        r = recoding_work(p, bif_bytes_from_list);
        if (r == NULL) {
            return TERM_NONE;
        }
        r->acc = args[0];
    }
    while (term_is_cons(r->acc)) {
        for (size_t i = 0; i < CELL_CHUNK && term_is_cons(r->acc); i++) {
            Term byte = cons_head(r->acc);
            if (!term_is_small(byte) || term_to_small(byte) < 0 || term_to_small(byte) > 255) {
                return bif_end_badarg(p, byte);
            }
            buffer_add_char(&r->out.text, (char)term_to_small(byte));
            r->acc = cons_tail(r->acc);
        }
        if (bif_charge(p, CELL_CHUNK, CELLS_PER_REDUCTION) && term_is_cons(r->acc)) {
            return TERM_YIELD;
        }
    }
    if (!term_is_empty(r->acc)) {
        return bif_end_badarg(p, args[0]);
    }
    Term result = out_text_finish(p, &r->out);
    if (result.bits != TERM_YIELD.bits) {
        bif_end(p);
    }
    return result;
}

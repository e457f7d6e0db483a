// SPDX-License-Identifier: Apache-2.0
// Json.read: JSON text (RFC 8259) to terms. Objects become maps with String keys (of equal keys the
// last counts), arrays lists, null nil.
//
// A machine without recursion: a stack of open arrays and objects, each with what it holds so far
// as a list turned round (so that a collection has few roots to visit), and a state that says what
// may come next. It stops between two values, in long strings, and while an array is turned round
// or a map sorted, and goes on in the next run. The text is hostile: every length and depth has a
// bound. Tests: tests/stdlib/json_test.cop, tests/fuzz.
#include <stdlib.h>

#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/term/float.h"
#include "vm/term/map.h"

enum {
    JSON_DEPTH_MAX = 10 * 1000,
    JSON_NUMBER_MAX = 4096, // bytes of one number
    STRING_CHUNK = 64 * 1024,
};

typedef enum {
    WANT_VALUE,
    WANT_VALUE_OR_END, // after [
    WANT_KEY,          // after , in an object
    WANT_KEY_OR_END,   // after {
    WANT_COLON,
    WANT_COMMA_OR_END,
    WANT_NOTHING, // the outermost value is complete
} JsonWant;

typedef struct {
    Term acc; // elements, or keys and values, turned round
    Term key; // of the value that is awaited
    size_t count;
    bool object;
} JsonLevel;

typedef struct {
    Work work;
    size_t at;
    JsonWant want;
    JsonLevel *levels;
    size_t depth;
    size_t capacity;
    Term value;         // the value complete last
    Term turning;       // closing an array: what is left to be turned round
    MapBuilder builder; // closing a large object
    bool closing;
    bool building;
    Term error;   // atom; the place is `at`
    OutText text; // a string with escapes, as far as it was read
    size_t scan;  // in a string: where reading goes on
    bool in_string;
    bool escapes;
} Json;

static void json_drop(Process *p, Work *work) {
    Json *j = (Json *)work;
    if (j->building) {
        map_builder_free(&j->builder);
    }
    mem_free(bif_mem(p), MEM_BIF, j->levels);
    out_text_free(&j->text);
    bif_free(p, work);
}

static void json_roots(Work *work, RootVisit visit, void *collection) {
    Json *j = (Json *)work;
    for (size_t i = 0; i < j->depth; i++) {
        visit(collection, &j->levels[i].acc, 1);
        visit(collection, &j->levels[i].key, 1);
    }
    visit(collection, &j->value, 1);
    visit(collection, &j->turning, 1);
    if (j->building) {
        map_builder_each_root(&j->builder, visit, collection);
    }
}

// What a step may say besides going on: STEP_DONE goes on, STEP_MORE yields, STEP_MEMORY: p has
// failed.
static StepStatus json_wrong(Json *j, Term error) {
    j->error = error;
    return STEP_DONE;
}

static StepStatus json_no_memory(Process *p) {
    process_limit(p, AM_memory);
    return STEP_MEMORY;
}

// ---- Strings and numbers ------------------------------------------------------------------------

static int json_hex4(const uint8_t *at, size_t left, uint32_t *value) {
    *value = 0;
    if (left < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        uint8_t c = at[i];
        uint32_t digit = c >= '0' && c <= '9'                 ? c - '0' + 0u
                         : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10u
                                                              : 16;
        if (digit == 16) {
            return -1;
        }
        *value = *value << 4 | digit;
    }
    return 4;
}

// The code point after "\u", with its second half if it is a surrogate. How many bytes it took, or
// -1.
static int json_unicode(const uint8_t *at, size_t left, uint32_t *code) {
    if (json_hex4(at, left, code) < 0) {
        return -1;
    }
    if (*code < 0xd800 || *code > 0xdfff) {
        return 4;
    }
    uint32_t low;
    if (*code > 0xdbff || left < 10 || at[4] != '\\' || at[5] != 'u' ||
        json_hex4(at + 6, left - 6, &low) < 0 || low < 0xdc00 || low > 0xdfff) {
        return -1;
    }
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return 10;
}

// Adds what an escape at `at` (behind the backslash) stands for. How many bytes it took, or -1.
static int json_escape(Buffer *out, const uint8_t *at, size_t left) {
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (left == 0) {
        return -1;
    }
    const char *name = at[0] == 0 ? NULL : strchr(names, at[0]);
    if (name != NULL) {
        buffer_add_char(out, values[name - names]);
        return 1;
    }
    uint32_t code;
    int taken = at[0] == 'u' ? json_unicode(at + 1, left - 1, &code) : -1;
    if (taken < 0) {
        return -1;
    }
    uint8_t encoded[UTF8_MAX];
    buffer_add(out, encoded, utf8_encode(code, encoded));
    return 1 + taken;
}

// The end of the plain characters from `at`, at most at `stop`: a quote, a backslash or a control
// character stands there.
static size_t json_plain_end(BytesView text, size_t at, size_t stop, bool *ascii) {
    while (at < stop) {
        uint8_t c = text.data[at];
        if (c == '"' || c == '\\' || c < 0x20) {
            break;
        }
        *ascii = *ascii && c < 0x80;
        at++;
    }
    return at;
}

// Takes in the plain characters from j->scan on, a chunk at most. False when they are no valid
// UTF-8.
static bool json_plain(BytesView text, Json *j) {
    bool ascii = true;
    size_t stop = text.len - j->scan < STRING_CHUNK ? text.len : j->scan + STRING_CHUNK;
    size_t end = json_plain_end(text, j->scan, stop, &ascii);
    if (!ascii) {
        size_t valid = utf8_valid_prefix(text.data + j->scan, end - j->scan);
        bool cut = end == stop && stop < text.len && end - j->scan - valid < UTF8_MAX;
        if (j->scan + valid < end && !cut) {
            return false;
        }
        end = j->scan + valid;
    }
    if (j->escapes) {
        buffer_add(&j->text.text, text.data + j->scan, end - j->scan);
    }
    j->scan = end;
    return true;
}

// Goes on to the closing quote of the string that begins at j->at, where STEP_DONE leaves j->scan
// (or with j->error).
static StepStatus json_string_scan(Process *p, BytesView text, Json *j) {
    if (!j->in_string) {
        j->in_string = true;
        j->escapes = false;
        j->scan = j->at + 1;
    }
    size_t from = j->scan;
    for (;;) {
        if (!json_plain(text, j)) {
            return json_wrong(j, AM_bad_utf8);
        }
        uint8_t c = j->scan < text.len ? text.data[j->scan] : 0;
        if (j->scan == text.len) {
            j->at = text.len;
            return json_wrong(j, AM_unfinished);
        }
        if (c == '"') {
            process_charge(p, (int32_t)((j->scan - from) / (BYTES_PER_REDUCTION / 2)));
            return STEP_DONE;
        }
        if (c == '\\') {
            if (!j->escapes) {
                j->escapes = true;
                buffer_clear(&j->text.text);
                buffer_add(&j->text.text, text.data + j->at + 1, j->scan - j->at - 1);
            }
            int taken = json_escape(&j->text.text, text.data + j->scan + 1, text.len - j->scan - 1);
            if (taken < 0) {
                j->at = j->scan;
                return json_wrong(j, AM_unexpected);
            }
            j->scan += 1 + (size_t)taken;
        } else if (c < 0x20) {
            j->at = j->scan;
            return json_wrong(j, AM_unexpected);
        }
        if (j->scan - from >= STRING_CHUNK) {
            if (bif_charge(p, j->scan - from, BYTES_PER_REDUCTION / 2)) {
                return STEP_MORE;
            }
            from = j->scan;
        }
    }
}

// j->at is at the opening quote.
static StepStatus json_string(Process *p, Term *args, Json *j) {
    StepStatus status = json_string_scan(p, bytes_view(args[0]), j);
    if (status != STEP_DONE || !term_same_bits(j->error, TERM_NIL)) {
        return status;
    }
    size_t start = j->at + 1;
    size_t len = j->scan - start;
    if (j->escapes) {
        Term value = out_text_finish(p, &j->text);
        if (!term_is_value(value)) {
            return value.bits == TERM_YIELD.bits ? STEP_MORE : STEP_MEMORY;
        }
        j->text.copied = 0;
        j->value = value;
    } else {
        Room room;
        if (!process_reserve(p, bytes_slice_words(args[0], len), NULL, 0, &room)) {
            return STEP_MEMORY;
        }
        j->value = bytes_slice(&room, args[0], start, len);
    }
    j->at = j->scan + 1;
    j->in_string = false;
    return STEP_DONE;
}

static size_t json_digits(BytesView text, size_t at) {
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9') {
        at++;
    }
    return at;
}

// The end of the number at `at`, and whether it is a float; 0 when it is none.
static size_t json_number_end(BytesView text, size_t at, bool *is_float) {
    size_t from = at + (text.data[at] == '-');
    size_t end = json_digits(text, from);
    if (end == from || (text.data[from] == '0' && end > from + 1)) {
        return 0;
    }
    *is_float = false;
    if (end < text.len && text.data[end] == '.') {
        size_t digits = json_digits(text, end + 1);
        if (digits == end + 1) {
            return 0;
        }
        *is_float = true;
        end = digits;
    }
    if (end < text.len && (text.data[end] | 32) == 'e') {
        size_t exponent = end + 1;
        exponent +=
            exponent < text.len && (text.data[exponent] == '+' || text.data[exponent] == '-');
        size_t digits = json_digits(text, exponent);
        if (digits == exponent) {
            return 0;
        }
        *is_float = true;
        end = digits;
    }
    return end;
}

static bool json_read_float(Json *j, const char *text, size_t len, double *d) {
    if (memchr(text, '.', len) != NULL) {
        return float_parse(text, len, d);
    }
    // 1e5: a point is wanted before the exponent.
    Buffer *out = &j->text.text;
    buffer_clear(out);
    size_t mantissa = strcspn(text, "eE");
    mantissa = mantissa < len ? mantissa : len;
    buffer_add(out, text, mantissa);
    buffer_add_text(out, ".0");
    buffer_add(out, text + mantissa, len - mantissa);
    return !out->failed && float_parse(out->data, out->len, d);
}

static StepStatus json_number(Process *p, Term *args, Json *j) {
    BytesView text = bytes_view(args[0]);
    bool is_float;
    size_t end = json_number_end(text, j->at, &is_float);
    if (end == 0) {
        return json_wrong(j, AM_unexpected);
    }
    size_t len = end - j->at;
    if (len > JSON_NUMBER_MAX) {
        return json_wrong(j, AM_too_long);
    }
    char digits[JSON_NUMBER_MAX + 1];
    memcpy(digits, text.data + j->at, len);
    digits[len] = 0;
    if (is_float) {
        double d;
        if (!json_read_float(j, digits, len, &d)) {
            return json_wrong(j, AM_too_large);
        }
        j->value = bif_float(p, d);
    } else if (len < 18) {
        j->value = term_small(strtoll(digits, NULL, 10));
    } else {
        Room room;
        Term value = TERM_NONE;
        if (process_reserve(p, bignum_parse_words(len, 10), NULL, 0, &room) &&
            bignum_parse(bif_mem(p), &room, digits, len, 10, &value) != NUM_OK) {
            process_limit(p, AM_integer);
            value = TERM_NONE;
        }
        j->value = value;
    }
    if (!term_is_value(j->value)) {
        j->value = TERM_NIL;
        return STEP_MEMORY;
    }
    j->at = end;
    return STEP_DONE;
}

static StepStatus json_word(Json *j, BytesView text, const char *word, Term value) {
    size_t len = strlen(word);
    if (text.len - j->at < len || memcmp(text.data + j->at, word, len) != 0) {
        return json_wrong(j, AM_unexpected);
    }
    j->at += len;
    j->value = value;
    return STEP_DONE;
}

// ---- Arrays and objects -------------------------------------------------------------------------

static StepStatus json_open(Process *p, Json *j, bool object) {
    if (j->depth == JSON_DEPTH_MAX) {
        return json_wrong(j, AM_too_deep);
    }
    JsonLevel *grown = bif_grow(p, j->levels, &j->capacity, j->depth + 1, sizeof(JsonLevel));
    if (grown == NULL) {
        return json_no_memory(p);
    }
    j->levels = grown;
    j->levels[j->depth++] = (JsonLevel){.acc = TERM_EMPTY, .key = TERM_NIL, .object = object};
    j->want = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
    j->at++;
    return STEP_DONE;
}

// Puts the value that is complete where it belongs.
static StepStatus json_add(Process *p, Json *j) {
    if (j->depth == 0) {
        j->want = WANT_NOTHING;
        return STEP_DONE;
    }
    Room room;
    if (!process_reserve(p, 2 * CONS_WORDS, NULL, 0, &room)) {
        return STEP_MEMORY;
    }
    JsonLevel *level = &j->levels[j->depth - 1];
    if (level->object) {
        level->acc = room_cons(&room, level->key, level->acc);
    }
    level->acc = room_cons(&room, j->value, level->acc);
    level->count++;
    j->want = WANT_COMMA_OR_END;
    return STEP_DONE;
}

static StepStatus json_close_array(Process *p, Json *j) {
    while (term_is_cons(j->turning)) {
        Term probe = j->turning;
        size_t n = list_walk(&probe, CELL_CHUNK);
        Room room;
        if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
            return STEP_MEMORY;
        }
        for (size_t i = 0; i < n; i++) {
            j->value = room_cons(&room, cons_head(j->turning), j->value);
            j->turning = cons_tail(j->turning);
        }
        if (bif_charge(p, n, CELLS_PER_REDUCTION) && term_is_cons(j->turning)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

static StepStatus json_close_small(Process *p, Json *j, size_t count) {
    Room room;
    if (!process_reserve(p, 1 + 2 * count, NULL, 0, &room)) {
        return STEP_MEMORY;
    }
    Term pairs[2 * MAP_FLAT_MAX];
    for (size_t i = 2 * count; i > 0; i--) {
        pairs[i - 1] = cons_head(j->turning);
        j->turning = cons_tail(j->turning);
    }
    j->value = map_from_pairs(p->vm->atoms, &room, pairs, count);
    return STEP_DONE;
}

// A list of pairs turned round into a large map: the pairs are added so that the one read last is
// added last.
static StepStatus json_close_large(Process *p, Json *j) {
    if (!j->building) {
        map_builder_init(&j->builder, p->vm->atoms);
        j->building = true;
    }
    // First turned round (into value), then added, both a chunk at a time.
    StepStatus status = json_close_array(p, j);
    if (status != STEP_DONE) {
        return status;
    }
    while (term_is_cons(j->value)) {
        for (size_t i = 0; i < CELL_CHUNK / 4 && term_is_cons(j->value); i++) {
            Term key = cons_head(j->value);
            Term rest = cons_tail(j->value);
            if (!map_builder_add(&j->builder, key, cons_head(rest))) {
                return json_no_memory(p);
            }
            j->value = cons_tail(rest);
        }
        if (bif_charge(p, CELL_CHUNK / 4, 2)) {
            return STEP_MORE;
        }
    }
    int64_t budget = 4096;
    status = map_builder_sort(&j->builder, &budget);
    process_charge(p, (int32_t)((4096 - budget) / 8));
    if (status != STEP_DONE) {
        return status == STEP_MEMORY ? json_no_memory(p) : STEP_MORE;
    }
    Room room;
    if (!process_reserve(p, j->builder.words, NULL, 0, &room)) {
        return STEP_MEMORY;
    }
    j->value = map_builder_build(&j->builder, &room);
    map_builder_free(&j->builder);
    j->building = false;
    return STEP_DONE;
}

// The innermost level is complete: its value becomes j->value.
static StepStatus json_close(Process *p, Json *j) {
    JsonLevel *level = &j->levels[j->depth - 1];
    if (!j->closing) {
        j->closing = true;
        j->turning = level->acc;
        j->value = TERM_EMPTY;
        level->acc = TERM_EMPTY;
    }
    StepStatus status = !level->object                 ? json_close_array(p, j)
                        : level->count <= MAP_FLAT_MAX ? json_close_small(p, j, level->count)
                                                       : json_close_large(p, j);
    if (status == STEP_DONE) {
        j->closing = false;
        j->turning = TERM_EMPTY;
        j->depth--;
        status = json_add(p, j);
    }
    return status;
}

// ---- The machine --------------------------------------------------------------------------------

static StepStatus json_value(Process *p, Term *args, Json *j, uint8_t c) {
    BytesView text = bytes_view(args[0]);
    StepStatus status;
    switch (c) {
    case '[': return json_open(p, j, false);
    case '{': return json_open(p, j, true);
    case '"': status = json_string(p, args, j); break;
    case 't': status = json_word(j, text, "true", TERM_TRUE); break;
    case 'f': status = json_word(j, text, "false", TERM_FALSE); break;
    case 'n': status = json_word(j, text, "null", TERM_NIL); break;
    default:
        if (c != '-' && (c < '0' || c > '9')) {
            return json_wrong(j, AM_unexpected);
        }
        status = json_number(p, args, j);
    }
    return status == STEP_DONE && term_same_bits(j->error, TERM_NIL) ? json_add(p, j) : status;
}

static StepStatus json_key(Process *p, Term *args, Json *j, uint8_t c) {
    if (c != '"') {
        return json_wrong(j, AM_unexpected);
    }
    StepStatus status = json_string(p, args, j);
    if (status == STEP_DONE && term_same_bits(j->error, TERM_NIL)) {
        j->levels[j->depth - 1].key = j->value;
        j->want = WANT_COLON;
    }
    return status;
}

// One token, which begins with c.
static StepStatus json_step(Process *p, Term *args, Json *j, uint8_t c) {
    JsonLevel *level = j->depth > 0 ? &j->levels[j->depth - 1] : NULL;
    uint8_t end = level != NULL && level->object ? '}' : ']';
    switch (j->want) {
    case WANT_KEY_OR_END:
    case WANT_VALUE_OR_END:
    case WANT_COMMA_OR_END:
        if (c == end) {
            j->at++;
            return json_close(p, j);
        }
        if (j->want == WANT_COMMA_OR_END) {
            j->want = level->object ? WANT_KEY : WANT_VALUE;
            j->at++;
            return c == ',' ? STEP_DONE : (j->at--, json_wrong(j, AM_unexpected));
        }
        return j->want == WANT_KEY_OR_END ? json_key(p, args, j, c) : json_value(p, args, j, c);
    case WANT_KEY: return json_key(p, args, j, c);
    case WANT_COLON:
        j->want = WANT_VALUE;
        j->at++;
        return c == ':' ? STEP_DONE : (j->at--, json_wrong(j, AM_unexpected));
    case WANT_VALUE: return json_value(p, args, j, c);
    case WANT_NOTHING: return json_wrong(j, AM_unexpected);
    }
    UNREACHABLE();
}

static bool json_space(uint8_t c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Goes on until the text ends or something is wrong (STEP_DONE).
static StepStatus json_run(Process *p, Term *args, Json *j) {
    if (j->closing) {
        StepStatus status = json_close(p, j);
        if (status != STEP_DONE) {
            return status;
        }
    }
    for (size_t steps = 1;; steps++) {
        BytesView text = bytes_view(args[0]);
        size_t from = j->at;
        size_t stop = text.len - from < SCAN_CHUNK_BYTES ? text.len : from + SCAN_CHUNK_BYTES;
        while (j->at < stop && json_space(text.data[j->at])) {
            j->at++;
        }
        if (j->at == text.len) {
            return j->want == WANT_NOTHING ? STEP_DONE : json_wrong(j, AM_unfinished);
        }
        if (j->at < stop) {
            StepStatus status = json_step(p, args, j, text.data[j->at]);
            if (status != STEP_DONE || !term_same_bits(j->error, TERM_NIL)) {
                return status;
            }
        }
        if ((steps % 16 == 0 || j->at == stop) && bif_charge(p, 16, 2)) {
            return STEP_MORE;
        }
    }
}

// read(text): :ok(value), or :error((why, offset)) with why :unexpected, :unfinished, :bad_utf8,
// :too_deep, :too_long or :too_large.
Term bif_json_read(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    Json *j = bif_resume(p, bif_json_read);
    if (j == NULL) {
        j = bif_begin(p, sizeof *j, bif_json_read, json_drop, json_roots);
        if (j == NULL) {
            return TERM_NONE;
        }
        j->value = j->error = TERM_NIL;
        j->turning = TERM_EMPTY;
        out_text_init(&j->text, p);
    }
    switch (json_run(p, args, j)) {
    case STEP_MORE: return TERM_YIELD;
    case STEP_MEMORY: bif_end(p); return TERM_NONE;
    case STEP_DONE: break;
    }
    Term value = j->value;
    Term error = j->error;
    size_t at = j->at;
    bif_end(p);
    if (term_same_bits(error, TERM_NIL)) {
        return bif_ok(p, value);
    }
    Room room;
    if (!process_reserve(p, 6, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term why = room_tuple2(&room, error, term_small((int64_t)at));
    return room_tuple2(&room, AM_error, why);
}

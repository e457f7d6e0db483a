// SPDX-License-Identifier: Apache-2.0
// Json.write: terms to JSON text. Maps and records become objects, lists and tuples arrays, atoms
// strings (but true, false and nil), strings strings; what JSON has no form for fails with
// :badarg(v).
//
// Without recursion: a stack of what is open, each with its container and the next position, so
// that it can stop after every value and within long strings. Tests: tests/stdlib/json_test.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/term/float.h"
#include "vm/term/map.h"
#include "vm/term/record.h"

enum { PRINT_DEPTH_MAX = 10 * 1000, STRING_CHUNK = 64 * 1024 };

typedef struct {
    Term container; // list: what is left; map, tuple, record: itself
    uint64_t next;  // cursor of a map, index of a tuple or record
    bool begun;
    bool list; // it was one when it was opened, whatever its tail is
} PrintLevel;

typedef struct {
    Work work;
    PrintLevel *levels;
    size_t depth;
    size_t capacity;
    Term value; // to be printed next, or TERM_NIL
    bool has_value;
    size_t at;     // in a long string
    size_t indent; // 0: all on one line
    OutText out;
    bool done;
} JsonPrint;

static void json_print_drop(Process *p, Work *work) {
    JsonPrint *j = (JsonPrint *)work;
    mem_free(bif_mem(p), MEM_BIF, j->levels);
    out_text_free(&j->out);
    bif_free(p, work);
}

static void json_print_roots(Work *work, RootVisit visit, void *collection) {
    JsonPrint *j = (JsonPrint *)work;
    for (size_t i = 0; i < j->depth; i++) {
        visit(collection, &j->levels[i].container, 1);
    }
    visit(collection, &j->value, 1);
}

static bool json_is_object(Term t) {
    return term_is_map(t) || term_is_record(t);
}

// Valid UTF-8 with what must be escaped.
static void json_put_part(Buffer *out, const uint8_t *data, size_t len) {
    static const char escaped[] = "\"\\\b\f\n\r\t";
    size_t plain = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = data[i];
        if (c != '"' && c != '\\' && c >= 0x20) {
            continue;
        }
        buffer_add(out, data + plain, i - plain);
        plain = i + 1;
        const char *known = c == 0 ? NULL : strchr(escaped, c);
        if (known != NULL) {
            buffer_add_char(out, '\\');
            buffer_add_char(out, "\"\\bfnrt"[known - escaped]);
        } else {
            buffer_add_format(out, "\\u%04x", c);
        }
    }
    buffer_add(out, data + plain, len - plain);
}

// A whole string with its quotes. False when it is no valid UTF-8.
static bool json_put_string(Buffer *out, const uint8_t *data, size_t len) {
    if (!utf8_valid(data, len)) {
        return false;
    }
    buffer_add_char(out, '"');
    json_put_part(out, data, len);
    buffer_add_char(out, '"');
    return true;
}

// The string j->value from j->at on, a chunk at most. False when it is no valid UTF-8.
static bool json_print_string(Process *p, JsonPrint *j) {
    Buffer *out = &j->out.text;
    BytesView view = bytes_view(j->value);
    size_t left = view.len - j->at;
    size_t n = left < STRING_CHUNK ? left : STRING_CHUNK;
    size_t valid = utf8_valid_prefix(view.data + j->at, n);
    if (valid < n && (n == left || n - valid >= UTF8_MAX)) {
        return false;
    }
    if (j->at == 0) {
        buffer_add_char(out, '"');
    }
    json_put_part(out, view.data + j->at, valid);
    process_charge(p, (int32_t)(valid / (BYTES_PER_REDUCTION / 2)));
    j->at += valid;
    if (j->at < view.len) {
        j->has_value = true;
        return true;
    }
    buffer_add_char(out, '"');
    j->at = 0;
    return true;
}

static void json_put_line(JsonPrint *j, size_t depth) {
    if (j->indent > 0) {
        buffer_add_char(&j->out.text, '\n');
        for (size_t i = 0; i < depth * j->indent; i++) {
            buffer_add_char(&j->out.text, ' ');
        }
    }
}

// A key: a string, an atom or an integer. False for anything else.
static bool json_put_key(Process *p, JsonPrint *j, Term key) {
    Buffer *out = &j->out.text;
    bool good = true;
    if (term_is_bytes(key)) {
        BytesView view = bytes_view(key);
        good = json_put_string(out, view.data, view.len);
    } else if (term_is_atom(key)) {
        const Atom *atom = atom_get(p->vm->atoms, key);
        good = json_put_string(out, (const uint8_t *)atom->text, atom->len);
    } else if (term_is_small(key)) {
        buffer_add_format(out, "\"%lld\"", (long long)term_to_small(key));
    } else {
        return false;
    }
    buffer_add_text(out, j->indent > 0 ? ": " : ":");
    return good;
}

// A value that holds no others and is no string. False when JSON has no form for it.
static bool json_put_simple(Process *p, Buffer *out, Term t) {
    if (term_is_atom(t)) {
        const Atom *atom = atom_get(p->vm->atoms, t);
        if (t.bits == TERM_TRUE.bits || t.bits == TERM_FALSE.bits) {
            buffer_add(out, atom->text, atom->len);
        } else if (t.bits == TERM_NIL.bits) {
            buffer_add_text(out, "null");
        } else {
            return json_put_string(out, (const uint8_t *)atom->text, atom->len);
        }
    } else if (term_is_small(t)) {
        buffer_add_format(out, "%lld", (long long)term_to_small(t));
    } else if (term_is_float(t)) {
        char digits[FLOAT_TEXT_MAX];
        buffer_add(out, digits, float_print(term_to_double(t), digits));
    } else if (term_is_bignum(t)) {
        process_charge(p, (int32_t)(bignum_print_cost_us(t) * 10));
        return bignum_print(bif_mem(p), out, t, 10) == NUM_OK;
    } else {
        return false;
    }
    return true;
}

// Opens a container.
static StepStatus json_print_open(Process *p, JsonPrint *j, Term t) {
    if (j->depth == PRINT_DEPTH_MAX) {
        process_limit(p, AM_too_deep);
        return STEP_MEMORY;
    }
    PrintLevel *grown = bif_grow(p, j->levels, &j->capacity, j->depth + 1, sizeof(PrintLevel));
    if (grown == NULL) {
        process_limit(p, AM_memory);
        return STEP_MEMORY;
    }
    j->levels = grown;
    j->levels[j->depth++] = (PrintLevel){.container = t, .list = term_is_list(t)};
    buffer_add_char(&j->out.text, json_is_object(t) ? '{' : '[');
    return STEP_DONE;
}

// Takes the next element (and key) of a level; false when there is none.
static bool json_level_next(PrintLevel *level, Term *key, Term *value) {
    Term t = level->container;
    *key = TERM_NONE;
    if (level->list) {
        if (!term_is_cons(t)) {
            return false;
        }
        *value = cons_head(t);
        level->container = cons_tail(t);
        return true;
    }
    if (term_is_map(t)) {
        uint64_t next = map_next(t, level->next, key, value);
        if (next == MAP_END) {
            return false;
        }
        level->next = next;
        return true;
    }
    if (term_is_record(t)) {
        const RecordDesc *desc = record_desc(t);
        if (level->next == desc->field_count) {
            return false;
        }
        *key = desc->fields[level->next];
        *value = record_field(t, level->next++);
        return true;
    }
    if (level->next == tuple_size(t)) {
        return false;
    }
    *value = tuple_at(t, level->next++);
    return true;
}

// The next element of the innermost level, or its end.
static StepStatus json_print_level(Process *p, JsonPrint *j) {
    PrintLevel *level = &j->levels[j->depth - 1];
    Term key;
    Term value;
    bool object = !level->list && json_is_object(level->container);
    if (!json_level_next(level, &key, &value)) {
        if (level->list && !term_is_empty(level->container)) {
            process_badarg(p, level->container);
            return STEP_MEMORY;
        }
        j->depth--;
        if (level->begun) {
            json_put_line(j, j->depth);
        }
        buffer_add_char(&j->out.text, object ? '}' : ']');
        j->done = j->depth == 0;
        return STEP_DONE;
    }
    if (level->begun) {
        buffer_add_char(&j->out.text, ',');
    }
    level->begun = true;
    json_put_line(j, j->depth);
    if (object && !json_put_key(p, j, key)) {
        process_badarg(p, key);
        return STEP_MEMORY;
    }
    j->value = value;
    j->has_value = true;
    return STEP_DONE;
}

static StepStatus json_print_value(Process *p, JsonPrint *j) {
    Term t = j->value;
    j->has_value = false;
    if (json_is_object(t) || term_is_list(t) || term_is_tuple(t)) {
        return json_print_open(p, j, t);
    }
    if (term_is_bytes(t) ? !json_print_string(p, j) : !json_put_simple(p, &j->out.text, t)) {
        process_badarg(p, t);
        return STEP_MEMORY;
    }
    j->done = j->depth == 0 && !j->has_value;
    return STEP_DONE;
}

// write(value, indent): spaces for each level, 0 for one line.
Term bif_json_write(Process *p, Term *args) {
    JsonPrint *j = bif_resume(p, bif_json_write);
    if (j == NULL) {
        if (!term_is_small(args[1]) || term_to_small(args[1]) < 0 || term_to_small(args[1]) > 16) {
            return process_badarg(p, args[1]);
        }
        j = bif_begin(p, sizeof *j, bif_json_write, json_print_drop, json_print_roots);
        if (j == NULL) {
            return TERM_NONE;
        }
        j->indent = (size_t)term_to_small(args[1]);
        j->value = args[0];
        j->has_value = true;
        out_text_init(&j->out, p);
    }
    for (size_t steps = 1; !j->done; steps++) {
        StepStatus status = j->has_value ? json_print_value(p, j) : json_print_level(p, j);
        if (status != STEP_DONE) {
            bif_end(p);
            return TERM_NONE;
        }
        if ((steps % 16 == 0 || j->at > 0) && bif_charge(p, 16, 4)) {
            return TERM_YIELD;
        }
    }
    Term text = out_text_finish(p, &j->out);
    if (text.bits != TERM_YIELD.bits) {
        bif_end(p);
    }
    return text;
}

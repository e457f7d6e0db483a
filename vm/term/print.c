// SPDX-License-Identifier: Apache-2.0
// Terms as text. Each container that is open has a frame, which says what comes next in it:
//
//   FRAME_ONE      a: the whole term; data: PrintStyle
//   FRAME_LIST     a: rest; index: elements printed
//   FRAME_TUPLE    a; index: next element; data: where elements begin (1 behind a tag)
//   FRAME_RECORD   a; index: next field
//   FRAME_MAP      a; index: cursor; b: the value that is due, or TERM_NONE; data: entries printed
//   FRAME_RANGE    a; index: next part
//   FRAME_SCAN     a: bytes; index: how far they were found to be text; data: PrintStyle
//   FRAME_TEXT     a: bytes printed in quotes; index: offset.   FRAME_RAW: as they are.   FRAME_BYTES: as numbers
//
// Text is scanned and printed in pieces, so that a run ends soon after its budget whatever the
// size.
#include "vm/term/print.h"

#include "vm/term/bignum.h"
#include "vm/term/bytes.h"
#include "vm/term/float.h"
#include "vm/term/fn.h"
#include "vm/term/list.h"
#include "vm/term/map.h"
#include "vm/term/record.h"

enum {
    FRAME_ONE,
    FRAME_LIST,
    FRAME_TUPLE,
    FRAME_RECORD,
    FRAME_MAP,
    FRAME_RANGE,
    FRAME_SCAN,
    FRAME_TEXT,
    FRAME_RAW,
    FRAME_BYTES,
};

enum { PIECE = 4096, COST_PIECE = 32 }; // bytes in one step, and what it takes of the budget

// Text --------------------------------------------------------------------------------------------

// A control character that does not stand in a printed string.
static bool is_hidden(uint32_t c) {
    return (c < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != 0x1b) ||
           (c >= 0x7f && c < 0xa0);
}

// How far from `at` the bytes are text, looking at about PIECE of them; SIZE_MAX when they are not.
static size_t scan_text(BytesView v, size_t at) {
    size_t end = v.len - at > PIECE ? at + PIECE : v.len;
    while (at < end) {
        uint32_t c;
        size_t n = utf8_decode(v.data + at, v.len - at, &c);
        if (n == 0 || is_hidden(c)) {
            return SIZE_MAX;
        }
        at += n;
    }
    return at;
}

// The letter behind the backslash, or 0.
static char escape_of(uint8_t c, uint8_t next) {
    switch (c) {
    case '\n': return 'n';
    case '\t': return 't';
    case '\r': return 'r';
    case 0x1b: return 'e';
    case 0: return '0';
    case '"':
    case '\\': return (char)c;
    case '#': return next == '{' ? '#' : 0;
    default: return 0;
    }
}

// Bytes [from, to) of a text with escapes, without the quotes.
static void add_escaped(Buffer *out, BytesView v, size_t from, size_t to) {
    size_t plain = from;
    for (size_t i = from; i < to; i++) {
        char letter = escape_of(v.data[i], i + 1 < v.len ? v.data[i + 1] : 0);
        uint8_t c = v.data[i];
        if (letter == 0 && (c >= 0x20 && c != 0x7f)) {
            continue;
        }
        buffer_add(out, v.data + plain, i - plain);
        plain = i + 1;
        if (letter != 0) {
            char escape[2] = {'\\', letter};
            buffer_add(out, escape, 2);
        } else {
            buffer_add_format(out, "\\x%02X", c);
        }
    }
    buffer_add(out, v.data + plain, to - plain);
}

static void add_quoted(Buffer *out, const char *text, size_t len) {
    buffer_add_char(out, '"');
    add_escaped(out, (BytesView){(const uint8_t *)text, len}, 0, len);
    buffer_add_char(out, '"');
}

static bool is_constant(Term atom) {
    return term_same_bits(atom, TERM_FALSE) || term_same_bits(atom, TERM_NIL) ||
           term_same_bits(atom, TERM_TRUE);
}

void atom_print(const AtomTable *atoms, Buffer *out, Term atom, bool bare) {
    const Atom *a = atom_get(atoms, atom);
    if (bare) {
        buffer_add(out, a->text, a->len);
        return;
    }
    if (!is_constant(atom)) {
        buffer_add_char(out, ':');
    }
    if (a->is_word) {
        buffer_add(out, a->text, a->len);
    } else {
        add_quoted(out, a->text, a->len);
    }
}

// Terms without parts -----------------------------------------------------------------------------

static void add_unsigned(Buffer *out, uint64_t v) {
    buffer_add_format(out, "%llu", (unsigned long long)v);
}

static void add_float(Buffer *out, double d) {
    char text[FLOAT_TEXT_MAX];
    buffer_add(out, text, float_print(d, text));
}

// Module.name, with quotes around what would not read as one.
static void add_function_name(Printing *p, Term module, Term name, uint64_t arity) {
    atom_print(p->atoms, p->out, module, true);
    buffer_add_char(p->out, '.');
    atom_print(p->atoms, p->out, name, true);
    buffer_add_char(p->out, '/');
    add_unsigned(p->out, arity);
}

static void add_pid(Buffer *out, Term t) {
    buffer_add_format(out, "<0.%u.%u>", pid_index(t), pid_serial(t));
}

static void add_immediate(Printing *p, Term t) {
    if (term_is_small(t)) {
        NumStatus status = bignum_print(p->atoms->mem, p->out, t, 10);
        ASSERT(status == NUM_OK || p->out->failed);
    } else if (term_is_flo(t)) {
        add_float(p->out, term_to_flo(t));
    } else if (term_is_atom(t)) {
        atom_print(p->atoms, p->out, t, false);
    } else if (term_is_pid(t)) {
        add_pid(p->out, t);
    } else if (term_is_empty(t)) {
        buffer_add_text(p->out, "[]");
    } else {
        // No program sees one; a dump of a broken heap may.
        buffer_add_format(p->out, "#word<%llx>", (unsigned long long)t.bits);
    }
}

// Containers --------------------------------------------------------------------------------------

static bool push(Printing *p, uint32_t kind, Term a, uint64_t index, uint32_t data) {
    TermFrame *f = term_stack_push(&p->stack);
    if (f != NULL) {
        *f = (TermFrame){a, TERM_NONE, index, kind, data};
    }
    return f != NULL;
}

static void cut(Printing *p) {
    buffer_add_text(p->out, "...");
    p->cut = true;
}

static bool open_tuple(Printing *p, Term t) {
    Term tag = tuple_size(t) > 0 ? tuple_at(t, 0) : TERM_NONE;
    bool tagged = term_is_atom(tag) && !is_constant(tag);
    if (tagged) {
        atom_print(p->atoms, p->out, tag, false);
    }
    buffer_add_char(p->out, '(');
    return push(p, FRAME_TUPLE, t, tagged, tagged);
}

static bool open_record(Printing *p, Term t) {
    atom_print(p->atoms, p->out, record_desc(t)->name, true);
    buffer_add_char(p->out, '{');
    return push(p, FRAME_RECORD, t, 0, 0);
}

// Prints a box: all of it, or its beginning with a frame for the rest. False: no memory.
static bool open_box(Printing *p, Term t, PrintStyle style) {
    switch (box_kind(t)) {
    case KIND_FLOAT: add_float(p->out, term_to_double(t)); return true;
    case KIND_BIGNUM: return bignum_print(p->atoms->mem, p->out, t, 10) == NUM_OK;
    case KIND_BYTES:
    case KIND_SHARED:
    case KIND_SLICE: return push(p, FRAME_SCAN, t, 0, style);
    case KIND_TUPLE: return open_tuple(p, t);
    case KIND_RECORD: return open_record(p, t);
    case KIND_FN: {
        const FunctionHead *f = function_head(fn_function(t));
        buffer_add_text(p->out, "#fn<");
        add_function_name(p, f->module_name, f->name, f->arity);
        buffer_add_char(p->out, '>');
        return true;
    }
    case KIND_FNREF:
        buffer_add_char(p->out, '&');
        add_function_name(p, box_term(t, 0), box_term(t, 1),
                          (uint64_t)term_to_small(box_term(t, 2)));
        return true;
    case KIND_REF:
        buffer_add_text(p->out, "#ref<");
        add_unsigned(p->out, ref_id(t));
        buffer_add_char(p->out, '>');
        return true;
    case KIND_RANGE:
        if (!term_same_bits(box_term(t, 2), term_small(1))) {
            buffer_add_text(p->out, "Range.by(");
        }
        return push(p, FRAME_RANGE, t, 0, 0);
    case KIND_FLATMAP:
    case KIND_MAP: buffer_add_text(p->out, "%{"); return push(p, FRAME_MAP, t, 0, 0);
    case KIND_MAPNODE:
    case KIND_MAPLEAF:
    case KIND_COUNT: break;
    }
    UNREACHABLE();
}

// False: no memory.
static bool open_term(Printing *p, Term t, PrintStyle style) {
    if (style == PRINT_DISPLAY && term_is_atom(t)) {
        atom_print(p->atoms, p->out, t, true);
        return true;
    }
    if (!term_is_pointer(t)) {
        add_immediate(p, t);
        return true;
    }
    bool is_bytes = term_is_bytes(t);
    if (p->limits.max_depth != 0 && p->stack.count >= p->limits.max_depth && !is_bytes &&
        !term_is_number(t)) {
        cut(p);
        return true;
    }
    if (term_is_cons(t)) {
        buffer_add_char(p->out, '[');
        return push(p, FRAME_LIST, t, 0, 0);
    }
    return open_box(p, t, style);
}

// Steps -------------------------------------------------------------------------------------------
// Each prints what stands between two parts and opens the next part; or closes, and pops the frame.

static bool close_frame(Printing *p, const char *end) {
    buffer_add_text(p->out, end);
    term_stack_pop(&p->stack);
    return true;
}

static bool is_enough(const Printing *p, uint64_t items) {
    return p->limits.max_items != 0 && items >= p->limits.max_items;
}

// The separator before item number `items`; false when it was too many and the frame was closed.
static bool separate(Printing *p, uint64_t items, const char *end) {
    if (items > 0) {
        buffer_add_text(p->out, ", ");
    }
    if (is_enough(p, items)) {
        cut(p);
        close_frame(p, end);
        return false;
    }
    return true;
}

static bool step_list(Printing *p, TermFrame *f) {
    if (term_is_empty(f->a)) {
        return close_frame(p, "]");
    }
    if (!term_is_cons(f->a)) {
        // An improper end: once it is printed, [] closes the list.
        buffer_add_text(p->out, " | ");
        Term end = f->a;
        f->a = TERM_EMPTY;
        return open_term(p, end, PRINT_INSPECT);
    }
    if (!separate(p, f->index, "]")) {
        return true;
    }
    Term head = cons_head(f->a);
    f->a = cons_tail(f->a);
    f->index++;
    return open_term(p, head, PRINT_INSPECT);
}

static bool step_tuple(Printing *p, TermFrame *f) {
    if (f->index == tuple_size(f->a)) {
        return close_frame(p, f->data == 0 && f->index == 1 ? ",)" : ")");
    }
    if (!separate(p, f->index - f->data, ")")) {
        return true;
    }
    Term element = tuple_at(f->a, f->index++);
    return open_term(p, element, PRINT_INSPECT);
}

static void add_key(Printing *p, Term key) {
    const Atom *a = atom_get(p->atoms, key);
    if (a->is_word) {
        buffer_add(p->out, a->text, a->len);
    } else {
        add_quoted(p->out, a->text, a->len);
    }
    buffer_add_text(p->out, ": ");
}

static bool step_record(Printing *p, TermFrame *f) {
    const RecordDesc *desc = record_desc(f->a);
    if (f->index == desc->field_count) {
        return close_frame(p, "}");
    }
    if (!separate(p, f->index, "}")) {
        return true;
    }
    add_key(p, desc->fields[f->index]);
    Term field = record_field(f->a, f->index++);
    return open_term(p, field, PRINT_INSPECT);
}

static bool step_map(Printing *p, TermFrame *f) {
    if (!term_same_bits(f->b, TERM_NONE)) {
        Term value = f->b;
        f->b = TERM_NONE;
        buffer_add_text(p->out, " => ");
        return open_term(p, value, PRINT_INSPECT);
    }
    Term key, value;
    uint64_t next = map_next(f->a, f->index, &key, &value);
    if (next == MAP_END) {
        return close_frame(p, "}");
    }
    if (!separate(p, f->data, "}")) {
        return true;
    }
    f->index = next;
    f->data++;
    if (term_is_atom(key) && atom_get(p->atoms, key)->is_word && !is_constant(key)) {
        add_key(p, key);
        return open_term(p, value, PRINT_INSPECT);
    }
    f->b = value;
    return open_term(p, key, PRINT_INSPECT);
}

// first..last, or Range.by(first..last, step).
static bool step_range(Printing *p, TermFrame *f) {
    bool plain = term_same_bits(box_term(f->a, 2), term_small(1));
    if (f->index == (plain ? 2u : 3u)) {
        return close_frame(p, plain ? "" : ")");
    }
    if (f->index != 0) {
        buffer_add_text(p->out, f->index == 1 ? ".." : ", ");
    }
    Term part = box_term(f->a, f->index++);
    return open_term(p, part, PRINT_INSPECT);
}

static bool step_scan(Printing *p, TermFrame *f) {
    BytesView v = bytes_view(f->a);
    f->index = scan_text(v, f->index);
    if (f->index == SIZE_MAX) {
        f->index = 0;
        f->data = PRINT_INSPECT;
        buffer_add_text(p->out, "<<");
        f->kind = FRAME_BYTES;
    } else if (f->index >= v.len) {
        f->index = 0;
        f->kind = f->data == PRINT_DISPLAY ? FRAME_RAW : FRAME_TEXT;
        if (f->kind == FRAME_TEXT) {
            buffer_add_char(p->out, '"');
        }
    }
    return true;
}

static bool step_text(Printing *p, TermFrame *f) {
    BytesView v = bytes_view(f->a);
    bool quoted = f->kind == FRAME_TEXT;
    size_t end = v.len - f->index > PIECE ? f->index + PIECE : v.len;
    bool enough =
        p->limits.max_items != 0 && end > p->limits.max_items && v.len > p->limits.max_items;
    if (enough) {
        end = f->index > p->limits.max_items ? f->index : p->limits.max_items;
        while (end > f->index && (v.data[end] & 0xc0) == 0x80) { // not inside a code point
            end--;
        }
    }
    if (quoted) {
        add_escaped(p->out, v, f->index, end);
    } else {
        buffer_add(p->out, v.data + f->index, end - f->index);
    }
    f->index = end;
    if (enough) {
        cut(p);
    }
    return enough || end == v.len ? close_frame(p, quoted ? "\"" : "") : true;
}

static bool step_bytes(Printing *p, TermFrame *f) {
    BytesView v = bytes_view(f->a);
    for (size_t n = 0; n < PIECE / 4 && f->index < v.len; n++) {
        if (!separate(p, f->index, ">>")) {
            return true;
        }
        add_unsigned(p->out, v.data[f->index++]);
    }
    return f->index < v.len ? true : close_frame(p, ">>");
}

// False: no memory.
static bool step(Printing *p, int64_t *budget) {
    TermFrame *f = term_stack_top(&p->stack);
    switch (f->kind) {
    case FRAME_ONE: {
        Term t = f->a;
        PrintStyle style = (PrintStyle)f->data;
        term_stack_pop(&p->stack);
        return open_term(p, t, style);
    }
    case FRAME_LIST: return step_list(p, f);
    case FRAME_TUPLE: return step_tuple(p, f);
    case FRAME_RECORD: return step_record(p, f);
    case FRAME_MAP: return step_map(p, f);
    case FRAME_RANGE: return step_range(p, f);
    default: break;
    }
    size_t len = bytes_len(f->a);
    *budget -= len < PIECE ? (int64_t)(len / (PIECE / COST_PIECE)) : COST_PIECE;
    return f->kind == FRAME_SCAN    ? step_scan(p, f)
           : f->kind == FRAME_BYTES ? step_bytes(p, f)
                                    : step_text(p, f);
}

static void start(Printing *p, const AtomTable *atoms, Buffer *out, PrintStyle style,
                  PrintLimits limits, Term t) {
    p->atoms = atoms;
    p->out = out;
    p->limits = limits;
    p->start = out->len;
    p->cut = false;
    term_stack_init(&p->stack, atoms->mem, false);
    bool ok = push(p, FRAME_ONE, t, 0, style); // the first frames are inside the stack
    ASSERT(ok);
}

void printing_init(Printing *p, const AtomTable *atoms, Buffer *out, PrintStyle style,
                   PrintLimits limits, Term t) {
    start(p, atoms, out, style, limits, t);
}

StepStatus printing_run(Printing *p, int64_t *budget) {
    while (p->stack.count > 0) {
        if (*budget <= 0) {
            return STEP_MORE;
        }
        --*budget;
        if (!step(p, budget) || p->out->failed) {
            return STEP_MEMORY;
        }
        if (p->limits.max_bytes != 0 && p->out->len - p->start > p->limits.max_bytes) {
            cut(p);
            p->stack.count = 0;
        }
    }
    return p->out->failed ? STEP_MEMORY : STEP_DONE;
}

void printing_each_root(Printing *p, RootVisit visit, void *collection) {
    term_stack_each_root(&p->stack, visit, collection);
}

void printing_free(Printing *p) {
    term_stack_free(&p->stack);
}

static bool print_all(const AtomTable *atoms, Buffer *out, PrintStyle style, PrintLimits limits,
                      Term t) {
    Printing p;
    start(&p, atoms, out, style, limits, t);
    int64_t budget = INT64_MAX;
    bool ok = printing_run(&p, &budget) == STEP_DONE;
    printing_free(&p);
    return ok;
}

bool term_print(const AtomTable *atoms, Buffer *out, PrintStyle style, Term t) {
    return print_all(atoms, out, style, (PrintLimits){0, 0, 0}, t);
}

bool term_print_short(const AtomTable *atoms, Buffer *out, Term t) {
    return print_all(atoms, out, PRINT_INSPECT,
                     (PrintLimits){.max_bytes = 1000, .max_depth = 12, .max_items = 50}, t);
}

// The disassembler: an image's code as text, for --dump=asm and the goldens of tests/stage.
//
//     fn sum/2
//         enter {x0 x1}
//         is_cons x0, L1
//     L1: …
//
// It reads the bytes that image_write made, by the operand letters of ops.def, and knows nothing of
// how they were made: so it also shows that they can be read back. Literals stand as they are
// written in the language, a safepoint's map as the registers that hold something, the ends of
// regions as comments.
//
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "compiler/emit/emit_private.h"

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} Reader;

typedef struct {
    uint32_t name, arity, captured, words;
    Words blocks;
    VEC(Str) maps; // as text
    VEC(RegionEntry) regions;
} AsmFunction;

typedef struct {
    Arena *arena;
    Buf *out;
    Reader chunks[CHUNK_COUNT];
    VEC(Str) atoms;
    VEC(Str) literals; // as text
    VEC(Str) records;
    VEC(Str) imports;
    VEC(AsmFunction) functions;
} Asm;

// ---- Reading ------------------------------------------------------------------------------------

static uint64_t get_u(Reader *r) {
    uint64_t value = 0;
    for (uint32_t shift = 0;; shift += 7) {
        CHECK(r->at < r->end);
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
}

static uint32_t get_n(Reader *r) {
    return (uint32_t)get_u(r);
}

static int64_t get_i(Reader *r) {
    uint64_t value = get_u(r);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static Str get_str(Reader *r) {
    size_t len = get_u(r);
    CHECK(len <= (size_t)(r->end - r->at));
    Str s = {(const char *)r->at, len};
    r->at += len;
    return s;
}

static void find_chunks(Asm *a, Str module) {
    Reader r = {(const uint8_t *)module.ptr, (const uint8_t *)module.ptr + module.len};
    for (uint32_t i = 0; i < CHUNK_COUNT; i++) {
        CHECK(r.end - r.at >= 8);
        uint32_t size =
            r.at[4] | (uint32_t)r.at[5] << 8 | (uint32_t)r.at[6] << 16 | (uint32_t)r.at[7] << 24;
        a->chunks[i] = (Reader){r.at + 8, r.at + 8 + size};
        r.at += 8 + size;
    }
    CHECK(r.at == r.end);
}

// ---- Literals -----------------------------------------------------------------------------------

static void print_atom(Buf *out, Str name) {
    bool bare = str_is(name, "true") || str_is(name, "false") || str_is(name, "nil");
    buf_text(out, bare ? "" : ":");
    buf_str(out, name);
}

static void print_literal(Asm *a, Reader *r, Buf *out);

static void print_items(Asm *a, Reader *r, uint64_t count, const char *close, Buf *out) {
    for (uint64_t i = 0; i < count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        print_literal(a, r, out);
    }
    buf_text(out, close);
}

static void print_big(Reader *r, Buf *out) {
    buf_text(out, get_u(r) != 0 ? "-0x" : "0x");
    Str bytes = get_str(r);
    for (size_t i = bytes.len; i-- > 0;) {
        buf_format(out, "%02x", (uint8_t)bytes.ptr[i]);
    }
}

static void print_float(Reader *r, Buf *out) {
    double number;
    memcpy(&number, r->at, sizeof(number));
    r->at += sizeof(number);
    buf_format(out, "%.17g", number);
}

static void print_fnref(Asm *a, Reader *r, Buf *out) {
    Str module = a->atoms.items[get_u(r)];
    Str name = a->atoms.items[get_u(r)];
    buf_format(out, "&%.*s.%.*s/%" PRIu64, (int)module.len, module.ptr, (int)name.len, name.ptr,
               get_u(r));
}

static void print_list(Asm *a, Reader *r, Buf *out) {
    buf_byte(out, '[');
    print_items(a, r, get_u(r), "", out);
    if (*r->at == LIT_EMPTY) {
        r->at++;
    } else {
        buf_text(out, " | ");
        print_literal(a, r, out);
    }
    buf_byte(out, ']');
}

static void print_record(Asm *a, Reader *r, Buf *out) {
    uint64_t record = get_u(r);
    Reader fields = a->chunks[CHUNK_RECS];
    get_u(&fields);
    uint64_t count = 0;
    for (uint64_t i = 0; i <= record; i++) {
        get_u(&fields);
        get_u(&fields);
        count = get_u(&fields);
        for (uint64_t k = 0; k < count; k++) {
            get_u(&fields);
        }
    }
    buf_str(out, a->records.items[record]);
    buf_byte(out, '{');
    print_items(a, r, count, "}", out);
}

static void print_literal(Asm *a, Reader *r, Buf *out) {
    switch (*r->at++) {
    case LIT_INT: buf_format(out, "%" PRId64, get_i(r)); break;
    case LIT_BIG: print_big(r, out); break;
    case LIT_FLOAT: print_float(r, out); break;
    case LIT_ATOM: print_atom(out, a->atoms.items[get_u(r)]); break;
    case LIT_EMPTY: buf_text(out, "[]"); break;
    case LIT_BYTES: buf_quoted(out, get_str(r)); break;
    case LIT_TUPLE:
        buf_byte(out, '(');
        print_items(a, r, get_u(r), ")", out);
        break;
    case LIT_LIST: print_list(a, r, out); break;
    case LIT_MAP:
        buf_text(out, "%{");
        print_items(a, r, get_u(r) * 2, "}", out);
        break;
    case LIT_RECORD: print_record(a, r, out); break;
    case LIT_FNREF: print_fnref(a, r, out); break;
    case LIT_RANGE:
        buf_text(out, "range(");
        print_items(a, r, 3, ")", out);
        break;
    case LIT_FN: buf_format(out, "&%" PRIu64, get_u(r)); break;
    default: CHECK(!"a literal");
    }
}

// ---- Tables -------------------------------------------------------------------------------------

static Str function_name(Asm *a, Str module, Str name, uint64_t arity) {
    Buf text = buf_new(a->arena);
    buf_str(&text, module);
    buf_text(&text, module.len > 0 ? "." : "");
    buf_str(&text, name);
    buf_format(&text, "/%" PRIu64, arity);
    return buf_view(&text);
}

static void read_names(Asm *a) {
    Reader r = a->chunks[CHUNK_ATOM];
    for (uint64_t n = get_u(&r); n > 0; n--) {
        vec_push(a->arena, &a->atoms, get_str(&r));
    }
    r = a->chunks[CHUNK_RECS];
    for (uint64_t n = get_u(&r); n > 0; n--) {
        get_u(&r);
        vec_push(a->arena, &a->records, a->atoms.items[get_u(&r)]);
        for (uint64_t k = get_u(&r); k > 0; k--) {
            get_u(&r);
        }
    }
    r = a->chunks[CHUNK_IMPT];
    for (uint64_t n = get_u(&r); n > 0; n--) {
        Str module = a->atoms.items[get_u(&r)];
        Str name = a->atoms.items[get_u(&r)];
        vec_push(a->arena, &a->imports, function_name(a, module, name, get_u(&r)));
    }
    r = a->chunks[CHUNK_LITS];
    for (uint64_t n = get_u(&r); n > 0; n--) {
        Buf text = buf_new(a->arena);
        print_literal(a, &r, &text);
        vec_push(a->arena, &a->literals, buf_view(&text));
    }
}

static void print_kinds(Reader *r, char letter, bool *is_first, Buf *out) {
    static const char *const marks[] = {"", "", "raw ", "hole "};
    uint64_t count = get_u(r);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t kind = r->at[i / 4] >> i % 4 * 2 & 3;
        if (kind != SLOT_DEAD) {
            buf_format(out, "%s%s%c%" PRIu64, *is_first ? "" : " ", marks[kind], letter, i);
            *is_first = false;
        }
    }
    r->at += (count + 3) / 4;
}

static Str read_map(Asm *a, Reader *r) {
    Buf text = buf_new(a->arena);
    bool is_first = true;
    buf_byte(&text, '{');
    print_kinds(r, 'x', &is_first, &text);
    print_kinds(r, 'y', &is_first, &text);
    uint64_t raws = get_u(r);
    for (uint32_t i = 0; i < D_COUNT; i++) {
        if ((raws >> i & 1) != 0) {
            buf_format(&text, "%sd%" PRIu32, is_first ? "" : " ", i);
            is_first = false;
        }
    }
    buf_byte(&text, '}');
    return buf_view(&text);
}

static void read_functions(Asm *a) {
    Reader r = a->chunks[CHUNK_FUNC];
    for (uint64_t n = get_u(&r); n > 0; n--) {
        AsmFunction f = {.name = get_n(&r)};
        f.arity = get_n(&r);
        f.captured = get_n(&r);
        get_u(&r);
        f.words = get_n(&r);
        uint32_t offset = 0;
        for (uint64_t k = get_u(&r); k > 0; k--) {
            offset += get_n(&r);
            vec_push(a->arena, &f.blocks, offset);
        }
        for (uint64_t k = get_u(&r); k > 0; k--) {
            vec_push(a->arena, &f.maps, read_map(a, &r));
        }
        for (uint64_t k = get_u(&r); k > 0; k--) {
            RegionEntry region = {.start = get_n(&r)};
            region.end = get_n(&r);
            region.label = get_n(&r);
            vec_push(a->arena, &f.regions, region);
        }
        vec_push(a->arena, &a->functions, f);
    }
}

// ---- Code ---------------------------------------------------------------------------------------

static void print_place(Asm *a, uint32_t word) {
    int32_t value = operand_value(word);
    switch (operand_kind(word)) {
    case OPERAND_X: buf_format(a->out, "x%" PRId32, value); break;
    case OPERAND_Y: buf_format(a->out, "y%" PRId32, value); break;
    case OPERAND_INT: buf_format(a->out, "%" PRId32, value); break;
    case OPERAND_ATOM: print_atom(a->out, a->atoms.items[value]); break;
    case OPERAND_EMPTY: buf_text(a->out, "[]"); break;
    case OPERAND_LIT: buf_str(a->out, a->literals.items[value]); break;
    case OPERAND_D: buf_format(a->out, "d%" PRId32, value); break;
    }
}

static void print_operand(Asm *a, const AsmFunction *f, char letter, uint32_t word) {
    switch (letter) {
    case 'd':
    case 's':
    case 'e':
    case 'v': print_place(a, word); break;
    case 'n': buf_format(a->out, "%" PRIu32, word); break;
    case 'a': print_atom(a->out, a->atoms.items[word]); break;
    case 'f':
    case 'l': buf_format(a->out, word == 0 ? "-" : "L%" PRIu32, word); break;
    case 'm': buf_str(a->out, f->maps.items[word]); break;
    case 'F': {
        const AsmFunction *to = &a->functions.items[word];
        buf_str(a->out, function_name(a, (Str){"", 0}, a->atoms.items[to->name], to->arity));
        break;
    }
    case 'I': buf_str(a->out, a->imports.items[word]); break;
    case 'R': buf_str(a->out, a->records.items[word]); break;
    default: CHECK(!"a letter of ops.def");
    }
}

static uint32_t print_list_operand(Asm *a, const AsmFunction *f, char letter, Reader *r) {
    uint32_t count = get_n(r);
    const char *letters = letter == 'k' ? "sl" : letter == 'g' ? "nss" : "s";
    buf_byte(a->out, '(');
    for (uint32_t i = 0; i < count; i++) {
        buf_text(a->out, i > 0 ? ", " : "");
        for (const char *l = letters; *l != '\0'; l++) {
            buf_text(a->out, l > letters ? " " : "");
            print_operand(a, f, *l, get_n(r));
        }
    }
    buf_byte(a->out, ')');
    return 1 + count * (uint32_t)strlen(letters);
}

// Prints one instruction; how many words it has.
static uint32_t print_instruction(Asm *a, const AsmFunction *f, Reader *r) {
    uint32_t op = get_n(r);
    CHECK(op < OP_COUNT);
    uint32_t words = 1;
    buf_text(a->out, "    ");
    buf_text(a->out, op_infos[op].name);
    for (const char *letter = op_infos[op].operands; *letter != '\0'; letter++) {
        buf_text(a->out, letter == op_infos[op].operands ? " " : ", ");
        if (*letter == '*') {
            words += print_list_operand(a, f, *++letter, r);
        } else {
            print_operand(a, f, *letter, get_n(r));
            words++;
        }
    }
    buf_byte(a->out, '\n');
    return words;
}

static void print_function(Asm *a, const AsmFunction *f, Reader *code) {
    buf_text(a->out, "fn ");
    buf_str(a->out, function_name(a, (Str){"", 0}, a->atoms.items[f->name], f->arity));
    if (f->captured > 0) {
        buf_format(a->out, "+%" PRIu32, f->captured);
    }
    buf_byte(a->out, '\n');
    uint32_t label = 0;
    for (uint32_t at = 0; at < f->words;) {
        if (label < f->blocks.len && f->blocks.items[label] == at) {
            buf_format(a->out, "L%" PRIu32 ":\n", ++label);
        }
        for (uint32_t i = 0; i < f->regions.len; i++) {
            if (f->regions.items[i].start == at) {
                buf_format(a->out, "  # failures go to L%" PRIu32 "\n", f->regions.items[i].label);
            }
            if (f->regions.items[i].end == at) {
                buf_format(a->out, "  # to here: L%" PRIu32 "\n", f->regions.items[i].label);
            }
        }
        at += print_instruction(a, f, code);
    }
    CHECK(label == f->blocks.len);
    buf_byte(a->out, '\n');
}

void image_print(Arena *arena, Str module, Buf *out) {
    Asm a = {.arena = arena, .out = out};
    find_chunks(&a, module);
    read_names(&a);
    read_functions(&a);
    Reader code = a.chunks[CHUNK_CODE];
    for (uint32_t i = 0; i < a.functions.len; i++) {
        print_function(&a, &a.functions.items[i], &code);
    }
    CHECK(code.at == code.end);
}

// SPDX-License-Identifier: Apache-2.0
// See assembler.h. One pass over the text; labels and functions that come later are patched in at
// the end.
#include "assembler.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/code/format.h"

enum {
    NAME_MAX_LEN = 128,
    NAMES_MAX = 512,
    FUNCTIONS_MAX = 256,
    LABELS_MAX = 256,
    PATCHES_MAX = 1024
};

typedef struct {
    char names[NAMES_MAX][NAME_MAX_LEN];
    uint32_t count;
} Names;

typedef struct {
    uint32_t word;
    uint32_t line;
    char name[NAME_MAX_LEN];
} Patch;

typedef struct {
    char name[NAME_MAX_LEN];
    uint32_t arity;
    uint32_t captured;
    uint32_t first; // word of the module's code
    uint32_t words;
    uint32_t block_count;
    uint32_t blocks[LABELS_MAX];
    uint32_t map_count;
    Bytes maps;
    uint32_t region_count;
    Bytes regions;
    uint32_t line_count;
    uint32_t line_offset;
    Bytes lines;
} Fn;

typedef struct {
    const char *at;
    uint32_t line;
    char *error;
    bool failed;
    Names atoms;
    Names literals_text;
    uint32_t literal_count;
    Bytes literals;
    uint32_t import_count;
    Bytes imports;
    Names import_names;
    Names records;
    Bytes record_data;
    uint32_t *code;
    uint32_t code_count;
    Fn functions[FUNCTIONS_MAX];
    uint32_t function_count;
    Names labels; // of the function, in order
    Patch label_patches[PATCHES_MAX];
    uint32_t label_patch_count;
    struct {
        char start[NAME_MAX_LEN], end[NAME_MAX_LEN], handler[NAME_MAX_LEN];
    } regions[64];
    uint32_t region_count;
    Patch function_patches[PATCHES_MAX];
    uint32_t function_patch_count;
} Asm;

// Bytes ------------------------------------------------------------------------------------------

void bytes_add(Bytes *b, const void *data, size_t len) {
    if (b->len + len > b->capacity) {
        b->capacity = (b->len + len) * 2;
        b->data = realloc(b->data, b->capacity);
    }
    if (len != 0) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
}

void bytes_add_byte(Bytes *b, uint8_t byte) {
    bytes_add(b, &byte, 1);
}

void bytes_add_u(Bytes *b, uint64_t value) {
    while (value >= 0x80) {
        bytes_add_byte(b, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    bytes_add_byte(b, (uint8_t)value);
}

void bytes_add_i(Bytes *b, int64_t value) {
    bytes_add_u(b, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

void bytes_free(Bytes *b) {
    free(b->data);
    *b = (Bytes){0};
}

// At most 8 bytes hold the value; those after it are 0.
static void bytes_add_fixed(Bytes *b, uint64_t value, int len) {
    for (int i = 0; i < len; i++) {
        bytes_add_byte(b, i < 8 ? (uint8_t)(value >> (8 * i)) : 0);
    }
}

static void bytes_add_str(Bytes *b, const char *text, size_t len) {
    bytes_add_u(b, len);
    bytes_add(b, text, len);
}

// Reading ----------------------------------------------------------------------------------------

static void fail(Asm *a, const char *format, ...) {
    if (!a->failed) {
        va_list args;
        va_start(args, format);
        int n = snprintf(a->error, 256, "line %u: ", a->line);
        vsnprintf(a->error + n, 256 - (size_t)n, format, args);
        va_end(args);
        a->failed = true;
    }
}

// Spaces within the line; a comment ends it.
static void skip_spaces(Asm *a) {
    while (*a->at == ' ' || *a->at == '\t' || *a->at == ',') {
        a->at++;
    }
    if (*a->at == '#') {
        a->at += strcspn(a->at, "\n");
    }
}

static bool accept(Asm *a, const char *text) {
    skip_spaces(a);
    size_t len = strlen(text);
    if (strncmp(a->at, text, len) != 0) {
        return false;
    }
    a->at += len;
    return true;
}

static void expect(Asm *a, const char *text) {
    if (!accept(a, text)) {
        fail(a, "expected %s before %.20s", text, a->at);
    }
}

static bool is_name_char(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static void read_name(Asm *a, char out[NAME_MAX_LEN]) {
    skip_spaces(a);
    size_t n = 0;
    while (is_name_char(*a->at) && n < NAME_MAX_LEN - 1) {
        out[n++] = *a->at++;
    }
    out[n] = '\0';
    if (n == 0) {
        fail(a, "expected a name before %.20s", a->at);
    }
}

static int64_t read_number(Asm *a) {
    skip_spaces(a);
    char *end;
    int64_t value = strtoll(a->at, &end, 0);
    if (end == a->at) {
        fail(a, "expected a number before %.20s", a->at);
    }
    a->at = end;
    return value;
}

static uint32_t name_index(Asm *a, Names *names, const char *name) {
    for (uint32_t i = 0; i < names->count; i++) {
        if (strcmp(names->names[i], name) == 0) {
            return i;
        }
    }
    if (names->count == NAMES_MAX) {
        fail(a, "too many names");
        return 0;
    }
    snprintf(names->names[names->count], NAME_MAX_LEN, "%s", name);
    return names->count++;
}

// Literals ---------------------------------------------------------------------------------------

static void read_literal(Asm *a, Bytes *out);

// Text between double quotes; escapes \n \" \\ \xHH.
static size_t read_string(Asm *a, char *out, size_t size) {
    size_t n = 0;
    while (*a->at != '"' && *a->at != '\0' && n < size - 1) {
        char c = *a->at++;
        if (c == '\\') {
            c = *a->at++;
            if (c == 'x') {
                char hex[3] = {a->at[0], a->at[1], 0};
                c = (char)strtol(hex, NULL, 16);
                a->at += 2;
            } else if (c == 'n') {
                c = '\n';
            }
        }
        out[n++] = c;
    }
    expect(a, "\"");
    out[n] = '\0';
    return n;
}

static void read_atom_name(Asm *a, char out[NAME_MAX_LEN]) {
    if (*a->at == '"') {
        a->at++;
        read_string(a, out, NAME_MAX_LEN);
    } else {
        read_name(a, out);
    }
}

// Decimal digits to bytes, least first, for integers over 64 bits.
static void add_big(Bytes *out, const char *digits, size_t len, bool negative) {
    uint8_t bytes[1024] = {0};
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned carry = (unsigned)(digits[i] - '0');
        for (size_t k = 0; k < n || carry != 0; k++) {
            carry += bytes[k] * 10u;
            bytes[k] = (uint8_t)carry;
            carry >>= 8;
            n = k >= n ? k + 1 : n;
        }
    }
    bytes_add_byte(out, LIT_BIG);
    bytes_add_u(out, negative);
    bytes_add_str(out, (const char *)bytes, n);
}

static void read_number_literal(Asm *a, Bytes *out) {
    const char *start = a->at;
    bool negative = *start == '-';
    const char *digits = start + negative;
    size_t len = strspn(digits, "0123456789");
    if (digits[len] == '.' && isdigit((unsigned char)digits[len + 1])) {
        char *end;
        double d = strtod(start, &end);
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        bytes_add_byte(out, LIT_FLOAT);
        bytes_add_fixed(out, bits, 8);
        a->at = end;
    } else if (len > 18) {
        add_big(out, digits, len, negative);
        a->at = digits + len;
    } else {
        bytes_add_byte(out, LIT_INT);
        bytes_add_i(out, read_number(a));
    }
}

// A number, or a range of two.
static void read_numeric(Asm *a, Bytes *out) {
    Bytes first = {0};
    read_number_literal(a, &first);
    bool range = accept(a, "..");
    if (range) {
        bytes_add_byte(out, LIT_RANGE);
    }
    bytes_add(out, first.data, first.len);
    bytes_free(&first);
    if (range) {
        read_number_literal(a, out);
        bytes_add_byte(out, LIT_INT);
        bytes_add_i(out, 1);
    }
}

// Elements up to `close`; gives how many.
static uint32_t read_elements(Asm *a, Bytes *out, const char *close, const char *between) {
    uint32_t count = 0;
    while (!a->failed && !accept(a, close)) {
        read_literal(a, out);
        count++;
        if (between != NULL) {
            expect(a, between);
            read_literal(a, out);
        } else if (accept(a, "|")) {
            read_literal(a, out);
            expect(a, close);
            return count | UINT32_C(0x80000000);
        }
    }
    return count;
}

static void read_list_literal(Asm *a, Bytes *out) {
    Bytes elements = {0};
    uint32_t count = read_elements(a, &elements, "]", NULL);
    bool improper = (count & UINT32_C(0x80000000)) != 0;
    count &= UINT32_C(0x7fffffff);
    if (count == 0) {
        bytes_add_byte(out, LIT_EMPTY);
    } else {
        bytes_add_byte(out, LIT_LIST);
        bytes_add_u(out, count);
        bytes_add(out, elements.data, elements.len);
        if (!improper) {
            bytes_add_byte(out, LIT_EMPTY);
        }
    }
    bytes_free(&elements);
}

static void read_function_literal(Asm *a, Bytes *out) {
    char name[NAME_MAX_LEN];
    read_name(a, name);
    expect(a, "/");
    uint64_t arity = (uint64_t)read_number(a);
    char *dot = strrchr(name, '.');
    if (dot == NULL) {
        // Only functions that stand before can be named.
        for (uint32_t i = 0; i < a->function_count; i++) {
            if (strcmp(a->functions[i].name, name) == 0 && a->functions[i].arity == arity) {
                bytes_add_byte(out, LIT_FN);
                bytes_add_u(out, i);
                return;
            }
        }
        fail(a, "no function %s/%u before this", name, (unsigned)arity);
        return;
    }
    *dot = '\0';
    bytes_add_byte(out, LIT_FNREF);
    bytes_add_u(out, name_index(a, &a->atoms, name));
    bytes_add_u(out, name_index(a, &a->atoms, dot + 1));
    bytes_add_u(out, arity);
}

static void read_counted(Asm *a, Bytes *out, LitTag tag, const char *close, const char *between) {
    Bytes elements = {0};
    uint32_t count = read_elements(a, &elements, close, between);
    bytes_add_byte(out, (uint8_t)tag);
    bytes_add_u(out, count);
    bytes_add(out, elements.data, elements.len);
    bytes_free(&elements);
}

static void read_record_literal(Asm *a, Bytes *out) {
    char name[NAME_MAX_LEN];
    read_name(a, name);
    Bytes fields = {0};
    expect(a, "{");
    read_elements(a, &fields, "}", NULL);
    bytes_add_byte(out, LIT_RECORD);
    bytes_add_u(out, name_index(a, &a->records, name));
    bytes_add(out, fields.data, fields.len);
    bytes_free(&fields);
}

static void read_literal(Asm *a, Bytes *out) {
    char text[4096];
    skip_spaces(a);
    if (*a->at == '"') {
        a->at++;
        size_t len = read_string(a, text, sizeof text);
        bytes_add_byte(out, LIT_BYTES);
        bytes_add_str(out, text, len);
    } else if (*a->at == '-' || isdigit((unsigned char)*a->at)) {
        read_numeric(a, out);
    } else if (accept(a, ":")) {
        read_atom_name(a, text);
        bytes_add_byte(out, LIT_ATOM);
        bytes_add_u(out, name_index(a, &a->atoms, text));
    } else if (accept(a, "[")) {
        read_list_literal(a, out);
    } else if (accept(a, "(")) {
        read_counted(a, out, LIT_TUPLE, ")", NULL);
    } else if (accept(a, "%{")) {
        read_counted(a, out, LIT_MAP, "}", "=>");
    } else if (accept(a, "&")) {
        read_function_literal(a, out);
    } else if (isupper((unsigned char)*a->at)) {
        read_record_literal(a, out);
    } else {
        read_name(a, text);
        bytes_add_byte(out, LIT_ATOM);
        bytes_add_u(out, name_index(a, &a->atoms, text));
    }
}

// Operands ---------------------------------------------------------------------------------------

static void emit(Asm *a, uint32_t word) {
    a->code = realloc(a->code, (a->code_count + 1) * sizeof *a->code);
    a->code[a->code_count++] = word;
}

static uint32_t read_constant(Asm *a) {
    Bytes literal = {0};
    read_literal(a, &literal);
    uint32_t word = 0;
    if (a->failed) {
        return 0;
    }
    if (literal.data[0] == LIT_EMPTY) {
        word = operand_make(OPERAND_EMPTY, 0);
    } else if (literal.data[0] == LIT_ATOM) {
        uint64_t atom = 0;
        for (size_t i = 1; i < literal.len; i++) {
            atom |= (uint64_t)(literal.data[i] & 0x7f) << (7 * (i - 1));
        }
        word = operand_make(OPERAND_ATOM, (int32_t)atom);
    } else if (literal.data[0] == LIT_INT && literal.len <= 5) {
        uint64_t z = 0;
        for (size_t i = 1; i < literal.len; i++) {
            z |= (uint64_t)(literal.data[i] & 0x7f) << (7 * (i - 1));
        }
        word = operand_make(OPERAND_INT, (int32_t)((int64_t)(z >> 1) ^ -(int64_t)(z & 1)));
    } else {
        bytes_add(&a->literals, literal.data, literal.len);
        word = operand_make(OPERAND_LIT, (int32_t)a->literal_count++);
    }
    bytes_free(&literal);
    return word;
}

static uint32_t read_operand(Asm *a) {
    skip_spaces(a);
    if (strchr("xyd", a->at[0]) != NULL && isdigit((unsigned char)a->at[1])) {
        OperandKind kind = *a->at == 'x' ? OPERAND_X : *a->at == 'y' ? OPERAND_Y : OPERAND_D;
        a->at++;
        return operand_make(kind, (int32_t)read_number(a));
    }
    return read_constant(a);
}

static void emit_label(Asm *a) {
    Patch *patch = &a->label_patches[a->label_patch_count++ % PATCHES_MAX];
    patch->word = a->code_count;
    patch->line = a->line;
    expect(a, "@");
    read_name(a, patch->name);
    emit(a, 0);
}

// {x0 x2} without a frame, {x0 | y0 y3} with one of the size that `frame` said.
static void emit_map(Asm *a, Fn *f, uint32_t frame_size) {
    uint8_t x[256] = {0};
    uint8_t y[(Y_MAX + 4) / 4] = {0};
    uint32_t nx = 0;
    uint32_t raws = 0;
    bool frame = false;
    expect(a, "{");
    while (!a->failed && !accept(a, "}")) {
        if (accept(a, "|")) {
            frame = true;
            continue;
        }
        SlotKind kind = accept(a, "raw ") ? SLOT_RAW : accept(a, "hole ") ? SLOT_HOLE : SLOT_TERM;
        bool is_x = *a->at == 'x';
        bool is_d = *a->at == 'd';
        a->at++;
        uint32_t i = (uint32_t)read_number(a) % Y_MAX;
        if (is_d) {
            raws |= 1u << i % D_COUNT;
            continue;
        }
        i = is_x ? i % 256 : i;
        (is_x ? x : y)[i / 4] |= (uint8_t)(kind << (i % 4 * 2));
        nx = is_x && i >= nx ? i + 1 : nx;
    }
    uint32_t ny = frame ? frame_size : 0;
    bytes_add_u(&f->maps, nx);
    bytes_add(&f->maps, x, (nx + 3) / 4);
    bytes_add_u(&f->maps, ny);
    bytes_add(&f->maps, y, (ny + 3) / 4);
    bytes_add_u(&f->maps, raws);
    emit(a, f->map_count++);
}

static uint32_t read_spec(Asm *a) {
    static const struct {
        const char *word;
        uint32_t bits;
    } words[] = {{"int", SEG_INT},     {"float", SEG_FLOAT},   {"bytes", SEG_BYTES},
                 {"utf8", SEG_UTF8},   {"little", SEG_LITTLE}, {"signed", SEG_SIGNED},
                 {"shown", SEG_SHOWN}, {"append", SEG_APPEND}};
    uint32_t spec = 0;
    do {
        char name[NAME_MAX_LEN];
        read_name(a, name);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            spec |= strcmp(words[i].word, name) == 0 ? words[i].bits : 0;
        }
    } while (accept(a, "+"));
    return spec;
}

static void emit_import(Asm *a) {
    char name[NAME_MAX_LEN];
    char whole[NAME_MAX_LEN + 16];
    read_name(a, name);
    expect(a, "/");
    uint32_t arity = (uint32_t)read_number(a);
    snprintf(whole, sizeof whole, "%s/%u", name, arity);
    whole[NAME_MAX_LEN - 1] = '\0';
    uint32_t count = a->import_names.count;
    uint32_t index = name_index(a, &a->import_names, whole);
    char *dot = strrchr(name, '.');
    if (dot == NULL) {
        fail(a, "an import needs a module");
    } else if (index == count) {
        *dot = '\0';
        bytes_add_u(&a->imports, name_index(a, &a->atoms, name));
        bytes_add_u(&a->imports, name_index(a, &a->atoms, dot + 1));
        bytes_add_u(&a->imports, arity);
        a->import_count++;
    }
    emit(a, index);
}

static void emit_function(Asm *a) {
    Patch *patch = &a->function_patches[a->function_patch_count++ % PATCHES_MAX];
    char name[NAME_MAX_LEN];
    read_name(a, name);
    expect(a, "/");
    patch->word = a->code_count;
    patch->line = a->line;
    snprintf(patch->name, sizeof patch->name, "%.100s/%u", name, (unsigned)read_number(a));
    emit(a, 0);
}

static void emit_list(Asm *a, char letter) {
    uint32_t count_at = a->code_count;
    emit(a, 0);
    expect(a, "<");
    while (!a->failed && !accept(a, ">")) {
        if (letter == 'g') {
            emit(a, read_spec(a));
            emit(a, read_operand(a));
        }
        emit(a, read_operand(a));
        if (letter == 'k') {
            emit_label(a);
        }
        a->code[count_at]++;
    }
}

static void emit_operand(Asm *a, Fn *f, char letter, uint32_t frame_size) {
    char name[NAME_MAX_LEN];
    skip_spaces(a);
    switch (letter) {
    case 'd':
    case 's':
    case 'e':
    case 'v': emit(a, read_operand(a)); break;
    case 'n':
        emit(a, isalpha((unsigned char)*a->at) ? read_spec(a) : (uint32_t)read_number(a));
        break;
    case 'a':
        expect(a, ":");
        read_atom_name(a, name);
        emit(a, name_index(a, &a->atoms, name));
        break;
    case 'f':
        if (accept(a, "-")) {
            emit(a, 0);
            break;
        }
        emit_label(a);
        break;
    case 'l': emit_label(a); break;
    case 'm': emit_map(a, f, frame_size); break;
    case 'F': emit_function(a); break;
    case 'I': emit_import(a); break;
    default:
        read_name(a, name);
        emit(a, name_index(a, &a->records, name));
        break;
    }
}

// Lines ------------------------------------------------------------------------------------------

static uint32_t find_label(Asm *a, const char *name, uint32_t line) {
    for (uint32_t i = 0; i < a->labels.count; i++) {
        if (strcmp(a->labels.names[i], name) == 0) {
            return i + 1;
        }
    }
    a->line = line;
    fail(a, "no label %s", name);
    return 0;
}

static void end_function(Asm *a) {
    if (a->function_count == 0) {
        return;
    }
    Fn *f = &a->functions[a->function_count - 1];
    f->words = a->code_count - f->first;
    for (uint32_t i = 0; i < a->label_patch_count; i++) {
        a->code[a->label_patches[i].word] =
            find_label(a, a->label_patches[i].name, a->label_patches[i].line);
    }
    for (uint32_t i = 0; i < a->region_count && !a->failed; i++) {
        bytes_add_u(&f->regions, f->blocks[find_label(a, a->regions[i].start, a->line) - 1]);
        bytes_add_u(&f->regions, f->blocks[find_label(a, a->regions[i].end, a->line) - 1]);
        bytes_add_u(&f->regions, find_label(a, a->regions[i].handler, a->line));
    }
    f->region_count = a->region_count;
    a->region_count = 0;
    a->label_patch_count = 0;
    a->labels.count = 0;
}

static Fn *begin_function(Asm *a) {
    end_function(a);
    Fn *f = &a->functions[a->function_count++ % FUNCTIONS_MAX];
    memset(f, 0, sizeof *f);
    read_name(a, f->name);
    name_index(a, &a->atoms, f->name);
    expect(a, "/");
    f->arity = (uint32_t)read_number(a);
    f->captured = accept(a, "+") ? (uint32_t)read_number(a) : 0;
    f->first = a->code_count;
    return f;
}

static void read_record(Asm *a) {
    char name[NAME_MAX_LEN];
    read_name(a, name);
    name_index(a, &a->records, name);
    bytes_add_u(&a->record_data, 0);
    bytes_add_u(&a->record_data, name_index(a, &a->atoms, name));
    Bytes fields = {0};
    uint32_t count = 0;
    for (skip_spaces(a); is_name_char(*a->at); skip_spaces(a)) {
        read_name(a, name);
        bytes_add_u(&fields, name_index(a, &a->atoms, name));
        count++;
    }
    bytes_add_u(&a->record_data, count);
    bytes_add(&a->record_data, fields.data, fields.len);
    bytes_free(&fields);
}

static void read_op(Asm *a, Fn *f, const char *name, uint32_t *frame_size) {
    int op = 0;
    while (op < OP_COUNT && strcmp(op_infos[op].name, name) != 0) {
        op++;
    }
    if (op == OP_COUNT || f == NULL) {
        fail(a, "no op %s", name);
        return;
    }
    // An entry for each op with the line of the text.
    uint32_t offset = a->code_count - f->first;
    bytes_add_u(&f->lines, offset - f->line_offset);
    f->line_offset = offset;
    bytes_add_u(&f->lines, 1);
    bytes_add_u(&f->lines, name_index(a, &a->atoms, f->name));
    bytes_add_u(&f->lines, 0);
    bytes_add_u(&f->lines, a->line);
    f->line_count++;
    emit(a, (uint32_t)op);
    for (const char *o = op_infos[op].operands; *o != '\0' && !a->failed; o++) {
        if (*o == '*') {
            emit_list(a, *++o);
        } else {
            emit_operand(a, f, *o, *frame_size);
        }
        if (op == OP_frame && *o == 'n') {
            *frame_size = a->code[a->code_count - 1];
        }
    }
}

static void read_line(Asm *a, Fn **f, uint32_t *frame_size) {
    char name[NAME_MAX_LEN];
    read_name(a, name);
    if (*a->at == ':' && *f != NULL) {
        a->at++;
        (*f)->blocks[(*f)->block_count++ % LABELS_MAX] = a->code_count - (*f)->first;
        name_index(a, &a->labels, name);
    } else if (strcmp(name, "record") == 0 && *f == NULL) {
        read_record(a);
    } else if (strcmp(name, "fn") == 0) {
        *f = begin_function(a);
        *frame_size = 0;
    } else if (strcmp(name, "region") == 0) {
        expect(a, "@");
        read_name(a, a->regions[a->region_count].start);
        expect(a, "@");
        read_name(a, a->regions[a->region_count].end);
        expect(a, "@");
        read_name(a, a->regions[a->region_count++].handler);
    } else {
        read_op(a, *f, name, frame_size);
    }
    skip_spaces(a);
    if (*a->at != '\n' && *a->at != '\0') {
        fail(a, "what is left: %.30s", a->at);
    }
}

// Images -----------------------------------------------------------------------------------------

static void add_chunk(Bytes *module, const char *id, Bytes *payload) {
    bytes_add(module, id, 4);
    bytes_add_fixed(module, payload->len, 4);
    bytes_add(module, payload->data, payload->len);
    bytes_free(payload);
}

static void counted_chunk(Bytes *module, const char *id, uint32_t count, Bytes *data) {
    Bytes payload = {0};
    bytes_add_u(&payload, count);
    bytes_add(&payload, data->data, data->len);
    bytes_free(data);
    add_chunk(module, id, &payload);
}

static void patch_functions(Asm *a) {
    for (uint32_t i = 0; i < a->function_patch_count; i++) {
        uint32_t found = a->function_count;
        for (uint32_t k = 0; k < a->function_count; k++) {
            char name[NAME_MAX_LEN + 16];
            snprintf(name, sizeof name, "%.100s/%u", a->functions[k].name, a->functions[k].arity);
            found = strcmp(name, a->function_patches[i].name) == 0 ? k : found;
        }
        if (found == a->function_count) {
            a->line = a->function_patches[i].line;
            fail(a, "no function %s", a->function_patches[i].name);
        }
        a->code[a->function_patches[i].word] = found;
    }
}

static void add_functions(Asm *a, Bytes *module) {
    Bytes functions = {0};
    Bytes lines = {0};
    for (uint32_t i = 0; i < a->function_count; i++) {
        Fn *f = &a->functions[i];
        bytes_add_u(&functions, name_index(a, &a->atoms, f->name));
        bytes_add_u(&functions, f->arity);
        bytes_add_u(&functions, f->captured);
        bytes_add_u(&functions, f->captured == 0 ? FN_EXPORTED : FN_CLOSURE);
        bytes_add_u(&functions, f->words);
        bytes_add_u(&functions, f->block_count);
        for (uint32_t k = 0; k < f->block_count; k++) {
            bytes_add_u(&functions, f->blocks[k] - (k == 0 ? 0 : f->blocks[k - 1]));
        }
        bytes_add_u(&functions, f->map_count);
        bytes_add(&functions, f->maps.data, f->maps.len);
        bytes_add_u(&functions, f->region_count);
        bytes_add(&functions, f->regions.data, f->regions.len);
        bytes_add_u(&lines, f->line_count);
        bytes_add(&lines, f->lines.data, f->lines.len);
        bytes_free(&f->maps);
        bytes_free(&f->regions);
        bytes_free(&f->lines);
    }
    counted_chunk(module, "FUNC", a->function_count, &functions);
    Bytes code = {0};
    for (uint32_t i = 0; i < a->code_count; i++) {
        bytes_add_u(&code, a->code[i]);
    }
    add_chunk(module, "CODE", &code);
    add_chunk(module, "LINE", &lines);
}

static Asm *sorting;
static int compare_exports(const void *x, const void *y) {
    const Fn *a = &sorting->functions[*(const uint32_t *)x];
    const Fn *b = &sorting->functions[*(const uint32_t *)y];
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (int)a->arity - (int)b->arity;
}

static void add_exports(Asm *a, Bytes *module) {
    uint32_t order[FUNCTIONS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->function_count; i++) {
        if (a->functions[i].captured == 0) {
            order[count++] = i;
        }
    }
    sorting = a;
    qsort(order, count, sizeof order[0], compare_exports);
    Bytes exports = {0};
    for (uint32_t i = 0; i < count; i++) {
        bytes_add_u(&exports, name_index(a, &a->atoms, a->functions[order[i]].name));
        bytes_add_u(&exports, a->functions[order[i]].arity);
        bytes_add_u(&exports, order[i]);
    }
    counted_chunk(module, "EXPT", count, &exports);
}

static void end_module(Asm *a, Bytes *image, uint32_t *modules) {
    end_function(a);
    patch_functions(a);
    if (a->failed) {
        return;
    }
    Bytes module = {0};
    Bytes atoms = {0};
    for (uint32_t i = 0; i < a->atoms.count; i++) {
        bytes_add_str(&atoms, a->atoms.names[i], strlen(a->atoms.names[i]));
    }
    counted_chunk(&module, "ATOM", a->atoms.count, &atoms);
    Bytes files = {0};
    bytes_add_str(&files, "test.copasm", 11);
    counted_chunk(&module, "FILE", 1, &files);
    counted_chunk(&module, "LITS", a->literal_count, &a->literals);
    counted_chunk(&module, "RECS", a->records.count, &a->record_data);
    counted_chunk(&module, "IMPT", a->import_count, &a->imports);
    add_functions(a, &module);
    add_exports(a, &module);
    bytes_add_fixed(image, module.len, 4);
    bytes_add(image, module.data, module.len);
    bytes_free(&module);
    (*modules)++;
}

static void begin_module(Asm *a) {
    char *error = a->error;
    const char *at = a->at;
    uint32_t line = a->line;
    free(a->code);
    memset(a, 0, sizeof *a);
    a->error = error;
    a->at = at;
    a->line = line;
    char name[NAME_MAX_LEN];
    read_name(a, name);
    name_index(a, &a->atoms, name);
}

void image_mend(uint8_t *image, size_t len) {
    uint64_t sum = image_checksum(image + IMAGE_HEAD_BYTES, len - IMAGE_HEAD_BYTES);
    for (int i = 0; i < 8; i++) {
        image[8 + i] = (uint8_t)(sum >> (8 * i));
    }
}

bool assemble(const char *text, Bytes *image, char error[256]) {
    Asm *a = calloc(1, sizeof *a);
    a->at = text;
    a->error = error;
    *image = (Bytes){0};
    bytes_add(image, IMAGE_MAGIC, 4);
    bytes_add_fixed(image, IMAGE_VERSION, 4);
    bytes_add_fixed(image, 0, 12);
    uint32_t modules = 0;
    Fn *f = NULL;
    uint32_t frame_size = 0;
    for (a->line = 1; *a->at != '\0' && !a->failed; a->line++) {
        skip_spaces(a);
        if (strncmp(a->at, "module ", 7) == 0) {
            if (a->atoms.count != 0) {
                end_module(a, image, &modules);
            }
            a->at += 7;
            if (!a->failed) {
                begin_module(a);
            }
            f = NULL;
            skip_spaces(a);
        } else if (*a->at != '\n' && *a->at != '\0') {
            read_line(a, &f, &frame_size);
        }
        a->at += *a->at == '\n';
    }
    if (!a->failed) {
        end_module(a, image, &modules);
    }
    bool ok = !a->failed;
    for (int i = 0; i < 4; i++) {
        image->data[16 + i] = (uint8_t)(modules >> (8 * i));
    }
    image_mend(image->data, image->len);
    free(a->code);
    free(a);
    return ok;
}

// SPDX-License-Identifier: Apache-2.0
// From canonical code to machine code: see jit.h. A module is gone through twice by the same
// functions: the first time to find where everything goes (`measuring`), the second time to write
// it. Hot code of all functions comes first, then their cold code, then the words with the
// Safepoints of calls. Runs before the module is published, one thread.
#include "vm/jit/translate.h"

#include <stdlib.h>

#include "gen/stencil_numbers.h"
#include "vm/base/alloc.h"
#include "vm/boot.h"
#include "vm/code/instr.h"
#include "vm/jit/symbols.h"
#include "vm/ops/words.h"
#include "vm/term/bytes.h"

// Stencils ----------------------------------------------------------------------------------------

typedef enum {
#define HOLE(name, doc) HOLE_##name,
#include "vm/jit/holes.def"
#undef HOLE
    HOLE_COUNT,
    // Not filled by values: the two parts of the stencil itself.
    HOLE_HOT_PART = HOLE_COUNT,
    HOLE_COLD_PART,
} Hole;

typedef struct {
    uint16_t at;
    uint8_t type;
    uint8_t hole;
    int32_t addend;
} StencilFill;

typedef struct {
    uint32_t bytes; // first in stencil_bytes
    uint32_t fills; // first in stencil_fills
    uint16_t size;
    uint16_t fill_count;
} StencilPart;

typedef struct {
    StencilPart hot;
    StencilPart cold;
} Stencil;

#include "gen/stencil_tables.h"

enum { SHIFT_MAX = 61 }; // of shl and shr by a constant: class k
enum { REGISTERS = 6, T0 = 6, T1 = 7, FUNCTION_ALIGN = 16 };
// Places of raw operands, as the variants of stencils count them (class g): D0..D6, then these.
enum { RAW_REGISTERS = 7, RAW_T = 7, RAW_Y, RAW_X, RAW_CONSTANT, RAW_PLACES };

// Positions in bytes that the stencils' words of 32 bits hold.
#define BITS_FAR (UINT64_C(1) << 30)

typedef struct {
    CodeLayout layout; // where the code will run, from 0 while measuring
    const JitState *state;
    bool measuring;
    bool far;       // not every branch reaches everything
    uint8_t *write; // where its first byte is written
    size_t hot;     // bytes from the first: next to be written
    size_t cold;
    size_t pool;
    uint32_t *at; // layout.at, of the hot code
    Word *sites;
    size_t site_words; // used
    Site *site;        // of the instruction in hand, or NULL
    Function *f;
    uint32_t next_point;
    uint64_t values[HOLE_COUNT];
} Translation;

// Where the parts of a stencil go.
typedef struct {
    size_t hot;
    size_t cold;
    size_t next;
} Place;

static uint64_t fill_value(const Translation *t, const StencilFill *fill, const Place *place) {
    uint64_t value = fill->hole == HOLE_HOT_PART    ? t->layout.start + place->hot
                     : fill->hole == HOLE_COLD_PART ? t->layout.start + place->cold
                     : fill->hole == HOLE_NEXT      ? t->layout.start + place->next
                                                    : t->values[fill->hole];
    return value + (uint64_t)(int64_t)fill->addend;
}

// The bytes before a part of a stencil for its short branches, in large modules.
static size_t ways_size(const Translation *t, const StencilPart *part) {
    size_t count = 0;
    for (uint32_t i = 0; t->far && i < part->fill_count; i++) {
        count += machine_is_short(stencil_fills[part->fills + i].type);
    }
    return count == 0 ? 0 : (count + 1) * MACHINE_WAY_BYTES;
}

// Writes a part at `at`. Before it, if it has ways: a jump over them, then for each short branch a
// jump to where that wants to go; it then goes there.
static void fill_part(const Translation *t, const StencilPart *part, const Place *place, size_t at,
                      size_t ways) {
    uint8_t *to = t->write + at;
    size_t way = at - ways;
    if (ways != 0) {
        machine_put_way(t->write + way, (int64_t)ways);
    }
    memcpy(to, stencil_bytes + part->bytes, part->size);
    for (uint32_t i = 0; i < part->fill_count; i++) {
        const StencilFill *fill = &stencil_fills[part->fills + i];
        uint64_t value = fill_value(t, fill, place);
        if (ways != 0 && machine_is_short(fill->type)) {
            way += MACHINE_WAY_BYTES;
            machine_put_way(t->write + way, (int64_t)(value - t->layout.start - way));
            value = t->layout.start + way;
        }
        machine_fill(to + fill->at, fill->type, value, t->layout.start + at + fill->at);
    }
}

// Copies a stencil to where the translation is.
static void emit(Translation *t, uint32_t number) {
    const Stencil *s = &stencils[number];
    size_t hot_ways = ways_size(t, &s->hot);
    size_t cold_ways = ways_size(t, &s->cold);
    Place place = {.hot = t->hot + hot_ways, .cold = t->cold + cold_ways};
    place.next = place.hot + s->hot.size;
    if (!t->measuring) {
        fill_part(t, &s->hot, &place, place.hot, hot_ways);
        fill_part(t, &s->cold, &place, place.cold, cold_ways);
    }
    t->hot = place.next;
    t->cold = place.cold + s->cold.size;
}

// Operands ----------------------------------------------------------------------------------------

static bool is_immediate(Term t) {
    return t.bits < UINT64_C(1) << 31;
}

static bool is_machine_register(uint32_t operand) {
    return operand_kind(operand) == OPERAND_X && operand_value(operand) < REGISTERS;
}

static void emit_constant(Translation *t, Term value, uint32_t to) {
    t->values[HOLE_WORD32] = value.bits;
    t->values[HOLE_WORD] = value.bits;
    emit(t, (is_immediate(value) ? MICRO_load_small : MICRO_load_word) + to);
}

// Puts an operand into X0..X5, T0 or T1: `to`.
static void emit_load(Translation *t, uint32_t operand, uint32_t to) {
    uint32_t value = (uint32_t)operand_value(operand);
    switch (operand_kind(operand)) {
    case OPERAND_X:
        if (value < REGISTERS) {
            emit(t, MICRO_move + to * (REGISTERS + 1) + value);
        } else {
            t->values[HOLE_SLOT] = value * sizeof(Term);
            emit(t, MICRO_load_x + to);
        }
        break;
    case OPERAND_Y:
        t->values[HOLE_SLOT] = value * sizeof(Term);
        emit(t, MICRO_load_y + to);
        break;
    default: emit_constant(t, operand_constant(t->layout.module, operand), to);
    }
}

// Puts X0..X5, T0 or T1 where a `d` operand says.
static void emit_store(Translation *t, uint32_t operand, uint32_t from) {
    uint32_t value = (uint32_t)operand_value(operand);
    if (is_machine_register(operand)) {
        emit(t, MICRO_move + value * (REGISTERS + 1) + from);
        return;
    }
    t->values[HOLE_SLOT] = value * sizeof(Term);
    emit(t, (operand_kind(operand) == OPERAND_Y ? MICRO_store_y : MICRO_store_x) + from);
}

static uint32_t class_size(char class) {
    switch (class) {
    case 'f': return RAW_T + 1;
    case 'g': return RAW_PLACES;
    case 'r': return 7;
    case 'u': return 2;
    case 'c': return 8;
    case 'e': return 9;
    default: return 1;
    }
}

// Where in its class a source is that is not a machine register, loaded if need be. UINT32_MAX: it
// is not in it.
static uint32_t place_other(Translation *t, uint32_t operand, char class, uint32_t temporary) {
    bool constant = operand_kind(operand) > OPERAND_Y;
    Term value = constant ? operand_constant(t->layout.module, operand) : TERM_EMPTY;
    bool shifts = constant && term_is_small(value) && value.bits <= term_small(SHIFT_MAX).bits;
    if (class == 'k' && !shifts) {
        return UINT32_MAX;
    }
    if (constant && is_immediate(value) && term_is_small(value) && strchr("cuek", class) != NULL) {
        t->values[HOLE_SMALL] = value.bits;
        t->values[HOLE_VALUE] = value.bits >> 2;
        return class == 'u' ? 1 : class == 'k' ? 0 : T1;
    }
    if (constant && is_immediate(value) && term_is_atom(value) && class == 'e') {
        t->values[HOLE_ATOM] = value.bits - IMM_ATOM;
        return T1 + 1;
    }
    emit_load(t, operand, temporary);
    return class == 't' || class == 'u' ? 0 : T0;
}

static uint32_t place_source(Translation *t, uint32_t operand, char class, uint32_t temporary) {
    if (is_machine_register(operand) && (class == 'r' || class == 'c' || class == 'e')) {
        return (uint32_t)operand_value(operand);
    }
    return place_other(t, operand, class, temporary);
}

// Sites -------------------------------------------------------------------------------------------

static void put_site(Translation *t, const uint32_t *code) {
    t->site = t->measuring ? NULL : (Site *)(t->sites + t->site_words);
    t->values[HOLE_SITE] = (uint64_t)(uintptr_t)t->site;
    t->site_words += offsetof(Site, operands) / sizeof(Word);
    Word *operands = t->site == NULL ? NULL : t->site->operands;
    uint32_t fixed = operands_put_fixed(t->layout.module, code, operands);
    t->site_words += fixed + operands_rest_words(code);
    if (t->site != NULL) {
        const Safepoint *point = instr_has_point(code[0]) ? t->f->points[t->next_point] : NULL;
        operands_put_rest(&t->layout, t->f, code, point, operands + fixed);
        t->site->cold = cold_ops[code[0]];
        t->site->self = (const void *)(t->layout.start + t->hot);
    }
}

// Instructions ------------------------------------------------------------------------------------

// What of an instruction has one value whatever its variant.
static void set_values(Translation *t, const uint32_t *code) {
    uint32_t at = 1;
    for (const char *o = op_infos[code[0]].operands; *o != '\0'; o++, at++) {
        switch (*o) {
        case '*': at += code[at] * instr_list_width(*++o); break;
        case 'n':
            t->values[HOLE_N] = (uint64_t)code[at] * sizeof(Term);
            t->values[HOLE_ROOM] = ((uint64_t)code[at] + HEAP_GAP) * sizeof(Term);
            t->values[HOLE_HEADER] = header_make(KIND_TUPLE, code[at], 0).bits;
            break;
        case 'a': t->values[HOLE_A] = t->layout.module->atoms[code[at]].bits - IMM_ATOM; break;
        case 'l': t->values[HOLE_L] = operand_label(&t->layout, t->f, code[at]); break;
        case 'F':
            t->values[HOLE_ENTRY] = operand_other(&t->layout, t->f, code[0], 'F', code[at]);
            break;
        case 'I':
            t->values[HOLE_IMPORT] = operand_other(&t->layout, t->f, code[0], 'I', code[at]);
            break;
        case 'R':
            t->values[HOLE_RECORD] = operand_other(&t->layout, t->f, code[0], 'R', code[at]);
            break;
        default: break;
        }
    }
}

static void emit_leave(Translation *t) {
    emit(t, MICRO_leave);
}

// An op with stencils: loads, the variant, a store. The operands of a call through a closure: the
// register it names.
static void emit_op(Translation *t, const uint32_t *code) {
    uint32_t op = code[0];
    const char *shape = op_stencils[op].shape;
    uint32_t variant = 0;
    uint32_t temporary = T0;
    uint32_t destination = 0;
    bool stores = false;
    uint32_t at = 1;
    bool names_register = op == OP_call_fun || op == OP_tail_fun;
    for (const char *o = op_infos[op].operands; *o != '\0' && *shape != '\0'; o++, at++) {
        if (*o == 'd') {
            destination = code[at];
            stores = *shape == 't' || !is_machine_register(destination);
            variant = *shape == 't' ? 0 : stores ? T0 : (uint32_t)operand_value(destination);
            shape++;
        } else if (*o == 's' || names_register) {
            uint32_t operand =
                names_register ? operand_make(OPERAND_X, (int32_t)code[at]) : code[at];
            uint32_t place = place_source(t, operand, *shape, temporary++);
            if (place == UINT32_MAX) {
                emit_leave(t);
                return;
            }
            variant = variant * class_size(*shape) + place;
            shape++;
        }
    }
    if ((op_infos[op].flags & OP_CALL) != 0) {
        t->values[HOLE_POINT] = t->layout.start + t->pool;
        if (!t->measuring) {
            memcpy(t->write + t->pool, &t->f->points[t->next_point], sizeof(Safepoint *));
        }
        t->pool += sizeof(Safepoint *);
    }
    emit(t, op_stencils[op].first + variant);
    if (stores) {
        emit_store(t, destination, T0);
    }
}

static void emit_move(Translation *t, const uint32_t *code) {
    uint32_t to = code[1];
    uint32_t from = code[2];
    if (is_machine_register(to)) {
        emit_load(t, from, (uint32_t)operand_value(to));
    } else if (is_machine_register(from)) {
        emit_store(t, to, (uint32_t)operand_value(from));
    } else {
        emit_load(t, from, T0);
        emit_store(t, to, T0);
    }
}

// Raw numbers ------------------------------------------------------------------------------------

static bool is_raw_register(uint32_t operand) {
    return operand_kind(operand) == OPERAND_D && operand_value(operand) < RAW_REGISTERS;
}

// Where a raw source is; sets what the stencil needs to get at it there.
static uint32_t raw_place(Translation *t, uint32_t operand) {
    uint32_t value = (uint32_t)operand_value(operand);
    switch (operand_kind(operand)) {
    case OPERAND_D:
        t->values[HOLE_SLOT] = (RAW_FILE + value) * sizeof(Term);
        return value < RAW_REGISTERS ? value : RAW_X;
    case OPERAND_Y: t->values[HOLE_SLOT] = value * sizeof(Term); return RAW_Y;
    default: {
        double number = term_to_double(operand_constant(t->layout.module, operand));
        memcpy(&t->values[HOLE_WORD], &number, sizeof number);
        return RAW_CONSTANT;
    }
    }
}

static void emit_raw_load(Translation *t, uint32_t operand, uint32_t to) {
    uint32_t place = raw_place(t, operand);
    if (place != to) {
        emit(t, MICRO_raw_get + to * RAW_PLACES + place);
    }
}

// A source in a register: loaded, if it is in none.
static uint32_t raw_in_register(Translation *t, uint32_t operand) {
    if (is_raw_register(operand)) {
        return (uint32_t)operand_value(operand);
    }
    emit_raw_load(t, operand, RAW_T);
    return RAW_T;
}

static uint32_t raw_destination(uint32_t operand) {
    return is_raw_register(operand) ? (uint32_t)operand_value(operand) : RAW_T;
}

static void emit_raw_store(Translation *t, uint32_t operand, uint32_t from) {
    uint32_t to = raw_place(t, operand);
    if (to < RAW_REGISTERS) {
        if (to != from) {
            emit(t, MICRO_raw_get + to * RAW_PLACES + from);
        }
        return;
    }
    emit(t, (to == RAW_Y ? MICRO_raw_put_y : MICRO_raw_put_x) + from);
}

// The first source goes to the destination's register, where the stencil finds it; to the temporary
// one when the second source is there.
static void emit_raw_binary(Translation *t, const uint32_t *code) {
    uint32_t op = code[0];
    uint32_t a = code[2];
    uint32_t b = code[3];
    uint32_t work = raw_destination(code[1]);
    if (is_raw_register(b) && (uint32_t)operand_value(b) == work && a != b) {
        if (op == OP_raw_add || op == OP_raw_mul) {
            b = a;
            a = code[3];
        } else {
            work = RAW_T;
        }
    }
    emit_raw_load(t, a, work);
    emit(t, op_stencils[op].first + work * RAW_PLACES + raw_place(t, b));
    emit_raw_store(t, code[1], work);
}

static void emit_raw_move(Translation *t, const uint32_t *code) {
    uint32_t work = raw_destination(code[1]);
    if (work == RAW_T && is_raw_register(code[2])) {
        work = (uint32_t)operand_value(code[2]);
    }
    emit_raw_load(t, code[2], work);
    emit_raw_store(t, code[1], work);
}

// Every other op with raw operands.
static void emit_raw(Translation *t, const uint32_t *code) {
    uint32_t op = code[0];
    const char *shape = op_stencils[op].shape;
    uint32_t variant = 0;
    uint32_t temporary = T0;
    uint32_t at = 1;
    for (const char *o = op_infos[op].operands; *shape != '\0'; o++, at++, shape++) {
        uint32_t place;
        switch (*o) {
        case 'e': place = raw_destination(code[at]); break;
        case 'd':
            place = is_machine_register(code[at]) ? (uint32_t)operand_value(code[at]) : T0;
            break;
        case 'v':
            place = *shape == 'f' ? raw_in_register(t, code[at]) : raw_place(t, code[at]);
            break;
        default: place = place_source(t, code[at], *shape, temporary++);
        }
        variant = variant * class_size(*shape) + place;
    }
    emit(t, op_stencils[op].first + variant);
    char first = op_infos[op].operands[0];
    if (first == 'e') {
        emit_raw_store(t, code[1], raw_destination(code[1]));
    } else if (first == 'd' && !is_machine_register(code[1])) {
        emit_store(t, code[1], T0);
    }
}

// Instructions that build ------------------------------------------------------------------------

static void emit_put(Translation *t, uint32_t word, uint32_t from) {
    t->values[HOLE_N] = word * sizeof(Term);
    emit(t, MICRO_put + from);
}

// tuple, record and closure: the header, what is told by `detail`, the elements.
static void emit_box(Translation *t, uint32_t to, Kind kind, const Word *detail,
                     const uint32_t *list) {
    uint32_t words = list[0] + (detail != NULL);
    emit_constant(t, header_make(kind, words, 0), T0);
    emit_put(t, 0, T0);
    if (detail != NULL) {
        emit_constant(t, TERM_LITERAL(*detail), T0);
        emit_put(t, 1, T0);
    }
    for (uint32_t i = 0; i < list[0]; i++) {
        uint32_t element = list[1 + i];
        uint32_t from = T0;
        if (is_machine_register(element)) {
            from = (uint32_t)operand_value(element);
        } else {
            emit_load(t, element, T0);
        }
        emit_put(t, 1 + (detail != NULL) + i, from);
    }
    t->values[HOLE_N] = (words + 1) * sizeof(Term);
    uint32_t place = is_machine_register(to) ? (uint32_t)operand_value(to) : T0;
    emit(t, MICRO_box + place);
    if (place == T0) {
        emit_store(t, to, T0);
    }
}

typedef struct {
    uint64_t bits;
    uint32_t label;
} Case;

static int order_cases(const void *a, const void *b) {
    uint64_t x = ((const Case *)a)->bits;
    uint64_t y = ((const Case *)b)->bits;
    return (x > y) - (x < y);
}

static void emit_case(Translation *t, uint64_t bits, uint32_t subject, uint32_t immediate,
                      uint32_t word) {
    if (is_immediate(TERM_LITERAL(bits))) {
        t->values[HOLE_WORD32] = bits;
        emit(t, immediate + subject);
    } else {
        emit_constant(t, TERM_LITERAL(bits), T1);
        emit(t, word + subject);
    }
}

// By halves until few are left: left half behind the right one.
static void emit_cases(Translation *t, const Case *cases, uint32_t count, uint32_t subject,
                       uint32_t otherwise) {
    enum { FEW = 4 };
    if (count <= FEW) {
        for (uint32_t i = 0; i < count; i++) {
            t->values[HOLE_L] = operand_label(&t->layout, t->f, cases[i].label);
            emit_case(t, cases[i].bits, subject, MICRO_is_case, MICRO_is_word);
        }
        t->values[HOLE_L] = operand_label(&t->layout, t->f, otherwise);
        emit(t, op_stencils[OP_jump].first);
        return;
    }
    uint32_t half = count / 2;
    // Where the left half will be: the right one is gone through first.
    Translation ahead = *t;
    ahead.measuring = true;
    emit_case(&ahead, cases[half].bits, subject, MICRO_below_case, MICRO_below_word);
    emit_cases(&ahead, cases + half, count - half, subject, otherwise);
    t->values[HOLE_L] = t->layout.start + ahead.hot;
    emit_case(t, cases[half].bits, subject, MICRO_below_case, MICRO_below_word);
    emit_cases(t, cases + half, count - half, subject, otherwise);
    emit_cases(t, cases, half, subject, otherwise);
}

static bool emit_switch(Translation *t, const uint32_t *code) {
    uint32_t count = code[2];
    Case *cases = mem_alloc(t->layout.module->vm->mem, MEM_JIT, (count + 1) * sizeof *cases);
    if (cases == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        cases[i].bits = operand_constant(t->layout.module, code[3 + 2 * i]).bits;
        cases[i].label = code[4 + 2 * i];
    }
    qsort(cases, count, sizeof *cases, order_cases);
    uint32_t subject = place_source(t, code[1], 'r', T0);
    emit_cases(t, cases, count, subject, code[3 + 2 * count]);
    mem_free(t->layout.module->vm->mem, MEM_JIT, cases);
    return true;
}

// Whether the stencils of an op have a way to C.
static bool may_leave(uint32_t op) {
    if (op_stencils[op].shape == NULL) {
        return false;
    }
    const Stencil *s = &stencils[op_stencils[op].first];
    const StencilPart *parts[] = {&s->hot, &s->cold};
    for (size_t i = 0; i < 2; i++) {
        for (uint32_t k = 0; k < parts[i]->fill_count; k++) {
            if (stencil_fills[parts[i]->fills + k].hole == HOLE_SITE) {
                return true;
            }
        }
    }
    return false;
}

// Matching of bytes. What is not at a whole byte, or of another size, is left to C.

// A position or size that is a constant; BITS_FAR: what is none that stencils know.
static uint64_t fixed_bits(const Translation *t, uint32_t operand) {
    if (operand_kind(operand) <= OPERAND_Y) {
        return BITS_FAR;
    }
    Term constant = operand_constant(t->layout.module, operand);
    uint64_t bits = constant.bits >> 2;
    return term_is_small(constant) && bits < BITS_FAR ? bits : BITS_FAR;
}

// Puts the address of position `at` in the bytes `from` into T1, behind which there must be `size`
// bytes.
static bool emit_position(Translation *t, uint32_t from, uint32_t at, uint64_t size) {
    bool fixed = operand_kind(at) > OPERAND_Y;
    uint64_t bits = fixed ? fixed_bits(t, at) : 0;
    if (bits % 8 != 0 || bits == BITS_FAR) {
        return false;
    }
    uint32_t place = place_source(t, from, 'r', T0);
    t->values[HOLE_OFFSET] = fixed ? bits / 8 : size;
    t->values[HOLE_WORD32] = bits / 8 + size;
    if (!fixed) {
        emit_load(t, at, T1);
    }
    emit(t, (fixed ? MICRO_bytes_at : MICRO_bytes_from) + place);
    return true;
}

// Emits the stencil of a family, with an operand for its destination, that answers to `to`.
static void emit_into(Translation *t, uint32_t family, uint32_t to) {
    bool direct = is_machine_register(to);
    emit(t, family + (direct ? (uint32_t)operand_value(to) : T0));
    if (!direct) {
        emit_store(t, to, T0);
    }
}

// The stencils that load an integer of so many bits; 0: there are none.
static uint32_t load_family(uint64_t bits, uint32_t spec) {
    bool little = (spec & SEG_LITTLE) != 0;
    bool is_signed = (spec & SEG_SIGNED) != 0;
    switch (bits) {
    case 8: return is_signed ? MICRO_load_8_signed : MICRO_load_8;
    case 16:
        return is_signed ? (little ? MICRO_load_16_little_signed : MICRO_load_16_signed)
                         : (little ? MICRO_load_16_little : MICRO_load_16);
    case 32:
        return is_signed ? (little ? MICRO_load_32_little_signed : MICRO_load_32_signed)
                         : (little ? MICRO_load_32_little : MICRO_load_32);
    case 64: return is_signed ? 0 : little ? MICRO_load_64_little : MICRO_load_64;
    default: return 0;
    }
}

static bool emit_bits_int(Translation *t, const uint32_t *code) {
    uint64_t bits = fixed_bits(t, code[4]);
    uint32_t family = load_family(bits, code[5]);
    if (family == 0 || !emit_position(t, code[2], code[3], bits / 8)) {
        return false;
    }
    emit_into(t, family, code[1]);
    return true;
}

static bool emit_bits_utf8(Translation *t, const uint32_t *code) {
    if (!emit_position(t, code[2], code[3], 1)) {
        return false;
    }
    emit_into(t, MICRO_load_ascii, code[1]);
    return true;
}

static bool emit_bits_rest(Translation *t, const uint32_t *code) {
    bool fixed = operand_kind(code[3]) > OPERAND_Y;
    uint64_t bits = fixed ? fixed_bits(t, code[3]) : 8;
    if (bits == 0 || bits % 8 != 0 || bits == BITS_FAR) {
        return false;
    }
    uint32_t place = place_source(t, code[2], 'r', T0);
    t->values[HOLE_OFFSET] = bits / 8;
    if (!fixed) {
        emit_load(t, code[3], T1);
    }
    uint32_t to = is_machine_register(code[1]) ? (uint32_t)operand_value(code[1]) : T0;
    emit(t, (fixed ? MICRO_rest_at : MICRO_rest_from) + to * (REGISTERS + 1) + place);
    if (to == T0) {
        emit_store(t, code[1], T0);
    }
    return true;
}

// Short constants are compared in pieces of 8, 4, 2 and 1 bytes, of which the last may overlap the
// one before it.
static bool emit_bits_match(Translation *t, const uint32_t *code) {
    enum { LONG = 32 };
    bool fixed = operand_kind(code[3]) > OPERAND_Y;
    Term part = fixed ? operand_constant(t->layout.module, code[3]) : TERM_EMPTY;
    if (!term_is_bytes(part) || bytes_len(part) > LONG) {
        return false;
    }
    BytesView view = bytes_view(part);
    if (!emit_position(t, code[1], code[2], view.len)) {
        return false;
    }
    size_t piece = view.len >= 8 ? 8 : view.len >= 4 ? 4 : view.len >= 2 ? 2 : 1;
    uint32_t stencil = piece == 8   ? MICRO_match_64
                       : piece == 4 ? MICRO_match_32
                       : piece == 2 ? MICRO_match_16
                                    : MICRO_match_8;
    for (size_t done = 0; done < view.len; done += piece) {
        size_t at = done + piece <= view.len ? done : view.len - piece;
        uint64_t word = 0;
        memcpy(&word, view.data + at, piece);
        t->values[HOLE_OFFSET] = at;
        t->values[HOLE_WORD32] = t->values[HOLE_WORD] = word;
        emit(t, stencil);
    }
    return true;
}

// False: it is none of these, or must be left to C.
static bool emit_bits(Translation *t, const uint32_t *code) {
    switch (code[0]) {
    case OP_bits_int: return emit_bits_int(t, code);
    case OP_bits_utf8: return emit_bits_utf8(t, code);
    case OP_bits_rest: return emit_bits_rest(t, code);
    case OP_bits_match: return emit_bits_match(t, code);
    default: return false;
    }
}

// False: no memory.
static bool emit_instruction(Translation *t, const uint32_t *code) {
    uint32_t op = code[0];
    bool built = op == OP_move || op == OP_raw_move || op == OP_tuple || op == OP_record ||
                 op == OP_closure || op == OP_switch;
    bool has_point = instr_has_point(op);
    bool leaves = op_stencils[op].shape == NULL && !built;
    t->site = NULL;
    if (has_point || leaves || may_leave(op)) {
        put_site(t, code);
    }
    set_values(t, code);
    bool good = true;
    if (op == OP_move) {
        emit_move(t, code);
    } else if (op == OP_raw_move) {
        emit_raw_move(t, code);
    } else if (strncmp(op_infos[op].operands, "evv", 3) == 0) {
        emit_raw_binary(t, code);
    } else if (strpbrk(op_infos[op].operands, "ev") != NULL) {
        emit_raw(t, code);
    } else if (op == OP_tuple) {
        emit_box(t, code[1], KIND_TUPLE, NULL, code + 2);
    } else if (op == OP_record) {
        Word detail = operand_other(&t->layout, t->f, code[0], 'R', code[2]);
        emit_box(t, code[1], KIND_RECORD, &detail, code + 3);
    } else if (op == OP_closure) {
        Word detail = operand_other(&t->layout, t->f, code[0], 'F', code[2]);
        emit_box(t, code[1], KIND_FN, &detail, code + 3);
    } else if (op == OP_switch) {
        good = emit_switch(t, code);
    } else if (leaves && !emit_bits(t, code)) {
        emit_leave(t);
    } else if (!leaves) {
        emit_op(t, code);
    }
    if (t->site != NULL) {
        // Behind a call: its return address, which leads to its Safepoint.
        t->site->next =
            (const void *)(t->layout.start + t->hot -
                           ((op_infos[op].flags & OP_CALL) != 0 ? MACHINE_POINT_BYTES : 0));
    }
    if (t->site != NULL) {
        site_publish(t->site);
    }
    t->next_point += has_point;
    return good;
}

// Functions ---------------------------------------------------------------------------------------

static void align_function(Translation *t) {
    size_t whole = (t->hot + FUNCTION_ALIGN - 1) & ~(size_t)(FUNCTION_ALIGN - 1);
    if (!t->measuring) {
        machine_put_padding(t->write + t->hot, whole - t->hot);
    }
    t->hot = whole;
}

// What comes before a closure's entry proper: its captured values follow the arguments.
static void emit_captured(Translation *t) {
    for (uint32_t i = 0; i < t->f->captured; i++) {
        uint32_t to = operand_make(OPERAND_X, (int32_t)(t->f->arity + i));
        bool direct = is_machine_register(to);
        t->values[HOLE_N] = (1 + (uint64_t)i) * sizeof(Term);
        emit(t, MICRO_captured + (direct ? t->f->arity + i : T1));
        if (!direct) {
            emit_store(t, to, T1);
        }
    }
}

static bool emit_function(Translation *t, Function *f, const void ***handlers) {
    t->f = f;
    t->next_point = 0;
    t->values[HOLE_COLD] =
        (uint64_t)(uintptr_t)(f->d_count > 0 ? t->state->glue_raw : t->state->glue);
    align_function(t);
    const void *closure_entry = (const void *)(t->layout.start + t->hot);
    emit_captured(t);
    const void *entry = (const void *)(t->layout.start + t->hot);
    size_t first = (size_t)(f->code - t->layout.module->code);
    for (uint32_t word = 0; word < f->words; word += instr_words(f->code + word)) {
        if (t->measuring) {
            t->at[first + word] = (uint32_t)t->hot;
        }
        if (!emit_instruction(t, f->code + word)) {
            return false;
        }
    }
    if (!t->measuring) {
        f->entry = entry;
        f->closure_entry = closure_entry;
        f->engine_data = *handlers;
        *handlers = layout_put_handlers(&t->layout, f, *handlers);
    }
    return true;
}

static bool emit_all(Translation *t, Module *module, JitModule *made) {
    const void **handlers = made != NULL ? made->handlers : NULL;
    for (uint32_t i = 0; i < module->function_count; i++) {
        if (made != NULL) {
            made->cold_starts[i] = (uint32_t)t->cold;
        }
        if (!emit_function(t, &module->functions[i], &handlers)) {
            return false;
        }
    }
    return true;
}

// Takes what the first time found to be needed; lays it out for the second.
static JitModule *take_module(VM *vm, Translation *t, size_t handlers) {
    const JitState *state = vm->engine_state;
    size_t cold_at = t->hot;
    size_t pool_at = (cold_at + t->cold + 7) & ~(size_t)7;
    size_t size = pool_at + t->pool;
    uint32_t functions = t->layout.module->function_count;
    JitModule *made = mem_alloc_zero(vm->mem, MEM_JIT,
                                     sizeof *made + (t->site_words + handlers) * sizeof(Word) +
                                         (functions + 1) * sizeof(uint32_t));
    if (made == NULL) {
        return NULL;
    }
    made->sites = (Word *)(made + 1);
    made->handlers = (const void **)(made->sites + t->site_words);
    made->cold_starts = (uint32_t *)(made->handlers + handlers);
    made->cold_starts[functions] = (uint32_t)(cold_at + t->cold);
    made->size = size;
    made->code = code_memory_take(state->memory, size);
    if (made->code == NULL) {
        mem_free(vm->mem, MEM_JIT, made);
        return NULL;
    }
    t->measuring = false;
    t->layout.start = (uintptr_t)made->code;
    t->write = code_memory_writable(state->memory, made->code);
    t->hot = 0;
    t->cold = cold_at;
    t->pool = pool_at;
    t->sites = made->sites;
    t->site_words = 0;
    return made;
}

bool translate_module(VM *vm, Module *module) {
    uint32_t *at = mem_alloc(vm->mem, MEM_JIT, (module->code_words + 1) * sizeof *at);
    if (at == NULL) {
        return false;
    }
    Translation t = {.layout = {.module = module, .at = at},
                     .state = vm->engine_state,
                     .measuring = true,
                     .at = at};
    bool good = emit_all(&t, module, NULL);
    if (good && t.hot + t.cold > MACHINE_NEAR_BYTES) {
        t.far = true;
        t.hot = t.cold = t.pool = t.site_words = 0;
        good = emit_all(&t, module, NULL);
    }
    JitModule *made = good ? take_module(vm, &t, layout_handler_count(module)) : NULL;
    if (made != NULL) {
        module->engine_data = made;
        good = emit_all(&t, module, made);
        if (good) {
            machine_publish(made->code, made->size);
            symbols_add(vm, module, made);
        } else {
            translate_discard(vm, module);
        }
    }
    mem_free(vm->mem, MEM_JIT, at);
    return made != NULL && good;
}

void translate_discard(VM *vm, Module *module) {
    JitModule *made = module->engine_data;
    if (made != NULL) {
        const JitState *state = vm->engine_state;
        symbols_remove(vm, made);
        code_memory_give(state->memory, made->code, made->size);
        mem_free(vm->mem, MEM_JIT, made);
        module->engine_data = NULL;
    }
}

// Stubs -------------------------------------------------------------------------------------------

// glue_MACHINE.S
void jit_cold(void);
void jit_cold_raw(void);

static const Safepoint exit_point = {.function = NULL};

static Site *make_site(VM *vm, Step (*cold)(Process *p, const Site *site)) {
    Site *site = mem_alloc_zero(vm->mem, MEM_JIT, sizeof *site);
    if (site != NULL) {
        site->cold = cold;
    }
    return site;
}

// Writes, at the start of the region: jumps to the glue, the return address below every first
// function, and where unwinding goes on.
bool translate_stubs(VM *vm, JitState *state) {
    enum { STUBS_BYTES = 128, POOL_AT = 24, EXIT_AT = 32, RAW_AT = 96 };
    state->exit_site = make_site(vm, cold_exit);
    state->unwinding_site = make_site(vm, cold_unwind);
    uint8_t *run = code_memory_take(state->memory, STUBS_BYTES);
    if (state->exit_site == NULL || state->unwinding_site == NULL || run == NULL) {
        return false;
    }
    state->stubs = run;
    state->stubs_size = STUBS_BYTES;
    uint8_t *write = code_memory_writable(state->memory, run);
    machine_put_padding(write, STUBS_BYTES);
    machine_put_jump(write, jit_cold);
    machine_put_jump(write + RAW_AT, jit_cold_raw);
    const Safepoint *point = &exit_point;
    memcpy(write + POOL_AT, &point, sizeof point);
    machine_put_point(write + EXIT_AT, POOL_AT - EXIT_AT);
    Translation t = {.state = state,
                     .layout = {.start = (uintptr_t)run},
                     .write = write,
                     .hot = EXIT_AT + MACHINE_POINT_BYTES,
                     .cold = STUBS_BYTES};
    t.values[HOLE_COLD] = (uint64_t)(uintptr_t)run;
    state->glue = run;
    state->glue_raw = run + RAW_AT;
    state->exit = run + EXIT_AT;
    t.values[HOLE_SITE] = (uint64_t)(uintptr_t)state->exit_site;
    emit_leave(&t);
    state->unwinding = run + t.hot;
    t.values[HOLE_SITE] = (uint64_t)(uintptr_t)state->unwinding_site;
    emit_leave(&t);
    ASSERT(t.hot <= RAW_AT);
    machine_publish(run, STUBS_BYTES);
    return true;
}

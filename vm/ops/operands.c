// SPDX-License-Identifier: Apache-2.0
// See operands.h.
#include "vm/ops/operands.h"

#include <stdlib.h>

#include "vm/ops/words.h"

Term operand_constant(const Module *m, uint32_t operand) {
    int32_t value = operand_value(operand);
    switch (operand_kind(operand)) {
    case OPERAND_INT: return term_small(value);
    case OPERAND_ATOM: return m->atoms[value];
    case OPERAND_LIT: return m->literals[value];
    default: return TERM_EMPTY;
    }
}

Word operand_word(const Module *m, uint32_t operand) {
    uint32_t value = (uint32_t)operand_value(operand);
    switch (operand_kind(operand)) {
    case OPERAND_X: return word_register(false, value);
    case OPERAND_Y: return word_register(true, value);
    case OPERAND_D: return word_register(false, RAW_FILE + value);
    default: return operand_constant(m, operand).bits;
    }
}

Word operand_other(const CodeLayout *l, const Function *f, uint32_t op, char letter,
                   uint32_t value) {
    const Module *m = l->module;
    bool goes = (op_infos[op].flags & (OP_CALL | OP_END)) != 0;
    switch (letter) {
    case 'a': return m->atoms[value].bits;
    case 'l': return operand_label(l, f, value);
    case 'F':
        return goes ? (Word)(uintptr_t)layout_address(l, &m->functions[value], 0)
                    : (Word)(uintptr_t)&m->functions[value];
    case 'I': return (Word)(uintptr_t)&m->imports[value];
    case 'R': return (Word)(uintptr_t)m->records[value];
    default: return value;
    }
}

uint32_t operands_passed(const Safepoint *call) {
    const uint32_t *code = call->function->code + call->offset;
    const Module *m = call->function->module;
    switch (code[0]) {
    case OP_call: return m->functions[code[1]].arity + m->functions[code[1]].captured;
    case OP_call_ext: return m->imports[code[1]].arity;
    default: ASSERT(code[0] == OP_call_fun); return code[1] + 1;
    }
}

uint32_t operands_put_fixed(const Module *m, const uint32_t *code, Word *out) {
    uint32_t count = 0;
    uint32_t at = 1;
    for (const char *o = op_infos[code[0]].operands; *o != '\0'; o++, at++) {
        if (*o == '*') {
            at += code[at] * instr_list_width(*++o);
        } else if (instr_is_place(*o)) {
            if (out != NULL) {
                out[count] = operand_word(m, code[at]);
            }
            count++;
        }
    }
    return count;
}

// Lists ------------------------------------------------------------------------------------------

static int compare_cases(const void *a, const void *b) {
    Word x = *(const Word *)a;
    Word y = *(const Word *)b;
    return (x > y) - (x < y);
}

// The cases of a switch rise by their constants, so that an engine may search by halves.
static Word *put_list(const CodeLayout *l, const Function *f, const uint32_t *list, char letter,
                      Word *out) {
    uint32_t count = list[0];
    *out++ = count;
    Word *first = out;
    const uint32_t *element = list + 1;
    for (uint32_t i = 0; i < count; i++, element += instr_list_width(letter)) {
        if (letter == 's') {
            *out++ = operand_word(l->module, element[0]);
        } else if (letter == 'k') {
            *out++ = operand_constant(l->module, element[0]).bits;
            *out++ = operand_label(l, f, element[1]);
        } else {
            *out++ = element[0];
            *out++ = operand_word(l->module, element[1]);
            *out++ = operand_word(l->module, element[2]);
        }
    }
    if (letter == 'k') {
        qsort(first, count, 2 * sizeof(Word), compare_cases);
    }
    return out;
}

Word *operands_put_rest(const CodeLayout *l, const Function *f, const uint32_t *code,
                        const Safepoint *point, Word *out) {
    const uint32_t *list = NULL;
    const uint32_t *fail = NULL;
    char list_letter = 0;
    uint32_t at = 1;
    for (const char *o = op_infos[code[0]].operands; *o != '\0'; o++, at++) {
        if (*o == '*') {
            list_letter = *++o;
            list = code + at;
            at += code[at] * instr_list_width(*o);
        } else if (*o == 'f') {
            fail = code + at;
        } else if (!instr_is_place(*o) && *o != 'm') {
            *out++ = operand_other(l, f, code[0], *o, code[at]);
        }
    }
    if (fail != NULL) {
        *out++ = operand_label(l, f, *fail);
    }
    if (point != NULL) {
        *out++ = (Word)(uintptr_t)point;
    }
    return list == NULL ? out : put_list(l, f, list, list_letter, out);
}

uint32_t operands_rest_words(const uint32_t *code) {
    uint32_t words = instr_has_point(code[0]);
    uint32_t at = 1;
    for (const char *o = op_infos[code[0]].operands; *o != '\0'; o++, at++) {
        if (*o == '*') {
            uint32_t list = code[at] * instr_list_width(*++o);
            words += 1 + list;
            at += list;
        } else if (!instr_is_place(*o) && *o != 'm') {
            words++;
        }
    }
    return words;
}

// Handlers ---------------------------------------------------------------------------------------

size_t layout_handler_count(const Module *module) {
    size_t handlers = 0;
    for (uint32_t i = 0; i < module->function_count; i++) {
        handlers += module->functions[i].region_count;
    }
    return handlers;
}

const void **layout_put_handlers(const CodeLayout *l, const Function *f, const void **out) {
    for (uint32_t i = 0; i < f->region_count; i++) {
        *out++ = layout_address(l, f, f->regions[i].target);
    }
    return out;
}

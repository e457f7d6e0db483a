// SPDX-License-Identifier: Apache-2.0
// From canonical code to threaded code: see interp.h, and opgen.c for the layout. Two passes over a
// module: the first finds where every instruction goes, the second writes it. Runs before the
// module is published, one thread.
#include "vm/interp/threaded.h"

#include <stdlib.h>
#include <string.h>

#include "vm/base/alloc.h"
#include "vm/boot.h"
#include "vm/code/instr.h"
#include "vm/ops/words.h"

// All that a module has in this form, in one piece.
typedef struct {
    size_t size_bytes;
    Word words[];
} ThreadedModule;

typedef struct {
    const Module *module;
    Word *code;         // of the module
    const uint32_t *at; // by canonical word of the module: where the instruction begins in `code`
    const Function *f;
    Word *out;
    uint32_t next_point;
} Translation;

// Layout -----------------------------------------------------------------------------------------

static uint32_t threaded_words(const uint32_t *code) {
    uint32_t op = code[0];
    uint32_t words = 1 + instr_has_point(op);
    uint32_t at = 1;
    for (const char *o = op_infos[op].operands; *o != '\0'; o++) {
        if (*o == '*') {
            o++;
            words += 1 + code[at] * instr_list_width(*o);
            at += code[at] * instr_list_width(*o);
        } else if (*o == 'd' || *o == 's') {
            words += op_generic[op] || (*o == 's' && operand_kind(code[at]) > OPERAND_Y);
        } else if (*o != 'm') {
            words++;
        }
        at++;
    }
    return words;
}

static Term constant_of(const Module *m, uint32_t operand) {
    int32_t value = operand_value(operand);
    switch (operand_kind(operand)) {
    case OPERAND_INT: return term_small(value);
    case OPERAND_ATOM: return m->atoms[value];
    case OPERAND_LIT: return m->literals[value];
    default: return TERM_EMPTY;
    }
}

static Word generic_word(const Module *m, uint32_t operand) {
    OperandKind kind = operand_kind(operand);
    return kind <= OPERAND_Y ? word_register(kind == OPERAND_Y, (uint32_t)operand_value(operand))
                             : constant_of(m, operand).bits;
}

static const Word *code_at(const Translation *t, const Function *f, uint32_t word) {
    return t->code + t->at[(size_t)(f->code - t->module->code) + word];
}

static Word label_word(const Translation *t, uint32_t label) {
    return label == 0 ? 0 : (Word)(uintptr_t)code_at(t, t->f, label_target(label));
}

// Instructions -----------------------------------------------------------------------------------

// Variant number and register fields, then constants or generic words.
static void put_fixed(Translation *t, const uint32_t *code) {
    uint32_t op = code[0];
    uint32_t variant = 0;
    uint64_t fields = 0;
    unsigned shift = 16;
    Word *head = t->out++;
    uint32_t at = 1;
    for (const char *o = op_infos[op].operands; *o != '\0'; o++, at++) {
        if (*o == '*') {
            o++;
            at += code[at] * instr_list_width(*o);
            continue;
        }
        if (*o != 'd' && *o != 's') {
            continue;
        }
        OperandKind kind = operand_kind(code[at]);
        if (op_generic[op]) {
            *t->out++ = generic_word(t->module, code[at]);
            continue;
        }
        if (kind <= OPERAND_Y) {
            fields |= (uint64_t)(uint32_t)operand_value(code[at]) << shift;
        } else {
            *t->out++ = constant_of(t->module, code[at]).bits;
        }
        variant = variant * (*o == 'd' ? 2 : 3) + (kind == OPERAND_X   ? 0
                                                   : kind == OPERAND_Y ? 1
                                                                       : 2);
        shift += 16;
    }
    *head = fields | (op_variants[op] + variant);
}

static Word other_word(const Translation *t, const uint32_t *code, char letter, uint32_t value) {
    const Module *m = t->module;
    bool goes = (op_infos[code[0]].flags & (OP_CALL | OP_END)) != 0;
    switch (letter) {
    case 'a': return m->atoms[value].bits;
    case 'l': return label_word(t, value);
    case 'F':
        return goes ? (Word)(uintptr_t)code_at(t, &m->functions[value], 0)
                    : (Word)(uintptr_t)&m->functions[value];
    case 'I': return (Word)(uintptr_t)&m->imports[value];
    case 'R': return (Word)(uintptr_t)m->records[value];
    default: return value;
    }
}

static int compare_cases(const void *a, const void *b) {
    Word x = *(const Word *)a;
    Word y = *(const Word *)b;
    return (x > y) - (x < y);
}

static void put_list(Translation *t, const uint32_t *elements, uint32_t count, char letter) {
    *t->out++ = count;
    Word *first = t->out;
    for (uint32_t i = 0; i < count; i++, elements += instr_list_width(letter)) {
        if (letter == 's') {
            *t->out++ = generic_word(t->module, elements[0]);
        } else if (letter == 'k') {
            *t->out++ = constant_of(t->module, elements[0]).bits;
            *t->out++ = label_word(t, elements[1]);
        } else {
            *t->out++ = elements[0];
            *t->out++ = generic_word(t->module, elements[1]);
            *t->out++ = generic_word(t->module, elements[2]);
        }
    }
    if (letter == 'k') {
        qsort(first, count, 2 * sizeof(Word), compare_cases);
    }
}

static void put_instruction(Translation *t, const uint32_t *code) {
    put_fixed(t, code);
    uint32_t at = 1;
    uint32_t fail = 0;
    bool has_fail = false;
    const uint32_t *list = NULL;
    char list_letter = 0;
    for (const char *o = op_infos[code[0]].operands; *o != '\0'; o++, at++) {
        if (*o == '*') {
            list_letter = *++o;
            list = code + at;
            at += code[at] * instr_list_width(*o);
        } else if (*o == 'f') {
            fail = code[at];
            has_fail = true;
        } else if (*o != 'd' && *o != 's' && *o != 'm') {
            *t->out++ = other_word(t, code, *o, code[at]);
        }
    }
    if (has_fail) {
        *t->out++ = label_word(t, fail);
    }
    if (instr_has_point(code[0])) {
        *t->out++ = (Word)(uintptr_t)t->f->points[t->next_point++];
    }
    if (list != NULL) {
        put_list(t, list + 1, list[0], list_letter);
    }
}

// Modules ----------------------------------------------------------------------------------------

// Fills at[] and gives how many words the module takes.
static size_t lay_out(const Module *module, uint32_t *at) {
    size_t words = 0;
    for (size_t word = 0; word < module->code_words; word += instr_words(module->code + word)) {
        at[word] = (uint32_t)words;
        words += threaded_words(module->code + word);
    }
    return words;
}

static void put_function(Translation *t, Function *f, const Word ***handlers) {
    t->f = f;
    t->next_point = 0;
    f->entry = code_at(t, f, 0);
    f->closure_entry = f->entry;
    f->engine_data = *handlers;
    for (uint32_t i = 0; i < f->region_count; i++) {
        *(*handlers)++ = code_at(t, f, f->regions[i].target);
    }
    t->out = t->code + (code_at(t, f, 0) - t->code);
    for (uint32_t word = 0; word < f->words; word += instr_words(f->code + word)) {
        put_instruction(t, f->code + word);
    }
}

bool threaded_prepare(VM *vm, Module *module) {
    uint32_t *at = mem_alloc(vm->mem, MEM_CODE, (module->code_words + 1) * sizeof *at);
    if (at == NULL) {
        return false;
    }
    size_t code_words = lay_out(module, at);
    size_t handlers = 0;
    for (uint32_t i = 0; i < module->function_count; i++) {
        handlers += module->functions[i].region_count;
    }
    ThreadedModule *made =
        mem_alloc(vm->mem, MEM_CODE, sizeof *made + (code_words + handlers) * sizeof(Word));
    if (made != NULL) {
        Translation t = {.module = module, .code = made->words, .at = at};
        const Word **next_handler = (const Word **)(made->words + code_words);
        for (uint32_t i = 0; i < module->function_count; i++) {
            put_function(&t, &module->functions[i], &next_handler);
        }
        module->engine_data = made;
    }
    mem_free(vm->mem, MEM_CODE, at);
    return made != NULL;
}

void threaded_discard(VM *vm, Module *module) {
    mem_free(vm->mem, MEM_CODE, module->engine_data);
    module->engine_data = NULL;
}

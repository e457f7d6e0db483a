// SPDX-License-Identifier: Apache-2.0
// From canonical code to threaded code: see interp.h, and opgen.c for the layout. Two passes over a
// module: the first finds where every instruction goes, the second writes it. Runs before the
// module is published, one thread.
#include "vm/interp/threaded.h"

#include "vm/base/alloc.h"
#include "vm/boot.h"

// All that a module has in this form, in one piece.
typedef struct {
    size_t size_bytes;
    Word words[];
} ThreadedModule;

typedef struct {
    CodeLayout layout;
    const Function *f;
    Word *words; // the module's
    Word *out;
    uint32_t next_point;
} Translation;

static bool is_constant(uint32_t operand) {
    return operand_kind(operand) > OPERAND_Y && operand_kind(operand) != OPERAND_D;
}

// Layout -----------------------------------------------------------------------------------------

static uint32_t threaded_words(const uint32_t *code) {
    uint32_t op = code[0];
    uint32_t words = 1 + operands_rest_words(code);
    uint32_t at = 1;
    for (const char *o = op_infos[op].operands; *o != '\0'; o++, at++) {
        if (*o == '*') {
            at += code[at] * instr_list_width(*++o);
        } else if (instr_is_place(*o)) {
            words += op_generic[op] || is_constant(code[at]);
        }
    }
    return words;
}

// Instructions -----------------------------------------------------------------------------------

// The number of the variant and the fields with registers, then the constants.
static void put_variant(Translation *t, const uint32_t *code) {
    uint32_t op = code[0];
    uint32_t variant = 0;
    uint64_t fields = 0;
    unsigned shift = 16;
    Word *head = t->out++;
    uint32_t at = 1;
    for (const char *o = op_infos[op].operands; *o != '\0'; o++, at++) {
        if (*o == '*') {
            at += code[at] * instr_list_width(*++o);
            continue;
        }
        if (!instr_is_place(*o)) {
            continue;
        }
        OperandKind kind = operand_kind(code[at]);
        if (is_constant(code[at])) {
            *t->out++ = operand_constant(t->layout.module, code[at]).bits;
        } else {
            uint32_t file = kind == OPERAND_D ? RAW_FILE : 0;
            fields |= (uint64_t)(file + (uint32_t)operand_value(code[at])) << shift;
        }
        variant = variant * (*o == 'd' || *o == 'e' ? 2 : 3) + (is_constant(code[at]) ? 2
                                                                : kind == OPERAND_Y   ? 1
                                                                                      : 0);
        shift += 16;
    }
    *head = fields | (op_variants[op] + variant);
}

static void put_instruction(Translation *t, const uint32_t *code) {
    if (op_generic[code[0]]) {
        *t->out++ = op_variants[code[0]];
        t->out += operands_put_fixed(t->layout.module, code, t->out);
    } else {
        put_variant(t, code);
    }
    const Safepoint *point = instr_has_point(code[0]) ? t->f->points[t->next_point++] : NULL;
    t->out = operands_put_rest(&t->layout, t->f, code, point, t->out);
}

// Modules ----------------------------------------------------------------------------------------

// Fills at[], in bytes, and gives how many words the module takes.
static size_t lay_out(const Module *module, uint32_t *at) {
    size_t words = 0;
    for (size_t word = 0; word < module->code_words; word += instr_words(module->code + word)) {
        at[word] = (uint32_t)(words * sizeof(Word));
        words += threaded_words(module->code + word);
    }
    return words;
}

static const void **put_function(Translation *t, Function *f, const void **handlers) {
    t->f = f;
    t->next_point = 0;
    f->entry = layout_address(&t->layout, f, 0);
    f->closure_entry = f->entry;
    f->engine_data = handlers;
    t->out = t->words + ((uintptr_t)f->entry - t->layout.start) / sizeof(Word);
    for (uint32_t word = 0; word < f->words; word += instr_words(f->code + word)) {
        put_instruction(t, f->code + word);
    }
    return layout_put_handlers(&t->layout, f, handlers);
}

bool threaded_prepare(VM *vm, Module *module) {
    uint32_t *at = mem_alloc(vm->mem, MEM_CODE, (module->code_words + 1) * sizeof *at);
    if (at == NULL) {
        return false;
    }
    size_t code_words = lay_out(module, at);
    size_t handlers = layout_handler_count(module);
    ThreadedModule *made =
        mem_alloc(vm->mem, MEM_CODE, sizeof *made + (code_words + handlers) * sizeof(Word));
    if (made != NULL) {
        Translation t = {.layout = {.module = module, .start = (uintptr_t)made->words, .at = at},
                         .words = made->words};
        const void **next_handler = (const void **)(made->words + code_words);
        for (uint32_t i = 0; i < module->function_count; i++) {
            next_handler = put_function(&t, &module->functions[i], next_handler);
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

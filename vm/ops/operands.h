// SPDX-License-Identifier: Apache-2.0
// From the operands of a canonical instruction to the words that engine code holds of them, in the
// layout of tools/gen/opgen.c: what all translators share. A word is a constant, a generic word
// (words.h), a plain number, or the address of what the operand names. Before a module is
// published, one thread; pure but for what it writes to `out`. Tests: tests/unit/vm/ops.
#pragma once

#include "vm/code/instr.h"

typedef uint64_t Word;

// Where the code that a translator makes of a module goes.
typedef struct {
    const Module *module;
    uintptr_t start;    // its first byte
    const uint32_t *at; // by canonical word of the module: bytes from `start` to its instruction
} CodeLayout;

// The engine's code of a canonical word of `f`.
static inline const void *layout_address(const CodeLayout *l, const Function *f, uint32_t word) {
    return (const void *)(l->start + l->at[(size_t)(f->code - l->module->code) + word]);
}

// The address of the block that a label or `f` operand of `f` names; 0 for none.
static inline Word operand_label(const CodeLayout *l, const Function *f, uint32_t label) {
    return label == 0 ? 0 : (Word)(uintptr_t)layout_address(l, f, label_target(label));
}

// A source that is no register.
Term operand_constant(const Module *m, uint32_t operand);

// A source or destination as a generic word.
Word operand_word(const Module *m, uint32_t operand);

// An operand of any letter but d, s, e, v, f, m and g. An F of an op that goes there (a call) is where
// that function begins, of another one the Function.
Word operand_other(const CodeLayout *l, const Function *f, uint32_t op, char letter,
                   uint32_t value);

// How many registers, from X0 on, a call op passes: arguments, and the function value of call_fun.
// `call`: its Safepoint.
uint32_t operands_passed(const Safepoint *call);

// The fixed d, s, e and v of an instruction as generic words, in order; `out` NULL: only counts them.
// Gives how many there are.
uint32_t operands_put_fixed(const Module *m, const uint32_t *code, Word *out);

// All that follows those: other operands, then f, the Safepoint (NULL: the op has
// none), the list. Gives the end of what was written. operands_rest_words: how many words that is.
Word *operands_put_rest(const CodeLayout *l, const Function *f, const uint32_t *code,
                        const Safepoint *point, Word *out);
uint32_t operands_rest_words(const uint32_t *code);

// How many regions the functions of a module have together.
size_t layout_handler_count(const Module *module);

// Writes where the regions of `f` are handled; gives the end of what was written.
const void **layout_put_handlers(const CodeLayout *l, const Function *f, const void **out);

// SPDX-License-Identifier: Apache-2.0
// Canonical instructions in memory, and how to walk them.
//
// The loader changes two kinds of operand in the words of an image: a label becomes the word offset
// of its block plus 1 (0 stays "none"), and a map becomes the number of the op's own Safepoint in
// Function.points. All else stands as ops.h says. What is walked here has passed the loader, so
// shapes are trusted. Pure; any thread. Tests: tests/unit/vm/code.
#pragma once

#include "vm/code/module.h"

// Words of an element of the list that begins with `letter`.
static inline uint32_t instr_list_width(char letter) {
    return letter == 's' ? 1 : letter == 'k' ? 2 : 3;
}

// Whether the letter is that of a register or, if a source, a constant.
static inline bool instr_is_place(char letter) {
    return letter == 'd' || letter == 's' || letter == 'e' || letter == 'v';
}

// Words of the instruction at `code`, its op included.
static inline uint32_t instr_words(const uint32_t *code) {
    uint32_t words = 1;
    for (const char *o = op_infos[code[0]].operands; *o != '\0'; o++) {
        if (*o == '*') {
            o++;
            words += code[words] * instr_list_width(*o);
        }
        words++;
    }
    return words;
}

// Whether the op has a Safepoint of its own. (One with an m has one of these flags: opgen.c.)
static inline bool instr_has_point(uint32_t op) {
    return (op_infos[op].flags & (OP_FAIL | OP_GC)) != 0;
}

// Word of the block that a label or `f` operand other than 0 names.
static inline uint32_t label_target(uint32_t word) {
    return word - 1;
}

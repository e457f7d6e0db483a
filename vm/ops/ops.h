// SPDX-License-Identifier: Apache-2.0
// The numbers and properties of the ops, from ops.def; and the canonical form of an instruction
// that compiler, loader, verifier, disassembler and translators share. Depends on nothing, so that
// the compiler may include it.
//
// Canonical code is an array of 32-bit words. An instruction is its op, then its operands in the
// order of ops.def, one word each; a `*` is a word with the count, then the elements. Labels are
// block numbers from 1 (the loader resolves them by the function's block table); 0 as an `f` means
// none. A `d`, `s`, `e` or `v` is an operand word: kind in the low 3 bits, value above.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
#define OP(name, operands, flags, effect) OP_##name,
#include "vm/ops/ops.def"
#undef OP
    OP_COUNT
} Op;

enum {
    OP_FAIL = 1,
    OP_GC = 2,
    OP_CALL = 4,
    OP_END = 8,
    OP_BRANCH = 16,
    OP_ROOM = 32,
    OP_PURE = 64,
};

typedef struct {
    const char *name;
    const char *operands;
    uint32_t flags;
    const char *effect;
} OpInfo;

// Indexed by Op. vm/ops/ops.c.
extern const OpInfo op_infos[OP_COUNT];

typedef enum {
    OPERAND_X = 0,     // register X value
    OPERAND_Y = 1,     // slot Y value
    OPERAND_INT = 2,   // signed 29-bit integer
    OPERAND_ATOM = 3,  // the module's atom number value
    OPERAND_EMPTY = 4, // [] (value 0)
    OPERAND_LIT = 5,   // the module's literal number value
    OPERAND_D = 6,     // raw register D value: an unboxed float
} OperandKind;

enum {
    OPERAND_INT_MAX = (1 << 28) - 1,
    OPERAND_INT_MIN = -(1 << 28),
    X_COUNT = 255, // registers X0..X254; so at most 254 arguments and captured values together
    Y_MAX = 32767, // slots of a frame
    D_COUNT = 32,  // raw registers D0..D31
};

static inline uint32_t operand_make(OperandKind kind, int32_t value) {
    return ((uint32_t)value << 3) | (uint32_t)kind;
}

static inline OperandKind operand_kind(uint32_t word) {
    return (OperandKind)(word & 7);
}

// Where an engine keeps raw registers: behind X, in the same file of REGISTER_WORDS words. What is
// between is for saving them (vm/ops/step.c).
enum { RAW_FILE = 320, REGISTER_WORDS = RAW_FILE + D_COUNT };

static inline int32_t operand_value(uint32_t word) {
    return (int32_t)word >> 3;
}

// Kind of each slot in a liveness map.
typedef enum {
    SLOT_DEAD = 0,
    SLOT_TERM = 1,
    SLOT_RAW = 2,  // an unboxed number: not visited
    SLOT_HOLE = 3, // an unfinished list: visited, but no term yet
} SlotKind;

// Whether a collection visits slots of this kind.
static inline bool slot_is_root(SlotKind kind) {
    return kind == SLOT_TERM || kind == SLOT_HOLE;
}

// Spec of a segment of bytes (the n of `g`, bits_int and bits_float).
enum {
    SEG_INT = 0,
    SEG_FLOAT = 1,
    SEG_BYTES = 2, // size is in bytes; size [] means all of the value
    SEG_UTF8 = 3,  // size is ignored
    SEG_TYPE_MASK = 3,
    SEG_LITTLE = 4,
    SEG_SIGNED = 8,
    SEG_SHOWN =
        16, // of whole bytes: any value, put in as Vm.display shows it; what is not shown at once fails
    SEG_APPEND =
        32, // of whole bytes that come first: all that follows goes behind them, in place if it can
};

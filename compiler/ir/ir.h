// The IR: static single assignment over basic blocks; between core and emission.
//
// A value is the instruction that defines it. Constants stand in no block. Blocks have parameters
// instead of phis; only a JUMP gives them their values, so that the edges of a branch carry none.
// An instruction with targets ends its block. ir.def lists the instructions. Invariants (ir_verify,
// between the passes of debug builds):
//   - every block of `blocks` is reachable and ends in exactly one terminator, its last instruction;
//   - the function's parameters are those of the entry block, which nothing jumps to;
//   - a definition dominates its uses (a branch's value: those behind targets[0]);
//   - a target with parameters is a JUMP's, and gets as many args;
//   - every cycle goes through a header whose way back is a JUMP, RECV_WAIT or RECV_WAIT_FOR (reducible);
//   - blocks of a region may be left to its handler at any op that fails; the handler has one parameter, the
//     reason; what it uses besides is defined before the region begins;
//   - an unfinished list is used at most once on any path, by LIST_ADD, LIST_END or a JUMP to a parameter of its kind.
//
// Passes replace a value by setting `forward`; whoever reads an arg goes through ir_value. Numbers
// (`id`, `order`) are dense after ir_number and ir_order, so that a pass may keep its own in
// arrays. All nodes lie in the arena of IrModule; one thread.
// Tests: tests/unit/compiler/ir, tests/stage/*.ir.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/base/arena.h"
#include "compiler/base/buf.h"
#include "compiler/base/check.h"
#include "compiler/base/intern.h"
#include "compiler/base/span.h"
#include "compiler/base/vec.h"
#include "compiler/core/core.h"
#include "vm/ops/ops.h"

typedef enum {
#define IR(name, op, operands, properties, effect) IR_##name,
#include "compiler/ir/ir.def"
#undef IR
    IR_OP_COUNT
} IrOp;

// Properties of instructions: those of ir.def; the lower bits are the flags of the machine's op
// (OP_FAIL …).
enum {
    IR_VALUE = 1 << 8,
    IR_EFFECT = 1 << 9,
    IR_COMMUTES = 1 << 10,
    IR_TEST = 1 << 11 | 1 << 12,
    IR_ENDS = 1 << 12,
    IR_RAW = 1 << 13,
};

enum { IR_NO_OP = OP_COUNT };

typedef struct {
    const char *name;
    uint16_t op;      // Op, or IR_NO_OP
    int16_t operands; // -1: any number
    uint32_t properties;
} IrInfo;

extern const IrInfo ir_infos[IR_OP_COUNT];

typedef struct IrInst IrInst;
typedef struct IrBlock IrBlock;
typedef struct IrRegion IrRegion;
typedef struct IrFunction IrFunction;

// Where an inlined instruction came from: `span` of the instruction is in `function`, which was
// called at `call` in the function (or inlined one) around it; in the place of that one if
// `is_tail`, so that no trace shows it.
typedef struct IrInline {
    Name function;
    Span call;
    bool is_tail;
    const struct IrInline *outer;
} IrInline;

struct IrInst {
    uint16_t op;  // IrOp
    bool mark;    // a pass's own; false between passes
    bool raw;     // its value is a raw number; made late (opt/unbox.c)
    uint8_t slot; // SLOT_HOLE of an unfinished list, else 0
    uint32_t id;
    uint32_t arg_count;
    uint32_t target_count;
    IrInst **args;
    IrBlock **targets;
    union {
        const CoreConst *constant; // CONST
        Name name;
        const CoreConst *const *cases; // SWITCH: target_count - 1
        const uint32_t *specs;         // BITS: arg_count / 2
    };
    Name module; // CALL_EXT, TAIL_EXT
    uint32_t index;
    uint32_t ref;
    IrBlock *block;
    IrInst *prev, *next;
    IrInst *forward; // the value to use instead
    Span span;
    const IrInline *inlined;
};

struct IrBlock {
    uint32_t id;
    uint32_t order; // position in `blocks`; after ir_order
    bool is_header; // a loop begins here
    bool is_handler;
    IrRegion *region; // the innermost one, or NULL
    IrInst *first, *last;
    VEC(IrInst *) params;
    VEC(IrBlock *) preds;             // after ir_order; a handler's are the blocks of its region
    IrBlock *idom;                    // after ir_dominators
    uint32_t dom_in, dom_out;         // a dominates b when a's interval holds b's dom_in
    IrBlock *dom_child, *dom_sibling; // children in the order of `blocks`
    void *data;                       // a pass's own
    uint32_t walk;                    // of ir_order: which walk has met it
};

struct IrRegion {
    IrRegion *outer;
    IrBlock *handler;
    uint32_t depth; // of the outermost: 1
    uint32_t range; // emission's own
};

typedef VEC(IrBlock *) IrBlocks;

// A block on the way through all of them, and its successor to visit next.
typedef struct {
    IrBlock *block;
    uint32_t next;
} IrVisit;

typedef struct IrModule {
    Arena *arena;
    Intern *names;
    const CoreModule *core;
    VEC(IrFunction *) functions; // as core's
    VEC(IrFunction *) live; // in that order, those that are optimised and emitted: opt/unused.c
    Buf *passes;            // where functions are printed when a pass has changed them, or NULL
    IrBlocks reverse;       // these two are memory of ir_order, which is called often
    VEC(IrVisit) path;
} IrModule;

struct IrFunction {
    IrModule *module;
    const CoreFunction *core;
    uint32_t index; // of the module's functions
    IrBlock *entry;
    IrBlocks blocks;      // reverse postorder, the order of emission, after ir_order
    uint32_t walks;       // of ir_order
    Str shown;            // what the module's `passes` has of it
    uint32_t block_count; // ids in use are below these
    uint32_t inst_count;
    uint32_t loop_count;
    IrInst **constants; // open addressing by value
    uint16_t *kinds;    // by value, for opt/unbox.c: what opt/types.c found
    uint32_t constant_slots;
    uint32_t constant_count;
};

// ---- Making (ir.c) ------------------------------------------------------------------------------

IrFunction *ir_function_new(IrModule *module, const CoreFunction *core);
IrBlock *ir_block_new(IrFunction *f, IrRegion *region);
IrInst *ir_param_new(IrFunction *f, IrBlock *block, Span span);

// An instruction that stands nowhere yet, with room for args and targets (filled in by the caller).
IrInst *ir_inst_new(IrFunction *f, IrOp op, uint32_t arg_count, uint32_t target_count, Span span);

// The one CONST of this constant in f.
IrInst *ir_const(IrFunction *f, const CoreConst *constant);
IrInst *ir_const_int(IrFunction *f, int64_t value);
IrInst *ir_const_atom(IrFunction *f, Name name);
IrInst *ir_const_bool(IrFunction *f, bool value);
IrInst *ir_const_empty(IrFunction *f);

void ir_append(IrBlock *block, IrInst *inst);
void ir_insert_before(IrInst *at, IrInst *inst);
void ir_remove(IrInst *inst);

// ---- Asking -------------------------------------------------------------------------------------

// The value that stands for `v` now. Amortised O(1).
static inline IrInst *ir_value(IrInst *v) {
    while (v->forward != NULL) {
        if (v->forward->forward != NULL) {
            v->forward = v->forward->forward;
        }
        v = v->forward;
    }
    return v;
}

static inline uint32_t ir_flags(const IrInst *inst) {
    return ir_infos[inst->op].properties;
}

static inline bool ir_has_value(const IrInst *inst) {
    return (ir_flags(inst) & IR_VALUE) != 0;
}

static inline bool ir_is_const(const IrInst *inst) {
    return inst->op == IR_CONST;
}

static inline bool ir_is_test(const IrInst *inst) {
    return (ir_flags(inst) & IR_TEST) == IR_TEST;
}

// May it raise here (so that a handler, if there is one, may run next)?
static inline bool ir_may_fail(const IrInst *inst) {
    return (ir_flags(inst) & OP_FAIL) != 0 &&
           (inst->target_count < 2 || inst->op == IR_RECV_WAIT_FOR);
}

// May it go when nobody uses its value?
static inline bool ir_is_droppable(const IrInst *inst) {
    return (ir_flags(inst) & (IR_EFFECT | IR_ENDS | OP_CALL)) == 0 && inst->target_count == 0 &&
           !ir_may_fail(inst);
}

// The int that `v` is, when it is a CONST of an int64.
bool ir_int_of(const IrInst *v, int64_t *value);

// 1: truthy, 0: false or nil, -1: not known.
int ir_truth_of(const IrInst *v);

// Does the terminator's target go back (to a header at or before it)? After ir_order.
static inline bool ir_is_back(const IrBlock *from, const IrBlock *to) {
    return to->order <= from->order;
}

static inline bool ir_dominates(const IrBlock *a, const IrBlock *b) {
    return a->dom_in <= b->dom_in && b->dom_in < a->dom_out;
}

// ---- Shape (order.c) ----------------------------------------------------------------------------

// Drops unreachable blocks; orders the rest in `blocks` so that all edges but those back to a
// header go forward and handlers stand behind their regions; fills preds and headers. Linear.
void ir_order(IrFunction *f);

// Immediate dominators and their tree, after ir_order. Nearly linear.
void ir_dominators(IrFunction *f);

// Numbers instructions and parameters densely from 0 in the order of blocks, constants behind them;
// resolves
// `forward` in all args. Afterwards nothing forwards.
void ir_number(IrFunction *f);

// ---- Stages -------------------------------------------------------------------------------------

// Core to IR (build.c). The result is ordered.
IrFunction *ir_build(IrModule *module, const CoreFunction *core);

// The optimiser, for modules that are optimised at all: ir_simplify for each function, ir_inline
// for the module (opt/inline.c); then ir_optimise for each function (opt/opt.c has the passes in
// their order). `plain`: no more of them than emission needs.
void ir_simplify(IrFunction *f);
void ir_inline(IrModule *module);
void ir_optimise(IrFunction *f, bool plain);

// Makes floats raw numbers where that pays, once all functions of the module are optimised.
void ir_unbox(IrModule *module);

// Aborts with a message when an invariant does not hold (verify.c). Linear.
void ir_verify(IrFunction *f);

// The text of --dump=ir (print.c).
void ir_print(IrFunction *f, Buf *out);

// Sharpening: what the kinds of values (types.c) make cheaper, but for floats (unbox.c).
//
//   a == b    a === b, where no float can meet a number
//   n + 1     of an integer and a constant, given to the next block and to nobody else: at the end
//             of its block, since until then only the integer needs a register
//
// Both are right whatever the kinds turn out to be: an operation that fails after all does so as it
// would have, perhaps after another that fails too. Linear. Tests:
// tests/unit/compiler/ir/types_test.c, tests/lang/values/sharpened.cop.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

enum {
    NUMBER = KIND_INT | KIND_FLOAT,
    // What may hold numbers in turn.
    HOLDER = KIND_TUPLE | KIND_CONS | KIND_MAP | KIND_RECORD | KIND_FN,
};

typedef struct {
    IrFunction *f;
    uint32_t *uses; // by value
    uint32_t *seen; // by value: 1 + the block that was last found to use it further down
} Sharpen;

static void sharpen_equality(const IrFunction *f, IrInst *test) {
    uint32_t a = kinds_found(f, test->args[0]);
    uint32_t b = kinds_found(f, test->args[1]);
    bool numeric = ((a & KIND_FLOAT) != 0 && (b & NUMBER) != 0) ||
                   ((b & KIND_FLOAT) != 0 && (a & NUMBER) != 0);
    if (!numeric && (a & b & HOLDER) == 0) {
        test->op = IR_SAME;
    }
}

static bool is_step(const Sharpen *s, const IrInst *inst) {
    if ((inst->op != IR_ADD && inst->op != IR_SUB) || inst->target_count != 0 ||
        s->uses[inst->id] != 1 || ir_is_const(inst->args[0]) || !ir_is_const(inst->args[1])) {
        return false;
    }
    return kinds_found(s->f, inst->args[0]) == KIND_INT && kinds_of(inst->args[1]) == KIND_INT;
}

static bool is_given(const IrInst *jump, const IrInst *v) {
    for (uint32_t i = 0; i < jump->arg_count; i++) {
        if (jump->args[i] == v) {
            return true;
        }
    }
    return false;
}

static void see_args(Sharpen *s, const IrInst *inst, uint32_t stamp) {
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        s->seen[inst->args[i]->id] = stamp;
    }
}

// From the end of a block that jumps, back to what can be seen from outside.
static void sink_steps(Sharpen *s, IrBlock *block) {
    IrInst *last = block->last;
    uint32_t stamp = block->order + 1;
    if (last->op != IR_JUMP) {
        return;
    }
    see_args(s, last, stamp);
    for (IrInst *inst = last->prev, *before; inst != NULL; inst = before) {
        before = inst->prev;
        if ((ir_flags(inst) & (IR_EFFECT | OP_CALL)) != 0) {
            return;
        }
        if (is_step(s, inst) && s->seen[inst->args[0]->id] == stamp && is_given(last, inst)) {
            ir_remove(inst);
            ir_insert_before(last, inst);
        }
        see_args(s, inst, stamp);
    }
}

void opt_sharpen(IrFunction *f) {
    Sharpen s = {.f = f};
    s.uses = opt_uses(f);
    s.seen = ARENA_NEW_ARRAY(f->module->arena, uint32_t, f->inst_count);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        IrBlock *block = f->blocks.items[i];
        if (block->last->op == IR_EQ) {
            sharpen_equality(f, block->last);
        }
        sink_steps(&s, block);
    }
}

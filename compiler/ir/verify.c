// The invariants of ir.h, checked between the passes of debug builds.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/ir.h"

#ifdef NDEBUG
static const bool is_on = false;
#else
static const bool is_on = true;
#endif

// Positions of instructions in their blocks, by id: a definition must come before its uses.
static void check_use(const IrInst *user, const IrInst *v) {
    if (ir_is_const(v)) {
        return;
    }
    CHECK(ir_has_value(v));
    CHECK(v->block != NULL);
    if (v->block == user->block) {
        CHECK(v->op == IR_PARAM || v->id < user->id);
        return;
    }
    CHECK(ir_dominates(v->block, user->block));
    if (v->target_count == 2) { // only behind the side where it holds
        CHECK(v->targets[0] != v->targets[1]);
    }
}

static void check_args(const IrInst *inst) {
    int operands = ir_infos[inst->op].operands;
    CHECK(operands < 0 || (uint32_t)operands == inst->arg_count);
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        check_use(inst, inst->args[i]);
        bool takes = i == 0 && (inst->op == IR_LIST_ADD || inst->op == IR_LIST_END);
        CHECK(inst->op == IR_JUMP || (inst->args[i]->slot == SLOT_HOLE) == takes);
    }
}

static void check_targets(const IrFunction *f, const IrBlock *block) {
    const IrInst *last = block->last;
    CHECK(last->target_count > 0 || (ir_flags(last) & IR_ENDS) != 0);
    for (uint32_t i = 0; i < last->target_count; i++) {
        const IrBlock *to = last->targets[i];
        CHECK(to->order < f->blocks.len);
        CHECK(f->blocks.items[to->order] == to);
        CHECK(to != f->entry);
        CHECK(!to->is_handler);
        CHECK(to->params.len == (last->op == IR_JUMP ? last->arg_count : 0));
        for (uint32_t k = 0; last->op == IR_JUMP && k < last->arg_count; k++) {
            CHECK(last->args[k]->slot == to->params.items[k]->slot);
        }
        if (ir_is_back(block, to)) {
            CHECK(last->op == IR_JUMP || last->op == IR_RECV_WAIT || last->op == IR_RECV_WAIT_FOR);
            CHECK(ir_dominates(to, block));
        }
    }
    if (block->region != NULL) {
        CHECK(block->region->handler->order > block->order);
        CHECK(block->region->handler->region == block->region->outer);
        CHECK(block->region->handler->params.len == 1);
    }
}

// Raw args where the op has a `v`; what a jump gives is of its parameter's kind.
static void check_raw(const IrInst *inst) {
    uint32_t op = ir_infos[inst->op].op;
    bool takes_raw = op != IR_NO_OP && strchr(op_infos[op].operands, 'v') != NULL;
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        bool raw = inst->op == IR_JUMP ? inst->targets[0]->params.items[i]->raw : takes_raw;
        CHECK(ir_is_const(inst->args[i]) ? !raw || inst->args[i]->constant->kind == CONST_FLOAT
                                         : inst->args[i]->raw == raw);
    }
}

static void check_block(const IrFunction *f, const IrBlock *block) {
    CHECK(block->first != NULL);
    for (const IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        CHECK(inst->block == block);
        CHECK(inst->next != NULL ? inst->next->prev == inst : block->last == inst);
        CHECK((inst == block->last) == (inst->target_count > 0 || (ir_flags(inst) & IR_ENDS) != 0));
        CHECK(inst->forward == NULL);
        check_args(inst);
        check_raw(inst);
    }
    for (uint32_t i = 0; i < block->params.len; i++) {
        CHECK(block->params.items[i]->block == block);
        CHECK(block->params.items[i]->forward == NULL);
    }
    check_targets(f, block);
}

void ir_verify(IrFunction *f) {
    if (!is_on) {
        return;
    }
    ir_dominators(f);
    ir_number(f);
    CHECK(f->blocks.items[0] == f->entry);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        check_block(f, f->blocks.items[i]);
    }
}

// Copies of a function's blocks: into another function in place of a call, or for keeping.
//
// In order, so that a value's copy is there before its uses'. What the copies come from is noted in
// their `inlined`, behind what was noted there already. Tests:
// tests/unit/compiler/ir/opt_calls_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

typedef struct {
    const IrInline *from, *to;
} Chain;

typedef struct {
    IrFunction *f; // into which
    IrFunction *from;
    Arena *arena;
    const IrInst *call; // in whose place; NULL: for keeping
    IrBlock *after;     // where what returns goes on; NULL: it returns
    IrRegion *region;   // of what is outside all regions
    IrInst **values;    // by id
    IrBlock **blocks;   // by order
    VEC(Chain) chains;
    const IrInline *base; // of what was not inlined before
} Clone;

static const IrInline *link_new(Clone *c, IrInline link) {
    return arena_copy(c->arena, &link, sizeof(link));
}

// Where an instruction that was at `from` in the function is now.
static const IrInline *place_of(Clone *c, const IrInline *from) {
    if (c->call == NULL) {
        return from;
    }
    if (from == NULL) {
        return c->base;
    }
    for (uint32_t i = c->chains.len; i-- > 0;) {
        if (c->chains.items[i].from == from) {
            return c->chains.items[i].to;
        }
    }
    IrInline link = *from;
    link.outer = place_of(c, from->outer);
    Chain chain = {from, link_new(c, link)};
    vec_push(c->arena, &c->chains, chain);
    return chain.to;
}

static IrRegion *region_of(Clone *c, IrRegion *r) {
    if (r == NULL) {
        return c->region;
    }
    IrBlock *handler = c->blocks[r->handler->order];
    if (handler->data == NULL) { // the copy of the region hangs on that of its handler
        IrRegion *copy = ARENA_NEW(c->arena, IrRegion);
        handler->data = copy;
        copy->outer = region_of(c, r->outer);
        copy->depth = copy->outer == NULL ? 1 : copy->outer->depth + 1;
        copy->handler = handler;
    }
    return handler->data;
}

static IrInst *value_of(const Clone *c, IrInst *v) {
    return ir_is_const(v) ? ir_const(c->f, v->constant) : c->values[v->id];
}

static IrOp op_for_value(IrOp op) {
    switch (op) {
    case IR_TAIL_CALL: return IR_CALL;
    case IR_TAIL_EXT: return IR_CALL_EXT;
    case IR_TAIL_FUN: return IR_CALL_FUN;
    default: return op;
    }
}

static void jump_after(Clone *c, IrBlock *block, IrInst *value, const IrInst *like) {
    IrInst *jump = ir_inst_new(c->f, IR_JUMP, 1, 1, like->span);
    jump->inlined = place_of(c, like->inlined);
    jump->args[0] = value;
    jump->targets[0] = c->after;
    ir_append(block, jump);
}

static void copy_inst(Clone *c, IrBlock *block, const IrInst *inst) {
    if (c->after != NULL && inst->op == IR_RET) {
        jump_after(c, block, value_of(c, inst->args[0]), inst);
        return;
    }
    IrOp op = c->after != NULL ? op_for_value(inst->op) : (IrOp)inst->op;
    IrInst *copy = ir_inst_new(c->f, op, inst->arg_count, inst->target_count, inst->span);
    copy->slot = inst->slot;
    copy->cases = inst->cases; // whichever of the union it is
    copy->module = inst->module;
    copy->index = inst->index;
    copy->ref = inst->ref;
    copy->inlined = place_of(c, inst->inlined);
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        copy->args[i] = value_of(c, inst->args[i]);
    }
    for (uint32_t i = 0; i < inst->target_count; i++) {
        copy->targets[i] = c->blocks[inst->targets[i]->order];
    }
    c->values[inst->id] = copy;
    ir_append(block, copy);
    if (op != inst->op) {
        // The function that ended in this call is gone from traces by then.
        copy->span = c->call->span;
        copy->inlined = c->call->inlined;
        jump_after(c, block, copy, inst);
    }
}

// Copies all blocks; the entry's parameters become `args`, or parameters where that is NULL.
static void copy_blocks(Clone *c, IrInst *const *args) {
    const IrBlocks *blocks = &c->from->blocks;
    c->values = ARENA_NEW_ARRAY(c->arena, IrInst *, c->from->inst_count);
    c->blocks = ARENA_NEW_ARRAY(c->arena, IrBlock *, blocks->len);
    for (uint32_t i = 0; i < blocks->len; i++) {
        c->blocks[i] = ir_block_new(c->f, NULL);
    }
    for (uint32_t i = 0; i < blocks->len; i++) {
        const IrBlock *block = blocks->items[i];
        c->blocks[i]->region = region_of(c, block->region);
        for (uint32_t k = 0; k < block->params.len; k++) {
            const IrInst *param = block->params.items[k];
            if (i == 0 && args != NULL) {
                c->values[param->id] = args[k];
                continue;
            }
            IrInst *copy = ir_param_new(c->f, c->blocks[i], param->span);
            copy->slot = param->slot;
            c->values[param->id] = copy;
        }
        for (const IrInst *inst = block->first; inst != NULL; inst = inst->next) {
            copy_inst(c, c->blocks[i], inst);
        }
    }
    for (uint32_t i = 0; i < blocks->len; i++) {
        c->blocks[i]->data = NULL;
    }
}

IrFunction *opt_copy(IrFunction *from) {
    IrFunction *copy = ir_function_new(from->module, from->core);
    copy->index = from->index;
    Clone c = {.f = copy, .from = from, .arena = from->module->arena};
    ir_number(from);
    copy_blocks(&c, NULL);
    copy->entry = c.blocks[0];
    ir_order(copy);
    ir_number(copy);
    return copy;
}

// What follows the call goes into a block of its own, whose parameter is the result.
static IrBlock *split_behind(IrFunction *f, IrInst *call) {
    IrBlock *block = call->block;
    IrBlock *after = ir_block_new(f, block->region);
    IrInst *result = ir_param_new(f, after, call->span);
    after->first = call->next;
    after->last = block->last;
    call->next->prev = NULL;
    call->next = NULL;
    block->last = call;
    for (IrInst *inst = after->first; inst != NULL; inst = inst->next) {
        inst->block = after;
    }
    call->forward = result;
    return after;
}

void opt_inline_call(IrFunction *f, IrInst *call, IrFunction *callee) {
    IrBlock *block = call->block;
    bool is_tail = (ir_flags(call) & OP_END) != 0;
    Clone c = {.f = f, .from = callee, .arena = f->module->arena, .call = call};
    c.region = block->region;
    c.after = is_tail ? NULL : split_behind(f, call);
    c.base = link_new(&c, (IrInline){callee->core->name, call->span, is_tail, call->inlined});
    copy_blocks(&c, call->args);
    ir_remove(call);
    IrInst *jump = ir_inst_new(f, IR_JUMP, 0, 1, call->span);
    jump->inlined = call->inlined;
    jump->targets[0] = c.blocks[0];
    ir_append(block, jump);
}

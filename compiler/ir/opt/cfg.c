// The shape of the control flow made simple.
//
//   - a branch whose sides are one block becomes a jump, if the test has no effect;
//   - a jump or branch to a block that only jumps on goes where that goes;
//   - a jump that gives a constant to a block that does nothing but branch on it goes to that side;
//   - a block with one predecessor that jumps to it is appended to it;
//   - a parameter that has the same value from all sides is that value.
// Ways back to a header are left alone: they must stay jumps of their own. The handler of a region
// is never merged, and blocks only merge within one region.
// Tests: tests/unit/compiler/ir/opt_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

// ---- Threading ----------------------------------------------------------------------------------

// Where a block that holds nothing but a jump forward, without args, goes; else NULL. A header
// stays: a loop that is entered at two places has none.
static IrBlock *passes_to(const IrBlock *block) {
    const IrInst *only = block->first;
    if (only != block->last || only->op != IR_JUMP || only->arg_count > 0 ||
        block->params.len > 0 || block->is_handler || block->is_header ||
        ir_is_back(block, only->targets[0])) {
        return NULL;
    }
    return only->targets[0];
}

// Where a jump lands that gives `arg` to the only parameter of a block that does nothing but branch
// on it.
static IrBlock *branches_to(const IrBlock *block, const IrInst *arg) {
    const IrInst *only = block->first;
    if (block->params.len != 1 || only != block->last || block->is_header || block->is_handler ||
        !ir_is_const(arg) || only->arg_count != 1 ||
        ir_value(only->args[0]) != block->params.items[0]) {
        return NULL;
    }
    if (only->op == IR_TRUTHY) {
        return only->targets[ir_truth_of(arg) ? 0 : 1];
    }
    if (only->op != IR_SWITCH) {
        return NULL;
    }
    for (uint32_t i = 0; i + 1 < only->target_count; i++) {
        const CoreConst *c = only->cases[i];
        if (c->kind == arg->constant->kind &&
            (c->kind == CONST_ATOM ? c->name == arg->constant->name
                                   : c->integer == arg->constant->integer)) {
            return only->targets[i];
        }
    }
    return only->targets[only->target_count - 1];
}

static bool is_used_beyond(const uint32_t *uses, const IrInst *param) {
    return uses[param->id] > 1;
}

static void thread_jump(const uint32_t *uses, IrBlock *block) {
    IrInst *jump = block->last;
    if (jump->arg_count != 1) {
        return;
    }
    const IrBlock *to = jump->targets[0];
    IrBlock *side = branches_to(to, ir_value(jump->args[0]));
    if (side != NULL && !is_used_beyond(uses, to->params.items[0])) {
        jump->targets[0] = side;
        jump->arg_count = 0;
    }
}

// A switch without cases, too.
static bool has_one_target(const IrInst *inst) {
    for (uint32_t i = 1; i < inst->target_count; i++) {
        if (inst->targets[i] != inst->targets[0]) {
            return false;
        }
    }
    return true;
}

static void thread(IrFunction *f, const uint32_t *uses, IrBlock *block) {
    IrInst *last = block->last;
    if (last->op == IR_JUMP && !ir_is_back(block, last->targets[0])) {
        thread_jump(uses, block);
    }
    for (uint32_t i = 0; i < last->target_count; i++) {
        IrBlock *to = last->targets[i];
        IrBlock *on;
        while (!ir_is_back(block, to) && (on = passes_to(to)) != NULL) {
            // A branch carries no args; a jump without args may take over only one without.
            if (on->params.len > 0) {
                break;
            }
            to = on;
        }
        last->targets[i] = to;
    }
    if (last->op == IR_SWITCH && has_one_target(last)) {
        opt_set_jump(f, block, last->targets[0]);
        return;
    }
    bool drops = ir_is_test(last) ||
                 (ir_has_value(last) && (ir_flags(last) & IR_EFFECT) == 0 && uses[last->id] == 0);
    if (last->target_count == 2 && drops && last->targets[0] == last->targets[1] &&
        !ir_is_back(block, last->targets[0])) {
        opt_set_jump(f, block, last->targets[0]);
    }
}

// ---- Merging ------------------------------------------------------------------------------------

static void replace_params(IrBlock *block, const IrInst *jump) {
    for (uint32_t i = 0; i < block->params.len; i++) {
        block->params.items[i]->forward = jump->args[i];
    }
    block->params.len = 0;
}

// Appends the block that `block` jumps to as long as nothing else goes there.
static void merge(IrBlock *block, const uint32_t *pred_count) {
    for (;;) {
        IrInst *jump = block->last;
        if (jump->op != IR_JUMP) {
            return;
        }
        IrBlock *to = jump->targets[0];
        if (pred_count[to->id] != 1 || to->region != block->region || to->is_handler ||
            to == block) {
            return;
        }
        replace_params(to, jump);
        ir_remove(jump);
        for (IrInst *inst = to->first; inst != NULL; inst = inst->next) {
            inst->block = block;
        }
        to->first->prev = block->last;
        if (block->last != NULL) {
            block->last->next = to->first;
        } else {
            block->first = to->first;
        }
        block->last = to->last;
        to->first = to->last = NULL;
    }
}

static void merge_all(IrFunction *f) {
    uint32_t *pred_count = ARENA_NEW_ARRAY(f->module->arena, uint32_t, f->block_count);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        const IrInst *last = f->blocks.items[i]->last;
        for (uint32_t k = 0; k < last->target_count; k++) {
            pred_count[last->targets[k]->id]++;
        }
    }
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        if (f->blocks.items[i]->last != NULL) {
            merge(f->blocks.items[i], pred_count);
        }
    }
}

// ---- Parameters ---------------------------------------------------------------------------------

// The one value that `param` has from all sides (itself aside), or NULL.
static IrInst *only_value(const IrBlock *block, const IrInst *param) {
    IrInst *only = NULL;
    for (uint32_t i = 0; i < block->preds.len; i++) {
        IrInst *arg = ir_value(block->preds.items[i]->last->args[param->index]);
        if (arg != param && arg != only) {
            if (only != NULL) {
                return NULL;
            }
            only = arg;
        }
    }
    return only;
}

static void drop_params(IrBlock *block) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < block->params.len; i++) {
        IrInst *param = block->params.items[i];
        param->index = i;
        IrInst *only = only_value(block, param);
        if (only != NULL) {
            param->forward = only;
        }
    }
    for (uint32_t i = 0; i < block->params.len; i++) {
        if (block->params.items[i]->forward == NULL) {
            for (uint32_t k = 0; k < block->preds.len; k++) {
                IrInst *jump = block->preds.items[k]->last;
                jump->args[kept] = jump->args[i];
            }
            block->params.items[i]->index = kept;
            block->params.items[kept++] = block->params.items[i];
        }
    }
    for (uint32_t k = 0; k < block->preds.len; k++) {
        block->preds.items[k]->last->arg_count = kept;
    }
    block->params.len = kept;
}

static void drop_all_params(IrFunction *f) {
    for (uint32_t i = 1; i < f->blocks.len; i++) {
        IrBlock *block = f->blocks.items[i];
        if (block->params.len > 0 && !block->is_handler) {
            drop_params(block);
        }
    }
}

void opt_cfg(IrFunction *f) {
    drop_all_params(f);
    ir_number(f);
    const uint32_t *uses = opt_uses(f);
    for (uint32_t i = f->blocks.len; i-- > 0;) { // so that a chain of jumps on is walked once
        thread(f, uses, f->blocks.items[i]);
    }
    ir_order(f);
    merge_all(f);
}

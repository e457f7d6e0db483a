// Dead code: what has no effect and whose value nothing that stays uses.
//
// Marks from the effects and terminators down to what they use; an arg of a jump is used only if
// the parameter is, so that a value which merely goes round a loop goes too.
// Tests: tests/unit/compiler/ir/opt_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

typedef struct {
    Arena *arena;
    VEC(IrInst *) work;
} Marker;

static void mark(Marker *m, IrInst *v) {
    if (!v->mark && v->op != IR_CONST) {
        v->mark = true;
        vec_push(m->arena, &m->work, v);
    }
}

static void mark_args(Marker *m, const IrInst *inst) {
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        inst->args[i] = ir_value(inst->args[i]);
        mark(m, inst->args[i]);
    }
}

// A parameter is used: so is what each jump gives it.
static void mark_given(Marker *m, const IrInst *param) {
    const IrBlock *block = param->block;
    for (uint32_t i = 0; i < block->preds.len; i++) {
        IrInst *jump = block->preds.items[i]->last;
        if (jump->op == IR_JUMP && jump->targets[0] == block) {
            jump->args[param->index] = ir_value(jump->args[param->index]);
            mark(m, jump->args[param->index]);
        }
    }
}

static void mark_all(IrFunction *f) {
    Marker m = {.arena = f->module->arena};
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            if (!ir_is_droppable(inst)) {
                inst->mark = true;
                if (inst->op != IR_JUMP) {
                    mark_args(&m, inst);
                }
            }
        }
    }
    while (m.work.len > 0) {
        const IrInst *v = m.work.items[--m.work.len];
        if (v->op == IR_PARAM) {
            mark_given(&m, v);
        } else {
            mark_args(&m, v);
        }
    }
}

// The args that go with dropped parameters go first, while the parameters still tell which.
static void sweep_jump(IrInst *jump) {
    const IrBlock *to = jump->targets[0];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < jump->arg_count; i++) {
        if (to->params.items[i]->mark) {
            jump->args[kept++] = jump->args[i];
        }
    }
    jump->arg_count = kept;
}

static void sweep_block(IrBlock *block) {
    for (IrInst *inst = block->first, *next; inst != NULL; inst = next) {
        next = inst->next;
        if (!inst->mark) {
            ir_remove(inst);
        }
        inst->mark = false;
    }
}

static void sweep_params(IrBlock *block, bool may_drop) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < block->params.len; i++) {
        IrInst *param = block->params.items[i];
        if (param->mark || !may_drop) {
            param->index = kept;
            block->params.items[kept++] = param;
        }
        param->mark = false;
    }
    block->params.len = kept;
}

void opt_dce(IrFunction *f) {
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        IrBlock *block = f->blocks.items[i];
        for (uint32_t k = 0; k < block->params.len; k++) {
            block->params.items[k]->index = k;
        }
    }
    mark_all(f);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        if (f->blocks.items[i]->last->op == IR_JUMP) {
            sweep_jump(f->blocks.items[i]->last);
        }
        sweep_block(f->blocks.items[i]);
    }
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        IrBlock *block = f->blocks.items[i];
        sweep_params(block, block != f->entry && !block->is_handler);
    }
}

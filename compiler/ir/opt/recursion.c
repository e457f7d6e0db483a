// Recursion into loops: a function that ends in a call of itself goes back to its beginning.
//
// The blocks of the function are put behind a header whose parameters are the function's; the entry
// only jumps there. A call of itself at the end becomes a jump to the header (lowering has done so
// with those that stand in the source). A call whose result is the tail of cells that are then
// returned (tail recursion modulo cons: `[f(x) | map(xs)]`) does as well, when an unfinished list
// goes round with the parameters: LIST_NEW at the entry, LIST_ADD for a cell, LIST_END where the
// function returns. So the list is built from its front, in constant stack.
//
// A function with such cells that may also end in a call of something else is left alone: the list
// would have to be ended behind that call, which would be one at the end no longer, and what calls
// this function again from there would take stack without bound.
// Tests: tests/unit/compiler/ir/opt_calls_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

typedef struct {
    IrFunction *f;
    IrBlock *header;
    IrInst *list; // the header's parameter that is the unfinished list, or NULL
    bool tails;   // ends in calls of itself
    bool cells;   // of which cells are made
    bool others;  // ends in calls of something else, too
} Recursion;

static bool is_self(const Recursion *r, const IrInst *call) {
    return call->ref == r->f->index && call->arg_count == r->f->entry->params.len;
}

// Is `v` one of the instructions from `first` up to `end`?
static bool is_among(const IrInst *v, const IrInst *first, const IrInst *end) {
    for (const IrInst *inst = first; inst != end; inst = inst->next) {
        if (inst == v) {
            return true;
        }
    }
    return false;
}

// The call of itself before the cells that `ret` returns, or NULL. All stand side by side, so that
// what their heads are was computed before the call, unless it is one of them.
static IrInst *call_before_cells(const Recursion *r, const IrInst *ret) {
    IrInst *at = ret->prev;
    const IrInst *list = ir_value(ret->args[0]);
    while (at != NULL && at->op == IR_CONS && at == list) {
        list = ir_value(at->args[1]);
        at = at->prev;
    }
    if (at == NULL || at == ret->prev || at->op != IR_CALL || at != list || !is_self(r, at)) {
        return NULL;
    }
    for (const IrInst *cell = at->next; cell != ret; cell = cell->next) {
        if (is_among(ir_value(cell->args[0]), at, ret)) {
            return NULL;
        }
    }
    return at;
}

static void look(Recursion *r, const IrBlock *block) {
    const IrInst *last = block->last;
    switch (last->op) {
    case IR_TAIL_CALL: *(is_self(r, last) ? &r->tails : &r->others) = true; break;
    case IR_TAIL_EXT: // the machine's own functions call no code of the program again
        r->others |= strcmp(last->module->text, "Vm") != 0;
        break;
    case IR_TAIL_FUN: r->others = true; break;
    case IR_RET: r->cells |= block->region == NULL && call_before_cells(r, last) != NULL; break;
    default: break;
    }
}

// ---- Rewriting ----------------------------------------------------------------------------------

static IrInst *append(Recursion *r, IrBlock *block, IrOp op, IrInst *list, IrInst *value,
                      const IrInst *like) {
    IrInst *inst = ir_inst_new(r->f, op, 2, 0, like->span);
    inst->inlined = like->inlined;
    inst->args[0] = list;
    inst->args[1] = value;
    ir_append(block, inst);
    return inst;
}

static void append_return(Recursion *r, IrBlock *block, IrInst *value, const IrInst *like) {
    IrInst *ret = ir_inst_new(r->f, IR_RET, 1, 0, like->span);
    ret->inlined = like->inlined;
    ret->args[0] = append(r, block, IR_LIST_END, r->list, value, like);
    ir_append(block, ret);
}

// Goes round with the args of `call`, which stands no longer in the block.
static void append_round(Recursion *r, IrBlock *block, const IrInst *call, IrInst *list) {
    uint32_t count = call->arg_count;
    IrInst *jump = ir_inst_new(r->f, IR_JUMP, count + (list != NULL), 1, call->span);
    jump->inlined = call->inlined;
    for (uint32_t i = 0; i < count; i++) {
        jump->args[i] = call->args[i];
    }
    if (list != NULL) {
        jump->args[count] = list;
    }
    jump->targets[0] = r->header;
    ir_append(block, jump);
}

// The cells go into the list from the outermost, which was made last.
static void rewrite_cells(Recursion *r, IrBlock *block, IrInst *call) {
    IrInst *list = r->list;
    ir_remove(block->last);
    while (block->last != call) {
        IrInst *cell = block->last;
        ir_remove(cell);
        // In front of the call: what is added there is not between the cells that remain.
        IrInst *add = ir_inst_new(r->f, IR_LIST_ADD, 2, 0, cell->span);
        add->inlined = cell->inlined;
        add->args[0] = list;
        add->args[1] = cell->args[0];
        ir_insert_before(call, add);
        list = add;
    }
    ir_remove(call);
    append_round(r, block, call, list);
}

static void rewrite_end(Recursion *r, IrBlock *block) {
    IrInst *last = block->last;
    if (last->op == IR_TAIL_CALL && is_self(r, last)) {
        ir_remove(last);
        append_round(r, block, last, r->list);
    } else if (last->op == IR_RET && r->list != NULL) {
        IrInst *call = call_before_cells(r, last);
        if (call != NULL) {
            rewrite_cells(r, block, call);
        } else {
            ir_remove(last);
            append_return(r, block, last->args[0], last);
        }
    } else if (last->op == IR_TAIL_EXT && r->list != NULL) {
        ir_remove(last);
        last->op = IR_CALL_EXT;
        ir_append(block, last);
        append_return(r, block, last, last);
    }
}

// Puts all that the entry does into a header behind it.
static void add_header(Recursion *r) {
    IrFunction *f = r->f;
    IrBlock *entry = f->entry;
    IrBlock *header = r->header = ir_block_new(f, NULL);
    header->params = entry->params;
    header->first = entry->first;
    header->last = entry->last;
    for (IrInst *inst = header->first; inst != NULL; inst = inst->next) {
        inst->block = header;
    }
    entry->first = entry->last = NULL;
    entry->params.items = NULL;
    entry->params.len = entry->params.cap = 0;
    uint32_t count = header->params.len;
    IrInst *jump = ir_inst_new(f, IR_JUMP, count + r->cells, 1, f->core->span);
    for (uint32_t i = 0; i < count; i++) {
        IrInst *param = header->params.items[i];
        param->block = header;
        jump->args[i] = ir_param_new(f, entry, param->span);
    }
    jump->targets[0] = header;
    if (r->cells) {
        r->list = ir_param_new(f, header, f->core->span);
        r->list->slot = SLOT_HOLE;
        jump->args[count] = ir_inst_new(f, IR_LIST_NEW, 0, 0, f->core->span);
        ir_append(entry, jump->args[count]);
    }
    ir_append(entry, jump);
}

void opt_recursion(IrFunction *f) {
    Recursion r = {.f = f};
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        look(&r, f->blocks.items[i]);
    }
    r.cells = r.cells && !r.others;
    if (!r.tails && !r.cells) {
        return;
    }
    add_header(&r);
    vec_push(f->module->arena, &f->blocks, r.header);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        if (f->blocks.items[i] != f->entry) {
            rewrite_end(&r, f->blocks.items[i]);
        }
    }
}

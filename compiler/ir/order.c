// The shape of a function: reachable blocks in order, predecessors, headers, dominators, numbers.
//
// ir_order walks depth first and orders blocks in reverse postorder. The side where a test holds is
// visited last and so comes right behind the test where it can. Blocks of a region have an edge to
// its handler here, which puts the handler behind the whole region, as the verifier of images asks.
// Dominators (a handler's is the block before its region) are those of Cooper, Harvey and Kennedy
// ("A simple, fast dominance algorithm"); as functions are reducible one round suffices.
// Predecessors are met from the last to the first: a block that many tests of a chain fail to would
// take quadratic time the other way round.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/ir.h"

// The i-th successor to visit: the handler, then the targets from the last to the first.
static IrBlock *successor(const IrBlock *block, uint32_t i) {
    if (block->region != NULL) {
        if (i == 0) {
            return block->region->handler;
        }
        i--;
    }
    const IrInst *last = block->last;
    return last != NULL && i < last->target_count ? last->targets[last->target_count - 1 - i]
                                                  : NULL;
}

// Fills `reverse` with the reachable blocks in postorder.
static void postorder(IrFunction *f, IrBlocks *reverse) {
    IrModule *m = f->module;
    uint32_t walk = ++f->walks;
    IrVisit first = {f->entry, 0};
    m->path.len = 0;
    vec_push(m->arena, &m->path, first);
    f->entry->walk = walk;
    while (m->path.len > 0) {
        IrVisit *top = &m->path.items[m->path.len - 1];
        IrBlock *to = successor(top->block, top->next);
        if (to == NULL) {
            vec_push(m->arena, reverse, top->block);
            m->path.len--;
        } else {
            top->next++;
            if (to->walk != walk) {
                to->walk = walk;
                IrVisit visit = {to, 0};
                vec_push(m->arena, &m->path, visit);
            }
        }
    }
}

void ir_order(IrFunction *f) {
    Arena *arena = f->module->arena;
    IrBlocks *reverse = &f->module->reverse;
    reverse->len = 0;
    postorder(f, reverse);
    f->blocks.len = 0;
    for (uint32_t i = reverse->len; i-- > 0;) {
        IrBlock *block = reverse->items[i];
        block->order = f->blocks.len;
        block->is_header = false;
        block->is_handler = false;
        block->preds.len = 0;
        vec_push(arena, &f->blocks, block);
    }
    f->loop_count = 0;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        IrBlock *block = f->blocks.items[i];
        IrBlock *to;
        for (uint32_t k = 0; (to = successor(block, k)) != NULL; k++) {
            vec_push(arena, &to->preds, block);
            if (ir_is_back(block, to)) {
                f->loop_count += !to->is_header;
                to->is_header = true;
            }
        }
        if (block->region != NULL) {
            block->region->handler->is_handler = true;
        }
    }
}

// ---- Dominators ---------------------------------------------------------------------------------

static IrBlock *meet(IrBlock *a, IrBlock *b) {
    while (a != b) {
        if (a->order > b->order) {
            a = a->idom;
        } else {
            b = b->idom;
        }
    }
    return a;
}

static void number_dominators(IrFunction *f) {
    // Children before parents: sizes of subtrees, then intervals from the top.
    uint32_t count = f->blocks.len;
    for (uint32_t i = 0; i < count; i++) {
        f->blocks.items[i]->dom_out = 1;
        f->blocks.items[i]->dom_child = NULL;
    }
    for (uint32_t i = count; i-- > 1;) {
        IrBlock *block = f->blocks.items[i];
        block->idom->dom_out += block->dom_out;
        block->dom_sibling = block->idom->dom_child;
        block->idom->dom_child = block;
    }
    f->entry->dom_in = 0;
    f->entry->dom_sibling = NULL;
    for (uint32_t i = 0; i < count; i++) {
        IrBlock *block = f->blocks.items[i];
        uint32_t in = block->dom_in;
        block->dom_out += in;
        in++;
        for (IrBlock *child = block->dom_child; child != NULL; child = child->dom_sibling) {
            child->dom_in = in;
            in += child->dom_out;
        }
    }
}

// A handler may run after any op of its region: what the region's blocks define may not be there
// yet. The nearest dominator of `at` that is not in the handler's region.
static bool is_handled_by(const IrBlock *block, const IrBlock *handler) {
    const IrRegion *r = block->region;
    while (r != NULL && r->handler != handler) {
        r = r->outer;
    }
    return r != NULL;
}

static IrBlock *outside(const IrBlock *handler, IrBlock *at) {
    while (is_handled_by(at, handler)) {
        at = at->idom;
    }
    return at;
}

void ir_dominators(IrFunction *f) {
    f->entry->idom = NULL;
    for (uint32_t i = 1; i < f->blocks.len; i++) {
        IrBlock *block = f->blocks.items[i];
        IrBlock *idom = NULL;
        for (uint32_t k = block->preds.len; k-- > 0;) {
            IrBlock *pred = block->preds.items[k];
            if (!ir_is_back(pred, block)) {
                idom = idom == NULL ? pred : meet(idom, pred);
            }
        }
        CHECK(idom != NULL);
        block->idom = block->is_handler ? outside(block, idom) : idom;
    }
    number_dominators(f);
}

// ---- Numbers ------------------------------------------------------------------------------------

static void number_block(IrBlock *block, uint32_t *next) {
    for (uint32_t k = 0; k < block->params.len; k++) {
        block->params.items[k]->id = (*next)++;
        block->params.items[k]->index = k;
    }
    for (IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        inst->id = (*next)++;
        for (uint32_t k = 0; k < inst->arg_count; k++) {
            inst->args[k] = ir_value(inst->args[k]);
        }
    }
}

void ir_number(IrFunction *f) {
    uint32_t next = 0;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        number_block(f->blocks.items[i], &next);
    }
    for (uint32_t i = 0; i < f->constant_slots; i++) {
        if (f->constants[i] != NULL) {
            f->constants[i]->id = next++;
        }
    }
    f->inst_count = next;
}

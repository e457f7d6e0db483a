// Liveness: which values live at the start of each block, where each dies, and which live across
// calls.
//
// For each value the blocks are found by walking back from its uses to its definition, each block
// once (as in Boissinot et al., "Fast liveness checking for SSA"); so the work is the size of the
// result. An arg of a JUMP is a use in the JUMP's block. What a handler needs lives throughout its
// region, as any op there may go to the handler; the region's blocks are the handler's
// predecessors. One walk back over each block then finds the last uses, the most that lives at
// once, and the values that live across a call: those must have slots.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

typedef struct {
    Emit *e;
    uint32_t *first_use; // by value: where its entries of `uses` begin
    IrBlock **uses;
    uint32_t *seen; // by block: the last value found to live there, plus 1
    VEC(IrBlock *) stack;
} Finder;

static bool is_register_value(const IrInst *v) {
    return v->op != IR_CONST;
}

static void count_uses(Finder *s) {
    Emit *e = s->e;
    IrFunction *f = e->f;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            for (uint32_t k = 0; k < inst->arg_count; k++) {
                e->use_count[inst->args[k]->id] += is_register_value(inst->args[k]);
            }
        }
    }
    uint32_t total = 0;
    for (uint32_t v = 0; v < e->value_count; v++) {
        s->first_use[v] = total;
        total += e->use_count[v];
    }
    s->first_use[e->value_count] = total;
    s->uses = ARENA_NEW_ARRAY(e->arena, IrBlock *, total);
}

// Fills `uses`; first_use[v] is moved to the end of v's entries, which is where those of v + 1
// begin.
static void list_uses(Finder *s) {
    IrFunction *f = s->e->f;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            for (uint32_t k = 0; k < inst->arg_count; k++) {
                if (is_register_value(inst->args[k])) {
                    s->uses[s->first_use[inst->args[k]->id]++] = f->blocks.items[i];
                }
            }
        }
    }
}

static void reach(Finder *s, IrInst *v, IrBlock *block) {
    if (block != v->block && s->seen[block->order] != v->id + 1) {
        s->seen[block->order] = v->id + 1;
        vec_push(s->e->arena, &s->e->live_in[block->order], v);
        vec_push(s->e->arena, &s->stack, block);
    }
}

static void find_value(Finder *s, IrInst *v) {
    uint32_t end = s->first_use[v->id];
    for (uint32_t i = end - s->e->use_count[v->id]; i < end; i++) {
        reach(s, v, s->uses[i]);
        while (s->stack.len > 0) {
            IrBlock *block = s->stack.items[--s->stack.len];
            for (uint32_t k = 0; k < block->preds.len; k++) {
                reach(s, v, block->preds.items[k]);
            }
        }
    }
}

static void find_blocks(Emit *e) {
    Finder s = {.e = e};
    s.first_use = ARENA_NEW_ARRAY(e->arena, uint32_t, e->value_count + 1);
    s.seen = ARENA_NEW_ARRAY(e->arena, uint32_t, e->f->blocks.len);
    count_uses(&s);
    list_uses(&s);
    for (uint32_t i = 0; i < e->f->blocks.len; i++) {
        IrBlock *block = e->f->blocks.items[i];
        for (uint32_t k = 0; k < block->params.len; k++) {
            find_value(&s, block->params.items[k]);
        }
        for (IrInst *inst = block->first; inst != NULL; inst = inst->next) {
            if (ir_has_value(inst)) {
                find_value(&s, inst);
            }
        }
    }
}

// ---- Within a block -----------------------------------------------------------------------------

typedef struct {
    Emit *e;
    uint32_t *live;  // by value: the block it was last found to live in, plus 1
    uint32_t *calls; // by value: calls between its last use and the block's end
    uint32_t stamp;
    uint32_t count; // values that live at the point reached
    uint32_t raws;  // of these, raw numbers
    uint32_t calls_seen;
} Scan;

static void scan_live(Scan *s, const IrInst *v) {
    if (s->live[v->id] != s->stamp) {
        s->live[v->id] = s->stamp;
        s->calls[v->id] = s->calls_seen;
        s->count++;
        s->raws += v->raw;
        if (s->count > s->e->pressure) {
            s->e->pressure = s->count;
        }
        if (s->raws > s->e->raws) {
            s->e->raws = s->raws;
        }
    }
}

static void scan_live_out(Scan *s, const IrBlock *block) {
    const IrInst *last = block->last;
    for (uint32_t i = 0; i <= last->target_count; i++) {
        const IrBlock *to = i < last->target_count  ? last->targets[i]
                            : block->region != NULL ? block->region->handler
                                                    : NULL;
        if (to != NULL) {
            const IrInsts *live = &s->e->live_in[to->order];
            for (uint32_t k = 0; k < live->len; k++) {
                scan_live(s, live->items[k]);
            }
        }
    }
}

static void scan_def(Scan *s, const IrInst *v) {
    if (s->live[v->id] == s->stamp) {
        s->live[v->id] = 0;
        s->count--;
        s->raws -= v->raw;
        s->e->wants_y[v->id] |= s->calls_seen > s->calls[v->id];
    }
}

static void scan_args(Scan *s, const IrInst *inst) {
    Emit *e = s->e;
    uint32_t start = e->kills.len;
    for (uint32_t k = 0; k < inst->arg_count; k++) {
        IrInst *v = inst->args[k];
        if (is_register_value(v) && s->live[v->id] != s->stamp) {
            scan_live(s, v);
            vec_push(e->arena, &e->kills, v);
        }
    }
    if (e->kills.len > start) {
        e->has_kills[inst->id] = true;
        e->kill_start[inst->id] = start;
        vec_push(e->arena, &e->kills, NULL);
    }
}

static void scan_block(Scan *s, const IrBlock *block) {
    Emit *e = s->e;
    s->stamp = block->order + 1;
    s->count = 0;
    s->raws = 0;
    s->calls_seen = 0;
    scan_live_out(s, block);
    for (const IrInst *inst = block->last; inst != NULL; inst = inst->prev) {
        if (ir_has_value(inst)) {
            scan_def(s, inst);
            e->wants_y[inst->id] |= inst->op == IR_SLOT_INIT;
            e->needs_frame[block->order] |= inst->op == IR_SLOT_INIT;
        }
        if ((ir_flags(inst) & OP_CALL) != 0) {
            s->calls_seen++;
            e->needs_frame[block->order] |= s->count > 0;
        }
        scan_args(s, inst);
    }
    for (uint32_t k = 0; k < block->params.len; k++) {
        scan_def(s, block->params.items[k]);
    }
    const IrInsts *live = &e->live_in[block->order];
    for (uint32_t k = 0; k < live->len; k++) {
        const IrInst *v = live->items[k];
        e->wants_y[v->id] |= s->calls_seen > s->calls[v->id] || block->is_handler;
    }
    if (block->region != NULL && e->live_in[block->region->handler->order].len > 0) {
        e->needs_frame[block->order] = true;
    }
}

void liveness_find(Emit *e) {
    IrFunction *f = e->f;
    e->use_count = ARENA_NEW_ARRAY(e->arena, uint32_t, f->inst_count);
    e->wants_y = ARENA_NEW_ARRAY(e->arena, bool, e->value_count);
    e->kill_start = ARENA_NEW_ARRAY(e->arena, uint32_t, e->value_count);
    e->has_kills = ARENA_NEW_ARRAY(e->arena, uint8_t, e->value_count);
    e->live_in = ARENA_NEW_ARRAY(e->arena, IrInsts, f->blocks.len);
    e->needs_frame = ARENA_NEW_ARRAY(e->arena, bool, f->blocks.len);
    find_blocks(e);
    Scan s = {.e = e};
    s.live = ARENA_NEW_ARRAY(e->arena, uint32_t, e->value_count);
    s.calls = ARENA_NEW_ARRAY(e->arena, uint32_t, e->value_count);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        scan_block(&s, f->blocks.items[i]);
    }
}

// Values that only pass through a loop: slots for those that its own values leave no register for.
//
// The first registers of X are the machine's own, the others are memory, and a number that a loop
// carries through memory waits for it at each turn. So where an innermost loop has more values at
// once than there are such registers, as many of those that live through it without being used
// there get slots, as if the loop were a call: the ones defined first, which are most likely used
// least. Linear: each block is in one innermost loop at most. Tests:
// tests/unit/compiler/emit/emit_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

enum { NEAR_REGISTERS = 6 }; // of X, in the machine's own registers (vm/jit/stencil.h)

typedef struct {
    Emit *e;
    IrBlock **loop;   // by block: the header of the innermost loop around it, or NULL
    IrBlock **around; // by header: that of the loop around its own
    bool *has_inner;  // by header
    IrBlock **before; // by block: the one before it in the same loop
    IrBlock **last;   // by header: the last block of its loop
    uint32_t *used;   // by value: 1 + the header of the last loop found to use it
    VEC(IrBlock *) work;
} Passing;

static IrBlock *outermost(const Passing *p, IrBlock *header) {
    while (p->around[header->order] != NULL) {
        header = p->around[header->order];
    }
    return header;
}

static void push_preds(Passing *p, const IrBlock *block, bool back) {
    for (uint32_t i = 0; i < block->preds.len; i++) {
        IrBlock *pred = block->preds.items[i];
        if (ir_is_back(pred, block) == back) {
            vec_push(p->e->arena, &p->work, pred);
        }
    }
}

// The blocks that lead back to `header`; loops within it were found before.
static void find_loop(Passing *p, IrBlock *header) {
    p->loop[header->order] = header;
    push_preds(p, header, true);
    while (p->work.len > 0) {
        IrBlock *block = p->work.items[--p->work.len];
        IrBlock *inner = p->loop[block->order];
        inner = inner != NULL ? outermost(p, inner) : NULL;
        if (inner == NULL) {
            p->loop[block->order] = header;
            push_preds(p, block, false);
        } else if (inner != header) {
            p->around[inner->order] = header;
            p->has_inner[header->order] = true;
            push_preds(p, inner, false);
        }
    }
}

static bool takes_register(const Emit *e, const IrInst *v) {
    return !ir_is_const(v) && !v->raw && !e->wants_y[v->id] && e->use_count[v->id] > 0;
}

// The most registers of X that are taken at once in the block; notes what it uses.
static uint32_t look_at(Passing *p, const IrBlock *block, uint32_t stamp) {
    const Emit *e = p->e;
    uint32_t count = 0;
    for (uint32_t i = 0; i < e->live_in[block->order].len; i++) {
        count += takes_register(e, e->live_in[block->order].items[i]);
    }
    for (uint32_t i = 0; i < block->params.len; i++) {
        count += takes_register(e, block->params.items[i]);
    }
    uint32_t most = count;
    for (const IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        for (uint32_t i = 0; i < inst->arg_count; i++) {
            if (!ir_is_const(inst->args[i])) {
                p->used[inst->args[i]->id] = stamp;
            }
        }
        for (uint32_t i = e->kill_start[inst->id];
             e->has_kills[inst->id] && e->kills.items[i] != NULL; i++) {
            count -= takes_register(e, e->kills.items[i]);
        }
        count += ir_has_value(inst) && takes_register(e, inst);
        most = count > most ? count : most;
    }
    return most;
}

static void make_room(Passing *p, const IrBlock *header) {
    Emit *e = p->e;
    uint32_t most = 0;
    uint32_t stamp = header->order + 1;
    for (const IrBlock *b = p->last[header->order]; b != NULL; b = p->before[b->order]) {
        uint32_t here = look_at(p, b, stamp);
        most = here > most ? here : most;
    }
    const IrInsts *live = &e->live_in[header->order];
    for (uint32_t i = 0; i < live->len && most > NEAR_REGISTERS; i++) {
        const IrInst *v = live->items[i];
        if (takes_register(e, v) && p->used[v->id] != stamp) {
            e->wants_y[v->id] = true;
            e->needs_frame[header->order] = true;
            most--;
        }
    }
}

void passing_find(Emit *e) {
    const IrBlocks *blocks = &e->f->blocks;
    Passing p = {.e = e};
    if (e->pressure <= NEAR_REGISTERS) {
        return;
    }
    p.loop = ARENA_NEW_ARRAY(e->arena, IrBlock *, blocks->len);
    p.around = ARENA_NEW_ARRAY(e->arena, IrBlock *, blocks->len);
    p.has_inner = ARENA_NEW_ARRAY(e->arena, bool, blocks->len);
    p.before = ARENA_NEW_ARRAY(e->arena, IrBlock *, blocks->len);
    p.last = ARENA_NEW_ARRAY(e->arena, IrBlock *, blocks->len);
    p.used = ARENA_NEW_ARRAY(e->arena, uint32_t, e->value_count);
    for (uint32_t i = blocks->len; i-- > 0;) {
        if (blocks->items[i]->is_header) {
            find_loop(&p, blocks->items[i]);
        }
    }
    for (uint32_t i = 0; i < blocks->len; i++) {
        const IrBlock *header = p.loop[i];
        if (header != NULL) {
            p.before[i] = p.last[header->order];
            p.last[header->order] = blocks->items[i];
        }
    }
    for (uint32_t i = 0; i < blocks->len; i++) {
        if (blocks->items[i]->is_header && !p.has_inner[i]) {
            make_room(&p, blocks->items[i]);
        }
    }
}

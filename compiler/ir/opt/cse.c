// Common subexpressions: what a dominating instruction has computed from the same args is not
// computed again.
//
// A table, scoped by the walk over the dominator tree, holds the values computed so far and the
// outcome of tests on the edges behind them. Values are immutable, so that any operation without an
// effect may be shared, one that may fail as well: where the first has not failed, neither does the
// second. What builds in reserved room stays where it is, since keeping it alive may cost more.
// Tests that the verifier of images needs to see are left to facts.c. Tests:
// tests/unit/compiler/ir/opt_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

typedef enum { FOUND_VALUE, FOUND_TRUE, FOUND_FALSE } Found;

typedef struct {
    const IrInst *inst;
    Found found;
    uint32_t hash;
    uint32_t older; // entry in the same bucket, plus 1
} Entry;

typedef struct {
    IrFunction *f;
    Arena *arena;
    VEC(Entry) entries;
    uint32_t *buckets; // newest entry, plus 1
    uint32_t bucket_mask;
    uint32_t *levels; // entries when the block at this depth was opened
} Cse;

// LT and GE are one test with opposite outcomes.
static IrOp key_op(const IrInst *inst) {
    return inst->op == IR_GE ? IR_LT : inst->op;
}

static const IrInst *key_arg(const IrInst *inst, uint32_t i) {
    if ((ir_flags(inst) & IR_COMMUTES) != 0 && inst->args[0]->id > inst->args[1]->id) {
        return inst->args[1 - i];
    }
    return inst->args[i];
}

static uint32_t key_hash(const IrInst *inst) {
    uint64_t hash = key_op(inst) | (uint64_t)inst->index << 16 | (uint64_t)inst->ref << 40;
    hash ^= (uint64_t)(uintptr_t)inst->name;
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        hash = (hash ^ key_arg(inst, i)->id) * UINT64_C(0x9fb21c651e98df25);
        hash ^= hash >> 32;
    }
    return (uint32_t)(hash * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

static bool same_key(const IrInst *a, const IrInst *b) {
    if (key_op(a) != key_op(b) || a->index != b->index || a->ref != b->ref || a->name != b->name ||
        a->arg_count != b->arg_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->arg_count; i++) {
        if (key_arg(a, i) != key_arg(b, i)) {
            return false;
        }
    }
    return true;
}

// Is it an instruction whose result depends on its args alone?
static bool is_shared(const IrInst *inst) {
    switch (inst->op) {
    case IR_CONST:
    case IR_PARAM:
    case IR_SLOT_INIT:
    case IR_SLOT_GET:
    case IR_CELL:
    case IR_BITS:
    case IR_IS_LIST:
    case IR_IS_CONS:
    case IR_IS_EMPTY:
    case IR_IS_TUPLE_OF:
    case IR_IS_TAGGED:
    case IR_IS_RECORD_OF: return false;
    default: break;
    }
    uint32_t flags = ir_flags(inst);
    return (ir_is_test(inst) || (flags & IR_VALUE) != 0) &&
           (flags & (IR_EFFECT | OP_CALL | OP_ROOM)) == 0;
}

static const Entry *find(const Cse *s, const IrInst *inst, uint32_t hash) {
    for (uint32_t at = s->buckets[hash & s->bucket_mask]; at != 0;
         at = s->entries.items[at - 1].older) {
        const Entry *entry = &s->entries.items[at - 1];
        if (entry->hash == hash && same_key(entry->inst, inst)) {
            return entry;
        }
    }
    return NULL;
}

static void note(Cse *s, const IrInst *inst, Found found) {
    uint32_t hash = key_hash(inst);
    uint32_t *bucket = &s->buckets[hash & s->bucket_mask];
    Entry entry = {inst, found, hash, *bucket};
    vec_push(s->arena, &s->entries, entry);
    *bucket = s->entries.len;
}

static void take_back(Cse *s, uint32_t to) {
    while (s->entries.len > to) {
        const Entry *entry = &s->entries.items[--s->entries.len];
        s->buckets[entry->hash & s->bucket_mask] = entry->older;
    }
}

// What the edge into a block with one predecessor says.
static void note_edge(Cse *s, const IrBlock *block) {
    if (block->preds.len != 1 || block->is_handler) {
        return;
    }
    const IrInst *last = block->preds.items[0]->last;
    if (last->target_count != 2 || last->targets[0] == last->targets[1] || !is_shared(last)) {
        return;
    }
    bool holds = last->targets[0] == block;
    if (ir_is_test(last)) {
        note(s, last, (holds ^ (last->op == IR_GE)) ? FOUND_TRUE : FOUND_FALSE);
    } else if (holds) {
        note(s, last, FOUND_VALUE);
    } else if ((ir_flags(last) & IR_ENDS) != 0) {
        note(s, last, FOUND_FALSE); // MAP_GET and its like: there is no such value
    }
}

static void share_end(Cse *s, IrBlock *block, const Entry *entry) {
    IrInst *last = block->last;
    bool holds = entry->found != FOUND_FALSE;
    if (ir_is_test(last)) {
        holds ^= last->op == IR_GE;
    } else if (holds) {
        last->forward = (IrInst *)entry->inst;
    } else if ((ir_flags(last) & IR_ENDS) == 0) {
        return;
    }
    opt_set_jump(s->f, block, last->targets[holds ? 0 : 1]);
}

static void visit(Cse *s, IrBlock *block) {
    note_edge(s, block);
    for (IrInst *inst = block->first, *next; inst != NULL; inst = next) {
        next = inst->next;
        for (uint32_t k = 0; k < inst->arg_count; k++) {
            inst->args[k] = ir_value(inst->args[k]);
        }
        if (!is_shared(inst)) {
            continue;
        }
        const Entry *entry = find(s, inst, key_hash(inst));
        if (inst->target_count == 2) {
            if (entry != NULL) {
                share_end(s, block, entry);
            }
        } else if (entry != NULL) {
            if (entry->found == FOUND_VALUE) {
                inst->forward = (IrInst *)entry->inst;
                ir_remove(inst);
            }
        } else {
            note(s, inst, FOUND_VALUE);
        }
    }
}

void opt_cse(IrFunction *f) {
    Cse s = {.f = f, .arena = f->module->arena};
    ir_number(f);
    uint32_t buckets = 16;
    while (buckets < f->inst_count) {
        buckets *= 2;
    }
    s.buckets = ARENA_NEW_ARRAY(s.arena, uint32_t, buckets);
    s.bucket_mask = buckets - 1;
    s.levels = ARENA_NEW_ARRAY(s.arena, uint32_t, f->blocks.len + 1);
    DomWalk walk = dom_walk(f);
    uint32_t depth = 0;
    for (IrBlock *block; (block = dom_walk_next(&walk)) != NULL;) {
        if (walk.depth <= depth) {
            take_back(&s, s.levels[walk.depth - 1]);
        }
        depth = walk.depth;
        s.levels[depth - 1] = s.entries.len;
        visit(&s, block);
    }
}

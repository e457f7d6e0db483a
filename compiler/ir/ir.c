// Making and changing the IR; compiler/ir/ir.h explains it.
//
// Args lie behind their instruction in one allocation. Constants are found by value through a small
// hash table of the function: ints, atoms and [] by what they are, the rest by identity (core
// shares what it folded, and the image's table of literals finds the other equals).
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/ir.h"

#include <string.h>

#define none   IR_NO_OP
#define FAIL   OP_FAIL
#define GC     OP_GC
#define CALL   OP_CALL
#define END    OP_END
#define BRANCH OP_BRANCH
#define ROOM   OP_ROOM
#define PURE   OP_PURE

// The flags of ops.def as constants, so that ir_infos can be one constant table.
enum {
    FLAGS_none = 0,
#define OP(name, operands, flags, effect) FLAGS_##name = (flags),
#include "vm/ops/ops.def"
#undef OP
};

#undef FAIL
#undef GC
#undef CALL
#undef END
#undef BRANCH
#undef ROOM
#undef PURE
#undef none

enum { OP_none = IR_NO_OP };

#define VALUE    IR_VALUE
#define EFFECT   IR_EFFECT
#define COMMUTES IR_COMMUTES
#define TEST     IR_TEST
#define ENDS     IR_ENDS
#define RAW      IR_RAW

const IrInfo ir_infos[IR_OP_COUNT] = {
#define IR(name, op, operands, properties, effect)                                                 \
    {#name, OP_##op, operands, (uint32_t)(properties) | (uint32_t)FLAGS_##op},
#include "compiler/ir/ir.def"
#undef IR
};

IrFunction *ir_function_new(IrModule *module, const CoreFunction *core) {
    IrFunction *f = ARENA_NEW(module->arena, IrFunction);
    f->module = module;
    f->core = core;
    f->index = module->functions.len; // where the caller puts it
    return f;
}

IrBlock *ir_block_new(IrFunction *f, IrRegion *region) {
    IrBlock *block = ARENA_NEW(f->module->arena, IrBlock);
    block->id = f->block_count++;
    block->region = region;
    return block;
}

IrInst *ir_inst_new(IrFunction *f, IrOp op, uint32_t arg_count, uint32_t target_count, Span span) {
    size_t size = sizeof(IrInst) + arg_count * sizeof(IrInst *) + target_count * sizeof(IrBlock *);
    IrInst *inst = arena_alloc_zeroed(f->module->arena, size);
    inst->op = (uint16_t)op;
    inst->raw = (ir_infos[op].properties & IR_RAW) != 0;
    inst->id = f->inst_count++;
    inst->slot = op == IR_LIST_NEW || op == IR_LIST_ADD ? SLOT_HOLE : 0;
    inst->arg_count = arg_count;
    inst->target_count = target_count;
    inst->args = (IrInst **)(inst + 1);
    inst->targets = (IrBlock **)(inst->args + arg_count);
    inst->span = span;
    return inst;
}

IrInst *ir_param_new(IrFunction *f, IrBlock *block, Span span) {
    IrInst *param = ir_inst_new(f, IR_PARAM, 0, 0, span);
    param->block = block;
    param->index = block->params.len;
    vec_push(f->module->arena, &block->params, param);
    return param;
}

// ---- Constants ----------------------------------------------------------------------------------

static uint64_t constant_hash(const CoreConst *c) {
    uint64_t word = c->kind == CONST_INT     ? (uint64_t)c->integer
                    : c->kind == CONST_ATOM  ? (uint64_t)(uintptr_t)c->name
                    : c->kind == CONST_EMPTY ? 0
                                             : (uint64_t)(uintptr_t)c;
    uint64_t hash = (word ^ ((uint64_t)c->kind << 59)) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ hash >> 32;
}

static bool constant_same(const CoreConst *a, const CoreConst *b) {
    if (a == b) {
        return true;
    }
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case CONST_INT: return a->integer == b->integer;
    case CONST_ATOM: return a->name == b->name;
    case CONST_EMPTY: return true;
    default: return false;
    }
}

static IrInst **constant_slot(IrInst **slots, uint32_t count, const CoreConst *c) {
    uint32_t i = (uint32_t)constant_hash(c) & (count - 1);
    while (slots[i] != NULL && !constant_same(slots[i]->constant, c)) {
        i = (i + 1) & (count - 1);
    }
    return &slots[i];
}

static void constants_grow(IrFunction *f) {
    uint32_t count = f->constant_slots == 0 ? 8 : f->constant_slots * 2;
    IrInst **slots = ARENA_NEW_ARRAY(f->module->arena, IrInst *, count);
    for (uint32_t i = 0; i < f->constant_slots; i++) {
        if (f->constants[i] != NULL) {
            *constant_slot(slots, count, f->constants[i]->constant) = f->constants[i];
        }
    }
    f->constants = slots;
    f->constant_slots = count;
}

IrInst *ir_const(IrFunction *f, const CoreConst *constant) {
    if (f->constant_count * 2 >= f->constant_slots) {
        constants_grow(f);
    }
    IrInst **slot = constant_slot(f->constants, f->constant_slots, constant);
    if (*slot == NULL) {
        *slot = ir_inst_new(f, IR_CONST, 0, 0, (Span){0, 0, 0});
        (*slot)->constant = constant;
        f->constant_count++;
    }
    return *slot;
}

// The constant, copied to the arena only when the function has no equal one yet.
static IrInst *const_copy(IrFunction *f, const CoreConst *constant) {
    if (f->constant_slots > 0) {
        IrInst *found = *constant_slot(f->constants, f->constant_slots, constant);
        if (found != NULL) {
            return found;
        }
    }
    return ir_const(f, arena_copy(f->module->arena, constant, sizeof(*constant)));
}

IrInst *ir_const_int(IrFunction *f, int64_t value) {
    return const_copy(f, &(CoreConst){.kind = CONST_INT, .integer = value});
}

IrInst *ir_const_atom(IrFunction *f, Name name) {
    return const_copy(f, &(CoreConst){.kind = CONST_ATOM, .name = name});
}

IrInst *ir_const_bool(IrFunction *f, bool value) {
    return ir_const_atom(f, f->module->names->known[value ? NAME_TRUE : NAME_FALSE]);
}

IrInst *ir_const_empty(IrFunction *f) {
    return const_copy(f, &(CoreConst){.kind = CONST_EMPTY});
}

bool ir_int_of(const IrInst *v, int64_t *value) {
    if (v->op != IR_CONST || v->constant->kind != CONST_INT) {
        return false;
    }
    *value = v->constant->integer;
    return true;
}

int ir_truth_of(const IrInst *v) {
    if (v->op == IR_CONST) {
        const CoreConst *c = v->constant;
        return !(c->kind == CONST_ATOM &&
                 (name_is(c->name, NAME_FALSE) || name_is(c->name, NAME_NIL)));
    }
    switch (v->op) {
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_CONS:
    case IR_TUPLE:
    case IR_RECORD:
    case IR_CLOSURE:
    case IR_MAP:
    case IR_BITS: return 1;
    default: return -1;
    }
}

// ---- Lists of instructions ----------------------------------------------------------------------

void ir_append(IrBlock *block, IrInst *inst) {
    inst->block = block;
    inst->next = NULL;
    inst->prev = block->last;
    if (block->last != NULL) {
        block->last->next = inst;
    } else {
        block->first = inst;
    }
    block->last = inst;
}

void ir_insert_before(IrInst *at, IrInst *inst) {
    inst->block = at->block;
    inst->next = at;
    inst->prev = at->prev;
    if (at->prev != NULL) {
        at->prev->next = inst;
    } else {
        at->block->first = inst;
    }
    at->prev = inst;
}

void ir_remove(IrInst *inst) {
    IrBlock *block = inst->block;
    if (inst->prev != NULL) {
        inst->prev->next = inst->next;
    } else {
        block->first = inst->next;
    }
    if (inst->next != NULL) {
        inst->next->prev = inst->prev;
    } else {
        block->last = inst->prev;
    }
    inst->prev = inst->next = NULL;
    inst->block = NULL;
}

// Types: the kinds that values can be, by what flows to them within a module.
//
// A function that is exported, or whose value is taken, can be called with anything; the parameters
// of others are what their calls give. So are results and the parameters of blocks, loops included:
// every kind starts as none and grows until nothing changes (optimistically, as in Wegman and
// Zadeck), a function again whenever one that it calls may give more. A value that keeps no kind is
// never computed. Kinds only grow, sixteen times at most, so the work is linear but for that.
//
// The machine does not take this on trust: what is done with it must stay safe when it is wrong
// (opt.h), since the callers of a loaded image are who the image says.
// Tests: tests/unit/compiler/ir/types_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

enum { KIND_NUMBER = KIND_INT | KIND_FLOAT };

typedef struct {
    IrFunction *f;
    uint16_t *params; // by parameter
    uint16_t result;
    bool open;
    bool dirty;
    VEC(uint32_t) callers;
} Summary;

typedef struct {
    IrModule *module;
    Arena *arena;
    Summary *functions;
} Types;

// ---- Who is called from where -------------------------------------------------------------------

static void open_in_const(Types *t, const CoreConst *c) {
    if (c->kind == CONST_FN) {
        t->functions[c->index].open = true;
    }
    bool has_items = c->kind == CONST_TUPLE || c->kind == CONST_LIST || c->kind == CONST_MAP ||
                     c->kind == CONST_RECORD;
    for (uint32_t i = 0; has_items && i < c->item_count; i++) {
        open_in_const(t, c->items[i]);
    }
    if (c->kind == CONST_LIST) {
        open_in_const(t, c->tail);
    }
}

static void survey(Types *t, uint32_t index) {
    IrFunction *f = t->functions[index].f;
    for (uint32_t i = 0; i < f->constant_slots; i++) {
        if (f->constants[i] != NULL) {
            open_in_const(t, f->constants[i]->constant);
        }
    }
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (const IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            if (inst->op == IR_CLOSURE) {
                t->functions[inst->ref].open = true;
            } else if (inst->op == IR_CALL || inst->op == IR_TAIL_CALL) {
                vec_push(t->arena, &t->functions[inst->ref].callers, index);
            }
        }
    }
}

static void init_summary(Types *t, uint32_t index) {
    Summary *s = &t->functions[index];
    s->f = t->module->functions.items[index];
    ir_number(s->f);
    s->f->kinds = ARENA_NEW_ARRAY(t->arena, uint16_t, s->f->inst_count);
    s->params = ARENA_NEW_ARRAY(t->arena, uint16_t, s->f->entry->params.len);
    s->open = s->f->core->exported || s->f->core->is_closure;
}

// ---- One value ----------------------------------------------------------------------------------

static uint32_t arithmetic(const IrFunction *f, const IrInst *inst) {
    uint32_t a = kinds_found(f, inst->args[0]) & KIND_NUMBER;
    uint32_t b = kinds_found(f, inst->args[1]) & KIND_NUMBER;
    if (a == 0 || b == 0) {
        return 0; // it fails, as far as is known
    }
    uint32_t floats = (a | b) & KIND_FLOAT;
    return floats | (a & b & KIND_INT);
}

// Built-ins of the library's Math that give floats. A program's module of that name is called
// `This.Math` here.
static bool is_math(const IrInst *call, const char *name) {
    return str_equal(name_str(call->module), str_of("Math")) &&
           str_equal(name_str(call->name), str_of(name));
}

static uint32_t kinds_given(const IrFunction *f, const IrInst *param) {
    uint32_t kinds = 0;
    const IrBlock *block = param->block;
    for (uint32_t i = 0; i < block->preds.len; i++) {
        kinds |= kinds_found(f, block->preds.items[i]->last->args[param->index]);
    }
    return kinds;
}

static uint32_t evaluate(const Types *t, const IrFunction *f, const IrInst *inst) {
    switch (inst->op) {
    case IR_ADD:
    case IR_SUB:
    case IR_MUL: return arithmetic(f, inst);
    case IR_NEG: return kinds_found(f, inst->args[0]) & KIND_NUMBER;
    case IR_IDIV:
    case IR_MOD: return KIND_INT;
    case IR_CALL: return t->functions[inst->ref].result;
    case IR_CALL_EXT: return is_math(inst, "sqrt") ? KIND_FLOAT : KIND_ANY;
    default: return kinds_of(inst);
    }
}

// ---- Flow ---------------------------------------------------------------------------------------

static void mark_dirty(Types *t, const Summary *s) {
    for (uint32_t i = 0; i < s->callers.len; i++) {
        t->functions[s->callers.items[i]].dirty = true;
    }
}

static void give_args(Types *t, const IrFunction *f, const IrInst *call) {
    Summary *callee = &t->functions[call->ref];
    for (uint32_t i = 0; i < call->arg_count; i++) {
        uint32_t kinds = kinds_found(f, call->args[i]);
        if ((kinds & ~(uint32_t)callee->params[i]) != 0) {
            callee->params[i] |= (uint16_t)kinds;
            callee->dirty = true;
        }
    }
}

static void give_result(Types *t, Summary *s, uint32_t kinds) {
    if ((kinds & ~(uint32_t)s->result) != 0) {
        s->result |= (uint16_t)kinds;
        mark_dirty(t, s);
    }
}

static bool grow(IrFunction *f, const IrInst *v, uint32_t kinds) {
    if ((kinds & ~(uint32_t)f->kinds[v->id]) == 0) {
        return false;
    }
    f->kinds[v->id] |= (uint16_t)kinds;
    return true;
}

static bool flow_params(Summary *s, const IrBlock *block) {
    bool grew = false;
    for (uint32_t i = 0; i < block->params.len; i++) {
        const IrInst *param = block->params.items[i];
        bool anything = block->is_handler || (block == s->f->entry && s->open);
        uint32_t kinds = anything               ? (uint32_t)KIND_ANY
                         : block == s->f->entry ? s->params[i]
                                                : kinds_given(s->f, param);
        grew |= grow(s->f, param, kinds);
    }
    return grew;
}

// One walk; whether anything grew that a loop may carry on.
static bool flow(Types *t, Summary *s) {
    bool grew = false;
    for (uint32_t i = 0; i < s->f->blocks.len; i++) {
        const IrBlock *block = s->f->blocks.items[i];
        grew |= flow_params(s, block);
        for (const IrInst *inst = block->first; inst != NULL; inst = inst->next) {
            if (ir_has_value(inst)) {
                grew |= grow(s->f, inst, evaluate(t, s->f, inst));
            }
            switch (inst->op) {
            case IR_CALL: give_args(t, s->f, inst); break;
            case IR_TAIL_CALL:
                give_args(t, s->f, inst);
                give_result(t, s, t->functions[inst->ref].result);
                break;
            case IR_TAIL_EXT:
                give_result(t, s, is_math(inst, "sqrt") ? KIND_FLOAT : KIND_ANY);
                break;
            case IR_TAIL_FUN: give_result(t, s, KIND_ANY); break;
            case IR_RET: give_result(t, s, kinds_found(s->f, inst->args[0])); break;
            default: break;
            }
        }
    }
    return grew;
}

void opt_types(IrModule *module) {
    Types t = {.module = module, .arena = module->arena};
    uint32_t count = module->functions.len;
    t.functions = ARENA_NEW_ARRAY(t.arena, Summary, count);
    for (uint32_t i = 0; i < count; i++) {
        init_summary(&t, i);
    }
    for (uint32_t i = 0; i < module->live.len; i++) {
        t.functions[module->live.items[i]->index].dirty = true;
        survey(&t, module->live.items[i]->index);
    }
    bool again = true;
    while (again) {
        again = false;
        for (uint32_t i = 0; i < count; i++) {
            Summary *s = &t.functions[i];
            if (s->dirty) {
                s->dirty = false;
                again = true;
                while (flow(&t, s)) {
                }
            }
        }
    }
}

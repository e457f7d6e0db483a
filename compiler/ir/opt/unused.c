// Functions that nothing reaches any more, once calls of them were inlined, are no longer `live`.
//
// Roots are what others may call and the `test` blocks; from a function are reached those that it
// calls, makes values of, or names in a constant. Tests: tests/unit/compiler/ir/opt_calls_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

typedef struct {
    IrModule *module;
    bool *seen;              // by function
    VEC(IrFunction *) found; // whose instructions are still to be looked at
} Reach;

static void reach(Reach *r, uint32_t index) {
    if (!r->seen[index]) {
        r->seen[index] = true;
        vec_push(r->module->arena, &r->found, r->module->functions.items[index]);
    }
}

static void reach_from_const(Reach *r, const CoreConst *c) {
    switch (c->kind) {
    case CONST_FN: reach(r, c->index); break;
    case CONST_LIST: reach_from_const(r, c->tail); __attribute__((fallthrough));
    case CONST_TUPLE:
    case CONST_MAP:
    case CONST_RECORD:
        for (uint32_t i = 0; i < c->item_count; i++) {
            reach_from_const(r, c->items[i]);
        }
        break;
    default: break;
    }
}

static void reach_from(Reach *r, const IrInst *inst) {
    if (inst->op == IR_CALL || inst->op == IR_TAIL_CALL || inst->op == IR_CLOSURE) {
        reach(r, inst->ref);
    }
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        const IrInst *v = ir_value(inst->args[i]);
        if (ir_is_const(v)) {
            reach_from_const(r, v->constant);
        }
    }
}

void opt_unused(IrModule *module) {
    Reach r = {.module = module};
    r.seen = ARENA_NEW_ARRAY(module->arena, bool, module->functions.len);
    for (uint32_t i = 0; i < module->functions.len; i++) {
        if (module->core->functions.items[i]->exported) {
            reach(&r, i);
        }
    }
    for (uint32_t i = 0; i < module->core->tests.len; i++) {
        reach(&r, module->core->tests.items[i].function);
    }
    while (r.found.len > 0) {
        const IrFunction *f = r.found.items[--r.found.len];
        for (uint32_t i = 0; i < f->blocks.len; i++) {
            for (const IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
                reach_from(&r, inst);
            }
        }
    }
    module->live.len = 0;
    for (uint32_t i = 0; i < module->functions.len; i++) {
        if (r.seen[i]) {
            vec_push(module->arena, &module->live, module->functions.items[i]);
        }
    }
}

// Strength: operations become cheaper ones that do the same, whatever their args turn out to be.
//
//   a // 2^k, a % 2^k   a shift and a mask: both round toward negative infinity, and fail alike
//   2 * a, 0 == a       a * 2, a == 0: the machine has operations with a constant second
//   m.name              GET_FIELD, which looks first whether m is the record of this module that has
//                       such a field; of several the one that is named first
//
// One look at each instruction; no values are made or dropped. Last of the passes, since the others
// know more of the originals. Tests: tests/unit/compiler/ir/opt_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

// k, when `v` is 2^k and k > 0; else 0.
static uint32_t power_of(const IrInst *v) {
    int64_t value;
    if (!ir_int_of(v, &value) || value < 2 || (value & (value - 1)) != 0) {
        return 0;
    }
    return (uint32_t)__builtin_ctzll((uint64_t)value);
}

static void reduce_division(IrFunction *f, IrInst *inst) {
    uint32_t k = power_of(inst->args[1]);
    if (k == 0) {
        return;
    }
    bool divides = inst->op == IR_IDIV;
    inst->op = divides ? IR_SHR : IR_BAND;
    inst->args[1] = ir_const_int(f, divides ? k : (INT64_C(1) << k) - 1);
}

// A number first never is what an operation fails by.
static void put_constant_second(IrInst *inst) {
    IrInst *first = inst->args[0];
    uint32_t kinds = ir_is_const(first) ? kinds_of(first) : 0;
    bool is_number =
        kinds == KIND_INT || (kinds == KIND_FLOAT && (inst->op == IR_ADD || inst->op == IR_MUL));
    if (is_number && !ir_is_const(inst->args[1])) {
        inst->args[0] = inst->args[1];
        inst->args[1] = first;
    }
}

static void guess_record(const IrFunction *f, IrInst *get) {
    const CoreModule *core = f->module->core;
    for (uint32_t i = 0; i < core->records.len; i++) {
        const CoreRecord *record = &core->records.items[i];
        for (uint32_t k = 0; k < record->field_count; k++) {
            if (record->fields[k] == get->name) {
                get->op = IR_GET_FIELD;
                get->ref = i;
                get->index = k;
                return;
            }
        }
    }
}

void opt_strength(IrFunction *f) {
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            if ((ir_flags(inst) & IR_COMMUTES) != 0) {
                put_constant_second(inst);
            }
            switch (inst->op) {
            case IR_IDIV:
            case IR_MOD: reduce_division(f, inst); break;
            case IR_GET: guess_record(f, inst); break;
            default: break;
            }
        }
    }
}

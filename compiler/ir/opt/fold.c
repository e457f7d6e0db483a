// Folding: what an instruction comes to when its args are known: arithmetic and tests on constants,
// parts of what was built here.
//
// Integers are folded while the result fits 64 bits, and never where the operation would fail: the
// failure belongs to the program's run. Floats are left alone but for what matching needs.
// constants.c asks, with what it knows of the args at the time; nothing is changed here.
// Tests: tests/unit/compiler/ir/opt_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

// ---- Arithmetic ---------------------------------------------------------------------------------

static bool divide(int64_t a, int64_t b, int64_t *quotient, int64_t *rest) {
    if (b == 0 || (a == INT64_MIN && b == -1)) {
        return false;
    }
    *quotient = a / b;
    *rest = a % b;
    if (*rest != 0 && (*rest < 0) != (b < 0)) {
        *quotient -= 1;
        *rest += b;
    }
    return true;
}

static bool shift_left(int64_t a, int64_t b, int64_t *result) {
    if (b <= 0) {
        *result = b <= -63 ? (a < 0 ? -1 : 0) : a >> -b;
        return true;
    }
    return b < 63 && !__builtin_mul_overflow(a, INT64_C(1) << b, result);
}

static bool fold_integers(IrOp op, int64_t a, int64_t b, int64_t *result) {
    int64_t other;
    switch (op) {
    case IR_ADD: return !__builtin_add_overflow(a, b, result);
    case IR_SUB: return !__builtin_sub_overflow(a, b, result);
    case IR_MUL: return !__builtin_mul_overflow(a, b, result);
    case IR_IDIV: return divide(a, b, result, &other);
    case IR_MOD: return divide(a, b, &other, result);
    case IR_BAND: *result = a & b; return true;
    case IR_BOR: *result = a | b; return true;
    case IR_BXOR: *result = a ^ b; return true;
    case IR_SHL: return shift_left(a, b, result);
    case IR_SHR: return b != INT64_MIN && shift_left(a, -b, result);
    default: return false;
    }
}

static IrInst *fold_arithmetic(IrFunction *f, const IrInst *inst, IrInst *const *args) {
    int64_t a, b, result;
    if (inst->arg_count == 2 && ir_int_of(args[0], &a) && ir_int_of(args[1], &b) &&
        fold_integers(inst->op, a, b, &result)) {
        return ir_const_int(f, result);
    }
    if (inst->op == IR_NEG && ir_int_of(args[0], &a) && a != INT64_MIN) {
        return ir_const_int(f, -a);
    }
    if (inst->op == IR_BNOT && ir_int_of(args[0], &a)) {
        return ir_const_int(f, ~a);
    }
    return NULL;
}

// ---- Building and taking apart ------------------------------------------------------------------

static bool all_const(const IrInst *inst, IrInst *const *args) {
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        if (!ir_is_const(args[i])) {
            return false;
        }
    }
    return true;
}

static IrInst *build_const(IrFunction *f, const IrInst *inst, IrInst *const *args,
                           CoreConstKind kind) {
    Arena *arena = f->module->arena;
    CoreConst *c = ARENA_NEW(arena, CoreConst);
    c->kind = kind;
    c->record = inst->ref;
    c->item_count = inst->arg_count;
    c->items = ARENA_NEW_ARRAY(arena, CoreConst *, inst->arg_count);
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        c->items[i] = (CoreConst *)args[i]->constant;
    }
    return ir_const(f, c);
}

static IrInst *const_item(IrFunction *f, const IrInst *built, CoreConstKind kind, uint32_t index) {
    if (ir_is_const(built) && built->constant->kind == kind &&
        index < built->constant->item_count) {
        return ir_const(f, built->constant->items[index]);
    }
    return NULL;
}

static IrInst *const_tail(IrFunction *f, const IrInst *list) {
    if (!ir_is_const(list) || list->constant->kind != CONST_LIST) {
        return NULL;
    }
    if (list->constant->item_count == 1) {
        return ir_const(f, list->constant->tail);
    }
    CoreConst *tail = arena_copy(f->module->arena, list->constant, sizeof(CoreConst));
    tail->items++;
    tail->item_count--;
    return ir_const(f, tail);
}

static IrInst *fold_part(IrFunction *f, const IrInst *inst, IrInst *from) {
    switch (inst->op) {
    case IR_HEAD: return from->op == IR_CONS ? from->args[0] : const_item(f, from, CONST_LIST, 0);
    case IR_TAIL: return from->op == IR_CONS ? from->args[1] : const_tail(f, from);
    case IR_ELEM:
        return from->op == IR_TUPLE ? from->args[inst->index]
                                    : const_item(f, from, CONST_TUPLE, inst->index);
    case IR_FIELD:
        return from->op == IR_RECORD ? from->args[inst->index]
                                     : const_item(f, from, CONST_RECORD, inst->index);
    default: return NULL;
    }
}

IrInst *fold_value(IrFunction *f, const IrInst *inst, IrInst *const *args) {
    switch (inst->op) {
    case IR_HEAD:
    case IR_TAIL:
    case IR_ELEM:
    case IR_FIELD: return fold_part(f, inst, args[0]);
    case IR_TUPLE: return all_const(inst, args) ? build_const(f, inst, args, CONST_TUPLE) : NULL;
    case IR_RECORD: return all_const(inst, args) ? build_const(f, inst, args, CONST_RECORD) : NULL;
    case IR_MAP: return inst->arg_count == 0 ? build_const(f, inst, args, CONST_MAP) : NULL;
    default: return fold_arithmetic(f, inst, args);
    }
}

// ---- Tests --------------------------------------------------------------------------------------

// Are two constants the same value; -1: not known here.
static int same_consts(const CoreConst *a, const CoreConst *b) {
    if (a->kind != b->kind) {
        // A number may be EQ to one of another kind, which is the machine's to say.
        bool numbers = (a->kind == CONST_INT || a->kind == CONST_BIG || a->kind == CONST_FLOAT) &&
                       (b->kind == CONST_INT || b->kind == CONST_BIG || b->kind == CONST_FLOAT);
        return numbers ? -1 : 0;
    }
    switch (a->kind) {
    case CONST_INT: return a->integer == b->integer;
    case CONST_ATOM: return a->name == b->name;
    case CONST_BYTES: return str_equal(a->text, b->text);
    case CONST_EMPTY: return 1;
    default: return -1;
    }
}

static int decide_built(const IrInst *test, const IrInst *v) {
    bool is_const = ir_is_const(v);
    switch (test->op) {
    case IR_IS_TUPLE_OF:
    case IR_IS_TAGGED: {
        if (v->op != IR_TUPLE && !(is_const && v->constant->kind == CONST_TUPLE)) {
            return -1;
        }
        uint32_t size = is_const ? v->constant->item_count : v->arg_count;
        if (size != test->index || test->op == IR_IS_TUPLE_OF) {
            return size == test->index;
        }
        const CoreConst *tag = is_const                  ? v->constant->items[0]
                               : ir_is_const(v->args[0]) ? v->args[0]->constant
                                                         : NULL;
        return tag == NULL ? -1 : tag->kind == CONST_ATOM && tag->name == test->name;
    }
    case IR_IS_RECORD_OF:
        if (is_const && v->constant->kind == CONST_RECORD) {
            return v->constant->record == test->ref;
        }
        return v->op == IR_RECORD ? v->ref == test->ref : -1;
    default: return -1;
    }
}

static int decide_comparison(const IrInst *test, const IrInst *left, const IrInst *right) {
    int64_t a, b;
    bool ints = ir_int_of(left, &a) && ir_int_of(right, &b);
    switch (test->op) {
    case IR_SAME:
    case IR_EQ:
        if (left == right) {
            return 1;
        }
        return ir_is_const(left) && ir_is_const(right)
                   ? same_consts(left->constant, right->constant)
                   : -1;
    case IR_LT: return ints ? a < b : -1;
    case IR_GE: return ints ? a >= b : -1;
    default: return -1;
    }
}

static int decide_test(const IrInst *test, IrInst *const *args) {
    uint32_t holds_for = kinds_of_test(test->op);
    if (holds_for == 0) {
        return test->arg_count == 2 ? decide_comparison(test, args[0], args[1]) : -1;
    }
    uint32_t kinds = kinds_of(args[0]);
    if ((kinds & holds_for) == 0) {
        return 0;
    }
    int built = decide_built(test, args[0]);
    bool exact =
        test->op != IR_IS_TUPLE_OF && test->op != IR_IS_TAGGED && test->op != IR_IS_RECORD_OF;
    return built >= 0 ? built : exact && (kinds & ~holds_for) == 0 ? 1 : -1;
}

static IrBlock *switch_target(const IrInst *inst, const IrInst *subject) {
    if (!ir_is_const(subject)) {
        return NULL;
    }
    uint32_t count = inst->target_count - 1;
    for (uint32_t i = 0; i < count; i++) {
        int same = same_consts(subject->constant, inst->cases[i]);
        if (same != 0) {
            return same > 0 ? inst->targets[i] : NULL;
        }
    }
    return inst->targets[count];
}

IrBlock *fold_target(const IrInst *inst, IrInst *const *args) {
    if (inst->op == IR_SWITCH) {
        return switch_target(inst, args[0]);
    }
    if (!ir_is_test(inst)) {
        return NULL;
    }
    int holds = decide_test(inst, args);
    return holds < 0 ? NULL : inst->targets[holds ? 0 : 1];
}

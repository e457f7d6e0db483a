// Unboxing: floats stay raw numbers from where they are computed to where a term is needed.
//
// Arithmetic that can only give a float (types.c) becomes that of raw numbers, and so does a
// block's parameter that it uses: a loop then carries the number. What comes as a term is unboxed
// where it is defined, if it is known to be a float, else where it is used, since that may fail;
// what is needed as a term is boxed before its use, once a block.
//
// A float operation of the language fails with :arithmetic when its result is not finite. So
// RAW_CHECK follows each one; then drop_checks leaves out those that a later one does as well: what
// is not finite stays so through sums, differences, products, roots and as a dividend, and boxing
// looks anyway. It does so only where nothing between could be seen, or fail in another way.
// Tests: tests/unit/compiler/ir/types_test.c, tests/lang/values/raw_floats.cop.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

typedef struct {
    IrFunction *f;
    Arena *arena;
    uint32_t count;   // values that have kinds
    bool *wanted;     // by value: raw arithmetic uses it
    IrInst **unboxed; // by value: its UNBOX that dominates all uses, or the last one made
    IrInst **boxed;   // by value: the last BOX made
    VEC(IrInst *) work;
} Unbox;

static bool is_float(const Unbox *u, const IrInst *v) {
    return ir_is_const(v) ? v->constant->kind == CONST_FLOAT
                          : v->id < u->count && u->f->kinds[v->id] == KIND_FLOAT;
}

// ---- What becomes raw ---------------------------------------------------------------------------

static bool may_be_raw_param(const Unbox *u, const IrInst *v) {
    return v->op == IR_PARAM && is_float(u, v) && v->block != u->f->entry && !v->block->is_handler;
}

// Arithmetic that can only give a float. A quotient of what may be anything is one only if it is
// wanted.
static bool is_raw_op(const Unbox *u, const IrInst *inst) {
    if (inst->target_count != 0 || !ir_has_value(inst) || !is_float(u, inst)) {
        return false;
    }
    switch (inst->op) {
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_NEG: return true;
    case IR_DIV:
        return u->wanted[inst->id] || is_float(u, inst->args[0]) || is_float(u, inst->args[1]);
    case IR_CALL_EXT: return true; // a root: see types.c
    default: return false;
    }
}

static void want(Unbox *u, IrInst *v) {
    if (!ir_is_const(v) && !u->wanted[v->id]) {
        u->wanted[v->id] = true;
        if (may_be_raw_param(u, v)) {
            vec_push(u->arena, &u->work, v);
        }
    }
}

static void want_args(Unbox *u, const IrInst *inst) {
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        want(u, inst->args[i]);
    }
}

// What is wanted raw: args of raw arithmetic, and what is given to parameters that are.
static void find_wanted(Unbox *u) {
    for (uint32_t i = 0; i < u->f->blocks.len; i++) {
        for (IrInst *inst = u->f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            if (is_raw_op(u, inst)) {
                want_args(u, inst);
            }
        }
    }
    while (u->work.len > 0) {
        const IrInst *param = u->work.items[--u->work.len];
        for (uint32_t i = 0; i < param->block->preds.len; i++) {
            want(u, param->block->preds.items[i]->last->args[param->index]);
        }
    }
}

static void mark_params(Unbox *u) {
    for (uint32_t i = 0; i < u->f->blocks.len; i++) {
        const IrBlock *block = u->f->blocks.items[i];
        for (uint32_t k = 0; k < block->params.len; k++) {
            IrInst *param = block->params.items[k];
            param->raw = may_be_raw_param(u, param) && u->wanted[param->id];
        }
    }
}

// ---- Boxing and unboxing ------------------------------------------------------------------------

static IrInst *convert(Unbox *u, IrOp op, IrInst *v, const IrInst *for_whom) {
    IrInst *inst = ir_inst_new(u->f, op, 1, 0, for_whom->span);
    inst->inlined = for_whom->inlined;
    inst->args[0] = v;
    return inst;
}

static void insert_after(IrInst *at, IrInst *inst) {
    if (at->next != NULL) {
        ir_insert_before(at->next, inst);
    } else {
        ir_append(at->block, inst);
    }
}

// Where a value known to be a float is unboxed: behind its definition. False: there is no such place.
static bool unbox_at_definition(const Unbox *u, IrInst *v, IrInst *unbox) {
    if (!is_float(u, v) || v->target_count != 0) {
        return false;
    }
    if (v->op == IR_PARAM) {
        ir_insert_before(v->block->first, unbox);
    } else {
        insert_after(v, unbox);
    }
    return true;
}

static bool exact_float_of(const IrInst *v, double *number) {
    enum { EXACT_BITS = 53 };
    int64_t value;
    if (!ir_int_of(v, &value) || value > INT64_C(1) << EXACT_BITS ||
        value < -(INT64_C(1) << EXACT_BITS)) {
        return false;
    }
    *number = (double)value;
    return true;
}

static IrInst *float_const(IrFunction *f, double number) {
    CoreConst *c = ARENA_NEW(f->module->arena, CoreConst);
    c->kind = CONST_FLOAT;
    c->number = number;
    return ir_const(f, c);
}

// `v` as a raw number, for `at`, which stands where it is used.
static IrInst *raw_of(Unbox *u, IrInst *v, IrInst *at) {
    double number;
    if (v->raw || (ir_is_const(v) && is_float(u, v))) {
        return v;
    }
    if (exact_float_of(v, &number)) {
        return float_const(u->f, number);
    }
    IrInst *known = ir_is_const(v) ? NULL : u->unboxed[v->id];
    bool everywhere = is_float(u, v) && v->target_count == 0;
    if (known != NULL && (everywhere || known->block == at->block)) {
        return known;
    }
    IrInst *unbox = convert(u, IR_UNBOX, v, at);
    if (ir_is_const(v) || !unbox_at_definition(u, v, unbox)) {
        ir_insert_before(at, unbox);
    }
    if (!ir_is_const(v)) {
        u->unboxed[v->id] = unbox;
    }
    return unbox;
}

// `v` as a term. It fails, if it does, where the number was computed.
static IrInst *term_of(Unbox *u, IrInst *v, IrInst *at) {
    if (!v->raw) {
        return v;
    }
    IrInst *known = u->boxed[v->id];
    if (known == NULL || known->block != at->block) {
        known = convert(u, IR_BOX, v, v);
        ir_insert_before(at, known);
        u->boxed[v->id] = known;
    }
    return known;
}

// ---- Rewriting ----------------------------------------------------------------------------------

static IrOp raw_op_of(const IrInst *inst) {
    switch (inst->op) {
    case IR_ADD: return IR_RAW_ADD;
    case IR_SUB: return IR_RAW_SUB;
    case IR_MUL: return IR_RAW_MUL;
    case IR_DIV: return IR_RAW_DIV;
    case IR_NEG: return IR_RAW_NEG;
    default: return IR_RAW_SQRT;
    }
}

static void make_raw(Unbox *u, IrInst *inst, IrOp op) {
    inst->op = (uint16_t)op;
    inst->raw = true;
    inst->name = inst->module = NULL;
    if (op != IR_RAW_NEG) {
        insert_after(inst, convert(u, IR_RAW_CHECK, inst, inst));
    }
}

// A product of what may be anything, right before the only arithmetic that uses it, as a float: it
// is unboxed without having been a term.
static void fuse_product(Unbox *u, const uint32_t *uses, IrInst *v, const IrInst *user) {
    if (v->op != IR_MUL || v->raw || v->block != user->block || v->target_count != 0 ||
        uses[v->id] != 1) {
        return;
    }
    for (const IrInst *between = v->next; between != user; between = between->next) {
        if (!ir_is_droppable(between)) {
            return;
        }
    }
    for (uint32_t i = 0; i < v->arg_count; i++) {
        if (v->args[i]->raw) {
            return;
        }
    }
    make_raw(u, v, IR_MUL_UNBOX);
}

static void rewrite_arithmetic(Unbox *u, const uint32_t *uses, IrInst *inst) {
    bool anything =
        inst->op == IR_DIV && !is_float(u, inst->args[0]) && !is_float(u, inst->args[1]);
    if (anything) {
        make_raw(u, inst, IR_DIV_UNBOX);
        return;
    }
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        if (!ir_is_const(inst->args[i])) {
            fuse_product(u, uses, inst->args[i], inst);
        }
        inst->args[i] = raw_of(u, inst->args[i], inst);
    }
    make_raw(u, inst, raw_op_of(inst));
}

// A comparison of raw numbers, when that is what both are without more ado.
static bool rewrite_comparison(Unbox *u, IrInst *test) {
    IrOp op = test->op == IR_LT   ? IR_RAW_LT
              : test->op == IR_GE ? IR_RAW_GE
              : test->op == IR_EQ ? IR_RAW_EQ
                                  : IR_OP_COUNT;
    if (op == IR_OP_COUNT || !(test->args[0]->raw || test->args[1]->raw)) {
        return false;
    }
    for (uint32_t i = 0; i < 2; i++) {
        double number;
        if (!is_float(u, test->args[i]) && !test->args[i]->raw &&
            !exact_float_of(test->args[i], &number)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        test->args[i] = raw_of(u, test->args[i], test);
    }
    test->op = (uint16_t)op;
    return true;
}

static void rewrite_others(Unbox *u, IrInst *inst) {
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        bool raw = inst->op == IR_JUMP && inst->targets[0]->params.items[i]->raw;
        inst->args[i] = raw ? raw_of(u, inst->args[i], inst) : term_of(u, inst->args[i], inst);
    }
}

static void rewrite_block(Unbox *u, const uint32_t *uses, IrBlock *block) {
    for (IrInst *inst = block->first, *next; inst != NULL; inst = next) {
        next = inst->next;
        if (inst->id >= u->count || inst->op == IR_UNBOX) {
            continue; // made here
        }
        if (is_raw_op(u, inst)) {
            rewrite_arithmetic(u, uses, inst);
            if (inst->op == IR_DIV_UNBOX) {
                rewrite_others(u, inst);
            }
        } else if (!rewrite_comparison(u, inst)) {
            rewrite_others(u, inst);
        }
    }
}

// ---- Checks -------------------------------------------------------------------------------------

typedef struct {
    uint32_t last; // zones are numbered from 1
    uint32_t current;
    uint32_t *start; // by block: the zone that its beginning is in
} Zones;

static void cover(uint32_t *covered, const IrInst *v, uint32_t zone) {
    if (!ir_is_const(v)) {
        covered[v->id] = zone;
    }
}

// What is checked later, nothing else to be seen being between: from the end of the block on, in a
// zone that begins anew wherever something is. A guard is nothing to be seen, since its other side
// computes everything again.
static void drop_checks_in(const Unbox *u, uint32_t *covered, Zones *z, IrBlock *block) {
    uint32_t *zone = &z->current;
    bool is_guard = block->last->op == IR_AS_FLOAT;
    const IrBlock *next = is_guard ? block->last->targets[0] : NULL;
    z->current = is_guard && next->preds.len == 1 ? z->start[next->order] : ++z->last;
    for (IrInst *inst = block->last, *before; inst != NULL; inst = before) {
        before = inst->prev;
        switch (inst->op) {
        case IR_RAW_CHECK:
            if (covered[inst->args[0]->id] == *zone) {
                ir_remove(inst);
                break;
            }
            cover(covered, inst->args[0], *zone);
            break;
        case IR_BOX: cover(covered, inst->args[0], *zone); break;
        case IR_RAW_ADD:
        case IR_RAW_SUB:
        case IR_RAW_MUL:
        case IR_RAW_NEG:
        case IR_RAW_SQRT:
            for (uint32_t i = 0; i < inst->arg_count && covered[inst->id] == *zone; i++) {
                cover(covered, inst->args[i], *zone);
            }
            break;
        case IR_RAW_DIV:
            if (covered[inst->id] == *zone) {
                cover(covered, inst->args[0], *zone);
            }
            break;
        case IR_UNBOX:
            if (!is_float(u, inst->args[0])) {
                *zone = ++z->last;
            }
            break;
        case IR_AS_FLOAT: break;
        default:
            if (!ir_is_droppable(inst)) {
                *zone = ++z->last;
            }
        }
    }
    z->start[block->order] = z->current;
}

static void drop_checks(Unbox *u) {
    uint32_t *covered = ARENA_NEW_ARRAY(u->arena, uint32_t, u->f->inst_count);
    Zones zones = {.start = ARENA_NEW_ARRAY(u->arena, uint32_t, u->f->blocks.len)};
    for (uint32_t i = u->f->blocks.len; i-- > 0;) {
        drop_checks_in(u, covered, &zones, u->f->blocks.items[i]);
    }
}

static bool has_raw(const Unbox *u) {
    bool any = false;
    for (uint32_t i = 0; i < u->f->blocks.len; i++) {
        for (const IrInst *inst = u->f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            if (inst->op == IR_RECV_PEEK) {
                return false; // nothing may raise while a message is looked at, as a BOX there would
            }
            any = any || is_raw_op(u, inst);
        }
    }
    return any;
}

bool opt_unbox(IrFunction *f) {
    Unbox u = {.f = f, .arena = f->module->arena, .count = f->inst_count};
    u.wanted = ARENA_NEW_ARRAY(u.arena, bool, u.count);
    if (!has_raw(&u)) {
        return false;
    }
    u.unboxed = ARENA_NEW_ARRAY(u.arena, IrInst *, u.count);
    u.boxed = ARENA_NEW_ARRAY(u.arena, IrInst *, u.count);
    find_wanted(&u);
    mark_params(&u);
    const uint32_t *uses = opt_uses(u.f);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        rewrite_block(&u, uses, f->blocks.items[i]);
    }
    drop_checks(&u);
    return true;
}

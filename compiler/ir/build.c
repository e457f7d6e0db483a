// Core to IR: one walk over a function's expression tree.
//
// An expression is built either for its value, by recursion, or toward a destination (Dest): to be
// returned, given to the parameter of a block, dropped, or branched on. What stands in tail
// position is never recursed into but becomes a task (an expression, its destination and where to
// begin) on a stack, so that long bodies, chains of branches and nests of joins cost no C stack;
// only values nest, as deep as the source. A comparison built toward a branch is that branch: no
// true or false is made and tested again.
//
// Joins become blocks with parameters; a recursive one is a loop's header, entered and repeated by
// JUMPs. A branch may name a join's block directly when the join has no parameters and is no loop.
// Slots become SLOT_INIT, SLOT_GET and SLOT_SET. After a FAIL the current block is one that nothing
// reaches; ir_order drops it. Core's variables are bound once and its scopes are well nested, so
// that one array of values by variable is all the environment there is.
// Tests: tests/unit/compiler/ir/build_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/ir.h"

typedef enum {
    DEST_RETURN,
    DEST_VALUE,  // the parameter of `block`
    DEST_EFFECT, // `block`, the value being dropped
    DEST_BRANCH, // `block` if truthy, `otherwise` if not
} DestKind;

typedef struct {
    DestKind kind;
    IrBlock *block;
    IrBlock *otherwise;
} Dest;

// A receive whose select tree is being built.
typedef struct Receive {
    IrBlock *peek;
    const struct Receive *outer; // that of the code around it, which TAKE goes back to
} Receive;

typedef struct {
    const CoreExpr *expr;
    Dest dest;
    IrBlock *block;
    const Receive *receive;
} Task;

typedef struct {
    IrBlock *block;
    bool recursive;
} Label;

typedef struct {
    IrFunction *f;
    Arena *arena;
    IrBlock *block; // where instructions go; its region is the current one
    const Receive *receive;
    IrInst **vars;
    IrInst **slots;
    Label *labels;
    VEC(Task) tasks;
} Build;

static const uint16_t prim_ops[PRIM_COUNT] = {
#define IR_BITS_SIZE           IR_BYTES_BITS
#define PRIM(name, arity, doc) [PRIM_##name] = IR_##name,
#include "compiler/core/prims.def"
#undef PRIM
#undef IR_BITS_SIZE
};

static const uint16_t test_ops[TEST_COUNT] = {
#define CORE_TEST(name, operands, binds, doc) [TEST_##name] = IR_##name,
#include "compiler/core/tests.def"
#undef CORE_TEST
};

static const uint8_t test_operands[TEST_COUNT] = {
#define CORE_TEST(name, operands, binds, doc) [TEST_##name] = operands,
#include "compiler/core/tests.def"
#undef CORE_TEST
};

static IrInst *build_value(Build *b, const CoreExpr *expr);
static void build_tail(Build *b, const CoreExpr *expr, Dest dest);

// ---- Small things -------------------------------------------------------------------------------

static IrInst *add(Build *b, IrOp op, uint32_t arg_count, Span span) {
    IrInst *inst = ir_inst_new(b->f, op, arg_count, 0, span);
    ir_append(b->block, inst);
    return inst;
}

static IrBlock *block_here(Build *b) {
    return ir_block_new(b->f, b->block->region);
}

static void jump(Build *b, IrBlock *to, IrInst *arg, Span span) {
    IrInst *inst = ir_inst_new(b->f, IR_JUMP, arg != NULL, 1, span);
    inst->targets[0] = to;
    if (arg != NULL) {
        inst->args[0] = arg;
    }
    ir_append(b->block, inst);
}

static void push_task(Build *b, const CoreExpr *expr, Dest dest, IrBlock *block) {
    Task task = {expr, dest, block, b->receive};
    vec_push(b->arena, &b->tasks, task);
}

// Builds `expr` toward `dest` to its end. The current block is undefined afterwards.
static void run(Build *b, const CoreExpr *expr, Dest dest) {
    const Receive *receive = b->receive;
    uint32_t base = b->tasks.len;
    build_tail(b, expr, dest);
    while (b->tasks.len > base) {
        Task task = b->tasks.items[--b->tasks.len];
        b->block = task.block;
        b->receive = task.receive;
        build_tail(b, task.expr, task.dest);
    }
    b->receive = receive;
}

// The block where `expr` begins: a new one with a task to fill it, or the join that `expr` does
// nothing but jump to.
static IrBlock *branch_to(Build *b, const CoreExpr *expr, Dest dest) {
    if (expr->kind == CORE_JUMP && expr->as.jump.args.len == 0) {
        const Label *label = &b->labels[expr->as.jump.label];
        if (!label->recursive) {
            return label->block;
        }
    }
    IrBlock *block = block_here(b);
    push_task(b, expr, dest, block);
    return block;
}

// The value `v` has come to its destination.
static void finish(Build *b, Dest dest, IrInst *v, Span span) {
    switch (dest.kind) {
    case DEST_RETURN: add(b, IR_RET, 1, span)->args[0] = v; return;
    case DEST_VALUE: jump(b, dest.block, v, span); return;
    case DEST_EFFECT: jump(b, dest.block, NULL, span); return;
    case DEST_BRANCH: break;
    }
    int truth = ir_truth_of(v);
    if (truth >= 0) {
        jump(b, truth ? dest.block : dest.otherwise, NULL, span);
        return;
    }
    IrInst *test = ir_inst_new(b->f, IR_TRUTHY, 1, 2, span);
    test->args[0] = v;
    test->targets[0] = dest.block;
    test->targets[1] = dest.otherwise;
    ir_append(b->block, test);
}

// ---- Values -------------------------------------------------------------------------------------

static void build_effect(Build *b, const CoreExpr *expr) {
    switch (expr->kind) {
    case CORE_IF:
    case CORE_TEST:
    case CORE_SWITCH:
    case CORE_JOIN:
    case CORE_TRY:
    case CORE_RECEIVE: {
        IrBlock *after = block_here(b);
        run(b, expr, (Dest){DEST_EFFECT, after, NULL});
        b->block = after;
        return;
    }
    default: build_value(b, expr);
    }
}

// Evaluates args from the left into a new instruction behind `first` others of its args, and
// appends it.
static IrInst *build_args(Build *b, IrOp op, IrInst *first, const CoreExprs *args, Span span) {
    uint32_t skip = first != NULL;
    IrInst *inst = ir_inst_new(b->f, op, args->len + skip, 0, span);
    if (first != NULL) {
        inst->args[0] = first;
    }
    for (uint32_t i = 0; i < args->len; i++) {
        inst->args[skip + i] = build_value(b, args->items[i]);
    }
    ir_append(b->block, inst);
    return inst;
}

// A call; `tail`: one that ends the function.
static IrInst *build_call(Build *b, const CoreExpr *expr, bool tail) {
    IrInst *call;
    switch (expr->kind) {
    case CORE_CALL:
        call = build_args(b, tail ? IR_TAIL_CALL : IR_CALL, NULL, &expr->as.call.args, expr->span);
        call->ref = expr->as.call.function;
        return call;
    case CORE_CALL_EXT:
        call = build_args(b, tail ? IR_TAIL_EXT : IR_CALL_EXT, NULL, &expr->as.call_ext.args,
                          expr->span);
        call->module = expr->as.call_ext.module;
        call->name = expr->as.call_ext.name;
        return call;
    default: {
        IrInst *function = build_value(b, expr->as.call_fun.function);
        return build_args(b, tail ? IR_TAIL_FUN : IR_CALL_FUN, function, &expr->as.call_fun.args,
                          expr->span);
    }
    }
}

// A list: its heads from the left, its tail, then the cells from the last to the first.
static IrInst *build_cons(Build *b, const CoreExpr *expr) {
    VEC(IrInst *) heads = {0};
    VEC(Span) spans = {0};
    while (expr->kind == CORE_PRIM && expr->as.prim.prim == PRIM_CONS) {
        vec_push(b->arena, &heads, build_value(b, expr->as.prim.args.items[0]));
        vec_push(b->arena, &spans, expr->span);
        expr = expr->as.prim.args.items[1];
    }
    IrInst *list = build_value(b, expr);
    for (uint32_t i = heads.len; i-- > 0;) {
        IrInst *cell = add(b, IR_CONS, 2, spans.items[i]);
        cell->args[0] = heads.items[i];
        cell->args[1] = list;
        list = cell;
    }
    return list;
}

// Puts `from` (with its two targets) at the end of the current block and goes on where it holds.
static void split_at(Build *b, IrInst *branch, IrBlock *otherwise) {
    branch->targets[0] = block_here(b);
    branch->targets[1] = otherwise;
    ir_append(b->block, branch);
    b->block = branch->targets[0];
}

// BITS_SIZE is a branch of the machine; its other side can only be reached by a mistake of ours.
static IrInst *build_bits_size(Build *b, const CoreExpr *expr) {
    IrInst *bytes = build_value(b, expr->as.prim.args.items[0]);
    IrBlock *otherwise = block_here(b);
    IrInst *fail = ir_inst_new(b->f, IR_FAIL_WITH, 1, 0, expr->span);
    fail->name = intern_text(b->f->module->names, "badarg");
    fail->args[0] = bytes;
    ir_append(otherwise, fail);
    IrInst *size = ir_inst_new(b->f, IR_BYTES_BITS, 1, 2, expr->span);
    size->args[0] = bytes;
    split_at(b, size, otherwise);
    return size;
}

static IrInst *build_prim(Build *b, const CoreExpr *expr) {
    CorePrim prim = expr->as.prim.prim;
    if (prim == PRIM_CONS) {
        return build_cons(b, expr);
    }
    if (prim == PRIM_BITS_SIZE) {
        return build_bits_size(b, expr);
    }
    const CoreExprs *args = &expr->as.prim.args;
    const CoreExpr *fail = expr->as.prim.fail;
    IrInst *inst = ir_inst_new(b->f, prim_ops[prim], args->len, fail != NULL ? 2 : 0, expr->span);
    for (uint32_t i = 0; i < args->len; i++) {
        inst->args[i] = build_value(b, args->items[i]);
    }
    inst->index = expr->as.prim.index;
    inst->ref = expr->as.prim.record;
    inst->name = expr->as.prim.name;
    if (fail != NULL) {
        split_at(b, inst, branch_to(b, fail, (Dest){DEST_RETURN, NULL, NULL}));
    } else {
        ir_append(b->block, inst);
    }
    return prim == PRIM_SEND ? inst->args[1] : prim == PRIM_SET_CELL ? inst->args[0] : inst;
}

static IrInst *build_closure(Build *b, const CoreExpr *expr) {
    if (expr->as.call.args.len == 0) {
        CoreConst *value = ARENA_NEW(b->arena, CoreConst);
        value->kind = CONST_FN;
        value->index = expr->as.call.function;
        return ir_const(b->f, value);
    }
    IrInst *closure = build_args(b, IR_CLOSURE, NULL, &expr->as.call.args, expr->span);
    closure->ref = expr->as.call.function;
    return closure;
}

// The same bytes as `quick`, for values that are not shown at once: by calls.
static IrInst *build_displayed(Build *b, const IrInst *quick, Span span) {
    uint32_t count = quick->arg_count / 2;
    uint32_t *specs = ARENA_NEW_ARRAY(b->arena, uint32_t, count);
    IrInst *inst = ir_inst_new(b->f, IR_BITS, quick->arg_count, 0, span);
    for (uint32_t i = 0; i < count; i++) {
        specs[i] = quick->specs[i] & ~(uint32_t)SEG_SHOWN;
        inst->args[2 * i] = quick->args[2 * i];
        inst->args[2 * i + 1] = quick->args[2 * i + 1];
        if ((quick->specs[i] & SEG_SHOWN) != 0) {
            IrInst *call = add(b, IR_CALL_EXT, 1, span);
            call->module = intern_text(b->f->module->names, "Vm");
            call->name = intern_text(b->f->module->names, "display");
            call->args[0] = quick->args[2 * i];
            inst->args[2 * i] = call;
        }
    }
    inst->specs = specs;
    ir_append(b->block, inst);
    return inst;
}

static IrInst *build_bits(Build *b, const CoreExpr *expr) {
    uint32_t count = expr->as.bits.count;
    const CoreExpr *fail = expr->as.bits.fail;
    bool shows = false;
    for (uint32_t i = 0; i < count; i++) {
        shows = shows || (expr->as.bits.segments[i].spec & SEG_SHOWN) != 0;
    }
    IrInst *inst = ir_inst_new(b->f, IR_BITS, count * 2, fail != NULL || shows ? 2 : 0, expr->span);
    uint32_t *specs = ARENA_NEW_ARRAY(b->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        const CoreSegment *segment = &expr->as.bits.segments[i];
        specs[i] = segment->spec;
        inst->args[2 * i] = build_value(b, segment->value);
        inst->args[2 * i + 1] =
            segment->size != NULL ? build_value(b, segment->size) : ir_const_empty(b->f);
    }
    inst->specs = specs;
    if (shows) {
        IrBlock *after = block_here(b);
        IrInst *value = ir_param_new(b->f, after, expr->span);
        IrBlock *otherwise = block_here(b);
        split_at(b, inst, otherwise);
        jump(b, after, inst, expr->span);
        b->block = otherwise;
        jump(b, after, build_displayed(b, inst, expr->span), expr->span);
        b->block = after;
        return value;
    }
    if (fail != NULL) {
        split_at(b, inst, branch_to(b, fail, (Dest){DEST_RETURN, NULL, NULL}));
    } else {
        ir_append(b->block, inst);
    }
    return inst;
}

static IrInst *slot_inst(Build *b, IrOp op, const CoreExpr *expr) {
    IrInst *value = op == IR_SLOT_GET ? NULL : build_value(b, expr->as.slot.value);
    IrInst *inst = add(b, op, op == IR_SLOT_SET ? 2 : 1, expr->span);
    if (op == IR_SLOT_INIT) {
        inst->args[0] = value;
        b->slots[expr->as.slot.slot] = inst;
        return inst;
    }
    inst->args[0] = b->slots[expr->as.slot.slot];
    if (op == IR_SLOT_SET) {
        inst->args[1] = value;
        return value;
    }
    return inst;
}

// What branches meets again in a block whose parameter is the value.
static IrInst *build_joined(Build *b, const CoreExpr *expr) {
    IrBlock *after = block_here(b);
    IrInst *value = ir_param_new(b->f, after, expr->span);
    run(b, expr, (Dest){DEST_VALUE, after, NULL});
    b->block = after;
    return value;
}

static IrInst *build_value(Build *b, const CoreExpr *expr) {
    for (;;) {
        switch (expr->kind) {
        case CORE_LIT: return ir_const(b->f, expr->as.lit);
        case CORE_VAR: return b->vars[expr->as.var];
        case CORE_LET:
            b->vars[expr->as.let.var] = build_value(b, expr->as.let.value);
            expr = expr->as.let.body;
            break;
        case CORE_SEQ:
            build_effect(b, expr->as.seq.first);
            expr = expr->as.seq.second;
            break;
        case CORE_SLOT_NEW:
            slot_inst(b, IR_SLOT_INIT, expr);
            expr = expr->as.slot.body;
            break;
        case CORE_SLOT_GET: return slot_inst(b, IR_SLOT_GET, expr);
        case CORE_SLOT_SET: return slot_inst(b, IR_SLOT_SET, expr);
        case CORE_CALL:
        case CORE_CALL_EXT:
        case CORE_CALL_FUN: return build_call(b, expr, false);
        case CORE_PRIM: return build_prim(b, expr);
        case CORE_CLOSURE: return build_closure(b, expr);
        case CORE_BITS: return build_bits(b, expr);
        default: return build_joined(b, expr);
        }
    }
}

// ---- Tail position ------------------------------------------------------------------------------

static void tail_if(Build *b, const CoreExpr *expr, Dest dest) {
    IrBlock *then = branch_to(b, expr->as.branch.then, dest);
    IrBlock *otherwise = branch_to(b, expr->as.branch.otherwise, dest);
    run(b, expr->as.branch.cond, (Dest){DEST_BRANCH, then, otherwise});
}

static void tail_test(Build *b, const CoreExpr *expr, Dest dest) {
    CoreTestKind kind = expr->as.test.kind;
    uint32_t operands = test_operands[kind];
    IrInst *test = ir_inst_new(b->f, test_ops[kind], operands, 2, expr->span);
    for (uint32_t i = 0; i < operands; i++) {
        test->args[i] = build_value(b, expr->as.test.operands[i]);
    }
    test->index = expr->as.test.index;
    test->ref = expr->as.test.record;
    test->name = expr->as.test.name;
    if (expr->as.test.binds != 0) {
        b->vars[expr->as.test.binds] = test;
    }
    test->targets[0] = branch_to(b, expr->as.test.then, dest);
    test->targets[1] = branch_to(b, expr->as.test.otherwise, dest);
    ir_append(b->block, test);
}

// May the constant stand in a switch op, which holds operands and no literals?
static bool is_switched(const CoreConst *c) {
    return c->kind == CONST_ATOM ||
           (c->kind == CONST_INT && c->integer >= OPERAND_INT_MIN && c->integer <= OPERAND_INT_MAX);
}

// Tests for the cases that cannot be switched on, or for a single one; goes on behind them. How
// many others there are.
static uint32_t test_large_cases(Build *b, const CoreExpr *expr, IrInst *subject, Dest dest) {
    uint32_t others = 0;
    for (uint32_t i = 0; i < expr->as.select.count; i++) {
        const CoreCase *which = &expr->as.select.cases[i];
        if (is_switched(which->value) && expr->as.select.count > 1) {
            others++;
            continue;
        }
        IrInst *test = ir_inst_new(b->f, IR_SAME, 2, 2, expr->span);
        test->args[0] = subject;
        test->args[1] = ir_const(b->f, which->value);
        test->targets[0] = branch_to(b, which->body, dest);
        test->targets[1] = block_here(b);
        ir_append(b->block, test);
        b->block = test->targets[1];
    }
    return others;
}

static void tail_switch(Build *b, const CoreExpr *expr, Dest dest) {
    IrInst *subject = build_value(b, expr->as.select.subject);
    uint32_t count = test_large_cases(b, expr, subject, dest);
    IrInst *inst = ir_inst_new(b->f, IR_SWITCH, 1, count + 1, expr->span);
    const CoreConst **cases = ARENA_NEW_ARRAY(b->arena, const CoreConst *, count);
    uint32_t at = 0;
    inst->args[0] = subject;
    for (uint32_t i = 0; i < expr->as.select.count && at < count; i++) {
        const CoreCase *which = &expr->as.select.cases[i];
        if (is_switched(which->value)) {
            cases[at] = which->value;
            inst->targets[at++] = branch_to(b, which->body, dest);
        }
    }
    inst->targets[count] = branch_to(b, expr->as.select.otherwise, dest);
    inst->cases = cases;
    ir_append(b->block, inst);
}

// Declares the join and leaves its body as a task for when its scope is built.
static void open_join(Build *b, const CoreExpr *expr, Dest dest) {
    Label *label = &b->labels[expr->as.join.label];
    label->block = block_here(b);
    label->recursive = expr->as.join.recursive;
    for (uint32_t i = 0; i < expr->as.join.params.len; i++) {
        b->vars[expr->as.join.params.items[i]] = ir_param_new(b->f, label->block, expr->span);
    }
    push_task(b, expr->as.join.body, dest, label->block);
}

static void tail_jump(Build *b, const CoreExpr *expr) {
    const CoreExprs *args = &expr->as.jump.args;
    IrInst *inst = ir_inst_new(b->f, IR_JUMP, args->len, 1, expr->span);
    for (uint32_t i = 0; i < args->len; i++) {
        inst->args[i] = build_value(b, args->items[i]);
    }
    inst->targets[0] = b->labels[expr->as.jump.label].block;
    ir_append(b->block, inst);
}

// The body runs in a region of its own and cannot return from there: what it would return leaves it
// first.
static void tail_try(Build *b, const CoreExpr *expr, Dest dest) {
    IrRegion *region = ARENA_NEW(b->arena, IrRegion);
    region->outer = b->block->region;
    region->depth = region->outer == NULL ? 1 : region->outer->depth + 1;
    region->handler = block_here(b);
    b->vars[expr->as.try_.reason] = ir_param_new(b->f, region->handler, expr->span);
    push_task(b, expr->as.try_.handler, dest, region->handler);

    IrBlock *body = ir_block_new(b->f, region);
    jump(b, body, NULL, expr->span);
    b->block = body;
    if (dest.kind != DEST_RETURN) {
        run(b, expr->as.try_.body, dest);
        return;
    }
    IrBlock *after = ir_block_new(b->f, region->outer);
    IrInst *value = ir_param_new(b->f, after, expr->span);
    run(b, expr->as.try_.body, (Dest){DEST_VALUE, after, NULL});
    b->block = after;
    finish(b, dest, value, expr->span);
}

// peek: the oldest message not yet looked at, if any, goes through the select tree, which takes it
// or skips it and comes back here; else wait, and look again or (when time is up) go on with
// `expired`.
static void tail_receive(Build *b, const CoreExpr *expr, Dest dest) {
    const CoreExpr *select = expr->as.receive.select;
    IrInst *timeout =
        expr->as.receive.timeout != NULL ? build_value(b, expr->as.receive.timeout) : NULL;
    if (expr->as.receive.only_ref != NULL) {
        IrInst *ref = build_value(b, expr->as.receive.only_ref);
        add(b, IR_RECV_REF, 1, expr->span)->args[0] = ref;
    }
    Receive *receive = ARENA_NEW(b->arena, Receive);
    receive->outer = b->receive;
    receive->peek = block_here(b);
    IrBlock *wait = block_here(b);
    jump(b, receive->peek, NULL, expr->span);

    b->block = receive->peek;
    IrInst *peek = ir_inst_new(b->f, IR_RECV_PEEK, 0, 2, expr->span);
    split_at(b, peek, wait);
    b->vars[expr->as.receive.message] = peek;
    IrBlock *looked_at = b->block;

    b->block = wait;
    bool waits_forever =
        timeout == NULL || (ir_is_const(timeout) && timeout->constant->kind == CONST_ATOM &&
                            name_is(timeout->constant->name, NAME_INFINITY));
    if (waits_forever) {
        IrInst *inst = ir_inst_new(b->f, IR_RECV_WAIT, 0, 1, expr->span);
        inst->targets[0] = receive->peek;
        ir_append(b->block, inst);
    } else {
        IrInst *inst = ir_inst_new(b->f, IR_RECV_WAIT_FOR, 1, 2, expr->span);
        inst->args[0] = timeout;
        split_at(b, inst, receive->peek);
        add(b, IR_RECV_DONE, 0, expr->span);
        push_task(b, expr->as.receive.expired, dest, b->block);
    }

    b->block = looked_at;
    if (select == NULL) {
        add(b, IR_RECV_NEXT, 0, expr->span);
        jump(b, receive->peek, NULL, expr->span);
    } else {
        b->receive = receive;
        push_task(b, select, dest, looked_at);
        b->receive = receive->outer;
    }
}

static void tail_skip(Build *b, Span span) {
    CHECK(b->receive != NULL);
    add(b, IR_RECV_NEXT, 0, span);
    jump(b, b->receive->peek, NULL, span);
}

static void tail_fail(Build *b, const CoreExpr *expr) {
    bool with = expr->kind == CORE_FAIL_WITH;
    IrInst *value = build_value(b, with ? expr->as.fail_with.value : expr->as.value);
    IrOp op = with ? IR_FAIL_WITH : expr->kind == CORE_FAIL ? IR_FAIL : IR_RERAISE;
    IrInst *inst = add(b, op, 1, expr->span);
    inst->args[0] = value;
    if (with) {
        inst->name = expr->as.fail_with.atom;
    }
}

static void build_tail(Build *b, const CoreExpr *expr, Dest dest) {
    for (;;) {
        switch (expr->kind) {
        case CORE_LET:
            b->vars[expr->as.let.var] = build_value(b, expr->as.let.value);
            expr = expr->as.let.body;
            break;
        case CORE_SEQ:
            build_effect(b, expr->as.seq.first);
            expr = expr->as.seq.second;
            break;
        case CORE_SLOT_NEW:
            slot_inst(b, IR_SLOT_INIT, expr);
            expr = expr->as.slot.body;
            break;
        case CORE_JOIN:
            open_join(b, expr, dest);
            expr = expr->as.join.scope;
            break;
        case CORE_TAKE:
            CHECK(b->receive != NULL);
            add(b, IR_RECV_TAKE, 0, expr->span);
            b->receive = b->receive->outer;
            expr = expr->as.value;
            break;
        case CORE_IF: tail_if(b, expr, dest); return;
        case CORE_TEST: tail_test(b, expr, dest); return;
        case CORE_SWITCH: tail_switch(b, expr, dest); return;
        case CORE_JUMP: tail_jump(b, expr); return;
        case CORE_TRY: tail_try(b, expr, dest); return;
        case CORE_RECEIVE: tail_receive(b, expr, dest); return;
        case CORE_SKIP: tail_skip(b, expr->span); return;
        case CORE_FAIL:
        case CORE_FAIL_WITH:
        case CORE_RERAISE: tail_fail(b, expr); return;
        case CORE_CALL:
        case CORE_CALL_EXT:
        case CORE_CALL_FUN: {
            IrInst *call = build_call(b, expr, dest.kind == DEST_RETURN);
            if (dest.kind != DEST_RETURN) {
                finish(b, dest, call, expr->span);
            }
            return;
        }
        default: {
            IrInst *value = build_value(b, expr);
            finish(b, dest, value, expr->span);
            return;
        }
        }
    }
}

IrFunction *ir_build(IrModule *module, const CoreFunction *core) {
    IrFunction *f = ir_function_new(module, core);
    Build b = {.f = f, .arena = module->arena};
    b.vars = ARENA_NEW_ARRAY(b.arena, IrInst *, core->var_count + 1);
    b.slots = ARENA_NEW_ARRAY(b.arena, IrInst *, core->slot_count + 1);
    b.labels = ARENA_NEW_ARRAY(b.arena, Label, core->label_count + 1);
    f->entry = b.block = ir_block_new(f, NULL);
    for (uint32_t i = 0; i < core->params.len; i++) {
        b.vars[core->params.items[i]] = ir_param_new(f, f->entry, core->span);
    }
    run(&b, core->body, (Dest){DEST_RETURN, NULL, NULL});
    ir_order(f);
    return f;
}

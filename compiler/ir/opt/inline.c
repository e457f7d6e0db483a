// Inlining within a module: the body of a function in place of a call of it.
//
// What is inlined into has had its callees dealt with before (depth first along calls), so that what
// is copied is done. Taken are small functions, those that only one place calls, and larger ones
// that are given a function known at the call: made there, or one of the module. A call of a known
// function value becomes a call of its function, which may be inlined in turn; so a fold over a
// list becomes a loop. A function that calls itself, not at its end, takes itself in for a few
// levels. Growth is bounded for each function. A program's modules may be reloaded one by one: so
// calls of others stay calls. Tests: tests/unit/compiler/ir/opt_calls_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

enum {
    SMALL = 16,       // instructions of a function that is always taken
    ONLY = 60,        // of one that is called in one place only
    GIVEN = 100,      // of one that is given a known function
    SELF = 40,        // of one that takes itself in
    SELF_GROWN = 120, // and what it may grow to by that
    SELF_LEVELS = 3,
    GROWTH = 400, // of any function, besides twice its size
    DEPTH = 16,   // of calls within what was inlined
};

typedef enum { TODO, OPEN, DONE } State;

typedef struct {
    State state;
    bool recursive;   // calls itself
    uint32_t size;    // when DONE
    uint32_t callers; // places that call it or make a function value of it
} Callee;

// A function whose callees are being dealt with.
typedef struct {
    uint32_t index;
    uint32_t block;
    const IrInst *inst; // to look at next; NULL: the block's first
} Visit;

typedef struct {
    IrModule *module;
    Arena *arena;
    Callee *callees; // by index
    VEC(Visit) path;
    VEC(IrInst *) calls; // of the function at hand, still to be looked at
} Inline;

static uint32_t size_of(const IrFunction *f) {
    uint32_t size = 0;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (const IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            size += inst->op != IR_JUMP;
        }
    }
    return size;
}

static bool is_local_call(const IrInst *inst) {
    return inst->op == IR_CALL || inst->op == IR_TAIL_CALL;
}

static bool is_fun_call(const IrInst *inst) {
    return inst->op == IR_CALL_FUN || inst->op == IR_TAIL_FUN;
}

static void count_callers(Inline *s) {
    for (uint32_t i = 0; i < s->module->functions.len; i++) {
        const IrFunction *f = s->module->functions.items[i];
        for (uint32_t b = 0; b < f->blocks.len; b++) {
            for (const IrInst *inst = f->blocks.items[b]->first; inst != NULL; inst = inst->next) {
                if (is_local_call(inst) || inst->op == IR_CLOSURE) {
                    s->callees[inst->ref].callers++;
                    s->callees[i].recursive |= inst->ref == i && inst->op != IR_CLOSURE;
                }
                for (uint32_t k = 0; k < inst->arg_count; k++) {
                    const IrInst *v = ir_value(inst->args[k]);
                    if (ir_is_const(v) && v->constant->kind == CONST_FN) {
                        s->callees[v->constant->index].callers++;
                    }
                }
            }
        }
    }
}

// ---- Known functions ----------------------------------------------------------------------------

static bool is_known_function(const IrInst *v) {
    return v->op == IR_CLOSURE ||
           (ir_is_const(v) && (v->constant->kind == CONST_FN || v->constant->kind == CONST_FNREF));
}

static IrInst *replace_call(IrFunction *f, IrInst *call, IrOp op, uint32_t args) {
    IrInst *direct = ir_inst_new(f, op, args, 0, call->span);
    direct->inlined = call->inlined;
    for (uint32_t i = 1; i < call->arg_count; i++) {
        direct->args[i - 1] = call->args[i];
    }
    ir_insert_before(call, direct);
    ir_remove(call);
    call->forward = direct;
    return direct;
}

// The call of its function that the call of a known function value comes to; `call` when it is none
// or does not give as many arguments.
static IrInst *make_direct(IrFunction *f, IrInst *call) {
    const IrInst *v = ir_value(call->args[0]);
    bool is_tail = call->op == IR_TAIL_FUN;
    uint32_t count = call->arg_count - 1;
    if (!is_known_function(v)) {
        return call;
    }
    if (ir_is_const(v) && v->constant->kind == CONST_FNREF) {
        if (v->constant->index != count) {
            return call;
        }
        IrInst *direct = replace_call(f, call, is_tail ? IR_TAIL_EXT : IR_CALL_EXT, count);
        direct->module = v->constant->module;
        direct->name = v->constant->name;
        return direct;
    }
    uint32_t index = ir_is_const(v) ? v->constant->index : v->ref;
    uint32_t captured = ir_is_const(v) ? 0 : v->arg_count;
    if (f->module->core->functions.items[index]->arity != count) {
        return call;
    }
    IrInst *direct = replace_call(f, call, is_tail ? IR_TAIL_CALL : IR_CALL, count + captured);
    direct->ref = index;
    for (uint32_t i = 0; i < captured; i++) {
        direct->args[count + i] = v->args[i];
    }
    return direct;
}

static bool is_given_function(const IrInst *call) {
    for (uint32_t i = 0; i < call->arg_count; i++) {
        if (is_known_function(ir_value(call->args[i]))) {
            return true;
        }
    }
    return false;
}

// ---- One function -------------------------------------------------------------------------------

static void list_calls(Inline *s, const IrFunction *f) {
    s->calls.len = 0;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            if (is_local_call(inst) || is_fun_call(inst)) {
                vec_push(s->arena, &s->calls, inst);
            }
        }
    }
}

static uint32_t depth_of(const IrInst *call) {
    uint32_t depth = 0;
    for (const IrInline *at = call->inlined; at != NULL; at = at->outer) {
        depth++;
    }
    return depth;
}

static bool is_worth(const Inline *s, const IrFunction *f, const IrInst *call) {
    const Callee *callee = &s->callees[call->ref];
    const CoreFunction *core = s->module->core->functions.items[call->ref];
    if (call->ref == f->index || callee->state != DONE || callee->recursive ||
        depth_of(call) >= DEPTH) {
        return false;
    }
    return callee->size <= SMALL ||
           (callee->size <= ONLY && callee->callers == 1 && !core->exported) ||
           (callee->size <= GIVEN && is_given_function(call));
}

static void inline_calls(Inline *s, IrFunction *f) {
    uint32_t size = size_of(f);
    uint32_t limit = 3 * size + GROWTH;
    bool changed = true;
    for (uint32_t round = 0; changed && round < DEPTH; round++) {
        changed = false;
        list_calls(s, f);
        for (uint32_t i = s->calls.len; i-- > 0;) { // see opt_inline_call
            IrInst *call = s->calls.items[i];
            if (is_fun_call(call)) {
                call = make_direct(f, call);
            }
            if (!is_local_call(call) || !is_worth(s, f, call) ||
                size + s->callees[call->ref].size > limit) {
                continue;
            }
            size += s->callees[call->ref].size;
            opt_inline_call(f, call, s->module->functions.items[call->ref]);
            changed = true;
        }
        if (changed) {
            ir_order(f);
            ir_number(f);
        }
    }
}

static bool is_self_call(const IrFunction *f, const IrInst *inst) {
    return inst->op == IR_CALL && inst->ref == f->index;
}

// Loops besides the one that its calls of itself at the end make. Beside those, what its other
// calls cost is little.
static bool has_inner_loops(const IrFunction *f) {
    const IrInst *last = f->entry->last;
    return f->loop_count > (last->op == IR_JUMP && last->targets[0]->is_header);
}

// A few levels of its own recursion.
static void inline_self(Inline *s, IrFunction *f) {
    uint32_t unit = size_of(f);
    uint32_t size = unit;
    IrFunction *body = NULL;
    for (uint32_t level = 0; unit <= SELF && !has_inner_loops(f) && level < SELF_LEVELS; level++) {
        uint32_t count = 0;
        list_calls(s, f);
        for (uint32_t i = 0; i < s->calls.len; i++) {
            count += is_self_call(f, s->calls.items[i]);
        }
        if (count == 0 || size + count * unit > SELF_GROWN) {
            break;
        }
        body = body != NULL ? body : opt_copy(f);
        for (uint32_t i = s->calls.len; i-- > 0;) {
            if (is_self_call(f, s->calls.items[i])) {
                opt_inline_call(f, s->calls.items[i], body);
            }
        }
        size += count * unit;
        ir_order(f);
        ir_number(f);
    }
}

static void finish(Inline *s, uint32_t index) {
    IrFunction *f = s->module->functions.items[index];
    ir_number(f);
    inline_calls(s, f);
    inline_self(s, f);
    ir_number(f); // calls made direct, too, have numbers when it is copied
    ir_verify(f);
    opt_show(f, "inline");
    s->callees[index].size = size_of(f);
    s->callees[index].state = DONE;
}

static bool is_todo(const Inline *s, const IrInst *inst, uint32_t *index) {
    if ((is_local_call(inst) || inst->op == IR_CLOSURE) && s->callees[inst->ref].state == TODO) {
        *index = inst->ref;
        return true;
    }
    for (uint32_t k = 0; k < inst->arg_count; k++) {
        const IrInst *v = inst->args[k];
        if (ir_is_const(v) && v->constant->kind == CONST_FN &&
            s->callees[v->constant->index].state == TODO) {
            *index = v->constant->index;
            return true;
        }
    }
    return false;
}

// The next function that is called there and not begun; false when there is none.
static bool next_callee(const Inline *s, Visit *visit, uint32_t *index) {
    const IrFunction *f = s->module->functions.items[visit->index];
    for (; visit->block < f->blocks.len; visit->block++) {
        const IrInst *inst = visit->inst;
        inst = inst != NULL ? inst : f->blocks.items[visit->block]->first;
        for (; inst != NULL; inst = inst->next) {
            if (is_todo(s, inst, index)) {
                visit->inst = inst;
                return true;
            }
        }
        visit->inst = NULL;
    }
    return false;
}

static void begin(Inline *s, uint32_t index) {
    Visit visit = {.index = index};
    s->callees[index].state = OPEN;
    vec_push(s->arena, &s->path, visit);
}

static void visit_all(Inline *s, uint32_t first) {
    begin(s, first);
    while (s->path.len > 0) {
        Visit *top = &s->path.items[s->path.len - 1];
        uint32_t index;
        if (next_callee(s, top, &index)) {
            begin(s, index);
        } else {
            finish(s, top->index);
            s->path.len--;
        }
    }
}

void ir_inline(IrModule *module) {
    Inline s = {.module = module, .arena = module->arena};
    s.callees = ARENA_NEW_ARRAY(s.arena, Callee, module->functions.len);
    count_callers(&s);
    for (uint32_t i = 0; i < module->functions.len; i++) {
        if (s.callees[i].state == TODO) {
            visit_all(&s, i);
        }
    }
    opt_unused(module);
}

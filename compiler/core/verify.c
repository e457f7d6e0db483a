// Checks the invariants at the head of core.h.
//
// A walk with what is in scope: each variable, slot and label is bound once, used inside its scope
// only, jumps stand in tail position, TAKE and SKIP inside a select tree. Chains are walked, not
// recursed into. A position that is not the tail of what is around it gets a number of its own
// (`place`): a jump must stand in the same place as its join.
//
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "compiler/base/buf.h"
#include "compiler/base/check.h"
#include "compiler/core/core_build.h"

typedef enum Scoped { UNBOUND, IN_SCOPE, LEFT } Scoped;

typedef struct LabelState {
    Scoped scoped;
    uint32_t place;
    uint32_t select; // the select tree it is bound in, or 0
    uint32_t param_count;
} LabelState;

typedef struct Verifier {
    const CoreModule *module;
    const CoreFunction *f;
    Scoped *vars;
    Scoped *slots;
    LabelState *labels;
    uint32_t *bound; // variables in scope, for leaving scopes
    uint32_t bound_count;
    uint32_t place;
    uint32_t place_count;
    uint32_t select;       // the innermost select tree without a TAKE so far, or 0
    uint32_t outer_select; // what it is after a TAKE
} Verifier;

static void breach(const Verifier *v, const char *what) {
    Arena arena;
    arena_init(&arena);
    Buf text = buf_new(&arena);
    core_function_print(v->module, v->f, &text);
    fprintf(stderr, "core: %s in\n%.*s\n", what, (int)text.len, text.ptr == NULL ? "" : text.ptr);
    abort();
}

static void need(const Verifier *v, bool holds, const char *what) {
    if (!holds) {
        breach(v, what);
    }
}

static void walk(Verifier *v, const CoreExpr *e);

// A position whose value is used by the node around it.
static void walk_value(Verifier *v, const CoreExpr *e) {
    need(v, e != NULL, "a child is missing");
    if (e->kind == CORE_VAR) {
        need(v, e->as.var > 0 && e->as.var < v->f->var_count, "a variable's number is too large");
        need(v, v->vars[e->as.var] == IN_SCOPE, "a variable is used out of its scope");
        return;
    }
    if (e->kind == CORE_LIT) {
        return;
    }
    uint32_t place = v->place;
    uint32_t select = v->select;
    v->place = ++v->place_count;
    v->select = 0;
    walk(v, e);
    v->place = place;
    v->select = select;
}

static void walk_values(Verifier *v, const CoreExprs *args) {
    for (uint32_t i = 0; i < args->len; i++) {
        walk_value(v, args->items[i]);
    }
}

static void walk_atom(Verifier *v, const CoreExpr *e) {
    need(v, e != NULL && core_is_atomic(e), "an operand is not atomic");
    walk_value(v, e);
}

static void bind(Verifier *v, CoreVar var) {
    need(v, var > 0 && var < v->f->var_count, "a variable's number is too large");
    need(v, v->vars[var] == UNBOUND, "a variable is bound twice");
    v->vars[var] = IN_SCOPE;
    v->bound[v->bound_count++] = var;
}

static void leave(Verifier *v, uint32_t mark) {
    while (v->bound_count > mark) {
        v->vars[v->bound[--v->bound_count]] = LEFT;
    }
}

// A branch: what it binds is not seen behind it.
static void walk_branch(Verifier *v, const CoreExpr *e) {
    uint32_t mark = v->bound_count;
    walk(v, e);
    leave(v, mark);
}

static void walk_jump(Verifier *v, const CoreExpr *e, bool is_fail) {
    CoreLabel label = e->as.jump.label;
    need(v, label > 0 && label < v->f->label_count, "a label's number is too large");
    const LabelState *state = &v->labels[label];
    need(v, state->scoped == IN_SCOPE, "a jump out of its join's scope");
    need(v, is_fail || state->place == v->place, "a jump is not in tail position");
    need(v, is_fail || state->select == v->select, "a jump leaves a select tree");
    need(v, state->param_count == e->as.jump.args.len, "a jump has the wrong number of arguments");
    walk_values(v, &e->as.jump.args);
}

static void walk_fail(Verifier *v, const CoreExpr *fail) {
    if (fail != NULL) {
        need(v, fail->kind == CORE_JUMP, "the fail of a prim is no jump");
        walk_jump(v, fail, true);
    }
}

static void walk_prim(Verifier *v, const CoreExpr *e) {
    static const int arities[] = {
#define PRIM(name, arity, doc) arity,
#include "compiler/core/prims.def"
#undef PRIM
    };
    need(v, e->as.prim.prim < PRIM_COUNT, "there is no such prim");
    int arity = arities[e->as.prim.prim];
    need(v, arity < 0 || (uint32_t)arity == e->as.prim.args.len,
         "a prim has the wrong number of operands");
    bool has_record = e->as.prim.prim == PRIM_RECORD || e->as.prim.prim == PRIM_FIELD;
    need(v, !has_record || e->as.prim.record < v->module->records.len, "there is no such record");
    walk_values(v, &e->as.prim.args);
    walk_fail(v, e->as.prim.fail);
}

static void walk_test(Verifier *v, const CoreExpr *e) {
    static const uint8_t operand_counts[] = {
#define CORE_TEST(name, operands, binds, doc) operands,
#include "compiler/core/tests.def"
#undef CORE_TEST
    };
    static const uint8_t bind_counts[] = {
#define CORE_TEST(name, operands, binds, doc) binds,
#include "compiler/core/tests.def"
#undef CORE_TEST
    };
    need(v, e->as.test.kind < TEST_COUNT, "there is no such test");
    for (uint32_t i = 0; i < operand_counts[e->as.test.kind]; i++) {
        walk_atom(v, e->as.test.operands[i]);
    }
    need(v, (e->as.test.binds != 0) == (bind_counts[e->as.test.kind] != 0),
         "a test binds what it should not");
    uint32_t mark = v->bound_count;
    if (e->as.test.binds != 0) {
        bind(v, e->as.test.binds);
    }
    walk(v, e->as.test.then);
    leave(v, mark);
    walk_branch(v, e->as.test.otherwise);
}

static void walk_switch(Verifier *v, const CoreExpr *e) {
    walk_atom(v, e->as.select.subject);
    for (uint32_t i = 0; i < e->as.select.count; i++) {
        CoreConstKind kind = e->as.select.cases[i].value->kind;
        need(v, kind == CONST_INT || kind == CONST_ATOM, "a case is no integer or atom");
        walk_branch(v, e->as.select.cases[i].body);
    }
    walk_branch(v, e->as.select.otherwise);
}

static void walk_receive(Verifier *v, const CoreExpr *e) {
    uint32_t mark = v->bound_count;
    if (e->as.receive.only_ref != NULL) {
        walk_atom(v, e->as.receive.only_ref);
    }
    if (e->as.receive.timeout != NULL) {
        walk_value(v, e->as.receive.timeout);
        walk_branch(v, e->as.receive.expired);
    }
    if (e->as.receive.select != NULL) {
        uint32_t outer = v->outer_select;
        uint32_t select = v->select;
        v->outer_select = select;
        v->select = ++v->place_count;
        bind(v, e->as.receive.message);
        walk(v, e->as.receive.select);
        v->select = select;
        v->outer_select = outer;
    }
    leave(v, mark);
}

static void walk_take(Verifier *v, const CoreExpr *e) {
    need(v, v->select != 0, "a TAKE outside of a select tree");
    uint32_t select = v->select;
    v->select = v->outer_select;
    walk(v, e->as.value);
    v->select = select;
}

static void walk_bits(Verifier *v, const CoreExpr *e) {
    for (uint32_t i = 0; i < e->as.bits.count; i++) {
        walk_value(v, e->as.bits.segments[i].value);
        if (e->as.bits.segments[i].size != NULL) {
            walk_value(v, e->as.bits.segments[i].size);
        }
    }
    walk_fail(v, e->as.bits.fail);
}

static void walk_function(Verifier *v, uint32_t number, const CoreExprs *args, bool is_closure) {
    need(v, number < v->module->functions.len, "there is no such function");
    const CoreFunction *f = v->module->functions.items[number];
    uint32_t wanted = is_closure ? f->captured : f->arity + f->captured;
    need(v, args->len == wanted, "a call has the wrong number of arguments");
    walk_values(v, args);
}

// The scope of a join: its label is known there; in the body only if it is recursive.
static void walk_scope(Verifier *v, const CoreExpr *e) {
    CoreLabel label = e->as.join.label;
    need(v, label > 0 && label < v->f->label_count, "a label's number is too large");
    need(v, v->labels[label].scoped == UNBOUND, "a label is bound twice");
    v->labels[label] = (LabelState){IN_SCOPE, v->place, v->select, e->as.join.params.len};
    walk_branch(v, e->as.join.scope);
    v->labels[label].scoped = e->as.join.recursive ? IN_SCOPE : LEFT;
    for (uint32_t i = 0; i < e->as.join.params.len; i++) {
        bind(v, e->as.join.params.items[i]);
    }
}

// A node of a chain: what it binds is seen by the rest, which is the result, or NULL.
static const CoreExpr *walk_link(Verifier *v, const CoreExpr *e) {
    switch (e->kind) {
    case CORE_LET:
        walk_value(v, e->as.let.value);
        bind(v, e->as.let.var);
        return e->as.let.body;
    case CORE_SEQ: walk_value(v, e->as.seq.first); return e->as.seq.second;
    case CORE_SLOT_NEW:
        walk_value(v, e->as.slot.value);
        need(v, e->as.slot.slot > 0 && e->as.slot.slot < v->f->slot_count,
             "a slot's number is too large");
        need(v, v->slots[e->as.slot.slot] == UNBOUND, "a slot is bound twice");
        v->slots[e->as.slot.slot] = IN_SCOPE;
        return e->as.slot.body;
    case CORE_JOIN: walk_scope(v, e); return e->as.join.body;
    default: return NULL;
    }
}

static void walk_last(Verifier *v, const CoreExpr *e) {
    switch (e->kind) {
    case CORE_LIT:
    case CORE_VAR:
        need(v, v->select == 0, "a select tree ends in a value");
        walk_value(v, e);
        break;
    case CORE_IF:
        walk_value(v, e->as.branch.cond);
        walk_branch(v, e->as.branch.then);
        walk_branch(v, e->as.branch.otherwise);
        break;
    case CORE_TEST: walk_test(v, e); break;
    case CORE_SWITCH: walk_switch(v, e); break;
    case CORE_JUMP: walk_jump(v, e, false); break;
    case CORE_CALL: walk_function(v, e->as.call.function, &e->as.call.args, false); break;
    case CORE_CLOSURE: walk_function(v, e->as.call.function, &e->as.call.args, true); break;
    case CORE_CALL_EXT: walk_values(v, &e->as.call_ext.args); break;
    case CORE_CALL_FUN:
        walk_value(v, e->as.call_fun.function);
        walk_values(v, &e->as.call_fun.args);
        break;
    case CORE_PRIM: walk_prim(v, e); break;
    case CORE_FAIL:
    case CORE_RERAISE: walk_value(v, e->as.value); break;
    case CORE_FAIL_WITH: walk_value(v, e->as.fail_with.value); break;
    case CORE_TRY: {
        uint32_t mark = v->bound_count;
        walk_value(v, e->as.try_.body);
        leave(v, mark);
        bind(v, e->as.try_.reason);
        walk(v, e->as.try_.handler);
        leave(v, mark);
        break;
    }
    case CORE_SLOT_GET:
    case CORE_SLOT_SET:
        need(v, e->as.slot.slot > 0 && e->as.slot.slot < v->f->slot_count,
             "a slot's number is too large");
        need(v, v->slots[e->as.slot.slot] == IN_SCOPE, "a slot is used out of its scope");
        if (e->kind == CORE_SLOT_SET) {
            walk_value(v, e->as.slot.value);
        }
        break;
    case CORE_RECEIVE: walk_receive(v, e); break;
    case CORE_TAKE: walk_take(v, e); break;
    case CORE_SKIP: need(v, v->select != 0, "a SKIP outside of a select tree"); break;
    case CORE_BITS: walk_bits(v, e); break;
    default: breach(v, "there is no such node");
    }
}

static void walk(Verifier *v, const CoreExpr *e) {
    uint32_t mark = v->bound_count;
    need(v, e != NULL, "a child is missing");
    const CoreExpr *first = e;
    for (const CoreExpr *rest; (rest = walk_link(v, e)) != NULL; e = rest) {
        need(v, rest != e, "a node is its own child");
    }
    walk_last(v, e);
    for (e = first; e->kind == CORE_LET || e->kind == CORE_SEQ || e->kind == CORE_SLOT_NEW ||
                    e->kind == CORE_JOIN;) {
        if (e->kind == CORE_SLOT_NEW) {
            v->slots[e->as.slot.slot] = LEFT;
        } else if (e->kind == CORE_JOIN) {
            v->labels[e->as.join.label].scoped = LEFT;
        }
        e = e->kind == CORE_LET        ? e->as.let.body
            : e->kind == CORE_SEQ      ? e->as.seq.second
            : e->kind == CORE_SLOT_NEW ? e->as.slot.body
                                       : e->as.join.body;
    }
    leave(v, mark);
}

static void verify_function(const CoreModule *module, const CoreFunction *f) {
    Arena arena;
    arena_init(&arena);
    Verifier v = {.module = module, .f = f};
    v.vars = ARENA_NEW_ARRAY(&arena, Scoped, f->var_count + 1);
    v.bound = ARENA_NEW_ARRAY(&arena, uint32_t, f->var_count + 1);
    v.slots = ARENA_NEW_ARRAY(&arena, Scoped, f->slot_count + 1);
    v.labels = ARENA_NEW_ARRAY(&arena, LabelState, f->label_count + 1);
    need(&v, f->params.len == f->arity + f->captured,
         "a function has the wrong number of parameters");
    for (uint32_t i = 0; i < f->params.len; i++) {
        bind(&v, f->params.items[i]);
    }
    walk(&v, f->body);
    arena_free(&arena);
}

void core_verify(const CoreModule *module) {
    for (uint32_t i = 0; i < module->functions.len; i++) {
        verify_function(module, module->functions.items[i]);
    }
}

// Blocks: statements one after another.
//
// A block becomes a chain: each statement is a node with a hole for the rest (LET, SEQ, or a JOIN
// whose scope takes a pattern apart and whose body is the rest), so a block of any length is
// lowered, and later passes go along it, without recursion. The names that a statement binds are in
// sight until the block ends.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/actor.h"
#include "compiler/core/lower_private.h"

typedef struct Block {
    Chain chain;
    bool is_tail;
    Target *exit;
} Block;

void chain_put(Chain *chain, CoreExpr *node, CoreExpr **hole) {
    *(chain->hole == NULL ? &chain->first : chain->hole) = node;
    chain->hole = hole;
}

void chain_let(Lower *L, Chain *chain, CoreVar var, CoreExpr *value) {
    CoreExpr *let = core_let(L->arena, value->span, var, value, NULL);
    chain_put(chain, let, &let->as.let.body);
}

CoreExpr *chain_hold(Lower *L, Chain *chain, CoreExpr *value) {
    Held held = lower_hold(L, value);
    if (held.var != 0) {
        chain_let(L, chain, held.var, held.value);
    }
    return held.atom;
}

void chain_effect(Lower *L, Chain *chain, CoreExpr *value) {
    if (!core_is_atomic(value)) {
        CoreExpr *seq = core_seq(L->arena, value->span, value, NULL);
        chain_put(chain, seq, &seq->as.seq.second);
    }
}

CoreExpr *chain_end(Chain *chain, CoreExpr *last) {
    chain_put(chain, last, NULL);
    return chain->first;
}

// ---- let ----------------------------------------------------------------------------------------

static const AstNode *untyped(const AstNode *pattern) {
    return pattern->kind == AST_PAT_TYPED ? AST_AS(PatTyped, pattern)->pattern : pattern;
}

// Does the expression make a reference? Then a receive that needs it may skip older messages.
bool lower_makes_ref(Lower *L, const AstNode *node) {
    if (node->kind != AST_CALL || AST_AS(Call, node)->callee->kind != AST_REMOTE) {
        return false;
    }
    const AstRemote *remote = AST_AS(Remote, AST_AS(Call, node)->callee);
    if (!str_is(name_str(remote->path->name), "Process")) {
        return false;
    }
    const Interface *module = scope_find_module(L->scope, remote->path->name);
    Str name = name_str(remote->name);
    bool makes = str_is(name, "monitor") || str_is(name, "alias") || str_is(name, "make_ref");
    return makes && module != NULL && module->is_library;
}

typedef struct Bound {
    Name name;
    Span span;
    CoreVar var;
} Bound;

typedef struct LetPattern {
    CoreLabel rest;
    uint32_t first_local;
    VEC(Bound) bound;
} LetPattern;

// The leaf of a let's decision tree: passes on all that the pattern binds.
static CoreExpr *go_to_rest(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    LetPattern *p = data;
    VEC(CoreExpr *) args = {0};
    for (uint32_t i = p->first_local; i < L->locals.len; i++) {
        const Local *local = L->locals.items[i];
        vec_push(L->arena, &p->bound, ((Bound){local->name, local->span, local->var}));
        vec_push(L->arena, &args, core_var(L->arena, local->span, local->var));
    }
    return core_jump(L->arena, clause->span, p->rest, args.items, args.len);
}

static CoreExpr *else_of(Lower *L, const Block *b, const AstLet *let, CoreVar value) {
    Span span = let->pattern->span;
    if (let->else_body == NULL) {
        return core_fail_with(L->arena, let->node.span, lower_known(L, NAME_BADMATCH),
                              core_var(L->arena, span, value));
    }
    LowerMark mark = lower_mark(L);
    if (let->else_name != NULL && !name_is(let->else_name, NAME_UNDERSCORE)) {
        lower_bind(L, let->else_name, let->else_name_span, value);
    }
    CoreExpr *result = lower_block(L, let->else_body, b->is_tail);
    lower_release(L, mark);
    if (b->exit == NULL) {
        return result;
    }
    Held held = lower_hold(L, result);
    return lower_finish(L, held, lower_goto(L, b->exit, span, CORE_ARGS(held.atom)));
}

// A pattern that may not fit: the rest of the block is a join that the fitting leaf jumps to.
static CoreExpr *let_pattern(Lower *L, Block *b, const AstLet *let, CoreExpr *value) {
    CoreVar subject;
    if (value->kind == CORE_VAR) {
        subject = value->as.var;
    } else {
        subject = lower_var(L);
        chain_let(L, &b->chain, subject, value);
    }
    LetPattern p = {.rest = lower_label(L), .first_local = L->locals.len};
    CoreExpr *otherwise = else_of(L, b, let, subject);
    AstNode *patterns[] = {let->pattern};
    LowerClause clause = {.patterns = patterns, .span = let->pattern->span};
    CoreExpr *tree =
        lower_clauses(L, let->pattern->span, &subject, 1, &clause, 1, go_to_rest, otherwise, &p);
    CoreVar *params = arena_alloc(L->arena, p.bound.len * sizeof(CoreVar));
    bool is_ref = lower_makes_ref(L, let->value);
    for (uint32_t i = 0; i < p.bound.len; i++) {
        params[i] = lower_var(L);
        const Bound *bound = &p.bound.items[i];
        lower_bind_again(L, bound->name, bound->span, params[i])->is_fresh_ref = is_ref;
    }
    CoreExpr *join =
        core_join(L->arena, let->node.span, p.rest, false, params, p.bound.len, NULL, tree);
    chain_put(&b->chain, join, &join->as.join.body);
    return core_var(L->arena, let->value->span, subject);
}

// let (pid, ref) = spawn monitor …: the second name is a reference made here.
static void mark_monitor(Lower *L, const AstLet *let) {
    const AstNode *value = let->value;
    bool makes =
        (value->kind == AST_SPAWN && AST_AS(Spawn, value)->mode == AST_SPAWN_MONITOR) ||
        (value->kind == AST_SPAWN_BLOCK && AST_AS(SpawnBlock, value)->mode == AST_SPAWN_MONITOR);
    if (!makes || let->pattern->kind != AST_PAT_TUPLE) {
        return;
    }
    const AstList *items = &AST_AS(PatTuple, let->pattern)->items;
    if (items->len == 2 && items->items[1]->kind == AST_PAT_VAR) {
        Local *local = lower_find(L, AST_AS(PatVar, items->items[1])->name);
        if (local != NULL) {
            local->is_fresh_ref = true;
        }
    }
}

// The result is the value of the right side, atomic.
static CoreExpr *put_let_stmt(Lower *L, Block *b, const AstLet *let) {
    CoreExpr *value = lower_expr(L, let->value);
    const AstNode *pattern = untyped(let->pattern);
    if (pattern->kind == AST_PAT_VAR) {
        const AstPatVar *var = AST_AS(PatVar, pattern);
        CoreVar bound;
        if (value->kind == CORE_VAR) {
            bound = value->as.var;
        } else {
            bound = lower_var(L);
            chain_let(L, &b->chain, bound, value);
        }
        lower_bind(L, var->name, var->node.span, bound)->is_fresh_ref =
            lower_makes_ref(L, let->value);
        return core_var(L->arena, value->span, bound);
    }
    if (pattern->kind == AST_PAT_ANY) {
        return chain_hold(L, &b->chain, value);
    }
    lower_check_fits(L, value, pattern);
    CoreExpr *result = let_pattern(L, b, let, value);
    mark_monitor(L, let);
    return result;
}

CoreExpr *lower_assign(Lower *L, const AstAssign *assign) {
    Span span = assign->node.span;
    Local *local = lower_find(L, assign->name);
    CoreExpr *value = lower_expr(L, assign->value);
    if (local == NULL || !local->is_state) {
        DIAG(L->diags, assign_local, assign->name_span, name_str(assign->name));
        return value;
    }
    if (local->fn != L->fn) {
        DIAG(L->diags, assign_closure, assign->name_span);
        return value;
    }
    return core_prim_at(L->arena, span, PRIM_SET_CELL, local->cell, value);
}

// ---- The chain ----------------------------------------------------------------------------------

static bool is_clause_of(const AstNode *node, const AstFn *first) {
    return node->kind == AST_FN && AST_AS(Fn, node)->name == first->name &&
           AST_AS(Fn, node)->params.len == first->params.len;
}

// Defines the local function whose clauses begin at `at`; how many statements they are.
static uint32_t put_fn(Lower *L, Block *b, const AstList *stmts, uint32_t at) {
    const AstFn *first = AST_AS(Fn, stmts->items[at]);
    uint32_t count = 1;
    while (at + count < stmts->len && is_clause_of(stmts->items[at + count], first)) {
        count++;
    }
    lower_local_fn(L, stmts->items + at, count, &b->chain);
    return count;
}

// The value of a statement that is not the last one, or of the last one when something follows it.
static CoreExpr *put_stmt(Lower *L, Block *b, const AstNode *stmt) {
    if (stmt->kind == AST_LET) {
        return put_let_stmt(L, b, AST_AS(Let, stmt));
    }
    return lower_expr(L, stmt);
}

CoreExpr *lower_stmts(Lower *L, const AstList *stmts, Span span, bool is_tail, LowerThen then,
                      Target *exit, void *data) {
    Block b = {.is_tail = is_tail && then == NULL, .exit = exit};
    LowerMark mark = lower_mark(L);
    CoreExpr *value = NULL;
    for (uint32_t i = 0; i < stmts->len;) {
        const AstNode *stmt = stmts->items[i];
        if (value != NULL) {
            chain_effect(L, &b.chain, value);
            value = NULL;
        }
        if (stmt->kind == AST_FN) {
            i += put_fn(L, &b, stmts, i);
            continue;
        }
        i++;
        bool is_last = i == stmts->len;
        value = is_last && b.is_tail && stmt->kind != AST_LET ? lower_tail(L, stmt)
                                                              : put_stmt(L, &b, stmt);
    }
    if (then != NULL) {
        value = then(L, value == NULL ? lower_nil(L, span) : chain_hold(L, &b.chain, value), data);
    }
    CoreExpr *result = chain_end(&b.chain, value == NULL ? lower_nil(L, span) : value);
    lower_release(L, mark);
    return result;
}

CoreExpr *lower_block(Lower *L, const AstBlock *block, bool is_tail) {
    return lower_stmts(L, &block->stmts, block->node.span, is_tail, NULL, NULL, NULL);
}

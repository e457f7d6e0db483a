// Control: if, match, try, receive, assert.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/lower_private.h"

// ---- if, match ----------------------------------------------------------------------------------

CoreExpr *lower_if(Lower *L, const AstIf *node, bool is_tail) {
    Target yes = {0};
    Target no = {0};
    CoreExpr *branches = lower_condition(L, node->condition, &yes, &no);
    CoreExpr *then = lower_block(L, node->then_body, is_tail);
    branches = lower_place(L, &yes, then->span, then, branches);
    CoreExpr *otherwise = node->else_body == NULL ? lower_nil(L, node->node.span)
                                                  : lower_at(L, node->else_body, is_tail);
    return lower_place(L, &no, otherwise->span, otherwise, branches);
}

typedef struct ClauseMode {
    bool is_tail;
    bool takes; // of a receive: the body begins with TAKE
} ClauseMode;

static CoreExpr *clause_body(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    const ClauseMode *mode = data;
    CoreExpr *body = lower_at(L, AST_AS(Clause, clause->data)->body, mode->is_tail);
    return mode->takes ? core_take(L->arena, body->span, body) : body;
}

// The clauses of match, catch and receive over one subject.
static CoreExpr *clauses_of(Lower *L, Span span, CoreVar subject, const AstList *list,
                            CoreExpr *otherwise, ClauseMode mode) {
    LowerClause *clauses = arena_alloc(L->arena, list->len * sizeof(LowerClause));
    for (uint32_t i = 0; i < list->len; i++) {
        AstClause *clause = AST_AS(Clause, list->items[i]);
        Span head = clause->pattern->span;
        if (clause->guard != NULL) {
            head = span_join(head, clause->guard->span);
        }
        clauses[i] = (LowerClause){
            .patterns = &clause->pattern, .guard = clause->guard, .span = head, .data = clause};
    }
    return lower_clauses(L, span, &subject, 1, clauses, list->len, clause_body, otherwise, &mode);
}

// Can the value that an expression surely has never fit the pattern? Only what shows at once:
// literals and what is built right there.
static bool surely_apart(const CoreExpr *value, const AstNode *pattern);

static bool kinds_apart(const CoreExpr *value, AstKind pattern) {
    bool is_prim = value->kind == CORE_PRIM;
    CorePrim prim = is_prim ? value->as.prim.prim : PRIM_COUNT;
    CoreConstKind lit = value->kind == CORE_LIT ? value->as.lit->kind : CONST_FN;
    switch (pattern) {
    case AST_PAT_TUPLE:
    case AST_PAT_TAGGED: return lit != CONST_TUPLE && prim != PRIM_TUPLE;
    case AST_PAT_LIST: return lit != CONST_LIST && lit != CONST_EMPTY && prim != PRIM_CONS;
    case AST_PAT_MAP: return lit != CONST_MAP && prim != PRIM_MAP;
    case AST_PAT_RECORD: return lit != CONST_RECORD && prim != PRIM_RECORD;
    case AST_PAT_BYTES:
    case AST_PAT_PREFIX:
    case AST_STRING:
    case AST_ATOM:
    case AST_FLOAT:
    case AST_INT:
    case AST_PAT_RANGE: return true;
    default: return false;
    }
}

// Does the expression show what kind of value it has? A single number, atom or text stands for
// itself.
static bool shows_kind(const CoreExpr *value) {
    if (value->kind == CORE_PRIM) {
        CorePrim prim = value->as.prim.prim;
        return prim == PRIM_TUPLE || prim == PRIM_CONS || prim == PRIM_MAP || prim == PRIM_RECORD;
    }
    CoreConstKind lit = value->kind == CORE_LIT ? value->as.lit->kind : CONST_INT;
    return lit == CONST_TUPLE || lit == CONST_LIST || lit == CONST_MAP || lit == CONST_RECORD;
}

static bool items_apart(const CoreExpr *value, const AstList *items, uint32_t first) {
    if (value->kind == CORE_LIT) {
        return value->as.lit->item_count != items->len + first;
    }
    const CoreExprs *args = &value->as.prim.args;
    if (args->len != items->len + first) {
        return true;
    }
    for (uint32_t i = 0; i < items->len; i++) {
        if (surely_apart(args->items[first + i], items->items[i])) {
            return true;
        }
    }
    return false;
}

static bool surely_apart(const CoreExpr *value, const AstNode *pattern) {
    switch (pattern->kind) {
    case AST_PAT_AS: return surely_apart(value, AST_AS(PatAs, pattern)->pattern);
    case AST_PAT_TYPED: return surely_apart(value, AST_AS(PatTyped, pattern)->pattern);
    case AST_PAT_OR: {
        const AstList *alternatives = &AST_AS(PatOr, pattern)->alternatives;
        for (uint32_t i = 0; i < alternatives->len; i++) {
            if (!surely_apart(value, alternatives->items[i])) {
                return false;
            }
        }
        return true;
    }
    default: break;
    }
    if (!shows_kind(value)) {
        return false;
    }
    if (kinds_apart(value, pattern->kind)) {
        return true;
    }
    if (pattern->kind == AST_PAT_TUPLE) {
        return items_apart(value, &AST_AS(PatTuple, pattern)->items, 0);
    }
    return pattern->kind == AST_PAT_TAGGED &&
           items_apart(value, &AST_AS(PatTagged, pattern)->args, 1);
}

void lower_check_fits(Lower *L, const CoreExpr *value, const AstNode *pattern) {
    if (surely_apart(value, pattern)) {
        DIAG(L->diags, pattern_never, pattern->span);
    }
}

CoreExpr *lower_match(Lower *L, const AstMatch *match, bool is_tail) {
    Span span = match->node.span;
    CoreExpr *value = lower_expr(L, match->subject);
    for (uint32_t i = 0; i < match->clauses.len; i++) {
        lower_check_fits(L, value, AST_AS(Clause, match->clauses.items[i])->pattern);
    }
    CoreVar subject = value->kind == CORE_VAR ? value->as.var : lower_var(L);
    CoreExpr *otherwise =
        core_fail_with(L->arena, match->subject->span, lower_known(L, NAME_CASE_CLAUSE),
                       core_var(L->arena, match->subject->span, subject));
    CoreExpr *tree =
        clauses_of(L, span, subject, &match->clauses, otherwise, (ClauseMode){.is_tail = is_tail});
    return value->kind == CORE_VAR ? tree : core_let(L->arena, value->span, subject, value, tree);
}

// ---- try ----------------------------------------------------------------------------------------

static CoreExpr *with_catch(Lower *L, const AstTry *node, bool is_tail) {
    Span span = node->node.span;
    CoreExpr *body = lower_block(L, node->body, false);
    if (!node->has_catch) {
        return body;
    }
    CoreVar reason = lower_var(L);
    CoreExpr *again = core_reraise(L->arena, span, core_var(L->arena, span, reason));
    CoreExpr *handler =
        clauses_of(L, span, reason, &node->clauses, again, (ClauseMode){.is_tail = is_tail});
    return core_try(L->arena, span, body, reason, handler);
}

// `after` stands once: what came before it leaves its value or reason, and a slot says which it
// was.
CoreExpr *lower_try(Lower *L, const AstTry *node, bool is_tail) {
    if (node->after_body == NULL) {
        return with_catch(L, node, is_tail);
    }
    Span span = node->node.span;
    CoreSlot failed = lower_slot(L);
    CoreVar outcome = lower_var(L);
    CoreVar reason = lower_var(L);
    CoreExpr *body = with_catch(L, node, false);
    CoreExpr *note = core_slot_set(L->arena, span, failed, lower_bool(L, span, true));
    CoreExpr *handler = core_seq(L->arena, span, note, core_var(L->arena, span, reason));
    CoreExpr *done = core_try(L->arena, span, body, reason, handler);
    CoreExpr *after = lower_block(L, node->after_body, false);
    CoreVar how = lower_var(L);
    CoreExpr *end = core_test(L->arena, span, TEST_TRUTHY, core_var(L->arena, span, how), NULL,
                              core_reraise(L->arena, span, core_var(L->arena, span, outcome)),
                              core_var(L->arena, span, outcome));
    CoreExpr *rest = core_seq(L->arena, span, after, end);
    rest = core_let(L->arena, span, how, core_slot_get(L->arena, span, failed), rest);
    rest = core_let(L->arena, span, outcome, done, rest);
    return core_slot_new(L->arena, span, failed, lower_bool(L, span, false), rest);
}

// ---- receive ------------------------------------------------------------------------------------

// Does a value that fits the pattern surely hold what the pinned name holds? Then which local that
// is.
static bool needs_ref(Lower *L, const AstNode *pattern, const Local *ref) {
    switch (pattern->kind) {
    case AST_PAT_PIN: return lower_find(L, AST_AS(PatPin, pattern)->name) == ref;
    case AST_PAT_AS: return needs_ref(L, AST_AS(PatAs, pattern)->pattern, ref);
    case AST_PAT_TUPLE:
    case AST_PAT_TAGGED: {
        const AstList *items = pattern->kind == AST_PAT_TUPLE ? &AST_AS(PatTuple, pattern)->items
                                                              : &AST_AS(PatTagged, pattern)->args;
        for (uint32_t i = 0; i < items->len; i++) {
            if (needs_ref(L, items->items[i], ref)) {
                return true;
            }
        }
        return false;
    }
    case AST_PAT_OR: {
        const AstList *alternatives = &AST_AS(PatOr, pattern)->alternatives;
        for (uint32_t i = 0; i < alternatives->len; i++) {
            if (!needs_ref(L, alternatives->items[i], ref)) {
                return false;
            }
        }
        return true;
    }
    default: return false;
    }
}

// The pinned names of a pattern that hold references made in this function.
static void find_fresh(Lower *L, const AstNode *pattern, Local **found) {
    if (pattern->kind == AST_PAT_PIN) {
        Local *local = lower_find(L, AST_AS(PatPin, pattern)->name);
        if (local != NULL && local->is_fresh_ref && local->fn == L->fn) {
            *found = local;
        }
    } else if (pattern->kind == AST_PAT_AS) {
        find_fresh(L, AST_AS(PatAs, pattern)->pattern, found);
    } else if (pattern->kind == AST_PAT_TUPLE || pattern->kind == AST_PAT_TAGGED) {
        const AstList *items = pattern->kind == AST_PAT_TUPLE ? &AST_AS(PatTuple, pattern)->items
                                                              : &AST_AS(PatTagged, pattern)->args;
        for (uint32_t i = 0; i < items->len && *found == NULL; i++) {
            find_fresh(L, items->items[i], found);
        }
    }
}

static CoreExpr *only_ref(Lower *L, const AstReceive *receive) {
    Local *ref = NULL;
    for (uint32_t i = 0; i < receive->clauses.len && ref == NULL; i++) {
        find_fresh(L, AST_AS(Clause, receive->clauses.items[i])->pattern, &ref);
    }
    for (uint32_t i = 0; i < receive->clauses.len; i++) {
        if (ref == NULL || !needs_ref(L, AST_AS(Clause, receive->clauses.items[i])->pattern, ref)) {
            return NULL;
        }
    }
    return ref == NULL ? NULL : core_var(L->arena, receive->node.span, ref->var);
}

CoreExpr *lower_receive(Lower *L, const AstReceive *receive, bool is_tail) {
    Span span = receive->node.span;
    CoreVar message = lower_var(L);
    CoreExpr *result = core_receive(L->arena, span, message);
    if (receive->timeout != NULL) {
        result->as.receive.timeout = lower_expr(L, receive->timeout);
        result->as.receive.expired = lower_at(L, receive->timeout_body, is_tail);
    }
    if (receive->clauses.len > 0) {
        result->as.receive.only_ref = only_ref(L, receive);
        result->as.receive.select =
            clauses_of(L, span, message, &receive->clauses, core_skip(L->arena, span),
                       (ClauseMode){.is_tail = is_tail, .takes = true});
    }
    return result;
}

// ---- assert -------------------------------------------------------------------------------------

static bool is_comparison(const AstNode *node) {
    return node->kind == AST_BINARY && AST_AS(Binary, node)->op >= AST_OP_EQ &&
           AST_AS(Binary, node)->op <= AST_OP_IN;
}

static CoreExpr *source_of(Lower *L, Span span) {
    return core_bytes(L->arena, span, source_text(L->sources, span));
}

static CoreExpr *assert_failure(Lower *L, Span span, CoreExpr **items, uint32_t count) {
    return core_fail(L->arena, span, core_prim(L->arena, span, PRIM_TUPLE, items, count));
}

// The operands are bound, under names that no source can have, so that the failure can show them.
static CoreExpr *assert_comparison(Lower *L, const AstBinary *binary) {
    Span span = binary->node.span;
    Chain chain = {0};
    LowerMark mark = lower_mark(L);
    static const char *const names[] = {" left", " right"};
    AstNode *sides[] = {binary->left, binary->right};
    CoreVar held[2];
    AstNode *vars[2];
    for (int i = 0; i < 2; i++) {
        CoreExpr *value = lower_expr(L, sides[i]);
        held[i] = lower_var(L);
        chain_let(L, &chain, held[i], value);
        Name name = lower_name(L, names[i]);
        lower_bind_again(L, name, sides[i]->span, held[i]);
        vars[i] = AST_MAKE(L->arena, Var, sides[i]->span, .name = name);
    }
    AstBinary *again = arena_copy(L->arena, binary, sizeof(AstBinary));
    again->left = vars[0];
    again->right = vars[1];
    Name op = lower_name(L, ast_op_text(binary->op));
    CoreExpr *items[] = {core_atom(L->arena, span, lower_name(L, "assert")), source_of(L, span),
                         core_atom(L->arena, span, op), core_var(L->arena, span, held[0]),
                         core_var(L->arena, span, held[1])};
    CoreExpr *failure = assert_failure(L, span, items, 5);
    CoreExpr *result = lower_branch(L, &again->node, lower_bool(L, span, true), failure);
    lower_release(L, mark);
    return chain_end(&chain, result);
}

CoreExpr *lower_assert(Lower *L, const AstAssert *assert) {
    if (is_comparison(assert->operand)) {
        return assert_comparison(L, AST_AS(Binary, assert->operand));
    }
    Span span = assert->operand->span;
    Held value = lower_hold(L, lower_expr(L, assert->operand));
    CoreExpr *items[] = {core_atom(L->arena, span, lower_name(L, "assert")), source_of(L, span),
                         core_again(L->arena, value.atom)};
    CoreExpr *failure = assert_failure(L, span, items, 3);
    return lower_finish(L, value,
                        core_test(L->arena, span, TEST_TRUTHY, value.atom, NULL,
                                  core_again(L->arena, value.atom), failure));
}

// Conditions and guards as branches, and the values true and false of comparisons.
//
// A condition goes to one of two places. `and`, `or` and `not` only choose among places,
// comparisons and kind tests become the tests of the machine, anything else is computed and tested
// for truth. In a guard what fails goes to the place where it is false: every prim gets it as its
// `fail`.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/lower_private.h"

// ---- Places -------------------------------------------------------------------------------------

CoreExpr *lower_goto(Lower *L, Target *target, Span span, CoreExpr *const *args, uint32_t count) {
    ASSERT(count == target->param_count);
    if (target->label == 0) {
        target->label = lower_label(L);
        while (L->fn->targets.len <= target->label) {
            vec_push(L->arena, &L->fn->targets, NULL);
        }
        L->fn->targets.items[target->label] = target;
    }
    CoreExpr *jump = core_jump(L->arena, span, target->label, args, count);
    if (target->uses++ == 0) {
        target->first = jump;
    }
    return jump;
}

CoreExpr *lower_place(Lower *L, Target *target, Span span, CoreExpr *body, CoreExpr *scope) {
    if (target->uses == 0) {
        return scope;
    }
    L->fn->targets.items[target->label] = NULL;
    if (target->uses > 1 || target->needs_join) {
        return core_join(L->arena, span, target->label, false, target->params, target->param_count,
                         body, scope);
    }
    // The only jump becomes the body. Its arguments are atomic.
    CoreExprs args = target->first->as.jump.args;
    for (uint32_t i = target->param_count; i > 0; i--) {
        body = core_let(L->arena, span, target->params[i - 1], args.items[i - 1], body);
    }
    if (body->kind == CORE_JUMP) {
        // The body may itself be the only jump to a place still open, which must find it where it
        // goes now.
        Target *other = body->as.jump.label < L->fn->targets.len
                            ? L->fn->targets.items[body->as.jump.label]
                            : NULL;
        if (other != NULL && other->first == body) {
            other->first = target->first;
        }
    }
    core_become(target->first, body);
    return scope;
}

CoreExpr *lower_guarded(Lower *L, CoreExpr *prim) {
    if (L->guard != NULL) {
        prim->as.prim.fail = lower_goto(L, L->guard, prim->span, CORE_NO_ARGS);
        L->guard->needs_join = true;
    }
    return prim;
}

CoreExpr *lower_not_in_guard(Lower *L, const AstNode *node) {
    if (node->kind == AST_CALL) {
        const AstNode *callee = AST_AS(Call, node)->callee;
        Str name = callee->kind == AST_VAR      ? name_str(AST_AS(Var, callee)->name)
                   : callee->kind == AST_REMOTE ? name_str(AST_AS(Remote, callee)->name)
                                                : STR("this");
        DIAG(L->diags, guard_call, node->span, name);
    } else {
        DIAG(L->diags, guard_expression, node->span);
    }
    return lower_nil(L, node->span);
}

// ---- Held values --------------------------------------------------------------------------------

Held lower_hold(Lower *L, CoreExpr *value) {
    if (core_is_atomic(value)) {
        return (Held){0, NULL, value};
    }
    CoreVar var = lower_var(L);
    return (Held){var, value, core_var(L->arena, value->span, var)};
}

CoreExpr *lower_finish(Lower *L, Held held, CoreExpr *body) {
    return held.var == 0 ? body : core_let(L->arena, held.value->span, held.var, held.value, body);
}

// ---- Branches -----------------------------------------------------------------------------------

static CoreExpr *go(Lower *L, Target *target, Span span) {
    return lower_goto(L, target, span, CORE_NO_ARGS);
}

// A test between two places. `yes` is taken first: labels are numbered as they are, by any
// compiler.
static CoreExpr *choose(Lower *L, Span span, CoreTestKind kind, CoreExpr *a, CoreExpr *b,
                        Target *yes, Target *no) {
    CoreExpr *then = go(L, yes, span);
    CoreExpr *otherwise = go(L, no, span);
    return core_test(L->arena, span, kind, a, b, then, otherwise);
}

static CoreExpr *truthy(Lower *L, Span span, CoreExpr *value, Target *yes, Target *no) {
    if (value->kind == CORE_LIT) {
        const CoreConst *c = value->as.lit;
        bool is_false =
            c->kind == CONST_ATOM && (name_is(c->name, NAME_FALSE) || name_is(c->name, NAME_NIL));
        return go(L, is_false ? no : yes, span);
    }
    Held held = lower_hold(L, value);
    return lower_finish(L, held, choose(L, span, TEST_TRUTHY, held.atom, NULL, yes, no));
}

// left OP right as a test, maybe with its sides swapped and its places exchanged.
static CoreExpr *compare(Lower *L, const AstBinary *binary, Target *yes, Target *no) {
    Span span = binary->node.span;
    Held left = lower_hold(L, lower_expr(L, binary->left));
    Held right = lower_hold(L, lower_expr(L, binary->right));
    CoreExpr *a = left.atom;
    CoreExpr *b = right.atom;
    CoreTestKind kind;
    switch (binary->op) {
    case AST_OP_EQ:
    case AST_OP_NE: kind = TEST_EQ; break;
    case AST_OP_SAME:
    case AST_OP_DIFFERS: kind = TEST_SAME; break;
    case AST_OP_LT:
    case AST_OP_GT: kind = TEST_LT; break;
    default: kind = TEST_GE; break;
    }
    bool is_swapped = binary->op == AST_OP_GT || binary->op == AST_OP_LE;
    bool is_negated = binary->op == AST_OP_NE || binary->op == AST_OP_DIFFERS;
    CoreExpr *test = choose(L, span, kind, is_swapped ? b : a, is_swapped ? a : b,
                            is_negated ? no : yes, is_negated ? yes : no);
    return lower_finish(L, left, lower_finish(L, right, test));
}

enum { IN_MAX_TESTS = 8 }; // a longer list is searched by the runtime

// x in [a, b, c] of constants: a test for each.
static CoreExpr *in_constants(Lower *L, const AstBinary *binary, const CoreConst *list, Target *yes,
                              Target *no) {
    Span span = binary->node.span;
    Held value = lower_hold(L, lower_expr(L, binary->left));
    CoreExpr *result = go(L, no, span);
    for (uint32_t i = list->item_count; i > 0; i--) {
        CoreExpr *item = core_lit(L->arena, span, list->items[i - 1]);
        result = core_test(L->arena, span, TEST_EQ, core_again(L->arena, value.atom), item,
                           go(L, yes, span), result);
    }
    return lower_finish(L, value, result);
}

static CoreExpr *is_in(Lower *L, const AstBinary *binary, Target *yes, Target *no) {
    Span span = binary->node.span;
    if (binary->right->kind == AST_LIST) {
        // Looked at before the left side is lowered: it has no effects if it is constant.
        CoreExpr *list = lower_expr(L, binary->right);
        if (list->kind == CORE_LIT && list->as.lit->kind == CONST_LIST &&
            list->as.lit->tail->kind == CONST_EMPTY && list->as.lit->item_count <= IN_MAX_TESTS) {
            return in_constants(L, binary, list->as.lit, yes, no);
        }
        Held left = lower_hold(L, lower_expr(L, binary->left));
        CoreExpr *call =
            lower_runtime(L, span, L->guard != NULL ? RUNTIME_Vm_is_in_guard_2 : RUNTIME_Vm_is_in_2,
                          CORE_ARGS(left.atom, list));
        return lower_finish(L, left, truthy(L, span, call, yes, no));
    }
    CoreExpr *left = lower_expr(L, binary->left);
    CoreExpr *right = lower_expr(L, binary->right);
    Runtime function = L->guard != NULL ? RUNTIME_Vm_is_in_guard_2 : RUNTIME_Vm_is_in_2;
    return truthy(L, span, lower_runtime(L, span, function, CORE_ARGS(left, right)), yes, no);
}

static CoreExpr *and_then(Lower *L, const AstBinary *binary, Target *yes, Target *no) {
    Target middle = {0};
    bool is_and = binary->op == AST_OP_AND;
    CoreExpr *first = is_and ? lower_condition(L, binary->left, &middle, no)
                             : lower_condition(L, binary->left, yes, &middle);
    CoreExpr *second = lower_condition(L, binary->right, yes, no);
    return lower_place(L, &middle, binary->right->span, second, first);
}

static CoreExpr *binary_condition(Lower *L, const AstBinary *binary, Target *yes, Target *no) {
    switch (binary->op) {
    case AST_OP_AND:
    case AST_OP_OR: return and_then(L, binary, yes, no);
    case AST_OP_EQ:
    case AST_OP_NE:
    case AST_OP_SAME:
    case AST_OP_DIFFERS:
    case AST_OP_LT:
    case AST_OP_LE:
    case AST_OP_GT:
    case AST_OP_GE: return compare(L, binary, yes, no);
    case AST_OP_IN: return is_in(L, binary, yes, no);
    default: return truthy(L, binary->node.span, lower_expr(L, &binary->node), yes, no);
    }
}

static CoreExpr *kind_test(Lower *L, const AstCall *call, CoreTestKind kind, Target *yes,
                           Target *no) {
    Span span = call->node.span;
    Held held = lower_hold(L, lower_expr(L, call->args.items[0]));
    return lower_finish(L, held, choose(L, span, kind, held.atom, NULL, yes, no));
}

CoreExpr *lower_condition(Lower *L, const AstNode *node, Target *yes, Target *no) {
    if (node->kind == AST_BINARY) {
        return binary_condition(L, AST_AS(Binary, node), yes, no);
    }
    if (node->kind == AST_UNARY && AST_AS(Unary, node)->op == AST_OP_NOT) {
        return lower_condition(L, AST_AS(Unary, node)->operand, no, yes);
    }
    if (node->kind == AST_CALL) {
        CoreTestKind kind = lower_kind_test(L, AST_AS(Call, node));
        if (kind != TEST_COUNT) {
            return kind_test(L, AST_AS(Call, node), kind, yes, no);
        }
    }
    return truthy(L, node->span, lower_expr(L, node), yes, no);
}

CoreExpr *lower_guard(Lower *L, const AstNode *node, Target *yes, Target *no) {
    Target *outer = L->guard;
    L->guard = no;
    CoreExpr *result = lower_condition(L, node, yes, no);
    L->guard = outer;
    return result;
}

CoreExpr *lower_branch(Lower *L, const AstNode *condition, CoreExpr *then, CoreExpr *otherwise) {
    Target yes = {0};
    Target no = {0};
    CoreExpr *branches = lower_condition(L, condition, &yes, &no);
    branches = lower_place(L, &yes, then->span, then, branches);
    return lower_place(L, &no, otherwise->span, otherwise, branches);
}

CoreExpr *lower_truth(Lower *L, const AstNode *node) {
    return lower_branch(L, node, lower_bool(L, node->span, true), lower_bool(L, node->span, false));
}

// The operand that decided: the first is kept while it is tested.
CoreExpr *lower_and_or(Lower *L, const AstBinary *binary, bool is_tail) {
    Span span = binary->node.span;
    Held first = lower_hold(L, lower_expr(L, binary->left));
    CoreExpr *second = lower_at(L, binary->right, is_tail);
    CoreExpr *kept = core_again(L->arena, first.atom);
    bool is_and = binary->op == AST_OP_AND;
    return lower_finish(L, first,
                        core_test(L->arena, span, TEST_TRUTHY, first.atom, NULL,
                                  is_and ? second : kept, is_and ? kept : second));
}

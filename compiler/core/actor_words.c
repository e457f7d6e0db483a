// The words of handlers and actions (become, caller, stop, next, timeout, noreply, postpone),
// actions, and `spawn`.
//
// A word is a write to a cell that the loop looks at afterwards, so that it may stand anywhere in a
// handler or action; in a closure, which may run in another process, it is refused. Which words an
// actor mentions is found by one walk before anything is lowered: cells and tests exist only for
// those. Tests: tests/lang/actors, tests/lang/errors.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/actor_private.h"

// ---- What is mentioned --------------------------------------------------------------------------

typedef struct Scan {
    Lower *L;
    ActorContext *A;
    NameMap mentioned; // names of variables and pins
} Scan;

static void scan_name(Scan *scan, Name name) {
    ActorUses *uses = &scan->A->uses;
    uses->caller |= name_is(name, NAME_CALLER);
    uses->next |= name_is(name, NAME_NEXT);
    uses->stop |= name_is(name, NAME_STOP);
    uses->timeout |= name_is(name, NAME_TIMEOUT);
    uses->noreply |= name_is(name, NAME_NOREPLY);
    uses->postpone |= name_is(name, NAME_POSTPONE);
    name_map_put(scan->L->arena, &scan->mentioned, name, (void *)scan);
}

static void scan_node(AstNode *node, void *data) {
    Scan *scan = data;
    if (node->kind == AST_VAR) {
        scan_name(scan, AST_AS(Var, node)->name);
    } else if (node->kind == AST_PAT_PIN) {
        scan_name(scan, AST_AS(PatPin, node)->name);
    }
    ast_each_child(node, scan_node, data);
}

static void scan_list(Scan *scan, const AstList *list) {
    for (uint32_t i = 0; i < list->len; i++) {
        scan_node(list->items[i], scan);
    }
}

void actor_scan(Lower *L, ActorContext *A) {
    Scan scan = {.L = L, .A = A};
    scan_list(&scan, &A->ast->handlers);
    scan_list(&scan, &A->ast->behaviours);
    scan_list(&scan, &A->ast->actions);
    if (A->ast->after != NULL) {
        scan_node(&A->ast->after->node, &scan);
    }
    for (uint32_t i = 0; i < A->ast->params.len; i++) {
        const AstNode *pattern = AST_AS(Param, A->ast->params.items[i])->pattern;
        if (pattern->kind == AST_PAT_TYPED) {
            pattern = AST_AS(PatTyped, pattern)->pattern;
        }
        if (pattern->kind == AST_PAT_VAR &&
            name_map_get(&scan.mentioned, AST_AS(PatVar, pattern)->name) != NULL) {
            vec_push(L->arena, &A->kept_params, AST_AS(PatVar, pattern)->name);
        }
    }
}

// ---- Words --------------------------------------------------------------------------------------

// The actor whose handler or action this is; NULL elsewhere. In its closures a report is made too.
static ActorContext *in_handler(Lower *L, Span span, Name word) {
    ActorContext *A = L->actor;
    if (A == NULL || A->fn == NULL) {
        return NULL;
    }
    if (L->fn != A->fn) {
        DIAG(L->diags, word_in_closure, span, name_str(word));
        return NULL;
    }
    return A;
}

static const AstBehaviour *find_behaviour(const ActorContext *A, Name name) {
    for (uint32_t i = 0; i < A->ast->behaviours.len; i++) {
        const AstBehaviour *behaviour = AST_AS(Behaviour, A->ast->behaviours.items[i]);
        if (behaviour->name == name) {
            return behaviour;
        }
    }
    return NULL;
}

CoreExpr *actor_lower_become(Lower *L, const AstBecome *become) {
    Span span = become->node.span;
    if (L->actor == NULL) {
        DIAG(L->diags, become_outside, span);
        return lower_nil(L, span);
    }
    ActorContext *A = in_handler(L, span, lower_name(L, "become"));
    if (A == NULL) {
        return lower_nil(L, span);
    }
    if (find_behaviour(A, become->name) == NULL) {
        Suggest suggest = suggest_new(name_str(become->name));
        for (uint32_t i = 0; i < A->ast->behaviours.len; i++) {
            suggest_offer(&suggest, name_str(AST_AS(Behaviour, A->ast->behaviours.items[i])->name));
        }
        Diag *diag = DIAG(L->diags, behaviour_unknown, become->name_span, name_str(become->name),
                          name_str(A->label));
        actor_hint(L, diag, &suggest, "", "");
        return lower_nil(L, span);
    }
    CoreExpr *set =
        actor_set_cell(L, span, A->become_cell, core_atom(L->arena, span, become->name));
    return core_seq(L->arena, span, set, lower_nil(L, span));
}

CoreExpr *actor_lower_word(Lower *L, Span span, Name name) {
    bool postpone = name_is(name, NAME_POSTPONE);
    if (L->actor == NULL || !(postpone || name_is(name, NAME_NOREPLY))) {
        return NULL;
    }
    if (in_handler(L, span, name) == NULL) {
        return lower_nil(L, span);
    }
    return core_atom(L->arena, span, lower_name(L, postpone ? "$postpone" : "$noreply"));
}

static CoreExpr *lower_stop(Lower *L, ActorContext *A, const AstCall *call) {
    Span span = call->node.span;
    CoreExpr *reason = call->args.len == 1 ? lower_expr(L, call->args.items[0])
                                           : core_atom(L->arena, span, lower_name(L, "normal"));
    CoreExpr *set = actor_set_cell(L, span, A->stop_cell,
                                   core_prim(L->arena, span, PRIM_TUPLE, CORE_ARGS(reason)));
    return core_seq(L->arena, span, set, lower_nil(L, span));
}

// inserted = [(:"$gen_cast", message) | inserted]; the value is the message.
static CoreExpr *lower_next(Lower *L, ActorContext *A, const AstCall *call) {
    Span span = call->node.span;
    Arena *a = L->arena;
    Held message = lower_hold(L, lower_expr(L, call->args.items[0]));
    CoreExpr *cast =
        core_prim(a, span, PRIM_TUPLE,
                  CORE_ARGS(core_atom(a, span, lower_name(L, "$gen_cast")), message.atom));
    CoreExpr *list =
        core_prim(a, span, PRIM_CONS, CORE_ARGS(cast, actor_cell(L, span, A->inserted_cell)));
    CoreExpr *set = actor_set_cell(L, span, A->inserted_cell, list);
    return lower_finish(L, message, core_seq(a, span, set, core_again(a, message.atom)));
}

static CoreExpr *lower_timer(Lower *L, ActorContext *A, const AstCall *call) {
    Span span = call->node.span;
    CoreExpr *name = lower_expr(L, call->args.items[0]);
    CoreExpr *ms = lower_expr(L, call->args.items[1]);
    CoreExpr *scope = call->args.len == 3 ? lower_expr(L, call->args.items[2]) : lower_nil(L, span);
    CoreExpr *timers =
        lower_runtime(L, span, RUNTIME_Actor_timer_4,
                      CORE_ARGS(actor_cell(L, span, A->timers_cell), name, ms, scope));
    return core_seq(L->arena, span, actor_set_cell(L, span, A->timers_cell, timers),
                    lower_ok(L, span));
}

static CoreExpr *lower_caller(Lower *L, ActorContext *A, const AstCall *call) {
    Span span = call->node.span;
    return lower_runtime(L, span, RUNTIME_Vm_caller_1,
                         CORE_ARGS(actor_cell(L, span, A->from_cell)));
}

static const struct Word {
    uint32_t name_id;
    uint32_t arity_min;
    uint32_t arity_max;
    CoreExpr *(*lower)(Lower *L, ActorContext *A, const AstCall *call);
} words[] = {
    {NAME_CALLER, 0, 0, lower_caller},
    {NAME_STOP, 0, 1, lower_stop},
    {NAME_NEXT, 1, 1, lower_next},
    {NAME_TIMEOUT, 2, 3, lower_timer},
};

static void report_arity(Lower *L, const AstCall *call, Name name, const char *expected) {
    Buf given = buf_new(L->arena);
    buf_format(&given, "%u", call->args.len);
    DIAG(L->diags, word_arity, call->node.span, name_str(name), str_of(expected), buf_view(&given));
}

// A call of an action by name: NULL when there is none.
static CoreExpr *lower_action_call(Lower *L, const AstCall *call, Name name) {
    Action *action = name_map_get(&L->actor->actions, name);
    if (action == NULL) {
        return NULL;
    }
    if (in_handler(L, call->node.span, name) == NULL) {
        return lower_nil(L, call->node.span);
    }
    Action *first = action;
    while (action != NULL && action->arity != call->args.len) {
        action = action->next;
    }
    if (action == NULL) {
        Buf expected = buf_new(L->arena);
        buf_format(&expected, "%u", first->arity);
        buf_byte(&expected, '\0');
        report_arity(L, call, name, buf_view(&expected).ptr);
        return lower_nil(L, call->node.span);
    }
    CoreExprs args = {0};
    for (uint32_t i = 0; i < call->args.len; i++) {
        vec_push(L->arena, &args, lower_expr(L, call->args.items[i]));
    }
    return core_call(L->arena, call->node.span, action->function, args.items, args.len);
}

CoreExpr *actor_lower_call(Lower *L, const AstCall *call) {
    if (L->actor == NULL || L->actor->fn == NULL || call->callee->kind != AST_VAR) {
        return NULL;
    }
    Name name = AST_AS(Var, call->callee)->name;
    CoreExpr *action = lower_action_call(L, call, name);
    if (action != NULL) {
        return action;
    }
    Interface *owner;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!name_is(name, words[i].name_id) || scope_find_fns(L->scope, name, &owner) != NULL) {
            continue;
        }
        ActorContext *A = in_handler(L, call->node.span, name);
        if (A == NULL) {
            return lower_nil(L, call->node.span);
        }
        if (call->args.len < words[i].arity_min || call->args.len > words[i].arity_max) {
            static const char *const expected[] = {"no arguments", "at most a reason",
                                                   "one message",
                                                   "a name, milliseconds and maybe :behaviour"};
            report_arity(L, call, name, expected[i]);
            return lower_nil(L, call->node.span);
        }
        return words[i].lower(L, A, call);
    }
    return NULL;
}

// ---- Actions ------------------------------------------------------------------------------------

static Action *find_action(ActorContext *A, Name name, uint32_t arity) {
    Action *action = name_map_get(&A->actions, name);
    while (action != NULL && action->arity != arity) {
        action = action->next;
    }
    return action;
}

static Action *add_action(Lower *L, ActorContext *A, const AstFn *fn, uint32_t arity,
                          Action *full) {
    Action *action = ARENA_NEW(L->arena, Action);
    action->name = fn->name;
    action->arity = arity;
    action->full = full;
    action->next = name_map_get(&A->actions, fn->name);
    action->function = actor_function(L, A, fn->name->text, arity);
    name_map_put(L->arena, &A->actions, fn->name, action);
    vec_push(L->arena, &A->action_list, action);
    return action;
}

void actor_declare_actions(Lower *L, ActorContext *A) {
    for (uint32_t i = 0; i < A->ast->actions.len; i++) {
        const AstFn *fn = AST_AS(Fn, A->ast->actions.items[i]);
        uint32_t arity = fn->params.len;
        Action *action = find_action(A, fn->name, arity);
        if (action == NULL) {
            action = add_action(L, A, fn, arity, NULL);
            for (uint32_t short_arity = arity; short_arity-- > 0;) {
                if (AST_AS(Param, fn->params.items[short_arity])->fallback == NULL) {
                    break;
                }
                add_action(L, A, fn, short_arity, action);
            }
        } else if (action->full != NULL) {
            DIAG(L->diags, duplicate_definition, fn->name_span, name_str(fn->name));
        }
        vec_push(L->arena, &action->clauses, (AstNode *)fn);
    }
}

static CoreExpr *action_body(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    (void)data;
    return lower_expr(L, ((const AstFn *)clause->data)->body);
}

static void lower_full_action(Lower *L, ActorContext *A, const Action *action) {
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, action->function, &mark);
    CoreVars subjects = {0};
    for (uint32_t i = 0; i < action->arity; i++) {
        vec_push(L->arena, &subjects, lower_param(L));
    }
    VEC(LowerClause) clauses = {0};
    for (uint32_t i = 0; i < action->clauses.len; i++) {
        const AstFn *clause = AST_AS(Fn, action->clauses.items[i]);
        AstNode **patterns = arena_alloc(L->arena, sizeof(AstNode *) * (action->arity + 1));
        for (uint32_t k = 0; k < action->arity; k++) {
            patterns[k] = AST_AS(Param, clause->params.items[k])->pattern;
        }
        vec_push(L->arena, &clauses,
                 ((LowerClause){.patterns = patterns,
                                .guard = clause->guard,
                                .span = clause->name_span,
                                .data = clause}));
    }
    Span span = AST_AS(Fn, action->clauses.items[0])->name_span;
    CoreExpr *otherwise =
        core_fail(L->arena, span, core_atom(L->arena, span, lower_name(L, "function_clause")));
    actor_close(L, A, mark,
                lower_clauses(L, span, subjects.items, subjects.len, clauses.items, clauses.len,
                              action_body, otherwise, NULL));
}

// An arity that defaults make: calls the full one with the rest.
static void lower_short_action(Lower *L, ActorContext *A, const Action *action) {
    const AstFn *clause = AST_AS(Fn, action->full->clauses.items[0]);
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, action->function, &mark);
    CoreExprs args = {0};
    for (uint32_t i = 0; i < action->arity; i++) {
        vec_push(L->arena, &args, core_var(L->arena, clause->name_span, lower_param(L)));
    }
    for (uint32_t i = action->arity; i < action->full->arity; i++) {
        vec_push(L->arena, &args, lower_expr(L, AST_AS(Param, clause->params.items[i])->fallback));
    }
    actor_close(
        L, A, mark,
        core_call(L->arena, clause->name_span, action->full->function, args.items, args.len));
}

void actor_lower_actions(Lower *L, ActorContext *A) {
    for (uint32_t i = 0; i < A->action_list.len; i++) {
        const Action *action = A->action_list.items[i];
        if (action->full == NULL) {
            lower_full_action(L, A, action);
        } else {
            lower_short_action(L, A, action);
        }
    }
}

// ---- spawn --------------------------------------------------------------------------------------

static CoreExpr *spawn_mode(Lower *L, Span span, AstSpawnMode mode) {
    static const char *const modes[] = {"none", "link", "monitor"};
    return core_atom(L->arena, span, lower_name(L, modes[mode]));
}

CoreExpr *actor_start_value(Lower *L, const AstPath *path, const AstList *args, Span span) {
    Def *def = scope_def(L->scope, path, DEF_ACTOR);
    CoreExprs values = {0};
    for (uint32_t i = 0; i < args->len; i++) {
        vec_push(L->arena, &values, lower_expr(L, args->items[i]));
    }
    if (def == NULL) {
        return lower_nil(L, span);
    }
    if (args->len < def->arity_min || args->len > def->arity_max) {
        Buf expected = buf_new(L->arena);
        if (def->arity_min == def->arity_max) {
            buf_format(&expected, "%u", def->arity_max);
        } else {
            buf_format(&expected, "%u to %u", def->arity_min, def->arity_max);
        }
        Buf given = buf_new(L->arena);
        buf_format(&given, "%u", args->len);
        DIAG(L->diags, constructor_arity, span, name_str(def->name), buf_view(&expected),
             buf_view(&given));
        return lower_nil(L, span);
    }
    if (def->owner == L->scope->own) {
        return core_call(L->arena, span, def->function + (def->arity_max - args->len), values.items,
                         values.len);
    }
    return core_call_ext(L->arena, span, def->owner->name, def->name, values.items, values.len);
}

CoreExpr *actor_lower_spawn(Lower *L, const AstSpawn *spawn) {
    Span span = spawn->node.span;
    CoreExpr *start = actor_start_value(L, spawn->path, &spawn->args, span);
    CoreExpr *ms = spawn->timeout != NULL
                       ? lower_expr(L, spawn->timeout)
                       : core_atom(L->arena, span, lower_known(L, NAME_INFINITY));
    return lower_runtime(
        L, span, RUNTIME_Vm_start_4,
        CORE_ARGS(start, spawn_mode(L, span, spawn->mode), ms, lower_nil(L, span)));
}

CoreExpr *actor_lower_spawn_block(Lower *L, const AstSpawnBlock *spawn) {
    Span span = spawn->node.span;
    CoreExpr *run = lower_thunk(L, &spawn->body->node, span);
    return lower_runtime(L, span, RUNTIME_Vm_spawn_fn_2,
                         CORE_ARGS(run, spawn_mode(L, span, spawn->mode)));
}

// Supervisors as core: a start value whose process runs Supervisor.run with a map that describes
// the supervisor.
//
// `supervisor Shop(port)` becomes the function Shop(port), which gives (:"$start", :supervisor,
// :Shop, run, true, nil, nil, 0, true); `run` is a closure that builds the map, each child with a
// function that gives its start value, evaluated by the supervisor at each start. All semantics are
// in stdlib/supervisor.cop. Tests: tests/lang/supervisors, tests/behave, tests/lang/errors.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/actor_private.h"

// Keys and values of a map being made.
typedef struct MapParts {
    CoreExprs items;
} MapParts;

static void put(Lower *L, MapParts *map, Span span, const char *key, CoreExpr *value) {
    vec_push(L->arena, &map->items, core_atom(L->arena, span, lower_name(L, key)));
    vec_push(L->arena, &map->items, value);
}

static CoreExpr *finish_map(Lower *L, MapParts *map, Span span) {
    return core_prim(L->arena, span, PRIM_MAP, map->items.items, map->items.len);
}

static bool is_one_of(Name name, const uint32_t *ids, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (name_is(name, ids[i])) {
            return true;
        }
    }
    return false;
}

// ---- Children -----------------------------------------------------------------------------------

static CoreExpr *start_body(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    (void)data;
    const AstChild *child = clause->data;
    return actor_start_value(L, child->path, &child->args, child->node.span);
}

// The function that gives the start value: of no arguments, or of those of `child fn(…) =>`.
static CoreExpr *start_function(Lower *L, const AstChild *child) {
    Span span = child->node.span;
    LowerMark mark = lower_mark(L);
    LowerFn fn;
    lower_open_closure(L, &fn, child->params.len, span);
    CoreVars subjects = {0};
    AstNode **patterns = arena_alloc(L->arena, sizeof(AstNode *) * (child->params.len + 1));
    for (uint32_t i = 0; i < child->params.len; i++) {
        vec_push(L->arena, &subjects, lower_param(L));
        patterns[i] = AST_AS(Param, child->params.items[i])->pattern;
    }
    CoreExpr *body;
    if (child->params.len == 0) {
        body = actor_start_value(L, child->path, &child->args, span);
    } else {
        LowerClause clause = {.patterns = patterns, .span = span, .data = child};
        CoreExpr *otherwise =
            core_fail(L->arena, span, core_atom(L->arena, span, lower_name(L, "function_clause")));
        body = lower_clauses(L, span, subjects.items, subjects.len, &clause, 1, start_body,
                             otherwise, NULL);
    }
    CoreExpr *closure = lower_close(L, body);
    lower_release(L, mark);
    return closure;
}

static const uint32_t child_options[] = {NAME_NAME,     NAME_ID,      NAME_RESTART,
                                         NAME_SHUTDOWN, NAME_BACKOFF, NAME_SIGNIFICANT};
enum { CHILD_OPTION_COUNT = sizeof child_options / sizeof child_options[0] };

// An option that is an atom must be one that there is.
static void check_option(Lower *L, const AstFieldInit *option) {
    static const uint32_t restarts[] = {NAME_PERMANENT, NAME_TRANSIENT, NAME_TEMPORARY};
    static const uint32_t shutdowns[] = {NAME_KILL, NAME_INFINITY};
    if (option->value->kind != AST_ATOM) {
        return;
    }
    Name value = AST_AS(Atom, option->value)->name;
    if (name_is(option->name, NAME_RESTART) && !is_one_of(value, restarts, 3)) {
        DIAG(L->diags, restart_unknown, option->value->span, name_str(value));
    }
    if (name_is(option->name, NAME_SHUTDOWN) && !is_one_of(value, shutdowns, 2)) {
        DIAG(L->diags, shutdown_unknown, option->value->span, name_str(value));
    }
}

// The options by their place in child_options; NULL where not given.
static void find_options(Lower *L, const AstChild *child, const AstFieldInit **found) {
    for (uint32_t i = 0; i < child->options.len; i++) {
        const AstFieldInit *option = AST_AS(FieldInit, child->options.items[i]);
        Suggest suggest = suggest_new(name_str(option->name));
        size_t k = 0;
        while (k < CHILD_OPTION_COUNT && !name_is(option->name, child_options[k])) {
            suggest_offer(&suggest, name_str(lower_known(L, child_options[k])));
            k++;
        }
        if (k == CHILD_OPTION_COUNT) {
            Diag *diag =
                DIAG(L->diags, child_option_unknown, option->name_span, name_str(option->name));
            actor_hint(L, diag, &suggest, "", ":");
        } else if (found[k] != NULL) {
            DIAG(L->diags, setting_repeated, option->name_span, name_str(option->name));
        } else {
            found[k] = option;
            check_option(L, option);
        }
    }
}

static CoreExpr *option_or(Lower *L, const AstFieldInit *option, CoreExpr *fallback) {
    return option != NULL ? lower_expr(L, option->value) : fallback;
}

static CoreExpr *lower_child(Lower *L, const AstChild *child, bool is_dynamic) {
    Arena *a = L->arena;
    Span span = child->node.span;
    if (child->is_fn != is_dynamic) {
        DIAG(L->diags, child_form, span,
             is_dynamic
                 ? STR("a dynamic supervisor's child is a function: `child fn(job) => Worker(job)`")
                 : STR("only a dynamic supervisor's child is a function"));
    }
    const AstFieldInit *found[CHILD_OPTION_COUNT] = {0};
    find_options(L, child, found);
    MapParts map = {0};
    const AstFieldInit *named = found[1] != NULL ? found[1] : found[0];
    put(L, &map, span, "id", option_or(L, named, core_atom(a, span, child->path->last)));
    put(L, &map, span, "start", start_function(L, child));
    put(L, &map, span, "args", core_int(a, span, child->params.len));
    put(L, &map, span, "restart",
        option_or(L, found[2], core_atom(a, span, lower_known(L, NAME_PERMANENT))));
    put(L, &map, span, "shutdown", option_or(L, found[3], lower_nil(L, span)));
    put(L, &map, span, "name", option_or(L, found[0], lower_nil(L, span)));
    put(L, &map, span, "backoff", option_or(L, found[4], lower_nil(L, span)));
    put(L, &map, span, "significant", option_or(L, found[5], lower_bool(L, span, false)));
    return finish_map(L, &map, span);
}

// ---- The whole ----------------------------------------------------------------------------------

static Name strategy_of(Lower *L, const AstSupervisor *ast) {
    static const uint32_t strategies[] = {NAME_ONE_FOR_ONE, NAME_ONE_FOR_ALL, NAME_REST_FOR_ONE};
    if (ast->is_dynamic) {
        if (ast->strategy != NULL) {
            DIAG(L->diags, dynamic_strategy, ast->strategy_span);
        }
        if (ast->children.len != 1) {
            DIAG(L->diags, dynamic_children, ast->name_span, name_str(ast->name));
        }
        return lower_name(L, "dynamic");
    }
    if (ast->strategy == NULL) {
        return lower_known(L, NAME_ONE_FOR_ONE);
    }
    if (!is_one_of(ast->strategy, strategies, 3)) {
        DIAG(L->diags, strategy_unknown, ast->strategy_span, name_str(ast->strategy));
    }
    return ast->strategy;
}

static CoreExpr *auto_shutdown_of(Lower *L, const AstSupervisor *ast) {
    Name name = ast->auto_shutdown != NULL ? ast->auto_shutdown : lower_name(L, "never");
    if (!name_is(name, NAME_ANY_SIGNIFICANT) && name != lower_name(L, "all_significant") &&
        name != lower_name(L, "never")) {
        DIAG(L->diags, auto_shutdown_unknown, ast->auto_shutdown_span, name_str(name));
    }
    return core_atom(L->arena, ast->name_span, name);
}

static CoreExpr *lower_spec(Lower *L, const AstSupervisor *ast) {
    Arena *a = L->arena;
    Span span = ast->name_span;
    MapParts map = {0};
    put(L, &map, span, "label", core_atom(a, span, ast->name));
    put(L, &map, span, "strategy", core_atom(a, span, strategy_of(L, ast)));
    put(L, &map, span, "intensity",
        ast->intensity != NULL ? lower_expr(L, ast->intensity) : core_int(a, span, 1));
    put(L, &map, span, "within",
        ast->period != NULL ? lower_expr(L, ast->period) : core_int(a, span, 5000));
    put(L, &map, span, "auto_shutdown", auto_shutdown_of(L, ast));
    CoreExprs children = {0};
    for (uint32_t i = 0; i < ast->children.len; i++) {
        vec_push(a, &children,
                 lower_child(L, AST_AS(Child, ast->children.items[i]), ast->is_dynamic));
    }
    CoreExpr *list = core_empty(a, span);
    for (uint32_t i = children.len; i-- > 0;) {
        list = core_prim(a, span, PRIM_CONS, CORE_ARGS(children.items[i], list));
    }
    put(L, &map, span, "children", list);
    return finish_map(L, &map, span);
}

void supervisor_lower(Lower *L, Def *def) {
    const AstSupervisor *ast = AST_AS(Supervisor, def->ast);
    Arena *a = L->arena;
    Span span = ast->name_span;
    LowerMark mark = lower_mark(L);
    LowerFn fn;
    actor_open_start(L, def, &ast->params, &fn);
    LowerFn run_fn;
    lower_open_closure(L, &run_fn, 0, span);
    CoreExpr *run = lower_close(
        L, lower_runtime(L, span, RUNTIME_Supervisor_run_1, CORE_ARGS(lower_spec(L, ast))));
    CoreExpr *start = core_prim(
        a, span, PRIM_TUPLE,
        CORE_ARGS(core_atom(a, span, lower_name(L, "$start")),
                  core_atom(a, span, lower_name(L, "supervisor")), core_atom(a, span, ast->name),
                  run, lower_bool(L, span, true), lower_nil(L, span), lower_nil(L, span),
                  core_int(a, span, 0), lower_bool(L, span, true)));
    lower_close(L, start);
    lower_release(L, mark);
}

CoreExpr *supervisor_lower_start(Lower *L, const AstCall *call) {
    if (call->callee->kind != AST_REMOTE) {
        return NULL;
    }
    const AstRemote *remote = AST_AS(Remote, call->callee);
    if (!name_is(remote->name, NAME_START)) {
        return NULL;
    }
    Def *def = scope_find_def(L->scope, remote->path);
    if (def == NULL || def->kind != DEF_SUPERVISOR) {
        return NULL;
    }
    Span span = call->node.span;
    if (!def->is_dynamic || call->args.len == 0) {
        DIAG(L->diags, start_not_dynamic, span, name_str(def->name));
        return lower_nil(L, span);
    }
    CoreExprs args = {0};
    for (uint32_t i = 0; i < call->args.len; i++) {
        vec_push(L->arena, &args, lower_expr(L, call->args.items[i]));
    }
    CoreExpr *list = core_empty(L->arena, span);
    for (uint32_t i = args.len; i-- > 1;) {
        list = core_prim(L->arena, span, PRIM_CONS, CORE_ARGS(args.items[i], list));
    }
    return lower_runtime(L, span, RUNTIME_Supervisor_start_child_2, CORE_ARGS(args.items[0], list));
}

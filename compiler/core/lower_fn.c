// Functions: names in sight, parameters and clauses, closures and what they capture, local
// functions.
//
// A Local belongs to the function it was bound in. Used in an inner function it is captured: it
// gets a variable there, a parameter behind the arguments, and the function around passes its value
// on, capturing it in turn if need be. Local.captures remembers the innermost function that has it,
// so finding a captured name again takes one look.
// A local function is called directly, with what it captures as further arguments; a call of itself
// in its own body gets these when the body is finished, as only then all are known.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/actor.h"
#include "compiler/core/lower_private.h"

// ---- Numbers ------------------------------------------------------------------------------------

CoreVar lower_var(Lower *L) {
    return L->fn->var_count++;
}
CoreSlot lower_slot(Lower *L) {
    return L->fn->slot_count++;
}
CoreLabel lower_label(Lower *L) {
    return L->fn->label_count++;
}

Name lower_name(Lower *L, const char *text) {
    return intern_text(L->intern, text);
}

CoreExpr *lower_nil(Lower *L, Span span) {
    return core_atom(L->arena, span, lower_known(L, NAME_NIL));
}

CoreExpr *lower_bool(Lower *L, Span span, bool value) {
    return core_atom(L->arena, span, lower_known(L, value ? NAME_TRUE : NAME_FALSE));
}

CoreExpr *lower_ok(Lower *L, Span span) {
    return core_atom(L->arena, span, lower_known(L, NAME_OK));
}

// ---- Names in sight -----------------------------------------------------------------------------

LowerMark lower_mark(Lower *L) {
    return (LowerMark){L->locals.len};
}

void lower_release(Lower *L, LowerMark mark) {
    while (L->locals.len > mark.local_count) {
        Local *local = L->locals.items[--L->locals.len];
        L->by_name[local->name->id] = local->shadowed;
    }
}

static void grow_by_name(Lower *L, uint32_t id) {
    uint32_t count = L->by_name_count * 2 > id + 64 ? L->by_name_count * 2 : id + 64;
    Local **larger = ARENA_NEW_ARRAY(L->arena, Local *, count);
    if (L->by_name_count > 0) {
        memcpy(larger, L->by_name, L->by_name_count * sizeof(Local *));
    }
    L->by_name = larger;
    L->by_name_count = count;
}

Local *lower_find(Lower *L, Name name) {
    Local *local = name->id < L->by_name_count ? L->by_name[name->id] : NULL;
    return local != NULL && L->fn != NULL && local->fn->root == L->fn->root ? local : NULL;
}

static Local *bind(Lower *L, Name name, Span span, LocalKind kind) {
    if (name->id >= L->by_name_count) {
        grow_by_name(L, name->id);
    }
    Local *local = ARENA_NEW(L->arena, Local);
    local->name = name;
    local->span = span;
    local->kind = kind;
    local->fn = L->fn;
    local->shadowed = L->by_name[name->id];
    L->by_name[name->id] = local;
    vec_push(L->arena, &L->locals, local);
    return local;
}

void lower_check_hides(Lower *L, Name name, Span span) {
    const Local *hidden = lower_find(L, name);
    if (hidden != NULL && hidden->is_state) {
        DIAG(L->diags, hides_state, span, name_str(name));
        diag_note(L->diags, hidden->span, STR("the state is defined here"));
    }
}

Local *lower_bind_again(Lower *L, Name name, Span span, CoreVar var) {
    Local *local = bind(L, name, span, LOCAL_VAR);
    local->var = var;
    return local;
}

Local *lower_bind(Lower *L, Name name, Span span, CoreVar var) {
    lower_check_hides(L, name, span);
    return lower_bind_again(L, name, span, var);
}

Local *lower_bind_cell(Lower *L, Name name, Span span, uint32_t cell, bool is_state) {
    Local *local = bind(L, name, span, LOCAL_CELL);
    local->cell = cell;
    local->is_state = is_state;
    return local;
}

// ---- Captured values ----------------------------------------------------------------------------

static CoreVar captured_var(Lower *L, Local *local) {
    LowerFn *fn = L->fn;
    if (local->captures != NULL && local->captures->fn == fn) {
        return local->captures->var;
    }
    Capture *capture = ARENA_NEW(L->arena, Capture);
    *capture = (Capture){.outer = local->captures, .local = local, .fn = fn, .var = lower_var(L)};
    local->captures = capture;
    vec_push(L->arena, &fn->captures, capture);
    return capture->var;
}

static CoreExpr *local_fn_value(Lower *L, Span span, Local *local);

CoreExpr *lower_local(Lower *L, Span span, Local *local) {
    if (local->kind == LOCAL_FN) {
        return local_fn_value(L, span, local);
    }
    if (local->fn != L->fn) {
        return core_var(L->arena, span, captured_var(L, local));
    }
    if (local->kind == LOCAL_CELL) {
        CoreExpr *cell = core_prim(L->arena, span, PRIM_CELL, CORE_NO_ARGS);
        cell->as.prim.index = local->cell;
        return cell;
    }
    return core_var(L->arena, span, local->var);
}

// ---- Opening and closing ------------------------------------------------------------------------

uint32_t lower_declare(Lower *L, Name name, uint32_t arity, Span span) {
    CoreFunction *f = ARENA_NEW(L->arena, CoreFunction);
    f->name = name;
    f->arity = arity;
    f->span = span;
    vec_push(L->arena, &L->module->functions, f);
    return L->module->functions.len - 1;
}

static void open(Lower *L, LowerFn *fn, uint32_t function) {
    *fn = (LowerFn){.outer = L->fn,
                    .root = ++L->root_count,
                    .function = function,
                    .var_count = 1,
                    .slot_count = 1,
                    .label_count = 1};
    L->fn = fn;
}

void lower_open(Lower *L, LowerFn *fn, uint32_t function) {
    open(L, fn, function);
}

// "f/1": the closures of a function are numbered through, those in closures too.
static Name closure_name(Lower *L) {
    LowerFn *top = L->fn;
    while (top->parent != NULL) {
        top = top->parent;
    }
    Buf text = buf_new(L->arena);
    buf_str(&text, name_str(L->module->functions.items[top->function]->name));
    buf_format(&text, "/%u", ++top->closure_count);
    return intern_str(L->intern, buf_view(&text));
}

void lower_open_closure(Lower *L, LowerFn *fn, uint32_t arity, Span span) {
    LowerFn *parent = L->fn;
    uint32_t function = lower_declare(L, closure_name(L), arity, span);
    open(L, fn, function);
    fn->parent = parent;
    fn->root = parent->root;
    fn->is_closure = true;
}

CoreVar lower_param(Lower *L) {
    CoreVar var = lower_var(L);
    vec_push(L->arena, &L->fn->params, var);
    return var;
}

CoreExpr *lower_self_jump(Lower *L, Span span, CoreExpr *const *args, uint32_t count) {
    ASSERT(count == L->fn->params.len);
    if (L->fn->loop_label == 0) {
        L->fn->loop_label = lower_label(L);
    }
    return core_jump(L->arena, span, L->fn->loop_label, args, count);
}

// The loop that self tail calls jump to: its parameters are the names the body knows; the function
// gets others.
static CoreExpr *loop_around(Lower *L, LowerFn *fn, CoreExpr *body) {
    CoreVars inner = fn->params;
    CoreExpr **args = arena_alloc(L->arena, inner.len * sizeof(CoreExpr *));
    fn->params = (CoreVars){0};
    for (uint32_t i = 0; i < inner.len; i++) {
        args[i] = core_var(L->arena, body->span, lower_param(L));
    }
    CoreExpr *enter = core_jump(L->arena, body->span, fn->loop_label, args, inner.len);
    return core_join(L->arena, body->span, fn->loop_label, true, inner.items, inner.len, body,
                     enter);
}

// Gives the function its body; captured values become parameters. L->fn is still the function.
static void finish(Lower *L, CoreExpr *body) {
    LowerFn *fn = L->fn;
    if (fn->loop_label != 0) {
        body = loop_around(L, fn, body);
    }
    CoreFunction *f = L->module->functions.items[fn->function];
    f->params = fn->params;
    f->captured = fn->captures.len;
    for (uint32_t i = 0; i < fn->captures.len; i++) {
        vec_push(L->arena, &f->params, fn->captures.items[i]->var);
    }
    if (f->params.len > FN_MAX_PARAMS) {
        DIAG(L->diags, too_many_captured, f->span);
    }
    f->body = body;
    f->is_closure = fn->is_closure;
    f->var_count = fn->var_count;
    f->slot_count = fn->slot_count;
    f->label_count = fn->label_count;
    // Backwards, so that an outer function's capture of the same local comes to light again.
    for (uint32_t i = fn->captures.len; i > 0; i--) {
        Capture *capture = fn->captures.items[i - 1];
        capture->local->captures = capture->outer;
    }
    L->fn = fn->outer;
}

// A function of this module as a value: a constant if it captures nothing.
static CoreExpr *function_value(Lower *L, Span span, uint32_t function, CoreExpr *const *captured,
                                uint32_t count) {
    if (count > 0) {
        return core_closure(L->arena, span, function, captured, count);
    }
    CoreConst *value = core_const_empty(L->arena);
    value->kind = CONST_FN;
    value->index = function;
    return core_lit(L->arena, span, value);
}

CoreExpr *lower_close(Lower *L, CoreExpr *body) {
    LowerFn *fn = L->fn;
    finish(L, body);
    if (!fn->is_closure) {
        return NULL;
    }
    Span span = L->module->functions.items[fn->function]->span;
    CoreExpr **captured = arena_alloc(L->arena, fn->captures.len * sizeof(CoreExpr *));
    for (uint32_t i = 0; i < fn->captures.len; i++) {
        captured[i] = lower_local(L, span, fn->captures.items[i]->local);
    }
    return function_value(L, span, fn->function, captured, fn->captures.len);
}

CoreExpr *lower_thunk(Lower *L, const AstNode *body, Span span) {
    LowerFn fn;
    lower_open_closure(L, &fn, 0, span);
    return lower_close(L, lower_tail(L, body));
}

// ---- Clauses ------------------------------------------------------------------------------------

static CoreExpr *clause_body(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    (void)data;
    return lower_tail(L, clause->data);
}

static LowerClause clause_of(Lower *L, const AstList *params, const AstNode *guard, Span span,
                             const AstNode *body) {
    AstNode **patterns = arena_alloc(L->arena, params->len * sizeof(AstNode *));
    for (uint32_t i = 0; i < params->len; i++) {
        patterns[i] = AST_AS(Param, params->items[i])->pattern;
    }
    return (LowerClause){.patterns = patterns, .guard = guard, .span = span, .data = body};
}

// `fn(job) => Worker(job)`: what a supervisor's child is described by. Anywhere else such a call is
// a `spawn` forgotten.
static CoreExpr *lambda_body(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    const AstNode *body = clause->data;
    if (body->kind == AST_CALL && AST_AS(Call, body)->callee->kind == AST_PATH) {
        const AstCall *call = AST_AS(Call, body);
        const AstPath *path = AST_AS(Path, call->callee);
        const Def *def = scope_find_def(L->scope, path);
        if (def != NULL && (def->kind == DEF_ACTOR || def->kind == DEF_SUPERVISOR)) {
            return actor_start_value(L, path, &call->args, body->span);
        }
    }
    return clause_body(L, clause, index, data);
}

static CoreExpr *clauses_body(Lower *L, const LowerClause *clauses, uint32_t count, uint32_t arity,
                              Span span, LowerBody body) {
    CoreVar *subjects = arena_alloc(L->arena, arity * sizeof(CoreVar));
    for (uint32_t i = 0; i < arity; i++) {
        subjects[i] = lower_param(L);
    }
    CoreExpr *otherwise =
        core_fail(L->arena, span, core_atom(L->arena, span, lower_known(L, NAME_FUNCTION_CLAUSE)));
    return lower_clauses(L, span, subjects, arity, clauses, count, body, otherwise, NULL);
}

// Of a clause's head, for messages: from the name to the last parameter or guard.
static Span head_span(const AstFn *fn) {
    Span span = fn->name_span;
    if (fn->params.len > 0) {
        span = span_join(span, fn->params.items[fn->params.len - 1]->span);
    }
    return fn->guard != NULL ? span_join(span, fn->guard->span) : span;
}

CoreExpr *lower_fn_clauses(Lower *L, const AstList *list, uint32_t arity, Span span) {
    LowerClause *clauses = arena_alloc(L->arena, list->len * sizeof(LowerClause));
    for (uint32_t i = 0; i < list->len; i++) {
        const AstFn *fn = AST_AS(Fn, list->items[i]);
        clauses[i] = clause_of(L, &fn->params, fn->guard, head_span(fn), fn->body);
    }
    return clauses_body(L, clauses, list->len, arity, span, clause_body);
}

static void refuse_defaults(Lower *L, const AstList *params) {
    for (uint32_t i = 0; i < params->len; i++) {
        const AstNode *fallback = AST_AS(Param, params->items[i])->fallback;
        if (fallback != NULL) {
            DIAG(L->diags, default_misplaced, fallback->span);
        }
    }
}

static bool refuse_params(Lower *L, const AstList *params, Span span) {
    refuse_defaults(L, params);
    if (params->len > FN_MAX_PARAMS) {
        DIAG(L->diags, too_many_parameters, span);
        return true;
    }
    return false;
}

CoreExpr *lower_lambda_body(Lower *L, const AstLambda *lambda) {
    LowerClause clause =
        clause_of(L, &lambda->params, lambda->guard, lambda->node.span, lambda->body);
    return clauses_body(L, &clause, 1, lambda->params.len, lambda->node.span, lambda_body);
}

CoreExpr *lower_lambda(Lower *L, const AstLambda *lambda) {
    if (refuse_params(L, &lambda->params, lambda->node.span)) {
        return lower_nil(L, lambda->node.span);
    }
    LowerFn fn;
    lower_open_closure(L, &fn, lambda->params.len, lambda->node.span);
    return lower_close(L, lower_lambda_body(L, lambda));
}

// ---- Definitions --------------------------------------------------------------------------------

static Name prefixed(Lower *L, Name prefix, Name name) {
    if (prefix == NULL) {
        return name;
    }
    Buf text = buf_new(L->arena);
    buf_str(&text, name_str(prefix));
    buf_byte(&text, '.');
    buf_str(&text, name_str(name));
    return intern_str(L->intern, buf_view(&text));
}

void lower_declare_def(Lower *L, FnDef *def, Name prefix) {
    if (!def->is_built_in) {
        def->function = lower_declare(L, prefixed(L, prefix, def->name), def->arity, def->span);
        L->module->functions.items[def->function]->exported = def->is_pub && prefix == NULL;
    }
}

// The clause that gives the defaults of a function.
static const AstFn *clause_with_defaults(const FnDef *full) {
    for (uint32_t i = 0; i < full->clauses.len; i++) {
        const AstFn *fn = AST_AS(Fn, full->clauses.items[i]);
        for (uint32_t k = 0; k < fn->params.len; k++) {
            if (AST_AS(Param, fn->params.items[k])->fallback != NULL) {
                return fn;
            }
        }
    }
    return NULL;
}

// An arity that defaults make: calls the full function, the given arguments filling defaults from
// the left.
static CoreExpr *default_body(Lower *L, const FnDef *def) {
    const AstFn *fn = clause_with_defaults(def->full);
    uint32_t given = def->arity;
    uint32_t required = 0;
    for (uint32_t i = 0; i < fn->params.len; i++) {
        required += AST_AS(Param, fn->params.items[i])->fallback == NULL;
    }
    CoreVar params[FN_MAX_PARAMS];
    for (uint32_t i = 0; i < given; i++) {
        params[i] = lower_param(L);
    }
    uint32_t filled = given - required; // how many of those with defaults are given
    uint32_t next = 0;
    CoreExpr *args[FN_MAX_PARAMS];
    for (uint32_t i = 0; i < fn->params.len; i++) {
        const AstParam *param = AST_AS(Param, fn->params.items[i]);
        bool is_given = param->fallback == NULL || filled > 0;
        filled -= param->fallback != NULL && filled > 0;
        args[i] = is_given ? core_var(L->arena, param->node.span, params[next++])
                           : lower_expr(L, param->fallback);
    }
    return core_call(L->arena, def->span, def->full->function, args, fn->params.len);
}

void lower_def_body(Lower *L, FnDef *def) {
    if (def->is_built_in) {
        return;
    }
    LowerFn fn;
    lower_open(L, &fn, def->function);
    CoreExpr *body;
    if (def->full != NULL) {
        body = default_body(L, def);
    } else if (def->native != NULL) {
        body = lower_native(L, def);
    } else {
        fn.self = def;
        body = lower_fn_clauses(L, &def->clauses, def->arity, def->span);
    }
    lower_close(L, body);
}

FnTable *lower_table(Lower *L, const AstList *fns, Name prefix) {
    FnTable *table = ARENA_NEW(L->arena, FnTable);
    table->fns = interface_of_fns(L->scope->modules, fns, prefix);
    table->prefix = prefix;
    for (uint32_t i = 0; i < table->fns->fns.len; i++) {
        FnDef *full = table->fns->fns.items[i];
        lower_declare_def(L, full, prefix);
        for (FnDef *fn = interface_lower(table->fns, full->name)->fns; fn != NULL; fn = fn->next) {
            if (fn->full == full) {
                lower_declare_def(L, fn, prefix);
            }
        }
    }
    return table;
}

void lower_table_bodies(Lower *L, FnTable *table) {
    for (uint32_t i = 0; i < table->fns->fns.len; i++) {
        FnDef *full = table->fns->fns.items[i];
        lower_def_body(L, full);
        for (FnDef *fn = interface_lower(table->fns, full->name)->fns; fn != NULL; fn = fn->next) {
            if (fn->full == full) {
                lower_def_body(L, fn);
            }
        }
    }
}

void lower_push_table(Lower *L, FnTable *table) {
    table->next = L->tables;
    L->tables = table;
}

void lower_pop_table(Lower *L) {
    L->tables = L->tables->next;
}

// ---- Local functions ----------------------------------------------------------------------------

Local *lower_find_local_fn(Lower *L, Local *found, uint32_t arity) {
    for (Local *local = found; local != NULL && local->kind == LOCAL_FN; local = local->shadowed) {
        if (local->fn->root == L->fn->root && local->local_fn->arity == arity) {
            return local;
        }
    }
    return NULL;
}

// Adds the captured values to the calls of itself that the body of a local function makes.
static void complete_own_calls(Lower *L, LocalFn *local_fn, const LowerFn *body) {
    for (uint32_t i = 0; i < local_fn->own_calls.len; i++) {
        CoreExpr *call = local_fn->own_calls.items[i];
        for (uint32_t k = 0; k < body->captures.len; k++) {
            vec_push(L->arena, &call->as.call.args,
                     core_var(L->arena, call->span, body->captures.items[k]->var));
        }
    }
}

// What a finished local function captures, as locals of the function around. A cell's value is
// taken now.
static void keep_captured(Lower *L, LocalFn *local_fn, const LowerFn *body, Span span,
                          Chain *chain) {
    for (uint32_t i = 0; i < body->captures.len; i++) {
        Local *local = body->captures.items[i]->local;
        if (local->kind == LOCAL_CELL && local->fn == L->fn) {
            Local *copy = ARENA_NEW(L->arena, Local);
            *copy = (Local){.name = local->name,
                            .span = local->span,
                            .kind = LOCAL_VAR,
                            .fn = L->fn,
                            .var = lower_var(L)};
            chain_let(L, chain, copy->var, lower_local(L, span, local));
            local = copy;
        }
        vec_push(L->arena, &local_fn->captured, local);
    }
}

// The function as a value in its own body, which has what it captures.
static CoreExpr *own_value(Lower *L, const LowerFn *fn, Span span) {
    CoreExpr **captured = arena_alloc(L->arena, fn->captures.len * sizeof(CoreExpr *));
    for (uint32_t i = 0; i < fn->captures.len; i++) {
        captured[i] = core_var(L->arena, span, fn->captures.items[i]->var);
    }
    return function_value(L, span, fn->function, captured, fn->captures.len);
}

void lower_local_fn(Lower *L, AstNode *const *clauses, uint32_t count, Chain *chain) {
    const AstFn *first = AST_AS(Fn, clauses[0]);
    for (uint32_t i = 0; i < count; i++) {
        if (refuse_params(L, &AST_AS(Fn, clauses[i])->params, first->name_span)) {
            return;
        }
    }
    lower_check_hides(L, first->name, first->name_span);
    LocalFn *local_fn = ARENA_NEW(L->arena, LocalFn);
    local_fn->name = first->name;
    local_fn->arity = first->params.len;
    Local *local = bind(L, first->name, first->name_span, LOCAL_FN);
    local->local_fn = local_fn;
    LowerFn fn;
    lower_open_closure(L, &fn, local_fn->arity, first->name_span);
    fn.local_fn = local_fn;
    fn.is_closure = false;
    local_fn->function = fn.function;
    local_fn->body = &fn;
    AstList list = {.items = (AstNode **)clauses, .len = count, .cap = count};
    CoreExpr *body = lower_fn_clauses(L, &list, local_fn->arity, first->name_span);
    complete_own_calls(L, local_fn, &fn);
    if (local_fn->own_value != NULL) {
        body = core_let(L->arena, first->name_span, local_fn->own_value->var,
                        own_value(L, &fn, first->name_span), body);
    }
    finish(L, body);
    local_fn->body = NULL;
    keep_captured(L, local_fn, &fn, first->name_span, chain);
}

// The function as a value: in its own body (and in closures there) one that is made at its start.
static CoreExpr *local_fn_value(Lower *L, Span span, Local *local) {
    LocalFn *local_fn = local->local_fn;
    if (local_fn->body != NULL) {
        if (local_fn->own_value == NULL) {
            Local *value = ARENA_NEW(L->arena, Local);
            *value = (Local){.name = local->name,
                             .span = local->span,
                             .kind = LOCAL_VAR,
                             .fn = local_fn->body,
                             .var = local_fn->body->var_count++};
            local_fn->own_value = value;
        }
        return lower_local(L, span, local_fn->own_value);
    }
    uint32_t count = local_fn->captured.len;
    CoreExpr **captured = arena_alloc(L->arena, count * sizeof(CoreExpr *));
    for (uint32_t i = 0; i < count; i++) {
        captured[i] = lower_local(L, span, local_fn->captured.items[i]);
    }
    return function_value(L, span, local_fn->function, captured, count);
}

CoreExpr *lower_call_local_fn(Lower *L, Span span, Local *local, CoreExpr *const *args,
                              uint32_t count, bool is_tail) {
    LocalFn *local_fn = local->local_fn;
    if (local_fn->body == L->fn && is_tail) {
        return lower_self_jump(L, span, args, count);
    }
    if (local_fn->body == L->fn) {
        // Kept inside of another node: it is completed later, and nodes that are bodies may be
        // copied.
        CoreExpr *call = core_call(L->arena, span, local_fn->function, args, count);
        vec_push(L->arena, &local_fn->own_calls, call);
        CoreVar result = lower_var(L);
        return core_let(L->arena, span, result, call, core_var(L->arena, span, result));
    }
    if (local_fn->body != NULL) {
        return core_call_fun(L->arena, span, local_fn_value(L, span, local), args, count);
    }
    CoreExpr *call = core_call(L->arena, span, local_fn->function, args, count);
    for (uint32_t i = 0; i < local_fn->captured.len; i++) {
        vec_push(L->arena, &call->as.call.args, lower_local(L, span, local_fn->captured.items[i]));
    }
    return call;
}

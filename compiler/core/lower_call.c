// Calls and names: what a callee means, and the functions that every module knows.
//
// A bare name is looked for among locals, then the words and actions of an actor, its private
// functions, the module's functions, imported ones, earlier inputs of the REPL, the built-ins, and
// last the constants, one of which may hold a function.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/actor.h"
#include "compiler/core/lower_private.h"

typedef struct KindTest {
    const char *name;
    CoreTestKind kind;
} KindTest;

// is_string is no test but a call of the runtime.
static const KindTest kind_tests[] = {
    {"is_int", TEST_IS_INT},       {"is_float", TEST_IS_FLOAT}, {"is_number", TEST_IS_NUMBER},
    {"is_atom", TEST_IS_ATOM},     {"is_bool", TEST_IS_BOOL},   {"is_bytes", TEST_IS_BYTES},
    {"is_tuple", TEST_IS_TUPLE},   {"is_list", TEST_IS_LIST},   {"is_map", TEST_IS_MAP},
    {"is_record", TEST_IS_RECORD}, {"is_range", TEST_IS_RANGE}, {"is_fn", TEST_IS_FN},
    {"is_pid", TEST_IS_PID},       {"is_ref", TEST_IS_REF},
};

typedef struct IntPrim {
    const char *name;
    CorePrim prim;
    uint32_t arity;
} IntPrim;

// Functions of the library's module Int that are operations of the machine.
static const IntPrim int_prims[] = {
    {"band", PRIM_BAND, 2}, {"bor", PRIM_BOR, 2}, {"bxor", PRIM_BXOR, 2},
    {"bnot", PRIM_BNOT, 1}, {"shl", PRIM_SHL, 2}, {"shr", PRIM_SHR, 2},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// ---- Arguments ----------------------------------------------------------------------------------

CoreExpr **lower_list(Lower *L, const AstList *list) {
    CoreExpr **items = arena_alloc(L->arena, list->len * sizeof(CoreExpr *));
    for (uint32_t i = 0; i < list->len; i++) {
        items[i] = lower_expr(L, list->items[i]);
    }
    return items;
}

static CoreExpr **lower_args(Lower *L, const AstCall *call) {
    if (call->args.len > FN_MAX_PARAMS) {
        DIAG(L->diags, too_many_arguments, call->node.span);
        return NULL;
    }
    return lower_list(L, &call->args);
}

// ---- What is there without a module -------------------------------------------------------------

// Does a name that was not found among locals mean a function of the program?
static FnDef *find_fn(Lower *L, Name name, uint32_t arity, Interface **owner) {
    for (FnTable *table = L->tables; table != NULL; table = table->next) {
        FnDef *fn = interface_fn(table->fns, name, arity);
        if (fn != NULL) {
            *owner = L->scope->own;
            return fn;
        }
    }
    return scope_find_fn(L->scope, name, arity, owner);
}

static bool means_built_in(Lower *L, const AstCall *call) {
    Interface *owner;
    if (call->callee->kind != AST_VAR) {
        return false;
    }
    Name name = AST_AS(Var, call->callee)->name;
    return lower_find(L, name) == NULL && find_fn(L, name, call->args.len, &owner) == NULL;
}

static CoreTestKind kind_test_of(Name name) {
    if (name->len < 3 || memcmp(name->text, "is_", 3) != 0) {
        return TEST_COUNT;
    }
    for (size_t i = 0; i < COUNT_OF(kind_tests); i++) {
        if (str_is(name_str(name), kind_tests[i].name)) {
            return kind_tests[i].kind;
        }
    }
    return TEST_COUNT;
}

CoreTestKind lower_kind_test(Lower *L, const AstCall *call) {
    if (call->args.len != 1 || call->callee->kind != AST_VAR) {
        return TEST_COUNT;
    }
    CoreTestKind kind = kind_test_of(AST_AS(Var, call->callee)->name);
    return kind != TEST_COUNT && means_built_in(L, call) ? kind : TEST_COUNT;
}

// How many arguments a built-in takes; -1: `name` is none.
static int32_t built_in_arity(Name name) {
    if (name_is(name, NAME_SELF)) {
        return 0;
    }
    if (name_is(name, NAME_FAIL) || name_is(name, NAME_INSPECT) ||
        str_is(name_str(name), "is_string")) {
        return 1;
    }
    return name_is(name, NAME_REPLY) ? 2 : kind_test_of(name) != TEST_COUNT ? 1 : -1;
}

static CoreExpr *call_built_in(Lower *L, const AstCall *call, Name name) {
    Span span = call->node.span;
    if (kind_test_of(name) != TEST_COUNT) {
        return lower_truth(L, &call->node);
    }
    if (L->guard != NULL && !name_is(name, NAME_SELF) && name->text[0] != 'i') {
        return lower_not_in_guard(L, &call->node);
    }
    CoreExpr **args = lower_list(L, &call->args);
    if (name_is(name, NAME_SELF)) {
        return core_prim(L->arena, span, PRIM_SELF, CORE_NO_ARGS);
    }
    if (name_is(name, NAME_FAIL)) {
        return core_fail(L->arena, span, args[0]);
    }
    if (name_is(name, NAME_INSPECT)) {
        return lower_runtime(L, span, RUNTIME_Vm_inspect_1, args, 1);
    }
    if (name_is(name, NAME_REPLY)) {
        return lower_runtime(L, span, RUNTIME_Vm_reply_2, args, 2);
    }
    return lower_runtime(L, span, RUNTIME_Vm_is_string_1, args, 1);
}

static void offer_locals(Lower *L, Suggest *suggest) {
    for (uint32_t i = 0; i < L->locals.len; i++) {
        if (L->locals.items[i]->fn->root == L->fn->root) {
            suggest_offer(suggest, name_str(L->locals.items[i]->name));
        }
    }
}

// A private function of an actor that asks for its state.
static void hint_action(Lower *L, Name name, Diag *diag) {
    const AstList *states = &L->helpers_of->states;
    for (uint32_t i = 0; i < states->len; i++) {
        if (AST_AS(State, states->items[i])->name == name) {
            diag->hint = STR("a private function does not see the state: make it an `action`, or "
                             "give it the value");
        }
    }
}

static CoreExpr *unknown(Lower *L, Name name, int32_t arity, Span span) {
    Suggest suggest = suggest_new(name_str(name));
    offer_locals(L, &suggest);
    for (FnTable *table = L->tables; table != NULL; table = table->next) {
        for (uint32_t i = 0; i < table->fns->fns.len; i++) {
            suggest_offer(&suggest, name_str(table->fns->fns.items[i]->name));
        }
    }
    if (arity >= 0) {
        static const char *const others[] = {"self", "fail", "inspect", "reply", "is_string"};
        for (size_t i = 0; i < COUNT_OF(others); i++) {
            suggest_offer(&suggest, str_of(others[i]));
        }
        for (size_t i = 0; i < COUNT_OF(kind_tests); i++) {
            suggest_offer(&suggest, str_of(kind_tests[i].name));
        }
    }
    uint32_t before = L->diags->list.len;
    scope_unknown(L->scope, name, arity, span, &suggest);
    if (L->helpers_of != NULL && L->diags->list.len > before) {
        hint_action(L, name, &L->diags->list.items[before]);
    }
    return lower_nil(L, span);
}

// ---- Calls --------------------------------------------------------------------------------------

CoreExpr *lower_call_fn(Lower *L, Span span, FnDef *fn, Interface *owner, CoreExpr *const *args,
                        uint32_t count, bool is_tail) {
    if (owner != L->scope->own || fn->is_built_in) {
        return core_call_ext(L->arena, span, owner->name, fn->name, args, count);
    }
    if (is_tail && fn == L->fn->self) {
        return lower_self_jump(L, span, args, count);
    }
    return core_call(L->arena, span, fn->function, args, count);
}

static CoreExpr *call_value(Lower *L, Span span, CoreExpr *function, const AstCall *call) {
    // A cell may be assigned by an argument: it is read before.
    Held held = lower_hold(L, function);
    CoreExpr **args = lower_args(L, call);
    return args == NULL
               ? lower_nil(L, span)
               : lower_finish(L, held,
                              core_call_fun(L->arena, span, held.atom, args, call->args.len));
}

// A constant may hold a function.
static CoreExpr *call_constant(Lower *L, const AstCall *call, Name name, Span span,
                               ConstDef *constant) {
    const Value *value = constant_value(L->scope, constant);
    if (value != NULL && value->kind != VALUE_FN) {
        DIAG(L->diags, constant_as_function, span, name_str(name));
        return lower_nil(L, span);
    }
    return value == NULL ? lower_nil(L, span)
                         : call_value(L, call->node.span, lower_expr(L, call->callee), call);
}

static CoreExpr *call_local(Lower *L, const AstCall *call, Local *local, bool is_tail) {
    Span span = call->node.span;
    if (local->kind != LOCAL_FN) {
        return call_value(L, span, lower_local(L, call->callee->span, local), call);
    }
    Local *fn = lower_find_local_fn(L, local, call->args.len);
    if (fn == NULL) {
        Buf shown = buf_new(L->arena);
        buf_format(&shown, "%.*s/%u", (int)local->name->len, local->name->text, call->args.len);
        Diag *diag = DIAG(L->diags, unknown_function, call->callee->span, buf_view(&shown));
        if (diag != NULL) {
            Buf hint = buf_new(L->arena);
            buf_format(&hint, "there is %.*s/%u", (int)local->name->len, local->name->text,
                       local->local_fn->arity);
            diag->hint = buf_view(&hint);
        }
        return lower_nil(L, span);
    }
    CoreExpr **args = lower_args(L, call);
    return args == NULL ? lower_nil(L, span)
                        : lower_call_local_fn(L, span, fn, args, call->args.len, is_tail);
}

static CoreExpr *call_name(Lower *L, const AstCall *call, Name name, bool is_tail) {
    Span span = call->node.span;
    uint32_t arity = call->args.len;
    Local *local = lower_find(L, name);
    if (L->guard != NULL &&
        (local != NULL || !means_built_in(L, call) || built_in_arity(name) < 0)) {
        return lower_not_in_guard(L, &call->node);
    }
    if (local != NULL) {
        return call_local(L, call, local, is_tail);
    }
    CoreExpr *word = actor_lower_call(L, call);
    if (word != NULL) {
        return word;
    }
    Interface *owner;
    FnDef *fn = find_fn(L, name, arity, &owner);
    if (fn != NULL) {
        CoreExpr **args = lower_args(L, call);
        return args == NULL ? lower_nil(L, span)
                            : lower_call_fn(L, span, fn, owner, args, arity, is_tail);
    }
    if (built_in_arity(name) == (int32_t)arity) {
        return call_built_in(L, call, name);
    }
    ConstDef *constant = scope_find_const(L->scope, name);
    if (constant != NULL) {
        return call_constant(L, call, name, call->callee->span, constant);
    }
    return unknown(L, name, (int32_t)arity, call->callee->span);
}

static const IntPrim *int_prim(const Interface *module, Name name, uint32_t arity) {
    if (module->is_library && str_is(name_str(module->name), "Int")) {
        for (size_t i = 0; i < COUNT_OF(int_prims); i++) {
            if (int_prims[i].arity == arity && str_is(name_str(name), int_prims[i].name)) {
                return &int_prims[i];
            }
        }
    }
    return NULL;
}

static CoreExpr *call_remote(Lower *L, const AstCall *call, const AstRemote *remote) {
    Span span = call->node.span;
    CoreExpr *started = supervisor_lower_start(L, call);
    Interface *module = started != NULL ? NULL : scope_module(L->scope, remote->path);
    if (module == NULL) {
        return started != NULL ? started : lower_nil(L, span);
    }
    const IntPrim *prim = int_prim(module, remote->name, call->args.len);
    if (prim != NULL) {
        return lower_guarded(
            L, core_prim(L->arena, span, prim->prim, lower_list(L, &call->args), prim->arity));
    }
    if (L->guard != NULL) {
        return lower_not_in_guard(L, &call->node);
    }
    LowerDef *lower = interface_lower(module, remote->name);
    if (lower != NULL && lower->constant != NULL) {
        return call_constant(L, call, remote->name, remote->name_span, lower->constant);
    }
    FnDef *fn = scope_remote_fn(L->scope, module, remote->name, call->args.len, remote->node.span);
    CoreExpr **args = fn == NULL ? NULL : lower_args(L, call);
    if (args == NULL) {
        return lower_nil(L, span);
    }
    // Of this module too it is the newest version's that is called, unless it is private.
    return module == L->scope->own && !fn->is_pub
               ? lower_call_fn(L, span, fn, module, args, call->args.len, false)
               : core_call_ext(L->arena, span, module->name, fn->name, args, call->args.len);
}

CoreExpr *lower_path(Lower *L, const AstPath *path) {
    Diag *diag = DIAG(L->diags, path_as_value, path->node.span, name_str(path->name));
    const Def *def = scope_find_def(L->scope, path);
    if (diag != NULL && def == NULL) {
        diag->hint = foreign_hint(name_str(path->name), false);
    } else if (diag != NULL) {
        Buf hint = buf_new(L->arena);
        bool is_process = def->kind == DEF_ACTOR || def->kind == DEF_SUPERVISOR;
        const char *form = is_process                ? "start it with `spawn %.*s(…)`"
                           : def->kind == DEF_RECORD ? "a record is made with `%.*s{…}`"
                                                     : "`%.*s` is a type";
        buf_format(&hint, form, (int)path->name->len, path->name->text);
        diag->hint = buf_view(&hint);
    }
    return lower_nil(L, path->node.span);
}

CoreExpr *lower_call(Lower *L, const AstCall *call, bool is_tail) {
    switch (call->callee->kind) {
    case AST_VAR: return call_name(L, call, AST_AS(Var, call->callee)->name, is_tail);
    case AST_REMOTE: return call_remote(L, call, AST_AS(Remote, call->callee));
    case AST_PATH: return lower_path(L, AST_AS(Path, call->callee));
    default:
        if (L->guard != NULL) {
            return lower_not_in_guard(L, &call->node);
        }
        return call_value(L, call->node.span, lower_expr(L, call->callee), call);
    }
}

// The same call with one more argument in front.
static const AstCall *with_first(Lower *L, const AstPipe *pipe) {
    AstList args = {0};
    vec_push(L->arena, &args, pipe->left);
    for (uint32_t i = 0; i < pipe->call->args.len; i++) {
        vec_push(L->arena, &args, pipe->call->args.items[i]);
    }
    AstCall *call = arena_copy(L->arena, pipe->call, sizeof(AstCall));
    call->args = args;
    return call;
}

CoreExpr *lower_pipe(Lower *L, const AstPipe *pipe, bool is_tail) {
    uint32_t callee = pipe->call->callee->kind;
    if (callee == AST_VAR || callee == AST_REMOTE || callee == AST_PATH) {
        return lower_call(L, with_first(L, pipe), is_tail);
    }
    // The piped value comes before the function is looked for.
    Span span = pipe->call->node.span;
    if (L->guard != NULL) {
        return lower_not_in_guard(L, &pipe->node);
    }
    Held left = lower_hold(L, lower_expr(L, pipe->left));
    Held function = lower_hold(L, lower_expr(L, pipe->call->callee));
    CoreExpr **rest = lower_args(L, pipe->call);
    if (rest == NULL) {
        return lower_nil(L, span);
    }
    uint32_t count = pipe->call->args.len + 1;
    CoreExpr **args = arena_alloc(L->arena, count * sizeof(CoreExpr *));
    args[0] = left.atom;
    memcpy(args + 1, rest, (count - 1) * sizeof(CoreExpr *));
    CoreExpr *call = core_call_fun(L->arena, span, function.atom, args, count);
    return lower_finish(L, left, lower_finish(L, function, call));
}

// ---- Names as values ----------------------------------------------------------------------------

CoreExpr *lower_name_value(Lower *L, Name name, Span span) {
    Local *local = lower_find(L, name);
    if (local != NULL) {
        return lower_local(L, span, local);
    }
    CoreExpr *word = actor_lower_word(L, span, name);
    if (word != NULL) {
        return word;
    }
    ConstDef *constant = scope_find_const(L->scope, name);
    if (constant == NULL) {
        return unknown(L, name, -1, span);
    }
    const Value *value = constant_value(L->scope, constant);
    return value == NULL ? lower_nil(L, span) : lower_const(L, span, value);
}

CoreExpr *lower_remote(Lower *L, const AstRemote *remote) {
    Span span = remote->node.span;
    Interface *module = scope_module(L->scope, remote->path);
    LowerDef *lower = module == NULL ? NULL : interface_lower(module, remote->name);
    bool is_own = module == L->scope->own;
    if (lower != NULL && lower->constant != NULL && (lower->constant->is_pub || is_own)) {
        const Value *value = constant_value(L->scope, lower->constant);
        return value == NULL ? lower_nil(L, span) : lower_const(L, span, value);
    }
    if (lower != NULL && lower->fns != NULL) {
        Buf shown = buf_new(L->arena);
        buf_format(&shown, "%.*s.%.*s/%u", (int)module->shown->len, module->shown->text,
                   (int)remote->name->len, remote->name->text, lower->fns->arity);
        DIAG(L->diags, function_as_value, span, name_str(remote->name), buf_view(&shown));
    } else if (lower != NULL) {
        DIAG(L->diags, private_name, span, name_str(remote->name), name_str(module->shown));
    } else if (module != NULL) {
        scope_remote_unknown(L->scope, module, remote->name, remote->name_span);
    }
    return lower_nil(L, span);
}

static CoreExpr *fn_value(Lower *L, Span span, const FnDef *fn, const Interface *owner,
                          bool by_name) {
    CoreConst *value = core_const_empty(L->arena);
    if (owner == L->scope->own && !fn->is_built_in && !by_name) {
        value->kind = CONST_FN;
        value->index = fn->function;
    } else {
        value->kind = CONST_FNREF;
        value->module = owner->name;
        value->name = fn->name;
        value->index = fn->arity;
    }
    return core_lit(L->arena, span, value);
}

// &is_int/1 and the like: a function that does it.
static CoreExpr *built_in_value(Lower *L, const AstFnRef *ref) {
    Span span = ref->node.span;
    AstList params = {0};
    AstList args = {0};
    for (uint32_t i = 0; i < ref->arity; i++) {
        Name name = lower_name(L, i == 0 ? "a" : "b");
        AstNode *pattern = AST_MAKE(L->arena, PatVar, span, .name = name);
        vec_push(L->arena, &params, AST_MAKE(L->arena, Param, span, .pattern = pattern));
        vec_push(L->arena, &args, AST_MAKE(L->arena, Var, span, .name = name));
    }
    AstNode *callee = AST_MAKE(L->arena, Var, span, .name = ref->name);
    AstNode *call = AST_MAKE(L->arena, Call, span, .callee = callee, .args = args);
    AstNode *lambda = AST_MAKE(L->arena, Lambda, span, .params = params, .body = call);
    return lower_lambda(L, AST_AS(Lambda, lambda));
}

CoreExpr *lower_fn_ref(Lower *L, const AstFnRef *ref) {
    Span span = ref->node.span;
    Interface *owner;
    if (ref->path != NULL) {
        owner = scope_module(L->scope, ref->path);
        FnDef *fn =
            owner == NULL ? NULL : scope_remote_fn(L->scope, owner, ref->name, ref->arity, span);
        return fn == NULL ? lower_nil(L, span) : fn_value(L, span, fn, owner, fn->is_pub);
    }
    Local *local = lower_find(L, ref->name);
    local = local == NULL ? NULL : lower_find_local_fn(L, local, ref->arity);
    if (local != NULL) {
        return lower_local(L, span, local);
    }
    FnDef *fn = find_fn(L, ref->name, ref->arity, &owner);
    if (fn != NULL) {
        return fn_value(L, span, fn, owner, false);
    }
    if (built_in_arity(ref->name) == (int32_t)ref->arity) {
        return built_in_value(L, ref);
    }
    return unknown(L, ref->name, (int32_t)ref->arity, ref->name_span);
}

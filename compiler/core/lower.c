// Lowering a module: what there is in it, in which order it is made. compiler/core/lower.h explains
// lowering.
//
// First everything gets its number: constants are evaluated, and functions, start functions of
// actors and the hidden functions of fields and constants are declared, so that bodies may call
// each other in any order. Then the bodies are lowered, then tests and docs.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/lower.h"

#include "compiler/base/check.h"
#include "compiler/core/actor.h"
#include "compiler/core/lower_private.h"

// ---- Hidden functions: defaults of fields, functions in constants -------------------------------

static uint32_t declare_hidden(Lower *L, Name name, uint32_t arity, Span span, bool exported) {
    uint32_t number = lower_declare(L, name, arity, span);
    L->module->functions.items[number]->exported = exported;
    name_map_put(L->arena, &L->hidden, name, (void *)((uintptr_t)number + 1));
    return number;
}

static uint32_t hidden_number(Lower *L, Name name) {
    uintptr_t hidden = (uintptr_t)name_map_get(&L->hidden, name);
    CHECK(hidden != 0);
    return (uint32_t)hidden - 1;
}

static void declare_constants(Lower *L) {
    const Interface *own = L->scope->own;
    for (uint32_t i = 0; i < own->constants.len; i++) {
        ConstDef *constant = own->constants.items[i];
        constant_value(L->scope, constant);
        for (uint32_t k = 0; k < constant->lambdas.len; k++) {
            const AstLambda *lambda = constant->lambdas.items[k];
            declare_hidden(L, constant_lambda_name(L->scope->modules, constant, k),
                           lambda->params.len, lambda->node.span, constant->is_pub);
        }
    }
}

// A public constant may hold private functions of the module: other modules reach them by name.
static void export_functions_in(Lower *L, const Value *value) {
    if (value == NULL) {
        return;
    }
    if (value->kind == VALUE_FN && value->module == L->scope->own->name) {
        const FnDef *fn = interface_fn(L->scope->own, value->name, (uint32_t)value->integer);
        if (fn != NULL && !fn->is_built_in) {
            L->module->functions.items[fn->function]->exported = true;
        }
    }
    for (uint32_t i = 0; i < value->item_count; i++) {
        export_functions_in(L, value->items[i]);
    }
}

static void lower_constants(Lower *L) {
    const Interface *own = L->scope->own;
    for (uint32_t i = 0; i < own->constants.len; i++) {
        const ConstDef *constant = own->constants.items[i];
        for (uint32_t k = 0; k < constant->lambdas.len; k++) {
            LowerFn fn;
            lower_open(L, &fn,
                       hidden_number(L, constant_lambda_name(L->scope->modules, constant, k)));
            lower_close(L, lower_lambda_body(L, constant->lambdas.items[k]));
        }
        if (constant->is_pub) {
            export_functions_in(L, constant->value);
        }
    }
}

static void declare_defaults(Lower *L, Def *record) {
    record_defaults(L->scope, record);
    for (uint32_t i = 0; i < record->field_count; i++) {
        const RecordField *field = &record->fields[i];
        if (field->given == FIELD_CALL) {
            declare_hidden(L, field->function, 0, field->ast->name_span, record->is_pub);
        } else if (field->given == FIELD_VALUE && record->is_pub) {
            // As for public constants, once the functions have numbers.
            vec_push(L->arena, &L->exported_values, field->value);
        }
    }
}

static void lower_defaults(Lower *L, const Def *record) {
    for (uint32_t i = 0; i < record->field_count; i++) {
        const RecordField *field = &record->fields[i];
        if (field->given == FIELD_CALL) {
            LowerFn fn;
            lower_open(L, &fn, hidden_number(L, field->function));
            lower_close(L, lower_tail(L, field->ast->fallback));
        }
    }
}

// ---- Functions and definitions ------------------------------------------------------------------

// Calls `each` for the arities of a function, the full one first.
static void each_arity(Lower *L, FnDef *full, void (*each)(Lower *L, FnDef *fn)) {
    each(L, full);
    FnDef *fn = interface_lower(L->scope->own, full->name)->fns;
    for (; fn != NULL; fn = fn->next) {
        if (fn->full == full) {
            each(L, fn);
        }
    }
}

static void declare_fn(Lower *L, FnDef *fn) {
    lower_declare_def(L, fn, NULL);
    // The system calls main, public or not.
    if (!fn->is_built_in && name_is(fn->name, NAME_MAIN) && fn->arity <= 1) {
        L->module->functions.items[fn->function]->exported = true;
    }
}

static void declare_all(Lower *L) {
    const Interface *own = L->scope->own;
    for (uint32_t i = 0; i < own->fns.len; i++) {
        each_arity(L, own->fns.items[i], declare_fn);
    }
    for (uint32_t i = 0; i < own->defs.len; i++) {
        Def *def = own->defs.items[i];
        if (def->kind == DEF_ACTOR || def->kind == DEF_SUPERVISOR) {
            actor_declare(L, def);
        } else if (def->kind == DEF_RECORD) {
            declare_defaults(L, def);
        }
    }
    declare_constants(L);
}

static void lower_all(Lower *L) {
    const Interface *own = L->scope->own;
    for (uint32_t i = 0; i < own->fns.len; i++) {
        each_arity(L, own->fns.items[i], lower_def_body);
    }
    for (uint32_t i = 0; i < own->defs.len; i++) {
        Def *def = own->defs.items[i];
        switch (def->kind) {
        case DEF_ACTOR: actor_lower(L, def); break;
        case DEF_SUPERVISOR: supervisor_lower(L, def); break;
        case DEF_RECORD: lower_defaults(L, def); break;
        case DEF_TYPE: break;
        }
    }
    lower_constants(L);
    for (uint32_t i = 0; i < L->exported_values.len; i++) {
        export_functions_in(L, L->exported_values.items[i]);
    }
}

// ---- Scripts and tests --------------------------------------------------------------------------

static Span stmts_span(const AstList *stmts) {
    return span_join(stmts->items[0]->span, stmts->items[stmts->len - 1]->span);
}

static void lower_script(Lower *L, const AstModule *ast) {
    for (uint32_t arity = 0; arity <= 1; arity++) {
        const FnDef *fn = interface_fn(L->scope->own, lower_known(L, NAME_MAIN), arity);
        if (fn != NULL) {
            DIAG(L->diags, script_main, fn->span);
            return;
        }
    }
    Span span = stmts_span(&ast->stmts);
    uint32_t number = lower_declare(L, lower_known(L, NAME_MAIN), 0, span);
    L->module->functions.items[number]->exported = true;
    LowerFn fn;
    lower_open(L, &fn, number);
    lower_close(L, lower_stmts(L, &ast->stmts, span, true, NULL, NULL, NULL));
}

void lower_test(Lower *L, Str name, Span span, const AstList *stmts) {
    Buf text = buf_new(L->arena);
    buf_format(&text, "test %u", L->module->tests.len + 1);
    uint32_t number = lower_declare(L, intern_str(L->intern, buf_view(&text)), 0, span);
    LowerFn fn;
    lower_open(L, &fn, number);
    lower_close(L, lower_stmts(L, stmts, span, true, NULL, NULL, NULL));
    CoreTestBlock test = {.name = name, .function = number, .span = span};
    vec_push(L->arena, &L->module->tests, test);
}

static void lower_tests(Lower *L, const AstModule *ast) {
    for (uint32_t i = 0; i < ast->defs.len; i++) {
        if (ast->defs.items[i]->kind == AST_TEST) {
            const AstTest *test = AST_AS(Test, ast->defs.items[i]);
            lower_test(L, test->name, test->name_span, &test->body->stmts);
        }
    }
    lower_doc_tests(L);
}

// ---- The REPL -----------------------------------------------------------------------------------

enum { REPL_MAX_NAMES = 250 };

typedef struct Repl {
    const LowerOptions *options;
    const CoreVar *bound; // values of the names bound before
    LowerNames *in_sight;
    Span span;
} Repl;

// The tuple of the value and all names in sight, each once, in the order in which they came.
static CoreExpr *repl_result(Lower *L, CoreExpr *value, void *data) {
    Repl *repl = data;
    CoreExprs items = {0};
    vec_push(L->arena, &items, value);
    for (uint32_t i = 0; i < L->locals.len; i++) {
        Local *local = L->locals.items[i];
        if (lower_find(L, local->name) == local) {
            vec_push(L->arena, repl->in_sight, local->name);
            vec_push(L->arena, &items, lower_local(L, repl->span, local));
        }
    }
    if (repl->in_sight->len > REPL_MAX_NAMES) {
        DIAG(L->diags, repl_bindings, repl->span);
    }
    return core_prim(L->arena, repl->span, PRIM_TUPLE, items.items, items.len);
}

// The tuple when a `let`'s else ended the input early: names that it would have bound are nil.
static CoreExpr *repl_early(Lower *L, const Repl *repl, CoreVar value) {
    CoreExprs items = {0};
    vec_push(L->arena, &items, core_var(L->arena, repl->span, value));
    for (uint32_t i = 0; i < repl->in_sight->len; i++) {
        CoreExpr *item = lower_nil(L, repl->span);
        for (uint32_t k = 0; k < repl->options->bound_count; k++) {
            if (repl->options->bound[k] == repl->in_sight->items[i]) {
                item = core_var(L->arena, repl->span, repl->bound[k]);
            }
        }
        vec_push(L->arena, &items, item);
    }
    return core_prim(L->arena, repl->span, PRIM_TUPLE, items.items, items.len);
}

// eval(values): the names bound before are the elements of a tuple.
static void lower_eval(Lower *L, const AstModule *ast, const LowerOptions *options,
                       LowerNames *in_sight) {
    Span span = ast->stmts.len > 0 ? stmts_span(&ast->stmts) : ast->node.span;
    uint32_t number = lower_declare(L, lower_name(L, "eval"), 1, span);
    L->module->functions.items[number]->exported = true;
    LowerFn fn;
    lower_open(L, &fn, number);
    CoreVar values = lower_param(L);
    LowerMark mark = lower_mark(L);
    Chain chain = {0};
    CoreVar *bound = arena_alloc(L->arena, options->bound_count * sizeof(CoreVar));
    for (uint32_t i = 0; i < options->bound_count; i++) {
        bound[i] = lower_var(L);
        chain_let(L, &chain, bound[i],
                  core_prim_at(L->arena, span, PRIM_ELEM, i, core_var(L->arena, span, values)));
        lower_bind(L, options->bound[i], span, bound[i]);
    }
    Repl repl = {.options = options, .bound = bound, .in_sight = in_sight, .span = span};
    CoreVar early = lower_var(L);
    Target exit = {.params = &early, .param_count = 1, .needs_join = true};
    CoreExpr *body = lower_stmts(L, &ast->stmts, span, false, repl_result, &exit, &repl);
    if (exit.uses > 0) {
        body = lower_place(L, &exit, span, repl_early(L, &repl, early), body);
    }
    lower_release(L, mark);
    CoreExpr *bad = core_fail_with(L->arena, span, lower_known(L, NAME_BADARG),
                                   core_var(L->arena, span, values));
    CoreExpr *test = core_test(L->arena, span, TEST_IS_TUPLE_OF, core_var(L->arena, span, values),
                               NULL, chain_end(&chain, body), bad);
    test->as.test.index = options->bound_count;
    lower_close(L, test);
    for (uint32_t i = 0; i < L->module->functions.len; i++) {
        CoreFunction *f = L->module->functions.items[i];
        f->exported |= !f->is_closure;
    }
}

// ---- All ----------------------------------------------------------------------------------------

CoreModule *lower_module(Scope *scope, Sources *sources, const LowerOptions *options,
                         LowerNames *in_sight) {
    Modules *modules = scope->modules;
    Lower lower = {.arena = modules->arena,
                   .intern = modules->intern,
                   .diags = modules->diags,
                   .sources = sources,
                   .scope = scope};
    Lower *L = &lower;
    const AstModule *ast = scope->own->ast;
    L->module = ARENA_NEW(L->arena, CoreModule);
    L->module->name = scope->own->name;
    L->runtime = ARENA_NEW_ARRAY(L->arena, RuntimeName, RUNTIME_COUNT);
    declare_all(L);
    lower_all(L);
    if (options->is_repl) {
        LowerNames ignored = {0};
        lower_eval(L, ast, options, in_sight != NULL ? in_sight : &ignored);
    } else if (ast->stmts.len > 0) {
        lower_script(L, ast);
    }
    if (options->tests) {
        lower_tests(L, ast);
    }
    if (options->docs) {
        lower_docs(L);
    }
    return L->module;
}

// SPDX-License-Identifier: Apache-2.0
// compiler/ir and compiler/emit: random core, built, optimised and emitted, must pass the checks of
// the IR and the machine's verifier. The programs are never run; they only have to hold to the
// invariants of core.h.
#include <criterion/criterion.h>
#include <stdlib.h>

#include "compiler/core/core_build.h"
#include "compiler/emit/emit.h"
#include "tests/unit/compiler/emit/machine.h"

enum { VARS_MAX = 4096, FUNCTIONS = 6, PARAMS_MAX = 4 };

typedef enum { FACT_NONE, FACT_CONS, FACT_PAIR, FACT_POINT } Fact;

// What may be used at a point of the tree being made.
typedef struct {
    CoreVar vars[64];
    uint32_t var_count;
    Fact facts[64];
    CoreSlot slots[8];
    uint32_t slot_count;
    struct {
        CoreLabel label;
        uint32_t params;
    } labels[16];
    uint32_t label_count;
    bool in_select;
    bool calls_nothing; // a receive looks at a message
} Env;

typedef struct {
    Arena *arena;
    Intern names;
    Sources sources;
    Diags diags;
    CoreModule module;
    uint64_t seed;
    CoreFunction *function;
    uint32_t arities[FUNCTIONS];
    uint32_t loops; // made so far
} Gen;

static const Span at = {0, 0, 1};

static uint32_t roll(Gen *g, uint32_t n) {
    g->seed = g->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(g->seed >> 33) % n;
}

static Name name(Gen *g, const char *text) {
    return intern_text(&g->names, text);
}

static CoreVar bind(Gen *g, Env *env) {
    CoreVar var = ++g->function->var_count - 1;
    if (env->var_count == 64) {
        env->var_count = 32;
    }
    env->facts[env->var_count] = FACT_NONE;
    env->vars[env->var_count++] = var;
    return var;
}

static CoreExpr *atom_lit(Gen *g, const char *text) {
    return core_atom(g->arena, at, name(g, text));
}

static CoreExpr *gen_atomic(Gen *g, const Env *env) {
    if (env->var_count > 0 && roll(g, 4) > 0) {
        return core_var(g->arena, at, env->vars[roll(g, env->var_count)]);
    }
    switch (roll(g, 5)) {
    case 0: return core_int(g->arena, at, (int64_t)roll(g, 100) - 50);
    case 1: return atom_lit(g, roll(g, 2) ? "true" : "nil");
    case 2: return core_empty(g->arena, at);
    case 3: return core_bytes(g->arena, at, STR("text"));
    default: return core_int(g->arena, at, INT64_C(1) << 40);
    }
}

static CoreExpr *gen_value(Gen *g, const Env *env, uint32_t size);
static CoreExpr *gen_tail(Gen *g, const Env *env, uint32_t size);

// The verifier forgets at a loop what it knew before.
static void forget(Env *env) {
    for (uint32_t i = 0; i < env->var_count; i++) {
        env->facts[i] = FACT_NONE;
    }
}

static void forget_if_looped(Gen *g, Env *env, uint32_t loops) {
    if (g->loops != loops) {
        forget(env);
    }
}

// A sub-expression in value position: jumps do not reach it.
static Env value_env(const Env *env) {
    Env inner = *env;
    inner.label_count = 0;
    inner.in_select = false;
    return inner;
}

// Arguments stand behind one another, so none may count on facts that a loop in an earlier one
// destroys.
static CoreExpr *gen_arg(Gen *g, const Env *env, uint32_t size) {
    Env inner = *env;
    forget(&inner);
    return size > 0 && roll(g, 2) ? gen_value(g, &inner, size - 1) : gen_atomic(g, env);
}

static CoreExpr *gen_call(Gen *g, const Env *env, uint32_t size) {
    CoreExpr *args[8];
    uint32_t target = roll(g, FUNCTIONS);
    uint32_t kind = roll(g, 3);
    uint32_t count = kind == 0 ? g->arities[target] : roll(g, 5);
    for (uint32_t i = 0; i < count; i++) {
        args[i] = gen_arg(g, env, size / 2);
    }
    switch (kind) {
    case 0: return core_call(g->arena, at, target, args, count);
    case 1: return core_call_ext(g->arena, at, name(g, "Other"), name(g, "run"), args, count);
    default: return core_call_fun(g->arena, at, gen_arg(g, env, size / 2), args, count);
    }
}

static CoreExpr *gen_prim(Gen *g, const Env *env, uint32_t size) {
    static const struct {
        CorePrim prim;
        uint32_t arity;
    } prims[] = {{PRIM_ADD, 2},   {PRIM_SUB, 2},     {PRIM_MUL, 2},    {PRIM_NEG, 1},
                 {PRIM_CONS, 2},  {PRIM_TUPLE, 3},   {PRIM_MAP, 4},    {PRIM_GET, 1},
                 {PRIM_INDEX, 2}, {PRIM_RANGE, 2},   {PRIM_CONCAT, 2}, {PRIM_RECORD, 2},
                 {PRIM_SELF, 0},  {PRIM_MAP_PUT, 3}, {PRIM_SEND, 2},   {PRIM_ASK, 3},
                 {PRIM_CELL, 0},  {PRIM_SET_CELL, 1}};
    uint32_t index = roll(g, sizeof(prims) / sizeof(*prims));
    if (env->calls_nothing) {
        index = 4 + index % 2; // what cannot fail
    }
    CoreExpr *args[4];
    for (uint32_t i = 0; i < prims[index].arity; i++) {
        args[i] = gen_arg(g, env, size / 2);
    }
    CoreExpr *prim = core_prim(g->arena, at, prims[index].prim, args, prims[index].arity);
    prim->as.prim.name = name(g, "field");
    return prim;
}

// Takes apart a variable of which a test has shown what it is.
static CoreExpr *gen_part(Gen *g, const Env *env) {
    for (uint32_t i = env->var_count; i-- > 0;) {
        CoreExpr *var = core_var(g->arena, at, env->vars[i]);
        switch (env->facts[i]) {
        case FACT_CONS:
            return core_prim(g->arena, at, roll(g, 2) ? PRIM_HEAD : PRIM_TAIL, CORE_ARGS(var));
        case FACT_PAIR: return core_prim_at(g->arena, at, PRIM_ELEM, roll(g, 2), var);
        case FACT_POINT: return core_prim_at(g->arena, at, PRIM_FIELD, roll(g, 2), var);
        case FACT_NONE: break;
        }
    }
    return gen_atomic(g, env);
}

// ---- Branches, in value or tail position --------------------------------------------------------

static CoreExpr *gen_in(Gen *g, const Env *env, uint32_t size, bool tail) {
    return tail ? gen_tail(g, env, size) : gen_value(g, env, size);
}

static CoreExpr *gen_test(Gen *g, const Env *env, uint32_t size, bool tail) {
    static const CoreTestKind kinds[] = {TEST_IS_CONS, TEST_IS_TAGGED, TEST_IS_RECORD_OF,
                                         TEST_IS_INT,  TEST_TRUTHY,    TEST_IS_TUPLE_OF,
                                         TEST_LT,      TEST_SAME,      TEST_EQ,
                                         TEST_MAP_GET, TEST_IS_EMPTY,  TEST_IS_LIST};
    CoreTestKind kind = kinds[roll(g, sizeof(kinds) / sizeof(*kinds))];
    uint32_t which = env->var_count > 0 ? roll(g, env->var_count) : 0;
    CoreExpr *left =
        env->var_count > 0 ? core_var(g->arena, at, env->vars[which]) : gen_atomic(g, env);
    bool two = kind == TEST_LT || kind == TEST_SAME || kind == TEST_EQ || kind == TEST_MAP_GET;
    Env then_env = *env;
    CoreExpr *test =
        core_test(g->arena, at, kind, left, two ? gen_atomic(g, env) : NULL, NULL, NULL);
    test->as.test.index = 2;
    test->as.test.name = name(g, "pair");
    if (env->var_count > 0) {
        then_env.facts[which] = kind == TEST_IS_CONS                                 ? FACT_CONS
                                : kind == TEST_IS_TAGGED || kind == TEST_IS_TUPLE_OF ? FACT_PAIR
                                : kind == TEST_IS_RECORD_OF                          ? FACT_POINT
                                                                                     : FACT_NONE;
    }
    if (kind == TEST_MAP_GET) {
        test->as.test.binds = bind(g, &then_env);
    }
    test->as.test.then = gen_in(g, &then_env, size / 2, tail);
    test->as.test.otherwise = gen_in(g, env, size / 2, tail);
    return test;
}

static CoreExpr *gen_switch(Gen *g, const Env *env, uint32_t size, bool tail) {
    CoreCase *cases = ARENA_NEW_ARRAY(g->arena, CoreCase, 3);
    for (uint32_t i = 0; i < 3; i++) {
        cases[i].value =
            i == 2 ? core_const_atom(g->arena, name(g, "ok")) : core_const_int(g->arena, i);
        cases[i].body = gen_in(g, env, size / 3, tail);
    }
    return core_switch(g->arena, at, gen_atomic(g, env), cases, 3, gen_in(g, env, size / 3, tail));
}

static CoreExpr *gen_join(Gen *g, const Env *env, uint32_t size, bool tail) {
    Env body = tail ? *env : value_env(env);
    Env scope = body;
    bool recursive = roll(g, 3) == 0 && !env->in_select;
    CoreLabel label = ++g->function->label_count - 1;
    CoreVar params[3];
    uint32_t count = roll(g, 3);
    if (scope.label_count == 16) {
        return gen_atomic(g, env);
    }
    scope.labels[scope.label_count].label = label;
    scope.labels[scope.label_count++].params = count;
    if (recursive) {
        body = scope;
        forget(&body);
        g->loops++;
    }
    for (uint32_t i = 0; i < count; i++) {
        params[i] = bind(g, &body);
    }
    uint32_t loops = g->loops;
    CoreExpr *inside = gen_tail(g, &scope, size / 2);
    forget_if_looped(g, &body, loops);
    return core_join(g->arena, at, label, recursive, params, count, gen_tail(g, &body, size / 2),
                     inside);
}

static CoreExpr *gen_jump(Gen *g, const Env *env, uint32_t size) {
    uint32_t which = roll(g, env->label_count);
    CoreExpr *args[3];
    Env inner = value_env(env);
    for (uint32_t i = 0; i < env->labels[which].params; i++) {
        args[i] = gen_arg(g, &inner, size / 2);
    }
    return core_jump(g->arena, at, env->labels[which].label, args, env->labels[which].params);
}

static CoreExpr *gen_try(Gen *g, const Env *env, uint32_t size, bool tail) {
    Env body = value_env(env);
    Env handler = tail ? *env : body;
    forget(&handler);
    CoreExpr *inner = gen_value(g, &body, size / 2);
    CoreVar reason = bind(g, &handler);
    return core_try(g->arena, at, inner, reason, gen_in(g, &handler, size / 2, tail));
}

static CoreExpr *gen_receive(Gen *g, const Env *env, uint32_t size, bool tail) {
    Env select = tail ? *env : value_env(env);
    forget(&select);
    g->loops++;
    Env expired = select;
    CoreExpr *receive = core_receive(g->arena, at, bind(g, &select));
    if (roll(g, 4) > 0) {
        select.in_select = true;
        select.calls_nothing = true;
        select.label_count = 0;
        receive->as.receive.select = gen_tail(g, &select, size / 2);
    }
    if (roll(g, 2)) {
        receive->as.receive.only_ref = gen_atomic(g, env);
    }
    if (roll(g, 2)) {
        receive->as.receive.timeout = gen_atomic(g, env);
        receive->as.receive.expired = gen_in(g, &expired, size / 3, tail);
    }
    return receive;
}

static CoreExpr *gen_slot(Gen *g, const Env *env, uint32_t size, bool tail) {
    CoreSlot slot = ++g->function->slot_count - 1;
    Env inner = *env;
    Env plain = value_env(env);
    uint32_t loops = g->loops;
    CoreExpr *value = gen_value(g, &plain, size / 3);
    forget_if_looped(g, &inner, loops);
    inner.slots[inner.slot_count % 8] = slot;
    inner.slot_count = inner.slot_count < 8 ? inner.slot_count + 1 : 8;
    return core_slot_new(g->arena, at, slot, value, gen_in(g, &inner, size / 2, tail));
}

// LET or SEQ, or one of the branching kinds.
static CoreExpr *gen_shape(Gen *g, const Env *env, uint32_t size, bool tail) {
    Env inner = tail ? *env : value_env(env);
    Env plain = value_env(env);
    uint32_t loops = g->loops;
    switch (roll(g, env->calls_nothing ? 3 : 10)) {
    case 0: {
        CoreExpr *value = gen_value(g, &plain, size / 2);
        forget_if_looped(g, &inner, loops);
        CoreVar var = bind(g, &inner);
        return core_let(g->arena, at, var, value, gen_in(g, &inner, size / 2, tail));
    }
    case 1: return gen_test(g, &inner, size, tail);
    case 2: return gen_switch(g, &inner, size, tail);
    case 3: return gen_join(g, &inner, size, tail);
    case 4: return gen_try(g, &inner, size, tail);
    case 5: return gen_receive(g, &inner, size, tail);
    case 6: return gen_slot(g, &inner, size, tail);
    case 7: {
        CoreExpr *first = gen_value(g, &plain, size / 2);
        forget_if_looped(g, &inner, loops);
        return core_seq(g->arena, at, first, gen_in(g, &inner, size / 2, tail));
    }
    case 8: {
        CoreExpr *cond = gen_value(g, &plain, size / 3);
        forget_if_looped(g, &inner, loops);
        CoreExpr *then = gen_in(g, &inner, size / 3, tail);
        return core_if(g->arena, at, cond, then, gen_in(g, &inner, size / 3, tail));
    }
    default: return gen_test(g, &inner, size, tail);
    }
}

static CoreExpr *gen_value(Gen *g, const Env *env, uint32_t size) {
    Env inner = value_env(env);
    if (size == 0) {
        return roll(g, 2) ? gen_part(g, env) : gen_atomic(g, env);
    }
    switch (roll(g, 8)) {
    case 0:
    case 1: return gen_prim(g, &inner, size - 1);
    case 2:
    case 3: return env->calls_nothing ? gen_part(g, env) : gen_call(g, &inner, size - 1);
    case 4:
        if (env->slot_count > 0 && !env->calls_nothing) {
            CoreSlot slot = env->slots[roll(g, env->slot_count)];
            return roll(g, 2) ? core_slot_get(g->arena, at, slot)
                              : core_slot_set(g->arena, at, slot, gen_value(g, &inner, size / 2));
        }
        return gen_part(g, env);
    case 5:
        if (!env->calls_nothing) {
            return core_closure(g->arena, at, FUNCTIONS,
                                CORE_ARGS(gen_atomic(g, env), gen_atomic(g, env)));
        }
        return gen_part(g, env);
    default: return gen_shape(g, &inner, size - 1, false);
    }
}

static CoreExpr *gen_tail(Gen *g, const Env *env, uint32_t size) {
    if (size > 0 && roll(g, 4) > 0) {
        return gen_shape(g, env, size - 1, true);
    }
    if (env->in_select) {
        Env taken = *env;
        taken.in_select = taken.calls_nothing = false;
        return roll(g, 2) ? core_skip(g->arena, at)
                          : core_take(g->arena, at, gen_tail(g, &taken, size / 2));
    }
    if (env->label_count > 0 && roll(g, 2)) {
        return gen_jump(g, env, size);
    }
    switch (roll(g, 6)) {
    case 0: return core_fail(g->arena, at, gen_atomic(g, env));
    case 1: return core_fail_with(g->arena, at, name(g, "badmatch"), gen_atomic(g, env));
    default: return gen_value(g, env, size);
    }
}

// ---- Modules ------------------------------------------------------------------------------------

static void gen_function(Gen *g, uint32_t arity, uint32_t captured, uint32_t size) {
    CoreFunction *f = ARENA_NEW(g->arena, CoreFunction);
    Env env = {.var_count = 0};
    f->name = name(g, captured > 0 ? "closure" : "function");
    Buf text = buf_new(g->arena);
    buf_format(&text, "f%u", g->module.functions.len);
    f->name = intern_str(&g->names, buf_view(&text));
    f->arity = arity;
    f->captured = captured;
    f->is_closure = captured > 0;
    f->exported = captured == 0;
    f->span = at;
    f->var_count = f->slot_count = f->label_count = 1;
    g->function = f;
    for (uint32_t i = 0; i < arity + captured; i++) {
        vec_push(g->arena, &f->params, bind(g, &env));
    }
    f->body = gen_tail(g, &env, size);
    vec_push(g->arena, &g->module.functions, f);
}

static Str compile(Gen *g, bool optimised, Buf *listing) {
    IrModule ir = {.arena = g->arena, .names = &g->names, .core = &g->module};
    for (uint32_t i = 0; i < g->module.functions.len; i++) {
        IrFunction *f = ir_build(&ir, g->module.functions.items[i]);
        ir_verify(f);
        vec_push(g->arena, &ir.functions, f);
        vec_push(g->arena, &ir.live, f);
        if (optimised) {
            ir_simplify(f);
        }
    }
    if (optimised) {
        ir_inline(&ir);
    }
    Image *image = image_new(g->arena, &ir, &g->sources, &g->diags, true);
    for (uint32_t i = 0; i < ir.live.len; i++) {
        IrFunction *f = ir.live.items[i];
        if (optimised) {
            ir_optimise(f, false);
        }
        ir_print(f, listing);
        emit_function(image, f);
    }
    Str module = image_write(image);
    image_print(g->arena, module, listing);
    return image_bundle(g->arena, &module, 1);
}

static void gen_module(Gen *g, uint32_t size) {
    static const char *const fields[] = {"x", "y"};
    g->module.name = name(g, "Random");
    CoreRecord point = {name(g, "Random"), name(g, "Point"), ARENA_NEW_ARRAY(g->arena, Name, 2), 2};
    for (uint32_t i = 0; i < 2; i++) {
        point.fields[i] = name(g, fields[i]);
    }
    vec_push(g->arena, &g->module.records, point);
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        g->arities[i] = roll(g, PARAMS_MAX + 1);
    }
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        gen_function(g, g->arities[i], 0, size);
    }
    gen_function(g, 1, 2, size);
}

static void try_seed(uint64_t seed, uint32_t size) {
    Arena arena;
    arena_init(&arena);
    Gen g = {.arena = &arena, .seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    intern_init(&g.names, &arena);
    sources_init(&g.sources, &arena);
    diags_init(&g.diags, &arena);
    sources_add(&g.sources, STR("random.cop"), STR("a line\nanother\n"));
    gen_module(&g, size);
    for (int optimised = 0; optimised < 2; optimised++) {
        Buf listing = buf_new(&arena);
        Str image = compile(&g, optimised != 0, &listing);
        char why[256];
        // Unoptimised code may take apart constants that it has just tested, which the verifier
        // does not follow.
        if (optimised && !machine_accepts(image.ptr, image.len, why)) {
            buf_byte(&listing, '\0');
            cr_assert(false, "seed %llu size %u optimised %d: %s\n%s", (unsigned long long)seed,
                      size, optimised, why, listing.ptr);
        }
    }
    arena_free(&arena);
}

Test(emit_random, small) {
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        try_seed(seed, 6);
    }
}

Test(emit_random, medium) {
    for (uint64_t seed = 1; seed <= 300; seed++) {
        try_seed(seed, 60);
    }
}

Test(emit_random, large) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        try_seed(seed, 2000);
    }
}

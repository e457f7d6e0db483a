// Functions, actors and servers: see gen.h.
//
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/differ/gen.h"

#define EXPR(...)  node_new(g->arena, NODE_EXPR, __VA_ARGS__)
#define FIXED(...) node_new(g->arena, NODE_FIXED, __VA_ARGS__)

enum { BODY_MULT = 20, BODY_COST = 5000, LIST_GUESS = 12, DEEP_MAX = 6000, HIDDEN = -1 };

// ---- Calls --------------------------------------------------------------------------------------

// The arguments behind the fuel. `step`: of a call in a loop, so that nothing grows without bound.
static Node *arguments(Gen *g, const Function *f, Node *fuel, int depth);

// A value for the next round of a loop: what a round may add is little.
static Node *step(Gen *g, Type type, int depth) {
    Var *var = gen_find(g, type);
    if (var == NULL || gen_one_in(g, 6)) {
        return gen_literal(g, gen_type(g, type));
    }
    Node *number;
    switch (gen_type(g, type)) {
    case TYPE_INT:
        switch (gen_below(g, 6)) {
        case 0: return EXPR("(~ + `)", var->name, (int)gen_below(g, 4));
        case 1: return EXPR("(~ - $)", var->name, gen_literal(g, TYPE_INT));
        case 2: return EXPR("(~ + $)", var->name, gen_literal(g, TYPE_INT));
        case 3: return EXPR("Int.band($, 4611686018427387903)", gen_expr(g, TYPE_INT, depth));
        default: return EXPR("($ % 2305843009213693951)", gen_expr(g, TYPE_INT, depth));
        }
    case TYPE_INTS:
    case TYPE_LIST:
        number = gen_expr(g, TYPE_INT, depth - 1);
        return gen_one_in(g, 3) ? EXPR("List.take([$ | ~], 20)", number, var->name)
                                : EXPR("[$ | ~]", number, var->name);
    case TYPE_FLOATS:
        return EXPR("[$ | List.take(~, 20)]", gen_expr(g, TYPE_FLOAT, depth - 1), var->name);
    case TYPE_BYTES:
        return gen_one_in(g, 2) ? EXPR("(~ <> \"x\")", var->name)
                                : EXPR("Bytes.slice($, 0, 40)", gen_expr(g, TYPE_BYTES, depth - 1));
    case TYPE_TUPLE:
        number = gen_expr(g, TYPE_INT, depth - 1);
        return EXPR("($, $)", number, gen_expr(g, TYPE_FLOAT, depth - 1));
    case TYPE_RECORD:
        number = gen_expr(g, TYPE_INT, depth - 1);
        return EXPR("Pair{a: $, b: $}", number, gen_expr(g, TYPE_FLOAT, depth - 1));
    case TYPE_MAP: return EXPR("%{a: $}", gen_expr(g, TYPE_INT, depth - 1));
    default: return gen_expr(g, type, depth - 1);
    }
}

static Node *arguments(Gen *g, const Function *f, Node *fuel, int depth) {
    Node *list = node_list(g->arena, ", ", (uint32_t)f->param_count + (fuel != NULL));
    if (fuel != NULL) {
        node_add(g->arena, list, fuel);
    }
    for (int i = 0; i < f->param_count; i++) {
        node_add(g->arena, list,
                 g->fuel[0] != 0 ? step(g, f->params[i], depth) : gen_expr(g, f->params[i], depth));
    }
    return list;
}

Node *gen_call(Gen *g, const Function *f, int depth) {
    Node *fuel = NULL;
    gen_spend(g, f->cost);
    if (f->fuel == FUEL_INT) {
        int most = gen_one_in(g, 3) ? f->fuel_max : f->fuel_max < 8 ? f->fuel_max : 8;
        fuel = FIXED("`", (int)gen_below(g, (uint32_t)most + 1));
    } else if (f->fuel == FUEL_LIST) {
        fuel = gen_expr(g, TYPE_LISTS, depth - 1);
    }
    char before[NAME_BYTES];
    memcpy(before, g->fuel, NAME_BYTES);
    g->fuel[0] = 0;
    Node *list = arguments(g, f, fuel, depth - 1);
    memcpy(g->fuel, before, NAME_BYTES);
    return EXPR("~($)", f->name, list);
}

Node *gen_group_call(Gen *g, Type result, int depth) {
    if (g->fuel[0] == 0 || g->calls >= g->calls_max) {
        return NULL;
    }
    const Function *f = &g->functions[g->group_first + gen_below(g, g->group_count)];
    if ((f->result & result) == 0) {
        return NULL;
    }
    g->calls++;
    Node *fuel = f->fuel == FUEL_LIST ? FIXED("~", g->fuel) : FIXED("~ - 1", g->fuel);
    return EXPR("~($)", f->name, arguments(g, f, fuel, depth < 2 ? depth : 2));
}

// ---- Bodies that call themselves ----------------------------------------------------------------

// What stands around a call: what tail recursion modulo cons, accumulators and such look for.
static Node *around_call(Gen *g, Type result, int depth) {
    static const char *const numbers[] = {"($ + $)", "($ - $)", "($ * $)", "($ + $)"};
    Node *other;
    Node *call;
    switch (result) {
    case TYPE_INT:
    case TYPE_FLOAT:
        other = gen_expr(g, result, depth - 1);
        call = gen_group_call(g, result, depth);
        if (call == NULL) {
            return other;
        }
        return gen_one_in(g, 2) ? EXPR(numbers[gen_below(g, 4)], other, call)
                                : EXPR(numbers[gen_below(g, 4)], call, other);
    case TYPE_INTS:
    case TYPE_FLOATS:
    case TYPE_LIST:
        other = gen_expr(g, result == TYPE_FLOATS ? TYPE_FLOAT : TYPE_INT, depth - 1);
        call = gen_group_call(g, result, depth);
        if (call == NULL) {
            return EXPR("[$]", other);
        }
        switch (gen_below(g, 6)) {
        case 0: return EXPR("([$] ++ $)", other, call);
        case 1: return EXPR("[$, ` | $]", other, (int)gen_below(g, 9), call);
        case 2: return EXPR("($ ++ $)", gen_expr(g, result, 1), call);
        case 3: return EXPR("{ let r = $; [$ | r] }", call, other);
        default: return EXPR("[$ | $]", other, call);
        }
    case TYPE_BYTES:
        other = gen_expr(g, TYPE_BYTES, depth - 1);
        call = gen_group_call(g, result, depth);
        return call == NULL       ? other
               : gen_one_in(g, 2) ? EXPR("($ <> $)", other, call)
                                  : EXPR("<<`, $::bytes>>", (int)gen_below(g, 256), call);
    case TYPE_TUPLE:
        other = gen_expr(g, TYPE_INT, depth - 1);
        call = gen_group_call(g, result, depth);
        return call == NULL       ? EXPR("($, 1.0)", other)
               : gen_one_in(g, 2) ? EXPR("($, $)", other, call)
                                  : EXPR(":a($, $)", call, other);
    case TYPE_RECORD:
        call = gen_group_call(g, result, depth);
        return call == NULL ? EXPR("Box{a: 0}")
                            : EXPR("Pair{a: $, b: $}", call, gen_expr(g, TYPE_INT, depth - 1));
    default: return gen_expr(g, result, depth);
    }
}

static Node *body(Gen *g, Type result, int depth) {
    uint32_t vars = g->var_count;
    Node *made;
    Node *first;
    if (depth <= 1) {
        made = gen_group_call(g, result, depth);
        return made != NULL ? made : gen_expr(g, result, 1);
    }
    switch (gen_below(g, 10)) {
    case 0:
    case 1: {
        first = gen_one_in(g, 2) ? gen_guard(g, 1) : gen_expr(g, TYPE_BOOL, 2);
        int before = g->calls;
        Node *yes = body(g, result, depth - 1);
        int most = g->calls;
        g->calls = before;
        Node *no = body(g, result, depth - 1);
        g->calls = g->calls > most ? g->calls : most;
        made = EXPR("if $ { $ } else { $ }", first, yes, no);
        break;
    }
    case 2: {
        char name[NAME_BYTES];
        Type type = gen_any_type(g);
        first = gen_expr(g, type, 2);
        gen_name(g, name, "l");
        gen_bind(g, name, type);
        made = EXPR("{ let ~ = $; $ }", name, first, body(g, result, depth - 1));
        break;
    }
    case 3:
    case 4: {
        Node *call = gen_group_call(g, result, depth);
        made = call != NULL ? call : gen_expr(g, result, depth);
        break;
    }
    case 5:
    case 6:
    case 7: made = around_call(g, result, depth); break;
    default: made = gen_expr(g, result, depth);
    }
    g->var_count = vars;
    return made;
}

// ---- Functions ----------------------------------------------------------------------------------

static Node *parameters(Gen *g, const Function *f, const char *first) {
    Node *list = node_list(g->arena, ", ", PARAMS_MAX + 1);
    if (first != NULL) {
        node_add(g->arena, list, FIXED("~", first));
    }
    for (int i = 0; i < f->param_count; i++) {
        char name[NAME_BYTES];
        gen_name(g, name, "a");
        gen_bind(g, name, f->params[i]);
        node_add(g->arena, list, FIXED("~", name));
    }
    return list;
}

static void declare(Gen *g, Fuel fuel) {
    Function *f = &g->functions[g->function_count++];
    *f = (Function){.fuel = fuel, .result = gen_any_type(g), .cost = 1};
    gen_name(g, f->name, "g");
    f->param_count = (int)gen_below(g, 4) + (fuel == FUEL_NONE);
    for (int i = 0; i < f->param_count; i++) {
        f->params[i] = gen_any_type(g);
    }
}

// Makes `make`'s result in a scope of its own.
static void begin(Gen *g) {
    g->var_count = 0;
    g->cost = 0;
    g->mult = BODY_MULT;
    g->fuel[0] = 0;
    g->calls = 0;
    g->receives = false;
}

static void plain_function(Gen *g, Node *into) {
    declare(g, FUEL_NONE);
    Function *f = &g->functions[g->function_count - 1];
    f->cost = INFINITY; // until it is there
    begin(g);
    Node *list = parameters(g, f, NULL);
    if (gen_one_in(g, 3)) {
        uint32_t vars = g->var_count;
        Node *first = gen_pattern(g, f->params[0], 2);
        g->vars[0].arity = HIDDEN;
        Node *guard = gen_guard(g, 1);
        Node *rest = node_list(g->arena, "", PARAMS_MAX);
        for (int i = 1; i < f->param_count; i++) {
            node_add(g->arena, rest, FIXED(", ~", g->vars[i].name));
        }
        node_add(
            g->arena, into,
            FIXED("fn ~($$) if $ = $", f->name, first, rest, guard, gen_expr(g, f->result, 3)));
        g->var_count = vars;
        g->vars[0].arity = 0;
    }
    node_add(g->arena, into,
             FIXED(gen_one_in(g, 2) ? "fn ~($) = $" : "fn ~($) { $ }", f->name, list,
                   gen_expr(g, f->result, 5)));
    f->cost = 2 + g->cost / BODY_MULT;
    f->receives = g->receives;
}

static Node *int_function(Gen *g, const Function *f) {
    char fuel[NAME_BYTES];
    gen_name(g, fuel, "n");
    Node *list = parameters(g, f, fuel);
    Node *base = gen_expr(g, f->result, 2);
    gen_bind(g, fuel, TYPE_INT);
    memcpy(g->fuel, fuel, NAME_BYTES);
    Node *again = body(g, f->result, 4);
    switch (gen_below(g, 4)) {
    case 0:
        return FIXED("fn ~($) if ~ <= 0 = $\nfn ~($) = $", f->name, list, fuel, base, f->name, list,
                     again);
    case 1: return FIXED("fn ~($) = if ~ <= 0 { $ } else { $ }", f->name, list, fuel, base, again);
    case 2:
        return FIXED("fn ~($) {\n  match ~ { 0 => $; _ => $ }\n}", f->name, list, fuel, base,
                     again);
    default:
        return FIXED("fn ~($) {\n  if ~ > 0 { $ } else { $ }\n}", f->name, list, fuel, again, base);
    }
}

static Node *list_function(Gen *g, const Function *f) {
    char list_name[NAME_BYTES], head[NAME_BYTES], tail[NAME_BYTES];
    gen_name(g, list_name, "xs");
    gen_name(g, head, "h");
    gen_name(g, tail, "t");
    Node *rest = parameters(g, f, NULL);
    Node *base = gen_expr(g, f->result, 2);
    gen_bind(g, head, TYPE_INT);
    gen_bind(g, tail, TYPE_LIST);
    memcpy(g->fuel, tail, NAME_BYTES);
    Node *again = body(g, f->result, 4);
    const char *comma = f->param_count > 0 ? ", " : "";
    if (gen_one_in(g, 2)) {
        return FIXED("fn ~([]~$) = $\nfn ~([~ | ~]~$) = $", f->name, comma, rest, base, f->name,
                     head, tail, comma, rest, again);
    }
    return FIXED("fn ~(~~$) {\n  match ~ { [~ | ~] => $; [] => $ }\n}", f->name, list_name, comma,
                 rest, list_name, head, tail, again, base);
}

// How far down, when a round costs so much and calls so often.
static int depth_for(Gen *g, double cost, int calls) {
    static const int depths[] = {4, 12, 50, 400, DEEP_MAX};
    double rounds = BODY_COST / cost;
    if (calls > 1) {
        int deepest = (int)(log(rounds + 1) / log(calls));
        return deepest < 2 ? 2 : deepest;
    }
    int wanted = depths[gen_below(g, 5)];
    return wanted < rounds ? wanted : rounds < 2 ? 2 : (int)rounds;
}

static void recursive_group(Gen *g, Node *into) {
    Fuel fuel = gen_one_in(g, 3) ? FUEL_LIST : FUEL_INT;
    g->group_first = g->function_count;
    g->group_count = gen_one_in(g, 3) ? 2 + gen_below(g, 2) : 1;
    Type first_type = TYPE_INT;
    for (uint32_t i = 0; i < g->group_count; i++) {
        declare(g, fuel);
        Function *f = &g->functions[g->group_first + i];
        first_type = i == 0 ? f->result : first_type;
        f->result = gen_one_in(g, 8) ? f->result : first_type;
    }
    g->calls_max = fuel == FUEL_LIST ? 1 : 1 + (int)gen_one_in(g, 3) + (int)gen_one_in(g, 8);
    double cost = 0;
    int calls = 0;
    bool receives = false;
    for (uint32_t i = 0; i < g->group_count; i++) {
        const Function *f = &g->functions[g->group_first + i];
        begin(g);
        g->quiet = gen_one_in(g, 2);
        node_add(g->arena, into, fuel == FUEL_INT ? int_function(g, f) : list_function(g, f));
        cost = fmax(cost, 2 + g->cost / BODY_MULT);
        calls = g->calls > calls ? g->calls : calls;
        receives |= g->receives;
    }
    g->quiet = false;
    int depth = fuel == FUEL_LIST ? LIST_GUESS : depth_for(g, cost, calls);
    for (uint32_t i = 0; i < g->group_count; i++) {
        Function *f = &g->functions[g->group_first + i];
        f->fuel_max = depth;
        f->receives = receives;
        f->cost = cost * (calls > 1 ? pow(calls, depth) : depth);
    }
    g->group_count = 0;
}

void gen_functions(Gen *g, Node *into) {
    for (uint32_t n = 3 + gen_below(g, 5); n > 0; n--) {
        if (gen_one_in(g, 3)) {
            plain_function(g, into);
        } else {
            recursive_group(g, into);
        }
    }
    begin(g);
    g->mult = 1;
}

// ---- Local loops --------------------------------------------------------------------------------

Node *gen_local_loop(Gen *g, Type result, int depth) {
    static const int counts[] = {3, 10, 30, 300};
    int count = counts[gen_below(g, 4)];
    if (!gen_affords(g, count * 12.0)) {
        return NULL;
    }
    char name[NAME_BYTES], i[NAME_BYTES], acc[NAME_BYTES], fuel[NAME_BYTES];
    gen_name(g, name, "loop");
    gen_name(g, i, "i");
    gen_name(g, acc, "acc");
    Node *start = gen_expr(g, result, depth - 1);
    uint32_t vars = g->var_count;
    double mult = g->mult;
    bool quiet = g->quiet;
    memcpy(fuel, g->fuel, NAME_BYTES);
    g->fuel[0] = 0;
    g->mult *= count;
    g->quiet = true;
    gen_bind(g, i, TYPE_INT);
    gen_bind(g, acc, result);
    Node *next = step(g, result, 2);
    Node *made;
    if ((result & (TYPE_LISTS | TYPE_INT)) == 0 || gen_one_in(g, 2)) {
        made = EXPR("{ fn ~(~, ~) { if ~ <= 0 { ~ } else { ~(~ - 1, $) } }; ~(`, $) }", name, i,
                    acc, i, acc, name, i, next, name, count, start);
    } else if (result == TYPE_INT) {
        made =
            EXPR("{ fn ~(~, ~) { if ~ <= 0 { ~ } else { $ % 1000003 + ~(~ - 1, ~) } }; ~(`, $) }",
                 name, i, acc, i, acc, gen_expr(g, TYPE_INT, 2), name, i, acc, name, count, start);
    } else {
        made = EXPR("{ fn ~(~, ~) { if ~ <= 0 { ~ } else { [$ | ~(~ - 1, ~)] } }; ~(`, $) }", name,
                    i, acc, i, acc, gen_expr(g, result == TYPE_FLOATS ? TYPE_FLOAT : TYPE_INT, 2),
                    name, i, acc, name, count, start);
    }
    g->mult = mult;
    g->var_count = vars;
    g->quiet = quiet;
    memcpy(g->fuel, fuel, NAME_BYTES);
    return made;
}

// ---- Actors and servers -------------------------------------------------------------------------

static Node *handler(Gen *g, const char *name, char states[2][NAME_BYTES], const Type *types,
                     bool replies) {
    uint32_t vars = g->var_count;
    char x[NAME_BYTES];
    gen_name(g, x, "x");
    gen_bind(g, x, TYPE_INT);
    Node *statements = node_list(g->arena, "; ", 0);
    for (uint32_t n = 1 + gen_below(g, 2); n > 0; n--) {
        uint32_t which = gen_below(g, 2);
        Node *value = step(g, types[which], 3);
        node_add(g->arena, statements,
                 gen_one_in(g, 3) ? FIXED("if $ { ~ = $ }", gen_guard(g, 1), states[which], value)
                                  : FIXED("~ = $", states[which], value));
    }
    Node *value = gen_expr(g, gen_any_type(g), 3);
    g->var_count = vars;
    return FIXED(replies ? "  on :~(~) -> Any { $; $ }" : "  on :~(~) { $; $ }", name, x,
                 statements, value);
}

void gen_actor(Gen *g, Node *into, Node *statements) {
    Type types[2] = {gen_any_type(g), gen_any_type(g)};
    char states[2][NAME_BYTES];
    char given[NAME_BYTES];
    gen_name(g, states[0], "s");
    gen_name(g, states[1], "s");
    gen_name(g, given, "given");
    begin(g);
    g->quiet = g->alone = true;
    gen_bind(g, given, TYPE_INT);
    Node *first = gen_expr(g, types[0], 2);
    gen_bind(g, states[0], types[0]);
    Node *second = gen_expr(g, types[1], 2);
    gen_bind(g, states[1], types[1]);
    Node *handlers = node_list(g->arena, "\n", 0);
    node_add(g->arena, handlers, handler(g, "set", states, types, false));
    node_add(g->arena, handlers, handler(g, "put", states, types, true));
    node_add(g->arena, handlers, handler(g, "add", states, types, true));
    node_add(
        g->arena, into,
        FIXED("actor Keeper(~) {\n  state ~ = $\n  state ~ = $\n$\n  on :get -> Any { (~, ~) }\n}",
              given, states[0], first, states[1], second, handlers, states[0], states[1]));
    g->var_count = 0;
    g->mult = 1;
    Node *given_value = gen_expr(g, TYPE_INT, 1);
    Node *asks = node_list(g->arena, ",\n    ", 0);
    for (uint32_t n = 2 + gen_below(g, 5); n > 0; n--) {
        static const char *const texts[] = {"k ? :put($)", "k ? :add($)",
                                            "{ k ! :set($); k ? :get }"};
        node_add(g->arena, asks, FIXED(texts[gen_below(g, 3)], gen_expr(g, TYPE_INT, 1)));
    }
    node_add(
        g->arena, statements,
        FIXED("run(:actor, fn() {\n    let k = spawn Keeper($)\n    [$]\n  })", given_value, asks));
    g->quiet = g->alone = false;
}

static const char ask[] = "{ w ! :~(self(), $); receive { :re(v) => v; "
                          ":down(^ref, _, why) => :down(why); after 100 => :late } }";

void gen_server(Gen *g, Node *into, Node *statements) {
    Type type = gen_any_type(g);
    char n[NAME_BYTES], s[NAME_BYTES], x[NAME_BYTES];
    begin(g);
    g->quiet = g->alone = true;
    gen_name(g, n, "n");
    gen_name(g, s, "s");
    gen_name(g, x, "x");
    gen_bind(g, n, TYPE_INT);
    gen_bind(g, s, type);
    gen_bind(g, x, TYPE_INT);
    Node *answer = gen_expr(g, gen_any_type(g), 4);
    Node *next = step(g, type, 3);
    Node *guard = gen_guard(g, 1);
    node_add(g->arena, into,
             FIXED("fn serve(~, ~) if ~ <= 0 = ~\nfn serve(~, ~) {\n  receive {\n"
                   "    :put(from, ~) if $ => { from ! :re($); serve(~ - 1, $) }\n"
                   "    :get(from, _) => { from ! :re(~); serve(~ - 1, ~) }\n  }\n}",
                   n, s, n, s, n, s, x, guard, answer, n, next, s, n, s));
    g->var_count = 0;
    g->mult = 1;
    Node *start = gen_expr(g, type, 1);
    Node *asks = node_list(g->arena, ",\n    ", 0);
    for (uint32_t i = 2 + gen_below(g, 4); i > 0; i--) {
        const char *word = gen_one_in(g, 2) ? "put" : "get";
        node_add(g->arena, asks, FIXED(ask, word, gen_expr(g, TYPE_INT, 1)));
    }
    node_add(
        g->arena, statements,
        FIXED(
            "run(:server, fn() {\n    let (w, ref) = spawn monitor { serve(`, $) }\n    [$]\n  })",
            (int)gen_below(g, 6), start, asks));
    g->quiet = g->alone = false;
}

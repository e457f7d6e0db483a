// Expressions: see gen.h. A production is tried by the type that is wished for; what has several
// parts gives each one level less.
//
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "tests/fuzz/differ/gen.h"

#define EXPR(...) node_new(g->arena, NODE_EXPR, __VA_ARGS__)

enum { LOOP_MAX = 12 };

static Node *any(Gen *g, int depth) {
    return gen_expr(g, gen_any_type(g), depth - 1);
}

static const char *one_of(Gen *g, const char *const *texts, uint32_t count) {
    return texts[gen_below(g, count)];
}
#define ONE_OF(texts) one_of(g, texts, sizeof(texts) / sizeof *(texts))

// ---- Parts that are made on one of several paths ------------------------------------------------

// Calls of the group count by path: at a fork each way begins with as many as there were before,
// and the most go on.
typedef struct {
    int before;
    int most;
} Fork;

static Fork fork_begin(const Gen *g) {
    return (Fork){g->calls, g->calls};
}

static void fork_next(Gen *g, Fork *fork) {
    fork->most = g->calls > fork->most ? g->calls : fork->most;
    g->calls = fork->before;
}

static void fork_end(Gen *g, Fork *fork) {
    fork_next(g, fork);
    g->calls = fork->most;
}

// What runs `times` times, or later: no call of the group stands there.
typedef struct {
    double mult;
    char fuel[NAME_BYTES];
    uint32_t vars;
} Inside;

static Inside inside_begin(Gen *g, double times) {
    Inside inside = {.mult = g->mult, .vars = g->var_count};
    memcpy(inside.fuel, g->fuel, NAME_BYTES);
    g->mult *= times;
    g->fuel[0] = 0;
    return inside;
}

static void inside_end(Gen *g, const Inside *inside) {
    g->mult = inside->mult;
    g->var_count = inside->vars;
    memcpy(g->fuel, inside->fuel, NAME_BYTES);
}

// ---- For any type -------------------------------------------------------------------------------

// Has an earlier clause without a guard this very pattern? The compiler would complain.
static bool repeats(const Node *clauses, const Node *pattern) {
    while (pattern->text[0] == '$') { // `$ as name`
        pattern = pattern->parts[0];
    }
    for (uint32_t i = 0; i < clauses->count; i++) {
        const Node *clause = clauses->parts[i];
        const Node *earlier = clause->parts[0];
        while (earlier->text[0] == '$') {
            earlier = earlier->parts[0];
        }
        if (clause->count == 2 && strcmp(earlier->text, pattern->text) == 0) {
            return true;
        }
    }
    return false;
}

Node *gen_clauses(Gen *g, Type subject, Type result, int depth, bool last_takes_all) {
    Node *clauses = node_list(g->arena, "; ", 1);
    Fork fork = fork_begin(g);
    for (uint32_t n = 1 + gen_below(g, 3); n > 0; n--) {
        uint32_t vars = g->var_count;
        Node *pattern = gen_pattern(g, subject, 2);
        if (repeats(clauses, pattern)) {
            g->var_count = vars;
            continue;
        }
        // What has parts may leave nothing to a later clause.
        bool covers = n > 1 && pattern->count > 0;
        bool guarded = gen_takes_all(pattern) || covers || gen_one_in(g, 4);
        Node *guard = guarded ? gen_guard(g, 1) : NULL;
        Node *value = gen_expr(g, result, depth - 1);
        node_add(g->arena, clauses,
                 guarded ? node_new(g->arena, NODE_FIXED, "$ if $ => $", pattern, guard, value)
                         : node_new(g->arena, NODE_FIXED, "$ => $", pattern, value));
        g->var_count = vars;
        fork_next(g, &fork);
    }
    if (last_takes_all) {
        char name[NAME_BYTES];
        gen_name(g, name, "v");
        uint32_t vars = g->var_count;
        gen_bind(g, name, subject);
        node_add(g->arena, clauses,
                 node_new(g->arena, NODE_FIXED, "~ => $", name, gen_expr(g, result, depth - 1)));
        g->var_count = vars;
    }
    fork_end(g, &fork);
    return clauses;
}

static Node *make_if(Gen *g, Type type, int depth) {
    Node *test = gen_expr(g, TYPE_BOOL, depth - 1);
    Fork fork = fork_begin(g);
    Node *yes = gen_expr(g, type, depth - 1);
    fork_next(g, &fork);
    Node *no = gen_expr(g, type, depth - 1);
    fork_end(g, &fork);
    return EXPR("(if $ { $ } else { $ })", test, yes, no);
}

// What a pattern is held against. The compiler complains of patterns that a value cannot fit, where
// it sees the value being made.
static Node *subject_of(Gen *g, Type type, int depth) {
    Node *value = gen_expr(g, type, depth);
    bool seen = strchr("0123456789[\"<%:(-PB", value->text[0]) != NULL &&
                strncmp(value->text, "(if", 3) != 0 && strncmp(value->text, "(ma", 3) != 0;
    return seen ? EXPR("id($)", value) : value;
}

static Node *make_match(Gen *g, Type type, int depth) {
    Type subject = gen_any_type(g);
    Node *value = subject_of(g, subject, depth - 1);
    return EXPR("(match $ { $ })", value, gen_clauses(g, subject, type, depth, !gen_one_in(g, 8)));
}

static Node *make_block(Gen *g, Type type, int depth) {
    uint32_t vars = g->var_count;
    Node *statements = node_list(g->arena, "; ", 0);
    for (uint32_t n = 1 + gen_below(g, 2); n > 0; n--) {
        Type let = gen_any_type(g);
        Node *value = subject_of(g, let, depth - 1);
        Node *pattern = gen_one_in(g, 5) ? gen_pattern(g, let, 2) : gen_pattern(g, let, 0);
        node_add(g->arena, statements, node_new(g->arena, NODE_FIXED, "let $ = $", pattern, value));
    }
    Node *last = gen_expr(g, type, depth - 1);
    g->var_count = vars;
    return EXPR("{ $; $ }", statements, last);
}

static Node *make_let_else(Gen *g, Type type, int depth) {
    uint32_t vars = g->var_count;
    Type let = gen_any_type(g);
    Node *value = subject_of(g, let, depth - 1);
    Fork fork = fork_begin(g);
    Node *no = gen_expr(g, type, depth - 1);
    fork_next(g, &fork);
    Node *pattern = gen_pattern(g, let, 2);
    Node *last = gen_expr(g, type, depth - 1);
    fork_end(g, &fork);
    g->var_count = vars;
    return EXPR("{ let $ = $ else { $ }; $ }", pattern, value, no, last);
}

static Node *make_try(Gen *g, Type type, int depth) {
    uint32_t vars = g->var_count;
    Node *tried = gen_expr(g, type, depth - 1);
    if (gen_one_in(g, 4)) {
        return EXPR("(try { $ } catch { :badarg(_) => $ })", tried, gen_expr(g, type, depth - 1));
    }
    char name[NAME_BYTES];
    gen_name(g, name, "why");
    gen_bind(g, name, TYPE_ANY);
    Node *caught = gen_expr(g, type, depth - 1);
    g->var_count = vars;
    return g->quiet || gen_one_in(g, 2)
               ? EXPR("(try { $ } catch { ~ => $ })", tried, name, caught)
               : EXPR("(try { $ } catch { ~ => $ } after { Io.println(\"after\") })", tried, name,
                      caught);
}

static Node *make_closure(Gen *g, Type type, int depth) {
    uint32_t vars = g->var_count;
    double cost = g->cost;
    Inside inside = inside_begin(g, 1);
    char param[NAME_BYTES];
    gen_name(g, param, "x");
    Type taken = gen_any_type(g);
    gen_bind(g, param, taken);
    Node *body = gen_expr(g, type, depth - 1);
    double body_cost = (g->cost - cost) / g->mult + 1;
    inside_end(g, &inside);
    char name[NAME_BYTES];
    gen_name(g, name, "f");
    Var *var = gen_bind(g, name, type);
    var->arity = 1;
    var->cost = body_cost;
    Node *use = gen_expr(g, type, depth - 1);
    gen_spend(g, body_cost);
    Node *call = EXPR("~($)", name, gen_expr(g, taken, depth - 2));
    g->var_count = vars;
    return gen_one_in(g, 2)
               ? EXPR("{ let ~ = fn(~) => $; let _ = $; $ }", name, param, body, use, call)
               : EXPR("{ let ~ = fn(~) { $ }; let _ = $; $ }", name, param, body, call, use);
}

static Node *make_fn_call(Gen *g, Type type, int depth) {
    for (uint32_t i = 0; i < g->var_count; i++) {
        Var *var = &g->vars[g->var_count - 1 - i];
        if (var->arity == 1 && (var->type & type) != 0 && gen_affords(g, var->cost)) {
            gen_spend(g, var->cost);
            return EXPR("~($)", var->name, any(g, depth));
        }
    }
    return NULL;
}

// A function of the program's own that takes one, with a closure that is known at the call.
static Node *make_taker(Gen *g, Type type, int depth) {
    static const struct {
        Type type;
        double times;
        const char *text;
    } takers[] = {
        {TYPE_ANY & ~TYPE_LISTS, 2, "twice($, fn(~) => $)"},
        {TYPE_INTS | TYPE_FLOATS, 12, "each_of($, fn(~) => $)"},
        {TYPE_INT | TYPE_FLOAT, 10, "repeat(10, $, fn(~) => $)"},
    };
    uint32_t which = gen_below(g, 3);
    if ((type & takers[which].type) == 0 || !gen_affords(g, takers[which].times * 20)) {
        return NULL;
    }
    Node *first = gen_expr(g, type, depth - 1);
    Inside inside = inside_begin(g, takers[which].times);
    char name[NAME_BYTES];
    gen_name(g, name, "x");
    Type element = type == TYPE_INTS ? TYPE_INT : type == TYPE_FLOATS ? TYPE_FLOAT : type;
    gen_bind(g, name, element);
    Node *body = gen_expr(g, element, depth - 1);
    inside_end(g, &inside);
    if (which == 2 && type == TYPE_INT) {
        body = EXPR("$ % 1000000007000000009", body);
    }
    return EXPR(takers[which].text, first, name, body);
}

// A function by its name: called, or mapped over a list.
static Node *make_reference(Gen *g, Type type, int depth) {
    for (uint32_t i = 0; i < g->function_count; i++) {
        const Function *f = &g->functions[g->function_count - 1 - i];
        bool fits = f->fuel == FUEL_NONE && f->param_count == 1 && !(g->alone && f->receives);
        if (fits && gen_affords(g, f->cost * LOOP_MAX)) {
            gen_spend(g, f->cost * LOOP_MAX);
            g->receives |= f->receives;
            return (type & TYPE_LISTS) != 0
                       ? EXPR("List.map($, &~/1)", gen_expr(g, TYPE_LISTS, depth - 1), f->name)
                       : EXPR("{ let f = &~/1; f($) }", f->name, any(g, depth));
        }
    }
    return NULL;
}

static Node *make_call(Gen *g, Type type, int depth) {
    Function *found[FUNCTIONS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->function_count; i++) {
        Function *f = &g->functions[i];
        bool open = g->group_count > 0 && i >= g->group_first;
        bool fits = (f->result & type) != 0 && !(g->alone && f->receives);
        if (!open && fits && gen_affords(g, f->cost)) {
            found[count++] = f;
        }
    }
    if (count == 0) {
        return NULL;
    }
    Function *f = found[gen_below(g, count)];
    g->receives |= f->receives;
    return gen_call(g, f, depth);
}

static Node *make_group_call(Gen *g, Type type, int depth) {
    return gen_group_call(g, type, depth);
}

static Node *make_local_loop(Gen *g, Type type, int depth) {
    return gen_local_loop(g, type, depth);
}

static Node *make_receive(Gen *g, Type type, int depth) {
    if (g->alone) {
        return NULL;
    }
    g->receives = true;
    Type sent = gen_any_type(g);
    Node *message = subject_of(g, sent, depth - 1);
    Fork fork = fork_begin(g);
    Node *late = gen_expr(g, type, depth - 1);
    fork_next(g, &fork);
    char name[NAME_BYTES];
    gen_name(g, name, "m");
    uint32_t vars = g->var_count;
    gen_bind(g, name, sent);
    Node *value = gen_expr(g, type, depth - 1);
    g->var_count = vars;
    fork_end(g, &fork);
    gen_spend(g, 5);
    return gen_one_in(g, 2) ? EXPR("{ self() ! $; receive { $; after 0 => $ } }", message,
                                   gen_clauses(g, sent, type, depth, false), late)
                            : EXPR("{ self() ! :t(`, $); receive { :t(`, ~) => $; after ` => $ } }",
                                   (int)gen_below(g, 2), message, (int)gen_below(g, 2), name, value,
                                   (int)gen_below(g, 2), late);
}

static Node *make_fold(Gen *g, Type type, int depth) {
    if ((type & (TYPE_NUMBER | TYPE_BOOL | TYPE_ATOM)) == 0) {
        return NULL;
    }
    Type list = gen_type(g, TYPE_LISTS);
    Node *over = gen_expr(g, list, depth - 1);
    Node *first = gen_expr(g, type, depth - 1);
    Inside inside = inside_begin(g, LOOP_MAX);
    char acc[NAME_BYTES], x[NAME_BYTES];
    gen_name(g, acc, "acc");
    gen_name(g, x, "x");
    gen_bind(g, acc, type);
    gen_bind(g, x, list == TYPE_FLOATS ? TYPE_FLOAT : TYPE_INT);
    Node *body = gen_expr(g, type, depth - 1);
    inside_end(g, &inside);
    if ((type & TYPE_INT) != 0) {
        body = EXPR("$ % 1000000007000000009", body);
    }
    return EXPR("List.fold($, $, fn(~, ~) => $)", over, first, acc, x, body);
}

static Node *make_said(Gen *g, Type type, int depth) {
    if (g->quiet || g->mult > 20) {
        return NULL;
    }
    gen_spend(g, 3);
    Node *said = any(g, depth);
    return EXPR("{ Io.println(inspect($)); $ }", said, gen_expr(g, type, depth - 1));
}

static Node *make_effects(Gen *g, Type type, int depth) {
    if (g->quiet || g->mult > 20) {
        return NULL;
    }
    Node *over = gen_expr(g, gen_type(g, TYPE_LISTS), depth - 1);
    Inside inside = inside_begin(g, LOOP_MAX);
    Node *pattern = gen_pattern(g, TYPE_INT, 1);
    Node *body = any(g, depth);
    inside_end(g, &inside);
    return EXPR("{ for $ in $ { Io.println(inspect($)) }; $ }", pattern, over, body,
                gen_expr(g, type, depth - 1));
}

static Node *make_fail(Gen *g, Type type, int depth) {
    (void)type;
    return gen_one_in(g, 4) ? EXPR("fail($)", any(g, depth)) : NULL;
}

static Node *make_hidden(Gen *g, Type type, int depth) {
    if (g->alone) {
        return NULL;
    }
    g->receives = true;
    gen_spend(g, 5);
    return EXPR("hide($)", gen_expr(g, type, depth - 1));
}

static Node *make_part(Gen *g, Type type, int depth) {
    switch (gen_below(g, 5)) {
    case 0: return EXPR("$.a", gen_expr(g, TYPE_RECORD | TYPE_MAP, depth - 1));
    case 1: {
        Node *map = gen_expr(g, TYPE_MAP, depth - 1);
        return EXPR("$[$]", map, any(g, depth));
    }
    case 2: return EXPR("$[`]", gen_expr(g, TYPE_TUPLE, depth - 1), (int)gen_below(g, 3));
    case 3: return EXPR("List.at($, `)", gen_expr(g, TYPE_LISTS, depth - 1), (int)gen_below(g, 3));
    default: {
        static const char *const words[] = {"($ and $)", "($ or $)"};
        const char *text = ONE_OF(words);
        Node *left = gen_expr(g, gen_one_in(g, 2) ? TYPE_ATOM | TYPE_BOOL : type, depth - 1);
        return EXPR(text, left, gen_expr(g, type, depth - 1));
    }
    }
}

// ---- Numbers, truth and bytes -------------------------------------------------------------------

static Node *make_int(Gen *g, int depth) {
    static const char *const binary[] = {"($ + $)",        "($ + $)",        "($ - $)",
                                         "($ - $)",        "($ * $)",        "($ // $)",
                                         "($ % $)",        "Int.band($, $)", "Int.bor($, $)",
                                         "Int.bxor($, $)", "Int.min($, $)",  "Int.max($, $)"};
    static const char *const unary[] = {"(-$)",        "Int.bnot($)", "Int.abs($)",
                                        "Int.sign($)", "($ + 1)",     "($ - 1)"};
    static const char *const shift[] = {"Int.shl($, `)", "Int.shr($, `)"};
    static const char *const rounding[] = {"Float.round($)", "Float.floor($)", "Float.ceil($)",
                                           "Float.truncate($)"};
    switch (gen_below(g, 9)) {
    case 0: {
        const char *text = ONE_OF(unary);
        return EXPR(text, gen_expr(g, TYPE_INT, depth - 1));
    }
    case 1: {
        const char *text = ONE_OF(shift);
        return EXPR(text, gen_expr(g, TYPE_INT, depth - 1), (int)gen_below(g, 70) - 2);
    }
    case 2: return EXPR("List.length($)", gen_expr(g, TYPE_LISTS, depth - 1));
    case 3:
        return gen_one_in(g, 2) ? EXPR("Bytes.size($)", gen_expr(g, TYPE_BYTES, depth - 1))
                                : EXPR("List.sum($)", gen_expr(g, TYPE_INTS, depth - 1));
    case 4: {
        const char *text = ONE_OF(rounding);
        return EXPR(text, gen_expr(g, TYPE_FLOAT, depth - 1));
    }
    default: {
        const char *text = ONE_OF(binary);
        Node *left = gen_expr(g, TYPE_INT, depth - 1);
        return EXPR(text, left, gen_expr(g, TYPE_INT, depth - 1));
    }
    }
}

static Node *make_float(Gen *g, int depth) {
    static const char *const binary[] = {"($ + $)", "($ - $)",         "($ * $)",
                                         "($ / $)", "Float.min($, $)", "Float.max($, $)"};
    static const char *const unary[] = {"(-$)", "Math.sqrt($)", "Float.from($)", "Float.abs($)",
                                        "($ * 0.5)"};
    if (gen_one_in(g, 4)) {
        const char *text = ONE_OF(unary);
        return EXPR(text, gen_expr(g, TYPE_FLOAT, depth - 1));
    }
    const char *text = ONE_OF(binary);
    Node *left = gen_expr(g, gen_one_in(g, 5) ? TYPE_INT : TYPE_FLOAT, depth - 1);
    return EXPR(text, left, gen_expr(g, gen_one_in(g, 5) ? TYPE_INT : TYPE_FLOAT, depth - 1));
}

static Node *make_bool(Gen *g, int depth) {
    static const char *const compare[] = {"($ < $)",  "($ <= $)", "($ > $)",   "($ >= $)",
                                          "($ == $)", "($ != $)", "($ === $)", "($ !== $)"};
    static const char *const kinds[] = {
        "is_int($)",  "is_float($)", "is_number($)", "is_list($)",  "is_bytes($)", "is_string($)",
        "is_atom($)", "is_map($)",   "is_record($)", "is_tuple($)", "is_bool($)"};
    static const char *const combine[] = {"($ and $)", "($ or $)"};
    const char *text;
    Node *left;
    switch (gen_below(g, 8)) {
    case 0: text = ONE_OF(kinds); return EXPR(text, any(g, depth));
    case 1:
        text = ONE_OF(combine);
        left = gen_expr(g, TYPE_BOOL, depth - 1);
        return EXPR(text, left, gen_expr(g, TYPE_BOOL, depth - 1));
    case 2: return EXPR("(not $)", gen_expr(g, TYPE_BOOL, depth - 1));
    case 3:
        left = gen_expr(g, TYPE_INT, depth - 1);
        return EXPR("($ in $)", left, gen_expr(g, TYPE_INTS, depth - 1));
    case 4:
        text = ONE_OF(compare);
        left = any(g, depth);
        return EXPR(text, left, any(g, depth));
    default: {
        text = ONE_OF(compare);
        Type type = gen_one_in(g, 3) ? TYPE_NUMBER : gen_type(g, TYPE_NUMBER);
        left = gen_expr(g, type, depth - 1);
        return EXPR(text, left, gen_expr(g, type, depth - 1));
    }
    }
}

static Node *make_bytes(Gen *g, int depth) {
    static const char *const segments[] = {
        "<<$::8, $::bytes>>",  "<<$::16/little, $::bytes>>", "<<$::3, 1::5, $::bytes>>",
        "<<$::64, $::bytes>>", "<<$::8/signed, $::bytes>>",  "<<$::128, $::bytes>>"};
    Node *left;
    switch (gen_below(g, 6)) {
    case 0: return EXPR("inspect($)", any(g, depth));
    case 1: return EXPR("\"<#{$}>\"", any(g, depth));
    case 2: {
        const char *text = ONE_OF(segments);
        left = gen_expr(g, TYPE_INT, depth - 1);
        return EXPR(text, left, gen_expr(g, TYPE_BYTES, depth - 1));
    }
    case 3: {
        Node *over = gen_expr(g, TYPE_INTS, depth - 1);
        Inside inside = inside_begin(g, LOOP_MAX);
        char name[NAME_BYTES];
        gen_name(g, name, "b");
        gen_bind(g, name, TYPE_INT);
        Node *value = gen_expr(g, TYPE_INT, depth - 1);
        inside_end(g, &inside);
        return EXPR("<<$ for ~ in $>>", value, name, over);
    }
    case 4:
        return EXPR("Bytes.slice($, `, `)", gen_expr(g, TYPE_BYTES, depth - 1),
                    (int)gen_below(g, 3), (int)gen_below(g, 4));
    default:
        left = gen_expr(g, TYPE_BYTES, depth - 1);
        return EXPR("($ <> $)", left, gen_expr(g, TYPE_BYTES, depth - 1));
    }
}

// ---- Lists and what else has parts --------------------------------------------------------------

static Type element_of(Gen *g, Type list) {
    return list == TYPE_INTS ? TYPE_INT : list == TYPE_FLOATS ? TYPE_FLOAT : gen_any_type(g);
}

static Node *make_comprehension(Gen *g, Type list, int depth) {
    Inside inside;
    Node *over;
    bool range = gen_one_in(g, 3);
    Type from = gen_type(g, TYPE_LISTS);
    over = range ? EXPR("`..`", (int)gen_below(g, 6), (int)gen_below(g, LOOP_MAX))
                 : gen_expr(g, from, depth - 1);
    inside = inside_begin(g, LOOP_MAX);
    Type element = range || from == TYPE_INTS ? TYPE_INT
                   : from == TYPE_FLOATS      ? TYPE_FLOAT
                                              : TYPE_ANY;
    Node *pattern = gen_pattern(g, element, 1);
    Node *result;
    switch (gen_below(g, 4)) {
    case 0: {
        Node *test = gen_expr(g, TYPE_BOOL, depth - 2);
        result = EXPR("[$ for $ in $ if $]", gen_expr(g, element_of(g, list), depth - 1), pattern,
                      over, test);
        break;
    }
    case 1:
        if (g->mult < 20) {
            char name[NAME_BYTES];
            gen_name(g, name, "y");
            gen_bind(g, name, TYPE_INT);
            g->mult *= 4;
            result = EXPR("[$ for $ in $, ~ in 1..4]", gen_expr(g, element_of(g, list), depth - 1),
                          pattern, over, name);
            break;
        }
        // fallthrough
    default:
        result = EXPR("[$ for $ in $]", gen_expr(g, element_of(g, list), depth - 1), pattern, over);
    }
    inside_end(g, &inside);
    return result;
}

static Node *make_higher(Gen *g, Type list, int depth) {
    static const char *const mapping[] = {"List.map($, fn(~) => $)", "List.map($, fn(~) { $ })"};
    static const char *const choosing[] = {"List.filter($, fn(~) => $)",
                                           "List.reject($, fn(~) => $)",
                                           "List.take_while($, fn(~) => $)"};
    bool maps = gen_one_in(g, 2);
    Type from = maps ? gen_type(g, TYPE_INTS | TYPE_FLOATS) : list;
    Node *over = gen_expr(g, from, depth - 1);
    Inside inside = inside_begin(g, LOOP_MAX);
    char name[NAME_BYTES];
    gen_name(g, name, "x");
    gen_bind(g, name, from == TYPE_INTS ? TYPE_INT : from == TYPE_FLOATS ? TYPE_FLOAT : TYPE_ANY);
    Node *body =
        maps ? gen_expr(g, element_of(g, list), depth - 1) : gen_expr(g, TYPE_BOOL, depth - 1);
    inside_end(g, &inside);
    const char *text = maps ? ONE_OF(mapping) : ONE_OF(choosing);
    return EXPR(text, over, name, body);
}

static Node *make_list(Gen *g, Type list, int depth) {
    Node *left;
    switch (gen_below(g, 9)) {
    case 0: {
        Node *parts = node_list(g->arena, ", ", 0);
        for (uint32_t n = gen_below(g, 4); n > 0; n--) {
            node_add(g->arena, parts, gen_expr(g, element_of(g, list), depth - 1));
        }
        return EXPR("[$]", parts);
    }
    case 1:
    case 2:
        left = gen_expr(g, element_of(g, list), depth - 1);
        return EXPR("[$ | $]", left, gen_expr(g, list, depth - 1));
    case 3:
        left = gen_expr(g, list, depth - 1);
        return EXPR("($ ++ $)", left, gen_expr(g, list, depth - 1));
    case 4:
        return EXPR(gen_one_in(g, 2) ? "List.reverse($)" : "List.sort($)",
                    gen_expr(g, list, depth - 1));
    case 5: return EXPR("List.take($, `)", gen_expr(g, list, depth - 1), (int)gen_below(g, 4));
    case 6: return make_higher(g, list, depth);
    default: return make_comprehension(g, list, depth);
    }
}

static Node *make_tuple(Gen *g, int depth) {
    static const char *const texts[] = {"($, $)", "($, $)",   "($, $)",
                                        "($, $)", ":a($, $)", ":b($, $)"};
    const char *text = ONE_OF(texts);
    Node *left = gen_expr(g, TYPE_INT, depth - 1);
    return EXPR(text, left, gen_expr(g, TYPE_FLOAT, depth - 1));
}

static Node *make_map(Gen *g, int depth) {
    Node *left;
    Node *key;
    switch (gen_below(g, 4)) {
    case 0:
        left = gen_expr(g, TYPE_MAP, depth - 1);
        return EXPR("%{$ | a: $}", left, any(g, depth));
    case 1:
        left = gen_expr(g, TYPE_MAP, depth - 1);
        key = any(g, depth);
        return EXPR("Map.put($, $, $)", left, key, any(g, depth));
    case 2: return EXPR("Map.delete($, $)", gen_expr(g, TYPE_MAP, depth - 1), any(g, depth));
    default:
        left = any(g, depth);
        key = any(g, depth);
        return EXPR("%{a: $, $ => $}", left, key, any(g, depth));
    }
}

static Node *make_record(Gen *g, int depth) {
    Node *left;
    switch (gen_below(g, 4)) {
    case 0:
        left = gen_expr(g, TYPE_RECORD, depth - 1);
        return EXPR("Pair{$ | b: $}", left, any(g, depth));
    case 1: return EXPR("Box{a: $}", any(g, depth));
    case 2: return EXPR("Pair{a: $}", any(g, depth));
    default:
        left = gen_expr(g, TYPE_INT, depth - 1);
        return EXPR("Pair{a: $, b: $}", left, gen_expr(g, TYPE_FLOAT, depth - 1));
    }
}

static Node *make_of_type(Gen *g, Type type, int depth) {
    switch (type) {
    case TYPE_INT: return make_int(g, depth);
    case TYPE_FLOAT: return make_float(g, depth);
    case TYPE_BOOL: return make_bool(g, depth);
    case TYPE_BYTES: return make_bytes(g, depth);
    case TYPE_INTS:
    case TYPE_FLOATS:
    case TYPE_LIST: return make_list(g, type, depth);
    case TYPE_TUPLE: return make_tuple(g, depth);
    case TYPE_MAP: return make_map(g, depth);
    case TYPE_RECORD: return make_record(g, depth);
    default: return gen_literal(g, type);
    }
}

// ---- Choosing -----------------------------------------------------------------------------------

typedef struct {
    Node *(*make)(Gen *g, Type type, int depth);
    uint32_t weight;
} Production;

static const Production productions[] = {
    {make_if, 5},          {make_match, 6},      {make_block, 5},     {make_let_else, 1},
    {make_try, 3},         {make_closure, 3},    {make_fn_call, 4},   {make_call, 8},
    {make_fold, 3},        {make_receive, 2},    {make_said, 2},      {make_effects, 1},
    {make_fail, 2},        {make_local_loop, 3}, {make_part, 4},      {make_hidden, 2},
    {make_group_call, 14}, {make_taker, 4},      {make_reference, 2},
};

static Node *leaf(Gen *g, Type type) {
    Var *var = gen_find(g, type);
    if (var == NULL || gen_one_in(g, 4)) {
        return gen_literal(g, type);
    }
    return EXPR("~", var->name);
}

Node *gen_expr(Gen *g, Type set, int depth) {
    enum { OWN_WEIGHT = 36 };
    Type type = gen_type(g, gen_one_in(g, 40) ? TYPE_ANY : set);
    gen_spend(g, 1);
    if (depth <= 0 || !gen_affords(g, 10) || gen_one_in(g, 6)) {
        return leaf(g, type);
    }
    uint32_t sum = OWN_WEIGHT;
    for (uint32_t i = 0; i < sizeof productions / sizeof productions[0]; i++) {
        sum += productions[i].weight;
    }
    uint32_t n = gen_below(g, sum);
    for (uint32_t i = 0; i < sizeof productions / sizeof productions[0]; i++) {
        if (n < productions[i].weight) {
            Node *made = productions[i].make(g, type, depth);
            return made != NULL ? made : make_of_type(g, type, depth);
        }
        n -= productions[i].weight;
    }
    return make_of_type(g, type, depth);
}

// Patterns and guards: see gen.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/differ/gen.h"

static Node *fixed(Gen *g, const char *text) {
    return node_new(g->arena, NODE_PATTERN, text);
}

static Node *name_pattern(Gen *g, Type type) {
    char name[NAME_BYTES];
    gen_name(g, name, "p");
    gen_bind(g, name, type);
    return node_new(g->arena, NODE_PATTERN, "~", name);
}

static Node *int_pattern(Gen *g) {
    switch (gen_below(g, 4)) {
    case 0: return fixed(g, "0");
    case 1: return fixed(g, gen_one_in(g, 2) ? "100..1000" : "5000..4611686018427387910");
    case 2:
        return fixed(g, gen_one_in(g, 2) ? "(-1 | 20)"
                                         : "(-2305843009213693952 | 2305843009213693951)");
    default: return node_new(g->arena, NODE_PATTERN, "`", (int)gen_below(g, 10));
    }
}

static Node *list_pattern(Gen *g, Type element, int depth) {
    switch (gen_below(g, 5)) {
    case 0: return fixed(g, "[]");
    case 1: return node_new(g->arena, NODE_PATTERN, "[$]", gen_pattern(g, element, depth - 1));
    case 2:
        return node_new(g->arena, NODE_PATTERN, "[$, $ | _]", gen_pattern(g, element, depth - 1),
                        gen_pattern(g, element, depth - 1));
    default:
        return node_new(g->arena, NODE_PATTERN, "[$ | $]", gen_pattern(g, element, depth - 1),
                        name_pattern(g, element == TYPE_INT     ? TYPE_INTS
                                        : element == TYPE_FLOAT ? TYPE_FLOATS
                                                                : TYPE_LIST));
    }
}

static Node *bytes_pattern(Gen *g) {
    static const char *const sized[] = {"<<$::8, $::bytes>>",         "<<$::3, _::5, $::bytes>>",
                                        "<<$::16/little, $::bytes>>", "<<$::signed, $::bytes>>",
                                        "<<$::utf8, $::bytes>>",      "<<$::64, $::bytes>>"};
    switch (gen_below(g, 4)) {
    case 0: return fixed(g, "\"\"");
    case 1: return node_new(g->arena, NODE_PATTERN, "\"h\" <> $", name_pattern(g, TYPE_BYTES));
    default: {
        Node *value = name_pattern(g, TYPE_INT);
        return node_new(g->arena, NODE_PATTERN, sized[gen_below(g, 6)], value,
                        name_pattern(g, TYPE_BYTES));
    }
    }
}

Node *gen_pattern(Gen *g, Type type, int depth) {
    Arena *a = g->arena;
    if (depth <= 0 || gen_one_in(g, 3)) {
        return gen_one_in(g, 6) ? fixed(g, "_") : name_pattern(g, type);
    }
    if (gen_one_in(g, 8)) {
        Node *inner = gen_pattern(g, type, depth - 1);
        char name[NAME_BYTES];
        gen_name(g, name, "w");
        gen_bind(g, name, type);
        return node_new(a, NODE_PATTERN, "$ as ~", inner, name);
    }
    static const char *const floats[] = {"0.0", "-0.0", "1.0", "0.5"};
    static const char *const atoms[] = {":ok", ":a", "nil", ":b"};
    switch (gen_type(g, type)) {
    case TYPE_INT: return int_pattern(g);
    case TYPE_FLOAT: return fixed(g, floats[gen_below(g, 4)]);
    case TYPE_BOOL: return fixed(g, gen_one_in(g, 2) ? "true" : "false");
    case TYPE_ATOM: return fixed(g, atoms[gen_below(g, 4)]);
    case TYPE_BYTES: return bytes_pattern(g);
    case TYPE_INTS: return list_pattern(g, TYPE_INT, depth);
    case TYPE_FLOATS: return list_pattern(g, TYPE_FLOAT, depth);
    case TYPE_LIST: return list_pattern(g, TYPE_ANY, depth);
    case TYPE_TUPLE: {
        Node *first = gen_pattern(g, TYPE_INT, depth - 1);
        return node_new(a, NODE_PATTERN, gen_one_in(g, 6) ? ":a($, $)" : "($, $)", first,
                        gen_pattern(g, TYPE_FLOAT, depth - 1));
    }
    case TYPE_MAP: return node_new(a, NODE_PATTERN, "%{a: $}", gen_pattern(g, TYPE_INT, depth - 1));
    default: return node_new(a, NODE_PATTERN, "Pair{a: $}", gen_pattern(g, TYPE_INT, depth - 1));
    }
}

bool gen_takes_all(const Node *pattern) {
    return pattern->text[0] == '$' ? gen_takes_all(pattern->parts[0])
                                   : pattern->text[0] == '_' || pattern->text[0] == 'p';
}

Node *gen_guard(Gen *g, int depth) {
    static const char *const kinds[] = {"is_int(~)",  "is_float(~)",  "is_number(~)",
                                        "is_list(~)", "is_bytes(~)",  "is_tuple(~)",
                                        "is_atom(~)", "not is_map(~)"};
    static const char *const compare[] = {"~ < $",   "~ <= $", "~ == $",
                                          "~ === $", "~ > $",  "~ != $"};
    static const char *const combine[] = {"($ and $)", "($ or $)"};
    Var *var = gen_find(g, TYPE_ANY);
    if (var == NULL) {
        return node_new(g->arena, NODE_EXPR, "self() != nil");
    }
    if (depth > 0 && gen_one_in(g, 3)) {
        Node *left = gen_guard(g, depth - 1);
        return node_new(g->arena, NODE_EXPR, combine[gen_below(g, 2)], left,
                        gen_guard(g, depth - 1));
    }
    switch (gen_below(g, 4)) {
    case 0: return node_new(g->arena, NODE_EXPR, kinds[gen_below(g, 8)], var->name);
    case 1:
        return node_new(g->arena, NODE_EXPR, "~ % ` == `", var->name, (int)gen_below(g, 5) + 1,
                        (int)gen_below(g, 3));
    default:
        return node_new(g->arena, NODE_EXPR, compare[gen_below(g, 6)], var->name,
                        gen_literal(g, gen_type(g, (var->type & ~TYPE_BYTES) | TYPE_INT)));
    }
}

// See gen.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/differ/gen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COST_MAX = 20000, PROGRAM_TESTS = 8 };

// ---- Choosing -----------------------------------------------------------------------------------

uint64_t gen_bits(Gen *g) {
    // splitmix64, by Vigna.
    uint64_t z = g->seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t gen_below(Gen *g, uint32_t n) {
    return (uint32_t)((gen_bits(g) >> 32) * n >> 32);
}

bool gen_one_in(Gen *g, uint32_t n) {
    return gen_below(g, n) == 0;
}

Type gen_type(Gen *g, Type set) {
    int n = (int)gen_below(g, (uint32_t)__builtin_popcount(set));
    for (int i = 0;; i++) {
        if ((set >> i & 1) != 0 && n-- == 0) {
            return 1u << i;
        }
    }
}

// Numbers and lists are where most is done.
Type gen_any_type(Gen *g) {
    static const Type often[] = {TYPE_INT,   TYPE_INT,  TYPE_INT, TYPE_FLOAT,
                                 TYPE_FLOAT, TYPE_INTS, TYPE_INTS};
    uint32_t n = gen_below(g, 12);
    return n < sizeof often / sizeof often[0] ? often[n] : gen_type(g, TYPE_ANY);
}

// ---- Costs --------------------------------------------------------------------------------------

void gen_spend(Gen *g, double cost) {
    g->cost += g->mult * cost;
}

bool gen_affords(const Gen *g, double cost) {
    return g->cost + g->mult * cost < COST_MAX;
}

// ---- Names --------------------------------------------------------------------------------------

void gen_name(Gen *g, char *name, const char *with) {
    snprintf(name, NAME_BYTES, "%s%u", with, g->names++);
}

Var *gen_bind(Gen *g, const char *name, Type type) {
    if (g->var_count == VARS_MAX) {
        g->var_count = VARS_MAX / 2;
    }
    Var *var = &g->vars[g->var_count++];
    *var = (Var){.type = type};
    snprintf(var->name, NAME_BYTES, "%s", name);
    return var;
}

Var *gen_find(Gen *g, Type set) {
    Var *found[VARS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->var_count; i++) {
        if (g->vars[i].arity == 0 && (g->vars[i].type & ~set) == 0) {
            found[count++] = &g->vars[i];
        }
    }
    return count == 0 ? NULL : found[gen_below(g, count)];
}

// ---- Literals -----------------------------------------------------------------------------------

// Decimal digits of 2^power + offset: power from 2 to 200 or so, offset from -2 to 2.
static void print_power(char *text, uint32_t power, int offset) {
    int digits[80] = {1}; // the lowest first
    int count = 1;
    for (uint32_t i = 0; i <= power; i++) {
        for (int k = 0; k < count; k++) {
            // The last round adds the offset; the lowest digit of a power of two is at least 2.
            digits[k] = i < power ? digits[k] * 2 : digits[k] + (k == 0 ? offset : 0);
        }
        for (int k = 0; k < count; k++) {
            digits[k + 1] += digits[k] / 10;
            digits[k] %= 10;
            count += k + 1 == count && digits[k + 1] > 0;
        }
    }
    while (count > 0) {
        *text++ = (char)('0' + digits[--count]);
    }
    *text = 0;
}

static Node *int_literal(Gen *g) {
    static const uint8_t powers[] = {3,  7,  8,  15, 16, 30, 31, 32, 52,  53,  54, 59,
                                     60, 61, 62, 63, 64, 65, 66, 96, 127, 128, 129};
    char text[96];
    switch (gen_below(g, 8)) {
    case 0:
    case 1: snprintf(text, sizeof text, "%u", gen_below(g, 4)); break;
    case 2:
    case 3: snprintf(text, sizeof text, "%u", gen_below(g, 100)); break;
    case 4: snprintf(text, sizeof text, "%u", gen_below(g, UINT32_MAX)); break;
    case 5: snprintf(text, sizeof text, "%llu", (unsigned long long)gen_bits(g)); break;
    default: print_power(text, powers[gen_below(g, sizeof powers)], (int)gen_below(g, 5) - 2);
    }
    return node_new(g->arena, NODE_EXPR, gen_one_in(g, 3) ? "(-~)" : "~", text);
}

static Node *float_literal(Gen *g) {
    static const char *const plain[] = {"0.0",
                                        "0.0",
                                        "1.0",
                                        "0.5",
                                        "2.0",
                                        "0.1",
                                        "3.0e0",
                                        "1.0e10",
                                        "1.5",
                                        "10.0",
                                        "9007199254740992.0",
                                        "4611686018427387904.0",
                                        "2305843009213693952.0",
                                        "9223372036854775808.0",
                                        "18446744073709551616.0",
                                        "1.7976931348623157e308",
                                        "2.2250738585072014e-308",
                                        "5.0e-324",
                                        "1.0e16",
                                        "1.0e-4"};
    static const uint16_t exponents[] = {0, 1, 2, 1022, 1023, 1024, 2045, 2046, 1075, 1085};
    char text[64];
    if (gen_one_in(g, 2)) {
        snprintf(text, sizeof text, "%s", plain[gen_below(g, sizeof plain / sizeof plain[0])]);
    } else {
        uint64_t exponent = gen_below(g, 2047);
        switch (gen_below(g, 3)) {
        case 0: exponent = exponents[gen_below(g, sizeof exponents / sizeof exponents[0])]; break;
        case 1:
            exponent = (exponent & ~UINT64_C(127)) + gen_below(g, 5);
            break; // where tags change
        default: break;
        }
        uint64_t bits = exponent << 52 | gen_bits(g) >> 12;
        bits &= gen_one_in(g, 2) ? UINT64_MAX << 32 : UINT64_MAX;
        double value;
        memcpy(&value, &bits, sizeof value);
        snprintf(text, sizeof text, "%.16e", isfinite(value) ? value : 1.0);
        char *plus = strchr(text, '+');
        if (plus != NULL) {
            memmove(plus, plus + 1, strlen(plus));
        }
    }
    return node_new(g->arena, NODE_EXPR, gen_one_in(g, 3) ? "(-~)" : "~", text);
}

static Node *bytes_literal(Gen *g) {
    static const char *const texts[] = {
        "\"\"",
        "\"a\"",
        "\"hello\"",
        "\"tree\"",
        "\"\\u{e9}t\\u{e9}\"",
        "<<255>>",
        "<<0, 1, 254>>",
        "\"a text of more than sixty-four bytes, so that it is shared and not copied here\""};
    return node_new(g->arena, NODE_EXPR, texts[gen_below(g, sizeof texts / sizeof texts[0])]);
}

static Node *list_literal(Gen *g, Type element) {
    Node *list = node_list(g->arena, ", ", 0);
    for (uint32_t n = gen_below(g, 6); n > 0; n--) {
        node_add(g->arena, list, gen_literal(g, element));
    }
    return node_new(g->arena, NODE_EXPR, "[$]", list);
}

Node *gen_literal(Gen *g, Type type) {
    static const char *const atoms[] = {":ok", ":error", ":a", ":b", "nil", "true", "false"};
    switch (type) {
    case TYPE_INT: return int_literal(g);
    case TYPE_FLOAT: return float_literal(g);
    case TYPE_BOOL: return node_new(g->arena, NODE_EXPR, gen_one_in(g, 2) ? "true" : "false");
    case TYPE_ATOM: return node_new(g->arena, NODE_EXPR, atoms[gen_below(g, 7)]);
    case TYPE_BYTES: return bytes_literal(g);
    case TYPE_INTS: return list_literal(g, TYPE_INT);
    case TYPE_FLOATS: return list_literal(g, TYPE_FLOAT);
    case TYPE_LIST: return list_literal(g, gen_type(g, TYPE_ANY & ~TYPE_LISTS));
    case TYPE_TUPLE:
        return node_new(g->arena, NODE_EXPR, gen_one_in(g, 6) ? ":a($, $)" : "($, $)",
                        int_literal(g), float_literal(g));
    case TYPE_MAP:
        return node_new(g->arena, NODE_EXPR, "%{a: $, $ => $}", int_literal(g), int_literal(g),
                        float_literal(g));
    default:
        return node_new(g->arena, NODE_EXPR, "Pair{a: $, b: $}", int_literal(g), float_literal(g));
    }
}

// ---- A program ----------------------------------------------------------------------------------

static const char frame[] = "record Pair { a, b = 0 }\n"
                            "record Box { a }\n"
                            "$\n"
                            "fn id(x) = x\n"
                            "fn twice(x, f) = f(f(x))\n"
                            "fn each_of([], _) = []\n"
                            "fn each_of([x | xs], f) = [f(x) | each_of(xs, f)]\n"
                            "fn repeat(n, x, f) = if n <= 0 { x } else { repeat(n - 1, f(x), f) }\n"
                            "fn drain() { receive { _ => drain(); after 0 => nil } }\n"
                            "fn hide(x) { self() ! :hide(x); receive { :hide(y) => y } }\n"
                            "fn run(k, f) {\n"
                            "  let r = try { :done(f()) } catch { why => :failed(why) }\n"
                            "  drain()\n"
                            "  Io.println(\"#{k}: #{inspect(r)}\")\n"
                            "}\n"
                            "fn main() {\n  $\n}\n";

static Node *test_of(Gen *g, int number, Node *value) {
    return node_new(g->arena, NODE_FIXED, "run(`, fn() => $)", number, value);
}

Node *gen_program(Arena *arena, uint64_t seed) {
    Gen gen = {.arena = arena, .seed = seed * UINT64_C(0x2545f4914f6cdd1d), .mult = 1};
    Gen *g = &gen;
    Node *definitions = node_list(arena, "\n", 0);
    Node *statements = node_list(arena, "\n  ", 1);
    gen_functions(g, definitions);
    int number = 1;
    for (uint32_t i = 0; i < g->function_count; i++) {
        for (int times = 0; times < 2; times++) {
            g->cost = 0;
            if (gen_affords(g, g->functions[i].cost)) {
                Node *call = gen_call(g, &g->functions[i], 1);
                node_add(arena, statements, test_of(g, number++, call));
            }
        }
    }
    for (int i = 0; i < PROGRAM_TESTS; i++) {
        g->cost = 0;
        node_add(arena, statements, test_of(g, number++, gen_expr(g, gen_any_type(g), 5)));
    }
    g->cost = 0;
    if (gen_one_in(g, 2)) {
        gen_actor(g, definitions, statements);
    }
    if (gen_one_in(g, 2)) {
        gen_server(g, definitions, statements);
    }
    return node_new(arena, NODE_FIXED, frame, definitions, statements);
}

// Random programs of the language that end, by construction: what a function calls was made before
// it, but for itself and its group, whose first parameter (fuel, or a list) gets smaller. A cost is
// kept for each function, and nothing is called where that would make a program long.
//
//   gen.c        what the others share; literals; a whole program
//   pattern.c    patterns and guards
//   expr.c       expressions, by the type they should have
//   function.c   functions, local ones and groups; actors and processes
//
// Types are wishes: now and then something of another type is made, as failing is to be compared as
// well. One seed, one program.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/fuzz/differ/tree.h"

// A set, so that one may wish for any of several.
typedef enum {
    TYPE_INT = 1 << 0,
    TYPE_FLOAT = 1 << 1,
    TYPE_BOOL = 1 << 2,
    TYPE_ATOM = 1 << 3,
    TYPE_BYTES = 1 << 4,
    TYPE_INTS = 1 << 5, // a list of integers
    TYPE_FLOATS = 1 << 6,
    TYPE_LIST = 1 << 7,
    TYPE_TUPLE = 1 << 8,
    TYPE_MAP = 1 << 9,
    TYPE_RECORD = 1 << 10,
    TYPE_COUNT = 11,
    TYPE_NUMBER = TYPE_INT | TYPE_FLOAT,
    TYPE_LISTS = TYPE_INTS | TYPE_FLOATS | TYPE_LIST,
    TYPE_ANY = (1 << TYPE_COUNT) - 1,
} Type;

enum { PARAMS_MAX = 5, FUNCTIONS_MAX = 40, VARS_MAX = 64, NAME_BYTES = 12 };

// What a call passes first, so that recursion ends.
typedef enum {
    FUEL_NONE,
    FUEL_INT,  // one less at each call
    FUEL_LIST, // the rest of the list
} Fuel;

typedef struct {
    char name[NAME_BYTES];
    Fuel fuel;
    int fuel_max; // of FUEL_INT
    Type params[PARAMS_MAX];
    int param_count; // without the fuel
    Type result;
    double cost; // of one call from outside
    bool receives;
} Function;

typedef struct {
    char name[NAME_BYTES];
    Type type;
    int arity; // of a function value; else 0
    double cost;
} Var;

typedef struct {
    Arena *arena;
    uint64_t seed;
    Var vars[VARS_MAX];
    uint32_t var_count;
    Function functions[FUNCTIONS_MAX];
    uint32_t function_count;
    uint32_t names;
    double cost; // of what is being made, in calls and allocations or so
    double mult; // how often what is being made may run
    // The group that is being made: its functions may be called with less fuel.
    uint32_t group_first;
    uint32_t group_count;
    char fuel[NAME_BYTES]; // the variable that holds it; "": no such call here
    int calls;             // of the group on this path
    int calls_max;
    bool quiet;    // nothing is printed here
    bool alone;    // nor received
    bool receives; // since this was cleared, something was
} Gen;

// gen.c
uint64_t gen_bits(Gen *g);
uint32_t gen_below(Gen *g, uint32_t n);
bool gen_one_in(Gen *g, uint32_t n);
// One type of the set.
Type gen_type(Gen *g, Type set);
Type gen_any_type(Gen *g);
Node *gen_literal(Gen *g, Type type);
// A new name that begins so.
void gen_name(Gen *g, char *name, const char *with);
Var *gen_bind(Gen *g, const char *name, Type type);
// A variable of one of these types, or NULL.
Var *gen_find(Gen *g, Type set);
void gen_spend(Gen *g, double cost);
// May something of this cost run here?
bool gen_affords(const Gen *g, double cost);
Node *gen_program(Arena *arena, uint64_t seed);

// pattern.c. Binds the names of the pattern.
Node *gen_pattern(Gen *g, Type type, int depth);
// Does it match whatever there is?
bool gen_takes_all(const Node *pattern);
Node *gen_guard(Gen *g, int depth);

// expr.c
Node *gen_expr(Gen *g, Type set, int depth);
// Clauses of match, receive, catch and the like: `pattern => expression` of what has this type.
Node *gen_clauses(Gen *g, Type subject, Type result, int depth, bool last_takes_all);

// function.c. Each adds definitions to `into`.
void gen_functions(Gen *g, Node *into);
Node *gen_local_loop(Gen *g, Type result, int depth);
Node *gen_call(Gen *g, const Function *f, int depth);
// A call of a function of the group with less fuel, or NULL.
Node *gen_group_call(Gen *g, Type result, int depth);
// An actor, and statements that use it.
void gen_actor(Gen *g, Node *into, Node *statements);
// A server in a process of its own, and the same.
void gen_server(Gen *g, Node *into, Node *statements);

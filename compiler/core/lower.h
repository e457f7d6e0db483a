// Lowering: the tree of one module becomes core. Names are resolved on the way, in one walk.
//
// A Lower is the state of one module's lowering. It holds the names in sight (a stack of Locals;
// the newest of a name is found in O(1)), the function being made (LowerFn; nested ones have
// parents) and the module's tables. Each kind of construct has a file of its own:
//   lower.c       the module: declares all functions, then lowers each; tests, scripts
//   lower_fn.c    functions: parameters, clauses, closures and what they capture, local functions
//   lower_expr.c  expressions         lower_call.c  calls of every kind, function references, pipes
//   lower_cond.c  conditions and guards as branches   lower_block.c  statements, let
//   lower_loop.c  for and comprehensions   lower_data.c  records, maps, bytes, strings
//   lower_flow.c  match, try, receive      match.c, pattern.c  patterns to decision trees
//   lower_doc.c   doc comments and their examples
//   actor*.c, supervisor*.c  the OTP layer, through this header
// lower_expr and lower_tail lower an expression; lower_tail where its value is the function's
// result, so that a call of the function itself may become a jump. Expressions are made in the
// order of evaluation. After an error was reported a lowering gives nil and goes on. Nothing
// recurses deeper than the tree is high (AST_HEIGHT_MAX); blocks, lists and let chains are loops.
// Tests: tests/unit/compiler/core, tests/stage/*.core, tests/lang.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/core/core_build.h"
#include "compiler/resolve/scope.h"

typedef struct Lower Lower;
typedef struct LowerFn LowerFn;
typedef struct Local Local;
typedef struct LocalFn LocalFn;
typedef struct Target Target;

// ---- Names in sight -----------------------------------------------------------------------------

typedef enum LocalKind {
    LOCAL_VAR,  // a variable of `fn`
    LOCAL_CELL, // a cell of the process (state, constructor parameters); closures capture its value
    LOCAL_FN,   // a local function
} LocalKind;

// That an inner function has captured a local; the innermost one first.
typedef struct Capture {
    struct Capture *outer;
    Local *local;
    LowerFn *fn;
    CoreVar var; // in fn
} Capture;

struct Local {
    Name name;
    Span span;
    LocalKind kind;
    bool is_state;     // cell that may be assigned
    bool is_fresh_ref; // variable that holds a reference made in this function
    LowerFn *fn;       // where it is bound
    CoreVar var;       // LOCAL_VAR
    uint32_t cell;     // LOCAL_CELL
    LocalFn *local_fn; // LOCAL_FN
    Local *shadowed;   // the next older one of this name
    Capture *captures;
};

typedef struct {
    uint32_t local_count;
} LowerMark;

// ---- A function being made ----------------------------------------------------------------------

struct LowerFn {
    LowerFn *parent;   // whose names it sees; NULL: none
    LowerFn *outer;    // what is being lowered around it, whether seen or not
    uint32_t root;     // functions that see each other's names have the same
    uint32_t function; // number in the module
    CoreVars params;
    VEC(Capture *) captures;
    uint32_t var_count; // the next number to give
    uint32_t slot_count;
    uint32_t label_count;
    uint32_t closure_count; // for the names of closures
    bool is_closure;        // from lower_open_closure
    LocalFn *local_fn;      // the local function this is the body of, or NULL
    // Self tail calls are jumps to a loop around the body.
    const FnDef *self;     // the definition whose calls are such, or NULL
    CoreLabel loop_label;  // 0: none yet
    VEC(Target *) targets; // by label: places that are used and not yet there
};

// Private functions that are seen before the module's own: the `fn`s of an actor.
typedef struct FnTable {
    Interface *fns;
    Name prefix;          // of their names in the module: "Counter" gives "Counter.mask"
    struct FnTable *next; // looked at after this one
} FnTable;

// What actor.c keeps about the handler being lowered; NULL outside. Opaque here.
struct ActorContext;

typedef struct RuntimeName {
    Name module;
    Name name;
} RuntimeName;

struct Lower {
    Arena *arena;
    Intern *intern;
    Diags *diags;
    Sources *sources;
    Scope *scope;
    CoreModule *module;
    LowerFn *fn; // the function being made, or NULL
    FnTable *tables;
    const AstActor *helpers_of; // whose private functions are being lowered: they see no state
    struct ActorContext *actor;
    Target *guard;   // in a guard: where what fails goes; else NULL
    Local **by_name; // by name id: the newest Local of it
    uint32_t by_name_count;
    VEC(Local *) locals;                // all in sight, newest last
    VEC(const Value *) exported_values; // what other modules see of this one's functions
    NameMap hidden; // numbers + 1 of functions that no name of the source stands for
    uint32_t root_count;
    RuntimeName *runtime; // by Runtime, once called
};

typedef struct LowerOptions {
    bool tests; // `test` blocks and doc examples become tests
    bool docs;  // keep doc comments
    // An input of the REPL: the statements become `eval`, which takes a tuple of the values of
    // `bound` in order and returns a tuple of the last statement's value and the values of the
    // names in sight then.
    bool is_repl;
    const Name *bound; // names bound so far, no name twice
    uint32_t bound_count;
} LowerOptions;

typedef VEC(Name) LowerNames;

// The module of scope->own as core. Reports into modules->diags; when it reported errors the result
// must not be used further. `in_sight`, if not NULL, gets the names bound after an input of the
// REPL, in the order of eval's tuple.
CoreModule *lower_module(Scope *scope, Sources *sources, const LowerOptions *options,
                         LowerNames *in_sight);

// ---- Numbers and names --------------------------------------------------------------------------

CoreVar lower_var(Lower *L); // a fresh variable of the current function
CoreSlot lower_slot(Lower *L);
CoreLabel lower_label(Lower *L);
Name lower_name(Lower *L, const char *text); // interns
static inline Name lower_known(Lower *L, uint32_t id) {
    return L->intern->known[id];
}

// nil, true, false and :ok as literals.
CoreExpr *lower_nil(Lower *L, Span span);
CoreExpr *lower_bool(Lower *L, Span span, bool value);
CoreExpr *lower_ok(Lower *L, Span span);

// Names bound from lower_mark on go out of sight with lower_release.
LowerMark lower_mark(Lower *L);
void lower_release(Lower *L, LowerMark mark);

// Binds a name to a variable or a cell. Reports a name that hides a state name (but `_`, which
// binds nothing).
Local *lower_bind(Lower *L, Name name, Span span, CoreVar var);
Local *lower_bind_cell(Lower *L, Name name, Span span, uint32_t cell, bool is_state);

// The local a name means, or NULL.
Local *lower_find(Lower *L, Name name);

// The value of a local in the current function; captures it where needed. Atomic for variables.
CoreExpr *lower_local(Lower *L, Span span, Local *local);

// ---- Functions ----------------------------------------------------------------------------------

// Adds a function without a body to the module; its number. Arity counts no captured values.
uint32_t lower_declare(Lower *L, Name name, uint32_t arity, Span span);

// Starts the body of a declared function that sees no local names; it becomes L->fn. `fn` is the
// caller's memory (a C local) until lower_close.
void lower_open(Lower *L, LowerFn *fn, uint32_t function);

// Starts a closure, which sees what is in sight; declares its function too ("f/1", "f/2" …).
void lower_open_closure(Lower *L, LowerFn *fn, uint32_t arity, Span span);

// Adds a parameter: its variable. All are added before the body is lowered.
CoreVar lower_param(Lower *L);

// Ends the function with this body. After lower_open_closure the result is the CLOSURE node (or the
// constant function, if it captures nothing), to be evaluated in the function around; else NULL.
CoreExpr *lower_close(Lower *L, CoreExpr *body);

// A closure of no arguments that runs `body`: for `spawn { … }`.
CoreExpr *lower_thunk(Lower *L, const AstNode *body, Span span);

// Declares the functions of a list of AstFn (clauses side by side, every arity that defaults make)
// in a table: names defined twice are reported. Their bodies are lowered by lower_table_bodies,
// with the table pushed. So the `fn`s of an actor become private functions: push the table, lower
// handlers and bodies, pop it.
FnTable *lower_table(Lower *L, const AstList *fns, Name prefix);
void lower_table_bodies(Lower *L, FnTable *table);
void lower_push_table(Lower *L, FnTable *table);
void lower_pop_table(Lower *L);

// ---- Expressions and blocks ---------------------------------------------------------------------

CoreExpr *lower_expr(Lower *L, const AstNode *node);
CoreExpr *lower_tail(Lower *L, const AstNode *node);

// An expression whose value is needed more than once: a VAR or LIT, and in *value what must be
// bound to it before (see lower_finish), or NULL.
typedef struct Held {
    CoreVar var; // 0: nothing to bind
    CoreExpr *value;
    CoreExpr *atom; // use core_again for more
} Held;
Held lower_hold(Lower *L, CoreExpr *value);

// LET of a held value around the body; the body itself if there is nothing to bind.
CoreExpr *lower_finish(Lower *L, Held held, CoreExpr *body);

// Statements one after another, in a scope of their own; the value is the last one's.
CoreExpr *lower_block(Lower *L, const AstBlock *block, bool is_tail);

// What comes after the last statement of a block, with the names bound in it in sight; value is
// atomic.
typedef CoreExpr *(*LowerThen)(Lower *L, CoreExpr *value, void *data);

// ---- Patterns -----------------------------------------------------------------------------------

// One clause: as many patterns as there are subjects, a guard or NULL.
typedef struct LowerClause {
    AstNode *const *patterns;
    const AstNode *guard;
    Span span;        // what a message about the clause points at
    const void *data; // the caller's
    bool may_be_idle; // nobody is told if it can never be reached
} LowerClause;

// Makes the body of clause `index`, once, with the names of its patterns in sight.
typedef CoreExpr *(*LowerBody)(Lower *L, const LowerClause *clause, uint32_t index, void *data);

// The decision tree of clauses over subject variables. A body that several leaves reach becomes a
// join. `otherwise` is where no clause fits; it may be any expression (it is put in one place).
// Reports clauses that can certainly never be reached, names that stand twice in a pattern, and so
// on.
CoreExpr *lower_clauses(Lower *L, Span span, const CoreVar *subjects, uint32_t subject_count,
                        const LowerClause *clauses, uint32_t clause_count, LowerBody body,
                        CoreExpr *otherwise, void *data);

// A condition as branches: the value of `condition` decides.
// `then` and `otherwise` are put in one place each.
CoreExpr *lower_branch(Lower *L, const AstNode *condition, CoreExpr *then, CoreExpr *otherwise);

// ---- Branches into one place --------------------------------------------------------------------

// A place that several branches go to. Each lower_goto gives a node to put in tail position;
// lower_place then puts the body there: into the only goto, or in a join around `scope`. The Target
// must not move meanwhile, and the body must be finished: its first node may be copied.
struct Target {
    CoreLabel label; // 0: not used yet
    uint32_t uses;
    bool needs_join;       // a goto stands where only a jump may (the `fail` of a prim)
    CoreExpr *first;       // the first goto
    const CoreVar *params; // variables that the body takes
    uint32_t param_count;
};
// A place without parameters: a zeroed Target.
static inline Target lower_target(Lower *L) {
    (void)L;
    return (Target){0};
}
CoreExpr *lower_goto(Lower *L, Target *target, Span span, CoreExpr *const *args, uint32_t count);
CoreExpr *lower_place(Lower *L, Target *target, Span span, CoreExpr *body, CoreExpr *scope);

// ---- The runtime --------------------------------------------------------------------------------

// Functions of the library and built-ins that lowered code calls: runtime.def.
typedef enum Runtime {
#define RUNTIME(module, name, arity, meaning) RUNTIME_##module##_##name##_##arity,
#include "compiler/core/runtime.def"
#undef RUNTIME
    RUNTIME_COUNT
} Runtime;

// A call of one of them: lower_runtime(L, span, RUNTIME_Vm_display_1, CORE_ARGS(x)).
CoreExpr *lower_runtime(Lower *L, Span span, Runtime function, CoreExpr *const *args,
                        uint32_t count);

// What the files of lowering share among themselves; lower.h is for everybody.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/core/lower.h"

// ---- Chains: one thing after another, of any length, without recursion (lower_block.c) ----------

// A zeroed Chain is empty.
typedef struct Chain {
    CoreExpr *first;
    CoreExpr **hole; // where the rest goes; NULL: first
} Chain;

void chain_put(Chain *chain, CoreExpr *node, CoreExpr **hole);
void chain_let(Lower *L, Chain *chain, CoreVar var, CoreExpr *value);
// The value as something atomic, bound by a LET of the chain if it is not.
CoreExpr *chain_hold(Lower *L, Chain *chain, CoreExpr *value);
// Runs the value for its effect (nothing, if it is atomic).
void chain_effect(Lower *L, Chain *chain, CoreExpr *value);
CoreExpr *chain_end(Chain *chain, CoreExpr *last);

// ---- Functions (lower_fn.c) ---------------------------------------------------------------------

// A function defined in a block. Its body is a function of the module that takes what it captures
// behind its arguments, so that it can be called directly; as a value it is a closure.
struct LocalFn {
    Name name;
    uint32_t arity;
    uint32_t function;
    LowerFn *body; // while its body is lowered
    VEC(Local *) captured;
    CoreExprs
        own_calls; // calls of itself in its body, which lack the captured values until it is closed
    Local *own_value; // its value inside of its body, once asked for
};

// Defines the functions of clauses that stand side by side in a block; binds the name. `count`
// AstFn. The values of cells that it captures are those of now, kept by LETs of the chain.
void lower_local_fn(Lower *L, AstNode *const *clauses, uint32_t count, Chain *chain);

// The local function of that arity that a name means, or NULL; found is the newest local of the
// name.
Local *lower_find_local_fn(Lower *L, Local *found, uint32_t arity);

CoreExpr *lower_call_local_fn(Lower *L, Span span, Local *local, CoreExpr *const *args,
                              uint32_t count, bool is_tail);

// The clauses of a function (AstFn), or one AstLambda, as the body of the function just opened;
// adds its parameters.
CoreExpr *lower_fn_clauses(Lower *L, const AstList *clauses, uint32_t arity, Span span);
CoreExpr *lower_lambda(Lower *L, const AstLambda *lambda);
CoreExpr *lower_lambda_body(Lower *L, const AstLambda *lambda);

// Declares, and lowers, what a FnDef stands for, in each of its arities.
void lower_declare_def(Lower *L, FnDef *def, Name prefix);
void lower_def_body(Lower *L, FnDef *def);

// A jump to the start of the current function, which becomes a loop.
CoreExpr *lower_self_jump(Lower *L, Span span, CoreExpr *const *args, uint32_t count);

// ---- Expressions --------------------------------------------------------------------------------

// is_tail: its value is the function's.
CoreExpr *lower_at(Lower *L, const AstNode *node, bool is_tail);

// A whole list of expressions, in the arena.
CoreExpr **lower_list(Lower *L, const AstList *list);

// lower_call.c
CoreExpr *lower_call(Lower *L, const AstCall *call, bool is_tail);
CoreExpr *lower_string(Lower *L, const AstString *text);
CoreExpr *lower_path(Lower *L, const AstPath *path);
CoreExpr *lower_pipe(Lower *L, const AstPipe *pipe, bool is_tail);
CoreExpr *lower_fn_ref(Lower *L, const AstFnRef *ref);
CoreExpr *lower_name_value(Lower *L, Name name, Span span);
CoreExpr *lower_remote(Lower *L, const AstRemote *remote);
CoreExpr *lower_call_fn(Lower *L, Span span, FnDef *fn, Interface *owner, CoreExpr *const *args,
                        uint32_t count, bool is_tail);
// The test that a call is (`is_int(x)`), or TEST_COUNT.
CoreTestKind lower_kind_test(Lower *L, const AstCall *call);

// lower_cond.c: `node` decides between two places.
CoreExpr *lower_condition(Lower *L, const AstNode *node, Target *yes, Target *no);
// The same in a guard; what fails goes to `no`.
CoreExpr *lower_guard(Lower *L, const AstNode *node, Target *yes, Target *no);
// A comparison, `not`, `in` or kind test as true or false.
CoreExpr *lower_truth(Lower *L, const AstNode *node);
CoreExpr *lower_and_or(Lower *L, const AstBinary *binary, bool is_tail);
// Sets where a prim that may fail goes in a guard; gives it back.
CoreExpr *lower_guarded(Lower *L, CoreExpr *prim);
// Reports what cannot stand in a guard, and gives nil.
CoreExpr *lower_not_in_guard(Lower *L, const AstNode *node);

// lower_data.c
CoreExpr *lower_const(Lower *L, Span span, const Value *value);
CoreExpr *lower_tuple(Lower *L, Span span, Name tag, const AstList *list);
CoreExpr *lower_list_expr(Lower *L, const AstListExpr *list);
CoreExpr *lower_map(Lower *L, const AstMap *map);
CoreExpr *lower_record(Lower *L, const AstRecord *record);
CoreExpr *lower_int(Lower *L, const AstInt *n);
CoreConst *lower_int_const(Lower *L, const AstInt *n);
uint32_t lower_record_number(Lower *L, Def *def);

// lower_text.c
CoreExpr *lower_interpolation(Lower *L, const AstInterpolation *text);
CoreExpr *lower_bytes(Lower *L, const AstBytes *bytes);
// One segment of bytes; `size` is NULL where the segment needs none.
CoreSegment lower_segment(Lower *L, const AstSegment *segment);
// `left <> right`; a chain becomes one node that builds all of it at once.
CoreExpr *lower_concat(Lower *L, Span span, CoreExpr *left, CoreExpr *right);

// lower_block.c The statements of a block. With `exit` (a place with one parameter) the value of a
// `let`'s else goes there.
CoreExpr *lower_stmts(Lower *L, const AstList *stmts, Span span, bool is_tail, LowerThen then,
                      Target *exit, void *data);
// lower_bind without a look at what it hides: for names that were looked at before.
Local *lower_bind_again(Lower *L, Name name, Span span, CoreVar var);
// Reports a name that hides a state name.
void lower_check_hides(Lower *L, Name name, Span span);
CoreExpr *lower_assign(Lower *L, const AstAssign *assign);
bool lower_makes_ref(Lower *L, const AstNode *node);

// lower_flow.c
CoreExpr *lower_if(Lower *L, const AstIf *node, bool is_tail);
CoreExpr *lower_match(Lower *L, const AstMatch *match, bool is_tail);
CoreExpr *lower_try(Lower *L, const AstTry *node, bool is_tail);
// Reports a pattern that the value of an expression shows never to fit.
void lower_check_fits(Lower *L, const CoreExpr *value, const AstNode *pattern);
CoreExpr *lower_receive(Lower *L, const AstReceive *receive, bool is_tail);
CoreExpr *lower_assert(Lower *L, const AstAssert *assert);

// lower_loop.c
CoreExpr *lower_for(Lower *L, const AstFor *loop);
CoreExpr *lower_list_comp(Lower *L, const AstListComp *comp);
CoreExpr *lower_map_comp(Lower *L, const AstMapComp *comp);
CoreExpr *lower_bytes_comp(Lower *L, const AstBytesComp *comp);

// lower_extern.c
CoreExpr *lower_native(Lower *L, const FnDef *def);

// lower.c: a test of these statements.
void lower_test(Lower *L, Str name, Span span, const AstList *stmts);

// lower_doc.c
void lower_docs(Lower *L);
void lower_doc_tests(Lower *L);

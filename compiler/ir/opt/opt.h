// The passes of the optimiser, one a file, and what they share. opt.c has their order.
//
// Each takes an ordered function (ir_order) and leaves one that ir_order may still have to bring in
// order: `blocks` may hold blocks that nothing reaches any more. Each is linear in the function but
// for the logarithm or so of its tables. What a pass may not do is written in ir.h: effects stay,
// in their order. Images are verified before they run, and the verifier forgets at the head of a
// loop what it knew of the kinds of values: a test that HEAD, TAIL, ELEM or FIELD rely on may only
// go when the fact was found on this side of the innermost header. It knows nothing of the kinds of
// constants, so no test of a constant may be left.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/ir/ir.h"

// Prints f where `passes` of the module says, if it changed. Between passes only: numbers anew.
void opt_show(IrFunction *f, const char *pass);

// Makes calls of itself at the function's end jumps to its beginning. (recursion.c)
void opt_recursion(IrFunction *f);
// A copy of a function, for keeping; ordered and numbered. (clone.c)
IrFunction *opt_copy(IrFunction *from);
// Puts the body of `callee`, ordered and numbered and not `f`, in place of a call in `f`, which is
// to be ordered again. Takes time for what is behind the call in its block: where there are several,
// the last one goes first. (clone.c)
void opt_inline_call(IrFunction *f, IrInst *call, IrFunction *callee);
// Leaves only those functions live that something reaches. (unused.c)
void opt_unused(IrModule *module);
// Builds lists in order that would be turned round in the end. (lists.c)
void opt_lists(IrFunction *f);
// Propagates constants along what can be reached, folds, takes apart what was just built.
// (constants.c)
void opt_constants(IrFunction *f);
// Threads jumps, merges blocks, drops parameters that always have one value. (cfg.c)
void opt_cfg(IrFunction *f);
// Drops tests whose outcome earlier ones decide. (facts.c)
void opt_facts(IrFunction *f);
// Uses a value again instead of computing it again. (cse.c)
void opt_cse(IrFunction *f);
// Turns operations into cheaper ones that do the same. (strength.c)
void opt_strength(IrFunction *f);
// Fills `kinds` of all functions. Whoever relies on them must do what is safe, though not what is
// meant, if they are wrong. (types.c)
void opt_types(IrModule *module);
// Tries blocks for what unknown values most likely are, by the same kinds. Whether it changed anything:
// then they are to be found anew, and until opt_unbox has run some args are raw. (speculate.c)
bool opt_speculate(IrFunction *f);
// Uses the same kinds for what is not about floats. (sharpen.c)
void opt_sharpen(IrFunction *f);
// Keeps floats raw, by the kinds that opt_types has just found. Whether there were any. (unbox.c)
bool opt_unbox(IrFunction *f);
// Drops what nobody uses. (dce.c)
void opt_dce(IrFunction *f);

// Makes the terminator of `block` a jump to `to`, which has no parameters.
void opt_set_jump(IrFunction *f, IrBlock *block, IrBlock *to);

// What the instruction comes to with these args: a CONST, one of the values that its arg was built
// of, or NULL. (fold.c)
IrInst *fold_value(IrFunction *f, const IrInst *inst, IrInst *const *args);

// Where a test or SWITCH goes with these args, or NULL. (fold.c)
IrBlock *fold_target(const IrInst *inst, IrInst *const *args);

// What a value can be: a set of these.
enum {
    KIND_INT = 1 << 0,
    KIND_FLOAT = 1 << 1,
    KIND_TRUE = 1 << 2,
    KIND_FALSE = 1 << 3,
    KIND_NIL = 1 << 4,
    KIND_ATOM = 1 << 5, // any other
    KIND_BYTES = 1 << 6,
    KIND_TUPLE = 1 << 7,
    KIND_EMPTY = 1 << 8,
    KIND_CONS = 1 << 9,
    KIND_MAP = 1 << 10,
    KIND_RECORD = 1 << 11,
    KIND_RANGE = 1 << 12,
    KIND_FN = 1 << 13,
    KIND_PID = 1 << 14,
    KIND_REF = 1 << 15,
    KIND_ANY = (1 << 16) - 1,
};

// What `v` can be by its definition alone. (kinds.c)
uint32_t kinds_of(const IrInst *v);
// The kinds that v can be by what opt_types found in f, which is not changed since.
uint32_t kinds_found(const IrFunction *f, const IrInst *v);

// The kinds that a test of kind (TRUTHY, IS_INT … IS_REF, IS_TUPLE_OF, IS_TAGGED, IS_RECORD_OF)
// holds for; of the last three, those for which it may hold. 0: no such test.
uint32_t kinds_of_test(IrOp op);

// How often each value is an argument, by id (ir_number).
uint32_t *opt_uses(const IrFunction *f);

// ---- Walking the dominator tree -----------------------------------------------------------------

// Visits the blocks so that each comes behind its dominator, keeping `depth`: how many blocks on
// the way from the entry to the block are open. After ir_dominators.
typedef struct {
    IrFunction *f;
    IrBlock **preorder;
    IrBlock **open; // from the entry down to the block being visited
    uint32_t next;
    uint32_t depth;
} DomWalk;

DomWalk dom_walk(IrFunction *f);

// The next block, or NULL. Blocks of `open` from the new depth - 1 on (but the last, the new one)
// are closed: what a pass noted while they were open no longer holds.
IrBlock *dom_walk_next(DomWalk *walk);

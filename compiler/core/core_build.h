// Makers of core nodes and constants: one for each kind of core.def, nothing clever.
//
// A node lies in the arena given first; `span` is what a failure in it should point at. Arguments
// that are lists come as an array and a count, which CORE_ARGS writes down:
//
//     core_prim(a, span, PRIM_ADD, CORE_ARGS(x, y))
//     core_call_ext(a, span, module, name, CORE_ARGS(x))
//
// One thread; a node is made once and then belongs to the tree it is put in (no node stands in two
// places). Tests: tests/unit/compiler/core/.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/base/buf.h"
#include "compiler/core/core.h"

#define CORE_ARGS(...)                                                                             \
    ((CoreExpr *[]){__VA_ARGS__}),                                                                 \
        (uint32_t)(sizeof((CoreExpr *[]){__VA_ARGS__}) / sizeof(CoreExpr *))
#define CORE_NO_ARGS NULL, 0

// ---- Constants ----------------------------------------------------------------------------------

CoreConst *core_const_int(Arena *a, int64_t value);
CoreConst *core_const_float(Arena *a, double value);
CoreConst *core_const_atom(Arena *a, Name name);
CoreConst *core_const_bytes(Arena *a, Str bytes);
CoreConst *core_const_empty(Arena *a);
// A CONST_TUPLE, CONST_MAP or CONST_RANGE; the items are copied.
CoreConst *core_const_items(Arena *a, CoreConstKind kind, CoreConst *const *items, uint32_t count);
// [items | tail]; with no items the tail itself.
CoreConst *core_const_list(Arena *a, CoreConst *const *items, uint32_t count, CoreConst *tail);

// Do they match exactly (`===`)? Function values of the same function do. Linear.
bool core_const_same(const CoreConst *a, const CoreConst *b);
// Equal constants (core_const_same) have equal hashes. Linear, but it looks at no more than some
// parts of large ones.
uint32_t core_const_hash(const CoreConst *c);

// ---- Nodes --------------------------------------------------------------------------------------

CoreExpr *core_lit(Arena *a, Span span, const CoreConst *value);
CoreExpr *core_int(Arena *a, Span span, int64_t value);
CoreExpr *core_atom(Arena *a, Span span, Name name);
CoreExpr *core_empty(Arena *a, Span span);
CoreExpr *core_bytes(Arena *a, Span span, Str bytes);
CoreExpr *core_var(Arena *a, Span span, CoreVar var);
CoreExpr *core_let(Arena *a, Span span, CoreVar var, CoreExpr *value, CoreExpr *body);
CoreExpr *core_seq(Arena *a, Span span, CoreExpr *first, CoreExpr *second);
CoreExpr *core_if(Arena *a, Span span, CoreExpr *cond, CoreExpr *then, CoreExpr *otherwise);
// Operands beyond those of the test's kind are NULL. index, name, record and binds are set by the
// caller.
CoreExpr *core_test(Arena *a, Span span, CoreTestKind kind, CoreExpr *left, CoreExpr *right,
                    CoreExpr *then, CoreExpr *otherwise);
// cases are not copied.
CoreExpr *core_switch(Arena *a, Span span, CoreExpr *subject, CoreCase *cases, uint32_t count,
                      CoreExpr *otherwise);
CoreExpr *core_join(Arena *a, Span span, CoreLabel label, bool recursive, const CoreVar *params,
                    uint32_t count, CoreExpr *body, CoreExpr *scope);
CoreExpr *core_jump(Arena *a, Span span, CoreLabel label, CoreExpr *const *args, uint32_t count);
CoreExpr *core_call(Arena *a, Span span, uint32_t function, CoreExpr *const *args, uint32_t count);
CoreExpr *core_call_ext(Arena *a, Span span, Name module, Name name, CoreExpr *const *args,
                        uint32_t count);
CoreExpr *core_call_fun(Arena *a, Span span, CoreExpr *function, CoreExpr *const *args,
                        uint32_t count);
// index, record, name and fail are set by the caller.
CoreExpr *core_prim(Arena *a, Span span, CorePrim prim, CoreExpr *const *args, uint32_t count);
// A prim of one argument with its index: ELEM, FIELD (record is set by the caller), SET_CELL.
CoreExpr *core_prim_at(Arena *a, Span span, CorePrim prim, uint32_t index, CoreExpr *arg);
CoreExpr *core_closure(Arena *a, Span span, uint32_t function, CoreExpr *const *captured,
                       uint32_t count);
CoreExpr *core_fail(Arena *a, Span span, CoreExpr *reason);
CoreExpr *core_fail_with(Arena *a, Span span, Name atom, CoreExpr *value);
CoreExpr *core_reraise(Arena *a, Span span, CoreExpr *reason);
CoreExpr *core_try(Arena *a, Span span, CoreExpr *body, CoreVar reason, CoreExpr *handler);
CoreExpr *core_slot_new(Arena *a, Span span, CoreSlot slot, CoreExpr *value, CoreExpr *body);
CoreExpr *core_slot_get(Arena *a, Span span, CoreSlot slot);
CoreExpr *core_slot_set(Arena *a, Span span, CoreSlot slot, CoreExpr *value);
CoreExpr *core_take(Arena *a, Span span, CoreExpr *body);
CoreExpr *core_skip(Arena *a, Span span);
// A RECEIVE with nothing set but the message.
CoreExpr *core_receive(Arena *a, Span span, CoreVar message);
// segments are not copied.
CoreExpr *core_bits(Arena *a, Span span, CoreSegment *segments, uint32_t count);

// Is it a CORE_VAR or CORE_LIT, which may be an operand anywhere?
static inline bool core_is_atomic(const CoreExpr *e) {
    return e->kind == CORE_VAR || e->kind == CORE_LIT;
}

// A second node for the same variable or constant; `e` must be atomic.
CoreExpr *core_again(Arena *a, const CoreExpr *e);

// Makes of a JUMP that stands in the tree whatever `e` is; `e` itself must not be used further.
// Nodes are smaller than their struct, so they must not be copied otherwise.
void core_become(CoreExpr *jump, const CoreExpr *e);

// The entry of `record` in the module's table, added if it is not there. O(1) amortised over few
// records.
uint32_t core_record(Arena *a, CoreModule *module, Name module_name, Name name, const Name *fields,
                     uint32_t field_count);

// ---- Looking ------------------------------------------------------------------------------------

// The module as text: functions in order of number, an expression a line, indented. For
// --dump=core. (print.c)
void core_print(const CoreModule *module, Buf *out);
void core_function_print(const CoreModule *module, const CoreFunction *f, Buf *out);
void core_const_print(const CoreModule *module, const CoreConst *c, Buf *out);

// Checks the invariants at the head of core.h; a breach is a bug of ours: prints the function,
// aborts. (verify.c)
void core_verify(const CoreModule *module);

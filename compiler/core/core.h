// Core: what the AST becomes once names are resolved and patterns and actors are taken apart; what
// SSA is built from.
//
// A CoreFunction holds one expression tree. core.def says what each node means, prims.def and
// tests.def list the operations and branches. Invariants (verify.c checks them in debug builds):
//   - every variable, slot and label of a function is bound once and used in its scope only;
//   - operands of tests, switches and RECEIVE are atomic (CORE_VAR or CORE_LIT); those of PRIM, CALL… may be any expression
//     and are evaluated left to right;
//   - a JUMP stands in tail position of its JOIN's `scope` (or of `body` if recursive), with as many arguments as
//     params, and never leaves a TRY body;
//   - TAKE and SKIP stand only inside the select tree of a RECEIVE, in tail position of it, outside nested functions;
//     the tree has no effects but for pure calls in guards; the message variable may be used after TAKE too;
//   - a failing guard goes to `fail` (a JUMP or other tail expression without parameters), never raises;
//   - inside a TRY body variables may be bound freely, but what the handler reads must be bound before the TRY or be a slot.
// All nodes lie in the compilation's arena; one thread.
// Tests: tests/unit/compiler/core, tests/stage/*.core.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/base/intern.h"
#include "compiler/base/span.h"
#include "compiler/base/vec.h"

typedef struct CoreExpr CoreExpr;
typedef struct CoreConst CoreConst;
typedef uint32_t CoreVar;   // from 1; 0: none
typedef uint32_t CoreLabel; // from 1; 0: none
typedef uint32_t CoreSlot;  // from 1

typedef enum {
#define CORE(name, doc) CORE_##name,
#include "compiler/core/core.def"
#undef CORE
    CORE_KIND_COUNT
} CoreKind;

typedef enum {
#define PRIM(name, arity, doc) PRIM_##name,
#include "compiler/core/prims.def"
#undef PRIM
    PRIM_COUNT
} CorePrim;

typedef enum {
#define CORE_TEST(name, operands, binds, doc) TEST_##name,
#include "compiler/core/tests.def"
#undef CORE_TEST
    TEST_COUNT
} CoreTestKind;

typedef VEC(CoreExpr *) CoreExprs;
typedef VEC(CoreVar) CoreVars;

// A record as this module refers to it; equal ones share an entry of CoreModule.records.
typedef struct {
    Name module;
    Name name;
    Name *fields;
    uint32_t field_count;
} CoreRecord;

typedef enum {
    CONST_INT, // fits int64: `integer`
    CONST_BIG, // any other integer: `text`, decimal digits with an optional '-'
    CONST_FLOAT,
    CONST_ATOM,   // `name`; also true, false, nil
    CONST_BYTES,  // `text`
    CONST_EMPTY,  // []
    CONST_TUPLE,  // items
    CONST_LIST,   // items, and `tail` (CONST_EMPTY for a proper list)
    CONST_MAP,    // items: keys and values in turn, no key twice
    CONST_RECORD, // record, items: all fields
    CONST_RANGE,  // items: first, last, step
    CONST_FNREF,  // module, name, index = arity: &Mod.f/n
    CONST_FN,     // index: function of this module that captures nothing, as a value
} CoreConstKind;

struct CoreConst {
    CoreConstKind kind;
    uint32_t index;
    uint32_t record; // of CoreModule.records
    uint32_t item_count;
    union { // which one is there: see the kinds
        int64_t integer;
        double number;
        Str text;
        struct {
            Name name, module;
        };
        struct {
            CoreConst **items;
            CoreConst *tail;
        };
    };
};

typedef struct {
    const CoreConst *value; // small integer or atom
    CoreExpr *body;
} CoreCase;

typedef struct {
    uint32_t spec; // SEG_*: vm/ops/ops.h
    CoreExpr *value;
    CoreExpr *size; // bits, or bytes for SEG_BYTES; NULL: all of the value (SEG_BYTES), none needed
                    // (SEG_UTF8)
} CoreSegment;
typedef VEC(CoreSegment) CoreSegments;

struct CoreExpr {
    CoreKind kind;
    Span span;
    union {
        const CoreConst *lit;
        CoreVar var;
        struct {
            CoreVar var;
            CoreExpr *value, *body;
        } let;
        struct {
            CoreExpr *first, *second;
        } seq;
        struct {
            CoreExpr *cond, *then, *otherwise;
        } branch; // CORE_IF
        struct {
            CoreTestKind kind;
            CoreExpr *operands[3];
            uint32_t index;  // size, or SEG_* spec
            Name name;       // IS_TAGGED
            uint32_t record; // IS_RECORD_OF
            CoreVar binds;
            CoreExpr *then, *otherwise;
        } test;
        struct {
            CoreExpr *subject;
            CoreCase *cases;
            uint32_t count;
            CoreExpr *otherwise;
        } select; // CORE_SWITCH
        struct {
            CoreLabel label;
            bool recursive;
            CoreVars params;
            CoreExpr *body, *scope;
        } join;
        struct {
            CoreLabel label;
            CoreExprs args;
        } jump;
        struct {
            uint32_t function;
            CoreExprs args;
        } call; // CORE_CALL, CORE_CLOSURE (args: captured values)
        struct {
            Name module, name;
            CoreExprs args;
        } call_ext;
        struct {
            CoreExpr *function;
            CoreExprs args;
        } call_fun;
        struct {
            CorePrim prim;
            CoreExprs args;
            uint32_t index;  // ELEM, FIELD
            uint32_t record; // RECORD, FIELD
            Name name;       // GET
            CoreExpr *fail;  // in guards: where failing goes (a CORE_JUMP); else NULL
        } prim;
        CoreExpr *value; // CORE_FAIL, CORE_RERAISE, CORE_TAKE
        struct {
            Name atom;
            CoreExpr *value;
        } fail_with;
        struct {
            CoreExpr *body;
            CoreVar reason;
            CoreExpr *handler;
        } try_;
        struct {
            CoreSlot slot;
            CoreExpr *value, *body;
        } slot; // NEW, SET (no body), GET (slot only)
        struct {
            CoreVar message;
            CoreExpr *only_ref; // or NULL
            CoreExpr
                *select; // run for each message; ends in TAKE or SKIP on every path. NULL: only the
                         // timeout
            CoreExpr *timeout; // ms, evaluated once before; NULL: none
            CoreExpr *expired; // value when it passes
        } receive;
        struct {
            CoreSegment *segments;
            uint32_t count;
            CoreExpr *fail;
        } bits;
    } as;
};

// `params` holds the arguments and then the captured values.
typedef struct {
    Name name;      // of closures: the function around it, '/', a number
    uint32_t arity; // without captured values
    uint32_t captured;
    CoreVars params;
    CoreExpr *body;
    bool exported;
    bool is_closure;
    Span span;
    uint32_t var_count; // numbers in use are below these
    uint32_t slot_count;
    uint32_t label_count;
} CoreFunction;

typedef struct {
    Str name;
    uint32_t function;
    Span span;
} CoreTestBlock;

typedef struct {
    uint32_t kind; // DOC_*: vm/code/format.h
    Str name;
    uint32_t arity;
    Str signature;
    Str text;
    Span span;
} CoreDoc;

typedef struct {
    Name name;
    VEC(CoreFunction *) functions;
    VEC(CoreRecord) records;
    VEC(CoreTestBlock) tests;
    VEC(CoreDoc) docs;
    Str interface; // what other modules' compilation needs of this one, serialised
                   // (resolve/interface.h)
} CoreModule;

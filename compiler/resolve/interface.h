// Module interfaces: what the definitions of a module are called and what a user of it must know.
//
// An Interface is made from a parsed file (interface_of_ast: all definitions, private ones too;
// constants are evaluated when first asked for) or read from an image's TYPE chunk (interface_read:
// the public ones). Lower-case names (functions, constants) and upper-case names (records, types,
// actors, supervisors) are looked up separately. Functions of one name form a chain, one for each
// arity; a function with defaults has a FnDef for each arity it exists in, the shorter ones
// pointing to the full one.
//
// A Modules is what one compilation knows of modules; it asks its owner (the driver) for those it
// meets. Everything lies in the compilation's arena; one thread.
// Tests: tests/unit/compiler/resolve/interface_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/ast/ast.h"
#include "compiler/base/vec.h"
#include "compiler/diag/diag.h"
#include "compiler/resolve/name_map.h"
#include "compiler/resolve/value.h"

typedef struct Interface Interface;
typedef struct FnDef FnDef;

struct FnDef {
    Name name;
    uint32_t arity;
    bool is_pub;
    bool is_built_in; // of `extern "vm"`: called by module and name, has no code here
    FnDef *full;      // in an arity that defaults make: the one with all parameters; else NULL
    FnDef *next;      // same name, another arity
    // Only in an interface made from a tree:
    Span span;               // of the name, in the first clause
    AstList clauses;         // AstFn, in order; empty when `full` is there
    const AstExtern *native; // the block of a C function; else NULL
    uint32_t function;       // number in the CoreModule, once declared
};

typedef enum ConstState { CONST_UNKNOWN, CONST_RUNNING, CONST_DONE } ConstState;

typedef struct ConstDef {
    Name name;
    bool is_pub;
    Interface *owner;
    const Value *value; // when CONST_DONE; NULL if it has none, which has been reported
    ConstState state;   // see constant_value
    Span span;
    const AstConst *ast; // NULL when read from an image
    // The functions written in its value, which become hidden functions "name.0", "name.1" … of the
    // module.
    VEC(const AstLambda *) lambdas;
} ConstDef;

typedef enum FieldDefault {
    FIELD_REQUIRED,
    FIELD_VALUE, // a constant
    FIELD_CALL,  // the value of a hidden exported function of no arguments, `function`
} FieldDefault;

typedef struct RecordField {
    Name name;
    FieldDefault given;
    const Value *value;
    Name function;
    const AstFieldDef *ast;
} RecordField;

typedef enum DefKind { DEF_RECORD, DEF_TYPE, DEF_ACTOR, DEF_SUPERVISOR } DefKind;

// What an upper-case name stands for.
typedef struct Def {
    DefKind kind;
    Name name;
    bool is_pub;
    bool is_dynamic; // supervisor
    bool is_durable; // actor
    Interface *owner;
    Span span;    // of the name
    AstNode *ast; // NULL when read from an image
    // DEF_RECORD
    RecordField *fields;
    uint32_t field_count;
    const Name *field_names; // the same names, as CoreRecord wants them
    bool has_defaults;       // `given` and what follows it are set: see record_defaults
    // DEF_ACTOR, DEF_SUPERVISOR: how many arguments it takes. DEF_TYPE: its parameters (both the
    // same).
    uint32_t arity_min;
    uint32_t arity_max;
    // Of lowering, which goes through one module after another:
    uint32_t
        function; // of its own module: number of the start function, once declared (core/actor.h)
    const void *record_of; // the CoreModule in which this record has the number `record`
    uint32_t record;
} Def;

// What a lower-case name stands for: one of the two is NULL.
typedef struct LowerDef {
    FnDef *fns;
    ConstDef *constant;
} LowerDef;

// import Path (names) as Alias, when this interface is of a file or of an input of the REPL.
typedef struct ImportDef {
    Name module; // as written
    Name alias;  // the word that stands for it; never NULL
    VEC(Name) names;
    Span span;
    const AstImport *ast; // NULL when read
} ImportDef;

struct Interface {
    Name name;  // internal: "This.List" for a program's module that hides the library's List
    Name shown; // as source writes it
    bool is_library;
    NameMap lower;    // LowerDef
    NameMap upper;    // Def
    VEC(FnDef *) fns; // full ones, in order of source
    VEC(ConstDef *) constants;
    VEC(Def *) defs;
    VEC(ImportDef *) imports;
    const AstModule *ast;
    struct Scope *scope; // how names are seen inside it, once asked for: scope_of
};

// The modules of one compilation.
typedef struct Modules {
    Arena *arena;
    Intern *intern;
    Diags *diags;
    void *context;
    // The interface of the module that `name` means, or NULL. For a program's module (`from` is not
    // of the library) its own modules come before the library's. Called once for each name and kind
    // of user.
    Interface *(*find)(void *context, const Interface *from, Name name);
    uint32_t constant_depth; // of evaluating constants
    // Offers the names of all modules there are, for 'did you mean'. May be NULL.
    void (*offer)(void *context, const Interface *from, Suggest *suggest);
} Modules;

// The interface of a parsed module; reports names that are defined twice, clauses that stand apart,
// parameters and fields twice. `name` is the internal name. Linear.
Interface *interface_of_ast(Modules *modules, const AstModule *ast, Name name, Name shown,
                            bool is_library);

// The functions of a list of AstFn alone, by the same rules: for the private functions of an actor.
Interface *interface_of_fns(Modules *modules, const AstList *fns, Name name);

// The interface as bytes for an image: public definitions; with `repl` all of them and the imports.
// Constants are evaluated for it, which may report. Same source, same bytes.
Str interface_write(Modules *modules, Interface *interface, bool repl);

// Reads what interface_write wrote. Any other bytes give NULL, never harm. Linear in its size.
Interface *interface_read(Modules *modules, Str bytes, bool is_library);

// The function `name` of that arity, or NULL; O(arities).
FnDef *interface_fn(const Interface *interface, Name name, uint32_t arity);
LowerDef *interface_lower(const Interface *interface, Name name);
Def *interface_upper(const Interface *interface, Name name);

// Which function a record field's default becomes when it is no constant: "User.age"; and the
// function number `index` written in a constant's value: "name.0".
Name record_default_name(Modules *modules, const Def *record, Name field);
Name constant_lambda_name(Modules *modules, const ConstDef *constant, uint32_t index);

enum { FN_MAX_PARAMS = 250 }; // so that all arguments fit registers

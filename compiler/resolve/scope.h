// Scope: how names outside of functions are seen from inside a module: its own definitions first,
// then what it imports by name, then (an input of the REPL) the definitions of earlier inputs.
//
// A path is a module's name, a definition's, or a module's and a definition's ("Shop.Cart"); its
// first word may be an alias: `import Net.Http as Web` makes `Web` one, `import Net.Http` makes
// `Http` one. Functions that take a span report what they do not find, with the nearest name that
// there is. Names inside of functions are the business of compiler/core/lower.h.
// Tests: tests/unit/compiler/resolve, tests/lang/errors/.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/resolve/interface.h"

// A name that an import brought in.
typedef struct Imported {
    Interface *from;
    Name name;
    const ImportDef *import;
} Imported;

typedef struct Scope {
    Modules *modules;
    Interface *own;
    NameMap aliases;          // Interface: by the word
    NameMap imported;         // Imported: functions, constants and definitions alike
    VEC(Interface *) earlier; // of the REPL, newest first
    NameMap modules_found;    // Interface: by a path, once looked up
    NameMap
        missing; // names of modules that are not there, and what was to come from them: said once
} Scope;

// The scope inside `own`: made when first asked for; imports are looked up and reported then.
Scope *scope_of(Modules *modules, Interface *own);

// The scope of an input of the REPL, which sees the definitions and imports of `earlier` ones
// (oldest first) too.
Scope *scope_of_repl(Modules *modules, Interface *own, Interface *const *earlier, uint32_t count);

// The module that a path names, or NULL. Does not report.
Interface *scope_find_module(Scope *scope, Name path);

// The same, reported when there is none.
Interface *scope_module(Scope *scope, const AstPath *path);

// The record, type, actor or supervisor that a path names, whatever its kind; NULL when it names
// none or one that is private to another module. Does not report.
Def *scope_find_def(Scope *scope, const AstPath *path);

// The definition of kind `kind`; an actor also where a supervisor is asked for, and the reverse.
// Reported when there is none.
Def *scope_def(Scope *scope, const AstPath *path, DefKind kind);

// Reports a type that is not there; also offers the names of the `count` built-in ones.
void scope_unknown_type(Scope *scope, const AstPath *path, const char *const *built_in,
                        size_t count);

// A function that a bare name and an arity mean outside of locals; *owner is its module. Or NULL,
// not reported.
FnDef *scope_find_fn(Scope *scope, Name name, uint32_t arity, Interface **owner);

// All arities of the functions that a bare name means; or NULL.
FnDef *scope_find_fns(Scope *scope, Name name, Interface **owner);

// The constant that a bare name means, or NULL, not reported.
ConstDef *scope_find_const(Scope *scope, Name name);

// A function of another module (or of this one, when it is the path's), public if not of this one.
// Reported when there is none.
FnDef *scope_remote_fn(Scope *scope, Interface *module, Name name, uint32_t arity, Span span);

// Reports that a module has nothing of that name.
void scope_remote_unknown(Scope *scope, const Interface *module, Name name, Span span);

// Reports that a bare name means nothing here. Locals in sight are offered by the caller in
// `suggest`, which may be NULL; `arity` < 0 when it was not called.
void scope_unknown(Scope *scope, Name name, int32_t arity, Span span, Suggest *suggest);

// The index of `name` among a record's fields, or -1 after a report.
int32_t scope_field(Scope *scope, const Def *record, Name name, Span span);

// The value of a constant, evaluated when first asked for, or NULL: then a report has been made.
const Value *constant_value(Scope *scope, ConstDef *constant);

// The value of an expression of literals, operators and constants. NULL when it has none: `report`
// says whether to say why. Locals must not be in sight. (constant.c)
const Value *constant_eval(Scope *scope, const AstNode *expr, bool report);

// Sets `given` of all fields of a record (own or another module's). Reports bad defaults once.
void record_defaults(Scope *scope, Def *record);

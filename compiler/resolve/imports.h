// Imports, and helpers of scope.c and imports.c for reports; private to compiler/resolve.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/resolve/scope.h"

// Looks up the imports of `of` and puts their names and aliases into `scope`.
void import_all(Scope *scope, const Interface *of);

// Offers all public names of a module.
void offer_public(const Interface *from, Suggest *suggest);

// "Task has `async`, `await` …" for a hint: its public functions, or the first of many. Empty when
// there is none.
Str public_functions(Arena *arena, const Interface *from);

// Gives a report (or NULL) the hint 'did you mean …', if there is something near.
void hint_meant(Diags *diags, Diag *diag, Suggest suggest);

// Reports a module that is not there.
void report_module(Scope *scope, Name path, Span span);

// Checks of a whole module that lowering does not make on its way: so far, that the types that
// annotations name exist. Reports into the scope's diagnostics; changes nothing. One thread.
// Tests: tests/lang/errors/, tests/lang/types.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/resolve/scope.h"

// Checks the module of scope->own, which was made from a tree. Linear.
void check_module(Scope *scope);

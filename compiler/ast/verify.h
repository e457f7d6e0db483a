// Whether a tree is one: run on the parser's result in debug builds and by the fuzzer.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/ast/ast.h"
#include "compiler/base/source.h"
#include "compiler/base/str.h"

// Checks of `node` and all below it: kinds stand where ast.def lets them, what must be there is
// there, spans lie within their file, heights are right and within the limit, and the rules that
// ast.def states in words (a receive's timeout has a body, a path's ends, …). Returns an empty Str,
// or what is wrong with the first bad node, made in `arena`. Linear; recursion is bounded by
// AST_HEIGHT_MAX, for a node too high is not entered.
Str ast_verify(const AstNode *node, const Sources *sources, Arena *arena);

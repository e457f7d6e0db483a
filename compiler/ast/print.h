// The tree as text, for `--dump=ast` and stage goldens. compiler/ast/verify.h checks it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/ast/ast.h"
#include "compiler/base/buf.h"
#include "compiler/base/source.h"

// Prints `node` and what is below it, one node a line, indented by depth:
//     Call 3:5
//       callee: Var 3:5 name=f
//       args[0]: Int 3:7 digits="1" radix=10 fits value=1
// with line and column of its start, its own fields on its line (spans, false and empty ones left
// out), and its children below it. Deterministic; linear.
void ast_print(const AstNode *node, Sources *sources, Buf *out);

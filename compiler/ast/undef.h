// Takes the field macros of ast.def back after an inclusion of it. Included several times on
// purpose.
//
// SPDX-License-Identifier: Apache-2.0
#undef ONE
#undef OPT
#undef NODE
#undef NODE_OPT
#undef LIST
#undef NAME
#undef NAME_OPT
#undef SPAN
#undef BOOL
#undef TEXT
#undef INT
#undef UINT
#undef REAL
#undef ENUM
#undef AST_NODE

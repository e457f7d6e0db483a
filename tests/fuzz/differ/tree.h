// A program as a tree of pieces of text, so that it can be made smaller without being parsed: what
// the generator makes and the reducer takes apart. All of a program lies in one arena.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/base/arena.h"
#include "compiler/base/buf.h"

typedef enum {
    NODE_EXPR,    // may stand wherever another expression does
    NODE_PATTERN, // may be replaced by `_`
    NODE_LIST,    // of `count` parts with `text` between; all but `keep` of them may go
    NODE_FIXED,   // stays what it is; its parts may shrink
} NodeSort;

typedef struct Node Node;
struct Node {
    NodeSort sort;
    const char *text; // '$': the next of the parts
    Node **parts;
    uint32_t count;
    uint32_t keep;
};

// In `format`, '$' is a Node *, '~' a const char * and '`' an int.
Node *node_new(Arena *arena, NodeSort sort, const char *format, ...);
Node *node_list(Arena *arena, const char *separator, uint32_t keep);
void node_add(Arena *arena, Node *list, Node *part);
void node_print(const Node *node, Buf *out);
// A copy that shares no node.
Node *node_copy(Arena *arena, const Node *node);

// The abstract syntax tree: what the parser makes and resolve, check and lowering read.
//
// ast.def declares every node, with what it means; this header makes of it the kinds (AST_CALL),
// one struct for each (AstCall, whose first member is the common head `node`), and a maker for
// each. Nodes, lists and texts lie in the compilation's arena, names in its intern table; a tree is
// not changed once made. Every node knows its span and its height, and no tree is higher than
// AST_HEIGHT_MAX, so that a pass may walk it by recursion. Depends on base alone. Who makes trees:
// compiler/parse. The tests' place: tests/unit/compiler/ast/.
//
//     switch (node->kind) {
//     case AST_CALL: {
//         const AstCall *call = AST_AS(Call, node);
//         for (uint32_t i = 0; i < call->args.len; i++) { visit(call->args.items[i]); }
//         …
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/check.h"
#include "compiler/base/intern.h"
#include "compiler/base/span.h"
#include "compiler/base/str.h"

// The height of the highest tree the parser lets through: a leaf has 1, any other node one more
// than its highest child. A pass that recurses needs stack for this many calls and need not count
// them.
enum { AST_HEIGHT_MAX = 1000 };

typedef enum AstKind {
#define AST_NODE(KIND, Struct, classes, ...) AST_##KIND,
#include "compiler/ast/ast.def"
#undef AST_NODE
    AST_KIND_COUNT
} AstKind;

// Where a node may stand. A kind may belong to several classes; a child field asks for one.
// STMT: in a block (expressions too). RHS: right of `=>` (expressions, Assign, Become).
enum {
    AST_CLASS_MODULE = 1 << 0,
    AST_CLASS_DOC = 1 << 1,
    AST_CLASS_DEF = 1 << 2,
    AST_CLASS_EXPR = 1 << 3,
    AST_CLASS_ACT = 1 << 4,
    AST_CLASS_STMT = 1 << 5 | AST_CLASS_EXPR,
    AST_CLASS_RHS = AST_CLASS_EXPR | AST_CLASS_ACT,
    AST_CLASS_PATTERN = 1 << 6,
    AST_CLASS_TYPE = 1 << 7,
    AST_CLASS_IMPORT_NAME = 1 << 8,
    AST_CLASS_PARAM = 1 << 9,
    AST_CLASS_FIELD_DEF = 1 << 10,
    AST_CLASS_STATE = 1 << 11,
    AST_CLASS_BEHAVIOUR = 1 << 12,
    AST_CLASS_HANDLER = 1 << 13,
    AST_CLASS_AFTER = 1 << 14,
    AST_CLASS_CHILD = 1 << 15,
    AST_CLASS_PATH = 1 << 16,
    AST_CLASS_ENTRY = 1 << 17,
    AST_CLASS_FIELD_INIT = 1 << 18,
    AST_CLASS_SEGMENT = 1 << 19,
    AST_CLASS_SOURCE = 1 << 20,
    AST_CLASS_CLAUSE = 1 << 21,
    AST_CLASS_PAT_ENTRY = 1 << 22,
    AST_CLASS_PAT_FIELD = 1 << 23,
    AST_CLASS_PAT_SEGMENT = 1 << 24,
    AST_CLASS_FN = 1 << 25,
};

typedef enum AstOp {
#define AST_OP(ID, text) AST_OP_##ID,
#include "compiler/ast/ops.def"
#undef AST_OP
    AST_OP_COUNT
} AstOp;

typedef enum AstSegmentKind {
    AST_SEGMENT_DEFAULT, // nothing given after the value
    AST_SEGMENT_INT,
    AST_SEGMENT_FLOAT,
    AST_SEGMENT_BYTES,
    AST_SEGMENT_UTF8,
    AST_SEGMENT_KIND_COUNT
} AstSegmentKind;

typedef enum AstSpawnMode {
    AST_SPAWN_PLAIN,
    AST_SPAWN_LINK,
    AST_SPAWN_MONITOR,
    AST_SPAWN_MODE_COUNT
} AstSpawnMode;

// The head of every node.
typedef struct AstNode {
    uint16_t kind;   // AstKind
    uint16_t height; // at most AST_HEIGHT_MAX in a finished tree
    Span span;
} AstNode;

// A zeroed list is empty. It is also a VEC (compiler/base/vec.h) while the parser fills it.
typedef struct AstList {
    AstNode **items;
    uint32_t len;
    uint32_t cap;
} AstList;

#define AST_NODE(KIND, Struct, classes, ...) typedef struct Ast##Struct Ast##Struct;
#include "compiler/ast/ast.def"
#undef AST_NODE

#define ONE(Class, f)       AstNode *f;
#define OPT(Class, f)       AstNode *f;
#define NODE(Struct, f)     Ast##Struct *f;
#define NODE_OPT(Struct, f) Ast##Struct *f;
#define LIST(Class, f)      AstList f;
#define NAME(f)             Name f;
#define NAME_OPT(f)         Name f;
#define SPAN(f)             Span f;
#define BOOL(f)             bool f;
#define TEXT(f)             Str f;
#define INT(f)              int64_t f;
#define UINT(f)             uint32_t f;
#define REAL(f)             double f;
#define ENUM(Type, f)       Ast##Type f;
#define AST_NODE(KIND, Struct, classes, ...)                                                       \
    struct Ast##Struct {                                                                           \
        AstNode node;                                                                              \
        __VA_ARGS__                                                                                \
    };
#include "compiler/ast/ast.def"
#include "compiler/ast/undef.h"

// AST_KIND_OF_Call is AST_CALL: from the struct's name to the kind.
enum {
#define AST_NODE(KIND, Struct, classes, ...) AST_KIND_OF_##Struct = AST_##KIND,
#include "compiler/ast/ast.def"
#undef AST_NODE
};

static inline void *ast_expect(const void *node, uint32_t kind) {
    ASSERT(node != NULL && ((const AstNode *)node)->kind == kind);
    return (void *)node;
}

// `node` as an AstStruct *; it must be one.
#define AST_AS(Struct, node) ((Ast##Struct *)ast_expect((node), AST_KIND_OF_##Struct))

// A node made so: AST_MAKE(arena, Call, span, .callee = c, .args = args) gives an AstNode *.
// Fields not given are zero. The height is computed; the maker of the tree looks at it.
#define AST_MAKE(arena, Struct, where, ...)                                                        \
    ast_make_##Struct((arena), (Ast##Struct){.node = {.span = (where)}, __VA_ARGS__})

static inline uint32_t ast_height_over(uint32_t height, const void *node) {
    uint32_t below = node == NULL ? 0 : ((const AstNode *)node)->height;
    return below > height ? below : height;
}

static inline uint32_t ast_height_over_list(uint32_t height, const AstList *list) {
    for (uint32_t i = 0; i < list->len; i++) {
        height = ast_height_over(height, list->items[i]);
    }
    return height;
}

#define ONE(Class, f)       height = ast_height_over(height, n->f);
#define OPT(Class, f)       height = ast_height_over(height, n->f);
#define NODE(Struct, f)     height = ast_height_over(height, n->f);
#define NODE_OPT(Struct, f) height = ast_height_over(height, n->f);
#define LIST(Class, f)      height = ast_height_over_list(height, &n->f);
#define NAME(f)
#define NAME_OPT(f)
#define SPAN(f)
#define BOOL(f)
#define TEXT(f)
#define INT(f)
#define UINT(f)
#define REAL(f)
#define ENUM(Type, f)
#define AST_NODE(KIND, Struct, classes, ...)                                                       \
    static inline AstNode *ast_make_##Struct(Arena *arena, Ast##Struct made) {                     \
        Ast##Struct *n = arena_alloc(arena, sizeof(Ast##Struct));                                  \
        *n = made;                                                                                 \
        uint32_t height = 0;                                                                       \
        __VA_ARGS__                                                                                \
        n->node.kind = AST_##KIND;                                                                 \
        n->node.height = (uint16_t)(height < UINT16_MAX ? height + 1 : height);                    \
        return &n->node;                                                                           \
    }
#include "compiler/ast/ast.def"
#include "compiler/ast/undef.h"

// ---- Shapes: the tree as data, for passes that treat all nodes alike ---------------------------

typedef enum AstFieldType {
    AST_FIELD_ONE,  // AstNode *, never NULL (ONE and NODE)
    AST_FIELD_OPT,  // AstNode * or NULL (OPT and NODE_OPT)
    AST_FIELD_LIST, // AstList
    AST_FIELD_NAME,
    AST_FIELD_NAME_OPT,
    AST_FIELD_SPAN,
    AST_FIELD_BOOL,
    AST_FIELD_TEXT,
    AST_FIELD_INT,
    AST_FIELD_UINT,
    AST_FIELD_REAL,
    AST_FIELD_OP,
    AST_FIELD_SEGMENT_KIND,
    AST_FIELD_SPAWN_MODE,
} AstFieldType;

typedef struct AstFieldInfo {
    const char *name;
    AstFieldType type;
    uint32_t classes; // of children: the classes that may stand here; 0 when `kind` decides
    uint32_t kind;    // of NODE and NODE_OPT: the only kind
    size_t offset;    // in the node's struct
} AstFieldInfo;

typedef struct AstShape {
    const char *name; // the struct's, without "Ast"
    uint32_t classes;
    uint32_t size_bytes;
    const AstFieldInfo *fields;
    uint32_t field_count;
} AstShape;

// The shape of a kind. O(1), static data.
const AstShape *ast_shape(AstKind kind);

// Spelling of an operator, a segment's kind, a spawn's mode.
const char *ast_op_text(AstOp op);
const char *ast_segment_kind_text(AstSegmentKind kind);
const char *ast_spawn_mode_text(AstSpawnMode mode);

// Calls visit(child, data) for every child of `node` (NULL ones left out), in the order of ast.def.
void ast_each_child(const AstNode *node, void (*visit)(AstNode *child, void *data), void *data);

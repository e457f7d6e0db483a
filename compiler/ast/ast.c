// The shapes of all nodes, made from ast.def; compiler/ast/ast.h explains them.
//
// Each case of shape_of has a table of its kind's fields; ast_shape is a lookup in it.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ast/ast.h"

enum {
    FIELD_TYPE_Op = AST_FIELD_OP,
    FIELD_TYPE_SegmentKind = AST_FIELD_SEGMENT_KIND,
    FIELD_TYPE_SpawnMode = AST_FIELD_SPAWN_MODE,
};

// The classes of a kind are written without prefix in ast.def.
enum {
    MODULE = AST_CLASS_MODULE,
    DOC = AST_CLASS_DOC,
    DEF = AST_CLASS_DEF,
    EXPR = AST_CLASS_EXPR,
    ACT = AST_CLASS_ACT,
    STMT = AST_CLASS_STMT & ~AST_CLASS_EXPR,
    PATTERN = AST_CLASS_PATTERN,
    TYPE = AST_CLASS_TYPE,
    IMPORT_NAME = AST_CLASS_IMPORT_NAME,
    PARAM = AST_CLASS_PARAM,
    FIELD_DEF = AST_CLASS_FIELD_DEF,
    STATE = AST_CLASS_STATE,
    BEHAVIOUR = AST_CLASS_BEHAVIOUR,
    HANDLER = AST_CLASS_HANDLER,
    AFTER = AST_CLASS_AFTER,
    CHILD = AST_CLASS_CHILD,
    PATH = AST_CLASS_PATH,
    ENTRY = AST_CLASS_ENTRY,
    FIELD_INIT = AST_CLASS_FIELD_INIT,
    SEGMENT = AST_CLASS_SEGMENT,
    SOURCE = AST_CLASS_SOURCE,
    CLAUSE = AST_CLASS_CLAUSE,
    PAT_ENTRY = AST_CLASS_PAT_ENTRY,
    PAT_FIELD = AST_CLASS_PAT_FIELD,
    PAT_SEGMENT = AST_CLASS_PAT_SEGMENT,
    FN = AST_CLASS_FN,
};

#define CHILD_FIELD(f, t, c, k)                                                                    \
    {.name = #f, .type = t, .classes = c, .kind = k, .offset = offsetof(This, f)},
#define PLAIN_FIELD(f, t)   {.name = #f, .type = t, .offset = offsetof(This, f)},
#define ONE(Class, f)       CHILD_FIELD(f, AST_FIELD_ONE, AST_CLASS_##Class, 0)
#define OPT(Class, f)       CHILD_FIELD(f, AST_FIELD_OPT, AST_CLASS_##Class, 0)
#define NODE(Struct, f)     CHILD_FIELD(f, AST_FIELD_ONE, 0, AST_KIND_OF_##Struct)
#define NODE_OPT(Struct, f) CHILD_FIELD(f, AST_FIELD_OPT, 0, AST_KIND_OF_##Struct)
#define LIST(Class, f)      CHILD_FIELD(f, AST_FIELD_LIST, AST_CLASS_##Class, 0)
#define NAME(f)             PLAIN_FIELD(f, AST_FIELD_NAME)
#define NAME_OPT(f)         PLAIN_FIELD(f, AST_FIELD_NAME_OPT)
#define SPAN(f)             PLAIN_FIELD(f, AST_FIELD_SPAN)
#define BOOL(f)             PLAIN_FIELD(f, AST_FIELD_BOOL)
#define TEXT(f)             PLAIN_FIELD(f, AST_FIELD_TEXT)
#define INT(f)              PLAIN_FIELD(f, AST_FIELD_INT)
#define UINT(f)             PLAIN_FIELD(f, AST_FIELD_UINT)
#define REAL(f)             PLAIN_FIELD(f, AST_FIELD_REAL)
#define ENUM(Type, f)       PLAIN_FIELD(f, (AstFieldType)FIELD_TYPE_##Type)

// A node without fields would have an empty table, which C lacks: each ends in an entry that does
// not count.
#define AST_NODE(KIND, Struct, kind_classes, ...)                                                  \
    case AST_##KIND: {                                                                             \
        typedef Ast##Struct This;                                                                  \
        static const AstFieldInfo fields[] = {__VA_ARGS__{0}};                                     \
        static const AstShape shape = {#Struct, kind_classes, sizeof(This), fields,                \
                                       sizeof(fields) / sizeof(fields[0]) - 1};                    \
        return &shape;                                                                             \
    }

const AstShape *ast_shape(AstKind kind) {
    switch (kind) {
#include "compiler/ast/ast.def"
    case AST_KIND_COUNT: break;
    }
    check_fail("kind < AST_KIND_COUNT", __FILE__, __LINE__);
}
#include "compiler/ast/undef.h"

const char *ast_op_text(AstOp op) {
    static const char *const texts[AST_OP_COUNT] = {
#define AST_OP(ID, text) [AST_OP_##ID] = text,
#include "compiler/ast/ops.def"
#undef AST_OP
    };
    CHECK(op < AST_OP_COUNT);
    return texts[op];
}

const char *ast_segment_kind_text(AstSegmentKind kind) {
    static const char *const texts[AST_SEGMENT_KIND_COUNT] = {"default", "int", "float", "bytes",
                                                              "utf8"};
    CHECK(kind < AST_SEGMENT_KIND_COUNT);
    return texts[kind];
}

const char *ast_spawn_mode_text(AstSpawnMode mode) {
    static const char *const texts[AST_SPAWN_MODE_COUNT] = {"plain", "link", "monitor"};
    CHECK(mode < AST_SPAWN_MODE_COUNT);
    return texts[mode];
}

void ast_each_child(const AstNode *node, void (*visit)(AstNode *child, void *data), void *data) {
    const AstShape *shape = ast_shape(node->kind);
    for (uint32_t i = 0; i < shape->field_count; i++) {
        const AstFieldInfo *field = &shape->fields[i];
        const char *at = (const char *)node + field->offset;
        if (field->type == AST_FIELD_LIST) {
            const AstList *list = (const AstList *)at;
            for (uint32_t k = 0; k < list->len; k++) {
                visit(list->items[k], data);
            }
        } else if (field->type <= AST_FIELD_OPT && *(AstNode *const *)at != NULL) {
            visit(*(AstNode *const *)at, data);
        }
    }
}

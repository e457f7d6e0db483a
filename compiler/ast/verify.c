// Checking a tree by its shapes, and by the rules that ast.def states in words; see
// compiler/ast/verify.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ast/verify.h"

#include "compiler/base/buf.h"

typedef struct Verifier {
    const Sources *sources;
    Arena *arena;
    Str error; // of the first bad node; empty so far
} Verifier;

static void fail(Verifier *v, const AstNode *node, const char *what) {
    if (v->error.len == 0) {
        Buf text = buf_new(v->arena);
        buf_format(&text, "%s at offset %u: %s", ast_shape(node->kind)->name, node->span.offset,
                   what);
        v->error = buf_view(&text);
    }
}

static bool is_span(const Verifier *v, Span span) {
    return span.file < v->sources->files.len &&
           (uint64_t)span.offset + span.len <= v->sources->files.items[span.file].text.len;
}

// What a field of class STMT or RHS takes includes expressions; a kind has its classes as ast.def
// lists them.
static bool fits(const AstFieldInfo *field, const AstNode *child) {
    return field->classes != 0 ? (ast_shape(child->kind)->classes & field->classes) != 0
                               : child->kind == field->kind;
}

static void verify_node(Verifier *v, const AstNode *node);

static void verify_child(Verifier *v, const AstNode *node, const AstFieldInfo *field,
                         const AstNode *child) {
    if (child == NULL) {
        fail(v, node, field->name);
    } else if (child->kind >= AST_KIND_COUNT || !fits(field, child)) {
        fail(v, node, field->name);
    } else if (child->height >= node->height) {
        fail(v, node, "is not higher than its child");
    } else {
        verify_node(v, child);
    }
}

static void verify_field(Verifier *v, const AstNode *node, const AstFieldInfo *field) {
    const char *at = (const char *)node + field->offset;
    switch (field->type) {
    case AST_FIELD_ONE: verify_child(v, node, field, *(AstNode *const *)at); break;
    case AST_FIELD_OPT:
        if (*(AstNode *const *)at != NULL) {
            verify_child(v, node, field, *(AstNode *const *)at);
        }
        break;
    case AST_FIELD_LIST: {
        const AstList *list = (const AstList *)at;
        for (uint32_t i = 0; i < list->len && v->error.len == 0; i++) {
            verify_child(v, node, field, list->items[i]);
        }
        break;
    }
    case AST_FIELD_NAME:
        if (*(const Name *)at == NULL) {
            fail(v, node, field->name);
        }
        break;
    case AST_FIELD_SPAN:
        if (!is_span(v, *(const Span *)at)) {
            fail(v, node, field->name);
        }
        break;
    case AST_FIELD_OP:
        if ((uint32_t) * (const AstOp *)at >= AST_OP_COUNT) {
            fail(v, node, field->name);
        }
        break;
    default: break;
    }
}

// The rules that the shapes do not say.
static bool obeys_rules(const AstNode *node) {
    switch (node->kind) {
    case AST_FN: return AST_AS(Fn, node)->body != NULL || AST_AS(Fn, node)->guard == NULL;
    case AST_ACTOR: {
        const AstActor *actor = AST_AS(Actor, node);
        return (actor->mailbox_limit == NULL) == (actor->mailbox_policy == NULL);
    }
    case AST_HANDLER: {
        const AstHandler *handler = AST_AS(Handler, node);
        bool is_event = handler->event != NULL;
        return is_event != (handler->pattern != NULL) && (is_event || handler->params.len == 0);
    }
    case AST_SUPERVISOR: {
        const AstSupervisor *sup = AST_AS(Supervisor, node);
        return (sup->intensity == NULL) == (sup->period == NULL);
    }
    case AST_RECEIVE: {
        const AstReceive *receive = AST_AS(Receive, node);
        return (receive->timeout == NULL) == (receive->timeout_body == NULL);
    }
    case AST_TRY:
        return AST_AS(Try, node)->has_catch
                   ? true
                   : AST_AS(Try, node)->after_body != NULL && AST_AS(Try, node)->clauses.len == 0;
    case AST_LET:
        return AST_AS(Let, node)->else_body != NULL || AST_AS(Let, node)->else_name == NULL;
    case AST_INTERPOLATION: return AST_AS(Interpolation, node)->parts.len > 0;
    case AST_INT: {
        const AstInt *number = AST_AS(Int, node);
        return number->digits.len > 0 && (number->fits || number->value == 0);
    }
    case AST_LIST:
        return AST_AS(ListExpr, node)->tail == NULL || AST_AS(ListExpr, node)->items.len > 0;
    case AST_PAT_LIST:
        return AST_AS(PatList, node)->tail == NULL || AST_AS(PatList, node)->items.len > 0;
    case AST_PAT_OR: return AST_AS(PatOr, node)->alternatives.len >= 2;
    case AST_TYPE_UNION: return AST_AS(TypeUnion, node)->alternatives.len >= 2;
    case AST_LIST_COMP: return AST_AS(ListComp, node)->sources.len > 0;
    case AST_FOR: return AST_AS(For, node)->sources.len > 0;
    default: return true;
    }
}

static void verify_node(Verifier *v, const AstNode *node) {
    if (v->error.len > 0) {
        return;
    }
    if (node->height > AST_HEIGHT_MAX) {
        fail(v, node, "is too high");
        return;
    }
    if (!is_span(v, node->span)) {
        fail(v, node, "has a span outside of its file");
    }
    const AstShape *shape = ast_shape(node->kind);
    for (uint32_t i = 0; i < shape->field_count; i++) {
        verify_field(v, node, &shape->fields[i]);
    }
    if (!obeys_rules(node)) {
        fail(v, node, "breaks a rule of ast.def");
    }
}

Str ast_verify(const AstNode *node, const Sources *sources, Arena *arena) {
    Verifier v = {.sources = sources, .arena = arena};
    verify_node(&v, node);
    return v.error;
}

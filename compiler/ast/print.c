// Printing a tree by its shapes; compiler/ast/print.h has the form.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ast/print.h"

#include <inttypes.h>

// Where to print, and how deep we are.
typedef struct Printer {
    Sources *sources;
    Buf *out;
    uint32_t indent;
} Printer;

static void print_plain_field(Printer *pr, const AstFieldInfo *field, const char *at) {
    Buf *out = pr->out;
    switch (field->type) {
    case AST_FIELD_NAME:
    case AST_FIELD_NAME_OPT: {
        Name name = *(const Name *)at;
        if (name != NULL) {
            buf_format(out, " %s=", field->name);
            buf_str(out, name_str(name));
        }
        break;
    }
    case AST_FIELD_BOOL:
        if (*(const bool *)at) {
            buf_format(out, " %s", field->name);
        }
        break;
    case AST_FIELD_TEXT:
        buf_format(out, " %s=", field->name);
        buf_quoted(out, *(const Str *)at);
        break;
    case AST_FIELD_INT: buf_format(out, " %s=%" PRId64, field->name, *(const int64_t *)at); break;
    case AST_FIELD_UINT: buf_format(out, " %s=%u", field->name, *(const uint32_t *)at); break;
    case AST_FIELD_REAL: buf_format(out, " %s=%.17g", field->name, *(const double *)at); break;
    case AST_FIELD_OP:
        buf_format(out, " %s=%s", field->name, ast_op_text(*(const AstOp *)at));
        break;
    case AST_FIELD_SEGMENT_KIND:
        buf_format(out, " %s=%s", field->name, ast_segment_kind_text(*(const AstSegmentKind *)at));
        break;
    case AST_FIELD_SPAWN_MODE:
        buf_format(out, " %s=%s", field->name, ast_spawn_mode_text(*(const AstSpawnMode *)at));
        break;
    case AST_FIELD_SPAN:
    case AST_FIELD_ONE:
    case AST_FIELD_OPT:
    case AST_FIELD_LIST: break;
    }
}

static void print_node(Printer *pr, const AstNode *node);

static void print_child(Printer *pr, const AstNode *child, const char *label, int64_t index) {
    buf_fill(pr->out, ' ', pr->indent * 2);
    buf_text(pr->out, label);
    if (index >= 0) {
        buf_format(pr->out, "[%" PRId64 "]", index);
    }
    buf_text(pr->out, ": ");
    print_node(pr, child);
}

static void print_children(Printer *pr, const AstFieldInfo *field, const char *at) {
    if (field->type == AST_FIELD_LIST) {
        const AstList *list = (const AstList *)at;
        for (uint32_t i = 0; i < list->len; i++) {
            print_child(pr, list->items[i], field->name, i);
        }
    } else if (field->type == AST_FIELD_ONE || field->type == AST_FIELD_OPT) {
        const AstNode *child = *(AstNode *const *)at;
        if (child != NULL) {
            print_child(pr, child, field->name, -1);
        }
    }
}

static void print_node(Printer *pr, const AstNode *node) {
    const AstShape *shape = ast_shape(node->kind);
    Place place = source_place(pr->sources, node->span.file, node->span.offset);
    buf_format(pr->out, "%s %u:%u", shape->name, place.line, place.column);
    for (uint32_t i = 0; i < shape->field_count; i++) {
        print_plain_field(pr, &shape->fields[i], (const char *)node + shape->fields[i].offset);
    }
    buf_byte(pr->out, '\n');
    pr->indent++;
    for (uint32_t i = 0; i < shape->field_count; i++) {
        print_children(pr, &shape->fields[i], (const char *)node + shape->fields[i].offset);
    }
    pr->indent--;
}

void ast_print(const AstNode *node, Sources *sources, Buf *out) {
    Printer pr = {sources, out, 0};
    print_node(&pr, node);
}

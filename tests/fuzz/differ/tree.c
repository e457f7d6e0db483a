// See tree.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/differ/tree.h"

#include <stdarg.h>
#include <string.h>

enum { PARTS_MAX = 16 };

Node *node_new(Arena *arena, NodeSort sort, const char *format, ...) {
    Buf text = buf_new(arena);
    Node *parts[PARTS_MAX];
    uint32_t count = 0;
    va_list args;
    va_start(args, format);
    for (const char *at = format; *at != 0; at++) {
        switch (*at) {
        case '$':
            parts[count++] = va_arg(args, Node *);
            buf_byte(&text, '$');
            break;
        case '~': buf_text(&text, va_arg(args, const char *)); break;
        case '`': buf_format(&text, "%d", va_arg(args, int)); break;
        default: buf_byte(&text, *at);
        }
    }
    va_end(args);
    buf_byte(&text, 0);
    Node *node = ARENA_NEW(arena, Node);
    node->sort = sort;
    node->text = buf_view(&text).ptr;
    node->count = count;
    node->parts = arena_copy(arena, parts, count * sizeof *parts);
    return node;
}

Node *node_list(Arena *arena, const char *separator, uint32_t keep) {
    Node *node = ARENA_NEW(arena, Node);
    node->sort = NODE_LIST;
    node->text = separator;
    node->keep = keep;
    return node;
}

// Room grows when the count is a power of two.
void node_add(Arena *arena, Node *list, Node *part) {
    if ((list->count & (list->count - 1)) == 0) {
        Node **parts = ARENA_NEW_ARRAY(arena, Node *, list->count == 0 ? 1 : list->count * 2);
        if (list->count > 0) {
            memcpy(parts, list->parts, list->count * sizeof *parts);
        }
        list->parts = parts;
    }
    list->parts[list->count++] = part;
}

void node_print(const Node *node, Buf *out) {
    if (node->sort == NODE_LIST) {
        for (uint32_t i = 0; i < node->count; i++) {
            if (i > 0) {
                buf_text(out, node->text);
            }
            node_print(node->parts[i], out);
        }
        return;
    }
    uint32_t next = 0;
    for (const char *at = node->text; *at != 0; at++) {
        if (*at == '$') {
            node_print(node->parts[next++], out);
        } else {
            buf_byte(out, *at);
        }
    }
}

Node *node_copy(Arena *arena, const Node *node) {
    Node *copy = ARENA_NEW(arena, Node);
    *copy = *node;
    copy->parts = ARENA_NEW_ARRAY(arena, Node *, node->count);
    for (uint32_t i = 0; i < node->count; i++) {
        copy->parts[i] = node_copy(arena, node->parts[i]);
    }
    return copy;
}

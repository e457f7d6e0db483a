// See reduce.h. Each node in turn is replaced by something smaller, and stays so when the fault is
// still there: lists lose parts, first many at once; an expression becomes a constant or one of the
// expressions in it; again and again until nothing helps.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/differ/reduce.h"

#include <string.h>

#include "tests/fuzz/differ/modes.h"

typedef struct {
    Arena *arena;
    Node *program;
    const Reduction *reduction;
    double end_s;
    bool helped;
} Work;

static bool over(const Work *w) {
    return modes_now() > w->end_s;
}

// Is the fault there with *node as it is now? If not, it becomes `old` again.
static bool keeps(Work *w, Node *node, Node old) {
    if (w->reduction->shows(w->reduction->context, w->program)) {
        w->helped = true;
        return true;
    }
    *node = old;
    return false;
}

static void shrink_list(Work *w, Node *list) {
    for (uint32_t chunk = list->count; chunk > 0; chunk /= 2) {
        for (uint32_t at = 0; at + chunk <= list->count && !over(w);) {
            if (list->count - chunk < list->keep) {
                break;
            }
            Node old = *list;
            Node **parts = ARENA_NEW_ARRAY(w->arena, Node *, list->count);
            memcpy(parts, old.parts, at * sizeof *parts);
            memcpy(parts + at, old.parts + at + chunk, (old.count - at - chunk) * sizeof *parts);
            list->parts = parts;
            list->count = old.count - chunk;
            if (!keeps(w, list, old)) {
                at++;
            }
        }
    }
}

static bool try_text(Work *w, Node *node, const char *text) {
    if (node->count == 0 && strlen(node->text) <= strlen(text)) {
        return false;
    }
    Node old = *node;
    node->text = text;
    node->count = 0;
    return keeps(w, node, old);
}

// One of the nodes of the same sort below `from` in the place of `node`.
static bool try_parts(Work *w, Node *node, const Node *from) {
    for (uint32_t i = 0; i < from->count && !over(w); i++) {
        const Node *part = from->parts[i];
        if (part->sort == node->sort) {
            Node old = *node;
            *node = *part;
            if (keeps(w, node, old)) {
                return true;
            }
        } else if (try_parts(w, node, part)) {
            return true;
        }
    }
    return false;
}

static void shrink(Work *w, Node *node) {
    static const char *const constants[] = {"0", "[]", "1.5", "nil", "true"};
    if (over(w)) {
        return;
    }
    bool done = false;
    if (node->sort == NODE_LIST) {
        shrink_list(w, node);
    } else if (node->sort == NODE_PATTERN) {
        done = try_text(w, node, "_");
    } else if (node->sort == NODE_EXPR) {
        for (size_t i = 0; !done && i < sizeof constants / sizeof constants[0]; i++) {
            done = try_text(w, node, constants[i]);
        }
    }
    if (!done && (node->sort == NODE_EXPR || node->sort == NODE_PATTERN)) {
        while (try_parts(w, node, node)) {
        }
    }
    for (uint32_t i = 0; i < node->count; i++) {
        shrink(w, node->parts[i]);
    }
}

void reduce(Arena *arena, Node *program, const Reduction *reduction) {
    Work work = {.arena = arena,
                 .program = program,
                 .reduction = reduction,
                 .end_s = modes_now() + reduction->seconds,
                 .helped = true};
    while (work.helped && !over(&work)) {
        work.helped = false;
        shrink(&work, program);
    }
}

// What the tests of the front end share: a compilation of one text, and trees in one line.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <criterion/criterion.h>

#include "compiler/ast/ast.h"
#include "compiler/ast/verify.h"
#include "compiler/parse/parse.h"

typedef struct Fixture {
    Arena arena;
    Intern names;
    Sources sources;
    Diags diags;
    uint32_t file;
    AstModule *module;
    ParseStatus status;
} Fixture;

static inline void fixture_init(Fixture *f, Str text) {
    arena_init(&f->arena);
    intern_init(&f->names, &f->arena);
    sources_init(&f->sources, &f->arena);
    diags_init(&f->diags, &f->arena);
    f->file = sources_add(&f->sources, STR("test.cop"), text);
}

static inline void fixture_parse(Fixture *f, const char *text) {
    fixture_init(f, str_of(text));
    ParseInput input = {&f->arena, &f->names, &f->sources, &f->diags};
    f->status = parse_file(&input, f->file, &f->module);
    if (f->module != NULL) {
        Str error = ast_verify(&f->module->node, &f->sources, &f->arena);
        cr_assert(error.len == 0, "%.*s in %s", (int)error.len, error.ptr, text);
    }
}

static inline void fixture_free(Fixture *f) {
    arena_free(&f->arena);
}

static inline const char *terminated(Arena *arena, Str text) {
    return arena_str(arena, text).ptr;
}

static inline void line_value(const AstFieldInfo *field, const char *at, Buf *out) {
    switch (field->type) {
    case AST_FIELD_NAME:
    case AST_FIELD_NAME_OPT:
        if (*(const Name *)at != NULL) {
            buf_byte(out, ' ');
            buf_str(out, name_str(*(const Name *)at));
        }
        break;
    case AST_FIELD_TEXT:
        buf_byte(out, ' ');
        buf_quoted(out, *(const Str *)at);
        break;
    case AST_FIELD_BOOL:
        if (*(const bool *)at) {
            buf_format(out, " %s", field->name);
        }
        break;
    case AST_FIELD_UINT: buf_format(out, " %u", *(const uint32_t *)at); break;
    case AST_FIELD_REAL: buf_format(out, " %.17g", *(const double *)at); break;
    case AST_FIELD_OP: buf_format(out, " %s", ast_op_text(*(const AstOp *)at)); break;
    case AST_FIELD_SEGMENT_KIND:
        buf_format(out, " %s", ast_segment_kind_text(*(const AstSegmentKind *)at));
        break;
    case AST_FIELD_SPAWN_MODE:
        buf_format(out, " %s", ast_spawn_mode_text(*(const AstSpawnMode *)at));
        break;
    default: break;
    }
}

static inline void line_node(const AstNode *node, Buf *out);

static inline void line_child(AstNode *child, void *out) {
    buf_byte(out, ' ');
    line_node(child, out);
}

// A tree as one line, "(Binary + (Var a) 1)": the kind, its own fields, its children. The commonest
// leaves stand for themselves: a small integer, a Var's name, an atom.
static inline void line_node(const AstNode *node, Buf *out) {
    const AstInt *number = (const AstInt *)node;
    if (node->kind == AST_INT && number->fits && number->radix == 10) {
        buf_format(out, "%lld", (long long)number->value);
    } else if (node->kind == AST_VAR) {
        buf_str(out, name_str(AST_AS(Var, node)->name));
    } else if (node->kind == AST_ATOM) {
        buf_byte(out, ':');
        buf_str(out, name_str(AST_AS(Atom, node)->name));
    } else if (node->kind == AST_PATH) {
        buf_str(out, name_str(AST_AS(Path, node)->name));
    } else {
        const AstShape *shape = ast_shape(node->kind);
        buf_format(out, "(%s", shape->name);
        for (uint32_t i = 0; i < shape->field_count; i++) {
            line_value(&shape->fields[i], (const char *)node + shape->fields[i].offset, out);
        }
        ast_each_child(node, line_child, out);
        buf_byte(out, ')');
    }
}

// The definitions and statements of what was parsed, in this order, each as a line, joined by "; ".
static inline const char *fixture_line(Fixture *f) {
    Buf out = buf_new(&f->arena);
    const AstList *lists[] = {&f->module->defs, &f->module->stmts};
    for (int k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < lists[k]->len; i++) {
            buf_text(&out, out.len > 0 ? "; " : "");
            line_node(lists[k]->items[i], &out);
        }
    }
    buf_byte(&out, '\0');
    return out.ptr;
}

// The diagnostics as "line:column id", joined by ", ".
static inline const char *fixture_errors(Fixture *f) {
    Buf out = buf_new(&f->arena);
    for (uint32_t i = 0; i < f->diags.list.len; i++) {
        const Diag *diag = &f->diags.list.items[i];
        Place place = source_place(&f->sources, diag->span.file, diag->span.offset);
        buf_format(&out, "%s%u:%u %s", i > 0 ? ", " : "", place.line, place.column,
                   diag_id_text(diag->id));
    }
    buf_byte(&out, '\0');
    return out.ptr;
}

typedef struct LineCase {
    const char *source;
    const char *line;
} LineCase;

// Every source parses without diagnostics to the tree given.
static inline void check_lines(const LineCase *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        Fixture f;
        fixture_parse(&f, cases[i].source);
        cr_expect(f.status == PARSE_OK, "%s: %s", cases[i].source, fixture_errors(&f));
        cr_expect_str_eq(fixture_line(&f), cases[i].line, "%s: %s", cases[i].source,
                         fixture_line(&f));
        fixture_free(&f);
    }
}

// Every source gives the diagnostics given.
static inline void check_errors(const LineCase *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        Fixture f;
        fixture_parse(&f, cases[i].source);
        cr_expect_str_eq(fixture_errors(&f), cases[i].line, "%s: %s", cases[i].source,
                         fixture_errors(&f));
        fixture_free(&f);
    }
}

#define CHECK_LINES(cases)  check_lines(cases, sizeof(cases) / sizeof((cases)[0]))
#define CHECK_ERRORS(cases) check_errors(cases, sizeof(cases) / sizeof((cases)[0]))

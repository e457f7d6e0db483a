// Doc comments: kept for the image, and their examples as tests.
//
//     ## Splits `xs` after its first `n` elements.
//     ## >> List.split([1, 2, 3], 2)
//     ## ([1, 2], [3])
//
// The lines that begin with `>>` and what follows them up to an empty line are one test: statements
// of the `>>` lines run one after another, and where a value is written below one, it must match
// exactly. For parsing, a copy of the whole file is made in which all but the examples is blank, so
// that every place in it is the place in the file; one parse serves all examples.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/lower_private.h"
#include "compiler/parse/parse.h"
#include "vm/code/format.h"

// ---- What is documented -------------------------------------------------------------------------

// A doc comment and what it is about.
typedef struct Documented {
    const AstDoc *doc;
    DocKind kind;
    Name name;
    uint32_t arity;
    Span head; // the source that shows how it is used
} Documented;

typedef VEC(Documented) AllDocs;

static void add(Lower *L, AllDocs *all, const AstDoc *doc, DocKind kind, Name name, uint32_t arity,
                Span head) {
    if (doc != NULL) {
        vec_push(L->arena, all, ((Documented){doc, kind, name, arity, head}));
    }
}

// From the beginning of a definition to just before its body.
static Span until(Span whole, const AstNode *body) {
    if (body != NULL) {
        whole.len = body->span.offset - whole.offset;
    }
    return whole;
}

static void add_fns(Lower *L, AllDocs *all, const AstList *fns) {
    for (uint32_t i = 0; i < fns->len; i++) {
        const AstFn *fn = AST_AS(Fn, fns->items[i]);
        add(L, all, fn->doc, DOC_FUNCTION, fn->name, fn->params.len,
            until(fn->node.span, fn->body));
    }
}

static Span head_line(Lower *L, Span whole) {
    Str text = source_text(L->sources, whole);
    const char *brace = text.len == 0 ? NULL : memchr(text.ptr, '{', text.len);
    if (brace != NULL) {
        whole.len = (uint32_t)(brace - text.ptr);
    }
    return whole;
}

static void add_def(Lower *L, AllDocs *all, const AstNode *node) {
    Span span = node->span;
    switch (node->kind) {
    case AST_FN: {
        const AstFn *fn = AST_AS(Fn, node);
        add(L, all, fn->doc, DOC_FUNCTION, fn->name, fn->params.len, until(span, fn->body));
        break;
    }
    case AST_EXTERN: add_fns(L, all, &AST_AS(Extern, node)->fns); break;
    case AST_CONST:
        add(L, all, AST_AS(Const, node)->doc, DOC_CONST, AST_AS(Const, node)->name, 0, span);
        break;
    case AST_RECORD_DEF:
        add(L, all, AST_AS(RecordDef, node)->doc, DOC_RECORD, AST_AS(RecordDef, node)->name, 0,
            span);
        break;
    case AST_TYPE_DEF:
        add(L, all, AST_AS(TypeDef, node)->doc, DOC_TYPE, AST_AS(TypeDef, node)->name, 0, span);
        break;
    case AST_ACTOR: {
        const AstActor *actor = AST_AS(Actor, node);
        add(L, all, actor->doc, DOC_ACTOR, actor->name, actor->params.len, head_line(L, span));
        add_fns(L, all, &actor->fns);
        add_fns(L, all, &actor->actions);
        break;
    }
    case AST_SUPERVISOR: {
        const AstSupervisor *sup = AST_AS(Supervisor, node);
        add(L, all, sup->doc, DOC_SUPERVISOR, sup->name, sup->params.len, head_line(L, span));
        break;
    }
    default: break;
    }
}

static AllDocs all_docs(Lower *L) {
    AllDocs all = {0};
    const AstModule *ast = L->scope->own->ast;
    add(L, &all, ast->doc, DOC_MODULE, L->scope->own->shown, 0, (Span){ast->node.span.file, 0, 0});
    for (uint32_t i = 0; i < ast->defs.len; i++) {
        add_def(L, &all, ast->defs.items[i]);
    }
    return all;
}

// The head of a definition on one line, without `pub` and what introduces the body.
static Str signature(Lower *L, Span head) {
    Str text = source_text(L->sources, head);
    Buf out = buf_new(L->arena);
    for (size_t i = 0; i < text.len; i++) {
        bool is_space =
            text.ptr[i] == ' ' || text.ptr[i] == '\n' || text.ptr[i] == '\t' || text.ptr[i] == '\r';
        if (!is_space) {
            buf_byte(&out, text.ptr[i]);
        } else if (out.len > 0 && out.ptr[out.len - 1] != ' ') {
            buf_byte(&out, ' ');
        }
    }
    Str line = buf_view(&out);
    while (line.len > 0 && (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '=')) {
        line.len--;
    }
    bool is_pub = line.len > 4 && memcmp(line.ptr, "pub ", 4) == 0;
    return is_pub ? (Str){line.ptr + 4, line.len - 4} : line;
}

void lower_docs(Lower *L) {
    AllDocs all = all_docs(L);
    for (uint32_t i = 0; i < all.len; i++) {
        const Documented *d = &all.items[i];
        CoreDoc doc = {.kind = d->kind,
                       .name = name_str(d->name),
                       .arity = d->arity,
                       .signature = signature(L, d->head),
                       .text = d->doc->text,
                       .span = d->doc->node.span};
        vec_push(L->arena, &L->module->docs, doc);
    }
}

// ---- Examples -----------------------------------------------------------------------------------

// One test.
typedef struct Example {
    const Documented *of;
    uint32_t end; // offset behind its last line
} Example;

typedef struct Examples {
    VEC(Example) list;
    VEC(uint32_t) code_lines; // where lines with `>>` begin, ascending
    char *text;               // the file, blank but for the examples
    size_t len;
} Examples;

static bool is_blank(Str line) {
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r') {
            return false;
        }
    }
    return true;
}

// The text of a doc line behind its `##`, as a range of the file.
static Str doc_line(Str file, size_t *at, size_t end, size_t *start) {
    size_t line_end = *at;
    while (line_end < end && file.ptr[line_end] != '\n') {
        line_end++;
    }
    size_t from = *at;
    while (from < line_end && (file.ptr[from] == ' ' || file.ptr[from] == '\t')) {
        from++;
    }
    from += from + 2 <= line_end && file.ptr[from] == '#' ? 2 : 0;
    *start = from;
    Str line = {file.ptr + from, line_end - from};
    *at = line_end + 1;
    return line;
}

static void copy_line(Examples *e, Str line, size_t start) {
    memcpy(e->text + start, line.ptr, line.len);
}

static uint32_t line_start(Str file, uint32_t offset) {
    while (offset > 0 && file.ptr[offset - 1] != '\n') {
        offset--;
    }
    return offset;
}

static void find_examples(Lower *L, Examples *e, Str file, const Documented *d) {
    size_t end = span_end(d->doc->node.span);
    bool is_open = false;
    for (size_t at = d->doc->node.span.offset; at < end;) {
        size_t line_at = at;
        size_t start;
        Str line = doc_line(file, &at, end, &start);
        size_t skip = 0;
        while (skip < line.len && line.ptr[skip] == ' ') {
            skip++;
        }
        bool is_code = line.len >= skip + 2 && memcmp(line.ptr + skip, ">>", 2) == 0;
        if (is_blank(line) || !(is_code || is_open)) {
            is_open = false;
            continue;
        }
        if (!is_open) {
            vec_push(L->arena, &e->list, ((Example){d, 0}));
            is_open = true;
        }
        size_t cut = is_code ? skip + 2 : 0;
        copy_line(e, (Str){line.ptr + cut, line.len - cut}, start + cut);
        if (is_code) {
            vec_push(L->arena, &e->code_lines, line_start(file, (uint32_t)line_at));
        }
        e->list.items[e->list.len - 1].end = (uint32_t)at;
    }
}

// Does the line of this offset begin with `>>`?
static bool stands_on_code_line(const Examples *e, Str file, uint32_t offset) {
    uint32_t start = line_start(file, offset);
    uint32_t low = 0;
    uint32_t high = e->code_lines.len;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (e->code_lines.items[middle] < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < e->code_lines.len && e->code_lines.items[low] == start;
}

// The statements of one example, each value written below one as an assertion about it.
static AstList checked(Lower *L, const Examples *e, Str file, AstNode *const *stmts,
                       uint32_t count) {
    AstList result = {0};
    for (uint32_t i = 0; i < count; i++) {
        AstNode *stmt = stmts[i];
        bool has_value = i + 1 < count && !stands_on_code_line(e, file, stmts[i + 1]->span.offset);
        if (!has_value) {
            vec_push(L->arena, &result, stmt);
            continue;
        }
        AstNode *expected = stmts[++i];
        uint32_t classes = ast_shape(stmt->kind)->classes & ast_shape(expected->kind)->classes;
        if ((classes & AST_CLASS_EXPR) == 0) {
            DIAG(L->diags, doc_example, expected->span);
            continue;
        }
        AstNode *same = AST_MAKE(L->arena, Binary, stmt->span, .op = AST_OP_SAME,
                                 .op_span = expected->span, .left = stmt, .right = expected);
        vec_push(L->arena, &result, AST_MAKE(L->arena, Assert, stmt->span, .operand = same));
    }
    return result;
}

static Str example_name(Lower *L, const Documented *d) {
    Buf name = buf_new(L->arena);
    buf_str(&name, name_str(d->name));
    if (d->kind == DOC_FUNCTION) {
        buf_format(&name, "/%u", d->arity);
    }
    return buf_view(&name);
}

static void lower_examples(Lower *L, const Examples *e, Str file, const AstModule *module) {
    uint32_t next = 0;
    for (uint32_t i = 0; i < e->list.len; i++) {
        const Example *example = &e->list.items[i];
        uint32_t first = next;
        while (next < module->stmts.len && module->stmts.items[next]->span.offset < example->end) {
            next++;
        }
        AstList stmts = checked(L, e, file, module->stmts.items + first, next - first);
        if (stmts.len > 0) {
            lower_test(L, example_name(L, example->of), stmts.items[0]->span, &stmts);
        }
    }
}

void lower_doc_tests(Lower *L) {
    AllDocs all = all_docs(L);
    const AstModule *ast = L->scope->own->ast;
    const Source *source = sources_file(L->sources, ast->node.span.file);
    Str file = source->text;
    Str path = source->path;
    Examples e = {.len = file.len};
    e.text = arena_alloc(L->arena, file.len + 1);
    for (size_t i = 0; i < file.len; i++) {
        e.text[i] = file.ptr[i] == '\n' ? '\n' : ' ';
    }
    for (uint32_t i = 0; i < all.len; i++) {
        find_examples(L, &e, file, &all.items[i]);
    }
    if (e.list.len == 0) {
        return;
    }
    ParseInput input = {L->arena, L->intern, L->sources, L->diags};
    AstModule *module;
    uint32_t number = sources_add(L->sources, path, (Str){e.text, e.len});
    if (parse_file(&input, number, &module) == PARSE_OK) {
        lower_examples(L, &e, file, module);
    }
}

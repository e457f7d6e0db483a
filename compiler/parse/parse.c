// The parser's entries; compiler/parse/parse.h has the contract.
//
// The work is done by the lexer, by the automaton that lemon makes of grammar.y, and by the
// builders its actions call. Here: making a module of what they found, the limit on a tree's
// height, and whether a prompt's input is complete.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/parse/parse.h"

#include "compiler/base/check.h"
#include "compiler/parse/build.h"

static AstNode *higher(AstNode *best, AstNode *node) {
    return best == NULL || node->height > best->height ? node : best;
}

static void visit_highest(AstNode *child, void *data) {
    AstNode **best = data;
    *best = higher(*best, child);
}

// Reports the place where the tree grew too high: the node that has just the greatest height
// allowed below the highest path.
static void report_height(const ParseInput *input, AstNode *node) {
    while (node->height > AST_HEIGHT_MAX) {
        AstNode *next = NULL;
        ast_each_child(node, visit_highest, &next);
        CHECK(next != NULL);
        node = next;
    }
    DIAG(input->diags, nested_too_deeply, ((Span){node->span.file, node->span.offset, 1}));
}

static AstModule *make_module(const ParseInput *input, Parser *p, uint32_t file) {
    const Source *source = sources_file(input->sources, file);
    Span span = {file, 0, (uint32_t)source->text.len};
    AstNode *module = AST_MAKE(input->arena, Module, span, .doc = p->module_doc, .defs = p->defs,
                               .stmts = p->stmts);
    if (module->height > AST_HEIGHT_MAX) {
        report_height(input, module);
        return NULL;
    }
    return AST_AS(Module, module);
}

// Lexes and parses. The parser's state is left in *p.
static AstModule *parse(const ParseInput *input, uint32_t file, LexMode mode, Parser *p) {
    const Source *source = sources_file(input->sources, file);
    *p = (Parser){
        .arena = input->arena,
        .names = input->names,
        .sources = input->sources,
        .diags = input->diags,
        .text = source->text.ptr,
    };
    if (source->is_cut) {
        DIAG(input->diags, source_too_large, ((Span){file, 0, 0}));
    }
    lex_source(input->sources, file, mode, input->arena, input->names, input->diags, &p->tokens);
    if (p->tokens.is_too_deep) {
        return NULL;
    }
    build_module_doc(p);
    parser_run(p);
    if (p->is_too_deep) {
        Span span = p->error != NULL ? token_at(p, p->error) : (Span){file, 0, 0};
        DIAG(input->diags, nested_too_deeply, span);
        return NULL;
    }
    return make_module(input, p, file);
}

ParseStatus parse_file(const ParseInput *input, uint32_t file, AstModule **module) {
    uint32_t errors_before = input->diags->error_count;
    Parser p;
    *module = parse(input, file, LEX_FILE, &p);
    diags_sort(input->diags);
    return input->diags->error_count == errors_before ? PARSE_OK : PARSE_ERRORS;
}

// Does the diagnostic only say that the text ends too early?
static bool is_about_the_end(const Diag *diag) {
    return diag->severity == DIAG_WARNING || diag->id == DIAG_bracket_unclosed ||
           diag->id == DIAG_string_unclosed || diag->id == DIAG_unexpected_end;
}

ParseStatus parse_prompt(const ParseInput *input, uint32_t file, AstModule **module) {
    uint32_t diags_before = input->diags->list.len;
    uint32_t errors_before = input->diags->error_count;
    Parser p;
    *module = parse(input, file, LEX_PROMPT, &p);
    bool may_go_on = *module != NULL && (p.tokens.is_open || p.wants_more);
    for (uint32_t i = diags_before; i < input->diags->list.len; i++) {
        may_go_on = may_go_on && is_about_the_end(&input->diags->list.items[i]);
    }
    if (may_go_on) {
        diags_cut(input->diags, diags_before);
        return PARSE_INCOMPLETE;
    }
    diags_sort(input->diags);
    return input->diags->error_count == errors_before ? PARSE_OK : PARSE_ERRORS;
}

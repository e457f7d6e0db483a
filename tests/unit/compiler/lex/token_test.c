// compiler/lex: kinds of tokens in context, balance of brackets, printing.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

// The kinds of the tokens without START and EOF, in a row; virtual ones with a `'`.
static const char *kinds_of(Fixture *f, const char *source, TokenList *list) {
    fixture_init(f, str_of(source));
    lex_source(&f->sources, f->file, LEX_FILE, &f->arena, &f->names, &f->diags, list);
    Buf out = buf_new(&f->arena);
    for (uint32_t i = 1; i + 1 < list->tokens.len; i++) {
        const Token *token = &list->tokens.items[i];
        buf_format(&out, "%s%s%s", i > 1 ? " " : "", token_info(token->kind)->name,
                   token->is_virtual ? "'" : "");
    }
    buf_byte(&out, '\0');
    return out.ptr;
}

Test(lex_token, kinds) {
    static const LineCase cases[] = {
        {"f(x) (y)", "ID CALL_LPAREN ID RPAREN LPAREN ID RPAREN"},
        {"m[k] [k]", "ID INDEX_LBRACKET ID RBRACKET LBRACKET ID RBRACKET"},
        {"U{a:} U {", "UPPER RECORD_LBRACE KEY CLOSE_BRACE UPPER LBRACE RBRACE'"},
        {"if(x) not[1] in(2)",
         "IF LPAREN ID RPAREN NOT LBRACKET INT RBRACKET IN LPAREN INT RPAREN"},
        {"\"a\"(1) 2[3] nil(4) :t(5)",
         "STRING CALL_LPAREN INT RPAREN INT INDEX_LBRACKET INT RBRACKET NIL CALL_LPAREN INT RPAREN "
         "ATOM CALL_LPAREN INT RPAREN"},
        {"a::b a: :b if: a:b", "ID COLON2 ID KEY ATOM KEY KEY ID"},
        {"x.if.Upper.actor", "ID DOT ID DOT UPPER DOT ID"},
        {"actor A", "ACTOR UPPER"},
        {"actor a", "ID ID"},
        {"actor\nA", "ID NEWLINE UPPER"},
        {"record R{}", "RECORD UPPER LBRACE RBRACE"},
        {"test \"x\" {}", "TEST STRING LBRACE RBRACE"},
        {"test(x)", "ID CALL_LPAREN ID RPAREN"},
        {"dynamic supervisor S", "DYNAMIC SUPERVISOR UPPER"},
        {"durable actor S", "DURABLE ACTOR UPPER"},
        {"extern unsafe \"x\"", "EXTERN UNSAFE STRING"},
        {"become open; become(1)", "BECOME ID NEWLINE ID CALL_LPAREN INT RPAREN"},
        {"1..2 1.5 1.f", "INT RANGE INT FLOAT INT DOT ID"},
        {"<<1>>\n<<<<2>>>>", "LBYTES INT RBYTES NEWLINE LBYTES LBYTES INT RBYTES RBYTES"},
        {"a<>b a!==b a===b a|>b", "ID CONCAT ID ID DIFFERS ID ID SAME ID ID PIPE ID"},
        {"(a\n// b)", "LPAREN ID SLASH2 ID RPAREN"},
        {"# only\n\n", ""},
        {"\xef\xbb\xbf#!/bin/x\na", "ID"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Fixture f;
        TokenList list;
        const char *kinds = kinds_of(&f, cases[i].source, &list);
        cr_expect_str_eq(kinds, cases[i].line, "%s: %s", cases[i].source, kinds);
        fixture_free(&f);
    }
}

// Whatever the text, brackets are balanced, and depth and home fit them.
Test(lex_token, balance) {
    static const char *const texts[] = {
        "(",
        ")",
        "(]",
        "[(])",
        "{(}",
        "f(fn() { [ })",
        "\"#{(}\"",
        "\"#{",
        "<<(>>",
        "%{[}",
        "{{{",
        "}}}",
        "f(\npub fn g() = 1",
        "fn f() {\nfn g() {\n}",
        "\"a#{\"b#{c",
        "\"\"\"#{a",
        "U{",
        "(;)",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        Fixture f;
        TokenList list;
        kinds_of(&f, texts[i], &list);
        uint32_t depth = 0;
        for (uint32_t k = 0; k < list.tokens.len; k++) {
            const Token *token = &list.tokens.items[k];
            depth -= token_has(token, TOKEN_FLAG_CLOSES);
            cr_expect_eq(token->depth, depth, "%s at %u", texts[i], k);
            cr_expect_leq(token->home, depth, "%s at %u", texts[i], k);
            depth += token_has(token, TOKEN_FLAG_OPENS);
        }
        cr_expect_eq(depth, 0, "%s", texts[i]);
        fixture_free(&f);
    }
}

Test(lex_token, is_open) {
    static const struct {
        const char *source;
        bool is_open;
    } cases[] = {{"a", false}, {"a +", true},  {"(", true},  {"\"a", true},   {"a:", true},
                 {"", false},  {"a }", false}, {"a,", true}, {"\"\"\"", true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Fixture f;
        TokenList list;
        kinds_of(&f, cases[i].source, &list);
        cr_expect_eq(list.is_open, cases[i].is_open, "%s", cases[i].source);
        fixture_free(&f);
    }
}

Test(lex_token, printing) {
    Fixture f;
    TokenList list;
    kinds_of(&f, "## d\nf(\"a#{1.5}\")\nx: :y", &list);
    Buf out = buf_new(&f.arena);
    tokens_print(&list, &f.sources, &out);
    buf_byte(&out, '\0');
    cr_expect_str_eq(out.ptr, "1:1 DOC \"d\"\n2:1 ID f\n2:2 CALL_LPAREN\n2:3 STR_OPEN \"a\"\n"
                              "2:7 FLOAT 1.5\n2:10 STR_CLOSE \"\"\n2:12 RPAREN\n2:13 NEWLINE\n"
                              "3:1 KEY x\n3:4 ATOM \"y\"\n3:6 EOF\n");
    fixture_free(&f);
}

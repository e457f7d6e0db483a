// compiler/lex: the values of literals.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

// The string literals of the source have these values, in order.
static void check_strings(const char *source, const char *const *values) {
    Fixture f;
    fixture_init(&f, str_of(source));
    TokenList list;
    lex_source(&f.sources, f.file, LEX_FILE, &f.arena, &f.names, &f.diags, &list);
    cr_expect_eq(f.diags.list.len, 0, "%s: %s", source, fixture_errors(&f));
    for (uint32_t i = 0; i < list.tokens.len; i++) {
        const Token *token = &list.tokens.items[i];
        if (token->kind >= TOKEN_STRING && token->kind <= TOKEN_STR_CLOSE) {
            cr_assert(*values != NULL, "%s", source);
            cr_expect(str_is(*token->text, *values), "%s: \"%.*s\"", source, (int)token->text->len,
                      token->text->ptr);
            values++;
        }
    }
    cr_expect(*values == NULL, "%s", source);
    fixture_free(&f);
}

#define STRINGS(source, ...) check_strings(source, (const char *const[]){__VA_ARGS__, NULL})

Test(lex_string, plain) {
    STRINGS("\"\"", "");
    STRINGS("\"abc\"", "abc");
    STRINGS("\"a\\n\\t\\r\\e\\\"\\\\\\#{x}\"", "a\n\t\r\x1b\"\\#{x}");
    STRINGS("\"\\x41\\u{e9}\\u{1F333}\"", "Aé🌳");
    STRINGS("\"a#b # c\"", "a#b # c");
    STRINGS("\"two\nlines\"", "two\nlines");
    STRINGS("\"two\r\nlines\"", "two\nlines");
    STRINGS("r\"a\\d#{x}\"", "a\\d#{x}");
    STRINGS("\"é€🌳\"", "é€🌳");
}

Test(lex_string, interpolation) {
    STRINGS("\"a#{b}c\"", "a", "c");
    STRINGS("\"#{b}\"", "", "");
    STRINGS("\"a#{\"b#{c}d\"}e#{f}g\"", "a", "b", "d", "e", "g");
    STRINGS("\"#{%{a: {}}}\"", "", "");
    STRINGS("\"#{f(fn() {\n a\n b })}x\"", "", "x");
    STRINGS("\"#{a # comment }\n}x\"", "", "x");
}

Test(lex_string, heredoc) {
    STRINGS("\"\"\"\n  a\n    b\n  \"\"\"", "a\n  b\n");
    STRINGS("\"\"\"\n  a\n\n  b\"\"\"", "a\n\nb");
    STRINGS("\"\"\"\na\n\"\"\"", "a\n");
    STRINGS("\"\"\"\n\"\"\"", "");
    STRINGS("\"\"\"abc\"\"\"", "abc");
    STRINGS("\"\"\"a \"quoted\" b\"\"\"", "a \"quoted\" b");
    STRINGS("\"\"\"  \n\ta\n\t\"\"\"", "a\n");
    STRINGS("\"\"\"\n  a#{b}c\n  d #{\"e\"} f\n  \"\"\"", "a", "c\nd ", "e", " f\n");
    STRINGS("\"\"\"\n  \\\\n  x\n  \"\"\"", "\\n  x\n");
    STRINGS("r\"\"\"\n  a\\d\n  #{x}\n  \"\"\"", "a\\d\n#{x}\n");
    STRINGS("\"\"\"\r\n  a\r\n  b\r\n  \"\"\"\r\n", "a\nb\n");
    STRINGS("\"\"\"\n  one line\"\"\"", "one line");
}

Test(lex_string, atoms_and_characters) {
    Fixture f;
    fixture_parse(&f, "[:ok, :if, :Up, :\"a b\\n\", true, nil, 'a', '\\n', '\\'', '\"', '€']");
    cr_expect_str_eq(fixture_line(&f), "(ListExpr :ok :if :Up :a b\n :true :nil 97 10 39 34 8364)");
    fixture_free(&f);
}

Test(lex_string, bytes_escape_is_a_byte) {
    Fixture f;
    fixture_parse(&f, "\"\\xff\\x00\"");
    const AstString *string = AST_AS(String, f.module->stmts.items[0]);
    cr_expect(str_equal(string->bytes, (Str){"\xff\0", 2}));
    fixture_free(&f);
}

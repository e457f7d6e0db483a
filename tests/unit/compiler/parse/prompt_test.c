// compiler/parse: input at a prompt, and when it wants more lines.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

static ParseStatus prompt(const char *text, Fixture *f) {
    fixture_init(f, str_of(text));
    ParseInput input = {&f->arena, &f->names, &f->sources, &f->diags};
    f->status = parse_prompt(&input, f->file, &f->module);
    return f->status;
}

static void check_status(const char *const *texts, ParseStatus status) {
    for (; *texts != NULL; texts++) {
        Fixture f;
        cr_expect_eq(prompt(*texts, &f), status, "%s: %d, %s", *texts, f.status,
                     fixture_errors(&f));
        cr_expect(status != PARSE_INCOMPLETE || f.diags.list.len == 0, "%s", *texts);
        fixture_free(&f);
    }
}

Test(parse_prompt, complete) {
    static const char *const texts[] = {
        "",
        "\n",
        "# comment",
        "1 + 2",
        "let x = 1",
        "fn f(x) = x",
        "fn f(x) { x }\nf(1)",
        "## doc",
        "if a { 1 }",
        "match x { 1 => 2 }",
        "\"a#{b}\"",
        "actor A() { on :x { 1 } }",
        "a; b",
        "import List (map)",
        "\"\"\"\n  a\n  \"\"\"",
        "try { 1 } catch { x => 2 }",
        NULL,
    };
    check_status(texts, PARSE_OK);
}

Test(parse_prompt, wants_more) {
    static const char *const texts[] = {
        "f(",
        "fn f(x) {",
        "[1, 2,",
        "let x =",
        "1 +",
        "a and",
        "%{a:",
        "\"abc",
        "\"a#{",
        "\"a#{b",
        "\"\"\"",
        "\"\"\"\n  abc\n",
        "match x {\n  1 => 2\n",
        "actor A() {\n  on :x {",
        "try { 1 }",
        "fn f(x)",
        "<<1",
        "User{",
        "let x = if a {",
        "f(fn(x) {\n  x\n}",
        "type T = :a |",
        "r\"abc",
        "spawn {\n  1",
        NULL,
    };
    check_status(texts, PARSE_INCOMPLETE);
}

Test(parse_prompt, wrong) {
    static const char *const texts[] = {
        "f(]",  "1 2",   "let let", "fn f(x) {\n  1 2\n", ")",
        "if a", "let x", "'ab'",    "f(a: 1, 2",          NULL,
    };
    check_status(texts, PARSE_ERRORS);
}

Test(parse_prompt, keeps_definitions_and_statements_apart) {
    Fixture f;
    prompt("let a = 1\nfn g() = a\ng()\nconst c = 2", &f);
    cr_expect_eq(f.status, PARSE_OK);
    cr_expect_str_eq(fixture_line(&f), "(Fn g a); (Const c 2); (Let (PatVar a) 1); (Call g)");
    fixture_free(&f);
}

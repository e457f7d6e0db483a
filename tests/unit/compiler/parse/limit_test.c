// compiler/parse: nesting, long input and rubbish give diagnostics, in linear time and without a
// crash.
//
// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "tests/unit/compiler/source_fixture.h"

// before, `count` times piece, middle, `count` times end.
static void parse_repeated(Fixture *f, const char *before, const char *piece, const char *middle,
                           const char *end, int count) {
    Arena arena;
    arena_init(&arena);
    Buf text = buf_new(&arena);
    buf_text(&text, before);
    for (int i = 0; i < count; i++) {
        buf_text(&text, piece);
    }
    buf_text(&text, middle);
    for (int i = 0; i < count; i++) {
        buf_text(&text, end);
    }
    buf_byte(&text, '\0');
    fixture_parse(f, text.ptr);
    arena_free(&arena);
}

typedef struct Deep {
    const char *before, *piece, *middle, *end;
} Deep;

static const Deep deep[] = {
    {"let x = ", "(", "1", ")"},
    {"let x = ", "[", "1", "]"},
    {"", "{", "1", "}"},
    {"let x = ", "- ", "1", ""},
    {"let x = ", "not ", "a", ""},
    {"", "a ! ", "b", ""},
    {"", "a ++ ", "b", ""},
    {"", "1 + ", "1", ""},
    {"", "fn(x) => ", "1", ""},
    {"if a { 1 }", " else if a { 1 }", "", ""},
    {"", "f(", "1", ")"},
    {"", "\"#{", "1", "}\""},
    {"match x { ", "[", "1", "]"},
    {"match x { ", "\"a\" <> ", "x => 1 }", ""},
    {"type T = ", "fn() -> ", "A", ""},
    {"let x = a", ".b", "", ""},
    {"let x = a", "(b)", "", ""},
    {"let x = a", " |> f()", "", ""},
    {"", "\"\"\"\n#{", "1", "}\"\"\""},
    {"", "if a { ", "1", "}"},
    {"match x { y", " as z", " => 1 }", ""},
    {"", "actor A() { behaviour b { on :x { ", "1", "} } }"},
};

Test(parse_limit, nesting) {
    for (size_t i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        Fixture f;
        const Deep *d = &deep[i];
        parse_repeated(&f, d->before, d->piece, d->middle, d->end, 10000);
        cr_expect_eq(f.status, PARSE_ERRORS, "%s", d->piece);
        cr_expect_gt(f.diags.list.len, 0, "%s", d->piece);
        fixture_free(&f);
        parse_repeated(&f, d->before, d->piece, d->middle, d->end, 50);
        cr_expect(f.module != NULL, "%s", d->piece);
        fixture_free(&f);
    }
}

Test(parse_limit, too_deep_has_one_diagnostic) {
    Fixture f;
    parse_repeated(&f, "let x = ", "(", "1", ")", 10000);
    cr_expect_str_eq(fixture_errors(&f), "1:1009 nested_too_deeply");
    cr_expect_null(f.module);
    fixture_free(&f);
    parse_repeated(&f, "let x = ", "1 + ", "1", "", 10000);
    cr_expect_str_eq(fixture_errors(&f), "1:9 nested_too_deeply");
    cr_expect_null(f.module);
    fixture_free(&f);
}

Test(parse_limit, wide_is_not_deep) {
    Fixture f;
    parse_repeated(&f, "let x = [", "1, ", "1]", "", 100000);
    cr_expect_eq(f.status, PARSE_OK);
    fixture_free(&f);
    parse_repeated(&f, "match x { 1", " | 2", " => 1 }", "", 100000);
    cr_expect_eq(f.status, PARSE_OK);
    fixture_free(&f);
    parse_repeated(&f, "", "fn f() = 1\n", "", "", 100000);
    cr_expect_eq(f.module->defs.len, 100000);
    fixture_free(&f);
}

static double parse_seconds(const Deep *d, int count) {
    Fixture f;
    clock_t start = clock();
    parse_repeated(&f, d->before, d->piece, d->middle, d->end, count);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    fixture_free(&f);
    return seconds;
}

// Quadratic cost would take minutes on these.
Test(parse_limit, time, .timeout = 60) {
    static const Deep rubbish[] = {
        {"", ")]}>>", "", ""},
        {"", "let let\n", "", ""},
        {"f(\n", " let let\n", "", ""},
        {"", "\"\n", "\"", ""},
        {"", "actor A() {\n", "", ""},
        {"", "fn f() {\n", "", ""},
        {"", "## a\n\n", "", ""},
        {"", "## a\nfn f() = 1\n", "", ""},
        {"", "'", "", ""},
        {"", "(]", "", ""},
        {"", "#{\"", "", ""},
        {"", "<<", "", ">>"},
        {"A", ".B", "", ""},
        {"type T = :a", " | :b", "", ""},
        {"", "\\", "", ""},
        {"\"", "\\u{", "\"", ""},
        {"", "\"a#{b}", "", ""},
        {"", "f() catch {", "", ""},
    };
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
        double seconds = parse_seconds(&rubbish[i], 100000);
        cr_expect_lt(seconds, 3.0, "%s: %.2f s", rubbish[i].piece, seconds);
    }
}

Test(parse_limit, long_line) {
    Fixture f;
    parse_repeated(&f, "let x = \"", "0123456789", "\" + y z", "", 100000);
    cr_expect_str_eq(fixture_errors(&f), "1:1000016 unexpected");
    Buf out = buf_new(&f.arena);
    diags_render(&f.diags, &f.sources, DIAG_PLAIN, &out);
    cr_expect_lt(out.len, 1000);
    fixture_free(&f);
}

Test(parse_limit, bytes_that_are_no_text) {
    for (int seed = 0; seed < 300; seed++) {
        char text[400];
        uint64_t state = (uint64_t)seed * 0x9e3779b97f4a7c15u + 1;
        for (size_t i = 0; i < sizeof(text); i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text[i] = (char)(state >> 56);
        }
        Fixture f;
        fixture_init(&f, (Str){text, sizeof(text)});
        ParseInput input = {&f.arena, &f.names, &f.sources, &f.diags};
        f.status = parse_file(&input, f.file, &f.module);
        cr_expect_eq(f.status, PARSE_ERRORS);
        Buf out = buf_new(&f.arena);
        diags_render(&f.diags, &f.sources, DIAG_COLOUR, &out);
        fixture_free(&f);
    }
}

// compiler/parse: several errors in one run, each at its place; hints; what is left of the tree.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

Test(parse_error, places) {
    static const LineCase cases[] = {
        {"fn f() { let let = 1\n"
         " let ok = 2\n"
         " let match = 3 }",
         "1:14 unexpected, 3:6 unexpected"},
        {"fn f() { a + }\n"
         "fn g() { b * }",
         "1:14 unexpected, 2:14 unexpected"},
        {"match v { 1 -> 2; 2 => 3; ( => 4 }\n"
         "fn g() { ) }",
         "1:13 unexpected, 1:27 bracket_unclosed, 2:10 bracket_unopened"},
        {"actor A() {\n"
         "  stat x = 1\n"
         "  on :a { 1 + }\n"
         "  state = 2\n"
         "}",
         "2:3 unexpected, 3:15 unexpected, 4:9 unexpected"},
        {"supervisor S() {\n"
         "  child\n"
         "  strategy :a\n"
         "  strategy :b\n"
         "}",
         "2:8 unexpected, 4:3 setting_repeated"},
        {"let x = [1, 2\n"
         "let y = 3\n"
         "pub fn f() = x y",
         "1:9 bracket_unclosed, 3:16 unexpected"},
        {"fn f() {\n"
         "  if a {\n"
         "    b\n"
         "}\n"
         "fn g() = 1 2",
         "1:8 bracket_unclosed, 5:12 unexpected"},
        {"f(\"abc\n"
         "def\", 1)\n"
         "g(\"x)",
         "3:3 string_unclosed"},
        {"let s = \"one line\n"
         "let t = 2\n"
         "let u = 3",
         "1:9 string_unclosed"},
        {"let s = \"a #{b + \"", "1:9 string_unclosed"},
        {"let s = \"a #{b + } c\"", "1:18 unexpected"},
        {"let h = \"\"\"\n"
         "  abc\n"
         "  #{d}",
         "1:9 string_unclosed"},
        {"x = (a, b]", "1:10 bracket_mismatched"},
        {"x = a ]", "1:7 bracket_unopened"},
        {"x = {a: 1}", "1:6 unexpected"},
        {"`a` + 1 $ 2", "1:1 character_unknown, 1:3 character_unknown, 1:9 character_unknown"},
        {"a && b || c", "1:3 operator_foreign, 1:8 operator_foreign"},
        {"f(a: 1, 2)", "1:9 argument_after_keys"},
        {":t(a: 1)", "1:4 key_in_tagged"},
        {"x |> y", "1:6 pipe_without_call"},
        {"_ + 1", "1:1 placeholder_value"},
        {"match x { \"a#{b}\" => 1; %{k => 1} => 2; ^_ => 3; <<a::16/32>> => 4; "
         "<<a::wat(3)>> => 5 }",
         "1:11 pattern_interpolation, 1:27 pattern_key, 1:41 pattern_pin_any, 1:58 "
         "segment_repeated, 1:74 segment_unknown"},
        {"receive { after 1 => 2; after 2 => 3; x => 4 }",
         "1:25 after_repeated, 1:39 after_not_last"},
        {"actor A() { after 1 { 2 }; after 2 { 3 } }", "1:28 after_repeated"},
        {"pub import List", "1:1 pub_misplaced"},
        {"1.0e999", "1:1 float_too_large"},
        {"1e5 + 0x + 1_ + 12ab",
         "1:1 number_malformed, 1:7 number_malformed, 1:12 number_malformed, 1:17 "
         "number_malformed"},
        {"'' + 'ab' + '\\q' + \"\\x1\" + \"\\u{110000}\" + \"\\u{d800}\" + :\"a#{b}\"",
         "1:1 char_empty, 1:6 char_too_long, 1:14 escape_unknown, 1:21 escape_hex, "
         "1:29 escape_unicode, 1:44 escape_unicode, 1:59 atom_interpolation"},
        {"// no\n"
         "/* no */ a",
         "1:1 comment_foreign, 2:1 comment_foreign"},
        {"f(a; b)", "1:4 semicolon_in_brackets"},
        {"a < b < c", "1:7 unexpected"},
        {"test \"x\" do", "1:10 unexpected"},
        {"record R { a: Int b: Int\n"
         "  c: , d }",
         "1:19 unexpected, 2:6 unexpected"},
        {"for x of xs { 1 }\n"
         "[x for x <- xs]",
         "1:7 unexpected, 2:10 unexpected"},
        {"type T = 5\n"
         "const X = 1",
         "1:10 unexpected, 2:7 unexpected"},
        {"extern \"x\" { fn a() = 1\n"
         "  fn b() }",
         "1:21 unexpected"},
    };
    CHECK_ERRORS(cases);
}

// The hint of the first diagnostic.
static void check_hint(const char *source, const char *part) {
    Fixture f;
    fixture_parse(&f, source);
    cr_assert_gt(f.diags.list.len, 0, "%s", source);
    const char *hint = terminated(&f.arena, f.diags.list.items[0].hint);
    cr_expect(strstr(hint, part) != NULL, "%s: %s", source, hint);
    fixture_free(&f);
}

Test(parse_error, hints) {
    static const LineCase cases[] = {
        {"a && b", "write and"},
        {"a || b", "write or"},
        {"let m = {a: 1}", "%{name: value}"},
        {"if x = 1 { 2 }", "`==`"},
        {"def foo(x) do", "fn name"},
        {"fn f(x) do", "between { and }"},
        {"match x { 1 -> 2 }", "pattern => result"},
        {"if a { 1 } elif b { 2 }", "else if"},
        {"return 1", "last expression"},
        {"while x { 1 }", "recursion"},
        {"fn f(x) => x", "fn name(args) = value"},
        {"let f = x -> x", "fn(x) => x + 1"},
        {"let f = fn x -> x", "fn(x) => x + 1"},
        {"x += 1", "state only"},
        {"var x = 1", "let name"},
        {"let x = a ? b : c", "if c { a } else { b }"},
        {"let x = !a", "not x"},
        {"let x = 1 << 3", "Int.shl"},
        {"let x = a & b", "Int.band"},
        {"a < b < c", "do not chain"},
        {"for x of xs { 1 }", "pattern in values"},
        {"import \"foo\"", "import Net.Http"},
        {"class Foo { }", "actor"},
        {"actor Foo { }", "parentheses"},
        {"actor foo() { }", "begin with a capital"},
        {"actor Foo() { let x = 1 }", "state name = value"},
        {"actor Foo() { on :x -> Int{ 1 } }", "space before a block"},
        {"fn Foo() = 1", "small letter"},
        {"print \"x\"", "parentheses"},
        {"f (1)", "touches"},
        {"m [1]", "touches"},
        {"let u = User {name: 1}", "touches"},
        {"let s = 'hello'", "double quotes"},
        {"match x { {a, b} => 1 }", "a tuple is written"},
        {"match x { f(y) => 1 }", "cannot be a pattern"},
        {"match x { a <> \"b\" => 1 }", "plain string"},
        {"match x { 1 => let y = 2 }", "need a block"},
        {"match x { n when n > 1 => 3 }", "guard"},
        {"try { f() } catch e { 1 }", "clauses"},
        {"spawn f()", "spawn takes"},
        {"<<x:8>>", "two colons"},
        {"let match = 1", "reserved"},
        {"else { 1 }", "no `if`"},
        {"fn f() {\n pub fn g() = 1 }", "top level"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_hint(cases[i].source, cases[i].line);
    }
}

Test(parse_error, says_what_was_expected) {
    Fixture f;
    fixture_parse(&f, "let x = (1 + )");
    const char *message = terminated(&f.arena, f.diags.list.items[0].message);
    cr_expect_str_eq(message, "unexpected `)`: expected an expression");
    fixture_free(&f);
    fixture_parse(&f, "fn f(x) -> = 1");
    message = terminated(&f.arena, f.diags.list.items[0].message);
    cr_expect_str_eq(message, "unexpected `=`: expected a type");
    fixture_free(&f);
    fixture_parse(&f, "fn f(x");
    message = terminated(&f.arena, f.diags.list.items[0].message);
    cr_expect_str_eq(message, "this `(` is never closed");
    fixture_free(&f);
}

Test(parse_error, what_is_right_stays_in_the_tree) {
    Fixture f;
    fixture_parse(&f, "fn a() = 1\nfn b( = 2\nfn c() { x y; z }\nfn d() = 4");
    cr_expect_eq(f.status, PARSE_ERRORS);
    cr_expect_str_eq(fixture_line(&f), "(Fn a 1); (Fn c (Block z)); (Fn d 4)");
    fixture_free(&f);
}

Test(parse_error, lists_are_bounded) {
    Arena arena;
    arena_init(&arena);
    Buf text = buf_new(&arena);
    for (int i = 0; i < 1000; i++) {
        buf_format(&text, "f(a: %d, 1)\n", i);
    }
    buf_byte(&text, '\0');
    Fixture f;
    fixture_parse(&f, text.ptr);
    cr_expect_eq(f.diags.list.len, DIAG_MAX);
    cr_expect_eq(f.diags.error_count, 1000);
    fixture_free(&f);
    arena_free(&arena);
}

// compiler/core/lower*.c: what constructs become, order of evaluation, captures, long input.
//
// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "tests/unit/compiler/core_fixture.h"

// The body of the function that was lowered from `text`, as core_print shows the module.
static void check_core(const char *text, const char *expected) {
    CoreFixture f;
    core_fixture(&f, text);
    cr_expect(f.source.diags.error_count == 0, "%s: %s", text, fixture_errors(&f.source));
    cr_expect_str_eq(core_fixture_text(&f), expected, "%s\n%s", text, core_fixture_text(&f));
    core_fixture_free(&f);
}

Test(lower, operators_keep_their_order) {
    check_core("fn f(a, b) = a > b", "fn f/2(v1, v2)\n"
                                     "  if lt(v2, v1) true\n"
                                     "  else false\n");
    check_core("fn f(a, g) = g(1) <= a", "fn f/2(v1, v2)\n"
                                         "  v3 = call v2(1)\n"
                                         "  if ge(v1, v3) true\n"
                                         "  else false\n");
    check_core("fn f(a, b) = a and b or 0", "fn f/2(v1, v2)\n"
                                            "  v3 =\n"
                                            "    if truthy(v1) v2\n"
                                            "    else v1\n"
                                            "  if truthy(v3) v3\n"
                                            "  else 0\n");
    check_core("fn f(a) { if a > 1 and not is_int(a) { :x } else { :y } }",
               "fn f/1(v1)\n"
               "  in\n"
               "    if lt(1, v1)\n"
               "      if is_int(v1) jump L3()\n"
               "      else :x\n"
               "    else jump L3()\n"
               "  L3():\n"
               "  :y\n");
    check_core("fn f(a) = a in [1, :b]", "fn f/1(v1)\n"
                                         "  in\n"
                                         "    if eq(v1, 1) jump L3()\n"
                                         "    else\n"
                                         "      if eq(v1, :b) jump L3()\n"
                                         "      else false\n"
                                         "  L3():\n"
                                         "  true\n");
}

Test(lower, records_are_evaluated_as_written) {
    const char *record = "record R { a: Int, b: Int = 2, c: Int = a_default() }\n"
                         "fn a_default() = 3\n";
    Arena arena;
    arena_init(&arena);
    Buf text = buf_new(&arena);
    buf_text(&text, record);
    buf_text(&text, "fn f(g) = R{b: g(1), a: g(2)}");
    buf_byte(&text, '\0');
    check_core(text.ptr, "fn a_default/0()\n"
                         "  3\n"
                         "\n"
                         "fn f/1(v1)\n"
                         "  v2 = call v1(1)\n"
                         "  v3 = call v1(2)\n"
                         "  record.R(v3, v2, R.c/0())\n"
                         "\n"
                         "fn R.c/0()\n"
                         "  a_default/0()\n");
    arena_free(&arena);
}

Test(lower, tail_calls_of_oneself_are_loops) {
    check_core("fn f(0, acc) = acc\nfn f(n, acc) = f(n - 1, acc + n)",
               "fn f/2(v3, v4)\n"
               "  loop jump L3(v3, v4)\n"
               "  L3(v1, v2):\n"
               "  if same(v1, 0) v2\n"
               "  else jump L3(sub(v1, 1), add(v2, v1))\n");
    check_core("fn f(n) { try { f(n) } catch { _ => f(n) } }", "fn f/1(v3)\n"
                                                               "  loop jump L3(v3)\n"
                                                               "  L3(v1):\n"
                                                               "  try f/1(v1)\n"
                                                               "  catch v2 jump L3(v1)\n");
}

Test(lower, closures_capture_through_each_other) {
    check_core("fn f(a, b) = fn(x) => fn(y) => a + x + y", "fn f/2(v1, v2)\n"
                                                           "  closure f/1/1(v1)\n"
                                                           "\n"
                                                           "fn f/1/1(v1 | v2)\n"
                                                           "  closure f/2/1(v2, v1)\n"
                                                           "\n"
                                                           "fn f/2/1(v1 | v2, v3)\n"
                                                           "  add(add(v2, v3), v1)\n");
    check_core("fn f(a) = (fn(x) => x)(a)", "fn f/1(v1)\n"
                                            "  call &f/1/1(v1)\n"
                                            "\n"
                                            "fn f/1/1(v1)\n"
                                            "  v1\n");
}

Test(lower, local_functions_are_called_directly) {
    check_core("fn f(k) {\n"
               "  fn up(0) = k\n"
               "  fn up(n) = 1 + up(n - 1)\n"
               "  let k = 5\n"
               "  up(k)\n"
               "}",
               "fn f/1(v1)\n"
               "  v2 = 5\n"
               "  f/1/1(v2, v1)\n"
               "\n"
               "fn f/1/1(v1 | v2)\n"
               "  if same(v1, 0) v2\n"
               "  else add(1, {\n"
               "      v3 = f/1/1(sub(v1, 1), v2)\n"
               "      v3})\n");
    check_core("fn f(k, map) {\n"
               "  fn deep(x) = map(x, fn(y) => deep(y + k))\n"
               "  map(k, deep)\n"
               "}",
               "fn f/2(v1, v2)\n"
               "  call v2(v1, closure f/1/1(v2, v1))\n"
               "\n"
               "fn f/1/1(v1 | v2, v4)\n"
               "  v3 = closure f/1/1(v2, v4)\n"
               "  call v2(v1, closure f/2/1(v4, v3))\n"
               "\n"
               "fn f/2/1(v1 | v2, v3)\n"
               "  call v3(add(v1, v2))\n");
}

Test(lower, defaults_make_every_arity) {
    check_core("pub fn f(a, b = 1, c = 2) = a", "pub fn f/3(v1, v2, v3)\n"
                                                "  v1\n"
                                                "\n"
                                                "pub fn f/2(v1, v2)\n"
                                                "  f/3(v1, v2, 2)\n"
                                                "\n"
                                                "pub fn f/1(v1)\n"
                                                "  f/3(v1, 1, 2)\n");
}

Test(lower, the_rest_of_a_block_is_skipped) {
    check_core("fn f(x) {\n"
               "  let :ok(y) = x else e { e }\n"
               "  y + 1\n"
               "}",
               "fn f/1(v1)\n"
               "  in\n"
               "    if is_tagged.2.ok(v1)\n"
               "      v2 = elem.1(v1)\n"
               "      jump L2(v2)\n"
               "    else v1\n"
               "  L2(v3):\n"
               "  add(v3, 1)\n");
}

Test(lower, receive_of_a_reference_made_here_skips_older_messages) {
    CoreFixture f;
    core_fixture_init(&f);
    core_fixture_add(&f, "Process", "pub fn monitor(p) = p");
    core_fixture_lower(&f, "fn f(p) {\n"
                           "  let ref = Process.monitor(p)\n"
                           "  receive { :down(^ref, _) => 1; (:x, ^ref) as m if m => 2 }\n"
                           "}\n"
                           "fn g(ref) { receive { :down(^ref, _) => 1 } }\n"
                           "fn h(p) {\n"
                           "  let ref = Process.monitor(p)\n"
                           "  receive { :down(^ref, _) => 1; :other => 2 }\n"
                           "}");
    const char *text = core_fixture_text(&f);
    const char *first = strstr(text, " only v");
    cr_expect(first != NULL && first < strstr(text, "fn g/1"));
    cr_expect(first == NULL || strstr(first + 1, " only v") == NULL);
    core_fixture_free(&f);
}

// ---- The REPL -----------------------------------------------------------------------------------

Test(lower, an_input_of_the_repl_returns_what_it_binds) {
    CoreFixture f;
    core_fixture_init(&f);
    Name bound[] = {intern_text(&f.source.names, "x"), intern_text(&f.source.names, "y")};
    f.options = (LowerOptions){.is_repl = true, .bound = bound, .bound_count = 2};
    core_fixture_lower(&f, "let y = x + 1\nlet z = 2\ny * z");
    cr_expect(f.source.diags.error_count == 0);
    cr_expect_str_eq(core_fixture_text(&f),
                     "pub fn eval/1(v1)\n"
                     "  if is_tuple_of.2(v1)\n"
                     "    v2 = elem.0(v1)\n"
                     "    v3 = elem.1(v1)\n"
                     "    v5 = add(v2, 1)\n"
                     "    v6 = 2\n"
                     "    v7 = mul(v5, v6)\n"
                     "    tuple(v7, v2, v5, v6)\n"
                     "  else fail :badarg v1\n",
                     "%s", core_fixture_text(&f));
    cr_expect(f.in_sight.len == 3);
    core_fixture_free(&f);
}

// ---- Doc examples -------------------------------------------------------------------------------

Test(lower, examples_of_docs_are_tests) {
    CoreFixture f;
    core_fixture_init(&f);
    f.options.tests = true;
    core_fixture_lower(&f, "## About the module.\n"
                           "## >> twice(1)\n"
                           "## 2\n"
                           "\n"
                           "## Doubles.\n"
                           "## >> let x = 2\n"
                           "## >> twice(x)\n"
                           "## 4\n"
                           "##\n"
                           "## >> twice(\n"
                           "##      3)\n"
                           "## 6\n"
                           "fn twice(x) = x * 2\n"
                           "test \"one\" { assert twice(1) == 2 }\n");
    cr_expect(f.source.diags.error_count == 0, "%s", fixture_errors(&f.source));
    cr_assert(f.core->tests.len == 4);
    cr_expect(str_is(f.core->tests.items[0].name, "one"));
    cr_expect(str_is(f.core->tests.items[1].name, "Test"));
    cr_expect(str_is(f.core->tests.items[2].name, "twice/1"));
    cr_expect(str_is(f.core->tests.items[3].name, "twice/1"));
    Span span = f.core->tests.items[2].span;
    cr_expect(source_place(&f.source.sources, span.file, span.offset).line == 6);
    core_fixture_free(&f);
}

Test(lower, an_example_that_is_none_is_reported_where_it_stands) {
    CoreFixture f;
    core_fixture_init(&f);
    f.options.tests = true;
    core_fixture_lower(&f, "## >> let x = 2\n"
                           "## 2\n"
                           "fn f() = 1\n");
    cr_expect_str_eq(fixture_errors(&f.source), "2:4 doc_example");
    core_fixture_free(&f);
}

// ---- Long and deep input ------------------------------------------------------------------------

static double seconds_for(const char *head, const char *piece, uint32_t count, const char *tail) {
    Arena arena;
    arena_init(&arena);
    Buf text = buf_new(&arena);
    buf_text(&text, head);
    for (uint32_t i = 0; i < count; i++) {
        buf_text(&text, piece);
    }
    buf_text(&text, tail);
    buf_byte(&text, '\0');
    CoreFixture f;
    clock_t start = clock();
    core_fixture(&f, text.ptr);
    double result = (double)(clock() - start) / CLOCKS_PER_SEC;
    cr_expect(f.source.diags.error_count == 0, "%s: %s", piece, fixture_errors(&f.source));
    core_fixture_free(&f);
    arena_free(&arena);
    return result;
}

static const char *const long_pieces[][3] = {
    {"fn f(x) {\n", "let x = x + 1\n", "x }"},
    {"fn f(x) {\n", "let (x, y) = (x, 1)\n", "x + y }"},
    {"fn f(x) {\n", "let :ok(x) = x else { 1 }\n", "x }"},
    {"fn f(x) {\n", "fn g(y) = x + y\n let x = g(1)\n", "x }"},
    {"fn f(x) {\n", "x ! 1\n", "x }"},
    {"fn f(x) = [", "x, ", "1]"},
    {"fn f(x) = [", "x(1), ", "1]"},
    {"fn f(x) = (", "x, ", "1)"},
    {"fn f(x) = %{", "x => 1, ", "1 => x}"},
    {"fn f(x) = \"", "a#{x}", "\""},
    {"fn f(x) { match x {\n", "y if y > 1 => y\n", "_ => 0 } }"},
    {"", "fn f(1) = 1\nfn g(x) = f(x)\nfn h(x) = g(x)\ntest \"x\" { h(1) }\n", ""},
};

// 30,000 of them must not take much more than ten times as long as 3,000.
Test(lower, time_is_linear) {
    for (size_t i = 0; i + 1 < sizeof(long_pieces) / sizeof(long_pieces[0]); i++) {
        const char *const *p = long_pieces[i];
        double small = seconds_for(p[0], p[1], 3000, p[2]);
        double large = seconds_for(p[0], p[1], 30000, p[2]);
        cr_expect(large < small * 40 + 0.2, "%s: %.3f s, then %.3f s", p[1], small, large);
    }
}

static const char *const deep_pieces[][4] = {
    {"fn f(x) = ", "-(", "x", ")"},
    {"fn f(x) = ", "[", "x", "]"},
    {"fn f(x) = ", "fn(y) => ", "x", ""},
    {"fn f(x) = ", "f(", "x", ")"},
    {"fn f(x) = ", "match x { 1 => ", "x", " }"},
    {"fn f(x) { let ", "[", "y", "] = x; y }"},
};

Test(lower, depth_is_no_danger) {
    for (size_t i = 0; i < 5; i++) {
        const char *const *p = deep_pieces[i];
        Arena arena;
        arena_init(&arena);
        Buf text = buf_new(&arena);
        buf_text(&text, p[0]);
        for (int k = 0; k < 300; k++) {
            buf_text(&text, p[1]);
        }
        buf_text(&text, p[2]);
        for (int k = 0; k < 300; k++) {
            buf_text(&text, p[3]);
        }
        buf_byte(&text, '\0');
        CoreFixture f;
        core_fixture(&f, text.ptr);
        cr_expect(f.source.diags.error_count == 0, "%s: %s", p[1], fixture_errors(&f.source));
        core_fixture_free(&f);
        arena_free(&arena);
    }
}

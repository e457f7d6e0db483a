// SPDX-License-Identifier: Apache-2.0
// compiler/ir/opt: recursion that becomes loops, lists that are built in order, inlining.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/compiler/listing.h"

Test(recursion, a_call_of_itself_at_the_end_is_a_loop) {
    const char *source = "pub fn f(n, acc) = if n == 0 { acc } else { f(n - 1, acc + n) }";
    ASSERT_IR("f/2", source, "tail_call", 0);
    ASSERT_IR("f/2", source, "# loop", 1);
}

Test(recursion, a_list_grows_while_messages_are_received) {
    ASSERT_IR("f/0", "pub fn f() { receive { :stop => []; x => [x | f()] } }", "list_add", 1);
}

static const char map[] = "pub fn f(g, [x | xs]) = [g(x) | f(g, xs)]\nfn f(_g, []) = []";

Test(recursion, a_call_behind_a_cell_is_a_loop) {
    ASSERT_IR("f/2", map, "call f/2", 0);
    ASSERT_IR("f/2", map, "list_new", 1);
    ASSERT_IR("f/2", map, "list_add", 1);
    ASSERT_IR("f/2", map, "list_end", 1);
}

Test(recursion, several_cells_go_in_in_their_order) {
    const char *ir =
        listing_fn(DUMP_IR, "f/1", "pub fn f([x | xs]) = [1, x | f(xs)]\nfn f([]) = []");
    const char *first = strstr(ir, ", 1\n");
    cr_assert(first != NULL, "%s", ir);
    cr_assert(strstr(first, "list_add") != NULL, "%s", ir);
    cr_assert(listing_count(ir, "cons ") == 1, "%s", ir); // the test
}

Test(recursion, what_is_used_twice_stays_a_call) {
    ASSERT_IR("f/1", "pub fn f(0) = []\nfn f(n) { let l = f(n - 1); [l | l] }", "call f/1", 1);
    ASSERT_IR("f/1", "pub fn f(0) = []\nfn f(n) { let l = f(n - 1); [is_list(l) | l] }", "call f/1",
              1);
    ASSERT_IR("f/1", "pub fn f(0) = []\nfn f(n) = [try { f(n - 1) } catch { _ => 1 }]", "call f/1",
              1);
}

Test(recursion, a_call_of_something_else_at_the_end_stays_there) {
    const char *source = "pub fn f(0) = []\nfn f(1) = g(1)\nfn f(n) = [n | f(n - 1)]\n"
                         "fn g(n) = f(n - 1)";
    ASSERT_IR("f/1", source, "list_new", 0);
    ASSERT_IR("f/1", source, " = cons ", 4); // it has taken itself in
}

Test(lists, a_comprehension_turns_nothing_round) {
    const char *source = "pub fn f(xs, ys) = [(x, y) for x in xs, y in ys if x < y]";
    ASSERT_IR("f/2", source, "reverse", 0);
    ASSERT_IR("f/2", source, "list_new", 1);
    ASSERT_IR("f/2", source, "list_add", 1);
    ASSERT_IR("f/2", source, "list_end", 1);
}

Test(lists, each_loop_of_a_function_for_itself) {
    ASSERT_IR("f/1",
              "pub fn f(xs) {\n  let both = [x for x in xs, _ in [1, 2]]\n  [y for y in both]\n}",
              "reverse", 0);
}

Test(lists, a_map_is_collected_as_it_was) {
    ASSERT_IR("f/1", "pub fn f(xs) = %{x => 1 for x in xs}", "map_collect", 1);
}

Test(inlining, a_small_function_is_no_call) {
    const char *source = "pub fn f(x) = g(x) + g(x + 1)\nfn g(x) = x * x";
    ASSERT_IR("f/1", source, "call", 0);
    ASSERT_IR("f/1", source, "mul", 2);
}

Test(inlining, what_is_called_in_one_place_need_not_be_so_small) {
    const char *source = "pub fn f(x) = g(x)\n"
                         "fn g(x) = (x + 1, x + 2, x + 3, x + 4, x + 5, x + 6, x + 7, x + 8,\n"
                         "  x + 9, x + 10, x + 11, x + 12, x + 13, x + 14, x + 15, x + 16)";
    ASSERT_IR("f/1", source, "call", 0);
    char twice[512];
    snprintf(twice, sizeof(twice), "pub fn h(x) = g(x)\n%s", source);
    ASSERT_IR("f/1", twice, "call", 1);
}

Test(inlining, a_function_that_calls_itself_takes_itself_in) {
    const char *source = "pub fn f(n) = if n < 2 { n } else { f(n - 1) + f(n - 2) }";
    cr_assert(listing_count(listing_fn(DUMP_IR, "f/1", source), " ge ") +
                  listing_count(listing_fn(DUMP_IR, "f/1", source), " lt ") >
              3);
    ASSERT_IR("f/1", source, "call f/1", 16); // three levels
}

Test(inlining, a_function_with_a_loop_does_not_take_itself_in) {
    ASSERT_IR("f/1", "pub fn f(n) = for i in 1..n { f(i - 1) }", "call f/1", 1);
    // Unless the loop is its own recursion.
    const char *own = "pub fn f(x, y) = if x <= y { y } else { f(f(x - 1, y), f(y - 1, x)) }";
    cr_assert(listing_count(listing_fn(DUMP_IR, "f/2", own), "call f/2") > 2);
}

Test(inlining, what_nothing_calls_any_more_is_gone) {
    const char *source =
        "pub fn f(x) = g(x) + 1\nfn g(x) = h(x) * 2\nfn h(x) = x - 3\nfn i() = f(1)\n"
        "pub fn j() = [&k/1]\nfn k(x) = l(x, x)\nfn l(x, y) = l(y, x + 1) + 1";
    const char *ir = listing_of(DUMP_IR, source);
    cr_assert(listing_count(ir, "fn ") == 4, "%s", ir); // f, j, k and l
    cr_assert(strstr(ir, "fn l/2\n") != NULL, "%s", ir);
}

Test(inlining, recursion_through_others_stays) {
    const char *source = "pub fn f(n) = if n == 0 { 0 } else { 1 + g(n - 1) }\n"
                         "fn g(n) = if n == 0 { 0 } else { 2 + f(n - 1) }";
    cr_assert(listing_count(listing_fn(DUMP_IR, "f/1", source), "call ") > 0);
}

Test(inlining, a_known_function_is_called_by_name) {
    ASSERT_IR("f/1", "pub fn f(x) { let g = fn(y) => x + y; g(1) + g(2) }", "closure", 0);
    ASSERT_IR("f/1", "pub fn f(x) { let g = fn(y) => y + 1; g(x) }", "call", 0);
    // Not with a wrong number of arguments: that fails when it runs.
    ASSERT_IR("f/1", "pub fn f(x) { let g = fn(y) => x + y; g(1, 2) }", "tail_fun", 1);
}

Test(inlining, a_function_given_to_a_loop_is_part_of_it) {
    const char *source = "pub fn f(xs, k) = fold(xs, 0, fn(sum, x) => sum + k * x)\n"
                         "fn fold([x | xs], acc, f) = fold(xs, f(acc, x), f)\n"
                         "fn fold([], acc, _f) = acc\n"
                         "pub fn g(xs, f) = fold(xs, 1, f)";
    ASSERT_IR("f/2", source, "call", 0);
    ASSERT_IR("f/2", source, "closure", 0);
    ASSERT_IR("f/2", source, "mul", 1);
}

Test(inlining, a_handler_comes_along) {
    const char *source = "pub fn f(x) = try { g(x) } catch { r => (:outer, r) }\n"
                         "fn g(x) = try { 1 + x } catch { :badarg => 2 }";
    ASSERT_IR("f/1", source, "call", 0);
    ASSERT_IR("f/1", source, "# handler", 2);
}

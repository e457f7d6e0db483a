// SPDX-License-Identifier: Apache-2.0
// compiler/ir/opt: what each pass leaves of small functions.
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/compiler/listing.h"

Test(opt, integers_are_folded) {
    ASSERT_IR("f/0", "pub fn f() { let a = 6; let b = 7; a * b - 2 // 3 }", "ret 42\n", 1);
    ASSERT_IR("f/0", "pub fn f() { let a = 0 - 7; (a // 2, a % 2) }", "ret (-4, 1)\n", 1);
}

Test(opt, what_would_fail_is_left_to_the_run) {
    ASSERT_IR("f/0", "pub fn f() { let a = 1; a // 0 }", "idiv", 1);
    ASSERT_IR("f/0", "pub fn f() { let a = :x; a + 1 }", "add", 1);
}

Test(opt, what_does_not_fit_64_bits_is_left_to_the_run) {
    ASSERT_IR("f/0", "pub fn f() { let a = 0x7fff_ffff_ffff_ffff; a + 1 }", "add", 1);
}

Test(opt, a_constant_goes_round_a_loop) {
    ASSERT_IR("f/1", "pub fn f(n) = g(n, 5)\nfn g(n, k) = n + k", "add v0, 5", 1);
    ASSERT_IR(
        "g/2",
        "pub fn g(n, k) { let z = 0; loop(n, z) }\nfn loop(n, z) = if n == 0 { z } else { loop(n - 1, z) }",
        "ret 0\n", 1);
}

Test(opt, what_was_just_built_is_not_taken_apart) {
    ASSERT_IR("f/2", "pub fn f(a, b) { let (x, y) = (b, a); x - y }", "tuple", 0);
    ASSERT_IR("f/2", "pub fn f(a, b) { let [x, y] = [b, a]; x - y }", "is_cons", 0);
}

Test(opt, a_test_that_an_earlier_one_decides_is_dropped) {
    ASSERT_IR("f/1", "pub fn f(x) = if is_int(x) { if is_int(x) { 1 } else { 2 } } else { 3 }",
              "is_int", 1);
    ASSERT_IR("f/1", "pub fn f(x) = if is_int(x) { is_atom(x) } else { 3 }", "is_atom", 0);
    ASSERT_IR("f/1", "pub fn f(x) { let y = x + 1; if is_number(x) { y } else { 2 } }", "is_number",
              0);
}

Test(opt, a_comparison_is_not_made_twice) {
    ASSERT_IR("f/2", "pub fn f(a, b) = if a < b { if a >= b { 1 } else { 2 } } else { 3 }", " ge ",
              0);
    ASSERT_IR("f/2", "pub fn f(a, b) = (a + b, b + a)", "add", 1);
    ASSERT_IR("f/1", "pub fn f(m) = (m.x, m.x)", "get", 1);
}

Test(opt, a_known_truth_value_is_not_tested) {
    ASSERT_IR("f/1", "pub fn f(n) = n == 0 and n != 7", "truthy", 0);
}

Test(opt, what_nobody_uses_goes) {
    ASSERT_IR("f/1", "pub fn f(x) { let _y = (x, x); x }", "tuple", 0);
    ASSERT_IR("f/1", "pub fn f(x) { let _y = x + 1; x }", "add", 1);
}

Test(opt, effects_stay_in_order) {
    const char *ir = listing_fn(DUMP_IR, "f/2", "pub fn f(a, b) { a ! 1; b ! 2; a ! 1; :ok }");
    const char *first = strstr(ir, "send v0, 1");
    cr_assert(first != NULL, "%s", ir);
    const char *second = strstr(first, "send v1, 2");
    cr_assert(second != NULL, "%s", ir);
    cr_assert(strstr(second, "send v0, 1") != NULL, "%s", ir);
}

Test(opt, divisions_by_powers_of_two_are_shifts_and_masks) {
    ASSERT_IR("f/1", "pub fn f(x) = x // 8", " = shr ", 1);
    ASSERT_IR("f/1", "pub fn f(x) = 3 * x", " = mul v0, 3", 1);
    ASSERT_IR("f/1", "pub fn f(x) = :a + x", " = add :a, v0", 1);
    ASSERT_IR("f/1", "pub fn f(x) = 3 - x", " = sub 3, v0", 1);
    ASSERT_IR("f/1", "pub fn f(x) = x % 8", " = band ", 1);
    ASSERT_IR("f/1", "pub fn f(x) = x // 6", " = idiv ", 1);
    ASSERT_IR("f/1", "pub fn f(x) = x % -8", " = mod ", 1);
    ASSERT_IR("f/1", "pub fn f(x) = x // 1", " = idiv ", 1);
}

Test(opt, a_field_is_guessed_or_known) {
    ASSERT_IR("f/1", "record P { x, y }\npub fn f(p) = p.y\npub fn g() = P{x: 1, y: 2}",
              "get_field :y P", 1);
    ASSERT_IR("f/1", "record P { x, y }\npub fn f(P{x:} as p) = x + p.y", "field P.1", 1);
    ASSERT_IR("f/1", "record P { x, y }\npub fn f(p) = p.z", " = get :z", 1);
}

Test(opt, each_pass_that_changes_something_is_shown) {
    const char *text = listing_of(DUMP_PASSES, "pub fn f(x) = g(x) + 2 * 3\nfn g(x) = x");
    cr_assert(listing_count(text, "# build\nfn ") == 2, "%s", text);
    cr_assert(listing_count(text, "# inline\nfn f/1") == 1, "%s", text);
    cr_assert(listing_count(text, "# constants\nfn f/1") == 1, "%s", text);
    cr_assert(listing_count(text, "# facts") == 0, "%s", text);
}

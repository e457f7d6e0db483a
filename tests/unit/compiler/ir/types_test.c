// SPDX-License-Identifier: Apache-2.0
// compiler/ir/opt/types.c and unbox.c: which floats stay raw.
#include <criterion/criterion.h>

#include "tests/unit/compiler/listing.h"

#define LOOP                                                                                       \
    "pub fn f(n) = g(n, 0.5)\nfn g(n, x) = if n == 0 { x } else { g(n - 1, x * 1.5 + 1.0) }\n"

Test(types, a_loop_carries_a_raw_number) {
    ASSERT_IR("f/1", LOOP, " = raw_mul ", 1);
    ASSERT_IR("f/1", LOOP, " = raw_add ", 1);
    ASSERT_IR("f/1", LOOP, " = unbox ", 0);
    ASSERT_IR("f/1", LOOP, " = box ", 1);
}

Test(types, one_check_does_for_a_chain) {
    ASSERT_IR("f/1", LOOP, "raw_check", 1);
    // A dividend is looked at with the quotient, a divisor is not.
    ASSERT_IR("f/1", "pub fn f(x) { let a = x + 1.5; (a * 2.0) / 3.0 }", "raw_check", 0);
    ASSERT_IR("f/1", "pub fn f(x) { let a = x + 1.5; 3.0 / (a * 2.0) }", "raw_check", 1);
}

Test(types, a_check_stays_before_what_can_be_seen) {
    ASSERT_IR("f/2", "pub fn f(x, p) { let a = x + 1.5; p ! 1; a }", "raw_check", 1);
    ASSERT_IR("f/2", "pub fn f(x, y) { let a = x + 1.5; let b = y + 1; (a, b) }", "raw_check", 1);
}

Test(types, what_others_may_call_is_not_trusted) {
    ASSERT_IR("g/2",
              "pub fn f(n) = g(n, 0.5)\npub fn g(n, x) = if n == 0 { x } else { g(n - 1, x + x) }",
              "raw_add", 0);
    ASSERT_IR("g/1", "pub fn f() = &g/1\npub fn h() = g(1.5)\nfn g(x) = x + x", "raw_add", 0);
}

Test(types, results_of_functions_are_known) {
    const char *source =
        "pub fn f(n) = half(n) + half(1)\nfn half(n) = if n == 0 { 0.5 } else { half(n - 1) / 2 }";
    ASSERT_IR("f/1", source, " = raw_add ", 1);
}

Test(types, integers_stay) {
    ASSERT_IR("f/2", "pub fn f(a, b) = a * b + 1", "raw_", 0);
    ASSERT_IR("f/2", "pub fn f(a, b) = a // b * 2", "raw_", 0);
}

Test(types, a_product_is_unboxed_in_one) {
    ASSERT_IR("f/2",
              "pub fn f(a, b) = dot(a, b, 0.0)\n"
              "fn dot([], [], s) = s\nfn dot([x | a], [y | b], s) = dot(a, b, s + x * y)",
              " = mul_unbox ", 1);
}

Test(types, comparisons_of_raw_numbers) {
    ASSERT_IR("f/1", "pub fn f(x) { let a = x + 1.5; if a < 2 { :less } else { a } }", "raw_lt", 1);
    ASSERT_IR("f/2", "pub fn f(x, y) { let a = x + 1.5; if a < y { :less } else { a } }", "raw_lt",
              0);
}

#define UPDATE                                                                                     \
    "record P { x, y, v, w }\npub fn push(a, b) {\n  let dx = a.x - b.x\n  let dy = a.y - b.y\n"   \
    "  let m = 0.5 / (dx * dx + dy * dy)\n  P{a | v: a.v - dx * m, w: a.w - dy * m}\n}\n"

Test(types, guards_reach_beyond_decided_tests) {
    ASSERT_IR("push/2", UPDATE, " = as_float ", 6);
    // Where floats were found, nothing is left to look at but what is divided by.
    ASSERT_IR("push/2", UPDATE, " = raw_div 0.5, v16\n    v19 = field P.2 v0\n", 1);
}

#define PULL                                                                                       \
    "record P { x, y }\npub fn f() = P{x: 1.0, y: 2.0}\n"                                          \
    "pub fn pull(a, b) {\n  let dx = a.x - b.x\n  let dy = a.y - b.y\n"                            \
    "  (dx * dx + dy * dy) * 0.5\n}\n"

Test(types, likely_floats_are_tried) {
    // Two records and four fields are tried; the copy does everything as it was written.
    ASSERT_IR("pull/2", PULL, " = as_float ", 4);
    ASSERT_IR("pull/2", PULL, "is_record_of P", 2);
    ASSERT_IR("pull/2", PULL, " = field P", 4);
    ASSERT_IR("pull/2", PULL, "get_field", 4);
}

// ---- sharpen.c ----------------------------------------------------------------------------------

Test(types, equality_of_integers_is_identity) {
    ASSERT_IR("f/1", "pub fn f(n) = if n % 2 == 0 { 1 } else { 2 }", " same ", 1);
    // One may be 0.0, the other hold one.
    ASSERT_IR("f/1", "pub fn f(n) = if n == 0 { 1 } else { 2 }", " same ", 0);
    ASSERT_IR("f/1", "pub fn f(n) = if n + 1 == 0 { 1 } else { 2 }", " same ", 0);
    ASSERT_IR("f/1", "pub fn f(n) = if (n, 1) == (0, n) { 1 } else { 2 }", " same ", 0);
    ASSERT_IR("f/1", "pub fn f(n) = if n == :a { 1 } else { 2 }", " same ", 1);
}

#define STEPS(step)                                                                                \
    "pub fn f(n) = steps(n, 1, 1)\nfn steps(0, _i, s) = s\n"                                       \
    "fn steps(n, i, s) = steps(n - 1, " step ", s + i * n)\n"

Test(types, a_loop_counts_at_its_end) {
    ASSERT_IR("f/1", STEPS("i + 1"),
              "    v8 = mul v3, v2\n"
              "    v9 = add v4, v8\n"
              "    v10 = add v3, 1\n"
              "    jump v7, v10, v9 -> b1\n",
              1);
    // What need not be an integer fails where it stands, before what fails behind it.
    ASSERT_IR("f/1", STEPS("i + 1.5"), " = mul ", 1);
    ASSERT_IR("f/2",
              "pub fn f(n, i) = steps(n, i, 1)\nfn steps(0, _i, s) = s\n"
              "fn steps(n, i, s) = steps(n - 1, i + 1, s + i * n)\n",
              "    v9 = add v4, 1\n    v10 = mul v4, v3\n", 1);
    // Nor does it move over what can be seen.
    ASSERT_IR("f/2",
              "pub fn f(n, p) = steps(n, 1, p)\nfn steps(0, _i, _p) = :ok\n"
              "fn steps(n, i, p) { let next = i + 1; p ! i; steps(n - 1, next, p) }\n",
              "    v7 = add v4, 1\n    send v1, v4\n", 1);
}

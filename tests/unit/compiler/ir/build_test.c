// SPDX-License-Identifier: Apache-2.0
// compiler/ir/build.c: what core becomes, as far as the cheap passes leave it alone.
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/compiler/listing.h"

#define IR(name, source)       listing_plain(DUMP_IR, name, source)
#define cr_same(found, wanted) cr_assert_str_eq((found), (wanted))

Test(build, a_branch_in_tail_position_returns_on_both_sides) {
    cr_same(IR("fib/1", "pub fn fib(n) = if n < 2 { n } else { fib(n - 1) + fib(n - 2) }"),
            "fn fib/1\n"
            "b0(v0):\n"
            "    lt v0, 2 -> b1, b2\n"
            "b1:\n"
            "    ret v0\n"
            "b2:\n"
            "    v3 = sub v0, 1\n"
            "    v4 = call fib/1 v3\n"
            "    v5 = sub v0, 2\n"
            "    v6 = call fib/1 v5\n"
            "    v7 = add v4, v6\n"
            "    ret v7\n");
}

Test(build, a_branch_for_its_value_meets_in_a_parameter) {
    cr_same(IR("f/2", "pub fn f(c, x) { let y = if c { g(x) } else { x }; (y, x) }\nfn g(x) = x"),
            "fn f/2\n"
            "b0(v0, v1):\n"
            "    truthy v0 -> b1, b2\n"
            "b1:\n"
            "    v3 = call g/1 v1\n"
            "    jump v3 -> b3\n"
            "b2:\n"
            "    jump v1 -> b3\n"
            "b3(v6):\n"
            "    v7 = tuple v6, v1\n"
            "    ret v7\n");
}

Test(build, a_self_tail_call_is_a_loop) {
    cr_same(
        IR("count/2", "pub fn count(n, acc) = if n == 0 { acc } else { count(n - 1, acc + n) }"),
        "fn count/2\n"
        "b0(v0, v1):\n"
        "    jump v0, v1 -> b1\n"
        "b1(v3, v4):  # loop\n"
        "    eq v3, 0 -> b2, b3\n"
        "b2:\n"
        "    ret v4\n"
        "b3:\n"
        "    v7 = sub v3, 1\n"
        "    v8 = add v4, v3\n"
        "    jump v7, v8 -> b1\n");
}

Test(build, a_try_is_a_region_that_nothing_returns_from) {
    cr_same(IR("f/1", "pub fn f(x) { try { g(x) } catch { _ => x } }\nfn g(x) = x"),
            "fn f/1\n"
            "b0(v0):\n"
            "    jump -> b1\n"
            "b1:  # fails to b3\n"
            "    v2 = call g/1 v0\n"
            "    jump v2 -> b2\n"
            "b2(v4):\n"
            "    ret v4\n"
            "b3(v6):  # handler\n"
            "    ret v0\n");
}

Test(build, a_receive_looks_and_waits_in_a_loop) {
    cr_same(IR("f/1", "pub fn f(ms) { receive { :go => 1; after ms => 2 } }"),
            "fn f/1\n"
            "b0(v0):\n"
            "    jump -> b1\n"
            "b1:  # loop\n"
            "    v2 = recv_peek -> b2, b5\n"
            "b2:\n"
            "    same v2, :go -> b3, b4\n"
            "b3:\n"
            "    recv_take\n"
            "    ret 1\n"
            "b4:\n"
            "    recv_next\n"
            "    jump -> b1\n"
            "b5:\n"
            "    recv_wait_for v0 -> b6, b1\n"
            "b6:\n"
            "    recv_done\n"
            "    ret 2\n");
}

Test(build, a_comparison_used_as_a_condition_makes_no_value) {
    const char *ir = IR("f/2", "pub fn f(a, b) = if a < b and b != 3 { 1 } else { 2 }");
    cr_assert(strstr(ir, "truthy") == NULL, "%s", ir);
    cr_assert(strstr(ir, "true") == NULL, "%s", ir);
}

// SPDX-License-Identifier: Apache-2.0
// compiler/emit: where values are placed, and what is encoded, for small functions.
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/compiler/listing.h"

#define ASM(name, source)      listing_plain(DUMP_ASM, name, source)
#define cr_same(found, wanted) cr_assert_str_eq((found), (wanted))

Test(emit, the_base_case_of_a_recursion_has_no_frame) {
    cr_same(ASM("fib/1", "pub fn fib(n) = if n < 2 { n } else { fib(n - 1) + fib(n - 2) }"),
            "fn fib/1\n"
            "    enter {x0}\n"
            "    lt x0, 2, L1, {x0}\n"
            "    ret\n"
            "L1:\n"
            "    frame 2, {x0}\n"
            "    move y0, x0\n"
            "    sub x0, y0, 1, -, {y0}\n"
            "    call fib/1, {y0}\n"
            "    move y1, x0\n"
            "    sub x0, y0, 2, -, {y1}\n"
            "    call fib/1, {y1}\n"
            "    add x0, y1, x0, -, {}\n"
            "    unframe 2\n"
            "    ret\n");
}

Test(emit, arguments_land_in_place) {
    cr_same(ASM("sum/2", "pub fn sum([h | t], acc) = sum(t, acc + h)\npub fn sum([], acc) = acc"),
            "fn sum/2\n"
            "    enter {x0 x1}\n"
            "L1:\n"
            "    is_cons x0, L2\n"
            "    head x2, x0\n"
            "    tail_of x0, x0\n"
            "    add x1, x1, x2, -, {x0}\n"
            "    loop L1, {x0 x1}\n"
            "L2:\n"
            "    is_empty x0, L3\n"
            "    move x0, x1\n"
            "    ret\n"
            "L3:\n"
            "    fail :function_clause\n");
}

Test(emit, a_swap_of_arguments_takes_three_moves) {
    cr_same(ASM("f/2", "pub fn f(a, b) = g(b, a)\nfn g(a, b) = a - b"), "fn f/2\n"
                                                                        "    enter {x0 x1}\n"
                                                                        "    move x2, x0\n"
                                                                        "    move x0, x1\n"
                                                                        "    move x1, x2\n"
                                                                        "    tail g/2\n");
}

Test(emit, neighbours_share_an_alloc) {
    cr_same(ASM("f/2", "pub fn f(a, b) = [(a, b), a, b]"), "fn f/2\n"
                                                           "    enter {x0 x1}\n"
                                                           "    alloc 9, {x0 x1}\n"
                                                           "    tuple x2, (x0, x1)\n"
                                                           "    cons x1, x1, []\n"
                                                           "    cons x0, x0, x1\n"
                                                           "    cons x0, x2, x0\n"
                                                           "    ret\n");
}

Test(emit, what_a_handler_needs_is_in_the_frame_before_the_region) {
    cr_same(ASM("f/2", "pub fn f(x, y) { try { g(x) + 1 } catch { e => (e, y) } }\nfn g(x) = x"),
            "fn f/2\n"
            "    enter {x0 x1}\n"
            "    frame 1, {x0 x1}\n"
            "    move y0, x1\n"
            "  # failures go to L1\n"
            "    call g/1, {y0}\n"
            "    add x0, x0, 1, -, {y0}\n"
            "  # to here: L1\n"
            "    unframe 1\n"
            "    ret\n"
            "L1:\n"
            "    alloc 3, {x0 y0}\n"
            "    tuple x0, (x0, y0)\n"
            "    unframe 1\n"
            "    ret\n");
}

Test(emit, a_loop_keeps_its_values_in_slots_across_calls) {
    cr_same(
        ASM("f/2", "pub fn f(n, k) { if n == 0 { k } else { g(k); f(n - 1, k) } }\nfn g(x) = x"),
        "fn f/2\n"
        "    enter {x0 x1}\n"
        "    frame 2, {x0 x1}\n"
        "    move y1, x1\n"
        "    move y0, x0\n"
        "L1:\n"
        "    eq y0, 0, L2, {y0 y1}\n"
        "    move x0, y1\n"
        "    unframe 2\n"
        "    ret\n"
        "L2:\n"
        "    move x0, y1\n"
        "    call g/1, {y0 y1}\n"
        "    sub y0, y0, 1, -, {y1}\n"
        "    loop L1, {y0 y1}\n");
}

Test(emit, what_passes_through_a_loop_leaves_it_the_registers) {
    const char *code =
        listing_fn(DUMP_ASM, "f/1",
                   "pub fn f(n) = outer(n, n * 2, n * 3, n * 4, 0, 0)\n"
                   "fn outer(0, _b, _c, _d, _e, sum) = sum\n"
                   "fn outer(n, b, c, d, e, sum) =\n"
                   "  outer(n - 1, b, c + 1, d + b, e + c, inner(n, 0, 1, 2, 3, sum))\n"
                   "fn inner(0, p, q, r, s, sum) = sum + p + q + r + s\n"
                   "fn inner(i, p, q, r, s, sum) = inner(i - 1, q, r, s, p + i, sum + p)\n");
    cr_assert(strstr(code, "L3:\n    same x0, 0, L4, {x0 x1 x2 x3 x4 x5 y0 y1 y2 y3 y4}\n") != NULL,
              "%s", code);
    // A loop that has enough of them needs no frame.
    const char *small = listing_fn(DUMP_ASM, "f/2",
                                   "pub fn f(n, b) = outer(n, b, 0)\nfn outer(0, _b, sum) = sum\n"
                                   "fn outer(n, b, sum) = outer(n - 1, b, inner(n, sum))\n"
                                   "fn inner(0, sum) = sum\n"
                                   "fn inner(i, sum) = inner(i - 1, sum + i)\n");
    cr_assert(strstr(small, "frame") == NULL, "%s", small);
}

Test(emit, integers_over_29_bits_and_long_texts_are_literals) {
    const char *code = ASM("f/0", "pub fn f() = [268_435_455, 268_435_456, \"text\", :atom]");
    cr_assert(strstr(code, "move x0, [268435455, 268435456, \"text\", :atom]") != NULL, "%s", code);
}

static Str image_of(Compilation **c, const char *source) {
    CompileOptions options = {.docs = true};
    CompileHost host = {0};
    *c = compilation_new(&options, &host);
    CompileSource entry = {STR("image.cop"), STR("image.cop"), str_of(source)};
    cr_assert(compile_program(*c, &entry, 1) == COMPILE_OK);
    return compilation_bundle(*c);
}

Test(emit, the_same_source_gives_the_same_bytes) {
    static const char source[] =
        "record P { x, y }\nfn f(a) = [P{x: a, y: 1.5}, %{k: a}, \"s\", 99999999999999999999]\n"
        "fn main() { match f(1) { [P{x:}, _ | _] => x; _ => nil } }\n";
    Compilation *first;
    Compilation *second;
    Str a = image_of(&first, source);
    Str b = image_of(&second, source);
    cr_assert(str_equal(a, b));
    compilation_free(first);
    compilation_free(second);
}

// SPDX-License-Identifier: Apache-2.0
// vm/term/print.c: every form, limits, slices, depth.
#include "vm/term/print.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/vm/term/generate.h"
#include "vm/term/bytes.h"
#include "vm/term/list.h"
#include "vm/term/map.h"
#include "vm/term/shown.h"

static Generator g;
static Buffer out;

static void setup(void) {
    generator_init(&g, 31);
    buffer_init(&out, g.mem);
}

static void teardown(void) {
    buffer_free(&out);
    generator_free(&g);
}

TestSuite(print, .init = setup, .fini = teardown);

static Term atom(const char *text) {
    Term a;
    cr_assert(atom_intern(g.atoms, text, strlen(text), &a) == ATOM_OK);
    return a;
}

static Term bytes(const void *data, size_t len) {
    Room room = generator_room(&g, bytes_words(len));
    return room_bytes(g.mem, &room, data, len);
}

static Term text(const char *s) {
    return bytes(s, strlen(s));
}

static Term tuple(size_t count, const Term *elements) {
    Room room = generator_room(&g, 1 + count);
    return room_tuple(&room, elements, count);
}

static Term list(size_t count, const Term *elements, Term tail) {
    Room room = generator_room(&g, 2 * count);
    return room_list(&room, elements, count, tail);
}

static void expect(Term t, const char *expected) {
    buffer_clear(&out);
    cr_assert(term_print(g.atoms, &out, PRINT_INSPECT, t));
    cr_assert_str_eq(buffer_text(&out), expected);
}

static void expect_shown(Term t, const char *expected) {
    buffer_clear(&out);
    cr_assert(term_print(g.atoms, &out, PRINT_DISPLAY, t));
    cr_assert_str_eq(buffer_text(&out), expected);
}

#define TERMS(...)                                                                                 \
    (sizeof((Term[]){__VA_ARGS__}) / sizeof(Term)), (Term[]) {                                     \
        __VA_ARGS__                                                                                \
    }

Test(print, numbers_and_atoms) {
    Room room = generator_room(&g, 20);
    expect(term_small(42), "42");
    expect(term_small(SMALL_MIN), "-2305843009213693952");
    expect(room_int(&room, INT64_MIN), "-9223372036854775808");
    expect(room_float(&room, 1.5), "1.5");
    expect(room_float(&room, 1e300), "1.0e300");
    expect(atom("ok"), ":ok");
    expect(atom("Upper_1"), ":Upper_1");
    expect(atom("two words"), ":\"two words\"");
    expect(atom("1st"), ":\"1st\"");
    expect(atom(""), ":\"\"");
    expect(atom("q\"#{"), ":\"q\\\"\\#{\"");
    expect(TERM_NIL, "nil");
    expect(TERM_TRUE, "true");
    expect(TERM_FALSE, "false");
    expect(term_pid(42, 0), "<0.42.0>");
    expect(room_ref(&room, 17, TERM_NIL), "#ref<17>");
}

Test(print, bytes_and_strings) {
    expect(text(""), "\"\"");
    expect(text("hi"), "\"hi\"");
    expect(text("a\"b\\c\n\t\r\x1b"), "\"a\\\"b\\\\c\\n\\t\\r\\e\"");
    expect(text("#{x} # y"), "\"\\#{x} # y\"");
    expect(text("åäö €"), "\"åäö €\"");
    expect(bytes("a\0b", 3), "<<97, 0, 98>>");
    expect(bytes("\xff", 1), "<<255>>");
    expect(text("\x7f"), "<<127>>");
    char longer[101];
    memset(longer, 'y', 100);
    longer[100] = 0;
    char quoted[103];
    snprintf(quoted, sizeof quoted, "\"%s\"", longer);
    expect(text(longer), quoted);
    longer[99] = (char)0xe2; // cut in a code point
    buffer_clear(&out);
    cr_assert(term_print(g.atoms, &out, PRINT_INSPECT, text(longer)));
    cr_assert(out.len > 300 && memcmp(out.data, "<<121, 121", 10) == 0);
}

Test(print, tuples_and_lists) {
    Term one = term_small(1);
    Term a = atom("a");
    expect(tuple(0, NULL), "()");
    expect(tuple(TERMS(one)), "(1,)");
    expect(tuple(TERMS(one, a)), "(1, :a)");
    expect(tuple(TERMS(a)), ":a()");
    expect(tuple(TERMS(a, one)), ":a(1)");
    expect(tuple(TERMS(a, one, tuple(TERMS(a, a)))), ":a(1, :a(:a))");
    expect(tuple(TERMS(atom("$gen_call"), one)), ":\"$gen_call\"(1)");
    expect(tuple(TERMS(TERM_NIL)), "(nil,)");
    expect(tuple(TERMS(TERM_TRUE, one)), "(true, 1)");
    expect(TERM_EMPTY, "[]");
    expect(list(TERMS(one, a), TERM_EMPTY), "[1, :a]");
    expect(list(TERMS(one, a), one), "[1, :a | 1]");
    expect(list(TERMS(list(TERMS(one), TERM_EMPTY), TERM_EMPTY), TERM_EMPTY), "[[1], []]");
}

Test(print, maps_records_ranges_functions) {
    Room room = generator_room(&g, 100);
    Term one = term_small(1), two = term_small(2);
    expect(map_from_pairs(g.atoms, &room, NULL, 0), "%{}");
    expect(map_from_pairs(g.atoms, &room, (Term[]){two, one, atom("name"), text("x"), one, two}, 3),
           "%{1 => 2, 2 => 1, name: \"x\"}");
    expect(map_from_pairs(g.atoms, &room, (Term[]){atom("a b"), one, TERM_NIL, two}, 2),
           "%{:\"a b\" => 1, nil => 2}");
    Term fields[2] = {atom("x"), one};
    expect(room_record(&room, g.descs[2], fields, 2), "Point{x: :x, y: 1}");
    expect(room_record(&room, g.descs[0], NULL, 0), "Point{}");
    expect(room_range(&room, one, term_small(10), one), "1..10");
    expect(room_range(&room, one, term_small(10), two), "Range.by(1..10, 2)");
    expect(room_fnref(&room, atom("List"), atom("map"), 2), "&List.map/2");
    FunctionHead f = {.serial = 1, .module_name = atom("Mod"), .name = atom("go"), .arity = 3};
    expect(room_fn(&room, (const Function *)&f, NULL, 0), "#fn<Mod.go/3>");
}

Test(print, as_shown) {
    expect_shown(text("a\"b\n"), "a\"b\n");
    expect_shown(bytes("a\0b", 3), "<<97, 0, 98>>");
    expect_shown(bytes("\xff", 1), "<<255>>");
    expect_shown(atom("two words"), "two words");
    expect_shown(TERM_NIL, "nil");
    expect_shown(list(TERMS(text("a")), TERM_EMPTY), "[\"a\"]");
    expect_shown(term_small(3), "3");
}

Test(print, limits) {
    Term many[100];
    for (int i = 0; i < 100; i++) {
        many[i] = term_small(i);
    }
    Printing p;
    int64_t budget = INT64_MAX;
    printing_init(&p, g.atoms, &out, PRINT_INSPECT, (PrintLimits){.max_items = 3},
                  list(100, many, TERM_EMPTY));
    cr_assert(printing_run(&p, &budget) == STEP_DONE);
    cr_assert(p.cut);
    cr_assert_str_eq(buffer_text(&out), "[0, 1, 2, ...]");
    printing_free(&p);
    buffer_clear(&out);
    printing_init(&p, g.atoms, &out, PRINT_INSPECT, (PrintLimits){.max_items = 4},
                  text("abcdefgh"));
    cr_assert(printing_run(&p, &budget) == STEP_DONE);
    cr_assert_str_eq(buffer_text(&out), "\"abcd...\"");
    printing_free(&p);
    buffer_clear(&out);
    Term deep =
        list(TERMS(list(TERMS(list(TERMS(term_small(1)), TERM_EMPTY)), TERM_EMPTY)), TERM_EMPTY);
    printing_init(&p, g.atoms, &out, PRINT_INSPECT, (PrintLimits){.max_depth = 2}, deep);
    cr_assert(printing_run(&p, &budget) == STEP_DONE);
    cr_assert_str_eq(buffer_text(&out), "[[...]]");
    printing_free(&p);
    buffer_clear(&out);
    printing_init(&p, g.atoms, &out, PRINT_INSPECT, (PrintLimits){.max_bytes = 10},
                  tuple(100, many));
    cr_assert(printing_run(&p, &budget) == STEP_DONE);
    cr_assert(out.len < 20);
    printing_free(&p);
}

Test(print, in_slices) {
    Buffer whole;
    buffer_init(&whole, g.mem);
    for (int i = 0; i < 1000; i++) {
        generator_clear(&g);
        Term t = generate_term(&g, 60);
        PrintStyle style = i % 2 ? PRINT_DISPLAY : PRINT_INSPECT;
        buffer_clear(&whole);
        buffer_clear(&out);
        cr_assert(term_print(g.atoms, &whole, style, t));
        Printing p;
        printing_init(&p, g.atoms, &out, style, (PrintLimits){0, 0, 0}, t);
        StepStatus status;
        do {
            int64_t budget = 1;
            status = printing_run(&p, &budget);
        } while (status == STEP_MORE);
        cr_assert(status == STEP_DONE);
        printing_free(&p);
        cr_assert(out.len == whole.len && memcmp(out.data, whole.data, out.len) == 0);
    }
    buffer_free(&whole);
}

Test(print, deep_and_without_memory) {
    enum { LEVELS = 1000000 };
    Term *words = malloc(2 * LEVELS * sizeof(Term));
    Room room = room_over(words, 2 * LEVELS, NULL);
    Term t = TERM_EMPTY;
    for (int i = 0; i < LEVELS; i++) {
        t = room_cons(&room, t, TERM_EMPTY);
    }
    cr_assert(term_print(g.atoms, &out, PRINT_INSPECT, t));
    cr_assert(out.len == 2 * LEVELS + 2);
    buffer_free(&out);
    for (uint64_t n = 1; n < 8; n++) {
        mem_fail_nth(g.mem, n);
        cr_assert(!term_print(g.atoms, &out, PRINT_INSPECT, t));
        mem_fail_nth(g.mem, 0);
        buffer_clear(&out);
    }
    free(words);
}

// What is shown at once is what printing makes of it.
static void check_shown(Term t) {
    uint8_t digits[SHOWN_DIGITS];
    BytesView view = shown_view(g.atoms, t, digits);
    out.len = 0;
    cr_assert(term_print(g.atoms, &out, PRINT_DISPLAY, t));
    cr_assert(view.data != NULL);
    cr_assert(view.len == out.len && memcmp(view.data, out.data, out.len) == 0);
}

Test(print, shown_at_once) {
    int64_t edge = 1;
    for (int i = 0; i < 18; i++, edge *= 10) {
        for (int64_t near = -2; near <= 2; near++) {
            check_shown(term_small(edge + near));
            check_shown(term_small(-edge + near));
        }
    }
    check_shown(term_small(SMALL_MAX));
    check_shown(term_small(-SMALL_MAX - 1));
    check_shown(atom("an atom"));
    check_shown(text("0123456789 plain \n\t\x1b text ~"));
    check_shown(text("sept \u00e9t\u00e9s"));
    check_shown(text(""));
}

Test(print, not_shown_at_once) {
    uint8_t digits[SHOWN_DIGITS];
    char data[] = "01234567 plain text 01234567";
    for (size_t i = 0; i < sizeof data - 1; i++) {
        static const char hidden[] = {0, 0x1f, 0x7f, (char)0x80, (char)0xff};
        for (size_t k = 0; k < sizeof hidden; k++) {
            char kept = data[i];
            data[i] = hidden[k];
            cr_assert(shown_view(g.atoms, bytes(data, sizeof data - 1), digits).data == NULL);
            data[i] = kept;
        }
    }
    cr_assert(shown_view(g.atoms, TERM_EMPTY, digits).data == NULL);
}

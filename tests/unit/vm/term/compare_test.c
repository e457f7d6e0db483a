// SPDX-License-Identifier: Apache-2.0
// vm/term/compare.c and hash.c: known pairs, laws on random terms, depth, running in slices.
#include "vm/term/compare.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/unit/vm/term/generate.h"
#include "vm/term/bignum.h"
#include "vm/term/box.h"
#include "vm/term/bytes.h"
#include "vm/term/hash.h"
#include "vm/term/list.h"
#include "vm/term/map.h"

static Generator g;

static void setup(void) {
    generator_init(&g, 5);
}

static void teardown(void) {
    generator_free(&g);
}

TestSuite(compare, .init = setup, .fini = teardown);
TestSuite(hash, .init = setup, .fini = teardown);

static int sign(int v) {
    return (v > 0) - (v < 0);
}

static Term flo(double d) {
    Room room = generator_room(&g, FLOAT_WORDS);
    return room_float(&room, d);
}

static Term atom(const char *text) {
    Term a;
    cr_assert(atom_intern(g.atoms, text, strlen(text), &a) == ATOM_OK);
    return a;
}

static Term text(const char *s) {
    Room room = generator_room(&g, bytes_words(strlen(s)));
    return room_bytes(g.mem, &room, s, strlen(s));
}

static Term pair(Term a, Term b) {
    Room room = generator_room(&g, 3);
    return room_tuple2(&room, a, b);
}

static Term list2(Term a, Term b) {
    Room room = generator_room(&g, 4);
    return room_list(&room, (Term[]){a, b}, 2, TERM_EMPTY);
}

static void expect_less(Term a, Term b) {
    cr_assert(term_compare(g.atoms, a, b) < 0);
    cr_assert(term_compare(g.atoms, b, a) > 0);
    cr_assert(!term_equal(g.atoms, a, b));
    cr_assert(!term_equal_numeric(g.atoms, a, b));
}

Test(compare, order_of_types) {
    Room room = generator_room(&g, 200);
    Term z = term_small(0);
    Term in_order[] = {
        flo(1.5),
        atom("a"),
        room_ref(&room, 1, term_pid(0, 0)),
        room_fn(&room, (const Function *)&g.functions[0], NULL, 0),
        term_pid(0, 0),
        room_tuple(&room, NULL, 0),
        room_record(&room, g.descs[0], NULL, 0),
        room_range(&room, z, z, term_small(1)),
        map_from_pairs(g.atoms, &room, NULL, 0),
        TERM_EMPTY,
        text(""),
    };
    size_t count = sizeof in_order / sizeof *in_order;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            expect_less(in_order[i], in_order[j]);
        }
    }
}

Test(compare, numbers) {
    cr_assert(term_equal_numeric(g.atoms, term_small(1), flo(1.0)));
    cr_assert(!term_equal(g.atoms, term_small(1), flo(1.0)));
    cr_assert(term_equal_numeric(g.atoms, flo(0.0), flo(-0.0)));
    cr_assert(!term_equal(g.atoms, flo(0.0), flo(-0.0)));
    cr_assert(term_compare(g.atoms, term_small(1), flo(1.0)) == 0);
    cr_assert(term_compare(g.atoms, flo(0.0), flo(-0.0)) == 0);
    cr_assert(term_compare_keys(g.atoms, term_small(100), flo(1.0)) < 0);
    cr_assert(term_compare_keys(g.atoms, flo(-0.0), flo(0.0)) < 0);
    cr_assert(term_compare_keys(g.atoms, flo(0.0), flo(-0.0)) > 0);
    // Without rounding: 2^53 + 1 is no double.
    cr_assert(
        !term_equal_numeric(g.atoms, term_small((INT64_C(1) << 53) + 1), flo(9007199254740992.0)));
    expect_less(flo(9007199254740992.0), term_small((INT64_C(1) << 53) + 1));
    expect_less(term_small(-5), term_small(3));
    expect_less(flo(-1e300), term_small(SMALL_MIN));
    expect_less(term_small(SMALL_MAX), flo(1e300));
}

Test(compare, atoms_and_structures) {
    expect_less(atom("abcdefgh"), atom("abcdefgha"));
    expect_less(atom("abcdefgha"), atom("abcdefghb"));
    expect_less(atom(""), atom("a"));
    expect_less(atom("zoo"), text("a"));
    expect_less(pair(term_small(9), term_small(9)), pair(term_small(10), term_small(0)));
    Room room = generator_room(&g, 20);
    Term three[3] = {term_small(0), term_small(0), term_small(0)};
    expect_less(pair(term_small(9), term_small(9)), room_tuple(&room, three, 3));
    expect_less(room_list(&room, three, 3, TERM_EMPTY), list2(term_small(0), term_small(1)));
    expect_less(room_list(&room, three, 1, TERM_EMPTY), list2(term_small(0), term_small(0)));
    expect_less(TERM_EMPTY, list2(term_small(0), term_small(0)));
    expect_less(text("a"), text("ab"));
    expect_less(text("ab"), text("b"));
    cr_assert(term_equal_numeric(g.atoms, list2(term_small(1), flo(2.0)),
                                 list2(flo(1.0), term_small(2))));
    cr_assert(!term_equal(g.atoms, list2(term_small(1), flo(2.0)), list2(flo(1.0), term_small(2))));
}

static Term int_map(const int64_t *pairs, size_t count) {
    Term terms[64];
    for (size_t i = 0; i < 2 * count; i++) {
        terms[i] = term_small(pairs[i]);
    }
    Room room = generator_room(&g, 1 + 2 * count);
    return map_from_pairs(g.atoms, &room, terms, count);
}

Test(compare, small_maps) {
    expect_less(int_map((int64_t[]){9, 9}, 1), int_map((int64_t[]){1, 1, 2, 2}, 2));
    expect_less(int_map((int64_t[]){1, 9, 2, 1}, 2), int_map((int64_t[]){1, 0, 3, 0}, 2));
    expect_less(int_map((int64_t[]){1, 1, 2, 1}, 2), int_map((int64_t[]){1, 1, 2, 2}, 2));
    // Keys stay exact under ==, values do not.
    Room room = generator_room(&g, 20);
    Term a = map_from_pairs(g.atoms, &room, (Term[]){term_small(1), term_small(1)}, 1);
    Term b = map_from_pairs(g.atoms, &room, (Term[]){term_small(1), flo(1.0)}, 1);
    Term c = map_from_pairs(g.atoms, &room, (Term[]){flo(1.0), term_small(1)}, 1);
    cr_assert(term_equal_numeric(g.atoms, a, b));
    cr_assert(!term_equal(g.atoms, a, b));
    cr_assert(!term_equal_numeric(g.atoms, a, c));
}

static Term range_map(int64_t from, int64_t count, int64_t changed, Term value) {
    MapBuilder b;
    map_builder_init(&b, g.atoms);
    for (int64_t i = from; i < from + count; i++) {
        cr_assert(map_builder_add(&b, term_small(i), i == changed ? value : term_small(i)));
    }
    int64_t budget = INT64_MAX;
    cr_assert(map_builder_sort(&b, &budget) == STEP_DONE);
    Room room = generator_room(&g, b.words);
    Term map = map_builder_build(&b, &room);
    map_builder_free(&b);
    return map;
}

Test(compare, large_maps) {
    Term base = range_map(0, 500, -1, TERM_NIL);
    expect_less(base, range_map(1, 500, -1, TERM_NIL)); // the smallest key that differs
    expect_less(range_map(1, 499, -1, TERM_NIL), base); // size first
    expect_less(base, range_map(0, 500, 77,
                                term_small(1000))); // the value of the smallest key that differs
    expect_less(range_map(0, 500, 77, term_small(0)), base);
    expect_less(range_map(0, 500, 3, term_small(-1)), range_map(0, 500, 2, term_small(1000)));
    cr_assert(term_equal(g.atoms, base, range_map(0, 500, -1, TERM_NIL)));
    cr_assert(term_compare(g.atoms, base, range_map(0, 500, -1, TERM_NIL)) == 0);
    cr_assert(term_equal_numeric(g.atoms, base, range_map(0, 500, 5, flo(5.0))));
    cr_assert(!term_equal(g.atoms, base, range_map(0, 500, 5, flo(5.0))));
    cr_assert(term_compare(g.atoms, base, range_map(0, 500, 5, flo(5.0))) == 0);
}

// The order, computed from its definition by recursion, as an oracle.
static int oracle(CompareMode mode, Term a, Term b);

static int oracle_maps(CompareMode mode, Term a, Term b) {
    size_t n = map_size(a);
    if (n != map_size(b)) {
        return n < map_size(b) ? -1 : 1;
    }
    Term *keys[2];
    for (int side = 0; side < 2; side++) {
        keys[side] = malloc((n + 1) * sizeof(Term));
        Term k, v;
        size_t count = 0;
        Term map = side == 0 ? a : b;
        for (uint64_t at = 0; (at = map_next(map, at, &k, &v)) != MAP_END;) {
            size_t i = count++;
            for (; i > 0 && oracle(COMPARE_KEYS, keys[side][i - 1], k) > 0; i--) {
                keys[side][i] = keys[side][i - 1];
            }
            keys[side][i] = k;
        }
        cr_assert(count == n);
    }
    int order = 0;
    for (size_t i = 0; order == 0 && i < n; i++) {
        order = oracle(COMPARE_KEYS, keys[0][i], keys[1][i]);
    }
    for (size_t i = 0; order == 0 && i < n; i++) {
        order = oracle(mode, map_get(g.atoms, a, keys[0][i]), map_get(g.atoms, b, keys[1][i]));
    }
    free(keys[0]);
    free(keys[1]);
    return order;
}

static int oracle(CompareMode mode, Term a, Term b) {
    if (term_is_cons(a) && term_is_cons(b)) {
        int order = oracle(mode, cons_head(a), cons_head(b));
        return order != 0 ? order : oracle(mode, cons_tail(a), cons_tail(b));
    }
    if (term_is_map(a) && term_is_map(b)) {
        return oracle_maps(mode, a, b);
    }
    bool same_shape = term_is_box(a) && term_is_box(b) && box_kind(a) == box_kind(b) &&
                      (term_is_tuple(a) || term_is_record(a)) && box_words(a) == box_words(b) &&
                      (!term_is_record(a) || record_desc(a) == record_desc(b));
    if (!same_shape) {
        return compare_full(g.atoms, mode, a, b);
    }
    for (size_t i = term_is_record(a); i < box_words(a); i++) {
        int order = oracle(mode, box_term(a, i), box_term(b, i));
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static bool in_slices(CompareMode mode, Term a, Term b, int *result) {
    Comparison c;
    comparison_init(&c, g.atoms, mode, a, b);
    StepStatus status;
    do {
        int64_t budget = 1 + (int64_t)rand_below(&g.rand, 4);
        status = comparison_run(&c, &budget);
    } while (status == STEP_MORE);
    *result = c.result;
    comparison_free(&c);
    return status == STEP_DONE;
}

Test(compare, laws_on_random_terms) {
    for (int round = 0; round < 600; round++) {
        generator_clear(&g);
        enum { N = 14 };
        Term t[N];
        for (int i = 0; i < N; i++) {
            t[i] = i > 0 && i % 2 ? generate_similar(&g, t[i - 1]) : generate_term(&g, 30);
        }
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                int order = sign(term_compare(g.atoms, t[i], t[j]));
                int keys = sign(term_compare_keys(g.atoms, t[i], t[j]));
                bool exact = term_equal(g.atoms, t[i], t[j]);
                bool numeric = term_equal_numeric(g.atoms, t[i], t[j]);
                cr_assert(order == -sign(term_compare(g.atoms, t[j], t[i])));
                cr_assert(keys == -sign(term_compare_keys(g.atoms, t[j], t[i])));
                cr_assert((order == 0) == numeric);
                cr_assert((keys == 0) == exact);
                cr_assert(!exact || numeric);
                cr_assert(!exact || term_hash(g.atoms, t[i]) == term_hash(g.atoms, t[j]));
                cr_assert(sign(oracle(COMPARE_ORDER, t[i], t[j])) == order);
                cr_assert(sign(oracle(COMPARE_KEYS, t[i], t[j])) == keys);
                int sliced;
                cr_assert(in_slices(COMPARE_ORDER, t[i], t[j], &sliced) && sign(sliced) == order);
                cr_assert(in_slices(COMPARE_EXACT, t[i], t[j], &sliced) && (sliced == 0) == exact);
                for (int k = 0; k < N; k++) {
                    if (keys < 0 && term_compare_keys(g.atoms, t[j], t[k]) < 0) {
                        cr_assert(term_compare_keys(g.atoms, t[i], t[k]) < 0);
                    }
                    if (order <= 0 && term_compare(g.atoms, t[j], t[k]) <= 0) {
                        cr_assert(term_compare(g.atoms, t[i], t[k]) <= 0);
                    }
                }
            }
        }
    }
}

Test(hash, in_slices_and_spread) {
    size_t collisions = 0;
    uint64_t last = 0;
    for (int i = 0; i < 3000; i++) {
        generator_clear(&g);
        Term t = generate_term(&g, 60);
        Hashing h;
        hashing_init(&h, g.atoms, t);
        StepStatus status;
        do {
            int64_t budget = 1 + (int64_t)rand_below(&g.rand, 4);
            status = hashing_run(&h, &budget);
        } while (status == STEP_MORE);
        cr_assert(status == STEP_DONE);
        cr_assert(h.result == term_hash(g.atoms, t));
        hashing_free(&h);
        uint64_t small = term_hash(g.atoms, term_small(i));
        collisions += (small >> 32 & 0xffff) == (last >> 32 & 0xffff);
        last = small;
    }
    cr_assert(collisions < 5);
}

// The same value has the same hash in a VM whose atoms have other numbers, and another with another
// salt.
Test(hash, depends_on_value_and_salt) {
    MemStats *mem = mem_stats_new(0);
    AtomTable *one = atom_table_new(mem, 99, 0);
    AtomTable *two = atom_table_new(mem, 99, 0);
    AtomTable *three = atom_table_new(mem, 100, 0);
    Term x1, x2, x3, y;
    cr_assert(atom_intern(one, "fresh", 5, &x1) == ATOM_OK);
    cr_assert(atom_intern(two, "unheard", 7, &y) == ATOM_OK);
    cr_assert(atom_intern(two, "fresh", 5, &x2) == ATOM_OK);
    cr_assert(atom_intern(three, "fresh", 5, &x3) == ATOM_OK);
    cr_assert(!term_same_bits(x1, x2));
    cr_assert(term_hash(one, x1) == term_hash(two, x2));
    cr_assert(term_hash(one, x1) != term_hash(three, x3));
    cr_assert(term_hash(one, term_small(1)) != term_hash(three, term_small(1)));
    atom_table_free(one);
    atom_table_free(two);
    atom_table_free(three);
    mem_stats_free(mem);
}

// Ten million levels of nesting, in the first and in the last place, do not touch the C stack.
static Term tower(Term *words, size_t levels, bool in_head) {
    Room room = room_over(words, 3 * levels, NULL);
    Term t = term_small(1);
    for (size_t i = 0; i < levels; i++) {
        t = in_head ? room_cons(&room, t, TERM_EMPTY) : room_tuple2(&room, term_small(0), t);
    }
    return t;
}

Test(compare, deep_terms) {
    size_t levels = 10000000;
    Term *words = malloc(2 * 3 * levels * sizeof(Term));
    for (int in_head = 0; in_head < 2; in_head++) {
        Term a = tower(words, levels, in_head);
        Term b = tower(words + 3 * levels, levels, in_head);
        cr_assert(term_equal(g.atoms, a, b));
        cr_assert(term_equal_numeric(g.atoms, a, b));
        cr_assert(term_compare(g.atoms, a, b) == 0);
        cr_assert(term_hash(g.atoms, a) == term_hash(g.atoms, b));
    }
    free(words);
}

// The head first, then a tail that differs: each level waits on the work stack, which cannot be had
// here.
Test(compare, without_memory) {
    enum { LEVELS = 1000 };
    Term *words = malloc(2 * 4 * LEVELS * sizeof(Term));
    Term t[2];
    for (int k = 0; k < 2; k++) {
        Room room = room_over(words + 4 * LEVELS * k, 4 * LEVELS, NULL);
        t[k] = term_small(1);
        for (int i = 0; i < LEVELS; i++) {
            t[k] = room_cons(&room, t[k], room_cons(&room, term_small(k), TERM_EMPTY));
        }
    }
    Comparison c;
    comparison_init(&c, g.atoms, COMPARE_EXACT, t[0], t[1]);
    int64_t budget = INT64_MAX;
    mem_fail_nth(g.mem, 1);
    cr_assert(comparison_run(&c, &budget) == STEP_MEMORY);
    comparison_free(&c);
    mem_fail_nth(g.mem, 1);
    cr_assert(!term_equal(g.atoms, t[0], t[1])); // the plain form takes it all the same
    mem_fail_nth(g.mem, 0);
    Hashing h;
    hashing_init(&h, g.atoms, t[0]);
    mem_fail_nth(g.mem, 1);
    cr_assert(hashing_run(&h, &budget) == STEP_MEMORY);
    hashing_free(&h);
    free(words);
}

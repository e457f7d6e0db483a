// SPDX-License-Identifier: Apache-2.0
// vm/term/map*.c against a model (an array of pairs), with keys whose hashes collide, and for both
// ways of building.
#include "vm/term/map.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/unit/vm/term/generate.h"
#include "vm/term/compare.h"
#include "vm/term/map_private.h"

static Generator g;

static void setup(void) {
    generator_init(&g, 23);
}

static void teardown(void) {
    generator_free(&g);
}

TestSuite(map, .init = setup, .fini = teardown);

enum { MODEL_MAX = 400 };

typedef struct {
    Term keys[MODEL_MAX];
    Term values[MODEL_MAX];
    size_t count;
} Model;

static size_t model_find(const Model *m, Term key) {
    size_t i = 0;
    while (i < m->count && !term_equal(g.atoms, m->keys[i], key)) {
        i++;
    }
    return i;
}

static void model_put(Model *m, Term key, Term value) {
    size_t i = model_find(m, key);
    m->keys[i] = key;
    m->values[i] = value;
    m->count += i == m->count;
}

static void model_delete(Model *m, Term key) {
    size_t i = model_find(m, key);
    if (i < m->count) {
        m->count--;
        m->keys[i] = m->keys[m->count];
        m->values[i] = m->values[m->count];
    }
}

static Term put(Term map, Term key, Term value) {
    MapPlan plan = map_plan_put(g.atoms, map, key);
    Room room = generator_room(&g, plan.words);
    return map_put(g.atoms, &room, map, key, value, &plan);
}

static Term delete (Term map, Term key) {
    MapPlan plan = map_plan_delete(g.atoms, map, key);
    Room room = generator_room(&g, plan.words);
    return map_delete(g.atoms, &room, map, key, &plan);
}

static Term build(const Model *m) {
    MapBuilder b;
    map_builder_init(&b, g.atoms);
    for (size_t i = 0; i < m->count; i++) {
        // Now and then an older value for the same key, which must not count.
        if (rand_below(&g.rand, 4) == 0) {
            cr_assert(map_builder_add(&b, m->keys[i], TERM_NIL));
        }
        cr_assert(map_builder_add(&b, m->keys[i], m->values[i]));
    }
    StepStatus status;
    do {
        int64_t budget = 1 + (int64_t)rand_below(&g.rand, 20);
        status = map_builder_sort(&b, &budget);
    } while (status == STEP_MORE);
    cr_assert(status == STEP_DONE);
    Room room = generator_room(&g, b.words);
    Term map = map_builder_build(&b, &room);
    cr_assert(m->count <= MAP_FLAT_MAX || room_left(&room) == 0);
    map_builder_free(&b);
    return map;
}

static void check_against(const Model *m, Term map) {
    cr_assert(map_verify(g.atoms, map));
    cr_assert(map_size(map) == m->count);
    for (size_t i = 0; i < m->count; i++) {
        cr_assert(term_same_bits(map_get(g.atoms, map, m->keys[i]), m->values[i]));
    }
    Term key, value;
    size_t seen = 0;
    for (uint64_t at = 0; (at = map_next(map, at, &key, &value)) != MAP_END; seen++) {
        cr_assert(small_fits((int64_t)at));
        size_t i = model_find(m, key);
        cr_assert(i < m->count);
        cr_assert(term_same_bits(value, m->values[i]));
    }
    cr_assert(seen == m->count);
    // Built at once it has the same structure, so it is equal and hashes the same.
    Term other = build(m);
    cr_assert(map_verify(g.atoms, other));
    cr_assert(term_equal(g.atoms, map, other));
    cr_assert(term_hash(g.atoms, map) == term_hash(g.atoms, other));
}

static Term random_key(int kinds) {
    return kinds == 0 ? term_small((int64_t)rand_below(&g.rand, 300)) : generate_leaf(&g);
}

Test(map, random_changes_as_model) {
    for (int round = 0; round < 60; round++) {
        generator_clear(&g);
        Model m = {.count = 0};
        Room room = generator_room(&g, 1);
        Term map = map_from_pairs(g.atoms, &room, NULL, 0);
        int kinds = round % 2;
        bool growing = true;
        for (int step = 0; step < 1200 && g.used < g.capacity * 3 / 4; step++) {
            if (step % 300 == 0) {
                growing = !growing || step == 0;
            }
            Term key = random_key(kinds);
            if (m.count < MODEL_MAX && rand_below(&g.rand, 10) < (growing ? 8 : 2)) {
                Term value = term_small(step);
                map = put(map, key, value);
                model_put(&m, key, value);
            } else {
                if (rand_below(&g.rand, 4) && m.count > 0) {
                    key = m.keys[rand_below(&g.rand, m.count)];
                }
                map = delete (map, key);
                model_delete(&m, key);
            }
            if (step % 40 == 0) {
                check_against(&m, map);
            }
        }
        check_against(&m, map);
    }
}

// Putting what is there gives the same map back, and old versions stay as they were.
Test(map, persistence) {
    Term map = generate_map(&g, 100, 10);
    Term key, value;
    for (uint64_t at = 0; (at = map_next(map, at, &key, &value)) != MAP_END;) {
        cr_assert(term_same_bits(put(map, key, value), map));
        size_t size = map_size(map);
        Term less = delete (map, key);
        cr_assert(map_size(less) == size - 1);
        cr_assert(term_same_bits(map_get(g.atoms, less, key), TERM_NONE));
        cr_assert(term_same_bits(map_get(g.atoms, map, key), value));
        cr_assert(term_equal(g.atoms, put(less, key, value), map));
    }
    cr_assert(term_same_bits(delete (map, term_pid(77, 77)), map));
}

// Keys whose 32-bit hashes collide are found by brute force: with 2^16 hashes kept a pair turns up
// soon.
static size_t find_colliding(Term *keys, size_t want) {
    enum { SLOTS = 1 << 21 };
    uint32_t *hashes = calloc(SLOTS, sizeof *hashes);
    uint32_t *values = calloc(SLOTS, sizeof *values);
    size_t found = 0;
    for (uint32_t i = 1; found < want && i < 1000000; i++) {
        uint32_t hash = map_key_hash(g.atoms, term_small(i));
        size_t at = hash % SLOTS;
        while (values[at] != 0 && hashes[at] != hash) {
            at = (at + 1) % SLOTS;
        }
        if (values[at] != 0) {
            keys[found++] = term_small(values[at]);
            keys[found++] = term_small(i);
        }
        hashes[at] = hash;
        values[at] = i;
    }
    free(hashes);
    free(values);
    return found;
}

Test(map, colliding_hashes) {
    Term keys[40];
    size_t count = find_colliding(keys, sizeof keys / sizeof *keys);
    cr_assert(count > 4);
    Model m = {.count = 0};
    Room room = generator_room(&g, 1);
    Term map = map_from_pairs(g.atoms, &room, NULL, 0);
    for (int i = 0; i < 40; i++) {
        map = put(map, term_small(-i - 1), TERM_TRUE);
        model_put(&m, term_small(-i - 1), TERM_TRUE);
    }
    for (size_t i = 0; i < count; i++) {
        map = put(map, keys[i], term_small((int64_t)i));
        model_put(&m, keys[i], term_small((int64_t)i));
        check_against(&m, map);
    }
    for (size_t i = 0; i < count; i++) {
        size_t k = (i * 7) % count;
        map = delete (map, keys[k]);
        model_delete(&m, keys[k]);
        check_against(&m, map);
    }
}

Test(map, exact_keys) {
    Room room = generator_room(&g, 40);
    Term one = term_small(1);
    Term one_float = room_float(&room, 1.0);
    Term zero = room_float(&room, 0.0);
    Term minus_zero = room_float(&room, -0.0);
    Term pairs[8] = {one, one, one_float, one_float, zero, zero, minus_zero, minus_zero};
    Term map = map_from_pairs(g.atoms, &room, pairs, 4);
    cr_assert(map_size(map) == 4);
    for (int i = 0; i < 4; i++) {
        cr_assert(term_same_bits(map_get(g.atoms, map, pairs[2 * i]), pairs[2 * i + 1]));
    }
}

Test(map, of_doubles_the_last_counts) {
    Room room = generator_room(&g, 20);
    Term a = term_small(1), b = term_small(2);
    Term map = map_from_pairs(g.atoms, &room, (Term[]){b, a, a, a, b, b, a, b}, 4);
    cr_assert(map_size(map) == 2);
    cr_assert(term_same_bits(map_get(g.atoms, map, a), b));
    cr_assert(term_same_bits(map_get(g.atoms, map, b), b));
    cr_assert(room_left(&room) == 15);
}

Test(map, builder_without_memory) {
    for (uint64_t n = 1; n < 12; n++) {
        MapBuilder b;
        map_builder_init(&b, g.atoms);
        mem_fail_nth(g.mem, n);
        bool ok = true;
        for (int i = 0; ok && i < 500; i++) {
            ok = map_builder_add(&b, term_small(i), TERM_NIL);
        }
        int64_t budget = INT64_MAX;
        ok = ok && map_builder_sort(&b, &budget) == STEP_DONE;
        mem_fail_nth(g.mem, 0);
        map_builder_free(&b);
    }
}

// Fuzz target: bytes as a list of puts and deletes on a map, checked for structure and against a
// model after each.
//
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>

#include "vm/base/check.h"
#include "vm/term/compare.h"
#include "vm/term/map.h"

enum { KEYS = 256, WORDS = 1 << 20 };

static Term put(const AtomTable *atoms, Room *space, Term map, Term key, Term value) {
    MapPlan plan = map_plan_put(atoms, map, key);
    Room room = room_over(space->at, plan.words, NULL);
    Term result = map_put(atoms, &room, map, key, value, &plan);
    space->at = room.at;
    return result;
}

static Term delete (const AtomTable *atoms, Room *space, Term map, Term key) {
    MapPlan plan = map_plan_delete(atoms, map, key);
    Room room = room_over(space->at, plan.words, NULL);
    Term result = map_delete(atoms, &room, map, key, &plan);
    space->at = room.at;
    return result;
}

// Keys of several types; the first byte of the input is the salt, so that hashes differ from run to
// run.
static Term key_of(uint8_t byte) {
    switch (byte % 4) {
    case 0: return term_flo((double)(byte / 4));
    case 1: return term_atom(byte / 4);
    default: return term_small(byte / 4 * (byte % 4 == 2 ? 1 : -1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 2000) {
        return 0;
    }
    MemStats *mem = mem_stats_new(0);
    AtomTable *atoms = atom_table_new(mem, data[0], 0);
    Term *words = malloc(WORDS * sizeof(Term));
    Room space = room_over(words, WORDS, NULL);
    Term model[KEYS];
    size_t count = 0;
    for (int i = 0; i < KEYS; i++) {
        model[i] = TERM_NONE;
    }
    Term map = map_from_pairs(atoms, &space, NULL, 0);
    for (size_t i = 1; i + 1 < size && room_left(&space) > 2000; i += 2) {
        Term key = key_of(data[i]);
        // Bytes that make the same key share the model's place of the first of them.
        uint8_t place = 0;
        while (!term_same_bits(key_of(place), key)) {
            place++;
        }
        bool was = !term_same_bits(model[place], TERM_NONE);
        if (data[i + 1] % 3 == 0) {
            map = delete (atoms, &space, map, key);
            model[place] = TERM_NONE;
            count -= was;
        } else {
            model[place] = term_small(data[i + 1]);
            map = put(atoms, &space, map, key, model[place]);
            count += !was;
        }
        CHECK(map_size(map) == count);
        CHECK(term_same_bits(map_get(atoms, map, key), model[place]));
        CHECK(map_verify(atoms, map));
    }
    for (int i = 0; i < KEYS; i++) {
        CHECK(term_same_bits(model[i], TERM_NONE) ||
              term_same_bits(map_get(atoms, map, key_of((uint8_t)i)), model[i]));
    }
    free(words);
    atom_table_free(atoms);
    mem_stats_free(mem);
    return 0;
}

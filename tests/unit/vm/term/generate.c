// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/vm/term/generate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "vm/term/bignum.h"
#include "vm/term/box.h"
#include "vm/term/bytes.h"
#include "vm/term/list.h"
#include "vm/term/map.h"
#include "vm/term/tuple.h"

static Term atom_of(Generator *g, const char *text) {
    Term atom;
    cr_assert(atom_intern(g->atoms, text, strlen(text), &atom) == ATOM_OK);
    return atom;
}

void generator_init(Generator *g, uint64_t seed) {
    memset(g, 0, sizeof *g);
    rand_init(&g->rand, seed);
    g->mem = mem_stats_new(0);
    g->atoms = atom_table_new(g->mem, seed * 77 + 1, 0);
    g->records = record_table_new(g->atoms);
    g->capacity = 1 << 20;
    g->words = malloc(g->capacity * sizeof(Term));
    Term fields[3] = {atom_of(g, "x"), atom_of(g, "y"), atom_of(g, "z")};
    for (uint32_t i = 0; i < GENERATE_RECORDS; i++) {
        g->descs[i] = record_intern(g->records, atom_of(g, i % 2 ? "M" : "N"), atom_of(g, "Point"),
                                    fields, i);
    }
    for (uint32_t i = 0; i < GENERATE_FNS; i++) {
        g->functions[i] = (FunctionHead){.serial = i + 1,
                                         .module_name = fields[0],
                                         .name = fields[1],
                                         .arity = (uint16_t)i,
                                         .captured = (uint16_t)i};
    }
}

static void release_all(Generator *g) {
    for (Term *box = g->offheap.first; box != NULL;) {
        Term t = term_from_box(box);
        box = (Term *)(uintptr_t)box[SHARED_NEXT].bits;
        shared_release(shared_of(t));
    }
    g->offheap = (OffHeap){NULL, 0};
}

void generator_clear(Generator *g) {
    release_all(g);
    g->used = 0;
}

void generator_free(Generator *g) {
    release_all(g);
    record_table_free(g->records);
    atom_table_free(g->atoms);
    mem_stats_free(g->mem);
    free(g->words);
}

Room generator_room(Generator *g, size_t words) {
    cr_assert(g->used + words <= g->capacity, "the generator's memory is full");
    Room room = room_over(g->words + g->used, words, &g->offheap);
    g->used += words;
    return room;
}

static uint64_t below(Generator *g, uint64_t bound) {
    return rand_below(&g->rand, bound);
}

static Term generate_number(Generator *g) {
    static const double floats[] = {
        0.0, -0.0, 1.0, -1.0, 0.5, 1e300, -1e300, 5e-324, 1e-200, 4.0, 9007199254740993.0};
    Room room = generator_room(g, 40);
    switch (below(g, 8)) {
    case 0: return room_float(&room, floats[below(g, sizeof floats / sizeof *floats)]);
    case 1:
        return room_float(&room, ldexp(rand_double(&g->rand) - 0.5, (int)below(g, 2000) - 1000));
    case 2: return room_float(&room, (double)(int64_t)below(g, 5));
    case 3: {
        uint64_t limbs[3] = {below(g, 3), rand_next(&g->rand),
                             below(g, 2) ? below(g, 3) : rand_next(&g->rand)};
        return bignum_from_limbs(&room, limbs, 3, below(g, 2));
    }
    case 4: return room_int(&room, (int64_t)rand_next(&g->rand));
    case 5:
        // About where small integers and floats' exact integers end.
        return room_int(&room,
                        (below(g, 2) ? SMALL_MAX : INT64_C(1) << 53) + (int64_t)below(g, 5) - 2);
    default: return term_small((int64_t)below(g, 10) - 5);
    }
}

static Term generate_bytes(Generator *g) {
    static const char *const texts[] = {"", "a", "b", "ab", "abc", "ä", "x\ny", "\x80", "\x01"};
    uint8_t data[200];
    size_t len;
    if (below(g, 2)) {
        const char *text = texts[below(g, sizeof texts / sizeof *texts)];
        len = strlen(text);
        memcpy(data, text, len);
    } else {
        len = below(g, below(g, 4) ? 20 : 200);
        for (size_t i = 0; i < len; i++) {
            data[i] = (uint8_t)(below(g, 8) ? 'a' + below(g, 3) : below(g, 256));
        }
    }
    Room room = generator_room(g, bytes_words(len) + SLICE_WORDS + BYTES_HEAP_WORDS);
    Term t = room_bytes(g->mem, &room, data, len);
    if (len > BYTES_HEAP_MAX && below(g, 2)) {
        size_t offset = below(g, len);
        return bytes_slice(&room, t, offset, below(g, len - offset + 1));
    }
    return t;
}

static Term generate_atom(Generator *g) {
    static const char *const texts[] = {"a",        "b",         "ok",        "zebra", "a b",
                                        "abcdefgh", "abcdefghi", "abcdefghj", "Upper", ""};
    return below(g, 8) == 0 ? term_bool(below(g, 2))
                            : atom_of(g, texts[below(g, sizeof texts / sizeof *texts)]);
}

Term generate_leaf(Generator *g) {
    switch (below(g, 12)) {
    case 0:
    case 1:
    case 2: return generate_bytes(g);
    case 3:
    case 4: return generate_atom(g);
    case 5: return term_pid((uint32_t)below(g, 3), (uint32_t)below(g, 3));
    case 6: {
        Room room = generator_room(g, REF_WORDS);
        return room_ref(&room, 1 + below(g, 4), term_pid(1, 1));
    }
    case 7: {
        Room room = generator_room(g, FNREF_WORDS);
        return room_fnref(&room, generate_atom(g), generate_atom(g), (uint32_t)below(g, 3));
    }
    case 8: return TERM_EMPTY;
    default: return generate_number(g);
    }
}

Term generate_map(Generator *g, int entries, int size) {
    MapBuilder b;
    map_builder_init(&b, g->atoms);
    for (int i = 0; i < entries; i++) {
        Term key = below(g, 3) ? term_small((int64_t)below(g, (uint64_t)entries * 2))
                               : generate_term(g, size / 4);
        cr_assert(map_builder_add(&b, key, generate_term(g, size / 4)));
    }
    int64_t budget = INT64_MAX;
    cr_assert(map_builder_sort(&b, &budget) == STEP_DONE);
    Room room = generator_room(g, b.words);
    Term map = map_builder_build(&b, &room);
    map_builder_free(&b);
    return map;
}

Term generate_term(Generator *g, int size) {
    if (size <= 1 || below(g, 4) == 0) {
        return generate_leaf(g);
    }
    size_t count = below(g, (uint64_t)(size < 12 ? size : 12) + 1);
    Term parts[12];
    for (size_t i = 0; i < count; i++) {
        parts[i] = i > 0 && below(g, 5) == 0 ? parts[below(g, i)]
                                             : generate_term(g, size / (int)(count + 1) + 1);
    }
    Room room = generator_room(g, 2 * count + 8);
    switch (below(g, 8)) {
    case 0:
    case 1: return room_tuple(&room, parts, count);
    case 2:
    case 3: return room_list(&room, parts, count, TERM_EMPTY);
    case 4: return room_list(&room, parts, count, count > 0 ? generate_leaf(g) : TERM_EMPTY);
    case 5: {
        uint32_t fields = (uint32_t)below(g, GENERATE_RECORDS);
        for (size_t i = 0; i < fields; i++) {
            parts[i] = generate_leaf(g);
        }
        return room_record(&room, g->descs[fields], parts, fields);
    }
    case 6: {
        size_t captured = below(g, GENERATE_FNS);
        for (size_t i = 0; i < captured; i++) {
            parts[i] = generate_leaf(g);
        }
        return room_fn(&room, (const Function *)&g->functions[captured], parts, captured);
    }
    default: break;
    }
    if (below(g, 6) == 0) {
        return room_range(&room, term_small((int64_t)below(g, 3)), term_small((int64_t)below(g, 3)),
                          term_small(1));
    }
    return generate_map(g, below(g, 6) == 0 ? 20 + (int)below(g, 60) : (int)below(g, 8), size / 2);
}

// A deep copy in which now and then a leaf is another.
Term generate_similar(Generator *g, Term t) {
    if (below(g, 60) == 0) {
        return generate_leaf(g);
    }
    if (term_is_cons(t)) {
        Term parts[64];
        size_t count = 0;
        while (term_is_cons(t) && count < 64) {
            parts[count++] = generate_similar(g, cons_head(t));
            t = cons_tail(t);
        }
        Term tail = generate_similar(g, t);
        Room room = generator_room(g, 2 * count);
        return room_list(&room, parts, count, tail);
    }
    if (term_is_map(t)) {
        MapBuilder b;
        map_builder_init(&b, g->atoms);
        Term key, value;
        for (uint64_t at = 0; (at = map_next(t, at, &key, &value)) != MAP_END;) {
            Term k = generate_similar(g, key);
            cr_assert(map_builder_add(&b, k, generate_similar(g, value)));
        }
        int64_t budget = INT64_MAX;
        cr_assert(map_builder_sort(&b, &budget) == STEP_DONE);
        Room room = generator_room(g, b.words);
        Term map = map_builder_build(&b, &room);
        map_builder_free(&b);
        return map;
    }
    if (term_is_float(t)) {
        double d = term_to_double(t);
        Room room = generator_room(g, 40);
        if (below(g, 8) == 0 && fabs(d) < 1e100) {
            return bignum_from_double(&room, d);
        }
        return room_float(&room, d);
    }
    if (term_is_bytes(t)) {
        BytesView v = bytes_view(t);
        Room room = generator_room(g, bytes_words(v.len));
        return room_bytes(g->mem, &room, v.data, v.len);
    }
    if (!term_is_box(t)) {
        return t;
    }
    size_t words = box_words(t);
    Room room = generator_room(g, 1 + words);
    Term copy = room_box(&room, box_kind(t), words, header_flags(term_pointer(t)[0]));
    size_t raw = kind_raw_words(box_kind(t), words);
    for (size_t i = 0; i < words; i++) {
        box_set(copy, i, box_term(t, i));
    }
    for (size_t i = raw; i < words; i++) {
        if (box_kind(t) == KIND_TUPLE || box_kind(t) == KIND_RECORD) {
            box_set(copy, i, generate_similar(g, box_term(t, i)));
        }
    }
    return copy;
}

// SPDX-License-Identifier: Apache-2.0
// Maps. Up to MAP_FLAT_MAX entries: a FLATMAP, keys in the order of COMPARE_KEYS, then the values.
// More: a compressed hash-array mapped prefix tree (CHAMP; Steindorfer and Vinju 2015) over the
// upper 32 bits of the key's hash, five bits a level from the top:
//
//   MAP      [count][root]
//   MAPNODE  [datamap << 32 | nodemap][key value ...][node ...]   bit i of a map: slot i is used; rank is the place
//   MAPLEAF  [hash][key value ...]   below the last level: keys of equal hash, in the order of COMPARE_KEYS
//
// Invariants: the form depends on the content only (a MAP has more than MAP_FLAT_MAX entries; an
// inner node other than the root has at least two entries below it), so equal maps have equal
// structure. Iteration goes in key order in a small map, in hash order in a large one.
//
// Changing a map goes in two steps, since the second may not collect: a plan says how many words,
// the caller reserves them (with map, key and value as roots), then acts. A plan stays good over a
// collection. Lookup is O(log32 n). Keys are compared exactly. Tests:
// tests/unit/vm/term/map_test.c.
#pragma once

#include "vm/term/atom.h"
#include "vm/term/room.h"

enum { MAP_FLAT_MAX = 32 };

static inline bool term_is_map(Term t) {
    return term_is_box(t) && (box_kind(t) == KIND_FLATMAP || box_kind(t) == KIND_MAP);
}

static inline size_t map_size(Term map) {
    return box_kind(map) == KIND_FLATMAP ? box_words(map) / 2 : box_raw(map, 0);
}

// The value, or TERM_NONE when the key is not there.
Term map_get(const AtomTable *atoms, Term map, Term key);

typedef struct {
    size_t words;  // that the change needs
    uint32_t hash; // of the key, where the map is large or becomes so
    bool found;    // the key is in the map
} MapPlan;

MapPlan map_plan_put(const AtomTable *atoms, Term map, Term key);
// The map with key set to value; `map` itself when that is so already.
Term map_put(const AtomTable *atoms, Room *room, Term map, Term key, Term value,
             const MapPlan *plan);
MapPlan map_plan_delete(const AtomTable *atoms, Term map, Term key);
// The map without key; `map` itself when it is not there.
Term map_delete(const AtomTable *atoms, Room *room, Term map, Term key, const MapPlan *plan);

// Walking: a cursor is an integer that fits a small one, starts at 0, and stays good as long as the
// map exists, wherever a collection moves it. Each step is O(log32 n). MAP_END: there was no
// further entry.
#define MAP_END UINT64_MAX
uint64_t map_next(Term map, uint64_t cursor, Term *key, Term *value);

// A small map from at most MAP_FLAT_MAX pairs (key, value, key, value, …) in any order; of equal
// keys the last one counts. 1 + 2 * count words.
Term map_from_pairs(const AtomTable *atoms, Room *room, const Term *pairs, size_t count);

// A map of any size from pairs in any order, of equal keys the last added counts: add all, sort,
// reserve `words` (with map_builder_each_root among the roots), build. What it holds between is
// memory of kind MEM_SCRATCH.
typedef struct {
    Term key;
    Term value;
    uint32_t hash;
    uint32_t order; // of adding
} MapEntry;

typedef struct {
    const AtomTable *atoms;
    MapEntry *entries; // after sorting without doubles
    MapEntry *spare;   // the other half of a merge
    size_t count;
    size_t capacity;
    size_t words; // once sorted
    int phase;    // of sorting
    size_t width; // of sorted runs so far
    size_t start; // of the runs being merged
    size_t left;
    size_t right;
    size_t out;
} MapBuilder;

void map_builder_init(MapBuilder *b, const AtomTable *atoms);
void map_builder_free(MapBuilder *b);
// False: no memory. At most UINT32_MAX pairs.
MUST_USE bool map_builder_add(MapBuilder *b, Term key, Term value);
// Adds all entries of a map. O(n).
MUST_USE bool map_builder_add_map(MapBuilder *b, Term map);
// Sorts and drops doubles; resumable. STEP_DONE: `words` is set.
StepStatus map_builder_sort(MapBuilder *b, int64_t *budget);
void map_builder_each_root(MapBuilder *b, RootVisit visit, void *collection);
// Needs `words` words. O(n).
Term map_builder_build(MapBuilder *b, Room *room);

// Whether the structure of a map is sound, for heap_verify and tests. O(n).
bool map_verify(const AtomTable *atoms, Term map);

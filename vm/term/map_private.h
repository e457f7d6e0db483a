// SPDX-License-Identifier: Apache-2.0
// The trie of a large map, for map.c and map_build.c. See map.h for the layout.
#pragma once

#include "vm/term/hash.h"
#include "vm/term/map.h"

// Levels of MAPNODE: six of five bits, then one of two; a MAPLEAF hangs below the last.
enum { TRIE_LEVELS = 7 };

static inline uint32_t map_key_hash(const AtomTable *atoms, Term key) {
    return (uint32_t)(term_hash(atoms, key) >> 32);
}

static inline uint32_t slot_of(uint32_t hash, int level) {
    return level < TRIE_LEVELS - 1 ? hash >> (27 - 5 * level) & 31 : hash & 3;
}

typedef struct {
    uint32_t data;
    uint32_t nodes;
} NodeMaps;

static inline NodeMaps node_maps(Term node) {
    uint64_t word = box_raw(node, 0);
    return (NodeMaps){(uint32_t)(word >> 32), (uint32_t)word};
}

// The element of a node where the pair of slot `bit` is (or would be), and the same for its child.
static inline size_t data_index(NodeMaps m, uint32_t bit) {
    return 1 + 2 * (size_t)__builtin_popcount(m.data & (bit - 1));
}

static inline size_t child_index(NodeMaps m, uint32_t bit) {
    return 1 + 2 * (size_t)__builtin_popcount(m.data) +
           (size_t)__builtin_popcount(m.nodes & (bit - 1));
}

// By hash, then by key, then by order. For few entries.
void trie_sort(const AtomTable *atoms, MapEntry *entries, size_t count);
// Words of a large map of sorted entries without doubles, and the map.
size_t trie_words(const MapEntry *entries, size_t count);
Term trie_build(Room *room, const MapEntry *entries, size_t count);

// SPDX-License-Identifier: Apache-2.0
// Maps from many pairs: a resumable merge sort by hash, then the trie from the sorted entries in
// one pass. Also the check of a map's structure.
#include <string.h>

#include "vm/term/compare.h"
#include "vm/term/map.h"
#include "vm/term/map_private.h"

// Tries from sorted entries -----------------------------------------------------------------------

static int compare_entries(const AtomTable *atoms, const MapEntry *a, const MapEntry *b) {
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    int order = term_compare_keys(atoms, a->key, b->key);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

void trie_sort(const AtomTable *atoms, MapEntry *entries, size_t count) {
    for (size_t i = 1; i < count; i++) {
        MapEntry e = entries[i];
        size_t at = i;
        for (; at > 0 && compare_entries(atoms, &entries[at - 1], &e) > 0; at--) {
            entries[at] = entries[at - 1];
        }
        entries[at] = e;
    }
}

// How many levels from the root two hashes share.
static int shared_levels(uint32_t a, uint32_t b) {
    if (a == b) {
        return TRIE_LEVELS;
    }
    int levels = __builtin_clz(a ^ b) / 5;
    return levels < TRIE_LEVELS - 1 ? levels : TRIE_LEVELS - 1;
}

// Words of the MAP, its root's header and maps, and the pairs; each further node takes NODE_WORDS,
// its place in its parent included. A node begins at an entry for each level that it shares with
// the next one but not with the one before.
enum { NODE_WORDS = 3 };

static size_t base_words(size_t count) {
    return 3 + 2 + 2 * count;
}

static size_t nodes_between(uint32_t hash, uint32_t next, int *shared_before) {
    int shared = shared_levels(hash, next);
    int begun = shared - *shared_before;
    *shared_before = shared;
    return begun > 0 ? (size_t)begun : 0;
}

size_t trie_words(const MapEntry *entries, size_t count) {
    size_t words = base_words(count);
    int shared = 0;
    for (size_t i = 1; i < count; i++) {
        words += NODE_WORDS * nodes_between(entries[i - 1].hash, entries[i].hash, &shared);
    }
    return words;
}

static Term build_leaf(Room *room, const MapEntry *entries, size_t count) {
    Term leaf = room_box(room, KIND_MAPLEAF, 1 + 2 * count, 0);
    box_set_raw(leaf, 0, entries[0].hash);
    for (size_t i = 0; i < count; i++) {
        box_set(leaf, 1 + 2 * i, entries[i].key);
        box_set(leaf, 2 + 2 * i, entries[i].value);
    }
    return leaf;
}

// How many entries from the first on share its slot.
static size_t group_len(const MapEntry *entries, size_t count, int level) {
    uint32_t slot = slot_of(entries[0].hash, level);
    size_t n = 1;
    while (n < count && slot_of(entries[n].hash, level) == slot) {
        n++;
    }
    return n;
}

static Term build_node(Room *room, const MapEntry *entries, size_t count, int level) {
    if (level == TRIE_LEVELS) {
        return build_leaf(room, entries, count);
    }
    NodeMaps m = {0, 0};
    for (size_t i = 0, n; i < count; i += n) {
        n = group_len(entries + i, count - i, level);
        *(n == 1 ? &m.data : &m.nodes) |= 1u << slot_of(entries[i].hash, level);
    }
    size_t pairs = (size_t)__builtin_popcount(m.data);
    Term node =
        room_box(room, KIND_MAPNODE, 1 + 2 * pairs + (size_t)__builtin_popcount(m.nodes), 0);
    box_set_raw(node, 0, (uint64_t)m.data << 32 | m.nodes);
    size_t pair = 1;
    size_t child = 1 + 2 * pairs;
    for (size_t i = 0, n; i < count; i += n) {
        n = group_len(entries + i, count - i, level);
        if (n == 1) {
            box_set(node, pair, entries[i].key);
            box_set(node, pair + 1, entries[i].value);
            pair += 2;
        } else {
            box_set(node, child++, build_node(room, entries + i, n, level + 1));
        }
    }
    return node;
}

Term trie_build(Room *room, const MapEntry *entries, size_t count) {
    Term map = room_box(room, KIND_MAP, 2, 0);
    box_set_raw(map, 0, count);
    box_set(map, 1, build_node(room, entries, count, 0));
    return map;
}

// The builder -------------------------------------------------------------------------------------

enum { BUILDER_FIRST = 64 };

typedef enum { PHASE_ADD, PHASE_MERGE, PHASE_UNIQUE, PHASE_COUNT, PHASE_SORTED } BuilderPhase;

void map_builder_init(MapBuilder *b, const AtomTable *atoms) {
    *b = (MapBuilder){.atoms = atoms, .phase = PHASE_ADD};
}

void map_builder_free(MapBuilder *b) {
    mem_free(b->atoms->mem, MEM_SCRATCH, b->entries);
    mem_free(b->atoms->mem, MEM_SCRATCH, b->spare);
    map_builder_init(b, b->atoms);
}

bool map_builder_add(MapBuilder *b, Term key, Term value) {
    ASSERT(b->phase == PHASE_ADD);
    if (b->count == b->capacity) {
        if (b->capacity >= UINT32_MAX / 2) {
            return false;
        }
        size_t capacity = b->capacity == 0 ? BUILDER_FIRST : 2 * b->capacity;
        MapEntry *entries =
            mem_realloc(b->atoms->mem, MEM_SCRATCH, b->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            return false;
        }
        b->entries = entries;
        b->capacity = capacity;
    }
    b->entries[b->count] = (MapEntry){key, value, map_key_hash(b->atoms, key), (uint32_t)b->count};
    b->count++;
    return true;
}

bool map_builder_add_map(MapBuilder *b, Term map) {
    Term key, value;
    for (uint64_t at = 0; (at = map_next(map, at, &key, &value)) != MAP_END;) {
        if (!map_builder_add(b, key, value)) {
            return false;
        }
    }
    return true;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static void begin_runs(MapBuilder *b, size_t start) {
    b->start = start;
    b->left = b->out = start;
    b->right = least(start + b->width, b->count);
}

// One more entry of the two runs at `start` to spare; at the end of all runs the halves change
// places.
static void merge_step(MapBuilder *b) {
    size_t middle = least(b->start + b->width, b->count);
    size_t end = least(b->start + 2 * b->width, b->count);
    if (b->out < end) {
        bool from_left =
            b->right == end || (b->left < middle && compare_entries(b->atoms, &b->entries[b->left],
                                                                    &b->entries[b->right]) < 0);
        b->spare[b->out++] = b->entries[from_left ? b->left++ : b->right++];
        return;
    }
    if (end < b->count) {
        begin_runs(b, end);
        return;
    }
    MapEntry *sorted = b->spare;
    b->spare = b->entries;
    b->entries = sorted;
    b->width *= 2;
    begin_runs(b, 0);
    if (b->width >= b->count) {
        b->phase = PHASE_UNIQUE;
        b->left = b->out = 0;
    }
}

// `left` reads, `out` writes: of equal keys, which stand in the order of adding, the last stays.
static void unique_step(MapBuilder *b) {
    if (b->left == b->count) {
        b->count = b->out;
        b->phase = PHASE_COUNT;
        b->left = 1;
        b->right = 0; // levels shared with the entry before
        b->words = base_words(b->count);
        return;
    }
    MapEntry *e = &b->entries[b->left++];
    MapEntry *before = b->out > 0 ? &b->entries[b->out - 1] : NULL;
    if (before != NULL && before->hash == e->hash && term_equal(b->atoms, before->key, e->key)) {
        b->out--;
    }
    b->entries[b->out++] = *e;
}

static void count_step(MapBuilder *b) {
    if (b->count <= MAP_FLAT_MAX) {
        b->words = 1 + 2 * b->count;
        b->phase = PHASE_SORTED;
    } else if (b->left == b->count) {
        b->phase = PHASE_SORTED;
    } else {
        int shared = (int)b->right;
        b->words += NODE_WORDS *
                    nodes_between(b->entries[b->left - 1].hash, b->entries[b->left].hash, &shared);
        b->right = (size_t)shared;
        b->left++;
    }
}

StepStatus map_builder_sort(MapBuilder *b, int64_t *budget) {
    if (b->phase == PHASE_ADD) {
        if (b->count > 1) {
            b->spare = mem_alloc(b->atoms->mem, MEM_SCRATCH, b->count * sizeof *b->spare);
            if (b->spare == NULL) {
                return STEP_MEMORY;
            }
        }
        b->width = 1;
        begin_runs(b, 0);
        b->phase = b->count > 1 ? PHASE_MERGE : PHASE_UNIQUE;
        b->left = b->out = 0;
    }
    for (; *budget > 0; --*budget) {
        switch ((BuilderPhase)b->phase) {
        case PHASE_MERGE: merge_step(b); break;
        case PHASE_UNIQUE: unique_step(b); break;
        case PHASE_COUNT: count_step(b); break;
        case PHASE_ADD:
        case PHASE_SORTED: return STEP_DONE;
        }
    }
    return b->phase == PHASE_SORTED ? STEP_DONE : STEP_MORE;
}

static void visit_entries(MapEntry *entries, size_t from, size_t to, RootVisit visit,
                          void *collection) {
    for (size_t i = from; i < to; i++) {
        static_assert(offsetof(MapEntry, value) == offsetof(MapEntry, key) + sizeof(Term),
                      "visited as two");
        visit(collection, &entries[i].key, 2);
    }
}

void map_builder_each_root(MapBuilder *b, RootVisit visit, void *collection) {
    visit_entries(b->entries, 0, b->count, visit, collection);
    if (b->phase == PHASE_MERGE) {
        visit_entries(b->spare, 0, b->out, visit, collection);
    }
}

Term map_builder_build(MapBuilder *b, Room *room) {
    ASSERT(b->phase == PHASE_SORTED);
    if (b->count > MAP_FLAT_MAX) {
        return trie_build(room, b->entries, b->count);
    }
    Term pairs[2 * MAP_FLAT_MAX];
    for (size_t i = 0; i < b->count; i++) {
        pairs[2 * i] = b->entries[i].key;
        pairs[2 * i + 1] = b->entries[i].value;
    }
    return map_from_pairs(b->atoms, room, pairs, b->count);
}

// Verifying ---------------------------------------------------------------------------------------

typedef struct {
    const AtomTable *atoms;
    size_t count;
    bool sound;
} Verification;

// `prefix` are the digits of the hash above `level`.
static bool belongs(const AtomTable *atoms, Term key, uint32_t prefix, int level) {
    return level == 0 || shared_levels(map_key_hash(atoms, key), prefix) >= level;
}

static void verify_leaf(Verification *v, Term leaf, uint32_t prefix) {
    size_t words = box_words(leaf);
    v->sound = v->sound && box_kind(leaf) == KIND_MAPLEAF && words >= 5 && words % 2 == 1 &&
               box_raw(leaf, 0) == prefix;
    for (size_t i = 1; v->sound && i < words; i += 2) {
        v->sound =
            map_key_hash(v->atoms, box_term(leaf, i)) == prefix &&
            (i == 1 || term_compare_keys(v->atoms, box_term(leaf, i - 2), box_term(leaf, i)) < 0);
        v->count++;
    }
}

static void verify_node(Verification *v, Term node, uint32_t prefix, int level) {
    if (level == TRIE_LEVELS) {
        verify_leaf(v, node, prefix);
        return;
    }
    NodeMaps m = node_maps(node);
    size_t pairs = (size_t)__builtin_popcount(m.data);
    size_t children = (size_t)__builtin_popcount(m.nodes);
    v->sound = v->sound && box_kind(node) == KIND_MAPNODE && (m.data & m.nodes) == 0 &&
               box_words(node) == 1 + 2 * pairs + children &&
               (level == 0 || 2 * children + pairs >= 2);
    for (uint32_t slot = 0; v->sound && slot < 32; slot++) {
        uint32_t bit = 1u << slot;
        uint32_t below = prefix | (level < TRIE_LEVELS - 1 ? slot << (27 - 5 * level) : slot);
        if (m.data & bit) {
            v->count++;
            v->sound = belongs(v->atoms, box_term(node, data_index(m, bit)), below, level + 1);
        } else if (m.nodes & bit) {
            verify_node(v, box_term(node, child_index(m, bit)), below, level + 1);
        }
    }
}

bool map_verify(const AtomTable *atoms, Term map) {
    if (box_kind(map) == KIND_FLATMAP) {
        size_t count = box_words(map) / 2;
        bool sound = box_words(map) % 2 == 0 && count <= MAP_FLAT_MAX;
        for (size_t i = 1; sound && i < count; i++) {
            sound = term_compare_keys(atoms, box_term(map, i - 1), box_term(map, i)) < 0;
        }
        return sound;
    }
    Verification v = {atoms, 0, true};
    verify_node(&v, box_term(map, 1), 0, 0);
    return v.sound && v.count == map_size(map) && v.count > MAP_FLAT_MAX;
}

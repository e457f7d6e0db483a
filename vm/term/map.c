// SPDX-License-Identifier: Apache-2.0
// Maps: lookup, change, iteration. The forms are drawn in map.h; building large ones from many
// pairs is in map_build.c.
//
// Recursion here is over the levels of a trie, eight at most.
#include "vm/term/map.h"

#include <string.h>

#include "vm/term/compare.h"
#include "vm/term/map_private.h"

// Small maps --------------------------------------------------------------------------------------

static size_t flat_count(Term map) {
    return box_words(map) / 2;
}

static Term flat_key(Term map, size_t i) {
    return box_term(map, i);
}

static Term flat_value(Term map, size_t i) {
    return box_term(map, flat_count(map) + i);
}

// Where the first key is that does not come before `key`.
static size_t flat_position(const AtomTable *atoms, Term map, Term key) {
    size_t low = 0;
    size_t high = flat_count(map);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (term_compare_keys(atoms, flat_key(map, middle), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// The place of a key, or the count when it is not there. An immediate is found by its bits, without
// looking at the order; the compiler makes this loop compare several words at a time.
static size_t flat_find(const AtomTable *atoms, Term map, Term key) {
    size_t count = flat_count(map);
    if (!term_is_pointer(key)) {
        const Term *keys = term_pointer(map) + 1;
        for (size_t i = 0; i < count; i++) {
            if (keys[i].bits == key.bits) {
                return i;
            }
        }
        return count;
    }
    size_t i = flat_position(atoms, map, key);
    return i < count && term_equal(atoms, flat_key(map, i), key) ? i : count;
}

static Term flat_put(const AtomTable *atoms, Room *room, Term map, Term key, Term value) {
    size_t count = flat_count(map);
    size_t at = flat_find(atoms, map, key);
    const Term *old = term_pointer(map) + 1;
    if (at < count) {
        if (term_same_bits(flat_value(map, at), value)) {
            return map;
        }
        Term copy = room_box(room, KIND_FLATMAP, 2 * count, 0);
        memcpy(term_pointer(copy) + 1, old, 2 * count * sizeof(Term));
        box_set(copy, count + at, value);
        return copy;
    }
    ASSERT(count < MAP_FLAT_MAX);
    at = flat_position(atoms, map, key);
    Term copy = room_box(room, KIND_FLATMAP, 2 * (count + 1), 0);
    Term *out = term_pointer(copy) + 1;
    for (int part = 0; part < 2; part++) {
        memcpy(out, old, at * sizeof(Term));
        out[at] = part == 0 ? key : value;
        memcpy(out + at + 1, old + at, (count - at) * sizeof(Term));
        out += count + 1;
        old += count;
    }
    return copy;
}

static Term flat_delete(Room *room, Term map, size_t at) {
    size_t count = flat_count(map);
    Term copy = room_box(room, KIND_FLATMAP, 2 * (count - 1), 0);
    Term *out = term_pointer(copy) + 1;
    const Term *old = term_pointer(map) + 1;
    for (int part = 0; part < 2; part++) {
        memcpy(out, old, at * sizeof(Term));
        memcpy(out + at, old + at + 1, (count - at - 1) * sizeof(Term));
        out += count - 1;
        old += count;
    }
    return copy;
}

Term map_from_pairs(const AtomTable *atoms, Room *room, const Term *pairs, size_t count) {
    ASSERT(count <= MAP_FLAT_MAX);
    Term map = room_box(room, KIND_FLATMAP, 2 * count, 0);
    Term keys[MAP_FLAT_MAX];
    Term values[MAP_FLAT_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        Term key = pairs[2 * i];
        size_t at = used;
        int order = 1;
        while (at > 0 && (order = term_compare_keys(atoms, keys[at - 1], key)) > 0) {
            at--;
        }
        if (at > 0 && order == 0) {
            values[at - 1] = pairs[2 * i + 1];
            continue;
        }
        memmove(keys + at + 1, keys + at, (used - at) * sizeof(Term));
        memmove(values + at + 1, values + at, (used - at) * sizeof(Term));
        keys[at] = key;
        values[at] = pairs[2 * i + 1];
        used++;
    }
    // With doubles the box is shorter than its room, which gets the rest back.
    Term *box = term_pointer(map);
    box[0] = header_make(KIND_FLATMAP, 2 * used, 0);
    if (used != 0) {
        memcpy(box + 1, keys, used * sizeof(Term));
        memcpy(box + 1 + used, values, used * sizeof(Term));
    }
    room->at -= 2 * (count - used);
    return map;
}

// Looking up --------------------------------------------------------------------------------------

static uint32_t key_hash(const AtomTable *atoms, Term key) {
    return map_key_hash(atoms, key);
}

static Term leaf_get(const AtomTable *atoms, Term leaf, uint32_t hash, Term key) {
    if (box_raw(leaf, 0) != hash) {
        return TERM_NONE;
    }
    for (size_t i = 1; i < box_words(leaf); i += 2) {
        if (term_equal(atoms, box_term(leaf, i), key)) {
            return box_term(leaf, i + 1);
        }
    }
    return TERM_NONE;
}

static Term trie_get(const AtomTable *atoms, Term node, uint32_t hash, Term key) {
    for (int level = 0; level < TRIE_LEVELS; level++) {
        uint32_t bit = 1u << slot_of(hash, level);
        NodeMaps m = node_maps(node);
        if (m.data & bit) {
            size_t i = data_index(m, bit);
            return term_equal(atoms, box_term(node, i), key) ? box_term(node, i + 1) : TERM_NONE;
        }
        if (!(m.nodes & bit)) {
            return TERM_NONE;
        }
        node = box_term(node, child_index(m, bit));
    }
    return leaf_get(atoms, node, hash, key);
}

Term map_get(const AtomTable *atoms, Term map, Term key) {
    if (box_kind(map) == KIND_FLATMAP) {
        size_t i = flat_find(atoms, map, key);
        return i < flat_count(map) ? flat_value(map, i) : TERM_NONE;
    }
    return trie_get(atoms, box_term(map, 1), key_hash(atoms, key), key);
}

// Setting -----------------------------------------------------------------------------------------

// Words of the nodes from `level` on that tell two entries with these hashes apart.
static size_t split_words(uint32_t a, uint32_t b, int level) {
    size_t words = 6; // header, maps or hash, two pairs
    while (level < TRIE_LEVELS && slot_of(a, level) == slot_of(b, level)) {
        words += 3;
        level++;
    }
    return words;
}

static Term node_box(Room *room, NodeMaps m) {
    Term node = room_box(
        room, KIND_MAPNODE,
        1 + 2 * (size_t)__builtin_popcount(m.data) + (size_t)__builtin_popcount(m.nodes), 0);
    box_set_raw(node, 0, (uint64_t)m.data << 32 | m.nodes);
    return node;
}

typedef struct {
    Term key;
    Term value;
    uint32_t hash;
} Entry;

static void set_pair(Term node, size_t i, Entry e) {
    box_set(node, i, e.key);
    box_set(node, i + 1, e.value);
}

static Term leaf_of_two(const AtomTable *atoms, Room *room, Entry a, Entry b) {
    Term leaf = room_box(room, KIND_MAPLEAF, 5, 0);
    box_set_raw(leaf, 0, a.hash);
    bool in_order = term_compare_keys(atoms, a.key, b.key) < 0;
    set_pair(leaf, 1, in_order ? a : b);
    set_pair(leaf, 3, in_order ? b : a);
    return leaf;
}

static Term split(const AtomTable *atoms, Room *room, Entry a, Entry b, int level) {
    if (level == TRIE_LEVELS) {
        return leaf_of_two(atoms, room, a, b);
    }
    uint32_t slot_a = slot_of(a.hash, level);
    uint32_t slot_b = slot_of(b.hash, level);
    if (slot_a == slot_b) {
        Term child = split(atoms, room, a, b, level + 1);
        Term node = node_box(room, (NodeMaps){0, 1u << slot_a});
        box_set(node, 1, child);
        return node;
    }
    Term node = node_box(room, (NodeMaps){1u << slot_a | 1u << slot_b, 0});
    set_pair(node, slot_a < slot_b ? 1 : 3, a);
    set_pair(node, slot_a < slot_b ? 3 : 1, b);
    return node;
}

// What setting `key` needs below and with `node`.
static size_t trie_put_words(const AtomTable *atoms, Term node, uint32_t hash, Term key,
                             bool *found) {
    size_t words = 0;
    for (int level = 0; level < TRIE_LEVELS; level++) {
        uint32_t bit = 1u << slot_of(hash, level);
        NodeMaps m = node_maps(node);
        words += 1 + box_words(node);
        if (m.data & bit) {
            Term there = box_term(node, data_index(m, bit));
            if (term_equal(atoms, there, key)) {
                *found = true;
                return words;
            }
            return words - 1 + split_words(key_hash(atoms, there), hash, level + 1);
        }
        if (!(m.nodes & bit)) {
            return words + 2;
        }
        node = box_term(node, child_index(m, bit));
    }
    *found = !term_same_bits(leaf_get(atoms, node, hash, key), TERM_NONE);
    return words + 1 + box_words(node) + (*found ? 0 : 2);
}

static Term copy_box(Room *room, Term box) {
    Term copy = room_box(room, box_kind(box), box_words(box), 0);
    memcpy(term_pointer(copy) + 1, term_pointer(box) + 1, box_words(box) * sizeof(Term));
    return copy;
}

// Words of `old` from its element `from` on, `count` of them, to the elements of `node` from `to`
// on.
static void copy_words_of(Term node, size_t to, Term old, size_t from, size_t count) {
    memcpy(term_pointer(node) + 1 + to, term_pointer(old) + 1 + from, count * sizeof(Term));
}

static Term leaf_put(const AtomTable *atoms, Room *room, Term leaf, Entry e) {
    size_t words = box_words(leaf);
    size_t at = 1;
    int order = 1;
    while (at < words && (order = term_compare_keys(atoms, box_term(leaf, at), e.key)) < 0) {
        at += 2;
    }
    if (at < words && order == 0) {
        if (term_same_bits(box_term(leaf, at + 1), e.value)) {
            return leaf;
        }
        Term copy = copy_box(room, leaf);
        box_set(copy, at + 1, e.value);
        return copy;
    }
    Term copy = room_box(room, KIND_MAPLEAF, words + 2, 0);
    copy_words_of(copy, 0, leaf, 0, at);
    set_pair(copy, at, e);
    copy_words_of(copy, at + 2, leaf, at, words - at);
    return copy;
}

// The node with one more pair where there was nothing.
static Term node_with_pair(Room *room, Term node, NodeMaps m, uint32_t bit, Entry e) {
    size_t at = data_index(m, bit);
    Term copy = node_box(room, (NodeMaps){m.data | bit, m.nodes});
    copy_words_of(copy, 1, node, 1, at - 1);
    set_pair(copy, at, e);
    copy_words_of(copy, at + 2, node, at, box_words(node) - at);
    return copy;
}

// The node with a child in place of a pair.
static Term node_with_child(Room *room, Term node, NodeMaps m, uint32_t bit, Term child) {
    NodeMaps to = {m.data & ~bit, m.nodes | bit};
    Term copy = node_box(room, to);
    size_t pair = data_index(m, bit);
    size_t place = child_index(to, bit);
    copy_words_of(copy, 1, node, 1, pair - 1);
    copy_words_of(copy, pair, node, pair + 2, place - pair); // pairs behind, then children before
    box_set(copy, place, child);
    copy_words_of(copy, place + 1, node, place + 2, box_words(copy) - place - 1);
    return copy;
}

// The node itself where the key has this value already.
static Term trie_put(const AtomTable *atoms, Room *room, Term node, Entry e, int level) {
    if (level == TRIE_LEVELS) {
        return leaf_put(atoms, room, node, e);
    }
    uint32_t bit = 1u << slot_of(e.hash, level);
    NodeMaps m = node_maps(node);
    if (m.data & bit) {
        size_t i = data_index(m, bit);
        Entry there = {box_term(node, i), box_term(node, i + 1), 0};
        if (term_equal(atoms, there.key, e.key)) {
            if (term_same_bits(there.value, e.value)) {
                return node;
            }
            Term copy = copy_box(room, node);
            box_set(copy, i + 1, e.value);
            return copy;
        }
        there.hash = key_hash(atoms, there.key);
        return node_with_child(room, node, m, bit, split(atoms, room, there, e, level + 1));
    }
    if (m.nodes & bit) {
        size_t i = child_index(m, bit);
        Term child = trie_put(atoms, room, box_term(node, i), e, level + 1);
        if (term_same_bits(child, box_term(node, i))) {
            return node;
        }
        Term copy = copy_box(room, node);
        box_set(copy, i, child);
        return copy;
    }
    return node_with_pair(room, node, m, bit, e);
}

// The pairs of a full small map and one more, ready to become a trie.
static void gather(const AtomTable *atoms, Term map, Term key, Term value,
                   MapEntry pairs[MAP_FLAT_MAX + 1]) {
    for (size_t i = 0; i < MAP_FLAT_MAX; i++) {
        pairs[i] =
            (MapEntry){flat_key(map, i), flat_value(map, i), key_hash(atoms, flat_key(map, i)), 0};
    }
    pairs[MAP_FLAT_MAX] = (MapEntry){key, value, key_hash(atoms, key), 0};
    trie_sort(atoms, pairs, MAP_FLAT_MAX + 1);
}

MapPlan map_plan_put(const AtomTable *atoms, Term map, Term key) {
    MapPlan plan = {0, 0, false};
    if (box_kind(map) == KIND_MAP) {
        plan.hash = key_hash(atoms, key);
        plan.words = 3 + trie_put_words(atoms, box_term(map, 1), plan.hash, key, &plan.found);
        return plan;
    }
    size_t count = flat_count(map);
    plan.found = flat_find(atoms, map, key) < count;
    if (plan.found || count < MAP_FLAT_MAX) {
        plan.words = 1 + 2 * (count + !plan.found);
    } else {
        MapEntry pairs[MAP_FLAT_MAX + 1];
        gather(atoms, map, key, TERM_NIL, pairs);
        plan.words = trie_words(pairs, MAP_FLAT_MAX + 1);
    }
    return plan;
}

static Term large_map(Room *room, size_t count, Term root) {
    Term map = room_box(room, KIND_MAP, 2, 0);
    box_set_raw(map, 0, count);
    box_set(map, 1, root);
    return map;
}

Term map_put(const AtomTable *atoms, Room *room, Term map, Term key, Term value,
             const MapPlan *plan) {
    if (box_kind(map) == KIND_MAP) {
        Term old = box_term(map, 1);
        Term root = trie_put(atoms, room, old, (Entry){key, value, plan->hash}, 0);
        return term_same_bits(root, old) ? map
                                         : large_map(room, map_size(map) + !plan->found, root);
    }
    if (plan->found || flat_count(map) < MAP_FLAT_MAX) {
        return flat_put(atoms, room, map, key, value);
    }
    MapEntry pairs[MAP_FLAT_MAX + 1];
    gather(atoms, map, key, value, pairs);
    return trie_build(room, pairs, MAP_FLAT_MAX + 1);
}

// Deleting ----------------------------------------------------------------------------------------

MapPlan map_plan_delete(const AtomTable *atoms, Term map, Term key) {
    MapPlan plan = {0, 0, false};
    if (box_kind(map) == KIND_FLATMAP) {
        plan.found = flat_find(atoms, map, key) < flat_count(map);
        plan.words = plan.found ? 1 + 2 * (flat_count(map) - 1) : 0;
        return plan;
    }
    plan.hash = key_hash(atoms, key);
    size_t words = trie_put_words(atoms, box_term(map, 1), plan.hash, key, &plan.found);
    if (plan.found) {
        // A node may take a pair in place of a child, a word more, on each level.
        plan.words =
            map_size(map) == MAP_FLAT_MAX + 1 ? 1 + 2 * MAP_FLAT_MAX : 3 + words + TRIE_LEVELS;
    }
    return plan;
}

// What is left of a node: a node, or the one entry that its parent takes over.
typedef struct {
    Term node; // TERM_NONE: `entry`
    Entry entry;
} Rest;

static Rest rest_node(Term node) {
    return (Rest){node, {TERM_NONE, TERM_NONE, 0}};
}

static Rest leaf_delete(const AtomTable *atoms, Room *room, Term leaf, Term key) {
    size_t words = box_words(leaf);
    size_t at = 1;
    while (!term_equal(atoms, box_term(leaf, at), key)) {
        at += 2;
    }
    if (words == 5) {
        size_t other = at == 1 ? 3 : 1;
        return (Rest){TERM_NONE, {box_term(leaf, other), box_term(leaf, other + 1), 0}};
    }
    Term copy = room_box(room, KIND_MAPLEAF, words - 2, 0);
    copy_words_of(copy, 0, leaf, 0, at);
    copy_words_of(copy, at, leaf, at + 2, words - at - 2);
    return rest_node(copy);
}

// The node without the pair at `bit`; or the pair that is left, below the root.
static Rest node_without_pair(Room *room, Term node, NodeMaps m, uint32_t bit, int level) {
    size_t at = data_index(m, bit);
    if (level > 0 && m.nodes == 0 && __builtin_popcount(m.data) == 2) {
        size_t other = at == 1 ? 3 : 1;
        return (Rest){TERM_NONE, {box_term(node, other), box_term(node, other + 1), 0}};
    }
    Term copy = node_box(room, (NodeMaps){m.data & ~bit, m.nodes});
    copy_words_of(copy, 1, node, 1, at - 1);
    copy_words_of(copy, at, node, at + 2, box_words(node) - at - 2);
    return rest_node(copy);
}

// The node with a pair in place of a child.
static Term node_with_inlined(Room *room, Term node, NodeMaps m, uint32_t bit, Entry e) {
    NodeMaps to = {m.data | bit, m.nodes & ~bit};
    Term copy = node_box(room, to);
    size_t pair = data_index(to, bit);
    size_t place = child_index(m, bit);
    copy_words_of(copy, 1, node, 1, pair - 1);
    set_pair(copy, pair, e);
    copy_words_of(copy, pair + 2, node, pair, place - pair);
    copy_words_of(copy, place + 2, node, place + 1, box_words(node) - place - 1);
    return copy;
}

static Rest trie_delete(const AtomTable *atoms, Room *room, Term node, uint32_t hash, Term key,
                        int level) {
    if (level == TRIE_LEVELS) {
        return leaf_delete(atoms, room, node, key);
    }
    uint32_t bit = 1u << slot_of(hash, level);
    NodeMaps m = node_maps(node);
    if (m.data & bit) {
        return node_without_pair(room, node, m, bit, level);
    }
    size_t i = child_index(m, bit);
    Rest child = trie_delete(atoms, room, box_term(node, i), hash, key, level + 1);
    if (!term_same_bits(child.node, TERM_NONE)) {
        Term copy = copy_box(room, node);
        box_set(copy, i, child.node);
        return rest_node(copy);
    }
    if (level > 0 && m.data == 0 && __builtin_popcount(m.nodes) == 1) {
        return child; // it would be this node's only entry: further up with it
    }
    return rest_node(node_with_inlined(room, node, m, bit, child.entry));
}

// A large map of MAP_FLAT_MAX + 1 entries without one of them.
static Term flatten(const AtomTable *atoms, Room *room, Term map, Term key) {
    Term pairs[2 * MAP_FLAT_MAX];
    size_t count = 0;
    Term k, v;
    for (uint64_t at = 0; (at = map_next(map, at, &k, &v)) != MAP_END;) {
        if (!term_equal(atoms, k, key)) {
            ASSERT(count < MAP_FLAT_MAX);
            pairs[2 * count] = k;
            pairs[2 * count + 1] = v;
            count++;
        }
    }
    return map_from_pairs(atoms, room, pairs, count);
}

Term map_delete(const AtomTable *atoms, Room *room, Term map, Term key, const MapPlan *plan) {
    if (!plan->found) {
        return map;
    }
    if (box_kind(map) == KIND_FLATMAP) {
        return flat_delete(room, map, flat_find(atoms, map, key));
    }
    if (map_size(map) == MAP_FLAT_MAX + 1) {
        return flatten(atoms, room, map, key);
    }
    Rest root = trie_delete(atoms, room, box_term(map, 1), plan->hash, key, 0);
    ASSERT(!term_same_bits(root.node, TERM_NONE));
    return large_map(room, map_size(map) - 1, root.node);
}

// Walking -----------------------------------------------------------------------------------------
// In a large map a cursor is a hash, below which all has been seen, times 2^LEAF_BITS, plus a place
// among the keys that have just this hash.

enum { LEAF_BITS = 28 };

// Bits of the hash below a level: what one of its slots covers.
static int bits_below(int level) {
    return level < TRIE_LEVELS - 1 ? 27 - 5 * level : 0;
}

static uint64_t trie_next(Term root, uint64_t cursor, Term *key, Term *value) {
    uint64_t from = cursor >> LEAF_BITS;
    uint64_t place = cursor & ((1u << LEAF_BITS) - 1);
    Term node = root;
    int level = 0;
    while (from <= UINT32_MAX) {
        if (level == TRIE_LEVELS) {
            size_t count = (box_words(node) - 1) / 2;
            *key = box_term(node, 1 + 2 * place);
            *value = box_term(node, 2 + 2 * place);
            return place + 1 < count ? cursor + 1 : (from + 1) << LEAF_BITS;
        }
        uint32_t slot = slot_of((uint32_t)from, level);
        NodeMaps m = node_maps(node);
        uint32_t left = (m.data | m.nodes) >> slot << slot;
        int below = bits_below(level);
        if (left == 0) { // on behind this node
            int node_bits = level == 0 ? 32 : bits_below(level - 1);
            from = ((from >> node_bits) + 1) << node_bits;
            node = root;
            level = 0;
            place = 0;
            continue;
        }
        uint32_t first = (uint32_t)__builtin_ctz(left);
        if (first != slot) {
            from = ((from >> below) + (first - slot)) << below;
            place = 0;
        }
        if (m.data & 1u << first) {
            size_t i = data_index(m, 1u << first);
            *key = box_term(node, i);
            *value = box_term(node, i + 1);
            return ((from >> below) + 1) << below << LEAF_BITS;
        }
        node = box_term(node, child_index(m, 1u << first));
        level++;
        cursor = from << LEAF_BITS | place;
    }
    return MAP_END;
}

uint64_t map_next(Term map, uint64_t cursor, Term *key, Term *value) {
    if (box_kind(map) == KIND_MAP) {
        return trie_next(box_term(map, 1), cursor, key, value);
    }
    if (cursor >= flat_count(map)) {
        return MAP_END;
    }
    *key = flat_key(map, cursor);
    *value = flat_value(map, cursor);
    return cursor + 1;
}

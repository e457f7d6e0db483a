// Liveness maps of a function: what holds a term at a safepoint, each distinct map once.
//
// A map is written as it stands in the FUNC chunk: count of X registers and their kinds, four a
// byte, then the slots of the frame likewise, then a bit for each D. Maps are found again by their bytes.
// Tests: tests/unit/compiler/emit/emit_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include <assert.h>

#include "compiler/emit/emit_private.h"

struct MapEntry {
    uint32_t hash;
    uint32_t number; // plus 1; 0: free
    uint32_t offset; // in `out`
    uint32_t len;
};

void maps_init(MapTable *maps, Arena *arena, Buf *out) {
    *maps = (MapTable){.arena = arena, .out = out, .slot_count = 32};
    maps->slots = ARENA_NEW_ARRAY(arena, struct MapEntry, maps->slot_count);
}

// Bits of 4 registers, two places apart.
static uint32_t spread(uint64_t bits) {
    return (uint32_t)((bits & 1) | (bits & 2) << 1 | (bits & 4) << 2 | (bits & 8) << 3);
}

// The kinds of the registers that hold something; `raws`, `holes`: which hold raw numbers and
// unfinished lists, or NULL.
static void put_kinds(Buf *out, const uint64_t *words, const uint64_t *raws, const uint64_t *holes,
                      uint32_t word_count, uint32_t count) {
    static_assert(SLOT_TERM == 1 && SLOT_RAW == 2 && SLOT_HOLE == 3, "a bit for each kind");
    put_u(out, count);
    for (uint32_t i = 0; i < count; i += 4) {
        bool is_used = i / 64 < word_count;
        uint64_t set = is_used ? words[i / 64] >> i % 64 & 15 : 0;
        uint64_t raw = raws != NULL && is_used ? raws[i / 64] >> i % 64 & set : 0;
        uint64_t hole = holes != NULL && is_used ? holes[i / 64] >> i % 64 & set : 0;
        buf_byte(out, (char)(spread(set & ~raw) | spread(raw | hole) << 1));
    }
}

static uint32_t x_len(const Track *track) {
    for (uint32_t i = 4; i-- > 0;) {
        if (track->x[i] != 0) {
            return i * 64 + 64 - (uint32_t)__builtin_clzll(track->x[i]);
        }
    }
    return 0;
}

static uint32_t hash_of(const char *bytes, uint32_t len) {
    uint32_t hash = len;
    for (uint32_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)bytes[i]) * 0x01000193u;
    }
    return hash ^ hash >> 15;
}

static void grow(MapTable *maps) {
    struct MapEntry *old = maps->slots;
    uint32_t old_count = maps->slot_count;
    maps->slot_count *= 2;
    maps->slots = ARENA_NEW_ARRAY(maps->arena, struct MapEntry, maps->slot_count);
    for (uint32_t i = 0; i < old_count; i++) {
        if (old[i].number != 0) {
            uint32_t k = old[i].hash & (maps->slot_count - 1);
            while (maps->slots[k].number != 0) {
                k = (k + 1) & (maps->slot_count - 1);
            }
            maps->slots[k] = old[i];
        }
    }
}

uint32_t maps_add(MapTable *maps, const Track *track, uint32_t slots) {
    if (maps->count * 2 >= maps->slot_count) {
        grow(maps);
    }
    // Written behind the others at once, and taken back when it is there already.
    Buf *out = maps->out;
    uint32_t offset = (uint32_t)out->len;
    bool holes = track->has_holes;
    put_kinds(out, track->x, NULL, holes ? track->x_hole : NULL, 4, x_len(track));
    put_kinds(out, track->y, track->y_raw, holes ? track->y_hole : NULL, track->y_words, slots);
    put_u(out, track->d);
    uint32_t len = (uint32_t)out->len - offset;
    uint32_t hash = hash_of(out->ptr + offset, len);
    uint32_t i = hash & (maps->slot_count - 1);
    for (; maps->slots[i].number != 0; i = (i + 1) & (maps->slot_count - 1)) {
        const struct MapEntry *entry = &maps->slots[i];
        if (entry->hash == hash && entry->len == len &&
            memcmp(out->ptr + entry->offset, out->ptr + offset, len) == 0) {
            out->len = offset;
            return entry->number - 1;
        }
    }
    maps->slots[i] = (struct MapEntry){hash, ++maps->count, offset, len};
    return maps->count - 1;
}

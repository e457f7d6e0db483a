// Names to pointers; compiler/resolve/name_map.h explains it.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/resolve/name_map.h"

#include "compiler/base/check.h"

// Ids count from 0, so spreading them by a multiplication is enough.
static uint32_t first_slot(const NameMap *map, Name name) {
    return (name->id * 0x9e3779b1u >> 7) & (map->slot_count - 1);
}

static NameMapSlot *slot_of(const NameMap *map, Name name) {
    uint32_t at = first_slot(map, name);
    while (map->slots[at].name != NULL && map->slots[at].name != name) {
        at = (at + 1) & (map->slot_count - 1);
    }
    return &map->slots[at];
}

void *name_map_get(const NameMap *map, Name name) {
    return map->slot_count == 0 ? NULL : slot_of(map, name)->value;
}

static void grow(Arena *arena, NameMap *map) {
    NameMap larger = {.slot_count = map->slot_count == 0 ? 16 : map->slot_count * 2,
                      .count = map->count};
    larger.slots = ARENA_NEW_ARRAY(arena, NameMapSlot, larger.slot_count);
    for (uint32_t i = 0; i < map->slot_count; i++) {
        if (map->slots[i].name != NULL) {
            *slot_of(&larger, map->slots[i].name) = map->slots[i];
        }
    }
    *map = larger;
}

void name_map_put(Arena *arena, NameMap *map, Name name, void *value) {
    CHECK(value != NULL);
    if (map->count * 2 >= map->slot_count) {
        grow(arena, map);
    }
    NameMapSlot *slot = slot_of(map, name);
    map->count += slot->name == NULL;
    *slot = (NameMapSlot){name, value};
}

// A map from names to pointers, for tables of definitions.
//
// Open addressing over the names' ids; it only grows. Lives in an arena; a zeroed map is empty.
// Tests: tests/unit/compiler/resolve.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/intern.h"

typedef struct NameMapSlot {
    Name name; // NULL: free
    void *value;
} NameMapSlot;

typedef struct NameMap {
    NameMapSlot *slots;
    uint32_t slot_count; // 0 or a power of two
    uint32_t count;
} NameMap;

// What stands under `name`, or NULL. O(1).
void *name_map_get(const NameMap *map, Name name);

// Puts `value` (not NULL) under `name`; what was there before goes. O(1) amortised.
void name_map_put(Arena *arena, NameMap *map, Name name, void *value);

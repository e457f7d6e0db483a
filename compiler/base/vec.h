// A growable array in an arena: any struct with the members `items`, `len` and `cap`.
//
//     typedef VEC(Span) SpanVec;
//     SpanVec spans = {0};
//     vec_push(arena, &spans, span);
//     for (uint32_t i = 0; i < spans.len; i++) { use(spans.items[i]); }
//
// Growing doubles it and leaves the old array to the arena, so a pointer to an item stays readable
// but goes stale. A zeroed struct is an empty vector. Pushing is O(1) amortised.
// Tests: tests/unit/compiler/base/base_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/check.h"

#define VEC(T)                                                                                     \
    struct {                                                                                       \
        T *items;                                                                                  \
        uint32_t len;                                                                              \
        uint32_t cap;                                                                              \
    }

// A larger copy of an array of `len` items of `item_bytes`; sets *cap. For vec_push only.
static inline void *vec_grow(Arena *a, const void *items, uint32_t len, uint32_t *cap,
                             size_t item_bytes) {
    CHECK(*cap < UINT32_MAX / 2);
    *cap = *cap < 4 ? 4 : *cap * 2;
    void *result = arena_alloc(a, *cap * item_bytes);
    if (len > 0) {
        memcpy(result, items, len * item_bytes);
    }
    return result;
}

#define vec_push(arena, vec, value)                                                                \
    ((vec)->len == (vec)->cap                                                                      \
         ? (void)((vec)->items = vec_grow((arena), (vec)->items, (vec)->len, &(vec)->cap,          \
                                          sizeof(*(vec)->items)))                                  \
         : (void)0,                                                                                \
     (void)((vec)->items[(vec)->len++] = (value)))

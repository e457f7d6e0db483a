// Arena: the memory of one compilation. Allocation moves a pointer; nothing is freed alone; all
// goes at once when the compilation is over.
//
// Structure: a list of chunks, each twice as large as the one before up to a limit; `next` and
// `limit` bound the free rest of the newest. Everything the compiler makes (tokens, names, nodes,
// diagnostics, code) lies in an arena, so no pass owns memory and none can leak it. Arenas that
// come and go (one for each module, one for each function that is emitted) take their chunks from
// a pool and give them back there, because memory that is new to the process costs more than to
// fill it. An arena and its pool belong to one thread. Out of memory aborts (CHECK): there is no way to go on compiling.
// Under AddressSanitizer the free rest is poisoned and allocations have a gap between them.
// Tests: tests/unit/compiler/base/base_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "compiler/base/str.h"

typedef struct ArenaChunk ArenaChunk;

enum { ARENA_POOL_SIZES = 8 };

// Chunks for arenas to use again, by size. All zero: empty.
typedef struct ArenaPool {
    ArenaChunk *free[ARENA_POOL_SIZES];
} ArenaPool;

typedef struct Arena {
    char *next;         // first free byte, a multiple of 8
    char *limit;        // end of the newest chunk
    ArenaChunk *chunks; // newest first
    size_t size_bytes;  // of all chunks, for statistics
    ArenaPool *pool;    // or NULL
} Arena;

// Makes an empty arena; allocates nothing yet.
void arena_init(Arena *a);
// The same, with chunks of a pool, which lives longer.
void arena_init_pooled(Arena *a, ArenaPool *pool);
// Gives back what no arena uses now.
void arena_pool_free(ArenaPool *pool);

// Gives all memory back; the arena is then as it was made.
void arena_free(Arena *a);

// The slow path of arena_alloc: starts a new chunk. Not for callers.
void *arena_alloc_slow(Arena *a, size_t size_bytes);

// `size_bytes` bytes, aligned to 8, not cleared. Never NULL. O(1).
static inline void *arena_alloc(Arena *a, size_t size_bytes);

// The same, cleared to zero.
void *arena_alloc_zeroed(Arena *a, size_t size_bytes);

// A copy of `size_bytes` bytes at `from`.
void *arena_copy(Arena *a, const void *from, size_t size_bytes);

// A copy of `s` (with a NUL behind it that the length does not count, for the debugger's sake).
Str arena_str(Arena *a, Str s);

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
static inline void *arena_alloc(Arena *a, size_t size_bytes) {
    return arena_alloc_slow(a, size_bytes);
}
#else
static inline void *arena_alloc(Arena *a, size_t size_bytes) {
    size_t need = (size_bytes + 7) & ~(size_t)7;
    if (__builtin_expect(need < size_bytes || need > (size_t)(a->limit - a->next), 0)) {
        return arena_alloc_slow(a, size_bytes);
    }
    void *result = a->next;
    a->next += need;
    return result;
}
#endif

#define ARENA_NEW(arena, Type) ((Type *)arena_alloc_zeroed((arena), sizeof(Type)))
#define ARENA_NEW_ARRAY(arena, Type, count)                                                        \
    ((Type *)arena_alloc_zeroed((arena), sizeof(Type) * (count)))

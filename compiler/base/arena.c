// The slow paths of the arena; compiler/base/arena.h explains it.
//
// A request larger than a quarter of the next chunk gets a chunk of its own, put behind the newest
// one, so that the free rest of that one is not lost.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/check.h"

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
static const size_t GAP_BYTES = 8;
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size)   ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
static const size_t GAP_BYTES = 0;
#endif

// Chunks of the sizes between, each twice the one before, can be pooled.
enum { CHUNK_MIN_BYTES = 32 << 10, CHUNK_MAX_BYTES = CHUNK_MIN_BYTES << (ARENA_POOL_SIZES - 1) };

struct ArenaChunk {
    ArenaChunk *older;
    size_t size_bytes; // of `bytes`
    char bytes[];
};

void arena_init(Arena *a) {
    *a = (Arena){0};
}

void arena_init_pooled(Arena *a, ArenaPool *pool) {
    *a = (Arena){.pool = pool};
}

// The list for chunks of this size, or NULL.
static ArenaChunk **free_list(ArenaPool *pool, size_t size_bytes) {
    bool is_pooled = pool != NULL && size_bytes >= CHUNK_MIN_BYTES &&
                     size_bytes <= CHUNK_MAX_BYTES && (size_bytes & (size_bytes - 1)) == 0;
    return is_pooled ? &pool->free[__builtin_ctzll(size_bytes / CHUNK_MIN_BYTES)] : NULL;
}

static void free_chunks(ArenaChunk *chunk, ArenaPool *pool) {
    while (chunk != NULL) {
        ArenaChunk *older = chunk->older;
        ArenaChunk **list = free_list(pool, chunk->size_bytes);
        ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size_bytes);
        if (list != NULL) {
            chunk->older = *list;
            *list = chunk;
        } else {
            free(chunk);
        }
        chunk = older;
    }
}

void arena_free(Arena *a) {
    free_chunks(a->chunks, a->pool);
    arena_init_pooled(a, a->pool);
}

void arena_pool_free(ArenaPool *pool) {
    for (uint32_t i = 0; i < ARENA_POOL_SIZES; i++) {
        free_chunks(pool->free[i], NULL);
        pool->free[i] = NULL;
    }
}

static ArenaChunk *chunk_new(Arena *a, size_t size_bytes) {
    ArenaChunk **list = free_list(a->pool, size_bytes);
    ArenaChunk *chunk;
    if (list != NULL && *list != NULL) {
        chunk = *list;
        *list = chunk->older;
    } else {
        chunk = malloc(sizeof(ArenaChunk) + size_bytes);
        CHECK(chunk != NULL);
        chunk->size_bytes = size_bytes;
    }
    chunk->older = NULL;
    a->size_bytes += size_bytes;
    ASAN_POISON_MEMORY_REGION(chunk->bytes, size_bytes);
    return chunk;
}

static size_t next_chunk_bytes(const Arena *a) {
    size_t size = CHUNK_MIN_BYTES;
    while (size < a->size_bytes && size < CHUNK_MAX_BYTES) {
        size *= 2;
    }
    return size;
}

// A chunk for one large request; the newest chunk stays the one that is allocated from.
static void *alloc_alone(Arena *a, size_t need) {
    ArenaChunk *chunk = chunk_new(a, need);
    if (a->chunks == NULL) {
        a->chunks = chunk;
        a->next = a->limit = chunk->bytes + need;
    } else {
        chunk->older = a->chunks->older;
        a->chunks->older = chunk;
    }
    return chunk->bytes;
}

void *arena_alloc_slow(Arena *a, size_t size_bytes) {
    size_t need = ((size_bytes + 7) & ~(size_t)7) + GAP_BYTES;
    CHECK(need >= size_bytes);
    void *result;
    if (need <= (size_t)(a->limit - a->next)) {
        result = a->next;
        a->next += need;
    } else if (need > next_chunk_bytes(a) / 4) {
        result = alloc_alone(a, need);
    } else {
        ArenaChunk *chunk = chunk_new(a, next_chunk_bytes(a));
        chunk->older = a->chunks;
        a->chunks = chunk;
        a->next = chunk->bytes + need;
        a->limit = chunk->bytes + chunk->size_bytes;
        result = chunk->bytes;
    }
    ASAN_UNPOISON_MEMORY_REGION(result, size_bytes);
    return result;
}

void *arena_alloc_zeroed(Arena *a, size_t size_bytes) {
    void *result = arena_alloc(a, size_bytes);
    return memset(result, 0, size_bytes);
}

void *arena_copy(Arena *a, const void *from, size_t size_bytes) {
    void *result = arena_alloc(a, size_bytes);
    return size_bytes == 0 ? result : memcpy(result, from, size_bytes);
}

Str arena_str(Arena *a, Str s) {
    char *text = arena_alloc(a, s.len + 1);
    if (s.len > 0) {
        memcpy(text, s.ptr, s.len);
    }
    text[s.len] = '\0';
    return (Str){text, s.len};
}

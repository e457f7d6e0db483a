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

enum { CHUNK_MIN_BYTES = 32 << 10, CHUNK_MAX_BYTES = 4 << 20 };

struct ArenaChunk {
    ArenaChunk *older;
    size_t size_bytes; // of `bytes`
    char bytes[];
};

void arena_init(Arena *a) {
    *a = (Arena){0};
}

void arena_free(Arena *a) {
    for (ArenaChunk *chunk = a->chunks; chunk != NULL;) {
        ArenaChunk *older = chunk->older;
        ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size_bytes);
        free(chunk);
        chunk = older;
    }
    arena_init(a);
}

static ArenaChunk *chunk_new(Arena *a, size_t size_bytes) {
    ArenaChunk *chunk = malloc(sizeof(ArenaChunk) + size_bytes);
    CHECK(chunk != NULL);
    chunk->size_bytes = size_bytes;
    chunk->older = NULL;
    a->size_bytes += size_bytes;
    ASAN_POISON_MEMORY_REGION(chunk->bytes, size_bytes);
    return chunk;
}

static size_t next_chunk_bytes(const Arena *a) {
    size_t size = a->size_bytes < CHUNK_MIN_BYTES ? CHUNK_MIN_BYTES : a->size_bytes;
    return size > CHUNK_MAX_BYTES ? CHUNK_MAX_BYTES : size;
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

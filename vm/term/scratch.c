// SPDX-License-Identifier: Apache-2.0
// A bump allocator under GMP, one per thread while an operation runs.
#include "vm/term/scratch.h"

#include <gmp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    // Below this many limbs GMP's temporary space is on the C stack.
    STACK_LIMBS = 512,
    // Bytes of work space for each limb of the operands: over twice the most that was seen, 53
    // (printing in base 3).
    BYTES_PER_LIMB = 128,
    BYTES_MORE = 256 * 1024,
    ALIGN = 16,
};

static _Thread_local char *arena_start;
static _Thread_local char *arena_at;
static _Thread_local char *arena_end;
static _Thread_local size_t overrun_bytes;

static bool is_inside(const void *block) {
    return (const char *)block >= arena_start && (const char *)block < arena_end;
}

static size_t round_up(size_t size) {
    return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void *serve(size_t size) {
    if (arena_start != NULL && round_up(size) <= (size_t)(arena_end - arena_at)) {
        void *block = arena_at;
        arena_at += round_up(size);
        return block;
    }
    if (arena_start != NULL) {
        overrun_bytes += size;
    }
    void *block = malloc(size);
    CHECK(block != NULL);
    return block;
}

// GMP frees in about the reverse order of allocation; what is freed otherwise stays until the end.
static void give_back(void *block, size_t size) {
    if (!is_inside(block)) {
        free(block);
    } else if ((char *)block + round_up(size) == arena_at) {
        arena_at = block;
    }
}

static void *serve_again(void *block, size_t old_size, size_t size) {
    if (!is_inside(block) && arena_start == NULL) {
        void *grown = realloc(block, size);
        CHECK(grown != NULL);
        return grown;
    }
    void *grown = serve(size);
    memcpy(grown, block, old_size < size ? old_size : size);
    give_back(block, old_size);
    return grown;
}

static void install(void) {
    mp_set_memory_functions(serve, serve_again, give_back);
}

bool scratch_begin(Scratch *s, MemStats *mem, size_t limbs) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    s->mem = mem;
    s->block = NULL;
    if (limbs < STACK_LIMBS) {
        return true;
    }
    ASSERT(arena_start == NULL);
    pthread_once(&once, install);
    size_t size = limbs * BYTES_PER_LIMB + BYTES_MORE;
    s->block = mem_alloc(mem, MEM_SCRATCH, size);
    if (s->block == NULL) {
        return false;
    }
    arena_start = arena_at = s->block;
    arena_end = arena_start + size;
    return true;
}

void scratch_end(Scratch *s) {
    if (s->block != NULL) {
        arena_start = arena_at = arena_end = NULL;
        mem_free(s->mem, MEM_SCRATCH, s->block);
        s->block = NULL;
    }
}

size_t scratch_overrun(void) {
    return overrun_bytes;
}

// SPDX-License-Identifier: Apache-2.0
// Pools and depot of heap blocks. See block.h.
#include "vm/heap/block.h"

#include <stdlib.h>
#include <string.h>

#include "vm/heap/literal.h"

enum {
    SPAN_BYTES = 256 * 1024,
    SPAN_HEADER = 64,
    PAGE_BYTES = 4096,
    HUGE_PAGE_BYTES = 2 * 1024 * 1024,
    EMPTY_MAX = 8,                      // spans kept without a block in use
    POOL_CLASS_BYTES = 64 * 1024,       // of free small blocks of one class in a pool
    POOL_LARGE_BYTES = 4 * 1024 * 1024, // of free large blocks in a pool
    POOL_BLOCK_BYTES = 1024 * 1024,     // larger ones are the depot's at once
    DEPOT_LARGE_BYTES = 32 * 1024 * 1024,
    TAKE_CLASSES = 5, // of large blocks that will do: up to twice as large
    SMALL_WORDS_MAX = 8192,
};

struct FreeBlock {
    FreeBlock *next;
};

// A span of blocks of one class, at an address that is a multiple of SPAN_BYTES. In a list of the
// depot while it has a free block (or is empty).
struct BlockSpan {
    BlockSpan *next;
    BlockSpan **link; // where the list points to this one
    FreeBlock *free;
    uint32_t class;
    uint32_t in_use;
    uint32_t untouched; // index of the first block that was never handed out
    uint32_t count;
};

static_assert(sizeof(BlockSpan) <= SPAN_HEADER, "the first block stands behind the header");

// Size classes ------------------------------------------------------------------------------------

static const uint16_t small_words[BLOCK_SMALL_CLASSES] = {
    12,   16,   20,   24,   32,   48,   64,
    96,   128,  192,  256,  384,  512,  768,
    1024, 1536, 2048, 3072, 4096, 6144, SMALL_WORDS_MAX,
};

// Classes of large blocks: 8192 * 2^n * (1 + quarter / 4), quarters counted from 1.
static size_t class_words(uint32_t class) {
    if (class < BLOCK_SMALL_CLASSES) {
        return small_words[class];
    }
    uint32_t n = class - BLOCK_SMALL_CLASSES + 1;
    return ((size_t)SMALL_WORDS_MAX / 4 * (4 + n % 4)) << (n / 4);
}

// The smallest class for so many words; BLOCK_CLASSES when there is none.
static uint32_t class_of(size_t words) {
    uint32_t class;
    if (words <= SMALL_WORDS_MAX) {
        for (class = 0; small_words[class] < words; class ++) {
        }
        return class;
    }
    uint32_t doubling = 63u - (uint32_t)__builtin_clzll(words - 1) - 13;
    class = BLOCK_SMALL_CLASSES + (doubling == 0 ? 0 : doubling * 4 - 1);
    while (class < BLOCK_CLASSES && class_words(class) < words) {
        class ++;
    }
    return class < BLOCK_CLASSES ? class : BLOCK_CLASSES;
}

static size_t class_bytes(uint32_t class) {
    return class_words(class) * sizeof(Term);
}

static size_t huge_words(size_t words) {
    return (words + PAGE_BYTES / 8 - 1) & ~(size_t)(PAGE_BYTES / 8 - 1);
}

size_t block_round(size_t words) {
    uint32_t class = class_of(words);
    return class < BLOCK_CLASSES ? class_words(class) : huge_words(words);
}

static bool is_small(uint32_t class) {
    return class < BLOCK_SMALL_CLASSES;
}

// Spans -------------------------------------------------------------------------------------------

static void span_link(BlockSpan **list, BlockSpan *span) {
    span->next = *list;
    span->link = list;
    if (span->next != NULL) {
        span->next->link = &span->next;
    }
    *list = span;
}

static void span_unlink(BlockSpan *span) {
    *span->link = span->next;
    if (span->next != NULL) {
        span->next->link = span->link;
    }
}

static BlockSpan *span_of(const void *block) {
    return (BlockSpan *)((uintptr_t)block & ~((uintptr_t)SPAN_BYTES - 1));
}

// A span of that class with all blocks free, in the depot's list. NULL: no memory.
static BlockSpan *span_new(BlockDepot *depot, uint32_t class) REQUIRES(depot->lock) {
    BlockSpan *span = depot->empty;
    if (span != NULL) {
        span_unlink(span);
        depot->empty_count--;
    } else {
        span = mem_map(depot->mem, MEM_HEAP, SPAN_BYTES, SPAN_BYTES);
        if (span == NULL) {
            return NULL;
        }
    }
    span->free = NULL;
    span->class = class;
    span->in_use = 0;
    span->untouched = 0;
    span->count = (uint32_t)((SPAN_BYTES - SPAN_HEADER) / (class_words(class) * sizeof(Term)));
    span_link(&depot->spans[class], span);
    return span;
}

static FreeBlock *span_take(BlockSpan *span) {
    FreeBlock *block = span->free;
    if (block != NULL) {
        span->free = block->next;
    } else {
        block = (FreeBlock *)((char *)span + SPAN_HEADER +
                              span->untouched * class_words(span->class) * sizeof(Term));
        span->untouched++;
        mem_unpoison(block, sizeof *block);
    }
    span->in_use++;
    if (span->free == NULL && span->untouched == span->count) {
        span_unlink(span);
    }
    return block;
}

static void span_put(BlockDepot *depot, FreeBlock *block) REQUIRES(depot->lock) {
    BlockSpan *span = span_of(block);
    if (span->free == NULL && span->untouched == span->count) {
        span_link(&depot->spans[span->class], span);
    }
    block->next = span->free;
    span->free = block;
    span->in_use--;
    if (span->in_use > 0) {
        return;
    }
    span_unlink(span);
    if (depot->empty_count < EMPTY_MAX) {
        depot->empty_count++;
        span_link(&depot->empty, span);
    } else {
        mem_unmap(depot->mem, MEM_HEAP, span, SPAN_BYTES);
    }
}

// Large blocks ------------------------------------------------------------------------------------

static void unmap_block(MemStats *mem, void *block, size_t words) {
    mem_unmap(mem, MEM_HEAP, block, words * sizeof(Term));
}

static void depot_drop_empty(BlockDepot *depot) REQUIRES(depot->lock) {
    while (depot->empty != NULL) {
        BlockSpan *span = depot->empty;
        span_unlink(span);
        mem_unmap(depot->mem, MEM_HEAP, span, SPAN_BYTES);
    }
    depot->empty_count = 0;
}

static void depot_drop_large(BlockDepot *depot) REQUIRES(depot->lock) {
    for (uint32_t i = 0; i < BLOCK_LARGE_CLASSES; i++) {
        while (depot->large[i] != NULL) {
            FreeBlock *block = depot->large[i];
            depot->large[i] = block->next;
            unmap_block(depot->mem, block, class_words(BLOCK_SMALL_CLASSES + i));
        }
    }
    depot->large_bytes = 0;
}

// A block of that class, or of one up to twice as large, which it becomes. NULL: none is kept.
static FreeBlock *depot_take_large(BlockDepot *depot, uint32_t *class) {
    uint32_t end = *class + TAKE_CLASSES < BLOCK_CLASSES ? *class + TAKE_CLASSES : BLOCK_CLASSES;
    FreeBlock *block = NULL;
    lock_acquire(&depot->lock);
    for (uint32_t i = *class; i < end && block == NULL; i++) {
        FreeBlock **list = &depot->large[i - BLOCK_SMALL_CLASSES];
        block = *list;
        if (block != NULL) {
            *list = block->next;
            depot->large_bytes -= class_bytes(i);
            *class = i;
        }
    }
    lock_release(&depot->lock);
    return block;
}

static void depot_put_large(BlockDepot *depot, FreeBlock *block, uint32_t class) {
    size_t size = class_bytes(class);
    lock_acquire(&depot->lock);
    bool keep = depot->large_bytes + size <= DEPOT_LARGE_BYTES;
    if (keep) {
        block->next = depot->large[class - BLOCK_SMALL_CLASSES];
        depot->large[class - BLOCK_SMALL_CLASSES] = block;
        depot->large_bytes += size;
    }
    lock_release(&depot->lock);
    if (!keep) {
        unmap_block(depot->mem, block, class_words(class));
    }
}

// The depot ---------------------------------------------------------------------------------------

BlockDepot *block_depot_new(MemStats *mem, const struct LiteralSpace *literals) {
    BlockDepot *depot = mem_alloc_zero(mem, MEM_HEAP, sizeof *depot);
    if (depot == NULL) {
        return NULL;
    }
    depot->mem = mem;
    depot->literals = literals;
    const char *stress = getenv("COP_STRESS");
    depot->stress = stress != NULL && strstr(stress, "gc") != NULL;
    lock_init(&depot->lock, LOCK_BLOCK_DEPOT);
    return depot;
}

void block_depot_free(BlockDepot *depot) {
    fragment_depot_drain(depot);
    lock_acquire(&depot->lock);
    depot_drop_large(depot);
    depot_drop_empty(depot);
    for (int i = 0; i < BLOCK_SMALL_CLASSES; i++) {
        CHECK(depot->spans[i] == NULL); // else a block was never freed
    }
    lock_release(&depot->lock);
    lock_destroy(&depot->lock);
    mem_free(depot->mem, MEM_HEAP, depot);
}

// Pools -------------------------------------------------------------------------------------------

void block_pool_init(BlockPool *pool, BlockDepot *depot) {
    memset(pool, 0, sizeof *pool);
    pool->depot = depot;
    pool->mem = depot->mem;
    pool->stress = depot->stress;
    if (depot->literals != NULL) {
        pool->literal_base = literal_base(depot->literals);
        pool->literal_size = literal_size_bytes(depot->literals);
    }
}

void block_depot_doom(BlockDepot *depot, Doomed doomed) {
    lock_acquire(&depot->lock);
    depot->doomed = doomed;
    lock_release(&depot->lock);
    atomic_fetch_add_explicit(&depot->doomed_number, 1, memory_order_release);
}

void block_pool_learn(BlockPool *pool) {
    BlockDepot *depot = pool->depot;
    // Acquire pairs with the release above; who comes between finds a newer one, and learns it once
    // more.
    pool->doomed_number = atomic_load_explicit(&depot->doomed_number, memory_order_acquire);
    lock_acquire(&depot->lock);
    pool->doomed = depot->doomed;
    lock_release(&depot->lock);
}

// How many free blocks of a small class a pool keeps.
static uint32_t pool_max(uint32_t class) {
    uint32_t n = (uint32_t)(POOL_CLASS_BYTES / (class_words(class) * sizeof(Term)));
    return n < 2 ? 2 : n;
}

// Takes half of what the pool may keep from the depot: at least one block, or none is to be had.
static void pool_fill(BlockPool *pool, uint32_t class) {
    BlockDepot *depot = pool->depot;
    lock_acquire(&depot->lock);
    for (uint32_t want = (pool_max(class) + 1) / 2; want > 0; want--) {
        BlockSpan *span = depot->spans[class];
        if (span == NULL && pool->free[class] != NULL) {
            break; // a new span only for the first block
        }
        if (span == NULL && (span = span_new(depot, class)) == NULL) {
            break;
        }
        FreeBlock *block = span_take(span);
        block->next = pool->free[class];
        pool->free[class] = block;
        pool->count[class]++;
    }
    lock_release(&depot->lock);
}

// Gives blocks of a class to the depot until `keep` are left.
static void pool_drain(BlockPool *pool, uint32_t class, uint32_t keep) {
    BlockDepot *depot = pool->depot;
    lock_acquire(&depot->lock);
    while (pool->count[class] > keep) {
        FreeBlock *block = pool->free[class];
        pool->free[class] = block->next;
        pool->count[class]--;
        span_put(depot, block);
    }
    lock_release(&depot->lock);
}

static void pool_drain_large(BlockPool *pool) {
    for (uint32_t class = BLOCK_SMALL_CLASSES; class < BLOCK_CLASSES; class ++) {
        while (pool->free[class] != NULL) {
            FreeBlock *block = pool->free[class];
            pool->free[class] = block->next;
            depot_put_large(pool->depot, block, class);
        }
        pool->count[class] = 0;
    }
    pool->large_bytes = 0;
}

void block_pool_free(BlockPool *pool) {
    fragment_pool_drain(pool);
    for (uint32_t class = 0; class < BLOCK_SMALL_CLASSES; class ++) {
        pool_drain(pool, class, 0);
    }
    pool_drain_large(pool);
}

// Pages for a block of `size` bytes; large ones of the kind that costs one fault for 2 MiB.
static void *map_pages(MemStats *mem, size_t size) {
    bool huge = size >= 2 * HUGE_PAGE_BYTES;
    void *pages = mem_map(mem, MEM_HEAP, size, huge ? HUGE_PAGE_BYTES : PAGE_BYTES);
    if (huge && pages != NULL) {
        mem_advise_huge(pages, size);
    }
    return pages;
}

// Pages for a block; when there are none, after giving up all that is kept for reuse.
static FreeBlock *map_block(BlockPool *pool, size_t words) {
    size_t size = words * sizeof(Term);
    FreeBlock *block = map_pages(pool->mem, size);
    if (block == NULL) {
        pool_drain_large(pool);
        lock_acquire(&pool->depot->lock);
        depot_drop_large(pool->depot);
        depot_drop_empty(pool->depot);
        lock_release(&pool->depot->lock);
        block = map_pages(pool->mem, size);
    }
    return block;
}

static FreeBlock *pool_take_large(BlockPool *pool, uint32_t *class) {
    FreeBlock *block = pool->free[*class];
    if (block == NULL) {
        block = depot_take_large(pool->depot, class);
        return block != NULL ? block : map_block(pool, class_words(*class));
    }
    pool->free[*class] = block->next;
    pool->count[*class]--;
    pool->large_bytes -= class_bytes(*class);
    return block;
}

Term *block_alloc(BlockPool *pool, size_t *words) {
    if (*words > SIZE_MAX / sizeof(Term) / 2) {
        return NULL;
    }
    uint32_t class = class_of(*words);
    FreeBlock *block;
    if (class == BLOCK_CLASSES) {
        *words = huge_words(*words);
        return (Term *)map_block(pool, *words);
    }
    if (is_small(class)) {
        if (pool->free[class] == NULL) {
            pool_fill(pool, class);
        }
        block = pool->free[class];
        if (block == NULL) {
            return NULL;
        }
        pool->free[class] = block->next;
        pool->count[class]--;
    } else {
        block = pool_take_large(pool, &class);
    }
    *words = class_words(class);
    if (block != NULL) {
        mem_unpoison(block, *words * sizeof(Term));
    }
    return (Term *)block;
}

void block_free(BlockPool *pool, Term *block, size_t words) {
    uint32_t class = class_of(words);
    if (class == BLOCK_CLASSES) {
        unmap_block(pool->mem, block, words);
        return;
    }
    ASSERT(class_words(class) == words);
    FreeBlock *free = (FreeBlock *)block;
    mem_poison(free + 1, words * sizeof(Term) - sizeof *free,
               pool->stress || words <= SMALL_WORDS_MAX);
    size_t size = class_bytes(class);
    if (is_small(class)) {
        if (pool->count[class] == pool_max(class)) {
            pool_drain(pool, class, pool_max(class) / 2);
        }
    } else if (size > POOL_BLOCK_BYTES || pool->large_bytes + size > POOL_LARGE_BYTES) {
        depot_put_large(pool->depot, free, class);
        return;
    } else {
        pool->large_bytes += size;
    }
    free->next = pool->free[class];
    pool->free[class] = free;
    pool->count[class]++;
}

size_t block_shrink(BlockPool *pool, Term *block, size_t words, size_t to_words) {
    if (to_words <= SMALL_WORDS_MAX) {
        to_words = SMALL_WORDS_MAX + 1;
    }
    to_words = block_round(to_words);
    if (to_words >= words || words <= SMALL_WORDS_MAX) {
        return words;
    }
    mem_unmap(pool->mem, MEM_HEAP, block + to_words, (words - to_words) * sizeof(Term));
    return to_words;
}

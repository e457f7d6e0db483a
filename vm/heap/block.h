// SPDX-License-Identifier: Apache-2.0
// Blocks of memory for process heaps, by size class.
//
// Each thread that runs or collects processes has a BlockPool: a list of free blocks per class,
// without a lock. Pools take from and give to the VM's BlockDepot in batches. Small classes are cut
// from spans of SPAN_BYTES, aligned to their size, so that a block's span is found by its address;
// a span with no block in use goes back to the system. Larger blocks are mapped on their own and
// kept in the pool and depot for reuse up to a limit, since mapping memory for each collection
// costs two to three times as much as the collection.
//
//   depot:  spans per class [header | block | block | ...]      large blocks, by class
//   pool:   class -> free block -> free block -> ...
//
// A block may be freed into any pool. Free blocks are poisoned for sanitizers. Tests:
// tests/unit/vm/heap/block_test.c.
#pragma once

#include "vm/base/alloc.h"
#include "vm/base/atomic.h"
#include "vm/base/lock.h"
#include "vm/heap/fragment.h"
#include "vm/term/room.h"

typedef struct BlockSpan BlockSpan;
typedef struct FreeBlock FreeBlock;

enum {
    BLOCK_SMALL_CLASSES = 21, // 12 to 8192 words
    BLOCK_LARGE_CLASSES = 56, // from there on, four to a doubling
    BLOCK_CLASSES = BLOCK_SMALL_CLASSES + BLOCK_LARGE_CLASSES,
};

// Literals and functions (struct Function, at their addresses) of a module that is to be freed:
// vm/proc/purge.h. Sizes of 0: none.
typedef struct Doomed {
    uintptr_t literals;
    size_t literal_size; // bytes
    uintptr_t functions;
    size_t function_size; // bytes
} Doomed;

typedef struct BlockDepot {
    MemStats *mem;
    const struct LiteralSpace *literals;
    Lock lock;
    BlockSpan *spans[BLOCK_SMALL_CLASSES]; // with at least one free block
    BlockSpan *empty;                      // spans without a block in use, kept for any class
    size_t empty_count;
    FreeBlock *large[BLOCK_LARGE_CLASSES];
    size_t large_bytes; // in `large`
    FragmentDepot fragments;
    bool stress;                    // COP_STRESS=gc: collect at every reserve
    _Atomic uint32_t doomed_number; // of the last block_depot_doom
    struct Doomed doomed;           // under the lock
} BlockDepot;

typedef struct BlockPool {
    BlockDepot *depot;
    MemStats *mem;
    uintptr_t literal_base; // addresses [base, base + size) are literals
    uintptr_t literal_size;
    Doomed doomed; // as of the last block_pool_look
    uint32_t doomed_number;
    bool stress;
    bool defers; // a scheduler's: what takes long is left to other threads (heap_wants_collection)
    FreeBlock *free[BLOCK_CLASSES];
    uint32_t count[BLOCK_CLASSES];
    size_t large_bytes;
    FragmentPool fragments;
    // Calls visit for every root of a heap's owner: registers, frames, what it has in hand. Set by
    // who has the pool, if it collects.
    void (*each_root)(struct Heap *heap, RootVisit visit, void *collection);
} BlockPool;

// literals may be NULL (no address is one then). NULL: no memory.
BlockDepot *block_depot_new(MemStats *mem, const struct LiteralSpace *literals);
// All blocks must be back and all pools gone.
void block_depot_free(BlockDepot *depot);

void block_pool_init(BlockPool *pool, BlockDepot *depot);
// Gives all to the depot.
void block_pool_free(BlockPool *pool);

// What copies are to take along, or refuse, from now on; each pool learns of it when its thread
// looks.
void block_depot_doom(BlockDepot *depot, Doomed doomed);
void block_pool_learn(BlockPool *pool);
// Between two pieces of work. Own thread.
static inline void block_pool_look(BlockPool *pool) {
    if (atomic_load_explicit(&pool->depot->doomed_number, memory_order_relaxed) !=
        pool->doomed_number) {
        block_pool_learn(pool);
    }
}

// Whether t, if it is a pointer, leads to a literal that copies share.
static inline bool block_pool_shares(const BlockPool *pool, Term t) {
    uintptr_t at = t.bits & ~(uint64_t)TAG_MASK;
    return at - pool->literal_base < pool->literal_size &&
           at - pool->doomed.literals >= pool->doomed.literal_size;
}

// The size that a block for `words` really has: what block_alloc gives. At most words * 4/3 or so.
size_t block_round(size_t words);
// `*words` in: at least; out: how many there are. NULL: no memory.
MUST_USE Term *block_alloc(BlockPool *pool, size_t *words);
// `words` is what block_alloc gave.
void block_free(BlockPool *pool, Term *block, size_t words);
// Gives back the end of a large block to the system, so that about `to_words` stay; small ones stay
// as they are. Returns the new size.
size_t block_shrink(BlockPool *pool, Term *block, size_t words, size_t to_words);

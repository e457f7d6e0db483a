// SPDX-License-Identifier: Apache-2.0
// Reuse of the memory of small fragments. Every message is one, made by the sender and freed by the
// receiver, often on another thread; so each thread keeps free ones by size, and what piles up on
// one side goes to the others through the depot in batches.
//
// Each is an allocation of its own (MEM_FRAGMENT): fragment_new and fragment_free (copy.h) of what
// comes from here work as well. Own thread, but for the depot, which is under its lock. Tests:
// tests/unit/vm/heap, tests/fuzz/fuzz_heap.c.
#pragma once

#include "vm/base/lock.h"
#include "vm/vm.h"

enum {
    FRAGMENT_STEP = 4,    // words: capacities are multiples
    FRAGMENT_CLASSES = 8, // up to FRAGMENT_STEP * FRAGMENT_CLASSES words
    FRAGMENT_BATCH = 64,
    FRAGMENT_POOL_MAX = 1024,   // of a class in a thread's pool
    FRAGMENT_BATCHES_MAX = 128, // that the depot keeps of a class
};

typedef struct {
    Fragment *free[FRAGMENT_CLASSES];
    uint32_t count[FRAGMENT_CLASSES];
} FragmentPool;

typedef struct {
    Fragment *batches[FRAGMENT_CLASSES]; // first of each batch; the next batch in its offheap.first
    _Atomic uint32_t count[FRAGMENT_CLASSES];
} FragmentDepot;

struct BlockPool;
struct BlockDepot;

// As fragment_new, fragment_free.
Fragment *fragment_take(struct BlockPool *pool, size_t words);
void fragment_give(struct BlockPool *pool, Fragment *fragment);
// Frees all that a pool or the depot keeps.
void fragment_pool_drain(struct BlockPool *pool);
void fragment_depot_drain(struct BlockDepot *depot);

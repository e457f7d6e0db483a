// SPDX-License-Identifier: Apache-2.0
// Reuse of small fragments: see fragment.h.
#include "vm/heap/fragment.h"

#include "vm/heap/copy.h"

// The class whose capacity is at least `words`; FRAGMENT_CLASSES or more: none.
static size_t class_for(size_t words) {
    return words == 0 ? 0 : (words - 1) / FRAGMENT_STEP;
}

static Fragment *batch_next(const Fragment *batch) {
    return (Fragment *)(void *)batch->offheap.first;
}

// Sanitizers see who uses a fragment that was given back. Its head stays: it holds the lists.
static void hide(Fragment *fragment) {
    mem_poison(fragment->data, fragment->capacity * sizeof(Term), true);
}

static void show(Fragment *fragment) {
    mem_unpoison(fragment->data, fragment->capacity * sizeof(Term));
}

static void free_list(MemStats *mem, Fragment *fragment) {
    while (fragment != NULL) {
        Fragment *next = fragment->next;
        show(fragment);
        mem_free(mem, MEM_FRAGMENT, fragment);
        fragment = next;
    }
}

static bool fill(BlockPool *pool, size_t class) {
    BlockDepot *depot = pool->depot;
    FragmentDepot *fragments = &depot->fragments;
    // Relaxed: only whether it is worth the lock.
    if (atomic_load_explicit(&fragments->count[class], memory_order_relaxed) == 0) {
        return false;
    }
    lock_acquire(&depot->lock);
    Fragment *batch = fragments->batches[class];
    if (batch != NULL) {
        fragments->batches[class] = batch_next(batch);
        atomic_fetch_sub_explicit(&fragments->count[class], 1, memory_order_relaxed);
    }
    lock_release(&depot->lock);
    if (batch == NULL) {
        return false;
    }
    pool->fragments.free[class] = batch;
    pool->fragments.count[class] = FRAGMENT_BATCH;
    return true;
}

Fragment *fragment_take(BlockPool *pool, size_t words) {
    size_t class = class_for(words);
    if (class >= FRAGMENT_CLASSES) {
        return fragment_new(pool->mem, words);
    }
    Fragment *fragment = pool->fragments.free[class];
    if (UNLIKELY(fragment == NULL) && fill(pool, class)) {
        fragment = pool->fragments.free[class];
    }
    if (fragment == NULL) {
        fragment = fragment_new(pool->mem, (class + 1) * FRAGMENT_STEP);
        if (fragment != NULL) {
            fragment->words = (uint32_t)words;
        }
        return fragment;
    }
    pool->fragments.free[class] = fragment->next;
    pool->fragments.count[class]--;
    show(fragment);
    fragment->next = NULL;
    fragment->offheap.first = NULL;
    fragment->offheap.bytes = 0;
    fragment->words = (uint32_t)words;
    return fragment;
}

// A batch of a class goes from the pool to the depot.
static void spill(BlockPool *pool, size_t class) {
    Fragment *batch = pool->fragments.free[class];
    Fragment *last = batch;
    for (int i = 1; i < FRAGMENT_BATCH; i++) {
        last = last->next;
    }
    pool->fragments.free[class] = last->next;
    pool->fragments.count[class] -= FRAGMENT_BATCH;
    last->next = NULL;
    BlockDepot *depot = pool->depot;
    FragmentDepot *fragments = &depot->fragments;
    lock_acquire(&depot->lock);
    bool keep =
        atomic_load_explicit(&fragments->count[class], memory_order_relaxed) < FRAGMENT_BATCHES_MAX;
    if (keep) {
        batch->offheap.first = (Term *)(void *)fragments->batches[class];
        fragments->batches[class] = batch;
        atomic_fetch_add_explicit(&fragments->count[class], 1, memory_order_relaxed);
    }
    lock_release(&depot->lock);
    if (!keep) {
        free_list(pool->mem, batch);
    }
}

void fragment_give(BlockPool *pool, Fragment *fragment) {
    size_t class = fragment->capacity / FRAGMENT_STEP - 1;
    if (fragment->capacity % FRAGMENT_STEP != 0 || class >= FRAGMENT_CLASSES ||
        fragment->offheap.first != NULL) {
        fragment_free(pool->mem, fragment);
        return;
    }
    hide(fragment);
    fragment->next = pool->fragments.free[class];
    pool->fragments.free[class] = fragment;
    if (++pool->fragments.count[class] > FRAGMENT_POOL_MAX) {
        spill(pool, class);
    }
}

void fragment_pool_drain(BlockPool *pool) {
    for (size_t class = 0; class < FRAGMENT_CLASSES; class ++) {
        free_list(pool->mem, pool->fragments.free[class]);
        pool->fragments.free[class] = NULL;
        pool->fragments.count[class] = 0;
    }
}

void fragment_depot_drain(BlockDepot *depot) {
    for (size_t class = 0; class < FRAGMENT_CLASSES; class ++) {
        Fragment *batch = depot->fragments.batches[class];
        while (batch != NULL) {
            Fragment *next = batch_next(batch);
            free_list(depot->mem, batch);
            batch = next;
        }
        depot->fragments.batches[class] = NULL;
        atomic_store_explicit(&depot->fragments.count[class], 0, memory_order_relaxed);
    }
}

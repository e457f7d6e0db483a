// SPDX-License-Identifier: Apache-2.0
// Full collections: from the young block, the old heap and the adopted fragments, and from literals
// that are to go. Also all collections of small heaps.
//
// A small heap ends up in one young block (ONE_BLOCK_WORDS); of a larger one everything goes to a
// new old heap with as much again to spare, and the young block is used on, empty. So a failure to
// get memory leaves all as it was or the collection done.
#include "vm/heap/gc_move.h"

#include <string.h>

#include "vm/term/bytes.h"

enum {
    GENEROUS_WORDS = 64 * 1024 * 1024, // above this only half as much again is kept to spare
    OFFHEAP_FULL_SLACK = 4 * 1024 * 1024,
};

// Moving -----------------------------------------------------------------------------------------

// A literal that has to go: copied once, without a mark in it.
static void visit_evicted(Collection *c, Term *slot) {
    Term t = *slot;
    Term *forward = &c->forward[(term_address(t) - c->evict.base) / sizeof(Term)];
    if (term_same_bits(*forward, TERM_NONE)) {
        size_t words = term_is_cons(t) ? 2 : 1 + box_words(t);
        Term *to = c->top;
        memcpy(to, term_pointer(t), words * sizeof(Term));
        c->top += words;
        *forward = term_is_cons(t) ? term_from_cons(to) : term_from_box(to);
        if (term_is_kind(*forward, KIND_SHARED)) {
            SharedBytes *shared = shared_retain(shared_of(*forward));
            to[SHARED_NEXT] = TERM_LITERAL((uintptr_t)c->evicted_to->first);
            c->evicted_to->first = to;
            c->evicted_to->bytes += shared_share(shared);
        }
    }
    *slot = *forward;
}

static inline void visit_any(Collection *c, Term *slot) {
    visit_slot(c, slot, FROM_ALL);
}

// The same where literals have to go.
static inline void visit_evicting(Collection *c, Term *slot) {
    visit_any(c, slot);
    if (term_is_pointer(*slot) && range_has(c->evict, term_address(*slot))) {
        visit_evicted(c, slot);
    }
}

static void any_roots(void *collection, Term *slot, size_t count) {
    for (size_t i = 0; i < count; i++) {
        visit_any(collection, slot + i);
    }
}

static void evicting_roots(void *collection, Term *slot, size_t count) {
    for (size_t i = 0; i < count; i++) {
        visit_evicting(collection, slot + i);
    }
}

// Everything live to `to`, which begins at `start`.
static void move_all(Collection *c, Term *start, Term *roots, size_t count) {
    Term *scan = start;
    if (c->evict.size != 0) {
        gc_each_root(c->heap, roots, count, evicting_roots, c);
        SCAN_MOVED(c, scan, visit_evicting)
    } else {
        gc_each_root(c->heap, roots, count, any_roots, c);
        SCAN_MOVED(c, scan, visit_any)
    }
}

// The list of survivors' shared bytes, of whatever heap, into `to`.
static void sweep_all(Collection *c, OldBlock *old, OffHeap *to) {
    OffHeap young_list = c->heap->offheap_young;
    c->heap->offheap_young = (OffHeap){NULL, 0};
    gc_sweep_offheap(&young_list, to);
    if (old != NULL) {
        gc_sweep_offheap(&old->offheap, to);
    }
    gc_free_fragments(c->heap, to);
}

static void finish(Heap *heap) {
    heap->need_full = false;
    heap->collections++;
}

// Into one young block ----------------------------------------------------------------------------

// The size of the next young block: all of `moved_max` must fit. A block that was in use is not made
// smaller below the size at which growth ends.
static size_t small_block_words(const Heap *heap, size_t words, size_t expected, size_t moved_max) {
    size_t stack = heap_stack_words(heap);
    size_t has = heap_block_words(heap);
    size_t used = (size_t)(heap->top - heap->start) + stack;
    size_t kept = used > has / 2 ? used : has / 2;
    size_t wanted = gc_young_words(heap, expected, words);
    kept = kept < YOUNG_WORDS_MAX ? kept : YOUNG_WORDS_MAX;
    wanted = wanted > kept ? wanted : kept;
    wanted = wanted > gc_busy_words(heap) ? wanted : gc_busy_words(heap);
    return wanted > moved_max + stack ? wanted : moved_max + stack;
}

static HeapStatus collect_small(Collection *c, size_t block_words, Term *roots, size_t count) {
    Heap *heap = c->heap;
    Term *block = gc_new_block(heap, &block_words);
    if (block == NULL) {
        return HEAP_MEMORY;
    }
    Term *young_block = heap->start;
    size_t young_words = heap_block_words(heap);
    OffHeap list = {NULL, 0};
    c->to = range_of(block, block + block_words);
    c->top = block;
    c->evicted_to = &list;
    gc_replace_block(heap, block, block_words, block);
    move_all(c, block, roots, count);
    heap->top = c->top;
    heap->survivors = (uint32_t)(heap->top - heap->start);
    sweep_all(c, heap->old, &list);
    heap->offheap_young = list;
    if (heap->old != NULL) {
        old_block_free(heap->pool, heap->old);
        heap->old = NULL;
    }
    block_free(heap->pool, young_block, young_words);
    finish(heap);
    return HEAP_OK;
}

bool gc_is_small(const Heap *heap) {
    return heap->old == NULL &&
           (size_t)(heap->top - heap->start) + heap->fragment_words <= ONE_BLOCK_WORDS;
}

static Collection collection_of_all(Heap *heap) {
    return (Collection){
        .heap = heap,
        .literal = {heap->pool->literal_base, heap->pool->literal_size},
        .foreign = range_of_fragment(heap->foreign),
    };
}

HeapStatus gc_small(Heap *heap, size_t words, size_t expected, Term *roots, size_t count) {
    size_t used = (size_t)(heap->top - heap->start);
    bool was_full = used * 2 > heap_block_words(heap);
    Collection c = collection_of_all(heap);
    HeapStatus status = collect_small(
        &c, small_block_words(heap, words, expected, used + heap->fragment_words), roots, count);
    // Not one that adopted messages asked for: a larger block would not make such rarer.
    gc_count_minor(heap, status == HEAP_OK && was_full);
    return status;
}

// Into a new old heap -----------------------------------------------------------------------------

// What an old heap keeps to spare beside `used` words: as much again, and room for all of the young
// block, so that the next collection need not be a full one.
static size_t spare_words(const Heap *heap, size_t used) {
    size_t spare = used > GENEROUS_WORDS ? used / 2 : used;
    size_t young = heap_block_words(heap);
    return spare > young ? spare : young;
}

// All that may survive must fit; that as much does as was in the old heap is what is expected.
static OldBlock *new_old_block(Heap *heap, size_t from_words) {
    size_t expected = old_used_words(heap);
    size_t wanted = expected + spare_words(heap, expected);
    OldBlock *old = old_block_new(heap->pool, wanted > from_words ? wanted : from_words);
    return old != NULL ? old : old_block_new(heap->pool, from_words);
}

// Gives back what is more than twice as much as is needed.
static void trim_old_block(Heap *heap) {
    OldBlock *old = heap->old;
    size_t words = OLD_HEADER_WORDS + old_used_words(heap);
    words += spare_words(heap, old_used_words(heap));
    if (old->words / 2 > words) {
        old->words = block_shrink(heap->pool, (Term *)old, old->words, words);
        old->end = (Term *)old + old->words;
    }
    old->offheap_trigger = 2 * old->offheap.bytes + OFFHEAP_FULL_SLACK;
}

static HeapStatus collect_large(Collection *c, size_t from_words, size_t words, Term *roots,
                                size_t count) {
    Heap *heap = c->heap;
    OldBlock *from_old = heap->old;
    OldBlock *old = new_old_block(heap, from_words);
    if (old == NULL) {
        return HEAP_MEMORY;
    }
    c->to = range_of(old->data, old->end);
    c->top = old->data;
    c->evicted_to = &old->offheap;
    move_all(c, old->data, roots, count);
    old->top = c->top;
    sweep_all(c, from_old, &old->offheap);
    heap->old = old;
    heap->top = heap->start;
    heap->survivors = 0;
    if (from_old != NULL) {
        old_block_free(heap->pool, from_old);
    }
    finish(heap);
    old->live = old_used_words(heap);
    HeapStatus status = gc_resize_young(heap, gc_young_kept(heap), words);
    trim_old_block(heap);
    return status;
}

HeapStatus gc_full(Heap *heap, size_t words, Term *roots, size_t count, Range evict) {
    size_t from_words =
        (size_t)(heap->top - heap->start) + old_used_words(heap) + heap->fragment_words;
    Collection c = collection_of_all(heap);
    c.evict = evict;
    if (evict.size != 0) {
        from_words += evict.size / sizeof(Term);
        c.forward = mem_alloc(heap->pool->mem, MEM_SCRATCH, evict.size);
        if (c.forward == NULL) {
            return HEAP_MEMORY;
        }
        for (size_t i = 0; i < evict.size / sizeof(Term); i++) {
            c.forward[i] = TERM_NONE;
        }
    }
    HeapStatus status;
    if (from_words <= ONE_BLOCK_WORDS) {
        status = collect_small(&c, from_words + heap_stack_words(heap) + words, roots, count);
    } else {
        status = collect_large(&c, from_words, words, roots, count);
    }
    mem_free(heap->pool->mem, MEM_SCRATCH, c.forward);
    return status;
}

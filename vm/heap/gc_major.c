// SPDX-License-Identifier: Apache-2.0
// Full collections: from the young block, the old heap and the adopted fragments, and from literals
// that are to go.
//
// A small heap ends up in one young block (SMALL_WORDS); of a larger one everything goes to a new
// old heap with as much again to spare, and the young block is used on, empty, or replaced by one
// of a better size. So a failure to get memory leaves all as it was or the collection done.
#include "vm/heap/gc_private.h"

#include <string.h>

#include "vm/term/bytes.h"

enum {
    SMALL_WORDS = 2048,
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
            to[1] = TERM_LITERAL((uintptr_t)c->evicted_to->first);
            c->evicted_to->first = to;
            c->evicted_to->bytes += shared_share(shared);
        }
    }
    *slot = *forward;
}

static inline void visit_any(Collection *c, Term *slot) {
    Term t = *slot;
    if (!term_is_pointer(t) || range_has(c->to, term_address(t))) {
        return;
    }
    if (range_has(c->literal, term_address(t))) {
        if (range_has(c->evict, term_address(t))) {
            visit_evicted(c, slot);
        }
        return;
    }
    if (range_has(c->foreign, term_address(t))) {
        return;
    }
    if (!was_moved(t, slot)) {
        *slot = move_object(t, &c->top);
    }
}

static void visit_roots(void *collection, Term *slot, size_t count) {
    Collection *c = collection;
    for (size_t i = 0; i < count; i++) {
        visit_any(c, slot + i);
    }
}

// Everything live to `to`, which begins at `start`.
static void move_all(Collection *c, Term *start, Term *roots, size_t count) {
    gc_each_root(c->heap, roots, count, visit_roots, c);
    Term *scan = start;
    SCAN_OBJECTS(c, scan, &c->top, visit_any)
}

// The list of survivors' shared bytes, of whatever heap, into `to`.
static void sweep_all(Collection *c, OldBlock *old, OffHeap *to) {
    OffHeap young_list = c->heap->offheap_young;
    c->heap->offheap_young = (OffHeap){NULL, 0};
    gc_sweep_offheap(c, &young_list, to, to);
    if (old != NULL) {
        gc_sweep_offheap(c, &old->offheap, to, to);
    }
    gc_free_fragments(c, to, to);
}

static void finish(Heap *heap) {
    if (heap->remember != NULL) {
        heap->remember->count = 0;
    }
    heap->need_full = false;
    heap->collections++;
    heap->minor_count = 0;
}

// Into one young block ----------------------------------------------------------------------------

static HeapStatus collect_small(Collection *c, size_t from_words, size_t words, Term *roots,
                                size_t count) {
    Heap *heap = c->heap;
    size_t block_words = from_words + heap_stack_words(heap) + words;
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
    heap->top = heap->mature = c->top;
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

// Into a new old heap -----------------------------------------------------------------------------

static OldBlock *new_old_block(Heap *heap, size_t from_words) {
    size_t spare = from_words > GENEROUS_WORDS ? from_words / 2 : from_words;
    OldBlock *old = old_block_new(heap->pool, from_words + spare);
    return old != NULL ? old : old_block_new(heap->pool, from_words);
}

// Keeps as much to spare as is used.
static void trim_old_block(Heap *heap) {
    OldBlock *old = heap->old;
    size_t used = old_used_words(heap);
    size_t spare = used > GENEROUS_WORDS ? used / 2 : used;
    old->words = block_shrink(heap->pool, (Term *)old, old->words, OLD_HEADER_WORDS + used + spare);
    old->end = (Term *)old + old->words;
    size_t kept = old->offheap.bytes;
    old->offheap_trigger = 2 * kept + OFFHEAP_FULL_SLACK;
}

// The young block is empty but for the stack. Gives it a size that fits what is needed and the old
// heap.
static HeapStatus resize_young_block(Heap *heap, size_t words) {
    size_t stack = heap_stack_words(heap);
    size_t wanted = gc_young_words(heap, old_used_words(heap) / 12, words);
    size_t has = heap_block_words(heap);
    if (has >= wanted && has / 8 <= wanted) {
        fill_free_words(heap->top, heap->sp);
        return HEAP_OK;
    }
    Term *from_block = heap->start;
    Term *block = gc_new_block(heap, &wanted);
    if (block == NULL) {
        return has >= stack + words ? HEAP_OK : HEAP_MEMORY;
    }
    gc_replace_block(heap, block, wanted, block);
    block_free(heap->pool, from_block, has);
    return HEAP_OK;
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
    heap->top = heap->mature = heap->start;
    if (from_old != NULL) {
        old_block_free(heap->pool, from_old);
    }
    trim_old_block(heap);
    finish(heap);
    return resize_young_block(heap, words);
}

HeapStatus gc_full(Heap *heap, size_t words, Term *roots, size_t count, Range evict) {
    size_t from_words =
        (size_t)(heap->top - heap->start) + old_used_words(heap) + heap->fragment_words;
    Collection c = {
        .heap = heap,
        .literal = {heap->pool->literal_base, heap->pool->literal_size},
        .foreign = range_of_fragment(heap->foreign),
        .evict = evict,
    };
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
    HeapStatus status = from_words <= SMALL_WORDS
                            ? collect_small(&c, from_words, words, roots, count)
                            : collect_large(&c, from_words, words, roots, count);
    mem_free(heap->pool->mem, MEM_SCRATCH, c.forward);
    return status;
}

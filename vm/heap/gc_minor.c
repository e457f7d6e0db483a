// SPDX-License-Identifier: Apache-2.0
// Minor collections, and the steps that both kinds share.
//
// From: the young block and the adopted fragments. What has survived one collection already (below
// `mature`) and what is reachable from an object that goes to the old heap goes there; the rest to
// a new young block, where it is `mature`.
//
//   1. cells that were filled when no longer new: the cell itself, if young, and all that is reachable from it, are promoted
//   2. roots
//   3. both spaces are scanned until neither grows
//   4. shared bytes without a moved box are released, fragments and the old young block freed
#include "vm/heap/gc_private.h"

#include <string.h>

#include "vm/heap/copy.h"
#include "vm/term/bytes.h"

enum {
    OLD_WORDS_FIRST = 512,
    BUSY_FIRST_WORDS = 32,
    BUSY_DOUBLINGS = 9, // of that: 128 KiB, about the size of a core's own cache
};

// Shared steps -----------------------------------------------------------------------------------

OldBlock *old_block_new(BlockPool *pool, size_t words) {
    words += OLD_HEADER_WORDS;
    OldBlock *old = (OldBlock *)block_alloc(pool, &words);
    if (old != NULL) {
        *old = (OldBlock){.words = words, .offheap_trigger = 4 * 1024 * 1024};
        old->top = old->data;
        old->end = (Term *)old + words;
    }
    return old;
}

void old_block_free(BlockPool *pool, OldBlock *old) {
    block_free(pool, (Term *)old, old->words);
}

static void thread(OffHeap *list, Term *box) {
    box[1] = TERM_LITERAL((uintptr_t)list->first);
    list->first = box;
    list->bytes += shared_share((SharedBytes *)(uintptr_t)box[2].bits);
}

void gc_sweep_offheap(const Collection *c, OffHeap *from, OffHeap *to_young, OffHeap *to_old) {
    Term *box = from->first;
    *from = (OffHeap){NULL, 0};
    while (box != NULL) {
        Term *next = (Term *)(uintptr_t)box[1].bits;
        Term where;
        if (was_moved(term_from_box(box), &where)) {
            bool is_young = range_has(c->to, term_address(where));
            thread(is_young ? to_young : to_old, term_pointer(where));
        } else {
            shared_release((SharedBytes *)(uintptr_t)box[2].bits);
        }
        box = next;
    }
}

void gc_free_fragments(const Collection *c, OffHeap *to_young, OffHeap *to_old) {
    Heap *heap = c->heap;
    while (heap->fragments != NULL) {
        Fragment *fragment = heap->fragments;
        heap->fragments = fragment->next;
        gc_sweep_offheap(c, &fragment->offheap, to_young, to_old);
        fragment->offheap.first = NULL;
        fragment_give(heap->pool, fragment);
    }
    heap->fragment_words = 0;
}

Term *gc_new_block(Heap *heap, size_t *words) {
    Term *block = block_alloc(heap->pool, words);
    if (block != NULL) {
        size_t stack = heap_stack_words(heap);
        memcpy(block + *words - stack, heap->sp, stack * sizeof(Term));
    }
    return block;
}

void gc_replace_block(Heap *heap, Term *block, size_t words, Term *top) {
    size_t stack = (size_t)(heap->stack_end - heap->sp);
    heap->start = block;
    heap->top = heap->mature = top;
    heap->stack_end = block + words;
    heap->sp = heap->stack_end - stack;
    fill_free_words(heap->top, heap->sp);
}

void gc_each_root(Heap *heap, Term *roots, size_t count, RootVisit visit, Collection *c) {
    visit(c, roots, count);
    if (heap->each_root != NULL) {
        heap->each_root(heap->owner, visit, c);
    }
}

// Moving -----------------------------------------------------------------------------------------

// Whether a pointer leads to something that this collection moves.
static inline bool is_from(const Collection *c, uintptr_t address) {
    if (range_has(c->young, address)) {
        return true;
    }
    // What is in none of the others is in an adopted fragment.
    return !range_has(c->old, address) && !range_has(c->literal, address) &&
           !range_has(c->to, address) && !range_has(c->foreign, address);
}

static inline void visit_young(Collection *c, Term *slot) {
    Term t = *slot;
    if (!term_is_pointer(t) || !is_from(c, term_address(t))) {
        return;
    }
    if (!was_moved(t, slot)) {
        *slot = move_object(t, range_has(c->mature, term_address(t)) ? &c->old_top : &c->top);
    }
}

// A slot of an object in the old heap.
static inline void visit_old(Collection *c, Term *slot) {
    Term t = *slot;
    if (!term_is_pointer(t) || !is_from(c, term_address(t))) {
        return;
    }
    if (!was_moved(t, slot)) {
        *slot = move_object(t, &c->old_top);
    }
    ASSERT(!range_has(c->to, term_address(*slot)));
}

static void visit_roots(void *collection, Term *slot, size_t count) {
    Collection *c = collection;
    for (size_t i = 0; i < count; i++) {
        visit_young(c, slot + i);
    }
}

// Step 1. Dead cells count as live here: it is their last time.
static void promote_remembered(Collection *c, Term **old_scan) {
    HeapRemember *r = c->heap->remember;
    for (uint32_t i = 0; r != NULL && i < r->count; i++) {
        Term *cell = r->cells[i];
        if (range_has(c->old, (uintptr_t)cell)) {
            visit_old(c, cell + 1);
        } else {
            Term t = term_from_cons(cell);
            visit_old(c, &t);
        }
    }
    if (r != NULL) {
        r->count = 0;
    }
    SCAN_OBJECTS(c, *old_scan, &c->old_top, visit_old)
}

// Step 3.
static void scan_both(Collection *c, Term *old_scan) {
    Term *scan = (Term *)c->to.base;
    do {
        SCAN_OBJECTS(c, scan, &c->top, visit_young)
        SCAN_OBJECTS(c, old_scan, &c->old_top, visit_old)
    } while (scan < c->top);
}

size_t gc_young_words(const Heap *heap, size_t survivors, size_t words) {
    size_t grown = 3 * survivors < YOUNG_WORDS_MAX ? 3 * survivors : YOUNG_WORDS_MAX;
    grown = grown > survivors ? grown : survivors;
    return grown + 2 * heap_stack_words(heap) + words;
}

size_t gc_busy_words(const Heap *heap) {
    int doublings = 32 - __builtin_clz(heap->minor_count | 1);
    return (size_t)BUSY_FIRST_WORDS << (doublings < BUSY_DOUBLINGS ? doublings : BUSY_DOUBLINGS);
}

// The size of the next young block: what may survive must fit. A block that was in use is not made
// smaller below the size at which growth ends.
static size_t next_block_words(const Heap *heap, size_t words, size_t expected,
                               size_t survivors_max) {
    size_t stack = heap_stack_words(heap);
    size_t has = heap_block_words(heap);
    size_t used = (size_t)(heap->top - heap->start) + stack;
    size_t kept = used > has / 2 ? has : has / 2;
    size_t wanted = gc_young_words(heap, expected, words);
    kept = kept < YOUNG_WORDS_MAX ? kept : YOUNG_WORDS_MAX;
    wanted = wanted > kept ? wanted : kept;
    wanted = wanted > gc_busy_words(heap) ? wanted : gc_busy_words(heap);
    return wanted > survivors_max + stack ? wanted : survivors_max + stack;
}

HeapStatus gc_minor(Heap *heap, size_t words, size_t expected, Term *roots, size_t count) {
    size_t used = (size_t)(heap->top - heap->start);
    size_t mature = (size_t)(heap->mature - heap->start);
    bool has_remembered = heap->remember != NULL && heap->remember->count > 0;
    if (heap->old == NULL && mature > 0) {
        size_t promoted = has_remembered ? used + heap->fragment_words : mature;
        heap->old = old_block_new(
            heap->pool, promoted < OLD_WORDS_FIRST / 2 ? 2 * promoted : promoted + OLD_WORDS_FIRST);
        if (heap->old == NULL) {
            return HEAP_MEMORY;
        }
    }
    size_t block_words =
        next_block_words(heap, words, expected, used - mature + heap->fragment_words);
    Term *block = gc_new_block(heap, &block_words);
    if (block == NULL) {
        return HEAP_MEMORY;
    }
    Term *from_block = heap->start;
    size_t from_words = heap_block_words(heap);
    OldBlock *old = heap->old;
    Collection c = {
        .heap = heap,
        .young = range_of(heap->start, heap->top),
        .mature = range_of(heap->start, heap->mature),
        .old = old != NULL ? range_of(old->data, old->end) : (Range){0, 0},
        .to = range_of(block, block + block_words),
        .literal = {heap->pool->literal_base, heap->pool->literal_size},
        .foreign = range_of_fragment(heap->foreign),
        .top = block,
        .old_top = old != NULL ? old->top : NULL,
    };
    gc_replace_block(heap, block, block_words, block);
    Term *old_scan = c.old_top;
    promote_remembered(&c, &old_scan);
    gc_each_root(heap, roots, count, visit_roots, &c);
    scan_both(&c, old_scan);
    heap->top = heap->mature = c.top;
    if (old != NULL) {
        old->top = c.old_top;
        ASSERT(old->top <= old->end);
    }
    OffHeap young_list = heap->offheap_young;
    heap->offheap_young = (OffHeap){NULL, 0};
    OffHeap *old_list = old != NULL ? &old->offheap : &heap->offheap_young;
    gc_sweep_offheap(&c, &young_list, &heap->offheap_young, old_list);
    gc_free_fragments(&c, &heap->offheap_young, old_list);
    block_free(heap->pool, from_block, from_words);
    // Not one that adopted messages asked for: a larger block would not make such rarer.
    heap->collections++;
    heap->minor_count += used * 2 > from_words;
    return HEAP_OK;
}

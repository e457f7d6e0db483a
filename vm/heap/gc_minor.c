// SPDX-License-Identifier: Apache-2.0
// Minor collections of heaps that have an old heap or get one, and the steps that all kinds share.
//
// From: the young block and the adopted fragments. What survives goes to the old heap at once; the
// young block and its stack are used on where they are, so that a process allocates in memory that
// its cache knows. Where more survives than should, the block grows: waiting costs less than aging,
// which would move all that lives long once more.
//
//   1. cells of the old heap that were filled since, and roots
//   2. what was moved is scanned until it does not grow
//   3. shared bytes without a moved box are released, fragments freed
//   4. a new size for the young block, by what has survived
#include "vm/heap/gc_move.h"

#include <string.h>

#include "vm/heap/copy.h"
#include "vm/term/bytes.h"

enum {
    BUSY_FIRST_WORDS = 32,
    BUSY_DOUBLINGS = 8, // of that: 64 KiB, from where on larger ones gain little
    YOUNG_WORDS_CACHED = 32 * 1024,
    YOUNG_PER_OLD = 2,
    // Survivors, as one part in so many.
    MUCH = 4,
    LITTLE = 32,
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
    mem_free(pool->mem, MEM_HEAP, old->remember);
    block_free(pool, (Term *)old, old->words);
}

static void thread(OffHeap *list, Term *box) {
    box[SHARED_NEXT] = TERM_LITERAL((uintptr_t)list->first);
    list->first = box;
    list->bytes += shared_share((SharedBytes *)(uintptr_t)box[SHARED_OWNER].bits);
}

void gc_sweep_offheap(OffHeap *from, OffHeap *to) {
    Term *box = from->first;
    *from = (OffHeap){NULL, 0};
    while (box != NULL) {
        Term *next = (Term *)(uintptr_t)box[SHARED_NEXT].bits;
        Term where;
        if (was_moved(term_from_box(box), &where)) {
            thread(to, term_pointer(where));
        } else {
            shared_release((SharedBytes *)(uintptr_t)box[SHARED_OWNER].bits);
        }
        box = next;
    }
}

void gc_free_fragments(Heap *heap, OffHeap *to) {
    while (heap->fragments != NULL) {
        Fragment *fragment = heap->fragments;
        heap->fragments = fragment->next;
        gc_sweep_offheap(&fragment->offheap, to);
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
    heap->top = top;
    heap->stack_end = block + words;
    heap->sp = heap->stack_end - stack;
    fill_free_words(heap->top, heap->sp);
}

void gc_each_root(Heap *heap, Term *roots, size_t count, RootVisit visit, Collection *c) {
    visit(c, roots, count);
    heap->pool->each_root(heap, visit, c);
}

// Moving -----------------------------------------------------------------------------------------

static inline void visit_young(Collection *c, Term *slot) {
    visit_slot(c, slot, FROM_YOUNG);
}

static inline void visit_messages(Collection *c, Term *slot) {
    visit_slot(c, slot, FROM_MESSAGES);
}

static void young_roots(void *collection, Term *slot, size_t count) {
    for (size_t i = 0; i < count; i++) {
        visit_young(collection, slot + i);
    }
}

static void message_roots(void *collection, Term *slot, size_t count) {
    for (size_t i = 0; i < count; i++) {
        visit_messages(collection, slot + i);
    }
}

// Cells of the old heap that were filled. Dead ones count as live here: it is their last time.
static void visit_remembered(Collection *c, RootVisit visit) {
    HeapRemember *r = c->heap->old->remember;
    for (uint32_t i = 0; r != NULL && i < r->count; i++) {
        visit(c, r->cells[i] + 1, 1);
    }
    if (r != NULL) {
        r->count = 0;
    }
}

static void move_all(Collection *c, Term *roots, size_t count) {
    Term *scan = c->top;
    bool messages = c->heap->fragments != NULL;
    RootVisit visit = messages ? message_roots : young_roots;
    visit_remembered(c, visit);
    gc_each_root(c->heap, roots, count, visit, c);
    if (messages) {
        SCAN_MOVED(c, scan, visit_messages)
    } else {
        SCAN_MOVED(c, scan, visit_young)
    }
}

// Sizes ------------------------------------------------------------------------------------------

size_t gc_young_words(const Heap *heap, size_t survivors, size_t words) {
    size_t grown = 3 * survivors < YOUNG_WORDS_MAX ? 3 * survivors : YOUNG_WORDS_MAX;
    grown = grown > survivors ? grown : survivors;
    return grown + 2 * heap_stack_words(heap) + words;
}

size_t gc_busy_words(const Heap *heap) {
    int doublings = 32 - __builtin_clz(heap->minor_count | 1u);
    return (size_t)BUSY_FIRST_WORDS << (doublings < BUSY_DOUBLINGS ? doublings : BUSY_DOUBLINGS);
}

static size_t max_words(size_t a, size_t b) {
    return a > b ? a : b;
}

// Room for new terms beyond which a young block does not grow: a cache's size, or twice what the
// last full collection has left, so that the work of a collection stays in proportion to what is
// made between two.
static size_t young_max(const Heap *heap) {
    return max_words(YOUNG_WORDS_MAX, heap->old->live * YOUNG_PER_OLD);
}

size_t gc_young_kept(const Heap *heap) {
    size_t has = heap_block_words(heap) - heap_stack_words(heap);
    size_t max = young_max(heap);
    return has < max ? has : max;
}

// The room of the next young block after one for `has` words, of which `used` were used and `kept`
// survived. Where much survives it is worth to wait longer the next time, until it has died; where
// next to nothing does, a block that stays in the cache is faster.
static size_t next_young_words(const Heap *heap, size_t has, size_t used, size_t kept) {
    size_t next = has;
    if (kept > used / MUCH) {
        next = 2 * has;
    } else if (kept < used / LITTLE && has > YOUNG_WORDS_CACHED) {
        next = has / 2;
    }
    size_t max = young_max(heap);
    return max_words(next < max ? next : max, gc_busy_words(heap));
}

HeapStatus gc_resize_young(Heap *heap, size_t wanted, size_t words) {
    size_t stack = heap_stack_words(heap);
    wanted = (wanted > 2 * words ? wanted : 2 * words) + 2 * stack;
    size_t has = heap_block_words(heap);
    if (has >= wanted - wanted / 4 && has / 2 < wanted && has >= stack + words) {
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

// The collection ---------------------------------------------------------------------------------

HeapStatus gc_minor(Heap *heap, size_t words, Term *roots, size_t count) {
    size_t used = (size_t)(heap->top - heap->start);
    size_t moved_max = used + heap->fragment_words;
    size_t has = heap_block_words(heap) - heap_stack_words(heap);
    if (heap->old == NULL) {
        heap->old = old_block_new(heap->pool, moved_max + has);
        if (heap->old == NULL) {
            return HEAP_MEMORY;
        }
    }
    OldBlock *old = heap->old;
    Collection c = {
        .heap = heap,
        .young = range_of(heap->start, heap->top),
        .old = range_of(old->data, old->end),
        .literal = {heap->pool->literal_base, heap->pool->literal_size},
        .foreign = range_of_fragment(heap->foreign),
        .top = old->top,
    };
    move_all(&c, roots, count);
    size_t kept = (size_t)(c.top - old->top);
    old->top = c.top;
    ASSERT(old->top <= old->end);
    OffHeap young_list = heap->offheap_young;
    heap->offheap_young = (OffHeap){NULL, 0};
    gc_sweep_offheap(&young_list, &old->offheap);
    gc_free_fragments(heap, &old->offheap);
    heap->top = heap->start;
    heap->survivors = 0;
    heap->collections++;
    bool was_full = used * 2 > has;
    gc_count_minor(heap, was_full);
    return gc_resize_young(heap, was_full ? next_young_words(heap, has, used, kept) : has, words);
}

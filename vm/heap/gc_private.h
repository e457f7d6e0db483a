// SPDX-License-Identifier: Apache-2.0
// What minor and full collections share: ranges, roots, off-heap lists, sizes. How objects are
// moved is in gc_move.h.
#pragma once

#include "vm/heap/heap.h"

// Cells of the old heap that were filled since the last collection.
typedef struct {
    uint32_t count;
    uint32_t capacity;
    Term *cells[];
} HeapRemember;

struct OldBlock {
    Term *top;
    Term *end;
    size_t words; // of the block, this struct included
    size_t live;  // words that the last full collection has left
    HeapRemember *remember;
    OffHeap offheap;
    size_t offheap_trigger; // bytes at which a full collection is due
    Term data[];
};

enum {
    OLD_HEADER_WORDS = sizeof(OldBlock) / sizeof(Term),
    // What is known before a collection to be at most this large is moved to one young block, and
    // there is no old heap.
    ONE_BLOCK_WORDS = 2048,
    // The young block grows by experience to this, about the size of a cache, or to a share of the
    // old heap.
    YOUNG_WORDS_MAX = 64 * 1024,
};

// A run of addresses; a size of 0 holds none.
typedef struct {
    uintptr_t base;
    uintptr_t size;
} Range;

static inline bool range_has(Range r, uintptr_t address) {
    return address - r.base < r.size;
}

static inline Range range_of(const Term *start, const Term *end) {
    return (Range){(uintptr_t)start, (uintptr_t)end - (uintptr_t)start};
}

static inline uintptr_t term_address(Term t) {
    return t.bits & ~(uint64_t)TAG_MASK;
}

// Whether two words from `at` to `end` look like a closure of functions in the range.
static inline bool words_have_closures(const Term *at, const Term *end, Range functions) {
    for (; end - at > 1; at++) {
        if (range_has(functions, at[1].bits) && term_is_header(at[0]) &&
            header_kind(at[0]) == KIND_FN) {
            return true;
        }
    }
    return false;
}

static inline Range range_of_fragment(const Fragment *fragment) {
    return fragment == NULL ? (Range){0, 0}
                            : range_of(fragment->data, fragment->data + fragment->words);
}

typedef struct {
    Heap *heap;
    Range young; // minor: from
    Range old;   // minor: stays, and grows
    Range to;    // full: where survivors go
    Range literal;
    Range foreign; // heap->foreign: stays
    Range evict;   // literals that are copied all the same
    Term *forward; // where each was copied to, by word; literals themselves are not written to
    Term *top;     // of where survivors go
    OffHeap *evicted_to;
} Collection;

static inline size_t heap_block_words(const Heap *heap) {
    return (size_t)(heap->stack_end - heap->start);
}

static inline size_t heap_stack_words(const Heap *heap) {
    return (size_t)(heap->stack_end - heap->sp);
}

static inline size_t old_used_words(const Heap *heap) {
    return heap->old == NULL ? 0 : (size_t)(heap->old->top - heap->old->data);
}

static inline bool heap_remembers(const Heap *heap) {
    return heap->old != NULL && heap->old->remember != NULL && heap->old->remember->count > 0;
}

static inline void gc_count_minor(Heap *heap, bool counts) {
    heap->minor_count += counts && heap->minor_count < UINT8_MAX;
}

// In debug builds: free words hold a non-value, which a walk over the heap passes over.
static inline void fill_free_words(Term *from, const Term *to) {
    if (VM_DEBUG) {
        while (from < to) {
            *from++ = TERM_NONE;
        }
    }
}

OldBlock *old_block_new(BlockPool *pool, size_t words);
void old_block_free(BlockPool *pool, OldBlock *old);

// Those of a list whose box was moved go on to the list of where it is now; the rest are released.
void gc_sweep_offheap(OffHeap *from, OffHeap *to);
// Sweeps and frees the adopted fragments.
void gc_free_fragments(Heap *heap, OffHeap *to);
// A block for survivors with the stack copied to its end; *words in: at least, out: has. NULL: no
// memory.
Term *gc_new_block(Heap *heap, size_t *words);
// The young block is replaced by this one, whose survivors end at top and whose stack is in place.
void gc_replace_block(Heap *heap, Term *block, size_t words, Term *top);
// Lists what the roots visit on behalf of both kinds of collection.
void gc_each_root(Heap *heap, Term *roots, size_t count, RootVisit visit, Collection *c);

// The size of young block that suits this many survivors, with the stack and room for `words`.
size_t gc_young_words(const Heap *heap, size_t survivors, size_t words);
// A process that has collected often gets a block of some size even if nothing survives, as each
// collection has a price of its own. One that waits gives it back (heap_shrink).
size_t gc_busy_words(const Heap *heap);
// The room for new terms that the young block has, as far as it suits the old heap.
size_t gc_young_kept(const Heap *heap);
// Gives the young block, which is empty but for the stack, about that many words if it is much
// smaller or larger; at least `words` are free then.
HeapStatus gc_resize_young(Heap *heap, size_t wanted, size_t words);

// The collections. HEAP_MEMORY: nothing is lost; whether it was made, `collections` tells.
// Whether a heap is to be collected by gc_small.
bool gc_is_small(const Heap *heap);
// Into a new young block. `expected` is how many words are thought to survive; `words` are free
// afterwards only if no more did.
HeapStatus gc_small(Heap *heap, size_t words, size_t expected, Term *roots, size_t count);
// Minor: what survives goes to the old heap, which has room for all.
HeapStatus gc_minor(Heap *heap, size_t words, Term *roots, size_t count);
// Full.
HeapStatus gc_full(Heap *heap, size_t words, Term *roots, size_t count, Range evict);

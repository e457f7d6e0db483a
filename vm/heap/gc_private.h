// SPDX-License-Identifier: Apache-2.0
// What minor and full collections share: moving one object, scanning a run of moved ones, roots,
// off-heap lists.
//
// A moved cell has TERM_MOVED in its head and its new place in its tail; a moved box has its new
// place where its header was. The words behind a box's header stay intact until the block is freed.
#pragma once

#include "vm/heap/heap.h"

struct OldBlock {
    Term *top;
    Term *end;
    size_t words; // of the block, this struct included
    OffHeap offheap;
    size_t offheap_trigger; // bytes at which a full collection is due
    Term data[];
};

enum {
    OLD_HEADER_WORDS = sizeof(OldBlock) / sizeof(Term),
    YOUNG_WORDS_MAX =
        256 * 1024, // growth of the young block by experience ends here: about the size of a cache
};

struct HeapRemember {
    uint32_t count;
    uint32_t capacity;
    Term *cells[];
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
    Range young;  // from
    Range mature; // the part of it that goes to the old heap
    Range old;    // minor: stays; full: from
    Range to;     // where survivors go
    Range literal;
    Range foreign; // heap->foreign: stays
    Range evict;   // literals that are copied all the same
    Term *forward; // where each was copied to, by word; literals themselves are not written to
    Term *top;     // of `to`
    Term *old_top; // where promoted objects go
    OffHeap *evicted_to;
} Collection;

// Moves a cell or box that has not been moved to *top.
static inline Term move_object(Term t, Term **top) {
    Term *from = term_pointer(t);
    Term *to = *top;
    if (term_is_cons(t)) {
        to[0] = from[0];
        to[1] = from[1];
        *top = to + 2;
        from[0] = TERM_MOVED;
        return from[1] = term_from_cons(to);
    }
    size_t words = header_words(from[0]);
    for (size_t i = 0; i <= words; i++) {
        to[i] = from[i];
    }
    *top = to + 1 + words;
    return from[0] = term_from_box(to);
}

// Where a cell or box was moved to. False: it was not.
static inline bool was_moved(Term t, Term *where) {
    const Term *from = term_pointer(t);
    if (term_is_cons(t)) {
        *where = from[1];
        return term_same_bits(from[0], TERM_MOVED);
    }
    *where = from[0];
    return !term_is_header(from[0]);
}

// Calls visit(c, slot) for every slot of the objects from `scan` to *top, which grows meanwhile.
#define SCAN_OBJECTS(c, scan, top, visit)                                                          \
    while ((scan) < *(top)) {                                                                      \
        Term word_ = *(scan);                                                                      \
        if (term_is_header(word_)) {                                                               \
            size_t words_ = header_words(word_);                                                   \
            size_t i_ = kind_raw_words(header_kind(word_), words_);                                \
            for (; i_ < words_; i_++) {                                                            \
                visit(c, (scan) + 1 + i_);                                                         \
            }                                                                                      \
            (scan) += 1 + words_;                                                                  \
        } else {                                                                                   \
            visit(c, (scan));                                                                      \
            visit(c, (scan) + 1);                                                                  \
            (scan) += 2;                                                                           \
        }                                                                                          \
    }

static inline size_t heap_block_words(const Heap *heap) {
    return (size_t)(heap->stack_end - heap->start);
}

static inline size_t heap_stack_words(const Heap *heap) {
    return (size_t)(heap->stack_end - heap->sp);
}

static inline size_t old_used_words(const Heap *heap) {
    return heap->old == NULL ? 0 : (size_t)(heap->old->top - heap->old->data);
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
void gc_sweep_offheap(const Collection *c, OffHeap *from, OffHeap *to_young, OffHeap *to_old);
// Sweeps and frees the adopted fragments.
void gc_free_fragments(const Collection *c, OffHeap *to_young, OffHeap *to_old);
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

// The collections. HEAP_MEMORY: nothing has changed.
// Minor: `expected` is how many words are thought to survive; `words` are free afterwards only if
// no more did.
HeapStatus gc_minor(Heap *heap, size_t words, size_t expected, Term *roots, size_t count);
// Full: `words` are free afterwards.
HeapStatus gc_full(Heap *heap, size_t words, Term *roots, size_t count, Range evict);

// SPDX-License-Identifier: Apache-2.0
// The owner's side of a heap: making it, reserving, adopting messages, filling holes, limits; which
// collection is due. The collections are in gc_minor.c and gc_major.c.
#include "vm/heap/heap.h"

#include "vm/heap/copy.h"
#include "vm/heap/gc_private.h"
#include "vm/term/bytes.h"

enum {
    OFFHEAP_SLACK = 512 * 1024, // bytes of new shared data before a collection for their sake
    LONG_WORDS = 96 * 1024,     // to copy: half a millisecond, more with new pages
    REMEMBER_FIRST = 16,
    FREE_FOR_FAILURE = 4, // words that pressing leaves free
    STRESS_WORDS = 2048,
    DEFER_WORDS = 4096,           // heap_collect_due leaves at least so many free
    ASIDE_WORDS = 1024,           // of a fragment for rooms, at least
    FREE_LONG_WORDS = 256 * 1024, // of a heap whose memory takes long to give back
    LIMIT_FREE_PART =
        16, // of the limit: what a full collection must leave free, as one part in so many
};

// Life -------------------------------------------------------------------------------------------

bool heap_init(Heap *heap, BlockPool *pool, size_t words) {
    *heap = (Heap){.pool = pool, .offheap_trigger = OFFHEAP_SLACK};
    words = words != 0 ? words : HEAP_FIRST_WORDS;
    Term *block = block_alloc(pool, &words);
    if (block == NULL) {
        return false;
    }
    heap->start = heap->top = block;
    heap->sp = heap->stack_end = block + words;
    fill_free_words(heap->top, heap->sp);
    return true;
}

static void release_all(OffHeap *list) {
    for (Term *box = list->first; box != NULL;) {
        // The header may be gone when a collection was under way; the words behind it are not.
        SharedBytes *shared = (SharedBytes *)(uintptr_t)box[SHARED_OWNER].bits;
        box = (Term *)(uintptr_t)box[SHARED_NEXT].bits;
        shared_release(shared);
    }
    *list = (OffHeap){NULL, 0};
}

void heap_destroy(Heap *heap) {
    while (heap->fragments != NULL) {
        Fragment *fragment = heap->fragments;
        heap->fragments = fragment->next;
        fragment_free(heap->pool->mem, fragment);
    }
    release_all(&heap->offheap_young);
    if (heap->old != NULL) {
        release_all(&heap->old->offheap);
        old_block_free(heap->pool, heap->old);
    }
    block_free(heap->pool, heap->start, heap_block_words(heap));
    *heap = (Heap){.pool = heap->pool};
}

HeapUse heap_use(const Heap *heap) {
    return (HeapUse){
        .young_words = (size_t)(heap->top - heap->start),
        .old_words = old_used_words(heap),
        .stack_words = heap_stack_words(heap),
        .fragment_words = heap->fragment_words,
        .block_words = heap_block_words(heap) + (heap->old != NULL ? heap->old->words : 0),
        .offheap_bytes =
            heap->offheap_young.bytes + (heap->old != NULL ? heap->old->offheap.bytes : 0),
    };
}

// Messages and holes -----------------------------------------------------------------------------

void heap_adopt(Heap *heap, Fragment *fragment) {
    fragment->next = heap->fragments;
    heap->fragments = fragment;
    heap->fragment_words += fragment->words;
    heap->offheap_young.bytes += fragment->offheap.bytes;
    bool ignored = heap->fragment_words > 16 * HEAP_FRAGMENT_WORDS + 4 * (size_t)heap->survivors;
    if (ignored && heap_free_words(heap) > FREE_FOR_FAILURE) {
        // The owner did not collect when it was pressed. The next allocation, by whatever fast
        // path, finds no room and so collects.
        Term *top = heap->sp - FREE_FOR_FAILURE;
        fill_free_words(heap->top, top);
        heap->top = top;
    }
}

void heap_remember(Heap *heap, Term cell) {
    ASSERT(term_is_cons(cell));
    ASSERT(heap->old != NULL);
    HeapRemember *r = heap->old->remember;
    if (r == NULL || r->count == r->capacity) {
        uint32_t capacity = r == NULL ? REMEMBER_FIRST : r->capacity * 2;
        HeapRemember *grown =
            mem_realloc(heap->pool->mem, MEM_HEAP, r, sizeof *r + capacity * sizeof *r->cells);
        if (grown == NULL) {
            heap->need_full = true; // which looks at everything
            return;
        }
        if (r == NULL) {
            grown->count = 0;
        }
        grown->capacity = capacity;
        heap->old->remember = r = grown;
    }
    r->cells[r->count++] = term_pointer(cell);
}

void heap_fill(Heap *heap, Term cell, Term tail) {
    if (!heap_is_new(heap, heap->top, cell)) {
        heap_remember(heap, cell);
    }
    term_pointer(cell)[1] = tail;
}

// Collecting -------------------------------------------------------------------------------------

// Words that a minor collection may have to move to the old heap.
static size_t promoted_max(const Heap *heap) {
    return (size_t)(heap->top - heap->start) + heap->fragment_words;
}

static bool is_full_due(const Heap *heap) {
    if (heap->need_full) {
        return true;
    }
    return heap->old != NULL && ((size_t)(heap->old->end - heap->old->top) < promoted_max(heap) ||
                                 heap->old->offheap.bytes > heap->old->offheap_trigger);
}

static bool is_over_limit(const Heap *heap, size_t words) {
    if (heap->limit_words == 0) {
        return false;
    }
    HeapUse use = heap_use(heap);
    size_t used =
        use.young_words + use.old_words + use.stack_words + use.offheap_bytes / sizeof(Term);
    return words > heap->limit_words || used > heap->limit_words - words;
}

static void set_offheap_trigger(Heap *heap) {
    size_t kept = heap_use(heap).offheap_bytes;
    heap->offheap_trigger =
        heap->offheap_young.bytes + (kept > OFFHEAP_SLACK ? kept : OFFHEAP_SLACK);
}

// In stress mode just the words that were asked for are left free, so that every reserve collects.
// A heap that has grown gets a share of its size more, else a program with a deep stack would take
// time without end.
static void stress(Heap *heap, size_t words) {
    HeapUse use = heap_use(heap);
    size_t used = use.young_words + use.old_words + use.stack_words;
    size_t left = words + (used > STRESS_WORDS ? used / 8 : 0);
    if (heap_free_words(heap) > left) {
        Term *top = heap->sp - left;
        fill_free_words(heap->top, top);
        heap->top = top;
    }
}

// Whether the young block, just collected, is too small for what is asked, or much larger than it
// should be.
static bool is_misfit(const Heap *heap, size_t words) {
    size_t survivors = (size_t)(heap->top - heap->start);
    size_t has = heap_block_words(heap);
    return heap_free_words(heap) < words ||
           (has > 2 * YOUNG_WORDS_MAX && has / 2 > gc_young_words(heap, survivors, words));
}

// Whether the block, just collected, became larger than it was, `had`, only because all of it and
// the messages might have survived. If it stayed so, a process with messages would go from size to
// size, however little it keeps.
static bool is_swollen(const Heap *heap, size_t words, size_t had) {
    enum { FEW = 8 }; // one part in so many is moved again for next to nothing
    size_t survivors = (size_t)(heap->top - heap->start);
    size_t has = heap_block_words(heap);
    return has > had && has > gc_busy_words(heap) &&
           (survivors + heap_stack_words(heap)) * FEW < has &&
           gc_young_words(heap, survivors, words) <= had;
}

// A block is chosen before it is known how much survives. Where that was a bad guess, what survived
// is moved once more, into a block that fits it.
static HeapStatus collect_small(Heap *heap, size_t words, Term *roots, size_t count) {
    size_t had = heap_block_words(heap);
    HeapStatus status = gc_small(heap, words, heap->survivors, roots, count);
    if (status == HEAP_OK && (is_misfit(heap, words) || is_swollen(heap, words, had))) {
        status = gc_small(heap, words, (size_t)(heap->top - heap->start), roots, count);
    }
    return status;
}

static HeapStatus collect_as_due(Heap *heap, size_t words, Term *roots, size_t count, bool full,
                                 Range evict) {
    if (full) {
        return gc_full(heap, words, roots, count, evict);
    }
    return gc_is_small(heap) ? collect_small(heap, words, roots, count)
                             : gc_minor(heap, words, roots, count);
}

static HeapStatus collect(Heap *heap, size_t words, Term *roots, size_t count, bool full,
                          Range evict) {
    // A request beyond the limit or any memory needs no collection to be refused, and must not
    // overflow sums.
    if (words > (SIZE_MAX >> 8) || (heap->limit_words != 0 && words > heap->limit_words)) {
        return heap->limit_words != 0 ? HEAP_LIMIT : HEAP_MEMORY;
    }
    full = full || is_full_due(heap);
    heap->deferred = false;
    // What survives while it leads into a message that is looked at may get into the old heap
    // before the message is taken.
    bool need_full = heap->foreign != NULL;
    HeapStatus status = collect_as_due(heap, words, roots, count, full, evict);
    if (status == HEAP_OK && !full && is_over_limit(heap, words) && heap->pool->defers &&
        old_used_words(heap) > LONG_WORDS) {
        heap->need_full = true;
        heap->deferred = true;
        set_offheap_trigger(heap);
        return HEAP_OK; // the limit is looked at again when it is collected
    }
    if (status == HEAP_OK && !full && is_over_limit(heap, words)) {
        status = gc_full(heap, words, roots, count, evict); // the old heap may hold garbage
        full = true;
    }
    if (status != HEAP_OK) {
        return status;
    }
    heap->need_full = heap->need_full || need_full;
    set_offheap_trigger(heap);
    // Close to its limit a heap would collect fully again and again for the little that each
    // brings: it ends instead.
    if (is_over_limit(heap, words + (full ? heap->limit_words / LIMIT_FREE_PART : 0))) {
        return HEAP_LIMIT;
    }
    ASSERT(heap_free_words(heap) >= words);
    if (heap->pool->stress) {
        stress(heap, words);
    }
    return HEAP_OK;
}

static const Range no_range = {0, 0};

HeapStatus heap_ensure(Heap *heap, size_t words, Term *roots, size_t count) {
    if (heap_free_words(heap) >= words && !heap->pool->stress &&
        (!heap_is_pressed(heap) || heap_defers(heap, words))) {
        return HEAP_OK;
    }
    HeapStatus status = collect(heap, words, roots, count, false, no_range);
    heap->why = (uint8_t)status;
    return status;
}

bool heap_reserve(Heap *heap, size_t words, Term *roots, size_t count, Room *room) {
    if (heap_ensure(heap, words, roots, count) != HEAP_OK) {
        return false;
    }
    *room = room_over(heap->top, words, &heap->offheap_young);
    heap->top += words;
    return true;
}

HeapStatus heap_collect(Heap *heap, size_t words, Term *roots, size_t count) {
    HeapStatus status = collect(heap, words, roots, count, true, no_range);
    heap->why = (uint8_t)status;
    return status;
}

// Putting off ------------------------------------------------------------------------------------

static bool is_long(const Heap *heap) {
    // Frames are small, and finding the roots of one takes as long as moving a dozen words.
    enum { STACK_WEIGHT = 8 };
    size_t moved = (size_t)(heap->top - heap->start) + heap->fragment_words +
                   STACK_WEIGHT * heap_stack_words(heap);
    moved += is_full_due(heap) ? old_used_words(heap) : 0;
    return moved > LONG_WORDS;
}

bool heap_defers(Heap *heap, size_t words) {
    // After a failure there is nothing to wait for.
    bool defers = heap->pool->defers && !heap->pool->stress && words <= DEFER_WORDS &&
                  heap->why == HEAP_OK && is_long(heap);
    heap->deferred = heap->deferred || defers;
    return defers;
}

bool heap_reserve_aside(Heap *heap, size_t words, Room *room) {
    // What is taken in this way is bounded by what the heap has otherwise.
    HeapUse use = heap_use(heap);
    size_t used = use.young_words + use.old_words + use.stack_words;
    if (!heap_defers(heap, 0) || words > UINT32_MAX ||
        heap->fragment_words + words > 4 * (used + LONG_WORDS) ||
        is_over_limit(heap, words + heap->fragment_words)) {
        return false;
    }
    Fragment *f = heap->fragments;
    if (f == NULL || f->capacity - f->words < words) {
        f = fragment_new(heap->pool->mem, words > ASIDE_WORDS ? words : ASIDE_WORDS);
        if (f == NULL) {
            return false;
        }
        f->words = 0;
        f->next = heap->fragments;
        heap->fragments = f;
    }
    *room = room_over(f->data + f->words, words, &f->offheap);
    f->words += (uint32_t)words;
    heap->fragment_words += words;
    return true;
}

bool heap_wants_collection(const Heap *heap) {
    enum { SMALL_HEAP = 128 * 1024 };
    size_t words = heap_block_words(heap);
    bool due = heap->deferred || heap_is_pressed(heap) ||
               (words > SMALL_HEAP && heap_free_words(heap) < words / 8);
    return due && is_long(heap);
}

HeapStatus heap_collect_due(Heap *heap) {
    size_t free = heap_free_words(heap);
    return heap_ensure(heap, free >= DEFER_WORDS ? free + 1 : DEFER_WORDS, NULL, 0);
}

bool heap_destroy_is_long(const Heap *heap) {
    return heap_use(heap).block_words + heap->fragment_words > FREE_LONG_WORDS;
}

void heap_shrink(Heap *heap) {
    // The first collection finds out how little there is, the second one can then choose a block
    // for it. A heap whose memory is mostly in use is left alone.
    heap->minor_count = 0;
    for (int i = 0; i < 2; i++) {
        HeapUse use = heap_use(heap);
        size_t used = use.young_words + use.old_words + use.fragment_words + use.stack_words;
        bool is_tight =
            use.block_words <= HEAP_FIRST_WORDS || (i > 0 && used * 2 > use.block_words);
        if ((is_tight && heap->fragments == NULL) ||
            collect(heap, 0, NULL, 0, true, no_range) != HEAP_OK ||
            (heap->old != NULL && gc_resize_young(heap, heap->old->live / 4, 0) != HEAP_OK)) {
            return;
        }
    }
}

// Literals ---------------------------------------------------------------------------------------

typedef struct {
    Range range;
    bool found;
} Search;

// Any word that could be a pointer counts: raw words that happen to look like one only cause a
// needless copy.
static bool words_refer(const Term *from, const Term *to, Range range) {
    for (; from < to; from++) {
        if (term_is_pointer(*from) && range_has(range, term_address(*from))) {
            return true;
        }
    }
    return false;
}

static void search_roots(void *search, Term *slot, size_t count) {
    Search *s = search;
    s->found = s->found || words_refer(slot, slot + count, s->range);
}

bool heap_refers(Heap *heap, const Term *from, size_t words) {
    Search s = {range_of(from, from + words), false};
    s.found = words_refer(heap->start, heap->top, s.range) ||
              words_refer(heap->sp, heap->stack_end, s.range) ||
              (heap->old != NULL && words_refer(heap->old->data, heap->old->top, s.range));
    for (Fragment *f = heap->fragments; f != NULL && !s.found; f = f->next) {
        s.found = words_refer(f->data, f->data + f->words, s.range);
    }
    if (!s.found) {
        heap->pool->each_root(heap, search_roots, &s);
    }
    return s.found;
}

bool heap_has_closures(const Heap *heap, const void *from, size_t bytes) {
    Range functions = {(uintptr_t)from, bytes};
    bool found =
        words_have_closures(heap->start, heap->top, functions) ||
        (heap->old != NULL && words_have_closures(heap->old->data, heap->old->top, functions));
    for (const Fragment *f = heap->fragments; f != NULL && !found; f = f->next) {
        found = words_have_closures(f->data, f->data + f->words, functions);
    }
    return found;
}

HeapStatus heap_evict(Heap *heap, const Term *from, size_t words) {
    return collect(heap, 0, NULL, 0, true, range_of(from, from + words));
}

// SPDX-License-Identifier: Apache-2.0
// Walks all that a heap's roots reach and CHECKs every object, pointer and list. For debug builds
// and tests; gives up silently when there is no memory for the walk.
#include "vm/heap/gc_private.h"
#include "vm/heap/heap.h"
#include "vm/heap/seen.h"
#include "vm/term/bytes.h"
#include "vm/term/stack.h"

typedef enum {
    PLACE_NOWHERE,
    PLACE_ROOT,
    PLACE_YOUNG,
    PLACE_OLD,
    PLACE_FRAGMENT,
    PLACE_LITERAL
} Place;

typedef struct {
    Heap *heap;
    Seen seen;
    Seen listed;     // SHARED boxes on one of the lists
    TermStack stack; // frames: a box or cell that is to be checked; kind: its Place
    bool gave_up;
} Verifier;

// Where an address lies, and where the memory in use there ends.
static Place place_of(const Heap *heap, uintptr_t at, uintptr_t *end) {
    Range young = range_of(heap->start, heap->top);
    Range old = heap->old != NULL ? range_of(heap->old->data, heap->old->top) : (Range){0, 0};
    Range literal = {heap->pool->literal_base, heap->pool->literal_size};
    if (range_has(young, at)) {
        *end = young.base + young.size;
        return PLACE_YOUNG;
    }
    if (range_has(old, at)) {
        *end = old.base + old.size;
        return PLACE_OLD;
    }
    if (range_has(literal, at)) {
        *end = literal.base + literal.size;
        return PLACE_LITERAL;
    }
    Range foreign = range_of_fragment(heap->foreign);
    if (range_has(foreign, at)) {
        *end = foreign.base + foreign.size;
        return PLACE_FRAGMENT;
    }
    for (const Fragment *f = heap->fragments; f != NULL; f = f->next) {
        Range words = range_of(f->data, f->data + f->words);
        if (range_has(words, at)) {
            *end = words.base + words.size;
            return PLACE_FRAGMENT;
        }
    }
    return PLACE_NOWHERE;
}

// Objects ----------------------------------------------------------------------------------------

// SHARED or SLICE.
static void check_window(Term t, SharedBytes *shared) {
    BytesView view = bytes_view(t);
    CHECK(view.data >= shared->data);
    CHECK((size_t)(view.data - shared->data) + view.len <=
          atomic_load_explicit(&shared->used, memory_order_relaxed));
}

static void check_bytes(Verifier *v, Term t, Place place) {
    if (box_kind(t) == KIND_BYTES) {
        CHECK(box_words(t) == 1 + (box_raw(t, 0) + 7) / 8);
        return;
    }
    if (box_kind(t) == KIND_SLICE) {
        Term parent = box_term(t, 2);
        CHECK(term_is_kind(parent, KIND_SHARED));
        check_window(t, shared_of(parent));
        return;
    }
    CHECK(box_words(t) == 4);
    SharedBytes *shared = shared_of(t);
    check_window(t, shared);
    CHECK(atomic_load_explicit(&shared->refs, memory_order_relaxed) > 0);
    // Else it would never be released.
    CHECK(place == PLACE_LITERAL || v->gave_up || seen_mark(&v->listed, t) == SEEN_AGAIN);
}

static void check_box(Verifier *v, Term t, Place place) {
    size_t words = box_words(t);
    switch (box_kind(t)) {
    case KIND_FLOAT: {
        CHECK(words == 1);
        double d;
        memcpy(&d, term_pointer(t) + 1, sizeof d);
        CHECK(!flo_fits(d));
        break;
    }
    case KIND_BIGNUM:
        CHECK(words > 0);
        CHECK(box_raw(t, words - 1) != 0);
        break;
    case KIND_BYTES:
    case KIND_SHARED:
    case KIND_SLICE: check_bytes(v, t, place); break;
    case KIND_FLATMAP: CHECK(words % 2 == 0); break;
    case KIND_MAP:
        CHECK(words == 2);
        CHECK(term_is_kind(box_term(t, 1), KIND_MAPNODE));
        break;
    case KIND_FNREF:
    case KIND_RANGE: CHECK(words == 3); break;
    case KIND_REF: CHECK(words == 2); break;
    case KIND_FN:
    case KIND_RECORD:
    case KIND_MAPNODE:
    case KIND_MAPLEAF: CHECK(words > 0); break;
    case KIND_TUPLE:
    case KIND_COUNT: break;
    }
}

// Whether an object in `from` may lead to one in `to`.
static bool may_lead(Place from, Place to) {
    switch (from) {
    case PLACE_ROOT:
    case PLACE_YOUNG:
    case PLACE_FRAGMENT: // heap_reserve_aside makes some that are as good as the young block
        return to != PLACE_NOWHERE;
    case PLACE_OLD: return to == PLACE_OLD || to == PLACE_LITERAL;
    case PLACE_LITERAL:
    case PLACE_NOWHERE: break;
    }
    return to == PLACE_LITERAL;
}

// A slot of an object in `from`: what it leads to is put on the stack, the first time.
static void check_slot(Verifier *v, Term t, Place from) {
    CHECK(!term_is_header(t));
    if (!term_is_pointer(t) || v->gave_up) {
        return;
    }
    uintptr_t end;
    Place place = place_of(v->heap, term_address(t), &end);
    // The one exception: a filled cell, until the next collection has seen it.
    bool is_remembered = v->heap->need_full || heap_remembers(v->heap);
    CHECK(may_lead(from, place) || (from == PLACE_OLD && is_remembered && place != PLACE_NOWHERE));
    if (place == PLACE_LITERAL) {
        return;
    }
    size_t words = 2;
    if (term_is_box(t)) {
        CHECK(term_is_header(term_pointer(t)[0]));
        CHECK(box_kind(t) < KIND_COUNT);
        words = 1 + box_words(t);
    }
    CHECK(words * sizeof(Term) <= end - term_address(t));
    SeenStatus status = seen_mark(&v->seen, t);
    if (status == SEEN_FIRST) {
        *term_stack_push(&v->stack) = (TermFrame){t, TERM_NONE, 0, place, 0};
    }
    v->gave_up = v->gave_up || status == SEEN_NO_MEMORY;
}

static void check_object(Verifier *v, Term t, Place place) {
    if (term_is_cons(t)) {
        CHECK(!term_same_bits(cons_head(t), TERM_MOVED));
        check_slot(v, cons_head(t), place);
        check_slot(v, cons_tail(t), place);
        return;
    }
    check_box(v, t, place);
    for (size_t i = kind_raw_words(box_kind(t), box_words(t)); i < box_words(t); i++) {
        check_slot(v, box_term(t, i), place);
    }
}

// Roots and lists --------------------------------------------------------------------------------

static void check_roots(void *verifier, Term *slot, size_t count) {
    Verifier *v = verifier;
    for (size_t i = 0; i < count; i++) {
        check_slot(v, slot[i], PLACE_ROOT);
    }
}

static void note_list(Verifier *v, const OffHeap *list, Place place) {
    for (Term *box = list->first; box != NULL && !v->gave_up;
         box = (Term *)(uintptr_t)box[SHARED_NEXT].bits) {
        uintptr_t end;
        Place at = place_of(v->heap, (uintptr_t)box, &end);
        CHECK(at == place);
        CHECK(term_is_header(box[0]));
        CHECK(header_kind(box[0]) == KIND_SHARED);
        SeenStatus status = seen_mark(&v->listed, term_from_box(box));
        v->gave_up = status == SEEN_NO_MEMORY;
        CHECK(status != SEEN_AGAIN); // on two lists, or in a circle
    }
}

static void check_bounds(const Heap *heap) {
    CHECK(heap->start + heap->survivors <= heap->top);
    CHECK(heap->top <= heap->sp);
    CHECK(heap->sp <= heap->stack_end);
    CHECK(heap->old == NULL ||
          (heap->old->data <= heap->old->top && heap->old->top <= heap->old->end));
}

void heap_verify(Heap *heap) {
    check_bounds(heap);
    Verifier v = {.heap = heap};
    seen_init(&v.seen, heap->pool->mem);
    seen_init(&v.listed, heap->pool->mem);
    term_stack_init(&v.stack, heap->pool->mem, true);
    note_list(&v, &heap->offheap_young, PLACE_YOUNG);
    if (heap->old != NULL) {
        note_list(&v, &heap->old->offheap, PLACE_OLD);
    }
    for (const Fragment *f = heap->fragments; f != NULL; f = f->next) {
        note_list(&v, &f->offheap, PLACE_FRAGMENT);
    }
    heap->pool->each_root(heap, check_roots, &v);
    while (v.stack.count > 0) {
        TermFrame f = *term_stack_top(&v.stack);
        term_stack_pop(&v.stack);
        check_object(&v, f.a, (Place)f.kind);
    }
    term_stack_free(&v.stack);
    seen_free(&v.seen);
    seen_free(&v.listed);
}

// SPDX-License-Identifier: Apache-2.0
// Copying terms into a room. See copy.h.
//
// Measuring walks the source over a work stack. Building needs none: objects are copied one after
// the other into the room, as they are, and a pointer runs behind over the copies, brings what
// their slots lead to after them and corrects the slots (Cheney 1970, but the source is not marked,
// since others may read it: what is reached twice is found by a table).
#include "vm/heap/copy.h"

#include "vm/heap/gc_private.h"
#include "vm/term/bytes.h"

enum { FRAME_LIST, FRAME_BOX };
enum { WORDS_PER_STEP = 16 };

static void set_doomed(Copying *c, const BlockPool *pool) {
    c->evict = (const Term *)pool->doomed.literals;
    c->evict_words = pool->doomed.literal_size / sizeof(Term);
    c->refused = pool->doomed.functions;
    c->refused_size = pool->doomed.function_size;
}

void copying_init(Copying *c, BlockPool *pool, Term source) {
    c->pool = pool;
    c->source = c->next = source;
    c->words = 0;
    c->keep_shared = false;
    set_doomed(c, pool);
    c->scan = NULL;
    c->result = TERM_NONE;
    term_stack_init(&c->stack, pool->mem, false);
    seen_init(&c->seen, pool->mem);
}

void copying_free(Copying *c) {
    term_stack_free(&c->stack);
    seen_free(&c->seen);
}

// Whether t is left where it is.
static bool is_kept(const Copying *c, Term t) {
    if (!term_is_pointer(t)) {
        return true;
    }
    uintptr_t at = term_address(t);
    return at - c->pool->literal_base < c->pool->literal_size &&
           at - (uintptr_t)c->evict >= c->evict_words * sizeof(Term);
}

// Measuring --------------------------------------------------------------------------------------

// Parts of shared bytes are copied as a reference of their own, or as bytes.
static bool is_bytes_window(Kind kind) {
    return kind == KIND_SHARED || kind == KIND_SLICE;
}

static size_t copied_words(Term t) {
    if (term_is_cons(t)) {
        return CONS_WORDS;
    }
    return is_bytes_window(box_kind(t)) ? bytes_words(bytes_len(t)) : 1 + box_words(t);
}

// Counts t and leaves its parts on the stack. False: no memory.
static bool measure_term(Copying *c, Term t) {
    if (c->keep_shared) {
        SeenStatus status = seen_mark(&c->seen, t);
        if (status != SEEN_FIRST) {
            return status == SEEN_AGAIN;
        }
    }
    c->words += copied_words(t);
    uint64_t first = 0;
    if (term_is_box(t)) {
        Kind kind = box_kind(t);
        if (kind == KIND_FN && box_raw(t, 0) - c->refused < c->refused_size) {
            return false;
        }
        first = kind_raw_words(kind, box_words(t));
        if (first == box_words(t) || is_bytes_window(kind)) {
            return true;
        }
    }
    TermFrame *f = term_stack_push(&c->stack);
    if (f != NULL) {
        *f = (TermFrame){t, TERM_NONE, first, term_is_cons(t) ? FRAME_LIST : FRAME_BOX, 0};
    }
    return f != NULL;
}

// The next part that is copied, from the top frame; TERM_NONE when the frame had none left. The
// cells of a list that come after its first are counted here.
static Term next_of_list(Copying *c, TermFrame *f, int64_t *budget) {
    Term at = f->a;
    while (term_is_cons(at) && *budget > 0) {
        Term head = cons_head(at);
        at = cons_tail(at);
        bool head_kept = is_kept(c, head);
        if (is_kept(c, at)) {
            term_stack_pop(&c->stack);
            return head_kept ? TERM_NONE : head;
        }
        if (!term_is_cons(at) || c->keep_shared) {
            // The tail is a term like any other; it comes after the head.
            if (head_kept) {
                term_stack_pop(&c->stack);
                return at;
            }
            *f = (TermFrame){at, TERM_NONE, 1, FRAME_BOX, 1};
            return head;
        }
        c->words += CONS_WORDS;
        --*budget;
        f->a = at;
        if (!head_kept) {
            return head;
        }
    }
    return TERM_NONE;
}

static Term next_of_box(Copying *c, TermFrame *f) {
    if (f->data == 1) { // a single term that waits
        Term t = f->a;
        term_stack_pop(&c->stack);
        return t;
    }
    size_t words = box_words(f->a);
    while (f->index < words) {
        Term t = box_term(f->a, f->index++);
        if (!is_kept(c, t)) {
            if (f->index == words) {
                term_stack_pop(&c->stack);
            }
            return t;
        }
    }
    term_stack_pop(&c->stack);
    return TERM_NONE;
}

static void begin_anew(Copying *c) {
    c->stack.count = 0;
    c->words = 0;
    c->keep_shared = true;
    c->next = c->source;
}

StepStatus copying_measure(Copying *c, int64_t *budget) {
    for (;;) {
        if (!term_same_bits(c->next, TERM_NONE)) {
            if (*budget <= 0) {
                return STEP_MORE;
            }
            --*budget;
            if (!is_kept(c, c->next) && !measure_term(c, c->next)) {
                return STEP_MEMORY;
            }
            c->next = TERM_NONE;
        }
        TermFrame *f = term_stack_top(&c->stack);
        if (f == NULL) {
            return STEP_DONE;
        }
        if (c->words > COPY_TREE_WORDS && !c->keep_shared) {
            begin_anew(c);
            continue;
        }
        c->next = f->kind == FRAME_LIST ? next_of_list(c, f, budget) : next_of_box(c, f);
        if (*budget <= 0) {
            return STEP_MORE;
        }
    }
}

// Building ---------------------------------------------------------------------------------------

static Term copy_window(Room *room, Term t) {
    BytesView v = bytes_view(t);
    if (v.len <= BYTES_HEAP_MAX) {
        return room_bytes(NULL, room, v.data, v.len);
    }
    SharedBytes *shared = shared_of(box_kind(t) == KIND_SLICE ? box_term(t, 2) : t);
    size_t share = shared_share(shared);
    return room_shared(room, shared_retain(shared), (size_t)(v.data - shared->data), v.len, share);
}

static Term copy_object(Room *room, Term t) {
    if (term_is_cons(t)) {
        return room_cons(room, cons_head(t), cons_tail(t));
    }
    if (is_bytes_window(box_kind(t))) {
        return copy_window(room, t);
    }
    size_t words = 1 + box_words(t);
    Term *to = room_take(room, words);
    memcpy(to, term_pointer(t), words * sizeof(Term));
    return term_from_box(to);
}

// What the slot leads to is copied, unless it was already. False: no memory.
static bool correct(Copying *c, Room *room, Term *slot) {
    Term t = *slot;
    if (is_kept(c, t)) {
        return true;
    }
    bool is_shared = c->keep_shared && seen_is_shared(&c->seen, t);
    if (is_shared) {
        Term copy = seen_copy(&c->seen, t);
        if (!term_same_bits(copy, TERM_NONE)) {
            *slot = copy;
            return true;
        }
    }
    *slot = copy_object(room, t);
    return !is_shared || seen_set_copy(&c->seen, t, *slot);
}

// Corrects the object at c->scan. False: no memory.
static bool correct_object(Copying *c, Room *room) {
    Term word = *c->scan;
    if (!term_is_header(word)) {
        Term *cell = c->scan;
        c->scan += CONS_WORDS;
        return correct(c, room, cell) && correct(c, room, cell + 1);
    }
    size_t words = header_words(word);
    Term *first = c->scan + 1;
    c->scan += 1 + words;
    for (size_t i = kind_raw_words(header_kind(word), words); i < words; i++) {
        if (!correct(c, room, first + i)) {
            return false;
        }
    }
    return true;
}

StepStatus copying_build(Copying *c, Room *room, int64_t *budget) {
    if (c->scan == NULL) {
        c->scan = room->at;
        c->result = c->source;
        if (!correct(c, room, &c->result)) {
            return STEP_MEMORY;
        }
    }
    while (c->scan < room->at) {
        if (*budget <= 0) {
            return STEP_MORE;
        }
        // Large objects take longer.
        *budget -=
            1 + (int64_t)((term_is_header(*c->scan) ? header_words(*c->scan) : 0) / WORDS_PER_STEP);
        if (!correct_object(c, room)) {
            return STEP_MEMORY;
        }
    }
    return STEP_DONE;
}

// At once ----------------------------------------------------------------------------------------
// Most messages are a few words: these are measured with a short array of what is still to be
// looked at, and built without looking for sharing, which must not pay there.

enum { SMALL_WORDS = 512, SMALL_PENDING = 32 };

typedef struct {
    const BlockPool *pool;
    size_t words;
    size_t count;
    Term pending[SMALL_PENDING];
} SmallMeasure;

// False: there is no place for one more.
static inline bool small_push(SmallMeasure *m, Term t) {
    if (!term_is_pointer(t) || block_pool_shares(m->pool, t)) {
        return true;
    }
    if (m->count == SMALL_PENDING) {
        return false;
    }
    m->pending[m->count++] = t;
    return true;
}

// False: the term is too large or too ramified for this way.
static bool measure_small(const BlockPool *pool, Term source, size_t *words) {
    SmallMeasure m;
    m.pool = pool;
    m.words = m.count = 0;
    bool fits = small_push(&m, source);
    while (fits && m.count > 0 && m.words <= SMALL_WORDS) {
        Term t = m.pending[--m.count];
        m.words += copied_words(t);
        if (term_is_cons(t)) {
            fits = small_push(&m, cons_head(t)) && small_push(&m, cons_tail(t));
            continue;
        }
        Kind kind = box_kind(t);
        if (kind == KIND_FN &&
            box_raw(t, 0) - pool->doomed.functions < pool->doomed.function_size) {
            return false;
        }
        size_t end = is_bytes_window(kind) || m.words > SMALL_WORDS ? 0 : box_words(t);
        for (size_t i = kind_raw_words(kind, end); fits && i < end; i++) {
            fits = small_push(&m, box_term(t, i));
        }
    }
    *words = m.words;
    return fits && m.words <= SMALL_WORDS;
}

// What copying_build needs of a Copying when sharing is not kept.
static void build_small(BlockPool *pool, Term source, Room *room, Term *result) {
    Copying c;
    c.pool = pool;
    c.source = source;
    set_doomed(&c, pool);
    c.keep_shared = false;
    c.scan = NULL;
    int64_t budget = INT64_MAX;
    StepStatus status = copying_build(&c, room, &budget);
    ASSERT(status == STEP_DONE);
    *result = c.result;
}

static bool measure_all(Copying *c, BlockPool *pool, Term source) {
    copying_init(c, pool, source);
    int64_t budget = INT64_MAX;
    return copying_measure(c, &budget) == STEP_DONE;
}

static bool build_all(Copying *c, Room *room, Term *result) {
    int64_t budget = INT64_MAX;
    ASSERT(room_left(room) >= c->words);
    bool ok = copying_build(c, room, &budget) == STEP_DONE;
    *result = c->result;
    return ok;
}

bool copy_words(BlockPool *pool, Term source, size_t *words) {
    if (measure_small(pool, source, words)) {
        return true;
    }
    Copying c;
    bool ok = measure_all(&c, pool, source);
    *words = c.words;
    copying_free(&c);
    return ok;
}

bool copy_to_room(BlockPool *pool, Term source, Room *room, Term *result) {
    size_t words;
    if (measure_small(pool, source, &words)) {
        ASSERT(room_left(room) >= words);
        build_small(pool, source, room, result);
        return true;
    }
    Copying c;
    bool ok = measure_all(&c, pool, source) && build_all(&c, room, result);
    copying_free(&c);
    return ok;
}

static bool copy_large(BlockPool *pool, Term source, Term *result, Fragment **fragment) {
    Copying c;
    bool ok = measure_all(&c, pool, source);
    *fragment = ok ? fragment_new(pool->mem, c.words) : NULL;
    if (*fragment != NULL) {
        Room room = fragment_room(*fragment);
        ok = build_all(&c, &room, result);
        if (!ok) {
            fragment_free(pool->mem, *fragment);
            *fragment = NULL;
        }
    }
    copying_free(&c);
    return ok && *fragment != NULL;
}

bool copy_to_fragment(BlockPool *pool, Term source, Term *result, Fragment **fragment) {
    *fragment = NULL;
    *result = source;
    size_t words;
    if (!measure_small(pool, source, &words)) {
        return copy_large(pool, source, result, fragment);
    }
    if (words == 0) {
        return true;
    }
    *fragment = fragment_new(pool->mem, words);
    if (*fragment == NULL) {
        return false;
    }
    Room room = fragment_room(*fragment);
    build_small(pool, source, &room, result);
    return true;
}

// Fragments --------------------------------------------------------------------------------------

Fragment *fragment_new(MemStats *mem, size_t words) {
    if (words > UINT32_MAX) {
        return NULL;
    }
    Fragment *fragment = mem_alloc(mem, MEM_FRAGMENT, sizeof *fragment + words * sizeof(Term));
    if (fragment != NULL) {
        fragment->next = NULL;
        fragment->offheap = (OffHeap){NULL, 0};
        fragment->capacity = (uint32_t)words;
        fragment->words = (uint32_t)words;
        fill_free_words(fragment->data, fragment->data + words);
    }
    return fragment;
}

Room fragment_room(Fragment *fragment) {
    return room_over(fragment->data, fragment->words, &fragment->offheap);
}

void fragment_free(MemStats *mem, Fragment *fragment) {
    for (Term *box = fragment->offheap.first; box != NULL;) {
        SharedBytes *shared = (SharedBytes *)(uintptr_t)box[SHARED_OWNER].bits;
        box = (Term *)(uintptr_t)box[SHARED_NEXT].bits;
        shared_release(shared);
    }
    mem_free(mem, MEM_FRAGMENT, fragment);
}

bool fragment_has_closures(const Fragment *fragment, const void *from, size_t bytes) {
    return words_have_closures(fragment->data, fragment->data + fragment->words,
                               (Range){(uintptr_t)from, bytes});
}

bool fragment_refers(const Fragment *fragment, const Term *from, size_t words) {
    Range range = range_of(from, from + words);
    for (uint32_t i = 0; i < fragment->words; i++) {
        if (term_is_pointer(fragment->data[i]) &&
            range_has(range, term_address(fragment->data[i]))) {
            return true;
        }
    }
    return false;
}

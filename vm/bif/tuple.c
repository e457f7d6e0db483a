// SPDX-License-Identifier: Apache-2.0
// Built-ins of Tuple. Tests: the examples of stdlib/tuple.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/heap/copy.h"

Term bif_tuple_size(Process *p, Term *args) {
    return term_is_tuple(args[0]) ? term_small((int64_t)tuple_size(args[0]))
                                  : process_badarg(p, args[0]);
}

// The position that args[1] names in the tuple args[0]; false after the failure.
static bool tuple_position(Process *p, Term *args, size_t *i) {
    if (!term_is_tuple(args[0])) {
        process_badarg(p, args[0]);
        return false;
    }
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 0 ||
        (size_t)term_to_small(args[1]) >= tuple_size(args[0])) {
        process_badarg(p, args[1]);
        return false;
    }
    *i = (size_t)term_to_small(args[1]);
    return true;
}

Term bif_tuple_at(Process *p, Term *args) {
    size_t i;
    return tuple_position(p, args, &i) ? tuple_at(args[0], i) : TERM_NONE;
}

// Building large ones -----------------------------------------------------------------------------
// A tuple of more than CELL_CHUNK elements is made in a fragment that the heap adopts when it is
// full, in chunks with yields between: a block of the heap could not be kept half filled.

typedef struct {
    Work work;
    Fragment *fragment; // NULL: the list is being counted
    Term at;            // what is left of the list
    size_t count;       // elements, or of those counted so far
    size_t filled;
} Building;

static void building_drop(Process *p, Work *work) {
    Building *b = (Building *)work;
    if (b->fragment != NULL) {
        fragment_free(bif_mem(p), b->fragment);
    }
    bif_free(p, work);
}

static void building_roots(Work *work, RootVisit visit, void *collection) {
    Building *b = (Building *)work;
    visit(collection, &b->at, 1);
    if (b->fragment != NULL) {
        visit(collection, b->fragment->data + 1, b->filled);
    }
}

// Memory for the elements. False after :limit(:memory) or, where the heap may not become so large,
// :limit(:heap).
static bool building_start(Process *p, Building *b, size_t count) {
    size_t limit = p->heap.limit_words;
    if (limit != 0 && count >= limit) {
        process_limit(p, AM_heap);
        return false;
    }
    b->fragment = fragment_new(bif_mem(p), 1 + count);
    if (b->fragment == NULL) {
        process_limit(p, AM_memory);
        return false;
    }
    b->count = count;
    b->fragment->data[0] = header_make(KIND_TUPLE, count, 0);
    return true;
}

// The next elements, at most a chunk, for the caller to fill in.
static Term *building_next(Building *b, size_t *n) {
    *n = b->count - b->filled < CELL_CHUNK ? b->count - b->filled : CELL_CHUNK;
    Term *to = b->fragment->data + 1 + b->filled;
    b->filled += *n;
    return to;
}

// The tuple, which is p's now.
static Term building_finish(Process *p, Building *b) {
    Term tuple = term_from_box(b->fragment->data);
    heap_adopt(&p->heap, b->fragment);
    b->fragment = NULL;
    bif_end(p);
    return tuple;
}

// Changing ----------------------------------------------------------------------------------------

static Term put_large(Process *p, Term *args, size_t i) {
    Building *b = bif_resume(p, bif_tuple_put);
    if (b == NULL) {
        b = bif_begin(p, sizeof *b, bif_tuple_put, building_drop, building_roots);
        if (b == NULL) {
            return TERM_NONE;
        }
        b->at = TERM_NIL;
        if (!building_start(p, b, tuple_size(args[0]))) {
            bif_end(p);
            return TERM_NONE;
        }
    }
    while (b->filled < b->count) {
        const Term *from = tuple_elements(args[0]) + b->filled;
        size_t n;
        Term *to = building_next(b, &n);
        memcpy(to, from, n * sizeof(Term));
        if (bif_charge(p, n, CELLS_PER_REDUCTION) && b->filled < b->count) {
            return TERM_YIELD;
        }
    }
    b->fragment->data[1 + i] = args[2];
    return building_finish(p, b);
}

Term bif_tuple_put(Process *p, Term *args) {
    size_t i;
    if (!tuple_position(p, args, &i)) {
        return TERM_NONE;
    }
    if (tuple_size(args[0]) > CELL_CHUNK) {
        return put_large(p, args, i);
    }
    Room room;
    if (!process_reserve(p, 1 + tuple_size(args[0]), NULL, 0, &room)) {
        return TERM_NONE;
    }
    process_charge(p, (int32_t)(tuple_size(args[0]) / CELLS_PER_REDUCTION));
    return tuple_put(&room, args[0], i, args[2]);
}

// Lists -------------------------------------------------------------------------------------------

typedef struct {
    Work work;
    Term list; // of the elements from `left` on
    size_t left;
} Listing;

static void listing_roots(Work *work, RootVisit visit, void *collection) {
    visit(collection, &((Listing *)work)->list, 1);
}

// From the last element to the first, a chunk at a time.
static Term list_large(Process *p, Term *args) {
    Listing *l = bif_resume(p, bif_tuple_to_list);
    if (l == NULL) {
        l = bif_begin(p, sizeof *l, bif_tuple_to_list, bif_free, listing_roots);
        if (l == NULL) {
            return TERM_NONE;
        }
        l->list = TERM_EMPTY;
        l->left = tuple_size(args[0]);
    }
    while (l->left > 0) {
        size_t n = l->left < CELL_CHUNK ? l->left : CELL_CHUNK;
        Room room;
        if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
            bif_end(p);
            return TERM_NONE;
        }
        l->left -= n;
        l->list = room_list(&room, tuple_elements(args[0]) + l->left, n, l->list);
        if (bif_charge(p, n, CELLS_PER_REDUCTION) && l->left > 0) {
            return TERM_YIELD;
        }
    }
    Term list = l->list;
    bif_end(p);
    return list;
}

Term bif_tuple_to_list(Process *p, Term *args) {
    if (!term_is_tuple(args[0])) {
        return process_badarg(p, args[0]);
    }
    size_t n = tuple_size(args[0]);
    if (n > CELL_CHUNK) {
        return list_large(p, args);
    }
    Room room;
    if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
    return room_list(&room, tuple_elements(args[0]), n, TERM_EMPTY);
}

// What is longer than this fails with :limit(:tuple).
enum { TUPLE_MAX = 1 << 24 };

static Term from_short_list(Process *p, Term *args, size_t n) {
    Room room;
    if (!process_reserve(p, 1 + n, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term tuple = room_box(&room, KIND_TUPLE, n, 0);
    Term at = args[0];
    for (size_t i = 0; i < n; i++, at = cons_tail(at)) {
        box_set(tuple, i, cons_head(at));
    }
    process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
    return tuple;
}

// Counts on, and begins to build at the end. False: there is more to count, or p has failed.
static bool count_list(Process *p, Term *args, Building *b) {
    while (term_is_cons(b->at)) {
        size_t n = list_walk(&b->at, CELL_CHUNK);
        b->count += n;
        if (b->count > TUPLE_MAX) {
            b->at = TERM_NIL;
            process_limit(p, AM_tuple);
            return false;
        }
        if (bif_charge(p, n, CELLS_PER_REDUCTION) && term_is_cons(b->at)) {
            return false;
        }
    }
    if (!term_is_empty(b->at)) {
        process_badarg(p, args[0]);
        return false;
    }
    b->at = args[0];
    return building_start(p, b, b->count);
}

Term bif_tuple_from_list(Process *p, Term *args) {
    Building *b = bif_resume(p, bif_tuple_from_list);
    if (b == NULL) {
        Term at = args[0];
        size_t n = list_walk(&at, CELL_CHUNK);
        if (!term_is_cons(at)) {
            return term_is_empty(at) ? from_short_list(p, args, n) : process_badarg(p, args[0]);
        }
        b = bif_begin(p, sizeof *b, bif_tuple_from_list, building_drop, building_roots);
        if (b == NULL) {
            return TERM_NONE;
        }
        b->at = at;
        b->count = n;
    }
    if (b->fragment == NULL && !count_list(p, args, b)) {
        if (term_same_bits(p->reason, TERM_NONE)) {
            return TERM_YIELD;
        }
        bif_end(p);
        return TERM_NONE;
    }
    while (b->filled < b->count) {
        size_t n;
        Term *to = building_next(b, &n);
        for (size_t i = 0; i < n; i++, b->at = cons_tail(b->at)) {
            to[i] = cons_head(b->at);
        }
        if (bif_charge(p, n, CELLS_PER_REDUCTION) && b->filled < b->count) {
            return TERM_YIELD;
        }
    }
    return building_finish(p, b);
}

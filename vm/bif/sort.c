// SPDX-License-Identifier: Apache-2.0
// List.sort/1: a stable merge sort in the order of all terms, bottom up, over an array of the
// elements.
//
// Phases: collect the elements (then the list itself is let go), sort runs of RUN elements by
// insertion, merge runs of rising width, build the list from its end. Every phase stops when its
// reductions are spent, a merge in the middle of two runs and a comparison in the middle of two
// terms if need be. Elements without pointers are no roots. Tests: tests/stdlib/list_test.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/term/compare.h"

enum { RUN = 8, COMPARES_PER_REDUCTION = 4, BUILD_CHUNK = 16 * 1024 };

typedef enum { SORT_COLLECT, SORT_RUNS, SORT_MERGE, SORT_BUILD } SortPhase;

typedef struct {
    Work work;
    Term at;     // collecting: the rest of the list; building: the list so far
    Term *items; // `count` of them
    Term *other; // where a merge puts them
    size_t count;
    size_t items_capacity;
    size_t width; // of sorted runs in items
    size_t low;   // of the two runs that are merged
    size_t i;     // next of the first run, of the second, and in other
    size_t j;
    size_t k;
    size_t steps; // taken in merges: the first runs are too short to charge one by one
    size_t hole;  // SORT_RUNS: the element that is moved down
    Comparison comparison;
    SortPhase phase;
    bool comparing;
    bool pointers; // some element points to memory
} Sort;

static void sort_drop(Process *p, Work *work) {
    Sort *s = (Sort *)work;
    if (s->comparing) {
        comparison_free(&s->comparison);
    }
    mem_free(bif_mem(p), MEM_BIF, s->items);
    mem_free(bif_mem(p), MEM_BIF, s->other);
    bif_free(p, work);
}

static void sort_roots(Work *work, RootVisit visit, void *collection) {
    Sort *s = (Sort *)work;
    visit(collection, &s->at, 1);
    if (s->pointers) {
        visit(collection, s->items, s->count);
        if (s->phase == SORT_MERGE) {
            visit(collection, s->other, s->k);
        }
    }
    if (s->comparing) {
        comparison_each_root(&s->comparison, visit, collection);
    }
}

static StepStatus sort_collect(Process *p, Sort *s) {
    while (term_is_cons(s->at)) {
        size_t end = s->count + CELL_CHUNK;
        Term *grown = bif_grow(p, s->items, &s->items_capacity, end, sizeof(Term));
        if (grown == NULL) {
            return STEP_MEMORY;
        }
        s->items = grown;
        while (s->count < end && term_is_cons(s->at)) {
            Term item = cons_head(s->at);
            s->items[s->count++] = item;
            s->pointers |= term_is_pointer(item);
            s->at = cons_tail(s->at);
        }
        if (bif_charge(p, CELL_CHUNK, CELLS_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

// Whether b comes before a. STEP_DONE: *less is set.
static inline StepStatus sort_less(Process *p, Sort *s, Term a, Term b, bool *less) {
    if (terms_are_small(a, b)) {
        *less = (int64_t)b.bits < (int64_t)a.bits;
        return STEP_DONE;
    }
    if (term_is_flo(a) && term_is_flo(b)) {
        *less = term_to_flo(b) < term_to_flo(a);
        return STEP_DONE;
    }
    if (!s->comparing) {
        comparison_init(&s->comparison, p->vm->atoms, COMPARE_ORDER, b, a);
        s->comparing = true;
    }
    int64_t budget = 2048;
    StepStatus status = comparison_run(&s->comparison, &budget);
    process_charge(p, (int32_t)((2048 - budget) / COMPARES_PER_REDUCTION));
    if (status == STEP_DONE) {
        *less = s->comparison.result < 0;
        s->comparing = false;
        comparison_free(&s->comparison);
    }
    return status;
}

// Insertion into runs of RUN: s->i is the element to be placed, s->hole where it is now.
static StepStatus sort_runs(Process *p, Sort *s) {
    size_t steps = 0;
    while (s->i < s->count) {
        size_t start = s->i - s->i % RUN;
        while (s->hole > start) {
            bool less;
            StepStatus status = sort_less(p, s, s->items[s->hole - 1], s->items[s->hole], &less);
            if (status != STEP_DONE) {
                return status;
            }
            if (!less) {
                break;
            }
            Term moved = s->items[s->hole];
            s->items[s->hole] = s->items[s->hole - 1];
            s->items[s->hole - 1] = moved;
            s->hole--;
        }
        s->i++;
        s->hole = s->i;
        if (++steps % 64 == 0 && bif_charge(p, 64 * 4, COMPARES_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

static inline size_t sort_min(size_t a, size_t b) {
    return a < b ? a : b;
}

// Merges the runs [low, middle) and [middle, high) of items into other, from where it left off.
static StepStatus sort_merge_pair(Process *p, Sort *s, size_t middle, size_t high) {
    while (s->i < middle && s->j < high) {
        bool less;
        StepStatus status = sort_less(p, s, s->items[s->i], s->items[s->j], &less);
        if (status != STEP_DONE) {
            return status;
        }
        s->other[s->k++] = less ? s->items[s->j++] : s->items[s->i++];
        if (++s->steps % 512 == 0 && bif_charge(p, 512, COMPARES_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    while (s->i < middle || s->j < high) {
        s->other[s->k++] = s->i < middle ? s->items[s->i++] : s->items[s->j++];
        if (++s->steps % 512 == 0 && bif_charge(p, 512, 8 * COMPARES_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

static StepStatus sort_merge(Process *p, Sort *s) {
    while (s->width < s->count) {
        while (s->low < s->count) {
            size_t middle = sort_min(s->low + s->width, s->count);
            size_t high = sort_min(middle + s->width, s->count);
            if (s->k == s->low && s->i == s->low && !s->comparing) {
                s->j = middle;
            }
            StepStatus status = sort_merge_pair(p, s, middle, high);
            if (status != STEP_DONE) {
                return status;
            }
            s->low = s->i = s->k = high;
            if (p->reds <= 0) {
                return STEP_MORE;
            }
        }
        Term *swap = s->items;
        s->items = s->other;
        s->other = swap;
        s->width *= 2;
        s->low = s->i = s->k = 0;
    }
    return STEP_DONE;
}

static StepStatus sort_build(Process *p, Sort *s) {
    while (s->count > 0) {
        size_t n = sort_min(s->count, BUILD_CHUNK);
        Room room;
        if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
            return STEP_MEMORY;
        }
        s->count -= n;
        s->at = room_list(&room, s->items + s->count, n, s->at);
        if (bif_charge(p, n, CELLS_PER_REDUCTION) && s->count > 0) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

static StepStatus sort_step(Process *p, Sort *s) {
    switch (s->phase) {
    case SORT_COLLECT: return sort_collect(p, s);
    case SORT_RUNS: return sort_runs(p, s);
    case SORT_MERGE: return sort_merge(p, s);
    case SORT_BUILD: return sort_build(p, s);
    }
    UNREACHABLE();
}

// Between two phases. False: no memory.
static bool sort_next_phase(Process *p, Sort *s) {
    s->phase++;
    s->i = s->hole = 0;
    if (s->phase == SORT_MERGE) {
        s->width = RUN;
        if (s->count > RUN) {
            s->other = mem_alloc(bif_mem(p), MEM_BIF, s->count * sizeof(Term));
            return s->other != NULL;
        }
    }
    return true;
}

Term bif_list_sort(Process *p, Term *args) {
    Sort *s = bif_resume(p, bif_list_sort);
    if (s == NULL) {
        if (!term_is_list(args[0])) {
            return process_badarg(p, args[0]);
        }
        if (term_is_empty(args[0]) || term_is_empty(cons_tail(args[0]))) {
            return args[0];
        }
        s = bif_begin(p, sizeof *s, bif_list_sort, sort_drop, sort_roots);
        if (s == NULL) {
            return TERM_NONE;
        }
        s->at = args[0];
    }
    while (s->phase <= SORT_BUILD) {
        StepStatus status = sort_step(p, s);
        if (status == STEP_MORE) {
            return TERM_YIELD;
        }
        if (status == STEP_MEMORY) {
            return s->phase == SORT_BUILD ? (bif_end(p), TERM_NONE) : bif_end_memory(p);
        }
        if (s->phase == SORT_COLLECT) {
            if (!term_is_empty(s->at)) {
                return bif_end_badarg(p, args[0]);
            }
            args[0] = TERM_EMPTY; // the elements are in the array: the cells may go
        }
        if (s->phase == SORT_BUILD) {
            break;
        }
        if (!sort_next_phase(p, s)) {
            return bif_end_memory(p);
        }
    }
    Term sorted = s->at;
    bif_end(p);
    return sorted;
}

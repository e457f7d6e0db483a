// SPDX-License-Identifier: Apache-2.0
// Built-ins of List, and those for `in`, `++` and enumerables that the compiler calls (module Vm):
// walking, reversing and sorting lists of any length in pieces of CELL_CHUNK cells. stdlib/list.cop
// says what they mean.
//
// What lies between two runs is a position in a list and a list under construction, both roots;
// only sorting keeps an array, and then nothing else. Tests: tests/stdlib/list_test.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/term/compare.h"
#include "vm/term/map.h"

typedef struct {
    Work work;
    Term at;  // what is still to be seen
    Term acc; // what was built
    size_t count;
    bool turned;
} ListWork;

static void list_drop(Process *p, Work *work) {
    bif_free(p, work);
}

static void list_roots(Work *work, RootVisit visit, void *collection) {
    ListWork *w = (ListWork *)work;
    visit(collection, &w->at, 1);
    visit(collection, &w->acc, 1);
}

static ListWork *list_work(Process *p, BifFn owner, Term at, Term acc) {
    ListWork *w = bif_resume(p, owner);
    if (w == NULL) {
        w = bif_begin(p, sizeof *w, owner, list_drop, list_roots);
        if (w != NULL) {
            w->at = at;
            w->acc = acc;
        }
    }
    return w;
}

// Moves cells from w->at to w->acc, turned round, until w->at has no more. STEP_MORE: yield;
// STEP_MEMORY: p has failed.
static StepStatus list_turn(Process *p, ListWork *w) {
    while (term_is_cons(w->at)) {
        Term probe = w->at;
        size_t n = list_walk(&probe, CELL_CHUNK);
        Room room;
        if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
            return STEP_MEMORY;
        }
        Term at = w->at;
        Term acc = w->acc;
        for (size_t i = 0; i < n; i++) {
            acc = room_cons(&room, cons_head(at), acc);
            at = cons_tail(at);
        }
        w->at = at;
        w->acc = acc;
        if (bif_charge(p, n, CELLS_PER_REDUCTION) && term_is_cons(w->at)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

// ---- length, reverse, ++ ------------------------------------------------------------------------

Term bif_list_length(Process *p, Term *args) {
    if (p->work == NULL) {
        if (term_is_map(args[0])) {
            return term_small((int64_t)map_size(args[0]));
        }
        if (term_is_range(args[0])) {
            return bif_range_size(p, &args[0]);
        }
        if (term_is_bytes(args[0])) {
            return term_small((int64_t)bytes_len(args[0]));
        }
        Term at = args[0];
        size_t n = list_walk(&at, CELL_CHUNK);
        if (term_is_empty(at)) {
            process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
            return term_small((int64_t)n);
        }
        if (!term_is_cons(at)) {
            return process_badarg(p, args[0]);
        }
    }
    ListWork *w = list_work(p, bif_list_length, args[0], TERM_EMPTY);
    if (w == NULL) {
        return TERM_NONE;
    }
    while (term_is_cons(w->at)) {
        w->count += list_walk(&w->at, CELL_CHUNK);
        if (bif_charge(p, CELL_CHUNK, CELLS_PER_REDUCTION)) {
            return TERM_YIELD;
        }
    }
    if (!term_is_empty(w->at)) {
        return bif_end_badarg(p, args[0]);
    }
    Term length = term_small((int64_t)w->count);
    bif_end(p);
    return length;
}

// A list of at most CELL_CHUNK elements.
static Term reverse_short(Process *p, Term *args, size_t n) {
    Room room;
    if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term acc = TERM_EMPTY;
    for (Term at = args[0]; term_is_cons(at); at = cons_tail(at)) {
        acc = room_cons(&room, cons_head(at), acc);
    }
    process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
    return acc;
}

Term bif_list_reverse(Process *p, Term *args) {
    if (p->work == NULL) {
        Term at = args[0];
        size_t n = list_walk(&at, CELL_CHUNK);
        if (term_is_empty(at)) {
            return n == 0 ? at : reverse_short(p, args, n);
        }
        if (!term_is_cons(at)) {
            return process_badarg(p, args[0]);
        }
    }
    ListWork *w = list_work(p, bif_list_reverse, args[0], TERM_EMPTY);
    if (w == NULL) {
        return TERM_NONE;
    }
    StepStatus status = list_turn(p, w);
    if (status == STEP_MORE) {
        return TERM_YIELD;
    }
    if (status == STEP_MEMORY) {
        bif_end(p);
        return TERM_NONE;
    }
    if (!term_is_empty(w->at)) {
        return bif_end_badarg(p, args[0]);
    }
    Term reversed = w->acc;
    bif_end(p);
    return reversed;
}

// A list of at most CELL_CHUNK elements in front of another.
static Term append_short(Process *p, Term *args, size_t n) {
    Room room;
    if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term *cells = room_take(&room, n * CONS_WORDS);
    Term at = args[0];
    for (size_t i = 0; i < n; i++, at = cons_tail(at)) {
        cells[2 * i] = cons_head(at);
        cells[2 * i + 1] = i + 1 < n ? term_from_cons(&cells[2 * i + 2]) : args[1];
    }
    process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
    return term_from_cons(cells);
}

Term bif_vm_append(Process *p, Term *args) {
    if (p->work == NULL) {
        if (!term_is_list(args[1])) {
            return process_badarg(p, term_is_list(args[0]) ? args[1] : args[0]);
        }
        Term at = args[0];
        size_t n = list_walk(&at, CELL_CHUNK);
        if (term_is_empty(at)) {
            return n == 0 ? args[1] : append_short(p, args, n);
        }
        if (!term_is_cons(at)) {
            return process_badarg(p, args[0]);
        }
    }
    ListWork *w = list_work(p, bif_vm_append, args[0], TERM_EMPTY);
    if (w == NULL) {
        return TERM_NONE;
    }
    for (;;) {
        StepStatus status = list_turn(p, w);
        if (status == STEP_MORE) {
            return TERM_YIELD;
        }
        if (status == STEP_MEMORY) {
            bif_end(p);
            return TERM_NONE;
        }
        if (!term_is_empty(w->at)) {
            return bif_end_badarg(p, args[0]);
        }
        if (w->turned) {
            break;
        }
        w->turned = true;
        w->at = w->acc;
        w->acc = args[1];
    }
    Term joined = w->acc;
    bif_end(p);
    return joined;
}

// ---- Enumerables --------------------------------------------------------------------------------

enum { ENTRY_PAIR, ENTRY_KEY, ENTRY_VALUE };

typedef struct {
    Work work;
    uint64_t cursor;
    Term acc;
} EntriesWork;

static void entries_roots(Work *work, RootVisit visit, void *collection) {
    visit(collection, &((EntriesWork *)work)->acc, 1);
}

static Term entry_of(Room *room, int which, Term key, Term value) {
    return which == ENTRY_KEY ? key : which == ENTRY_VALUE ? value : room_tuple2(room, key, value);
}

// The entries of a small map, in its order.
static Term entries_flat(Process *p, Term *args, int which) {
    size_t n = map_size(args[0]);
    Room room;
    if (!process_reserve(p, n * (CONS_WORDS + 3), NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term items[MAP_FLAT_MAX];
    uint64_t cursor = 0;
    for (size_t i = 0; i < n; i++) {
        Term key;
        Term value;
        cursor = map_next(args[0], cursor, &key, &value);
        items[i] = entry_of(&room, which, key, value);
    }
    return room_list(&room, items, n, TERM_EMPTY);
}

static Term map_entries(Process *p, Term *args, BifFn owner, int which) {
    if (!term_is_map(args[0])) {
        return process_badarg(p, args[0]);
    }
    if (map_size(args[0]) <= MAP_FLAT_MAX) {
        return entries_flat(p, args, which);
    }
    EntriesWork *w = bif_resume(p, owner);
    if (w == NULL) {
        w = bif_begin(p, sizeof *w, owner, list_drop, entries_roots);
        if (w == NULL) {
            return TERM_NONE;
        }
        w->acc = TERM_EMPTY;
    }
    enum { CHUNK = 256 };
    for (;;) {
        Room room;
        if (!process_reserve(p, CHUNK * (CONS_WORDS + 3), NULL, 0, &room)) {
            bif_end(p);
            return TERM_NONE;
        }
        for (size_t i = 0; i < CHUNK; i++) {
            Term key;
            Term value;
            uint64_t next = map_next(args[0], w->cursor, &key, &value);
            if (next == MAP_END) {
                Term list = w->acc;
                bif_end(p);
                return list;
            }
            w->cursor = next;
            w->acc = room_cons(&room, entry_of(&room, which, key, value), w->acc);
        }
        if (bif_charge(p, CHUNK, 4)) {
            return TERM_YIELD;
        }
    }
}

Term bif_map_to_list(Process *p, Term *args) {
    return map_entries(p, args, bif_map_to_list, ENTRY_PAIR);
}

Term bif_map_keys(Process *p, Term *args) {
    return map_entries(p, args, bif_map_keys, ENTRY_KEY);
}

Term bif_map_values(Process *p, Term *args) {
    return map_entries(p, args, bif_map_values, ENTRY_VALUE);
}

// (first, last, step) of a range.
Term bif_range_bounds(Process *p, Term *args) {
    if (!term_is_range(args[0])) {
        return process_badarg(p, args[0]);
    }
    Room room;
    if (!process_reserve(p, 4, NULL, 0, &room)) {
        return TERM_NONE;
    }
    return room_tuple3(&room, box_term(args[0], 0), box_term(args[0], 1), box_term(args[0], 2));
}

Term bif_range_make(Process *p, Term *args) {
    for (int i = 0; i < 3; i++) {
        if (!term_is_integer(args[i])) {
            return process_badarg(p, args[i]);
        }
    }
    if (term_same_bits(args[2], term_small(0))) {
        return process_badarg(p, args[2]);
    }
    Room room;
    if (!process_reserve(p, RANGE_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    return room_range(&room, args[0], args[1], args[2]);
}

Term bif_range_size_of(Process *p, Term *args) {
    return term_is_range(args[0]) ? bif_range_size(p, &args[0]) : process_badarg(p, args[0]);
}

// ---- in -----------------------------------------------------------------------------------------

typedef struct {
    Work work;
    Term at;
    Comparison comparison;
    bool comparing;
} SearchWork;

static void search_drop(Process *p, Work *work) {
    SearchWork *w = (SearchWork *)work;
    if (w->comparing) {
        comparison_free(&w->comparison);
    }
    bif_free(p, work);
}

static void search_roots(Work *work, RootVisit visit, void *collection) {
    SearchWork *w = (SearchWork *)work;
    visit(collection, &w->at, 1);
    if (w->comparing) {
        comparison_each_root(&w->comparison, visit, collection);
    }
}

// Whether the head of w->at equals x. STEP_DONE: *equal is set.
static StepStatus search_compare(Process *p, SearchWork *w, Term x, bool *equal) {
    Term head = cons_head(w->at);
    if (!w->comparing && (term_same_bits(head, x) || terms_are_small(head, x) || term_is_atom(x))) {
        *equal = term_same_bits(head, x);
        return STEP_DONE;
    }
    if (!w->comparing) {
        comparison_init(&w->comparison, p->vm->atoms, COMPARE_NUMERIC, head, x);
        w->comparing = true;
    }
    int64_t budget = 4096;
    StepStatus status = comparison_run(&w->comparison, &budget);
    process_charge(p, (int32_t)(4096 - budget) / CELLS_PER_REDUCTION);
    if (status == STEP_DONE) {
        *equal = w->comparison.result == 0;
        w->comparing = false;
        comparison_free(&w->comparison);
    }
    return status;
}

static Term search_list(Process *p, Term x, Term list) {
    SearchWork *w = bif_resume(p, bif_vm_is_in);
    if (w == NULL) {
        w = bif_begin(p, sizeof *w, bif_vm_is_in, search_drop, search_roots);
        if (w == NULL) {
            return TERM_NONE;
        }
        w->at = list;
    }
    size_t steps = 0;
    while (term_is_cons(w->at)) {
        bool equal = false;
        StepStatus status = search_compare(p, w, x, &equal);
        if (status == STEP_MEMORY) {
            return bif_end_memory(p);
        }
        if (status == STEP_DONE) {
            if (equal) {
                bif_end(p);
                return TERM_TRUE;
            }
            w->at = cons_tail(w->at);
        }
        if (++steps % 256 == 0 || status == STEP_MORE) {
            if (bif_charge(p, 256, CELLS_PER_REDUCTION)) {
                return TERM_YIELD;
            }
        }
    }
    bool proper = term_is_empty(w->at);
    bif_end(p);
    return proper ? TERM_FALSE : process_badarg(p, list);
}

// Short lists of immediate values without any work structure. 1: there, 0: not, -1: look properly.
static int search_simple(Term x, Term list) {
    for (size_t i = 0; i < 64; i++, list = cons_tail(list)) {
        if (!term_is_cons(list)) {
            return term_is_empty(list) ? 0 : -1;
        }
        Term head = cons_head(list);
        if (term_same_bits(head, x)) {
            return 1;
        }
        if (!term_is_atom(x) && !term_is_atom(head) && !terms_are_small(x, head)) {
            return -1;
        }
    }
    return -1;
}

static Term search_range(Process *p, Term x, Term range) {
    int64_t whole;
    double d;
    if (term_is_float(x)) {
        d = term_to_double(x);
        if (d != (double)(int64_t)d || d > 4e18 || d < -4e18) {
            return TERM_FALSE;
        }
        whole = (int64_t)d;
    } else if (!term_to_int64(x, &whole)) {
        if (!term_is_integer(x)) {
            return TERM_FALSE;
        }
        whole = 0;
    }
    Term first = box_term(range, 0);
    Term last = box_term(range, 1);
    Term step = box_term(range, 2);
    if (terms_are_small(first, last) && term_is_small(step)) {
        if (term_is_bignum(x)) {
            return TERM_FALSE;
        }
        int64_t f = term_to_small(first);
        int64_t l = term_to_small(last);
        int64_t s = term_to_small(step);
        bool inside = s > 0 ? whole >= f && whole <= l : whole <= f && whole >= l;
        return term_bool(inside && ((__int128)whole - f) % s == 0);
    }
    bool up = bignum_compare(step, term_small(0)) > 0;
    Term at = term_is_float(x) ? term_small(whole) : x;
    if (bignum_compare(at, up ? first : last) < 0 || bignum_compare(at, up ? last : first) > 0) {
        return TERM_FALSE;
    }
    return term_same_bits(step, term_small(1)) || term_same_bits(step, term_small(-1))
               ? TERM_TRUE
               : process_limit(p, AM_integer);
}

// Whether x is one of the bytes.
static Term search_bytes(Process *p, Term x, Term xs) {
    BytesView view = bytes_view(xs);
    int64_t byte;
    if (term_is_float(x)) {
        double d = term_to_double(x);
        if (d != (double)(uint8_t)d) {
            return TERM_FALSE;
        }
        byte = (int64_t)d;
    } else if (!term_to_int64(x, &byte) || byte < 0 || byte > UINT8_MAX) {
        return TERM_FALSE;
    }
    process_charge(p, (int32_t)(view.len / (8 * BYTES_PER_REDUCTION)));
    return term_bool(memchr(view.data, (int)byte, view.len) != NULL);
}

// x in xs: for maps whether the pair x is an entry.
Term bif_vm_is_in(Process *p, Term *args) {
    Term x = args[0];
    Term xs = args[1];
    if (p->work != NULL) {
        return search_list(p, x, xs);
    }
    if (term_is_list(xs)) {
        int simple = search_simple(x, xs);
        return simple >= 0 ? term_bool(simple) : search_list(p, x, xs);
    }
    if (term_is_range(xs)) {
        return search_range(p, x, xs);
    }
    if (term_is_bytes(xs)) {
        return search_bytes(p, x, xs);
    }
    if (!term_is_map(xs)) {
        return process_badarg(p, xs);
    }
    if (!term_is_tuple(x) || tuple_size(x) != 2) {
        return TERM_FALSE;
    }
    Term value = map_get(p->vm->atoms, xs, tuple_at(x, 0));
    return term_bool(term_is_value(value) &&
                     term_equal_numeric(p->vm->atoms, value, tuple_at(x, 1)));
}

// As is_in, but false where that fails.
Term bif_vm_is_in_guard(Process *p, Term *args) {
    Term xs = args[1];
    Term end = xs;
    if (p->work == NULL) {
        if (!term_is_list(xs) && !term_is_range(xs) && !term_is_map(xs) && !term_is_bytes(xs)) {
            return TERM_FALSE;
        }
        // An improper list fails at its end: guards look before. Long ones are searched as they
        // are.
        list_walk(&end, CELL_CHUNK);
        if (term_is_list(xs) && !term_is_list(end)) {
            return TERM_FALSE;
        }
    }
    return bif_vm_is_in(p, args);
}

// reverse(list, onto): made by lowered code, known to be a list.
Term bif_vm_reverse(Process *p, Term *args) {
    if (term_is_empty(args[0])) {
        return args[1];
    }
    ListWork *w = list_work(p, bif_vm_reverse, args[0], args[1]);
    if (w == NULL) {
        return TERM_NONE;
    }
    StepStatus status = list_turn(p, w);
    if (status == STEP_MORE) {
        return TERM_YIELD;
    }
    Term list = w->acc;
    bif_end(p);
    return status == STEP_DONE ? list : TERM_NONE;
}

// Some elements of a range, and the range of the others as the list's end.
static Term iterate_range(Process *p, Term *args) {
    enum { RANGE_CHUNK = 64 };
    Term first = box_term(args[0], 0);
    Term last = box_term(args[0], 1);
    int64_t at = term_to_small(first);
    int64_t end = term_to_small(last);
    int64_t by = term_to_small(box_term(args[0], 2));
    if (by > 0 ? at > end : at < end) {
        return TERM_EMPTY;
    }
    int64_t left = (end - at) / by + 1;
    size_t n = left < RANGE_CHUNK ? (size_t)left : RANGE_CHUNK;
    Room room;
    if (!process_reserve(p, n * CONS_WORDS + RANGE_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term items[RANGE_CHUNK];
    for (size_t i = 0; i < n; i++) {
        items[i] = term_small(at + (int64_t)i * by);
    }
    Term rest = TERM_EMPTY;
    if (left > (int64_t)n) {
        rest = room_range(&room, term_small(at + (int64_t)n * by), box_term(args[0], 1),
                          box_term(args[0], 2));
    }
    process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
    return room_list(&room, items, n, rest);
}

// A range whose numbers are large: one element and the range of the others.
static Term iterate_large_range(Process *p, Term *args) {
    Term first = box_term(args[0], 0);
    bool up = bignum_compare(box_term(args[0], 2), term_small(0)) > 0;
    int order = bignum_compare(first, box_term(args[0], 1));
    if (up ? order > 0 : order < 0) {
        return TERM_EMPTY;
    }
    Term second = bif_integer_op(p, BIGNUM_ADD, first, box_term(args[0], 2));
    Room room;
    if (!term_is_value(second) ||
        !process_reserve(p, CONS_WORDS + RANGE_WORDS, &second, 1, &room)) {
        return TERM_NONE;
    }
    Term rest = room_range(&room, second, box_term(args[0], 1), box_term(args[0], 2));
    return room_cons(&room, box_term(args[0], 0), rest);
}

// Some bytes, and those that remain as the list's end.
static Term iterate_bytes(Process *p, Term *args) {
    enum { BYTES_CHUNK = 256 };
    size_t len = bytes_len(args[0]);
    size_t n = len < BYTES_CHUNK ? len : BYTES_CHUNK;
    Room room;
    if (!process_reserve(p, n * CONS_WORDS + bytes_slice_words(args[0], len - n), NULL, 0, &room)) {
        return TERM_NONE;
    }
    BytesView view = bytes_view(args[0]);
    Term list = n == len ? TERM_EMPTY : bytes_slice(&room, args[0], n, len - n);
    for (size_t i = n; i > 0; i--) {
        list = room_cons(&room, term_small(view.data[i - 1]), list);
    }
    process_charge(p, (int32_t)(n / CELLS_PER_REDUCTION));
    return list;
}

// iterate(xs): xs is no list. See runtime.def.
Term bif_vm_iterate(Process *p, Term *args) {
    if (term_is_list(args[0])) {
        return args[0];
    }
    if (term_is_map(args[0])) {
        return map_entries(p, args, bif_vm_iterate, ENTRY_PAIR);
    }
    if (term_is_bytes(args[0])) {
        return iterate_bytes(p, args);
    }
    if (!term_is_range(args[0])) {
        return process_badarg(p, args[0]);
    }
    bool small = terms_are_small(box_term(args[0], 0), box_term(args[0], 1)) &&
                 term_is_small(box_term(args[0], 2));
    return small ? iterate_range(p, args) : iterate_large_range(p, args);
}

// SPDX-License-Identifier: Apache-2.0
// Built-ins of Vm that lowered comprehensions end in: a map or bytes from the list of what was
// gathered, newest first. Tests: tests/lang (comprehensions).
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/term/map.h"

typedef struct {
    Work work;
    MapBuilder builder;
    Term at;     // pairs not yet added
    Term turned; // the list turned round, so that the newest comes last
} MapCollecting;

static void map_collecting_drop(Process *p, Work *work) {
    map_builder_free(&((MapCollecting *)work)->builder);
    bif_free(p, work);
}

static void map_collecting_roots(Work *work, RootVisit visit, void *collection) {
    MapCollecting *m = (MapCollecting *)work;
    visit(collection, &m->at, 1);
    visit(collection, &m->turned, 1);
    map_builder_each_root(&m->builder, visit, collection);
}

// Of equal keys the one added last counts, so the oldest pair is added first: the list is turned
// round before.
static StepStatus map_collect_turn(Process *p, MapCollecting *m) {
    while (term_is_cons(m->at)) {
        Term probe = m->at;
        size_t n = list_walk(&probe, CELL_CHUNK);
        Room room;
        if (!process_reserve(p, n * CONS_WORDS, NULL, 0, &room)) {
            return STEP_MEMORY;
        }
        for (size_t i = 0; i < n; i++, m->at = cons_tail(m->at)) {
            m->turned = room_cons(&room, cons_head(m->at), m->turned);
        }
        if (bif_charge(p, n, CELLS_PER_REDUCTION)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

static StepStatus map_collect_add(Process *p, MapCollecting *m) {
    while (term_is_cons(m->turned)) {
        for (size_t i = 0; i < CELL_CHUNK / 8 && term_is_cons(m->turned); i++) {
            Term pair = cons_head(m->turned);
            if (!map_builder_add(&m->builder, tuple_at(pair, 0), tuple_at(pair, 1))) {
                process_limit(p, AM_memory);
                return STEP_MEMORY;
            }
            m->turned = cons_tail(m->turned);
        }
        if (bif_charge(p, CELL_CHUNK / 8, 2)) {
            return STEP_MORE;
        }
    }
    return STEP_DONE;
}

static StepStatus map_collect_sort(Process *p, MapCollecting *m) {
    for (;;) {
        int64_t budget = 2048;
        StepStatus status = map_builder_sort(&m->builder, &budget);
        bool spent = process_charge(p, (int32_t)((2048 - budget) / 8));
        if (status == STEP_MEMORY) {
            process_limit(p, AM_memory);
        }
        if (status != STEP_MORE || spent) {
            return status;
        }
    }
}

// At most MAP_FLAT_MAX pairs, which are the most: built at once.
static Term map_collect_small(Process *p, Term *args, size_t count) {
    Room room;
    if (!process_reserve(p, 1 + 2 * count, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term pairs[2 * MAP_FLAT_MAX];
    Term at = args[0];
    for (size_t i = count; i > 0; i--, at = cons_tail(at)) {
        pairs[2 * i - 2] = tuple_at(cons_head(at), 0);
        pairs[2 * i - 1] = tuple_at(cons_head(at), 1);
    }
    return map_from_pairs(p->vm->atoms, &room, pairs, count);
}

Term bif_vm_map_collect(Process *p, Term *args) {
    MapCollecting *m = bif_resume(p, bif_vm_map_collect);
    if (m == NULL) {
        Term at = args[0];
        size_t count = list_walk(&at, MAP_FLAT_MAX + 1);
        if (count <= MAP_FLAT_MAX) {
            return map_collect_small(p, args, count);
        }
        m = bif_begin(p, sizeof *m, bif_vm_map_collect, map_collecting_drop, map_collecting_roots);
        if (m == NULL) {
            return TERM_NONE;
        }
        map_builder_init(&m->builder, p->vm->atoms);
        m->at = args[0];
        m->turned = TERM_EMPTY;
    }
    StepStatus status = map_collect_turn(p, m);
    if (status == STEP_DONE) {
        status = map_collect_add(p, m);
    }
    if (status == STEP_DONE) {
        status = map_collect_sort(p, m);
    }
    if (status == STEP_MORE) {
        return TERM_YIELD;
    }
    Room room;
    if (status == STEP_MEMORY || !process_reserve(p, m->builder.words, NULL, 0, &room)) {
        bif_end(p);
        return TERM_NONE;
    }
    Term map = map_builder_build(&m->builder, &room);
    bif_end(p);
    return map;
}

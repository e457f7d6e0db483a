// SPDX-License-Identifier: Apache-2.0
// Slow paths of records, maps, tuples and ranges.
#include "vm/ops/slow_private.h"

Term slow_get(Process *p, Term a, Term name) {
    if (term_is_record(a)) {
        int index = record_field_index(record_desc(a), name);
        return index >= 0 ? record_field(a, (size_t)index) : process_fail_with(p, AM_badkey, name);
    }
    if (!term_is_map(a)) {
        return process_badarg(p, a);
    }
    Term value = map_get(p->vm->atoms, a, name);
    return term_is_value(value) ? value : process_fail_with(p, AM_badkey, name);
}

Term slow_index(Process *p, Term a, Term key) {
    if (term_is_map(a)) {
        Term value = map_get(p->vm->atoms, a, key);
        return term_is_value(value) ? value : TERM_NIL;
    }
    if (!term_is_tuple(a)) {
        return process_badarg(p, a);
    }
    if (!term_is_integer(key)) {
        return process_badarg(p, key);
    }
    uint64_t i;
    return term_to_size(key, &i) && i < tuple_size(a) ? tuple_at(a, i) : TERM_NIL;
}

Term slow_range(Process *p, Term first, Term last) {
    if (!term_is_integer(first)) {
        return process_badarg(p, first);
    }
    if (!term_is_integer(last)) {
        return process_badarg(p, last);
    }
    Term ends[2] = {first, last};
    Room room;
    if (!process_reserve(p, RANGE_WORDS, ends, 2, &room)) {
        return TERM_NONE;
    }
    return room_range(&room, ends[0], ends[1], term_small(1));
}

typedef struct {
    Work work;
    MapBuilder builder;
} MapWork;

static void map_drop(Process *p, Work *work) {
    map_builder_free(&((MapWork *)work)->builder);
    mem_free(p->vm->mem, MEM_SCRATCH, work);
}

static void map_roots(Work *work, RootVisit visit, void *collection) {
    map_builder_each_root(&((MapWork *)work)->builder, visit, collection);
}

static MapWork *map_begin(Process *p, const uint64_t *list, uint32_t count) {
    MapWork *work = mem_alloc_zero(p->vm->mem, MEM_SCRATCH, sizeof *work);
    if (work == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    work->work = (Work){map_drop, map_roots, (const void *)map_begin};
    map_builder_init(&work->builder, p->vm->atoms);
    p->work = &work->work;
    for (uint32_t i = 0; i < count; i += 2) {
        if (!map_builder_add(&work->builder, word_get(p, list[i]), word_get(p, list[i + 1]))) {
            process_limit(p, AM_memory);
            return NULL;
        }
    }
    return work;
}

// A map of more pairs than a small one holds.
static Term large_map(Process *p, const uint64_t *list, uint32_t count) {
    MapWork *work = slow_resume(p, (const void *)map_begin);
    if (work == NULL) {
        work = map_begin(p, list, count);
        if (work == NULL) {
            return TERM_NONE;
        }
    }
    StepStatus status;
    int64_t steps;
    int64_t budget;
    do {
        budget = steps = slow_budget(p);
        status = map_builder_sort(&work->builder, &budget);
    } while (!slow_charge(p, steps - budget) && status == STEP_MORE);
    if (status != STEP_DONE) {
        return status == STEP_MORE ? TERM_YIELD : process_limit(p, AM_memory);
    }
    Room room;
    if (!process_reserve(p, work->builder.words, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term map = map_builder_build(&work->builder, &room);
    slow_done(p);
    return map;
}

Term slow_map(Process *p, const uint64_t *list, uint32_t count) {
    if (count > 2 * MAP_FLAT_MAX) {
        return large_map(p, list, count);
    }
    Room room;
    if (!process_reserve(p, 1 + (size_t)count, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term pairs[2 * MAP_FLAT_MAX];
    for (uint32_t i = 0; i < count; i++) {
        pairs[i] = word_get(p, list[i]);
    }
    Term map = map_from_pairs(p->vm->atoms, &room, pairs, count / 2);
    heap_trim(&p->heap, &room);
    return map;
}

static Term put(Process *p, Term map, Term key, Term value, bool must_be_there) {
    if (!term_is_map(map)) {
        return process_badarg(p, map);
    }
    MapPlan plan = map_plan_put(p->vm->atoms, map, key);
    if (must_be_there && !plan.found) {
        return process_fail_with(p, AM_badkey, key);
    }
    Term terms[3] = {map, key, value};
    Room room;
    if (!process_reserve(p, plan.words, terms, 3, &room)) {
        return TERM_NONE;
    }
    Term result = map_put(p->vm->atoms, &room, terms[0], terms[1], terms[2], &plan);
    heap_trim(&p->heap, &room);
    return result;
}

Term slow_map_put(Process *p, Term map, Term key, Term value) {
    return put(p, map, key, value, false);
}

Term slow_map_update(Process *p, Term map, Term key, Term value) {
    return put(p, map, key, value, true);
}

Term slow_map_get(Process *p, Term map, Term key) {
    if (!term_is_map(map)) {
        return SLOW_ELSE;
    }
    Term value = map_get(p->vm->atoms, map, key);
    return term_is_value(value) ? value : SLOW_ELSE;
}

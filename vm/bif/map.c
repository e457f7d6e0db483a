// SPDX-License-Identifier: Apache-2.0
// Built-ins of Map that are no walks (those are in list.c). Each takes O(log n) steps and never
// yields; keys of any size are hashed and compared to the end. Tests: tests/stdlib/map_test.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/term/map.h"

Term bif_map_get(Process *p, Term *args) {
    if (!term_is_map(args[0])) {
        return process_badarg(p, args[0]);
    }
    Term value = map_get(p->vm->atoms, args[0], args[1]);
    return term_is_value(value) ? value : args[2];
}

Term bif_map_has(Process *p, Term *args) {
    if (!term_is_map(args[0])) {
        return process_badarg(p, args[0]);
    }
    return term_bool(term_is_value(map_get(p->vm->atoms, args[0], args[1])));
}

Term bif_map_put(Process *p, Term *args) {
    if (!term_is_map(args[0])) {
        return process_badarg(p, args[0]);
    }
    MapPlan plan = map_plan_put(p->vm->atoms, args[0], args[1]);
    Room room;
    if (!process_reserve(p, plan.words, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term map = map_put(p->vm->atoms, &room, args[0], args[1], args[2], &plan);
    heap_trim(&p->heap, &room);
    return map;
}

Term bif_map_delete(Process *p, Term *args) {
    if (!term_is_map(args[0])) {
        return process_badarg(p, args[0]);
    }
    MapPlan plan = map_plan_delete(p->vm->atoms, args[0], args[1]);
    if (!plan.found) {
        return args[0];
    }
    Room room;
    if (!process_reserve(p, plan.words, NULL, 0, &room)) {
        return TERM_NONE;
    }
    return map_delete(p->vm->atoms, &room, args[0], args[1], &plan);
}

Term bif_map_size(Process *p, Term *args) {
    return term_is_map(args[0]) ? term_small((int64_t)map_size(args[0]))
                                : process_badarg(p, args[0]);
}

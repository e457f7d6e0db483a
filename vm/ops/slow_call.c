// SPDX-License-Identifier: Apache-2.0
// Slow paths of calls: linking, function references, switches, making room. See slow.h.
#include <stdio.h>

#include "vm/ops/slow_private.h"
#include "vm/proc/backtrace.h"

uint64_t switch_find(Term t, const uint64_t *cases, uint32_t count, uint64_t otherwise) {
    if (count == 0) {
        return otherwise;
    }
    // Small integers in a row are found at once, by their distance from the first.
    uint64_t guess = (t.bits - cases[0]) >> 2;
    if (guess < count && cases[2 * guess] == t.bits) {
        return cases[2 * guess + 1];
    }
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (cases[2 * middle] < t.bits) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && cases[2 * low] == t.bits ? cases[2 * low + 1] : otherwise;
}

Term slow_collect(Process *p, size_t words) {
    if (heap_defers(&p->heap, words + HEAP_GAP)) {
        return TERM_YIELD; // collected meanwhile
    }
    Room room;
    if (!process_reserve_slow(p, words, NULL, 0, &room)) {
        return TERM_NONE;
    }
    heap_trim(&p->heap, &room);
    return TERM_TRUE;
}

// :undef(:"Mod.name/arity"), unless it may well be there and there was no memory to load it.
static const Target *fail_undef(Process *p, CodeStatus status, Term module, Term name,
                                uint32_t arity) {
    if (status == CODE_MEMORY) {
        process_limit(p, AM_memory);
        return NULL;
    }
    const AtomTable *atoms = p->vm->atoms;
    char text[600];
    int len = snprintf(text, sizeof text, "%.255s.%.255s/%u", atom_text(atoms, module),
                       atom_text(atoms, name), arity);
    Term atom;
    if (atom_intern(p->vm->atoms, text, (size_t)len, &atom) != ATOM_OK) {
        atom = name;
    }
    process_fail_with(p, AM_undef, atom);
    return NULL;
}

const Target *slow_link(Process *p, Import *import) {
    CodeStatus status;
    const Target *target = code_link(p->vm->code, import, &status);
    return target != NULL ? target
                          : fail_undef(p, status, import->module, import->name, import->arity);
}

static const Target *fail_arity(Process *p, Term fn, uint32_t arity) {
    Room room;
    if (process_reserve(p, 4, &fn, 1, &room)) {
        process_fail(p, room_tuple3(&room, AM_badarity, fn, term_small(arity)));
    }
    return NULL;
}

const Target *slow_reference(Process *p, Term fn, uint32_t arity) {
    if (!term_is_fn(fn)) {
        process_fail_with(p, AM_badfun, fn);
        return NULL;
    }
    if (box_kind(fn) == KIND_FN || !term_same_bits(box_term(fn, 2), term_small(arity))) {
        return fail_arity(p, fn, arity);
    }
    CodeStatus status;
    const Target *target = code_find(p->vm->code, box_term(fn, 0), box_term(fn, 1), arity, &status);
    return target != NULL ? target : fail_undef(p, status, box_term(fn, 0), box_term(fn, 1), arity);
}

Term slow_reraise(Process *p, Term reason) {
    trace_keep(p);
    return process_fail(p, reason);
}

Term slow_recv_peek(Process *p) {
    Term message;
    return receive_peek(p, &message) ? message : SLOW_ELSE;
}

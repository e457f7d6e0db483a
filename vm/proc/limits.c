// SPDX-License-Identifier: Apache-2.0
// Limits and priority: see limits.h.
#include "vm/proc/limits.h"

#include "vm/proc/extra.h"
#include "vm/term/atom.h"

Term process_set_limit(Process *p, Term what, Term value) {
    bool infinite = term_same_bits(value, AM_infinity);
    if (!infinite && (!term_is_small(value) || term_to_small(value) <= 0)) {
        return process_badarg(p, value);
    }
    uint64_t limit = infinite ? 0 : (uint64_t)term_to_small(value);
    ProcessExtra *extra = process_extra(p);
    if (extra == NULL) {
        return process_limit(p, AM_memory);
    }
    switch (what.bits) {
    case ATOM_BITS(heap):
        p->heap.limit_words = infinite ? 0 : (limit + sizeof(Term) - 1) / sizeof(Term);
        return AM_ok;
    case ATOM_BITS(mailbox): extra->mailbox_limit = limit; return AM_ok;
    case ATOM_BITS(reductions):
        extra->reductions_limit = limit == 0 ? 0 : p->reductions + limit;
        return AM_ok;
    default: return process_badarg(p, what);
    }
}

bool limits_check(Process *p) {
    if (heap_why(&p->heap) == HEAP_LIMIT) {
        // Found by a collection elsewhere, which has no one to tell.
        process_limit(p, AM_heap);
        return false;
    }
    const ProcessExtra *extra = p->extra;
    if (extra == NULL) {
        return true;
    }
    if (extra->mailbox_limit != 0 && p->mailbox.count > extra->mailbox_limit) {
        process_limit(p, AM_mailbox);
        return false;
    }
    if (extra->reductions_limit != 0 && p->reductions > extra->reductions_limit) {
        process_limit(p, AM_reductions);
        return false;
    }
    return true;
}

Term process_set_priority(Process *p, Term priority) {
    static const Term names[PRIORITY_COUNT] = {AM_low, AM_normal, AM_high, AM_max};
    for (unsigned i = 0; i < PRIORITY_COUNT; i++) {
        if (term_same_bits(names[i], priority)) {
            Term before = names[p->priority];
            p->priority = (uint8_t)i;
            return before;
        }
    }
    return process_badarg(p, priority);
}

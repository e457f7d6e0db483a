// SPDX-License-Identifier: Apache-2.0
// Copying terms into signals: see carry.h.
#include "vm/proc/carry.h"

struct Carry {
    Copying copying;
    Signal *signal; // NULL while measuring
    Room room;
    uint8_t collections; // of the heap: when there has been one, its terms have moved
    bool is_long;
};

enum {
    QUICK_ELEMENTS = 16,
    STEPS_PER_REDUCTION = 8,
    STEPS_AT_ONCE = 8 * 1024,     // before a Carry is made
    LONG_STEPS_PER_REDUCTION = 2, // after that, when it is memory that takes the time
    LONG_STEPS_AT_ONCE = 512,     // before they are charged
};

static bool is_shared(const BlockPool *pool, Term t) {
    return !term_is_pointer(t) || block_pool_shares(pool, t);
}

Signal *carry_quick(BlockPool *pool, SignalKind kind, Term term, size_t extra) {
    if (is_shared(pool, term)) {
        Signal *s = signal_take(pool, kind, extra);
        if (s != NULL) {
            s->data[SIGNAL_AT_TERM] = term;
        }
        return s;
    }
    if (!term_is_tuple(term) || tuple_size(term) > QUICK_ELEMENTS) {
        return NULL;
    }
    size_t size = tuple_size(term);
    const Term *elements = term_pointer(term) + 1;
    for (size_t i = 0; i < size; i++) {
        if (!is_shared(pool, elements[i])) {
            return NULL;
        }
    }
    Signal *s = signal_take(pool, kind, 1 + size + extra);
    if (s != NULL) {
        Room room = signal_room(s);
        s->data[SIGNAL_AT_TERM] = room_tuple(&room, elements, size);
    }
    return s;
}

static StepStatus carry_step(Process *p, Carry *carry, SignalKind kind, size_t extra,
                             int64_t budget) {
    int64_t left = budget;
    StepStatus status = copying_measure(&carry->copying, &left);
    if (status == STEP_DONE && carry->signal == NULL) {
        carry->signal = signal_take(&p->worker->blocks, kind, carry->copying.words + extra);
        if (carry->signal == NULL) {
            status = STEP_MEMORY;
        } else {
            carry->room = signal_room(carry->signal);
            carry->signal->data[SIGNAL_AT_TERM] = TERM_NIL;
        }
    }
    if (status == STEP_DONE) {
        status = copying_build(&carry->copying, &carry->room, &left);
    }
    int64_t per = carry->is_long ? LONG_STEPS_PER_REDUCTION : STEPS_PER_REDUCTION;
    process_charge(p, (int32_t)((budget - left) / per));
    return status;
}

static void carry_begin(Process *p, Carry *carry, Term term, bool is_long) {
    copying_init(&carry->copying, &p->worker->blocks, term);
    carry->signal = NULL;
    carry->collections = p->heap.collections;
    carry->is_long = is_long;
}

static void carry_end(Process *p, Carry *carry) {
    copying_free(&carry->copying);
    if (carry->signal != NULL) {
        // Unfinished: what has been built so far is consistent, as its references are threaded when
        // they are made.
        signal_give(&p->worker->blocks, carry->signal);
        carry->signal = NULL;
    }
}

static Signal *carry_finish(Carry *carry) {
    Signal *signal = carry->signal;
    signal->data[SIGNAL_AT_TERM] = carry->copying.result;
    carry->signal = NULL;
    return signal;
}

StepStatus carry_term(Process *p, Carry **carry, SignalKind kind, Term term, size_t extra,
                      Signal **signal) {
    if (*carry == NULL) {
        *signal = carry_quick(&p->worker->blocks, kind, term, extra);
        if (*signal != NULL) {
            return STEP_DONE;
        }
        Carry local;
        carry_begin(p, &local, term, false);
        StepStatus status = carry_step(p, &local, kind, extra, STEPS_AT_ONCE);
        if (status == STEP_DONE) {
            *signal = carry_finish(&local);
        }
        carry_end(p, &local);
        if (status != STEP_MORE) {
            return status;
        }
        *carry = mem_alloc(p->vm->mem, MEM_BIF, sizeof **carry);
        if (*carry == NULL) {
            return STEP_MEMORY;
        }
        carry_begin(p, *carry, term, true);
    } else if ((*carry)->collections != p->heap.collections) {
        carry_end(p, *carry);
        carry_begin(p, *carry, term, true);
    }
    StepStatus status;
    do {
        status = carry_step(p, *carry, kind, extra, LONG_STEPS_AT_ONCE);
    } while (status == STEP_MORE && p->reds > 0);
    if (status == STEP_DONE) {
        *signal = carry_finish(*carry);
    }
    if (status != STEP_MORE) {
        carry_drop(p, carry);
    }
    return status;
}

void carry_drop(Process *p, Carry **carry) {
    if (*carry != NULL) {
        carry_end(p, *carry);
        mem_free(p->vm->mem, MEM_BIF, *carry);
        *carry = NULL;
    }
}

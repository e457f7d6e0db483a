// SPDX-License-Identifier: Apache-2.0
// Bounded mailboxes: see bound.h.
#include "vm/proc/bound.h"

#include "vm/proc/ask_private.h"
#include "vm/proc/exit.h"
#include "vm/proc/send.h"
#include "vm/term/atom.h"

struct RoomWaiter {
    RoomWaiter *next;
    Term sender;
    uint64_t id;
};

bool bound_policy(Term atom, MailboxPolicy *policy) {
    switch (atom.bits) {
    case ATOM_BITS(NIL): *policy = MAILBOX_UNBOUNDED; return true;
    case ATOM_BITS(block): *policy = MAILBOX_BLOCK; return true;
    case ATOM_BITS(drop_new): *policy = MAILBOX_DROP_NEW; return true;
    case ATOM_BITS(drop_old): *policy = MAILBOX_DROP_OLD; return true;
    case ATOM_BITS(fail): *policy = MAILBOX_FAIL; return true;
    default: return false;
    }
}

bool bound_set(Process *p, uint32_t limit, MailboxPolicy policy) {
    if (policy == MAILBOX_UNBOUNDED) {
        return true;
    }
    Bound *bound = mem_alloc_zero(p->vm->mem, MEM_MAILBOX, sizeof *bound);
    if (bound == NULL) {
        return false;
    }
    bound->limit = limit == 0 ? 1 : limit;
    bound->policy = policy;
    bound->last = &bound->first;
    atomic_store_explicit(&p->bound, bound, memory_order_release);
    return true;
}

// Only the owner reaches it this way; senders have passed a quiet point when the process is freed.
static Bound *bound_of(const Process *p) {
    return atomic_load_explicit(&p->bound, memory_order_relaxed);
}

void bound_free(Process *p) {
    Bound *bound = bound_of(p);
    if (bound == NULL) {
        return;
    }
    while (bound->first != NULL) {
        RoomWaiter *next = bound->first->next;
        mem_free(p->vm->mem, MEM_MAILBOX, bound->first);
        bound->first = next;
    }
    mem_free(p->vm->mem, MEM_MAILBOX, bound);
    atomic_store_explicit(&p->bound, NULL, memory_order_relaxed);
}

// Relaxed throughout: the count alone is shared; the messages it stands for are handed over by the
// inbox.
BoundResult bound_enter(Bound *bound) {
    uint32_t count = atomic_load_explicit(&bound->count, memory_order_relaxed);
    do {
        if (count >= bound->limit && bound->policy != MAILBOX_DROP_OLD) {
            switch (bound->policy) {
            case MAILBOX_BLOCK: return BOUND_WAIT;
            case MAILBOX_FAIL: return BOUND_FULL;
            default:
                atomic_fetch_add_explicit(&bound->dropped, 1, memory_order_relaxed);
                return BOUND_DROP;
            }
        }
    } while (!atomic_compare_exchange_weak_explicit(&bound->count, &count, count + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    return BOUND_IN;
}

// Tells a sender that a place is kept for it. One that has ended gives it back by the ROOM_BACK it
// sent before.
static void give_place(Process *p, Term sender, uint64_t id) {
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_ROOM_GIVEN, 0);
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = id;
    wait_clear(p->vm, sender, id);
    signal_send_to(p->worker, sender, s);
}

static RoomWaiter *pop_waiter(Bound *bound) {
    RoomWaiter *waiter = bound->first;
    if (waiter != NULL) {
        bound->first = waiter->next;
        if (bound->first == NULL) {
            bound->last = &bound->first;
        }
    }
    return waiter;
}

void bound_leave(Process *p) {
    Bound *bound = bound_of(p);
    if (bound == NULL) {
        return;
    }
    RoomWaiter *waiter = pop_waiter(bound);
    if (waiter == NULL) {
        atomic_fetch_sub_explicit(&bound->count, 1, memory_order_relaxed);
        return;
    }
    give_place(p, waiter->sender, waiter->id);
    mem_free(p->vm->mem, MEM_MAILBOX, waiter);
}

void bound_trim(Process *p) {
    Bound *bound = bound_of(p);
    if (bound == NULL || bound->policy != MAILBOX_DROP_OLD) {
        return;
    }
    Signal *s = p->mailbox.first;
    while (s != NULL && atomic_load_explicit(&bound->count, memory_order_relaxed) > bound->limit) {
        Signal *next = s->next;
        // One that is being looked at stays: registers may point into it.
        if (signal_is_counted(s) && s != p->heap.foreign) {
            mailbox_remove(&p->mailbox, s);
            atomic_fetch_sub_explicit(&bound->count, 1, memory_order_relaxed);
            atomic_fetch_add_explicit(&bound->dropped, 1, memory_order_relaxed);
            ask_dropped(p, s);
            signal_give(&p->worker->blocks, s);
        }
        s = next;
    }
}

void bound_wanted(Process *p, Term sender, uint64_t id) {
    Bound *bound = bound_of(p);
    if (bound == NULL || bound_enter(bound) != BOUND_WAIT) {
        give_place(p, sender, id);
        return;
    }
    RoomWaiter *waiter = mem_alloc_urgent(p->vm->mem, MEM_MAILBOX, sizeof *waiter);
    *waiter = (RoomWaiter){.sender = sender, .id = id};
    *bound->last = waiter;
    bound->last = &waiter->next;
}

void bound_back(Process *p, uint64_t id) {
    Bound *bound = bound_of(p);
    if (bound == NULL) {
        return;
    }
    for (RoomWaiter **at = &bound->first; *at != NULL; at = &(*at)->next) {
        RoomWaiter *waiter = *at;
        if (waiter->id == id) {
            *at = waiter->next;
            if (waiter->next == NULL) {
                bound->last = at;
            }
            mem_free(p->vm->mem, MEM_MAILBOX, waiter);
            return;
        }
    }
    // It was given a place already.
    bound_leave(p);
}

bool bound_end(Process *p, int32_t *budget) {
    Bound *bound = bound_of(p);
    if (bound == NULL) {
        return true;
    }
    for (RoomWaiter *waiter; (waiter = pop_waiter(bound)) != NULL;) {
        if ((*budget)-- <= 0) {
            waiter->next = bound->first;
            bound->first = waiter;
            if (waiter->next == NULL) {
                bound->last = &waiter->next;
            }
            return false;
        }
        exit_send_down(p, waiter->sender, waiter->id, AM_noproc);
        mem_free(p->vm->mem, MEM_MAILBOX, waiter);
    }
    return true;
}

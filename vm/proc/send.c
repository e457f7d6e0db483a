// SPDX-License-Identifier: Apache-2.0
// Sending: see send.h.
#include "vm/proc/send.h"

#include "vm/proc/ask.h"
#include "vm/proc/ask_private.h"
#include "vm/proc/bound.h"
#include "vm/proc/carry.h"
#include "vm/proc/receive.h"
#include "vm/proc/registry.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/term/box.h"
#include "vm/term/tuple.h"

// What it costs beyond the copy. A sender should not fill more than a cache before the receiver has
// its turn.
enum { SEND_REDUCTIONS = 4 };

bool signal_send(Worker *w, Process *target, Signal *signal) {
    switch (inbox_push(&target->inbox, &target->mailbox, signal)) {
    case PUSH_DONE: return true;
    case PUSH_WOKE: w->hooks->queue(w, target); return true;
    default: return false;
    }
}

bool signal_send_to(Worker *w, Term pid, Signal *signal) {
    Process *target = table_find(w->vm->processes, pid);
    if (target != NULL && signal_send(w, target, signal)) {
        return true;
    }
    signal_give(&w->blocks, signal);
    return false;
}

void process_wake(Worker *w, Term pid) {
    signal_send_to(w, pid, signal_new_urgent(&w->blocks, SIGNAL_WAKE, 0));
}

bool process_notify(Worker *w, Term pid, Term message) {
    return signal_send_to(w, pid, signal_copy_urgent(&w->blocks, SIGNAL_NOTICE, message, 0));
}

// Where a message goes ----------------------------------------------------------------------------

bool address_resolve(Process *p, Term to, Address *address) {
    *address = (Address){.pid = TERM_NIL, .alias = 0};
    if (term_is_tuple(to) && tuple_size(to) == 2 && term_is_atom(tuple_at(to, 0)) &&
        term_is_atom(tuple_at(to, 1))) {
        // (name, node): this machine has no name yet but the one of a node without distribution.
        if (!term_same_bits(tuple_at(to, 1), AM_nonode)) {
            return true;
        }
        to = tuple_at(to, 0);
    }
    if (term_is_pid(to)) {
        address->pid = to;
    } else if (term_is_atom(to)) {
        address->pid = registry_whereis(p->vm->registry, to);
        address->by_name = true;
    } else if (term_is_ref(to) && (ref_id(to) & REF_ALIAS) != 0) {
        address->pid = ref_maker(to);
        address->alias = ref_id(to);
    } else if (!term_is_ref(to)) {
        return false;
    }
    return true;
}

// Whether a bounded mailbox counts it: not what one sends oneself, nor system messages.
static bool is_ordinary(const Process *p, const Process *target, Term message) {
    return p != target && !tuple_is_tagged(message, AM_system, 3);
}

static void count_dropped(Process *p) {
    p->worker->dropped++;
}

// Who sends to a process that is behind with its messages pays more for it, so that the other gets
// the greater part of a scheduler that they share; who does little but send goes on where the other
// runs, behind it.
static void charge_for_queue(Process *p, Process *target) {
    enum { MANY = 2000, MANY_PER_REDUCTION = 64, CHARGE_MAX = 500 };
    // Relaxed: how many there are about.
    uint32_t queued = atomic_load_explicit(&target->queued, memory_order_relaxed);
    if (LIKELY(queued < MANY) || p == target) {
        return;
    }
    uint32_t charge = queued / MANY_PER_REDUCTION;
    process_charge(p, (int32_t)(charge < CHARGE_MAX ? charge : CHARGE_MAX));
    uint32_t home = atomic_load_explicit(&target->home, memory_order_relaxed);
    if (home != p->worker->number) {
        p->follow = (uint16_t)(home + 1);
    }
}

// The last step: the signal is made, and the target has room for it.
static void deliver(Process *p, Process *target, Signal *signal) {
    if (!signal_send(p->worker, target, signal)) {
        signal_free_by(&p->heap, signal);
        count_dropped(p);
    }
}

// Takes a place in a bounded mailbox. BOUND_IN: the signal is to be delivered.
static BoundResult enter(Process *p, Process *target, Signal *signal, Term message) {
    Bound *bound = atomic_load_explicit(&target->bound, memory_order_acquire);
    if (bound == NULL || !is_ordinary(p, target, message)) {
        return BOUND_IN;
    }
    BoundResult result = bound_enter(bound);
    if (result == BOUND_IN) {
        signal_set_counted(signal);
    }
    return result;
}

static Term send_copied(Process *p, const Address *address, Term message, Signal *signal) {
    Process *target = table_find(p->vm->processes, address->pid);
    if (target == NULL) {
        signal_free_by(&p->heap, signal);
        count_dropped(p);
        return message;
    }
    signal->data[SIGNAL_AT_ID].bits = address->alias;
    charge_for_queue(p, target);
    switch (enter(p, target, signal, message)) {
    case BOUND_IN: deliver(p, target, signal); return message;
    case BOUND_DROP: signal_free_by(&p->heap, signal); return message;
    case BOUND_FULL: signal_free_by(&p->heap, signal); return process_fail(p, AM_mailbox_full);
    default: return wait_for_room(p, target, signal, UINT64_MAX, process_send);
    }
}

// Goes on with what an earlier run began: a long copy, or waiting for room.
static Term send_resume(Process *p, const Address *address, Term message) {
    Wait *wait = wait_of(p, process_send);
    if (wait->carry != NULL) {
        Signal *signal;
        StepStatus status = carry_term(p, &wait->carry, wait->carry_kind, message, 0, &signal);
        if (status == STEP_MORE) {
            return TERM_YIELD;
        }
        wait_end(p);
        return status == STEP_DONE ? send_copied(p, address, message, signal)
                                   : process_limit(p, AM_memory);
    }
    switch (wait_room_status(p, wait)) {
    case ROOM_WAITING: return TERM_WAIT;
    case ROOM_CIRCLE: return wait_fail_circle(p, wait);
    case ROOM_GONE:
        wait_end(p);
        count_dropped(p);
        return message;
    default: {
        Signal *signal = wait->message;
        wait->message = NULL;
        Process *target = table_find(p->vm->processes, wait->target);
        wait_used_room(p, wait);
        wait_end(p);
        if (target == NULL) {
            signal_free_by(&p->heap, signal);
            count_dropped(p);
            return message;
        }
        signal_set_counted(signal);
        deliver(p, target, signal);
        return message;
    }
    }
}

// A small message to a process whose mailbox is not bounded. False: it is none, or there is no
// memory.
static bool send_quick(Process *p, Term to, Term message) {
    Process *target = table_find(p->vm->processes, to);
    if (target == NULL) {
        count_dropped(p);
        return true;
    }
    Signal *signal = atomic_load_explicit(&target->bound, memory_order_relaxed) != NULL
                         ? NULL
                         : carry_quick(&p->worker->blocks, SIGNAL_MESSAGE, message, 0);
    if (signal == NULL) {
        return false;
    }
    charge_for_queue(p, target);
    deliver(p, target, signal);
    return true;
}

Term process_send(Process *p, Term to, Term message) {
    bool is_new = p->work == NULL;
    if (is_new) {
        process_charge(p, SEND_REDUCTIONS);
        p->worker->messages++;
        if (p->vm->tracer == NULL && term_is_pid(to) && send_quick(p, to, message)) {
            return message;
        }
    }
    Address address;
    if (!address_resolve(p, to, &address)) {
        return process_badarg(p, to);
    }
    if (!is_new) {
        return send_resume(p, &address, message);
    }
    TRACE_EVENT(p->vm, TRACE_send, p->pid, "to %P: %P", to, message);
    if (!term_is_pid(address.pid)) {
        if (address.by_name) {
            return process_fail(p, AM_noproc);
        }
        count_dropped(p);
        return message;
    }
    if (table_find(p->vm->processes, address.pid) == NULL) {
        count_dropped(p);
        return message;
    }
    SignalKind kind = address.alias != 0 ? SIGNAL_ALIAS : SIGNAL_MESSAGE;
    Carry *carry = NULL;
    Signal *signal;
    StepStatus status = carry_term(p, &carry, kind, message, 0, &signal);
    if (status == STEP_DONE) {
        return send_copied(p, &address, message, signal);
    }
    if (status == STEP_MORE && wait_begin_copy(p, carry, kind, process_send)) {
        return TERM_YIELD;
    }
    carry_drop(p, &carry);
    return process_limit(p, AM_memory);
}

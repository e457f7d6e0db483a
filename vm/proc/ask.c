// SPDX-License-Identifier: Apache-2.0
// Asking and answering: see ask.h.
#include "vm/proc/ask.h"

#include "vm/proc/ask_private.h"
#include "vm/proc/bound.h"
#include "vm/proc/monitor.h"
#include "vm/proc/receive.h"
#include "vm/proc/relation.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/term/box.h"
#include "vm/term/tuple.h"

// (:"$gen_call", (pid, ref), message)
enum { ENVELOPE_WORDS = 4 + 3 + REF_WORDS };

// Asking ------------------------------------------------------------------------------------------

static Term give_up(Process *p, Term *why, Term reason) {
    if (p->work != NULL) {
        wait_end(p);
    }
    *why = reason;
    return TERM_NONE;
}

static Term no_memory(Process *p) {
    if (p->work != NULL) {
        wait_end(p);
    }
    return process_limit(p, AM_memory);
}

// The message is copied: puts it into its envelope.
static void wrap(Process *p, Wait *wait, Signal *signal) {
    Room room = signal_end_room(signal, ENVELOPE_WORDS);
    Term ref = room_ref(&room, wait->id, p->pid);
    Term from = room_tuple2(&room, p->pid, ref);
    signal->data[SIGNAL_AT_TERM] = room_tuple3(&room, AM_gen_call, from, signal_term(signal));
    signal->data[SIGNAL_AT_ID].bits = wait->id;
}

// There is a place for the request: sends it, and waits for the answer.
static Term submit(Process *p, Wait *wait, Process *target, Signal *signal, Term *why) {
    wait->id = signal_id(signal);
    if (!wait_enter(p, wait, WAIT_REPLY, wait->target, wait->deadline_ns)) {
        signal_give(&p->worker->blocks, signal);
        wait->kind = WAIT_NONE;
        return no_memory(p);
    }
    if (target == NULL || !signal_send(p->worker, target, signal)) {
        signal_give(&p->worker->blocks, signal);
        return give_up(p, why, AM_noproc);
    }
    p->woken = false;
    return TERM_WAIT;
}

static Term enter(Process *p, Wait *wait, Signal *signal, Term *why) {
    Process *target = table_find(p->vm->processes, wait->target);
    Bound *bound =
        target == NULL ? NULL : atomic_load_explicit(&target->bound, memory_order_acquire);
    if (bound == NULL) {
        return submit(p, wait, target, signal, why);
    }
    switch (bound_enter(bound)) {
    case BOUND_IN: signal_set_counted(signal); return submit(p, wait, target, signal, why);
    case BOUND_WAIT:
        wait->message = signal;
        wait->id = table_ref(p->vm->processes, REF_ALIAS);
        if (!wait_enter(p, wait, WAIT_ROOM, wait->target, wait->deadline_ns)) {
            wait->kind = WAIT_NONE;
            return no_memory(p);
        }
        p->woken = false;
        room_ask(p, wait, target);
        return TERM_WAIT;
    default: signal_give(&p->worker->blocks, signal); return give_up(p, why, AM_mailbox_full);
    }
}

static Term copy_and_enter(Process *p, Wait *wait, Term message, Term *why) {
    Signal *signal;
    switch (carry_term(p, &wait->carry, SIGNAL_ASK, message, ENVELOPE_WORDS, &signal)) {
    case STEP_DONE: wrap(p, wait, signal); return enter(p, wait, signal, why);
    case STEP_MORE: return TERM_YIELD;
    default: return no_memory(p);
    }
}

// Replies pile up as received messages do. A failure is found by the next reserve.
static void collect_replies(Process *p, Term *roots, size_t count) {
    if (heap_is_pressed(&p->heap)) {
        HeapStatus status = heap_ensure(&p->heap, HEAP_GAP, roots, count);
        (void)status;
    }
}

static Term begin(Process *p, Term to, Term message, Term timeout, const void *owner, Term *why) {
    Address address;
    uint64_t deadline_ns;
    if (term_is_ref(to) || !address_resolve(p, to, &address)) {
        return process_badarg(p, to);
    }
    if (!process_deadline(p, timeout, &deadline_ns)) {
        return TERM_NONE;
    }
    if (!term_is_pid(address.pid)) {
        return give_up(p, why, address.by_name ? AM_noproc : AM_noconnection);
    }
    if (term_same_bits(address.pid, p->pid)) {
        return give_up(p, why, AM_calling_self);
    }
    Wait *wait = wait_begin(p, owner);
    if (wait == NULL) {
        return no_memory(p);
    }
    TRACE_EVENT(p->vm, TRACE_send, p->pid, "asks %P: %P", to, message);
    wait->target = address.pid;
    wait->deadline_ns = deadline_ns;
    wait->id = table_ref(p->vm->processes, REF_ALIAS);
    return copy_and_enter(p, wait, message, why);
}

// Why the wait failed, as a term of p's own with up to three words of room.
static Term failure_of(Process *p, Wait *wait) {
    bool circle = signal_kind(wait->answer) == SIGNAL_CIRCLE;
    Term term = wait_take_answer(p, wait);
    if (!circle) {
        return term;
    }
    Room room;
    if (!process_reserve(p, 3, &term, 1, &room)) {
        return TERM_NONE;
    }
    return room_tuple2(&room, AM_deadlock, term);
}

static Term fail_answered(Process *p, Wait *wait, Term *why) {
    Term reason = failure_of(p, wait);
    wait_end(p);
    *why = reason;
    return TERM_NONE;
}

static Term go_on(Process *p, Wait *wait, Term message, Term *why) {
    if (wait->kind == WAIT_NONE) {
        return copy_and_enter(p, wait, message, why);
    }
    if (wait->kind == WAIT_ROOM) {
        switch (wait_room_status(p, wait)) {
        case ROOM_WAITING: return TERM_WAIT;
        case ROOM_LATE: return give_up(p, why, AM_timeout);
        case ROOM_READY: {
            Signal *signal = wait->message;
            wait->message = NULL;
            wait_used_room(p, wait);
            wait->probed = false;
            signal_set_counted(signal);
            return submit(p, wait, table_find(p->vm->processes, wait->target), signal, why);
        }
        default: return fail_answered(p, wait, why);
        }
    }
    if (wait->answer == NULL) {
        if (wait->over) {
            return give_up(p, why, AM_timeout);
        }
        p->woken = false;
        return TERM_WAIT;
    }
    if (signal_kind(wait->answer) != SIGNAL_REPLY) {
        return fail_answered(p, wait, why);
    }
    Term value = wait_take_answer(p, wait);
    wait_end(p);
    return value;
}

// The reply, or TERM_NONE with *why, or with TERM_NONE in *why when p has failed already.
static Term ask(Process *p, Term to, Term message, Term timeout, const void *owner, Term *why) {
    *why = TERM_NONE;
    Wait *wait = wait_of(p, owner);
    if (wait == NULL) {
        return begin(p, to, message, timeout, owner, why);
    }
    return go_on(p, wait, message, why);
}

Term process_ask(Process *p, Term to, Term message, Term timeout) {
    Term args[] = {to, message, timeout};
    if (p->work == NULL) {
        collect_replies(p, args, 3);
    }
    Term why;
    Term reply = ask(p, args[0], args[1], args[2], process_ask, &why);
    if (!term_same_bits(reply, TERM_NONE) || term_same_bits(why, TERM_NONE)) {
        return reply;
    }
    Term roots[] = {args[0], args[1], why};
    Room room;
    if (!process_reserve(p, 5, roots, 3, &room)) {
        return TERM_NONE;
    }
    return process_fail(p, room_tuple4(&room, AM_ask, roots[2], roots[0], roots[1]));
}

Term process_try_ask(Process *p, Term to, Term message, Term timeout) {
    Term args[] = {to, message, timeout};
    if (p->work == NULL) {
        collect_replies(p, args, 3);
    }
    Term why;
    Term reply = ask(p, args[0], args[1], args[2], process_try_ask, &why);
    if (term_same_bits(reply, TERM_YIELD) || term_same_bits(reply, TERM_WAIT)) {
        return reply;
    }
    bool ok = !term_same_bits(reply, TERM_NONE);
    Term value = ok ? reply : why;
    Room room;
    if (term_same_bits(value, TERM_NONE) || !process_reserve(p, 3, &value, 1, &room)) {
        return TERM_NONE;
    }
    return room_tuple2(&room, ok ? AM_ok : AM_error, value);
}

// Requests that p holds ---------------------------------------------------------------------------

// The request that is handled is one of those put aside from now on. One whose caller waits no more
// is forgotten: it said so before, or will say so after, this looks.
static void put_aside(Process *p) {
    Request *handling = &p->extra->handling;
    if (wait_stands(p->vm, handling->caller, handling->id) &&
        relation_find(p, RELATION_REQUEST, handling->id) == NULL) {
        relation_add_urgent(p, RELATION_REQUEST, handling->id, handling->caller, 0);
    }
    handling->id = 0;
}

static Term envelope_caller(const Signal *s) {
    return tuple_at(tuple_at(signal_term(s), 1), 0);
}

void ask_taken(Process *p, const Signal *signal) {
    if (p->extra != NULL && p->extra->handling.id != 0) {
        put_aside(p);
    }
    if (signal_kind(signal) == SIGNAL_ASK) {
        process_extra_urgent(p)->handling =
            (Request){.id = signal_id(signal), .caller = envelope_caller(signal)};
    }
}

static void refuse(Process *p, Term caller, uint64_t id, Term why) {
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_REFUSE, 0);
    s->data[SIGNAL_AT_TERM] = why;
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = id;
    wait_clear(p->vm, caller, id);
    signal_send_to(p->worker, caller, s);
}

void ask_dropped(Process *p, const Signal *signal) {
    if (signal_kind(signal) == SIGNAL_ASK) {
        refuse(p, envelope_caller(signal), signal_id(signal), AM_mailbox_full);
    }
}

static void settle(Process *p, uint64_t id) {
    if (p->extra != NULL && p->extra->handling.id == id) {
        p->extra->handling.id = 0;
    } else {
        relation_remove(p, RELATION_REQUEST, id);
    }
}

// Answering ---------------------------------------------------------------------------------------

static bool is_from(Term from) {
    return term_is_tuple(from) && tuple_size(from) == 2 && term_is_pid(tuple_at(from, 0));
}

// The id of a from that an ask made; 0: a hand-made tag.
static uint64_t from_id(Term from) {
    Term ref = tuple_at(from, 1);
    bool alias = term_is_ref(ref) && (ref_id(ref) & REF_ALIAS) != 0 &&
                 term_same_bits(ref_maker(ref), tuple_at(from, 0));
    return alias ? ref_id(ref) : 0;
}

// (tag, value) as a message.
static Term answer_by_message(Process *p, Term from, Term value, Carry **carry, Signal **signal,
                              StepStatus *status) {
    Term roots[] = {from, value};
    Room room;
    if (!process_reserve(p, 3, roots, 2, &room)) {
        return TERM_NONE;
    }
    Term pair = room_tuple2(&room, tuple_at(roots[0], 1), roots[1]);
    *status = carry_term(p, carry, SIGNAL_NOTICE, pair, 0, signal);
    return tuple_at(roots[0], 0);
}

static Term answer(Process *p, Term from, Term value, SignalKind kind, const void *owner) {
    if (!is_from(from)) {
        return process_badarg(p, from);
    }
    uint64_t id = from_id(from);
    if (id == 0 && kind == SIGNAL_REFUSE) {
        return AM_ok;
    }
    Term to = tuple_at(from, 0);
    Wait *wait = wait_of(p, owner);
    Carry *carry = wait == NULL ? NULL : wait->carry;
    Signal *signal = NULL;
    StepStatus status = STEP_MEMORY;
    if (id != 0) {
        status = carry_term(p, &carry, kind, value, 0, &signal);
    } else {
        to = answer_by_message(p, from, value, &carry, &signal, &status);
    }
    if (wait != NULL) {
        wait->carry = carry;
    }
    if (status == STEP_MORE && (wait != NULL || wait_begin_copy(p, carry, kind, owner))) {
        return TERM_YIELD;
    }
    if (wait != NULL) {
        wait_end(p);
    } else {
        carry_drop(p, &carry);
    }
    if (term_same_bits(to, TERM_NONE)) {
        return TERM_NONE;
    }
    if (status != STEP_DONE) {
        return process_limit(p, AM_memory);
    }
    TRACE_EVENT(p->vm, TRACE_send, p->pid, "answers %P: %P", to, value);
    if (id != 0) {
        signal->data[SIGNAL_AT_LINK] = p->pid;
        signal->data[SIGNAL_AT_ID].bits = id;
        settle(p, id);
        wait_clear(p->vm, to, id);
    }
    signal_send_to(p->worker, to, signal);
    return AM_ok;
}

Term process_reply(Process *p, Term from, Term value) {
    return answer(p, from, value, SIGNAL_REPLY, process_reply);
}

Term process_reply_error(Process *p, Term from, Term why) {
    return answer(p, from, why, SIGNAL_REFUSE, process_reply_error);
}

Term process_caller(Process *p, Term from) {
    if (is_from(from) && p->extra != NULL && p->extra->handling.id != 0 &&
        p->extra->handling.id == from_id(from)) {
        put_aside(p);
    }
    return from;
}

Term process_handling(Process *p, Term from) {
    uint64_t id = is_from(from) ? from_id(from) : 0;
    if (id == 0 || (p->extra != NULL && p->extra->handling.id == id)) {
        return from;
    }
    if (p->extra != NULL && p->extra->handling.id != 0) {
        put_aside(p);
    }
    relation_remove(p, RELATION_REQUEST, id);
    process_extra_urgent(p)->handling = (Request){.id = id, .caller = tuple_at(from, 0)};
    return from;
}

// Signals -----------------------------------------------------------------------------------------

static void accept(Process *p, Signal *signal) {
    p->extra->wait->answer = signal;
    p->woken = true;
    atomic_store_explicit(&p->waiting, 0, memory_order_release);
}

// A reply to an alias that the program made itself: (ref, value) as a message.
static void deliver_reply(Process *p, const Signal *signal) {
    enum { PAIR_WORDS = 3 + REF_WORDS };
    Signal *s =
        signal_copy_urgent(&p->worker->blocks, SIGNAL_NOTICE, signal_term(signal), PAIR_WORDS);
    Room room = signal_end_room(s, PAIR_WORDS);
    Term ref = room_ref(&room, signal_id(signal), p->pid);
    s->data[SIGNAL_AT_TERM] = room_tuple2(&room, ref, signal_term(s));
    process_deliver(p, s);
}

void ask_replied(Process *p, Signal *signal) {
    if (wait_is(p, signal_id(signal)) && p->extra->wait->answer == NULL) {
        accept(p, signal);
        return;
    }
    if (signal_kind(signal) == SIGNAL_REPLY &&
        relation_find(p, RELATION_ALIAS, signal_id(signal)) != NULL) {
        deliver_reply(p, signal);
    }
    signal_give(&p->worker->blocks, signal);
}

bool ask_down(Process *p, Signal *signal) {
    if (!wait_is(p, signal_id(signal))) {
        return false;
    }
    if (p->extra->wait->answer == NULL) {
        accept(p, signal);
    } else {
        signal_give(&p->worker->blocks, signal);
    }
    return true;
}

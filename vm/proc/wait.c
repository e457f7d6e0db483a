// SPDX-License-Identifier: Apache-2.0
// What asks, starts and waits for room have in common: see ask_private.h.
#include "vm/boot.h"
#include "vm/proc/ask_private.h"
#include "vm/proc/bound.h"
#include "vm/proc/receive.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/base/clock.h"

Wait *wait_of(const Process *p, const void *owner) {
    if (p->work == NULL) {
        return NULL;
    }
    ASSERT(p->work->owner == owner);
    (void)owner;
    return p->extra->wait;
}

bool wait_is(const Process *p, uint64_t id) {
    return p->extra != NULL && p->extra->wait != NULL && p->extra->wait->kind != WAIT_NONE &&
           p->extra->wait->id == id;
}

static void wait_drop(Process *p, Work *work) {
    (void)work;
    wait_end(p);
}

Wait *wait_begin(Process *p, const void *owner) {
    ASSERT(p->work == NULL);
    ProcessExtra *extra = process_extra(p);
    if (extra == NULL) {
        return NULL;
    }
    if (extra->wait == NULL) {
        extra->wait = mem_alloc_zero(p->vm->mem, MEM_PROCESS, sizeof *extra->wait);
        if (extra->wait == NULL) {
            return NULL;
        }
    }
    Wait *wait = extra->wait;
    *wait = (Wait){
        .work = {.drop = wait_drop, .owner = owner},
        .target = TERM_NIL,
        .deadline_ns = UINT64_MAX,
        .armed_ns = wait->armed_ns,
    };
    p->work = &wait->work;
    return wait;
}

// A timer for the wait: most waits are over before it ends, and the next one of the same process
// finds it there and need not start another.
static bool arm(Process *p, Wait *wait) {
    uint64_t at =
        wait->probed || wait->deadline_ns < wait->probe_ns ? wait->deadline_ns : wait->probe_ns;
    if (process_timer_reuse(p, wait->armed_ns <= at)) {
        return true;
    }
    wait->armed_ns = at;
    return process_timer_start(p, at);
}

bool wait_enter(Process *p, Wait *wait, WaitKind kind, Term target, uint64_t deadline_ns) {
    wait->kind = kind;
    wait->target = target;
    wait->deadline_ns = deadline_ns;
    // Release: pairs with the acquire of wait_clear and wait_stands.
    atomic_store_explicit(&p->waiting, wait->id, memory_order_release);
    wait->probe_ns = p->worker->now_ns + PROBE_NS;
    return arm(p, wait);
}

static void tell_target(Process *p, const Wait *wait, SignalKind kind) {
    Signal *s = signal_new_urgent(&p->worker->blocks, kind, 0);
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = wait->id;
    signal_send_to(p->worker, wait->target, s);
}

void wait_used_room(Process *p, Wait *wait) {
    ASSERT(wait->kind == WAIT_ROOM);
    ASSERT(wait->given);
    process_timer_leave(p);
    wait->kind = WAIT_NONE;
    wait->given = false;
}

Term wait_take_answer(Process *p, Wait *wait) {
    Signal *s = wait->answer;
    Term term = signal_term(s);
    wait->answer = NULL;
    wait->taken = true;
    wait->taken_kind = signal_kind(s);
    wait->taken_from = signal_pid(s);
    if (s->words > SIGNAL_WORDS) {
        heap_adopt(&p->heap, s);
    } else {
        signal_give(&p->worker->blocks, s);
    }
    return term;
}

void wait_end(Process *p) {
    Wait *wait = p->extra->wait;
    // Before the target hears of it: see ask_taken.
    atomic_store_explicit(&p->waiting, 0, memory_order_release);
    if (wait->kind != WAIT_NONE) {
        process_timer_leave(p);
    }
    if (wait->answer != NULL) {
        (void)wait_take_answer(p, wait);
    }
    bool answered = wait->taken && wait->taken_kind != SIGNAL_CIRCLE;
    // Another than the target may have answered, who then still keeps the request.
    bool settled = answered && term_same_bits(wait->taken_from, wait->target);
    if (wait->kind == WAIT_ROOM && !answered) {
        tell_target(p, wait, SIGNAL_ROOM_BACK);
    } else if (wait->kind == WAIT_REPLY && !settled) {
        tell_target(p, wait, SIGNAL_DEMONITOR);
    }
    wait->kind = WAIT_NONE;
    carry_drop(p, &wait->carry);
    if (wait->message != NULL) {
        signal_give(&p->worker->blocks, wait->message);
        wait->message = NULL;
    }
    p->work = NULL;
}

void wait_clear(const VM *vm, Term pid, uint64_t id) {
    Process *target = table_find(vm->processes, pid);
    if (target != NULL) {
        atomic_compare_exchange_strong_explicit(&target->waiting, &id, 0, memory_order_acq_rel,
                                                memory_order_relaxed);
    }
}

bool wait_stands(const VM *vm, Term pid, uint64_t id) {
    const Process *target = table_find(vm->processes, pid);
    return target != NULL && atomic_load_explicit(&target->waiting, memory_order_acquire) == id;
}

Term wait_fail_circle(Process *p, Wait *wait) {
    Term cycle = wait_take_answer(p, wait);
    wait_end(p);
    return process_fail_with(p, AM_deadlock, cycle);
}

bool ask_timer(Process *p) {
    Wait *wait = p->extra == NULL ? NULL : p->extra->wait;
    if (wait == NULL || wait->kind == WAIT_NONE) {
        return false;
    }
    uint64_t now_ns = clock_now_ns(&p->vm->clock);
    bool late = now_ns >= wait->deadline_ns;
    // Where the timer was left by a wait before this one it ends before its time.
    bool early = !late && (wait->probed || now_ns < wait->probe_ns);
    if (early && arm(p, wait)) {
        return true;
    }
    if (!wait->probed) {
        wait->probed = true;
        probe_start(p, wait);
        if (!late && wait->answer == NULL) {
            if (arm(p, wait)) {
                return true;
            }
            // No memory for a timer: better too early than never.
            late = true;
        }
    }
    wait->over = late;
    p->woken = true;
    return true;
}

// Room in a full mailbox --------------------------------------------------------------------------

bool wait_begin_copy(Process *p, Carry *carry, SignalKind kind, const void *owner) {
    Wait *wait = wait_begin(p, owner);
    if (wait == NULL) {
        return false;
    }
    wait->carry = carry;
    wait->carry_kind = kind;
    return true;
}

Term wait_for_room(Process *p, Process *target, Signal *signal, uint64_t deadline_ns,
                   const void *owner) {
    Wait *wait = wait_begin(p, owner);
    if (wait == NULL) {
        signal_give(&p->worker->blocks, signal);
        return process_limit(p, AM_memory);
    }
    wait->message = signal;
    wait->id = table_ref(p->vm->processes, REF_ALIAS);
    if (!wait_enter(p, wait, WAIT_ROOM, target->pid, deadline_ns)) {
        wait->kind = WAIT_NONE;
        wait_end(p);
        return process_limit(p, AM_memory);
    }
    room_ask(p, wait, target);
    return TERM_WAIT;
}

void room_ask(Process *p, Wait *wait, Process *target) {
    Signal *wanted = signal_new_urgent(&p->worker->blocks, SIGNAL_ROOM_WANTED, 0);
    wanted->data[SIGNAL_AT_LINK] = p->pid;
    wanted->data[SIGNAL_AT_ID].bits = wait->id;
    if (!signal_send(p->worker, target, wanted)) {
        // It has just ended: as if it had said so.
        wanted->data[SIGNAL_AT_KIND].bits = SIGNAL_DOWN;
        wanted->data[SIGNAL_AT_TERM] = AM_noproc;
        wanted->data[SIGNAL_AT_LINK] = target->pid;
        wait->answer = wanted;
        p->woken = true;
    }
}

RoomStatus wait_room_status(Process *p, Wait *wait) {
    ASSERT(wait->kind == WAIT_ROOM);
    if (wait->given) {
        return ROOM_READY;
    }
    if (wait->answer != NULL) {
        return signal_kind(wait->answer) == SIGNAL_CIRCLE ? ROOM_CIRCLE : ROOM_GONE;
    }
    if (wait->over) {
        return ROOM_LATE;
    }
    p->woken = false;
    return ROOM_WAITING;
}

void ask_room_given(Process *p, Term receiver, uint64_t id) {
    (void)receiver;
    // Late: whoever gave up has told the receiver so.
    if (wait_is(p, id) && p->extra->wait->kind == WAIT_ROOM) {
        p->extra->wait->given = true;
        p->woken = true;
    }
}

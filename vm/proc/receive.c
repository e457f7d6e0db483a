// SPDX-License-Identifier: Apache-2.0
// Receiving and the timer of a process: see receive.h.
#include "vm/proc/receive.h"

#include "vm/base/clock.h"
#include "vm/proc/ask.h"
#include "vm/proc/bound.h"
#include "vm/proc/trace.h"
#include "vm/term/box.h"

// The timer ---------------------------------------------------------------------------------------

bool process_deadline(Process *p, Term ms, uint64_t *deadline_ns) {
    enum { NS_PER_MS = 1000 * 1000 };
    if (term_same_bits(ms, AM_infinity)) {
        *deadline_ns = UINT64_MAX;
        return true;
    }
    if (term_is_bignum(ms) && !bignum_is_negative(ms)) {
        *deadline_ns = UINT64_MAX;
        return true;
    }
    if (!term_is_small(ms) || term_to_small(ms) < 0) {
        process_badarg(p, ms);
        return false;
    }
    uint64_t wait = (uint64_t)term_to_small(ms);
    uint64_t now = clock_now_ns(&p->vm->clock);
    *deadline_ns = wait > (UINT64_MAX - now) / NS_PER_MS ? UINT64_MAX : now + wait * NS_PER_MS;
    return true;
}

bool process_timer_start(Process *p, uint64_t deadline_ns) {
    process_timer_stop(p);
    if (deadline_ns == UINT64_MAX) {
        return true;
    }
    return p->worker->hooks->timer_start(p, deadline_ns, p->mailbox.timer_number);
}

void process_timer_stop(Process *p) {
    if (p->timer != NULL) {
        p->worker->hooks->timer_stop(p);
    }
    p->mailbox.timer_number++;
    p->mailbox.timed_out = false;
    p->mailbox.left_timer = false;
}

void process_timer_leave(Process *p) {
    p->mailbox.timed_out = false;
    p->mailbox.left_timer = p->timer != NULL;
}

bool process_timer_reuse(Process *p, bool suits) {
    bool reuse = p->mailbox.left_timer && suits;
    if (reuse) {
        p->mailbox.left_timer = false;
    }
    return reuse;
}

void process_timer_ended(Process *p, uint64_t number) {
    if (p->timer == NULL || number != p->mailbox.timer_number) {
        return;
    }
    bool left = p->mailbox.left_timer;
    process_timer_stop(p);
    if (!left && !ask_timer(p)) {
        p->mailbox.timed_out = true;
        p->woken = true;
    }
}

// Receiving ---------------------------------------------------------------------------------------

// What was received piles up outside the heap until a collection, and a process that only receives
// would never have one.
static void collect_received(Process *p) {
    if (heap_is_pressed(&p->heap)) {
        // A failure leaves everything as it was, and is found by the next reserve.
        HeapStatus status = heap_ensure(&p->heap, HEAP_GAP, NULL, 0);
        (void)status;
    }
}

bool receive_peek(Process *p, Term *message) {
    Signal *s = mailbox_at(&p->mailbox);
    if (s == NULL) {
        process_fetch(p);
        if (p->must_exit) {
            p->reds = 0;
            return false;
        }
        s = mailbox_at(&p->mailbox);
        if (s == NULL) {
            return false;
        }
    }
    p->heap.foreign = NULL;
    collect_received(p);
    p->heap.foreign = s;
    *message = signal_term(s);
    return true;
}

static void receive_end(Process *p) {
    p->heap.foreign = NULL;
    mailbox_restart(&p->mailbox);
    if (p->mailbox.has_timer) {
        process_timer_stop(p);
        p->mailbox.has_timer = false;
    }
}

void receive_take(Process *p) {
    Signal *s = mailbox_at(&p->mailbox);
    ASSERT(s != NULL);
    TRACE_EVENT(p->vm, TRACE_receive, p->pid, "%P", signal_term(s));
    p->worker->messages++;
    mailbox_remove(&p->mailbox, s);
    receive_end(p);
    if (signal_is_counted(s)) {
        bound_leave(p);
    }
    ask_taken(p, s);
    if (s->words > SIGNAL_WORDS) {
        heap_adopt(&p->heap, s);
    } else {
        signal_give(&p->worker->blocks, s);
    }
}

ReceiveResult receive_wait(Process *p) {
    bool more = mailbox_at(&p->mailbox) != NULL;
    // Code that goes back without looking at what is there must not hold its scheduler: it sleeps,
    // and is awake at once.
    if (more && !process_charge(p, 1)) {
        return RECEIVE_AGAIN;
    }
    p->woken = more;
    return RECEIVE_SLEEP;
}

ReceiveResult receive_wait_for(Process *p, Term ms) {
    Mailbox *mailbox = &p->mailbox;
    if (mailbox->has_timer) {
        if (mailbox->timed_out) {
            return RECEIVE_OVER;
        }
        return receive_wait(p);
    }
    if (p->must_exit || mailbox_has_more(mailbox)) {
        // There is more to look at before the time can be over.
        return receive_wait(p);
    }
    if (term_same_bits(ms, term_small(0))) {
        return RECEIVE_OVER;
    }
    uint64_t deadline_ns;
    if (!process_deadline(p, ms, &deadline_ns)) {
        return RECEIVE_FAILED;
    }
    if (!process_timer_start(p, deadline_ns)) {
        process_limit(p, AM_memory);
        return RECEIVE_FAILED;
    }
    mailbox->has_timer = true;
    return receive_wait(p);
}

void receive_ref(Process *p, Term ref) {
    if (term_is_ref(ref) && p->mailbox.cursor == &p->mailbox.first) {
        mailbox_skip_before(&p->mailbox, ref_id(ref));
    }
}

void receive_done(Process *p) {
    receive_end(p);
}

// Sleeping ----------------------------------------------------------------------------------------

static void sleep_drop(Process *p, Work *work) {
    (void)work;
    process_timer_stop(p);
}

// Holds nothing of its own: the timer is the process's.
static Work sleep_work = {.drop = sleep_drop, .each_root = NULL, .owner = &sleep_work};

Term process_sleep(Process *p, Term ms) {
    if (p->work == NULL) {
        uint64_t deadline_ns;
        if (!process_deadline(p, ms, &deadline_ns)) {
            return TERM_NONE;
        }
        if (!process_timer_start(p, deadline_ns)) {
            return process_limit(p, AM_memory);
        }
        p->work = &sleep_work;
        if (term_same_bits(ms, term_small(0))) {
            // Lets others run; the timer is long over when it runs again.
            process_timer_stop(p);
            p->mailbox.timed_out = true;
            return TERM_YIELD;
        }
    }
    ASSERT(p->work == &sleep_work);
    if (!p->mailbox.timed_out) {
        p->woken = false;
        return TERM_WAIT;
    }
    p->work = NULL;
    process_timer_stop(p);
    return AM_ok;
}

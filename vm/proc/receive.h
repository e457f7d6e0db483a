// SPDX-License-Identifier: Apache-2.0
// Receiving: what the ops recv_* do, and how a process takes in its signals. Owner thread only.
// Tests: tests/behave b02-b05.
#pragma once

#include "vm/proc/extra.h"
#include "vm/proc/worker.h"

typedef enum {
    RECEIVE_AGAIN,  // something to look at: go to the label
    RECEIVE_SLEEP,  // return RUN_WAIT, go on at the label
    RECEIVE_OVER,   // the time is over: fall through
    RECEIVE_FAILED, // process_fail was called
} ReceiveResult;

// recv_peek: the oldest message not yet looked at; false when there is none. May collect (frames
// and X as p->point says).
bool receive_peek(Process *p, Term *message);
// The same when there is one and nothing else to do; NULL: it is not that.
static inline const Signal *receive_peek_quick(Process *p) {
    const Signal *s = mailbox_at(&p->mailbox);
    if (UNLIKELY(s == NULL || heap_is_pressed(&p->heap))) {
        return NULL;
    }
    p->heap.foreign = s;
    return s;
}
// Whether there is none, nor anything that could be one.
static inline bool receive_is_empty(Process *p) {
    return mailbox_at(&p->mailbox) == NULL && !mailbox_has_more(&p->mailbox) &&
           inbox_is_empty(&p->inbox);
}
// recv_next: goes past the message looked at.
static inline void receive_next(Process *p) {
    p->heap.foreign = NULL;
    mailbox_next(&p->mailbox);
}
// recv_take: takes the message looked at; its terms belong to the heap from now on. Ends the
// receive.
void receive_take(Process *p);
// The same for the usual case, in few instructions: the oldest message, of no particular kind, and
// nothing else ends with the receive. False: it is not that, and nothing was done.
static inline bool receive_take_quick(Process *p) {
    Mailbox *mailbox = &p->mailbox;
    Heap *heap = &p->heap;
    Signal *s = mailbox->first;
    BlockPool *pool = heap->pool;
    if (UNLIKELY(mailbox->cursor != &mailbox->first || mailbox->has_timer ||
                 (p->extra != NULL && p->extra->handling.id != 0) ||
                 (s->data[SIGNAL_AT_KIND].bits & 0xff) != SIGNAL_MESSAGE ||
                 p->vm->tracer != NULL)) {
        return false;
    }
    if (s->words > SIGNAL_WORDS) {
        if (UNLIKELY(heap->fragment_words > HEAP_FRAGMENT_WORDS || s->offheap.first != NULL)) {
            return false;
        }
        mailbox_remove_first(mailbox);
        s->next = heap->fragments;
        heap->fragments = s;
        heap->fragment_words += s->words;
    } else {
        if (UNLIKELY(s->capacity != SIGNAL_WORDS ||
                     pool->fragments.count[0] >= FRAGMENT_POOL_MAX)) {
            return false;
        }
        mailbox_remove_first(mailbox);
        s->next = pool->fragments.free[0];
        pool->fragments.free[0] = s;
        pool->fragments.count[0]++;
    }
    heap->foreign = NULL;
    p->worker->messages++;
    return true;
}
// recv_wait.
ReceiveResult receive_wait(Process *p);
// recv_wait_for: ms is an integer >= 0 or :infinity, otherwise :badarg(ms).
ReceiveResult receive_wait_for(Process *p, Term ms);
// recv_ref: ref is a reference, anything else is ignored.
void receive_ref(Process *p, Term ref);
// recv_done.
void receive_done(Process *p);

// Takes all signals that are there: messages into the mailbox, others are acted on. True when the
// mailbox got a message. May set p->must_exit, p->woken.
bool process_fetch(Process *p);
// The same for one whose inbox is to be closed: what is left is answered as by one that is not
// there. True when all is done.
bool process_fetch_closing(Process *p);
// Puts a message (of any kind) into p's own mailbox.
void process_deliver(Process *p, Signal *message);

// The one timer of a process, used by a receive, sleep or ask: mailbox.timed_out is set when it
// ends. UINT64_MAX: none. False: no memory.
bool process_timer_start(Process *p, uint64_t deadline_ns);
void process_timer_stop(Process *p);
// Lets it run, though nothing waits for it now; process_timer_reuse takes such a one, if there is
// one and it `suits`.
void process_timer_leave(Process *p);
bool process_timer_reuse(Process *p, bool suits);
void process_timer_ended(Process *p, uint64_t number); // the signal
// A deadline `ms` from now (an integer >= 0 or :infinity, which is UINT64_MAX). False after
// :badarg(ms).
bool process_deadline(Process *p, Term ms, uint64_t *deadline_ns);

// Process.sleep(ms): resumable; :ok.
Term process_sleep(Process *p, Term ms);

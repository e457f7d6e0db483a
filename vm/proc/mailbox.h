// SPDX-License-Identifier: Apache-2.0
// Inbox and mailbox of a process.
//
// The Inbox is a list that any thread pushes onto and its owner takes whole. Its head says what the
// owner does:
//
//   NULL           empty; the owner runs or is queued
//   signal → ...   newest first
//   INBOX_ASLEEP   empty, and the owner sleeps: whoever replaces this mark must queue the owner, and nobody else may
//   INBOX_CLOSED   the owner has ended: nothing gets in
//
// So sending and waking are one atomic operation, no wake-up is lost and none happens twice. What
// wakes the owner does not go through the inbox: as its mailbox is the waker's at that moment, it is
// put there, where it is the oldest.
//
// The Mailbox holds the messages taken from the inbox, oldest first, doubly linked, private to the
// owner. They wait outside its heap: a message that is looked at may be pointed to by registers,
// and stays where it is; once taken, its fragment is adopted by the heap, without copying. `cursor`
// is the link to the message looked at or, at the end, where the next one will be.
//
//   turning → s9 → s8 → ...  s6 → s7 ← backlog   taken from the inbox, newest first, and half turned round
//   turning == NULL    backlog → s1 → s2 → ...   ready to be acted on, oldest first
//   first → m1 ⇄ m2 ⇄ m3 → NULL         cursor == &m2.next: m1 and m2 were looked at and stay
//
// Tests: tests/unit/vm/proc/mailbox_test.c.
#pragma once

#include "vm/base/atomic.h"
#include "vm/proc/signal.h"

typedef struct {
    _Atomic(Signal *) head;
} Inbox;

#define INBOX_ASLEEP ((Signal *)(uintptr_t)1)
#define INBOX_CLOSED ((Signal *)(uintptr_t)2)

typedef enum {
    PUSH_DONE,   // the owner will see it in time
    PUSH_WOKE,   // it slept: the caller must queue it now
    PUSH_CLOSED, // it has ended: the caller still owns the signal
} PushResult;

typedef struct {
    Signal *first;
    Signal *last;
    Signal **cursor;
    Signal *turning; // taken from the inbox, newest first
    Signal
        *backlog; // those of them that are turned round; only when `turning` is NULL does it begin
                  // with the oldest
    uint32_t count;
    uint32_t backlog_count;
    uint32_t words; // of the messages, without their heads
    // Of the process's timer: a SIGNAL_TIMER with another number is late.
    uint32_t timer_number : 29;
    bool timed_out : 1;  // that timer has ended
    bool has_timer : 1;  // it is the timer of a receive
    bool left_timer : 1; // it is that of a wait which is over: wait.c
} Mailbox;

void mailbox_init(Inbox *inbox, Mailbox *mailbox);

// Any thread that is online (quiet.h) or holds the process otherwise. Never waits.
static inline PushResult inbox_push(Inbox *inbox, Mailbox *mailbox, Signal *signal) {
    Signal *head = atomic_load_explicit(&inbox->head, memory_order_relaxed);
    do {
        if (head == INBOX_CLOSED) {
            return PUSH_CLOSED;
        }
        signal->next = head == INBOX_ASLEEP ? NULL : head;
        // Release: the signal's words, for mailbox_next_signal. Acquire: on waking, what the last
        // owner wrote before inbox_sleep.
    } while (!atomic_compare_exchange_weak_explicit(&inbox->head, &head,
                                                    head == INBOX_ASLEEP ? NULL : signal,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (head == INBOX_ASLEEP) {
        mailbox->backlog = signal;
        mailbox->backlog_count = 1;
        return PUSH_WOKE;
    }
    return PUSH_DONE;
}
// From empty to ASLEEP; false when something is there. Owner; from then on it is not the owner any
// more.
bool inbox_sleep(Inbox *inbox);
// Takes what is there and lets nothing more in. Owner.
Signal *inbox_close(Inbox *inbox);

// The next signal, oldest first; what is in the inbox is taken and turned round first, of which
// *budget signals at most. NULL: there is none, or there is more to turn (mailbox_has_more). Owner.
Signal *mailbox_next_signal(Inbox *inbox, Mailbox *mailbox, int32_t *budget);
// The same, and nothing more gets into the inbox from now on.
Signal *mailbox_last_signal(Inbox *inbox, Mailbox *mailbox, int32_t *budget);

// Takes the message at the cursor, which is the first, out.
static inline void mailbox_remove_first(Mailbox *mailbox) {
    Signal *message = mailbox->first;
    ASSERT(mailbox->cursor == &mailbox->first);
    mailbox->first = message->next;
    if (message->next != NULL) {
        message->next->data[SIGNAL_AT_LINK].bits = 0;
    } else {
        mailbox->last = NULL;
    }
    mailbox->count--;
    mailbox->words -= message->words - SIGNAL_WORDS;
}

// Whether signals were taken from the inbox that were not acted on yet.
static inline bool mailbox_has_more(const Mailbox *mailbox) {
    return mailbox->backlog != NULL || mailbox->turning != NULL;
}

static inline bool inbox_is_empty(Inbox *inbox) {
    return atomic_load_explicit(&inbox->head, memory_order_relaxed) == NULL;
}

// The rest is the owner's.
void mailbox_append(Mailbox *mailbox, Signal *message);
// Takes a message out, wherever it stands; the cursor keeps its place.
void mailbox_remove(Mailbox *mailbox, Signal *message);
// Puts another, new one in a message's place.
void mailbox_replace(Mailbox *mailbox, Signal *message, Signal *other);
// The message that a receive looks at next, or NULL at the end.
static inline Signal *mailbox_at(const Mailbox *mailbox) {
    return *mailbox->cursor;
}
static inline void mailbox_next(Mailbox *mailbox) {
    ASSERT(*mailbox->cursor != NULL);
    mailbox->cursor = &(*mailbox->cursor)->next;
}
static inline void mailbox_restart(Mailbox *mailbox) {
    mailbox->cursor = &mailbox->first;
}
// Sets the cursor behind all messages that were fetched before the reference `id` was made.
// O(messages since then).
void mailbox_skip_before(Mailbox *mailbox, uint64_t id);

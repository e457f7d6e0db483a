// SPDX-License-Identifier: Apache-2.0
// Inbox and mailbox: see mailbox.h.
#include "vm/proc/mailbox.h"

void mailbox_init(Inbox *inbox, Mailbox *mailbox) {
    atomic_init(&inbox->head, NULL);
    *mailbox = (Mailbox){.first = NULL};
    mailbox->cursor = &mailbox->first;
}

// Newest first to oldest first.
static Signal *reversed(Signal *signal) {
    Signal *before = NULL;
    while (signal != NULL) {
        Signal *next = signal->next;
        signal->next = before;
        before = signal;
        signal = next;
    }
    return before;
}

bool inbox_sleep(Inbox *inbox) {
    Signal *empty = NULL;
    // Release: hands the process over to the one that wakes it.
    return atomic_compare_exchange_strong_explicit(&inbox->head, &empty, INBOX_ASLEEP,
                                                   memory_order_release, memory_order_relaxed);
}

Signal *inbox_close(Inbox *inbox) {
    Signal *head = atomic_exchange_explicit(&inbox->head, INBOX_CLOSED, memory_order_acquire);
    ASSERT(head != INBOX_ASLEEP);
    return head == INBOX_CLOSED ? NULL : reversed(head);
}

// Turns round what was taken, at most *budget; the oldest one when that is done.
static Signal *turn_next(Mailbox *mailbox, int32_t *budget) {
    Signal *at = mailbox->turning;
    for (; at != NULL && *budget > 0; --*budget) {
        Signal *next = at->next;
        at->next = mailbox->backlog;
        mailbox->backlog = at;
        mailbox->backlog_count++;
        at = next;
    }
    mailbox->turning = at;
    Signal *s = mailbox->backlog;
    if (at != NULL || s == NULL) {
        return NULL;
    }
    mailbox->backlog = s->next;
    mailbox->backlog_count--;
    return s;
}

Signal *mailbox_next_signal(Inbox *inbox, Mailbox *mailbox, int32_t *budget) {
    if (!mailbox_has_more(mailbox) && !inbox_is_empty(inbox)) {
        // Acquire: pairs with the release of every push.
        mailbox->turning = atomic_exchange_explicit(&inbox->head, NULL, memory_order_acquire);
        ASSERT(mailbox->turning != INBOX_ASLEEP);
        ASSERT(mailbox->turning != INBOX_CLOSED);
    }
    return turn_next(mailbox, budget);
}

Signal *mailbox_last_signal(Inbox *inbox, Mailbox *mailbox, int32_t *budget) {
    if (!mailbox_has_more(mailbox)) {
        Signal *head = atomic_exchange_explicit(&inbox->head, INBOX_CLOSED, memory_order_acquire);
        ASSERT(head != INBOX_ASLEEP);
        mailbox->turning = head == INBOX_CLOSED ? NULL : head;
    }
    return turn_next(mailbox, budget);
}

static void set_before(Signal *signal, Signal *before) {
    signal->data[SIGNAL_AT_LINK].bits = (uint64_t)(uintptr_t)before;
}

void mailbox_append(Mailbox *mailbox, Signal *message) {
    message->next = NULL;
    set_before(message, mailbox->last);
    *(mailbox->last == NULL ? &mailbox->first : &mailbox->last->next) = message;
    mailbox->last = message;
    mailbox->count++;
    mailbox->words += message->words - SIGNAL_WORDS;
}

void mailbox_remove(Mailbox *mailbox, Signal *message) {
    Signal *before = signal_before(message);
    Signal **link = before == NULL ? &mailbox->first : &before->next;
    ASSERT(*link == message);
    *link = message->next;
    if (message->next != NULL) {
        set_before(message->next, before);
    } else {
        mailbox->last = before;
    }
    if (mailbox->cursor == &message->next) {
        mailbox->cursor = link;
    }
    mailbox->count--;
    mailbox->words -= message->words - SIGNAL_WORDS;
}

void mailbox_replace(Mailbox *mailbox, Signal *message, Signal *other) {
    Signal *before = signal_before(message);
    *(before == NULL ? &mailbox->first : &before->next) = other;
    set_before(other, before);
    other->next = message->next;
    if (other->next != NULL) {
        set_before(other->next, other);
    } else {
        mailbox->last = other;
    }
    if (mailbox->cursor == &message->next) {
        mailbox->cursor = &other->next;
    }
    mailbox->words += other->words - message->words;
}

void mailbox_skip_before(Mailbox *mailbox, uint64_t id) {
    Signal *signal = mailbox->last;
    while (signal != NULL && signal_stamp(signal) > id) {
        signal = signal_before(signal);
    }
    mailbox->cursor = signal == NULL ? &mailbox->first : &signal->next;
}

// SPDX-License-Identifier: Apache-2.0
// Inbox and mailbox: see mailbox.h.
#include "vm/proc/mailbox.h"

void mailbox_init(Inbox *inbox, Mailbox *mailbox) {
    atomic_init(&inbox->head, NULL);
    *mailbox = (Mailbox){.first = NULL};
    mailbox->cursor = &mailbox->first;
}

PushResult inbox_push(Inbox *inbox, Signal *signal) {
    Signal *head = atomic_load_explicit(&inbox->head, memory_order_relaxed);
    do {
        if (head == INBOX_CLOSED) {
            return PUSH_CLOSED;
        }
        signal->next = head == INBOX_ASLEEP ? NULL : head;
        // Release: the signal's words, for inbox_take. Acquire: on waking, what the last owner wrote before inbox_sleep.
    } while (!atomic_compare_exchange_weak_explicit(&inbox->head, &head, signal, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return head == INBOX_ASLEEP ? PUSH_WOKE : PUSH_DONE;
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

Signal *inbox_take(Inbox *inbox) {
    if (inbox_is_empty(inbox)) {
        return NULL;
    }
    // Acquire: pairs with the release of every push.
    Signal *head = atomic_exchange_explicit(&inbox->head, NULL, memory_order_acquire);
    ASSERT(head != INBOX_ASLEEP);
    ASSERT(head != INBOX_CLOSED);
    return reversed(head);
}

bool inbox_sleep(Inbox *inbox) {
    Signal *empty = NULL;
    // Release: hands the process over to the one that wakes it.
    return atomic_compare_exchange_strong_explicit(&inbox->head, &empty, INBOX_ASLEEP, memory_order_release,
                                                   memory_order_relaxed);
}

Signal *inbox_close(Inbox *inbox) {
    Signal *head = atomic_exchange_explicit(&inbox->head, INBOX_CLOSED, memory_order_acquire);
    ASSERT(head != INBOX_ASLEEP);
    return head == INBOX_CLOSED ? NULL : reversed(head);
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
}

void mailbox_skip_before(Mailbox *mailbox, uint64_t id) {
    Signal *signal = mailbox->last;
    while (signal != NULL && signal_stamp(signal) > id) {
        signal = signal_before(signal);
    }
    mailbox->cursor = signal == NULL ? &mailbox->first : &signal->next;
}

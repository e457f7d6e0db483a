// SPDX-License-Identifier: Apache-2.0
// vm/proc/mailbox.c: order from each of many senders, one waker for each sleep, cursor and removal,
// skipping by reference.
#include "vm/proc/mailbox.h"

#include <criterion/criterion.h>
#include <pthread.h>

static MemStats *mem;

static void setup(void) {
    mem = mem_stats_new(0);
}

static void teardown(void) {
    mem_stats_free(mem);
}

TestSuite(mailbox, .init = setup, .fini = teardown);

static Signal *message(int64_t value) {
    Signal *s = signal_new(mem, SIGNAL_MESSAGE, 0);
    s->data[SIGNAL_AT_TERM] = term_small(value);
    return s;
}

// Order and waking -------------------------------------------------------------------------------

enum { SENDERS = 4, EACH = 50000 };

typedef struct {
    Inbox *inbox;
    Mailbox *mailbox;
    int64_t number;
    _Atomic uint32_t *wakes;
} Sender;

static void *sender_main(void *argument) {
    Sender *sender = argument;
    for (int64_t i = 0; i < EACH; i++) {
        PushResult result =
            inbox_push(sender->inbox, sender->mailbox, message(sender->number * EACH + i));
        cr_assert(result != PUSH_CLOSED);
        if (result == PUSH_WOKE) {
            atomic_fetch_add(sender->wakes, 1);
        }
    }
    return NULL;
}

Test(mailbox, keeps_each_senders_order_and_wakes_once) {
    Inbox inbox;
    Mailbox mailbox;
    mailbox_init(&inbox, &mailbox);
    _Atomic uint32_t wakes = 0;
    pthread_t threads[SENDERS];
    Sender senders[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (Sender){&inbox, &mailbox, i, &wakes};
        pthread_create(&threads[i], NULL, sender_main, &senders[i]);
    }
    int64_t next[SENDERS] = {0};
    uint32_t sleeps = 0;
    for (int64_t got = 0; got < (int64_t)SENDERS * EACH;) {
        int32_t budget = 10;
        Signal *s = mailbox_next_signal(&inbox, &mailbox, &budget);
        if (s == NULL) {
            if (!mailbox_has_more(&mailbox) && inbox_sleep(&inbox)) {
                sleeps++;
                while (atomic_load(&wakes) < sleeps) {
                    cpu_relax();
                }
            }
            continue;
        }
        int64_t value = term_to_small(signal_term(s));
        cr_assert_eq(value % EACH, next[value / EACH]);
        next[value / EACH]++;
        got++;
        signal_free(mem, s);
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
    }
    cr_assert_eq(atomic_load(&wakes), sleeps);
    cr_assert_eq(inbox_close(&inbox), NULL);
    Signal *late = message(1);
    cr_assert_eq(inbox_push(&inbox, &mailbox, late), PUSH_CLOSED);
    signal_free(mem, late);
}

// However many have come, taking them is done in steps, and none is handed out of its order.
Test(mailbox, turns_what_has_come_in_steps) {
    Inbox inbox;
    Mailbox mailbox;
    mailbox_init(&inbox, &mailbox);
    for (int64_t i = 0; i < 100; i++) {
        cr_assert_eq(inbox_push(&inbox, &mailbox, message(i)), PUSH_DONE);
    }
    int32_t budget = 60;
    cr_assert_eq(mailbox_next_signal(&inbox, &mailbox, &budget), NULL);
    cr_assert_eq(budget, 0);
    cr_assert(mailbox_has_more(&mailbox));
    // Those that come meanwhile wait for their turn.
    cr_assert_eq(inbox_push(&inbox, &mailbox, message(100)), PUSH_DONE);
    for (int64_t i = 0; i <= 100; i++) {
        budget = 40;
        Signal *s = mailbox_next_signal(&inbox, &mailbox, &budget);
        cr_assert_neq(s, NULL);
        cr_assert_eq(term_to_small(signal_term(s)), i);
        signal_free(mem, s);
    }
    cr_assert_not(mailbox_has_more(&mailbox));
    inbox_push(&inbox, &mailbox, message(7));
    budget = 1;
    Signal *last = mailbox_last_signal(&inbox, &mailbox, &budget);
    cr_assert_eq(term_to_small(signal_term(last)), 7);
    signal_free(mem, last);
    cr_assert_eq(mailbox_last_signal(&inbox, &mailbox, &budget), NULL);
    Signal *late = message(1);
    cr_assert_eq(inbox_push(&inbox, &mailbox, late), PUSH_CLOSED);
    signal_free(mem, late);
}

// The mailbox ------------------------------------------------------------------------------------

static void fill(Mailbox *mailbox, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        Signal *s = message(i);
        signal_set_stamp(s, (uint64_t)(10 * i));
        mailbox_append(mailbox, s);
    }
}

static int64_t at(const Mailbox *mailbox) {
    return mailbox_at(mailbox) == NULL ? -1 : term_to_small(signal_term(mailbox_at(mailbox)));
}

static void drop(Mailbox *mailbox, Signal *s) {
    mailbox_remove(mailbox, s);
    signal_free(mem, s);
}

Test(mailbox, keeps_its_place_while_messages_come_and_go) {
    Inbox inbox;
    Mailbox mailbox;
    mailbox_init(&inbox, &mailbox);
    cr_assert_eq(at(&mailbox), -1);
    fill(&mailbox, 4);
    cr_assert_eq(at(&mailbox), 0);
    mailbox_next(&mailbox);
    mailbox_next(&mailbox);
    cr_assert_eq(at(&mailbox), 2);
    drop(&mailbox, signal_before(mailbox_at(&mailbox)));
    cr_assert_eq(at(&mailbox), 2);
    drop(&mailbox, mailbox_at(&mailbox));
    cr_assert_eq(at(&mailbox), 3);
    mailbox_next(&mailbox);
    cr_assert_eq(at(&mailbox), -1);
    mailbox_append(&mailbox, message(9));
    cr_assert_eq(at(&mailbox), 9);
    drop(&mailbox, mailbox_at(&mailbox));
    cr_assert_eq(at(&mailbox), -1);
    mailbox_restart(&mailbox);
    cr_assert_eq(at(&mailbox), 0);
    cr_assert_eq(mailbox.count, 2);
    drop(&mailbox, mailbox.first);
    drop(&mailbox, mailbox.first);
    cr_assert_eq(mailbox.last, NULL);
}

Test(mailbox, skips_what_is_older_than_a_reference) {
    Inbox inbox;
    Mailbox mailbox;
    mailbox_init(&inbox, &mailbox);
    mailbox_skip_before(&mailbox, 5);
    cr_assert_eq(at(&mailbox), -1);
    fill(&mailbox, 10);
    mailbox_skip_before(&mailbox, 45);
    cr_assert_eq(at(&mailbox), 5);
    mailbox_skip_before(&mailbox, 50);
    cr_assert_eq(at(&mailbox), 6);
    mailbox_skip_before(&mailbox, 1000);
    cr_assert_eq(at(&mailbox), -1);
    while (mailbox.first != NULL) {
        drop(&mailbox, mailbox.first);
    }
}

// SPDX-License-Identifier: Apache-2.0
// vm/sched/timer.c: the wheel against a model, order within a tick, long delays, cancelling from
// other threads.
#include "vm/sched/timer.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "vm/base/alloc.h"
#include "vm/base/rand.h"
#include "vm/proc/signal.h"

static MemStats *mem;
static TimerWheel wheel;

static void setup(void) {
    mem = mem_stats_new(0);
    wheel_init(&wheel, mem, 1234567890);
}

static void teardown(void) {
    wheel_destroy(&wheel);
    mem_stats_free(mem);
}

TestSuite(timer, .init = setup, .fini = teardown);

enum { COUNT = 20000, TICK_NS = 1 << TIMER_TICK_BITS };

typedef struct {
    uint64_t now;
    uint64_t last_deadline;
    uint64_t last_order;
    uint32_t fired;
    bool *done;
    uint64_t *deadlines;
} Log;

static void fire(void *context, Timer *timer) {
    Log *log = context;
    uint64_t deadline = timer->deadline_ns;
    cr_assert(deadline <= log->now);
    cr_assert(deadline > log->last_deadline ||
              (deadline == log->last_deadline && timer->order > log->last_order));
    log->last_deadline = deadline;
    log->last_order = timer->order;
    cr_assert(!log->done[timer->id]);
    log->done[timer->id] = true;
    log->fired++;
    wheel_free_timer(&wheel, timer);
}

static Timer *start(uint64_t deadline, uint64_t id) {
    Timer *timer = wheel_start(&wheel, deadline, id, TERM_NIL, signal_new(mem, SIGNAL_MESSAGE, 0));
    cr_assert(timer != NULL);
    return timer;
}

Test(timer, goes_off_in_order_never_early_and_not_late) {
    static bool done[COUNT];
    static uint64_t deadlines[COUNT];
    static Timer *timers[COUNT];
    static bool cancelled[COUNT];
    Rand rand;
    rand_init(&rand, 7);
    Log log = {.now = 1234567890, .done = done, .deadlines = deadlines};
    for (uint32_t i = 0; i < COUNT; i++) {
        // Delays from nothing to hours, each scale as likely as another.
        uint64_t delay = rand_next(&rand) >> (21 + rand_below(&rand, 40));
        deadlines[i] = log.now + delay;
        timers[i] = start(deadlines[i], i);
    }
    for (uint32_t i = 0; i < COUNT; i += 5) {
        cancelled[i] = wheel_cancel(timers[i], &wheel);
        cr_assert(cancelled[i]);
    }
    while (wheel.count > 0) {
        uint64_t next = wheel_next_ns(&wheel);
        cr_assert(next != UINT64_MAX);
        log.now = (next > log.now ? next : log.now) + rand_below(&rand, 3 * TICK_NS);
        while (wheel_advance(&wheel, log.now, 100, fire, &log)) {
        }
        for (uint32_t i = rand_below(&rand, 97); i < COUNT; i += 97) {
            cr_assert(cancelled[i] || done[i] || deadlines[i] + TICK_NS >= log.now);
        }
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        cr_assert(done[i] != cancelled[i]);
    }
}

Test(timer, accepts_what_is_further_than_the_wheel_reaches) {
    static bool done[2];
    Log log = {.now = 1234567890, .done = done};
    uint64_t far = UINT64_C(1) << 61;
    start(far, 0);
    start(UINT64_MAX - 5, 1);
    log.now = far - TICK_NS;
    wheel_advance(&wheel, log.now, 100, fire, &log);
    cr_assert_eq(log.fired, 0);
    log.now = far + TICK_NS;
    wheel_advance(&wheel, log.now, 100, fire, &log);
    cr_assert_eq(log.fired, 1);
}

Test(timer, says_when_the_next_may_be) {
    cr_assert_eq(wheel_next_ns(&wheel), UINT64_MAX);
    uint64_t deadline = 1234567890 + UINT64_C(7) * 1000 * 1000 * 1000;
    start(deadline, 0);
    static bool done[1];
    Log log = {.now = 1234567890, .done = done};
    uint32_t rounds = 0;
    while (log.fired == 0) {
        uint64_t next = wheel_next_ns(&wheel);
        cr_assert(next > log.now);
        cr_assert(next <= deadline + TICK_NS);
        log.now = next;
        wheel_advance(&wheel, log.now, 100, fire, &log);
        rounds++;
    }
    cr_assert(rounds <= TIMER_LEVELS);
}

// Fewer than the wheel keeps for reuse, so that they can be looked at afterwards.
enum { CANCELS = 4000 };

static void *cancel_main(void *argument) {
    Timer **timers = argument;
    for (uint32_t i = 0; i < CANCELS; i++) {
        wheel_cancel(timers[i], NULL);
    }
    return NULL;
}

static void count_fire(void *context, Timer *timer) {
    (void)timer;
    ++*(uint32_t *)context;
}

Test(timer, may_be_cancelled_by_another_thread_while_it_goes_off) {
    static Timer *timers[CANCELS];
    for (uint32_t i = 0; i < CANCELS; i++) {
        // Without a message, as a process's: who fires it leaves it alone.
        timers[i] = wheel_start(&wheel, 1234567890 + (uint64_t)i * 100, i, TERM_NIL, NULL);
    }
    pthread_t thread;
    pthread_create(&thread, NULL, cancel_main, timers);
    uint32_t fired = 0;
    uint64_t now = 1234567890;
    while (wheel.count > 0) {
        now += 5000;
        wheel_advance(&wheel, now, 1000, count_fire, &fired);
    }
    pthread_join(thread, NULL);
    wheel_advance(&wheel, now, 1000, count_fire, &fired);
    uint32_t freed = 0;
    for (uint32_t i = 0; i < CANCELS; i++) {
        if (atomic_load(&timers[i]->state) == TIMER_FIRED) {
            freed++;
        }
    }
    cr_assert_eq(freed, fired);
    for (uint32_t i = 0; i < CANCELS; i++) {
        if (atomic_load(&timers[i]->state) == TIMER_FIRED) {
            mem_free(mem, MEM_TIMER, timers[i]);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// The timer wheel: see timer.h.
//
// Level l has 256 slots of 256^l ticks. A timer that ends in tick t, `delta` ticks from now, is in
// the lowest level whose 256 slots reach as far. When the wheel comes to the first tick of a slot
// of a higher level, the slot's timers are put in again, and so move down. `wheel->tick` is the
// next tick to be done.
#include "vm/sched/timer.h"

#include "vm/base/alloc.h"
#include "vm/proc/signal.h"

enum { LEVEL_BITS = 8, WHEEL_BITS = LEVEL_BITS * TIMER_LEVELS, SPARES_MAX = 4096, SLOT_DUE = -1 };

void wheel_init(TimerWheel *wheel, MemStats *mem, uint64_t now_ns) {
    memset(wheel, 0, sizeof *wheel);
    wheel->mem = mem;
    wheel->tick = now_ns >> TIMER_TICK_BITS;
}

void wheel_free_timer(TimerWheel *wheel, Timer *timer) {
    if (timer->message != NULL) {
        signal_free(wheel->mem, timer->message);
    }
    if (wheel->spare_count >= SPARES_MAX) {
        mem_free(wheel->mem, MEM_TIMER, timer);
        return;
    }
    timer->next = wheel->spares;
    wheel->spares = timer;
    wheel->spare_count++;
}

static Timer *timer_new(TimerWheel *wheel) {
    Timer *timer = wheel->spares;
    if (timer == NULL) {
        return mem_alloc(wheel->mem, MEM_TIMER, sizeof *timer);
    }
    wheel->spares = timer->next;
    wheel->spare_count--;
    return timer;
}

static void free_list(TimerWheel *wheel, Timer *timer) {
    while (timer != NULL) {
        Timer *next = timer->next;
        if (timer->message != NULL) {
            signal_free(wheel->mem, timer->message);
        }
        mem_free(wheel->mem, MEM_TIMER, timer);
        timer = next;
    }
}

static void clear_cancelled(TimerWheel *wheel);

void wheel_destroy(TimerWheel *wheel) {
    clear_cancelled(wheel);
    for (int level = 0; level < TIMER_LEVELS; level++) {
        for (int slot = 0; slot < TIMER_SLOTS; slot++) {
            free_list(wheel, wheel->slots[level][slot]);
        }
    }
    free_list(wheel, wheel->due);
    for (Timer *timer = wheel->spares; timer != NULL;) {
        Timer *next = timer->next;
        mem_free(wheel->mem, MEM_TIMER, timer);
        timer = next;
    }
}

// Slots -------------------------------------------------------------------------------------------

static void push(Timer **at, Timer *timer) {
    timer->next = *at;
    timer->link = at;
    if (timer->next != NULL) {
        timer->next->link = &timer->next;
    }
    *at = timer;
}

static void put(TimerWheel *wheel, Timer *timer) {
    uint64_t tick = (timer->deadline_ns + ((1u << TIMER_TICK_BITS) - 1)) >> TIMER_TICK_BITS;
    if (timer->deadline_ns > UINT64_MAX - (1u << TIMER_TICK_BITS)) {
        tick = UINT64_MAX >> TIMER_TICK_BITS;
    }
    if (tick < wheel->tick) {
        tick = wheel->tick;
    }
    uint64_t delta = tick - wheel->tick;
    if (delta >> WHEEL_BITS != 0) {
        // Further than the wheel reaches: as far as it does, and from there again.
        delta = (UINT64_C(1) << WHEEL_BITS) - 1;
        tick = wheel->tick + delta;
    }
    unsigned level = delta == 0 ? 0 : (63u - (unsigned)__builtin_clzll(delta)) / LEVEL_BITS;
    unsigned slot = (unsigned)(tick >> (level * LEVEL_BITS)) & (TIMER_SLOTS - 1);
    timer->slot = (int16_t)(level << LEVEL_BITS | slot);
    push(&wheel->slots[level][slot], timer);
    wheel->occupied[level][slot / 64] |= UINT64_C(1) << (slot % 64);
}

static void take_out(TimerWheel *wheel, Timer *timer) {
    *timer->link = timer->next;
    if (timer->next != NULL) {
        timer->next->link = timer->link;
    }
    timer->link = NULL;
    if (timer->slot != SLOT_DUE) {
        unsigned level = (unsigned)timer->slot >> LEVEL_BITS;
        unsigned slot = (unsigned)timer->slot & (TIMER_SLOTS - 1);
        if (wheel->slots[level][slot] == NULL) {
            wheel->occupied[level][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
        }
    }
    wheel->count--;
}

static Timer *empty_slot(TimerWheel *wheel, unsigned level, unsigned slot) {
    Timer *list = wheel->slots[level][slot];
    wheel->slots[level][slot] = NULL;
    wheel->occupied[level][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    return list;
}

// Slots from the first used one at or after `slot`, counted from `slot` on and round; TIMER_SLOTS:
// none.
static unsigned distance_to_used(const TimerWheel *wheel, unsigned level, unsigned slot) {
    for (unsigned passed = 0; passed < TIMER_SLOTS;) {
        unsigned at = (slot + passed) & (TIMER_SLOTS - 1);
        uint64_t word = wheel->occupied[level][at / 64] >> (at % 64);
        if (word != 0) {
            unsigned found = passed + (unsigned)__builtin_ctzll(word);
            return found < TIMER_SLOTS ? found : TIMER_SLOTS;
        }
        passed += 64 - at % 64;
    }
    return TIMER_SLOTS;
}

// The next tick at which a timer ends or moves down; UINT64_MAX: none.
static uint64_t next_tick(const TimerWheel *wheel) {
    uint64_t next = UINT64_MAX;
    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        unsigned shift = level * LEVEL_BITS;
        // The slot that the wheel is in: of level 0 it is still to be done; of a higher one it is
        // empty but at its first tick, and what is put there now is a round away.
        uint64_t position =
            level == 0 ? wheel->tick : (wheel->tick + (UINT64_C(1) << shift) - 1) >> shift;
        unsigned distance = distance_to_used(wheel, level, (unsigned)position & (TIMER_SLOTS - 1));
        if (distance < TIMER_SLOTS) {
            uint64_t tick = (position + distance) << shift;
            next = tick < next ? tick : next;
        }
    }
    return next;
}

uint64_t wheel_next_ns(const TimerWheel *wheel) {
    if (wheel->due != NULL) {
        return 0;
    }
    uint64_t tick = next_tick(wheel);
    return tick > (UINT64_MAX >> TIMER_TICK_BITS) ? UINT64_MAX : tick << TIMER_TICK_BITS;
}

// Starting and cancelling -------------------------------------------------------------------------

Timer *wheel_start(TimerWheel *wheel, uint64_t deadline_ns, uint64_t id, Term target,
                   Signal *message) {
    Timer *timer = timer_new(wheel);
    if (timer == NULL) {
        return NULL;
    }
    timer->deadline_ns = deadline_ns;
    timer->order = wheel->order++;
    timer->id = id;
    timer->target = target;
    timer->message = message;
    timer->wheel = wheel;
    timer->hash_next = NULL;
    atomic_init(&timer->state, TIMER_ARMED);
    put(wheel, timer);
    wheel->count++;
    return timer;
}

bool wheel_cancel(Timer *timer, TimerWheel *own) {
    uint32_t armed = TIMER_ARMED;
    // Acquire and release: whoever changes it from ARMED decides what becomes of the timer.
    if (!atomic_compare_exchange_strong_explicit(&timer->state, &armed, TIMER_CANCELLED,
                                                 memory_order_acq_rel, memory_order_acquire)) {
        return false;
    }
    TimerWheel *wheel = timer->wheel;
    if (wheel == own) {
        take_out(wheel, timer);
        wheel_free_timer(wheel, timer);
        return true;
    }
    Timer *head = atomic_load_explicit(&wheel->cancelled, memory_order_relaxed);
    do {
        timer->hash_next = head;
        // Release: pairs with the acquire of clear_cancelled.
    } while (!atomic_compare_exchange_weak_explicit(&wheel->cancelled, &head, timer,
                                                    memory_order_release, memory_order_relaxed));
    return true;
}

static void clear_cancelled(TimerWheel *wheel) {
    if (atomic_load_explicit(&wheel->cancelled, memory_order_relaxed) == NULL) {
        return;
    }
    Timer *timer = atomic_exchange_explicit(&wheel->cancelled, NULL, memory_order_acquire);
    while (timer != NULL) {
        Timer *next = timer->hash_next;
        if (timer->link != NULL) {
            take_out(wheel, timer);
        }
        wheel_free_timer(wheel, timer);
        timer = next;
    }
}

// Going off ---------------------------------------------------------------------------------------

static bool is_before(const Timer *a, const Timer *b) {
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->order < b->order;
}

static Timer *merge(Timer *a, Timer *b) {
    Timer *first = NULL;
    Timer **at = &first;
    while (a != NULL && b != NULL) {
        Timer **least = is_before(b, a) ? &b : &a;
        *at = *least;
        at = &(*least)->next;
        *least = *at;
    }
    *at = a != NULL ? a : b;
    return first;
}

// Sorts by `next` alone: a merge sort from below, with runs of rising length.
static Timer *sorted(Timer *list) {
    enum { RUNS = 40 };
    Timer *runs[RUNS] = {NULL};
    while (list != NULL) {
        Timer *run = list;
        list = list->next;
        run->next = NULL;
        unsigned i = 0;
        for (; runs[i] != NULL; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    Timer *all = NULL;
    for (unsigned i = 0; i < RUNS; i++) {
        all = merge(runs[i], all);
    }
    return all;
}

static void make_due(TimerWheel *wheel, Timer *list) {
    ASSERT(wheel->due == NULL);
    wheel->due = list->next == NULL ? list : sorted(list);
    Timer **link = &wheel->due;
    for (Timer *timer = wheel->due; timer != NULL; timer = timer->next) {
        timer->slot = SLOT_DUE;
        timer->link = link;
        link = &timer->next;
    }
}

// Puts in again what is in the higher slots that begin at this tick.
static void move_down(TimerWheel *wheel) {
    for (unsigned level = TIMER_LEVELS - 1; level > 0; level--) {
        unsigned shift = level * LEVEL_BITS;
        if ((wheel->tick & ((UINT64_C(1) << shift) - 1)) != 0) {
            continue;
        }
        Timer *list =
            empty_slot(wheel, level, (unsigned)(wheel->tick >> shift) & (TIMER_SLOTS - 1));
        while (list != NULL) {
            Timer *timer = list;
            list = list->next;
            put(wheel, timer);
        }
    }
}

// What is due goes off; true when `max` is reached first.
static bool fire_due(TimerWheel *wheel, uint32_t *max, TimerFire fire, void *context) {
    for (Timer *timer; (timer = wheel->due) != NULL;) {
        if (*max == 0) {
            return true;
        }
        --*max;
        take_out(wheel, timer);
        if (timer->message != NULL) {
            fire(context, timer);
            continue;
        }
        // From the moment that it is FIRED, it is its process's, which may free it.
        Timer copy = {.id = timer->id, .target = timer->target};
        uint32_t armed = TIMER_ARMED;
        if (atomic_compare_exchange_strong_explicit(&timer->state, &armed, TIMER_FIRED,
                                                    memory_order_acq_rel, memory_order_relaxed)) {
            fire(context, &copy);
        }
    }
    return false;
}

bool wheel_advance(TimerWheel *wheel, uint64_t now_ns, uint32_t max, TimerFire fire,
                   void *context) {
    clear_cancelled(wheel);
    uint64_t now = now_ns >> TIMER_TICK_BITS;
    for (;;) {
        if (fire_due(wheel, &max, fire, context)) {
            return true;
        }
        uint64_t tick = wheel->count == 0 ? UINT64_MAX : next_tick(wheel);
        if (tick > now) {
            wheel->tick = wheel->tick > now ? wheel->tick : now + 1;
            return false;
        }
        wheel->tick = tick;
        move_down(wheel);
        Timer *list = empty_slot(wheel, 0, (unsigned)tick & (TIMER_SLOTS - 1));
        wheel->tick = tick + 1;
        if (list != NULL) {
            make_due(wheel, list);
        }
    }
}

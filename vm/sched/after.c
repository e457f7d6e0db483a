// SPDX-License-Identifier: Apache-2.0
// Timers that programs start: messages that are sent later. The part of timer.h that knows
// processes.
//
// They are found by reference in a table of the VM, in shards with a lock each. A timer that is in
// the table exists: what goes off leaves the table first. One that lasts long tells its target, a
// process, so that its end can take it back (B35); a short one is gone soon anyway.
#include "vm/base/clock.h"
#include "vm/base/hash.h"
#include "vm/proc/ask_private.h"
#include "vm/proc/purge.h"
#include "vm/proc/receive.h"
#include "vm/proc/registry.h"
#include "vm/proc/relation.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/sched/sched.h"
#include "vm/term/box.h"

enum { SHARDS = PURGE_TIMER_PARTS, BUCKETS_FIRST = 64, NS_PER_MS = 1000 * 1000 };
static const uint64_t LONG_NS = UINT64_C(5) * 1000 * NS_PER_MS;

typedef struct {
    ON_OWN_LINE Lock lock;
    Timer **buckets;
    uint32_t capacity; // a power of two, or 0
    uint32_t count;
} Shard;

struct TimerTable {
    MemStats *mem;
    Shard shards[SHARDS];
};

TimerTable *timer_table_new(MemStats *mem) {
    TimerTable *table = mem_map(mem, MEM_TIMER, sizeof *table, 4096);
    if (table == NULL) {
        return NULL;
    }
    table->mem = mem;
    for (unsigned i = 0; i < SHARDS; i++) {
        lock_init(&table->shards[i].lock, LOCK_TIMER);
    }
    return table;
}

void timer_table_free(TimerTable *table) {
    if (table == NULL) {
        return;
    }
    for (unsigned i = 0; i < SHARDS; i++) {
        mem_free(table->mem, MEM_TIMER, table->shards[i].buckets);
        lock_destroy(&table->shards[i].lock);
    }
    mem_unmap(table->mem, MEM_TIMER, table, sizeof *table);
}

static Shard *shard_of(TimerTable *table, uint64_t id) {
    return &table->shards[(id >> 1) % SHARDS];
}

static Timer **bucket_of(const Shard *shard, uint64_t id) {
    return &shard->buckets[(uint32_t)hash_word(0, id) & (shard->capacity - 1)];
}

static bool grow_locked(TimerTable *table, Shard *shard) {
    if (shard->count < shard->capacity) {
        return true;
    }
    uint32_t capacity = shard->capacity == 0 ? BUCKETS_FIRST : shard->capacity * 2;
    Timer **buckets = mem_alloc_zero(table->mem, MEM_TIMER, capacity * sizeof(Timer *));
    if (buckets == NULL) {
        return shard->capacity > 0;
    }
    Shard larger = {.buckets = buckets, .capacity = capacity};
    for (uint32_t i = 0; i < shard->capacity; i++) {
        for (Timer *timer = shard->buckets[i]; timer != NULL;) {
            Timer *next = timer->hash_next;
            Timer **at = bucket_of(&larger, timer->id);
            timer->hash_next = *at;
            *at = timer;
            timer = next;
        }
    }
    mem_free(table->mem, MEM_TIMER, shard->buckets);
    shard->buckets = buckets;
    shard->capacity = capacity;
    return true;
}

static bool insert(TimerTable *table, Timer *timer) {
    Shard *shard = shard_of(table, timer->id);
    lock_acquire(&shard->lock);
    bool ok = grow_locked(table, shard);
    if (ok) {
        Timer **at = bucket_of(shard, timer->id);
        timer->hash_next = *at;
        *at = timer;
        shard->count++;
    }
    lock_release(&shard->lock);
    return ok;
}

static Timer **find_locked(const Shard *shard, uint64_t id) {
    if (shard->capacity == 0) {
        return NULL;
    }
    for (Timer **at = bucket_of(shard, id); *at != NULL; at = &(*at)->hash_next) {
        if ((*at)->id == id) {
            return at;
        }
    }
    return NULL;
}

// Takes the timer out of the table. Whoever gets it may go on with it.
static Timer *claim(TimerTable *table, uint64_t id) {
    Shard *shard = shard_of(table, id);
    lock_acquire(&shard->lock);
    Timer **at = find_locked(shard, id);
    Timer *timer = at == NULL ? NULL : *at;
    if (timer != NULL) {
        *at = timer->hash_next;
        shard->count--;
    }
    lock_release(&shard->lock);
    return timer;
}

// Starting ----------------------------------------------------------------------------------------

// The target, which is a process, hears of a long timer.
static void aim(Process *p, Term target, uint64_t id) {
    if (term_same_bits(target, p->pid)) {
        relation_add_urgent(p, RELATION_AIM, id, TERM_NIL, 0);
        return;
    }
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_AIM, 0);
    s->data[SIGNAL_AT_ID].bits = id;
    if (!signal_send_to(p->worker, target, s)) {
        timer_forget(p->worker, id);
    }
}

// Starts a timer whose message is copied; the ref `id` is in it already. False: no memory.
static bool start(Process *p, Term target, Signal *message, uint64_t id, uint64_t deadline_ns) {
    TimerWheel *wheel = &sched_of(p)->timers;
    bool is_long = deadline_ns - clock_now_ns(&p->vm->clock) > LONG_NS;
    message->data[SIGNAL_AT_ID].bits = is_long ? id : 0;
    Timer *timer = wheel_start(wheel, deadline_ns, id, target, message);
    if (timer == NULL) {
        signal_give(&p->worker->blocks, message);
        return false;
    }
    if (!insert(p->vm->timers, timer)) {
        wheel_cancel(timer, wheel);
        return false;
    }
    TRACE_EVENT(p->vm, TRACE_timer, p->pid, "starts one for %P", target);
    if (is_long && term_is_pid(target)) {
        aim(p, target, id);
    }
    return true;
}

// Goes on with copying `message`, or begins. TERM_NONE after a failure.
static Term copy_message(Process *p, Term message, const void *owner, Signal **signal) {
    Wait *wait = wait_of(p, owner);
    Carry *carry = NULL;
    StepStatus status =
        carry_term(p, wait == NULL ? &carry : &wait->carry, SIGNAL_NOTICE, message, 0, signal);
    if (status == STEP_MORE && (wait != NULL || wait_begin_copy(p, carry, SIGNAL_NOTICE, owner))) {
        return TERM_YIELD;
    }
    carry_drop(p, &carry);
    if (p->work != NULL) {
        wait_end(p);
    }
    return status == STEP_DONE ? AM_ok : process_limit(p, AM_memory);
}

// A delay in ms: an integer >= 0.
static bool delay(Process *p, Term ms, uint64_t *deadline_ns) {
    if (term_same_bits(ms, AM_infinity)) {
        process_badarg(p, ms);
        return false;
    }
    return process_deadline(p, ms, deadline_ns);
}

Term timer_send_after(Process *p, Term to, Term message, Term ms) {
    uint64_t deadline_ns;
    if (!term_is_pid(to) && !term_is_atom(to)) {
        return process_badarg(p, to);
    }
    if (!delay(p, ms, &deadline_ns)) {
        return TERM_NONE;
    }
    Signal *signal;
    Term copied = copy_message(p, message, timer_send_after, &signal);
    if (!term_same_bits(copied, AM_ok)) {
        return copied;
    }
    uint64_t id = table_ref(p->vm->processes, 0);
    if (!start(p, to, signal, id, deadline_ns)) {
        return process_limit(p, AM_memory);
    }
    Room room;
    if (!process_reserve(p, REF_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    return room_ref(&room, id, p->pid);
}

Term timer_start_named(Process *p, Term ms, Term name) {
    uint64_t deadline_ns;
    if (!delay(p, ms, &deadline_ns)) {
        return TERM_NONE;
    }
    Room room;
    if (!process_reserve(p, REF_WORDS + 4, &name, 1, &room)) {
        return TERM_NONE;
    }
    uint64_t id = table_ref(p->vm->processes, 0);
    Term ref = room_ref(&room, id, p->pid);
    Term message = room_tuple3(&room, AM_timeout_message, ref, name);
    Signal *signal = signal_copy(&p->worker->blocks, SIGNAL_NOTICE, message, 0, NULL);
    if (signal == NULL || !start(p, p->pid, signal, id, deadline_ns)) {
        return process_limit(p, AM_memory);
    }
    return ref;
}

// Reading and cancelling --------------------------------------------------------------------------

// Whole milliseconds, rounded up: never more than what was asked for.
static Term left_ms(const Process *p, uint64_t deadline_ns) {
    uint64_t now = clock_now_ns(&p->vm->clock);
    uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
    return term_small((int64_t)((left + NS_PER_MS - 1) / NS_PER_MS));
}

// The target of a long timer need not take it back any more.
static void forget_aim(Process *p, const Timer *timer) {
    if (term_same_bits(timer->target, p->pid)) {
        relation_remove(p, RELATION_AIM, timer->id);
    } else if (term_is_pid(timer->target) && signal_id(timer->message) != 0) {
        Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_UNAIM, 0);
        s->data[SIGNAL_AT_ID].bits = timer->id;
        signal_send_to(p->worker, timer->target, s);
    }
}

Term timer_cancel(Process *p, Term ref) {
    if (!term_is_ref(ref)) {
        return process_badarg(p, ref);
    }
    Timer *timer = claim(p->vm->timers, ref_id(ref));
    if (timer == NULL) {
        return TERM_NIL;
    }
    Term left = left_ms(p, timer->deadline_ns);
    TRACE_EVENT(p->vm, TRACE_timer, p->pid, "cancels one for %P", timer->target);
    forget_aim(p, timer);
    // Nobody else has it: whatever goes off looks into the table first.
    wheel_cancel(timer, &sched_of(p)->timers);
    return left;
}

Term timer_read(Process *p, Term ref) {
    if (!term_is_ref(ref)) {
        return process_badarg(p, ref);
    }
    Shard *shard = shard_of(p->vm->timers, ref_id(ref));
    lock_acquire(&shard->lock);
    Timer **at = find_locked(shard, ref_id(ref));
    uint64_t deadline_ns = at == NULL ? 0 : (*at)->deadline_ns;
    lock_release(&shard->lock);
    return at == NULL ? TERM_NIL : left_ms(p, deadline_ns);
}

void timer_forget(Worker *w, uint64_t id) {
    Timer *timer = claim(w->vm->timers, id);
    if (timer != NULL) {
        Scheduler *s = w->number == UINT32_MAX ? NULL : (Scheduler *)(void *)w;
        wheel_cancel(timer, s == NULL ? NULL : &s->timers);
    }
}

bool timers_hold_doomed(Worker *w, uint32_t part) {
    Shard *shard = &w->vm->timers->shards[part];
    bool found = false;
    lock_acquire(&shard->lock);
    for (uint32_t i = 0; i < shard->capacity && !found; i++) {
        for (const Timer *timer = shard->buckets[i]; timer != NULL && !found;
             timer = timer->hash_next) {
            found = purge_is_doomed(w->vm, timer->message);
        }
    }
    lock_release(&shard->lock);
    return found;
}

void timer_deliver(Worker *w, TimerWheel *wheel, Timer *timer) {
    // Gone from the table: whoever has cancelled it at this moment hands it to clear_cancelled.
    if (claim(w->vm->timers, timer->id) == NULL) {
        return;
    }
    Signal *message = timer->message;
    Term target = timer->target;
    timer->message = NULL;
    wheel_free_timer(wheel, timer);
    Term pid = term_is_atom(target) ? registry_whereis(w->vm->registry, target) : target;
    if (term_is_pid(pid)) {
        signal_send_to(w, pid, message);
    } else {
        signal_give(&w->blocks, message);
    }
}

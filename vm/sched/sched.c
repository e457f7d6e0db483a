// SPDX-License-Identifier: Apache-2.0
// Schedulers: making, running and ending them; see sched.h.
#include "vm/sched/sched.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/proc/exit.h"
#include "vm/proc/purge.h"
#include "vm/proc/send.h"
#include "vm/proc/spawn.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/sched/blocking.h"
#include "vm/sched/program.h"
#include "vm/sched/sched_private.h"
#include "vm/sched/sim.h"

enum { TIMER_SLACK_NS = 1000, FIRE_MAX = 2000, RETIRED_MAX = 256 };

uint64_t sched_now_ns(const VM *vm) {
    return clock_now_ns(&vm->clock);
}

// Hooks -------------------------------------------------------------------------------------------

static Scheduler *scheduler_of(Worker *w) {
    return (Scheduler *)(void *)w;
}

static void hook_queue(Worker *w, Process *p) {
    Scheduler *s = scheduler_of(w);
    sched_queue_own(s, p);
}

void sched_inject(Scheduler *s, Process *p) {
    Process *head = atomic_load_explicit(&s->injected, memory_order_relaxed);
    do {
        p->queue_next = head;
        // Release: hands p over; pairs with the acquire of take_injected.
    } while (!atomic_compare_exchange_weak_explicit(&s->injected, &head, p, memory_order_seq_cst,
                                                    memory_order_relaxed));
    sched_wake(s);
}

static void outside_queue(Worker *w, Process *p) {
    Scheduler *s =
        p->worker->number == UINT32_MAX ? sched_pick(w->vm->sched) : scheduler_of(p->worker);
    sched_inject(s, p);
}

static bool hook_timer_start(Process *p, uint64_t deadline_ns, uint64_t number) {
    p->timer = wheel_start(&sched_of(p)->timers, deadline_ns, number, p->pid, NULL);
    return p->timer != NULL;
}

static void hook_timer_stop(Process *p) {
    Timer *timer = p->timer;
    p->timer = NULL;
    TimerWheel *own = &sched_of(p)->timers;
    if (!wheel_cancel(timer, own)) {
        // It has gone off; its signal is on its way and will be known as late by its number.
        wheel_free_timer(own, timer);
    }
}

static void outside_free_heap(Worker *w, Heap *heap) {
    (void)w;
    heap_destroy(heap);
}

static const WorkerHooks scheduler_hooks = {
    .queue = hook_queue,
    .free_heap = sched_free_heap,
    .timer_start = hook_timer_start,
    .timer_stop = hook_timer_stop,
    .timer_forget = timer_forget,
    .timers_hold_doomed = timers_hold_doomed,
    .main_ended = program_main_ended,
};

const WorkerHooks sched_outside_hooks = {
    .queue = outside_queue,
    .free_heap = outside_free_heap,
    .timer_forget = timer_forget,
    .main_ended = program_main_ended,
};

// Posts and timers --------------------------------------------------------------------------------

void sched_post(Scheduler *s, Post *post) {
    Post *head = atomic_load_explicit(&s->posts, memory_order_relaxed);
    do {
        post->next = head;
        // Sequentially consistent: see park.c. The acquire of run_posts sees what is posted.
    } while (!atomic_compare_exchange_weak_explicit(&s->posts, &head, post, memory_order_seq_cst,
                                                    memory_order_relaxed));
    sched_wake(s);
}

static void run_posts(Scheduler *s) {
    if (atomic_load_explicit(&s->posts, memory_order_relaxed) == NULL) {
        return;
    }
    Post *post = atomic_exchange_explicit(&s->posts, NULL, memory_order_acquire);
    Post *oldest = NULL;
    while (post != NULL) {
        Post *next = post->next;
        post->next = oldest;
        oldest = post;
        post = next;
    }
    while (oldest != NULL) {
        // The post may be gone when it has run.
        Post *next = oldest->next;
        oldest->run(s, oldest);
        oldest = next;
    }
}

static void take_injected(Scheduler *s) {
    if (atomic_load_explicit(&s->injected, memory_order_relaxed) == NULL) {
        return;
    }
    Process *p = atomic_exchange_explicit(&s->injected, NULL, memory_order_acquire);
    Process *oldest = NULL;
    while (p != NULL) {
        Process *next = p->queue_next;
        p->queue_next = oldest;
        oldest = p;
        p = next;
    }
    while (oldest != NULL) {
        Process *next = oldest->queue_next;
        if (oldest->follow != 0) {
            oldest->follow = 0;
            sched_queue_spent(s, oldest);
        } else {
            sched_queue_own(s, oldest);
        }
        oldest = next;
    }
}

static void fire(void *context, Timer *timer) {
    Scheduler *s = context;
    Worker *w = &s->worker;
    if (term_same_bits(timer->target, TERM_NIL)) {
        s->pool->io->expire(timer->id);
        return;
    }
    TRACE_EVENT(w->vm, TRACE_timer, timer->target, "ends");
    if (timer->message != NULL) {
        timer_deliver(w, &s->timers, timer);
        return;
    }
    Signal *signal = signal_new_urgent(&w->blocks, SIGNAL_TIMER, 0);
    signal->data[SIGNAL_AT_ID].bits = timer->id;
    signal_send_to(w, timer->target, signal);
}

// Timers that have ended, and what nobody can see any more. True: there is more to do.
static bool go_on(Scheduler *s) {
    s->worker.now_ns = sched_now_ns(s->worker.vm);
    bool more = wheel_advance(&s->timers, s->worker.now_ns, FIRE_MAX, fire, s);
    purge_poll(&s->worker);
    return quiet_collect(s->worker.quiet, RETIRED_MAX, &s->worker) || more;
}

bool sched_poll(Scheduler *s) {
    s->reds_left = POLL_REDUCTIONS;
    if (s->loop != NULL) {
        s->io_in_flight = s->pool->io->poll(s);
    }
    sched_balance(s);
    bool more = go_on(s);
    sched_share(s);
    return more;
}

// The loop ----------------------------------------------------------------------------------------

static void run_or_park(Scheduler *s) {
    Process *p = runq_pop(&s->queue);
    if (p == NULL) {
        bool more = sched_poll(s);
        p = runq_pop(&s->queue);
        if (p == NULL && sched_steal(s)) {
            p = runq_pop(&s->queue);
        }
        if (p == NULL) {
            if (!more) {
                sched_park(s, wheel_next_ns(&s->timers));
            }
            return;
        }
    }
    int32_t before = s->reds_left;
    sched_run(s, p);
    s->reds_left -= TURN_REDUCTIONS;
    runq_charge(&s->queue, before - s->reds_left);
}

static void *scheduler_main(void *argument) {
    Scheduler *s = argument;
    char name[16];
    snprintf(name, sizeof name, "cop-sched-%u", s->worker.number);
    pthread_setname_np(pthread_self(), name);
    // Timers of the kernel that end late by the default 50 us would be most of our own lateness.
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    quiet_online(s->worker.quiet);
    while (atomic_load_explicit(&s->pool->stopping, memory_order_acquire) == 0) {
        quiet_point(s->worker.quiet);
        block_pool_look(&s->worker.blocks);
        StepTime begun = sched_measure(s);
        run_posts(s);
        take_injected(s);
        if (s->reds_left <= 0) {
            sched_poll(s);
        }
        sched_measured(s, begun, "looking around", TERM_NIL, TERM_NIL);
        run_or_park(s);
    }
    quiet_offline(s->worker.quiet);
    return NULL;
}

// What is left until `deadline_ns` of the machine's clock, in the time of the VM; that of a
// deadline which has passed is 0.
static uint64_t left_ns(uint64_t deadline_ns, uint64_t now_ns) {
    return deadline_ns == UINT64_MAX ? UINT64_MAX : deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

// The seeded mode: nobody can run. Time goes on to the next timer: at once, or, while input or
// output is in flight, when as much has been waited for that in truth; what comes before makes no
// time pass. False when nothing can happen any more.
static bool sim_wait(Scheduler *s) {
    VM *vm = s->worker.vm;
    uint64_t left = left_ns(wheel_next_ns(&s->timers), sched_now_ns(vm));
    // In this order: a job that is not in flight any more has woken its process.
    bool real = s->io_in_flight + blocking_in_flight(vm->blocking) > 0;
    if (atomic_load_explicit(&s->posts, memory_order_acquire) != NULL ||
        atomic_load_explicit(&s->injected, memory_order_acquire) != NULL) {
        return true;
    }
    if (real) {
        uint64_t begun = clock_monotonic_ns();
        uint64_t rest = left == UINT64_MAX ? UINT64_MAX : left_ns(left, s->sim->waited_ns);
        uint64_t deadline = rest > UINT64_MAX - begun ? UINT64_MAX : begun + rest;
        sched_park(s, deadline);
        s->sim->waited_ns += clock_monotonic_ns() - begun;
        if (left > s->sim->waited_ns) {
            return true;
        }
    } else if (left == UINT64_MAX) {
        return false;
    }
    s->sim->waited_ns = 0;
    clock_advance(&vm->clock, left);
    return true;
}

// The seeded mode: a turn on the caller's thread. False when nothing can happen any more.
static bool sim_turn(Scheduler *s) {
    Sim *sim = s->sim;
    quiet_point(s->worker.quiet);
    block_pool_look(&s->worker.blocks);
    run_posts(s);
    if (sim_looks_out(sim)) {
        take_injected(s);
        if (s->loop != NULL) {
            s->io_in_flight = s->pool->io->poll(s);
        }
    }
    if (go_on(s)) {
        return true;
    }
    Process *p = sim_pop(sim);
    if (p == NULL) {
        return sim_wait(s);
    }
    s->reds_left = 0;
    sched_run(s, p);
    sim_spend(&s->worker.vm->clock, -s->reds_left);
    return true;
}

bool sched_turn(SchedPool *pool) {
    Scheduler *s = pool->schedulers[0];
    if (s->sim == NULL) {
        sched_wait_fds(pool->done_fd, -1, UINT64_MAX);
        return true;
    }
    quiet_online(s->worker.quiet);
    bool alive = sim_turn(s);
    quiet_offline(s->worker.quiet);
    return alive;
}

bool sched_run_until(SchedPool *pool, _Atomic uint32_t *done) {
    while (atomic_load_explicit(done, memory_order_acquire) == 0) {
        if (!sched_turn(pool)) {
            return false;
        }
    }
    return true;
}

typedef struct {
    Post post;
    void (*run)(Worker *w, void *data);
    void *data;
    SchedPool *pool;
    _Atomic uint32_t done;
} Call;

static void call_run(Scheduler *s, Post *post) {
    Call *call = (Call *)(void *)post;
    SchedPool *pool = call->pool;
    call->run(&s->worker, call->data);
    atomic_store_explicit(&call->done, 1, memory_order_release);
    sched_notify(pool);
}

void sched_call(SchedPool *pool, void (*run)(Worker *w, void *data), void *data) {
    Scheduler *s = sched_pick(pool);
    if (s->sim != NULL || !pool->running) {
        bool offline = atomic_load_explicit(&s->worker.quiet->seen, memory_order_relaxed) == 0;
        if (offline) {
            quiet_online(s->worker.quiet);
        }
        run(&s->worker, data);
        if (offline) {
            quiet_offline(s->worker.quiet);
        }
        return;
    }
    Call call = {.post = {.run = call_run}, .run = run, .data = data, .pool = pool};
    sched_post(s, &call.post);
    while (atomic_load_explicit(&call.done, memory_order_acquire) == 0) {
        sched_wait_fds(pool->done_fd, -1, clock_monotonic_ns() + 1000 * 1000);
    }
}

Scheduler *sched_pick(SchedPool *pool) {
    uint32_t next = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    return pool->schedulers[next % pool->count];
}

// Making and ending -------------------------------------------------------------------------------

static uint32_t core_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (uint32_t)count;
}

static void scheduler_free(Scheduler *s) {
    if (s == NULL) {
        return;
    }
    MemStats *mem = s->worker.mem;
    if (s->loop != NULL) {
        s->pool->io->close(s);
    }
    wheel_destroy(&s->timers);
    runq_destroy(&s->queue);
    if (s->sim != NULL) {
        sim_free(s->sim, mem);
    }
    if (s->wake_fd >= 0) {
        close(s->wake_fd);
    }
    worker_destroy(&s->worker);
    mem_free(mem, MEM_SCHED, s);
}

static Scheduler *scheduler_new(SchedPool *pool, uint32_t number) {
    VM *vm = pool->vm;
    Scheduler *s = mem_alloc_lines(vm->mem, MEM_SCHED, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->pool = pool;
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    runq_init(&s->queue);
    wheel_init(&s->timers, vm->mem, sched_now_ns(vm));
    s->reds_left = POLL_REDUCTIONS;
    s->crowded_ns = UINT64_MAX;
    s->patience_ns = PATIENCE_FIRST_NS;
    bool ok = worker_init(&s->worker, vm, &scheduler_hooks, number) && s->wake_fd >= 0;
    // In the seeded mode there are no other threads.
    s->worker.blocks.defers = !vm->options.seeded;
    if (ok && vm->options.seeded) {
        s->sim = sim_new(vm, vm->options.seed);
        ok = s->sim != NULL;
    }
    if (!ok) {
        s->worker.mem = vm->mem;
        scheduler_free(s);
        return NULL;
    }
    return s;
}

uint32_t sched_wanted(const VMOptions *options) {
    uint32_t count = options->seeded            ? 1
                     : options->schedulers == 0 ? core_count()
                                                : options->schedulers;
    return count > SCHED_MAX ? SCHED_MAX : count;
}

SchedPool *sched_new(VM *vm, const SchedIo *io, char *why) {
    uint32_t count = sched_wanted(&vm->options);
    SchedPool *pool = mem_alloc_lines(vm->mem, MEM_SCHED, sizeof *pool);
    if (pool != NULL) {
        *pool = (SchedPool){.vm = vm, .io = io, .done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        const char *stress = getenv("COP_STRESS");
        pool->stress = stress != NULL && strstr(stress, "yield") != NULL;
        pool->schedulers = mem_alloc_zero(vm->mem, MEM_SCHED, count * sizeof(Scheduler *));
    }
    for (uint32_t i = 0; pool != NULL && pool->schedulers != NULL && i < count; i++) {
        pool->schedulers[i] = scheduler_new(pool, i);
        if (pool->schedulers[i] == NULL) {
            break;
        }
        pool->count++;
    }
    if (pool == NULL || pool->count < count || pool->done_fd < 0) {
        snprintf(why, 256, "no memory or descriptors for %u schedulers: %s", count,
                 strerror(errno));
        sched_free(pool);
        return NULL;
    }
    return pool;
}

bool sched_start(SchedPool *pool, char *why) {
    if (pool->schedulers[0]->sim != NULL) {
        return true;
    }
    // Signals of the operating system are for the thread that runs the program (program.h).
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    uint32_t started = 0;
    while (started < pool->count &&
           pthread_create(&pool->schedulers[started]->thread, NULL, scheduler_main,
                          pool->schedulers[started]) == 0) {
        started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pool->running = true;
    if (started == pool->count) {
        return true;
    }
    snprintf(why, 256, "cannot start a scheduler's thread: %s", strerror(errno));
    uint32_t count = pool->count;
    pool->count = started;
    sched_stop(pool);
    pool->count = count;
    return false;
}

void sched_stop(SchedPool *pool) {
    if (!pool->running) {
        return;
    }
    atomic_store_explicit(&pool->stopping, 1, memory_order_seq_cst);
    sched_wake_all(pool);
    for (uint32_t i = 0; i < pool->count; i++) {
        pthread_join(pool->schedulers[i]->thread, NULL);
    }
    pool->running = false;
}

void sched_drain(SchedPool *pool) {
    for (uint32_t i = 0; i < pool->count; i++) {
        quiet_online(pool->schedulers[i]->worker.quiet);
        run_posts(pool->schedulers[i]);
        quiet_offline(pool->schedulers[i]->worker.quiet);
    }
}

static Process *next_queued(Scheduler *s) {
    take_injected(s);
    Process *p = s->sim != NULL ? sim_pop(s->sim) : runq_pop(&s->queue);
    if (p != NULL) {
        return p;
    }
    RunList one = {.count = 0};
    runq_take_offered(&s->queue, &one, 1);
    return runlist_pop(&one);
}

void sched_drop_unlisted(SchedPool *pool, Worker *w) {
    for (uint32_t i = 0; i < pool->count; i++) {
        for (Process *p; (p = next_queued(pool->schedulers[i])) != NULL;) {
            if (process_is_unlisted(p)) {
                p->worker = w;
                process_drop(w, p);
            }
        }
    }
}

void sched_free(SchedPool *pool) {
    if (pool == NULL) {
        return;
    }
    CHECK(!pool->running);
    for (uint32_t i = 0; i < pool->count; i++) {
        scheduler_free(pool->schedulers[i]);
    }
    if (pool->done_fd >= 0) {
        close(pool->done_fd);
    }
    mem_free(pool->vm->mem, MEM_SCHED, pool->schedulers);
    mem_free(pool->vm->mem, MEM_SCHED, pool);
}

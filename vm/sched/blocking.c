// SPDX-License-Identifier: Apache-2.0
// The blocking pool: see blocking.h.
#include "vm/sched/blocking.h"

#include <signal.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/proc/send.h"
#include "vm/sched/sched.h"

typedef struct PoolThread {
    struct PoolThread *next;
    BlockingPool *pool;
    pthread_t thread;
    Worker worker;
    Job *job;   // that it runs
    bool ended; // may be joined
} PoolThread;

struct BlockingPool {
    VM *vm;
    Lock lock;
    Condition work; // a job or the end has come
    Job *first;
    Job **last;
    PoolThread *threads;
    uint32_t count; // threads
    uint32_t idle;  // of them wait for work
    uint32_t max;
    bool stopping;
    _Atomic uint32_t outside; // jobs of that kind
};

BlockingPool *blocking_new(VM *vm, uint32_t max_threads) {
    BlockingPool *pool = mem_alloc_zero(vm->mem, MEM_BLOCKING, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    pool->vm = vm;
    pool->last = &pool->first;
    pool->max = max_threads == 0 ? BLOCKING_MAX : max_threads;
    lock_init(&pool->lock, LOCK_BLOCKING);
    condition_init(&pool->work);
    return pool;
}

uint32_t blocking_in_flight(const BlockingPool *pool) {
    return atomic_load_explicit(&pool->outside, memory_order_acquire);
}

// Jobs --------------------------------------------------------------------------------------------

void *job_new(VM *vm, size_t size, Term pid, void (*run)(Job *, Worker *), void (*free)(Job *)) {
    Job *job = mem_alloc_zero(vm->mem, MEM_BLOCKING, size);
    if (job != NULL) {
        *job = (Job){.vm = vm, .pid = pid, .run = run, .free = free, .size = size};
        atomic_init(&job->refs, 1);
    }
    return job;
}

static void job_unref(Job *job) {
    // Release and acquire: the one that frees it sees what the other did.
    if (atomic_fetch_sub_explicit(&job->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (job->free != NULL) {
        job->free(job);
    }
    mem_free(job->vm->mem, MEM_BLOCKING, job);
}

bool job_is_done(const Job *job) {
    return atomic_load_explicit(&job->done, memory_order_acquire) != 0;
}

void job_release(Job *job) {
    if (!job_is_done(job)) {
        atomic_store_explicit(&job->cancelled, 1, memory_order_relaxed);
    }
    job_unref(job);
}

static void job_run(Job *job, PoolThread *thread) {
    bool outside = job->outside;
    BlockingPool *pool = thread->pool;
    Worker *w = &thread->worker;
    job->run(job, w);
    lock_acquire(&pool->lock);
    thread->job = NULL;
    lock_release(&pool->lock);
    Term pid = job->pid;
    // Release: pairs with job_is_done.
    atomic_store_explicit(&job->done, 1, memory_order_release);
    if (term_is_pid(pid)) {
        quiet_online(w->quiet);
        process_wake(w, pid);
        quiet_offline(w->quiet);
    }
    if (outside) {
        atomic_fetch_sub_explicit(&pool->outside, 1, memory_order_release);
    }
    job_unref(job);
}

// Threads -----------------------------------------------------------------------------------------

static Job *next_job_locked(BlockingPool *pool) {
    Job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL) {
            pool->last = &pool->first;
        }
    }
    return job;
}

// Waits for a job; NULL when the thread is to end.
static Job *wait_for_job(PoolThread *thread) {
    BlockingPool *pool = thread->pool;
    lock_acquire(&pool->lock);
    uint64_t deadline = clock_monotonic_ns() + (uint64_t)BLOCKING_IDLE_MS * 1000 * 1000;
    pool->idle++;
    Job *job = next_job_locked(pool);
    while (job == NULL && !pool->stopping &&
           condition_wait_until(&pool->work, &pool->lock, deadline)) {
        job = next_job_locked(pool);
    }
    if (job == NULL) {
        job = next_job_locked(pool);
    }
    pool->idle--;
    thread->job = job;
    lock_release(&pool->lock);
    return job;
}

static void *thread_main(void *argument) {
    PoolThread *thread = argument;
    BlockingPool *pool = thread->pool;
    pthread_setname_np(pthread_self(), "cop-blocking");
    for (Job *job; (job = wait_for_job(thread)) != NULL;) {
        job_run(job, thread);
    }
    worker_destroy(&thread->worker);
    lock_acquire(&pool->lock);
    thread->ended = true;
    pool->count--;
    lock_release(&pool->lock);
    return NULL;
}

// Joins and frees threads that have ended, or all.
static void reap(BlockingPool *pool, bool all) {
    for (;;) {
        lock_acquire(&pool->lock);
        PoolThread **at = &pool->threads;
        while (*at != NULL && !all && !(*at)->ended) {
            at = &(*at)->next;
        }
        PoolThread *thread = *at;
        if (thread != NULL) {
            *at = thread->next;
        }
        lock_release(&pool->lock);
        if (thread == NULL) {
            return;
        }
        pthread_join(thread->thread, NULL);
        mem_free(pool->vm->mem, MEM_BLOCKING, thread);
    }
}

static bool start_thread(BlockingPool *pool) {
    PoolThread *thread = mem_alloc_zero(pool->vm->mem, MEM_BLOCKING, sizeof *thread);
    if (thread == NULL) {
        return false;
    }
    thread->pool = pool;
    if (!worker_init(&thread->worker, pool->vm, &sched_outside_hooks, UINT32_MAX)) {
        mem_free(pool->vm->mem, MEM_BLOCKING, thread);
        return false;
    }
    // Signals of the operating system are for the thread that runs the program.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    lock_acquire(&pool->lock);
    bool ok = pthread_create(&thread->thread, NULL, thread_main, thread) == 0;
    if (ok) {
        thread->next = pool->threads;
        pool->threads = thread;
        pool->count++;
    }
    lock_release(&pool->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!ok) {
        worker_destroy(&thread->worker);
        mem_free(pool->vm->mem, MEM_BLOCKING, thread);
    }
    return ok;
}

void job_post(Job *job) {
    BlockingPool *pool = job->vm->blocking;
    atomic_fetch_add_explicit(&job->refs, 1, memory_order_relaxed);
    if (job->vm->options.seeded && !job->outside) {
        Scheduler *s = job->vm->sched->schedulers[0];
        // This is the runner itself, which is online and stays so.
        job->run(job, &s->worker);
        quiet_online(s->worker.quiet);
        atomic_store_explicit(&job->done, 1, memory_order_release);
        if (term_is_pid(job->pid)) {
            process_wake(&s->worker, job->pid);
        }
        job_unref(job);
        return;
    }
    if (job->outside) {
        atomic_fetch_add_explicit(&pool->outside, 1, memory_order_relaxed);
    }
    lock_acquire(&pool->lock);
    job->next = NULL;
    *pool->last = job;
    pool->last = &job->next;
    uint32_t waiting = 0;
    for (const Job *at = pool->first; at != NULL && waiting <= pool->idle; at = at->next) {
        waiting++;
    }
    bool start = waiting > pool->idle && pool->count < pool->max;
    bool reapable = false;
    for (const PoolThread *thread = pool->threads; thread != NULL && !reapable;
         thread = thread->next) {
        reapable = thread->ended;
    }
    condition_signal(&pool->work);
    lock_release(&pool->lock);
    if (reapable) {
        reap(pool, false);
    }
    if (start && !start_thread(pool)) {
        // It waits for the threads there are. With none at all the machine is out of threads from
        // the start.
        lock_acquire(&pool->lock);
        CHECK(pool->count > 0);
        lock_release(&pool->lock);
    }
}

void blocking_free(BlockingPool *pool) {
    if (pool == NULL) {
        return;
    }
    lock_acquire(&pool->lock);
    pool->stopping = true;
    for (PoolThread *thread = pool->threads; thread != NULL; thread = thread->next) {
        if (thread->job != NULL) {
            atomic_store_explicit(&thread->job->cancelled, 1, memory_order_relaxed);
        }
    }
    Job *dropped = pool->first;
    pool->first = NULL;
    pool->last = &pool->first;
    condition_broadcast(&pool->work);
    lock_release(&pool->lock);
    while (dropped != NULL) {
        Job *next = dropped->next;
        job_unref(dropped);
        dropped = next;
    }
    reap(pool, true);
    condition_destroy(&pool->work);
    lock_destroy(&pool->lock);
    mem_free(pool->vm->mem, MEM_BLOCKING, pool);
}

// For built-ins -----------------------------------------------------------------------------------

typedef struct {
    Work work;
    Job *job;
} JobWork;

static void work_drop(Process *p, Work *work) {
    JobWork *waiting = (JobWork *)(void *)work;
    if (waiting->job != NULL) {
        job_release(waiting->job);
    }
    mem_free(p->vm->mem, MEM_BLOCKING, waiting);
    p->work = NULL;
}

Term job_await(Process *p, const void *owner, Term *args, Job *(*make)(Process *, Term *args),
               Term (*finish)(Process *, Term *args, Job *)) {
    if (p->work == NULL) {
        Job *job = make(p, args);
        if (job == NULL) {
            return TERM_NONE;
        }
        JobWork *work = mem_alloc_zero(p->vm->mem, MEM_BLOCKING, sizeof *work);
        if (work == NULL) {
            job_release(job);
            return process_limit(p, AM_memory);
        }
        *work = (JobWork){.work = {.drop = work_drop, .owner = owner}, .job = job};
        p->work = &work->work;
        job_post(job);
        p->woken = false;
        return TERM_WAIT;
    }
    JobWork *waiting = (JobWork *)(void *)p->work;
    ASSERT(waiting->work.owner == owner);
    if (!job_is_done(waiting->job)) {
        p->woken = false;
        return TERM_WAIT;
    }
    Job *job = waiting->job;
    waiting->job = NULL;
    work_drop(p, p->work);
    Term answer = finish(p, args, job);
    job_release(job);
    return answer;
}

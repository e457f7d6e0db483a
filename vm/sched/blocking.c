// SPDX-License-Identifier: Apache-2.0
// The blocking pool: see blocking.h.
#include "vm/sched/blocking.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/proc/send.h"
#include "vm/sched/sched.h"

// How a thread that computes is made to give way to schedulers.
typedef struct {
    timer_t timer;
    bool timed;
} Way;

typedef struct PoolThread {
    struct PoolThread *next;
    BlockingPool *pool;
    struct Crew *crew;
    pthread_t thread;
    Worker worker;
    Way way;
    Job *job;   // that it runs
    bool ended; // may be joined
} PoolThread;

// Threads that do one kind of work, and what waits for them. Under the pool's lock.
typedef struct Crew {
    Condition work; // a job or the end has come
    Job *first;
    Job **last;
    uint32_t count; // threads
    uint32_t idle;  // of them wait for work
    uint32_t max;
    const char *name; // of its threads
} Crew;

struct BlockingPool {
    VM *vm;
    Lock lock;
    Crew kernel;
    Crew computing;
    PoolThread *threads; // of both
    PoolThread here;     // for jobs that run on the thread that posts them; one at a time
    bool here_taken;
    Condition here_free;
    bool stopping;
    _Atomic uint32_t outside; // jobs of that kind
};

static void crew_init(Crew *crew, const char *name, uint32_t max) {
    *crew = (Crew){.name = name, .max = max};
    crew->last = &crew->first;
    condition_init(&crew->work);
}

BlockingPool *blocking_new(VM *vm, uint32_t max_threads) {
    BlockingPool *pool = mem_alloc_zero(vm->mem, MEM_BLOCKING, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    pool->vm = vm;
    pool->here.pool = pool;
    if (!worker_init(&pool->here.worker, vm, &sched_outside_hooks, UINT32_MAX)) {
        mem_free(vm->mem, MEM_BLOCKING, pool);
        return NULL;
    }
    condition_init(&pool->here_free);
    lock_init(&pool->lock, LOCK_BLOCKING);
    crew_init(&pool->kernel, "cop-blocking", max_threads == 0 ? BLOCKING_MAX : max_threads);
    crew_init(&pool->computing, "cop-computing",
              COMPUTING_PER_SCHEDULER * sched_wanted(&vm->options));
    return pool;
}

static Crew *crew_of(BlockingPool *pool, const Job *job) {
    return job->kind == JOB_COMPUTES ? &pool->computing : &pool->kernel;
}

uint32_t blocking_in_flight(const BlockingPool *pool) {
    return atomic_load_explicit(&pool->outside, memory_order_acquire);
}

// Jobs --------------------------------------------------------------------------------------------

void *job_new(VM *vm, JobKind kind, size_t size, Term pid, void (*run)(Job *, Worker *),
              void (*free)(Job *)) {
    Job *job = mem_alloc_zero(vm->mem, MEM_BLOCKING, size);
    if (job != NULL) {
        *job = (Job){.vm = vm, .kind = kind, .pid = pid, .run = run, .free = free, .size = size};
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
    bool outside = job->kind == JOB_OUTSIDE;
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

// Giving way --------------------------------------------------------------------------------------

// The kernel lets a thread that computes keep its core until a tick, 4 ms on many machines, and a
// scheduler waits as long. So a timer of its own interrupts it more often, whatever it is in (GMP
// and PCRE know no breaks), and it offers the core to others.

static void on_way(int number) {
    (void)number;
    int before = errno;
    sched_yield();
    errno = before;
}

// The signal is one that programs ignore unless they ask for it, and a host that does keeps it.
static pthread_once_t way_once = PTHREAD_ONCE_INIT;
static bool way_is_ours;

static void take_signal(void) {
    struct sigaction before;
    struct sigaction action = {.sa_handler = on_way, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    way_is_ours = sigaction(SIGURG, NULL, &before) == 0 && (before.sa_flags & SA_SIGINFO) == 0 &&
                  before.sa_handler == SIG_DFL && sigaction(SIGURG, &action, NULL) == 0;
}

// What this thread is not given it does without: it is late then, and works all the same.
static void give_way_begin(Way *way) {
    errno = 0;
    int answer = nice(COMPUTING_NICENESS); // on Linux of this thread alone
    (void)answer;
    pthread_once(&way_once, take_signal);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGURG};
    event._sigev_un._tid = gettid();
    way->timed = way_is_ours && timer_create(CLOCK_MONOTONIC, &event, &way->timer) == 0;
    if (way->timed) {
        sigset_t urgent;
        sigemptyset(&urgent);
        sigaddset(&urgent, SIGURG);
        pthread_sigmask(SIG_UNBLOCK, &urgent, NULL);
    }
}

static void give_way_often(Way *way, bool often) {
    if (way->timed) {
        struct timespec every = {.tv_nsec = often ? COMPUTING_NS : 0};
        struct itimerspec times = {.it_interval = every, .it_value = every};
        timer_settime(way->timer, 0, &times, NULL);
    }
}

static void give_way_end(Way *way) {
    if (way->timed) {
        timer_delete(way->timer);
    }
}

// Threads -----------------------------------------------------------------------------------------

static Job *next_job_locked(Crew *crew) {
    Job *job = crew->first;
    if (job != NULL) {
        crew->first = job->next;
        if (crew->first == NULL) {
            crew->last = &crew->first;
        }
    }
    return job;
}

// Waits for a job; NULL when the thread is to end.
static Job *wait_for_job(PoolThread *thread) {
    BlockingPool *pool = thread->pool;
    Crew *crew = thread->crew;
    lock_acquire(&pool->lock);
    uint64_t deadline = clock_monotonic_ns() + (uint64_t)BLOCKING_IDLE_MS * 1000 * 1000;
    crew->idle++;
    Job *job = next_job_locked(crew);
    while (job == NULL && !pool->stopping &&
           condition_wait_until(&crew->work, &pool->lock, deadline)) {
        job = next_job_locked(crew);
    }
    if (job == NULL) {
        job = next_job_locked(crew);
    }
    crew->idle--;
    crew->count -= job == NULL; // under the lock under which it found nothing
    thread->job = job;
    lock_release(&pool->lock);
    return job;
}

static void *thread_main(void *argument) {
    PoolThread *thread = argument;
    BlockingPool *pool = thread->pool;
    pthread_setname_np(pthread_self(), thread->crew->name);
    if (thread->crew == &pool->computing) {
        give_way_begin(&thread->way);
    }
    for (Job *job; (job = wait_for_job(thread)) != NULL;) {
        give_way_often(&thread->way, true);
        job_run(job, thread);
        give_way_often(&thread->way, false);
    }
    give_way_end(&thread->way);
    worker_destroy(&thread->worker);
    lock_acquire(&pool->lock);
    thread->ended = true;
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

static bool start_thread(BlockingPool *pool, Crew *crew) {
    PoolThread *thread = mem_alloc_zero(pool->vm->mem, MEM_BLOCKING, sizeof *thread);
    if (thread == NULL) {
        return false;
    }
    thread->pool = pool;
    thread->crew = crew;
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
        crew->count++;
    }
    lock_release(&pool->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!ok) {
        worker_destroy(&thread->worker);
        mem_free(pool->vm->mem, MEM_BLOCKING, thread);
    }
    return ok;
}

// The machine gives not a single thread: what waits runs here.
static void run_here(BlockingPool *pool, Crew *crew) {
    lock_acquire(&pool->lock);
    while (pool->here_taken) {
        condition_wait(&pool->here_free, &pool->lock);
    }
    pool->here_taken = true;
    for (Job *job; crew->count == 0 && (job = next_job_locked(crew)) != NULL;) {
        pool->here.job = job;
        lock_release(&pool->lock);
        job_run(job, &pool->here);
        lock_acquire(&pool->lock);
    }
    pool->here_taken = false;
    condition_signal(&pool->here_free);
    lock_release(&pool->lock);
}

void job_post(Job *job) {
    BlockingPool *pool = job->vm->blocking;
    atomic_fetch_add_explicit(&job->refs, 1, memory_order_relaxed);
    if (job->vm->options.seeded && job->kind != JOB_OUTSIDE) {
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
    if (job->kind == JOB_OUTSIDE) {
        atomic_fetch_add_explicit(&pool->outside, 1, memory_order_relaxed);
    }
    Crew *crew = crew_of(pool, job);
    lock_acquire(&pool->lock);
    job->next = NULL;
    *crew->last = job;
    crew->last = &job->next;
    uint32_t waiting = 0;
    for (const Job *at = crew->first; at != NULL && waiting <= crew->idle; at = at->next) {
        waiting++;
    }
    bool start = waiting > crew->idle && crew->count < crew->max;
    bool reapable = false;
    for (const PoolThread *thread = pool->threads; thread != NULL && !reapable;
         thread = thread->next) {
        reapable = thread->ended;
    }
    condition_signal(&crew->work);
    lock_release(&pool->lock);
    if (reapable) {
        reap(pool, false);
    }
    if (start && !start_thread(pool, crew)) {
        // It waits for the threads there are, if there are any.
        run_here(pool, crew);
    }
}

// For the end: its threads find nothing and go.
static Job *take_all_locked(Crew *crew) {
    Job *first = crew->first;
    crew->first = NULL;
    crew->last = &crew->first;
    condition_broadcast(&crew->work);
    return first;
}

static void drop_all(Job *job) {
    while (job != NULL) {
        Job *next = job->next;
        job_unref(job);
        job = next;
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
    Job *waiting[] = {take_all_locked(&pool->kernel), take_all_locked(&pool->computing)};
    lock_release(&pool->lock);
    drop_all(waiting[0]);
    drop_all(waiting[1]);
    reap(pool, true);
    worker_destroy(&pool->here.worker);
    condition_destroy(&pool->here_free);
    condition_destroy(&pool->kernel.work);
    condition_destroy(&pool->computing.work);
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

// SPDX-License-Identifier: Apache-2.0
// Making processes and waiting for their start: see spawn.h.
#include "vm/proc/spawn.h"

#include "vm/code/module.h"
#include "vm/proc/ask_private.h"
#include "vm/proc/backtrace.h"
#include "vm/proc/exit.h"
#include "vm/proc/link.h"
#include "vm/proc/monitor.h"
#include "vm/proc/purge.h"
#include "vm/proc/receive.h"
#include "vm/proc/registry.h"
#include "vm/proc/relation.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/term/box.h"

SpawnOptions spawn_options(void) {
    return (SpawnOptions){.priority = PRIORITY_NORMAL, .label = TERM_NIL, .name = TERM_NIL};
}

// Birth -------------------------------------------------------------------------------------------

// What a new process runs: a function, and what is in its first registers.
typedef struct {
    const Function *function;
    const Term *args;
    size_t count;
    Signal *copied; // that args lie in, or NULL
} Start;

static Process *struct_new(Worker *w) {
    Process *p = w->spares;
    if (p != NULL) {
        w->spares = p->queue_next;
        w->spare_count--;
    } else {
        p = mem_alloc(w->mem, MEM_PROCESS, sizeof *p);
        if (p == NULL) {
            return NULL;
        }
    }
    memset(p, 0, sizeof *p);
    return p;
}

static void struct_free(Worker *w, Process *p) {
    if (w->spare_count < WORKER_SPARES) {
        p->queue_next = w->spares;
        w->spares = p;
        w->spare_count++;
    } else {
        mem_free(w->mem, MEM_PROCESS, p);
    }
}

static void set_fields(Worker *w, Process *p, const SpawnOptions *options) {
    mailbox_init(&p->inbox, &p->mailbox);
    atomic_init(&p->state, PROC_NEW);
    p->vm = w->vm;
    p->worker = w;
    atomic_init(&p->home, w->number);
    p->parent = w->current == NULL ? TERM_NIL : w->current->pid;
    p->priority = (uint8_t)options->priority;
    p->label = term_to_atom(options->label);
    p->trap_exits = options->trap_exits;
    p->saved_room = SAVED_INLINE;
    p->returns.end = p->returns.first;
    p->returns.top = returns_base(&p->returns);
    p->reason = TERM_NONE;
}

static bool heap_make(Worker *w, Process *p, const SpawnOptions *options) {
    size_t words = options->cells == 0 ? 0 : (size_t)HEAP_FIRST_WORDS + options->cells;
    if (!heap_init(&p->heap, &w->blocks, words)) {
        return false;
    }
    p->heap.limit_words = options->heap_limit_words;
    p->cell_count = options->cells;
    for (uint16_t i = 0; i < options->cells; i++) {
        *--p->heap.sp = TERM_NIL;
    }
    return true;
}

// A process that is in the table and has not run; NULL: no memory or no pid, or
// its code is being purged, and so the spawner soon gone. Takes start->copied over in any case.
static Process *birth(Worker *w, const Start *start, const SpawnOptions *options) {
    const Doomed *doomed = &w->blocks.doomed;
    bool refused = (uintptr_t)start->function - doomed->functions < doomed->function_size;
    Process *p = refused ? NULL : struct_new(w);
    if (p != NULL) {
        set_fields(w, p, options);
        if (!heap_make(w, p, options)) {
            struct_free(w, p);
            p = NULL;
        }
    }
    if (p == NULL) {
        if (start->copied != NULL) {
            signal_give(&w->blocks, start->copied);
        }
        return NULL;
    }
    if (start->copied != NULL) {
        heap_adopt(&p->heap, start->copied);
    }
    p->entry = start->function;
    if (!process_save(p, start->args, (uint32_t)start->count) ||
        (options->policy != MAILBOX_UNBOUNDED &&
         !bound_set(p, options->mailbox_limit, options->policy)) ||
        !table_add(w, p)) {
        p->pid = TERM_NIL;
        process_free(w, p);
        return NULL;
    }
    w->vm->engine->start(p, start->function);
    w->spawned++;
    return p;
}

// For one that has got a pid, but is not to be.
static void unmake(Worker *w, Process *p) {
    atomic_store_explicit(&p->state, PROC_EXITING, memory_order_seq_cst);
    registry_release(w, p);
    purge_ending(w, p);
    table_remove(w, p);
    for (Signal *s = inbox_close(&p->inbox); s != NULL;) {
        Signal *next = s->next;
        exit_leftover(p, s);
        s = next;
    }
    process_free(w, p);
}

static void free_retired(QuietItem *item, void *context) {
    Process *p = (Process *)(void *)((char *)item - offsetof(Process, retired));
    Worker *w = context;
    bound_free(p);
    if (w != NULL) {
        struct_free(w, p);
    } else {
        mem_free(p->vm->mem, MEM_PROCESS, p);
    }
}

void process_free(Worker *w, Process *p) {
    MemStats *mem = w->mem;
    for (Signal *s; (s = p->mailbox.first) != NULL;) {
        p->mailbox.first = s->next;
        signal_free(mem, s);
    }
    p->heap.pool = &w->blocks;
    w->hooks->free_heap(w, &p->heap);
    if (p->saved_room > SAVED_INLINE) {
        mem_free(mem, MEM_STACK, p->saved_apart);
    }
    if (!returns_are_first(&p->returns)) {
        mem_free(mem, MEM_STACK, p->returns.end);
    }
    relation_free_all(p);
    if (p->extra != NULL) {
        mem_free(mem, MEM_PROCESS, p->extra->main);
        mem_free(mem, MEM_PROCESS, p->extra->wait);
        mem_free(mem, MEM_TRACE, p->extra->trace);
        mem_free(mem, MEM_PROCESS, p->extra);
    }
    purge_ended(w, p);
    atomic_store_explicit(&p->state, PROC_DEAD, memory_order_relaxed);
    quiet_retire(w->quiet, &p->retired, free_retired);
}

static void drop_signals(Worker *w, Signal *s) {
    while (s != NULL && s != INBOX_ASLEEP && s != INBOX_CLOSED) {
        Signal *next = s->next;
        signal_give(&w->blocks, s);
        s = next;
    }
}

void process_drop(Worker *w, Process *p) {
    // A timer is its process's once it has gone off; one that has not is the wheel's, which is
    // freed later.
    p->heap.pool = &w->blocks;
    if (p->work != NULL) {
        Work *work = p->work;
        work->drop(p, work);
    }
    if (p->timer != NULL) {
        process_timer_stop(p);
    }
    if (!process_is_unlisted(p)) {
        table_remove(w, p);
    }
    drop_signals(w, p->mailbox.backlog);
    drop_signals(w, p->mailbox.turning);
    drop_signals(w, atomic_exchange_explicit(&p->inbox.head, INBOX_CLOSED, memory_order_acquire));
    registry_disown(p);
    process_free(w, p);
}

// What it costs: a spawner should not make more processes than fit into a cache before these have
// their turn.
enum { SPAWN_REDUCTIONS = 20 };

// Spawning from a process -------------------------------------------------------------------------

static Term fail_arity(Process *p, Term fn) {
    Room room;
    if (!process_reserve(p, 4, &fn, 1, &room)) {
        return TERM_NONE;
    }
    return process_fail(p, room_tuple3(&room, AM_badarity, fn, term_small(0)));
}

// The function of a value of no arguments. NULL after a failure.
static const Function *function_of(Process *p, Term fn) {
    if (!term_is_fn(fn)) {
        process_fail_with(p, AM_badfun, fn);
        return NULL;
    }
    if (box_kind(fn) == KIND_FN) {
        const Function *function = fn_function(fn);
        if (function_head(function)->arity != 0) {
            fail_arity(p, fn);
            return NULL;
        }
        return function;
    }
    if (!term_same_bits(box_term(fn, 2), term_small(0))) {
        fail_arity(p, fn);
        return NULL;
    }
    const Target *target;
    const Function *function;
    CodeStatus status;
    do {
        target = code_find(p->vm->code, box_term(fn, 0), box_term(fn, 1), 0, &status);
        function = target == NULL ? NULL : target_function(target);
    } while (function == NULL && target != NULL &&
             target->builtin == NULL); // just being published anew
    if (function == NULL && status == CODE_MEMORY) {
        process_limit(p, AM_memory);
    } else if (function == NULL) {
        process_fail_with(p, AM_undef, box_term(fn, 1));
    }
    return function;
}

// Whether what fn captured can be handed over as it is.
static bool is_light(const BlockPool *pool, Term fn) {
    if (box_kind(fn) != KIND_FN) {
        return true;
    }
    for (size_t i = 0; i < fn_captured_count(fn); i++) {
        Term t = fn_captured(fn, i);
        if (term_is_pointer(t) && !block_pool_shares(pool, t)) {
            return false;
        }
    }
    return true;
}

static Start start_of(const Function *function, Term fn, Signal *copied) {
    Start start = {.function = function, .copied = copied};
    if (box_kind(fn) == KIND_FN) {
        start.args = term_pointer(fn) + 2;
        start.count = fn_captured_count(fn);
    }
    return start;
}

// Relations of a new process, made before it can run: by link, by monitor, by name. *id is the
// monitor's.
static Term relate(Process *p, Process *child, const SpawnOptions *options, uint64_t *id) {
    if (!term_same_bits(options->name, TERM_NIL)) {
        Term holder;
        switch (registry_register(p->worker, options->name, child->pid, &holder)) {
        case REGISTER_OK: break;
        case REGISTER_TAKEN: return process_fail_with(p, AM_already_started, holder);
        default: return process_limit(p, AM_memory);
        }
    }
    if (options->how == SPAWN_LINK && !link_at_birth(p, child)) {
        relation_remove(p, RELATION_LINK, child->pid.bits);
        return process_limit(p, AM_memory);
    }
    if (options->how == SPAWN_MONITOR) {
        *id = monitor_at_birth(p, child);
        if (*id == 0) {
            return process_limit(p, AM_memory);
        }
    }
    return AM_ok;
}

static Term born(Process *p, Term pid, uint64_t monitor) {
    if (monitor == 0) {
        return pid;
    }
    Room room;
    if (!process_reserve(p, 3 + REF_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term ref = room_ref(&room, monitor, p->pid);
    return room_tuple2(&room, pid, ref);
}

// Makes the child known as one whose start p waits for.
static bool await(Process *p, Process *child, SpawnHow how, uint64_t monitor,
                  uint64_t deadline_ns) {
    ProcessExtra *extra = process_extra(child);
    Wait *wait = extra == NULL ? NULL : wait_begin(p, process_spawn);
    if (wait == NULL) {
        return false;
    }
    wait->id = table_ref(p->vm->processes, REF_ALIAS);
    wait->how = how;
    wait->monitor = monitor;
    if (!wait_enter(p, wait, WAIT_START, child->pid, deadline_ns)) {
        wait_end(p);
        return false;
    }
    extra->start = (Request){.id = wait->id, .caller = p->pid};
    return true;
}

static Term spawn_now(Process *p, const Start *start, const SpawnOptions *options,
                      uint64_t deadline_ns) {
    Worker *w = p->worker;
    process_charge(p, SPAWN_REDUCTIONS);
    Process *child = birth(w, start, options);
    if (child == NULL) {
        return process_limit(p, mem_used_total(p->vm->mem) < p->vm->mem->limit ? AM_processes
                                                                               : AM_memory);
    }
    uint64_t monitor = 0;
    Term related = relate(p, child, options, &monitor);
    if (term_same_bits(related, TERM_NONE)) {
        unmake(w, child);
        return TERM_NONE;
    }
    if (options->sync && !await(p, child, options->how, monitor, deadline_ns)) {
        relation_remove(p, RELATION_LINK, child->pid.bits);
        relation_remove(p, RELATION_MONITOR, monitor);
        unmake(w, child);
        return process_limit(p, AM_memory);
    }
    TRACE_EVENT(p->vm, TRACE_spawn, p->pid, "spawns %P: %P", child->pid, process_label(child));
    Term pid = child->pid;
    w->hooks->queue(w, child);
    if (options->sync) {
        p->woken = false;
        return TERM_WAIT;
    }
    return born(p, pid, monitor);
}

// The failed start's process is gone, or will be without p's doing: p keeps nothing of it.
static void forget_child(Process *p, const Wait *wait) {
    if (wait->how == SPAWN_LINK) {
        relation_remove(p, RELATION_LINK, wait->target.bits);
    } else if (wait->how == SPAWN_MONITOR) {
        relation_remove(p, RELATION_MONITOR, wait->monitor);
    }
}

static Term start_answered(Process *p, Wait *wait) {
    SignalKind kind = signal_kind(wait->answer);
    Term pid = wait->target;
    uint64_t monitor = wait->monitor;
    if (kind == SIGNAL_REPLY) {
        wait_end(p);
        return born(p, pid, monitor);
    }
    forget_child(p, wait);
    if (kind == SIGNAL_CIRCLE) {
        exit_send(p, pid, AM_kill, true);
        return wait_fail_circle(p, wait);
    }
    bool stopping = wait->kind == WAIT_STOPPING;
    Term reason = wait_take_answer(p, wait);
    wait_end(p);
    if (stopping) {
        return process_fail(p, AM_timeout);
    }
    return kind == SIGNAL_REFUSE ? AM_ignore : process_fail(p, reason);
}

static Term spawn_go_on(Process *p, Wait *wait) {
    if (wait->answer != NULL) {
        return start_answered(p, wait);
    }
    if (wait->over && wait->kind == WAIT_START) {
        // It is told so only when the child is gone, and its name free.
        wait->kind = WAIT_STOPPING;
        forget_child(p, wait);
        exit_send(p, wait->target, AM_kill, true);
    }
    p->woken = false;
    return TERM_WAIT;
}

static Term copy_and_spawn(Process *p, Carry **carry, const Function *function, Term fn,
                           const SpawnOptions *options, uint64_t deadline_ns) {
    Signal *signal;
    StepStatus status = carry_term(p, carry, SIGNAL_MESSAGE, fn, 0, &signal);
    if (status == STEP_MORE &&
        (p->work != NULL || wait_begin_copy(p, *carry, SIGNAL_MESSAGE, process_spawn))) {
        return TERM_YIELD;
    }
    if (p->work != NULL) {
        wait_end(p);
    }
    if (status != STEP_DONE) {
        carry_drop(p, carry);
        return process_limit(p, AM_memory);
    }
    Start start = start_of(function, signal_term(signal), signal);
    return spawn_now(p, &start, options, deadline_ns);
}

Term process_spawn(Process *p, Term fn, const SpawnOptions *options, Term timeout) {
    Wait *wait = wait_of(p, process_spawn);
    if (wait != NULL && wait->kind != WAIT_NONE) {
        return spawn_go_on(p, wait);
    }
    const Function *function = function_of(p, fn);
    if (function == NULL) {
        return TERM_NONE;
    }
    uint64_t deadline_ns = UINT64_MAX;
    if (options->sync && !process_deadline(p, timeout, &deadline_ns)) {
        return TERM_NONE;
    }
    if (!is_light(&p->worker->blocks, fn)) {
        Carry *none = NULL;
        return copy_and_spawn(p, wait == NULL ? &none : &wait->carry, function, fn, options,
                              deadline_ns);
    }
    Start start = start_of(function, fn, NULL);
    return spawn_now(p, &start, options, deadline_ns);
}

// The child's side --------------------------------------------------------------------------------

static void tell_starter(Process *p, SignalKind kind, Term term) {
    ProcessExtra *extra = p->extra;
    Signal *s = signal_copy_urgent(&p->worker->blocks, kind, term, DOWN_MESSAGE_WORDS);
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = extra->start.id;
    wait_clear(p->vm, extra->start.caller, extra->start.id);
    signal_send_to(p->worker, extra->start.caller, s);
    extra->start.id = 0;
}

bool process_started(Process *p) {
    if (p->extra == NULL || p->extra->start.id == 0) {
        return false;
    }
    tell_starter(p, SIGNAL_REPLY, AM_ok);
    process_extra_tidy(p); // most actors are waited for, few need more
    return true;
}

bool process_ignored(Process *p) {
    if (p->extra == NULL || p->extra->start.id == 0) {
        return false;
    }
    p->extra->declined = true;
    return true;
}

void start_failed(Process *p, Term reason) {
    if (p->extra->declined) {
        tell_starter(p, SIGNAL_REFUSE, AM_ignore);
    } else {
        tell_starter(p, SIGNAL_DOWN, reason);
    }
}

// From outside ------------------------------------------------------------------------------------

Term process_spawn_call(Worker *w, const Function *function, const Term *args, uint32_t count,
                        const SpawnOptions *options) {
    Process *p = process_make(w, function, args, count, options);
    if (p == NULL) {
        return TERM_NONE;
    }
    Term pid = p->pid;
    w->hooks->queue(w, p);
    return pid;
}

Process *process_make(Worker *w, const Function *function, const Term *args, uint32_t count,
                      const SpawnOptions *options) {
    Term copies[X_COUNT];
    Signal *copied = NULL;
    if (count > 0) {
        // As one tuple, so that they come in one fragment.
        Term box[1 + X_COUNT];
        box[0] = header_make(KIND_TUPLE, count, 0);
        memcpy(box + 1, args, count * sizeof(Term));
        copied = signal_copy(&w->blocks, SIGNAL_MESSAGE, term_from_box(box), 0, NULL);
        if (copied == NULL) {
            return NULL;
        }
        memcpy(copies, term_pointer(signal_term(copied)) + 1, count * sizeof(Term));
    }
    Start start = {.function = function, .args = copies, .count = count, .copied = copied};
    return birth(w, &start, options);
}

Term process_spawn_outside(Worker *w, Term fn, const SpawnOptions *options) {
    ASSERT(term_is_fn(fn));
    ASSERT(box_kind(fn) == KIND_FN);
    return process_spawn_call(w, fn_function(fn), term_pointer(fn) + 2,
                              (uint32_t)fn_captured_count(fn), options);
}

// SPDX-License-Identifier: Apache-2.0
// See purge.h.
#include "vm/proc/purge.h"

#include "vm/base/clock.h"
#include "vm/code/module.h"
#include "vm/proc/ask_private.h"
#include "vm/proc/backtrace.h"
#include "vm/proc/extra.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/term/atom.h"

// Behind each step that waits for all threads comes what is done then.
typedef enum {
    STEP_IDLE,
    STEP_SPREAD,
    STEP_TIMERS,
    STEP_FIRED,
    STEP_ASK,
    STEP_CLOSE,
    STEP_ANSWERS,
    STEP_FREE,
    STEP_FREED,
} PurgeStep;

enum { ASK_MAX = 500, LONG_WORDS = 128 * 1024, NS_PER_MS = 1000 * 1000, TIMERS_MS = 20 };

static Purge *purge_of(const VM *vm) {
    return &vm->processes->purge;
}

// What a process may hold -------------------------------------------------------------------------

static Doomed doomed_of(const Module *m) {
    return (Doomed){
        .literals = m->block == NULL ? 0 : (uintptr_t)m->block->data,
        .literal_size = m->block == NULL ? 0 : m->block->words * sizeof(Term),
        .functions = (uintptr_t)m->functions,
        .function_size = m->function_count * sizeof *m->functions,
    };
}

static const Term *literals(Doomed d) {
    return (const Term *)d.literals;
}

static size_t literal_words(Doomed d) {
    return d.literal_size / sizeof(Term);
}

static bool is_in_heap(Heap *heap, Doomed d) {
    return heap_refers(heap, literals(d), literal_words(d)) ||
           heap_has_closures(heap, (const void *)d.functions, d.function_size);
}

static bool has_closures(const Signal *s, Doomed d) {
    return fragment_has_closures(s, (const void *)d.functions, d.function_size);
}

static bool has_literals(const Signal *s, Doomed d) {
    return fragment_refers(s, literals(d), literal_words(d));
}

bool purge_is_doomed(const VM *vm, const Signal *s) {
    Doomed d = doomed_of(purge_of(vm)->module);
    return has_closures(s, d) || has_literals(s, d);
}

static bool is_point_in(const Safepoint *point, const Module *module) {
    return point != NULL && point->function != NULL && point->function->module == module;
}

static bool has_frames(const Process *p, const Module *module) {
    if (p->point == NULL ? p->entry != NULL && p->entry->module == module
                         : is_point_in(p->point, module)) {
        return true;
    }
    const uintptr_t *base = returns_base(&p->returns);
    for (const uintptr_t *back = p->returns.top; back != base; back++) {
        if (is_point_in(p->vm->engine->safepoint_of(*back), module)) {
            return true;
        }
    }
    return false;
}

// Looking -----------------------------------------------------------------------------------------

static void end_by_purge(Process *p) {
    if (!p->must_exit) {
        process_extra_urgent(p)->exit_reason = AM_killed;
        p->must_exit = true;
    }
}

// A heap without anything doomed. False: it cannot be.
static bool clean_heap(Process *p, Doomed d) {
    // A message that is just being copied is begun anew after a collection.
    if (p->work == NULL && !is_in_heap(&p->heap, d)) {
        return true;
    }
    // Garbage does not count.
    return heap_evict(&p->heap, literals(d), literal_words(d)) == HEAP_OK &&
           !is_in_heap(&p->heap, d);
}

// A copy in its place that takes the literals along. False: no memory.
static bool replace_message(Process *p, Signal *s, Doomed d) {
    Copying c;
    copying_init(&c, p->heap.pool, signal_term(s));
    c.evict = literals(d);
    c.evict_words = literal_words(d);
    int64_t budget = INT64_MAX;
    Signal *copy = copying_measure(&c, &budget) == STEP_DONE
                       ? signal_new(p->vm->mem, signal_kind(s), c.words)
                       : NULL;
    if (copy != NULL) {
        Room room = signal_room(copy);
        bool built = copying_build(&c, &room, &budget) == STEP_DONE;
        copy->data[SIGNAL_AT_TERM] = c.result;
        copy->data[SIGNAL_AT_KIND] = s->data[SIGNAL_AT_KIND];
        copy->data[SIGNAL_AT_ID] = s->data[SIGNAL_AT_ID];
        if (built) {
            mailbox_replace(&p->mailbox, s, copy);
            signal_free_by(&p->heap, s);
        } else {
            signal_give(&p->worker->blocks, copy);
            copy = NULL;
        }
    }
    copying_free(&c);
    return copy != NULL;
}

// False: it has to end.
static bool clean_mailbox(Process *p, Doomed d) {
    for (Signal *s = p->mailbox.first; s != NULL;) {
        Signal *next = s->next;
        if (has_closures(s, d) || (has_literals(s, d) && !replace_message(p, s, d))) {
            return false;
        }
        s = next;
    }
    return true;
}

static bool holds(const Process *p, const Signal *s) {
    return s != NULL && purge_is_doomed(p->vm, s);
}

// What is outside the heap and the mailbox, and soon gone.
static bool holds_for_now(const Process *p) {
    const Wait *wait = p->extra == NULL || p->work == NULL ? NULL : p->extra->wait;
    return holds(p, p->heap.foreign) ||
           (wait != NULL && (holds(p, wait->message) || holds(p, wait->answer)));
}

// What is only named in reports.
static void forget_code(Process *p, const Module *module) {
    if (p->entry != NULL && p->entry->module == module) {
        p->label = term_to_atom(process_label(p));
        p->entry = NULL;
    }
    Trace *trace = p->extra == NULL ? NULL : p->extra->trace;
    for (uint32_t i = 0; trace != NULL && i < trace->count; i++) {
        if (is_point_in(trace->points[i], module)) {
            trace->count = 0;
        }
    }
}

static void answer(Process *p) {
    p->purge = PURGE_NONE;
    // Release: what it looked at is over when the last has answered.
    atomic_fetch_sub_explicit(&purge_of(p->vm)->pending, 1, memory_order_acq_rel);
}

void purge_look(Process *p) {
    ASSERT(p->x == NULL);
    const Module *module = purge_of(p->vm)->module;
    Doomed d = doomed_of(module);
    if (has_frames(p, module)) {
        end_by_purge(p);
        return;
    }
    if (mailbox_at(&p->mailbox) == NULL) {
        p->heap.foreign = NULL; // all were looked at
    }
    if (holds_for_now(p)) {
        p->purge = PURGE_LATER;
        return;
    }
    if (!clean_heap(p, d) || !clean_mailbox(p, d)) {
        end_by_purge(p);
        return;
    }
    forget_code(p, module);
    answer(p);
}

bool purge_look_is_long(const Process *p) {
    HeapUse use = heap_use(&p->heap);
    size_t words =
        use.young_words + use.old_words + use.fragment_words + use.stack_words + p->mailbox.words;
    words += p->mailbox.count * SIGNAL_WORDS + (size_t)(returns_base(&p->returns) - p->returns.top);
    return words > LONG_WORDS && !holds_for_now(p);
}

// Ends --------------------------------------------------------------------------------------------

void purge_ending(Worker *w, Process *p) {
    Purge *purge = purge_of(w->vm);
    p->ending_side = (uint8_t)(1 + atomic_load_explicit(&purge->side, memory_order_relaxed));
    atomic_fetch_add_explicit(&purge->ending[w->number % PURGE_STRIPES].begun[p->ending_side - 1],
                              1, memory_order_relaxed);
}

void purge_ended(Worker *w, Process *p) {
    if (p->purge != PURGE_NONE) {
        answer(p);
    }
    if (p->ending_side != 0) {
        // Release: all that it did is over.
        atomic_fetch_add_explicit(
            &purge_of(w->vm)->ending[w->number % PURGE_STRIPES].ended[p->ending_side - 1], 1,
            memory_order_release);
    }
}

static bool all_have_ended(Purge *purge, uint32_t side) {
    // In this order: nobody begins on this side any more.
    uint64_t ended = 0;
    uint64_t begun = 0;
    for (uint32_t i = 0; i < PURGE_STRIPES; i++) {
        ended += atomic_load_explicit(&purge->ending[i].ended[side], memory_order_acquire);
    }
    for (uint32_t i = 0; i < PURGE_STRIPES; i++) {
        begun += atomic_load_explicit(&purge->ending[i].begun[side], memory_order_relaxed);
    }
    return ended == begun;
}

// Steps -------------------------------------------------------------------------------------------

static void set_step(Purge *purge, PurgeStep step) {
    // Release: whoever goes on sees what was done.
    atomic_store_explicit(&purge->step, step, memory_order_release);
}

static void after_quiet(QuietItem *item, void *context) {
    (void)context;
    Purge *purge = (Purge *)(void *)((char *)item - offsetof(Purge, item));
    PurgeStep step = atomic_load_explicit(&purge->step, memory_order_relaxed);
    set_step(purge, step + 1);
}

static void wait_for_all(Worker *w, Purge *purge, PurgeStep step) {
    set_step(purge, step);
    quiet_retire(w->quiet, &purge->item, after_quiet);
}

static void begin(Worker *w, Purge *purge) {
    purge->module = code_retired(w->vm->code);
    if (purge->module != NULL) {
        purge->index = 0;
        block_depot_doom(w->vm->blocks, doomed_of(purge->module));
        wait_for_all(w, purge, STEP_SPREAD);
    }
}

static void look_at_timers(Worker *w, Purge *purge) {
    uint64_t now = clock_now_ns(&w->vm->clock);
    if (now < purge->look_ns) {
        return;
    }
    if (w->hooks->timers_hold_doomed(w, purge->index)) {
        purge->look_ns = now + (uint64_t)TIMERS_MS * NS_PER_MS;
        return;
    }
    if (++purge->index < PURGE_TIMER_PARTS) {
        return;
    }
    purge->index = 0;
    atomic_store_explicit(&purge->pending, 1, memory_order_relaxed);
    wait_for_all(w, purge, STEP_FIRED);
}

static void ask(Worker *w, Purge *purge) {
    for (uint32_t i = 0; i < ASK_MAX; i++) {
        Process *p = table_next(w->vm->processes, &purge->index);
        if (p == NULL) {
            uint32_t side = atomic_load_explicit(&purge->side, memory_order_relaxed);
            atomic_store_explicit(&purge->side, 1 - side, memory_order_relaxed);
            atomic_fetch_sub_explicit(&purge->pending, 1, memory_order_relaxed);
            wait_for_all(w, purge, STEP_CLOSE);
            return;
        }
        Signal *s = signal_new_urgent(&w->blocks, SIGNAL_EVICT, 0);
        atomic_fetch_add_explicit(&purge->pending, 1, memory_order_relaxed);
        if (!signal_send(w, p, s)) {
            atomic_fetch_sub_explicit(&purge->pending, 1, memory_order_relaxed);
            signal_give(&w->blocks, s);
        }
    }
}

static void look_at_answers(Worker *w, Purge *purge) {
    uint32_t side = 1 - atomic_load_explicit(&purge->side, memory_order_relaxed);
    if (atomic_load_explicit(&purge->pending, memory_order_acquire) == 0 &&
        all_have_ended(purge, side)) {
        block_depot_doom(w->vm->blocks, (Doomed){0});
        wait_for_all(w, purge, STEP_FREE);
    }
}

bool purge_goes_on(const VM *vm) {
    return atomic_load_explicit(&purge_of(vm)->step, memory_order_relaxed) != STEP_IDLE ||
           code_has_retired(vm->code);
}

bool purge_poll(Worker *w) {
    if (!purge_goes_on(w->vm)) {
        return false;
    }
    Purge *purge = purge_of(w->vm);
    if (atomic_exchange_explicit(&purge->busy, 1, memory_order_acquire) != 0) {
        return true;
    }
    switch ((PurgeStep)atomic_load_explicit(&purge->step, memory_order_acquire)) {
    case STEP_IDLE: begin(w, purge); break;
    case STEP_TIMERS: look_at_timers(w, purge); break;
    case STEP_ASK: ask(w, purge); break;
    case STEP_ANSWERS: look_at_answers(w, purge); break;
    case STEP_FREED:
        code_free_retired(w->vm->code, purge->module);
        purge->module = NULL;
        set_step(purge, STEP_IDLE);
        break;
    case STEP_SPREAD:
    case STEP_FIRED:
    case STEP_CLOSE:
    case STEP_FREE: break;
    }
    atomic_store_explicit(&purge->busy, 0, memory_order_release);
    return true;
}

// SPDX-License-Identifier: Apache-2.0
// Process.info: see info.h. An answer is built into a signal: each item's function is called twice,
// first to count words (room is NULL then), then to build.
#include "vm/proc/info.h"

#include "vm/code/unwind.h"
#include "vm/code/module.h"
#include "vm/proc/extra.h"
#include "vm/proc/receive.h"
#include "vm/proc/registry.h"
#include "vm/proc/relation.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/term/map.h"

// Items ------------------------------------------------------------------------------------------

typedef struct {
    Room *room; // NULL: counting
    size_t words;
} Builder;

static Term info_status(Process *p, Builder *b) {
    (void)b;
    if (p->extra != NULL && p->extra->suspends > 0) {
        return AM_suspended;
    }
    if (p->x != NULL) {
        return AM_running;
    }
    return p->asleep ? AM_waiting : AM_queued;
}

static Term info_label(Process *p, Builder *b) {
    (void)b;
    return process_label(p);
}

static Term info_name(Process *p, Builder *b) {
    (void)b;
    return registry_name_of(p);
}

static Term info_parent(Process *p, Builder *b) {
    (void)b;
    return p->parent;
}

static Term info_message_queue_len(Process *p, Builder *b) {
    (void)b;
    return term_small(p->mailbox.count);
}

static Term relation_list(Process *p, Builder *b, RelationKind kind) {
    Term list = TERM_EMPTY;
    uint32_t index = 0;
    for (const Relation *r; (r = relation_next(p, &index)) != NULL;) {
        if (r->kind != kind || (kind == RELATION_LINK && r->data != 0)) {
            continue;
        }
        b->words += CONS_WORDS;
        if (b->room != NULL) {
            bool by_name = kind == RELATION_MONITOR && r->data != 0;
            list = room_cons(b->room, by_name ? TERM_LITERAL(r->data) : r->other, list);
        }
    }
    return list;
}

static Term info_links(Process *p, Builder *b) {
    return relation_list(p, b, RELATION_LINK);
}

static Term info_monitors(Process *p, Builder *b) {
    return relation_list(p, b, RELATION_MONITOR);
}

static Term info_monitored_by(Process *p, Builder *b) {
    return relation_list(p, b, RELATION_WATCHER);
}

static Term info_memory(Process *p, Builder *b) {
    (void)b;
    return term_small((int64_t)process_memory_bytes(p));
}

static Term info_heap_size(Process *p, Builder *b) {
    (void)b;
    HeapUse use = heap_use(&p->heap);
    return term_small((int64_t)(use.young_words + use.old_words));
}

static Term info_stack_size(Process *p, Builder *b) {
    (void)b;
    return term_small((int64_t)heap_use(&p->heap).stack_words);
}

static Term info_reductions(Process *p, Builder *b) {
    (void)b;
    return term_small((int64_t)p->reductions);
}

static Term info_priority(Process *p, Builder *b) {
    (void)b;
    static const Term names[PRIORITY_COUNT] = {AM_low, AM_normal, AM_high, AM_max};
    return names[p->priority];
}

static Term info_trap_exits(Process *p, Builder *b) {
    (void)b;
    return term_bool(p->trap_exits);
}

static Term info_current(Process *p, Builder *b) {
    (void)b;
    const Function *function = p->point != NULL ? p->point->function : p->entry;
    return function == NULL ? TERM_NIL : function_head(function)->name;
}

// Copies of all messages, oldest first: only when asked for by itself, since it may be long.
static Term info_messages(Process *p, Builder *b) {
    Term list = TERM_EMPTY;
    for (const Signal *s = p->mailbox.last; s != NULL; s = signal_before(s)) {
        size_t words = 0;
        Term message = signal_term(s);
        if (!copy_words(&p->worker->blocks, message, &words)) {
            return TERM_NONE;
        }
        b->words += words + CONS_WORDS;
        if (b->room != NULL) {
            Term copy = message;
            if (words > 0 && !copy_to_room(&p->worker->blocks, message, b->room, &copy)) {
                return TERM_NONE;
            }
            list = room_cons(b->room, copy, list);
        }
    }
    return list;
}

typedef Term (*InfoFn)(Process *p, Builder *b);

static const struct {
    Term name;
    InfoFn build;
} items[] = {
#define INFO(name, doc) {{((uint64_t)ATOM_INDEX_##name << 8) | IMM_ATOM}, info_##name},
#include "vm/proc/info.def"
#undef INFO
};

enum { ITEM_COUNT = sizeof items / sizeof items[0] };
static_assert((int)ITEM_COUNT <= (int)MAP_FLAT_MAX, "all items make a small map");

static InfoFn item_find(Term name) {
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        if (term_same_bits(items[i].name, name)) {
            return items[i].build;
        }
    }
    return term_same_bits(name, AM_messages) ? info_messages : NULL;
}

static Term build_all(Process *p, Builder *b) {
    Term pairs[2 * ITEM_COUNT];
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        pairs[2 * i] = items[i].name;
        pairs[2 * i + 1] = items[i].build(p, b);
    }
    b->words += 1 + 2 * ITEM_COUNT;
    return b->room == NULL ? TERM_NIL : map_from_pairs(p->vm->atoms, b->room, pairs, ITEM_COUNT);
}

static Term build(Process *p, Term item, Builder *b) {
    return term_same_bits(item, TERM_NIL) ? build_all(p, b) : item_find(item)(p, b);
}

// What p says of itself, in a signal; NULL: no memory.
static Signal *describe(Process *p, Term item) {
    Builder count = {.room = NULL};
    if (term_same_bits(build(p, item, &count), TERM_NONE)) {
        return NULL;
    }
    Signal *s = signal_new(p->vm->mem, SIGNAL_ANSWER, count.words);
    if (s == NULL) {
        return NULL;
    }
    Room room = signal_room(s);
    Builder builder = {.room = &room};
    Term answer = build(p, item, &builder);
    if (term_same_bits(answer, TERM_NONE)) {
        signal_give(&p->worker->blocks, s);
        return NULL;
    }
    s->data[SIGNAL_AT_TERM] = answer;
    return s;
}

// Asking ------------------------------------------------------------------------------------------

typedef struct {
    Work work;
    uint64_t id;
    Signal *answer;
} Question;

static void question_drop(Process *p, Work *work) {
    Question *q = (Question *)(void *)work;
    if (q->answer != NULL) {
        signal_give(&p->worker->blocks, q->answer);
    }
    mem_free(p->vm->mem, MEM_BIF, q);
    p->work = NULL;
}

static Question *question_of(const Process *p) {
    bool is_one = p->work != NULL && p->work->drop == question_drop;
    return is_one ? (Question *)(void *)p->work : NULL;
}

// Sends a signal that is answered by ANSWER. TERM_NIL: nobody is there.
static Term question_send(Process *p, Term pid, SignalKind kind, Term item, const void *owner) {
    Question *q = mem_alloc_zero(p->vm->mem, MEM_BIF, sizeof *q);
    if (q == NULL) {
        return process_limit(p, AM_memory);
    }
    q->work = (Work){.drop = question_drop, .owner = owner};
    q->id = table_ref(p->vm->processes, 0);
    p->work = &q->work;
    Signal *s = signal_new_urgent(&p->worker->blocks, kind, 0);
    s->data[SIGNAL_AT_TERM] = item;
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = q->id;
    if (!signal_send_to(p->worker, pid, s)) {
        question_drop(p, p->work);
        return TERM_NIL;
    }
    p->woken = false;
    return TERM_WAIT;
}

// The answer to the question that p waits with; *nobody when there was none to answer.
static Term question_finish(Process *p, Question *q, bool *nobody) {
    if (q->answer == NULL) {
        p->woken = false;
        return TERM_WAIT;
    }
    Signal *s = q->answer;
    Term term = signal_term(s);
    *nobody = s->data[SIGNAL_AT_LINK].bits != 0;
    q->answer = NULL;
    heap_adopt(&p->heap, s);
    question_drop(p, p->work);
    return term;
}

static Term ask_info(Process *p, Term pid, Term item, const void *owner) {
    Question *q = question_of(p);
    if (q != NULL) {
        bool nobody = false;
        Term answer = question_finish(p, q, &nobody);
        return nobody ? TERM_NIL : answer;
    }
    if (!term_is_pid(pid)) {
        return process_badarg(p, pid);
    }
    if (!term_same_bits(pid, p->pid)) {
        return question_send(p, pid, SIGNAL_INFO, item, owner);
    }
    process_fetch(p);
    Signal *s = describe(p, item);
    if (s == NULL) {
        return process_limit(p, AM_memory);
    }
    heap_adopt(&p->heap, s);
    return signal_term(s);
}

Term process_info(Process *p, Term pid) {
    return ask_info(p, pid, TERM_NIL, process_info);
}

Term process_info_item(Process *p, Term pid, Term item) {
    if (item_find(item) == NULL) {
        return process_badarg(p, item);
    }
    return ask_info(p, pid, item, process_info_item);
}

static void answer(Process *p, Signal *s, const Signal *question) {
    s->data[SIGNAL_AT_ID].bits = signal_id(question);
    signal_send_to(p->worker, signal_pid(question), s);
}

void info_nobody(Process *p, const Signal *signal) {
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_ANSWER, 0);
    s->data[SIGNAL_AT_LINK].bits = 1;
    answer(p, s, signal);
}

void info_asked(Process *p, Signal *signal) {
    Signal *s = describe(p, signal_term(signal));
    if (s != NULL) {
        s->data[SIGNAL_AT_LINK].bits = 0;
        answer(p, s, signal);
    } else {
        info_nobody(p, signal);
    }
    signal_give(&p->worker->blocks, signal);
}

void info_answered(Process *p, Signal *signal) {
    Question *q = question_of(p);
    if (q != NULL && q->id == signal_id(signal) && q->answer == NULL) {
        q->answer = signal;
        p->woken = true;
    } else {
        signal_give(&p->worker->blocks, signal);
    }
}

// Suspending --------------------------------------------------------------------------------------

Term process_suspend(Process *p, Term pid) {
    Question *q = question_of(p);
    bool nobody = false;
    if (q != NULL) {
        Term answered = question_finish(p, q, &nobody);
        return term_same_bits(answered, TERM_WAIT) ? answered : term_bool(!nobody);
    }
    if (!term_is_pid(pid) || term_same_bits(pid, p->pid)) {
        return process_badarg(p, pid);
    }
    Term sent = question_send(p, pid, SIGNAL_SUSPEND, TERM_NIL, process_suspend);
    return term_same_bits(sent, TERM_NIL) ? TERM_FALSE : sent;
}

Term process_resume(Process *p, Term pid) {
    if (!term_is_pid(pid)) {
        return process_badarg(p, pid);
    }
    return term_bool(
        signal_send_to(p->worker, pid, signal_new_urgent(&p->worker->blocks, SIGNAL_RESUME, 0)));
}

void info_suspended(Process *p, const Signal *signal) {
    process_extra_urgent(p)->suspends++;
    // It is in no code now, or stops at the end of this slice at the latest.
    p->reds = 0;
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_ANSWER, 0);
    answer(p, s, signal);
}

void info_resumed(Process *p) {
    if (p->extra != NULL && p->extra->suspends > 0) {
        p->extra->suspends--;
        // What came meanwhile may be what it waits for.
        p->woken = true;
    }
}

// All processes -----------------------------------------------------------------------------------

Term process_list(Process *p) {
    const ProcessTable *table = p->vm->processes;
    size_t room_for = table_count(table) + 64;
    Room room;
    if (!process_reserve(p, room_for * CONS_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term list = TERM_EMPTY;
    uint32_t index = 0;
    for (const Process *other;
         room_left(&room) >= CONS_WORDS && (other = table_next(table, &index)) != NULL;) {
        list = room_cons(&room, other->pid, list);
    }
    process_charge(p, (int32_t)(room_for / 8));
    return list;
}

// SPDX-License-Identifier: Apache-2.0
// Ends: see exit.h.
#include "vm/proc/exit.h"

#include "vm/proc/ask.h"
#include "vm/proc/ask_private.h"
#include "vm/proc/bound.h"
#include "vm/proc/extra.h"
#include "vm/proc/info.h"
#include "vm/proc/link.h"
#include "vm/proc/monitor.h"
#include "vm/proc/program.h"
#include "vm/proc/purge.h"
#include "vm/proc/receive.h"
#include "vm/proc/registry.h"
#include "vm/proc/relation.h"
#include "vm/proc/report.h"
#include "vm/proc/send.h"
#include "vm/proc/spawn.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/term/tuple.h"

// Sending -----------------------------------------------------------------------------------------

enum { EXIT_LINK = 0, EXIT_PURPOSE = 1 };

void exit_send(Process *p, Term pid, Term reason, bool on_purpose) {
    Signal *s = signal_copy_urgent(&p->worker->blocks, SIGNAL_EXIT, reason, EXIT_MESSAGE_WORDS);
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = on_purpose ? EXIT_PURPOSE : EXIT_LINK;
    signal_send_to(p->worker, pid, s);
}

void exit_send_down(Process *p, Term to, uint64_t id, Term reason) {
    Signal *s = signal_copy_urgent(&p->worker->blocks, SIGNAL_DOWN, reason, DOWN_MESSAGE_WORDS);
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = id;
    signal_send_to(p->worker, to, s);
}

Term process_exit(Process *p, Term pid, Term reason) {
    if (!term_is_pid(pid)) {
        return process_badarg(p, pid);
    }
    if (!term_same_bits(pid, p->pid)) {
        exit_send(p, pid, reason, true);
        return TERM_TRUE;
    }
    // What others sent before comes first.
    process_fetch(p);
    Signal *s = signal_copy_urgent(&p->worker->blocks, SIGNAL_EXIT, reason, EXIT_MESSAGE_WORDS);
    s->data[SIGNAL_AT_LINK] = pid;
    s->data[SIGNAL_AT_ID].bits = EXIT_PURPOSE;
    exit_signal(p, s);
    return p->must_exit ? TERM_YIELD : TERM_TRUE;
}

void process_exit_from_outside(Worker *w, Term pid, Term reason) {
    Signal *s = signal_copy_urgent(&w->blocks, SIGNAL_EXIT, reason, EXIT_MESSAGE_WORDS);
    s->data[SIGNAL_AT_LINK] = pid;
    s->data[SIGNAL_AT_ID].bits = EXIT_PURPOSE;
    signal_send_to(w, pid, s);
}

Term process_trap_exits(Process *p, bool trap) {
    // Those that were sent before are treated as it was set then.
    process_fetch(p);
    bool before = p->trap_exits;
    p->trap_exits = trap;
    return p->must_exit ? TERM_YIELD : term_bool(before);
}

Term process_stop(Process *p, Term reason) {
    p->quiet_end = true;
    p->uncatchable = true;
    return process_fail(p, reason);
}

Term process_stop_failed(Process *p, Term reason, Term message) {
    if (!p->reported) {
        report_crash(p, reason, message);
        p->reported = true;
    }
    p->uncatchable = true;
    return process_fail(p, reason);
}

bool process_may_catch(const Process *p) {
    return !p->uncatchable;
}

// Receiving ---------------------------------------------------------------------------------------

// The first one decides.
static void must_exit(Process *p, Signal *s, Term reason) {
    if (p->must_exit) {
        signal_give(&p->worker->blocks, s);
        return;
    }
    p->must_exit = true;
    process_extra_urgent(p)->exit_reason = reason;
    if (term_is_pointer(reason) && s->words > SIGNAL_WORDS) {
        heap_adopt(&p->heap, s);
    } else {
        signal_give(&p->worker->blocks, s);
    }
}

static void exit_message(Process *p, Signal *s) {
    Room room = signal_end_room(s, EXIT_MESSAGE_WORDS);
    Term from = signal_pid(s);
    s->data[SIGNAL_AT_KIND].bits = SIGNAL_NOTICE;
    s->data[SIGNAL_AT_ID].bits = 0;
    s->data[SIGNAL_AT_TERM] = room_tuple3(&room, AM_exit, from, signal_term(s));
    process_deliver(p, s);
}

void exit_signal(Process *p, Signal *s) {
    Term from = signal_pid(s);
    Term reason = signal_term(s);
    bool on_purpose = signal_id(s) == EXIT_PURPOSE;
    if (!on_purpose) {
        const Relation *link = relation_find(p, RELATION_LINK, from.bits);
        bool active = link != NULL && link->data == 0;
        relation_remove(p, RELATION_LINK, from.bits);
        if (!active) {
            signal_give(&p->worker->blocks, s);
            return;
        }
    }
    if (on_purpose && term_same_bits(reason, AM_kill)) {
        must_exit(p, s, AM_killed);
    } else if (p->trap_exits) {
        exit_message(p, s);
    } else if (term_same_bits(reason, AM_normal) && !(on_purpose && term_same_bits(from, p->pid))) {
        signal_give(&p->worker->blocks, s);
    } else {
        must_exit(p, s, reason);
    }
}

// A signal that comes when the process has ended, but could still be found. It is answered as by
// one that was not there, or undoes what the process would otherwise tell to somebody.
void exit_leftover(Process *p, Signal *s) {
    Term pid = signal_pid(s);
    uint64_t id = signal_id(s);
    switch (signal_kind(s)) {
    case SIGNAL_MESSAGE:
    case SIGNAL_ASK:
    case SIGNAL_NOTICE: mailbox_append(&p->mailbox, s); return;
    case SIGNAL_LINK: exit_send(p, pid, AM_noproc, false); break;
    case SIGNAL_MONITOR:
    case SIGNAL_ROOM_WANTED: exit_send_down(p, pid, id, AM_noproc); break;
    case SIGNAL_UNLINK: link_unlinked(p, pid, id); break;
    case SIGNAL_DEMONITOR: monitor_unwatched(p, id); break;
    case SIGNAL_EXIT: relation_remove(p, RELATION_LINK, pid.bits); break;
    case SIGNAL_INFO:
    case SIGNAL_SUSPEND: info_nobody(p, s); break;
    case SIGNAL_AIM: p->worker->hooks->timer_forget(p->worker, id); break;
    case SIGNAL_ROOM_BACK: bound_back(p, id); break;
    case SIGNAL_EVICT:
        p->purge = PURGE_DUE; // answered by being freed
        break;
    default: break;
    }
    signal_give(&p->worker->blocks, s);
}

// Ending ------------------------------------------------------------------------------------------

enum { END_BUDGET = 1000 };

typedef enum {
    STAGE_BEGIN,
    STAGE_MAIN,
    STAGE_NAMES,
    STAGE_CLOSE,
    STAGE_START,
    STAGE_RELATIONS,
    STAGE_MAILBOX,
    STAGE_WAITERS,
    STAGE_FREE,
} EndStage;

static bool is_waited_for(const Process *p) {
    return p->extra != NULL && p->extra->start.id != 0;
}

static void end_begin(Process *p) {
    if (p->must_exit) {
        p->reason = p->extra->exit_reason;
    } else if (!p->quiet_end && !p->reported && !reason_is_orderly(p->reason) &&
               !is_waited_for(p)) {
        report_crash(p, p->reason, TERM_NONE);
    }
    if (p->work != NULL) {
        Work *work = p->work;
        work->drop(p, work);
        p->work = NULL;
    }
    if (p->timer != NULL) {
        process_timer_stop(p);
    }
    TRACE_EVENT(p->vm, TRACE_exit, p->pid, "%P", p->reason);
}

static void end_names(Process *p) {
    // Sequentially consistent: pairs with registry_register.
    atomic_store_explicit(&p->state, PROC_EXITING, memory_order_seq_cst);
    registry_release(p->worker, p);
    purge_ending(p->worker, p);
    table_remove(p->worker, p);
    if (p->vm->process_ended != NULL) {
        p->vm->process_ended(p->vm, p->pid);
    }
}

// Tells who waits for its start, and whose request it is handling.
static void end_start(Process *p) {
    ProcessExtra *extra = p->extra;
    if (extra == NULL) {
        return;
    }
    if (extra->start.id != 0) {
        start_failed(p, p->reason);
    }
    if (extra->handling.id != 0) {
        exit_send_down(p, extra->handling.caller, extra->handling.id, p->reason);
        extra->handling.id = 0;
    }
}

static void end_relation(Process *p, const Relation *r) {
    switch ((RelationKind)r->kind) {
    case RELATION_LINK:
        if (r->data == 0) {
            exit_send(p, r->other, p->reason, false);
        }
        break;
    case RELATION_WATCHER:
    case RELATION_REQUEST: exit_send_down(p, r->other, r->key, p->reason); break;
    case RELATION_MONITOR:
        if (term_is_pid(r->other)) {
            Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_DEMONITOR, 0);
            s->data[SIGNAL_AT_LINK] = p->pid;
            s->data[SIGNAL_AT_ID].bits = r->key;
            signal_send_to(p->worker, r->other, s);
        }
        break;
    case RELATION_AIM: p->worker->hooks->timer_forget(p->worker, r->key); break;
    default: break;
    }
}

static bool end_relations(Process *p, int32_t *budget) {
    // No entry changes any more, so a position in the table stays good.
    uint32_t index = p->mailbox.timer_number;
    for (const Relation *r; *budget > 0 && (r = relation_next(p, &index)) != NULL; (*budget)--) {
        end_relation(p, r);
    }
    p->mailbox.timer_number = index;
    return *budget > 0;
}

static bool end_mailbox(Process *p, int32_t *budget) {
    for (Signal *s; (s = p->mailbox.first) != NULL; (*budget)--) {
        if (*budget <= 0) {
            return false;
        }
        p->mailbox.first = s->next;
        if (signal_kind(s) == SIGNAL_ASK) {
            Term from = tuple_at(signal_term(s), 1);
            exit_send_down(p, tuple_at(from, 0), signal_id(s), p->reason);
        }
        signal_free_by(&p->heap, s);
    }
    p->mailbox.last = NULL;
    return true;
}

bool process_is_unlisted(const Process *p) {
    return p->end_stage > STAGE_NAMES;
}

EndResult process_end_step(Process *p) {
    int32_t budget = END_BUDGET;
    switch ((EndStage)p->end_stage) {
    case STAGE_BEGIN:
        end_begin(p);
        p->end_stage = STAGE_MAIN;
        __attribute__((fallthrough));
    case STAGE_MAIN:
        if (p->extra != NULL && p->extra->main != NULL && !program_end_step(p)) {
            p->woken = false;
            return END_WAIT;
        }
        p->end_stage = STAGE_NAMES;
        __attribute__((fallthrough));
    case STAGE_NAMES:
        end_names(p);
        p->end_stage = STAGE_CLOSE;
        __attribute__((fallthrough));
    case STAGE_CLOSE:
        if (!process_fetch_closing(p)) {
            return END_MORE;
        }
        p->mailbox.timer_number = 0;
        p->end_stage = STAGE_START;
        __attribute__((fallthrough));
    case STAGE_START:
        end_start(p);
        p->end_stage = STAGE_RELATIONS;
        __attribute__((fallthrough));
    case STAGE_RELATIONS:
        if (!end_relations(p, &budget)) {
            return END_MORE;
        }
        p->end_stage = STAGE_MAILBOX;
        __attribute__((fallthrough));
    case STAGE_MAILBOX:
        if (!end_mailbox(p, &budget)) {
            return END_MORE;
        }
        p->end_stage = STAGE_WAITERS;
        __attribute__((fallthrough));
    case STAGE_WAITERS:
        if (!bound_end(p, &budget)) {
            return END_MORE;
        }
        p->end_stage = STAGE_FREE;
        __attribute__((fallthrough));
    case STAGE_FREE: break;
    }
    process_free(p->worker, p);
    return END_OVER;
}

// SPDX-License-Identifier: Apache-2.0
// Taking in signals: what each kind does, by the room that knows. See receive.h, signals.def.
#include "vm/proc/ask.h"
#include "vm/proc/bound.h"
#include "vm/proc/exit.h"
#include "vm/proc/extra.h"
#include "vm/proc/info.h"
#include "vm/proc/link.h"
#include "vm/proc/monitor.h"
#include "vm/proc/program.h"
#include "vm/proc/purge.h"
#include "vm/proc/receive.h"
#include "vm/proc/relation.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"

// Signals handled at one go; those that remain wait in the backlog, so that a flood of them delays
// nobody else.
enum {
    FETCH_MAX = 2000,
    TURN_MAX = 4 * FETCH_MAX,
    SIGNALS_PER_REDUCTION = 2,
    TURNED_PER_REDUCTION = 8
};

void process_deliver(Process *p, Signal *s) {
    signal_set_stamp(s, table_ref_limit(p->vm->processes));
    mailbox_append(&p->mailbox, s);
    p->woken = true;
}

static void handle_small(Process *p, const Signal *s) {
    Term pid = signal_pid(s);
    uint64_t id = signal_id(s);
    switch (signal_kind(s)) {
    case SIGNAL_LINK: link_linked(p, pid); break;
    case SIGNAL_UNLINK: link_unlinked(p, pid, id); break;
    case SIGNAL_UNLINKED: link_answered(p, pid, id); break;
    case SIGNAL_MONITOR: monitor_watched(p, pid, id); break;
    case SIGNAL_DEMONITOR: monitor_unwatched(p, id); break;
    case SIGNAL_SUSPEND: info_suspended(p, s); break;
    case SIGNAL_RESUME: info_resumed(p); break;
    case SIGNAL_WAKE: p->woken = true; break;
    case SIGNAL_TIMER: process_timer_ended(p, id); break;
    case SIGNAL_AIM:
        if (relation_find(p, RELATION_AIM, id) == NULL) {
            relation_add_urgent(p, RELATION_AIM, id, TERM_NIL, 0);
        }
        break;
    case SIGNAL_UNAIM: relation_remove(p, RELATION_AIM, id); break;
    case SIGNAL_GAVE_UP: program_gave_up(p, pid); break;
    case SIGNAL_EVICT: p->purge = PURGE_DUE; break;
    case SIGNAL_ROOM_WANTED: bound_wanted(p, pid, id); break;
    case SIGNAL_ROOM_GIVEN: ask_room_given(p, pid, id); break;
    case SIGNAL_ROOM_BACK: bound_back(p, id); break;
    default: UNREACHABLE();
    }
}

// Acts on one signal and takes it over.
static void handle(Process *p, Signal *s) {
    TRACE_EVENT(p->vm, TRACE_signal, p->pid, "%s", signal_kind_name(signal_kind(s)));
    switch (signal_kind(s)) {
    case SIGNAL_MESSAGE:
    case SIGNAL_ASK:
    case SIGNAL_NOTICE: process_deliver(p, s); return;
    case SIGNAL_ALIAS: alias_message(p, s); return;
    case SIGNAL_REPLY:
    case SIGNAL_REFUSE:
    case SIGNAL_CIRCLE: ask_replied(p, s); return;
    case SIGNAL_EXIT: exit_signal(p, s); return;
    case SIGNAL_DOWN: monitor_down(p, s); return;
    case SIGNAL_INFO: info_asked(p, s); return;
    case SIGNAL_ANSWER: info_answered(p, s); return;
    case SIGNAL_PROBE: ask_probe(p, s); return;
    default:
        handle_small(p, s);
        signal_give(&p->worker->blocks, s);
        return;
    }
}

// Lets senders know how many there are.
static void tell_queued(Process *p) {
    const Mailbox *mailbox = &p->mailbox;
    atomic_store_explicit(&p->queued, mailbox->count + mailbox->backlog_count,
                          memory_order_relaxed);
}

static bool fetch(Process *p, uint32_t max) {
    Mailbox *mailbox = &p->mailbox;
    uint32_t before = mailbox->count;
    uint64_t stamp = table_ref_limit(p->vm->processes);
    uint32_t done = 0;
    int32_t turns = TURN_MAX;
    for (Signal *s; done < max && (s = mailbox_next_signal(&p->inbox, mailbox, &turns)) != NULL;
         done++) {
        if (signal_is_message(s)) {
            if (signal_kind(s) == SIGNAL_NOTICE && signal_id(s) != 0) {
                relation_remove(p, RELATION_AIM, signal_id(s));
            }
            signal_set_stamp(s, stamp);
            mailbox_append(mailbox, s);
            p->woken = true;
        } else {
            handle(p, s);
        }
    }
    process_charge(p, (int32_t)(done / SIGNALS_PER_REDUCTION) +
                          (TURN_MAX - turns) / TURNED_PER_REDUCTION);
    tell_queued(p);
    if (mailbox->count != before) {
        bound_trim(p);
    }
    return mailbox->count != before;
}

bool process_fetch(Process *p) {
    if (!mailbox_has_more(&p->mailbox) && inbox_is_empty(&p->inbox)) {
        if (UNLIKELY(atomic_load_explicit(&p->queued, memory_order_relaxed) > p->mailbox.count)) {
            tell_queued(p);
        }
        return false;
    }
    return fetch(p, FETCH_MAX);
}

bool process_fetch_closing(Process *p) {
    // The backlog of the last fetch first, then what came between it and the closing.
    uint32_t done = 0;
    int32_t turns = TURN_MAX;
    for (Signal *s;
         done < FETCH_MAX && (s = mailbox_last_signal(&p->inbox, &p->mailbox, &turns)) != NULL;
         done++) {
        exit_leftover(p, s);
    }
    return done < FETCH_MAX && !mailbox_has_more(&p->mailbox);
}

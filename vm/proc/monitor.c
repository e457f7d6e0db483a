// SPDX-License-Identifier: Apache-2.0
// Monitors and aliases: see monitor.h.
#include "vm/proc/monitor.h"

#include "vm/proc/ask.h"
#include "vm/proc/bound.h"
#include "vm/proc/exit.h"
#include "vm/proc/extra.h"
#include "vm/proc/program.h"
#include "vm/proc/receive.h"
#include "vm/proc/registry.h"
#include "vm/proc/relation.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/term/box.h"
#include "vm/term/tuple.h"

static Term make_ref(Process *p, uint64_t id) {
    Room room;
    if (!process_reserve(p, REF_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    return room_ref(&room, id, p->pid);
}

Term process_make_ref(Process *p) {
    return make_ref(p, table_ref(p->vm->processes, 0));
}

static Signal *monitor_signal(Process *p, SignalKind kind, uint64_t id) {
    Signal *s = signal_new_urgent(&p->worker->blocks, kind, 0);
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = id;
    return s;
}

// Who is to be watched: a pid, NIL for a name that nobody has. False when `what` is none of these.
static bool find_watched(const Process *p, Term what, Term *pid, Term *name) {
    *name = TERM_NONE;
    if (term_is_tuple(what) && tuple_size(what) == 2 &&
        term_same_bits(tuple_at(what, 1), AM_nonode)) {
        what = tuple_at(what, 0);
    }
    *pid = what;
    if (term_is_atom(what)) {
        *name = what;
        *pid = registry_whereis(p->vm->registry, what);
        return true;
    }
    return term_is_pid(what);
}

Term process_monitor(Process *p, Term what) {
    Term pid;
    Term name;
    if (!find_watched(p, what, &pid, &name)) {
        return process_badarg(p, what);
    }
    uint64_t id = table_ref(p->vm->processes, 0);
    Term ref = make_ref(p, id);
    if (term_same_bits(ref, TERM_NONE) || term_same_bits(pid, p->pid)) {
        return ref;
    }
    uint64_t by_name = term_same_bits(name, TERM_NONE) ? 0 : name.bits;
    if (relation_add(p, RELATION_MONITOR, id, pid, by_name) == NULL) {
        return process_limit(p, AM_memory);
    }
    TRACE_EVENT(p->vm, TRACE_link, p->pid, "monitors %P", what);
    if (!term_is_pid(pid) ||
        !signal_send_to(p->worker, pid, monitor_signal(p, SIGNAL_MONITOR, id))) {
        Signal *down = signal_new_urgent(&p->worker->blocks, SIGNAL_DOWN, DOWN_MESSAGE_WORDS);
        down->data[SIGNAL_AT_TERM] = AM_noproc;
        down->data[SIGNAL_AT_LINK] = pid;
        down->data[SIGNAL_AT_ID].bits = id;
        monitor_down(p, down);
    }
    return ref;
}

// Removes the :down of a monitor from the mailbox. It can only stand behind what was there when the
// monitor was made.
static void flush_down(Process *p, uint64_t id) {
    Signal *s = p->mailbox.last;
    while (s != NULL && signal_stamp(s) > id) {
        if (signal_kind(s) == SIGNAL_NOTICE && signal_id(s) == id) {
            mailbox_remove(&p->mailbox, s);
            signal_give(&p->worker->blocks, s);
            return;
        }
        s = signal_before(s);
    }
}

Term process_demonitor(Process *p, Term ref, bool flush) {
    if (!term_is_ref(ref)) {
        return process_badarg(p, ref);
    }
    uint64_t id = ref_id(ref);
    const Relation *monitor = relation_find(p, RELATION_MONITOR, id);
    if (monitor != NULL) {
        Term other = monitor->other;
        relation_remove(p, RELATION_MONITOR, id);
        signal_send_to(p->worker, other, monitor_signal(p, SIGNAL_DEMONITOR, id));
    } else if (flush) {
        process_fetch(p);
        flush_down(p, id);
    }
    return AM_ok;
}

uint64_t monitor_at_birth(Process *parent, Process *child) {
    uint64_t id = table_ref(parent->vm->processes, 0);
    if (relation_add(child, RELATION_WATCHER, id, parent->pid, 0) == NULL) {
        return 0;
    }
    return relation_add(parent, RELATION_MONITOR, id, child->pid, 0) == NULL ? 0 : id;
}

Term process_alias(Process *p) {
    uint64_t id = table_ref(p->vm->processes, REF_ALIAS);
    Term ref = make_ref(p, id);
    if (!term_same_bits(ref, TERM_NONE) &&
        relation_add(p, RELATION_ALIAS, id, TERM_NIL, 0) == NULL) {
        return process_limit(p, AM_memory);
    }
    return ref;
}

Term process_unalias(Process *p, Term ref) {
    if (!term_is_ref(ref)) {
        return process_badarg(p, ref);
    }
    // What was sent to it before this is a message: it has arrived, or was under way.
    process_fetch(p);
    return term_bool(relation_remove(p, RELATION_ALIAS, ref_id(ref)));
}

// Signals -----------------------------------------------------------------------------------------

void monitor_watched(Process *p, Term watcher, uint64_t id) {
    relation_add_urgent(p, RELATION_WATCHER, id, watcher, 0);
}

void monitor_unwatched(Process *p, uint64_t id) {
    if (relation_remove(p, RELATION_WATCHER, id) || relation_remove(p, RELATION_REQUEST, id)) {
        return;
    }
    if (p->extra != NULL && p->extra->handling.id == id) {
        p->extra->handling.id = 0;
    }
}

void monitor_down(Process *p, Signal *signal) {
    if (ask_down(p, signal)) {
        return;
    }
    uint64_t id = signal_id(signal);
    const Relation *monitor = relation_find(p, RELATION_MONITOR, id);
    if (monitor == NULL) {
        if (relation_remove(p, RELATION_SUPERVISOR, id)) {
            program_supervisor_down(p, signal_term(signal));
        }
        signal_give(&p->worker->blocks, signal);
        return;
    }
    Term who = monitor->data != 0 ? TERM_LITERAL(monitor->data) : signal_pid(signal);
    relation_remove(p, RELATION_MONITOR, id);
    Room room = signal_end_room(signal, DOWN_MESSAGE_WORDS);
    Term ref = room_ref(&room, id, p->pid);
    signal->data[SIGNAL_AT_KIND].bits = SIGNAL_NOTICE;
    signal->data[SIGNAL_AT_TERM] = room_tuple4(&room, AM_down, ref, who, signal_term(signal));
    process_deliver(p, signal);
}

void alias_message(Process *p, Signal *signal) {
    if (relation_find(p, RELATION_ALIAS, signal_id(signal)) == NULL) {
        if (signal_is_counted(signal)) {
            bound_leave(p);
        }
        p->worker->dropped++;
        signal_give(&p->worker->blocks, signal);
        return;
    }
    bool counted = signal_is_counted(signal);
    signal->data[SIGNAL_AT_KIND].bits = SIGNAL_MESSAGE;
    signal->data[SIGNAL_AT_ID].bits = 0;
    if (counted) {
        signal_set_counted(signal);
    }
    process_deliver(p, signal);
}

// SPDX-License-Identifier: Apache-2.0
// Links: see link.h.
#include "vm/proc/link.h"

#include "vm/proc/exit.h"
#include "vm/proc/relation.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"
#include "vm/term/atom.h"

static bool tell(Process *p, Term pid, SignalKind kind, uint64_t number) {
    Signal *s = signal_new_urgent(&p->worker->blocks, kind, 0);
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = number;
    return signal_send_to(p->worker, pid, s);
}

// The other end is gone: as if it had sent its exit signal.
static void end_from_nobody(Process *p, Term pid) {
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_EXIT, EXIT_MESSAGE_WORDS);
    s->data[SIGNAL_AT_TERM] = AM_noproc;
    s->data[SIGNAL_AT_LINK] = pid;
    exit_signal(p, s);
    if (p->must_exit) {
        p->reds = 0;
    }
}

Term process_link(Process *p, Term pid) {
    if (!term_is_pid(pid)) {
        return process_badarg(p, pid);
    }
    if (term_same_bits(pid, p->pid)) {
        return TERM_TRUE;
    }
    Relation *link = relation_find(p, RELATION_LINK, pid.bits);
    if (link != NULL && link->data == 0) {
        return TERM_TRUE;
    }
    if (link != NULL) {
        link->data = 0;
    } else if (relation_add(p, RELATION_LINK, pid.bits, pid, 0) == NULL) {
        return process_limit(p, AM_memory);
    }
    TRACE_EVENT(p->vm, TRACE_link, p->pid, "links %P", pid);
    if (!tell(p, pid, SIGNAL_LINK, 0)) {
        end_from_nobody(p, pid);
    }
    return TERM_TRUE;
}

Term process_unlink(Process *p, Term pid) {
    if (!term_is_pid(pid)) {
        return process_badarg(p, pid);
    }
    Relation *link = relation_find(p, RELATION_LINK, pid.bits);
    if (link == NULL || link->data != 0) {
        return TERM_TRUE;
    }
    TRACE_EVENT(p->vm, TRACE_link, p->pid, "unlinks %P", pid);
    uint64_t number = table_ref(p->vm->processes, 0);
    link->data = number;
    if (!tell(p, pid, SIGNAL_UNLINK, number)) {
        relation_remove(p, RELATION_LINK, pid.bits);
    }
    return TERM_TRUE;
}

bool link_at_birth(Process *parent, Process *child) {
    if (relation_add(child, RELATION_LINK, parent->pid.bits, parent->pid, 0) == NULL) {
        return false;
    }
    return relation_add(parent, RELATION_LINK, child->pid.bits, child->pid, 0) != NULL;
}

void link_linked(Process *p, Term from) {
    // One that is there and being undone: this LINK crossed the UNLINK, which undoes it.
    if (relation_find(p, RELATION_LINK, from.bits) == NULL) {
        relation_add_urgent(p, RELATION_LINK, from.bits, from, 0);
    }
}

void link_unlinked(Process *p, Term from, uint64_t number) {
    const Relation *link = relation_find(p, RELATION_LINK, from.bits);
    // While p undoes it as well, the entry stays until p has its own answer.
    if (link != NULL && link->data == 0) {
        relation_remove(p, RELATION_LINK, from.bits);
    }
    tell(p, from, SIGNAL_UNLINKED, number);
}

void link_answered(Process *p, Term from, uint64_t number) {
    const Relation *link = relation_find(p, RELATION_LINK, from.bits);
    if (link != NULL && link->data == number) {
        relation_remove(p, RELATION_LINK, from.bits);
    }
}

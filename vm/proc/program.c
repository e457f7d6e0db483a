// SPDX-License-Identifier: Apache-2.0
// The main process: see program.h.
#include "vm/proc/program.h"

#include "vm/proc/exit.h"
#include "vm/proc/extra.h"
#include "vm/proc/relation.h"
#include "vm/proc/report.h"
#include "vm/proc/send.h"
#include "vm/proc/table.h"
#include "vm/term/atom.h"

struct MainProcess {
    bool ending;
    bool gave_up;      // a supervisor has said that it is going to end
    bool failed;       // it has ended
    uint64_t stopping; // the supervisor that is being shut down: id of its monitor
};

bool program_adopt_main(Process *p) {
    ProcessExtra *extra = process_extra(p);
    if (extra == NULL) {
        return false;
    }
    extra->main = mem_alloc_zero(p->vm->mem, MEM_PROCESS, sizeof *extra->main);
    return extra->main != NULL;
}

bool program_add_supervisor(Process *p, Term pid) {
    if (p->extra == NULL || p->extra->main == NULL) {
        return true;
    }
    uint64_t id = table_ref(p->vm->processes, 0);
    if (relation_add(p, RELATION_SUPERVISOR, id, pid, 0) == NULL) {
        return false;
    }
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_MONITOR, 0);
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = id;
    if (!signal_send_to(p->worker, pid, s)) {
        relation_remove(p, RELATION_SUPERVISOR, id);
        program_supervisor_down(p, AM_noproc);
    }
    return true;
}

void program_supervisor_down(Process *p, Term reason) {
    struct MainProcess *main = p->extra->main;
    if (main->ending) {
        p->woken = true;
        return;
    }
    if ((main->gave_up || !reason_is_orderly(reason)) && !p->must_exit) {
        main->failed = true;
        p->must_exit = true;
        p->extra->exit_reason = AM_shutdown;
    }
}

void program_give_up(Process *p) {
    if (!term_is_pid(p->parent)) {
        return;
    }
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_GAVE_UP, 0);
    s->data[SIGNAL_AT_LINK] = p->pid;
    signal_send_to(p->worker, p->parent, s);
}

void program_gave_up(Process *p, Term pid) {
    uint32_t index = 0;
    for (const Relation *r; (r = relation_next(p, &index)) != NULL;) {
        if (r->kind == RELATION_SUPERVISOR && term_same_bits(r->other, pid)) {
            p->extra->main->gave_up = true;
        }
    }
}

static const Relation *last_supervisor(const Process *p) {
    const Relation *last = NULL;
    uint32_t index = 0;
    for (const Relation *r; (r = relation_next(p, &index)) != NULL;) {
        if (r->kind == RELATION_SUPERVISOR && (last == NULL || r->key > last->key)) {
            last = r;
        }
    }
    return last;
}

bool program_end_step(Process *p) {
    struct MainProcess *main = p->extra->main;
    main->ending = true;
    const Relation *last = last_supervisor(p);
    if (last == NULL) {
        bool ok = !main->failed && reason_is_orderly(p->reason);
        mem_free(p->vm->mem, MEM_PROCESS, main);
        p->extra->main = NULL;
        p->worker->hooks->main_ended(p->worker, ok ? 0 : 1);
        return true;
    }
    if (main->stopping != last->key) {
        main->stopping = last->key;
        exit_send(p, last->other, AM_shutdown, true);
    }
    return false;
}

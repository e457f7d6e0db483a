// SPDX-License-Identifier: Apache-2.0
// What few processes need: see extra.h.
#include "vm/proc/extra.h"

#include "vm/code/module.h"

static ProcessExtra *extra_init(Process *p, ProcessExtra *extra) {
    if (extra != NULL) {
        memset(extra, 0, sizeof *extra);
        extra->exit_reason = TERM_NONE;
        p->extra = extra;
    }
    return extra;
}

ProcessExtra *process_extra(Process *p) {
    if (p->extra != NULL) {
        return p->extra;
    }
    return extra_init(p, mem_alloc(p->vm->mem, MEM_PROCESS, sizeof(ProcessExtra)));
}

ProcessExtra *process_extra_urgent(Process *p) {
    if (p->extra != NULL) {
        return p->extra;
    }
    return extra_init(p, mem_alloc_urgent(p->vm->mem, MEM_PROCESS, sizeof(ProcessExtra)));
}

void process_extra_tidy(Process *p) {
    const ProcessExtra *e = p->extra;
    bool used = e->handling.id != 0 || e->start.id != 0 || e->declined || e->main != NULL ||
                e->wait != NULL || e->trace != NULL || e->suspends != 0 || e->mailbox_limit != 0 ||
                e->reductions_limit != 0 || !term_same_bits(e->exit_reason, TERM_NONE);
    if (!used) {
        mem_free(p->vm->mem, MEM_PROCESS, p->extra);
        p->extra = NULL;
    }
}

Term process_label(const Process *p) {
    Term label = term_atom(p->label);
    if (!term_same_bits(label, TERM_NIL)) {
        return label;
    }
    return p->entry != NULL ? function_head(p->entry)->name : TERM_NIL;
}

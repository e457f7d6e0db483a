// SPDX-License-Identifier: Apache-2.0
// What few processes need: see extra.h.
#include "vm/proc/extra.h"

#include "vm/code/module.h"

static ProcessExtra *extra_init(Process *p, ProcessExtra *extra) {
    if (extra != NULL) {
        memset(extra, 0, sizeof *extra);
        extra->label = TERM_NIL;
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

Term process_label(const Process *p) {
    if (p->extra != NULL && !term_same_bits(p->extra->label, TERM_NIL)) {
        return p->extra->label;
    }
    return p->entry != NULL ? function_head(p->entry)->name : TERM_NIL;
}

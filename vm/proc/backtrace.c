// SPDX-License-Identifier: Apache-2.0
// Capturing where a failure came from: see backtrace.h.
#include "vm/proc/backtrace.h"

#include "vm/boot.h"
#include "vm/proc/extra.h"

static void add_point(Trace *trace, const Safepoint *point) {
    if (point == NULL) {
        return;
    }
    if (trace->count == TRACE_MAX) {
        trace->cut = true;
        return;
    }
    trace->points[trace->count++] = point;
}

void trace_capture(Process *p, const Safepoint *point) {
    ProcessExtra *extra = process_extra(p);
    if (extra == NULL) {
        return;
    }
    if (extra->trace == NULL) {
        extra->trace = mem_alloc(p->vm->mem, MEM_TRACE, sizeof *extra->trace);
        if (extra->trace == NULL) {
            return;
        }
    } else if (extra->trace->kept) {
        extra->trace->kept = false;
        return;
    }
    Trace *trace = extra->trace;
    trace->count = 0;
    trace->cut = false;
    trace->kept = false;
    add_point(trace, point);
    const uintptr_t *base = returns_base(&p->returns);
    for (const uintptr_t *at = p->returns.top; at < base && !trace->cut;) {
        add_point(trace, p->vm->engine->safepoint_of(*at++));
    }
}

void trace_keep(Process *p) {
    if (p->extra != NULL && p->extra->trace != NULL) {
        p->extra->trace->kept = true;
    }
}

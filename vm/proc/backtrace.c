// SPDX-License-Identifier: Apache-2.0
// Capturing where a failure came from: see backtrace.h.
#include "vm/proc/backtrace.h"

#include "vm/boot.h"

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
    if (p->trace == NULL) {
        p->trace = mem_alloc(p->vm->mem, MEM_TRACE, sizeof *p->trace);
        if (p->trace == NULL) {
            return;
        }
    } else if (p->trace->kept) {
        p->trace->kept = false;
        return;
    }
    Trace *trace = p->trace;
    trace->count = 0;
    trace->cut = false;
    trace->kept = false;
    add_point(trace, point);
    for (const uintptr_t *at = p->returns.top; at < p->returns.base && !trace->cut;) {
        add_point(trace, p->vm->engine->safepoint_of(*at++));
    }
}

void trace_keep(Process *p) {
    if (p->trace != NULL) {
        p->trace->kept = true;
    }
}

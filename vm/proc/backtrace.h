// SPDX-License-Identifier: Apache-2.0
// Where a failure came from: code addresses, innermost first, turned into lines only when shown.
// The engine captures it while it unwinds; it stays until the next failure, for reports. Tests:
// tests/system/crash_reports.sh.
#pragma once

#include "vm/code/module.h"
#include "vm/proc/process.h"

enum { TRACE_MAX = 32 };

struct Trace {
    uint16_t count;
    bool cut;  // there were more
    bool kept; // `reraise` goes on with it
    const Safepoint *points[TRACE_MAX];
};

// Notes where p fails: `point` (may be NULL) and the frames below it. Nothing when memory is short,
// or after reraise.
void trace_capture(Process *p, const Safepoint *point);
// The failure raised next is the one that was caught last.
void trace_keep(Process *p);

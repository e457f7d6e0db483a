// SPDX-License-Identifier: Apache-2.0
// Crash reports: short, bounded, one write to standard error.
//
//   ** <0.42.0> Counter failed: :told_to
//      handling :crash
//      at Counter.crash (counter.cop:9)
//
// Goes through VM.report, which whoever embeds the machine may replace. Owner thread; may not
// collect. Tests: tests/system/crash_reports.sh.
#pragma once

#include "vm/base/buffer.h"
#include "vm/proc/worker.h"

enum { REPORT_TERM_BYTES = 1000 }; // of each term shown

// Reports the end of p with p->reason, with the trace caught last; message TERM_NONE or nil: none
// was being handled.
void report_crash(Process *p, Term reason, Term message);
// Writes the text of a report. Any thread.
void report_write(VM *vm, const char *text, size_t len);
// Whether an end with this reason is orderly: :normal, :shutdown, :shutdown(x).
bool reason_is_orderly(Term reason);
// The lines of a trace, each "   at NAME (FILE:LINE)".
void report_trace(Process *p, Buffer *out);

// SPDX-License-Identifier: Apache-2.0
// Crash reports: see report.h.
#include "vm/proc/report.h"

#include <unistd.h>

#include "vm/code/lines.h"
#include "vm/proc/backtrace.h"
#include "vm/proc/extra.h"
#include "vm/proc/registry.h"
#include "vm/term/bytes.h"
#include "vm/term/print.h"
#include "vm/term/tuple.h"

enum { REPORT_BYTES = 8 * 1024, REPORT_FRAMES = 16, REPORT_DEPTH = 8, REPORT_ITEMS = 50 };

bool reason_is_orderly(Term reason) {
    return term_same_bits(reason, AM_normal) || term_same_bits(reason, AM_shutdown) ||
           tuple_is_tagged(reason, AM_shutdown, 2);
}

static void add_term(const Process *p, Buffer *out, Term t) {
    Printing printing;
    PrintLimits limits = {
        .max_bytes = REPORT_TERM_BYTES, .max_depth = REPORT_DEPTH, .max_items = REPORT_ITEMS};
    printing_init(&printing, p->vm->atoms, out, PRINT_INSPECT, limits, t);
    int64_t budget = INT64_MAX;
    StepStatus status = printing_run(&printing, &budget);
    if (status != STEP_DONE) {
        buffer_add_text(out, "...");
    }
    printing_free(&printing);
}

static void add_frame(const Process *p, Buffer *out, const Function *function,
                      const LineFrame *frame) {
    buffer_add_text(out, "   at ");
    atom_print(p->vm->atoms, out, function_head(function)->module_name, true);
    buffer_add_char(out, '.');
    atom_print(p->vm->atoms, out, frame == NULL ? function_head(function)->name : frame->function,
               true);
    if (frame != NULL) {
        buffer_add_format(out, " (%s:%u)", lines_file(function, frame), frame->line);
    }
    buffer_add_char(out, '\n');
}

static uint32_t add_point(const Process *p, Buffer *out, const Safepoint *point, uint32_t room) {
    if (point->function == NULL) {
        return 0;
    }
    uint32_t count = 0;
    const LineFrame *frames = lines_find(point->function, point->offset, &count);
    if (count == 0) {
        add_frame(p, out, point->function, NULL);
        return 1;
    }
    for (uint32_t i = 0; i < count && i < room; i++) {
        add_frame(p, out, point->function, &frames[i]);
    }
    return count < room ? count : room;
}

void report_trace(Process *p, Buffer *out) {
    const Trace *trace = p->extra == NULL ? NULL : p->extra->trace;
    if (trace == NULL) {
        return;
    }
    uint32_t shown = 0;
    for (uint32_t i = 0; i < trace->count && shown < REPORT_FRAMES; i++) {
        shown += add_point(p, out, trace->points[i], REPORT_FRAMES - shown);
    }
    if (trace->cut || shown == REPORT_FRAMES) {
        buffer_add_text(out, "   ...\n");
    }
}

// What an actor was handling, in the words of its source: an ask's message and who asks, a named
// timer, what next(…) put. It is nil when there was no message: in `on stop` and `after`, which the
// trace names.
static void add_handled(const Process *p, Buffer *out, Term message) {
    if (term_same_bits(message, TERM_NONE) || term_same_bits(message, TERM_NIL)) {
        return;
    }
    if (tuple_is_tagged(message, AM_gen_cast, 2)) {
        message = tuple_at(message, 1);
    }
    buffer_add_text(out, "   handling ");
    if (tuple_is_tagged(message, AM_gen_call, 3)) {
        Term from = tuple_at(message, 1);
        add_term(p, out, tuple_at(message, 2));
        buffer_add_text(out, ", asked by ");
        add_term(p, out, term_is_tuple(from) && tuple_size(from) == 2 ? tuple_at(from, 0) : from);
    } else if (tuple_is_tagged(message, AM_timeout_message, 3)) {
        buffer_add_text(out, "timeout(");
        add_term(p, out, tuple_at(message, 2));
        buffer_add_char(out, ')');
    } else {
        add_term(p, out, message);
    }
    buffer_add_char(out, '\n');
}

// Text of the source, on one line.
static void add_source(Buffer *out, BytesView text) {
    size_t end = text.len < REPORT_TERM_BYTES ? text.len : REPORT_TERM_BYTES;
    while (end > 0 && end < text.len && (text.data[end] & 0xc0) == 0x80) {
        end--;
    }
    for (size_t i = 0; i < end; i++) {
        bool breaks = text.data[i] == '\n';
        while (breaks && i + 1 < end && (text.data[i + 1] == ' ' || text.data[i + 1] == '\n')) {
            i++;
        }
        buffer_add_char(out, breaks ? ' ' : (char)text.data[i]);
    }
    buffer_add_text(out, end < text.len ? "..." : "");
}

// A failed `assert` in words: what stood there and what it saw. Anything else as it is.
static void add_reason(const Process *p, Buffer *out, Term reason) {
    bool compared = tuple_is_tagged(reason, AM_assert, 5);
    if ((!compared && !tuple_is_tagged(reason, AM_assert, 3)) ||
        !term_is_bytes(tuple_at(reason, 1))) {
        add_term(p, out, reason);
        return;
    }
    buffer_add_text(out, "assert ");
    add_source(out, bytes_view(tuple_at(reason, 1)));
    buffer_add_text(out, compared ? "\n   left:  " : "\n   value: ");
    add_term(p, out, tuple_at(reason, compared ? 3 : 2));
    if (compared) {
        buffer_add_text(out, "\n   right: ");
        add_term(p, out, tuple_at(reason, 4));
    }
}

void report_crash(Process *p, Term reason, Term message) {
    Buffer out;
    buffer_init(&out, p->vm->mem);
    out.limit = REPORT_BYTES;
    buffer_add_text(&out, "** ");
    add_term(p, &out, p->pid);
    Term label = process_label(p);
    if (!term_same_bits(label, TERM_NIL)) {
        buffer_add_char(&out, ' ');
        atom_print(p->vm->atoms, &out, label, true);
    }
    Term name = registry_name_of(p);
    if (!term_same_bits(name, TERM_NIL)) {
        buffer_add_text(&out, " (");
        add_term(p, &out, name);
        buffer_add_char(&out, ')');
    }
    buffer_add_text(&out, " failed: ");
    add_reason(p, &out, reason);
    buffer_add_char(&out, '\n');
    add_handled(p, &out, message);
    report_trace(p, &out);
    if (out.len > 0) {
        report_write(p->vm, out.data, out.len);
    } else {
        static const char text[] = "** a process failed, and there is no memory to say how\n";
        report_write(p->vm, text, sizeof text - 1);
    }
    buffer_free(&out);
}

void report_write(VM *vm, const char *text, size_t len) {
    if (vm->options.report != NULL) {
        vm->options.report(vm->options.report_data, text, len);
        return;
    }
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, text, len);
        if (written <= 0) {
            return;
        }
        text += written;
        len -= (size_t)written;
    }
}

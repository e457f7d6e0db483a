// SPDX-License-Identifier: Apache-2.0
// Built-ins of module Vm that make text of values: what `inspect`, `#{}` and Io.println call.
// The rest of Vm is in list.c (`++`, `in`) and process.c. Tests: tests/lang, the examples of
// stdlib/vm.cop.
#include "vm/bif/bifs.h"
#include "vm/bif/bigtext.h"
#include "vm/term/print.h"
#include "vm/term/shown.h"

typedef struct {
    Work work;
    Printing printing;
    bool printing_open;
    OutText out;
} Showing;

static void showing_close(Showing *s) {
    if (s->printing_open) {
        printing_free(&s->printing);
        s->printing_open = false;
    }
}

static void showing_drop(Process *p, Work *work) {
    Showing *s = (Showing *)work;
    showing_close(s);
    out_text_free(&s->out);
    bif_free(p, work);
}

static void showing_roots(Work *work, RootVisit visit, void *collection) {
    Showing *s = (Showing *)work;
    if (s->printing_open) {
        printing_each_root(&s->printing, visit, collection);
    }
}

// Prints all of args[0] within `limits`.
static Term show(Process *p, Term *args, BifFn owner, PrintStyle style, PrintLimits limits) {
    if (limits.max_bytes == 0 && bigtext_is_long(args[0])) {
        return bigtext_decimal(p, args, owner);
    }
    Showing *s = bif_resume(p, owner);
    if (s == NULL) {
        s = bif_begin(p, sizeof *s, owner, showing_drop, showing_roots);
        if (s == NULL) {
            return TERM_NONE;
        }
        out_text_init(&s->out, p);
        printing_init(&s->printing, p->vm->atoms, &s->out.text, style, limits, args[0]);
        s->printing_open = true;
    }
    while (s->printing_open) {
        int64_t budget = 2048;
        StepStatus status = printing_run(&s->printing, &budget);
        bool spent = process_charge(p, (int32_t)((2048 - budget) / 4));
        if (status == STEP_MEMORY) {
            return bif_end_memory(p);
        }
        if (status == STEP_DONE) {
            showing_close(s);
        } else if (spent) {
            return TERM_YIELD;
        }
    }
    Term text = out_text_finish(p, &s->out);
    if (text.bits != TERM_YIELD.bits) {
        bif_end(p);
    }
    return text;
}

Term bif_vm_inspect(Process *p, Term *args) {
    return show(p, args, bif_vm_inspect, PRINT_INSPECT, (PrintLimits){0});
}

// Short values, which most are, need no work structure.
Term bif_vm_display(Process *p, Term *args) {
    uint8_t digits[SHOWN_DIGITS];
    BytesView text = {NULL, 0};
    if (p->work == NULL) {
        text = shown_view(p->vm->atoms, args[0], digits);
    }
    if (text.data == NULL) {
        return show(p, args, bif_vm_display, PRINT_DISPLAY, (PrintLimits){0});
    }
    if (term_is_bytes(args[0])) {
        process_charge(p, (int32_t)(text.len / BYTES_PER_REDUCTION));
        return args[0];
    }
    return bif_bytes(p, text.data, text.len);
}

// short(value, bytes): as inspect, cut after about that many bytes: for logs, reports and the
// shell.
Term bif_vm_short(Process *p, Term *args) {
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 16) {
        return process_badarg(p, args[1]);
    }
    PrintLimits limits = {
        .max_bytes = (size_t)term_to_small(args[1]), .max_depth = 12, .max_items = 100};
    return show(p, args, bif_vm_short, PRINT_INSPECT, limits);
}

Term bif_vm_is_string(Process *p, Term *args) {
    if (term_is_bytes(args[0])) {
        process_charge(p, (int32_t)(bytes_len(args[0]) / (4 * BYTES_PER_REDUCTION)));
    }
    return term_bool(term_is_string(args[0]));
}

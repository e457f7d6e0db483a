// SPDX-License-Identifier: Apache-2.0
// Terms as text, as one would write them (`inspect`): 1.5  :ok  "text"  <<0, 255>>  (1,)  :tag(a)
// [1 | 2] %{name: 1, 2 => 3}  User{name: "a"}  1..10  &List.map/2  #fn<Mod.name/1>  <0.42.0>
// #ref<17>. PRINT_DISPLAY is what `#{v}` and Io.println show: text without its quotes, an atom by
// its name, the rest as inspect. Bytes are text when they are valid UTF-8 without control
// characters other than \n \t \r \e. Without C recursion and resumable, as compare.h; limits cut
// long output with "...", for crash reports and the REPL. Tests: tests/unit/vm/term/print_test.c.
#pragma once

#include "vm/base/buffer.h"
#include "vm/term/atom.h"
#include "vm/term/stack.h"

typedef enum { PRINT_INSPECT, PRINT_DISPLAY } PrintStyle;

// 0: no limit.
typedef struct {
    size_t max_bytes; // of output, roughly
    size_t max_depth; // nesting
    size_t max_items; // of one tuple, list, map or record; bytes of one bytes value
} PrintLimits;

typedef struct {
    const AtomTable *atoms;
    Buffer *out;
    TermStack stack;
    PrintLimits limits;
    size_t start; // length of the buffer at the beginning
    bool cut;     // something was left out
} Printing;

void printing_init(Printing *p, const AtomTable *atoms, Buffer *out, PrintStyle style,
                   PrintLimits limits, Term t);
// STEP_MEMORY also when the buffer failed.
StepStatus printing_run(Printing *p, int64_t *budget);
void printing_each_root(Printing *p, RootVisit visit, void *collection);
void printing_free(Printing *p);

// Runs to the end. False when memory ran out (the text is then incomplete).
bool term_print(const AtomTable *atoms, Buffer *out, PrintStyle style, Term t);
// The same with limits fit for a line of a log or report.
bool term_print_short(const AtomTable *atoms, Buffer *out, Term t);
// :name or :"any text", without the colon when `bare`.
void atom_print(const AtomTable *atoms, Buffer *out, Term atom, bool bare);

// Diagnostics: what the compiler has to say about a program, collected in a list, never printed.
//
// errors.def declares each with a stable id, a message and a hint; `{0}`, `{1}` … in both stand for
// the arguments of the report. A diagnostic has a span and may have notes with spans of their own.
// The first DIAG_MAX are kept and the rest counted. render.c turns them into text for people;
// suggest.h finds 'did you mean'. All lies in the compilation's arena; one thread. Tests:
// tests/unit/compiler/diag/, and tests/lang/errors/ has at least one program for each id.
//
//     DIAG(diags, unknown_name, var->node.span, name_str(var->name));
//     diag_note(diags, other_span, STR("first defined here"));
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/buf.h"
#include "compiler/base/source.h"
#include "compiler/base/span.h"
#include "compiler/base/str.h"
#include "compiler/base/vec.h"
#include "compiler/diag/suggest.h"

enum { DIAG_MAX = 100 };

typedef enum DiagSeverity { DIAG_ERROR, DIAG_WARNING } DiagSeverity;

typedef enum DiagId {
#define ERROR(id, message, hint)   DIAG_##id,
#define WARNING(id, message, hint) DIAG_##id,
#include "compiler/diag/errors.def"
#undef ERROR
#undef WARNING
    DIAG_ID_COUNT
} DiagId;

typedef struct DiagNote {
    Span span;
    Str text;
} DiagNote;

typedef struct Diag {
    DiagId id;
    DiagSeverity severity;
    Span span;
    Str message;
    Str hint; // empty: none
    VEC(DiagNote) notes;
} Diag;

typedef struct Diags {
    Arena *arena;
    VEC(Diag) list;
    uint32_t error_count; // all of them, those beyond DIAG_MAX too
    uint32_t warning_count;
} Diags;

void diags_init(Diags *diags, Arena *arena);

// Adds a diagnostic. Args are copied into the texts. Returns it, to be changed until the next
// report (a hint that fits the case better, say), or NULL when the list is full.
Diag *diag_report(Diags *diags, DiagId id, Span span, const Str *args, uint32_t arg_count);

// diag_report with the id by its name in errors.def and any number of Str arguments.
#define DIAG(diags, id, span, ...)                                                                 \
    diag_report((diags), DIAG_##id, (span), &((const Str[]){{"", 0}, __VA_ARGS__})[1],             \
                sizeof((const Str[]){{"", 0}, __VA_ARGS__}) / sizeof(Str) - 1)

// Adds a note to the diagnostic reported last (nothing when there is none or the list was full).
void diag_note(Diags *diags, Span span, Str text);

// Sorts by file and offset; what was reported first stays first among equals. At most DIAG_MAX of
// them.
void diags_sort(Diags *diags);

// Forgets all diagnostics behind the first `len` of them (those of an attempt that was given up).
void diags_cut(Diags *diags, uint32_t len);

// The id as text, "unknown_name", and its severity.
const char *diag_id_text(DiagId id);
DiagSeverity diag_id_severity(DiagId id);

// ---- Rendering (render.c) ----------------------------------------------------------------------

typedef enum DiagStyle { DIAG_PLAIN, DIAG_COLOUR } DiagStyle;

// One diagnostic with its excerpts:
//     shop.cop:3:11: error: unexpected `)`: expected an expression [unexpected_token]
//        3 |   let x = (1 + )
//          |                ^
//          = hint: …
void diag_render(const Diag *diag, Sources *sources, DiagStyle style, Buf *out);

// All of them in the list's order, and how many were left out.
void diags_render(const Diags *diags, Sources *sources, DiagStyle style, Buf *out);

// ---- Names that other languages have (foreign.c) ------------------------------------------------

// What to write for one (`null`, `GenServer`, or called: `len(x)`), or empty.
Str foreign_hint(Str name, bool is_call);
Str foreign_type_hint(Str name);

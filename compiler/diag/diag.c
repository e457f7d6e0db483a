// The list of diagnostics; compiler/diag/diag.h explains it.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/diag/diag.h"

#include "compiler/base/check.h"

typedef struct DiagInfo {
    const char *name;
    DiagSeverity severity;
    const char *message;
    const char *hint;
} DiagInfo;

static const DiagInfo infos[DIAG_ID_COUNT] = {
#define ERROR(id, message, hint)   {#id, DIAG_ERROR, message, hint},
#define WARNING(id, message, hint) {#id, DIAG_WARNING, message, hint},
#include "compiler/diag/errors.def"
#undef ERROR
#undef WARNING
};

void diags_init(Diags *diags, Arena *arena) {
    *diags = (Diags){.arena = arena};
}

// The template with {n} replaced by argument n.
static Str fill_in(Arena *arena, const char *template, const Str *args, uint32_t arg_count) {
    Buf out = buf_new(arena);
    for (const char *at = template; *at != '\0'; at++) {
        if (at[0] == '{' && at[1] >= '0' && at[1] <= '9' && at[2] == '}') {
            uint32_t index = (uint32_t)(at[1] - '0');
            CHECK(index < arg_count);
            buf_str(&out, args[index]);
            at += 2;
        } else {
            buf_byte(&out, *at);
        }
    }
    return buf_view(&out);
}

Diag *diag_report(Diags *diags, DiagId id, Span span, const Str *args, uint32_t arg_count) {
    CHECK(id < DIAG_ID_COUNT);
    const DiagInfo *info = &infos[id];
    if (info->severity == DIAG_ERROR) {
        diags->error_count++;
    } else {
        diags->warning_count++;
    }
    if (diags->list.len >= DIAG_MAX) {
        return NULL;
    }
    Diag diag = {
        .id = id,
        .severity = info->severity,
        .span = span,
        .message = fill_in(diags->arena, info->message, args, arg_count),
        .hint = fill_in(diags->arena, info->hint, args, arg_count),
    };
    vec_push(diags->arena, &diags->list, diag);
    return &diags->list.items[diags->list.len - 1];
}

void diag_note(Diags *diags, Span span, Str text) {
    bool was_dropped = diags->error_count + diags->warning_count > diags->list.len;
    if (diags->list.len > 0 && !was_dropped) {
        DiagNote note = {span, text};
        vec_push(diags->arena, &diags->list.items[diags->list.len - 1].notes, note);
    }
}

static bool comes_after(const Diag *a, const Diag *b) {
    return a->span.file != b->span.file ? a->span.file > b->span.file
                                        : a->span.offset > b->span.offset;
}

void diags_sort(Diags *diags) {
    // Insertion: the list is short and mostly in order.
    for (uint32_t i = 1; i < diags->list.len; i++) {
        Diag moved = diags->list.items[i];
        uint32_t at = i;
        for (; at > 0 && comes_after(&diags->list.items[at - 1], &moved); at--) {
            diags->list.items[at] = diags->list.items[at - 1];
        }
        diags->list.items[at] = moved;
    }
}

void diags_cut(Diags *diags, uint32_t len) {
    CHECK(len <= diags->list.len);
    diags->list.len = len;
    diags->error_count = 0;
    diags->warning_count = 0;
    for (uint32_t i = 0; i < len; i++) {
        if (diags->list.items[i].severity == DIAG_ERROR) {
            diags->error_count++;
        } else {
            diags->warning_count++;
        }
    }
}

const char *diag_id_text(DiagId id) {
    CHECK(id < DIAG_ID_COUNT);
    return infos[id].name;
}

DiagSeverity diag_id_severity(DiagId id) {
    CHECK(id < DIAG_ID_COUNT);
    return infos[id].severity;
}

// Diagnostics as text for people; compiler/diag/diag.h shows the form.
//
// An excerpt is one line of the source as a terminal shows it: tabs go to stops of four columns,
// wide characters take two, control characters and broken UTF-8 show as U+FFFD, so that a source
// cannot play tricks with the terminal. Of a long line only a window around the span is shown.
// Cost is linear in what comes before the window's end.
//
// SPDX-License-Identifier: Apache-2.0
#include <utf8proc.h>

#include "compiler/base/utf8.h"
#include "compiler/diag/diag.h"

enum { TAB_STOP = 4, WINDOW_COLUMNS = 120, LEAD_COLUMNS = 50 };

static const char *const RESET = "\x1b[0m";
static const char *const BOLD = "\x1b[1m";
static const char *const RED = "\x1b[1;31m";
static const char *const YELLOW = "\x1b[1;33m";
static const char *const BLUE = "\x1b[1;34m";
static const char *const GREEN = "\x1b[1;32m";

static void paint(Buf *out, DiagStyle style, const char *colour) {
    if (style == DIAG_COLOUR) {
        buf_text(out, colour);
    }
}

// One character of a line: how many bytes and columns it takes, and how it is shown.
typedef struct Glyph {
    size_t bytes;
    uint32_t columns;
    bool is_shown_as_is;
} Glyph;

static Glyph glyph_at(Str line, size_t at, uint32_t column) {
    if (line.ptr[at] == '\t') {
        return (Glyph){1, TAB_STOP - column % TAB_STOP, false};
    }
    uint32_t code;
    size_t bytes = utf8_read(line.ptr + at, line.len - at, &code);
    if (bytes == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
        return (Glyph){bytes == 0 ? 1 : bytes, 1, false};
    }
    int width = utf8proc_charwidth((utf8proc_int32_t)code);
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    bool is_invisible = category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CS;
    if (is_invisible) { // direction marks and the like would reorder the line
        return (Glyph){bytes, 1, false};
    }
    return (Glyph){bytes, width < 0 ? 0 : (uint32_t)width, true};
}

// Where bytes `from` and `to` of a line stand, in columns from 0.
typedef struct Columns {
    uint32_t from;
    uint32_t to;
    uint32_t end; // of the line, or of what was measured
} Columns;

static Columns measure(Str line, size_t from, size_t to) {
    Columns result = {0, 0, 0};
    uint32_t column = 0;
    for (size_t at = 0; at < line.len && (at <= to || column < result.to + WINDOW_COLUMNS);) {
        Glyph glyph = glyph_at(line, at, column);
        column += glyph.columns;
        at += glyph.bytes;
        result.from = at <= from ? column : result.from;
        result.to = at <= to ? column : result.to;
    }
    result.end = column;
    return result;
}

static void show_window(Buf *out, Str line, uint32_t first, uint32_t last) {
    uint32_t column = 0;
    for (size_t at = 0; at < line.len && column < last;) {
        Glyph glyph = glyph_at(line, at, column);
        if (column >= first) {
            if (glyph.is_shown_as_is) {
                buf_str(out, (Str){line.ptr + at, glyph.bytes});
            } else if (line.ptr[at] == '\t') {
                buf_fill(out, ' ', glyph.columns);
            } else {
                buf_text(out, "\xef\xbf\xbd");
            }
        } else if (column + glyph.columns > first) {
            buf_fill(out, ' ', column + glyph.columns - first);
        }
        column += glyph.columns;
        at += glyph.bytes;
    }
}

static void excerpt(Span span, Place place, Sources *sources, DiagStyle style, Buf *out) {
    Str line = source_line(sources, span.file, place.line);
    const Source *file = sources_file(sources, span.file);
    size_t from = (size_t)(file->text.ptr + span.offset - line.ptr);
    from = from > line.len ? line.len : from;
    size_t to = span.len > line.len - from ? line.len : from + span.len;
    Columns at = measure(line, from, to);
    uint32_t first = at.from > WINDOW_COLUMNS - LEAD_COLUMNS ? at.from - LEAD_COLUMNS : 0;
    uint32_t last = first + WINDOW_COLUMNS;

    paint(out, style, BLUE);
    buf_format(out, "%5u | ", place.line);
    paint(out, style, RESET);
    buf_text(out, first > 0 ? "…" : "");
    show_window(out, line, first, last);
    buf_text(out, at.end > last ? "…\n" : "\n");

    paint(out, style, BLUE);
    buf_text(out, "      | ");
    paint(out, style, GREEN);
    buf_fill(out, ' ', at.from - first + (first > 0));
    buf_byte(out, '^');
    uint32_t under_end = at.to < last ? at.to : last;
    if (under_end > at.from + 1) {
        buf_fill(out, '~', under_end - at.from - 1);
    }
    paint(out, style, RESET);
    buf_byte(out, '\n');
}

static void heading(Span span, const char *colour, const char *what, Str text, Sources *sources,
                    DiagStyle style, Buf *out) {
    Place place = source_place(sources, span.file, span.offset);
    paint(out, style, BOLD);
    buf_str(out, sources_file(sources, span.file)->path);
    buf_format(out, ":%u:%u: ", place.line, place.column);
    paint(out, style, colour);
    buf_format(out, "%s: ", what);
    paint(out, style, RESET);
    paint(out, style, BOLD);
    buf_str(out, text);
    paint(out, style, RESET);
}

void diag_render(const Diag *diag, Sources *sources, DiagStyle style, Buf *out) {
    bool is_error = diag->severity == DIAG_ERROR;
    heading(diag->span, is_error ? RED : YELLOW, is_error ? "error" : "warning", diag->message,
            sources, style, out);
    buf_format(out, " [%s]\n", diag_id_text(diag->id));
    excerpt(diag->span, source_place(sources, diag->span.file, diag->span.offset), sources, style,
            out);
    if (diag->hint.len > 0) {
        paint(out, style, BLUE);
        buf_text(out, "      = ");
        paint(out, style, RESET);
        buf_text(out, "hint: ");
        buf_str(out, diag->hint);
        buf_byte(out, '\n');
    }
    for (uint32_t i = 0; i < diag->notes.len; i++) {
        const DiagNote *note = &diag->notes.items[i];
        heading(note->span, BLUE, "note", note->text, sources, style, out);
        buf_byte(out, '\n');
        excerpt(note->span, source_place(sources, note->span.file, note->span.offset), sources,
                style, out);
    }
}

void diags_render(const Diags *diags, Sources *sources, DiagStyle style, Buf *out) {
    for (uint32_t i = 0; i < diags->list.len; i++) {
        diag_render(&diags->list.items[i], sources, style, out);
    }
    uint32_t all = diags->error_count + diags->warning_count;
    if (all > diags->list.len) {
        buf_format(out, "… and %u more\n", all - diags->list.len);
    }
}

// Line tables: the place in the source of each op that may fail, call or show up in a trace.
//
// An entry holds from its offset to the next one; one is added only where the place changes. The
// line of the last place is remembered, as most ops stand on the line of the one before.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

void lines_add(Image *image, ImageFunction *out, uint32_t offset, Span span,
               const IrInline *inlined) {
    const LineEntry *last = out->lines.len > 0 ? &out->lines.items[out->lines.len - 1] : NULL;
    Source *source = sources_file(image->sources, span.file);
    LineEntry entry = {offset, span.file, 0, inlined};
    if (last != NULL && last->file == entry.file && source->line_starts != NULL) {
        uint32_t at = last->line - 1;
        bool is_behind = span.offset >= source->line_starts[at];
        bool is_before = at + 1 >= source->line_count || span.offset < source->line_starts[at + 1];
        if (is_behind && is_before) {
            if (last->inlined == inlined) {
                return;
            }
            entry.line = last->line;
        }
    }
    if (entry.line == 0) {
        entry.line = source_place(image->sources, span.file, span.offset).line;
    }
    vec_push(image->arena, &out->lines, entry);
}

// The texts of a compilation; compiler/base/source.h explains them.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/source.h"

#include "compiler/base/check.h"
#include "compiler/base/utf8.h"

void sources_init(Sources *sources, Arena *arena) {
    *sources = (Sources){.arena = arena};
}

uint32_t sources_add(Sources *sources, Str path, Str text) {
    bool is_cut = text.len > SOURCE_MAX_BYTES;
    if (is_cut) {
        text.len = SOURCE_MAX_BYTES;
    }
    Source file = {
        .path = arena_str(sources->arena, path),
        .text = arena_str(sources->arena, text),
        .is_cut = is_cut,
    };
    vec_push(sources->arena, &sources->files, file);
    return sources->files.len - 1;
}

Source *sources_file(const Sources *sources, uint32_t file) {
    CHECK(file < sources->files.len);
    return &sources->files.items[file];
}

static Source *with_lines(Sources *sources, uint32_t number) {
    Source *file = sources_file(sources, number);
    if (file->line_starts == NULL) {
        VEC(uint32_t) starts = {0};
        vec_push(sources->arena, &starts, 0);
        const char *end = file->text.ptr + file->text.len;
        for (const char *at = file->text.ptr;
             (at = memchr(at, '\n', (size_t)(end - at))) != NULL;) {
            at++;
            vec_push(sources->arena, &starts, (uint32_t)(at - file->text.ptr));
        }
        file->line_starts = starts.items;
        file->line_count = starts.len;
    }
    return file;
}

Place source_place(Sources *sources, uint32_t number, uint32_t offset) {
    const Source *file = with_lines(sources, number);
    CHECK(offset <= file->text.len);
    uint32_t low = 0;
    uint32_t high = file->line_count;
    while (high - low > 1) { // line_starts[low] <= offset < line_starts[high]
        uint32_t middle = low + (high - low) / 2;
        if (file->line_starts[middle] <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    uint32_t column = 1;
    for (uint32_t at = file->line_starts[low]; at < offset; column++) {
        uint32_t code;
        size_t len = utf8_read(file->text.ptr + at, file->text.len - at, &code);
        at += len == 0 ? 1 : (uint32_t)len;
    }
    return (Place){low + 1, column};
}

Str source_line(Sources *sources, uint32_t number, uint32_t line) {
    const Source *file = with_lines(sources, number);
    CHECK(line >= 1);
    CHECK(line <= file->line_count);
    size_t start = file->line_starts[line - 1];
    size_t end = line == file->line_count ? file->text.len : file->line_starts[line] - 1;
    if (end > start && file->text.ptr[end - 1] == '\r') {
        end--;
    }
    return (Str){file->text.ptr + start, end - start};
}

Str source_text(const Sources *sources, Span span) {
    const Source *file = sources_file(sources, span.file);
    CHECK(span_end(span) <= file->text.len);
    return (Str){file->text.ptr + span.offset, span.len};
}

// SPDX-License-Identifier: Apache-2.0
// See lines.h; and the reading of the LINE chunk.
#include "vm/code/lines.h"

#include "vm/code/loader_private.h"

const LineFrame *lines_find(const Function *function, uint32_t offset, uint32_t *count) {
    *count = 0;
    const Module *module = function->module;
    if (module == NULL || module->lines == NULL) {
        return NULL;
    }
    const LineTable *table = &module->lines[function - module->functions];
    uint32_t low = 0;
    uint32_t high = table->entry_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (table->entries[middle].offset <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return NULL;
    }
    *count = table->entries[low - 1].count;
    return table->frames + table->entries[low - 1].first;
}

const char *lines_file(const Function *function, const LineFrame *frame) {
    const Module *module = function->module;
    return module != NULL && frame->file < module->file_count ? module->files[frame->file] : "?";
}

static void read_frame(Loading *l, Reader *r, LineFrame *frame) {
    Module *m = l->module;
    uint64_t name = read_u(r, m->atom_count - 1, "function of a line");
    frame->function = m->atoms[name];
    frame->file = (uint32_t)read_u(r, UINT32_MAX, "file of a line");
    frame->line = (uint32_t)read_u(r, INT32_MAX, "line");
    if (!r->failed && frame->file >= m->file_count) {
        reader_fail(r, "a line of a file that does not exist");
    }
}

// Reads the entries of one function. How many frames there are is known only at the end: the first
// pass counts.
static bool read_function_lines(Loading *l, Reader *r, const Function *f, LineTable *table) {
    table->entry_count = read_count(r, 2, "line entries");
    table->entries = loading_take(l, table->entry_count, sizeof(LineEntry));
    Reader counting = *r;
    uint32_t frames = 0;
    uint64_t offset = 0;
    for (uint32_t i = 0; i < table->entry_count && table->entries != NULL && !counting.failed;
         i++) {
        LineEntry *e = &table->entries[i];
        uint64_t delta = read_u(&counting, f->words, "offset of a line");
        offset += delta;
        e->offset = (uint32_t)offset;
        e->first = frames;
        e->count = read_count(&counting, 3, "frames of a line");
        frames += e->count;
        if (!counting.failed && (offset >= f->words || (i != 0 && delta == 0) || e->count == 0)) {
            reader_fail(&counting,
                        "a line entry that is out of order, not within its function or empty");
        }
        LineFrame skipped;
        for (uint32_t k = 0; k < e->count && !counting.failed; k++) {
            read_frame(l, &counting, &skipped);
        }
    }
    if (counting.failed) {
        *r = counting;
        return false;
    }
    table->frames = loading_take(l, frames, sizeof(LineFrame));
    for (uint32_t i = 0; i < table->entry_count && table->frames != NULL; i++) {
        read_u(r, UINT64_MAX, "offset of a line");
        read_u(r, UINT64_MAX, "frames of a line");
        for (uint32_t k = 0; k < table->entries[i].count; k++) {
            read_frame(l, r, &table->frames[table->entries[i].first + k]);
        }
    }
    return table->entries != NULL && table->frames != NULL;
}

bool load_lines(Loading *l) {
    Reader *r = &l->chunks[CHUNK_LINE];
    Module *m = l->module;
    if (r->at == r->end) {
        return true;
    }
    m->lines = loading_take(l, m->function_count, sizeof(LineTable));
    for (uint32_t i = 0; i < m->function_count && m->lines != NULL; i++) {
        if (!read_function_lines(l, r, &m->functions[i], &m->lines[i])) {
            return false;
        }
    }
    if (!r->failed && r->at != r->end) {
        reader_fail(r, "LINE: bytes after the last function");
    }
    return m->lines != NULL && !r->failed;
}

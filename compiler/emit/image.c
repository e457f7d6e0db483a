// The image: functions one after another, then the chunks of vm/code/format.h.
//
// Each chunk's payload is made first and put behind its head in the order of the format; the atoms
// are made last, as the other chunks still add some. Nothing depends on addresses or on the order
// of a hash table. Tests: tests/unit/compiler/emit/emit_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "compiler/emit/emit_private.h"

Image *image_new(Arena *arena, const IrModule *ir, Sources *sources, Diags *diags, bool docs) {
    Image *image = ARENA_NEW(arena, Image);
    image->arena = arena;
    image->ir = ir;
    image->sources = sources;
    image->diags = diags;
    image->docs = docs;
    image->track_slots = ARENA_NEW_ARRAY(arena, uint64_t, 3 * TRACK_WORDS);
    image->numbers = ARENA_NEW_ARRAY(arena, uint32_t, ir->functions.len);
    for (uint32_t i = 0; i < ir->live.len; i++) {
        image->numbers[ir->live.items[i]->index] = i;
    }
    tables_new(image);
    return image;
}

enum {
    X_PRESSURE_MAX = 200, // leaves room for a call's arguments and for scratch
    D_PRESSURE_MAX = D_COUNT - 2,
};

static void place_values(Emit *e) {
    IrFunction *f = e->f;
    alloc_merge(f);
    ir_dominators(f);
    ir_number(f);
    e->value_count = f->inst_count - f->constant_count;
    liveness_find(e);
    e->all_y = e->pressure > X_PRESSURE_MAX || e->raws > D_PRESSURE_MAX;
    if (e->all_y) {
        memset(e->wants_y, true, e->value_count);
    }
    passing_find(e);
    frame_place(e);
    regalloc_run(e);
}

void emit_function(Image *image, IrFunction *f) {
    Arena arena;
    arena_init_pooled(&arena, image->arena->pool);
    Emit e = {.image = image, .f = f, .arena = &arena, .track.y = image->track_slots};
    e.track.y_raw = image->track_slots + TRACK_WORDS;
    e.track.y_hole = image->track_slots + 2 * TRACK_WORDS;
    place_values(&e);
    if (e.frame_slots > Y_MAX) {
        DIAG(image->diags, function_too_large, f->core->span);
        image->failed = true;
    } else {
        encode_run(&e);
    }
    arena_free(&arena);
}

// ---- Chunks -------------------------------------------------------------------------------------

static uint32_t function_flags(const Image *image, uint32_t index) {
    const CoreFunction *core = image->functions.items[index].core;
    uint32_t flags = (core->exported ? FN_EXPORTED : 0) | (core->is_closure ? FN_CLOSURE : 0);
    return flags | (image->is_test[index] ? FN_TEST : 0);
}

static void write_function(const Image *image, uint32_t index, Buf *out) {
    const ImageFunction *f = &image->functions.items[index];
    put_u(out, f->name);
    put_u(out, f->core->arity);
    put_u(out, f->core->captured);
    put_u(out, function_flags(image, index));
    put_u(out, f->words.len);
    put_u(out, f->blocks.len);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        put_u(out, f->blocks.items[i] - (i > 0 ? f->blocks.items[i - 1] : 0));
    }
    put_u(out, f->map_count);
    buf_str(out, buf_view(&f->maps));
    put_u(out, f->regions.len);
    for (uint32_t i = 0; i < f->regions.len; i++) {
        put_u(out, f->regions.items[i].start);
        put_u(out, f->regions.items[i].end);
        put_u(out, f->regions.items[i].label);
    }
}

static void write_functions(Image *image, Buf *out) {
    image->is_test = ARENA_NEW_ARRAY(image->arena, bool, image->functions.len);
    for (uint32_t i = 0; i < image->ir->core->tests.len; i++) {
        image->is_test[image->numbers[image->ir->core->tests.items[i].function]] = true;
    }
    put_u(out, image->functions.len);
    for (uint32_t i = 0; i < image->functions.len; i++) {
        write_function(image, i, out);
    }
}

static void write_code(const Image *image, Buf *out) {
    for (uint32_t i = 0; i < image->functions.len; i++) {
        const Words *words = &image->functions.items[i].words;
        for (uint32_t k = 0; k < words->len; k++) {
            put_u(out, words->items[k]);
        }
    }
}

static void write_frame(Image *image, Name function, uint32_t file, uint32_t line, Buf *out) {
    put_u(out, table_atom(image, function));
    put_u(out, table_file(image, file));
    put_u(out, line);
}

static void write_line(Image *image, const ImageFunction *f, const LineEntry *entry, Buf *out) {
    uint32_t frames = 1;
    for (const IrInline *at = entry->inlined; at != NULL; at = at->outer) {
        frames += !at->is_tail;
    }
    put_u(out, frames);
    const IrInline *at = entry->inlined;
    write_frame(image, at != NULL ? at->function : f->core->name, entry->file, entry->line, out);
    for (; at != NULL; at = at->outer) {
        if (at->is_tail) {
            continue;
        }
        Name caller = at->outer != NULL ? at->outer->function : f->core->name;
        Place place = source_place(image->sources, at->call.file, at->call.offset);
        write_frame(image, caller, at->call.file, place.line, out);
    }
}

static void write_lines(Image *image, Buf *out) {
    for (uint32_t i = 0; i < image->functions.len; i++) {
        const ImageFunction *f = &image->functions.items[i];
        uint32_t offset = 0;
        put_u(out, f->lines.len);
        for (uint32_t k = 0; k < f->lines.len; k++) {
            put_u(out, f->lines.items[k].offset - offset);
            offset = f->lines.items[k].offset;
            write_line(image, f, &f->lines.items[k], out);
        }
    }
}

static int compare_exports(const void *a, const void *b) {
    const CoreFunction *x = (*(const ImageFunction *const *)a)->core;
    const CoreFunction *y = (*(const ImageFunction *const *)b)->core;
    uint32_t len = x->name->len < y->name->len ? x->name->len : y->name->len;
    int order = memcmp(x->name->text, y->name->text, len);
    if (order != 0) {
        return order;
    }
    if (x->name->len != y->name->len) {
        return x->name->len < y->name->len ? -1 : 1;
    }
    return x->arity < y->arity ? -1 : x->arity > y->arity;
}

static void write_exports(Image *image, Buf *out) {
    VEC(const ImageFunction *) exports = {0};
    for (uint32_t i = 0; i < image->functions.len; i++) {
        if (image->functions.items[i].core->exported) {
            vec_push(image->arena, &exports, &image->functions.items[i]);
        }
    }
    if (exports.len > 0) {
        qsort(exports.items, exports.len, sizeof(*exports.items), compare_exports);
    }
    put_u(out, exports.len);
    for (uint32_t i = 0; i < exports.len; i++) {
        const ImageFunction *f = exports.items[i];
        put_u(out, f->name);
        put_u(out, f->core->arity);
        put_u(out, (uint32_t)(f - image->functions.items));
    }
}

static uint32_t line_of(const Image *image, Span span) {
    return source_place(image->sources, span.file, span.offset).line;
}

static void write_tests(const Image *image, Buf *out) {
    const CoreModule *core = image->ir->core;
    put_u(out, core->tests.len);
    for (uint32_t i = 0; i < core->tests.len; i++) {
        put_str(out, core->tests.items[i].name);
        put_u(out, image->numbers[core->tests.items[i].function]);
        put_u(out, line_of(image, core->tests.items[i].span));
    }
}

static void write_docs(const Image *image, Buf *out) {
    const CoreModule *core = image->ir->core;
    uint32_t count = image->docs ? core->docs.len : 0;
    put_u(out, count);
    for (uint32_t i = 0; i < count; i++) {
        const CoreDoc *doc = &core->docs.items[i];
        put_u(out, doc->kind);
        put_str(out, doc->name);
        put_u(out, doc->arity);
        put_str(out, doc->signature);
        put_str(out, doc->text);
        put_u(out, line_of(image, doc->span));
    }
}

Str image_write(Image *image) {
    static const char ids[CHUNK_COUNT][5] = {
#define X(id) #id,
        IMAGE_CHUNKS(X)
#undef X
    };
    Buf chunks[CHUNK_COUNT];
    for (uint32_t i = 0; i < CHUNK_COUNT; i++) {
        chunks[i] = buf_new(image->arena);
    }
    write_functions(image, &chunks[CHUNK_FUNC]);
    write_code(image, &chunks[CHUNK_CODE]);
    write_lines(image, &chunks[CHUNK_LINE]);
    write_exports(image, &chunks[CHUNK_EXPT]);
    write_tests(image, &chunks[CHUNK_TEST]);
    write_docs(image, &chunks[CHUNK_DOCS]);
    buf_str(&chunks[CHUNK_TYPE], image->ir->core->interface);
    tables_write_files(image, &chunks[CHUNK_FILE]);
    tables_write_literals(image, &chunks[CHUNK_LITS]);
    tables_write_records(image, &chunks[CHUNK_RECS]);
    tables_write_imports(image, &chunks[CHUNK_IMPT]);
    tables_write_atoms(image, &chunks[CHUNK_ATOM]);
    Buf out = buf_new(image->arena);
    for (uint32_t i = 0; i < CHUNK_COUNT; i++) {
        buf_text(&out, ids[i]);
        put_u32(&out, (uint32_t)chunks[i].len);
        buf_str(&out, buf_view(&chunks[i]));
    }
    return buf_view(&out);
}

Str image_bundle(Arena *arena, const Str *modules, uint32_t count) {
    Buf out = buf_new(arena);
    buf_text(&out, IMAGE_MAGIC);
    put_u32(&out, IMAGE_VERSION); // the version and no flags
    buf_fill(&out, 0, 8);
    put_u32(&out, count);
    for (uint32_t i = 0; i < count; i++) {
        put_u32(&out, (uint32_t)modules[i].len);
        buf_str(&out, modules[i]);
    }
    uint64_t sum =
        image_checksum((const uint8_t *)out.ptr + IMAGE_HEAD_BYTES, out.len - IMAGE_HEAD_BYTES);
    for (uint32_t i = 0; i < 8; i++) {
        out.ptr[8 + i] = (char)(sum >> (8 * i));
    }
    return buf_view(&out);
}

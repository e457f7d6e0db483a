// SPDX-License-Identifier: Apache-2.0
// Reads the chunks TEST, DOCS and TYPE: see meta.h.
#include "vm/code/meta.h"

#include "vm/code/loader_private.h"

static MetaText meta_text(Reader *r, const char *what) {
    MetaText text;
    text.data = (const char *)read_text(r, &text.len, what);
    return text;
}

static bool load_tests(Loading *l, ModuleMeta *meta) {
    Reader *r = &l->chunks[CHUNK_TEST];
    Module *m = l->module;
    if (r->at == r->end) {
        return true;
    }
    uint32_t count = read_count(r, 3, "tests");
    meta->tests = loading_take(l, count, sizeof(MetaTest));
    for (uint32_t i = 0; i < count && meta->tests != NULL && !r->failed; i++) {
        MetaTest *test = &meta->tests[i];
        test->name = meta_text(r, "name of a test");
        uint64_t function = read_u(r, UINT32_MAX, "function of a test");
        test->line = (uint32_t)read_u(r, INT32_MAX, "line of a test");
        if (!r->failed && (function >= m->function_count || m->functions[function].arity != 0 ||
                           m->functions[function].captured != 0)) {
            reader_fail(r, "a test that is not a function without arguments");
        }
        if (!r->failed) {
            test->function = &m->functions[function];
            meta->test_count = i + 1;
        }
    }
    if (!r->failed && r->at != r->end) {
        reader_fail(r, "TEST: bytes after the last entry");
    }
    return meta->tests != NULL && !r->failed;
}

static bool load_docs(Loading *l, ModuleMeta *meta) {
    Reader *r = &l->chunks[CHUNK_DOCS];
    if (r->at == r->end) {
        return true;
    }
    uint32_t count = read_count(r, 6, "docs");
    meta->docs = loading_take(l, count, sizeof(MetaDoc));
    for (uint32_t i = 0; i < count && meta->docs != NULL && !r->failed; i++) {
        MetaDoc *doc = &meta->docs[i];
        doc->kind = (DocKind)read_u(r, DOC_CONST, "kind of a doc");
        doc->name = meta_text(r, "name of a doc");
        doc->arity = (uint32_t)read_u(r, UINT32_MAX, "arity of a doc");
        doc->signature = meta_text(r, "signature");
        doc->text = meta_text(r, "text of a doc");
        doc->line = (uint32_t)read_u(r, INT32_MAX, "line of a doc");
        meta->doc_count = i + 1;
    }
    if (!r->failed && r->at != r->end) {
        reader_fail(r, "DOCS: bytes after the last entry");
    }
    return meta->docs != NULL && !r->failed;
}

bool load_meta(Loading *l) {
    ModuleMeta *meta = loading_take(l, 1, sizeof *meta);
    if (meta == NULL) {
        return false;
    }
    l->module->meta = meta;
    meta->types = l->chunks[CHUNK_TYPE].at;
    meta->types_bytes = reader_left(&l->chunks[CHUNK_TYPE]);
    return load_tests(l, meta) && load_docs(l, meta);
}

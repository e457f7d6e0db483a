// SPDX-License-Identifier: Apache-2.0
// Documentation in the shell, from the DOCS chunks of images, and the names that Tab completes. See
// repl.h.
#include <stdio.h>
#include <string.h>

#include "compiler/diag/suggest.h"
#include "tools/coppice/library.h"
#include "tools/repl/repl.h"
#include "vm/code/meta.h"
#include "vm/term/atom.h"

static const char help[] =
    "An input is an expression, a let, a definition or an import; its value is shown.\n"
    "  h Module            what a module is for, and its functions\n"
    "  h Module.function   what a function does\n"
    "  full                the last value, all of it\n"
    "  names               what is bound\n"
    "  Tab                 completes modules, functions and names\n"
    "  Ctrl-C              stops what runs\n"
    "  Ctrl-D              ends\n";

static const Module *find_module(VM *vm, const char *name, size_t len) {
    Term atom;
    CodeError error = {0};
    // Only names that are atoms already, or the library's, so that typing makes none.
    const uint8_t *bytes;
    size_t size;
    if (!atom_find(vm->atoms, name, len, &atom) &&
        (!library_image(name, len, &bytes, &size) ||
         atom_intern(vm->atoms, name, len, &atom) != ATOM_OK)) {
        return NULL;
    }
    return code_find_module(vm->code, atom, &error);
}

static bool text_is(MetaText text, const char *what, size_t len) {
    return text.len == len && memcmp(text.data, what, len) == 0;
}

static void print_text(const char *indent, MetaText text) {
    size_t at = 0;
    while (at < text.len) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end == NULL ? text.len - at : (size_t)(end - text.data) - at;
        printf("%s%.*s\n", len == 0 ? "" : indent, (int)len, text.data + at);
        at += len + 1;
    }
}

static bool is_listed(const MetaDoc *doc) {
    return doc->kind != DOC_MODULE && doc->name.len > 0;
}

static void show_module(const Module *module) {
    const ModuleMeta *meta = module->meta;
    for (uint32_t i = 0; i < meta->doc_count; i++) {
        if (meta->docs[i].kind == DOC_MODULE) {
            print_text("", meta->docs[i].text);
            printf("\n");
        }
    }
    for (uint32_t i = 0; i < meta->doc_count; i++) {
        if (is_listed(&meta->docs[i])) {
            printf("  %.*s\n", (int)meta->docs[i].signature.len, meta->docs[i].signature.data);
        }
    }
}

static bool show_function(const Module *module, const char *name, size_t len) {
    const ModuleMeta *meta = module->meta;
    bool found = false;
    for (uint32_t i = 0; i < meta->doc_count; i++) {
        const MetaDoc *doc = &meta->docs[i];
        if (is_listed(doc) && text_is(doc->name, name, len)) {
            printf("%.*s\n", (int)doc->signature.len, doc->signature.data);
            print_text("  ", doc->text);
            found = true;
        }
    }
    return found;
}

// ---- What there is not --------------------------------------------------------------------------

static bool has_function(const Module *module, const char *name, size_t len) {
    for (uint32_t i = 0; i < module->meta->doc_count; i++) {
        const MetaDoc *doc = &module->meta->docs[i];
        if (is_listed(doc) && text_is(doc->name, name, len)) {
            return true;
        }
    }
    return false;
}

static Str nearest_function(const Module *module, Str name) {
    Suggest suggest = suggest_new(name);
    for (uint32_t i = 0; i < module->meta->doc_count; i++) {
        const MetaDoc *doc = &module->meta->docs[i];
        if (is_listed(doc)) {
            suggest_offer(&suggest, (Str){(const char *)doc->name.data, doc->name.len});
        }
    }
    return suggest.best;
}

// A text that no module is called, or whose part before the point is none. What the library has
// under that name, or under one like it.
static void show_unknown(VM *vm, const char *what, size_t len, size_t module_len) {
    Suggest suggest = suggest_new((Str){what, module_len});
    bool found = false;
    for (uint32_t i = 0; i < library_image_count; i++) {
        const char *name = library_images[i].module;
        suggest_offer(&suggest, str_of(name));
        const Module *module = find_module(vm, name, strlen(name));
        if (module_len == len && module != NULL && has_function(module, what, len)) {
            printf("%s h %s.%.*s\n", found ? "   " : "see", name, (int)len, what);
            found = true;
        }
    }
    if (found) {
        return;
    }
    printf("nothing is known of %.*s", (int)len, what);
    if (suggest.best.len > 0) {
        printf("; did you mean %.*s%.*s?", (int)suggest.best.len, suggest.best.ptr,
               (int)(len - module_len), what + module_len);
    }
    printf("\n");
}

void docs_show(VM *vm, const char *what, size_t len) {
    if (len == 0) {
        fputs(help, stdout);
        return;
    }
    const Module *module = find_module(vm, what, len);
    if (module != NULL) {
        printf("%.*s\n\n", (int)len, what);
        show_module(module);
        return;
    }
    const char *dot = memrchr(what, '.', len);
    if (dot == NULL) {
        show_unknown(vm, what, len, len);
        return;
    }
    size_t module_len = (size_t)(dot - what);
    size_t name_len = len - module_len - 1;
    const char *slash = memrchr(dot, '/', name_len + 1); // Module.name/arity
    name_len = slash == NULL ? name_len : (size_t)(slash - dot) - 1;
    module = find_module(vm, what, module_len);
    if (module == NULL) {
        show_unknown(vm, what, len, module_len);
    } else if (!show_function(module, dot + 1, name_len)) {
        Str near = nearest_function(module, (Str){dot + 1, name_len});
        printf("%.*s has no %.*s", (int)module_len, what, (int)name_len, dot + 1);
        printf(near.len > 0 ? "; did you mean %.*s?\n" : "\n", (int)near.len, near.ptr);
    }
}

static bool begins(const char *text, size_t text_len, const char *start, size_t len) {
    return text_len >= len && memcmp(text, start, len) == 0;
}

static void complete_functions(const Module *module, const char *word, size_t module_len,
                               size_t len, Names *found) {
    const char *start = word + module_len + 1;
    size_t start_len = len - module_len - 1;
    char text[512];
    for (uint32_t i = 0; i < module->meta->doc_count; i++) {
        const MetaDoc *doc = &module->meta->docs[i];
        if (is_listed(doc) && begins(doc->name.data, doc->name.len, start, start_len)) {
            int n = snprintf(text, sizeof text, "%.*s.%.*s", (int)module_len, word,
                             (int)doc->name.len, doc->name.data);
            names_add(found, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
        }
    }
    for (uint32_t i = 0; i < module->export_count; i++) {
        const Atom *name = atom_get(module->vm->atoms, module->exports[i].name);
        if (begins(name->text, name->len, start, start_len)) {
            int n = snprintf(text, sizeof text, "%.*s.%s", (int)module_len, word, name->text);
            names_add(found, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
        }
    }
}

void docs_complete(VM *vm, const char *word, size_t len, Names *found) {
    for (uint32_t i = 0; i < library_image_count; i++) {
        const char *name = library_images[i].module;
        if (begins(name, strlen(name), word, len)) {
            names_add(found, name, strlen(name));
        }
    }
    const char *dot = memrchr(word, '.', len);
    if (dot != NULL && word[0] >= 'A' && word[0] <= 'Z') {
        const Module *module = find_module(vm, word, (size_t)(dot - word));
        if (module != NULL) {
            complete_functions(module, word, (size_t)(dot - word), len, found);
        }
    }
}

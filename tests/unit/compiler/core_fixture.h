// What the tests of resolve and core share: a program of one or more modules, lowered.
//
//     CoreFixture f;
//     core_fixture(&f, "fn main() = 1");
//     … f.core, f.scope, fixture_errors(&f.source) …
//     core_fixture_free(&f);
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/check/check.h"
#include "compiler/core/core_build.h"
#include "compiler/core/lower.h"
#include "tests/unit/compiler/source_fixture.h"

enum { FIXTURE_MODULES = 8 };

typedef struct CoreFixture {
    Fixture source; // of the module under test
    Modules modules;
    const char *names[FIXTURE_MODULES]; // other modules: the library, for the one under test
    const char *texts[FIXTURE_MODULES];
    Interface *found[FIXTURE_MODULES];
    uint32_t count;
    LowerOptions options;
    LowerNames in_sight;
    Interface *interface;
    Scope *scope;
    CoreModule *core;
} CoreFixture;

static inline AstModule *core_fixture_parse(CoreFixture *f, const char *name, const char *text) {
    AstModule *ast = NULL;
    uint32_t file = sources_add(&f->source.sources, str_of(name), str_of(text));
    ParseInput input = {&f->source.arena, &f->source.names, &f->source.sources, &f->source.diags};
    ParseStatus status = parse_file(&input, file, &ast);
    cr_assert(status == PARSE_OK, "%s: %s", text, fixture_errors(&f->source));
    return ast;
}

static inline Interface *core_fixture_find(void *context, const Interface *from, Name name) {
    CoreFixture *f = context;
    (void)from;
    for (uint32_t i = 0; i < f->count; i++) {
        if (str_is(name_str(name), f->names[i])) {
            if (f->found[i] == NULL) {
                AstModule *ast = core_fixture_parse(f, f->names[i], f->texts[i]);
                f->found[i] = interface_of_ast(&f->modules, ast, name, name, true);
            }
            return f->found[i];
        }
    }
    return NULL;
}

static inline void core_fixture_offer(void *context, const Interface *from, Suggest *suggest) {
    CoreFixture *f = context;
    (void)from;
    for (uint32_t i = 0; i < f->count; i++) {
        suggest_offer(suggest, str_of(f->names[i]));
    }
}

static inline void core_fixture_init(CoreFixture *f) {
    *f = (CoreFixture){0};
    fixture_init(&f->source, STR(""));
    f->modules = (Modules){.arena = &f->source.arena,
                           .intern = &f->source.names,
                           .diags = &f->source.diags,
                           .context = f,
                           .find = core_fixture_find,
                           .offer = core_fixture_offer};
}

static inline void core_fixture_add(CoreFixture *f, const char *name, const char *text) {
    f->names[f->count] = name;
    f->texts[f->count++] = text;
}

// Lowers the module under test, `Test`; what was added before is found by name. Core without errors
// is verified.
static inline void core_fixture_lower(CoreFixture *f, const char *text) {
    Name name = intern_text(&f->source.names, "Test");
    AstModule *ast = core_fixture_parse(f, "test.cop", text);
    f->interface = interface_of_ast(&f->modules, ast, name, name, false);
    f->scope = scope_of(&f->modules, f->interface);
    check_module(f->scope);
    f->core = lower_module(f->scope, &f->source.sources, &f->options, &f->in_sight);
    if (f->source.diags.error_count == 0) {
        core_verify(f->core);
    }
}

static inline void core_fixture(CoreFixture *f, const char *text) {
    core_fixture_init(f);
    core_fixture_lower(f, text);
}

static inline void core_fixture_free(CoreFixture *f) {
    arena_free(&f->source.arena);
}

// The core of the module as text.
static inline const char *core_fixture_text(CoreFixture *f) {
    Buf out = buf_new(&f->source.arena);
    core_print(f->core, &out);
    buf_byte(&out, '\0');
    return out.ptr;
}

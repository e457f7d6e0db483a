// SPDX-License-Identifier: Apache-2.0
// See listing.h.
#include "tests/unit/compiler/listing.h"

#include <stdio.h>
#include <string.h>

static char text[1 << 16];

static const char *list(uint32_t stage, const char *source, bool plain) {
    CompileOptions options = {.dump = stage, .plain = plain};
    CompileHost host = {0};
    Compilation *c = compilation_new(&options, &host);
    CompileSource entry = {STR("listing.cop"), STR("listing.cop"), str_of(source)};
    CompileStatus status = compile_program(c, &entry, 1);
    Str diagnostics = compilation_diagnostics(c, false);
    cr_assert(status == COMPILE_OK, "%.*s", (int)diagnostics.len, diagnostics.ptr);
    Str dump = compilation_dump(c, stage);
    cr_assert(dump.len < sizeof(text));
    memcpy(text, dump.ptr, dump.len);
    text[dump.len] = '\0';
    compilation_free(c);
    return text;
}

const char *listing_of(uint32_t stage, const char *source) {
    return list(stage, source, false);
}

static const char *function_in_text(const char *name) {
    char head[128];
    snprintf(head, sizeof(head), "fn %s\n", name);
    char *start = strstr(text, head);
    cr_assert(start != NULL, "no %s in:\n%s", name, text);
    char *end = strstr(start, "\n\n");
    if (end != NULL) {
        end[1] = '\0';
    }
    return start;
}

const char *listing_fn(uint32_t stage, const char *name, const char *source) {
    list(stage, source, false);
    return function_in_text(name);
}

const char *listing_plain(uint32_t stage, const char *name, const char *source) {
    list(stage, source, true);
    return function_in_text(name);
}

uint32_t listing_count(const char *in, const char *what) {
    uint32_t n = 0;
    for (const char *at = in; (at = strstr(at, what)) != NULL; at++) {
        n++;
    }
    return n;
}

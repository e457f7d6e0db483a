// Str: bytes with a length, the compiler's only string. It owns nothing: what it points to lies in
// the compilation's arena, in the source text, or in a literal of the compiler.
// It may hold any byte, NUL included, and is not terminated.
// Tests: tests/unit/compiler/base/.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct Str {
    const char *ptr;
    size_t len;
} Str;

// A Str of a C string literal; its length is counted by the compiler of C.
#define STR(literal) ((Str){"" literal, sizeof(literal) - 1})

static inline Str str_of(const char *text) {
    return (Str){text, strlen(text)};
}

static inline bool str_equal(Str a, Str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(Str a, const char *text) {
    return str_equal(a, str_of(text));
}

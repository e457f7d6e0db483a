// Buf: bytes that grow, in an arena; how the compiler builds text (it prints nothing itself).
//
// Growing doubles the buffer and leaves the old one to the arena. What buf_str gives is good until
// the next append. Tests: tests/unit/compiler/base/base_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/str.h"

typedef struct Buf {
    Arena *arena;
    char *ptr;
    size_t len;
    size_t cap;
} Buf;

static inline Buf buf_new(Arena *arena) {
    return (Buf){.arena = arena};
}

// Makes room for `more` bytes behind the end and returns where they go; buf->len is the caller's to
// move.
char *buf_room(Buf *b, size_t more);

static inline void buf_byte(Buf *b, char c) {
    if (b->len == b->cap) {
        buf_room(b, 1);
    }
    b->ptr[b->len++] = c;
}

static inline void buf_str(Buf *b, Str s) {
    if (s.len > 0) {
        memcpy(buf_room(b, s.len), s.ptr, s.len);
        b->len += s.len;
    }
}

static inline void buf_text(Buf *b, const char *text) {
    buf_str(b, str_of(text));
}

// `count` times the byte c.
void buf_fill(Buf *b, char c, size_t count);

// As printf.
void buf_format(Buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The code point as UTF-8; it must be at most 0x10ffff.
void buf_utf8(Buf *b, uint32_t code);

// The bytes as a string literal between double quotes that the lexer reads back as the same bytes.
void buf_quoted(Buf *b, Str s);

static inline Str buf_view(const Buf *b) {
    return (Str){b->ptr == NULL ? "" : b->ptr, b->len};
}

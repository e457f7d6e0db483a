// SPDX-License-Identifier: Apache-2.0
// A byte buffer that grows, for printing and building text. A failure to grow, or reaching the
// limit, is remembered in `failed` and makes later additions do nothing, so that a caller checks
// once at the end. Belongs to one thread. Tests: tests/unit/vm/base/base_test.c.
#pragma once

#include <stdarg.h>

#include "vm/vm.h"

typedef struct {
    MemStats *mem;
    char *data; // not ended by a zero, see buffer_text
    size_t len;
    size_t capacity;
    size_t limit; // bytes at most; SIZE_MAX: none
    bool failed;  // something was left out
} Buffer;

void buffer_init(Buffer *b, MemStats *mem);
void buffer_free(Buffer *b);
void buffer_clear(Buffer *b);
// Makes room for `extra` more bytes and returns where they go (then buffer_advance), or NULL.
char *buffer_reserve(Buffer *b, size_t extra);
void buffer_advance(Buffer *b, size_t len);
void buffer_add(Buffer *b, const void *bytes, size_t len);
void buffer_add_char(Buffer *b, char c);
void buffer_add_text(Buffer *b, const char *text);
void buffer_add_format(Buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_add_vformat(Buffer *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
// The content with a zero after it (not counted), or NULL when there is no memory.
const char *buffer_text(Buffer *b);

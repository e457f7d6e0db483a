// SPDX-License-Identifier: Apache-2.0
// The growable byte buffer: doubles, up to its limit.
#include "vm/base/buffer.h"

#include <stdio.h>
#include <string.h>

#include "vm/base/alloc.h"

enum { BUFFER_FIRST = 128 };

void buffer_init(Buffer *b, MemStats *mem) {
    *b = (Buffer){.mem = mem, .limit = SIZE_MAX};
}

void buffer_free(Buffer *b) {
    mem_free(b->mem, MEM_BUFFER, b->data);
    *b = (Buffer){.mem = b->mem, .limit = b->limit};
}

void buffer_clear(Buffer *b) {
    b->len = 0;
    b->failed = false;
}

char *buffer_reserve(Buffer *b, size_t extra) {
    if (b->failed || b->len > b->limit || extra > b->limit - b->len) {
        b->failed = true;
        return NULL;
    }
    if (extra > b->capacity - b->len || b->data == NULL) {
        size_t need = b->len + extra;
        size_t capacity = b->capacity < BUFFER_FIRST ? BUFFER_FIRST : b->capacity;
        while (capacity < need) {
            capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
        }
        char *data = mem_realloc(b->mem, MEM_BUFFER, b->data, capacity);
        if (data == NULL) {
            b->failed = true;
            return NULL;
        }
        b->data = data;
        b->capacity = capacity;
    }
    return b->data + b->len;
}

void buffer_advance(Buffer *b, size_t len) {
    ASSERT(len <= b->capacity - b->len);
    b->len += len;
}

void buffer_add(Buffer *b, const void *bytes, size_t len) {
    char *at = buffer_reserve(b, len);
    if (at != NULL && len != 0) {
        memcpy(at, bytes, len);
        b->len += len;
    }
}

void buffer_add_char(Buffer *b, char c) {
    buffer_add(b, &c, 1);
}

void buffer_add_text(Buffer *b, const char *text) {
    buffer_add(b, text, strlen(text));
}

void buffer_add_format(Buffer *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buffer_add_vformat(b, format, args);
    va_end(args);
}

void buffer_add_vformat(Buffer *b, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    ASSERT(len >= 0);
    char *at = buffer_reserve(b, (size_t)len + 1);
    if (at != NULL) {
        vsnprintf(at, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

const char *buffer_text(Buffer *b) {
    char *at = buffer_reserve(b, 1);
    if (at == NULL) {
        return NULL;
    }
    *at = 0;
    return b->data;
}

// The growable buffer; compiler/base/buf.h explains it.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "compiler/base/check.h"
#include "compiler/base/utf8.h"

char *buf_room(Buf *b, size_t more) {
    if (more > b->cap - b->len) {
        size_t cap = b->cap < 64 ? 64 : b->cap * 2;
        while (cap - b->len < more) {
            cap *= 2;
        }
        char *ptr = arena_alloc(b->arena, cap);
        if (b->len > 0) {
            memcpy(ptr, b->ptr, b->len);
        }
        b->ptr = ptr;
        b->cap = cap;
    }
    return b->ptr + b->len;
}

void buf_fill(Buf *b, char c, size_t count) {
    memset(buf_room(b, count), c, count);
    b->len += count;
}

void buf_format(Buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(len >= 0);
    vsnprintf(buf_room(b, (size_t)len + 1), (size_t)len + 1, format, again);
    va_end(again);
    b->len += (size_t)len;
}

void buf_utf8(Buf *b, uint32_t code) {
    b->len += utf8_write(code, buf_room(b, 4));
}

static void quoted_byte(Buf *b, unsigned char c) {
    switch (c) {
    case '\n': buf_text(b, "\\n"); break;
    case '\t': buf_text(b, "\\t"); break;
    case '\r': buf_text(b, "\\r"); break;
    case 0x1b: buf_text(b, "\\e"); break;
    case '"': buf_text(b, "\\\""); break;
    case '\\': buf_text(b, "\\\\"); break;
    default: buf_format(b, "\\x%02x", c); break;
    }
}

void buf_quoted(Buf *b, Str s) {
    buf_byte(b, '"');
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.ptr[i];
        uint32_t code;
        size_t len = utf8_read(s.ptr + i, s.len - i, &code);
        if (len == 0 || c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
            quoted_byte(b, c);
            i++;
        } else {
            if (c == '#' && i + 1 < s.len && s.ptr[i + 1] == '{') {
                buf_byte(b, '\\');
            }
            buf_str(b, (Str){s.ptr + i, len});
            i += len;
        }
    }
    buf_byte(b, '"');
}

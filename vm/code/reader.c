// SPDX-License-Identifier: Apache-2.0
// See reader.h.
#include "vm/code/reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "vm/term/utf8.h"

void reader_fail(Reader *r, const char *format, ...) {
    if (!r->failed) {
        r->failed = true;
        r->error->offset = (size_t)(r->at - r->image);
        va_list args;
        va_start(args, format);
        vsnprintf(r->error->what, sizeof r->error->what, format, args);
        va_end(args);
    }
    r->at = r->end;
}

const uint8_t *read_bytes(Reader *r, size_t len, const char *what) {
    if (r->failed || reader_left(r) < len) {
        reader_fail(r, "%s: the data ends too early", what);
        return NULL;
    }
    const uint8_t *at = r->at;
    r->at += len;
    return at;
}

static uint64_t read_fixed(Reader *r, size_t len) {
    const uint8_t *at = read_bytes(r, len, "number");
    uint64_t value = 0;
    for (size_t i = 0; at != NULL && i < len; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

uint16_t read_u16(Reader *r) {
    return (uint16_t)read_fixed(r, 2);
}

uint32_t read_u32(Reader *r) {
    return (uint32_t)read_fixed(r, 4);
}

uint64_t read_u64(Reader *r) {
    return read_fixed(r, 8);
}

uint64_t read_u(Reader *r, uint64_t max, const char *what) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end) {
            reader_fail(r, "%s: the data ends too early", what);
            return 0;
        }
        uint64_t byte = *r->at++;
        if ((shift == 63 && byte > 1) || (byte == 0 && shift != 0)) {
            reader_fail(r, "%s: a number over 64 bits or not in its shortest form", what);
            return 0;
        }
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (value > max) {
                reader_fail(r, "%s: %llu is out of range (at most %llu)", what,
                            (unsigned long long)value, (unsigned long long)max);
                return 0;
            }
            return value;
        }
    }
    reader_fail(r, "%s: a number over 64 bits", what);
    return 0;
}

int64_t read_i(Reader *r, const char *what) {
    uint64_t z = read_u(r, UINT64_MAX, what);
    return (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
}

uint32_t read_count(Reader *r, size_t least, const char *what) {
    size_t before = reader_left(r);
    uint64_t most = before / least;
    return (uint32_t)read_u(r, most < UINT32_MAX / 2 ? most : UINT32_MAX / 2, what);
}

const uint8_t *read_str(Reader *r, size_t *len, const char *what) {
    *len = read_u(r, SIZE_MAX / 2, what);
    const uint8_t *at = read_bytes(r, *len, what);
    if (at == NULL) {
        *len = 0;
    }
    return at;
}

const uint8_t *read_text(Reader *r, size_t *len, const char *what) {
    const uint8_t *at = read_str(r, len, what);
    if (at != NULL && !utf8_valid(at, *len)) {
        reader_fail(r, "%s: not valid UTF-8", what);
        *len = 0;
        return NULL;
    }
    return at;
}

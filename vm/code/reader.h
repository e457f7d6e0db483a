// SPDX-License-Identifier: Apache-2.0
// Reads the payloads of an image, every byte of which may be hostile. The first thing that is wrong
// is kept in `error` with its offset; from then on every read gives 0, so callers look at `failed`
// in loops and at the end. Belongs to one thread. Tests: tests/unit/vm/code/loader_test.c.
#pragma once

#include "vm/code/module.h"

typedef struct {
    const uint8_t *image; // offsets in errors count from here
    const uint8_t *at;
    const uint8_t *end;
    CodeError *error;
    bool failed;
} Reader;

static inline size_t reader_left(const Reader *r) {
    return (size_t)(r->end - r->at);
}

// Notes what is wrong, unless something was before. `format` as printf's.
void reader_fail(Reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Fixed widths, little-endian.
uint16_t read_u16(Reader *r);
uint32_t read_u32(Reader *r);
uint64_t read_u64(Reader *r);
// LEB128 in its shortest form, at most `max`. `what` names it in the error.
uint64_t read_u(Reader *r, uint64_t max, const char *what);
int64_t read_i(Reader *r, const char *what);
// A count of things that take at least `least` bytes each in what is left of the payload.
uint32_t read_count(Reader *r, size_t least, const char *what);
// A length and that many bytes, which stay in the image.
const uint8_t *read_str(Reader *r, size_t *len, const char *what);
// The same, and valid UTF-8.
const uint8_t *read_text(Reader *r, size_t *len, const char *what);
// `len` bytes.
const uint8_t *read_bytes(Reader *r, size_t len, const char *what);

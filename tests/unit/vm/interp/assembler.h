// SPDX-License-Identifier: Apache-2.0
// A small assembler for tests: from text to an image. tests/ops/README.md describes the text.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *data; // malloc'ed
    size_t len;
    size_t capacity;
} Bytes;

void bytes_add(Bytes *b, const void *data, size_t len);
void bytes_add_byte(Bytes *b, uint8_t byte);
// Unsigned and zigzag LEB128.
void bytes_add_u(Bytes *b, uint64_t value);
void bytes_add_i(Bytes *b, int64_t value);
void bytes_free(Bytes *b);

// Assembles `text`, the source of one or more modules, into an image. False with the line and what
// is wrong in `error`.
bool assemble(const char *text, Bytes *image, char error[256]);

// Puts the right checksum into the head of an image of at least IMAGE_HEAD_BYTES.
void image_mend(uint8_t *image, size_t len);

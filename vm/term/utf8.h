// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 has it: no surrogates, nothing over U+10FFFF, no overlong forms. Pure; any
// thread. Tests: tests/unit/vm/term.
#pragma once

#include "vm/vm.h"

enum { UTF8_MAX = 4 };

// Whether the bytes are valid from start to end. Fast on ASCII.
bool utf8_valid(const uint8_t *data, size_t len);
// The length of the longest valid prefix.
size_t utf8_valid_prefix(const uint8_t *data, size_t len);
// Reads one code point: how many bytes it took, 0 when len is 0 or it is not valid.
size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *code_point);
// Writes one code point: how many bytes, 0 when there is no such code point.
size_t utf8_encode(uint32_t code_point, uint8_t out[UTF8_MAX]);
// Code points in valid text.
size_t utf8_count(const uint8_t *data, size_t len);

// UTF-8, as strict as RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>

// Reads the code point that begins at `at`, of at most `len` bytes. Returns its length in bytes, or
// 0 when no valid one begins there (len 0 included); *code is set only when valid.
size_t utf8_read(const char *at, size_t len, uint32_t *code);

// Writes `code` (at most 0x10ffff) to `to`, which has room for 4 bytes. Returns how many it took.
size_t utf8_write(uint32_t code, char *to);

// The offset of the first byte that is not part of valid UTF-8, or `len`. Fast on ASCII.
size_t utf8_good_prefix(const char *text, size_t len);

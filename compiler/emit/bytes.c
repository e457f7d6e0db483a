// The numbers of the image format: LEB128, its signed form, strings, fixed words.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

void put_u(Buf *out, uint64_t value) {
    while (value >= 0x80) {
        buf_byte(out, (char)(value | 0x80));
        value >>= 7;
    }
    buf_byte(out, (char)value);
}

void put_i(Buf *out, int64_t value) {
    put_u(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

void put_str(Buf *out, Str s) {
    put_u(out, s.len);
    buf_str(out, s);
}

void put_u32(Buf *out, uint32_t value) {
    for (uint32_t i = 0; i < 32; i += 8) {
        buf_byte(out, (char)(value >> i));
    }
}

// UTF-8 decoding, encoding and validation; see compiler/base/utf8.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/utf8.h"

#include <string.h>

size_t utf8_read(const char *at, size_t len, uint32_t *code) {
    if (len == 0) {
        return 0;
    }
    const unsigned char *s = (const unsigned char *)at;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    // The first byte gives the length; the least code point of each length bars overlong forms.
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || len < need) {
        return 0;
    }
    uint32_t value = s[0] & (0xffu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (s[i] & 0x3f);
    }
    if (value < least[need] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *code = value;
    return need;
}

size_t utf8_write(uint32_t code, char *to) {
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3f));
        to[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3f));
    to[2] = (char)(0x80 | (code >> 6 & 0x3f));
    to[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

size_t utf8_good_prefix(const char *text, size_t len) {
    size_t i = 0;
    while (i < len) {
        uint64_t word;
        while (i + 8 <= len && (memcpy(&word, text + i, 8), (word & 0x8080808080808080u) == 0)) {
            i += 8;
        }
        if (i < len) {
            uint32_t code;
            size_t step = utf8_read(text + i, len - i, &code);
            if (step == 0) {
                return i;
            }
            i += step;
        }
    }
    return len;
}

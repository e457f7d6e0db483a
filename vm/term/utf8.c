// SPDX-License-Identifier: Apache-2.0
// UTF-8: eight ASCII bytes a step, else one code point a step after the table of RFC 3629, section
// 4.
#include "vm/term/utf8.h"

#include <string.h>

static bool is_tail(uint8_t c) {
    return (c & 0xc0) == 0x80;
}

size_t utf8_decode(const uint8_t *p, size_t len, uint32_t *code_point) {
    if (len == 0) {
        return 0;
    }
    uint32_t c = p[0];
    if (c < 0x80) {
        *code_point = c;
        return 1;
    }
    if (c < 0xc2 || c > 0xf4) {
        return 0;
    }
    if (c < 0xe0) {
        if (len < 2 || !is_tail(p[1])) {
            return 0;
        }
        *code_point = (c & 0x1f) << 6 | (p[1] & 0x3f);
        return 2;
    }
    if (c < 0xf0) {
        if (len < 3 || !is_tail(p[1]) || !is_tail(p[2])) {
            return 0;
        }
        uint32_t v = (c & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        *code_point = v;
        return v < 0x800 || (v >= 0xd800 && v < 0xe000) ? 0 : 3;
    }
    if (len < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) {
        return 0;
    }
    uint32_t v = (c & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
                 (p[3] & 0x3f);
    *code_point = v;
    return v < 0x10000 || v > 0x10ffff ? 0 : 4;
}

size_t utf8_valid_prefix(const uint8_t *data, size_t len) {
    size_t at = 0;
    while (at < len) {
        uint64_t word;
        while (len - at >= 8 &&
               (memcpy(&word, data + at, 8), (word & UINT64_C(0x8080808080808080)) == 0)) {
            at += 8;
        }
        if (at == len) {
            break;
        }
        uint32_t code_point;
        size_t n = utf8_decode(data + at, len - at, &code_point);
        if (n == 0) {
            break;
        }
        at += n;
    }
    return at;
}

bool utf8_valid(const uint8_t *data, size_t len) {
    return utf8_valid_prefix(data, len) == len;
}

size_t utf8_encode(uint32_t c, uint8_t out[UTF8_MAX]) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        if (c >= 0xd800 && c < 0xe000) {
            return 0;
        }
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    if (c > 0x10ffff) {
        return 0;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

size_t utf8_count(const uint8_t *data, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += !is_tail(data[i]);
    }
    return count;
}

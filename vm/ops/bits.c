// SPDX-License-Identifier: Apache-2.0
// See bits.h.
#include "vm/ops/bits.h"

#include <math.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are stored lowest byte first");

uint64_t bits_read(const uint8_t *data, uint64_t at, unsigned n) {
    if (n == 0) {
        return 0;
    }
    const uint8_t *from = data + at / 8;
    unsigned skip = at % 8;
    unsigned bytes = (skip + n + 7) / 8;
    __uint128_t all = 0;
    for (unsigned i = 0; i < bytes; i++) {
        all = all << 8 | from[i];
    }
    uint64_t value = (uint64_t)(all >> (bytes * 8 - skip - n));
    return n == 64 ? value : value & ((UINT64_C(1) << n) - 1);
}

uint64_t bits_limb(const uint8_t *data, uint64_t at, uint64_t n, bool little, uint64_t i) {
    uint64_t low = 64 * i;
    uint64_t count = n - low < 64 ? n - low : 64;
    if (!little) {
        return bits_read(data, at + (n - low - count), (unsigned)count);
    }
    uint64_t value = 0;
    for (unsigned k = 0; k < count; k += 8) {
        unsigned part = count - k < 8 ? (unsigned)(count - k) : 8;
        value |= bits_read(data, at + low + k, part) << k;
    }
    return value;
}

void bits_write(uint8_t *data, uint64_t at, uint64_t value, unsigned n) {
    if (n == 64 && at % 8 == 0) {
        value = __builtin_bswap64(value);
        memcpy(data + at / 8, &value, sizeof value);
        return;
    }
    while (n > 0) {
        unsigned free = 8 - at % 8;
        unsigned part = n < free ? n : free;
        uint64_t bits = (value >> (n - part)) & ((1u << part) - 1);
        data[at / 8] |= (uint8_t)(bits << (free - part));
        at += part;
        n -= part;
    }
}

void bits_copy_out(uint8_t *to, const uint8_t *data, uint64_t at, size_t len) {
    const uint8_t *from = data + at / 8;
    unsigned skip = at % 8;
    if (skip == 0) {
        if (len != 0) {
            memcpy(to, from, len);
        }
        return;
    }
    for (size_t i = 0; i < len; i++) {
        to[i] = (uint8_t)(from[i] << skip | from[i + 1] >> (8 - skip));
    }
}

void bits_copy_in(uint8_t *data, uint64_t at, const uint8_t *from, size_t len) {
    uint8_t *to = data + at / 8;
    unsigned skip = at % 8;
    if (skip == 0) {
        if (len != 0) {
            memcpy(to, from, len);
        }
        return;
    }
    for (size_t i = 0; i < len; i++) {
        to[i] |= (uint8_t)(from[i] >> skip);
        to[i + 1] = (uint8_t)(from[i] << (8 - skip));
    }
}

// Half precision
// -----------------------------------------------------------------------------------

static double half_to_double(uint16_t half) {
    int exponent = half >> 10 & 31;
    int fraction = half & 1023;
    double d = exponent == 31  ? INFINITY
               : exponent == 0 ? ldexp(fraction, -24)
                               : ldexp(fraction + 1024, exponent - 25);
    return (half & 0x8000) != 0 ? -d : d;
}

// To the nearest half, ties to even. False when it is beyond the range.
static bool double_to_half(double d, uint64_t *bits) {
    uint64_t sign = signbit(d) ? 0x8000 : 0;
    d = fabs(d);
    int exponent;
    frexp(d, &exponent);
    // Units of the last place: 2^-24 for small ones, else 11 bits of precision.
    int unit = d == 0 || exponent < -13 ? -24 : exponent - 11;
    double units = nearbyint(ldexp(d, -unit));
    if (unit == -24 && units < 1024) {
        *bits = sign | (uint64_t)units;
        return true;
    }
    if (units == 2048) {
        units = 1024;
        unit++;
    }
    if (unit + 25 >= 31) {
        return false;
    }
    *bits = sign | (uint64_t)(unit + 25) << 10 | ((uint64_t)units - 1024);
    return true;
}

bool float_from_bits(uint64_t bits, unsigned width, double *d) {
    if (width == 64) {
        memcpy(d, &bits, sizeof *d);
    } else if (width == 32) {
        uint32_t word = (uint32_t)bits;
        float f;
        memcpy(&f, &word, sizeof f);
        *d = f;
    } else if (width == 16) {
        *d = half_to_double((uint16_t)bits);
    } else {
        return false;
    }
    return isfinite(*d);
}

bool float_to_bits(double d, unsigned width, uint64_t *bits) {
    if (width == 64) {
        memcpy(bits, &d, sizeof d);
        return true;
    }
    if (width == 32) {
        float f = (float)d;
        uint32_t word;
        memcpy(&word, &f, sizeof word);
        *bits = word;
        return isfinite(f);
    }
    return width == 16 && double_to_half(d, bits);
}

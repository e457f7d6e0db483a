// SPDX-License-Identifier: Apache-2.0
// Integers as text, in any base from 2 to 36. GMP's conversions are subquadratic. See bignum.h.
#include <string.h>

#include "vm/term/bignum_private.h"
#include "vm/term/scratch.h"

// log2(base), rounded up to 1/1024, for bounds.
static const uint16_t log2_up[37] = {
    0,    0,    1024, 1624, 2048, 2378, 2648, 2875, 3072, 3247, 3402, 3543, 3672,
    3790, 3899, 4001, 4096, 4186, 4271, 4350, 4426, 4498, 4567, 4633, 4696, 4756,
    4814, 4870, 4923, 4975, 5025, 5074, 5120, 5166, 5210, 5253, 5295,
};

static char digit_char(unsigned value) {
    return (char)(value < 10 ? '0' + value : 'a' + (value - 10));
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'Z') {
        return c - 'A' + 10;
    }
    return 36;
}

// Printing ----------------------------------------------------------------------------------------

static void print_limb(Buffer *out, uint64_t value, bool negative, unsigned base) {
    char text[65];
    char *at = text + sizeof text;
    do {
        *--at = digit_char((unsigned)(value % base));
        value /= base;
    } while (value != 0);
    if (negative) {
        *--at = '-';
    }
    buffer_add(out, at, (size_t)(text + sizeof text - at));
}

NumStatus bignum_print(MemStats *mem, Buffer *out, Term a, int base) {
    ASSERT(base >= 2 && base <= 36);
    IntView v;
    int_view(a, &v);
    if (v.count <= 1) {
        print_limb(out, v.count == 0 ? 0 : v.limbs[0], v.negative, (unsigned)base);
        return out->failed ? NUM_MEMORY : NUM_OK;
    }
    // Digits at most: bits / log2(base), with log2 rounded down.
    size_t digits_max = view_bits(&v) * 1024 / (size_t)(log2_up[base] - 1) + 2;
    char *text = buffer_reserve(out, 1 + digits_max);
    if (text == NULL) {
        return NUM_MEMORY;
    }
    // mpn_get_str overwrites its operand.
    mp_limb_t *copy = mem_alloc(mem, MEM_SCRATCH, v.count * sizeof *copy);
    Scratch scratch;
    if (copy == NULL || !scratch_begin(&scratch, mem, v.count)) {
        mem_free(mem, MEM_SCRATCH, copy);
        return NUM_MEMORY;
    }
    memcpy(copy, v.limbs, v.count * sizeof *copy);
    char *at = text;
    if (v.negative) {
        *at++ = '-';
    }
    size_t count = mpn_get_str((unsigned char *)at, base, copy, (mp_size_t)v.count);
    scratch_end(&scratch);
    mem_free(mem, MEM_SCRATCH, copy);
    ASSERT(count <= digits_max);
    size_t zeros = 0;
    while (at[zeros] == 0) {
        zeros++;
    }
    for (size_t i = zeros; i < count; i++) {
        at[i - zeros] = digit_char((unsigned char)at[i]);
    }
    buffer_advance(out, (size_t)(at - text) + count - zeros);
    return NUM_OK;
}

uint64_t bignum_print_cost_us(Term a) {
    IntView v;
    int_view(a, &v);
    // About the logarithm's number of multiplications of that size.
    uint64_t log = 64 - (uint64_t)__builtin_clzll(v.count | 1);
    return v.count < 32 ? v.count / 4 : multiply_cost_us(v.count, v.count) * log / 4;
}

// Parsing -----------------------------------------------------------------------------------------

uint64_t bignum_parse_cost_us(size_t len) {
    size_t limbs = len / 19 + 1;
    uint64_t log = 64 - (uint64_t)__builtin_clzll(limbs | 1);
    return limbs < 32 ? len / 64 : multiply_cost_us(limbs, limbs) * log / 4;
}

size_t bignum_parse_words(size_t len, int base) {
    ASSERT(base >= 2 && base <= 36);
    size_t digits_max = (size_t)BIGNUM_BITS_MAX * 1024 / (size_t)(log2_up[base] - 1) + 2;
    size_t digits = len < digits_max ? len : digits_max;
    return 3 + digits * log2_up[base] / 1024 / 64 + 1;
}

// The value of digits that fit a word.
static bool parse_word(const char *text, size_t len, int base, uint64_t *value) {
    *value = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_value(text[i]);
        if (digit >= base) {
            return false;
        }
        *value = *value * (unsigned)base + (unsigned)digit;
    }
    return true;
}

static NumStatus parse_long(MemStats *mem, Room *room, const char *text, size_t len, int base,
                            bool negative, Term *result) {
    uint8_t *digits = mem_alloc(mem, MEM_SCRATCH, len);
    if (digits == NULL) {
        return NUM_MEMORY;
    }
    NumStatus status = NUM_OK;
    for (size_t i = 0; i < len && status == NUM_OK; i++) {
        int digit = digit_value(text[i]);
        digits[i] = (uint8_t)digit;
        status = digit < base ? NUM_OK : NUM_RANGE;
    }
    Scratch scratch;
    if (status == NUM_OK && !scratch_begin(&scratch, mem, len / 8)) {
        status = NUM_MEMORY;
    }
    if (status == NUM_OK) {
        mp_limb_t *limbs = (mp_limb_t *)(room->at + 1);
        mp_size_t count = mpn_set_str(limbs, digits, len, base);
        scratch_end(&scratch);
        ASSERT(room_left(room) >= 1 + (size_t)count);
        if (count > BIGNUM_LIMBS_MAX) {
            status = NUM_LIMIT;
        } else {
            *result = bignum_from_limbs(room, limbs, (size_t)count, negative);
        }
    }
    mem_free(mem, MEM_SCRATCH, digits);
    return status;
}

NumStatus bignum_parse(MemStats *mem, Room *room, const char *text, size_t len, int base,
                       Term *result) {
    bool negative = len > 0 && text[0] == '-';
    if (len > 0 && (text[0] == '-' || text[0] == '+')) {
        text++;
        len--;
    }
    if (len == 0) {
        return NUM_RANGE;
    }
    while (len > 1 && text[0] == '0') {
        text++;
        len--;
    }
    // Fewer than 2^64 for sure.
    if (len * log2_up[base] <= 64 * 1024) {
        uint64_t value;
        if (!parse_word(text, len, base, &value)) {
            return NUM_RANGE;
        }
        *result = room_uint(room, value, negative && value != 0);
        return NUM_OK;
    }
    // Each digit is worth at least log2(base) bits, but for the first.
    if ((len - 1) * (size_t)(log2_up[base] - 1) / 1024 > BIGNUM_BITS_MAX) {
        for (size_t i = 0; i < len; i++) {
            if (digit_value(text[i]) >= base) {
                return NUM_RANGE;
            }
        }
        return NUM_LIMIT;
    }
    return parse_long(mem, room, text, len, base, negative, result);
}

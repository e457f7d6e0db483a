// SPDX-License-Identifier: Apache-2.0
// Runs of bits at any position, and half precision floats.
#include "vm/ops/bits.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(bits, what_is_written_is_read) {
    for (unsigned at = 0; at < 16; at++) {
        for (unsigned n = 1; n <= 64; n++) {
            uint8_t data[16] = {0};
            uint64_t value = UINT64_C(0xa5c3f00f12345678) >> (64 - n);
            bits_write(data, at, value, n);
            cr_assert_eq(bits_read(data, at, n), value);
            cr_assert_eq(bits_read(data, 0, at), 0);
            cr_assert_eq(bits_read(data, at + n, 32), 0);
        }
    }
}

Test(bits, little_endian_by_bytes) {
    uint8_t data[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    cr_expect_eq(bits_limb(data, 0, 16, true, 0), 0x0201);
    cr_expect_eq(bits_limb(data, 0, 72, true, 1), 9);
    cr_expect_eq(bits_limb(data, 0, 72, false, 1), 1);
    cr_expect_eq(bits_limb(data, 4, 12, true, 0), 0x210);
}

Test(bits, copying_at_odd_positions) {
    const uint8_t text[] = "some text to be copied";
    for (unsigned at = 0; at < 9; at++) {
        uint8_t data[32] = {0};
        uint8_t back[32] = {0};
        bits_copy_in(data, at, text, sizeof text);
        bits_copy_out(back, data, at, sizeof text);
        cr_assert_arr_eq(back, text, sizeof text);
    }
}

Test(bits, halves_round_to_even) {
    uint64_t bits;
    double d;
    for (uint32_t half = 0; half < 0x10000; half++) {
        if (float_from_bits(half, 16, &d)) {
            cr_assert(float_to_bits(d, 16, &bits));
            cr_assert_eq(bits, half);
        }
    }
    cr_assert(float_to_bits(1.0 + ldexp(1, -11), 16, &bits));
    cr_expect_eq(bits, 0x3c00);
    cr_assert(float_to_bits(1.0 + 3 * ldexp(1, -11), 16, &bits));
    cr_expect_eq(bits, 0x3c02);
    cr_assert(float_to_bits(65519, 16, &bits));
    cr_expect_eq(bits, 0x7bff);
    cr_expect_not(float_to_bits(65520, 16, &bits));
    cr_expect_not(float_to_bits(1e300, 32, &bits));
}

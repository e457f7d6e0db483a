// SPDX-License-Identifier: Apache-2.0
// Runs of bits in bytes, at any position. Bit 0 is the highest of the first byte. Pure; any thread.
// Tests: tests/unit/vm/ops/bits_test.c.
#pragma once

#include "vm/vm.h"

// The n bits (at most 64) at position `at`, the first one highest. They must be there.
uint64_t bits_read(const uint8_t *data, uint64_t at, unsigned n);
// Limb i of the number in the n bits at `at`: big-endian, or little-endian by bytes, of which the
// last may be short.
uint64_t bits_limb(const uint8_t *data, uint64_t at, uint64_t n, bool little, uint64_t i);
// Puts the low n bits (at most 64) of `value` at position `at`; what was there must be 0.
void bits_write(uint8_t *data, uint64_t at, uint64_t value, unsigned n);
// Copies len bytes from bit position `at` on.
void bits_copy_out(uint8_t *to, const uint8_t *data, uint64_t at, size_t len);
// Copies len bytes to bit position `at`; what was there must be 0.
void bits_copy_in(uint8_t *data, uint64_t at, const uint8_t *from, size_t len);

// IEEE 754 numbers of 16, 32 or 64 bits. False: no such width, or (encode) the value is beyond its
// range.
bool float_from_bits(uint64_t bits, unsigned width, double *d);
bool float_to_bits(double d, unsigned width, uint64_t *bits);

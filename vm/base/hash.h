// SPDX-License-Identifier: Apache-2.0
// 64-bit hashes of words and byte strings with a salt.
//
// The step is a folded multiplication: 64 x 64 -> 128 bits, high half xor low half, of the input
// and the state, each mixed with a constant first. One multiplication takes 16 bytes and has full
// avalanche after two, so short keys cost a few nanoseconds (SipHash-1-3, the usual keyed choice,
// takes three to five times as long on them). The salt enters every step of a byte string, so that
// colliding keys cannot be made without knowing it; it is not a cryptographic function. The result
// depends on content, length and salt only (little-endian words). Pure; any thread. Tests:
// tests/unit/vm/base/base_test.c.
#pragma once

#include "vm/vm.h"

static inline uint64_t hash_fold(uint64_t a, uint64_t b) {
    __uint128_t p = (__uint128_t)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

// The state after taking in one word; start from a salt.
static inline uint64_t hash_mix(uint64_t state, uint64_t word) {
    return hash_fold(state ^ UINT64_C(0x9e3779b97f4a7c15), word ^ UINT64_C(0xd6e8feb86659fd93)) ^
           (state << 23 | state >> 41);
}

// To be applied once at the end.
static inline uint64_t hash_finish(uint64_t state) {
    return hash_fold(state ^ UINT64_C(0xa0761d6478bd642f),
                     UINT64_C(0xe7037ed1a0b428db) ^ (state >> 32));
}

static inline uint64_t hash_word(uint64_t salt, uint64_t word) {
    return hash_finish(hash_mix(salt, word));
}

uint64_t hash_bytes(uint64_t salt, const void *data, size_t len);

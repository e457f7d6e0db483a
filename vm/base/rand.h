// SPDX-License-Identifier: Apache-2.0
// Random numbers that repeat for a seed: xoshiro256** (Blackman and Vigna 2018), seeded by
// splitmix64. Not for secrets. A Rand belongs to one thread. Tests: tests/unit/vm/base/base_test.c.
#pragma once

#include "vm/vm.h"

typedef struct {
    uint64_t state[4];
} Rand;

void rand_init(Rand *r, uint64_t seed);
uint64_t rand_next(Rand *r);
// Even over [0, bound); bound must not be 0.
uint64_t rand_below(Rand *r, uint64_t bound);
// Even over [0, 1), 53 bits.
double rand_double(Rand *r);
// 64 bits from the operating system, for seeds and salts.
uint64_t rand_entropy(void);

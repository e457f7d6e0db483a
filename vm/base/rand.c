// SPDX-License-Identifier: Apache-2.0
// xoshiro256**, splitmix64 for the seed, Lemire's method for ranges.
#include "vm/base/rand.h"

#include <sys/random.h>

#include "vm/base/check.h"

static uint64_t rotate_left(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

static uint64_t splitmix(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void rand_init(Rand *r, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        r->state[i] = splitmix(&seed);
    }
}

uint64_t rand_next(Rand *r) {
    uint64_t *s = r->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t rand_below(Rand *r, uint64_t bound) {
    ASSERT(bound != 0);
    __uint128_t product = (__uint128_t)rand_next(r) * bound;
    if ((uint64_t)product < bound) {
        // The low half tells draws that would make some results likelier; throw those away.
        uint64_t threshold = -bound % bound;
        while ((uint64_t)product < threshold) {
            product = (__uint128_t)rand_next(r) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}

double rand_double(Rand *r) {
    return (double)(rand_next(r) >> 11) * 0x1p-53;
}

uint64_t rand_entropy(void) {
    uint64_t word;
    CHECK(getrandom(&word, sizeof word, 0) == (ssize_t)sizeof word);
    return word;
}

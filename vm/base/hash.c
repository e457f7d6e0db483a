// SPDX-License-Identifier: Apache-2.0
// The hash of a byte string: sixteen bytes a step, each half mixed with a word made from the salt.
#include "vm/base/hash.h"

#include <string.h>

static uint64_t load64(const uint8_t *p) {
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

static uint64_t load32(const uint8_t *p) {
    uint32_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

// The last 1 to 16 bytes in two words; for 4 and more the words overlap instead of being padded.
static void load_tail(const uint8_t *p, size_t len, uint64_t *low, uint64_t *high) {
    if (len >= 8) {
        *low = load64(p);
        *high = load64(p + len - 8);
    } else if (len >= 4) {
        *low = load32(p);
        *high = load32(p + len - 4);
    } else {
        *low = (uint64_t)p[0] << 16 | (uint64_t)p[len >> 1] << 8 | p[len - 1];
        *high = 0;
    }
}

uint64_t hash_bytes(uint64_t salt, const void *data, size_t len) {
    const uint8_t *p = data;
    uint64_t key_low = hash_fold(salt ^ UINT64_C(0x8bb84b93962eacc9), UINT64_C(0x2d358dccaa6c78a5));
    uint64_t key_high =
        hash_fold(salt ^ UINT64_C(0x4b33a62ed433d4a3), UINT64_C(0x8ebc6af09c88c6e3));
    uint64_t state = hash_mix(salt, len);
    while (len > 16) {
        state = hash_fold(load64(p) ^ key_low ^ state, load64(p + 8) ^ key_high) ^
                (state << 29 | state >> 35);
        p += 16;
        len -= 16;
    }
    if (len > 0) {
        uint64_t low, high;
        load_tail(p, len, &low, &high);
        state = hash_fold(low ^ key_low ^ state, high ^ key_high) ^ (state << 29 | state >> 35);
    }
    return hash_finish(state);
}

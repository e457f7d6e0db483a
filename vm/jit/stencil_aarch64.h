// SPDX-License-Identifier: Apache-2.0
// What of stencil.h is the machine's, for aarch64: x29 is the stack pointer of the return
// addresses, since sp may not stand at every word. Stencils are compiled for the tiny model, in
// which the address of a hole is one `adr`, which tools/gen/stencilpack.c makes a value of 32 bits.
#pragma once

// The 64 bits, and the address, of 48, that are filled into a hole.
#define WORD64(hole)                                                                               \
    ({                                                                                             \
        uint64_t word_;                                                                            \
        __asm__("movz %0, #:abs_g3:" #hole "\n\tmovk %0, #:abs_g2_nc:" #hole                       \
                "\n\tmovk %0, #:abs_g1_nc:" #hole "\n\tmovk %0, #:abs_g0_nc:" #hole                \
                : "=r"(word_));                                                                    \
        word_;                                                                                     \
    })
#define ADDRESS64(hole)                                                                            \
    ({                                                                                             \
        uint64_t word_;                                                                            \
        __asm__("movz %0, #:abs_g2:" #hole "\n\tmovk %0, #:abs_g1_nc:" #hole                       \
                "\n\tmovk %0, #:abs_g0_nc:" #hole                                                  \
                : "=r"(word_));                                                                    \
        word_;                                                                                     \
    })

static inline bool stencil_returns_full(const Process *p) {
    const uintptr_t *top;
    __asm__("mov %0, x29" : "=r"(top));
    return top <= p->returns.end;
}

static inline bool stencil_spend(int32_t *reds) {
    *reds = (int32_t)((uint32_t)*reds - 1);
    return *reds < 0;
}

// Copies n bytes, by words from the end where there are eight.
static inline __attribute__((always_inline)) void stencil_copy(Term *to, uint64_t from,
                                                               uint64_t n) {
    char *data = (char *)to;
    if (n >= 8) {
        memcpy(data + n - 8, (const char *)from + n - 8, 8);
        n = (n - 1) & ~UINT64_C(7);
    } else {
        for (; n > 0; n--) {
            data[n - 1] = ((const char *)from)[n - 1];
            __asm__("" : "+r"(n)); // or it would become a call
        }
    }
    for (; n > 0; n -= 8) {
        memcpy(data + n - 8, (const char *)from + n - 8, 8);
        __asm__("" : "+r"(n));
    }
}

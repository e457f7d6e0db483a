// SPDX-License-Identifier: Apache-2.0
// What of stencil.h is the machine's, for x86-64: the stack pointer is that of the return
// addresses.
#pragma once

// The 64 bits, and the address, that are filled into a hole.
#define WORD64(hole)                                                                               \
    ({                                                                                             \
        uint64_t word_;                                                                            \
        __asm__("movabsq $" #hole ", %0" : "=r"(word_));                                           \
        word_;                                                                                     \
    })
#define ADDRESS64(hole) WORD64(hole)

static inline bool stencil_returns_full(const Process *p) {
    bool full;
    __asm__("cmpq %%rsp, %1" : "=@ccae"(full) : "m"(p->returns.end));
    return full;
}

// Counted with the flag of the subtraction itself.
static inline bool stencil_spend(int32_t *reds) {
    bool spent;
    __asm__("subl $1, %0" : "+r"(*reds), "=@ccs"(spent));
    return spent;
}

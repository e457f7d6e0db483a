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

// Copies n bytes, by words from the end where there are eight. Written out: what clang makes of the
// loop takes more registers than there are.
static inline __attribute__((always_inline)) void stencil_copy(Term *to, uint64_t from,
                                                               uint64_t n) {
    uint64_t word;
    __asm__("cmpq $8, %[n]\n\t"
            "jb 2f\n\t"
            "movq -8(%[from],%[n]), %[word]\n\t"
            "movq %[word], -8(%[to],%[n])\n\t"
            "decq %[n]\n\t"
            "andq $-8, %[n]\n\t"
            "jz 4f\n"
            "1:\tmovq -8(%[from],%[n]), %[word]\n\t"
            "movq %[word], -8(%[to],%[n])\n\t"
            "subq $8, %[n]\n\t"
            "jnz 1b\n\t"
            "jmp 4f\n"
            "2:\ttestq %[n], %[n]\n\t"
            "jz 4f\n"
            "3:\tmovb -1(%[from],%[n]), %b[word]\n\t"
            "movb %b[word], -1(%[to],%[n])\n\t"
            "decq %[n]\n\t"
            "jnz 3b\n"
            "4:"
            : [n] "+r"(n), [word] "=&r"(word)
            : [from] "r"(from), [to] "r"(to)
            : "memory");
}

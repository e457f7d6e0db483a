// SPDX-License-Identifier: Apache-2.0
// Between C, on the thread's stack, and machine code, on the process's stack of return addresses.
//
// Registers of machine code (clang's preserve_none): r12 process, r13 frame, r14 heap top, r15d
// reductions, rdi rsi rdx rcx r8 r9 X0..X5, r11 rax T0 T1; rbx and r10 are scratch; xmm0..xmm6
// D0..D6, the other xmm are scratch. All are saved for C: a collection may move everything; D only
// by the functions that use them.
#include "gen/offsets.h"

// Of DWARF, and a number in three bytes.
#define DEF_CFA_EXPRESSION 0x0f
#define VAL_EXPRESSION     0x16
#define BREG               0x70
#define DEREF              0x06
#define LEB(n)             ((n) & 0x7f) | 0x80, ((n) >> 7 & 0x7f) | 0x80, (n) >> 14

    .text

// int jit_enter(Process *p): runs p from p->pc, with X0..X5 from its register file, until it
// leaves.
    .globl jit_enter
    .hidden jit_enter
    .type jit_enter, @function
jit_enter:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    pushq %r12
    .cfi_adjust_cfa_offset 8
    pushq %r13
    .cfi_adjust_cfa_offset 8
    pushq %r14
    .cfi_adjust_cfa_offset 8
    pushq %r15
    .cfi_adjust_cfa_offset 8
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    movq %rdi, %r12
    movq PROCESS_WORKER(%r12), %rax
    movq %rsp, WORKER_NATIVE_SP(%rax)
    movq PROCESS_PC(%r12), %rax

.Lload_raw:
    movq PROCESS_X(%r12), %r10
    movsd RAW_FILE_BYTES + 0(%r10), %xmm0
    movsd RAW_FILE_BYTES + 8(%r10), %xmm1
    movsd RAW_FILE_BYTES + 16(%r10), %xmm2
    movsd RAW_FILE_BYTES + 24(%r10), %xmm3
    movsd RAW_FILE_BYTES + 32(%r10), %xmm4
    movsd RAW_FILE_BYTES + 40(%r10), %xmm5
    movsd RAW_FILE_BYTES + 48(%r10), %xmm6

.Lload:  // on the thread's stack; goes on at rax
    movq PROCESS_X(%r12), %r10
    movq PROCESS_SP(%r12), %r13
    movq PROCESS_TOP(%r12), %r14
    movl PROCESS_REDS(%r12), %r15d
    movq 0(%r10), %rdi
    movq 8(%r10), %rsi
    movq 16(%r10), %rdx
    movq 24(%r10), %rcx
    movq 32(%r10), %r8
    movq 40(%r10), %r9
    movq PROCESS_RETURNS(%r12), %rsp
    jmp *%rax
    .cfi_endproc
    .size jit_enter, . - jit_enter

// HOLE_COLD: calls site->cold(p, site), the site being in r11, and goes where that says. The site
// is kept in the word below the saved registers: by it a debugger finds the op that is being done,
// as if that had been interrupted (which also tells it not to expect both frames on one stack).
    .macro COLD load
    movq %r13, PROCESS_SP(%r12)
    movq %r14, PROCESS_TOP(%r12)
    movl %r15d, PROCESS_REDS(%r12)
    movq %rdi, 0(%r10)
    movq %rsi, 8(%r10)
    movq %rdx, 16(%r10)
    movq %rcx, 24(%r10)
    movq %r8, 32(%r10)
    movq %r9, 40(%r10)
    movq %rsp, PROCESS_RETURNS(%r12)
    movq PROCESS_WORKER(%r12), %rax
    movq WORKER_NATIVE_SP(%rax), %rsp
    movq %r11, (%rsp)
    // rsp of the frame around: [r12 + PROCESS_RETURNS]; its rip: site->self.
    .cfi_escape DEF_CFA_EXPRESSION, 5, BREG + 12, LEB(PROCESS_RETURNS), DEREF
    .cfi_escape VAL_EXPRESSION, 16, 4, BREG + 7, 0, DEREF, DEREF
    movq %r12, %rdi
    movq %r11, %rsi
    call *SITE_COLD(%r11)
    testq %rax, %rax
    jne \load
    movl %edx, %eax
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .endm

    .globl jit_cold
    .hidden jit_cold
    .type jit_cold, @function
jit_cold:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_undefined %rip
    movq PROCESS_X(%r12), %r10
    COLD .Lload
    .cfi_endproc
    .size jit_cold, . - jit_cold

// The same of functions that use D.
    .globl jit_cold_raw
    .hidden jit_cold_raw
    .type jit_cold_raw, @function
jit_cold_raw:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_undefined %rip
    movq PROCESS_X(%r12), %r10
    movsd %xmm0, RAW_FILE_BYTES + 0(%r10)
    movsd %xmm1, RAW_FILE_BYTES + 8(%r10)
    movsd %xmm2, RAW_FILE_BYTES + 16(%r10)
    movsd %xmm3, RAW_FILE_BYTES + 24(%r10)
    movsd %xmm4, RAW_FILE_BYTES + 32(%r10)
    movsd %xmm5, RAW_FILE_BYTES + 40(%r10)
    movsd %xmm6, RAW_FILE_BYTES + 48(%r10)
    COLD .Lload_raw
    .cfi_endproc
    .size jit_cold_raw, . - jit_cold_raw

    .section .note.GNU-stack,"",@progbits

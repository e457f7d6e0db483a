// SPDX-License-Identifier: Apache-2.0
// Between C, on the thread's stack, and machine code, on the process's stack of return addresses.
//
// Registers of machine code (clang's preserve_none): r12 process, r13 frame, r14 heap top, r15d
// reductions, rdi rsi rdx rcx r8 r9 X0..X5, r11 rax T0 T1; rbx and r10 are scratch. All are saved
// for C: a collection may move everything.
#include "gen/offsets.h"

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

// HOLE_COLD: calls site->cold(p, site), the site being in r11, and goes where that says.
    .globl jit_cold
    .hidden jit_cold
    .type jit_cold, @function
jit_cold:
    .cfi_startproc
    .cfi_undefined %rip
    movq PROCESS_X(%r12), %r10
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
    movq %r12, %rdi
    movq %r11, %rsi
    call *SITE_COLD(%r11)
    testq %rax, %rax
    jne .Lload
    movl %edx, %eax
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .cfi_endproc
    .size jit_cold, . - jit_cold

    .section .note.GNU-stack,"",@progbits

// SPDX-License-Identifier: Apache-2.0
// Between C and machine code, which run on the thread's stack both; return addresses of machine
// code are on the process's own, by x29.
//
// Registers of machine code (clang's preserve_none): x20 process, x21 frame, x22 heap top, w23
// reductions, x24..x28 x0 X0..X5, x1 x2 T0 T1, x29 the stack of return addresses; the other x are
// scratch, but for x18 and sp; d0..d6 D0..D6, the other d are scratch. All are saved for C: a
// collection may move everything; D only by the functions that use them.
#include "gen/offsets.h"

// Of DWARF.
#define VAL_EXPRESSION 0x16
#define BREG           0x70
#define DEREF          0x06

    .text

// int jit_enter(Process *p): runs p from p->pc, with X0..X5 from its register file, until it
// leaves. Its frame: a word for the site, then what C wants to be kept.
    .set FRAME, 176
    .globl jit_enter
    .hidden jit_enter
    .type jit_enter, %function
    .balign 16
jit_enter:
    .cfi_startproc
    sub sp, sp, #FRAME
    .cfi_adjust_cfa_offset FRAME
    stp x29, x30, [sp, #16]
    .cfi_offset 29, 16 - FRAME
    .cfi_offset 30, 24 - FRAME
    stp x19, x20, [sp, #32]
    stp x21, x22, [sp, #48]
    stp x23, x24, [sp, #64]
    stp x25, x26, [sp, #80]
    stp x27, x28, [sp, #96]
    stp d8, d9, [sp, #112]
    stp d10, d11, [sp, #128]
    stp d12, d13, [sp, #144]
    stp d14, d15, [sp, #160]
    mov x20, x0
    ldr x16, [x20, #PROCESS_PC]

.Lload_raw:
    ldr x9, [x20, #PROCESS_X]
    add x9, x9, #RAW_FILE_BYTES
    ldp d0, d1, [x9]
    ldp d2, d3, [x9, #16]
    ldp d4, d5, [x9, #32]
    ldr d6, [x9, #48]

.Lload:  // goes on at x16
    ldr x9, [x20, #PROCESS_X]
    ldr x21, [x20, #PROCESS_SP]
    ldr x22, [x20, #PROCESS_TOP]
    ldr w23, [x20, #PROCESS_REDS]
    ldp x24, x25, [x9]
    ldp x26, x27, [x9, #16]
    ldp x28, x0, [x9, #32]
    ldr x29, [x20, #PROCESS_RETURNS]
    br x16
    .cfi_endproc
    .size jit_enter, . - jit_enter

// HOLE_COLD: calls site->cold(p, site), the site being in x1, and goes where that says. The site is
// kept in the frame of jit_enter: by it a debugger finds the op that is being done, as if that had
// been interrupted.
    .macro COLD load
    str x21, [x20, #PROCESS_SP]
    str x22, [x20, #PROCESS_TOP]
    str w23, [x20, #PROCESS_REDS]
    stp x24, x25, [x9]
    stp x26, x27, [x9, #16]
    stp x28, x0, [x9, #32]
    str x29, [x20, #PROCESS_RETURNS]
    str x1, [sp]
    // The frame around has the same x29 and sp; it is at site->self.
    .cfi_def_cfa 29, 0
    .cfi_same_value 29
    .cfi_same_value 31
    .cfi_escape VAL_EXPRESSION, 30, 4, BREG + 31, 0, DEREF, DEREF
    mov x0, x20
    ldr x16, [x1, #SITE_COLD]
    blr x16
    mov x16, x0
    cbnz x0, \load
    mov w0, w1
    ldp x29, x30, [sp, #16]
    ldp x19, x20, [sp, #32]
    ldp x21, x22, [sp, #48]
    ldp x23, x24, [sp, #64]
    ldp x25, x26, [sp, #80]
    ldp x27, x28, [sp, #96]
    ldp d8, d9, [sp, #112]
    ldp d10, d11, [sp, #128]
    ldp d12, d13, [sp, #144]
    ldp d14, d15, [sp, #160]
    add sp, sp, #FRAME
    ret
    .endm

    .globl jit_cold
    .hidden jit_cold
    .type jit_cold, %function
    .balign 16
jit_cold:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_undefined 30
    ldr x9, [x20, #PROCESS_X]
    COLD .Lload
    .cfi_endproc
    .size jit_cold, . - jit_cold

// The same of functions that use D.
    .globl jit_cold_raw
    .hidden jit_cold_raw
    .type jit_cold_raw, %function
    .balign 16
jit_cold_raw:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_undefined 30
    ldr x9, [x20, #PROCESS_X]
    add x10, x9, #RAW_FILE_BYTES
    stp d0, d1, [x10]
    stp d2, d3, [x10, #16]
    stp d4, d5, [x10, #32]
    str d6, [x10, #48]
    COLD .Lload_raw
    .cfi_endproc
    .size jit_cold_raw, . - jit_cold_raw

    .section .note.GNU-stack,"",%progbits

// SPDX-License-Identifier: Apache-2.0
// Work space for GMP, which aborts when it finds no memory: a piece large enough for the coming
// operation is taken first, where failing is still possible, and GMP's allocations on this thread
// are served from it.
//
// GMP's memory functions are set once for the whole operating system process; on threads without a
// Scratch, or when one does not suffice, they are malloc and free, as GMP's own are, so other users
// of GMP in the program notice nothing. Tests: tests/unit/vm/term/bignum_test.c (no operation on
// largest operands may run over its scratch).
#pragma once

#include "vm/base/alloc.h"

typedef struct {
    MemStats *mem;
    void *block; // NULL: nothing was needed
} Scratch;

// Room for GMP to work on operands of `limbs` limbs in all. Not nested. False: no memory.
MUST_USE bool scratch_begin(Scratch *s, MemStats *mem, size_t limbs);
void scratch_end(Scratch *s);
// How many bytes the operations of this thread took beyond their scratch since it started: 0 unless
// the estimate is wrong.
size_t scratch_overrun(void);

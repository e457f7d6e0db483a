// SPDX-License-Identifier: Apache-2.0
// Segments of bytes that are being built: shared by the op bits_build (slow_build.c) and by
// comprehensions that gather segments in a list (collect.c).
#pragma once

#include "vm/proc/process.h"

enum { SEGMENT_WORDS = 3 }; // generic words of one in the list of bits_build

typedef struct {
    uint32_t spec; // SEG_* of ops.h
    Term value;
    Term size;
} Segment;

// How many bits the segment takes. TERM_TRUE, or TERM_NONE after :badarg.
Term segment_bits(Process *p, Segment s, uint64_t *bits);
// Puts a segment that is not bytes at bit position `at`, where all is 0. How many bits it took.
uint64_t segment_put(uint8_t *data, uint64_t at, Segment s);
// Bytes of a segment of bytes.
size_t segment_len(Segment s);

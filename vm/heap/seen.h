// SPDX-License-Identifier: Apache-2.0
// A set of addresses of terms in any memory, with what became of them: for copies that keep sharing, and for checks.
//
// Marks are bitmaps, one per page of addresses, found by hash: a few nanoseconds a mark, two bits a word. Where a term was
// reached twice, and only there, a second table holds its copy. Memory of kind MEM_SCRATCH; one thread.
// Tests: through copy_test.c.
#pragma once

#include "vm/base/alloc.h"
#include "vm/term/room.h"

typedef struct {
    uintptr_t page;  // number; 0: free entry
    uint64_t once[8];
    uint64_t again[8];
} SeenPage;

typedef struct {
    uintptr_t address;  // 0: free entry
    Term copy;
} SeenCopy;

typedef struct {
    MemStats *mem;
    SeenPage *pages;
    size_t page_count;
    size_t page_capacity;
    SeenPage *last;
    SeenCopy *copies;
    size_t copy_count;
    size_t copy_capacity;
} Seen;

typedef enum { SEEN_FIRST, SEEN_AGAIN, SEEN_NO_MEMORY } SeenStatus;

void seen_init(Seen *s, MemStats *mem);
void seen_free(Seen *s);
// Marks what the pointer t leads to.
SeenStatus seen_mark(Seen *s, Term t);
// Whether it was marked twice or more.
bool seen_is_shared(Seen *s, Term t);
// The copy of a term that is shared; TERM_NONE when it has none yet.
Term seen_copy(const Seen *s, Term t);
MUST_USE bool seen_set_copy(Seen *s, Term t, Term copy);

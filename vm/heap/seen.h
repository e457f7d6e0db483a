// SPDX-License-Identifier: Apache-2.0
// A set of addresses of terms in any memory, with what became of them: for copies that keep
// sharing, and for checks.
//
// Marks are bitmaps, one per page of addresses, found by hash: a few nanoseconds a mark, two bits a
// word. The copies of what was reached twice stand in an array of their page, by rank among its
// marks; so nothing grows by more than a page, but for the table of pages (16 bytes for 4 KB). All
// marks are made before the first copy is kept. Memory of kind MEM_SCRATCH; one thread. Tests:
// through copy_test.c.
#pragma once

#include "vm/base/alloc.h"
#include "vm/term/room.h"

typedef struct {
    uint64_t once[8];
    uint64_t again[8];
    Term *copies; // of the words in `again`, in order; NULL until there is one
} SeenPage;

typedef struct {
    uintptr_t number; // of the page; 0: free entry
    SeenPage *page;
} SeenEntry;

typedef struct SeenSlab SeenSlab;

typedef struct {
    MemStats *mem;
    SeenEntry *entries;
    size_t count;
    size_t capacity;
    SeenSlab *slabs;       // where the pages are, newest first
    uintptr_t last_number; // page found last
    SeenPage *last;
} Seen;

typedef enum { SEEN_FIRST, SEEN_AGAIN, SEEN_NO_MEMORY } SeenStatus;

void seen_init(Seen *s, MemStats *mem);
void seen_free(Seen *s);
// Marks what the pointer t leads to.
SeenStatus seen_mark(Seen *s, Term t);
// Whether it was marked twice or more.
bool seen_is_shared(Seen *s, Term t);
// The copy of a term that is shared; TERM_NONE when it has none yet.
Term seen_copy(Seen *s, Term t);
// False: no memory.
MUST_USE bool seen_set_copy(Seen *s, Term t, Term copy);

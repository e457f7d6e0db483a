// SPDX-License-Identifier: Apache-2.0
// Literals: terms of modules, constant and shared by all processes. They lie in one reserved range
// of addresses per VM, so a collection recognises them by one comparison and leaves them alone.
//
// The range is reserved without memory behind it; blocks of whole pages are committed from it,
// first fit, one for each module. A block is filled once by its loader and is immutable from
// publication on (sealed: mapped read-only in debug builds). It is freed when no process and no
// message refers to it (heap_refers, heap_evict). Takes LOCK_LITERAL. Tests: tests/unit/vm/heap,
// tests/fuzz/fuzz_heap.c.
#pragma once

#include "vm/base/lock.h"
#include "vm/term/room.h"

typedef struct LiteralSpace LiteralSpace;
typedef struct LiteralBlock LiteralBlock;

struct LiteralBlock {
    LiteralBlock *next; // by address
    Term *data;
    size_t words;    // committed
    Room room;       // what is left
    OffHeap offheap; // SHARED boxes in it
};

// NULL when no range can be had.
LiteralSpace *literal_space_new(MemStats *mem);
// Frees all blocks.
void literal_space_free(LiteralSpace *space);

// A block of at least `words`. NULL: no memory.
LiteralBlock *literal_alloc(LiteralSpace *space, size_t words);
// Build into &block->room until then.
void literal_seal(LiteralBlock *block);
void literal_free(LiteralSpace *space, LiteralBlock *block);

uintptr_t literal_base(const LiteralSpace *space);
size_t literal_size_bytes(const LiteralSpace *space);

static inline bool literal_block_holds(const LiteralBlock *block, Term t) {
    return term_is_pointer(t) && (size_t)(term_pointer(t) - block->data) < block->words;
}

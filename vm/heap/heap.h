// SPDX-License-Identifier: Apache-2.0
// A process's memory. One block holds the young heap (growing up) and the stack of values (growing
// down); a second one the old heap. Blocks come from pools by size class (block.h). Messages taken from the mailbox
// stay in their fragments, which belong to the heap from then on until the next collection copies them out.
//
//   block: [ survivors | new .......... top → free ← sp | stack of values ]
//          start       mature            top         sp                 stack_end
//
// Invariants: no pointer leads from old to young (terms are immutable; the one write to an old cell, filling a
// hole, is remembered); literals are outside and never copied or moved; only the owner's thread touches a heap.
// Building needs a Room: heap_reserve may collect, so reserve first and read terms into locals afterwards; the room_*
// constructors cannot collect and assert that the room suffices.
// Generational copying: Cheney 1970; survivors of two minor collections go to the old heap.
// Tests: tests/unit/vm/heap; COP_STRESS=gc collects at every reserve and poisons what was left.
#pragma once

#include "vm/term/term.h"

// A piece of memory with a message's terms. `words` in use; shared bytes in it are threaded on `offheap`.
struct Fragment {
    Fragment *next;
    Term *offheap;       // first SHARED box in this fragment, or NULL
    uint32_t capacity;   // words
    uint32_t words;
    Term data[];
};

typedef void (*RootVisit)(void *collection, Term *slot, size_t count);

struct Heap {
    Term *start;      // young block
    Term *top;        // next free word
    Term *sp;         // lowest word of the value stack in use; the current frame's Y0
    Term *stack_end;  // end of the block; sp == stack_end: no frames
    Term *mature;     // below it: survived one minor collection already
    Term *old_start;
    Term *old_top;
    Term *old_end;
    Fragment *fragments;        // adopted; freed by the next collection
    Term *offheap_young;        // SHARED boxes, threaded
    Term *offheap_old;
    size_t fragment_words;
    size_t offheap_bytes;       // bytes of shared data referred to since the last full collection
    size_t limit_words;         // 0: none. Beyond it reserve fails with :limit(:heap)
    uint32_t minor_count;       // since the last full collection
    // Calls visit for every root of the owner: registers, frames, pending signals' terms. Set by proc/.
    void (*each_root)(Process *owner, RootVisit visit, void *collection);
    Process *owner;
};

// Permission to build `end - at` words.
typedef struct {
    Term *at;
    Term *end;
    Term **offheap;  // where new SHARED boxes are threaded
} Room;

// Makes room for `words`, collecting if need be. May move every term of the heap: `roots[0..count)`
// are updated with what each_root visits; all else that the caller holds is stale. Owner thread.
// False when the limit or memory is reached; nothing is lost then. Programs reach it through
// process_reserve (vm/proc/process.h), which turns false into the failure :limit(:heap).
bool heap_reserve(Heap *heap, size_t words, Term *roots, size_t count, Room *room);

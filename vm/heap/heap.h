// SPDX-License-Identifier: Apache-2.0
// A process's memory. One block holds the young heap (growing up) and the stack of values (growing
// down); a second one the old heap. Blocks come from pools by size class (block.h). Messages taken
// from the mailbox stay in their fragments, which belong to the heap from then on until the next
// collection copies them out.
//
//   block: [ survivors | new .......... top → free ← sp | stack of values ]
//          start                         top         sp                 stack_end
//
// A small heap has no old one: what survives is moved to the front of a new young block. Once there
// is an old heap, all that survives goes there and the young block is empty after a collection.
//
// Invariants: no pointer leads from old to young (terms are immutable; the one write to an existing
// cell is told to the collector: heap_remember); literals are outside and never copied or moved;
// only the owner's thread touches a heap. Building needs a Room: heap_reserve may collect, so
// reserve first and read terms into locals afterwards; the room_* constructors cannot collect and
// assert that the room suffices.
//
// Generational copying: Cheney 1970, Appel 1989. What a collection needs of its surroundings comes through `pool`, which the
// scheduler sets when it starts to run the owner; a thread of the blocking pool may collect just as
// well, with a pool of its own, while the owner is kept from running. Tests: tests/unit/vm/heap;
// COP_STRESS=gc collects at every reserve and poisons what was left.
#pragma once

#include "vm/heap/block.h"
#include "vm/heap/literal.h"
#include "vm/term/room.h"

// A piece of memory with a message's terms. `words` in use; shared bytes in it are threaded on
// `offheap`. Allocated as MEM_FRAGMENT, freed by fragment_free (copy.h) or by the heap that adopted
// it.
struct Fragment {
    Fragment *next;
    OffHeap offheap;
    uint32_t capacity; // words
    uint32_t words;
    Term data[];
};

typedef struct OldBlock OldBlock; // the old heap: gc_private.h

// Why heap_collect and heap_reserve could not do it; nothing is lost then.
typedef enum {
    HEAP_OK,
    HEAP_LIMIT,  // over limit_words, or over 15/16 of it after a full collection: the owner ends
                 // with :limit(:heap)
    HEAP_MEMORY, // the VM has no memory left: the owner ends with :limit(:memory)
} HeapStatus;

struct Heap {
    Term *start;         // young block
    Term *top;           // next free word
    Term *sp;            // lowest word of the value stack in use; the current frame's Y0
    Term *stack_end;     // end of the block; sp == stack_end: no frames
    OldBlock *old;       // NULL for a small heap
    Fragment *fragments; // adopted; freed by the next collection
    size_t fragment_words;
    const Fragment *
        foreign; // a message that the owner looks at and has not taken: terms may lead into it, and
                 // it stays where it is
    OffHeap offheap_young;  // SHARED boxes of the young block
    size_t offheap_trigger; // bytes of offheap_young.bytes at which to collect
    size_t
        limit_words; // 0: none. Beyond it reserve fails with :limit(:heap); counts off-heap bytes
                     // too
    uint32_t survivors;  // words of the young block that have survived the last collection
    uint8_t minor_count; // since its memory was given back (heap_shrink), up to UINT8_MAX
    uint8_t collections; // made, modulo 256: who compares sees that there was one
    uint8_t why; // HeapStatus of the last heap_ensure, heap_reserve or heap_collect that collected
    bool need_full : 1; // the next collection must be a full one
    bool deferred : 1;  // a collection was due and put off
    BlockPool *pool;    // of the thread that runs the owner; set before it runs
};

// HEAP_FIRST_WORDS: the block of a new process: with an idle process in mind (the smallest class of
// block.c).
enum { HEAP_FIRST_WORDS = 12 };

// An empty heap with one block of at least `words` (0: HEAP_FIRST_WORDS), no frames. The
// limit is the caller's to set. False: no memory.
MUST_USE bool heap_init(Heap *heap, BlockPool *pool, size_t words);
// Frees all: blocks, fragments, references to shared bytes. heap->pool must be the calling
// thread's.
void heap_destroy(Heap *heap);

// Free words between top and sp.
static inline size_t heap_free_words(const Heap *heap) {
    return (size_t)(heap->sp - heap->top);
}

// Makes room for `words`, collecting if need be. May move every term of the heap: `roots[0..count)`
// are updated with what each_root visits; all else that the caller holds is stale. The stack moves
// too: heap->sp is new by the time each_root is called. Owner thread.
// False when the limit or memory is reached; nothing is lost then, and heap_why says which.
// Programs reach it through process_reserve (vm/proc/process.h), which turns false into the failure
// :limit(:heap). The words count as used at once (top moves): what remains of the room is garbage,
// or given back by heap_trim.
MUST_USE bool heap_reserve(Heap *heap, size_t words, Term *roots, size_t count, Room *room);
// The same without a room: afterwards at least `words` are free between top and sp, for ops that
// bump top or sp themselves.
MUST_USE HeapStatus heap_ensure(Heap *heap, size_t words, Term *roots, size_t count);
// Why the last heap_reserve failed. HEAP_LIMIT stays until a collection finds otherwise.
static inline HeapStatus heap_why(const Heap *heap) {
    return (HeapStatus)heap->why;
}

// Gives back what the room has left, if nothing was reserved after it.
static inline void heap_trim(Heap *heap, const Room *room) {
    if (room->end == heap->top) {
        heap->top = room->at;
    }
}

// Words of adopted messages beyond twice what survived the last collection. Few: what is received
// stays in the cache until it is given back, and a collection of a small heap costs less than what
// it frees. (Not in proportion to the block, whose size follows the messages' in turn.)
enum { HEAP_FRAGMENT_WORDS = 512 };

// Whether adopted messages or off-heap bytes ask for a collection though there are free words: then
// heap_ensure collects whatever is asked for. To be looked at after heap_adopt, at a point where
// collecting is possible.
static inline bool heap_is_pressed(const Heap *heap) {
    return heap->offheap_young.bytes > heap->offheap_trigger ||
           heap->fragment_words > HEAP_FRAGMENT_WORDS + 2 * (size_t)heap->survivors;
}

// Where a thread's pool `defers`, collections that may take over about a millisecond are put off:
// heap_ensure and heap_reserve do without where that is possible, and where it is not the caller
// asks first:
// heap_defers: whether a collection now, for `words`, would be such a one. It is marked as due
// then. Few words only. heap_reserve_aside: room beside the block, in a fragment. False: it would
// have to collect after all.
bool heap_defers(Heap *heap, size_t words);
MUST_USE bool heap_reserve_aside(Heap *heap, size_t words, Room *room);
// Whether the owner, which has stopped, should be collected by a thread that does not defer, before
// it runs on: heap_collect_due there. The owner is marked as collecting and runs nowhere,
// heap->pool is set to the other thread's pool, and is set back when the owner runs again.
bool heap_wants_collection(const Heap *heap);
MUST_USE HeapStatus heap_collect_due(Heap *heap);
// Whether heap_destroy may take over a millisecond.
bool heap_destroy_is_long(const Heap *heap);

// A full collection, after which at least `words` are free.
MUST_USE HeapStatus heap_collect(Heap *heap, size_t words, Term *roots, size_t count);
// Gives back slack: for an owner that waits long. A full collection into the smallest block; does
// nothing where there is little to gain. No failure matters.
void heap_shrink(Heap *heap);

// Takes a fragment over: its terms are as good as the heap's own from now on.
void heap_adopt(Heap *heap, Fragment *fragment);

// The only write to a cell is to the tail of the last one of an unfinished list (vm/ops/data.op.h).
// Where that cell is not new, heap_remember goes before it, with no collection between: what the
// cell leads to may be younger than it is.
void heap_remember(Heap *heap, Term cell);

// Whether the cell is not in the old heap; `top` is heap->top where that is in a register.
static inline bool heap_is_new(const Heap *heap, const Term *top, Term cell) {
    return cell.bits >= (uintptr_t)heap->start && cell.bits < (uintptr_t)top;
}

// Both: gives the last cell of an unfinished list its tail.
void heap_fill(Heap *heap, Term cell, Term tail);

// A full collection that also copies what the heap holds of the literals [from, from + words), so
// that they may be freed. heap_refers tells whether there is any (looks at all that is reachable,
// in the time of a full collection).
bool heap_refers(Heap *heap, const Term *from, size_t words);
MUST_USE HeapStatus heap_evict(Heap *heap, const Term *from, size_t words);

// Whether the heap, garbage included, holds a closure of the functions [from, from + bytes).
bool heap_has_closures(const Heap *heap, const void *from, size_t bytes);

typedef struct {
    size_t young_words; // in use, stack not counted
    size_t old_words;
    size_t stack_words;
    size_t fragment_words;
    size_t block_words;   // of memory held, fragments not counted
    size_t offheap_bytes; // kept alive by references from here, each reference counting its share
} HeapUse;
HeapUse heap_use(const Heap *heap);

// Walks everything reachable and CHECKs the invariants: every pointer leads to a live object of the
// right owner, headers are sound, no old object points to a young one. Slow: debug builds at
// switches and tests. Does not change anything.
void heap_verify(Heap *heap);

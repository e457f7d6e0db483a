// SPDX-License-Identifier: Apache-2.0
// Copying terms between owners: messages, spawn arguments, literals.
//
// A copy shares shared bytes by reference and leaves literals where they are, but for those that
// are doomed (BlockPool.doomed, as it is when the copy begins); a term with a doomed closure cannot
// be copied. Sharing inside a term is kept once it is larger than COPY_TREE_WORDS: below that it is
// cheaper to copy a shared part twice; above, a term such as a tower of pairs of itself would
// otherwise grow exponentially. So a copy goes in two steps: measuring (which counts every box once
// and notes those that are reached twice) and building. Both run in slices. No C recursion. The
// source must not move or be collected between the two (the sender waits meanwhile), except by
// starting anew. Tests: tests/unit/vm/heap, tests/fuzz/fuzz_heap.c.
#pragma once

#include "vm/heap/heap.h"
#include "vm/heap/seen.h"
#include "vm/term/stack.h"

enum { COPY_TREE_WORDS = 16 * 1024 };

typedef struct {
    BlockPool *pool; // for the range of literals and memory
    Term source;
    size_t words; // measured so far
    TermStack stack;
    Term next;        // to be measured, or TERM_NONE
    bool keep_shared; // `seen` is in use
    Seen seen;
    const Term
        *evict; // literals [evict, evict + evict_words) are copied like other terms; set after init
    size_t evict_words;
    uintptr_t refused; // closures of functions [refused, refused + refused_size) are not copied:
                       // STEP_MEMORY
    size_t refused_size;
    Term *scan; // building: where slots may still lead to the source
    Term result;
} Copying;

void copying_init(Copying *c, BlockPool *pool, Term source);
// STEP_DONE: `words` is how much room the copy needs. 1 of the budget for each box or cell.
StepStatus copying_measure(Copying *c, int64_t *budget);
// Into a room of at least `words`; `result` is the copy. The room must be the same in every call.
StepStatus copying_build(Copying *c, Room *room, int64_t *budget);
void copying_free(Copying *c);

// All at once, for terms known to be small. A term that needs no words (an immediate, a literal)
// has no fragment:
// *fragment is NULL then. False: no memory.
MUST_USE bool copy_to_fragment(BlockPool *pool, Term source, Term *result, Fragment **fragment);
// Words that copy_to_room needs; at once.
MUST_USE bool copy_words(BlockPool *pool, Term source, size_t *words);
MUST_USE bool copy_to_room(BlockPool *pool, Term source, Room *room, Term *result);
// An empty fragment of that capacity; fragment_room builds in it, all words counting as used. NULL:
// no memory.
Fragment *fragment_new(MemStats *mem, size_t words);
Room fragment_room(Fragment *fragment);
// Frees it with its references to shared bytes.
void fragment_free(MemStats *mem, Fragment *fragment);
// Whether it holds a closure of the functions [from, from + bytes), by the look of its words.
bool fragment_has_closures(const Fragment *fragment, const void *from, size_t bytes);
// Whether the fragment's terms (and `root`) refer to literals [from, from + words).
bool fragment_refers(const Fragment *fragment, const Term *from, size_t words);

// SPDX-License-Identifier: Apache-2.0
// The work stack of everything that walks nested terms (comparing, hashing, printing, sizing): a
// few frames inside the owner, then memory of kind MEM_SCRATCH. A frame names a position in one or
// two terms by container and index, so that a collection may move the terms between two runs.
// Tests: through those of its users.
#pragma once

#include "vm/base/alloc.h"
#include "vm/term/room.h"

enum { STACK_INLINE = 16 };

typedef struct {
    Term a;
    Term b;         // TERM_NONE where one term is walked
    uint64_t index; // next element
    uint32_t kind;  // the owner's
    uint32_t data;  // the owner's
} TermFrame;

typedef struct {
    MemStats *mem;
    TermFrame *frames; // `inline_frames` or allocated
    size_t count;
    size_t capacity;
    bool urgent; // may go beyond the limit: for callers that have no way to fail
    TermFrame inline_frames[STACK_INLINE];
} TermStack;

void term_stack_init(TermStack *s, MemStats *mem, bool urgent);
void term_stack_free(TermStack *s);
bool term_stack_grow(TermStack *s);
void term_stack_each_root(TermStack *s, RootVisit visit, void *collection);

// NULL when there is no memory. The pointer is good until the next push.
static inline TermFrame *term_stack_push(TermStack *s) {
    if (UNLIKELY(s->count == s->capacity) && !term_stack_grow(s)) {
        return NULL;
    }
    return &s->frames[s->count++];
}

static inline TermFrame *term_stack_top(TermStack *s) {
    return s->count == 0 ? NULL : &s->frames[s->count - 1];
}

static inline void term_stack_pop(TermStack *s) {
    ASSERT(s->count > 0);
    s->count--;
}

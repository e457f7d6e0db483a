// SPDX-License-Identifier: Apache-2.0
// Growth of the work stack of term walkers.
#include "vm/term/stack.h"

void term_stack_init(TermStack *s, MemStats *mem, bool urgent) {
    s->mem = mem;
    s->frames = NULL;
    s->count = 0;
    s->capacity = STACK_INLINE;
    s->urgent = urgent;
    s->frames = s->inline_frames;
}

void term_stack_free(TermStack *s) {
    if (s->frames != s->inline_frames) {
        mem_free(s->mem, MEM_SCRATCH, s->frames);
    }
    s->frames = s->inline_frames;
    s->count = 0;
    s->capacity = STACK_INLINE;
}

bool term_stack_grow(TermStack *s) {
    size_t size_bytes = s->capacity * 2 * sizeof(TermFrame);
    TermFrame *frames = s->urgent ? mem_alloc_urgent(s->mem, MEM_SCRATCH, size_bytes)
                                  : mem_alloc(s->mem, MEM_SCRATCH, size_bytes);
    if (frames == NULL) {
        return false;
    }
    memcpy(frames, s->frames, s->count * sizeof(TermFrame));
    if (s->frames != s->inline_frames) {
        mem_free(s->mem, MEM_SCRATCH, s->frames);
    }
    s->frames = frames;
    s->capacity *= 2;
    return true;
}

void term_stack_each_root(TermStack *s, RootVisit visit, void *collection) {
    for (size_t i = 0; i < s->count; i++) {
        static_assert(offsetof(TermFrame, b) == offsetof(TermFrame, a) + sizeof(Term),
                      "visited as two");
        visit(collection, &s->frames[i].a, 2);
    }
}

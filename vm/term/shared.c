// SPDX-License-Identifier: Apache-2.0
// Shared bytes: making, claiming spare capacity, freeing.
#include "vm/term/shared.h"

SharedBytes *shared_new(MemStats *mem, size_t capacity) {
    if (capacity > SIZE_MAX / 2) {
        return NULL;
    }
    SharedBytes *s = mem_alloc(mem, MEM_SHARED, sizeof *s + capacity);
    if (s != NULL) {
        atomic_init(&s->refs, 1);
        atomic_init(&s->used, 0);
        s->capacity = capacity;
        s->mem = mem;
    }
    return s;
}

void shared_free(SharedBytes *s) {
    mem_free(s->mem, MEM_SHARED, s);
}

bool shared_claim(SharedBytes *s, size_t end, size_t len) {
    if (end > s->capacity || len > s->capacity - end) {
        return false;
    }
    // Relaxed: who wins writes the bytes and hands the result on by means that order memory.
    uint64_t expected = end;
    return atomic_compare_exchange_strong_explicit(&s->used, &expected, end + len,
                                                   memory_order_relaxed, memory_order_relaxed);
}

size_t shared_share(const SharedBytes *s) {
    // Relaxed: a figure for accounting only.
    uint64_t refs = atomic_load_explicit(&s->refs, memory_order_relaxed);
    return s->capacity / (refs != 0 ? refs : 1);
}

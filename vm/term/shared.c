// SPDX-License-Identifier: Apache-2.0
// Shared bytes: making, claiming spare capacity, freeing. Large ones have pages of their own, of the
// kind that costs one fault for 2 MiB: a text that grows is written once and moved a few times, and
// faults of 4 KiB would cost more than both.
#include "vm/term/shared.h"

enum {
    PAGE_BYTES = 4096,
    HUGE_PAGE_BYTES = 2 * 1024 * 1024,
    MAPPED_MIN = 2 * HUGE_PAGE_BYTES,
};

// What is mapped for so much capacity; 0: it is allocated.
static size_t mapped_bytes(size_t capacity) {
    size_t size = sizeof(SharedBytes) + capacity;
    return size < MAPPED_MIN ? 0 : (size + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
}

static SharedBytes *map_shared(MemStats *mem, size_t size) {
    SharedBytes *s = mem_map(mem, MEM_SHARED, size, HUGE_PAGE_BYTES);
    if (s != NULL) {
        mem_advise_huge(s, size);
    }
    return s;
}

SharedBytes *shared_new(MemStats *mem, size_t capacity) {
    if (capacity > SIZE_MAX / 2) {
        return NULL;
    }
    size_t mapped = mapped_bytes(capacity);
    SharedBytes *s =
        mapped != 0 ? map_shared(mem, mapped) : mem_alloc(mem, MEM_SHARED, sizeof *s + capacity);
    if (s != NULL) {
        atomic_init(&s->refs, 1);
        atomic_init(&s->used, 0);
        s->capacity = capacity;
        s->mem = mem;
    }
    return s;
}

void shared_free(SharedBytes *s) {
    size_t mapped = mapped_bytes(s->capacity);
    if (mapped != 0) {
        mem_unmap(s->mem, MEM_SHARED, s, mapped);
    } else {
        mem_free(s->mem, MEM_SHARED, s);
    }
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

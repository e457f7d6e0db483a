// SPDX-License-Identifier: Apache-2.0
// Shared bytes: data of more than BYTES_HEAP_MAX bytes, outside heaps, counted by reference; the
// last one frees.
//
// data[0 .. used) never changes. Spare capacity lets whoever holds a view that ends at `used`
// append in place: it claims the bytes by moving `used` with compare-and-swap, then writes what
// only it can see. So `<>` in a loop is amortised O(1). Any thread; a reference may be handed to
// another thread by any means that orders memory (a signal does). Tests:
// tests/unit/vm/term/bytes_test.c.
#pragma once

#include "vm/base/alloc.h"

struct SharedBytes {
    _Atomic uint64_t refs;
    _Atomic uint64_t used;
    uint64_t capacity;
    MemStats *mem;
    uint8_t data[];
};

// The words of a SHARED box (kinds.def), its header counted.
enum { SHARED_DATA = 1, SHARED_LEN, SHARED_NEXT, SHARED_OWNER };

// One reference, nothing used. NULL when there is no memory.
SharedBytes *shared_new(MemStats *mem, size_t capacity);
void shared_free(SharedBytes *s);

static inline SharedBytes *shared_retain(SharedBytes *s) {
    // Relaxed: the caller holds a reference already, so the count cannot reach 0 meanwhile.
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

static inline void shared_release(SharedBytes *s) {
    // Release and acquire: all use of the data comes before it is freed. (Not a fence, which
    // ThreadSanitizer does not see.)
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1) {
        shared_free(s);
    }
}

// Claims `len` bytes after a view that ends at `end`: true when they are now the caller's to fill.
bool shared_claim(SharedBytes *s, size_t end, size_t len);
// The bytes of memory that one of the references answers for: capacity divided by references.
size_t shared_share(const SharedBytes *s);

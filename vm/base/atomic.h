// SPDX-License-Identifier: Apache-2.0
// Atomics: C11's own, always with the order named (`atomic_load_explicit(p, memory_order_acquire)`)
// and its partner in a comment, and what C11 leaves out.
#pragma once

#include <stdalign.h>
#include <stdatomic.h>

enum { CACHE_LINE = 64 };

// Fields that different threads write stand on lines of their own: `ON_OWN_LINE _Atomic uint64_t
// head;`
#define ON_OWN_LINE alignas(CACHE_LINE)

// A hint to the core inside a loop that waits for another thread.
static inline void cpu_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

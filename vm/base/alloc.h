// SPDX-License-Identifier: Apache-2.0
// Memory of a VM outside process heaps: tagged by kind, counted, limited, and able to fail.
//
// Every allocation goes through a MemStats, one per VM. Counters are split into shards, and a
// thread writes its own, so counting does not make threads wait for each other; a shard tells the
// common total of its growth in steps of MEM_STEP bytes. As overcommit lets no allocation fail, the
// VM has a limit of its own: once the total is beyond it, allocation fails with NULL, and whoever
// asked fails (never the VM). MEM_URGENT goes past limit and fault injection, for a few small
// places that could not go on.
//
// All functions work on any thread and never block for long. Sizes are counted as the C library
// rounds them. No header is added: sanitizers and valgrind see plain malloc. Tests:
// tests/unit/vm/base/base_test.c.
#pragma once

#include <string.h>

#include "vm/base/atomic.h"
#include "vm/base/check.h"
#include "vm/vm.h"

typedef enum {
#define MEM_KIND(name, doc) MEM_##name,
#include "vm/base/memkinds.def"
#undef MEM_KIND
    MEM_KIND_COUNT
} MemKind;

enum { MEM_SHARDS = 16, MEM_STEP = 64 * 1024 };

typedef struct {
    ON_OWN_LINE _Atomic int64_t pending; // bytes not yet added to MemStats.total
    _Atomic int64_t bytes[MEM_KIND_COUNT];
} MemShard;

struct MemStats {
    uint64_t limit;                         // bytes; fixed at start
    ON_OWN_LINE _Atomic int64_t total;      // bytes in use, to within MEM_SHARDS * MEM_STEP
    ON_OWN_LINE _Atomic int64_t fail_after; // allocations until one fails; 0 or below: none will
    _Atomic uint64_t failures;              // allocations refused so far
    MemShard shards[MEM_SHARDS];
};

// Makes the counters of a VM. limit_bytes 0 means mem_default_limit(). NULL when there is no
// memory.
MemStats *mem_stats_new(uint64_t limit_bytes);
// In debug builds CHECKs that everything was freed.
void mem_stats_free(MemStats *mem);
// Three quarters of what the machine has or of what its cgroup allows, or a third of the addresses
// that a limit allows (RLIMIT_AS), whichever is least.
uint64_t mem_default_limit(void);

// At least `size` bytes, aligned for anything; NULL when the limit, the C library or fault
// injection says so.
MUST_USE void *mem_alloc(MemStats *mem, MemKind kind, size_t size);
MUST_USE void *mem_alloc_zero(MemStats *mem, MemKind kind, size_t size);
// Zeroed, and on cache lines of its own: for structs with fields that are ON_OWN_LINE.
MUST_USE void *mem_alloc_lines(MemStats *mem, MemKind kind, size_t size);
// As realloc: on NULL the old block stays as it was. `old` may be NULL.
MUST_USE void *mem_realloc(MemStats *mem, MemKind kind, void *old, size_t size);
// Ignores limit and fault injection; aborts when the system itself has nothing left.
void *mem_alloc_urgent(MemStats *mem, MemKind kind, size_t size);
// `kind` must be that of the allocation. NULL is allowed.
void mem_free(MemStats *mem, MemKind kind, void *block);

// Pages straight from the system, zeroed, aligned to `align` (a power of two, at least the page
// size).
MUST_USE void *mem_map(MemStats *mem, MemKind kind, size_t size, size_t align);
// Mapped pages that will be used from one end to the other: the system may give large ones at a time.
void mem_advise_huge(void *pages, size_t size);
void mem_unmap(MemStats *mem, MemKind kind, void *pages, size_t size);

// Counts memory that comes from elsewhere. False (nothing counted) when it is over the limit.
MUST_USE bool mem_charge(MemStats *mem, MemKind kind, size_t size);
void mem_discharge(MemStats *mem, MemKind kind, size_t size);

// Bytes in use of a kind, and of all kinds: exact when no other thread allocates.
uint64_t mem_used(const MemStats *mem, MemKind kind);
uint64_t mem_used_total(const MemStats *mem);
const char *mem_kind_name(MemKind kind);

// Fault injection: the n-th allocation from now fails (1: the next). 0 turns it off.
void mem_fail_nth(MemStats *mem, uint64_t n);

// Memory that an allocator of ours holds back: AddressSanitizer reports any use until it is
// unpoisoned. In debug builds it is filled as well, so that a stale term is a visible non-value;
// pass fill = false for memory of unknown cost.
void mem_poison_debug(void *memory, size_t size, bool fill);
void mem_unpoison_debug(void *memory, size_t size);
static inline void mem_poison(void *memory, size_t size, bool fill) {
    if (VM_DEBUG) {
        mem_poison_debug(memory, size, fill);
    }
}
static inline void mem_unpoison(void *memory, size_t size) {
    if (VM_DEBUG) {
        mem_unpoison_debug(memory, size);
    }
}

// SPDX-License-Identifier: Apache-2.0
// Counted memory over the C library and mmap. See alloc.h for the rules.
//
// A thread uses the shard that its number selects; two threads may share one, so shards are written
// with relaxed atomic additions: each counter stands alone and no other memory is read on account
// of it.
#include "vm/base/alloc.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(memory, size)   ASAN_POISON_MEMORY_REGION(memory, size)
#define UNPOISON(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define POISON(memory, size)   ((void)(memory), (void)(size))
#define UNPOISON(memory, size) ((void)(memory), (void)(size))
#endif

// Counting ---------------------------------------------------------------------------------------

static MemShard *own_shard(MemStats *mem) {
    static _Atomic unsigned threads;
    static _Thread_local unsigned number;
    if (number == 0) {
        number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    }
    return &mem->shards[number % MEM_SHARDS];
}

static void count_bytes(MemStats *mem, MemKind kind, int64_t delta) {
    MemShard *shard = own_shard(mem);
    atomic_fetch_add_explicit(&shard->bytes[kind], delta, memory_order_relaxed);
    int64_t pending =
        atomic_fetch_add_explicit(&shard->pending, delta, memory_order_relaxed) + delta;
    if (pending >= MEM_STEP || pending <= -MEM_STEP) {
        pending = atomic_exchange_explicit(&shard->pending, 0, memory_order_relaxed);
        atomic_fetch_add_explicit(&mem->total, pending, memory_order_relaxed);
    }
}

// Whether an allocation of `size` is refused, by the limit or by fault injection.
static bool refuses(MemStats *mem, size_t size) {
    int64_t total = atomic_load_explicit(&mem->total, memory_order_relaxed);
    bool refuse = size > mem->limit || (total > 0 && (uint64_t)total > mem->limit - size);
    if (atomic_load_explicit(&mem->fail_after, memory_order_relaxed) > 0 &&
        atomic_fetch_sub_explicit(&mem->fail_after, 1, memory_order_relaxed) == 1) {
        refuse = true;
    }
    if (refuse) {
        atomic_fetch_add_explicit(&mem->failures, 1, memory_order_relaxed);
    }
    return refuse;
}

// The limit ---------------------------------------------------------------------------------------

// The number in a file of the kernel's; UINT64_MAX when it has none ("max", or no such file).
static uint64_t read_limit(const char *path) {
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return UINT64_MAX;
    }
    char line[64];
    uint64_t value = UINT64_MAX;
    if (fgets(line, sizeof line, f) != NULL && line[0] >= '0' && line[0] <= '9') {
        value = strtoull(line, NULL, 10);
    }
    fclose(f);
    return value;
}

// The least memory.max of the cgroup at `path` and those it lies in.
static uint64_t cgroup_chain_limit(char *path) {
    uint64_t least = UINT64_MAX;
    for (;;) {
        char file[1200];
        snprintf(file, sizeof file, "/sys/fs/cgroup%s/memory.max", path);
        uint64_t limit = read_limit(file);
        least = limit < least ? limit : least;
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            return least;
        }
        *slash = 0;
    }
}

static uint64_t cgroup_limit(void) {
    uint64_t least = read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"); // version 1
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (f == NULL) {
        return least;
    }
    char line[1100];
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "0::", 3) == 0) { // version 2
            line[strcspn(line, "\n")] = 0;
            uint64_t limit = cgroup_chain_limit(line + 3);
            least = limit < least ? limit : least;
        }
    }
    fclose(f);
    return least;
}

// What `ulimit -v` leaves: it counts addresses, of which threads and tables take many that are
// never used.
static uint64_t address_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return UINT64_MAX;
    }
    return limit.rlim_cur / 3;
}

uint64_t mem_default_limit(void) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_size = sysconf(_SC_PAGESIZE);
    uint64_t machine =
        pages > 0 && page_size > 0 ? (uint64_t)pages * (uint64_t)page_size : UINT64_MAX;
    uint64_t group = cgroup_limit();
    uint64_t least = (group < machine ? group : machine) / 4 * 3;
    uint64_t addresses = address_limit();
    return addresses < least ? addresses : least;
}

MemStats *mem_stats_new(uint64_t limit_bytes) {
    MemStats *mem = aligned_alloc(CACHE_LINE, sizeof *mem);
    if (mem != NULL) {
        memset(mem, 0, sizeof *mem);
        mem->limit = limit_bytes != 0 ? limit_bytes : mem_default_limit();
    }
    return mem;
}

void mem_stats_free(MemStats *mem) {
    if (VM_DEBUG && mem != NULL) {
        for (int kind = 0; kind < MEM_KIND_COUNT; kind++) {
            if (mem_used(mem, (MemKind)kind) != 0) {
                fprintf(stderr, "%llu bytes of kind %s were not freed\n",
                        (unsigned long long)mem_used(mem, (MemKind)kind),
                        mem_kind_name((MemKind)kind));
            }
        }
        CHECK(mem_used_total(mem) == 0);
    }
    free(mem);
}

// Blocks -----------------------------------------------------------------------------------------

static void *counted(MemStats *mem, MemKind kind, void *block) {
    if (block != NULL) {
        count_bytes(mem, kind, (int64_t)malloc_usable_size(block));
    }
    return block;
}

void *mem_alloc(MemStats *mem, MemKind kind, size_t size) {
    return refuses(mem, size) ? NULL : counted(mem, kind, malloc(size != 0 ? size : 1));
}

void *mem_alloc_zero(MemStats *mem, MemKind kind, size_t size) {
    return refuses(mem, size) ? NULL : counted(mem, kind, calloc(1, size != 0 ? size : 1));
}

void *mem_alloc_lines(MemStats *mem, MemKind kind, size_t size) {
    size_t whole = (size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
    void *block = refuses(mem, whole) ? NULL : counted(mem, kind, aligned_alloc(CACHE_LINE, whole));
    return block == NULL ? NULL : memset(block, 0, whole);
}

void *mem_realloc(MemStats *mem, MemKind kind, void *old, size_t size) {
    size_t old_size = old != NULL ? malloc_usable_size(old) : 0;
    if (size > old_size && refuses(mem, size - old_size)) {
        return NULL;
    }
    void *block = realloc(old, size != 0 ? size : 1);
    if (block != NULL) {
        count_bytes(mem, kind, (int64_t)malloc_usable_size(block) - (int64_t)old_size);
    }
    return block;
}

void *mem_alloc_urgent(MemStats *mem, MemKind kind, size_t size) {
    void *block = counted(mem, kind, malloc(size != 0 ? size : 1));
    CHECK(block != NULL);
    return block;
}

void mem_free(MemStats *mem, MemKind kind, void *block) {
    if (block != NULL) {
        count_bytes(mem, kind, -(int64_t)malloc_usable_size(block));
        free(block);
    }
}

// Pages ------------------------------------------------------------------------------------------

void *mem_map(MemStats *mem, MemKind kind, size_t size, size_t align) {
    ASSERT((align & (align - 1)) == 0);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t extra = align > page ? align - page : 0;
    if (size > SIZE_MAX - extra || refuses(mem, size)) {
        return NULL;
    }
    char *got =
        mmap(NULL, size + extra, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) {
        return NULL;
    }
    char *start = (char *)(((uintptr_t)got + align - 1) & ~((uintptr_t)align - 1));
    size_t before = (size_t)(start - got);
    if (before != 0) {
        munmap(got, before);
    }
    if (extra > before) {
        munmap(start + size, extra - before);
    }
    count_bytes(mem, kind, (int64_t)size);
    return start;
}

void mem_advise_huge(void *pages, size_t size) {
    // Where there is no such thing, the pages are as they were.
    (void)madvise(pages, size, MADV_HUGEPAGE);
}

void mem_unmap(MemStats *mem, MemKind kind, void *pages, size_t size) {
    UNPOISON(pages, size);
    CHECK(munmap(pages, size) == 0);
    count_bytes(mem, kind, -(int64_t)size);
}

bool mem_charge(MemStats *mem, MemKind kind, size_t size) {
    if (refuses(mem, size)) {
        return false;
    }
    count_bytes(mem, kind, (int64_t)size);
    return true;
}

void mem_discharge(MemStats *mem, MemKind kind, size_t size) {
    count_bytes(mem, kind, -(int64_t)size);
}

// Looking ----------------------------------------------------------------------------------------

uint64_t mem_used(const MemStats *mem, MemKind kind) {
    int64_t sum = 0;
    for (int i = 0; i < MEM_SHARDS; i++) {
        sum += atomic_load_explicit(&mem->shards[i].bytes[kind], memory_order_relaxed);
    }
    return sum > 0 ? (uint64_t)sum : 0;
}

uint64_t mem_used_total(const MemStats *mem) {
    int64_t sum = atomic_load_explicit(&mem->total, memory_order_relaxed);
    for (int i = 0; i < MEM_SHARDS; i++) {
        sum += atomic_load_explicit(&mem->shards[i].pending, memory_order_relaxed);
    }
    return sum > 0 ? (uint64_t)sum : 0;
}

const char *mem_kind_name(MemKind kind) {
    static const char *const names[] = {
#define MEM_KIND(name, doc) #name,
#include "vm/base/memkinds.def"
#undef MEM_KIND
    };
    return names[kind];
}

void mem_fail_nth(MemStats *mem, uint64_t n) {
    atomic_store_explicit(&mem->fail_after, (int64_t)n, memory_order_relaxed);
}

// 0x1f in every byte: any word of it is the non-value TERM_NONE's family, never a pointer.
enum { POISON_BYTE = 0x1f };

void mem_poison_debug(void *memory, size_t size, bool fill) {
    if (fill) {
        memset(memory, POISON_BYTE, size);
    }
    POISON(memory, size);
}

void mem_unpoison_debug(void *memory, size_t size) {
    UNPOISON(memory, size);
}

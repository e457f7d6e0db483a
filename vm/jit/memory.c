// SPDX-License-Identifier: Apache-2.0
// See memory.h. Free pieces are kept in an array sorted by address and joined with their
// neighbours.
#include "vm/jit/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vm/base/alloc.h"
#include "vm/base/lock.h"
#include "vm/jit/machine.h"

enum { GRAIN = 64 };

typedef struct {
    size_t at;
    size_t size;
} Piece;

struct CodeMemory {
    Lock lock;
    MemStats *mem;
    uint8_t *run;
    uint8_t *write;
    Piece *free;
    size_t count;
    size_t capacity;
};

static size_t whole(size_t size) {
    return (size + GRAIN - 1) & ~(size_t)(GRAIN - 1);
}

static void *map_shared(int file) {
    int flags = MAP_SHARED | MAP_NORESERVE | (file < 0 ? MAP_ANONYMOUS : 0);
    void *at = mmap(NULL, MACHINE_REGION_BYTES, PROT_READ | PROT_WRITE, flags, file, 0);
    return at == MAP_FAILED ? NULL : at;
}

// The same pages at a second address. A size of 0 leaves the old mapping where it is.
static bool map_twice(CodeMemory *m) {
    m->write = map_shared(-1);
    void *run =
        m->write == NULL ? MAP_FAILED : mremap(m->write, 0, MACHINE_REGION_BYTES, MREMAP_MAYMOVE);
    m->run = run == MAP_FAILED ? NULL : run;
    return m->run != NULL;
}

// By a file without a name; perf takes its pages for those of a file, so this is for where the
// other way is not known: emulators.
static bool map_file_twice(CodeMemory *m) {
    int file = memfd_create("code", MFD_CLOEXEC);
    if (file >= 0 && ftruncate(file, MACHINE_REGION_BYTES) == 0) {
        m->write = map_shared(file);
        m->run = map_shared(file);
    }
    if (file >= 0) {
        close(file);
    }
    return m->write != NULL && m->run != NULL;
}

static void unmap_region(CodeMemory *m) {
    if (m->run != NULL) {
        munmap(m->run, MACHINE_REGION_BYTES);
    }
    if (m->write != NULL) {
        munmap(m->write, MACHINE_REGION_BYTES);
    }
    m->run = m->write = NULL;
}

static bool map_region(CodeMemory *m) {
    if (!map_twice(m)) {
        unmap_region(m);
        if (!map_file_twice(m)) {
            return false;
        }
    }
    return mprotect(m->run, MACHINE_REGION_BYTES, PROT_READ | PROT_EXEC) == 0;
}

CodeMemory *code_memory_new(MemStats *mem, char *why) {
    CodeMemory *m = mem_alloc_zero(mem, MEM_JIT, sizeof *m);
    Piece *pieces = mem_alloc(mem, MEM_JIT, sizeof *pieces);
    if (m == NULL || pieces == NULL) {
        mem_free(mem, MEM_JIT, m);
        mem_free(mem, MEM_JIT, pieces);
        snprintf(why, 256, "no memory");
        return NULL;
    }
    lock_init(&m->lock, LOCK_JIT);
    m->mem = mem;
    m->free = pieces;
    m->capacity = 1;
    m->count = 1;
    m->free[0] = (Piece){0, MACHINE_REGION_BYTES};
    if (!map_region(m)) {
        code_memory_free(m);
        snprintf(why, 256, "the system gives no memory for machine code; try --engine=interp");
        return NULL;
    }
    return m;
}

void code_memory_free(CodeMemory *m) {
    if (m == NULL) {
        return;
    }
    unmap_region(m);
    mem_free(m->mem, MEM_JIT, m->free);
    lock_destroy(&m->lock);
    mem_free(m->mem, MEM_JIT, m);
}

uint8_t *code_memory_take(CodeMemory *m, size_t size) {
    size = whole(size);
    uint8_t *found = NULL;
    lock_acquire(&m->lock);
    for (size_t i = 0; i < m->count && found == NULL; i++) {
        Piece *piece = &m->free[i];
        if (piece->size >= size && mem_charge(m->mem, MEM_JIT, size)) {
            found = m->run + piece->at;
            piece->at += size;
            piece->size -= size;
        }
    }
    lock_release(&m->lock);
    return found;
}

// A new piece at index i. False: no memory; the code then stays unused.
static bool insert(CodeMemory *m, size_t i, Piece piece) {
    if (m->count == m->capacity) {
        Piece *grown = mem_realloc(m->mem, MEM_JIT, m->free, m->capacity * 2 * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        m->free = grown;
        m->capacity *= 2;
    }
    memmove(m->free + i + 1, m->free + i, (m->count - i) * sizeof *m->free);
    m->free[i] = piece;
    m->count++;
    return true;
}

void code_memory_give(CodeMemory *m, uint8_t *code, size_t size) {
    size = whole(size);
    size_t at = (size_t)(code - m->run);
    machine_put_padding(m->write + at, size);
    lock_acquire(&m->lock);
    size_t i = 0;
    while (i < m->count && m->free[i].at < at) {
        i++;
    }
    bool joins_left = i > 0 && m->free[i - 1].at + m->free[i - 1].size == at;
    bool joins_right = i < m->count && at + size == m->free[i].at;
    if (joins_left) {
        m->free[i - 1].size += size;
        if (joins_right) {
            m->free[i - 1].size += m->free[i].size;
            memmove(m->free + i, m->free + i + 1, (m->count - i - 1) * sizeof *m->free);
            m->count--;
        }
    } else if (joins_right) {
        m->free[i].at = at;
        m->free[i].size += size;
    } else {
        insert(m, i, (Piece){at, size});
    }
    lock_release(&m->lock);
    mem_discharge(m->mem, MEM_JIT, size);
}

uint8_t *code_memory_writable(const CodeMemory *m, const uint8_t *code) {
    return m->write + (code - m->run);
}

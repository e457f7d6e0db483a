// SPDX-License-Identifier: Apache-2.0
// The literal range: blocks in address order, first fit between them.
#include "vm/heap/literal.h"

#include <sys/mman.h>

#include "vm/base/alloc.h"
#include "vm/term/bytes.h"

enum { PAGE_BYTES = 4096 };

struct LiteralSpace {
    MemStats *mem;
    char *base;
    size_t size;
    Lock lock;
    LiteralBlock *blocks; // by address
};

LiteralSpace *literal_space_new(MemStats *mem) {
    LiteralSpace *space = mem_alloc_zero(mem, MEM_LITERAL, sizeof *space);
    if (space == NULL) {
        return NULL;
    }
    space->mem = mem;
    // Addresses cost nothing, but a limit on them may be set: then less will do.
    for (int bits = 36; bits >= 26; bits -= 2) {
        size_t size = (size_t)1 << bits;
        void *base =
            mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base != MAP_FAILED) {
            space->base = base;
            space->size = size;
            lock_init(&space->lock, LOCK_LITERAL);
            return space;
        }
    }
    mem_free(mem, MEM_LITERAL, space);
    return NULL;
}

void literal_space_free(LiteralSpace *space) {
    while (space->blocks != NULL) {
        literal_free(space, space->blocks);
    }
    CHECK(munmap(space->base, space->size) == 0);
    lock_destroy(&space->lock);
    mem_free(space->mem, MEM_LITERAL, space);
}

uintptr_t literal_base(const LiteralSpace *space) {
    return (uintptr_t)space->base;
}

size_t literal_size_bytes(const LiteralSpace *space) {
    return space->size;
}

static size_t block_bytes(const LiteralBlock *block) {
    return block->words * sizeof(Term);
}

// Puts the block into the first gap where it fits, and the list. False: no room in the range.
static bool place(LiteralSpace *space, LiteralBlock *block) REQUIRES(space->lock) {
    size_t size = block_bytes(block);
    char *at = space->base;
    LiteralBlock **link = &space->blocks;
    while (*link != NULL && (size_t)((char *)(*link)->data - at) < size) {
        at = (char *)(*link)->data + block_bytes(*link);
        link = &(*link)->next;
    }
    if (*link == NULL && (size_t)(space->base + space->size - at) < size) {
        return false;
    }
    block->data = (Term *)at;
    block->next = *link;
    *link = block;
    return true;
}

static void unplace(LiteralSpace *space, LiteralBlock *block) REQUIRES(space->lock) {
    LiteralBlock **link = &space->blocks;
    while (*link != block) {
        link = &(*link)->next;
    }
    *link = block->next;
}

LiteralBlock *literal_alloc(LiteralSpace *space, size_t words) {
    if (words > space->size / sizeof(Term)) {
        return NULL;
    }
    LiteralBlock *block = mem_alloc_zero(space->mem, MEM_LITERAL, sizeof *block);
    if (block == NULL) {
        return NULL;
    }
    size_t size = (words * sizeof(Term) + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
    size = size != 0 ? size : PAGE_BYTES;
    block->words = size / sizeof(Term);
    bool charged = mem_charge(space->mem, MEM_LITERAL, size);
    lock_acquire(&space->lock);
    bool placed = charged && place(space, block);
    if (placed && mprotect(block->data, size, PROT_READ | PROT_WRITE) != 0) {
        unplace(space, block);
        placed = false;
    }
    lock_release(&space->lock);
    if (!placed) {
        if (charged) {
            mem_discharge(space->mem, MEM_LITERAL, size);
        }
        mem_free(space->mem, MEM_LITERAL, block);
        return NULL;
    }
    block->room = room_over(block->data, block->words, &block->offheap);
    return block;
}

void literal_seal(LiteralBlock *block) {
    if (VM_DEBUG) {
        CHECK(mprotect(block->data, block_bytes(block), PROT_READ) == 0);
    }
}

void literal_free(LiteralSpace *space, LiteralBlock *block) {
    for (Term *box = block->offheap.first; box != NULL;) {
        Term t = term_from_box(box);
        box = (Term *)(uintptr_t)box[SHARED_NEXT].bits;
        shared_release(shared_of(t));
    }
    size_t size = block_bytes(block);
    CHECK(madvise(block->data, size, MADV_DONTNEED) == 0);
    CHECK(mprotect(block->data, size, PROT_NONE) == 0);
    lock_acquire(&space->lock);
    unplace(space, block);
    lock_release(&space->lock);
    mem_discharge(space->mem, MEM_LITERAL, size);
    mem_free(space->mem, MEM_LITERAL, block);
}

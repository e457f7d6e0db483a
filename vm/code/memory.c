// SPDX-License-Identifier: Apache-2.0
// The memory of a module: see loader_private.h. Small pieces are cut from blocks, since a module
// has thousands of safepoints that all go together.
#include <string.h>

#include "vm/base/alloc.h"
#include "vm/code/loader_private.h"

enum { MEMORY_BLOCK_BYTES = 16 * 1024 };

struct MemoryBlock {
    MemoryBlock *next;
    uint64_t data[];
};

void module_memory_init(ModuleMemory *memory, MemStats *mem) {
    *memory = (ModuleMemory){.mem = mem};
}

void module_memory_free(ModuleMemory *memory) {
    while (memory->blocks != NULL) {
        MemoryBlock *block = memory->blocks;
        memory->blocks = block->next;
        mem_free(memory->mem, MEM_CODE, block);
    }
}

static void *memory_block(ModuleMemory *memory, size_t size) {
    MemoryBlock *block = mem_alloc(memory->mem, MEM_CODE, sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    block->next = memory->blocks;
    memory->blocks = block;
    return block->data;
}

void *module_memory_take(ModuleMemory *memory, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4) {
        return NULL;
    }
    bytes = (bytes + 7) & ~(size_t)7;
    uint8_t *at;
    if (bytes > MEMORY_BLOCK_BYTES / 4) {
        at = memory_block(memory, bytes);
    } else {
        if (memory->at == NULL || (size_t)(memory->end - memory->at) < bytes) {
            memory->at = memory_block(memory, MEMORY_BLOCK_BYTES);
            memory->end = memory->at == NULL ? NULL : memory->at + MEMORY_BLOCK_BYTES;
        }
        at = memory->at;
        memory->at = at == NULL ? NULL : at + bytes;
    }
    return at == NULL ? NULL : memset(at, 0, bytes);
}

void *loading_take(Loading *l, size_t count, size_t size) {
    void *at = module_memory_take(l->module->memory, count, size);
    if (at == NULL) {
        loading_no_memory(l);
    }
    return at;
}

void *loading_take_temporary(Loading *l, size_t count, size_t size) {
    void *at = module_memory_take(&l->temporary, count, size);
    if (at == NULL) {
        loading_no_memory(l);
    }
    return at;
}

bool loading_no_memory(Loading *l) {
    if (l->error->what[0] == '\0') {
        l->status = CODE_MEMORY;
        strcpy(l->error->what, "no memory left");
    }
    return false;
}

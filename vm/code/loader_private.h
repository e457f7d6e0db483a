// SPDX-License-Identifier: Apache-2.0
// What the parts of the loader share: the memory of a module and the state of one load.
// Private to vm/code. One thread.
#pragma once

#include "vm/boot.h"
#include "vm/code/reader.h"

// Blocks of MEM_CODE that live as long as a module, freed together.
typedef struct MemoryBlock MemoryBlock;
typedef struct ModuleMemory {
    MemStats *mem;
    MemoryBlock *blocks;
    uint8_t *at;
    uint8_t *end;
} ModuleMemory;

void module_memory_init(ModuleMemory *memory, MemStats *mem);
void module_memory_free(ModuleMemory *memory);
// count * size zeroed bytes, aligned to 8. NULL when there is no memory, never for a count of 0.
void *module_memory_take(ModuleMemory *memory, size_t count, size_t size);

// A liveness map as it stands in the image.
typedef struct {
    uint16_t nx;
    uint16_t ny;
    uint32_t raws; // a bit for each D
    const uint8_t *x_kinds;
    const uint8_t *y_kinds;
} ImageMap;

// What FUNC says of a function and only loading and verifying need.
typedef struct {
    uint32_t block_count;
    uint32_t *blocks; // first words, rising
    uint32_t map_count;
    ImageMap *maps;
    uint32_t *point_maps; // by point: its map, or UINT32_MAX
    uint32_t *region_labels;
} LoadFunction;

typedef struct Loading {
    VM *vm;
    Module *module;
    CodeError *error;
    CodeStatus status;          // CODE_MEMORY sticks
    Reader chunks[CHUNK_COUNT]; // empty where there is none
    ModuleMemory temporary;
    LoadFunction *functions;
} Loading;

// NULL after noting that there is no memory.
void *loading_take(Loading *l, size_t count, size_t size);
void *loading_take_temporary(Loading *l, size_t count, size_t size);
// Notes the end of memory; always false.
bool loading_no_memory(Loading *l);

// Each reads one chunk into l->module; false after an error. In this order, for each needs those
// before it.
bool load_literals(Loading *l); // literals.c
bool load_code(Loading *l);     // decode.c
bool load_lines(Loading *l);    // lines.c
bool load_meta(Loading *l);     // meta.c

// SPDX-License-Identifier: Apache-2.0
// Where machine code lives: one region per VM, mapped twice, so that no page is writable and
// executable at one address. Own lock (LOCK_JIT); any thread.
#pragma once

#include "vm/vm.h"

typedef struct CodeMemory CodeMemory;

// NULL with `why` (256 bytes) set.
CodeMemory *code_memory_new(MemStats *mem, char *why);
void code_memory_free(CodeMemory *memory);

// Room for `size` bytes of code, on a 64-byte boundary: where it will run. NULL: there is none.
uint8_t *code_memory_take(CodeMemory *memory, size_t size);
void code_memory_give(CodeMemory *memory, uint8_t *code, size_t size);
// Where the byte that runs at `code` is written.
uint8_t *code_memory_writable(const CodeMemory *memory, const uint8_t *code);

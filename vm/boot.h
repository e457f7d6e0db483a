// SPDX-License-Identifier: Apache-2.0
// One whole virtual machine. There may be several in a program and no globals: whatever belongs to a machine hangs here,
// each room's part behind a pointer to a struct of its own. Made and taken down in the order of vm/boot.c. The pointers are set before the
// first scheduler starts and do not change after that, so any thread may read them.
#pragma once

#include "vm/vm.h"

typedef struct {
    uint32_t schedulers;      // 0: one per core
    bool seeded;              // one runner, schedule drawn from `seed`, virtual time
    uint64_t seed;
    size_t memory_limit;      // bytes; 0: three quarters of the machine's or cgroup's
    const char *trace;        // comma-separated kinds of vm/base/trace.def, or NULL
    const char *engine;       // "interp"; NULL: the best there is
    int argc;                 // what Env.args gives
    char **argv;
} VMOptions;

struct VM {
    VMOptions options;
    uint64_t hash_salt;
    MemStats *mem;
    AtomTable *atoms;
    RecordTable *records;
    struct LiteralSpace *literals;
    struct BlockDepot *blocks;  // memory of process heaps: each scheduler has a BlockPool on it
    CodeTable *code;
    ProcessTable *processes;
    Registry *registry;
    SchedPool *sched;
    BlockingPool *blocking;
    const struct Engine *engine;
    struct Tracer *tracer;
    struct Library *library;  // embedded images, by module name: vm/code/library.h
};

// NULL when memory or threads cannot be had; `why` (at least 256 bytes) then says what failed.
VM *vm_create(const VMOptions *options, char *why);
// Stops the schedulers and frees all. Processes that still live are dropped without running.
void vm_destroy(VM *vm);

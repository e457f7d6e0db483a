// SPDX-License-Identifier: Apache-2.0
// One whole virtual machine. There may be several in a program and no globals: whatever belongs to
// a machine hangs here, each room's part behind a pointer to a struct of its own. Made and taken
// down in the order of vm/boot.c. The pointers are set before the first scheduler starts and do not
// change after that, so any thread may read them.
#pragma once

#include "vm/base/clock.h"
#include "vm/term/term.h"
#include "vm/vm.h"

// Whom to tell which function machine code belongs to: vm/jit/symbols.h.
enum { SYMBOLS_PERF = 1, SYMBOLS_GDB = 2 };

typedef struct {
    uint32_t schedulers; // 0: one per core
    bool seeded;         // one runner, schedule drawn from `seed`, virtual time
    uint64_t seed;
    size_t memory_limit; // bytes; 0: three quarters of the machine's or cgroup's
    const char *trace;   // comma-separated kinds of vm/proc/trace.def, or NULL
    const char *engine;  // "interp"; NULL: the best there is
    uint32_t symbols;    // SYMBOLS_*
    int argc;            // what Env.args gives
    char **argv;
    uint32_t process_limit;    // 0: the table's own
    uint32_t blocking_threads; // at most; 0: BLOCKING_MAX
    // Where crash reports go (one text each, with line ends); NULL: standard error.
    void (*report)(void *data, const char *text, size_t len);
    void *report_data;
} VMOptions;

struct VM {
    VMOptions options;
    uint64_t hash_salt;
    Clock clock;
    MemStats *mem;
    AtomTable *atoms;
    RecordTable *records;
    struct LiteralSpace *literals;
    struct BlockDepot *blocks; // memory of process heaps: each scheduler has a BlockPool on it
    struct Quiet *quiet;       // vm/base/quiet.h: when what is read without a lock may be freed
    CodeTable *code;
    ProcessTable *processes;
    Registry *registry;
    SchedPool *sched;
    struct TimerTable *timers; // timers that programs started, by reference: vm/sched/timer.h
    BlockingPool *blocking;
    struct ProgramLife *program; // the life of main: vm/sched/program.h
    struct HandleTable *handles; // sockets and files, by reference: vm/io/handle.h
    // Told of each process that has ended, after it has left the process table. Set by
    // vm/io/handle.c; may be NULL.
    void (*process_ended)(VM *vm, Term pid);
    struct Stdio *stdio;               // vm/io/stdio.h
    struct Subprocesses *subprocesses; // vm/io/subprocess.h
    const struct Engine *engine;
    void *engine_state;
    struct Tracer *tracer;
    struct BifState *bifs;   // vm/bif/state.h
    struct Library *library; // embedded images, by module name: vm/code/library.h
};

// NULL when memory or threads cannot be had; `why` (at least 256 bytes) then says what failed.
VM *vm_create(const VMOptions *options, char *why);
// Stops the schedulers and frees all. Processes that still live are dropped without running.
void vm_destroy(VM *vm);

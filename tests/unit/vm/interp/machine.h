// SPDX-License-Identifier: Apache-2.0
// A small machine for tests of code: a VM without schedulers whose processes the caller's thread
// runs in turn, with virtual time. Modules are loaded beside the code table or through it.
#pragma once

#include "vm/boot.h"
#include "vm/code/loader.h"
#include "vm/proc/worker.h"

enum { MACHINE_TIMERS = 64 };

typedef struct {
    Process *process;
    uint64_t deadline_ns;
    uint64_t number;
} MachineTimer;

typedef struct {
    Worker worker; // first
    VM vm;
    Term x[REGISTER_WORDS];
    Process *first; // of the run queue
    Process **last;
    MachineTimer timers[MACHINE_TIMERS];
    uint32_t timer_count;
    uint64_t slices; // run so far
} Machine;

typedef enum { CALL_VALUE, CALL_FAILED, CALL_STUCK, CALL_LONG } CallEnd;

// memory_limit 0: 256 MiB. slice: reductions.
Machine *machine_new(size_t memory_limit);
void machine_free(Machine *m);

// Runs a function without arguments in a new process, and others as they come, until that one has
// ended: its result, or its reason, as text in `out`. STUCK: it waits and nothing can wake it.
// LONG: over max_slices. heap_words: limit of its heap, 0: none.
CallEnd machine_call(Machine *m, const Function *f, size_t heap_words, uint64_t max_slices,
                     char *out, size_t size);
// The same with arguments: immediates, literals or terms that stand still.
CallEnd machine_call_with(Machine *m, const Function *f, const Term *args, size_t heap_words,
                          uint64_t max_slices, char *out, size_t size);
// Ends and frees all processes that are left.
void machine_clear(Machine *m);

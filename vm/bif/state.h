// SPDX-License-Identifier: Apache-2.0
// What the built-ins keep for a whole VM: the random numbers' state, the log's level, compiled
// regular expressions. Made by boot before the schedulers start (VM.bifs). Any thread.
#pragma once

#include "vm/base/lock.h"
#include "vm/term/term.h"

typedef struct RegexCache RegexCache; // regex.c

// Where the shell waits for its evaluations (tools/repl): called on a scheduler's thread by
// Shell.ready.
typedef struct {
    void (*ready)(void *data, Term evaluator, bool good);
    void *data;
} ShellHook;

typedef struct BifState {
    VM *vm;
    _Atomic uint64_t random;    // splitmix64's state: each number adds a constant to it and mixes
    _Atomic uint32_t log_level; // place in the list of levels in stdlib/log.cop
    RegexCache *regexes;
    ShellHook shell; // set before its process starts
} BifState;

// NULL: no memory. The VM's seed decides the random numbers when it runs seeded.
BifState *bif_state_new(VM *vm);
void bif_state_free(BifState *state);

// Even over 64 bits; the same numbers in the same order for the same seed in the seeded mode.
uint64_t bif_random(BifState *state);

// regex.c
RegexCache *regex_cache_new(VM *vm);
void regex_cache_free(RegexCache *cache);

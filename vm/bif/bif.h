// SPDX-License-Identifier: Apache-2.0
// Built-ins: functions of library modules that are written in C (bifs.def). A built-in's signature
// and documentation stand in the library's source, in an `extern "vm" { pub fn … }` block of its
// module; the build fails if one lacks the other.
//
// A built-in takes its arguments in args[0..arity-1], which are X registers: process_reserve keeps
// them up to date, all other terms it holds in locals are stale after a reserve. It returns its
// value, or
//   TERM_NONE   after process_fail…: it failed;
//   TERM_YIELD  to be run again from its start with the same arguments, after others had their turn: what it has done so far is in p->work;
//   TERM_WAIT   the same, once a signal, its timer or its posted completion woke the process.
// It runs at most 1 ms between these: it charges process_charge for what it does and yields, or
// goes to the blocking pool. It may not keep locks, nor hold p or its terms on another thread.
#pragma once

#include "vm/proc/process.h"

typedef Term (*BifFn)(Process *p, Term *args);

enum {
    BIF_PURE = 1, // no effect, same answer: the compiler may fold, move and drop it
};

typedef struct {
    const char *module;
    const char *name;
    uint32_t arity;
    BifFn function;
    uint32_t flags;
} Bif;

// All built-ins, sorted by module, name, arity. vm/bif/bifs.c.
extern const Bif bifs[];
extern const size_t bif_count;

// NULL when there is none. Binary search.
const Bif *bif_find(const char *module, const char *name, uint32_t arity);
// Whether the table is in the order that bif_find needs.
bool bifs_sorted(void);

// SPDX-License-Identifier: Apache-2.0
// What few processes need: limits, suspension, the state of a wait. Made when first needed.
// Owner's.
#pragma once

#include "vm/proc/worker.h"

typedef struct Trace Trace; // backtrace.h: where a failure came from
typedef struct Wait Wait;   // ask.c: the ask, start or wait for room that the process is in

// The request that a process is handling: taken from the mailbox and not yet answered, put aside or
// followed by another.
typedef struct {
    uint64_t id; // 0: none
    Term caller;
} Request;

struct ProcessExtra {
    Term exit_reason; // with must_exit
    Request handling;
    Request start;            // who waits for process_started; id 0: nobody
    bool declined;            // process_ignored: the starter gets :ignore
    struct MainProcess *main; // of the main process: program.c
    Wait *wait;               // kept for the next one
    Trace *trace;             // of the failure raised last; made at the first one
    uint32_t suspends;
    uint64_t mailbox_limit;    // messages; 0: none
    uint64_t reductions_limit; // 0: none
};

// NULL: no memory.
MUST_USE ProcessExtra *process_extra(Process *p);
ProcessExtra *process_extra_urgent(Process *p);
// Gives it back if it says nothing any more.
void process_extra_tidy(Process *p);
// What it runs: its label, or the name of its first function.
Term process_label(const Process *p);

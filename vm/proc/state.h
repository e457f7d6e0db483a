// SPDX-License-Identifier: Apache-2.0
// The state word of a process: what others may know without asking it.
//
//   NEW ──spawn──> QUEUED ──picked──> RUNNING ──slice spent──> QUEUED
//                    ^                   │  └──no message──> WAITING ──signal──> QUEUED
//                    └──collected── COLLECTING <──long collection
//                                        RUNNING ──ended──> EXITING ──all told──> DEAD
//
// Only whoever owns the process at that moment writes it: its scheduler, or the one that woke it.
// That one is unique: waking is decided by the inbox, whose head is INBOX_ASLEEP exactly while the
// process waits; the sender that replaces this mark owns the process until it has queued it
// (mailbox.h). So the word decides nothing but this: once it is EXITING, no name can be registered
// for the process (registry.h).
#pragma once

#include "vm/vm.h"

typedef enum {
    PROC_NEW,
    PROC_QUEUED,
    PROC_RUNNING,
    PROC_WAITING,
    PROC_COLLECTING, // off the schedulers, on the blocking pool
    PROC_SUSPENDED,  // waits, and runs no code until it is resumed
    PROC_EXITING,    // ended; tells its relations
    PROC_DEAD,       // out of the table; freed after a quiet point
} ProcState;

// Priorities as in OTP. MAX is for the machine's own processes.
typedef enum {
    PRIORITY_LOW,
    PRIORITY_NORMAL,
    PRIORITY_HIGH,
    PRIORITY_MAX,
    PRIORITY_COUNT,
} Priority;

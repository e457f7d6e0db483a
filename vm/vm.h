// SPDX-License-Identifier: Apache-2.0
// The forward types of the virtual machine, each declared once, so that no header needs another for
// a pointer. A type's definition is in the header named beside it.
#pragma once

#include <assert.h> // static_assert
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct VM VM;                   // vm/boot.h: one whole machine; there are no globals
typedef struct AtomTable AtomTable;     // vm/term/atom.h
typedef struct RecordTable RecordTable; // vm/term/record.h
typedef struct RecordDesc RecordDesc;   // vm/term/record.h
typedef struct SharedBytes SharedBytes; // vm/term/shared.h
typedef struct Heap Heap;               // vm/heap/heap.h
typedef struct Fragment Fragment;       // vm/heap/heap.h
typedef struct Process Process;         // vm/proc/process.h
typedef struct Fragment Signal; // vm/proc/signal.h: a fragment whose first words say what it does
typedef struct ProcessTable ProcessTable; // vm/proc/table.h
typedef struct Registry Registry;         // vm/proc/registry.h
typedef struct Module Module;             // vm/code/module.h
typedef struct Function Function;         // vm/code/module.h
typedef struct CodeTable CodeTable;       // vm/code/module.h
typedef struct Safepoint Safepoint;       // vm/code/module.h
typedef struct Scheduler Scheduler;       // vm/sched/sched.h
typedef struct SchedPool SchedPool;       // vm/sched/sched.h
typedef struct BlockingPool BlockingPool; // vm/sched/blocking.h
typedef struct MemStats MemStats;         // vm/base/alloc.h

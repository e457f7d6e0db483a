// SPDX-License-Identifier: Apache-2.0
// The process table: pid -> Process, lock-free to read.
//
// Slots stand in segments that never move. A slot holds a Process, or, free, the serial of the next
// pid that it will give and its successor in the list of free slots, which is a queue: a slot is
// used again after all others that are free, so a pid comes again only after 2^28 uses of its slot.
// Workers take and give slots in batches under LOCK_PROCESS_TABLE. A Process found here stays
// readable until the thread's next quiet point (quiet.h), whatever happens to it. Tests:
// tests/behave.
#pragma once

#include "vm/proc/purge.h"
#include "vm/proc/worker.h"

enum {
    TABLE_SEGMENT_BITS = 12,
    TABLE_SEGMENT_SIZE = 1 << TABLE_SEGMENT_BITS,
    TABLE_SEGMENTS = 1 << 14,
    TABLE_MAX = TABLE_SEGMENTS * TABLE_SEGMENT_SIZE, // processes, at the most
    TABLE_BATCH = WORKER_PIDS,
    // As long as fewer slots were ever used, new ones are preferred to free ones.
    TABLE_FRESH = 1 << 15,
};

typedef struct {
    _Atomic(uint64_t) slots[TABLE_SEGMENT_SIZE];
} TableSegment;

struct ProcessTable {
    ON_OWN_LINE _Atomic uint64_t next_ref; // see table_ref
    ON_OWN_LINE MemStats *mem;
    Purge purge;
    uint32_t limit;
    Lock lock;
    uint32_t free_first; // queue of free slots; TABLE_NONE: empty
    uint32_t free_last;
    uint32_t free_count;
    _Atomic uint32_t used; // slots ever given out
    _Atomic(TableSegment *) segments[TABLE_SEGMENTS];
};

ProcessTable *table_new(MemStats *mem, uint32_t limit);
void table_free(ProcessTable *table);

// Gives p a pid and makes it known. False: no memory or too many processes.
MUST_USE bool table_add(Worker *w, Process *p);
// Nobody finds p from now on. Its struct must be retired, not freed.
void table_remove(Worker *w, Process *p);
// The slot of that number, NULL when its segment is not there.
static inline _Atomic(uint64_t) *table_slot(const ProcessTable *table, uint32_t index) {
    if (index >= (uint32_t)TABLE_MAX) {
        return NULL;
    }
    // Acquire: the segment's slots are filled in.
    TableSegment *segment =
        atomic_load_explicit(&table->segments[index >> TABLE_SEGMENT_BITS], memory_order_acquire);
    return segment == NULL ? NULL : &segment->slots[index & (TABLE_SEGMENT_SIZE - 1)];
}

// The process of a local pid, NULL when it has ended. The thread is online; good until its next
// quiet point.
static inline Process *table_find(const ProcessTable *table, Term pid) {
    ASSERT(term_is_pid(pid));
    _Atomic(uint64_t) *slot = table_slot(table, pid_index(pid));
    if (slot == NULL) {
        return NULL;
    }
    // Acquire: pairs with table_add. A free slot's lowest bit is set.
    uint64_t held = atomic_load_explicit(slot, memory_order_acquire);
    Process *p = (Process *)(uintptr_t)held;
    return (held & 1) == 0 && term_same_bits(p->pid, pid) ? p : NULL;
}
// How many processes there are, about.
uint64_t table_count(const ProcessTable *table);
// The first process at or after slot *index, NULL at the end; *index is then behind it. For walking
// over all.
Process *table_next(const ProcessTable *table, uint32_t *index);

// References: numbers that rise. Those of aliases (REF_ALIAS) are odd, others even.
enum { REF_ALIAS = 1 };

// A new number. Any thread.
static inline uint64_t table_ref(ProcessTable *table, unsigned alias) {
    return atomic_fetch_add_explicit(&table->next_ref, 2, memory_order_relaxed) | alias;
}
// All numbers given out are below it.
static inline uint64_t table_ref_limit(ProcessTable *table) {
    return atomic_load_explicit(&table->next_ref, memory_order_relaxed);
}

// SPDX-License-Identifier: Apache-2.0
// The process table: see table.h.
//
// A slot that is free: [serial of its next pid : 28][next free slot : 28][0 : 7][1], otherwise a
// Process, whose lowest bit is 0.
#include "vm/proc/table.h"

enum { SLOT_FREE = 1, SLOT_NEXT_SHIFT = 8, SLOT_SERIAL_SHIFT = 36 };
static const uint32_t SLOT_NEXT_MASK = (1u << 28) - 1;
static const uint32_t TABLE_NONE = (1u << 28) - 1;

static uint64_t free_slot(uint32_t serial, uint32_t next) {
    return (uint64_t)serial << SLOT_SERIAL_SHIFT | (uint64_t)next << SLOT_NEXT_SHIFT | SLOT_FREE;
}

static uint32_t slot_next(uint64_t slot) {
    return (uint32_t)(slot >> SLOT_NEXT_SHIFT) & SLOT_NEXT_MASK;
}

static uint32_t slot_serial(uint64_t slot) {
    return (uint32_t)(slot >> SLOT_SERIAL_SHIFT);
}

ProcessTable *table_new(MemStats *mem, uint32_t limit) {
    ProcessTable *table = mem_map(mem, MEM_TABLE, sizeof *table, 4096);
    if (table == NULL) {
        return NULL;
    }
    table->mem = mem;
    table->limit = limit == 0 || limit > (uint32_t)TABLE_MAX ? (uint32_t)TABLE_MAX : limit;
    atomic_init(&table->next_ref, 2);
    lock_init(&table->lock, LOCK_PROCESS_TABLE);
    table->free_first = TABLE_NONE;
    table->free_last = TABLE_NONE;
    return table;
}

void table_free(ProcessTable *table) {
    if (table == NULL) {
        return;
    }
    for (uint32_t i = 0; i < TABLE_SEGMENTS; i++) {
        mem_free(table->mem, MEM_TABLE,
                 atomic_load_explicit(&table->segments[i], memory_order_relaxed));
    }
    lock_destroy(&table->lock);
    mem_unmap(table->mem, MEM_TABLE, table, sizeof *table);
}

static bool segment_make(ProcessTable *table, uint32_t index) {
    _Atomic(TableSegment *) *at = &table->segments[index >> TABLE_SEGMENT_BITS];
    if (atomic_load_explicit(at, memory_order_relaxed) != NULL) {
        return true;
    }
    TableSegment *segment = mem_alloc(table->mem, MEM_TABLE, sizeof *segment);
    if (segment == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < TABLE_SEGMENT_SIZE; i++) {
        atomic_init(&segment->slots[i], free_slot(0, TABLE_NONE));
    }
    atomic_store_explicit(at, segment, memory_order_release);
    return true;
}

static uint32_t take_free_locked(ProcessTable *table) {
    uint32_t index = table->free_first;
    table->free_first =
        slot_next(atomic_load_explicit(table_slot(table, index), memory_order_relaxed));
    table->free_count--;
    if (table->free_first == TABLE_NONE) {
        table->free_last = TABLE_NONE;
    }
    return index;
}

// Fills w->pids, lowest on top. False: no memory or the limit is reached.
static bool refill(ProcessTable *table, Worker *w) {
    uint32_t taken[TABLE_BATCH];
    uint32_t count = 0;
    lock_acquire(&table->lock);
    uint32_t used = atomic_load_explicit(&table->used, memory_order_relaxed);
    while (count < TABLE_BATCH) {
        bool fresh = used < table->limit && (used < TABLE_FRESH || table->free_count == 0);
        if (fresh && segment_make(table, used)) {
            taken[count++] = used++;
        } else if (table->free_count > 0) {
            taken[count++] = take_free_locked(table);
        } else {
            break;
        }
    }
    atomic_store_explicit(&table->used, used, memory_order_relaxed);
    lock_release(&table->lock);
    for (uint32_t i = 0; i < count; i++) {
        w->pids[i] = taken[count - 1 - i];
    }
    w->pid_count = count;
    return count > 0;
}

static void give_back(ProcessTable *table, Worker *w) {
    lock_acquire(&table->lock);
    for (uint32_t i = 0; i < w->freed_count; i++) {
        uint32_t index = w->freed[i];
        if (table->free_last == TABLE_NONE) {
            table->free_first = index;
        } else {
            _Atomic(uint64_t) *last = table_slot(table, table->free_last);
            uint32_t serial = slot_serial(atomic_load_explicit(last, memory_order_relaxed));
            atomic_store_explicit(last, free_slot(serial, index), memory_order_relaxed);
        }
        table->free_last = index;
        table->free_count++;
    }
    lock_release(&table->lock);
    w->freed_count = 0;
}

bool table_add(Worker *w, Process *p) {
    ProcessTable *table = w->vm->processes;
    if (w->pid_count == 0) {
        if (!refill(table, w)) {
            // What this worker keeps may be all there is.
            give_back(table, w);
            if (!refill(table, w)) {
                return false;
            }
        }
    }
    uint32_t index = w->pids[--w->pid_count];
    _Atomic(uint64_t) *slot = table_slot(table, index);
    p->pid = term_pid(index, slot_serial(atomic_load_explicit(slot, memory_order_relaxed)));
    // Release: whoever finds p sees it whole.
    atomic_store_explicit(slot, (uint64_t)(uintptr_t)p, memory_order_release);
    return true;
}

void table_remove(Worker *w, Process *p) {
    ProcessTable *table = w->vm->processes;
    uint32_t index = pid_index(p->pid);
    uint32_t serial = (pid_serial(p->pid) + 1) & ((1u << PID_SERIAL_BITS) - 1);
    _Atomic(uint64_t) *slot = table_slot(table, index);
    ASSERT(atomic_load_explicit(slot, memory_order_relaxed) == (uint64_t)(uintptr_t)p);
    atomic_store_explicit(slot, free_slot(serial, TABLE_NONE), memory_order_release);
    w->freed[w->freed_count++] = index;
    if (w->freed_count == WORKER_PIDS) {
        give_back(table, w);
    }
}

static Process *slot_process(uint64_t slot) {
    return (slot & SLOT_FREE) != 0 ? NULL : (Process *)(uintptr_t)slot;
}

uint64_t table_count(const ProcessTable *table) {
    uint64_t count = 0;
    uint32_t index = 0;
    while (table_next(table, &index) != NULL) {
        count++;
    }
    return count;
}

Process *table_next(const ProcessTable *table, uint32_t *index) {
    uint32_t used = atomic_load_explicit(&table->used, memory_order_acquire);
    while (*index < used) {
        _Atomic(uint64_t) *slot = table_slot(table, (*index)++);
        Process *p =
            slot == NULL ? NULL : slot_process(atomic_load_explicit(slot, memory_order_acquire));
        if (p != NULL) {
            return p;
        }
    }
    return NULL;
}

// SPDX-License-Identifier: Apache-2.0
// Names: see registry.h.
//
// Open addressing by atom number. A slot is NULL, a name, or GONE: readers pass over GONE, writers
// use it again.
#include "vm/proc/registry.h"

#include "vm/base/hash.h"
#include "vm/proc/table.h"
#include "vm/proc/trace.h"

typedef struct RegistryName {
    QuietItem retired;
    MemStats *mem;
    Term name;
    Term pid;
    struct RegistryName *next; // of the same process
} RegistryName;

typedef struct {
    QuietItem retired;
    MemStats *mem;
    uint32_t capacity; // a power of two
    _Atomic(RegistryName *) slots[];
} NameTable;

struct Registry {
    MemStats *mem;
    _Atomic(NameTable *) table;
    Lock lock;
    uint32_t used;  // slots that are not NULL
    uint32_t count; // names
};

enum { REGISTRY_FIRST = 64 };
#define GONE ((RegistryName *)(uintptr_t)1)

static NameTable *table_make(MemStats *mem, uint32_t capacity) {
    NameTable *table =
        mem_alloc_zero(mem, MEM_TABLE, sizeof *table + capacity * sizeof table->slots[0]);
    if (table != NULL) {
        table->mem = mem;
        table->capacity = capacity;
    }
    return table;
}

Registry *registry_new(MemStats *mem) {
    Registry *registry = mem_alloc_zero(mem, MEM_TABLE, sizeof *registry);
    NameTable *table = registry == NULL ? NULL : table_make(mem, REGISTRY_FIRST);
    if (table == NULL) {
        mem_free(mem, MEM_TABLE, registry);
        return NULL;
    }
    registry->mem = mem;
    lock_init(&registry->lock, LOCK_REGISTRY);
    atomic_init(&registry->table, table);
    return registry;
}

void registry_free(Registry *registry) {
    if (registry == NULL) {
        return;
    }
    NameTable *table = atomic_load_explicit(&registry->table, memory_order_relaxed);
    for (uint32_t i = 0; i < table->capacity; i++) {
        RegistryName *name = atomic_load_explicit(&table->slots[i], memory_order_relaxed);
        if (name != GONE) {
            mem_free(registry->mem, MEM_TABLE, name);
        }
    }
    mem_free(registry->mem, MEM_TABLE, table);
    lock_destroy(&registry->lock);
    mem_free(registry->mem, MEM_TABLE, registry);
}

static uint32_t home_of(const NameTable *table, Term name) {
    return (uint32_t)hash_word(0, name.bits) & (table->capacity - 1);
}

// The name's slot or, where there is none, NULL.
static _Atomic(RegistryName *) *find(NameTable *table, Term name) {
    for (uint32_t i = home_of(table, name);; i = (i + 1) & (table->capacity - 1)) {
        // Acquire: the name's fields.
        RegistryName *at = atomic_load_explicit(&table->slots[i], memory_order_acquire);
        if (at == NULL) {
            return NULL;
        }
        if (at != GONE && term_same_bits(at->name, name)) {
            return &table->slots[i];
        }
    }
}

static void name_free(QuietItem *item, void *context) {
    (void)context;
    RegistryName *name = (RegistryName *)(void *)item;
    mem_free(name->mem, MEM_TABLE, name);
}

static void name_table_free(QuietItem *item, void *context) {
    (void)context;
    NameTable *table = (NameTable *)(void *)item;
    mem_free(table->mem, MEM_TABLE, table);
}

static void insert(NameTable *table, RegistryName *name, bool *fresh) {
    uint32_t i = home_of(table, name->name);
    for (;; i = (i + 1) & (table->capacity - 1)) {
        RegistryName *at = atomic_load_explicit(&table->slots[i], memory_order_relaxed);
        if (at == NULL || at == GONE) {
            *fresh = at == NULL;
            // Release: pairs with the readers' acquire.
            atomic_store_explicit(&table->slots[i], name, memory_order_release);
            return;
        }
    }
}

// A table in which at least a quarter is NULL after one more.
static bool make_space_locked(Registry *registry, Worker *w) {
    NameTable *old = atomic_load_explicit(&registry->table, memory_order_relaxed);
    if ((registry->used + 1) * 4 <= old->capacity * 3) {
        return true;
    }
    uint32_t capacity =
        (registry->count + 1) * 2 <= old->capacity ? old->capacity : old->capacity * 2;
    NameTable *table = table_make(registry->mem, capacity);
    if (table == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < old->capacity; i++) {
        RegistryName *name = atomic_load_explicit(&old->slots[i], memory_order_relaxed);
        bool fresh;
        if (name != NULL && name != GONE) {
            insert(table, name, &fresh);
        }
    }
    registry->used = registry->count;
    atomic_store_explicit(&registry->table, table, memory_order_release);
    quiet_retire(w->quiet, &old->retired, name_table_free);
    return true;
}

static void remove_locked(Registry *registry, Worker *w, RegistryName *name) {
    NameTable *table = atomic_load_explicit(&registry->table, memory_order_relaxed);
    _Atomic(RegistryName *) *slot = find(table, name->name);
    ASSERT(slot != NULL);
    atomic_store_explicit(slot, GONE, memory_order_release);
    registry->count--;
    TRACE_EVENT(w->vm, TRACE_name, name->pid, "gives up %P", name->name);
    quiet_retire(w->quiet, &name->retired, name_free);
}

static RegisterStatus register_locked(Registry *registry, Worker *w, Process *p, RegistryName *name,
                                      Term *holder) {
    NameTable *table = atomic_load_explicit(&registry->table, memory_order_relaxed);
    _Atomic(RegistryName *) *slot = find(table, name->name);
    if (slot != NULL) {
        *holder = atomic_load_explicit(slot, memory_order_relaxed)->pid;
        return REGISTER_TAKEN;
    }
    if (!make_space_locked(registry, w)) {
        return REGISTER_NO_MEMORY;
    }
    RegistryName *before = atomic_load_explicit(&p->names, memory_order_relaxed);
    name->next = before;
    // Sequentially consistent, as in registry_release: either the process sees the name when it
    // ends, or its end is seen here.
    atomic_store_explicit(&p->names, name, memory_order_seq_cst);
    if (atomic_load_explicit(&p->state, memory_order_seq_cst) >= PROC_EXITING) {
        atomic_store_explicit(&p->names, before, memory_order_relaxed);
        return REGISTER_NOPROC;
    }
    bool fresh;
    insert(atomic_load_explicit(&registry->table, memory_order_relaxed), name, &fresh);
    registry->used += fresh;
    registry->count++;
    return REGISTER_OK;
}

RegisterStatus registry_register(Worker *w, Term name, Term pid, Term *holder) {
    Registry *registry = w->vm->registry;
    Process *p = table_find(w->vm->processes, pid);
    if (p == NULL) {
        return REGISTER_NOPROC;
    }
    RegistryName *entry = mem_alloc_zero(registry->mem, MEM_TABLE, sizeof *entry);
    if (entry == NULL) {
        return REGISTER_NO_MEMORY;
    }
    entry->mem = registry->mem;
    entry->name = name;
    entry->pid = pid;
    lock_acquire(&registry->lock);
    RegisterStatus status = register_locked(registry, w, p, entry, holder);
    lock_release(&registry->lock);
    if (status != REGISTER_OK) {
        mem_free(registry->mem, MEM_TABLE, entry);
    } else {
        TRACE_EVENT(w->vm, TRACE_name, pid, "is %P", name);
    }
    return status;
}

bool registry_unregister(Worker *w, Term name) {
    Registry *registry = w->vm->registry;
    lock_acquire(&registry->lock);
    _Atomic(RegistryName *) *slot =
        find(atomic_load_explicit(&registry->table, memory_order_relaxed), name);
    if (slot != NULL) {
        RegistryName *entry = atomic_load_explicit(slot, memory_order_relaxed);
        Process *p = table_find(w->vm->processes, entry->pid);
        // A process that is ending takes its names away itself.
        RegistryName *at = p == NULL ? NULL : atomic_load_explicit(&p->names, memory_order_relaxed);
        if (at == entry) {
            atomic_store_explicit(&p->names, entry->next, memory_order_relaxed);
        }
        for (; at != NULL; at = at->next) {
            if (at->next == entry) {
                at->next = entry->next;
            }
        }
        if (p != NULL) {
            remove_locked(registry, w, entry);
        }
    }
    lock_release(&registry->lock);
    return slot != NULL;
}

Term registry_whereis(const Registry *registry, Term name) {
    NameTable *table = atomic_load_explicit(&registry->table, memory_order_acquire);
    _Atomic(RegistryName *) *slot = find(table, name);
    RegistryName *entry = slot == NULL ? NULL : atomic_load_explicit(slot, memory_order_acquire);
    return entry == NULL || entry == GONE || !term_same_bits(entry->name, name) ? TERM_NIL
                                                                                : entry->pid;
}

void registry_release(Worker *w, Process *p) {
    ASSERT(atomic_load_explicit(&p->state, memory_order_relaxed) >= PROC_EXITING);
    if (atomic_load_explicit(&p->names, memory_order_seq_cst) == NULL) {
        return;
    }
    Registry *registry = w->vm->registry;
    lock_acquire(&registry->lock);
    RegistryName *name = atomic_load_explicit(&p->names, memory_order_relaxed);
    atomic_store_explicit(&p->names, NULL, memory_order_relaxed);
    while (name != NULL) {
        RegistryName *next = name->next;
        remove_locked(registry, w, name);
        name = next;
    }
    lock_release(&registry->lock);
}

void registry_disown(Process *p) {
    atomic_store_explicit(&p->names, NULL, memory_order_relaxed);
}

bool registry_next(const Registry *registry, uint32_t *index, Term *name, Term *pid) {
    NameTable *table = atomic_load_explicit(&registry->table, memory_order_acquire);
    while (*index < table->capacity) {
        RegistryName *at = atomic_load_explicit(&table->slots[(*index)++], memory_order_acquire);
        if (at != NULL && at != GONE) {
            *name = at->name;
            *pid = at->pid;
            return true;
        }
    }
    return false;
}

Term registry_name_of(const Process *p) {
    const RegistryName *name = atomic_load_explicit(&p->names, memory_order_acquire);
    return name == NULL ? TERM_NIL : name->name;
}

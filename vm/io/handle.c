// SPDX-License-Identifier: Apache-2.0
#include "vm/io/handle.h"

#include "vm/base/lock.h"
#include "vm/boot.h"
#include "vm/proc/table.h"
#include "vm/term/room.h"

enum { BUCKETS_MIN = 64 };

struct HandleTable {
    VM *vm;
    Lock lock;
    Handle **by_id;
    Handle **by_owner;
    size_t bucket_count;  // a power of two, of both
    _Atomic size_t count; // read without the lock: does any process own anything?
};

static Handle **id_bucket(HandleTable *t, uint64_t id) {
    return &t->by_id[(id >> 1) & (t->bucket_count - 1)];
}

static Handle **owner_bucket(HandleTable *t, Term owner) {
    return &t->by_owner[pid_index(owner) & (t->bucket_count - 1)];
}

static void unlink_owner(HandleTable *t, Handle *handle) {
    Handle **at = owner_bucket(t, handle->owner);
    while (*at != handle) {
        at = &(*at)->next_by_owner;
    }
    *at = handle->next_by_owner;
}

static void link_owner(HandleTable *t, Handle *handle, Term owner) {
    handle->owner = owner;
    Handle **bucket = owner_bucket(t, owner);
    handle->next_by_owner = *bucket;
    *bucket = handle;
}

// Takes it out of both lists; false when it is not there. Under the lock.
static bool remove_locked(HandleTable *t, Handle *handle) {
    Handle **at = id_bucket(t, handle->id);
    while (*at != NULL && *at != handle) {
        at = &(*at)->next_by_id;
    }
    if (*at == NULL) {
        return false;
    }
    *at = handle->next_by_id;
    unlink_owner(t, handle);
    atomic_fetch_sub_explicit(&t->count, 1, memory_order_relaxed);
    return true;
}

// Closes everything that the ended process owned. The caller has taken the process out of the
// process table.
static void owner_ended(VM *vm, Term pid) {
    HandleTable *t = vm->handles;
    // Relaxed: a handle that is given to the process meanwhile is seen to by handle_give, which
    // looks for the process last.
    if (atomic_load_explicit(&t->count, memory_order_relaxed) == 0) {
        return;
    }
    for (;;) {
        lock_acquire(&t->lock);
        Handle *handle = *owner_bucket(t, pid);
        while (handle != NULL && !term_same_bits(handle->owner, pid)) {
            handle = handle->next_by_owner;
        }
        if (handle != NULL) {
            remove_locked(t, handle);
        }
        lock_release(&t->lock);
        if (handle == NULL) {
            return;
        }
        handle->kind->close(handle);
        handle_release(handle);
    }
}

HandleTable *handle_table_new(VM *vm) {
    HandleTable *t = mem_alloc_zero(vm->mem, MEM_IO, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    t->vm = vm;
    t->bucket_count = BUCKETS_MIN;
    t->by_id = mem_alloc_zero(vm->mem, MEM_IO, BUCKETS_MIN * sizeof(Handle *));
    t->by_owner = mem_alloc_zero(vm->mem, MEM_IO, BUCKETS_MIN * sizeof(Handle *));
    lock_init(&t->lock, LOCK_HANDLE);
    if (t->by_id == NULL || t->by_owner == NULL) {
        handle_table_free(t);
        return NULL;
    }
    vm->process_ended = owner_ended;
    return t;
}

void handle_table_free(HandleTable *t) {
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; t->by_id != NULL && i < t->bucket_count; i++) {
        while (t->by_id[i] != NULL) {
            Handle *handle = t->by_id[i];
            remove_locked(t, handle);
            handle->kind->close(handle);
            handle_release(handle);
        }
    }
    mem_free(t->vm->mem, MEM_IO, t->by_id);
    mem_free(t->vm->mem, MEM_IO, t->by_owner);
    lock_destroy(&t->lock);
    mem_free(t->vm->mem, MEM_IO, t);
}

// Doubles the buckets if they are full; without memory the lists just get longer. Under the lock.
static void grow_locked(HandleTable *t) {
    if (atomic_load_explicit(&t->count, memory_order_relaxed) < t->bucket_count * 2) {
        return;
    }
    size_t old_count = t->bucket_count;
    Handle **by_id = mem_alloc_zero(t->vm->mem, MEM_IO, old_count * 2 * sizeof(Handle *));
    Handle **by_owner = mem_alloc_zero(t->vm->mem, MEM_IO, old_count * 2 * sizeof(Handle *));
    if (by_id == NULL || by_owner == NULL) {
        mem_free(t->vm->mem, MEM_IO, by_id);
        mem_free(t->vm->mem, MEM_IO, by_owner);
        return;
    }
    Handle **old = t->by_id;
    mem_free(t->vm->mem, MEM_IO, t->by_owner);
    t->by_id = by_id;
    t->by_owner = by_owner;
    t->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i] != NULL) {
            Handle *handle = old[i];
            old[i] = handle->next_by_id;
            Handle **bucket = id_bucket(t, handle->id);
            handle->next_by_id = *bucket;
            *bucket = handle;
            link_owner(t, handle, handle->owner);
        }
    }
    mem_free(t->vm->mem, MEM_IO, old);
}

Term handle_publish(Process *p, Handle *handle) {
    Room room;
    if (!process_reserve(p, REF_WORDS, NULL, 0, &room)) {
        handle->kind->close(handle);
        handle_release(handle);
        return TERM_NONE;
    }
    HandleTable *t = p->vm->handles;
    handle->id = table_ref(p->vm->processes, 0);
    lock_acquire(&t->lock);
    grow_locked(t);
    Handle **bucket = id_bucket(t, handle->id);
    handle->next_by_id = *bucket;
    *bucket = handle;
    link_owner(t, handle, p->pid);
    atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed);
    lock_release(&t->lock);
    return room_ref(&room, handle->id, p->pid);
}

Handle *handle_find(VM *vm, Term ref, const HandleKind *kind) {
    if (!term_is_kind(ref, KIND_REF)) {
        return NULL;
    }
    HandleTable *t = vm->handles;
    uint64_t id = box_raw(ref, 0);
    lock_acquire(&t->lock);
    Handle *handle = *id_bucket(t, id);
    while (handle != NULL && handle->id != id) {
        handle = handle->next_by_id;
    }
    if (handle != NULL && handle->kind == kind) {
        handle_retain(handle);
    } else {
        handle = NULL;
    }
    lock_release(&t->lock);
    return handle;
}

void handle_retain(Handle *handle) {
    atomic_fetch_add_explicit(&handle->refs, 1, memory_order_relaxed);
}

void handle_release(Handle *handle) {
    // Release and acquire: all use comes before whoever frees it does.
    if (atomic_fetch_sub_explicit(&handle->refs, 1, memory_order_acq_rel) == 1) {
        handle->kind->free(handle);
    }
}

bool handle_close(Handle *handle) {
    HandleTable *t = handle->vm->handles;
    lock_acquire(&t->lock);
    bool was_open = remove_locked(t, handle);
    lock_release(&t->lock);
    if (was_open) {
        handle->kind->close(handle);
        handle_release(handle);
    }
    return was_open;
}

bool handle_give(Handle *handle, Term pid) {
    HandleTable *t = handle->vm->handles;
    lock_acquire(&t->lock);
    Handle *at = *id_bucket(t, handle->id);
    while (at != NULL && at != handle) {
        at = at->next_by_id;
    }
    if (at != NULL) {
        unlink_owner(t, handle);
        link_owner(t, handle, pid);
    }
    lock_release(&t->lock);
    if (at != NULL && table_find(handle->vm->processes, pid) == NULL) {
        handle_close(handle);
    }
    return at != NULL;
}

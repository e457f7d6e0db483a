// SPDX-License-Identifier: Apache-2.0
// Quiet points by epochs: see quiet.h.
#include "vm/base/quiet.h"

#include "vm/base/alloc.h"

// An item retired in epoch e is freed in epoch e + GRACE. Two steps see every thread pass a quiet
// point after the item was taken out; the third covers a retiring thread that read the epoch just
// before it moved.
enum { GRACE = 3 };

Quiet *quiet_new(MemStats *mem) {
    Quiet *quiet = mem_alloc_lines(mem, MEM_OTHER, sizeof *quiet);
    if (quiet == NULL) {
        return NULL;
    }
    quiet->mem = mem;
    atomic_init(&quiet->epoch, 1);
    atomic_init(&quiet->threads, NULL);
    lock_init(&quiet->lock, LOCK_VM);
    return quiet;
}

static void free_list(QuietItem *item, void *context) {
    while (item != NULL) {
        QuietItem *next = item->next;
        item->free(item, context);
        item = next;
    }
}

void quiet_free(Quiet *quiet, void *context) {
    if (quiet == NULL) {
        return;
    }
    // What is freed may retire nothing more: no thread is left to do so.
    free_list(quiet->orphans, context);
    QuietThread *thread = atomic_load_explicit(&quiet->threads, memory_order_relaxed);
    while (thread != NULL) {
        QuietThread *next = thread->next;
        CHECK(!thread->used);
        mem_free(quiet->mem, MEM_OTHER, thread);
        thread = next;
    }
    lock_destroy(&quiet->lock);
    mem_free(quiet->mem, MEM_OTHER, quiet);
}

QuietThread *quiet_join(Quiet *quiet) {
    lock_acquire(&quiet->lock);
    QuietThread *thread = atomic_load_explicit(&quiet->threads, memory_order_relaxed);
    while (thread != NULL && thread->used) {
        thread = thread->next;
    }
    if (thread == NULL) {
        thread = mem_alloc_lines(quiet->mem, MEM_OTHER, sizeof *thread);
        if (thread != NULL) {
            thread->quiet = quiet;
            atomic_init(&thread->seen, 0);
            thread->next = atomic_load_explicit(&quiet->threads, memory_order_relaxed);
            // Release: the fields above are there for try_advance, which loads with acquire.
            atomic_store_explicit(&quiet->threads, thread, memory_order_release);
        }
    }
    if (thread != NULL) {
        thread->used = true;
        thread->first = NULL;
        thread->last = &thread->first;
        thread->fresh = &thread->first;
        thread->count = 0;
    }
    lock_release(&quiet->lock);
    return thread;
}

void quiet_leave(QuietThread *thread) {
    Quiet *quiet = thread->quiet;
    quiet_offline(thread);
    lock_acquire(&quiet->lock);
    *thread->last = quiet->orphans;
    quiet->orphans = thread->first;
    thread->used = false;
    lock_release(&quiet->lock);
}

void quiet_online(QuietThread *thread) {
    uint64_t now = atomic_load_explicit(&thread->quiet->epoch, memory_order_acquire);
    atomic_store_explicit(&thread->seen, now, memory_order_relaxed);
    // With the fence in try_advance: either that sees this thread online, or this thread sees all
    // that was taken out before.
    atomic_thread_fence(memory_order_seq_cst);
}

void quiet_offline(QuietThread *thread) {
    // Release: reads of shared memory are over when another thread sees it.
    atomic_store_explicit(&thread->seen, 0, memory_order_release);
}

void quiet_retire(QuietThread *thread, QuietItem *item, void (*free)(QuietItem *, void *)) {
    ASSERT(atomic_load_explicit(&thread->seen, memory_order_relaxed) != 0);
    item->free = free;
    item->next = NULL;
    *thread->last = item;
    thread->last = &item->next;
    thread->count++;
}

static void try_advance(Quiet *quiet) {
    uint64_t now = atomic_load_explicit(&quiet->epoch, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    // Acquire: pairs with quiet_join.
    for (QuietThread *t = atomic_load_explicit(&quiet->threads, memory_order_acquire); t != NULL;
         t = t->next) {
        // Acquire: pairs with the release of quiet_point and quiet_offline.
        uint64_t seen = atomic_load_explicit(&t->seen, memory_order_acquire);
        if (seen != 0 && seen != now) {
            return;
        }
    }
    atomic_compare_exchange_strong_explicit(&quiet->epoch, &now, now + 1, memory_order_acq_rel,
                                            memory_order_relaxed);
}

// The epoch of what was retired since the last time: at the latest now. One fence for all of them.
static void stamp_fresh(QuietThread *thread) {
    // Taking them out comes before reading the epoch.
    atomic_thread_fence(memory_order_seq_cst);
    uint64_t now = atomic_load_explicit(&thread->quiet->epoch, memory_order_relaxed);
    for (QuietItem *item = *thread->fresh; item != NULL; item = item->next) {
        item->epoch = now;
    }
    thread->fresh = thread->last;
}

bool quiet_collect(QuietThread *thread, uint32_t max, void *context) {
    if (thread->first == NULL) {
        return false;
    }
    stamp_fresh(thread);
    try_advance(thread->quiet);
    // Acquire: what the others did before their quiet points is over.
    uint64_t now = atomic_load_explicit(&thread->quiet->epoch, memory_order_acquire);
    while (thread->first != NULL && thread->first->epoch + GRACE <= now) {
        if (max-- == 0) {
            return true;
        }
        QuietItem *item = thread->first;
        thread->first = item->next;
        if (thread->first == NULL) {
            thread->last = &thread->first;
            thread->fresh = &thread->first;
        } else if (thread->fresh == &item->next) {
            thread->fresh = &thread->first;
        }
        thread->count--;
        item->free(item, context);
    }
    return false;
}

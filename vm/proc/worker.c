// SPDX-License-Identifier: Apache-2.0
// A worker's memory and quiet point: see worker.h.
#include "vm/proc/worker.h"

static void each_root(Heap *heap, RootVisit visit, void *collection) {
    Process *p = (Process *)(void *)((char *)heap - offsetof(Process, heap));
    process_each_root(p, visit, collection);
}

bool worker_init(Worker *w, VM *vm, const WorkerHooks *hooks, uint32_t number) {
    *w = (Worker){.vm = vm, .mem = vm->mem, .hooks = hooks, .number = number};
    w->quiet = quiet_join(vm->quiet);
    if (w->quiet == NULL) {
        return false;
    }
    block_pool_init(&w->blocks, vm->blocks);
    w->blocks.each_root = each_root;
    return true;
}

void worker_destroy(Worker *w) {
    if (w->quiet == NULL) {
        return;
    }
    while (w->spares != NULL) {
        Process *next = w->spares->queue_next;
        mem_free(w->mem, MEM_PROCESS, w->spares);
        w->spares = next;
    }
    quiet_leave(w->quiet);
    block_pool_free(&w->blocks);
    w->quiet = NULL;
}

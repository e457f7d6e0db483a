// SPDX-License-Identifier: Apache-2.0
// Failing, saving registers, roots and room: see process.h.
#include "vm/proc/process.h"

#include "vm/base/clock.h"
#include "vm/code/unwind.h"
#include "vm/proc/bound.h"
#include "vm/proc/extra.h"
#include "vm/proc/relation.h"
#include "vm/proc/worker.h"
#include "vm/term/atom.h"

// Failing ----------------------------------------------------------------------------------------

Term process_fail(Process *p, Term reason) {
    ASSERT(term_is_value(reason));
    p->reason = reason;
    return TERM_NONE;
}

// Room for a pair without collecting: the gap that every heap keeps or, when that is used up by
// failures since the last reserve, a fragment.
static Room failure_room(Process *p) {
    enum { WORDS = 3 };
    Heap *heap = &p->heap;
    if (heap_free_words(heap) >= WORDS) {
        Room room = room_over(heap->top, WORDS, &heap->offheap_young);
        heap->top += WORDS;
        return room;
    }
    Fragment *fragment = signal_new_urgent(&p->worker->blocks, SIGNAL_MESSAGE, WORDS);
    Room room = signal_room(fragment);
    heap_adopt(heap, fragment);
    return room;
}

Term process_fail_with(Process *p, Term atom, Term value) {
    Room room = failure_room(p);
    return process_fail(p, room_tuple2(&room, atom, value));
}

Term process_badarg(Process *p, Term value) {
    return process_fail_with(p, AM_badarg, value);
}

Term process_limit(Process *p, Term what) {
    switch (what.bits) {
    case ATOM_BITS(heap):
    case ATOM_BITS(stack):
    case ATOM_BITS(memory):
    case ATOM_BITS(mailbox):
    case ATOM_BITS(reductions): p->uncatchable = true; break;
    default: break;
    }
    return process_fail_with(p, AM_limit, what);
}

// Registers and return addresses ------------------------------------------------------------------

static bool grow_saved(Process *p, uint32_t count) {
    Term *saved = mem_alloc(p->vm->mem, MEM_STACK, count * sizeof(Term));
    if (saved == NULL) {
        p->saved_count = 0;
        process_limit(p, AM_memory);
        return false;
    }
    if (p->saved_room > SAVED_INLINE) {
        mem_free(p->vm->mem, MEM_STACK, p->saved_apart);
    }
    p->saved_apart = saved;
    p->saved_room = (uint16_t)count;
    return true;
}

bool process_save(Process *p, const Term *x, uint32_t count) {
    if (count > p->saved_room && !grow_saved(p, count)) {
        return false;
    }
    Term *saved = process_saved(p);
    for (uint32_t i = 0; i < count; i++) {
        saved[i] = x[i];
    }
    p->saved_count = (uint16_t)count;
    return true;
}

// Copying return addresses to where there are twice as many, the oldest first. The process does
// nothing else meanwhile.
typedef struct {
    Work work;
    uintptr_t *end;
    size_t capacity;
    size_t copied;
} Growing;

static void growing_drop(Process *p, Work *work) {
    mem_free(p->vm->mem, MEM_STACK, ((Growing *)work)->end);
    mem_free(p->vm->mem, MEM_STACK, work);
}

static Growing *growing_begin(Process *p, size_t used) {
    enum { RETURNS_APART = 32, RETURNS_MAX = 1 << 27 };
    size_t capacity = used * 2 < RETURNS_APART ? RETURNS_APART : used * 2;
    // The limit of the heap counts for them as well, apart from what lies there.
    size_t limit = p->heap.limit_words;
    size_t max = limit == 0 || limit > RETURNS_MAX ? RETURNS_MAX
                 : limit < RETURNS_APART           ? RETURNS_APART
                                                   : limit;
    Growing *g = NULL;
    uintptr_t *end =
        capacity > max ? NULL : mem_alloc(p->vm->mem, MEM_STACK, capacity * sizeof(uintptr_t));
    if (end != NULL) {
        g = mem_alloc(p->vm->mem, MEM_STACK, sizeof *g);
    }
    if (g == NULL) {
        mem_free(p->vm->mem, MEM_STACK, end);
        process_limit(p, capacity > max ? AM_stack : AM_memory);
        return NULL;
    }
    *g = (Growing){.work = {.drop = growing_drop, .owner = process_grow_returns},
                   .end = end,
                   .capacity = capacity};
    p->work = &g->work;
    return g;
}

Term process_grow_returns(Process *p) {
    enum { CHUNK = 16 * 1024, CHUNK_REDUCTIONS = 500 };
    ReturnStack *r = &p->returns;
    uintptr_t *base = returns_base(r);
    size_t used = (size_t)(base - r->top);
    ASSERT(p->work == NULL || p->work->owner == process_grow_returns);
    Growing *g = p->work != NULL ? (Growing *)p->work : growing_begin(p, used);
    if (g == NULL) {
        return TERM_NONE;
    }
    while (g->copied < used) {
        size_t n = used - g->copied < CHUNK ? used - g->copied : CHUNK;
        g->copied += n;
        memcpy(g->end + g->capacity - g->copied, base - g->copied, n * sizeof(uintptr_t));
        if (n == CHUNK && process_charge(p, CHUNK_REDUCTIONS) && g->copied < used) {
            return TERM_YIELD;
        }
    }
    if (!returns_are_first(r)) {
        mem_free(p->vm->mem, MEM_STACK, r->end);
    }
    r->end = g->end;
    r->base = g->end + g->capacity;
    r->top = r->base - used;
    p->work = NULL;
    mem_free(p->vm->mem, MEM_STACK, g);
    return TERM_TRUE;
}

// Roots and room ----------------------------------------------------------------------------------

void process_each_root(Process *p, RootVisit visit, void *collection) {
    code_each_frame_root(p, visit, collection);
    visit(collection, p->heap.stack_end - p->cell_count, p->cell_count);
    visit(collection, process_saved(p), p->saved_count);
    visit(collection, &p->reason, 1);
    if (p->work != NULL && p->work->each_root != NULL) {
        p->work->each_root(p->work, visit, collection);
    }
    if (p->extra != NULL) {
        visit(collection, &p->extra->exit_reason, 1);
    }
}

void process_look_at_clock(Process *p) {
    uint64_t end_ns = p->worker->slice_end_ns;
    if (end_ns == SLICE_UNTIMED) {
        return;
    }
    uint64_t now_ns = clock_monotonic_ns();
    if (end_ns == SLICE_BEGUN) {
        p->worker->slice_end_ns = now_ns + SLICE_NS;
    } else if (now_ns >= end_ns && p->reds > 0) {
        p->reds = 0;
    }
}

static void fail_for(Process *p, HeapStatus status) {
    process_limit(p, status == HEAP_LIMIT ? AM_heap : AM_memory);
}

bool process_reserve_slow(Process *p, size_t words, Term *roots, size_t count, Room *room) {
    if (heap_free_words(&p->heap) < words + HEAP_GAP && heap_reserve_aside(&p->heap, words, room)) {
        p->reds = 0; // it is collected when it stops
        return true;
    }
    if (!heap_reserve(&p->heap, words + HEAP_GAP, roots, count, room)) {
        fail_for(p, heap_why(&p->heap));
        return false;
    }
    room->end -= HEAP_GAP;
    p->heap.top = room->end;
    return true;
}

size_t process_memory_bytes(const Process *p) {
    HeapUse use = heap_use(&p->heap);
    size_t bytes = sizeof *p + (use.block_words + use.fragment_words) * sizeof(Term);
    if (!returns_are_first(&p->returns)) {
        bytes += (size_t)(p->returns.base - p->returns.end) * sizeof(uintptr_t);
    }
    if (p->saved_room > SAVED_INLINE) {
        bytes += p->saved_room * sizeof(Term);
    }
    if (p->relations != NULL) {
        bytes += sizeof(Relations) + p->relations->capacity * sizeof(Relation);
    }
    if (p->extra != NULL) {
        bytes += sizeof(ProcessExtra);
    }
    size_t message = sizeof(Fragment) + SIGNAL_WORDS * sizeof(Term);
    return bytes + p->mailbox.count * message + p->mailbox.words * sizeof(Term);
}

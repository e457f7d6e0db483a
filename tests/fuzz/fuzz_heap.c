// Fuzz target: bytes as a program of allocations, messages, holes, frames and collections on one
// heap, which is walked and checked as it goes; now and then memory fails.
//
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>

#include "vm/base/check.h"
#include "vm/heap/copy.h"
#include "vm/heap/heap.h"
#include "vm/heap/literal.h"
#include "vm/term/bytes.h"

enum { ROOTS = 8, STEPS_MAX = 400 };

typedef struct {
    Heap heap;
    Term roots[ROOTS];
    Term cell; // with a hole to fill, or TERM_NIL
    MemStats *mem;
    BlockPool *pool;
} Machine;

static void each_root(Heap *heap, RootVisit visit, void *collection) {
    Machine *m = (Machine *)(void *)heap; // its first field
    visit(collection, m->roots, ROOTS);
    visit(collection, &m->cell, 1);
    visit(collection, m->heap.sp, (size_t)(m->heap.stack_end - m->heap.sp));
}

static void build(Machine *m, uint8_t kind, uint8_t to, uint8_t a, uint8_t b) {
    static const uint8_t data[300] = {1, 2, 3};
    Room room;
    if (!heap_reserve(&m->heap, 16, NULL, 0, &room)) {
        return;
    }
    Term x = m->roots[a % ROOTS];
    Term y = m->roots[b % ROOTS];
    Term t = TERM_NONE;
    switch (kind % 6) {
    case 0: t = room_tuple2(&room, x, y); break;
    case 1: t = room_cons(&room, x, y); break;
    case 2: t = room_bytes(m->mem, &room, data, b); break;
    case 3:
        if (term_is_bytes(x) && bytes_len(x) > b) {
            t = bytes_slice(&room, x, b / 2, bytes_len(x) - b);
        }
        break;
    case 4:
        if (term_is_bytes(x) && term_is_bytes(y) && bytes_len(x) + bytes_len(y) < 100000) {
            t = bytes_append(m->mem, &room, x, y);
        }
        break;
    default:
        t = room_cons(&room, term_small(a), TERM_EMPTY);
        if (!term_same_bits(m->cell, TERM_NIL)) {
            heap_fill(&m->heap, m->cell, t);
        } else {
            m->roots[to % ROOTS] = t;
        }
        m->cell = t;
        t = TERM_NONE;
    }
    if (!term_same_bits(t, TERM_NONE)) {
        m->roots[to % ROOTS] = t;
    }
    heap_trim(&m->heap, &room);
}

// No term with a hole in it is sent.
static void send_to_self(Machine *m, uint8_t to, uint8_t from) {
    if (!term_same_bits(m->cell, TERM_NIL)) {
        heap_fill(&m->heap, m->cell, TERM_EMPTY);
        m->cell = TERM_NIL;
    }
    Term copy;
    Fragment *fragment;
    if (copy_to_fragment(m->pool, m->roots[from % ROOTS], &copy, &fragment)) {
        if (fragment != NULL) {
            heap_adopt(&m->heap, fragment);
        }
        m->roots[to % ROOTS] = copy;
    }
}

static void step(Machine *m, const uint8_t *code) {
    HeapStatus status = HEAP_OK;
    switch (code[0] % 12) {
    case 0: status = heap_collect(&m->heap, code[1], NULL, 0); break;
    case 1: status = heap_ensure(&m->heap, (size_t)code[1] * code[2], NULL, 0); break;
    case 2: heap_shrink(&m->heap); break;
    case 3: send_to_self(m, code[1], code[2]); break;
    case 4: m->roots[code[1] % ROOTS] = term_small(code[2]); break;
    case 5:
        if (heap_free_words(&m->heap) > 4) {
            *--m->heap.sp = m->roots[code[1] % ROOTS];
        }
        break;
    case 6: m->heap.sp += code[1] % (m->heap.stack_end - m->heap.sp + 1); break;
    case 7: mem_fail_nth(m->mem, code[1] % 8); break;
    default: build(m, code[0] / 12, code[1], code[2], code[3]);
    }
    CHECK(status != HEAP_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    MemStats *mem = mem_stats_new(0);
    BlockDepot *depot = block_depot_new(mem, NULL);
    BlockPool pool;
    block_pool_init(&pool, depot);
    pool.stress = size % 4 == 0;
    pool.each_root = each_root;
    Machine m = {.mem = mem, .pool = &pool, .cell = TERM_NIL};
    CHECK(heap_init(&m.heap, &pool, 0));
    for (int i = 0; i < ROOTS; i++) {
        m.roots[i] = TERM_NIL;
    }
    for (size_t i = 0; i + 4 <= size && i < 4 * STEPS_MAX; i += 4) {
        step(&m, data + i);
        if (i % 32 == 0) {
            heap_verify(&m.heap);
        }
    }
    heap_verify(&m.heap);
    mem_fail_nth(mem, 0);
    heap_destroy(&m.heap);
    block_pool_free(&pool);
    block_depot_free(depot);
    mem_stats_free(mem);
    return 0;
}

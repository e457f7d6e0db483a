// SPDX-License-Identifier: Apache-2.0
// vm/heap/block.c and literal.c: sizes, disjointness, giving back, threads, no memory.
#include "vm/heap/block.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "vm/base/rand.h"
#include "vm/heap/literal.h"

static MemStats *mem;
static BlockDepot *depot;

static void setup(void) {
    mem = mem_stats_new(0);
    depot = block_depot_new(mem, NULL);
}

static void teardown(void) {
    block_depot_free(depot);
    mem_stats_free(mem);
}

TestSuite(block, .init = setup, .fini = teardown);

Test(block, sizes_waste_little) {
    for (size_t words = 1; words < 3000000; words += 1 + words / 50) {
        size_t has = block_round(words);
        cr_assert(has >= words);
        cr_assert(has == block_round(has));
        cr_assert(words < 24 || has < words * 3 / 2 + 2, "%zu for %zu", has, words);
        cr_assert(words < 8192 || has <= words * 5 / 4 + 2, "%zu for %zu", has, words);
    }
    cr_assert(block_round((size_t)1 << 30) >= (size_t)1 << 30);
}

static void fill(Term *block, size_t words, uint64_t mark) {
    for (size_t i = 0; i < words; i++) {
        block[i] = TERM_LITERAL(mark);
    }
}

static void *work(void *seed) {
    enum { SLOTS = 200 };
    struct {
        Term *block;
        size_t words;
        uint64_t mark;
    } slots[SLOTS] = {0};
    BlockPool pool;
    block_pool_init(&pool, depot);
    Rand r;
    rand_init(&r, (uint64_t)(uintptr_t)seed);
    for (int i = 0; i < 20000; i++) {
        size_t at = rand_below(&r, SLOTS);
        if (slots[at].block != NULL) {
            for (size_t k = 0; k < slots[at].words; k++) {
                cr_assert(slots[at].block[k].bits == slots[at].mark);
            }
            block_free(&pool, slots[at].block, slots[at].words);
        }
        slots[at].words = 1 + rand_below(&r, (uint64_t)1 << rand_below(&r, 15));
        slots[at].block = block_alloc(&pool, &slots[at].words);
        cr_assert(slots[at].block != NULL);
        slots[at].mark = rand_next(&r);
        fill(slots[at].block, slots[at].words, slots[at].mark);
    }
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].block != NULL) {
            block_free(&pool, slots[i].block, slots[i].words);
        }
    }
    block_pool_free(&pool);
    return NULL;
}

Test(block, random_use_by_threads) {
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++) {
        cr_assert(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
}

// A hundred thousand blocks made by one pool and freed into another: the memory goes back.
Test(block, memory_goes_back) {
    enum { N = 100000 };
    BlockPool maker, taker;
    block_pool_init(&maker, depot);
    block_pool_init(&taker, depot);
    Term **blocks = malloc(N * sizeof *blocks);
    size_t words = 32;
    for (int i = 0; i < N; i++) {
        blocks[i] = block_alloc(&maker, &words);
    }
    uint64_t most = mem_used(mem, MEM_HEAP);
    cr_assert(most < (uint64_t)N * 32 * 8 * 11 / 10);
    for (int i = 0; i < N; i++) {
        block_free(&taker, blocks[i], words);
    }
    cr_assert(mem_used(mem, MEM_HEAP) < most / 5);
    block_pool_free(&maker);
    block_pool_free(&taker);
    free(blocks);
}

Test(block, large_ones_are_reused_and_shrink) {
    BlockPool pool;
    block_pool_init(&pool, depot);
    size_t words = 300000;
    Term *block = block_alloc(&pool, &words);
    fill(block, words, 7);
    block_free(&pool, block, words);
    size_t again = 300000;
    cr_assert(block_alloc(&pool, &again) == block);
    size_t less = block_shrink(&pool, block, again, 20000);
    cr_assert(less >= 20000 && less <= 25000);
    cr_assert(block[less - 1].bits == 7 || less == 0);
    block_free(&pool, block, less);
    size_t huge = ((size_t)1 << 28) + 5;
    Term *big = block_alloc(&pool, &huge);
    big[huge - 1] = TERM_NIL;
    block_free(&pool, big, huge);
    mem_fail_nth(mem, 1);
    size_t want = 1000000;
    Term *retried = block_alloc(&pool, &want); // what is kept for reuse is given up first
    cr_assert(retried != NULL);
    block_free(&pool, retried, want);
    block_pool_free(&pool);
}

Test(block, literals_fill_gaps) {
    LiteralSpace *space = literal_space_new(mem);
    LiteralBlock *blocks[50];
    Rand r;
    rand_init(&r, 3);
    for (int i = 0; i < 50; i++) {
        blocks[i] = literal_alloc(space, rand_below(&r, 5000));
    }
    for (int round = 0; round < 500; round++) {
        int i = (int)rand_below(&r, 50);
        literal_free(space, blocks[i]);
        blocks[i] = literal_alloc(space, rand_below(&r, 5000));
        cr_assert(blocks[i] != NULL);
        Term *at = blocks[i]->data;
        cr_assert((uintptr_t)at - literal_base(space) < literal_size_bytes(space));
        cr_assert(at[0].bits == 0); // fresh pages
        fill(at, blocks[i]->words, (uint64_t)i);
        literal_seal(blocks[i]);
        for (int k = 0; k < 50; k++) {
            cr_assert(k == i || at + blocks[i]->words <= blocks[k]->data ||
                      blocks[k]->data + blocks[k]->words <= at);
        }
    }
    cr_assert((uintptr_t)blocks[0]->data - literal_base(space) < 50 * 6000 * 8 * 2);
    mem_fail_nth(mem, 2);
    cr_assert(literal_alloc(space, 100) == NULL);
    cr_assert(literal_alloc(space, SIZE_MAX / 16) == NULL);
    literal_space_free(space);
}

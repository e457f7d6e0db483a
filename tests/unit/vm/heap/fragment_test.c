// SPDX-License-Identifier: Apache-2.0
// vm/heap/fragment.c: sizes, reuse, what goes between threads through the depot, that what is kept
// stays bounded.
#include "vm/heap/fragment.h"

#include <criterion/criterion.h>

#include "vm/heap/copy.h"

static MemStats *mem;
static BlockDepot *depot;
static BlockPool sender;
static BlockPool receiver;

static void setup(void) {
    mem = mem_stats_new(0);
    depot = block_depot_new(mem, NULL);
    block_pool_init(&sender, depot);
    block_pool_init(&receiver, depot);
}

static void teardown(void) {
    block_pool_free(&sender);
    block_pool_free(&receiver);
    block_depot_free(depot);
    cr_expect_eq(mem_used(mem, MEM_FRAGMENT), 0);
    mem_stats_free(mem);
}

TestSuite(fragment, .init = setup, .fini = teardown);

static Fragment *take(BlockPool *pool, size_t words) {
    Fragment *f = fragment_take(pool, words);
    cr_assert_not_null(f);
    cr_assert_eq(f->words, words);
    cr_assert_geq(f->capacity, words);
    cr_assert_null(f->next);
    cr_assert_null(f->offheap.first);
    cr_assert_eq(f->offheap.bytes, 0);
    // All of it may be written to.
    for (size_t i = 0; i < words; i++) {
        f->data[i] = term_small((int64_t)i);
    }
    return f;
}

Test(fragment, has_the_size_that_was_asked_for) {
    enum { MOST = FRAGMENT_STEP * FRAGMENT_CLASSES };
    for (int round = 0; round < 3; round++) {
        for (size_t words = 0; words <= MOST + 2; words++) {
            fragment_give(&sender, take(&sender, words));
        }
    }
}

Test(fragment, is_used_again) {
    Fragment *first = take(&sender, 5);
    fragment_give(&sender, first);
    cr_assert_eq(take(&sender, 8), first, "the last one given back, of the same class");
    Fragment *other = take(&sender, 9);
    cr_assert_neq(other, first);
    fragment_give(&sender, first);
    fragment_give(&sender, other);
    // Large ones are not kept.
    uint64_t before = mem_used(mem, MEM_FRAGMENT);
    fragment_give(&sender, take(&sender, 1000));
    cr_assert_eq(mem_used(mem, MEM_FRAGMENT), before);
}

Test(fragment, may_come_from_and_go_to_the_plain_allocator) {
    fragment_free(mem, take(&sender, 6));
    fragment_give(&sender, fragment_new(mem, 8));
    fragment_give(&sender, fragment_new(mem, 7)); // of no class: freed
    cr_assert_eq(sender.fragments.count[1], 1);
}

// One sends, the other frees: the sender gets back what piles up there.
Test(fragment, goes_round_between_threads) {
    enum { FLOOD = 200000, WINDOW = 3000 };
    Fragment *window[WINDOW] = {NULL};
    for (int i = 0; i < FLOOD; i++) {
        Fragment **slot = &window[i % WINDOW];
        if (*slot != NULL) {
            fragment_give(&receiver, *slot);
        }
        *slot = take(&sender, 7);
    }
    size_t size = sizeof(Fragment) + 8 * sizeof(Term) + 16;
    size_t most = WINDOW + 2 * FRAGMENT_POOL_MAX + 4 * FRAGMENT_BATCH;
    cr_assert_leq(mem_used(mem, MEM_FRAGMENT), most * size);
    for (int i = 0; i < WINDOW; i++) {
        fragment_give(&receiver, window[i]);
    }
}

// However many were on their way, what is kept of them has a bound.
Test(fragment, gives_memory_back_after_a_flood) {
    enum { FLOOD = 100000 };
    Fragment *list = NULL;
    for (int i = 0; i < FLOOD; i++) {
        Fragment *f = take(&sender, 7);
        f->next = list;
        list = f;
    }
    while (list != NULL) {
        Fragment *next = list->next;
        fragment_give(&receiver, list);
        list = next;
    }
    size_t size = sizeof(Fragment) + 8 * sizeof(Term) + 16;
    size_t kept = FRAGMENT_POOL_MAX + FRAGMENT_BATCH * FRAGMENT_BATCHES_MAX;
    cr_assert_leq(mem_used(mem, MEM_FRAGMENT), kept * size);
    cr_assert_leq(receiver.fragments.count[1], (uint32_t)FRAGMENT_POOL_MAX);
    cr_assert_eq(atomic_load(&depot->fragments.count[1]), (uint32_t)FRAGMENT_BATCHES_MAX);
    fragment_pool_drain(&receiver);
    fragment_depot_drain(depot);
    cr_assert_eq(mem_used(mem, MEM_FRAGMENT), 0);
}

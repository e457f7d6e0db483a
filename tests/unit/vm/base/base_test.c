// SPDX-License-Identifier: Apache-2.0
// vm/base: memory accounting and faults, locks, conditions, hashing, clocks, random numbers,
// buffers.
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "vm/base/alloc.h"
#include "vm/base/buffer.h"
#include "vm/base/clock.h"
#include "vm/base/hash.h"
#include "vm/base/lock.h"
#include "vm/base/rand.h"

// Memory -----------------------------------------------------------------------------------------

Test(alloc, counts_by_kind) {
    MemStats *mem = mem_stats_new(0);
    void *a = mem_alloc(mem, MEM_IO, 1000);
    void *b = mem_alloc_zero(mem, MEM_TIMER, 100);
    cr_assert(mem_used(mem, MEM_IO) >= 1000 && mem_used(mem, MEM_IO) < 1100);
    cr_assert(mem_used(mem, MEM_TIMER) >= 100);
    cr_assert(mem_used_total(mem) == mem_used(mem, MEM_IO) + mem_used(mem, MEM_TIMER));
    for (int i = 0; i < 100; i++) {
        cr_assert(((char *)b)[i] == 0);
    }
    a = mem_realloc(mem, MEM_IO, a, 100000);
    cr_assert(mem_used(mem, MEM_IO) >= 100000);
    void *pages = mem_map(mem, MEM_HEAP, 65536, 262144);
    cr_assert((uintptr_t)pages % 262144 == 0);
    memset(pages, 1, 65536);
    cr_assert(mem_used(mem, MEM_HEAP) == 65536);
    mem_unmap(mem, MEM_HEAP, pages, 65536);
    mem_free(mem, MEM_IO, a);
    mem_free(mem, MEM_TIMER, b);
    mem_free(mem, MEM_TIMER, NULL);
    cr_assert(mem_used_total(mem) == 0);
    cr_assert_str_eq(mem_kind_name(MEM_IO), "IO");
    mem_stats_free(mem);
}

Test(alloc, limit) {
    MemStats *mem = mem_stats_new(10 * 1000 * 1000);
    void *blocks[100];
    int count = 0;
    while (count < 100 && (blocks[count] = mem_alloc(mem, MEM_OTHER, 1000 * 1000)) != NULL) {
        count++;
    }
    cr_assert(count >= 8 && count <= 10);
    cr_assert(!mem_charge(mem, MEM_OTHER, 5 * 1000 * 1000));
    cr_assert(mem_alloc(mem, MEM_OTHER, SIZE_MAX) == NULL);
    cr_assert(atomic_load(&mem->failures) >= 3);
    void *urgent = mem_alloc_urgent(mem, MEM_OTHER, 5 * 1000 * 1000);
    mem_free(mem, MEM_OTHER, urgent);
    while (count > 0) {
        mem_free(mem, MEM_OTHER, blocks[--count]);
    }
    void *again = mem_alloc(mem, MEM_OTHER, 1000 * 1000);
    cr_assert(again != NULL);
    mem_free(mem, MEM_OTHER, again);
    cr_assert(mem_default_limit() > 64 * 1024 * 1024);
    mem_stats_free(mem);
}

Test(alloc, nth_fails) {
    MemStats *mem = mem_stats_new(0);
    mem_fail_nth(mem, 3);
    void *a = mem_alloc(mem, MEM_OTHER, 1);
    void *b = mem_alloc(mem, MEM_OTHER, 1);
    void *c = mem_alloc(mem, MEM_OTHER, 1);
    void *d = mem_alloc(mem, MEM_OTHER, 1);
    cr_assert(a != NULL && b != NULL && c == NULL && d != NULL);
    mem_free(mem, MEM_OTHER, a);
    mem_free(mem, MEM_OTHER, b);
    mem_free(mem, MEM_OTHER, d);
    mem_stats_free(mem);
}

static void *allocate_and_free(void *mem) {
    void *blocks[64] = {0};
    Rand r;
    rand_init(&r, (uint64_t)(uintptr_t)&r);
    for (int i = 0; i < 20000; i++) {
        size_t at = rand_below(&r, 64);
        mem_free(mem, MEM_OTHER, blocks[at]);
        blocks[at] = mem_alloc(mem, MEM_OTHER, rand_below(&r, 3000));
    }
    for (int i = 0; i < 64; i++) {
        mem_free(mem, MEM_OTHER, blocks[i]);
    }
    return NULL;
}

Test(alloc, threads_count_together) {
    MemStats *mem = mem_stats_new(0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        cr_assert(pthread_create(&threads[i], NULL, allocate_and_free, mem) == 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    cr_assert(mem_used_total(mem) == 0);
    mem_stats_free(mem);
}

Test(alloc, leaks_are_found, .signal = SIGABRT) {
    if (!VM_DEBUG) {
        abort();
    }
    MemStats *mem = mem_stats_new(0);
    void *leaked = mem_alloc(mem, MEM_OTHER, 10);
    (void)leaked;
    mem_stats_free(mem);
}

// Locks ------------------------------------------------------------------------------------------

// The analysis of clang does not follow the assertions.
static void take_in_rising_order(Lock *a, Lock *b) NO_LOCK_ANALYSIS {
    lock_acquire(a);
    lock_acquire(b);
    cr_assert(lock_is_held(a) && lock_is_held(b));
    lock_release(a);
    lock_release(b);
    cr_assert(lock_try(b));
    cr_assert(lock_try(a)); // trying out of order cannot wait, so it is allowed
    lock_release(b);
    lock_release(a);
}

static void take_in_falling_order(Lock *a, Lock *b) NO_LOCK_ANALYSIS {
    lock_acquire(b);
    lock_acquire(a);
}

Test(lock, rising_ranks) {
    Lock a, b;
    lock_init(&a, LOCK_RUNQ);
    lock_init(&b, LOCK_TEST);
    take_in_rising_order(&a, &b);
    lock_destroy(&a);
    lock_destroy(&b);
}

Test(lock, falling_ranks_abort, .signal = SIGABRT) {
    if (!VM_DEBUG) {
        abort();
    }
    Lock a, b;
    lock_init(&a, LOCK_RUNQ);
    lock_init(&b, LOCK_TEST);
    take_in_falling_order(&a, &b);
}

typedef struct {
    Lock lock;
    Condition condition;
    int turn;
} PingPong;

static void *take_turns(void *argument) {
    PingPong *p = argument;
    lock_acquire(&p->lock);
    for (int i = 0; i < 1000; i++) {
        while (p->turn % 2 == 0) {
            condition_wait(&p->condition, &p->lock);
        }
        p->turn++;
        condition_signal(&p->condition);
    }
    lock_release(&p->lock);
    return NULL;
}

Test(lock, conditions) {
    PingPong p = {.turn = 0};
    lock_init(&p.lock, LOCK_TEST);
    condition_init(&p.condition);
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, take_turns, &p) == 0);
    lock_acquire(&p.lock);
    for (int i = 0; i < 1000; i++) {
        while (p.turn % 2 == 1) {
            condition_wait(&p.condition, &p.lock);
        }
        p.turn++;
        condition_broadcast(&p.condition);
    }
    lock_release(&p.lock);
    pthread_join(thread, NULL);
    lock_acquire(&p.lock);
    uint64_t start = clock_monotonic_ns();
    while (condition_wait_until(&p.condition, &p.lock, start + 20 * 1000 * 1000)) {
    }
    cr_assert(clock_monotonic_ns() - start >= 19 * 1000 * 1000);
    lock_release(&p.lock);
    condition_destroy(&p.condition);
    lock_destroy(&p.lock);
}

// The rest ---------------------------------------------------------------------------------------

Test(hash, every_bit_counts) {
    uint8_t data[64];
    Rand r;
    rand_init(&r, 9);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)rand_next(&r);
    }
    for (size_t len = 1; len <= sizeof data; len++) {
        uint64_t whole = hash_bytes(1, data, len);
        cr_assert(whole == hash_bytes(1, data, len));
        cr_assert(whole != hash_bytes(2, data, len));
        cr_assert(whole != hash_bytes(1, data, len - 1));
        for (size_t bit = 0; bit < len * 8; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            uint64_t changed = hash_bytes(1, data, len);
            data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            int differing = __builtin_popcountll(whole ^ changed);
            cr_assert(differing > 10 && differing < 54, "%d bits of %zu bytes", differing, len);
        }
    }
}

// Zeros of different lengths, and small integers in all slots of a table.
Test(hash, spreads) {
    uint8_t zeros[200] = {0};
    for (size_t a = 0; a < sizeof zeros; a++) {
        for (size_t b = a + 1; b < sizeof zeros; b++) {
            cr_assert(hash_bytes(7, zeros, a) != hash_bytes(7, zeros, b));
        }
    }
    for (int shift = 0; shift < 64; shift += 8) {
        uint32_t slots[256] = {0};
        for (uint64_t i = 0; i < 256 * 64; i++) {
            slots[hash_word(3, i) >> shift & 255]++;
        }
        for (int i = 0; i < 256; i++) {
            cr_assert(slots[i] > 20 && slots[i] < 130, "%u of 64", slots[i]);
        }
    }
}

Test(clock, virtual_time_stands_still) {
    Clock wall, still;
    clock_init(&wall);
    clock_init_virtual(&still, 1000);
    uint64_t a = clock_now_ns(&wall);
    cr_assert(clock_now_ns(&still) == 0);
    clock_advance(&still, 500);
    cr_assert(clock_now_ns(&still) == 500);
    cr_assert(clock_system_ns(&still) == 1500);
    cr_assert(clock_now_ns(&wall) >= a);
    cr_assert(clock_system_ns(&wall) > UINT64_C(1600000000) * 1000000000);
}

Test(rand, repeats_and_is_even) {
    Rand a, b;
    rand_init(&a, 5);
    rand_init(&b, 5);
    uint32_t counts[7] = {0};
    double sum = 0;
    for (int i = 0; i < 70000; i++) {
        cr_assert(rand_next(&a) == rand_next(&b));
        counts[rand_below(&a, 7)]++;
        rand_below(&b, 7);
        double d = rand_double(&a);
        cr_assert(d >= 0 && d < 1);
        cr_assert(d == rand_double(&b));
        sum += d;
    }
    for (int i = 0; i < 7; i++) {
        cr_assert(counts[i] > 9500 && counts[i] < 10500);
    }
    cr_assert(sum > 34500 && sum < 35500);
    cr_assert(rand_below(&a, 1) == 0);
    cr_assert(rand_entropy() != rand_entropy());
}

Test(buffer, grows_and_remembers_failure) {
    MemStats *mem = mem_stats_new(0);
    Buffer b;
    buffer_init(&b, mem);
    cr_assert_str_eq(buffer_text(&b), "");
    for (int i = 0; i < 1000; i++) {
        buffer_add_format(&b, "%d,", i);
    }
    cr_assert(b.len == 10 * 2 + 90 * 3 + 900 * 4);
    cr_assert(strlen(buffer_text(&b)) == b.len);
    size_t len = b.len;
    mem_fail_nth(mem, 1);
    char *more = calloc(1, 100000);
    buffer_add(&b, more, 100000);
    free(more);
    mem_fail_nth(mem, 0);
    cr_assert(b.failed && b.len == len);
    buffer_add_char(&b, 'x');
    cr_assert(b.len == len);
    buffer_clear(&b);
    buffer_add_text(&b, "again");
    cr_assert(!b.failed && b.len == 5);
    b.limit = 6;
    buffer_add_text(&b, "st");
    cr_assert(b.failed && b.len == 5);
    buffer_free(&b);
    mem_stats_free(mem);
}

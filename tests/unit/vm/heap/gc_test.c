// SPDX-License-Identifier: Apache-2.0
// vm/heap: collections preserve what the roots reach, under random work, with messages, holes,
// literals, limits and without memory. A shadow of every root is kept as text (inspect), which no
// collection can touch.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/vm/term/generate.h"
#include "vm/base/clock.h"
#include "vm/heap/copy.h"
#include "vm/heap/gc_private.h"
#include "vm/heap/heap.h"
#include "vm/heap/literal.h"
#include "vm/term/bytes.h"
#include "vm/term/compare.h"
#include "vm/term/list.h"
#include "vm/term/map.h"

enum { ROOTS = 24 };

static Generator g;
static LiteralSpace *literals;
static BlockDepot *depot;
static BlockPool pool;
static Heap heap;
static Term roots[ROOTS];
static Term shadows[ROOTS]; // the same terms in the generator's memory

static void visit_roots(Heap *of, RootVisit visit, void *collection) {
    (void)of;
    visit(collection, roots, ROOTS);
    visit(collection, heap.sp, (size_t)(heap.stack_end - heap.sp));
}

static void setup(void) {
    generator_init(&g, 11);
    literals = literal_space_new(g.mem);
    depot = block_depot_new(g.mem, literals);
    block_pool_init(&pool, depot);
    cr_assert(heap_init(&heap, &pool, 0));
    pool.each_root = visit_roots;
    for (int i = 0; i < ROOTS; i++) {
        roots[i] = shadows[i] = TERM_NIL;
    }
}

static void teardown(void) {
    heap_destroy(&heap);
    block_pool_free(&pool);
    block_depot_free(depot);
    literal_space_free(literals);
    generator_free(&g);
}

TestSuite(gc, .init = setup, .fini = teardown);

static void check_roots(void) {
    heap_verify(&heap);
    for (int i = 0; i < ROOTS; i++) {
        cr_assert(term_equal(g.atoms, roots[i], shadows[i]), "root %d changed", i);
    }
}

// A root becomes a copy of a new random term, by way of a message or directly.
static void set_root(int i, Term t) {
    if (rand_below(&g.rand, 2)) {
        Term copy;
        Fragment *fragment;
        cr_assert(copy_to_fragment(&pool, t, &copy, &fragment));
        if (fragment != NULL) {
            heap_adopt(&heap, fragment);
        }
        roots[i] = copy;
    } else {
        size_t words;
        cr_assert(copy_words(&pool, t, &words));
        Room room;
        cr_assert(heap_reserve(&heap, words, NULL, 0, &room));
        cr_assert(copy_to_room(&pool, t, &room, &roots[i]));
        cr_assert(room.at == room.end);
    }
    shadows[i] = t;
}

static void random_work(int steps, bool verify) {
    for (int step = 0; step < steps; step++) {
        int i = (int)rand_below(&g.rand, ROOTS);
        switch (rand_below(&g.rand, 12)) {
        case 0:
            if (g.used < g.capacity / 2) {
                set_root(i, generate_term(&g, 80));
            }
            break;
        case 1: cr_assert(heap_collect(&heap, rand_below(&g.rand, 100), NULL, 0) == HEAP_OK); break;
        case 2: heap_shrink(&heap); break;
        case 3: {
            // Frames come and go.
            size_t words = rand_below(&g.rand, 30);
            cr_assert(heap_ensure(&heap, words, NULL, 0) == HEAP_OK);
            for (size_t k = 0; k < words; k++) {
                *--heap.sp = roots[rand_below(&g.rand, ROOTS)];
            }
            break;
        }
        case 4: heap.sp += rand_below(&g.rand, (uint64_t)(heap.stack_end - heap.sp) + 1); break;
        default: {
            // A pair of two roots: young objects lead to old ones; a local root rides along.
            int j = (int)rand_below(&g.rand, ROOTS);
            int k = (int)rand_below(&g.rand, ROOTS);
            Term local[2] = {roots[j], roots[k]};
            Room room;
            size_t extra = rand_below(&g.rand, 20);
            cr_assert(heap_reserve(&heap, 3 + extra, local, 2, &room));
            Term pair = room_tuple2(&room, local[0], local[1]);
            heap_trim(&heap, &room);
            size_t depth_words;
            cr_assert(copy_words(&pool, pair, &depth_words));
            if (depth_words < 2000 && g.used < g.capacity / 2) {
                roots[i] = pair;
                Room shadow = generator_room(&g, 3);
                shadows[i] = room_tuple2(&shadow, shadows[j], shadows[k]);
            }
        }
        }
        if (verify) {
            check_roots();
        }
    }
    check_roots();
}

Test(gc, random_work) {
    random_work(3000, true);
}

Test(gc, random_work_at_speed) {
    for (int round = 0; round < 20; round++) {
        random_work(5000, false);
        for (int i = 0; i < ROOTS; i++) {
            roots[i] = shadows[i] = TERM_NIL;
        }
        heap.sp = heap.stack_end;
        generator_clear(&g);
    }
}

Test(gc, random_work_under_stress) {
    pool.stress = true;
    random_work(2000, true);
}

// All that was shared stays shared: a tower of pairs of itself has 2^60 leaves.
Test(gc, sharing_is_kept) {
    Term t = term_small(7);
    for (int i = 0; i < 60; i++) {
        Room room;
        cr_assert(heap_reserve(&heap, 3, &t, 1, &room));
        t = room_tuple2(&room, t, t);
    }
    roots[0] = t;
    for (int i = 0; i < 5; i++) {
        cr_assert(heap_collect(&heap, 0, NULL, 0) == HEAP_OK);
        HeapUse use = heap_use(&heap);
        cr_assert(use.young_words + use.old_words == 180);
    }
    Term copy;
    Fragment *fragment;
    cr_assert(copy_to_fragment(&pool, roots[0], &copy, &fragment));
    cr_assert(fragment->words == 180);
    heap_adopt(&heap, fragment);
    roots[1] = copy;
    heap_verify(&heap);
    for (int i = 0; i < 60; i++) {
        cr_assert(term_same_bits(tuple_at(copy, 0), tuple_at(copy, 1)));
        copy = tuple_at(copy, 0);
    }
    roots[0] = roots[1] = TERM_NIL;
}

// A list built from its front through holes, with collections of both kinds at every stage.
Test(gc, holes) {
    enum { N = 20000 };
    roots[0] = TERM_NIL;
    for (int i = 0; i < N; i++) {
        Room room;
        cr_assert(heap_reserve(&heap, CONS_WORDS + 3, NULL, 0, &room));
        Term boxed = room_tuple2(&room, term_small(i), term_small(-i));
        Term cell = room_cons(&room, boxed, TERM_EMPTY);
        if (i == 0) {
            roots[0] = cell;
        } else {
            heap_fill(&heap, roots[1], cell);
        }
        roots[1] = cell;
        if (rand_below(&g.rand, 50) == 0) {
            cr_assert(heap_collect(&heap, 0, NULL, 0) == HEAP_OK);
        }
        if (rand_below(&g.rand, 200) == 0) {
            heap_verify(&heap);
        }
    }
    heap_fill(&heap, roots[1], TERM_EMPTY);
    heap_verify(&heap);
    cr_assert(list_length(roots[0]) == N);
    int64_t i = 0;
    for (Term t = roots[0]; term_is_cons(t); t = cons_tail(t), i++) {
        cr_assert(term_to_small(tuple_at(cons_head(t), 0)) == i);
    }
    roots[0] = roots[1] = TERM_NIL;
}

static uint64_t shared_refs(Term t) {
    return atomic_load_explicit(&shared_of(t)->refs, memory_order_relaxed);
}

Test(gc, shared_bytes_are_released) {
    char data[1000];
    memset(data, 'x', sizeof data);
    Room room;
    cr_assert(heap_reserve(&heap, 2 * SHARED_WORDS + SLICE_WORDS, NULL, 0, &room));
    roots[0] = room_bytes(g.mem, &room, data, sizeof data);
    roots[1] = bytes_slice(&room, roots[0], 10, 500);
    cr_assert(box_kind(roots[1]) == KIND_SLICE);
    Term message;
    Fragment *fragment;
    cr_assert(copy_to_fragment(&pool, roots[1], &message, &fragment));
    cr_assert(shared_refs(roots[0]) == 2);
    heap_adopt(&heap, fragment);
    roots[2] = message;
    roots[1] = TERM_NIL;
    for (int i = 0; i < 3; i++) {
        cr_assert(heap_collect(&heap, 0, NULL, 0) == HEAP_OK);
        cr_assert(shared_refs(roots[0]) == 2);
        cr_assert(bytes_view(roots[2]).len == 500);
    }
    Term whole = roots[0];
    roots[0] = TERM_NIL;
    (void)whole;
    cr_assert(heap_collect(&heap, 0, NULL, 0) == HEAP_OK);
    cr_assert(shared_refs(roots[2]) == 1);
    roots[2] = TERM_NIL;
    cr_assert(heap_collect(&heap, 0, NULL, 0) == HEAP_OK);
    cr_assert(mem_used(g.mem, MEM_SHARED) == 0);
}

// Much shared data behind few words makes collections come, and counts toward the limit.
Test(gc, off_heap_bytes_press) {
    char *data = calloc(1, 100000);
    for (int i = 0; i < 2000; i++) {
        Room room;
        cr_assert(heap_reserve(&heap, SHARED_WORDS, NULL, 0, &room));
        Term t = room_bytes(g.mem, &room, data, 100000);
        cr_assert(!term_same_bits(t, TERM_NONE));
        cr_assert(mem_used(g.mem, MEM_SHARED) < 20 * 1000 * 1000);
    }
    heap.limit_words = 100000;
    roots[0] = TERM_EMPTY;
    bool refused = false;
    for (int i = 0; i < 100 && !refused; i++) {
        Room room;
        refused = !heap_reserve(&heap, SHARED_WORDS + CONS_WORDS, NULL, 0, &room);
        if (!refused) {
            Term t = room_bytes(g.mem, &room, data, 100000);
            roots[0] = room_cons(&room, t, roots[0]);
        }
    }
    cr_assert(refused);
    cr_assert(heap_why(&heap) == HEAP_LIMIT);
    roots[0] = TERM_NIL;
    heap.limit_words = 0;
    free(data);
}

Test(gc, limit_of_the_heap) {
    heap.limit_words = 50000;
    roots[0] = TERM_EMPTY;
    int n = 0;
    Room room;
    while (heap_reserve(&heap, CONS_WORDS, NULL, 0, &room)) {
        roots[0] = room_cons(&room, term_small(n++), roots[0]);
        cr_assert(n < 100000);
    }
    cr_assert(n > 20000);
    cr_assert(heap_why(&heap) == HEAP_LIMIT);
    cr_assert(list_length(roots[0]) == n);
    heap_verify(&heap);
    // Garbage does not count.
    roots[0] = TERM_NIL;
    cr_assert(heap_reserve(&heap, 10000, NULL, 0, &room));
    cr_assert(!heap_reserve(&heap, SIZE_MAX / 4, NULL, 0, &room));
    heap.limit_words = 0;
    cr_assert(!heap_reserve(&heap, SIZE_MAX / 4, NULL, 0, &room));
    cr_assert(heap_why(&heap) == HEAP_MEMORY);
}

// Wherever an allocation fails, the heap is as good as before.
Test(gc, without_memory) {
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < 6; i++) {
            set_root((int)rand_below(&g.rand, ROOTS), generate_term(&g, 40));
        }
        mem_fail_nth(g.mem, 1 + rand_below(&g.rand, 6));
        for (int i = 0; i < 50; i++) {
            Room room;
            size_t words = rand_below(&g.rand, 3000);
            if (heap_reserve(&heap, words, NULL, 0, &room)) {
                heap_trim(&heap, &room);
            } else {
                cr_assert(heap_why(&heap) == HEAP_MEMORY);
            }
            if (i % 10 == 0 && heap_collect(&heap, 0, NULL, 0) == HEAP_MEMORY) {
                heap_verify(&heap);
            }
        }
        mem_fail_nth(g.mem, 0);
        check_roots();
        if (g.used > g.capacity / 2) {
            break;
        }
    }
}

Test(gc, copying_without_memory) {
    for (int i = 0; i < 300 && g.used < g.capacity / 2; i++) {
        Term t = generate_term(&g, 200);
        for (uint64_t n = 1; n < 6; n++) {
            mem_fail_nth(g.mem, n);
            Term copy;
            Fragment *fragment;
            bool ok = copy_to_fragment(&pool, t, &copy, &fragment);
            mem_fail_nth(g.mem, 0);
            if (ok) {
                cr_assert(term_equal(g.atoms, t, copy));
                if (fragment != NULL) {
                    fragment_free(g.mem, fragment);
                }
                break;
            }
            cr_assert(fragment == NULL);
        }
    }
}

// Copies in small slices, with sharing and without, equal the source.
Test(gc, copying_in_slices) {
    for (int i = 0; i < 400 && g.used < g.capacity / 2; i++) {
        Term t = generate_term(&g, 300);
        Copying c;
        copying_init(&c, &pool, t);
        c.keep_shared = i % 2;
        StepStatus status;
        do {
            int64_t budget = 1 + (int64_t)rand_below(&g.rand, 5);
            status = copying_measure(&c, &budget);
        } while (status == STEP_MORE);
        cr_assert(status == STEP_DONE);
        Fragment *fragment = fragment_new(g.mem, c.words);
        Room room = fragment_room(fragment);
        do {
            int64_t budget = 1 + (int64_t)rand_below(&g.rand, 5);
            status = copying_build(&c, &room, &budget);
        } while (status == STEP_MORE);
        cr_assert(status == STEP_DONE);
        cr_assert(room.at == room.end);
        cr_assert(term_equal(g.atoms, c.result, t));
        copying_free(&c);
        fragment_free(g.mem, fragment);
    }
}

Test(gc, long_lists_are_copied_flat) {
    enum { N = 1000000 };
    Term *words = malloc(2 * N * sizeof(Term));
    Room room = room_over(words, 2 * N, NULL);
    Term list = TERM_EMPTY;
    for (int i = 0; i < N; i++) {
        list = room_cons(&room, term_small(i), list);
    }
    Term copy;
    Fragment *fragment;
    cr_assert(copy_to_fragment(&pool, list, &copy, &fragment));
    cr_assert(fragment->words == 2 * N);
    cr_assert(term_equal(g.atoms, list, copy));
    fragment_free(g.mem, fragment);
    free(words);
}

Test(gc, literals_stay_and_can_be_evicted) {
    LiteralBlock *block = literal_alloc(literals, 1000);
    Term t = generate_term(&g, 60);
    char data[200] = "a literal of more than sixty-four bytes, so that it is shared";
    Term bytes = room_bytes(g.mem, &block->room, data, sizeof data);
    Term copied;
    cr_assert(copy_to_room(&pool, t, &block->room, &copied));
    Term literal = room_tuple2(&block->room, copied, bytes);
    literal_seal(block);
    Room shadow = generator_room(&g, SHARED_WORDS + 3);
    Term shadow_bytes = room_bytes(g.mem, &shadow, data, sizeof data);
    shadows[0] = shadows[1] = room_tuple2(&shadow, t, shadow_bytes);
    roots[0] = roots[1] = literal;
    cr_assert(heap_collect(&heap, 0, NULL, 0) == HEAP_OK);
    cr_assert(term_same_bits(roots[0], literal));
    check_roots();
    Term message;
    Fragment *fragment;
    cr_assert(copy_to_fragment(&pool, literal, &message, &fragment));
    cr_assert(fragment == NULL);
    cr_assert(term_same_bits(message, literal));
    cr_assert(heap_refers(&heap, block->data, block->words));
    cr_assert(heap_evict(&heap, block->data, block->words) == HEAP_OK);
    cr_assert(!heap_refers(&heap, block->data, block->words));
    cr_assert(term_same_bits(roots[0], roots[1]));
    // A copy that takes the literals along, as for messages that still wait.
    Copying c;
    copying_init(&c, &pool, literal);
    c.evict = block->data;
    c.evict_words = block->words;
    int64_t budget = INT64_MAX;
    cr_assert(copying_measure(&c, &budget) == STEP_DONE);
    fragment = fragment_new(g.mem, c.words);
    Room room = fragment_room(fragment);
    cr_assert(copying_build(&c, &room, &budget) == STEP_DONE);
    cr_assert(term_equal(g.atoms, c.result, shadows[0]));
    cr_assert(!fragment_refers(fragment, block->data, block->words));
    copying_free(&c);
    fragment_free(g.mem, fragment);
    literal_free(literals, block);
    check_roots();
}

// More survives than a young block is meant to grow to, and more is asked for; the same with a deep
// stack.
Test(gc, much_survives) {
    for (int round = 0; round < 6; round++) {
        roots[0] = TERM_EMPTY;
        Room room;
        cr_assert(heap_reserve(&heap, 3 * YOUNG_WORDS_MAX, NULL, 0, &room));
        while (room_left(&room) >= CONS_WORDS) {
            roots[0] = room_cons(&room, term_small(round), roots[0]);
        }
        cr_assert(heap_ensure(&heap, (size_t)round * YOUNG_WORDS_MAX + 100, NULL, 0) == HEAP_OK);
        cr_assert(heap_free_words(&heap) >= (size_t)round * YOUNG_WORDS_MAX + 100);
        cr_assert(list_length(roots[0]) == 3 * YOUNG_WORDS_MAX / 2);
        while (heap_free_words(&heap) > 50) {
            *--heap.sp = roots[0];
        }
    }
    heap_verify(&heap);
    heap.sp = heap.stack_end;
    roots[0] = TERM_NIL;
}

// Who keeps little has a block of the size that its collections are worth, though all of it and the
// messages might have survived.
Test(gc, messages_do_not_swell_a_block) {
    for (int i = 0; i < 500; i++) {
        Fragment *message = fragment_take(&pool, 8);
        fill_free_words(message->data, message->data + 8);
        heap_adopt(&heap, message);
        Room room;
        do {
            cr_assert(heap_reserve(&heap, 8, NULL, 0, &room));
        } while (heap.fragments != NULL);
        cr_assert(heap_block_words(&heap) <= block_round(gc_busy_words(&heap)), "%zu words",
                  heap_block_words(&heap));
    }
}

// The young block grows while much survives, up to a share of what lives, and what lives is not
// moved much more often than once; when all dies young it becomes small again.
Test(gc, a_young_block_follows_what_survives) {
    enum { N = 1000000, GARBAGE = 30000000 };
    Room room;
    roots[0] = TERM_EMPTY;
    for (int i = 0; i < N; i++) {
        cr_assert(heap_reserve(&heap, CONS_WORDS, NULL, 0, &room));
        roots[0] = room_cons(&room, term_small(i), roots[0]);
    }
    cr_assert(heap_block_words(&heap) > 2 * YOUNG_WORDS_MAX);
    cr_assert(heap_block_words(&heap) <= 2 * block_round(2 * heap.old->live));
    uint8_t before = heap.minor_count;
    for (int i = 0; i < GARBAGE / CONS_WORDS; i++) {
        cr_assert(heap_reserve(&heap, CONS_WORDS, NULL, 0, &room));
        roots[1] = room_cons(&room, term_small(i), TERM_EMPTY);
    }
    cr_assert(heap.minor_count > before); // no full collection for the sake of garbage
    cr_assert(heap_block_words(&heap) <= 64 * 1024, "%zu words", heap_block_words(&heap));
    cr_assert(list_length(roots[0]) == N);
    roots[0] = roots[1] = TERM_NIL;
}

// Cells of a list that was made in between others lie one behind the other afterwards.
Test(gc, lists_are_moved_in_order) {
    enum { N = 3000 };
    roots[0] = roots[1] = TERM_EMPTY;
    Room room;
    for (int i = 0; i < N; i++) {
        cr_assert(heap_reserve(&heap, 2 * CONS_WORDS, NULL, 0, &room));
        roots[0] = room_cons(&room, term_small(i), roots[0]);
        roots[1] = room_cons(&room, roots[0], roots[1]);
    }
    for (int full = 0; full < 2; full++) {
        cr_assert((full ? heap_collect(&heap, 0, NULL, 0)
                        : heap_ensure(&heap, heap_free_words(&heap) + 1, NULL, 0)) == HEAP_OK);
        int apart = 0;
        for (Term t = roots[0]; !term_is_empty(cons_tail(t)); t = cons_tail(t)) {
            apart += term_pointer(cons_tail(t)) != term_pointer(t) + CONS_WORDS;
        }
        cr_assert(apart < 50, "%d cells lie elsewhere", apart);
        heap_verify(&heap);
    }
    roots[0] = roots[1] = TERM_NIL;
}

Test(gc, an_idle_heap_is_small) {
    cr_assert(heap_use(&heap).block_words == HEAP_FIRST_WORDS);
    roots[0] = TERM_EMPTY;
    Room room;
    for (int i = 0; i < 100000; i++) {
        cr_assert(heap_reserve(&heap, CONS_WORDS, NULL, 0, &room));
        roots[0] = room_cons(&room, term_small(i), i % 1000 == 0 ? TERM_EMPTY : roots[0]);
    }
    roots[0] = TERM_NIL;
    heap_shrink(&heap);
    cr_assert(heap_use(&heap).block_words <= HEAP_FIRST_WORDS, "%zu words",
              heap_use(&heap).block_words);
}

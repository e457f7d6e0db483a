// SPDX-License-Identifier: Apache-2.0
// vm/term/bytes.c, shared.c and utf8.c: the three forms, slices of slices, appending in place,
// UTF-8 by brute force.
#include "vm/term/bytes.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/unit/vm/term/generate.h"

static Generator g;

static void setup(void) {
    generator_init(&g, 41);
}

static void teardown(void) {
    generator_free(&g);
}

TestSuite(bytes, .init = setup, .fini = teardown);

static Term make(const void *data, size_t len) {
    Room room = generator_room(&g, bytes_words(len));
    Term t = room_bytes(g.mem, &room, data, len);
    cr_assert(room_left(&room) == 0);
    return t;
}

Test(bytes, every_length) {
    uint8_t data[200];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    for (size_t len = 0; len <= sizeof data; len++) {
        Term t = make(data, len);
        cr_assert(term_is_bytes(t));
        cr_assert(box_kind(t) == (len <= BYTES_HEAP_MAX ? KIND_BYTES : KIND_SHARED));
        cr_assert(bytes_len(t) == len);
        cr_assert(bytes_view(t).len == len);
        cr_assert(len == 0 || memcmp(bytes_view(t).data, data, len) == 0);
    }
}

Test(bytes, slices) {
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)rand_next(&g.rand);
    }
    for (int round = 0; round < 3000; round++) {
        generator_clear(&g);
        size_t len = rand_below(&g.rand, sizeof data);
        Term t = make(data, len);
        size_t start = 0;
        for (int depth = 0; depth < 4; depth++) {
            size_t offset = rand_below(&g.rand, len + 1);
            size_t part = rand_below(&g.rand, len - offset + 1);
            Room room = generator_room(&g, bytes_slice_words(t, part));
            t = bytes_slice(&room, t, offset, part);
            start += offset;
            len = part;
            cr_assert(bytes_len(t) == len);
            cr_assert(len == 0 || memcmp(bytes_view(t).data, data + start, len) == 0);
            cr_assert(box_kind(t) != KIND_SLICE || box_kind(box_term(t, 2)) == KIND_SHARED);
        }
    }
}

static Term append(Term a, Term b) {
    Room room = generator_room(&g, bytes_append_words(a, b));
    return bytes_append(g.mem, &room, a, b);
}

// One at a time: the data is copied a logarithmic number of times only, and no version ever
// changes.
Test(bytes, appending_in_place) {
    enum { N = 20000 };
    Term versions[5];
    size_t lens[5] = {10, 100, 1000, 5000, 19000};
    Term t = make("", 0);
    size_t moves = 0;
    const uint8_t *at = NULL;
    for (int i = 0, k = 0; i < N; i++) {
        char c = (char)('a' + i % 26);
        t = append(t, make(&c, 1));
        moves += bytes_len(t) > BYTES_HEAP_MAX && bytes_view(t).data != at;
        at = bytes_view(t).data;
        if (k < 5 && bytes_len(t) == lens[k]) {
            versions[k++] = t;
        }
    }
    cr_assert(moves < 20, "%zu moves", moves);
    for (int k = 0; k < 5; k++) {
        cr_assert(bytes_len(versions[k]) == lens[k]);
        for (size_t i = 0; i < lens[k]; i++) {
            cr_assert(bytes_view(versions[k]).data[i] == 'a' + i % 26);
        }
        // A second continuation of an old version does not touch the first one.
        Term other = append(versions[k], make("!!", 2));
        cr_assert(bytes_view(other).data[lens[k]] == '!');
    }
    for (size_t i = 0; i < N; i++) {
        cr_assert(bytes_view(t).data[i] == 'a' + i % 26);
    }
}

Test(bytes, appending_slices_and_itself) {
    uint8_t data[100];
    memset(data, 'x', sizeof data);
    Term t = make(data, sizeof data);
    t = append(t, t);
    cr_assert(bytes_len(t) == 200);
    t = append(t, t);
    t = append(t, t);
    cr_assert(bytes_len(t) == 800);
    Room room = generator_room(&g, SLICE_WORDS);
    Term half = bytes_slice(&room, t, 400, 400);
    Term more = append(half, make("end", 3));
    cr_assert(bytes_len(more) == 403);
    cr_assert(memcmp(bytes_view(more).data + 400, "end", 3) == 0);
    for (int i = 0; i < 400; i++) {
        cr_assert(bytes_view(more).data[i] == 'x');
    }
    cr_assert(term_same_bits(append(t, make("", 0)), t));
    cr_assert(term_same_bits(append(make("", 0), t), t));
    Term one = make("a", 1);
    mem_fail_nth(g.mem, 1);
    Term joined = append(one, half); // tries again with less to spare
    cr_assert(bytes_len(joined) == 401);
}

// Two threads that append to the same version: one goes on in place, the other copies; both are
// right.
typedef struct {
    Term start;
    char mark;
    bool ok;
} Appender;

static void *append_marks(void *argument) {
    Appender *a = argument;
    enum { N = 3000 };
    Term *words = malloc(N * SHARED_WORDS * sizeof(Term));
    OffHeap offheap = {NULL, 0};
    Term small[3];
    Room room = room_over(small, 3, &offheap);
    Term mark = room_bytes(g.mem, &room, &a->mark, 1);
    Term t = a->start;
    for (int i = 0; i < N; i++) {
        room = room_over(words + i * SHARED_WORDS, SHARED_WORDS, &offheap);
        t = bytes_append(g.mem, &room, t, mark);
    }
    BytesView v = bytes_view(t);
    a->ok = v.len == 100 + N;
    for (size_t i = 100; a->ok && i < v.len; i++) {
        a->ok = v.data[i] == (uint8_t)a->mark;
    }
    for (Term *box = offheap.first; box != NULL;) {
        SharedBytes *shared = shared_of(term_from_box(box));
        box = (Term *)(uintptr_t)box[SHARED_NEXT].bits;
        shared_release(shared);
    }
    free(words);
    return NULL;
}

Test(bytes, appending_from_threads) {
    uint8_t data[100] = {0};
    for (int round = 0; round < 20; round++) {
        Term t = append(make(data, 99), make("x", 1));
        Appender a[2] = {{t, 'a', false}, {t, 'b', false}};
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) {
            cr_assert(pthread_create(&threads[i], NULL, append_marks, &a[i]) == 0);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
            cr_assert(a[i].ok);
        }
    }
}

Test(bytes, utf8_by_brute_force) {
    uint8_t out[UTF8_MAX];
    for (uint32_t c = 0; c < 0x120000; c++) {
        size_t n = utf8_encode(c, out);
        bool valid = c < 0xd800 || (c >= 0xe000 && c <= 0x10ffff);
        cr_assert((n != 0) == valid);
        uint32_t back;
        if (valid) {
            cr_assert(utf8_decode(out, n, &back) == n && back == c);
            cr_assert(utf8_valid(out, n));
            cr_assert(n == 1 || !utf8_valid(out, n - 1));
        }
    }
    // Every sequence of two and three bytes: what decodes must be what encodes to it.
    for (uint32_t i = 0; i < 1 << 24; i++) {
        uint8_t in[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        uint32_t c;
        size_t n = utf8_decode(in, 3, &c);
        if (n != 0) {
            cr_assert(utf8_encode(c, out) == n && memcmp(in, out, n) == 0);
        }
    }
    const char *mixed = "plain text, then some: åäö € 😀 and plain text again, long enough";
    cr_assert(utf8_valid((const uint8_t *)mixed, strlen(mixed)));
    cr_assert(utf8_count((const uint8_t *)"aå€😀", 10) == 4);
    cr_assert(utf8_valid_prefix((const uint8_t *)"abcdefghij\xff", 11) == 10);
}

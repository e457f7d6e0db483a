// SPDX-License-Identifier: Apache-2.0
// vm/term/atom.c and record.c: identity, order, limits, threads, no memory.
#include "vm/term/atom.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "vm/base/rand.h"
#include "vm/term/record.h"

static MemStats *mem;
static AtomTable *table;

static void setup(void) {
    mem = mem_stats_new(0);
    table = atom_table_new(mem, 42, 0);
}

static void teardown(void) {
    atom_table_free(table);
    mem_stats_free(mem);
}

TestSuite(atom, .init = setup, .fini = teardown);

static Term intern(const char *text) {
    Term atom;
    cr_assert(atom_intern(table, text, strlen(text), &atom) == ATOM_OK);
    return atom;
}

Test(atom, predeclared) {
    cr_assert(term_same_bits(intern("false"), TERM_FALSE));
    cr_assert(term_same_bits(intern("nil"), TERM_NIL));
    cr_assert(term_same_bits(intern("true"), TERM_TRUE));
    cr_assert(term_same_bits(intern("ok"), AM_ok));
    cr_assert(AM_ok.bits == ATOM_BITS(ok));
    cr_assert_str_eq(atom_text(table, AM_gen_call), "$gen_call");
    cr_assert(!atom_get(table, AM_gen_call)->is_word);
    cr_assert(atom_get(table, AM_ok)->is_word);
}

Test(atom, many) {
    enum { N = 20000 };
    Term atoms[N];
    char text[32];
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "atom number %d", i);
        Term none;
        cr_assert(!atom_find(table, text, strlen(text), &none));
        atoms[i] = intern(text);
    }
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "atom number %d", i);
        cr_assert(term_same_bits(intern(text), atoms[i]));
        cr_assert_str_eq(atom_text(table, atoms[i]), text);
    }
}

Test(atom, texts_of_any_bytes_and_length) {
    Term a, b;
    cr_assert(atom_intern(table, "a\0b", 3, &a) == ATOM_OK);
    cr_assert(atom_intern(table, "a\0c", 3, &b) == ATOM_OK);
    cr_assert(!term_same_bits(a, b));
    cr_assert(atom_compare(table, a, b) < 0);
    static char longest[ATOM_LEN_MAX + 1];
    memset(longest, 'z', sizeof longest);
    cr_assert(atom_intern(table, longest, ATOM_LEN_MAX, &a) == ATOM_OK);
    cr_assert(atom_get(table, a)->len == ATOM_LEN_MAX);
    cr_assert(atom_intern(table, longest, ATOM_LEN_MAX + 1, &a) == ATOM_TOO_LONG);
    for (size_t len = 0; len < 300; len++) {
        cr_assert(atom_intern(table, longest, len, &a) == ATOM_OK);
        cr_assert(strlen(atom_text(table, a)) == len);
    }
}

Test(atom, order_is_that_of_texts) {
    Rand r;
    rand_init(&r, 3);
    for (int i = 0; i < 20000; i++) {
        char x[16], y[16];
        size_t nx = rand_below(&r, 14), ny = rand_below(&r, 14);
        for (size_t k = 0; k < 14; k++) {
            x[k] = (char)("ab\xc3"[rand_below(&r, 3)]);
            y[k] = rand_below(&r, 6) ? x[k] : 'b';
        }
        Term a, b;
        cr_assert(atom_intern(table, x, nx, &a) == ATOM_OK);
        cr_assert(atom_intern(table, y, ny, &b) == ATOM_OK);
        int expected = memcmp(x, y, nx < ny ? nx : ny);
        expected = expected != 0 ? expected : (nx > ny) - (nx < ny);
        int got = atom_compare(table, a, b);
        cr_assert((got < 0) == (expected < 0) && (got > 0) == (expected > 0));
    }
}

Test(atom, limit) {
    AtomTable *small = atom_table_new(mem, 1, ATOM_PREDECLARED_COUNT + 2);
    Term a;
    cr_assert(atom_intern(small, "one more", 8, &a) == ATOM_OK);
    cr_assert(atom_intern(small, "two more", 8, &a) == ATOM_OK);
    cr_assert(atom_intern(small, "three more", 10, &a) == ATOM_TOO_MANY);
    cr_assert(atom_intern(small, "one more", 8, &a) == ATOM_OK);
    atom_table_free(small);
}

static void *intern_all(void *result) {
    Term *atoms = result;
    char text[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "shared %d", i);
        atoms[i] = intern(text);
        cr_assert(strcmp(atom_text(table, atoms[i]), text) == 0);
    }
    return NULL;
}

Test(atom, threads_agree) {
    enum { THREADS = 4 };
    static Term atoms[THREADS][5000];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        cr_assert(pthread_create(&threads[i], NULL, intern_all, atoms[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 1; i < THREADS; i++) {
        cr_assert(memcmp(atoms[0], atoms[i], sizeof atoms[0]) == 0);
    }
}

Test(atom, without_memory) {
    for (uint64_t n = 1; n < 10; n++) {
        mem_fail_nth(mem, n);
        AtomTable *t = atom_table_new(mem, 1, 0);
        mem_fail_nth(mem, 0);
        if (t != NULL) {
            atom_table_free(t);
        }
    }
    bool failed = false;
    for (int i = 0; i < 3000; i++) {
        char text[32];
        snprintf(text, sizeof text, "x%d", i);
        Term a, again;
        mem_fail_nth(mem, 1); // most need none
        AtomStatus status = atom_intern(table, text, strlen(text), &a);
        mem_fail_nth(mem, 0);
        failed = failed || status == ATOM_NO_MEMORY;
        cr_assert(atom_intern(table, text, strlen(text), &again) == ATOM_OK);
        cr_assert(status == ATOM_NO_MEMORY || term_same_bits(a, again));
    }
    cr_assert(failed);
}

Test(atom, records_are_interned) {
    RecordTable *records = record_table_new(table);
    Term fields[3] = {AM_name, AM_id, AM_pid};
    const RecordDesc *user = record_intern(records, AM_list, AM_atom, fields, 3);
    cr_assert(record_intern(records, AM_list, AM_atom, fields, 3) == user);
    cr_assert(record_intern(records, AM_list, AM_atom, fields, 2) != user);
    cr_assert(record_intern(records, AM_map, AM_atom, fields, 3) != user);
    Term swapped[3] = {AM_id, AM_name, AM_pid};
    cr_assert(record_intern(records, AM_list, AM_atom, swapped, 3) != user);
    cr_assert(record_field_index(user, AM_pid) == 2);
    cr_assert(record_field_index(user, AM_ok) == -1);
    const RecordDesc *descs[500];
    for (int i = 0; i < 500; i++) {
        descs[i] = record_intern(records, term_atom((uint32_t)i % 100),
                                 term_atom((uint32_t)i / 100), fields, 1);
    }
    for (int i = 0; i < 500; i++) {
        cr_assert(descs[i] == record_intern(records, term_atom((uint32_t)i % 100),
                                            term_atom((uint32_t)i / 100), fields, 1));
    }
    mem_fail_nth(mem, 1);
    cr_assert(record_intern(records, AM_heap, AM_atom, fields, 3) == NULL);
    mem_fail_nth(mem, 0);
    record_table_free(records);
}

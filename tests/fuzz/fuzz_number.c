// Fuzz target: any text as an integer in any base and as a float. What is read must print as what
// reads the same; sums, products and quotients of two integers must obey the laws of arithmetic.
//
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vm/base/alloc.h"
#include "vm/term/bignum.h"
#include "vm/term/float.h"

enum { TEXT_MAX = 4000 };

typedef struct {
    MemStats *mem;
    Term *words;
    size_t used;
    size_t capacity;
} Machine;

static Room take(Machine *m, size_t words) {
    CHECK(m->used + words <= m->capacity);
    Room room = room_over(m->words + m->used, words, NULL);
    m->used += words;
    return room;
}

static Term run(Machine *m, BignumOp op, Term a, Term b) {
    Room room = take(m, bignum_words(op, a, b));
    Term result = TERM_NONE;
    NumStatus status = bignum_run(m->mem, op, &room, a, b, &result);
    CHECK(status == NUM_OK);
    return result;
}

static bool parse(Machine *m, const char *text, size_t len, int base, Term *result) {
    Room room = take(m, bignum_parse_words(len, base));
    return bignum_parse(m->mem, &room, text, len, base, result) == NUM_OK;
}

static void check_reprint(Machine *m, Term a, int base) {
    Buffer text;
    buffer_init(&text, m->mem);
    CHECK(bignum_print(m->mem, &text, a, base) == NUM_OK);
    Term again;
    CHECK(parse(m, text.data, text.len, base, &again));
    CHECK(bignum_compare(a, again) == 0);
    buffer_free(&text);
}

static void check_laws(Machine *m, Term a, Term b) {
    Term sum = run(m, BIGNUM_ADD, a, b);
    CHECK(bignum_compare(run(m, BIGNUM_SUB, sum, b), a) == 0);
    Term both = run(m, BIGNUM_AND, a, b);
    Term either = run(m, BIGNUM_OR, a, b);
    CHECK(bignum_compare(run(m, BIGNUM_ADD, both, either), sum) == 0);
    CHECK(bignum_compare(run(m, BIGNUM_SUB, either, both), run(m, BIGNUM_XOR, a, b)) == 0);
    Term product = run(m, BIGNUM_MUL, a, b);
    if (bignum_bits(b) == 0) {
        return;
    }
    CHECK(bignum_compare(run(m, BIGNUM_DIV, product, b), a) == 0);
    Term quotient = run(m, BIGNUM_DIV, a, b);
    Term rest = run(m, BIGNUM_MOD, a, b);
    CHECK(bignum_compare(run(m, BIGNUM_ADD, run(m, BIGNUM_MUL, quotient, b), rest), a) == 0);
    int sign = bignum_compare(rest, term_small(0));
    CHECK(sign == 0 || (sign < 0) == (bignum_compare(b, term_small(0)) < 0));
    double d;
    CHECK(bignum_divide(m->mem, a, b, &d) != NUM_ZERO);
}

static void check_float(const char *text, size_t len) {
    double d;
    if (!float_parse(text, len, &d)) {
        return;
    }
    CHECK(isfinite(d));
    char out[FLOAT_TEXT_MAX];
    size_t out_len = float_print(d, out);
    double again;
    CHECK(float_parse(out, out_len, &again));
    CHECK(memcmp(&d, &again, sizeof d) == 0);
    char zero_ended[TEXT_MAX + 1];
    memcpy(zero_ended, text, len);
    zero_ended[len] = 0;
    CHECK(strtod(zero_ended, NULL) == d);
}

// The first byte chooses the base, the second how the rest is divided into two numbers.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > TEXT_MAX) {
        return 0;
    }
    Machine m = {.mem = mem_stats_new(0), .capacity = 1 << 16};
    m.words = malloc(m.capacity * sizeof(Term));
    const char *text = (const char *)data + 2;
    size_t len = size - 2;
    int base = 2 + data[0] % 35;
    size_t split = len * data[1] / 256;
    Term a, b;
    if (parse(&m, text, split, base, &a) && parse(&m, text + split, len - split, base, &b)) {
        check_reprint(&m, a, base);
        check_laws(&m, a, b);
        check_laws(&m, b, a);
        double d;
        if (bignum_to_double(a, &d)) {
            Room room = take(&m, bignum_from_double_words(d));
            Term back = bignum_from_double(&room, d);
            CHECK(bignum_compare_double(back, d) == 0);
        }
    }
    check_float(text, len);
    free(m.words);
    mem_stats_free(m.mem);
    return 0;
}

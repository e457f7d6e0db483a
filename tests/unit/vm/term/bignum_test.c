// SPDX-License-Identifier: Apache-2.0
// vm/term/bignum*.c against GMP's mpz functions, on random operands around all the borders.
#include "vm/term/bignum.h"

#include <criterion/criterion.h>
#include <gmp.h>
#include <math.h>
#include <stdlib.h>

#include "vm/base/rand.h"
#include "vm/term/scratch.h"

static MemStats *mem;
static Rand r;

static void setup(void) {
    mem = mem_stats_new(0);
    rand_init(&r, 7);
}

static void teardown(void) {
    cr_assert(scratch_overrun() == 0);
    mem_stats_free(mem);
}

TestSuite(bignum, .init = setup, .fini = teardown);

static Term words[1 << 14];
static size_t words_used;

static Room take(size_t count) {
    cr_assert(words_used + count <= sizeof words / sizeof *words);
    Room room = room_over(words + words_used, count, NULL);
    words_used += count;
    return room;
}

static Term from_mpz(const mpz_t z) {
    Room room = take(1 + mpz_size(z) + 1);
    return bignum_from_limbs(&room, mpz_limbs_read(z), mpz_size(z), mpz_sgn(z) < 0);
}

static void to_mpz(mpz_t z, Term t) {
    cr_assert(term_is_integer(t));
    if (term_is_small(t)) {
        mpz_set_si(z, term_to_small(t));
        return;
    }
    size_t n = box_words(t);
    cr_assert(n > 0);
    cr_assert(box_raw(t, n - 1) != 0, "top limb is 0");
    mpz_import(z, n, -1, 8, 0, 0, term_pointer(t) + 1);
    if (bignum_is_negative(t)) {
        mpz_neg(z, z);
    }
    cr_assert(mpz_cmp_si(z, SMALL_MAX) > 0 || mpz_cmp_si(z, SMALL_MIN) < 0,
              "a small value in a box");
}

// Near powers of two, all-ones, small, or random, of either sign.
static void random_mpz(mpz_t z, unsigned max_bits) {
    mpz_set_ui(z, 0);
    unsigned bits = (unsigned)rand_below(&r, max_bits + 1);
    switch (rand_below(&r, 4)) {
    case 0:
        mpz_setbit(z, bits);
        mpz_add_ui(z, z, rand_below(&r, 3));
        mpz_sub_ui(z, z, 1);
        break;
    case 1: mpz_set_ui(z, rand_below(&r, 20)); break;
    default:
        for (unsigned i = 0; i <= bits / 64; i++) {
            mpz_mul_2exp(z, z, 64);
            mpz_add_ui(z, z, rand_below(&r, 8) == 0 ? 0 : rand_next(&r));
        }
        mpz_fdiv_r_2exp(z, z, bits);
    }
    if (rand_below(&r, 2)) {
        mpz_neg(z, z);
    }
}

static Term run(BignumOp op, Term a, Term b, NumStatus expected) {
    Room room = take(bignum_words(op, a, b));
    Term result = TERM_NONE;
    NumStatus status = bignum_run(mem, op, &room, a, b, &result);
    cr_assert(status == expected, "op %d gave status %d", op, status);
    return result;
}

static void check(BignumOp op, Term a, Term b, const mpz_t expected) {
    mpz_t z;
    mpz_init(z);
    to_mpz(z, run(op, a, b, NUM_OK));
    cr_assert(mpz_cmp(z, expected) == 0, "op %d", op);
    mpz_clear(z);
}

static void check_pair(const mpz_t a, const mpz_t b) {
    words_used = 0;
    Term x = from_mpz(a);
    Term y = from_mpz(b);
    mpz_t z;
    mpz_init(z);
    to_mpz(z, x);
    cr_assert(mpz_cmp(z, a) == 0);
    mpz_add(z, a, b);
    check(BIGNUM_ADD, x, y, z);
    mpz_sub(z, a, b);
    check(BIGNUM_SUB, x, y, z);
    mpz_mul(z, a, b);
    check(BIGNUM_MUL, x, y, z);
    if (mpz_sgn(b) != 0) {
        mpz_fdiv_q(z, a, b);
        check(BIGNUM_DIV, x, y, z);
        mpz_fdiv_r(z, a, b);
        check(BIGNUM_MOD, x, y, z);
    } else {
        run(BIGNUM_DIV, x, y, NUM_ZERO);
        run(BIGNUM_MOD, x, y, NUM_ZERO);
    }
    mpz_and(z, a, b);
    check(BIGNUM_AND, x, y, z);
    mpz_ior(z, a, b);
    check(BIGNUM_OR, x, y, z);
    mpz_xor(z, a, b);
    check(BIGNUM_XOR, x, y, z);
    unsigned by = (unsigned)rand_below(&r, 300);
    mpz_mul_2exp(z, a, by);
    check(BIGNUM_SHL, x, term_small(by), z);
    check(BIGNUM_SHR, x, term_small(-(int64_t)by), z);
    mpz_fdiv_q_2exp(z, a, by);
    check(BIGNUM_SHR, x, term_small(by), z);
    check(BIGNUM_SHL, x, term_small(-(int64_t)by), z);
    int order = mpz_cmp(a, b);
    int got = bignum_compare(x, y);
    cr_assert((order > 0) == (got > 0) && (order < 0) == (got < 0));
    cr_assert(bignum_bits(x) == (mpz_sgn(a) == 0 ? 0 : mpz_sizeinbase(a, 2)));
    mpz_clear(z);
}

Test(bignum, arithmetic_as_mpz) {
    mpz_t a, b;
    mpz_inits(a, b, NULL);
    for (int i = 0; i < 30000; i++) {
        random_mpz(a, i % 10 == 0 ? 4000 : 200);
        random_mpz(b, i % 7 == 0 ? 4000 : 200);
        check_pair(a, b);
        check_pair(a, a);
    }
    mpz_clears(a, b, NULL);
}

Test(bignum, one_operand) {
    mpz_t a, z, got;
    mpz_inits(a, z, got, NULL);
    for (int i = 0; i < 30000; i++) {
        random_mpz(a, 300);
        words_used = 0;
        Term x = from_mpz(a);
        Room room = take(bignum_unary_words(x));
        to_mpz(got, bignum_negate(&room, x));
        mpz_neg(z, a);
        cr_assert(mpz_cmp(got, z) == 0);
        room = take(bignum_unary_words(x));
        to_mpz(got, bignum_abs(&room, x));
        mpz_abs(z, a);
        cr_assert(mpz_cmp(got, z) == 0);
        room = take(bignum_unary_words(x));
        Term t;
        cr_assert(bignum_not(&room, x, &t) == NUM_OK);
        to_mpz(got, t);
        mpz_com(z, a);
        cr_assert(mpz_cmp(got, z) == 0);
        mpz_fdiv_q_2exp(z, a, 128);
        mpz_fdiv_r_2exp(z, z, 64);
        cr_assert(mpz_cmp_ui(z, bignum_bits_at(x, 2)) == 0);
        mpz_fdiv_r_2exp(z, a, 64);
        cr_assert(mpz_cmp_ui(z, bignum_low_bits(x)) == 0);
    }
    mpz_clears(a, z, got, NULL);
}

Test(bignum, text_in_every_base) {
    mpz_t a, got;
    mpz_inits(a, got, NULL);
    Buffer b;
    buffer_init(&b, mem);
    for (int i = 0; i < 20000; i++) {
        random_mpz(a, i % 50 == 0 ? 20000 : 300);
        words_used = 0;
        int base = 2 + (int)rand_below(&r, 35);
        Term x = from_mpz(a);
        buffer_clear(&b);
        cr_assert(bignum_print(mem, &b, x, base) == NUM_OK);
        char *text = mpz_get_str(NULL, base, a);
        cr_assert_str_eq(buffer_text(&b), text);
        Room room = take(bignum_parse_words(b.len, base));
        Term t;
        cr_assert(bignum_parse(mem, &room, text, b.len, base, &t) == NUM_OK);
        to_mpz(got, t);
        cr_assert(mpz_cmp(got, a) == 0);
        free(text);
    }
    buffer_free(&b);
    mpz_clears(a, got, NULL);
}

Test(bignum, parse_refuses) {
    static const char *const bad[] = {
        "", "-", "+", "1_0", "--1", "1-", " 1", "12345678901234567890123456789x", "0x10"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        words_used = 0;
        Room room = take(bignum_parse_words(strlen(bad[i]), 10));
        Term t;
        cr_assert(bignum_parse(mem, &room, bad[i], strlen(bad[i]), 10, &t) == NUM_RANGE, "%s",
                  bad[i]);
    }
    words_used = 0;
    Room room = take(64);
    Term t;
    cr_assert(bignum_parse(mem, &room, "-000000000000000000000000000000000000", 36, 10, &t) ==
              NUM_OK);
    cr_assert(term_same_bits(t, term_small(0)));
}

// d is the double nearest to z, ties to even.
static double nearest(const mpz_t z) {
    double d = mpz_get_d(z); // toward zero
    mpz_t at, next, rest;
    mpz_inits(at, next, rest, NULL);
    double away = nextafter(d, mpz_sgn(z) < 0 ? -INFINITY : INFINITY);
    mpz_set_d(at, d);
    double result = d;
    if (isfinite(away)) {
        mpz_set_d(next, away);
        mpz_add(rest, at, next); // twice the middle
        mpz_mul_2exp(at, z, 1);
        int order = mpz_cmpabs(at, rest);
        int64_t mantissa;
        int exponent;
        mantissa = (int64_t)ldexp(frexp(d, &exponent), 53);
        if (order > 0 || (order == 0 && (mantissa & 1))) {
            result = away;
        }
    }
    mpz_clears(at, next, rest, NULL);
    return result;
}

Test(bignum, doubles) {
    mpz_t a, z, got;
    mpz_inits(a, z, got, NULL);
    for (int i = 0; i < 50000; i++) {
        random_mpz(a, 1000);
        if (i % 3 == 0 && mpz_sgn(a) != 0) { // near a tie
            mpz_tdiv_q_2exp(a, a, mpz_sizeinbase(a, 2) > 54 ? mpz_sizeinbase(a, 2) - 54 : 0);
            mpz_mul_2exp(a, a, rand_below(&r, 900));
            mpz_add_ui(a, a, rand_below(&r, 2));
        }
        words_used = 0;
        Term x = from_mpz(a);
        double d;
        cr_assert(bignum_to_double(x, &d));
        cr_assert(d == nearest(a), "%.17g, not %.17g", d, nearest(a));
        // Exact comparison with the double and those beside it.
        for (int k = 0; k < 3; k++) {
            double e = k == 0 ? d : nextafter(d, k == 1 ? INFINITY : -INFINITY);
            int order = mpz_cmp_d(a, e);
            int ours = bignum_compare_double(x, e);
            cr_assert((order > 0) == (ours > 0) && (order < 0) == (ours < 0));
        }
        Room room = take(bignum_from_double_words(d));
        to_mpz(got, bignum_from_double(&room, d));
        mpz_set_d(z, d);
        cr_assert(mpz_cmp(got, z) == 0);
    }
    words_used = 0;
    mpz_set_ui(a, 0);
    mpz_setbit(a, 1024);
    double d;
    cr_assert(!bignum_to_double(from_mpz(a), &d));
    cr_assert(bignum_compare_double(from_mpz(a), INFINITY) < 0);
    cr_assert(bignum_compare_double(term_small(0), 0.5) < 0);
    cr_assert(bignum_compare_double(term_small(0), -0.5) > 0);
    cr_assert(bignum_compare_double(term_small(0), -0.0) == 0);
    cr_assert(bignum_compare_double(term_small(1), 0.5) > 0);
    cr_assert(bignum_compare_double(term_small(-1), -1.5) > 0);
    mpz_clears(a, z, got, NULL);
}

Test(bignum, quotients_round_once) {
    mpz_t a, b, n, q;
    mpz_inits(a, b, n, q, NULL);
    for (int i = 0; i < 20000; i++) {
        random_mpz(a, i % 3 == 0 ? 2000 : 130);
        random_mpz(b, i % 4 == 0 ? 900 : 130);
        if (mpz_sgn(b) == 0) {
            continue;
        }
        words_used = 0;
        double d;
        NumStatus status = bignum_divide(mem, from_mpz(a), from_mpz(b), &d);
        // The same by another way: a quotient of many bits, with a last one for what is lost, then
        // nearest().
        mpz_mul_2exp(n, a, 1200);
        mpz_tdiv_qr(q, n, n, b);
        mpz_mul_2exp(q, q, 1);
        if (mpz_sgn(n) != 0) {
            mpz_add_ui(q, q, 0);
            if (mpz_sgn(a) * mpz_sgn(b) < 0) {
                mpz_sub_ui(q, q, 1);
            } else {
                mpz_add_ui(q, q, 1);
            }
        }
        long bits = (long)mpz_sizeinbase(q, 2);
        if (status == NUM_RANGE) {
            cr_assert(bits - 1201 > 1023);
            continue;
        }
        cr_assert(status == NUM_OK);
        if (mpz_sgn(q) == 0 || bits - 1201 < -1000) {
            continue;
        }
        // Bring it into the range of doubles, keeping what is cut off as one bit.
        long cut = bits - 200;
        if (cut > 0) {
            mpz_t low;
            mpz_init(low);
            mpz_tdiv_r_2exp(low, q, (mp_bitcnt_t)cut);
            mpz_tdiv_q_2exp(q, q, (mp_bitcnt_t)cut);
            if (mpz_sgn(low) != 0) {
                mpz_mul_2exp(q, q, 1);
                mpz_add_ui(q, q, mpz_sgn(q) > 0 ? 1 : 0);
                mpz_sub_ui(q, q, mpz_sgn(q) > 0 ? 0 : 1);
                cut--;
            }
            mpz_clear(low);
        } else {
            cut = 0;
        }
        double expected = ldexp(nearest(q), (int)(cut - 1201));
        cr_assert(d == expected, "%.17g, not %.17g", d, expected);
    }
    mpz_clears(a, b, n, q, NULL);
}

// The largest operands: the limit holds, GMP stays inside its scratch, and a VM without memory gets
// a status.
Test(bignum, limits) {
    size_t half = BIGNUM_LIMBS_MAX / 2;
    size_t full = BIGNUM_LIMBS_MAX;
    Term *a_words = malloc((1 + full) * sizeof(Term));
    Term *b_words = malloc((1 + full) * sizeof(Term));
    Term *out = malloc((BIGNUM_WORDS_MAX + 8) * sizeof(Term));
    a_words[0] = header_make(KIND_BIGNUM, half, 0);
    b_words[0] = header_make(KIND_BIGNUM, half, HEADER_NEGATIVE);
    for (size_t i = 1; i <= full; i++) {
        a_words[i] = TERM_LITERAL(rand_next(&r) | 1);
        b_words[i] = TERM_LITERAL(rand_next(&r) | 1);
    }
    Term a = term_from_box(a_words);
    Term b = term_from_box(b_words);
    Room room = room_over(out, BIGNUM_WORDS_MAX + 8, NULL);
    Term product;
    cr_assert(bignum_words(BIGNUM_MUL, a, b) <= BIGNUM_WORDS_MAX);
    cr_assert(bignum_run(mem, BIGNUM_MUL, &room, a, b, &product) == NUM_OK);
    Buffer text;
    buffer_init(&text, mem);
    cr_assert(bignum_print(mem, &text, product, 10) == NUM_OK);
    // What a division costs goes with its quotient: one of two long numbers is a pass over them.
    uint64_t whole = bignum_cost_us(BIGNUM_MUL, a, a);
    cr_assert(bignum_cost_us(BIGNUM_DIV, a, a) * 20 < whole);
    cr_assert(bignum_cost_us(BIGNUM_DIV, product, a) > whole / 4);
    // Division of a full number by a half one, and by a short one.
    a_words[0] = header_make(KIND_BIGNUM, full, 0);
    room = room_over(out, BIGNUM_WORDS_MAX + 8, NULL);
    Term t;
    cr_assert(bignum_run(mem, BIGNUM_DIV, &room, a, b, &t) == NUM_OK);
    room = room_over(out, BIGNUM_WORDS_MAX + 8, NULL);
    cr_assert(bignum_parse(mem, &room, text.data, text.len, 10, &t) == NUM_OK);
    room = room_over(out, BIGNUM_WORDS_MAX + 8, NULL);
    cr_assert(bignum_run(mem, BIGNUM_MUL, &room, a, b, &t) == NUM_LIMIT);
    cr_assert(bignum_run(mem, BIGNUM_MUL, &room, a, a, &t) == NUM_LIMIT);
    cr_assert(bignum_run(mem, BIGNUM_SHL, &room, term_small(1), term_small(BIGNUM_BITS_MAX), &t) ==
              NUM_LIMIT);
    cr_assert(bignum_run(mem, BIGNUM_SHL, &room, term_small(1), term_small(BIGNUM_BITS_MAX - 1),
                         &t) == NUM_OK);
    room = room_over(out, BIGNUM_WORDS_MAX + 8, NULL);
    cr_assert(bignum_run(mem, BIGNUM_SHL, &room, term_small(1), a, &t) == NUM_LIMIT);
    cr_assert(bignum_run(mem, BIGNUM_SHL, &room, term_small(0), a, &t) == NUM_OK);
    cr_assert(bignum_run(mem, BIGNUM_SHR, &room, term_small(-5), a, &t) == NUM_OK &&
              t.bits == term_small(-1).bits);
    for (size_t i = 1; i <= full; i++) {
        a_words[i] = TERM_LITERAL(UINT64_MAX);
    }
    cr_assert(bignum_run(mem, BIGNUM_ADD, &room, a, term_small(1), &t) == NUM_LIMIT);
    cr_assert(bignum_run(mem, BIGNUM_SUB, &room, a, term_small(1), &t) == NUM_OK);
    mem_fail_nth(mem, 1);
    a_words[0] = header_make(KIND_BIGNUM, half, 0);
    room = room_over(out, BIGNUM_WORDS_MAX + 8, NULL);
    cr_assert(bignum_run(mem, BIGNUM_MUL, &room, a, b, &t) == NUM_MEMORY);
    buffer_free(&text);
    free(a_words);
    free(b_words);
    free(out);
}

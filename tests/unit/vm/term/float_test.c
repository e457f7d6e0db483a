// SPDX-License-Identifier: Apache-2.0
// vm/term/float.c: known texts, and against the C library on random doubles.
#include "vm/term/float.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/base/alloc.h"
#include "vm/base/rand.h"

static double from_bits(uint64_t bits) {
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static void expect_text(double d, const char *text) {
    char out[FLOAT_TEXT_MAX];
    size_t len = float_print(d, out);
    cr_assert(len == strlen(text) && memcmp(out, text, len) == 0, "%.17g printed as %.*s, not %s",
              d, (int)len, out, text);
}

Test(float_print, known) {
    expect_text(0.0, "0.0");
    expect_text(-0.0, "-0.0");
    expect_text(1.0, "1.0");
    expect_text(1.5, "1.5");
    expect_text(-2.25, "-2.25");
    expect_text(0.1, "0.1");
    expect_text(0.0001, "0.0001");
    expect_text(0.00012, "0.00012");
    expect_text(0.000099, "9.9e-5");
    expect_text(1.0e-5, "1.0e-5");
    expect_text(1.0e15, "1000000000000000.0");
    expect_text(9999999999999998.0, "9999999999999998.0");
    expect_text(1.0e16, "1.0e16");
    expect_text(1.234e100, "1.234e100");
    expect_text(123456.789, "123456.789");
    expect_text(5e-324, "5.0e-324");
    expect_text(1.7976931348623157e308, "1.7976931348623157e308");
    expect_text(2.2250738585072014e-308, "2.2250738585072014e-308");
    expect_text(5.684341886080802e-14, "5.684341886080802e-14");
    expect_text(9007199254740993.0, "9007199254740992.0");
}

// Some decimal of `count` digits reads back as d.
static bool has_shorter(double d, int count) {
    char text[64];
    for (int up = -1; up <= 1; up++) {
        snprintf(text, sizeof text, "%.*e", count - 1, d);
        // The neighbours in the last digit too, since the nearest need not be the one that reads
        // back.
        char *last = strchr(text, 'e') - 1;
        if ((up < 0 && *last == '0') || (up > 0 && *last == '9')) {
            continue;
        }
        *last = (char)(*last + up);
        if (strtod(text, NULL) == d) {
            return true;
        }
    }
    return false;
}

static void check_shortest(double d) {
    char text[FLOAT_TEXT_MAX + 1];
    size_t len = float_print(d, text);
    text[len] = 0;
    cr_assert(strtod(text, NULL) == d, "%s is not %.17g", text, d);
    double back;
    cr_assert(float_parse(text, len, &back), "%s", text);
    cr_assert(memcmp(&back, &d, sizeof d) == 0, "%s read as %.17g, not %.17g", text, back, d);
    char digits[17];
    int exponent;
    int count = float_digits(fabs(d), digits, &exponent);
    cr_assert(count == 1 || !has_shorter(fabs(d), count - 1), "%s is not the shortest", text);
}

Test(float_print, random_bits) {
    Rand r;
    rand_init(&r, 1);
    for (int i = 0; i < 200000; i++) {
        double d = from_bits(rand_next(&r));
        if (isfinite(d) && d != 0) {
            check_shortest(d);
        }
    }
}

Test(float_print, powers_and_neighbours) {
    for (int e = -1074; e < 1024; e++) {
        double d = ldexp(1, e);
        check_shortest(d);
        check_shortest(nextafter(d, INFINITY) < INFINITY ? nextafter(d, INFINITY) : d);
        if (nextafter(d, 0) != 0) {
            check_shortest(nextafter(d, 0));
        }
    }
    for (int e = -300; e < 300; e++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", e);
        check_shortest(strtod(text, NULL));
    }
}

static void check_parse(const char *text) {
    double d;
    double expected = strtod(text, NULL);
    bool ok = float_parse(text, strlen(text), &d);
    cr_assert(ok == (bool)isfinite(expected), "%s", text);
    cr_assert(!ok || memcmp(&d, &expected, sizeof d) == 0, "%s read as %.17g, not %.17g", text, d,
              expected);
}

Test(float_parse, random_decimals) {
    Rand r;
    rand_init(&r, 2);
    char text[1200];
    for (int i = 0; i < 200000; i++) {
        int n = 0;
        int whole = 1 + (int)rand_below(&r, i % 50 == 0 ? 400 : 12);
        int after = 1 + (int)rand_below(&r, i % 50 == 1 ? 700 : 12);
        for (int k = 0; k < whole; k++) {
            text[n++] = (char)('0' + rand_below(&r, 10));
        }
        text[n++] = '.';
        for (int k = 0; k < after; k++) {
            text[n++] = (char)('0' + rand_below(&r, 10));
        }
        int range = i % 3 == 0 ? 700 : 40;
        snprintf(text + n, sizeof text - (size_t)n, "e%d",
                 (int)rand_below(&r, (uint64_t)range) - range / 2);
        check_parse(text);
    }
}

// Halfway between two doubles and just beside, where rounding is decided by the last digit.
Test(float_parse, halfway) {
    Rand r;
    rand_init(&r, 3);
    char text[1200];
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = rand_next(&r) >> 1;
        double a = from_bits(bits);
        double b = from_bits(bits + 1);
        if (!isfinite(a) || !isfinite(b)) {
            continue;
        }
        long double middle =
            ((long double)a + (long double)b) / 2; // exact: one more bit of mantissa
        snprintf(text, sizeof text, "%.1080Lf", middle);
        if (strlen(text) < 1190) {
            check_parse(text);
            text[strlen(text) - 1] = '1';
            check_parse(text);
        }
    }
    check_parse("9007199254740993.0");
    check_parse("9007199254740993.00000000000000000000000000000000000000000000001");
    check_parse("9007199254740992.99999999999999999999999999999999999999999999999");
    check_parse("2.2250738585072011e-308");
    check_parse("2.4703282292062327e-324");
    check_parse("2.4703282292062328e-324");
    check_parse("1.7976931348623158e308");
    check_parse("1.7976931348623159e308");
}

Test(float_parse, refuses) {
    static const char *const bad[] = {"",    "1",     ".5",    "5.",    "1.e5", "1.0e",     "1.0e+",
                                      "+",   "-",     " 1.0",  "1.0 ",  "1.0f", "0x1.0",    "inf",
                                      "nan", "1_0.0", "1.0.0", "--1.0", "1e5",  "1.0e9999", "1,5"};
    double d;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert(!float_parse(bad[i], strlen(bad[i]), &d), "%s", bad[i]);
    }
    cr_assert(float_parse("0.0e9999", 8, &d) && d == 0);
    cr_assert(float_parse("-0.0", 4, &d) && signbit(d));
    cr_assert(float_parse("1.0e-9999", 9, &d) && d == 0);
}

Test(float_print_fixed, against_printf) {
    MemStats *mem = mem_stats_new(0);
    Buffer b;
    buffer_init(&b, mem);
    Rand r;
    rand_init(&r, 4);
    char text[1000];
    for (int i = 0; i < 50000; i++) {
        double d = i % 4 == 0
                       ? from_bits(rand_next(&r))
                       : (rand_double(&r) - 0.5) * (double)(rand_next(&r) >> rand_below(&r, 64));
        if (i % 5 == 0) {
            d = (double)rand_below(&r, 1000) + (double)rand_below(&r, 8) / 8; // ties
        }
        if (!isfinite(d)) {
            continue;
        }
        int decimals = (int)rand_below(&r, i % 100 == 0 ? 341 : 20);
        snprintf(text, sizeof text, "%.*f", decimals, d);
        buffer_clear(&b);
        float_print_fixed(&b, d, decimals);
        cr_assert(strcmp(buffer_text(&b), text) == 0, "%.17g: %s, not %s", d, buffer_text(&b),
                  text);
    }
    buffer_free(&b);
    mem_stats_free(mem);
}

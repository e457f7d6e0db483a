// SPDX-License-Identifier: Apache-2.0
// Built-ins of Int, Float and Math that the operations of the machine do not cover.
// Tests: tests/stdlib/number_test.cop.
#include <math.h>

#include "vm/bif/bifs.h"
#include "vm/bif/bigtext.h"
#include "vm/term/float.h"

// ---- Int ----------------------------------------------------------------------------------------

// Digits of a number in a base from 2 to 36.
Term bif_int_to_string(Process *p, Term *args) {
    if (!term_is_integer(args[0])) {
        return process_badarg(p, args[0]);
    }
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 2 || term_to_small(args[1]) > 36) {
        return process_badarg(p, args[1]);
    }
    if (bigtext_is_long(args[0])) {
        return bigtext_in_base(p, args, bif_int_to_string);
    }
    Buffer out;
    buffer_init(&out, bif_mem(p));
    NumStatus status = bignum_print(bif_mem(p), &out, args[0], (int)term_to_small(args[1]));
    process_charge(p, (int32_t)(bignum_print_cost_us(args[0]) * 10));
    Term text = status == NUM_OK && !out.failed ? bif_bytes(p, out.data, out.len)
                                                : process_limit(p, AM_memory);
    buffer_free(&out);
    return text;
}

Term bif_int_bits(Process *p, Term *args) {
    return term_is_integer(args[0]) ? term_small((int64_t)bignum_bits(args[0]))
                                    : process_badarg(p, args[0]);
}

// The integer that a text spells in a base, or nil.
Term bif_int_parse(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 2 || term_to_small(args[1]) > 36) {
        return process_badarg(p, args[1]);
    }
    int base = (int)term_to_small(args[1]);
    size_t words = bignum_parse_words(bytes_len(args[0]), base);
    if (words > BIGNUM_WORDS_MAX) {
        return process_limit(p, AM_integer);
    }
    if (bigtext_is_long_text(bytes_len(args[0]))) {
        return bigtext_parse(p, args, bif_int_parse);
    }
    Room room;
    if (!process_reserve(p, words, NULL, 0, &room)) {
        return TERM_NONE;
    }
    BytesView text = bytes_view(args[0]);
    process_charge(p, (int32_t)(bignum_parse_cost_us(text.len) * 10));
    Term number = TERM_NIL;
    NumStatus status =
        bignum_parse(bif_mem(p), &room, (const char *)text.data, text.len, base, &number);
    return bigtext_parsed(p, status, number);
}

// ---- Float --------------------------------------------------------------------------------------

// An integer as it is, a float through `round`.
static Term float_to_integer(Process *p, Term *args, double (*rounding)(double)) {
    if (term_is_integer(args[0])) {
        return args[0];
    }
    if (!term_is_float(args[0])) {
        return process_badarg(p, args[0]);
    }
    double d = rounding(term_to_double(args[0]));
    if (d > -9e18 && d < 9e18) {
        return bif_integer(p, (int64_t)d);
    }
    Room room;
    if (!process_reserve(p, bignum_from_double_words(d), NULL, 0, &room)) {
        return TERM_NONE;
    }
    return bignum_from_double(&room, d);
}

Term bif_float_round(Process *p, Term *args) {
    return float_to_integer(p, args, round);
}

Term bif_float_floor(Process *p, Term *args) {
    return float_to_integer(p, args, floor);
}

Term bif_float_ceil(Process *p, Term *args) {
    return float_to_integer(p, args, ceil);
}

Term bif_float_truncate(Process *p, Term *args) {
    return float_to_integer(p, args, trunc);
}

Term bif_float_format(Process *p, Term *args) {
    double d;
    if (!bif_number(args[0], &d)) {
        return process_badarg(p, args[0]);
    }
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 0 || term_to_small(args[1]) > 340) {
        return process_badarg(p, args[1]);
    }
    Buffer out;
    buffer_init(&out, bif_mem(p));
    float_print_fixed(&out, d, (int)term_to_small(args[1]));
    Term text = out.failed ? process_limit(p, AM_memory) : bif_bytes(p, out.data, out.len);
    buffer_free(&out);
    return text;
}

// Adds the text of a number as a float literal has it: a ".0" where there is no point. False for
// what no number begins.
static bool float_normalise(Buffer *out, BytesView text) {
    size_t i = 0;
    while (i < text.len && (text.data[i] == '+' || text.data[i] == '-' ||
                            (text.data[i] >= '0' && text.data[i] <= '9'))) {
        i++;
    }
    buffer_add(out, text.data, i);
    if (i < text.len && text.data[i] != '.' && text.data[i] != 'e' && text.data[i] != 'E') {
        return false;
    }
    if (i == text.len || text.data[i] != '.') {
        buffer_add_text(out, ".0");
    }
    buffer_add(out, text.data + i, text.len - i);
    return true;
}

// The float that a text spells, or nil.
Term bif_float_parse(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    // No float needs more digits than this to be told from its neighbours; longer texts are no
    // numbers for us.
    enum { FLOAT_LEN_MAX = 2048 };
    BytesView text = bytes_view(args[0]);
    if (text.len == 0 || text.len > FLOAT_LEN_MAX) {
        return TERM_NIL;
    }
    Buffer out;
    buffer_init(&out, bif_mem(p));
    double d;
    bool good = float_normalise(&out, text) && !out.failed && float_parse(out.data, out.len, &d);
    buffer_free(&out);
    return good ? bif_float(p, d) : TERM_NIL;
}

Term bif_float_from(Process *p, Term *args) {
    double d;
    if (!term_is_number(args[0])) {
        return process_badarg(p, args[0]);
    }
    return bif_number(args[0], &d) ? bif_float(p, d) : process_fail(p, AM_arithmetic);
}

// ---- Math ---------------------------------------------------------------------------------------

static Term math_unary(Process *p, Term *args, double (*function)(double)) {
    double d;
    if (!term_is_number(args[0])) {
        return process_badarg(p, args[0]);
    }
    return bif_number(args[0], &d) ? bif_float(p, function(d)) : process_fail(p, AM_arithmetic);
}

static Term math_binary(Process *p, Term *args, double (*function)(double, double)) {
    double a;
    double b;
    if (!term_is_number(args[0]) || !term_is_number(args[1])) {
        return process_badarg(p, term_is_number(args[0]) ? args[1] : args[0]);
    }
    bool fits = bif_number(args[0], &a) && bif_number(args[1], &b);
    return fits ? bif_float(p, function(a, b)) : process_fail(p, AM_arithmetic);
}

#define MATH_UNARY(X)                                                                              \
    X(sqrt)                                                                                        \
    X(cbrt)                                                                                        \
    X(exp)                                                                                         \
    X(log) X(log2) X(log10) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(tanh)
#define X(name)                                                                                    \
    Term bif_math_##name(Process *p, Term *args) {                                                 \
        return math_unary(p, args, name);                                                          \
    }
MATH_UNARY(X)
#undef X

#define MATH_BINARY(X) X(pow) X(atan2) X(hypot) X(fmod)
#define X(name)                                                                                    \
    Term bif_math_##name(Process *p, Term *args) {                                                 \
        return math_binary(p, args, name);                                                         \
    }
MATH_BINARY(X)
#undef X

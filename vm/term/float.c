// SPDX-License-Identifier: Apache-2.0
// Printing and reading doubles.
//
// Shortest digits: Schubfach (Giulietti 2020). The double c * 2^q and the ends of the interval that
// rounds to it are scaled by a power of ten of 128 bits so that at most one or two candidates of
// the wanted length remain; the rounded products keep a sticky bit, which makes all comparisons
// exact. Reading: up to 19 digits times a power of ten of 128 bits decides all but about one in
// 2^60 inputs (an interval that surely holds the exact product must round to one double; Clinger
// 1990, Lemire 2021); the rest, and longer ones, by exact division of integers of at most about 130
// limbs.
#include "vm/term/float.h"

#include <gmp.h>
#include <math.h>
#include <string.h>

#include "gen/powers_of_ten.h"
#include "vm/base/check.h"

static_assert(sizeof(mp_limb_t) == 8, "limbs are words");

enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1075, EXPONENT_MIN = -1074 };

// Composing ---------------------------------------------------------------------------------------

bool float_compose(uint64_t top, bool sticky, int64_t exponent, double *d) {
    if (top == 0) {
        *d = 0;
        return true;
    }
    int shift = __builtin_clzll(top);
    top <<= shift;
    exponent -= shift;
    // Of the 64 bits 53 stay, fewer where the result is subnormal.
    int64_t drop = 11;
    if (exponent + drop < EXPONENT_MIN) {
        drop = EXPONENT_MIN - exponent;
    }
    if (drop > 64) {
        *d = 0;
        return true;
    }
    uint64_t kept = drop == 64 ? 0 : top >> drop;
    uint64_t half = UINT64_C(1) << (drop - 1);
    uint64_t rest = drop == 64 ? top : top & ((half << 1) - 1);
    if (rest > half || (rest == half && (sticky || (kept & 1)))) {
        kept++;
    }
    if (exponent > 2000) {
        return false;
    }
    *d = ldexp((double)kept, (int)(exponent + drop));
    return !isinf(*d);
}

// Shortest digits ---------------------------------------------------------------------------------

static int64_t floor_log2_pow10(int64_t e) {
    return (e * 1741647) >> 19;
}

// The upper 64 bits of g * cp / 2^64, with the lowest bit set if anything was below.
static uint64_t round_to_odd(uint64_t high, uint64_t low, uint64_t cp) {
    __uint128_t x = (__uint128_t)low * cp;
    __uint128_t y = (__uint128_t)high * cp + (uint64_t)(x >> 64);
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

// d = *digits * 10^result, d > 0.
static int shortest(double d, uint64_t *digits) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    uint64_t fraction = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int64_t biased = (int64_t)(bits >> MANTISSA_BITS & 0x7ff);
    uint64_t c = biased != 0 ? fraction | UINT64_C(1) << MANTISSA_BITS : fraction;
    int64_t q = (biased != 0 ? biased : 1) - EXPONENT_BIAS;
    bool lower_is_closer = fraction == 0 && biased > 1;
    uint64_t odd = c & 1;

    int64_t k = (q * 1262611 - (lower_is_closer ? 524031 : 0)) >> 22;
    int64_t h = q + floor_log2_pow10(-k) + 1;
    ASSERT(h >= 1 && h <= 4);
    uint64_t high = powers_of_ten[-k - POWER_MIN].high;
    uint64_t low = powers_of_ten[-k - POWER_MIN].low;
    if (-k < 0 || -k > 55) { // rounded up, where it is not exact
        low++;
        high += low == 0;
    }
    uint64_t lower = round_to_odd(high, low, (4 * c - 2 + lower_is_closer) << h) + odd;
    uint64_t value = round_to_odd(high, low, (4 * c) << h);
    uint64_t upper = round_to_odd(high, low, (4 * c + 2) << h) - odd;

    uint64_t s = value / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool down_inside = lower <= 40 * tens;
        bool up_inside = 40 * tens + 40 <= upper;
        if (down_inside != up_inside) {
            *digits = tens + up_inside;
            return (int)k + 1;
        }
    }
    bool down_inside = lower <= 4 * s;
    bool up_inside = 4 * s + 4 <= upper;
    if (down_inside != up_inside) {
        *digits = s + up_inside;
    } else {
        uint64_t middle = 4 * s + 2;
        *digits = s + (value > middle || (value == middle && (s & 1)));
    }
    return (int)k;
}

int float_digits(double d, char digits[17], int *exponent10) {
    ASSERT(d > 0);
    ASSERT(isfinite(d));
    uint64_t value;
    int exponent = shortest(d, &value);
    while (value % 10 == 0) {
        value /= 10;
        exponent++;
    }
    char reversed[20];
    int count = 0;
    for (; value != 0; value /= 10) {
        reversed[count++] = (char)('0' + value % 10);
    }
    for (int i = 0; i < count; i++) {
        digits[i] = reversed[count - 1 - i];
    }
    *exponent10 = exponent + count;
    return count;
}

static char *put_zeros(char *at, int count) {
    for (int i = 0; i < count; i++) {
        *at++ = '0';
    }
    return at;
}

static char *put_digits(char *at, const char *digits, int count) {
    memcpy(at, digits, (size_t)count);
    return at + count;
}

// 0.DIGITS * 10^exponent as D.DDDe±XX.
static char *put_scientific(char *at, const char *digits, int count, int exponent) {
    *at++ = digits[0];
    *at++ = '.';
    at = count > 1 ? put_digits(at, digits + 1, count - 1) : put_zeros(at, 1);
    *at++ = 'e';
    exponent--;
    if (exponent < 0) {
        *at++ = '-';
        exponent = -exponent;
    }
    if (exponent >= 100) {
        *at++ = (char)('0' + exponent / 100);
    }
    if (exponent >= 10) {
        *at++ = (char)('0' + exponent / 10 % 10);
    }
    *at++ = (char)('0' + exponent % 10);
    return at;
}

size_t float_print(double d, char out[FLOAT_TEXT_MAX]) {
    char *at = out;
    if (signbit(d)) {
        *at++ = '-';
        d = -d;
    }
    if (d == 0) {
        memcpy(at, "0.0", 3);
        return (size_t)(at - out) + 3;
    }
    char digits[17];
    int exponent;
    int count = float_digits(d, digits, &exponent);
    if (d < 1.0e-4 || d >= 1.0e16) {
        at = put_scientific(at, digits, count, exponent);
    } else if (exponent <= 0) {
        at = put_digits(at, "0.", 2);
        at = put_zeros(at, -exponent);
        at = put_digits(at, digits, count);
    } else if (exponent >= count) {
        at = put_digits(at, digits, count);
        at = put_zeros(at, exponent - count);
        at = put_digits(at, ".0", 2);
    } else {
        at = put_digits(at, digits, exponent);
        *at++ = '.';
        at = put_digits(at, digits + exponent, count - exponent);
    }
    ASSERT(at - out <= FLOAT_TEXT_MAX);
    return (size_t)(at - out);
}

// Exact numbers -----------------------------------------------------------------------------------

enum { EXACT_LIMBS = 160 };

typedef struct {
    mp_limb_t limb[EXACT_LIMBS];
    mp_size_t count; // top limb not 0
} Exact;

static void exact_trim(Exact *x) {
    while (x->count > 0 && x->limb[x->count - 1] == 0) {
        x->count--;
    }
}

static void exact_set(Exact *x, uint64_t value) {
    x->limb[0] = value;
    x->count = value != 0;
}

static void exact_multiply_add(Exact *x, uint64_t by, uint64_t plus) {
    ASSERT(x->count < EXACT_LIMBS);
    mp_limb_t carry = x->count == 0 ? 0 : mpn_mul_1(x->limb, x->limb, x->count, by);
    x->limb[x->count++] = carry;
    carry = mpn_add_1(x->limb, x->limb, x->count, plus);
    ASSERT(carry == 0);
    exact_trim(x);
}

static void exact_multiply_pow10(Exact *x, int power) {
    for (; power >= 19; power -= 19) {
        exact_multiply_add(x, UINT64_C(10000000000000000000), 0);
    }
    uint64_t by = 1;
    for (; power > 0; power--) {
        by *= 10;
    }
    exact_multiply_add(x, by, 0);
}

static void exact_shift_left(Exact *x, unsigned by) {
    unsigned limbs = by / 64;
    ASSERT(x->count + (mp_size_t)limbs + 1 <= EXACT_LIMBS);
    memmove(x->limb + limbs, x->limb, (size_t)x->count * sizeof(mp_limb_t));
    memset(x->limb, 0, limbs * sizeof(mp_limb_t));
    x->limb[x->count + (mp_size_t)limbs] = 0;
    x->count += (mp_size_t)limbs + 1;
    if (by % 64 != 0) {
        mpn_lshift(x->limb, x->limb, x->count, by % 64);
    }
    exact_trim(x);
}

static int64_t exact_bits(const Exact *x) {
    return x->count == 0 ? 0 : (int64_t)x->count * 64 - __builtin_clzll(x->limb[x->count - 1]);
}

// Drops the low `by` bits, rounding half to even.
static void exact_shift_right_round(Exact *x, unsigned by) {
    if ((int64_t)by > exact_bits(x)) {
        exact_set(x, 0);
        return;
    }
    unsigned half_bit = by - 1;
    bool half = x->limb[half_bit / 64] >> (half_bit % 64) & 1;
    bool below = half_bit > 0 && mpn_scan1(x->limb, 0) < half_bit;
    unsigned limbs = by / 64;
    memmove(x->limb, x->limb + limbs, ((size_t)x->count - limbs) * sizeof(mp_limb_t));
    x->count -= (mp_size_t)limbs;
    if (by % 64 != 0 && x->count > 0) {
        mpn_rshift(x->limb, x->limb, x->count, by % 64);
    }
    exact_trim(x);
    bool odd = x->count > 0 && (x->limb[0] & 1);
    if (half && (below || odd)) {
        exact_multiply_add(x, 1, 1);
    }
}

void float_print_fixed(Buffer *out, double d, int decimals) {
    ASSERT(decimals >= 0 && decimals <= 340);
    int exponent;
    double fraction = frexp(fabs(d), &exponent);
    Exact x;
    exact_set(&x, (uint64_t)ldexp(fraction, 53));
    exponent -= 53;
    exact_multiply_pow10(&x, decimals);
    if (exponent > 0) {
        exact_shift_left(&x, (unsigned)exponent);
    } else if (exponent < 0) {
        exact_shift_right_round(&x, (unsigned)-exponent);
    }
    uint8_t digits[EXACT_LIMBS * 20];
    size_t count = x.count == 0 ? 0 : mpn_get_str(digits, 10, x.limb, x.count);
    size_t skip = 0;
    while (skip < count && digits[skip] == 0) {
        skip++;
    }
    count -= skip;
    if (signbit(d)) {
        buffer_add_char(out, '-');
    }
    // Zeros in front where there are fewer digits than decimals and one.
    size_t width = count > (size_t)decimals ? count : (size_t)decimals + 1;
    for (size_t i = 0; i < width; i++) {
        if (i == width - (size_t)decimals) {
            buffer_add_char(out, '.');
        }
        buffer_add_char(out,
                        i < width - count ? '0' : (char)('0' + digits[skip + i - (width - count)]));
    }
}

// Reading -----------------------------------------------------------------------------------------

enum { DIGITS_EXACT = 770, EXPONENT_FAR = 100000 };

typedef struct {
    uint8_t digits[DIGITS_EXACT + 1]; // values, without leading zeros
    int count;
    int exponent; // the number is DIGITS * 10^exponent
    bool negative;
} Decimal;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void decimal_add(Decimal *x, uint8_t digit, bool after_point) {
    if (x->count == 0 && digit == 0) {
        x->exponent -= after_point;
    } else if (x->count < DIGITS_EXACT) {
        x->digits[x->count++] = digit;
        x->exponent -= after_point;
    } else {
        // No double has more digits than are kept: of the rest only whether it is 0 matters.
        if (x->count == DIGITS_EXACT) {
            x->digits[x->count++] = 0;
            x->exponent--;
        }
        x->digits[DIGITS_EXACT] |= digit != 0;
        x->exponent += !after_point;
    }
}

// The exponent part, if there is one: where it ends, or NULL.
static const char *scan_exponent(const char *at, const char *end, int *exponent) {
    *exponent = 0;
    if (at == end || (*at != 'e' && *at != 'E')) {
        return at;
    }
    at++;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (at == end || !is_digit(*at)) {
        return NULL;
    }
    for (; at < end && is_digit(*at); at++) {
        *exponent = *exponent < EXPONENT_FAR ? *exponent * 10 + (*at - '0') : EXPONENT_FAR;
    }
    *exponent = negative ? -*exponent : *exponent;
    return at;
}

static bool scan_decimal(const char *at, const char *end, Decimal *x) {
    x->count = 0;
    x->exponent = 0;
    x->negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    const char *start = at;
    for (; at < end && is_digit(*at); at++) {
        decimal_add(x, (uint8_t)(*at - '0'), false);
    }
    if (at == start || at == end || *at++ != '.') {
        return false;
    }
    start = at;
    for (; at < end && is_digit(*at); at++) {
        decimal_add(x, (uint8_t)(*at - '0'), true);
    }
    int exponent;
    if (at == start || (at = scan_exponent(at, end, &exponent)) == NULL || at != end) {
        return false;
    }
    x->exponent += exponent;
    return true;
}

// w * 10^power from 128 bits of the power. False when those do not decide, or it is over the range.
static bool compose_quickly(uint64_t w, int power, double *d) {
    if (power < POWER_MIN || power > POWER_MAX) {
        return false;
    }
    int shift = __builtin_clzll(w);
    w <<= shift;
    uint64_t high = powers_of_ten[power - POWER_MIN].high;
    uint64_t low = powers_of_ten[power - POWER_MIN].low;
    // The product has 192 bits; of these `top` and `next`. What is cut off here and what the
    // rounded power lacks come to less than 2 in `next`.
    __uint128_t product = (__uint128_t)w * high + (uint64_t)((__uint128_t)w * low >> 64);
    uint64_t top = (uint64_t)(product >> 64);
    uint64_t next = (uint64_t)product;
    if (next >= UINT64_MAX - 2) {
        return false;
    }
    // top * 2^exponent, where the power is its 128 bits * 2^(floor(log2(10^power)) - 127).
    int64_t exponent = floor_log2_pow10(power) - 127 + 128 - shift;
    bool exact = power >= 0 && power <= 55 && next == 0 && (uint64_t)((__uint128_t)w * low) == 0;
    // Whatever the exact value is, it lies in [next, next + 2): only a `next` of 0 leaves open
    // whether anything is below `top`.
    if (next == 0 && !exact) {
        return false;
    }
    return float_compose(top, !exact, exponent, d);
}

static bool compose_exactly(const Decimal *x, double *d) {
    Exact n;
    Exact divisor;
    exact_set(&n, 0);
    for (int i = 0; i < x->count; i++) {
        exact_multiply_add(&n, 10, x->digits[i]);
    }
    if (x->exponent >= 0) {
        exact_multiply_pow10(&n, x->exponent);
        exact_set(&divisor, 1);
    } else {
        exact_set(&divisor, 1);
        exact_multiply_pow10(&divisor, -x->exponent);
    }
    // The quotient is to have at least 66 bits.
    int64_t shift = 66 - (exact_bits(&n) - exact_bits(&divisor));
    shift = shift > 0 ? shift : 0;
    exact_shift_left(&n, (unsigned)shift);
    mp_limb_t quotient[EXACT_LIMBS + 1];
    mp_limb_t rest[EXACT_LIMBS];
    mpn_tdiv_qr(quotient, rest, 0, n.limb, n.count, divisor.limb, divisor.count);
    mp_size_t count = n.count - divisor.count + 1;
    while (quotient[count - 1] == 0) {
        count--;
    }
    bool sticky = mpn_zero_p(rest, divisor.count) == 0;
    // The top 64 bits of the quotient.
    int unused = __builtin_clzll(quotient[count - 1]);
    uint64_t top = quotient[count - 1] << unused;
    if (count > 1) {
        top |= unused != 0 ? quotient[count - 2] >> (64 - unused) : 0;
        uint64_t cut = unused != 0 ? quotient[count - 2] << unused : quotient[count - 2];
        sticky = sticky || cut != 0 || (count > 2 && mpn_zero_p(quotient, count - 2) == 0);
    }
    return float_compose(top, sticky, (int64_t)(count - 1) * 64 - unused - shift, d);
}

bool float_parse(const char *text, size_t len, double *d) {
    Decimal x;
    if (!scan_decimal(text, text + len, &x)) {
        return false;
    }
    double value = 0;
    // 10^(count + exponent) bounds it: the smallest double is about 4.9e-324, the largest 1.8e308.
    if (x.count != 0 && x.count + x.exponent > 310) {
        return false;
    }
    if (x.count != 0 && x.count + x.exponent > -326) {
        bool done = false;
        if (x.count <= 19) {
            uint64_t w = 0;
            for (int i = 0; i < x.count; i++) {
                w = w * 10 + x.digits[i];
            }
            done = compose_quickly(w, x.exponent, &value);
        }
        if (!done && !compose_exactly(&x, &value)) {
            return false;
        }
    }
    *d = x.negative ? -value : value;
    return true;
}

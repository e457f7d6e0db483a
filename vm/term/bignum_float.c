// SPDX-License-Identifier: Apache-2.0
// Integers and doubles: exact comparison, conversion, and the correctly rounded quotient. See
// bignum.h.
#include <math.h>
#include <string.h>

#include "vm/term/bignum_private.h"
#include "vm/term/float.h"
#include "vm/term/scratch.h"

// The 64 bits from the highest set one on, and whether anything but zeros is below them. v is not
// 0.
static uint64_t top_bits(const mp_limb_t *limbs, size_t count, bool *sticky) {
    unsigned unused = (unsigned)__builtin_clzll(limbs[count - 1]);
    uint64_t top = limbs[count - 1] << unused;
    uint64_t cut = 0;
    if (count > 1) {
        top |= unused != 0 ? limbs[count - 2] >> (64 - unused) : 0;
        cut = limbs[count - 2] << unused;
    }
    *sticky = cut != 0 || (count > 2 && !mpn_zero_p(limbs, (mp_size_t)count - 2));
    return top;
}

// |v| against d > 0.
static int compare_magnitude(const IntView *v, double d) {
    if (v->count == 0) {
        return -1;
    }
    int exponent;
    double fraction = frexp(d, &exponent); // d == fraction * 2^exponent, 0.5 <= fraction < 1
    int64_t bits = (int64_t)view_bits(v);
    if (isinf(d) || bits != exponent) {
        return isinf(d) || bits < exponent ? -1 : 1;
    }
    bool sticky;
    uint64_t top = top_bits(v->limbs, v->count, &sticky);
    uint64_t mantissa = (uint64_t)ldexp(fraction, 64);
    if (top != mantissa) {
        return top < mantissa ? -1 : 1;
    }
    return sticky;
}

int bignum_compare_double(Term a, double d) {
    ASSERT(!isnan(d));
    IntView v;
    int_view(a, &v);
    int sign = v.count == 0 ? 0 : v.negative ? -1 : 1;
    int d_sign = (d > 0) - (d < 0);
    if (sign != d_sign) {
        return sign < d_sign ? -1 : 1;
    }
    if (sign == 0) {
        return 0;
    }
    int order = compare_magnitude(&v, fabs(d));
    return sign < 0 ? -order : order;
}

bool bignum_to_double(Term a, double *d) {
    IntView v;
    int_view(a, &v);
    if (v.count == 0) {
        *d = 0;
        return true;
    }
    bool sticky;
    uint64_t top = top_bits(v.limbs, v.count, &sticky);
    if (!float_compose(top, sticky, (int64_t)view_bits(&v) - 64, d)) {
        return false;
    }
    *d = v.negative ? -*d : *d;
    return true;
}

// Bits of the integer part of |d|; 0 below 1.
static size_t integer_bits(double d) {
    int exponent;
    frexp(d, &exponent);
    return d == 0 || exponent < 0 ? 0 : (size_t)exponent;
}

size_t bignum_from_double_words(double d) {
    return 2 + integer_bits(d) / 64 + 1;
}

Term bignum_from_double(Room *room, double d) {
    ASSERT(isfinite(d));
    size_t bits = integer_bits(d);
    int exponent;
    uint64_t mantissa =
        (uint64_t)ldexp(frexp(fabs(d), &exponent), 64); // the integer is mantissa >> (64 - bits)
    if (bits <= 64) {
        return room_uint(room, bits == 0 ? 0 : mantissa >> (64 - bits), d < 0 && bits != 0);
    }
    uint64_t limbs[17] = {0};
    size_t at = (bits - 64) / 64;
    unsigned shift = (bits - 64) % 64;
    limbs[at] = mantissa << shift;
    limbs[at + 1] = shift != 0 ? mantissa >> (64 - shift) : 0;
    return bignum_from_limbs(room, limbs, at + 2, d < 0);
}

// Dividing ----------------------------------------------------------------------------------------

enum { QUOTIENT_BITS = 66 };

typedef struct {
    mp_limb_t *limbs;
    size_t count;
} Limbs;

// v shifted left by `by` bits, at `out`, which has room for one limb more than the result may need.
static Limbs shifted(mp_limb_t *out, const IntView *v, size_t by) {
    size_t zeros = by / 64;
    memset(out, 0, zeros * sizeof *out);
    mp_limb_t carry = 0;
    if (by % 64 != 0) {
        carry = mpn_lshift(out + zeros, v->limbs, (mp_size_t)v->count, by % 64);
    } else {
        memcpy(out + zeros, v->limbs, v->count * sizeof *out);
    }
    out[zeros + v->count] = carry;
    return (Limbs){out, zeros + v->count + (carry != 0)};
}

// |a| / |b| with QUOTIENT_BITS bits and more; work has room for all four numbers.
static bool divide_magnitudes(const IntView *a, const IntView *b, mp_limb_t *work,
                              double *quotient) {
    int64_t shift = QUOTIENT_BITS - ((int64_t)view_bits(a) - (int64_t)view_bits(b));
    Limbs n = shifted(work, a, shift > 0 ? (size_t)shift : 0);
    mp_limb_t *q = n.limbs + n.count + 1;
    // Where the quotient is long already, nothing is shifted: it is only longer than need be.
    size_t q_count = n.count - b->count + 1;
    mp_limb_t *rest = q + q_count;
    mpn_tdiv_qr(q, rest, 0, n.limbs, (mp_size_t)n.count, b->limbs, (mp_size_t)b->count);
    while (q[q_count - 1] == 0) {
        q_count--;
    }
    bool sticky;
    uint64_t top = top_bits(q, q_count, &sticky);
    sticky = sticky || !mpn_zero_p(rest, (mp_size_t)b->count);
    int64_t bits = (int64_t)q_count * 64 - __builtin_clzll(q[q_count - 1]);
    return float_compose(top, sticky, bits - 64 - (shift > 0 ? shift : 0), quotient);
}

NumStatus bignum_divide(MemStats *mem, Term a, Term b, double *quotient) {
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    if (y.count == 0) {
        return NUM_ZERO;
    }
    if (x.count == 0) {
        *quotient = 0;
        return NUM_OK;
    }
    // Both exact as doubles: the machine's division rounds once.
    if (view_bits(&x) <= 53 && view_bits(&y) <= 53) {
        *quotient = (double)x.limbs[0] / (double)y.limbs[0];
        *quotient = x.negative != y.negative ? -*quotient : *quotient;
        return NUM_OK;
    }
    size_t limbs = 2 * (x.count + y.count) + 3 * (QUOTIENT_BITS / 64 + 2) + y.count;
    mp_limb_t inline_work[64];
    mp_limb_t *work = limbs <= 64 ? inline_work : mem_alloc(mem, MEM_SCRATCH, limbs * sizeof *work);
    if (work == NULL) {
        return NUM_MEMORY;
    }
    Scratch scratch;
    NumStatus status = NUM_MEMORY;
    if (scratch_begin(&scratch, mem, limbs)) {
        status = divide_magnitudes(&x, &y, work, quotient) ? NUM_OK : NUM_RANGE;
        scratch_end(&scratch);
    }
    if (work != inline_work) {
        mem_free(mem, MEM_SCRATCH, work);
    }
    if (status == NUM_OK && x.negative != y.negative) {
        *quotient = -*quotient;
    }
    return status;
}

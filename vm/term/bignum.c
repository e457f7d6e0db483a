// SPDX-License-Identifier: Apache-2.0
// Arithmetic on integers of any size: sign and magnitude over mpn. Results are written straight
// into the free words of the room (header first, limbs after it) and trimmed by finish(), which
// also takes the words.
#include "vm/term/bignum.h"

#include <gmp.h>
#include <string.h>

#include "vm/term/bignum_private.h"
#include "vm/term/scratch.h"

static_assert(sizeof(mp_limb_t) == 8, "limbs are words");

// Views and results -------------------------------------------------------------------------------

void int_view(Term t, IntView *v) {
    if (term_is_small(t)) {
        int64_t value = term_to_small(t);
        v->negative = value < 0;
        v->own = value < 0 ? -(uint64_t)value : (uint64_t)value;
        v->limbs = &v->own;
        v->count = value != 0;
    } else {
        ASSERT(term_is_bignum(t));
        v->negative = bignum_is_negative(t);
        v->limbs = (const mp_limb_t *)(term_pointer(t) + 1);
        v->count = box_words(t);
    }
}

size_t view_bits(const IntView *v) {
    return v->count == 0 ? 0 : v->count * 64 - (size_t)__builtin_clzll(v->limbs[v->count - 1]);
}

static mp_limb_t *out_limbs(const Room *room) {
    return (mp_limb_t *)(room->at + 1);
}

// The canonical integer from `count` limbs at out_limbs(room); takes the words that it needs.
static NumStatus finish(Room *room, size_t count, bool negative, Term *result) {
    const mp_limb_t *limbs = out_limbs(room);
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    if (count > BIGNUM_LIMBS_MAX) {
        return NUM_LIMIT;
    }
    if (count == 0) {
        *result = term_small(0);
    } else if (count == 1) {
        *result = room_uint(room, limbs[0], negative);
    } else {
        *result = room_box(room, KIND_BIGNUM, count, negative ? HEADER_NEGATIVE : 0);
    }
    return NUM_OK;
}

Term bignum_from_limbs(Room *room, const uint64_t *limbs, size_t count, bool negative) {
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    ASSERT(count <= BIGNUM_LIMBS_MAX);
    ASSERT(count <= 1 || room_left(room) >= 1 + count);
    if (count <= 1) {
        return room_uint(room, count == 0 ? 0 : limbs[0], negative && count != 0);
    }
    memmove(out_limbs(room), limbs, count * sizeof *limbs); // they may be there already
    return room_box(room, KIND_BIGNUM, count, negative ? HEADER_NEGATIVE : 0);
}

// Comparing ---------------------------------------------------------------------------------------

static int compare_magnitudes(const IntView *a, const IntView *b) {
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    return a->count == 0 ? 0 : mpn_cmp(a->limbs, b->limbs, (mp_size_t)a->count);
}

int bignum_compare(Term a, Term b) {
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    if (x.negative != y.negative) {
        return x.negative ? -1 : 1;
    }
    int order = compare_magnitudes(&x, &y);
    return x.negative ? -order : order;
}

size_t bignum_bits(Term a) {
    IntView v;
    int_view(a, &v);
    return view_bits(&v);
}

// Adding ------------------------------------------------------------------------------------------

static size_t longer(const IntView *a, const IntView *b) {
    return a->count > b->count ? a->count : b->count;
}

static NumStatus add(Room *room, const IntView *a, const IntView *b, bool b_negative,
                     Term *result) {
    mp_limb_t *out = out_limbs(room);
    ASSERT(room_left(room) >= longer(a, b) + 2);
    if (a->negative == b_negative) {
        const IntView *big = a->count >= b->count ? a : b;
        const IntView *little = a->count >= b->count ? b : a;
        mp_limb_t carry = 0;
        if (little->count == 0) {
            memcpy(out, big->limbs, big->count * sizeof *out);
        } else {
            carry = mpn_add(out, big->limbs, (mp_size_t)big->count, little->limbs,
                            (mp_size_t)little->count);
        }
        out[big->count] = carry;
        return finish(room, big->count + 1, a->negative, result);
    }
    int order = compare_magnitudes(a, b);
    if (order == 0) {
        *result = term_small(0);
        return NUM_OK;
    }
    const IntView *big = order > 0 ? a : b;
    const IntView *little = order > 0 ? b : a;
    if (little->count == 0) {
        memcpy(out, big->limbs, big->count * sizeof *out);
    } else {
        mpn_sub(out, big->limbs, (mp_size_t)big->count, little->limbs, (mp_size_t)little->count);
    }
    return finish(room, big->count, order > 0 ? a->negative : b_negative, result);
}

// Multiplying -------------------------------------------------------------------------------------

static NumStatus multiply(MemStats *mem, Room *room, const IntView *a, const IntView *b,
                          Term *result) {
    if (a->count == 0 || b->count == 0) {
        *result = term_small(0);
        return NUM_OK;
    }
    // The product has bits(a) + bits(b) bits, or one less.
    if (view_bits(a) + view_bits(b) - 1 > BIGNUM_BITS_MAX) {
        return NUM_LIMIT;
    }
    const IntView *big = a->count >= b->count ? a : b;
    const IntView *little = a->count >= b->count ? b : a;
    ASSERT(room_left(room) >= 1 + a->count + b->count);
    Scratch scratch;
    if (!scratch_begin(&scratch, mem, a->count + b->count)) {
        return NUM_MEMORY;
    }
    if (big->limbs == little->limbs && big->count == little->count) {
        mpn_sqr(out_limbs(room), big->limbs, (mp_size_t)big->count);
    } else {
        mpn_mul(out_limbs(room), big->limbs, (mp_size_t)big->count, little->limbs,
                (mp_size_t)little->count);
    }
    scratch_end(&scratch);
    return finish(room, a->count + b->count, a->negative != b->negative, result);
}

// Dividing ----------------------------------------------------------------------------------------

// The room holds the part that is wanted first and the other one behind it, which is dropped.
static NumStatus divide(MemStats *mem, Room *room, const IntView *a, const IntView *b,
                        bool want_modulo, Term *result) {
    if (b->count == 0) {
        return NUM_ZERO;
    }
    bool signs_differ = a->negative != b->negative;
    mp_limb_t *out = out_limbs(room);
    if (a->count < b->count) {
        // Quotient 0 and rest a, before rounding down.
        if (a->count == 0 || (!want_modulo && !signs_differ)) {
            *result = term_small(0);
            return NUM_OK;
        }
        if (!want_modulo) {
            *result = term_small(-1);
            return NUM_OK;
        }
        return signs_differ ? add(room, a, b, b->negative, result)
                            : (memcpy(out, a->limbs, a->count * sizeof *out),
                               finish(room, a->count, a->negative, result));
    }
    size_t quotient_count = a->count - b->count + 1;
    ASSERT(room_left(room) >= 1 + quotient_count + 1 + b->count);
    mp_limb_t *quotient = want_modulo ? out + b->count : out;
    mp_limb_t *rest = want_modulo ? out : out + quotient_count + 1;
    Scratch scratch;
    if (!scratch_begin(&scratch, mem, a->count + b->count)) {
        return NUM_MEMORY;
    }
    mpn_tdiv_qr(quotient, rest, 0, a->limbs, (mp_size_t)a->count, b->limbs, (mp_size_t)b->count);
    scratch_end(&scratch);
    bool round_down = signs_differ && !mpn_zero_p(rest, (mp_size_t)b->count);
    if (want_modulo) {
        if (round_down) {
            mpn_sub_n(rest, b->limbs, rest, (mp_size_t)b->count);
        }
        return finish(room, b->count, b->negative, result);
    }
    quotient[quotient_count] =
        round_down ? mpn_add_1(quotient, quotient, (mp_size_t)quotient_count, 1) : 0;
    return finish(room, quotient_count + 1, signs_differ, result);
}

// Bits --------------------------------------------------------------------------------------------

// Gives the limbs of a number in two's complement one after the other, from the lowest.
typedef struct {
    const IntView *v;
    size_t next;
    mp_limb_t carry;
} TwosReader;

static mp_limb_t twos_next(TwosReader *r) {
    mp_limb_t limb = r->next < r->v->count ? r->v->limbs[r->next] : 0;
    r->next++;
    if (!r->v->negative) {
        return limb;
    }
    limb = ~limb + r->carry;
    r->carry = r->carry && limb == 0;
    return limb;
}

static NumStatus bitwise(Room *room, BignumOp op, const IntView *a, const IntView *b,
                         Term *result) {
    TwosReader x = {a, 0, 1};
    TwosReader y = {b, 0, 1};
    size_t count = longer(a, b) + 1;
    ASSERT(room_left(room) >= 1 + count);
    mp_limb_t *out = out_limbs(room);
    for (size_t i = 0; i < count; i++) {
        mp_limb_t p = twos_next(&x);
        mp_limb_t q = twos_next(&y);
        out[i] = op == BIGNUM_AND ? p & q : op == BIGNUM_OR ? p | q : p ^ q;
    }
    bool negative = out[count - 1] >> 63;
    if (negative) {
        mpn_neg(out, out, (mp_size_t)count);
    }
    return finish(room, count, negative, result);
}

uint64_t bignum_bits_at(Term a, size_t i) {
    IntView v;
    int_view(a, &v);
    if (i >= v.count) {
        return v.negative ? UINT64_MAX : 0;
    }
    if (!v.negative) {
        return v.limbs[i];
    }
    return i == 0 || mpn_zero_p(v.limbs, (mp_size_t)i) ? -v.limbs[i] : ~v.limbs[i];
}

uint64_t bignum_low_bits(Term a) {
    return bignum_bits_at(a, 0);
}

static NumStatus shift_left(Room *room, const IntView *a, size_t by, Term *result) {
    if (a->count == 0) {
        *result = term_small(0);
        return NUM_OK;
    }
    if (by > BIGNUM_BITS_MAX || view_bits(a) + by > BIGNUM_BITS_MAX) {
        return NUM_LIMIT;
    }
    size_t zeros = by / 64;
    ASSERT(room_left(room) >= 1 + zeros + a->count + 1);
    mp_limb_t *out = out_limbs(room);
    memset(out, 0, zeros * sizeof *out);
    if (by % 64 != 0) {
        out[zeros + a->count] = mpn_lshift(out + zeros, a->limbs, (mp_size_t)a->count, by % 64);
    } else {
        memcpy(out + zeros, a->limbs, a->count * sizeof *out);
        out[zeros + a->count] = 0;
    }
    return finish(room, zeros + a->count + 1, a->negative, result);
}

static NumStatus shift_right(Room *room, const IntView *a, size_t by, Term *result) {
    size_t drop = by / 64;
    if (by >= view_bits(a)) {
        *result = term_small(a->negative ? -1 : 0);
        return NUM_OK;
    }
    size_t count = a->count - drop;
    ASSERT(room_left(room) >= 2 + count);
    mp_limb_t *out = out_limbs(room);
    mp_limb_t lost = 0;
    if (by % 64 != 0) {
        lost = mpn_rshift(out, a->limbs + drop, (mp_size_t)count, by % 64);
    } else {
        memcpy(out, a->limbs + drop, count * sizeof *out);
    }
    out[count] = 0;
    // Toward negative infinity: a negative number that lost something is one further away from 0.
    if (a->negative && (lost != 0 || (drop > 0 && !mpn_zero_p(a->limbs, (mp_size_t)drop)))) {
        out[count] = mpn_add_1(out, out, (mp_size_t)count, 1);
    }
    return finish(room, count + 1, a->negative, result);
}

// Sign-aware distance of a shift: to the left, `left`, by `by` (saturated).
static void shift_amount(BignumOp op, Term b, bool *left, size_t *by) {
    IntView v;
    int_view(b, &v);
    *left = (op == BIGNUM_SHL) != v.negative;
    *by = v.count == 0 ? 0 : v.count == 1 && v.limbs[0] < SIZE_MAX ? v.limbs[0] : SIZE_MAX;
}

// The table of operations -------------------------------------------------------------------------

static size_t clamp_words(size_t words) {
    return words < BIGNUM_WORDS_MAX ? words : BIGNUM_WORDS_MAX;
}

size_t bignum_words(BignumOp op, Term a, Term b) {
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    switch (op) {
    case BIGNUM_MUL: return clamp_words(1 + x.count + y.count);
    case BIGNUM_DIV:
    case BIGNUM_MOD: return longer(&x, &y) + 4;
    case BIGNUM_SHL:
    case BIGNUM_SHR: {
        bool left;
        size_t by;
        shift_amount(op, b, &left, &by);
        if (!left) {
            return x.count + 2;
        }
        return x.count == 0 || by > BIGNUM_BITS_MAX ? 2 : clamp_words(x.count + by / 64 + 2);
    }
    default: return longer(&x, &y) + 2;
    }
}

NumStatus bignum_run(MemStats *mem, BignumOp op, Room *room, Term a, Term b, Term *result) {
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    switch (op) {
    case BIGNUM_ADD: return add(room, &x, &y, y.negative, result);
    case BIGNUM_SUB: return add(room, &x, &y, !y.negative, result);
    case BIGNUM_MUL: return multiply(mem, room, &x, &y, result);
    case BIGNUM_DIV: return divide(mem, room, &x, &y, false, result);
    case BIGNUM_MOD: return divide(mem, room, &x, &y, true, result);
    case BIGNUM_AND:
    case BIGNUM_OR:
    case BIGNUM_XOR: return bitwise(room, op, &x, &y, result);
    case BIGNUM_SHL:
    case BIGNUM_SHR: break;
    }
    bool left;
    size_t by;
    shift_amount(op, b, &left, &by);
    return left ? shift_left(room, &x, by, result) : shift_right(room, &x, by, result);
}

// Division multiplies a few times, the quotient with pieces of the divisor: one limb of quotient
// costs no more than a pass over the divisor. Both are shifted into place first.
static uint64_t divide_cost_us(size_t a, size_t b) {
    if (a < b) {
        return a / 1000;
    }
    return 4 * multiply_cost_us(a - b + 1, b) + (a + b) / 1000;
}

uint64_t bignum_cost_us(BignumOp op, Term a, Term b) {
    IntView x, y;
    int_view(a, &x);
    int_view(b, &y);
    uint64_t sum = x.count + y.count;
    uint64_t log = sum == 0 ? 0 : 64 - (uint64_t)__builtin_clzll(sum);
    switch (op) {
    case BIGNUM_MUL: return multiply_cost_us(x.count, y.count);
    case BIGNUM_DIV:
    case BIGNUM_MOD: return divide_cost_us(x.count, y.count);
    default: return (sum * log) / 16000;
    }
}

// Multiplication takes about 2 ns a pair of limbs by the schoolbook, and above a thousand limbs
// grows little faster than in proportion (measured: 120 ns a limb of the result at 4,000, 160 at
// 32,000, up to 400 at 1,000,000).
uint64_t multiply_cost_us(size_t a, size_t b) {
    uint64_t little = a < b ? a : b;
    uint64_t sum = a + b;
    uint64_t log = 64 - (uint64_t)__builtin_clzll(sum | 1);
    uint64_t per_limb_ns = little < 40 ? 2 * little : 80 + (log > 10 ? 16 * (log - 10) : 0);
    return sum * per_limb_ns / 1000;
}

// One operand -------------------------------------------------------------------------------------

size_t bignum_unary_words(Term a) {
    return term_is_small(a) ? 3 : box_words(a) + 2;
}

static Term with_sign(Room *room, const IntView *v, bool negative) {
    return bignum_from_limbs(room, v->limbs, v->count, negative);
}

Term bignum_negate(Room *room, Term a) {
    IntView v;
    int_view(a, &v);
    return with_sign(room, &v, !v.negative);
}

Term bignum_abs(Room *room, Term a) {
    IntView v;
    int_view(a, &v);
    return v.negative ? with_sign(room, &v, false) : a;
}

NumStatus bignum_not(Room *room, Term a, Term *result) {
    // ~a == -a - 1
    IntView v, one;
    int_view(a, &v);
    v.negative = !v.negative && v.count != 0;
    int_view(term_small(1), &one);
    return add(room, &v, &one, true, result);
}

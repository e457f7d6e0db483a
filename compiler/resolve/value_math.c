// Computing with values as the machine would; compiler/resolve/value.h explains them.
//
// Integers go through GMP, whose memory is bounded because operands and results are at most
// VALUE_MAX_INTEGER_BITS long; this is checked before an operation that makes longer ones.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmp.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/check.h"
#include "compiler/resolve/value.h"

static bool is_number(const Value *v) {
    return value_is_integer(v) || v->kind == VALUE_FLOAT;
}

static void to_mpz(mpz_t number, const Value *v) {
    if (v->kind == VALUE_INT) {
        mpz_init_set_si(number, v->integer);
        return;
    }
    char small[64];
    if (v->text.len < sizeof(small)) {
        memcpy(small, v->text.ptr, v->text.len);
        small[v->text.len] = '\0';
        CHECK(mpz_init_set_str(number, small, 10) == 0);
        return;
    }
    char *text = strndup(v->text.ptr, v->text.len);
    CHECK(text != NULL);
    CHECK(mpz_init_set_str(number, text, 10) == 0);
    free(text);
}

static ValueStatus from_mpz(Arena *a, const mpz_t number, const Value **result) {
    if (mpz_sizeinbase(number, 2) > VALUE_MAX_INTEGER_BITS) {
        return VALUE_TOO_LARGE;
    }
    if (mpz_fits_slong_p(number)) {
        *result = value_int(a, mpz_get_si(number));
        return VALUE_OK;
    }
    char *text = arena_alloc(a, mpz_sizeinbase(number, 10) + 2);
    mpz_get_str(text, 10, number);
    Value *v = value_int(a, 0);
    v->kind = VALUE_BIG;
    v->text = str_of(text);
    *result = v;
    return VALUE_OK;
}

// The nearest double; not finite when there is none. mpz_get_d truncates, so the last bit is seen
// to here.
static double to_double(const Value *v) {
    if (v->kind == VALUE_FLOAT) {
        return v->number;
    }
    if (v->kind == VALUE_INT) {
        return (double)v->integer;
    }
    Str text = v->text;
    if (text.len > 400) {
        return INFINITY;
    }
    char copy[404];
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return strtod(copy, NULL);
}

static ValueStatus from_double(Arena *a, double number, const Value **result) {
    if (!isfinite(number)) {
        return VALUE_ARITHMETIC;
    }
    *result = value_float(a, number);
    return VALUE_OK;
}

static ValueStatus integer_arith(Arena *a, ValueOp op, const Value *x, const Value *y,
                                 const Value **result) {
    mpz_t left, right;
    to_mpz(left, x);
    to_mpz(right, y);
    ValueStatus status = VALUE_OK;
    if ((op == VALUE_IDIV || op == VALUE_MOD) && mpz_sgn(right) == 0) {
        status = VALUE_ARITHMETIC;
    } else if (op == VALUE_MUL &&
               mpz_sizeinbase(left, 2) + mpz_sizeinbase(right, 2) > VALUE_MAX_INTEGER_BITS + 1) {
        status = VALUE_TOO_LARGE;
    } else {
        switch (op) {
        case VALUE_ADD: mpz_add(left, left, right); break;
        case VALUE_SUB: mpz_sub(left, left, right); break;
        case VALUE_MUL: mpz_mul(left, left, right); break;
        case VALUE_IDIV: mpz_fdiv_q(left, left, right); break;
        case VALUE_MOD: mpz_fdiv_r(left, left, right); break;
        case VALUE_DIV: break;
        }
        status = from_mpz(a, left, result);
    }
    mpz_clear(left);
    mpz_clear(right);
    return status;
}

// The quotient of integers too long for a double is rounded once by the machine; such are left to
// it.
static ValueStatus divide(Arena *a, const Value *x, const Value *y, const Value **result) {
    if (x->kind == VALUE_BIG || y->kind == VALUE_BIG) {
        return VALUE_UNSUPPORTED;
    }
    const int64_t exact = (int64_t)1 << 53;
    bool is_inexact = (x->kind == VALUE_INT && (x->integer > exact || x->integer < -exact)) ||
                      (y->kind == VALUE_INT && (y->integer > exact || y->integer < -exact));
    return is_inexact ? VALUE_UNSUPPORTED : from_double(a, to_double(x) / to_double(y), result);
}

ValueStatus value_arith(Arena *a, ValueOp op, const Value *x, const Value *y,
                        const Value **result) {
    if (!is_number(x) || !is_number(y)) {
        return VALUE_BAD;
    }
    if (op == VALUE_DIV) {
        return divide(a, x, y, result);
    }
    if (value_is_integer(x) && value_is_integer(y)) {
        return integer_arith(a, op, x, y, result);
    }
    switch (op) {
    case VALUE_ADD: return from_double(a, to_double(x) + to_double(y), result);
    case VALUE_SUB: return from_double(a, to_double(x) - to_double(y), result);
    case VALUE_MUL: return from_double(a, to_double(x) * to_double(y), result);
    default: return VALUE_BAD; // // and % are of integers
    }
}

ValueStatus value_negate(Arena *a, const Value *x, const Value **result) {
    if (x->kind == VALUE_FLOAT) {
        return from_double(a, -x->number, result);
    }
    return value_is_integer(x) ? value_arith(a, VALUE_SUB, value_int(a, 0), x, result) : VALUE_BAD;
}

static int sign(int64_t n) {
    return n < 0 ? -1 : n > 0;
}

static int compare_numbers(const Value *x, const Value *y) {
    if (x->kind == VALUE_FLOAT && y->kind == VALUE_FLOAT) {
        return x->number < y->number ? -1 : x->number > y->number;
    }
    if (x->kind == VALUE_FLOAT) {
        return -compare_numbers(y, x);
    }
    mpz_t left;
    to_mpz(left, x);
    int result;
    if (y->kind == VALUE_FLOAT) {
        result = mpz_cmp_d(left, y->number);
    } else {
        mpz_t right;
        to_mpz(right, y);
        result = mpz_cmp(left, right);
        mpz_clear(right);
    }
    mpz_clear(left);
    return sign(result);
}

static int compare_texts(Str x, Str y) {
    size_t shared = x.len < y.len ? x.len : y.len;
    int result = shared == 0 ? 0 : memcmp(x.ptr, y.ptr, shared);
    return result != 0 ? sign(result) : x.len < y.len ? -1 : x.len > y.len;
}

// Rank of a kind in the order of all terms; -1: not compared here.
static int rank_of(const Value *v) {
    switch (v->kind) {
    case VALUE_INT:
    case VALUE_BIG:
    case VALUE_FLOAT: return 0;
    case VALUE_ATOM: return 1;
    case VALUE_TUPLE: return 2;
    case VALUE_LIST: return 3;
    case VALUE_BYTES: return 4;
    default: return -1;
    }
}

static ValueStatus compare_items(const Value *x, const Value *y, int *result) {
    uint32_t shared = x->item_count < y->item_count ? x->item_count : y->item_count;
    for (uint32_t i = 0; i < shared; i++) {
        ValueStatus status = value_compare(x->items[i], y->items[i], result);
        if (status != VALUE_OK || *result != 0) {
            return status;
        }
    }
    *result = sign((int64_t)x->item_count - y->item_count);
    return VALUE_OK;
}

ValueStatus value_compare(const Value *x, const Value *y, int *result) {
    int left = rank_of(x);
    int right = rank_of(y);
    if (left < 0 || right < 0) {
        return VALUE_UNSUPPORTED;
    }
    *result = sign(left - right);
    if (left != right) {
        return VALUE_OK;
    }
    switch (left) {
    case 0: *result = compare_numbers(x, y); return VALUE_OK;
    case 1: *result = compare_texts(name_str(x->name), name_str(y->name)); return VALUE_OK;
    case 2:
        if (x->item_count != y->item_count) {
            *result = sign((int64_t)x->item_count - y->item_count);
            return VALUE_OK;
        }
        return compare_items(x, y, result);
    case 3:
        return x->tail != NULL || y->tail != NULL ? VALUE_UNSUPPORTED : compare_items(x, y, result);
    default: *result = compare_texts(x->text, y->text); return VALUE_OK;
    }
}

ValueStatus value_equal(const Value *x, const Value *y, bool *result) {
    if (value_same(x, y)) {
        *result = true;
        return VALUE_OK;
    }
    int order;
    ValueStatus status = value_compare(x, y, &order);
    *result = status == VALUE_OK && order == 0;
    return status;
}

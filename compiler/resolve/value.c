// Making and comparing values; compiler/resolve/value.h explains them.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/resolve/value.h"

#include <gmp.h>

#include "compiler/base/check.h"

static Value *value_new(Arena *a, ValueKind kind) {
    Value *v = ARENA_NEW(a, Value);
    v->kind = kind;
    v->size = 1;
    return v;
}

Value *value_int(Arena *a, int64_t integer) {
    Value *v = value_new(a, VALUE_INT);
    v->integer = integer;
    return v;
}

Value *value_float(Arena *a, double number) {
    Value *v = value_new(a, VALUE_FLOAT);
    v->number = number;
    return v;
}

Value *value_atom(Arena *a, Name name) {
    Value *v = value_new(a, VALUE_ATOM);
    v->name = name;
    return v;
}

Value *value_bytes(Arena *a, Str bytes) {
    Value *v = value_new(a, VALUE_BYTES);
    v->text = bytes;
    return v;
}

Value *value_items(Arena *a, ValueKind kind, const Value **items, uint32_t count) {
    uint64_t size = 1;
    for (uint32_t i = 0; i < count; i++) {
        size += items[i]->size;
    }
    if (size > VALUE_MAX_SIZE) {
        return NULL;
    }
    Value *v = value_new(a, kind);
    v->items = items;
    v->item_count = count;
    v->size = (uint32_t)size;
    return v;
}

Value *value_list(Arena *a, const Value **items, uint32_t count, const Value *tail) {
    if (count == 0) {
        return (Value *)tail;
    }
    uint32_t more = tail->kind == VALUE_LIST ? tail->item_count : 0;
    if ((uint64_t)count + more > VALUE_MAX_SIZE) {
        return NULL;
    }
    const Value **all = arena_alloc(a, (count + more) * sizeof(Value *));
    memcpy(all, items, count * sizeof(Value *));
    if (more > 0) {
        memcpy(all + count, tail->items, more * sizeof(Value *));
    }
    Value *v = value_items(a, VALUE_LIST, all, count + more);
    if (v != NULL) {
        v->tail = tail->kind == VALUE_LIST ? tail->tail : tail;
    }
    return v;
}

// Decimal digits that fit 18 places fit an int64_t.
static bool small_decimal(Str digits, uint32_t radix, int64_t *result) {
    if (radix != 10 || digits.len > 18) {
        return false;
    }
    *result = 0;
    for (size_t i = 0; i < digits.len; i++) {
        *result = *result * 10 + (digits.ptr[i] - '0');
    }
    return true;
}

Value *value_digits(Arena *a, Str digits, uint32_t radix, bool negative) {
    int64_t small;
    if (small_decimal(digits, radix, &small)) {
        return value_int(a, negative ? -small : small);
    }
    mpz_t number;
    Str terminated = arena_str(a, digits);
    CHECK(mpz_init_set_str(number, terminated.ptr, (int)radix) == 0);
    if (negative) {
        mpz_neg(number, number);
    }
    Value *v = value_new(a, VALUE_INT);
    if (mpz_fits_slong_p(number)) {
        v->integer = mpz_get_si(number);
    } else {
        v->kind = VALUE_BIG;
        char *text = arena_alloc(a, mpz_sizeinbase(number, 10) + 2);
        mpz_get_str(text, 10, number);
        v->text = str_of(text);
    }
    mpz_clear(number);
    return v;
}

static bool items_same(const Value *a, const Value *b) {
    if (a->item_count != b->item_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->item_count; i++) {
        if (!value_same(a->items[i], b->items[i])) {
            return false;
        }
    }
    return true;
}

static bool maps_same(const Value *a, const Value *b) {
    if (a->item_count != b->item_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->item_count; i += 2) {
        uint32_t at = 0;
        while (at < b->item_count && !value_same(a->items[i], b->items[at])) {
            at += 2;
        }
        if (at == b->item_count || !value_same(a->items[i + 1], b->items[at + 1])) {
            return false;
        }
    }
    return true;
}

bool value_same(const Value *a, const Value *b) {
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case VALUE_INT: return a->integer == b->integer;
    case VALUE_FLOAT: return memcmp(&a->number, &b->number, sizeof(double)) == 0;
    case VALUE_ATOM: return a->name == b->name;
    case VALUE_BIG:
    case VALUE_BYTES: return str_equal(a->text, b->text);
    case VALUE_TUPLE:
    case VALUE_RANGE: return items_same(a, b);
    case VALUE_LIST:
        return items_same(a, b) && (a->tail == NULL) == (b->tail == NULL) &&
               (a->tail == NULL || value_same(a->tail, b->tail));
    case VALUE_MAP: return maps_same(a, b);
    case VALUE_RECORD: return a->module == b->module && a->name == b->name && items_same(a, b);
    case VALUE_FN: return a->module == b->module && a->name == b->name && a->integer == b->integer;
    case VALUE_KIND_COUNT: break;
    }
    return false;
}

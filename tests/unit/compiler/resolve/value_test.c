// compiler/resolve/value*.c: exact integers of any size, comparisons across kinds, limits.
//
// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "compiler/resolve/value.h"

static Arena arena;

static void begin(void) {
    arena_init(&arena);
}

static void end(void) {
    arena_free(&arena);
}

static const Value *number(const char *digits) {
    bool negative = digits[0] == '-';
    return value_digits(&arena, str_of(digits + negative), 10, negative);
}

static const char *text_of(const Value *v) {
    static char text[512];
    if (v->kind == VALUE_INT) {
        snprintf(text, sizeof(text), "%lld", (long long)v->integer);
    } else if (v->kind == VALUE_BIG) {
        snprintf(text, sizeof(text), "%.*s", (int)v->text.len, v->text.ptr);
    } else {
        snprintf(text, sizeof(text), "%.17g", v->number);
    }
    return text;
}

TestSuite(value, .init = begin, .fini = end);

Test(value, digits_of_any_size) {
    static const char *const same[] = {"0",
                                       "7",
                                       "-7",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        cr_expect_str_eq(text_of(number(same[i])), same[i]);
    }
    cr_expect(number("9223372036854775807")->kind == VALUE_INT);
    cr_expect(number("9223372036854775808")->kind == VALUE_BIG);
    cr_expect_str_eq(text_of(value_digits(&arena, STR("ffffffffffffffffffff"), 16, false)),
                     "1208925819614629174706175");
    cr_expect_str_eq(text_of(value_digits(&arena, STR("000101"), 2, true)), "-5");
}

typedef struct Sum {
    ValueOp op;
    const char *x, *y, *result;
} Sum;

Test(value, arithmetic_is_the_machines) {
    static const Sum sums[] = {
        {VALUE_ADD, "9223372036854775807", "1", "9223372036854775808"},
        {VALUE_SUB, "-9223372036854775808", "1", "-9223372036854775809"},
        {VALUE_SUB, "9223372036854775808", "1", "9223372036854775807"},
        {VALUE_MUL, "4294967296", "4294967296", "18446744073709551616"},
        {VALUE_IDIV, "-7", "2", "-4"},
        {VALUE_IDIV, "7", "-2", "-4"},
        {VALUE_MOD, "-7", "2", "1"},
        {VALUE_MOD, "7", "-2", "-1"},
        {VALUE_DIV, "7", "2", "3.5"},
    };
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        const Value *result = NULL;
        ValueStatus status =
            value_arith(&arena, sums[i].op, number(sums[i].x), number(sums[i].y), &result);
        cr_assert(status == VALUE_OK);
        cr_expect_str_eq(text_of(result), sums[i].result);
    }
}

Test(value, arithmetic_fails_as_the_machine_does) {
    const Value *result;
    const Value *one = value_int(&arena, 1);
    const Value *zero = value_int(&arena, 0);
    const Value *large = value_float(&arena, 1e308);
    cr_expect(value_arith(&arena, VALUE_IDIV, one, zero, &result) == VALUE_ARITHMETIC);
    cr_expect(value_arith(&arena, VALUE_DIV, one, zero, &result) == VALUE_ARITHMETIC);
    cr_expect(value_arith(&arena, VALUE_MUL, large, large, &result) == VALUE_ARITHMETIC);
    cr_expect(value_arith(&arena, VALUE_IDIV, large, one, &result) == VALUE_BAD);
    cr_expect(value_arith(&arena, VALUE_ADD, one, value_bytes(&arena, STR("x")), &result) ==
              VALUE_BAD);
    const Value *x = number("10");
    ValueStatus status = VALUE_OK;
    int doublings = 0;
    for (; status == VALUE_OK && doublings < 40; doublings++) {
        status = value_arith(&arena, VALUE_MUL, x, x, &x);
        if (doublings == 12) {
            break; // 2^13 digits are enough to see it work
        }
    }
    cr_expect(status == VALUE_OK);
}

Test(value, order_is_total_where_it_is_known) {
    int order;
    bool equal;
    const Value *big = number("9007199254740993");
    cr_expect(value_compare(big, value_float(&arena, 9007199254740992.0), &order) == VALUE_OK);
    cr_expect(order == 1, "without rounding");
    cr_expect(value_equal(value_int(&arena, 1), value_float(&arena, 1.0), &equal) == VALUE_OK);
    cr_expect(equal);
    cr_expect(!value_same(value_int(&arena, 1), value_float(&arena, 1.0)));
    cr_expect(!value_same(value_float(&arena, 0.0), value_float(&arena, -0.0)));
    cr_expect(value_compare(value_int(&arena, 9), value_bytes(&arena, STR("")), &order) ==
              VALUE_OK);
    cr_expect(order == -1);
}

Test(value, lists_join_and_have_a_limit) {
    const Value *empty = value_items(&arena, VALUE_LIST, NULL, 0);
    const Value **items = arena_alloc(&arena, 2 * sizeof(Value *));
    items[0] = items[1] = value_int(&arena, 1);
    const Value *list = value_list(&arena, items, 2, empty);
    cr_assert(list->item_count == 2);
    const Value *longer = value_list(&arena, items, 2, list);
    cr_expect(longer->item_count == 4);
    const Value *v = list;
    for (int i = 0; i < 64 && v != NULL; i++) {
        const Value **pair = arena_alloc(&arena, 2 * sizeof(Value *));
        pair[0] = pair[1] = v;
        v = value_items(&arena, VALUE_TUPLE, pair, 2);
    }
    cr_expect(v == NULL, "a shared tree counts as written out");
}

// Values that the compiler computes: those of constants and of fields' defaults.
//
// A Value is an immutable tree in the compilation's arena. Integers are exact: those that fit 64
// bits are VALUE_INT, all others VALUE_BIG with decimal digits. A function is named by module, name
// and arity, so that a value means the same in every module.
// value.c makes and compares them, value_math.c computes with them, constant.c evaluates
// expressions. Tests: tests/unit/compiler/resolve/value_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/buf.h"
#include "compiler/base/intern.h"
#include "compiler/base/str.h"

typedef struct Value Value;

typedef enum ValueKind {
    VALUE_INT,    // integer
    VALUE_BIG,    // text: decimal digits with an optional '-', no zeros in front
    VALUE_FLOAT,  // number: finite
    VALUE_ATOM,   // name; also true, false, nil
    VALUE_BYTES,  // text
    VALUE_TUPLE,  // items
    VALUE_LIST,   // items and tail; the tail is NULL for [] and then the list may have no items
    VALUE_MAP,    // items: keys and values in turn; no key twice
    VALUE_RECORD, // module, name, fields; items: the fields' values
    VALUE_RANGE,  // items: first, last (step 1)
    VALUE_FN,     // module, name, integer: its arity
    VALUE_KIND_COUNT
} ValueKind;

struct Value {
    ValueKind kind;
    int64_t integer;
    double number;
    Name name;
    Name module;
    Str text;
    const Value **items;
    uint32_t item_count;
    uint32_t size; // values in the tree as written out, at most VALUE_MAX_SIZE
    const Value *tail;
    const Name *fields;
    // What lowering made of it for the module `lowered_for`: not part of the value.
    const void *lowered_for;
    const void *lowered;
};

enum {
    VALUE_MAX_SIZE = 1 << 20,         // values in one
    VALUE_MAX_BYTES = 1 << 26,        // of one text
    VALUE_MAX_INTEGER_BITS = 1 << 26, // as the machine's integers
};

Value *value_int(Arena *a, int64_t integer);
Value *value_float(Arena *a, double number);
Value *value_atom(Arena *a, Name name);
Value *value_bytes(Arena *a, Str bytes);
// VALUE_TUPLE, VALUE_LIST (proper), VALUE_MAP, VALUE_RECORD (its names are set by the caller),
// VALUE_RANGE; the items are not copied. NULL when it would be larger than VALUE_MAX_SIZE.
Value *value_items(Arena *a, ValueKind kind, const Value **items, uint32_t count);
// [items | tail]: with a list as tail one longer list. NULL as value_items.
Value *value_list(Arena *a, const Value **items, uint32_t count, const Value *tail);

// The integer of these digits in `radix` (2 to 36), negated if `negative`.
Value *value_digits(Arena *a, Str digits, uint32_t radix, bool negative);

// Do they match exactly (`===`)?
bool value_same(const Value *a, const Value *b);

// ---- Computing (value_math.c) -------------------------------------------------------------------

// What an operation of the language would do with these values.
typedef enum ValueStatus {
    VALUE_OK,
    VALUE_ARITHMETIC, // it would fail: division by zero, no finite float
    VALUE_BAD,        // it would fail: an operand of the wrong type
    VALUE_BADKEY,     // it would fail: no such key in a map
    VALUE_TOO_LARGE,
    VALUE_UNSUPPORTED, // it may well succeed, but only the machine knows how
} ValueStatus;

typedef enum ValueOp {
    VALUE_ADD,
    VALUE_SUB,
    VALUE_MUL,
    VALUE_DIV,
    VALUE_IDIV,
    VALUE_MOD,
} ValueOp;

ValueStatus value_arith(Arena *a, ValueOp op, const Value *x, const Value *y, const Value **result);
ValueStatus value_negate(Arena *a, const Value *x, const Value **result);

// x == y: numbers numerically and without rounding.
ValueStatus value_equal(const Value *x, const Value *y, bool *result);
// The sign of x - y in the order of all terms, of numbers, atoms, bytes, and tuples and lists of
// such.
ValueStatus value_compare(const Value *x, const Value *y, int *result);

static inline bool value_is_integer(const Value *v) {
    return v->kind == VALUE_INT || v->kind == VALUE_BIG;
}

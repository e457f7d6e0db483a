// Values that the compiler computes: those of constants and of fields' defaults.
//
// A Value is an immutable tree in the compilation's arena. Integers are exact: those that fit 64 bits
// are VALUE_INT, all others VALUE_BIG with decimal digits. A function is named by module, name and
// arity, so that a value means the same in every module.
// value.c makes, compares, writes and reads them; constant.c evaluates expressions to them.
// Tests: tests/unit/compiler/resolve/value_test.c.
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
    VALUE_INT,     // integer
    VALUE_BIG,     // text: decimal digits with an optional '-', no zeros in front
    VALUE_FLOAT,   // number: finite
    VALUE_ATOM,    // name; also true, false, nil
    VALUE_BYTES,   // text
    VALUE_TUPLE,   // items
    VALUE_LIST,    // items and tail; the tail is NULL for [] and then the list may have no items
    VALUE_MAP,     // items: keys and values in turn; no key twice
    VALUE_RECORD,  // module, name, fields; items: the fields' values
    VALUE_RANGE,   // items: first, last (step 1)
    VALUE_FN,      // module, name, integer: its arity
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
    const Value *tail;
    const Name *fields;
};

Value *value_int(Arena *a, int64_t integer);
Value *value_float(Arena *a, double number);
Value *value_atom(Arena *a, Name name);
Value *value_bytes(Arena *a, Str bytes);
// VALUE_TUPLE, VALUE_LIST (proper), VALUE_MAP, VALUE_RANGE; the items are not copied.
Value *value_items(Arena *a, ValueKind kind, const Value **items, uint32_t count);

// The integer of these digits in `radix` (2 to 36), negated if `negative`.
Value *value_digits(Arena *a, Str digits, uint32_t radix, bool negative);

// Do they match exactly (`===`)?
bool value_same(const Value *a, const Value *b);

static inline bool value_is_integer(const Value *v) {
    return v->kind == VALUE_INT || v->kind == VALUE_BIG;
}

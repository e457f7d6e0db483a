// SPDX-License-Identifier: Apache-2.0
// Integers of any size: arithmetic, comparison, text and floats, over GMP's mpn level.
//
// Every function takes integers of either form (small or BIGNUM) and gives the canonical one: a
// value in the small range is never a BIGNUM, the top limb of a BIGNUM is not 0. Interpreter and
// JIT do the small cases inline and come here for the rest.
// Building needs a Room of at least bignum_OP_words(a, b) words; those functions look at the same
// operands and never give more than BIGNUM_WORDS_MAX, whatever is asked. A result over 2^26 bits
// gives NUM_LIMIT (the program fails with :limit(:integer)), division by zero NUM_ZERO. GMP aborts
// when it finds no memory, so work space for large operands is taken from `mem` first and handed to
// GMP (scratch.h); if it cannot be had the result is NUM_MEMORY. Operations of more than about a
// millisecond are told by bignum_cost_us: run those on the blocking pool (operands must not move
// meanwhile). Results may not overlap operands. Any thread. Tests:
// tests/unit/vm/term/bignum_test.c.
#pragma once

#include "vm/base/buffer.h"
#include "vm/term/box.h"
#include "vm/term/room.h"

enum {
    BIGNUM_BITS_MAX = 1 << 26,
    BIGNUM_LIMBS_MAX = BIGNUM_BITS_MAX / 64,
    BIGNUM_WORDS_MAX = BIGNUM_LIMBS_MAX + 4,
};

typedef enum {
    NUM_OK,
    NUM_LIMIT, // more than BIGNUM_BITS_MAX bits
    NUM_ZERO,  // division by zero
    NUM_RANGE, // no such value: a float too large, a number of bits below 0, text that is no number
    NUM_MEMORY,
} NumStatus;

// A binary operation on integers, for tables and for asking sizes.
typedef enum {
    BIGNUM_ADD,
    BIGNUM_SUB,
    BIGNUM_MUL,
    BIGNUM_DIV,
    BIGNUM_MOD,
    BIGNUM_AND,
    BIGNUM_OR,
    BIGNUM_XOR,
    BIGNUM_SHL,
    BIGNUM_SHR
} BignumOp;

// Words that the operation may need, and its time in microseconds at most (roughly). For shifts b
// is the count.
size_t bignum_words(BignumOp op, Term a, Term b);
uint64_t bignum_cost_us(BignumOp op, Term a, Term b);

// Division and modulo round toward negative infinity, so a == (a // b) * b + a % b and a % b has
// b's sign. Shifts by a negative count go the other way; shr rounds toward negative infinity. Bit
// operations see two's complement.
MUST_USE NumStatus bignum_run(MemStats *mem, BignumOp op, Room *room, Term a, Term b, Term *result);

// Words that any of the three may need. `not` can be over the limit by one bit.
size_t bignum_unary_words(Term a);
Term bignum_negate(Room *room, Term a);
Term bignum_abs(Room *room, Term a);
MUST_USE NumStatus bignum_not(Room *room, Term a, Term *result);

// Below, equal to or above 0. Never allocates.
int bignum_compare(Term a, Term b);
// a against the exact value of d (not NaN). Never rounds, never allocates.
int bignum_compare_double(Term a, double d);
// Bits of the absolute value; 0 for 0.
size_t bignum_bits(Term a);

// The nearest double, ties to even; false when it is beyond the range of finite doubles.
bool bignum_to_double(Term a, double *d);
// The integer part of d, toward zero. bignum_from_double_words(d) words. d must be finite.
size_t bignum_from_double_words(double d);
Term bignum_from_double(Room *room, double d);
// The correctly rounded quotient of two integers (the language's `/`). NUM_RANGE: beyond finite
// doubles.
MUST_USE NumStatus bignum_divide(MemStats *mem, Term a, Term b, double *quotient);

// Little-endian limbs of a non-negative number; high zeros allowed. 1 + count words.
Term bignum_from_limbs(Room *room, const uint64_t *limbs, size_t count, bool negative);
// The low 64 bits in two's complement.
uint64_t bignum_low_bits(Term a);
// Bits [64 * i, 64 * i + 64) in two's complement: any i.
uint64_t bignum_bits_at(Term a, size_t i);

// Adds the digits in `base` (2 to 36, lower case) with a '-' in front of negatives. Subquadratic.
MUST_USE NumStatus bignum_print(MemStats *mem, Buffer *out, Term a, int base);
uint64_t bignum_print_cost_us(Term a);
// Digits in `base`, an optional sign first, nothing else; underscores are not taken. NUM_RANGE for
// anything else.
size_t bignum_parse_words(size_t len, int base);
MUST_USE NumStatus bignum_parse(MemStats *mem, Room *room, const char *text, size_t len, int base,
                                Term *result);
uint64_t bignum_parse_cost_us(size_t len);

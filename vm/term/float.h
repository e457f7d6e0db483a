// SPDX-License-Identifier: Apache-2.0
// Doubles as text. Printing gives the shortest digits that read back as the same double, and of
// those the nearest to it; reading rounds correctly. Both are independent of the locale. Any
// thread. Tests: tests/unit/vm/term/float_test.c.
#pragma once

#include "vm/base/buffer.h"

enum { FLOAT_TEXT_MAX = 32 };

// Writes d as the language does (1.0, 1.0e16, 0.0001, 9.9e-5, -0.0): always with a point and a
// digit on either side, with an exponent below 1.0e-4 and from 1.0e16. d is finite. Gives the
// length; no zero at the end.
size_t float_print(double d, char out[FLOAT_TEXT_MAX]);

// The shortest digits of a finite d > 0: d = 0.DIGITS * 10^exponent10. Gives how many (17 at most).
int float_digits(double d, char digits[17], int *exponent10);

// d with exactly `decimals` (0 to 340) digits after the point, rounded half to even from the exact
// value.
void float_print_fixed(Buffer *out, double d, int decimals);

// Reads a float literal, all of the text: [sign] digits '.' digits [('e'|'E') [sign] digits]. False
// for anything else and when the value is not finite.
bool float_parse(const char *text, size_t len, double *d);

// The double nearest to (top + x) * 2^exponent, ties to even, where x is 0, or with `sticky`
// something above 0 and below 1 (then one of top's two highest bits must be set). False: beyond
// finite doubles.
bool float_compose(uint64_t top, bool sticky, int64_t exponent, double *d);

// SPDX-License-Identifier: Apache-2.0
// What PRINT_DISPLAY (print.h) makes of values whose text is known at once: small integers, atoms,
// and short text without hidden control characters, which most values within text are. Pure; any
// thread. Tests: tests/unit/vm/term/print_test.c.
#pragma once

#include "vm/term/atom.h"
#include "vm/term/bytes.h"

enum {
    SHOWN_DIGITS = 20,          // that a small integer takes at most, with its sign
    SHOWN_TEXT_MAX = 16 * 1024, // longer text is looked at in steps
};

// The text of t, in `digits` or where it is already; without data where printing it takes more.
// O(1), of bytes O(n).
BytesView shown_view(const AtomTable *atoms, Term t, uint8_t digits[SHOWN_DIGITS]);

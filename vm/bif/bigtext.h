// SPDX-License-Identifier: Apache-2.0
// Very long integers as text and back, on the blocking pool. Each of the functions that take
// `owner` is a built-in's rest: it returns TERM_WAIT and is called again until it answers.
#pragma once

#include "vm/bif/bif_private.h"

enum { SHORT_US = 300 };

// Whether printing the number is work for the pool.
bool bigtext_is_long(Term number);
// The digits of args[0], a BIGNUM, in base 10 or args[1].
Term bigtext_decimal(Process *p, Term *args, BifFn owner);
Term bigtext_in_base(Process *p, Term *args, BifFn owner);
// Whether reading so many digits is.
bool bigtext_is_long_text(size_t len);
// The number that args[0], bytes, spells in the base args[1], or nil.
Term bigtext_parse(Process *p, Term *args, BifFn owner);
// The answer to what bignum_parse said: the number, nil, or a failure.
Term bigtext_parsed(Process *p, NumStatus status, Term number);

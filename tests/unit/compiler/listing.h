// SPDX-License-Identifier: Apache-2.0
// Listings of a stage for small sources, for tests of what the back end makes of them.
#pragma once

#include <criterion/criterion.h>

#include "compiler/driver.h"

// The text of stage `stage` (DUMP_IR, DUMP_ASM) for a module of this source. The test fails if it
// does not compile. Good until the next call.
const char *listing_of(uint32_t stage, const char *source);

// The listing of one function: from its "fn name/arity" line to the empty line behind it. Good
// until the next call.
const char *listing_fn(uint32_t stage, const char *name, const char *source);

// The same without the optimiser, but for what emission needs.
const char *listing_plain(uint32_t stage, const char *name, const char *source);

// How often `what` stands in a text.
uint32_t listing_count(const char *text, const char *what);

// That `what` stands so many times in the IR of a function.
#define ASSERT_IR(name, source, what, times)                                                       \
    do {                                                                                           \
        const char *ir = listing_fn(DUMP_IR, name, source);                                        \
        cr_assert(listing_count(ir, what) == (times), "%s: %u of %s in\n%s", name,                 \
                  listing_count(ir, what), what, ir);                                              \
    } while (0)

// SPDX-License-Identifier: Apache-2.0
// Listings of a stage for small sources, for tests of what the back end makes of them.
#pragma once

#include "compiler/driver.h"

// The text of stage `stage` (DUMP_IR, DUMP_ASM) for a module of this source. The test fails if it
// does not compile. Good until the next call.
const char *listing_of(uint32_t stage, const char *source);

// The listing of one function: from its "fn name/arity" line to the empty line behind it. Good
// until the next call.
const char *listing_fn(uint32_t stage, const char *name, const char *source);

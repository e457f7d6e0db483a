// SPDX-License-Identifier: Apache-2.0
// Proves that decoded code cannot crash the machine: an abstract interpretation over every
// function, one pass in the order of the code, in time linear in the image (a budget holds it to
// that). It follows which registers and slots are initialised, what is known of their values where
// ops rely on it, whether the frame stands, and how much room an `alloc` has left. README.md lists
// the rules. It also completes the safepoints of ops that have no map.
//
// One pass suffices because code goes forward only: but for `loop` and the waits every label lies
// behind its op, and a region's handler behind the region. A block that is gone back to begins with
// just what the maps of those ops name.
//
// Runs at the end of a load, before anything else sees the module. Tests:
// tests/unit/vm/code, tests/unit/vm/interp/mutation_test.c, tests/fuzz/fuzz_image.c.
#pragma once

#include "vm/code/loader_private.h"

// False after an error: function, word, op and why are in l->error.
bool verify_module(Loading *l);

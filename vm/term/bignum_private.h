// SPDX-License-Identifier: Apache-2.0
// What the files of bignum share: one view on both forms of an integer.
#pragma once

#include <gmp.h>

#include "vm/term/bignum.h"

// Sign and magnitude. `limbs` may point to `own`, so a view is not copied.
typedef struct {
    const mp_limb_t *limbs;
    size_t count; // 0 for 0; the top limb is not 0
    bool negative;
    mp_limb_t own;
} IntView;

void int_view(Term t, IntView *v);
size_t view_bits(const IntView *v);
uint64_t multiply_cost_us(size_t a_limbs, size_t b_limbs);

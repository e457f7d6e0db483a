// SPDX-License-Identifier: Apache-2.0
// 'Did you mean': the name that is there and nearest to one that is not. Any thread; allocates
// nothing. Tests: tests/unit/compiler/diag, tests/lang/errors.
#pragma once

#include <stdint.h>

#include "compiler/base/str.h"

// Offer all candidates; `best` is then the nearest that is near enough to be meant, or empty.
// Nearness is the optimal string alignment distance (insert, delete, replace, swap), at most a
// third of the longer name's length; case alone counts as half a step. O(len^2) per offer.
typedef struct Suggest {
    Str wanted;
    Str best;
    uint32_t best_cost;
} Suggest;

Suggest suggest_new(Str wanted);
void suggest_offer(Suggest *s, Str candidate);

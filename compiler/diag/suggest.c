// 'Did you mean': the nearest of the names that are there; suggest.h has the contract.
//
// Costs are counted in half steps. Three rows of the alignment table suffice, since a swap looks
// two rows back. Names longer than NAME_MAX_BYTES are compared by their beginnings' inequality
// alone, that is not at all: nobody mistypes those.
//
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>

#include "compiler/diag/suggest.h"

enum { NAME_MAX_BYTES = 64, STEP = 2, CASE_STEP = 1 };

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t replace_cost(char a, char b) {
    if (a == b) {
        return 0;
    }
    return tolower((unsigned char)a) == tolower((unsigned char)b) ? CASE_STEP : STEP;
}

static uint32_t distance(Str a, Str b) {
    uint32_t rows[3][NAME_MAX_BYTES + 1];
    for (uint32_t j = 0; j <= b.len; j++) {
        rows[0][j] = j * STEP;
    }
    for (uint32_t i = 1; i <= a.len; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i - 1) % 3];
        const uint32_t *above2 = rows[(i + 1) % 3];
        row[0] = i * STEP;
        for (uint32_t j = 1; j <= b.len; j++) {
            uint32_t cost = least(above[j] + STEP, row[j - 1] + STEP);
            cost = least(cost, above[j - 1] + replace_cost(a.ptr[i - 1], b.ptr[j - 1]));
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1]) {
                cost = least(cost, above2[j - 2] + STEP);
            }
            row[j] = cost;
        }
    }
    return rows[a.len % 3][b.len];
}

Suggest suggest_new(Str wanted) {
    return (Suggest){.wanted = wanted, .best = {"", 0}, .best_cost = UINT32_MAX};
}

void suggest_offer(Suggest *s, Str candidate) {
    if (s->wanted.len > NAME_MAX_BYTES || candidate.len > NAME_MAX_BYTES) {
        return;
    }
    size_t longer = s->wanted.len > candidate.len ? s->wanted.len : candidate.len;
    uint32_t cost_max = STEP * (uint32_t)((longer + 2) / 3);
    uint32_t cost = distance(s->wanted, candidate);
    if (cost <= cost_max && cost < s->best_cost && cost < STEP * longer) {
        s->best = candidate;
        s->best_cost = cost;
    }
}

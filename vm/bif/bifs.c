// SPDX-License-Identifier: Apache-2.0
// The table of built-ins: bifs.def, whose lines are kept in the order of module, name and arity so
// that it can be searched by halves (`bifs_sorted` says whether they are; a unit test asks).
// Tests: tests/unit/vm/bif/bifs_test.c.
#include "vm/bif/bifs.h"

#include <string.h>

const Bif bifs[] = {
#define BIF(module, name, arity, symbol, flags) {#module, #name, arity, symbol, flags},
#include "vm/bif/bifs.def"
#undef BIF
};

const size_t bif_count = sizeof bifs / sizeof bifs[0];

static int bif_order(const Bif *bif, const char *module, const char *name, uint32_t arity) {
    int order = strcmp(bif->module, module);
    if (order == 0) {
        order = strcmp(bif->name, name);
    }
    return order != 0 ? order : (int)bif->arity - (int)arity;
}

const Bif *bif_find(const char *module, const char *name, uint32_t arity) {
    size_t low = 0;
    size_t high = bif_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = bif_order(&bifs[middle], module, name, arity);
        if (order == 0) {
            return &bifs[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

bool bifs_sorted(void) {
    for (size_t i = 1; i < bif_count; i++) {
        if (bif_order(&bifs[i - 1], bifs[i].module, bifs[i].name, bifs[i].arity) >= 0) {
            return false;
        }
    }
    return true;
}

// SPDX-License-Identifier: Apache-2.0
// What comparing, hashing and printing a closure must know of its Function, which is defined higher
// up (vm/code/module.h): every Function begins with these fields. The loader sets them before
// anything can see the Function.
#pragma once

#include "vm/term/term.h"

#define FUNCTION_HEAD                                                                              \
    uint64_t serial;  /* rises with each Function of a VM run: closures order by it */             \
    Term module_name; /* atom */                                                                   \
    Term name;        /* atom */                                                                   \
    uint16_t arity;   /* without captured values */                                                \
    uint16_t captured;                                                                             \
    uint32_t flags

typedef struct {
    FUNCTION_HEAD;
} FunctionHead;

static inline const FunctionHead *function_head(const Function *f) {
    return (const FunctionHead *)(const void *)f;
}

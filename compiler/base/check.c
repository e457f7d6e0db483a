// The end of the road for a bug in the compiler; see compiler/base/check.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_fail(const char *what, const char *file, int line) {
    fprintf(stderr, "%s:%d: the compiler has a bug: %s does not hold\n", file, line, what);
    abort();
}

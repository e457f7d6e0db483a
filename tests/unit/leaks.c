// SPDX-License-Identifier: Apache-2.0
// Under AddressSanitizer each test is a process of its own, which is searched for leaks when it
// ends. Criterion's own process, which runs no test, is not: it keeps some of its options to the
// end.
#include <stdlib.h>

// Called by the sanitizer; nobody calls it in a build without one.
int __lsan_is_turned_off(void) {
    return getenv("BXFI_MAP") == NULL;
}

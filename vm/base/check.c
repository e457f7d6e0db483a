// SPDX-License-Identifier: Apache-2.0
// Failed assertions: print, call the hook, abort. Works with no memory and from any thread.
#include "vm/base/check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static CheckHook hook_function;
static void *hook_data;
static _Atomic bool failing;

void check_set_hook(CheckHook hook, void *data) {
    hook_data = data;
    hook_function = hook;
}

void check_failed(const char *what, const char *condition, const char *file, int line) {
    fprintf(stderr, "%s failed: %s at %s:%d\n", what, condition, file, line);
    fflush(stderr);
    // A second failure, of another thread or of the hook itself, must not run the hook again.
    // Alone: no partner.
    if (!atomic_exchange_explicit(&failing, true, memory_order_relaxed) && hook_function != NULL) {
        hook_function(hook_data);
    }
    abort();
}

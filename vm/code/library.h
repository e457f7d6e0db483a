// SPDX-License-Identifier: Apache-2.0
// The embedded library as the VM sees it: a way to find the image of a module by name. The command
// hands one over through VM.library before the first process starts; without one there is no
// library. Immutable; any thread.
#pragma once

#include "vm/vm.h"

struct Library {
    // The image that holds the module; false when the library has none of that name. Must not
    // block.
    bool (*find)(const struct Library *library, const char *module, const uint8_t **bytes,
                 size_t *size_bytes);
    const void *data;
};

// SPDX-License-Identifier: Apache-2.0
// As much of a machine as loading and verifying an image takes.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Does the loader, with its verifier, take the image? If not, `why` (at least 256 bytes) says why
// not.
bool machine_accepts(const char *image, size_t size, char *why);

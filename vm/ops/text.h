// SPDX-License-Identifier: Apache-2.0
// The common case of bits_build: a text of whole pieces, that is bytes, values that are shown at
// once, and single bytes. Tests: tests/ops/bits_build.copasm.
#pragma once

#include "vm/proc/process.h"

// False when the segments are something else, or too many or too long to be built at once: the rest
// of slow_build.c does it, or says what is wrong. Else *result is what the op answers. May collect.
bool text_build(Process *p, const uint64_t *list, uint32_t count, Term *result);

// SPDX-License-Identifier: Apache-2.0
// What the two halves of the mutations share: finding and replacing chunks of an image's first
// module.
#pragma once

#include "tests/unit/vm/interp/mutate.h"

// The payload of the chunk with that number in the format's order; false when the image has none
// that is whole.
bool mutate_chunk(const Bytes *image, uint32_t chunk, const uint8_t **start, const uint8_t **end);
// Another payload for it; sizes around it are mended.
void mutate_replace(Bytes *image, uint32_t chunk, const Bytes *payload);
// Changes of code in terms of instructions.
void mutate_code(Bytes *image, uint64_t *random, int count);

// SPDX-License-Identifier: Apache-2.0
// Damaged images for tests: loading must refuse them or make code that is safe to run.
#pragma once

#include "tests/unit/vm/interp/assembler.h"
#include "tests/unit/vm/interp/machine.h"

// xorshift64*: the same sequence for the same state, which is never 0.
uint64_t mutate_random(uint64_t *state);
// Damages the image, mostly so that it may still pass the verifier: `count` operands, ops, maps,
// frames, literals and so on are changed, instructions swapped, removed and repeated; or bytes are
// overwritten, flipped, copied, removed and doubled. Sizes that are easy to mend and the checksum
// are mended, so that the damage reaches the parts behind them.
void mutate_image(Bytes *image, uint64_t *random, int count);
// Loads all modules of an image; where that succeeds runs each function of few arguments for a few
// slices with a small heap. How many modules were loaded.
uint32_t mutate_run(Machine *m, const uint8_t *image, size_t len, uint64_t max_slices);

// SPDX-License-Identifier: Apache-2.0
// Threaded code: what the translator and the run loop share. Private to vm/interp.
#pragma once

#include "gen/ops_variants.h"
#include "vm/ops/operands.h"

// A Function's engine_data is an array of the addresses where its regions are handled.

// Numbers of cases that are no ops.
enum {
    CASE_EXIT = VARIANT_COUNT, // the return address of a process's first function
    CASE_UNWIND,               // goes on looking for a handler
    CASE_COUNT,
};

bool threaded_prepare(VM *vm, Module *module);
void threaded_discard(VM *vm, Module *module);

// A real machine for fuzz targets: one small module in the text of tests/ops, whose functions are
// run over and over with arguments made of the input. It imports built-ins by name, as a hostile
// image might.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vm/boot.h"
#include "vm/heap/copy.h"

typedef struct FuzzProgram FuzzProgram;

// Assembles and loads; the machine has one runner and a fixed seed, so that a run repeats. `old`
// may be NULL; it is what is given back but for every thousandth time, when it is freed and all its
// memory must have been.
FuzzProgram *fuzz_program(FuzzProgram *old, const char *assembly);
VM *fuzz_vm(FuzzProgram *program);
// Runs name(args...) as a main process to its end. Aborts with its report when it fails.
void fuzz_call(FuzzProgram *program, const char *name, const Term *args, uint32_t count);

// SPDX-License-Identifier: Apache-2.0
// A loaded module as text: what `coppice dump` shows of an image, in the language of tests/ops. Any
// thread. Tests: tests/unit/vm/code/loader_test.c.
#pragma once

#include "vm/base/buffer.h"
#include "vm/code/module.h"

// All functions, each with its lines and regions. Whether memory sufficed is in the buffer.
void disasm_module(Buffer *out, const Module *module);
void disasm_function(Buffer *out, const Function *function);

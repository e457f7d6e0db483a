// SPDX-License-Identifier: Apache-2.0
// Tells tools outside which function machine code belongs to, when --symbols asks for it: perf by a
// file /tmp/perf-PID.map, gdb by its JIT interface (an object file in memory, with what it needs to
// unwind). A function is module.name/arity in both. Any thread; nothing is done for who does not
// ask. Tests: tests/system/symbols_*.sh.
#pragma once

#include "vm/jit/translate.h"

// After the stubs were made. False with `why` (256 bytes) set: no file for perf.
bool symbols_open(VM *vm, JitState *state, char *why);
void symbols_close(VM *vm, JitState *state);
// After a module's code was written. Want of memory leaves it without names.
void symbols_add(VM *vm, const Module *module, JitModule *made);
void symbols_remove(VM *vm, JitModule *made);

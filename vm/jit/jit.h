// SPDX-License-Identifier: Apache-2.0
// The JIT: the engine that runs machine code, made by copying stencils and patching operands into
// them.
//
// clang compiles the body of every op (vm/ops/*.op.h), for each kind of operands, to a stencil at
// build time; prepare() translates a module by copying these one after another. While a process
// runs, its state is in registers (stencil.h), its return addresses are on a stack of its own that
// the machine's call and ret use, and C code runs on the thread's stack:
// what a fast path cannot do goes through glue to cold.c and back. Pages with code are mapped
// twice, never writable and executable at one address; published code is not changed. Signal
// handlers must not run on a thread that is in machine code: schedulers block all signals, and so
// does the seeded mode for each slice.
//
// Source of the technique: Xu and Kjolstad, "Copy-and-patch compilation", OOPSLA 2021. Tests: every
// program test runs on both engines.
#pragma once

#include "vm/code/module.h"

extern const Engine jit_engine;

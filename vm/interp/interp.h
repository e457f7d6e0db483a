// SPDX-License-Identifier: Apache-2.0
// The interpreter: the engine for machines without stencils, and the reference for the JIT.
//
// prepare() turns canonical code into threaded code of 64-bit words (layout: tools/gen/opgen.c),
// each instruction a variant number, register numbers and inline constants. Its cases are made from
// the bodies in vm/ops. Where the compiler has tail calls and the preserve_none convention (clang
// 19), each case is a function that tail-calls the next; otherwise they are labels of one function,
// reached by computed goto. Tests: tests/ops, tests/unit/vm/interp.
#pragma once

#include "vm/code/module.h"

extern const Engine interp_engine;

// A machine for core, for tests: runs a function of constants whose body has no calls, processes or
// closures. Values are CoreConsts. Tests of patterns compare what it gives with what a naive
// matcher does.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/core/core_build.h"

// The value of `f` for these arguments; a failure is the tuple (:fail, reason).
const CoreConst *machine_run(Arena *arena, Intern *names, const CoreFunction *f,
                             const CoreConst *const *args);

// SPDX-License-Identifier: Apache-2.0
// The C functions of all built-ins, declared from the one table.
#pragma once

#include "vm/bif/bif.h"

#define BIF(module, name, arity, symbol, flags) Term symbol(Process *p, Term *args);
#include "vm/bif/bifs.def"
#undef BIF

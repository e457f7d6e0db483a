// SPDX-License-Identifier: Apache-2.0
// Running programs. A job on the blocking pool starts the program (posix_spawn, no shell), feeds
// its input and gathers its output until it ends. It is killed when the process that asked ends or
// the time is over. Tests: tests/stdlib/outside_test.cop.
#pragma once

#include "vm/sched/blocking.h"

enum { SUBPROCESS_OUTPUT_MAX = 64 * 1024 * 1024 };

// args[0]: program (found by PATH), args[1]: list of Strings, args[2]: input (Bytes), args[3]:
// directory or nil, args[4]: map of environment variables to add, or nil, args[5]: ms or :infinity.
// :ok((status, output, errors)), status 128 + n when ended by signal n; :error(:enoent),
// :error(:timeout), ...
Term subprocess_run(Process *p, Term *args);

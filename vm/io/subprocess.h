// SPDX-License-Identifier: Apache-2.0
// Running programs. A job on the blocking pool starts the program (posix_spawn, no shell), feeds
// its input and gathers its output until it ends. It is killed, with all of its process group, when
// the process that asked ends, the time is over or the VM ends in order. (A VM that is itself killed
// leaves it running: all it sees is that its input and outputs are closed.) Tests:
// tests/stdlib/outside_test.cop, tests/system/subprocesses.sh.
#pragma once

#include "vm/sched/blocking.h"

enum { SUBPROCESS_OUTPUT_MAX = 64 * 1024 * 1024 };

struct Subprocesses *subprocesses_new(VM *vm);
// Nothing of it runs any more.
void subprocesses_free(struct Subprocesses *all);
// For the end of a VM: kills all that run, and lets no more start.
void subprocesses_end(struct Subprocesses *all);

// args[0]: program (found by PATH), args[1]: list of Strings, args[2]: input (Bytes), args[3]:
// directory or nil, args[4]: map of environment variables to add, or nil, args[5]: ms or :infinity.
// :ok((status, output, errors)), status 128 + n when ended by signal n; :error(:enoent),
// :error(:timeout), ...
Term subprocess_run(Process *p, Term *args);

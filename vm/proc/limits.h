// SPDX-License-Identifier: Apache-2.0
// Limits of one process: heap (:limit(:heap)), mailbox (:limit(:mailbox): more ordinary messages
// than that wait), reductions (:limit(:reductions)). Whoever sets them is the process itself, or
// its spawner through SpawnOptions.
#pragma once

#include "vm/proc/worker.h"

// what: :heap (bytes), :mailbox (messages), :reductions; value: an integer > 0, or :infinity. :ok;
// TERM_NONE: :badarg.
Term process_set_limit(Process *p, Term what, Term value);
// Looks at the limits that are checked at switches. False: process_limit was called and p must end.
bool limits_check(Process *p);
// Its priority: :low, :normal, :high, :max; the old one. TERM_NONE: :badarg(priority).
Term process_set_priority(Process *p, Term priority);

// SPDX-License-Identifier: Apache-2.0
// Monitors and aliases. Both are references made by the process; a monitor's id stands in its table
// and in that of the watched one. The end of the watched one comes as the message (:down, ref, pid
// or name, reason). Owner thread. Tests: tests/behave b20-b28.
#pragma once

#include "vm/proc/worker.h"

// Watches a pid or a registered name; a ref. When there is nobody, :down with :noproc is in the
// mailbox at once. TERM_NONE: :badarg(what), :limit(...). May collect.
Term process_monitor(Process *p, Term what);
// :ok. With flush, a :down of this ref that is already in the mailbox is removed. A ref that is no
// monitor is nothing to it.
Term process_demonitor(Process *p, Term ref, bool flush);
// The monitor from spawn: its id, 0 when there is no memory.
uint64_t monitor_at_birth(Process *parent, Process *child);

// An address of p that can be given up: messages sent to the ref arrive while it is active.
// TERM_NONE: :limit(...).
Term process_alias(Process *p);
// true when it was active.
Term process_unalias(Process *p, Term ref);

// A fresh reference. TERM_NONE: :limit(...). May collect.
Term process_make_ref(Process *p);

// Signals.
void monitor_watched(Process *p, Term watcher, uint64_t id);
void monitor_unwatched(Process *p, uint64_t id);
void monitor_down(Process *p, Signal *signal);  // takes the signal over
void alias_message(Process *p, Signal *signal); // takes the signal over

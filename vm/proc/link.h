// SPDX-License-Identifier: Apache-2.0
// Links. Each side has an entry (relation.h); LINK, UNLINK, UNLINKED and EXIT signals keep them in
// step. An unlinking is answered, so that a LINK which crossed it on the way is known as such and
// ignored (the protocol of OTP 23 and later). Owner thread. Tests: tests/behave b10-b18.
#pragma once

#include "vm/proc/worker.h"

// true; nothing happens when the link exists or pid is p's own. When pid has ended, p gets an exit
// signal :noproc. TERM_NONE: :badarg(pid), :limit(:memory).
Term process_link(Process *p, Term pid);
// true; after it, no exit signal of an old link comes any more.
Term process_unlink(Process *p, Term pid);
// The link from spawn, on both sides, before the child can run.
MUST_USE bool link_at_birth(Process *parent, Process *child);

// Signals.
void link_linked(Process *p, Term from);
void link_unlinked(Process *p, Term from, uint64_t number);
void link_answered(Process *p, Term from, uint64_t number);

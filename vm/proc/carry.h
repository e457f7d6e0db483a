// SPDX-License-Identifier: Apache-2.0
// Copying a term of a process into a signal, in slices where it is large.
//
// Most messages are immediates, literals or tuples of these: they are copied at once without
// measuring. What takes longer than a slice allows goes on in a Carry, which begins anew when the
// process was collected meanwhile. Owner thread. Tests: tests/behave b01-b09.
#pragma once

#include "vm/proc/worker.h"

typedef struct Carry Carry;

// STEP_DONE: *signal is the copy, with `extra` words of room at its end. STEP_MORE: the slice is
// spent; call again with the same
// *carry (NULL at first). STEP_MEMORY: no memory. After STEP_MORE the carry must be dropped or
// finished.
StepStatus carry_term(Process *p, Carry **carry, SignalKind kind, Term term, size_t extra,
                      Signal **signal);
// A tuple of a few immediates and literals, or one of these itself, at once. NULL: it is something
// else, or there is no memory.
Signal *carry_quick(BlockPool *pool, SignalKind kind, Term term, size_t extra);
void carry_drop(Process *p, Carry **carry);

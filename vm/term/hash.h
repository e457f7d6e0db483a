// SPDX-License-Identifier: Apache-2.0
// The hash of a term. It agrees with `===`, and depends on the value and the VM's salt only: no
// address, no atom number, so the loader can lay out map literals and a seed repeats a run. Without
// C recursion, as compare.h. Tests: tests/unit/vm/term.
#pragma once

#include "vm/base/hash.h"
#include "vm/term/atom.h"
#include "vm/term/stack.h"

typedef struct {
    const AtomTable *atoms;
    TermStack stack;
    Term next; // to be taken in first, or TERM_NONE
    uint64_t state;
    uint64_t result; // once done
} Hashing;

void hashing_init(Hashing *h, const AtomTable *atoms, Term t);
StepStatus hashing_run(Hashing *h, int64_t *budget);
void hashing_each_root(Hashing *h, RootVisit visit, void *collection);
void hashing_free(Hashing *h);

// Runs to the end.
uint64_t term_hash(const AtomTable *atoms, Term t);

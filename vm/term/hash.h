// SPDX-License-Identifier: Apache-2.0
// The hash of a term. It agrees with `===`, and depends on the value and the VM's salt only: no
// address, no atom number, so the loader can lay out map literals and a seed repeats a run. Without
// C recursion, as compare.h. Tests: tests/unit/vm/term.
#pragma once

#include "vm/base/hash.h"
#include "vm/term/atom.h"
#include "vm/term/bytes.h"
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
uint64_t term_hash_deep(const AtomTable *atoms, Term t);

// Words that no header or immediate of a program's looks like, so that parts cannot be taken for
// others.
enum { TOKEN_CONS = 0x2f, TOKEN_BYTES = 0x3f, TOKEN_FLOAT = 0x4f, TOKEN_ATOM = 0x5f };

// The same, short for what most keys are: immediates and bytes.
static inline uint64_t term_hash(const AtomTable *atoms, Term t) {
    uint64_t salt = atoms->salt;
    if (term_is_atom(t)) {
        return hash_finish(hash_mix(hash_mix(salt, TOKEN_ATOM), atom_get(atoms, t)->hash));
    }
    if (!term_is_pointer(t)) {
        return hash_word(salt, t.bits);
    }
    if (term_is_bytes(t)) {
        BytesView v = bytes_view(t);
        return hash_finish(hash_mix(hash_mix(salt, TOKEN_BYTES), hash_bytes(salt, v.data, v.len)));
    }
    return term_hash_deep(atoms, t);
}

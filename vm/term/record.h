// SPDX-License-Identifier: Apache-2.0
// Record descriptors, interned by module, name and field names: two modules' loads of the same
// definition, or a reload that changes nothing in it, give the same pointer, so records keep their
// type. Never freed before the VM. Making one takes LOCK_RECORD; a descriptor itself is immutable.
// Any thread. Tests: tests/unit/vm/term.
#pragma once

#include "vm/base/lock.h"
#include "vm/term/atom.h"

struct RecordDesc {
    RecordDesc *next; // in its hash chain; under the lock
    uint64_t hash;    // of the texts
    Term module;      // atoms
    Term name;
    uint32_t field_count;
    Term fields[]; // atoms, in the order of definition
};

struct RecordTable {
    AtomTable *atoms;
    Lock lock;
    size_t count;
    size_t chain_count; // a power of two
    RecordDesc **chains;
};

// NULL when there is no memory.
RecordTable *record_table_new(AtomTable *atoms);
void record_table_free(RecordTable *table);

// NULL when there is no memory.
const RecordDesc *record_intern(RecordTable *table, Term module, Term name, const Term *fields,
                                uint32_t count);

// Where the field of that name is, or -1. O(fields).
int record_field_index(const RecordDesc *desc, Term name);

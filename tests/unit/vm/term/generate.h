// SPDX-License-Identifier: Apache-2.0
// Random terms from a seed, for property tests: all kinds, many near-equal ones, shared parts.
#pragma once

#include "vm/base/rand.h"
#include "vm/term/atom.h"
#include "vm/term/fn.h"
#include "vm/term/record.h"
#include "vm/term/room.h"

enum { GENERATE_FNS = 4, GENERATE_RECORDS = 4 };

typedef struct {
    Rand rand;
    MemStats *mem;
    AtomTable *atoms;
    RecordTable *records;
    const RecordDesc *descs[GENERATE_RECORDS];
    FunctionHead functions[GENERATE_FNS];
    Term *words; // where terms are built
    size_t capacity;
    size_t used;
    OffHeap offheap;
    bool full;
} Generator;

void generator_init(Generator *g, uint64_t seed);
// Releases shared bytes too.
void generator_free(Generator *g);
// Forgets all terms made so far.
void generator_clear(Generator *g);
// A room of that many words.
Room generator_room(Generator *g, size_t words);
// Any term; `size` bounds its parts roughly.
Term generate_term(Generator *g, int size);
// A term of numbers, atoms, bytes: no parts.
Term generate_leaf(Generator *g);
// A term that is likely equal to t, or differs from it in a small thing.
Term generate_similar(Generator *g, Term t);
Term generate_map(Generator *g, int entries, int size);

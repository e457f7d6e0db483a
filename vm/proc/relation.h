// SPDX-License-Identifier: Apache-2.0
// Relations of one process: links, monitors both ways, aliases, requests that were put aside. A
// hash table by kind and key, private to its owner: the other side has an entry of its own, and
// signals keep the two in step. Open addressing with linear probing and backward-shift deletion;
// nothing is allocated for a process without relations. Tests: tests/behave b10-b28.
#pragma once

#include "vm/proc/worker.h"

typedef enum {
    RELATION_NONE,
    RELATION_LINK, // key: pid bits; data: 0, or the number of an unlinking that is not yet answered
    RELATION_MONITOR,    // mine: key: ref; other: pid; data: the name's atom bits if it was set by
                         // name, else 0
    RELATION_WATCHER,    // on me: key: ref; other: who watches
    RELATION_ALIAS,      // key: ref
    RELATION_REQUEST,    // an ask I put aside: key: ref; other: who asks
    RELATION_AIM,        // a timer for me: key: its ref
    RELATION_SUPERVISOR, // the main process's: a supervisor it has started; key: ref of the
                         // monitor; other: pid
} RelationKind;

typedef struct {
    uint64_t key;
    Term other;
    uint64_t data : 56;
    uint64_t kind : 8;
} Relation;

struct Relations {
    uint32_t count;
    uint32_t capacity; // a power of two
    Relation slots[];
};

// NULL when there is none. Good until the next change.
Relation *relation_find(const Process *p, RelationKind kind, uint64_t key);
// Adds one that is not there. NULL: no memory.
MUST_USE Relation *relation_add(Process *p, RelationKind kind, uint64_t key, Term other,
                                uint64_t data);
// As relation_add, past the memory limit: for what another process has already counted on.
Relation *relation_add_urgent(Process *p, RelationKind kind, uint64_t key, Term other,
                              uint64_t data);
// Whether it was there.
bool relation_remove(Process *p, RelationKind kind, uint64_t key);
// The next one at or after *index, NULL at the end; *index is then behind it. No changes meanwhile.
const Relation *relation_next(const Process *p, uint32_t *index);
// How many of a kind there are; links that are being undone do not count. O(all).
uint32_t relation_count(const Process *p, RelationKind kind);
void relation_free_all(Process *p);

// SPDX-License-Identifier: Apache-2.0
// The table of record descriptors: hash chains under one lock, as descriptors are made when code is
// loaded only.
#include "vm/term/record.h"

#include <string.h>

#include "vm/base/hash.h"

enum { CHAINS_FIRST = 64 };

RecordTable *record_table_new(AtomTable *atoms) {
    RecordTable *table = mem_alloc_zero(atoms->mem, MEM_RECORD, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->atoms = atoms;
    lock_init(&table->lock, LOCK_RECORD);
    table->chain_count = CHAINS_FIRST;
    table->chains = mem_alloc_zero(atoms->mem, MEM_RECORD, CHAINS_FIRST * sizeof *table->chains);
    if (table->chains == NULL) {
        record_table_free(table);
        return NULL;
    }
    return table;
}

void record_table_free(RecordTable *table) {
    if (table == NULL) {
        return;
    }
    MemStats *mem = table->atoms->mem;
    for (size_t i = 0; table->chains != NULL && i < table->chain_count; i++) {
        RecordDesc *desc = table->chains[i];
        while (desc != NULL) {
            RecordDesc *next = desc->next;
            mem_free(mem, MEM_RECORD, desc);
            desc = next;
        }
    }
    mem_free(mem, MEM_RECORD, table->chains);
    lock_destroy(&table->lock);
    mem_free(mem, MEM_RECORD, table);
}

static bool matches(const RecordDesc *desc, Term module, Term name, const Term *fields,
                    uint32_t count) {
    return term_same_bits(desc->module, module) && term_same_bits(desc->name, name) &&
           desc->field_count == count &&
           (count == 0 || memcmp(desc->fields, fields, count * sizeof *fields) == 0);
}

// Failing to grow only makes the chains longer.
static void grow(RecordTable *table) REQUIRES(table->lock) {
    MemStats *mem = table->atoms->mem;
    size_t chain_count = table->chain_count * 2;
    RecordDesc **chains = mem_alloc_zero(mem, MEM_RECORD, chain_count * sizeof *chains);
    if (chains == NULL) {
        return;
    }
    for (size_t i = 0; i < table->chain_count; i++) {
        RecordDesc *desc = table->chains[i];
        while (desc != NULL) {
            RecordDesc *next = desc->next;
            RecordDesc **chain = &chains[desc->hash & (chain_count - 1)];
            desc->next = *chain;
            *chain = desc;
            desc = next;
        }
    }
    mem_free(mem, MEM_RECORD, table->chains);
    table->chains = chains;
    table->chain_count = chain_count;
}

static const RecordDesc *intern_locked(RecordTable *table, uint64_t hash, Term module, Term name,
                                       const Term *fields, uint32_t count) REQUIRES(table->lock) {
    for (RecordDesc *d = table->chains[hash & (table->chain_count - 1)]; d != NULL; d = d->next) {
        if (d->hash == hash && matches(d, module, name, fields, count)) {
            return d;
        }
    }
    RecordDesc *desc =
        mem_alloc(table->atoms->mem, MEM_RECORD, sizeof *desc + count * sizeof *fields);
    if (desc == NULL) {
        return NULL;
    }
    desc->hash = hash;
    desc->module = module;
    desc->name = name;
    desc->field_count = count;
    if (count != 0) {
        memcpy(desc->fields, fields, count * sizeof *fields);
    }
    if (table->count++ >= table->chain_count) {
        grow(table);
    }
    RecordDesc **chain = &table->chains[hash & (table->chain_count - 1)];
    desc->next = *chain;
    *chain = desc;
    return desc;
}

const RecordDesc *record_intern(RecordTable *table, Term module, Term name, const Term *fields,
                                uint32_t count) {
    uint64_t hash = hash_mix(table->atoms->salt, atom_get(table->atoms, module)->hash);
    hash = hash_mix(hash, atom_get(table->atoms, name)->hash);
    for (uint32_t i = 0; i < count; i++) {
        hash = hash_mix(hash, atom_get(table->atoms, fields[i])->hash);
    }
    hash = hash_finish(hash);
    lock_acquire(&table->lock);
    const RecordDesc *desc = intern_locked(table, hash, module, name, fields, count);
    lock_release(&table->lock);
    return desc;
}

int record_field_index(const RecordDesc *desc, Term name) {
    for (uint32_t i = 0; i < desc->field_count; i++) {
        if (term_same_bits(desc->fields[i], name)) {
            return (int)i;
        }
    }
    return -1;
}

// SPDX-License-Identifier: Apache-2.0
// The table of relations: see relation.h.
#include "vm/proc/relation.h"

#include "vm/base/hash.h"

enum { RELATIONS_MIN = 4 };

static uint32_t home_of(const Relations *r, RelationKind kind, uint64_t key) {
    return (uint32_t)hash_word(kind, key) & (r->capacity - 1);
}

static bool is_counted_link(const Relation *slot) {
    return slot->kind == RELATION_LINK && slot->data == 0;
}

Relation *relation_find(const Process *p, RelationKind kind, uint64_t key) {
    Relations *r = p->relations;
    if (r == NULL) {
        return NULL;
    }
    for (uint32_t i = home_of(r, kind, key);; i = (i + 1) & (r->capacity - 1)) {
        Relation *slot = &r->slots[i];
        if (slot->kind == RELATION_NONE) {
            return NULL;
        }
        if (slot->key == key && slot->kind == kind) {
            return slot;
        }
    }
}

static Relation *insert(Relations *r, const Relation *relation) {
    uint32_t i = home_of(r, relation->kind, relation->key);
    while (r->slots[i].kind != RELATION_NONE) {
        i = (i + 1) & (r->capacity - 1);
    }
    r->slots[i] = *relation;
    r->count++;
    return &r->slots[i];
}

static size_t table_size(uint32_t capacity) {
    return sizeof(Relations) + capacity * sizeof(Relation);
}

// A table in which at least a quarter is free for one more.
static bool grow(Process *p, bool urgent) {
    Relations *old = p->relations;
    if (old != NULL && (old->count + 1) * 4 <= old->capacity * 3) {
        return true;
    }
    MemStats *mem = p->vm->mem;
    uint32_t capacity = old == NULL ? RELATIONS_MIN : old->capacity * 2;
    Relations *r = urgent ? mem_alloc_urgent(mem, MEM_LINK, table_size(capacity))
                          : mem_alloc(mem, MEM_LINK, table_size(capacity));
    if (r == NULL) {
        return false;
    }
    memset(r, 0, table_size(capacity));
    r->capacity = capacity;
    for (uint32_t i = 0; old != NULL && i < old->capacity; i++) {
        if (old->slots[i].kind != RELATION_NONE) {
            insert(r, &old->slots[i]);
        }
    }
    mem_free(mem, MEM_LINK, old);
    p->relations = r;
    return true;
}

static Relation *add(Process *p, RelationKind kind, uint64_t key, Term other, uint64_t data,
                     bool urgent) {
    ASSERT(relation_find(p, kind, key) == NULL);
    if (!grow(p, urgent)) {
        return NULL;
    }
    Relation relation = {.key = key, .other = other, .data = data, .kind = kind};
    return insert(p->relations, &relation);
}

Relation *relation_add(Process *p, RelationKind kind, uint64_t key, Term other, uint64_t data) {
    return add(p, kind, key, other, data, false);
}

Relation *relation_add_urgent(Process *p, RelationKind kind, uint64_t key, Term other,
                              uint64_t data) {
    return add(p, kind, key, other, data, true);
}

bool relation_remove(Process *p, RelationKind kind, uint64_t key) {
    Relation *slot = relation_find(p, kind, key);
    if (slot == NULL) {
        return false;
    }
    Relations *r = p->relations;
    uint32_t mask = r->capacity - 1;
    uint32_t hole = (uint32_t)(slot - r->slots);
    // Entries behind the hole that belong at or before it move up, so that no search ends too
    // early.
    for (uint32_t i = (hole + 1) & mask; r->slots[i].kind != RELATION_NONE; i = (i + 1) & mask) {
        uint32_t home = home_of(r, r->slots[i].kind, r->slots[i].key);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            r->slots[hole] = r->slots[i];
            hole = i;
        }
    }
    r->slots[hole].kind = RELATION_NONE;
    r->count--;
    if (r->count == 0 && r->capacity > 64) {
        relation_free_all(p);
    }
    return true;
}

const Relation *relation_next(const Process *p, uint32_t *index) {
    Relations *r = p->relations;
    while (r != NULL && *index < r->capacity) {
        const Relation *slot = &r->slots[(*index)++];
        if (slot->kind != RELATION_NONE) {
            return slot;
        }
    }
    return NULL;
}

uint32_t relation_count(const Process *p, RelationKind kind) {
    uint32_t count = 0;
    uint32_t index = 0;
    for (const Relation *r; (r = relation_next(p, &index)) != NULL;) {
        count += r->kind == kind && (kind != RELATION_LINK || is_counted_link(r));
    }
    return count;
}

void relation_free_all(Process *p) {
    mem_free(p->vm->mem, MEM_LINK, p->relations);
    p->relations = NULL;
}

// SPDX-License-Identifier: Apache-2.0
// The atom table. Entries and hash slots are published by release stores and found by acquire
// loads; all writing happens under the lock.
#include "vm/term/atom.h"

#include <string.h>

#include "vm/base/hash.h"

enum {
    INDEX_FIRST = 1024, // slots
    PAGE_BYTES = 16 * 1024,
};

// Open addressing: a slot holds an atom's number + 1, or 0. `mask` + 1 slots, at most two thirds of
// them used.
struct AtomHashIndex {
    AtomHashIndex *previous;
    uint32_t mask;
    _Atomic uint32_t slots[];
};

struct AtomPage {
    AtomPage *next;
    char text[];
};

static const struct {
    const char *text;
    uint32_t len;
} predeclared[] = {
#define ATOM(name)            {#name, sizeof #name - 1},
#define ATOM_TEXT(name, text) {text, sizeof text - 1},
#include "vm/term/atoms.def"
#undef ATOM
#undef ATOM_TEXT
};

static_assert(ATOM_INDEX_FALSE == 0 && ATOM_INDEX_NIL == 1 && ATOM_INDEX_TRUE == 2,
              "term.h knows these");

static uint32_t segment_of(uint32_t index) {
    return index < 256 ? 0 : 31u - (uint32_t)__builtin_clz(index) - 7;
}

static uint32_t segment_entries(uint32_t segment) {
    return segment == 0 ? 256 : 128u << segment;
}

// Finding ----------------------------------------------------------------------------------------

static bool find_hashed(const AtomTable *table, uint64_t hash, const char *text, size_t len,
                        uint32_t *number) {
    // Acquire: pairs with the release store of grow_index, so the slots are seen as filled there.
    const AtomHashIndex *index = atomic_load_explicit(&table->index, memory_order_acquire);
    for (uint32_t at = (uint32_t)hash & index->mask;; at = (at + 1) & index->mask) {
        // Acquire: pairs with the release store of add_to_index, so the entry is complete.
        uint32_t slot = atomic_load_explicit(&index->slots[at], memory_order_acquire);
        if (slot == 0) {
            return false;
        }
        const Atom *atom = atom_at(table, slot - 1);
        if (atom->hash == hash && atom->len == len && memcmp(atom->text, text, len) == 0) {
            *number = slot - 1;
            return true;
        }
    }
}

bool atom_find(const AtomTable *table, const char *text, size_t len, Term *atom) {
    uint32_t number;
    if (!find_hashed(table, hash_bytes(table->salt, text, len), text, len, &number)) {
        return false;
    }
    *atom = term_atom(number);
    return true;
}

// Adding -----------------------------------------------------------------------------------------

static void add_to_index(AtomHashIndex *index, uint64_t hash, uint32_t number) {
    uint32_t at = (uint32_t)hash & index->mask;
    while (atomic_load_explicit(&index->slots[at], memory_order_relaxed) != 0) {
        at = (at + 1) & index->mask;
    }
    // Release: pairs with the acquire in find_hashed.
    atomic_store_explicit(&index->slots[at], number + 1, memory_order_release);
}

// A new index of `slots` slots with all atoms in it takes the place of the old, which readers may
// still use.
static bool grow_index(AtomTable *table, uint32_t slots) {
    AtomHashIndex *index =
        mem_alloc_zero(table->mem, MEM_ATOM, sizeof *index + slots * sizeof(uint32_t));
    if (index == NULL) {
        return false;
    }
    index->previous = atomic_load_explicit(&table->index, memory_order_relaxed);
    index->mask = slots - 1;
    uint32_t count = atomic_load_explicit(&table->count, memory_order_relaxed);
    for (uint32_t i = 0; i < count; i++) {
        add_to_index(index, atom_at(table, i)->hash, i);
    }
    // Release: pairs with the acquire in find_hashed.
    atomic_store_explicit(&table->index, index, memory_order_release);
    return true;
}

// A copy of the text that lives as long as the table, with a zero behind it. NULL: no memory.
static const char *keep_text(AtomTable *table, const char *text, size_t len) {
    if (len + 1 > table->page_left) {
        size_t size = len + 1 > PAGE_BYTES / 4 ? len + 1 : PAGE_BYTES;
        AtomPage *page = mem_alloc(table->mem, MEM_ATOM, sizeof *page + size);
        if (page == NULL) {
            return NULL;
        }
        if (size == PAGE_BYTES || table->pages == NULL) {
            page->next = table->pages;
            table->pages = page;
            table->page_left = size;
        } else {
            // A text with a page of its own does not end the current page: it goes behind it.
            page->next = table->pages->next;
            table->pages->next = page;
            memcpy(page->text, text, len);
            page->text[len] = 0;
            return page->text;
        }
    }
    // A page is filled from its end, so that what is left says where.
    table->page_left -= len + 1;
    char *copy = table->pages->text + table->page_left;
    memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

static bool is_word(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool digit = c >= '0' && c <= '9';
        if (!letter && !(digit && i > 0)) {
            return false;
        }
    }
    return len > 0;
}

static uint64_t text_prefix(const char *text, size_t len) {
    uint8_t first[8] = {0};
    memcpy(first, text, len < 8 ? len : 8);
    uint64_t prefix = 0;
    for (int i = 0; i < 8; i++) {
        prefix = prefix << 8 | first[i];
    }
    return prefix;
}

static AtomStatus add_atom(AtomTable *table, uint64_t hash, const char *text, size_t len,
                           Term *atom) REQUIRES(table->lock) {
    uint32_t number = atomic_load_explicit(&table->count, memory_order_relaxed);
    if (number >= table->limit) {
        return ATOM_TOO_MANY;
    }
    const AtomHashIndex *index = atomic_load_explicit(&table->index, memory_order_relaxed);
    if (number >= index->mask / 3 * 2 && !grow_index(table, (index->mask + 1) * 2)) {
        return ATOM_NO_MEMORY;
    }
    uint32_t s = segment_of(number);
    Atom *segment = atomic_load_explicit(&table->segments[s], memory_order_relaxed);
    if (segment == NULL) {
        segment = mem_alloc_zero(table->mem, MEM_ATOM, segment_entries(s) * sizeof(Atom));
        if (segment == NULL) {
            return ATOM_NO_MEMORY;
        }
        // Release: pairs with the acquire in atom_at.
        atomic_store_explicit(&table->segments[s], segment, memory_order_release);
    }
    const char *kept = keep_text(table, text, len);
    if (kept == NULL) {
        return ATOM_NO_MEMORY;
    }
    segment[s == 0 ? number : number - (128u << s)] =
        (Atom){kept, hash, text_prefix(text, len), (uint32_t)len, is_word(text, len)};
    atomic_store_explicit(&table->count, number + 1, memory_order_release);
    add_to_index(atomic_load_explicit(&table->index, memory_order_relaxed), hash, number);
    *atom = term_atom(number);
    return ATOM_OK;
}

AtomStatus atom_intern(AtomTable *table, const char *text, size_t len, Term *atom) {
    if (len > ATOM_LEN_MAX) {
        return ATOM_TOO_LONG;
    }
    uint64_t hash = hash_bytes(table->salt, text, len);
    uint32_t number;
    if (find_hashed(table, hash, text, len, &number)) {
        *atom = term_atom(number);
        return ATOM_OK;
    }
    lock_acquire(&table->lock);
    AtomStatus status = ATOM_OK;
    if (find_hashed(table, hash, text, len, &number)) { // another thread was faster
        *atom = term_atom(number);
    } else {
        status = add_atom(table, hash, text, len, atom);
    }
    lock_release(&table->lock);
    return status;
}

// The table --------------------------------------------------------------------------------------

AtomTable *atom_table_new(MemStats *mem, uint64_t salt, uint32_t limit) {
    AtomTable *table = mem_alloc_zero(mem, MEM_ATOM, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->mem = mem;
    table->salt = salt;
    table->limit = limit != 0 ? limit : ATOM_COUNT_DEFAULT;
    lock_init(&table->lock, LOCK_ATOM);
    bool ok = grow_index(table, INDEX_FIRST);
    for (uint32_t i = 0; ok && i < ATOM_PREDECLARED_COUNT; i++) {
        Term atom;
        ok = atom_intern(table, predeclared[i].text, predeclared[i].len, &atom) == ATOM_OK;
        // A text that stands twice in atoms.def would shift all numbers behind it.
        CHECK(!ok || term_to_atom(atom) == i);
    }
    if (!ok) {
        atom_table_free(table);
        return NULL;
    }
    return table;
}

void atom_table_free(AtomTable *table) {
    if (table == NULL) {
        return;
    }
    MemStats *mem = table->mem;
    AtomHashIndex *index = atomic_load_explicit(&table->index, memory_order_relaxed);
    while (index != NULL) {
        AtomHashIndex *previous = index->previous;
        mem_free(mem, MEM_ATOM, index);
        index = previous;
    }
    while (table->pages != NULL) {
        AtomPage *next = table->pages->next;
        mem_free(mem, MEM_ATOM, table->pages);
        table->pages = next;
    }
    for (int s = 0; s < ATOM_SEGMENTS; s++) {
        mem_free(mem, MEM_ATOM, atomic_load_explicit(&table->segments[s], memory_order_relaxed));
    }
    lock_destroy(&table->lock);
    mem_free(mem, MEM_ATOM, table);
}

int atom_compare(const AtomTable *table, Term a, Term b) {
    if (term_same_bits(a, b)) {
        return 0;
    }
    const Atom *x = atom_get(table, a);
    const Atom *y = atom_get(table, b);
    if (x->prefix != y->prefix) {
        return x->prefix < y->prefix ? -1 : 1;
    }
    uint32_t shared = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->text, y->text, shared);
    return order != 0 ? order : x->len < y->len ? -1 : 1;
}

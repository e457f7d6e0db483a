// SPDX-License-Identifier: Apache-2.0
// Address sets: see seen.h. The table of pages is open addressing, at most half full.
#include "vm/heap/seen.h"

#include "vm/base/hash.h"

enum { FIRST = 64, PAGE_BITS = 12, PAGE_WORDS = (1 << PAGE_BITS) / sizeof(Term), SLAB_PAGES = 32 };

struct SeenSlab {
    SeenSlab *next;
    size_t used;
    SeenPage pages[SLAB_PAGES];
};

void seen_init(Seen *s, MemStats *mem) {
    *s = (Seen){.mem = mem};
}

void seen_free(Seen *s) {
    while (s->slabs != NULL) {
        SeenSlab *next = s->slabs->next;
        for (size_t i = 0; i < s->slabs->used; i++) {
            mem_free(s->mem, MEM_SCRATCH, s->slabs->pages[i].copies);
        }
        mem_free(s->mem, MEM_SCRATCH, s->slabs);
        s->slabs = next;
    }
    mem_free(s->mem, MEM_SCRATCH, s->entries);
    seen_init(s, s->mem);
}

// Pages ------------------------------------------------------------------------------------------

static uintptr_t page_number(Term t) {
    return (uintptr_t)term_pointer(t) >> PAGE_BITS;
}

static size_t word_in_page(Term t) {
    return (uintptr_t)term_pointer(t) / sizeof(Term) % PAGE_WORDS;
}

// The entry of a page, or the free one where it would be. There is always a free one.
static SeenEntry *find_entry(const Seen *s, uintptr_t number) {
    size_t mask = s->capacity - 1;
    size_t at = hash_word(0, number) & mask;
    while (s->entries[at].number != number && s->entries[at].number != 0) {
        at = (at + 1) & mask;
    }
    return &s->entries[at];
}

static bool grow(Seen *s) {
    Seen old = *s;
    size_t capacity = old.capacity == 0 ? FIRST : old.capacity * 2;
    SeenEntry *entries = mem_alloc_zero(s->mem, MEM_SCRATCH, capacity * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    s->entries = entries;
    s->capacity = capacity;
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.entries[i].number != 0) {
            *find_entry(s, old.entries[i].number) = old.entries[i];
        }
    }
    mem_free(s->mem, MEM_SCRATCH, old.entries);
    return true;
}

// Without marks. NULL: no memory.
static SeenPage *new_page(Seen *s) {
    if (s->slabs == NULL || s->slabs->used == SLAB_PAGES) {
        SeenSlab *slab = mem_alloc_zero(s->mem, MEM_SCRATCH, sizeof *slab);
        if (slab == NULL) {
            return NULL;
        }
        slab->next = s->slabs;
        s->slabs = slab;
    }
    return &s->slabs->pages[s->slabs->used++];
}

// The page of a term, which has marks there.
static SeenPage *page_of(Seen *s, Term t) {
    uintptr_t number = page_number(t);
    if (s->last == NULL || s->last_number != number) {
        s->last = find_entry(s, number)->page;
        s->last_number = number;
    }
    return s->last;
}

// The same, made if need be. NULL: no memory.
static SeenPage *page_for(Seen *s, Term t) {
    uintptr_t number = page_number(t);
    if (s->last != NULL && s->last_number == number) {
        return s->last;
    }
    if (s->count * 2 >= s->capacity && !grow(s)) {
        return NULL;
    }
    SeenEntry *entry = find_entry(s, number);
    if (entry->number == 0) {
        SeenPage *page = new_page(s);
        if (page == NULL) {
            return NULL;
        }
        *entry = (SeenEntry){number, page};
        s->count++;
    }
    s->last = entry->page;
    s->last_number = number;
    return s->last;
}

// Marks ------------------------------------------------------------------------------------------

SeenStatus seen_mark(Seen *s, Term t) {
    SeenPage *page = page_for(s, t);
    if (page == NULL) {
        return SEEN_NO_MEMORY;
    }
    size_t word = word_in_page(t);
    uint64_t bit = UINT64_C(1) << (word % 64);
    if (page->once[word / 64] & bit) {
        page->again[word / 64] |= bit;
        return SEEN_AGAIN;
    }
    page->once[word / 64] |= bit;
    return SEEN_FIRST;
}

bool seen_is_shared(Seen *s, Term t) {
    size_t word = word_in_page(t);
    return page_of(s, t)->again[word / 64] >> (word % 64) & 1;
}

// Copies -----------------------------------------------------------------------------------------

// How many of the first `words` words of a page are shared.
static size_t shared_before(const SeenPage *page, size_t words) {
    size_t count = 0;
    for (size_t i = 0; i < words / 64; i++) {
        count += (size_t)__builtin_popcountll(page->again[i]);
    }
    uint64_t below = (UINT64_C(1) << (words % 64)) - 1;
    return words % 64 == 0 ? count
                           : count + (size_t)__builtin_popcountll(page->again[words / 64] & below);
}

Term seen_copy(Seen *s, Term t) {
    const SeenPage *page = page_of(s, t);
    return page->copies == NULL ? TERM_NONE : page->copies[shared_before(page, word_in_page(t))];
}

bool seen_set_copy(Seen *s, Term t, Term copy) {
    SeenPage *page = page_of(s, t);
    if (page->copies == NULL) {
        size_t count = shared_before(page, PAGE_WORDS);
        page->copies = mem_alloc(s->mem, MEM_SCRATCH, count * sizeof(Term));
        if (page->copies == NULL) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            page->copies[i] = TERM_NONE;
        }
    }
    page->copies[shared_before(page, word_in_page(t))] = copy;
    return true;
}

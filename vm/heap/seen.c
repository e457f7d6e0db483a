// SPDX-License-Identifier: Apache-2.0
// Address sets: open addressing, at most half full.
#include "vm/heap/seen.h"

#include "vm/base/hash.h"

enum { FIRST = 64, PAGE_BITS = 12 };

void seen_init(Seen *s, MemStats *mem) {
    *s = (Seen){.mem = mem};
}

void seen_free(Seen *s) {
    mem_free(s->mem, MEM_SCRATCH, s->pages);
    mem_free(s->mem, MEM_SCRATCH, s->copies);
    seen_init(s, s->mem);
}

static uintptr_t address_of(Term t) {
    return (uintptr_t)term_pointer(t);
}

// Pages ------------------------------------------------------------------------------------------

// The entry of a page, or the free one where it would be. There is always a free one.
static SeenPage *find_page(const Seen *s, uintptr_t page) {
    size_t mask = s->page_capacity - 1;
    size_t at = hash_word(0, page) & mask;
    while (s->pages[at].page != page && s->pages[at].page != 0) {
        at = (at + 1) & mask;
    }
    return &s->pages[at];
}

static bool grow_pages(Seen *s) {
    Seen old = *s;
    size_t capacity = old.page_capacity == 0 ? FIRST : old.page_capacity * 2;
    SeenPage *pages = mem_alloc_zero(s->mem, MEM_SCRATCH, capacity * sizeof *pages);
    if (pages == NULL) {
        return false;
    }
    s->pages = pages;
    s->page_capacity = capacity;
    s->last = NULL;
    for (size_t i = 0; i < old.page_capacity; i++) {
        if (old.pages[i].page != 0) {
            *find_page(s, old.pages[i].page) = old.pages[i];
        }
    }
    mem_free(s->mem, MEM_SCRATCH, old.pages);
    return true;
}

SeenStatus seen_mark(Seen *s, Term t) {
    uintptr_t page = address_of(t) >> PAGE_BITS;
    SeenPage *p = s->last;
    if (p == NULL || p->page != page) {
        if (s->page_count * 2 >= s->page_capacity && !grow_pages(s)) {
            return SEEN_NO_MEMORY;
        }
        p = find_page(s, page);
        if (p->page == 0) {
            p->page = page;
            s->page_count++;
        }
        s->last = p;
    }
    size_t word = address_of(t) / sizeof(Term) % (((size_t)1 << PAGE_BITS) / sizeof(Term));
    uint64_t bit = UINT64_C(1) << (word % 64);
    if (p->once[word / 64] & bit) {
        p->again[word / 64] |= bit;
        return SEEN_AGAIN;
    }
    p->once[word / 64] |= bit;
    return SEEN_FIRST;
}

bool seen_is_shared(Seen *s, Term t) {
    uintptr_t page = address_of(t) >> PAGE_BITS;
    if (s->last == NULL || s->last->page != page) {
        s->last = find_page(s, page);
    }
    size_t word = address_of(t) / sizeof(Term) % (((size_t)1 << PAGE_BITS) / sizeof(Term));
    return s->last->again[word / 64] >> (word % 64) & 1;
}

// Copies -----------------------------------------------------------------------------------------

static SeenCopy *find_copy(const Seen *s, uintptr_t address) {
    size_t mask = s->copy_capacity - 1;
    size_t at = hash_word(1, address) & mask;
    while (s->copies[at].address != address && s->copies[at].address != 0) {
        at = (at + 1) & mask;
    }
    return &s->copies[at];
}

Term seen_copy(const Seen *s, Term t) {
    if (s->copy_count == 0) {
        return TERM_NONE;
    }
    const SeenCopy *c = find_copy(s, address_of(t));
    return c->address == 0 ? TERM_NONE : c->copy;
}

static bool grow_copies(Seen *s) {
    Seen old = *s;
    size_t capacity = old.copy_capacity == 0 ? FIRST : old.copy_capacity * 2;
    SeenCopy *copies = mem_alloc_zero(s->mem, MEM_SCRATCH, capacity * sizeof *copies);
    if (copies == NULL) {
        return false;
    }
    s->copies = copies;
    s->copy_capacity = capacity;
    for (size_t i = 0; i < old.copy_capacity; i++) {
        if (old.copies[i].address != 0) {
            *find_copy(s, old.copies[i].address) = old.copies[i];
        }
    }
    mem_free(s->mem, MEM_SCRATCH, old.copies);
    return true;
}

bool seen_set_copy(Seen *s, Term t, Term copy) {
    if (s->copy_count * 2 >= s->copy_capacity && !grow_copies(s)) {
        return false;
    }
    *find_copy(s, address_of(t)) = (SeenCopy){address_of(t), copy};
    s->copy_count++;
    return true;
}

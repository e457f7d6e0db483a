// The table of names; compiler/base/intern.h explains it.
//
// The hash is FNV-1a folded once more at the end, eight bytes at a time where the text is longer.
// It need not withstand an attacker: the source is the user's own, and the table grows at half
// load.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/intern.h"

#include <string.h>

#include "compiler/base/check.h"

enum { FIRST_SLOTS = 512 };

static uint32_t hash_bytes(Str s) {
    uint64_t hash = 0xcbf29ce484222325u ^ s.len;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t word;
        memcpy(&word, s.ptr + i, 8);
        hash = (hash ^ word) * 0x9fb21c651e98df25u;
        hash ^= hash >> 29;
    }
    for (; i < s.len; i++) {
        hash = (hash ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
    }
    hash ^= hash >> 32;
    return (uint32_t)(hash * 0x9e3779b9u >> 3);
}

static void insert(Intern *in, Name name) {
    uint32_t mask = in->slot_count - 1;
    uint32_t i = name->hash & mask;
    while (in->slots[i] != NULL) {
        i = (i + 1) & mask;
    }
    in->slots[i] = name;
}

static void grow(Intern *in) {
    Name *old = in->slots;
    uint32_t old_count = in->slot_count;
    in->slot_count = old_count == 0 ? FIRST_SLOTS : old_count * 2;
    in->slots = ARENA_NEW_ARRAY(in->arena, Name, in->slot_count);
    for (uint32_t i = 0; i < old_count; i++) {
        if (old[i] != NULL) {
            insert(in, old[i]);
        }
    }
}

void intern_init(Intern *in, Arena *arena) {
    *in = (Intern){.arena = arena};
    grow(in);
    static const char *const texts[NAME_COUNT] = {
#define NAME(id, text) [NAME_##id] = text,
#include "compiler/base/names.def"
#undef NAME
    };
    for (uint32_t i = 0; i < NAME_COUNT; i++) {
        in->known[i] = intern_text(in, texts[i]);
        CHECK(in->known[i]->id == i); // no text stands twice in names.def
    }
}

Name intern_str(Intern *in, Str text) {
    CHECK(text.len < UINT32_MAX);
    uint32_t hash = hash_bytes(text);
    uint32_t mask = in->slot_count - 1;
    for (uint32_t i = hash & mask; in->slots[i] != NULL; i = (i + 1) & mask) {
        Name name = in->slots[i];
        if (name->hash == hash && name->len == text.len &&
            (text.len == 0 || memcmp(name->text, text.ptr, text.len) == 0)) {
            return name;
        }
    }
    if (in->count >= in->slot_count / 2) {
        grow(in);
    }
    struct NameEntry *name = arena_alloc(in->arena, sizeof(struct NameEntry) + text.len + 1);
    name->hash = hash;
    name->id = in->count++;
    name->len = (uint32_t)text.len;
    if (text.len > 0) {
        memcpy(name->text, text.ptr, text.len);
    }
    name->text[text.len] = '\0';
    insert(in, name);
    return name;
}

Name intern_text(Intern *in, const char *text) {
    return intern_str(in, str_of(text));
}

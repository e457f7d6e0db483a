// SPDX-License-Identifier: Apache-2.0
// Making and freeing signals: see signal.h. What each kind does is in receive.c, which hands it to
// its room.
#include "vm/proc/signal.h"

#include "vm/term/atom.h"

static_assert(SIGNAL_COUNT <= SIGNAL_KIND_MASK + 1, "a kind takes five bits");

const char *signal_kind_name(SignalKind kind) {
    static const char *const names[] = {
#define SIGNAL(name, doc) #name,
#include "vm/proc/signals.def"
#undef SIGNAL
    };
    return names[kind];
}

static void fill_head(Signal *s, SignalKind kind, Term term) {
    s->data[SIGNAL_AT_KIND].bits = kind;
    s->data[SIGNAL_AT_TERM] = term;
    s->data[SIGNAL_AT_LINK].bits = 0;
    s->data[SIGNAL_AT_ID].bits = 0;
}

Signal *signal_new(MemStats *mem, SignalKind kind, size_t words) {
    Signal *s = fragment_new(mem, SIGNAL_WORDS + words);
    if (s != NULL) {
        fill_head(s, kind, TERM_NIL);
    }
    return s;
}

Signal *signal_take(BlockPool *pool, SignalKind kind, size_t words) {
    Signal *s = fragment_take(pool, SIGNAL_WORDS + words);
    if (s != NULL) {
        fill_head(s, kind, TERM_NIL);
    }
    return s;
}

void signal_give(BlockPool *pool, Signal *s) {
    fragment_give(pool, s);
}

Room signal_room(Signal *s) {
    Room room = fragment_room(s);
    room.at = s->data + SIGNAL_WORDS;
    return room;
}

Signal *signal_copy(BlockPool *pool, SignalKind kind, Term term, size_t extra, Room *room) {
    size_t words = 0;
    if (term_is_pointer(term) && !copy_words(pool, term, &words)) {
        return NULL;
    }
    Signal *s = signal_take(pool, kind, words + extra);
    if (s == NULL) {
        return NULL;
    }
    Room own = signal_room(s);
    if (term_is_pointer(term) && !copy_to_room(pool, term, &own, &s->data[SIGNAL_AT_TERM])) {
        signal_give(pool, s);
        return NULL;
    }
    if (!term_is_pointer(term)) {
        s->data[SIGNAL_AT_TERM] = term;
    }
    if (room != NULL) {
        *room = own;
    }
    return s;
}

void signal_free(MemStats *mem, Signal *s) {
    fragment_free(mem, s);
}

void signal_free_by(Heap *heap, Signal *s) {
    enum { LARGE_WORDS = 64 * 1024 };
    if (s->words > LARGE_WORDS) {
        heap_adopt(heap, s);
    } else {
        // Not to the pool: who ends for want of memory leaves it to the others at once.
        signal_free(heap->pool->mem, s);
    }
}

Signal *signal_new_urgent(BlockPool *pool, SignalKind kind, size_t words) {
    Signal *s = signal_take(pool, kind, words);
    if (s == NULL) {
        words += SIGNAL_WORDS;
        s = mem_alloc_urgent(pool->mem, MEM_FRAGMENT, sizeof *s + words * sizeof(Term));
        *s = (Signal){.capacity = (uint32_t)words, .words = (uint32_t)words};
        fill_head(s, kind, TERM_NIL);
    }
    return s;
}

Signal *signal_copy_urgent(BlockPool *pool, SignalKind kind, Term term, size_t extra) {
    enum { LIMIT_WORDS = 3 };
    Signal *s = signal_copy(pool, kind, term, extra, NULL);
    if (s == NULL) {
        s = signal_new_urgent(pool, kind, LIMIT_WORDS + extra);
        Room room = signal_room(s);
        s->data[SIGNAL_AT_TERM] = room_tuple2(&room, AM_limit, AM_memory);
    }
    return s;
}

Room signal_end_room(Signal *s, size_t extra) {
    ASSERT(s->words >= SIGNAL_WORDS + extra);
    Room room = fragment_room(s);
    room.at = s->data + s->words - extra;
    return room;
}

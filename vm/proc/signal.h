// SPDX-License-Identifier: Apache-2.0
// Signals: all that one process (or the machine) does to another. A signal is a Fragment whose
// first words say what it is, so that a message costs one allocation and is adopted by the
// receiver's heap as it is.
//
//   Fragment: next offheap capacity words | data: [stamp << 8 | kind] [term] [link] [id] [terms ...]
//
//   stamp   MESSAGE kinds, once in the mailbox: how many references the VM had made when it was fetched (receive_ref)
//   term    the message, reason, …: an immediate, a literal or in the fragment's other words
//   link    in the mailbox: the message before it; otherwise a pid or a number that the kind needs
//   id      reference the signal speaks of, or 0
//
// Order: two signals from A to B are handled in the order in which A sent them (one inbox, one
// list). Each kind is handled by the receiver, on its own thread, when it fetches its inbox: when
// it is about to run, when a receive has seen all that is there, and when its slice ends. Tests:
// tests/behave.
#pragma once

#include "vm/heap/copy.h"
#include "vm/heap/heap.h"

typedef enum {
#define SIGNAL(name, doc) SIGNAL_##name,
#include "vm/proc/signals.def"
#undef SIGNAL
    SIGNAL_COUNT
} SignalKind;

enum {
    SIGNAL_AT_KIND = 0,
    SIGNAL_AT_TERM = 1,
    SIGNAL_AT_LINK = 2,
    SIGNAL_AT_ID = 3,
    SIGNAL_WORDS = 4,
};

// Flags in bits 4..7 of the kind byte.
enum {
    SIGNAL_KIND_MASK = 0x1f,
    SIGNAL_COUNTED = 0x20, // a message that counts against the mailbox's bound
};

static inline SignalKind signal_kind(const Signal *s) {
    return (SignalKind)(s->data[SIGNAL_AT_KIND].bits & SIGNAL_KIND_MASK);
}

static inline bool signal_is_counted(const Signal *s) {
    return (s->data[SIGNAL_AT_KIND].bits & SIGNAL_COUNTED) != 0;
}

static inline void signal_set_counted(Signal *s) {
    s->data[SIGNAL_AT_KIND].bits |= SIGNAL_COUNTED;
}

static inline uint64_t signal_stamp(const Signal *s) {
    return s->data[SIGNAL_AT_KIND].bits >> 8;
}

static inline void signal_set_stamp(Signal *s, uint64_t stamp) {
    s->data[SIGNAL_AT_KIND].bits = (s->data[SIGNAL_AT_KIND].bits & 0xff) | (stamp << 8);
}

static inline Term signal_term(const Signal *s) {
    return s->data[SIGNAL_AT_TERM];
}

static inline uint64_t signal_id(const Signal *s) {
    return s->data[SIGNAL_AT_ID].bits;
}

static inline Term signal_pid(const Signal *s) {
    return s->data[SIGNAL_AT_LINK];
}

static inline Signal *signal_before(const Signal *s) {
    return (Signal *)(uintptr_t)s->data[SIGNAL_AT_LINK].bits;
}

const char *signal_kind_name(SignalKind kind);

// Whether it goes into the mailbox.
static inline bool signal_is_message(const Signal *s) {
    return signal_kind(s) <= SIGNAL_LAST_MESSAGE;
}

// A signal with room for `words` more; term is NIL, link and id are 0. NULL: no memory.
MUST_USE Signal *signal_new(MemStats *mem, SignalKind kind, size_t words);
// The same from the calling thread's pool.
MUST_USE Signal *signal_take(BlockPool *pool, SignalKind kind, size_t words);
// The same; past the memory limit it aborts rather than fails: for what must arrive, such as the
// news of an end.
Signal *signal_new_urgent(BlockPool *pool, SignalKind kind, size_t words);
// The room after the first SIGNAL_WORDS words.
Room signal_room(Signal *s);
// A signal whose term is a copy of `term`, with `extra` words of room left in *room (may be NULL
// when extra is 0). At once, for terms that are small or of the sender's making. NULL: no memory.
MUST_USE Signal *signal_copy(BlockPool *pool, SignalKind kind, Term term, size_t extra, Room *room);
// The same; when there is no memory its term is :limit(:memory) instead, so that the signal itself
// arrives. The `extra` words are the fragment's last: signal_end_room.
Signal *signal_copy_urgent(BlockPool *pool, SignalKind kind, Term term, size_t extra);
// The last `extra` words of a signal that was made with so many.
Room signal_end_room(Signal *s, size_t extra);
void signal_free(MemStats *mem, Signal *s);
// The same for one that may be large, by a process whose heap it is then left to: memory takes long
// to give back.
void signal_free_by(Heap *heap, Signal *s);
// The same into the calling thread's pool.
void signal_give(BlockPool *pool, Signal *s);

// SPDX-License-Identifier: Apache-2.0
// Bytes and strings (a string is bytes that are valid UTF-8): one view over three representations.
//
//   BYTES   up to BYTES_HEAP_MAX bytes on the heap
//   SHARED  a window on a SharedBytes, one reference
//   SLICE   a window on a SHARED box of the same heap (or a literal)
//
// A view is good until the next reserve: data of BYTES moves. Building takes a Room of the words
// that the _words function beside it gives; those that may need shared memory give TERM_NONE when
// there is none (the caller fails with :limit(:memory)). Tests: tests/unit/vm/term/bytes_test.c.
#pragma once

#include "vm/base/alloc.h"
#include "vm/term/room.h"
#include "vm/term/shared.h"
#include "vm/term/utf8.h"

enum {
    BYTES_HEAP_MAX = 64, // more than this is shared
    BYTES_SLICE_MIN =
        25, // a shorter part of shared bytes is copied out: it is no larger than a SLICE
    BYTES_HEAP_WORDS = 2 + BYTES_HEAP_MAX / 8,
};

typedef struct {
    const uint8_t *data;
    size_t len;
} BytesView;

// How far the kind of a box is behind KIND_BYTES, times 256, from the low half word of its header:
// 0 for BYTES, at most BYTES_FORMS for the three.
static inline uint16_t bytes_form(Term box) {
    return (uint16_t)(box_pointer(box)[0].bits - header_make(KIND_BYTES, 0, 0).bits);
}

enum { BYTES_FORMS = (KIND_SLICE - KIND_BYTES) << 8 };
static_assert(KIND_SHARED == KIND_BYTES + 1 && KIND_SLICE == KIND_BYTES + 2,
              "three kinds in a row");

static inline bool term_is_bytes(Term t) {
    return term_is_box(t) && bytes_form(t) <= BYTES_FORMS;
}

static inline SharedBytes *shared_of(Term shared_box) {
    return (SharedBytes *)(uintptr_t)box_pointer(shared_box)[SHARED_OWNER].bits;
}

// t must be bytes.
static inline BytesView bytes_view(Term t) {
    const Term *words = box_pointer(t) + 1;
    if (bytes_form(t) == 0) {
        return (BytesView){(const uint8_t *)(words + 1), words[0].bits};
    }
    return (BytesView){(const uint8_t *)(uintptr_t)words[0].bits, words[1].bits};
}

static inline size_t bytes_len(Term t) {
    return box_raw(t, bytes_form(t) == 0 ? 0 : 1);
}

// Whether t is bytes and valid UTF-8. O(n).
bool term_is_string(Term t);
// Whether t is bytes with just this content.
bool bytes_equal_text(Term t, const char *text);

// Words for new bytes of that length.
static inline size_t bytes_words(size_t len) {
    return len <= BYTES_HEAP_MAX ? 2 + (len + 7) / 8 : SHARED_WORDS;
}

// New bytes with a copy of the data. TERM_NONE: no memory.
Term room_bytes(MemStats *mem, Room *room, const void *data, size_t len);
// The same to be filled by the caller at once: *data gets where. TERM_NONE: no memory.
Term room_bytes_blank(MemStats *mem, Room *room, size_t len, uint8_t **data);
// A box for the reference that is handed over: SHARED_WORDS words. counted: bytes for off-heap
// accounting.
Term room_shared(Room *room, SharedBytes *shared, size_t offset, size_t len, size_t counted);

// The part of t from offset, len bytes: must lie within t. t must be in the same heap as the room
// or a literal.
size_t bytes_slice_words(Term t, size_t len);
Term bytes_slice(Room *room, Term t, size_t offset, size_t len);

// Whether len bytes can be put right behind t, where memory is to spare: a guess when others may
// append as well.
bool bytes_can_extend(Term t, size_t len);
// t and len bytes behind it in place, to be filled by the caller at once: *data gets where. TERM_NONE
// when another came first. SLICE_WORDS; t as for bytes_append.
Term bytes_extend(Room *room, Term t, size_t len, uint8_t **data);
// As room_bytes_blank, with as much again to spare: for what is long and will be appended to.
Term room_bytes_spare(MemStats *mem, Room *room, size_t len, uint8_t **data);

// a followed by b, in place behind a where there is capacity; a must be in the same heap as the
// room or a literal. TERM_NONE: no memory.
size_t bytes_append_words(Term a, Term b);
Term bytes_append(MemStats *mem, Room *room, Term a, Term b);

// As memcmp, the shorter first when one begins the other: below, equal to or above 0.
int bytes_compare(BytesView a, BytesView b);

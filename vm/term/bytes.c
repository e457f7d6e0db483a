// SPDX-License-Identifier: Apache-2.0
// Building, slicing and appending bytes.
#include "vm/term/bytes.h"

#include <string.h>

bool term_is_string(Term t) {
    if (!term_is_bytes(t)) {
        return false;
    }
    BytesView v = bytes_view(t);
    return utf8_valid(v.data, v.len);
}

bool bytes_equal_text(Term t, const char *text) {
    if (!term_is_bytes(t)) {
        return false;
    }
    BytesView v = bytes_view(t);
    return v.len == strlen(text) && memcmp(v.data, text, v.len) == 0;
}

int bytes_compare(BytesView a, BytesView b) {
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

// Building ---------------------------------------------------------------------------------------

// BYTES of that length; the words that hold the end of the data are zeroed, so that equal bytes
// have equal words.
static Term heap_bytes(Room *room, size_t len, uint8_t **data) {
    size_t words = (len + 7) / 8;
    Term box = room_box(room, KIND_BYTES, 1 + words, 0);
    box_set_raw(box, 0, len);
    if (words != 0) {
        box_set_raw(box, words, 0);
    }
    *data = (uint8_t *)(term_pointer(box) + 2);
    return box;
}

Term room_shared(Room *room, SharedBytes *shared, size_t offset, size_t len, size_t counted) {
    ASSERT(offset + len <= shared->capacity);
    Term box = room_box(room, KIND_SHARED, 4, 0);
    Term *words = term_pointer(box);
    words[SHARED_DATA] = TERM_LITERAL((uintptr_t)(shared->data + offset));
    words[SHARED_LEN] = TERM_LITERAL(len);
    words[SHARED_NEXT] = TERM_LITERAL((uintptr_t)room->offheap->first);
    words[SHARED_OWNER] = TERM_LITERAL((uintptr_t)shared);
    room->offheap->first = term_pointer(box);
    room->offheap->bytes += counted;
    return box;
}

Term room_bytes_blank(MemStats *mem, Room *room, size_t len, uint8_t **data) {
    if (len <= BYTES_HEAP_MAX) {
        return heap_bytes(room, len, data);
    }
    SharedBytes *shared = shared_new(mem, len);
    if (shared == NULL) {
        return TERM_NONE;
    }
    atomic_store_explicit(&shared->used, len, memory_order_relaxed);
    *data = shared->data;
    return room_shared(room, shared, 0, len, len);
}

Term room_bytes(MemStats *mem, Room *room, const void *data, size_t len) {
    uint8_t *to;
    Term t = room_bytes_blank(mem, room, len, &to);
    if (!term_same_bits(t, TERM_NONE) && len != 0) {
        memcpy(to, data, len);
    }
    return t;
}

// Slicing ----------------------------------------------------------------------------------------

// A window of the memory that is behind t, no BYTES.
static Term slice_of(Room *room, Term t, const uint8_t *data, size_t len) {
    Term slice = room_box(room, KIND_SLICE, 3, 0);
    box_set_raw(slice, 0, (uint64_t)(uintptr_t)data);
    box_set_raw(slice, 1, len);
    box_set(slice, 2, box_kind(t) == KIND_SLICE ? box_term(t, 2) : t);
    return slice;
}

static bool is_copied_out(Term t, size_t len) {
    return box_kind(t) == KIND_BYTES || len < BYTES_SLICE_MIN;
}

size_t bytes_slice_words(Term t, size_t len) {
    return is_copied_out(t, len) ? bytes_words(len) : SLICE_WORDS;
}

Term bytes_slice(Room *room, Term t, size_t offset, size_t len) {
    BytesView view = bytes_view(t);
    ASSERT(offset <= view.len);
    ASSERT(len <= view.len - offset);
    if (len == view.len) {
        return t;
    }
    if (is_copied_out(t, len)) {
        uint8_t *to;
        Term copy = heap_bytes(room, len, &to);
        memcpy(to, view.data + offset, len);
        return copy;
    }
    return slice_of(room, t, view.data + offset, len);
}

// Appending --------------------------------------------------------------------------------------

// The shared bytes behind t and where t's window on them ends; NULL for BYTES.
static SharedBytes *window_end(Term t, size_t *end) {
    if (box_kind(t) == KIND_BYTES) {
        return NULL;
    }
    Term owner = box_kind(t) == KIND_SLICE ? box_term(t, 2) : t;
    SharedBytes *shared = shared_of(owner);
    BytesView v = bytes_view(t);
    *end = (size_t)(v.data - shared->data) + v.len;
    return shared;
}

size_t bytes_append_words(Term a, Term b) {
    return bytes_words(bytes_len(a) + bytes_len(b));
}

bool bytes_can_extend(Term t, size_t len) {
    size_t end = 0;
    SharedBytes *shared = window_end(t, &end);
    // Relaxed: a guess; shared_claim decides.
    return shared != NULL && atomic_load_explicit(&shared->used, memory_order_relaxed) == end &&
           shared->capacity - end >= len;
}

Term bytes_extend(Room *room, Term t, size_t len, uint8_t **data) {
    size_t end = 0;
    SharedBytes *shared = window_end(t, &end);
    if (shared == NULL || !shared_claim(shared, end, len)) {
        return TERM_NONE;
    }
    *data = shared->data + end;
    BytesView view = bytes_view(t);
    // No further reference: a loop that appends would leave one behind in every turn.
    return slice_of(room, t, view.data, view.len + len);
}

Term room_bytes_spare(MemStats *mem, Room *room, size_t len, uint8_t **data) {
    SharedBytes *shared = shared_new(mem, len * 2);
    if (shared == NULL) {
        shared = shared_new(mem, len);
    }
    if (shared == NULL) {
        return TERM_NONE;
    }
    atomic_store_explicit(&shared->used, len, memory_order_relaxed);
    *data = shared->data;
    return room_shared(room, shared, 0, len, shared->capacity);
}

Term bytes_append(MemStats *mem, Room *room, Term a, Term b) {
    BytesView va = bytes_view(a);
    BytesView vb = bytes_view(b);
    if (vb.len == 0) {
        return a;
    }
    if (va.len == 0) {
        return b;
    }
    size_t len = va.len + vb.len;
    if (len <= BYTES_HEAP_MAX) {
        uint8_t *to;
        Term t = heap_bytes(room, len, &to);
        memcpy(to, va.data, va.len);
        memcpy(to + va.len, vb.data, vb.len);
        return t;
    }
    uint8_t *to;
    Term t = bytes_extend(room, a, vb.len, &to);
    if (!term_same_bits(t, TERM_NONE)) {
        memcpy(to, vb.data, vb.len);
        return t;
    }
    t = room_bytes_spare(mem, room, len, &to);
    if (!term_same_bits(t, TERM_NONE)) {
        memcpy(to, va.data, va.len);
        memcpy(to + va.len, vb.data, vb.len);
    }
    return t;
}

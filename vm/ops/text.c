// SPDX-License-Identifier: Apache-2.0
// See text.h. Room for the result's box is made first: as nothing collects after that, each piece is
// looked at once and remembered by its address.
#include "vm/ops/text.h"

#include <string.h>

#include "vm/boot.h"
#include "vm/ops/ops.h"
#include "vm/ops/segment.h"
#include "vm/ops/words.h"
#include "vm/term/shown.h"

enum {
    PIECES_MAX = 16,
    TEXT_BYTES_MAX = 16 * 1024, // a copy takes about a microsecond
    COPIED_PER_REDUCTION = 512,
};

typedef struct {
    uint8_t digits[SHOWN_DIGITS];
} Digits;

// Whether the segment of these words is a piece.
static bool find_piece(const Process *p, const uint64_t *words, Digits *digits, BytesView *piece) {
    uint32_t spec = (uint32_t)words[0];
    Term value = word_get(p, words[1]);
    if ((spec & SEG_SHOWN) != 0) {
        *piece = shown_view(p->vm->atoms, value, digits->digits);
        return piece->data != NULL;
    }
    if ((spec & SEG_TYPE_MASK) == SEG_BYTES) {
        if (words[2] != IMM_EMPTY || !term_is_bytes(value)) {
            return false;
        }
        *piece = bytes_view(value);
        return true;
    }
    if (spec == SEG_INT && words[2] == term_small(8).bits && term_is_small(value)) {
        digits->digits[0] = (uint8_t)term_to_small(value);
        *piece = (BytesView){digits->digits, 1};
        return true;
    }
    return false;
}

// Most pieces are shorter than what a call takes.
static void copy_piece(uint8_t *to, BytesView piece) {
    const uint8_t *from = piece.data;
    size_t len = piece.len;
    if (len > 16) {
        memcpy(to, from, len);
    } else if (len >= 8) {
        uint64_t first, last;
        memcpy(&first, from, 8);
        memcpy(&last, from + len - 8, 8);
        memcpy(to, &first, 8);
        memcpy(to + len - 8, &last, 8);
    } else if (len >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + len - 4, 4);
        memcpy(to, &first, 4);
        memcpy(to + len - 4, &last, 4);
    } else {
        for (size_t i = 0; i < len; i++) {
            to[i] = from[i];
        }
    }
}

// The box of a text of `len` bytes, *data being where they go from the first piece on, or from the
// second where it can go behind the first: `behind`. TERM_NONE: no memory.
static Term new_box(Process *p, Room *room, Term first, bool appends, size_t len, bool *behind,
                    uint8_t **data) {
    *behind = false;
    if (!appends || len <= BYTES_HEAP_MAX || bytes_len(first) == 0) {
        return room_bytes_blank(p->vm->mem, room, len, data);
    }
    if (bytes_can_extend(first, len - bytes_len(first))) {
        Term longer = bytes_extend(room, first, len - bytes_len(first), data);
        *behind = !term_same_bits(longer, TERM_NONE);
        if (*behind) {
            return longer;
        }
    }
    return room_bytes_spare(p->vm->mem, room, len, data);
}

bool text_build(Process *p, const uint64_t *list, uint32_t count, Term *result) {
    if (p->work != NULL || count == 0 || count > PIECES_MAX) {
        return false;
    }
    Room room;
    *result = TERM_NONE;
    if (!process_reserve(p, BYTES_HEAP_WORDS, NULL, 0, &room)) {
        return true;
    }
    BytesView pieces[PIECES_MAX];
    Digits digits[PIECES_MAX];
    bool appends = (list[0] & SEG_APPEND) != 0;
    size_t copied = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!find_piece(p, list + (size_t)i * SEGMENT_WORDS, &digits[i], &pieces[i])) {
            heap_trim(&p->heap, &room);
            return false;
        }
        copied += appends && i == 0 ? 0 : pieces[i].len;
    }
    Term first = word_get(p, list[1]);
    size_t len = copied + (appends ? pieces[0].len : 0);
    if (copied > TEXT_BYTES_MAX ||
        (appends && len > TEXT_BYTES_MAX && !bytes_can_extend(first, copied))) {
        heap_trim(&p->heap, &room);
        return false;
    }
    bool behind;
    uint8_t *to;
    *result = new_box(p, &room, first, appends, len, &behind, &to);
    heap_trim(&p->heap, &room);
    if (term_same_bits(*result, TERM_NONE)) {
        *result = process_limit(p, AM_memory);
        return true;
    }
    for (uint32_t i = behind; i < count; i++) {
        copy_piece(to, pieces[i]);
        to += pieces[i].len;
    }
    process_charge(p, (int32_t)(copied / COPIED_PER_REDUCTION));
    return true;
}

// SPDX-License-Identifier: Apache-2.0
// Permission to build terms. A Room is a run of free words (of a process heap, a fragment, a
// literal block, or any array); the room_* constructors take words from it, cannot fail, cannot
// collect, and assert that it suffices.
//
// Where rooms come from: heap_reserve, process_reserve, fragment_room, literal_alloc, room_over.
// Words that were asked for but not used are garbage until the next collection; heap_trim gives
// them back at once. Each constructor has its size beside it: cons 2, tuple 1 + n, float 2, … (the
// *_WORDS enumerators). SHARED boxes are threaded on the list of the room's owner, so that it can
// release them. One thread at a time. Tests: tests/unit/vm/term.
#pragma once

#include "vm/base/check.h"
#include "vm/term/term.h"

// The SHARED boxes of one owner, threaded through their first word, and how many bytes they keep
// alive.
typedef struct {
    Term *first;
    size_t bytes;
} OffHeap;

typedef struct {
    Term *at;
    Term *end;
    OffHeap *offheap;
} Room;

// Visits `count` slots that hold terms; the visitor may change them. Non-values are left alone.
typedef void (*RootVisit)(void *collection, Term *slot, size_t count);

// How a piece of work that can be interrupted left off.
typedef enum {
    STEP_DONE,
    STEP_MORE,   // the budget is spent: call again
    STEP_MEMORY, // no memory; what was done is dropped by the work's own free function
} StepStatus;

enum {
    CONS_WORDS = 2,
    FLOAT_WORDS = 2,
    INTEGER_WORDS = 2, // for any int64_t or uint64_t
    REF_WORDS = 3,
    FNREF_WORDS = 4,
    RANGE_WORDS = 4,
    SHARED_WORDS = 5,
    SLICE_WORDS = 4,
};

static inline Room room_over(Term *start, size_t words, OffHeap *offheap) {
    return (Room){start, start + words, offheap};
}

static inline size_t room_left(const Room *room) {
    return (size_t)(room->end - room->at);
}

// `words` raw words; the caller fills every one before anything else looks.
static inline Term *room_take(Room *room, size_t words) {
    ASSERT(room_left(room) >= words);
    Term *at = room->at;
    room->at += words;
    return at;
}

// A box whose words after the header the caller fills at once: term_pointer(result)[1 ...].
static inline Term room_box(Room *room, Kind kind, size_t words, unsigned flags) {
    Term *box = room_take(room, 1 + words);
    box[0] = header_make(kind, words, flags);
    return term_from_box(box);
}

static inline void box_set(Term box, size_t i, Term value) {
    term_pointer(box)[1 + i] = value;
}

static inline void box_set_raw(Term box, size_t i, uint64_t word) {
    term_pointer(box)[1 + i] = TERM_LITERAL(word);
}

static inline Term room_cons(Room *room, Term head, Term tail) {
    Term *cell = room_take(room, 2);
    cell[0] = head;
    cell[1] = tail;
    return term_from_cons(cell);
}

// Any double that a program may have (never NaN nor infinity).
static inline Term room_float(Room *room, double d) {
    if (flo_fits(d)) {
        return term_flo(d);
    }
    Term box = room_box(room, KIND_FLOAT, 1, 0);
    memcpy(&term_pointer(box)[1], &d, sizeof d);
    return box;
}

static inline Term room_uint(Room *room, uint64_t v, bool negative) {
    if (v <= (uint64_t)SMALL_MAX + negative) {
        return TERM_LITERAL((negative ? -v : v) << 2);
    }
    Term box = room_box(room, KIND_BIGNUM, 1, negative ? HEADER_NEGATIVE : 0);
    box_set_raw(box, 0, v);
    return box;
}

static inline Term room_int(Room *room, int64_t v) {
    return room_uint(room, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
}

static inline Term room_tuple(Room *room, const Term *elements, size_t count) {
    Term box = room_box(room, KIND_TUPLE, count, 0);
    if (count != 0) {
        memcpy(term_pointer(box) + 1, elements, count * sizeof(Term));
    }
    return box;
}

static inline Term room_tuple2(Room *room, Term a, Term b) {
    Term box = room_box(room, KIND_TUPLE, 2, 0);
    box_set(box, 0, a);
    box_set(box, 1, b);
    return box;
}

static inline Term room_tuple3(Room *room, Term a, Term b, Term c) {
    Term box = room_box(room, KIND_TUPLE, 3, 0);
    box_set(box, 0, a);
    box_set(box, 1, b);
    box_set(box, 2, c);
    return box;
}

static inline Term room_tuple4(Room *room, Term a, Term b, Term c, Term d) {
    Term box = room_box(room, KIND_TUPLE, 4, 0);
    box_set(box, 0, a);
    box_set(box, 1, b);
    box_set(box, 2, c);
    box_set(box, 3, d);
    return box;
}

// id is unique in this VM run and not 0; maker is the process that made it.
static inline Term room_ref(Room *room, uint64_t id, Term maker) {
    Term box = room_box(room, KIND_REF, 2, 0);
    box_set_raw(box, 0, id);
    box_set(box, 1, maker);
    return box;
}

static inline Term room_range(Room *room, Term first, Term last, Term step) {
    Term box = room_box(room, KIND_RANGE, 3, 0);
    box_set(box, 0, first);
    box_set(box, 1, last);
    box_set(box, 2, step);
    return box;
}

static inline Term room_fnref(Room *room, Term module, Term name, uint32_t arity) {
    Term box = room_box(room, KIND_FNREF, 3, 0);
    box_set(box, 0, module);
    box_set(box, 1, name);
    box_set(box, 2, term_small(arity));
    return box;
}

// 2 + count words.
static inline Term room_fn(Room *room, const Function *function, const Term *captured,
                           size_t count) {
    Term box = room_box(room, KIND_FN, 1 + count, 0);
    box_set_raw(box, 0, (uint64_t)(uintptr_t)function);
    if (count != 0) {
        memcpy(term_pointer(box) + 2, captured, count * sizeof(Term));
    }
    return box;
}

// 2 + count words.
static inline Term room_record(Room *room, const RecordDesc *desc, const Term *fields,
                               size_t count) {
    Term box = room_box(room, KIND_RECORD, 1 + count, 0);
    box_set_raw(box, 0, (uint64_t)(uintptr_t)desc);
    if (count != 0) {
        memcpy(term_pointer(box) + 2, fields, count * sizeof(Term));
    }
    return box;
}

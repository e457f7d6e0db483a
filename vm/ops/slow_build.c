// SPDX-License-Identifier: Apache-2.0
// Slow paths of building bytes: segments one after another, and `<>`.
//
// Segments come as three generic words each: spec, value, size. All are looked at before anything
// is built. Up to DIRECT_BYTES are built at once; more goes into shared memory in steps, with what
// is done kept in p->work. A concatenation that must copy much is built as two segments, with
// capacity to spare.
#include "vm/ops/bits.h"
#include "vm/ops/segment.h"
#include "vm/ops/slow_private.h"
#include "vm/ops/text.h"
#include "vm/term/bignum.h"
#include "vm/term/shown.h"
#include "vm/term/utf8.h"

enum {
    DIRECT_BYTES = 64 * 1024,
    STEP_BYTES = 64 * 1024,
    COPIED_PER_REDUCTION = 512,
};
#define BUILD_MAX_BITS (UINT64_C(1) << 50)

typedef struct {
    Work work;
    SharedBytes *shared;
    uint64_t bits;   // done
    uint64_t offset; // bytes of the current segment that are done
    uint32_t segment;
} BuildWork;

static Segment segment_at(const Process *p, const uint64_t *list, uint32_t i) {
    const uint64_t *words = list + (size_t)i * SEGMENT_WORDS;
    return (Segment){(uint32_t)words[0], word_get(p, words[1]), word_get(p, words[2])};
}

// Looking ----------------------------------------------------------------------------------------

Term segment_bits(Process *p, Segment s, uint64_t *bits) {
    uint64_t size;
    double d;
    uint64_t encoded;
    switch (s.spec & SEG_TYPE_MASK) {
    case SEG_INT:
        if (!term_is_integer(s.value)) {
            return process_badarg(p, s.value);
        }
        break;
    case SEG_FLOAT:
        if (!term_is_number(s.value)) {
            return process_badarg(p, s.value);
        }
        break;
    case SEG_UTF8:
        *bits = (uint64_t)term_to_small(utf8_bits(s.value));
        uint8_t unit[UTF8_MAX];
        return term_is_small(s.value) && s.value.bits >> 2 <= UINT32_MAX &&
                       utf8_encode((uint32_t)(s.value.bits >> 2), unit) != 0
                   ? TERM_TRUE
                   : process_badarg(p, s.value);
    default:
        if (!term_is_bytes(s.value)) {
            return process_badarg(p, s.value);
        }
        *bits = (uint64_t)bytes_len(s.value) * 8;
        if (term_is_empty(s.size)) {
            return TERM_TRUE;
        }
    }
    if (!term_to_size(s.size, &size) || size > BUILD_MAX_BITS) {
        return process_badarg(p, s.size);
    }
    if ((s.spec & SEG_TYPE_MASK) == SEG_BYTES) {
        bool fits = size * 8 <= *bits;
        *bits = size * 8;
        return fits ? TERM_TRUE : process_badarg(p, s.size);
    }
    *bits = size;
    if ((s.spec & SEG_TYPE_MASK) == SEG_FLOAT) {
        if (term_is_bignum(s.value) ? !bignum_to_double(s.value, &d) : false) {
            return process_badarg(p, s.value);
        }
        if (size != 16 && size != 32 && size != 64) {
            return process_badarg(p, s.size);
        }
        d = term_is_small(s.value)    ? (double)term_to_small(s.value)
            : term_is_bignum(s.value) ? d
                                      : term_to_double(s.value);
        return float_to_bits(d, (unsigned)size, &encoded) ? TERM_TRUE : process_badarg(p, s.value);
    }
    return TERM_TRUE;
}

// Whether all of a value is put in, as in text with values within.
static bool segment_is_whole(Segment s) {
    return (s.spec & SEG_TYPE_MASK) == SEG_BYTES && term_is_empty(s.size);
}

// The size of all. TERM_TRUE, TERM_NONE after a failure, or SLOW_ELSE when one is not shown at once.
static Term total_bits(Process *p, const uint64_t *list, uint32_t count, uint64_t *total) {
    *total = 0;
    Term last = TERM_EMPTY;
    for (uint32_t i = 0; i < count; i++) {
        Segment s = segment_at(p, list, i);
        uint64_t bits;
        if ((s.spec & SEG_SHOWN) != 0) {
            uint8_t digits[SHOWN_DIGITS];
            BytesView text = shown_view(p->vm->atoms, s.value, digits);
            if (text.data == NULL) {
                return SLOW_ELSE;
            }
            bits = (uint64_t)text.len * 8;
        } else if (segment_is_whole(s) && term_is_bytes(s.value)) {
            bits = (uint64_t)bytes_len(s.value) * 8;
        } else if (!term_is_value(segment_bits(p, s, &bits))) {
            return TERM_NONE;
        }
        *total += bits;
        last = s.value;
        if (*total > BUILD_MAX_BITS) {
            return process_limit(p, AM_memory);
        }
    }
    return *total % 8 == 0 ? TERM_TRUE : process_badarg(p, last);
}

// Writing ----------------------------------------------------------------------------------------

// The low n bits of a number, highest first, or by bytes from the lowest.
static void write_integer(uint8_t *data, uint64_t at, Term value, uint64_t n, bool little) {
    for (uint64_t low = 0; low < n; low += 64) {
        uint64_t limb = term_is_small(value) ? (low == 0 ? (uint64_t)term_to_small(value)
                                                : term_to_small(value) < 0 ? UINT64_MAX
                                                                           : 0)
                                             : bignum_bits_at(value, low / 64);
        unsigned part = n - low < 64 ? (unsigned)(n - low) : 64;
        if (!little) {
            bits_write(data, at + (n - low - part), limb, part);
            continue;
        }
        for (unsigned k = 0; k < part; k += 8) {
            bits_write(data, at + low + k, limb >> k, part - k < 8 ? part - k : 8);
        }
    }
}

static void write_float(uint8_t *data, uint64_t at, Term value, uint64_t n, bool little) {
    double d;
    if (term_is_small(value)) {
        d = (double)term_to_small(value);
    } else if (term_is_bignum(value)) {
        CHECK(bignum_to_double(value, &d));
    } else {
        d = term_to_double(value);
    }
    uint64_t bits;
    CHECK(float_to_bits(d, (unsigned)n, &bits));
    for (unsigned k = 0; k < n; k += 8) {
        bits_write(data, at + k, bits >> (little ? k : n - 8 - k), 8);
    }
}

// Numbers are or-ed in: clears what n more bits at `at` begin. The rest of a byte that was begun is
// 0 already.
static void begin_bits(uint8_t *data, uint64_t at, uint64_t n) {
    uint64_t from = (at + 7) / 8;
    memset(data + from, 0, (at + n + 7) / 8 - from);
}

uint64_t segment_put(uint8_t *data, uint64_t at, Segment s) {
    uint64_t size = s.size.bits >> 2;
    bool little = (s.spec & SEG_LITTLE) != 0;
    uint8_t unit[UTF8_MAX];
    switch (s.spec & SEG_TYPE_MASK) {
    case SEG_INT: write_integer(data, at, s.value, size, little); return size;
    case SEG_FLOAT: write_float(data, at, s.value, size, little); return size;
    default:
        size = utf8_encode((uint32_t)(s.value.bits >> 2), unit);
        bits_copy_in(data, at, unit, size);
        return size * 8;
    }
}

// The same behind what was written so far.
static uint64_t write_number(uint8_t *data, uint64_t at, Segment s) {
    bool utf8 = (s.spec & SEG_TYPE_MASK) == SEG_UTF8;
    begin_bits(data, at, utf8 ? (uint64_t)term_to_small(utf8_bits(s.value)) : s.size.bits >> 2);
    return segment_put(data, at, s);
}

size_t segment_len(Segment s) {
    return term_is_empty(s.size) ? bytes_len(s.value) : s.size.bits >> 2;
}

// The same of a value that is shown and is no bytes.
static uint64_t write_shown(const AtomTable *atoms, uint8_t *data, uint64_t at, Term value) {
    uint8_t digits[SHOWN_DIGITS];
    BytesView text = shown_view(atoms, value, digits);
    bits_copy_in(data, at, text.data, text.len);
    return (uint64_t)text.len * 8;
}

// Writes on until all is done or `budget` bytes of bytes segments are copied.
static bool build_run(const Process *p, BuildWork *w, uint8_t *data, const uint64_t *list,
                      uint32_t count, size_t budget) {
    for (; w->segment < count; w->segment++) {
        Segment s = segment_at(p, list, w->segment);
        if (s.spec == SEG_INT && s.size.bits == 8 << 2 && w->bits % 8 == 0 &&
            term_is_small(s.value)) {
            data[w->bits / 8] = (uint8_t)(s.value.bits >> 2);
            w->bits += 8;
            continue;
        }
        if ((s.spec & SEG_SHOWN) != 0 && !term_is_bytes(s.value)) {
            w->bits += write_shown(p->vm->atoms, data, w->bits, s.value);
            continue;
        }
        if ((s.spec & SEG_TYPE_MASK) != SEG_BYTES) {
            w->bits += write_number(data, w->bits, s);
            continue;
        }
        size_t left = segment_len(s) - w->offset;
        size_t part = left < budget ? left : budget;
        bits_copy_in(data, w->bits, bytes_view(s.value).data + w->offset, part);
        w->bits += (uint64_t)part * 8;
        budget -= part;
        if (part < left) {
            w->offset += part;
            return false;
        }
        w->offset = 0;
    }
    return true;
}

static Term build_direct(Process *p, const uint64_t *list, uint32_t count, size_t len) {
    Room room;
    if (!process_reserve(p, bytes_words(len), NULL, 0, &room)) {
        return TERM_NONE;
    }
    uint8_t *data;
    Term bytes = room_bytes_blank(p->vm->mem, &room, len, &data);
    if (!term_is_value(bytes)) {
        return process_limit(p, AM_memory);
    }
    BuildWork w = {0};
    build_run(p, &w, data, list, count, SIZE_MAX);
    process_charge(p, (int32_t)(len / COPIED_PER_REDUCTION));
    return bytes;
}

static void build_drop(Process *p, Work *work) {
    BuildWork *w = (BuildWork *)work;
    if (w->shared != NULL) {
        shared_release(w->shared);
    }
    mem_free(p->vm->mem, MEM_SCRATCH, w);
}

// NULL after :limit(:memory).
static BuildWork *build_begin(Process *p, size_t capacity) {
    BuildWork *w = mem_alloc_zero(p->vm->mem, MEM_SCRATCH, sizeof *w);
    if (w != NULL) {
        w->work = (Work){build_drop, NULL, (const void *)build_begin};
        w->shared = shared_new(p->vm->mem, capacity);
        p->work = &w->work;
    }
    if (w == NULL || w->shared == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    return w;
}

// In steps, into shared memory of `capacity` bytes.
static Term build_long(Process *p, const uint64_t *list, uint32_t count, size_t len,
                       size_t capacity) {
    BuildWork *w = slow_resume(p, (const void *)build_begin);
    if (w == NULL) {
        w = build_begin(p, capacity);
        if (w == NULL) {
            return TERM_NONE;
        }
    }
    bool done;
    do {
        done = build_run(p, w, w->shared->data, list, count, STEP_BYTES);
        if (process_charge(p, STEP_BYTES / COPIED_PER_REDUCTION) && !done) {
            return TERM_YIELD;
        }
    } while (!done);
    Room room;
    if (!process_reserve(p, SHARED_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    atomic_store_explicit(&w->shared->used, len, memory_order_relaxed);
    SharedBytes *shared = w->shared;
    w->shared = NULL;
    slow_done(p);
    return room_shared(&room, shared, 0, len, shared->capacity);
}

// Behind the first segment, where its memory has room; else with as much again to spare.
static Term build_behind(Process *p, const uint64_t *list, uint32_t count, size_t len) {
    size_t more = len - bytes_len(segment_at(p, list, 0).value);
    if (p->work != NULL || more > DIRECT_BYTES) {
        return build_long(p, list, count, len, len * 2);
    }
    BuildWork w = {.segment = 1};
    uint8_t *data;
    Room room;
    if (bytes_can_extend(segment_at(p, list, 0).value, more)) {
        if (!process_reserve(p, SLICE_WORDS, NULL, 0, &room)) {
            return TERM_NONE;
        }
        Term longer = bytes_extend(&room, segment_at(p, list, 0).value, more, &data);
        if (!term_same_bits(longer, TERM_NONE)) {
            build_run(p, &w, data, list, count, SIZE_MAX);
            process_charge(p, (int32_t)(more / COPIED_PER_REDUCTION));
            return longer;
        }
        heap_trim(&p->heap, &room);
    }
    if (len > DIRECT_BYTES) {
        return build_long(p, list, count, len, len * 2);
    }
    if (!process_reserve(p, SHARED_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term bytes = room_bytes_spare(p->vm->mem, &room, len, &data);
    if (!term_is_value(bytes)) {
        return process_limit(p, AM_memory);
    }
    w.segment = 0;
    build_run(p, &w, data, list, count, SIZE_MAX);
    process_charge(p, (int32_t)(len / COPIED_PER_REDUCTION));
    return bytes;
}

Term slow_bits_build(Process *p, const uint64_t *list, uint32_t count) {
    Term text;
    if (text_build(p, list, count, &text)) {
        return text;
    }
    uint64_t total;
    Term answer = total_bits(p, list, count, &total);
    if (!term_same_bits(answer, TERM_TRUE)) {
        return answer;
    }
    size_t len = total / 8;
    // What is short or empty at first is copied each time.
    if (count > 1 && (list[0] & SEG_APPEND) != 0 && len > BYTES_HEAP_MAX &&
        bytes_len(segment_at(p, list, 0).value) != 0) {
        return build_behind(p, list, count, len);
    }
    return len <= DIRECT_BYTES ? build_direct(p, list, count, len)
                               : build_long(p, list, count, len, len);
}

// Concatenation ----------------------------------------------------------------------------------

Term slow_concat(Process *p, Term a, Term b) {
    if (!term_is_bytes(a)) {
        return process_badarg(p, a);
    }
    if (!term_is_bytes(b)) {
        return process_badarg(p, b);
    }
    size_t len_a = bytes_len(a);
    size_t len_b = bytes_len(b);
    size_t copied = bytes_can_extend(a, len_b) ? len_b : len_a + len_b;
    if (p->work != NULL || (copied > DIRECT_BYTES && len_a != 0 && len_b != 0)) {
        uint64_t list[2 * SEGMENT_WORDS] = {SEG_BYTES, a.bits, IMM_EMPTY,
                                            SEG_BYTES, b.bits, IMM_EMPTY};
        size_t len = len_a + len_b;
        return build_long(p, list, 2, len, len * 2);
    }
    Term terms[2] = {a, b};
    Room room;
    if (!process_reserve(p, bytes_append_words(a, b), terms, 2, &room)) {
        return TERM_NONE;
    }
    Term result = bytes_append(p->vm->mem, &room, terms[0], terms[1]);
    heap_trim(&p->heap, &room);
    process_charge(p, (int32_t)(copied / COPIED_PER_REDUCTION));
    return term_is_value(result) ? result : process_limit(p, AM_memory);
}

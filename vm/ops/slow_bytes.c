// SPDX-License-Identifier: Apache-2.0
// Slow paths of matching bytes. Positions and sizes that are no small integers from 0 on simply do
// not fit: the op goes to its label.
#include "vm/ops/bits.h"
#include "vm/ops/slow_private.h"
#include "vm/term/bignum.h"
#include "vm/term/utf8.h"

enum { LIMBS_INLINE = 16 };

// The bytes when `size` bits stand at position `at`; false otherwise.
static bool bits_there(Term bytes, Term at, uint64_t size, BytesView *view, uint64_t *position) {
    if (!term_is_bytes(bytes) || !term_to_size(at, position)) {
        return false;
    }
    *view = bytes_view(bytes);
    uint64_t total = (uint64_t)view->len * 8;
    return *position <= total && size <= total - *position;
}

// Numbers ----------------------------------------------------------------------------------------

static Term small_bits(Process *p, uint64_t value, unsigned n, bool negative) {
    if (negative) {
        value |= n == 64 ? 0 : ~UINT64_C(0) << n;
        value = -value;
    }
    if (value <= (uint64_t)SMALL_MAX) {
        return term_small(negative ? -(int64_t)value : (int64_t)value);
    }
    Room room;
    return process_reserve(p, INTEGER_WORDS, NULL, 0, &room) ? room_uint(&room, value, negative)
                                                             : TERM_NONE;
}

// Two's complement of n bits.
static void negate_limbs(uint64_t *limbs, size_t count, uint64_t n) {
    uint64_t carry = 1;
    for (size_t i = 0; i < count; i++) {
        limbs[i] = ~limbs[i] + carry;
        carry = carry != 0 && limbs[i] == 0;
    }
    if (n % 64 != 0) {
        limbs[count - 1] &= (UINT64_C(1) << n % 64) - 1;
    }
}

// More than 64 bits.
static Term big_bits(Process *p, BytesView view, uint64_t at, uint64_t n, uint32_t spec) {
    size_t count = (n + 63) / 64;
    if (count > BIGNUM_LIMBS_MAX) {
        return SLOW_ELSE;
    }
    uint64_t inline_limbs[LIMBS_INLINE];
    uint64_t *limbs = inline_limbs;
    if (count > LIMBS_INLINE) {
        limbs = mem_alloc(p->vm->mem, MEM_SCRATCH, count * sizeof *limbs);
        if (limbs == NULL) {
            return process_limit(p, AM_memory);
        }
    }
    for (size_t i = 0; i < count; i++) {
        limbs[i] = bits_limb(view.data, at, n, (spec & SEG_LITTLE) != 0, i);
    }
    process_charge(p, (int32_t)(count / STEPS_PER_REDUCTION));
    bool negative = (spec & SEG_SIGNED) != 0 && (limbs[count - 1] >> ((n - 1) % 64) & 1) != 0;
    if (negative) {
        negate_limbs(limbs, count, n);
    }
    Room room;
    Term result = TERM_NONE;
    if (process_reserve(p, 1 + count, NULL, 0, &room)) {
        result = bignum_from_limbs(&room, limbs, count, negative);
        heap_trim(&p->heap, &room);
    }
    if (limbs != inline_limbs) {
        mem_free(p->vm->mem, MEM_SCRATCH, limbs);
    }
    return result;
}

Term slow_bits_int(Process *p, Term bytes, Term at, Term size, uint32_t spec) {
    uint64_t n;
    uint64_t position;
    BytesView view;
    if (!term_to_size(size, &n) || !bits_there(bytes, at, n, &view, &position)) {
        return SLOW_ELSE;
    }
    if (n == 0) {
        return term_small(0);
    }
    if (n > 64) {
        return big_bits(p, view, position, n, spec);
    }
    uint64_t value = bits_limb(view.data, position, n, (spec & SEG_LITTLE) != 0, 0);
    bool negative = (spec & SEG_SIGNED) != 0 && (value >> (n - 1) & 1) != 0;
    return small_bits(p, value, (unsigned)n, negative);
}

Term slow_bits_float(Process *p, Term bytes, Term at, Term size, uint32_t spec) {
    uint64_t n;
    uint64_t position;
    BytesView view;
    double d;
    if (!term_to_size(size, &n) || n > 64 || !bits_there(bytes, at, n, &view, &position) ||
        !float_from_bits(n == 0 ? 0
                                : bits_limb(view.data, position, n, (spec & SEG_LITTLE) != 0, 0),
                         (unsigned)n, &d)) {
        return SLOW_ELSE;
    }
    return slow_float(p, d);
}

// Text -------------------------------------------------------------------------------------------

Term slow_bits_utf8(Process *p, Term bytes, Term at) {
    (void)p;
    uint64_t position;
    BytesView view;
    if (!bits_there(bytes, at, 8, &view, &position)) {
        return SLOW_ELSE;
    }
    uint64_t left = ((uint64_t)view.len * 8 - position) / 8;
    uint8_t unit[UTF8_MAX];
    size_t len = left < UTF8_MAX ? left : UTF8_MAX;
    bits_copy_out(unit, view.data, position, len);
    uint32_t code_point;
    return utf8_decode(unit, len, &code_point) != 0 ? term_small(code_point) : SLOW_ELSE;
}

Term utf8_bits(Term code_point) {
    uint64_t c = code_point.bits >> 2;
    if (!term_is_small(code_point) || c < 0x80) {
        return term_small(8);
    }
    return term_small(c < 0x800 ? 16 : c < 0x10000 ? 24 : 32);
}

// Parts ------------------------------------------------------------------------------------------

// len bytes from a position on; they are there.
static Term part(Process *p, Term bytes, uint64_t position, size_t len) {
    Room room;
    if (position % 8 == 0) {
        if (!process_reserve(p, bytes_slice_words(bytes, len), &bytes, 1, &room)) {
            return TERM_NONE;
        }
        return bytes_slice(&room, bytes, position / 8, len);
    }
    if (!process_reserve(p, bytes_words(len), &bytes, 1, &room)) {
        return TERM_NONE;
    }
    uint8_t *to;
    Term copy = room_bytes_blank(p->vm->mem, &room, len, &to);
    if (!term_is_value(copy)) {
        return process_limit(p, AM_memory);
    }
    bits_copy_out(to, bytes_view(bytes).data, position, len);
    process_charge(p, (int32_t)(len >> 10));
    return copy;
}

Term slow_bits_bytes(Process *p, Term bytes, Term at, Term size) {
    uint64_t len;
    uint64_t position;
    BytesView view;
    if (!term_to_size(size, &len) || len > UINT64_MAX / 8 ||
        !bits_there(bytes, at, len * 8, &view, &position)) {
        return SLOW_ELSE;
    }
    return part(p, bytes, position, len);
}

Term slow_bits_rest(Process *p, Term bytes, Term at) {
    uint64_t position;
    BytesView view;
    if (!bits_there(bytes, at, 0, &view, &position) || position % 8 != 0) {
        return SLOW_ELSE;
    }
    return part(p, bytes, position, view.len - position / 8);
}

bool bits_match(Term bytes, Term at, Term part) {
    uint64_t position;
    BytesView view;
    if (!term_is_bytes(part)) {
        return false;
    }
    BytesView wanted = bytes_view(part);
    if (!bits_there(bytes, at, (uint64_t)wanted.len * 8, &view, &position)) {
        return false;
    }
    if (position % 8 == 0) {
        return memcmp(view.data + position / 8, wanted.data, wanted.len) == 0;
    }
    for (size_t i = 0; i < wanted.len; i++) {
        if (bits_read(view.data, position + 8 * i, 8) != wanted.data[i]) {
            return false;
        }
    }
    return true;
}

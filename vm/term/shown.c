// SPDX-License-Identifier: Apache-2.0
// See shown.h.
#include "vm/term/shown.h"

#include <string.h>

#include "vm/term/utf8.h"

static BytesView decimal(int64_t value, uint8_t digits[SHOWN_DIGITS]) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    uint8_t *at = digits + SHOWN_DIGITS;
    while (rest >= 10) {
        at -= 2;
        memcpy(at, pairs + rest % 100 * 2, 2);
        rest /= 100;
    }
    if (rest != 0 || at == digits + SHOWN_DIGITS) {
        *--at = (uint8_t)('0' + rest);
    }
    if (value < 0) {
        *--at = '-';
    }
    return (BytesView){at, (size_t)(digits + SHOWN_DIGITS - at)};
}

// Whether eight bytes are all ASCII from the space to the tilde.
static bool are_printable(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    // A borrow or a carry only comes from a byte that is refused itself.
    return ((word | (word - 0x20 * ones) | (word + ones)) & 0x80 * ones) == 0;
}

// Whether bytes are shown as they are, for certain.
static bool is_plain_text(BytesView view) {
    size_t at = 0;
    bool ascii = true;
    while (at < view.len) {
        uint64_t word;
        if (view.len - at >= sizeof word) {
            memcpy(&word, view.data + at, sizeof word);
            if (are_printable(word)) {
                at += sizeof word;
                continue;
            }
        }
        for (size_t end = at + 8 < view.len ? at + 8 : view.len; at < end; at++) {
            uint8_t c = view.data[at];
            if ((c < ' ' && c != '\n' && c != '\t' && c != '\r' && c != 0x1b) || c == 0x7f ||
                c == 0xc2) {
                return false;
            }
            ascii = ascii && c < 0x80;
        }
    }
    return ascii || utf8_valid(view.data, view.len);
}

BytesView shown_view(const AtomTable *atoms, Term t, uint8_t digits[SHOWN_DIGITS]) {
    if (term_is_small(t)) {
        return decimal(term_to_small(t), digits);
    }
    if (term_is_atom(t)) {
        const Atom *atom = atom_get(atoms, t);
        return (BytesView){(const uint8_t *)atom->text, atom->len};
    }
    if (term_is_bytes(t)) {
        BytesView view = bytes_view(t);
        if (view.len <= SHOWN_TEXT_MAX && is_plain_text(view)) {
            return view;
        }
    }
    return (BytesView){NULL, 0};
}

// SPDX-License-Identifier: Apache-2.0
#include "vm/io/answer.h"

#include <ctype.h>
#include <uv.h>

#include "vm/base/clock.h"
#include "vm/boot.h"
#include "vm/term/atom.h"
#include "vm/term/room.h"

static Term pair(Process *p, Term tag, Term value) {
    Room room;
    if (!process_reserve(p, 3, &value, 1, &room)) {
        return TERM_NONE;
    }
    return room_tuple2(&room, tag, value);
}

Term io_ok(Process *p, Term value) {
    return pair(p, AM_ok, value);
}

Term io_ok_bytes(Process *p, const void *data, size_t len) {
    Room room;
    if (!process_reserve(p, 3 + bytes_words(len), NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term bytes = room_bytes(p->vm->mem, &room, data, len);
    if (term_same_bits(bytes, TERM_NONE)) {
        return process_limit(p, AM_memory);
    }
    return room_tuple2(&room, AM_ok, bytes);
}

Term io_ok_shared(Process *p, SharedBytes *shared) {
    size_t len = atomic_load_explicit(&shared->used, memory_order_relaxed);
    if (len <= BYTES_HEAP_MAX) {
        Term answer = io_ok_bytes(p, shared->data, len);
        shared_release(shared);
        return answer;
    }
    Room room;
    if (!process_reserve(p, 3 + SHARED_WORDS, NULL, 0, &room)) {
        shared_release(shared);
        return TERM_NONE;
    }
    return room_tuple2(&room, AM_ok, room_shared(&room, shared, 0, len, shared->capacity));
}

Term io_reason(VM *vm, int status) {
    if (status == UV_EOF) {
        return AM_closed;
    }
    char text[32];
    uv_err_name_r(status, text, sizeof text);
    size_t len = 0;
    for (; text[len] != '\0'; len++) {
        text[len] = (char)tolower((unsigned char)text[len]);
    }
    Term atom;
    return atom_intern(vm->atoms, text, len, &atom) == ATOM_OK ? atom : AM_error;
}

Term io_error_atom(Process *p, Term reason) {
    return pair(p, AM_error, reason);
}

Term io_error(Process *p, int status) {
    return io_error_atom(p, io_reason(p->vm, status));
}

char *io_text(Process *p, Term t) {
    if (!term_is_string(t)) {
        process_badarg(p, t);
        return NULL;
    }
    BytesView view = bytes_view(t);
    if (memchr(view.data, 0, view.len) != NULL) {
        process_badarg(p, t);
        return NULL;
    }
    char *text = mem_alloc(p->vm->mem, MEM_IO, view.len + 1);
    if (text == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    memcpy(text, view.data, view.len);
    text[view.len] = '\0';
    return text;
}

bool io_deadline(Process *p, Term ms, uint64_t *deadline_ns) {
    if (term_same_bits(ms, AM_infinity)) {
        *deadline_ns = UINT64_MAX;
        return true;
    }
    if (!term_is_small(ms) || term_to_small(ms) < 0 || term_to_small(ms) > INT64_C(1) << 40) {
        process_badarg(p, ms);
        return false;
    }
    *deadline_ns = clock_now_ns(&p->vm->clock) + (uint64_t)term_to_small(ms) * 1000000;
    return true;
}

bool io_lend(Process *p, Term t, Lent *lent) {
    if (!term_is_bytes(t)) {
        process_badarg(p, t);
        return false;
    }
    BytesView view = bytes_view(t);
    lent->len = view.len;
    if (box_kind(t) == KIND_BYTES) {
        memcpy(lent->few, view.data, view.len);
        lent->data = lent->few;
        lent->shared = NULL;
    } else {
        lent->shared = shared_retain(shared_of(box_kind(t) == KIND_SHARED ? t : box_term(t, 2)));
        lent->data = view.data;
    }
    return true;
}

void io_lent_free(Lent *lent) {
    if (lent->shared != NULL) {
        shared_release(lent->shared);
        lent->shared = NULL;
    }
}

// SPDX-License-Identifier: Apache-2.0
// Hashing a term: its parts are taken in one after the other in a fixed order, each container first
// with its kind and size. A frame is a container and the index of its next element; for a list, the
// rest of it.
#include "vm/term/hash.h"

#include "vm/term/box.h"
#include "vm/term/fn.h"
#include "vm/term/record.h"

enum { FRAME_LIST, FRAME_BOX };

static void take_in(Hashing *h, uint64_t word) {
    h->state = hash_mix(h->state, word);
}

// What the raw words of a box say, in a form that depends on no address. Gives false when that was
// all.
static bool take_raw(Hashing *h, Term t, int64_t *budget) {
    Kind kind = box_kind(t);
    switch (kind) {
    case KIND_FLOAT:
        take_in(h, TOKEN_FLOAT);
        take_in(h, box_raw(t, 0));
        return false;
    case KIND_BIGNUM:
        take_in(h, term_pointer(t)[0].bits);
        for (size_t i = 0; i < box_words(t); i++) {
            take_in(h, box_raw(t, i));
        }
        *budget -= (int64_t)(box_words(t) / 16);
        return false;
    case KIND_BYTES:
    case KIND_SHARED:
    case KIND_SLICE: {
        // Content only: the same bytes may have any of the three forms.
        BytesView v = bytes_view(t);
        take_in(h, TOKEN_BYTES);
        take_in(h, hash_bytes(h->atoms->salt, v.data, v.len));
        *budget -= (int64_t)(v.len / 64);
        return false;
    }
    case KIND_REF:
        take_in(h, term_pointer(t)[0].bits);
        take_in(h, ref_id(t));
        return false;
    case KIND_RECORD: take_in(h, record_desc(t)->hash); return true;
    case KIND_FN: {
        const FunctionHead *f = function_head(fn_function(t));
        take_in(h, atom_get(h->atoms, f->module_name)->hash);
        take_in(h, atom_get(h->atoms, f->name)->hash);
        take_in(h, f->arity);
        return true;
    }
    case KIND_MAP:
    case KIND_MAPNODE:
    case KIND_MAPLEAF:
        take_in(h, box_raw(t, 0)); // count, bitmaps, hash: made from values
        return true;
    case KIND_TUPLE:
    case KIND_FNREF:
    case KIND_RANGE:
    case KIND_FLATMAP: return true;
    case KIND_COUNT: break;
    }
    UNREACHABLE();
}

// Takes in one term; a container's parts are left on the stack. False: no memory.
static bool take_term(Hashing *h, Term t, int64_t *budget) {
    if (term_is_atom(t)) {
        take_in(h, TOKEN_ATOM);
        take_in(h, atom_get(h->atoms, t)->hash);
        return true;
    }
    if (!term_is_pointer(t)) {
        take_in(h, t.bits);
        return true;
    }
    TermFrame frame = {t, TERM_NONE, 0, FRAME_LIST, 0};
    if (term_is_box(t)) {
        if (!take_raw(h, t, budget)) {
            return true;
        }
        take_in(h, term_pointer(t)[0].bits);
        frame.kind = FRAME_BOX;
        frame.index = kind_raw_words(box_kind(t), box_words(t));
        if (frame.index == box_words(t)) {
            return true;
        }
    }
    TermFrame *top = term_stack_push(&h->stack);
    if (top == NULL) {
        return false;
    }
    *top = frame;
    return true;
}

// The next term from the top frame, which goes when that was its last.
static Term next_term(Hashing *h) {
    TermFrame *top = term_stack_top(&h->stack);
    if (top->kind == FRAME_LIST && term_is_cons(top->a)) {
        take_in(h, TOKEN_CONS);
        Term head = cons_head(top->a);
        top->a = cons_tail(top->a);
        return head;
    }
    Term t = top->a;
    if (top->kind == FRAME_BOX) {
        t = box_term(t, top->index++);
        if (top->index < box_words(top->a)) {
            return t;
        }
    }
    term_stack_pop(&h->stack);
    return t;
}

static void start(Hashing *h, const AtomTable *atoms, Term t, bool urgent) {
    h->atoms = atoms;
    h->state = atoms->salt;
    h->result = 0;
    h->next = t;
    term_stack_init(&h->stack, atoms->mem, urgent);
}

void hashing_init(Hashing *h, const AtomTable *atoms, Term t) {
    start(h, atoms, t, false);
}

StepStatus hashing_run(Hashing *h, int64_t *budget) {
    for (;;) {
        if (*budget <= 0) {
            return STEP_MORE;
        }
        --*budget;
        if (!take_term(h, h->next, budget)) {
            return STEP_MEMORY;
        }
        if (h->stack.count == 0) {
            h->result = hash_finish(h->state);
            return STEP_DONE;
        }
        h->next = next_term(h);
    }
}

void hashing_each_root(Hashing *h, RootVisit visit, void *collection) {
    visit(collection, &h->next, 1);
    term_stack_each_root(&h->stack, visit, collection);
}

void hashing_free(Hashing *h) {
    term_stack_free(&h->stack);
}

uint64_t term_hash_deep(const AtomTable *atoms, Term t) {
    Hashing h;
    start(&h, atoms, t, true);
    int64_t budget = INT64_MAX;
    StepStatus status = hashing_run(&h, &budget);
    ASSERT(status == STEP_DONE);
    uint64_t result = h.result;
    hashing_free(&h);
    return result;
}

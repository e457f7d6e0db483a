// SPDX-License-Identifier: Apache-2.0
// The LITS chunk: literals become terms in a block of the VM's literal space, shared by all
// processes and never moved.
//
// How large a map is depends on its keys' hashes, so the terms are first built in scratch
// fragments, then copied in one piece, as elements of one tuple, into a block of just the right
// size. Maps are laid out by the VM's own hash. A literal may name earlier ones many times over;
// `expanded` bounds what a key would be if written out, since hashing and comparing keys takes time
// by that. Recursion is bounded by LIT_MAX_DEPTH. Runs within a load, one thread. Tests:
// tests/unit/vm/code/loader_test.c.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vm/code/loader_private.h"
#include "vm/heap/copy.h"
#include "vm/heap/literal.h"
#include "vm/term/bignum.h"
#include "vm/term/bytes.h"
#include "vm/term/map.h"
#include "vm/term/record.h"

enum {
    SCRATCH_WORDS = 4096,
    KEY_EXPANDED_MAX = 1 << 16, // terms
};

typedef struct {
    Loading *l;
    Reader *r;
    Fragment *scratch; // newest first
    Room room;         // of the newest
    Term *terms;       // done so far
    uint64_t *sizes;   // their expanded sizes, in terms
    uint32_t count;
    uint32_t depth;
} LiteralState;

// A term and how many terms it would be without sharing.
typedef struct {
    Term term; // TERM_NONE after an error
    uint64_t expanded;
} Literal;

static const Literal no_literal = {{0x001f}, 0};

static bool literal_failed(Literal literal) {
    return term_same_bits(literal.term, TERM_NONE);
}

static bool scratch_room(LiteralState *s, size_t words) {
    if (s->scratch != NULL && room_left(&s->room) >= words) {
        return true;
    }
    Fragment *fragment =
        words > UINT32_MAX / 2
            ? NULL
            : fragment_new(s->l->vm->mem, words > SCRATCH_WORDS ? words : SCRATCH_WORDS);
    if (fragment == NULL) {
        return loading_no_memory(s->l);
    }
    fragment->next = s->scratch;
    s->scratch = fragment;
    s->room = fragment_room(fragment);
    return true;
}

static Literal read_literal(LiteralState *s);

static Literal literal_leaf(Term term) {
    return (Literal){term, 1};
}

// Space for `count` terms until the load is over; NULL after an error.
static Term *read_elements(LiteralState *s, size_t count, uint64_t *expanded) {
    Term *elements = loading_take_temporary(s->l, count, sizeof(Term));
    for (size_t i = 0; i < count && elements != NULL; i++) {
        Literal element = read_literal(s);
        if (literal_failed(element)) {
            return NULL;
        }
        elements[i] = element.term;
        *expanded =
            *expanded + element.expanded < *expanded ? UINT64_MAX : *expanded + element.expanded;
    }
    return elements;
}

static Literal read_int(LiteralState *s) {
    int64_t value = read_i(s->r, "integer");
    if (!scratch_room(s, INTEGER_WORDS)) {
        return no_literal;
    }
    return literal_leaf(room_int(&s->room, value));
}

static Literal read_big(LiteralState *s) {
    uint64_t sign = read_u(s->r, 1, "sign");
    size_t len;
    const uint8_t *bytes = read_str(s->r, &len, "magnitude");
    size_t limbs = (len + 7) / 8;
    if (s->r->failed || len == 0 || bytes[len - 1] == 0 || limbs > BIGNUM_LIMBS_MAX) {
        reader_fail(s->r, "a big integer that is not in its shortest form, or too big");
        return no_literal;
    }
    uint64_t *words = loading_take_temporary(s->l, limbs, sizeof(uint64_t));
    if (words == NULL || !scratch_room(s, 1 + limbs)) {
        return no_literal;
    }
    for (size_t i = 0; i < len; i++) {
        words[i / 8] |= (uint64_t)bytes[i] << (i % 8 * 8);
    }
    return literal_leaf(bignum_from_limbs(&s->room, words, limbs, sign != 0));
}

static Literal read_float(LiteralState *s) {
    uint64_t bits = read_u64(s->r);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) {
        reader_fail(s->r, "a float that is not finite");
        return no_literal;
    }
    return scratch_room(s, FLOAT_WORDS) ? literal_leaf(room_float(&s->room, value)) : no_literal;
}

static Literal read_bytes_literal(LiteralState *s) {
    size_t len;
    const uint8_t *bytes = read_str(s->r, &len, "bytes");
    if (s->r->failed || !scratch_room(s, bytes_words(len))) {
        return no_literal;
    }
    Term term = room_bytes(s->l->vm->mem, &s->room, bytes, len);
    if (term_same_bits(term, TERM_NONE)) {
        loading_no_memory(s->l);
        return no_literal;
    }
    return literal_leaf(term);
}

static Literal read_tuple(LiteralState *s) {
    uint32_t count = read_count(s->r, 1, "elements of a tuple");
    uint64_t expanded = 1;
    Term *elements = read_elements(s, count, &expanded);
    if (elements == NULL || !scratch_room(s, 1 + (size_t)count)) {
        return no_literal;
    }
    return (Literal){room_tuple(&s->room, elements, count), expanded};
}

static Literal read_list(LiteralState *s) {
    uint32_t count = read_count(s->r, 1, "elements of a list");
    if (count == 0) {
        reader_fail(s->r, "a list literal without elements");
        return no_literal;
    }
    uint64_t expanded = 1;
    Term *elements = read_elements(s, (size_t)count + 1, &expanded);
    if (elements == NULL || !scratch_room(s, (size_t)CONS_WORDS * count)) {
        return no_literal;
    }
    Term list = elements[count];
    for (uint32_t i = count; i > 0; i--) {
        list = room_cons(&s->room, elements[i - 1], list);
    }
    return (Literal){list, expanded};
}

static Literal build_map(LiteralState *s, const Term *pairs, uint32_t count, uint64_t expanded) {
    MapBuilder builder;
    map_builder_init(&builder, s->l->vm->atoms);
    bool ok = true;
    for (uint32_t i = 0; i < count && ok; i++) {
        ok = map_builder_add(&builder, pairs[2 * i], pairs[2 * i + 1]);
    }
    StepStatus status = STEP_MORE;
    while (ok && status == STEP_MORE) {
        int64_t budget = INT64_MAX;
        status = map_builder_sort(&builder, &budget);
    }
    Literal result = no_literal;
    if (ok && status == STEP_DONE && scratch_room(s, builder.words)) {
        result = (Literal){map_builder_build(&builder, &s->room), expanded};
    } else {
        loading_no_memory(s->l);
    }
    map_builder_free(&builder);
    return result;
}

static Literal read_map(LiteralState *s) {
    uint32_t count = read_count(s->r, 2, "entries of a map");
    Term *pairs = loading_take_temporary(s->l, 2 * (size_t)count, sizeof(Term));
    uint64_t expanded = 1;
    for (uint32_t i = 0; i < count && pairs != NULL; i++) {
        Literal key = read_literal(s);
        Literal value = literal_failed(key) ? no_literal : read_literal(s);
        if (literal_failed(value)) {
            return no_literal;
        }
        if (key.expanded > KEY_EXPANDED_MAX) {
            reader_fail(s->r, "a key of a map that is too large");
            return no_literal;
        }
        pairs[2 * i] = key.term;
        pairs[2 * i + 1] = value.term;
        expanded = expanded + value.expanded < expanded ? UINT64_MAX
                                                        : expanded + value.expanded + key.expanded;
    }
    return pairs == NULL ? no_literal : build_map(s, pairs, count, expanded);
}

static Literal read_record(LiteralState *s) {
    Module *m = s->l->module;
    uint64_t index = read_u(s->r, UINT32_MAX, "record");
    if (!s->r->failed && index >= m->record_count) {
        reader_fail(s->r, "a literal of a record that does not exist");
    }
    if (s->r->failed) {
        return no_literal;
    }
    const RecordDesc *desc = m->records[index];
    uint64_t expanded = 1;
    Term *fields = read_elements(s, desc->field_count, &expanded);
    if (fields == NULL || !scratch_room(s, 2 + (size_t)desc->field_count)) {
        return no_literal;
    }
    return (Literal){room_record(&s->room, desc, fields, desc->field_count), expanded};
}

static Literal read_fnref(LiteralState *s) {
    Module *m = s->l->module;
    Term module = m->atoms[read_u(s->r, m->atom_count - 1, "module of a function")];
    Term name = m->atoms[read_u(s->r, m->atom_count - 1, "name of a function")];
    uint64_t arity = read_u(s->r, X_COUNT - 1, "arity of a function");
    if (s->r->failed || !scratch_room(s, FNREF_WORDS)) {
        return no_literal;
    }
    if (m->library) {
        module = code_library_name(s->l->vm->code, module);
    }
    return literal_leaf(room_fnref(&s->room, module, name, (uint32_t)arity));
}

static Literal read_fn(LiteralState *s) {
    Module *m = s->l->module;
    uint64_t index = read_u(s->r, UINT32_MAX, "function");
    if (!s->r->failed && (index >= m->function_count || m->functions[index].captured != 0)) {
        reader_fail(s->r,
                    "a function value of a function that does not exist or that captures values");
    }
    if (s->r->failed || !scratch_room(s, 2)) {
        return no_literal;
    }
    return literal_leaf(room_fn(&s->room, &m->functions[index], NULL, 0));
}

static Literal read_range(LiteralState *s) {
    Term parts[3];
    for (int i = 0; i < 3; i++) {
        Literal part = read_literal(s);
        if (literal_failed(part)) {
            return no_literal;
        }
        parts[i] = part.term;
        if (!term_is_integer(part.term) || (i == 2 && part.term.bits == 0)) {
            reader_fail(s->r, "a range of what is no integer, or with a step of 0");
            return no_literal;
        }
    }
    if (!scratch_room(s, RANGE_WORDS)) {
        return no_literal;
    }
    return literal_leaf(room_range(&s->room, parts[0], parts[1], parts[2]));
}

static Literal read_reference(LiteralState *s) {
    uint64_t index = read_u(s->r, UINT32_MAX, "literal");
    if (!s->r->failed && index >= s->count) {
        reader_fail(s->r, "a literal that refers to one not yet there");
    }
    return s->r->failed ? no_literal : (Literal){s->terms[index], s->sizes[index]};
}

static Literal read_tagged(LiteralState *s, LitTag tag) {
    Module *m = s->l->module;
    switch (tag) {
    case LIT_INT: return read_int(s);
    case LIT_BIG: return read_big(s);
    case LIT_FLOAT: return read_float(s);
    case LIT_ATOM: return literal_leaf(m->atoms[read_u(s->r, m->atom_count - 1, "atom")]);
    case LIT_EMPTY: return literal_leaf(TERM_EMPTY);
    case LIT_BYTES: return read_bytes_literal(s);
    case LIT_TUPLE: return read_tuple(s);
    case LIT_LIST: return read_list(s);
    case LIT_MAP: return read_map(s);
    case LIT_RECORD: return read_record(s);
    case LIT_FNREF: return read_fnref(s);
    case LIT_RANGE: return read_range(s);
    case LIT_FN: return read_fn(s);
    case LIT_REF: return read_reference(s);
    }
    reader_fail(s->r, "a literal of an unknown kind (%d)", (int)tag);
    return no_literal;
}

static Literal read_literal(LiteralState *s) {
    if (s->depth == LIT_MAX_DEPTH) {
        reader_fail(s->r, "literals nested too deeply");
        return no_literal;
    }
    const uint8_t *tag = read_bytes(s->r, 1, "literal");
    if (tag == NULL) {
        return no_literal;
    }
    s->depth++;
    Literal literal = read_tagged(s, (LitTag)*tag);
    s->depth--;
    return s->r->failed ? no_literal : literal;
}

// Copies the scratch terms into a block of the literal space.
static bool settle(LiteralState *s) {
    Loading *l = s->l;
    if (!scratch_room(s, 1 + (size_t)s->count)) {
        return false;
    }
    Term all = room_tuple(&s->room, s->terms, s->count);
    BlockPool pool;
    block_pool_init(&pool, l->vm->blocks);
    Copying copy;
    copying_init(&copy, &pool, all);
    int64_t budget = INT64_MAX;
    bool ok = copying_measure(&copy, &budget) == STEP_DONE;
    if (ok) {
        l->module->block = literal_alloc(l->vm->literals, copy.words);
        ok = l->module->block != NULL;
    }
    budget = INT64_MAX;
    if (ok && copying_build(&copy, &l->module->block->room, &budget) == STEP_DONE) {
        literal_seal(l->module->block);
        l->module->literals = term_pointer(copy.result) + 1;
        l->module->literal_count = s->count;
    } else {
        ok = loading_no_memory(l);
    }
    copying_free(&copy);
    block_pool_free(&pool);
    return ok;
}

bool load_literals(Loading *l) {
    Reader *r = &l->chunks[CHUNK_LITS];
    if (r->at == r->end) {
        return true;
    }
    uint32_t count = read_count(r, 1, "literals");
    LiteralState s = {.l = l, .r = r};
    s.terms = loading_take_temporary(l, count, sizeof(Term));
    s.sizes = loading_take_temporary(l, count, sizeof(uint64_t));
    bool ok = s.terms != NULL && s.sizes != NULL && !r->failed;
    for (uint32_t i = 0; i < count && ok; i++) {
        Literal literal = read_literal(&s);
        ok = !literal_failed(literal);
        s.terms[i] = literal.term;
        s.sizes[i] = literal.expanded;
        s.count = i + 1;
    }
    if (ok && r->at != r->end) {
        reader_fail(r, "LITS: bytes after the last entry");
        ok = false;
    }
    ok = ok && (count == 0 || settle(&s));
    while (s.scratch != NULL) {
        Fragment *fragment = s.scratch;
        s.scratch = fragment->next;
        fragment_free(l->vm->mem, fragment);
    }
    return ok;
}

// Bytes patterns in the match compiler.
//
// What remains of a bytes pattern is asked of a position (OCC_BITS) in the bytes: a base variable
// and a constant offset, both in bits. The tests of one segment move to a new position; rows that
// begin with the same segment at the same position (same kind and constant size, or the same
// literal) share the test and move together, others stay where they are and are asked again. Sizes
// that are computed belong to one row.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/match_private.h"
#include "vm/ops/ops.h"

enum {
    SMALL_SIZE_BITS = 56
}; // an unsigned integer of so many bits is a small one, even times eight

static const PatSegment *segment_of(const Pat *rest) {
    return rest->segment < rest->bits->count ? &rest->bits->segments[rest->segment] : NULL;
}

static const PatSegment *asked_segment(const Ask *ask) {
    return ask != NULL && ask->pat->kind == PAT_REST ? segment_of(ask->pat) : NULL;
}

static bool asks_end(const Ask *ask) {
    return ask != NULL && ask->pat->kind == PAT_REST && segment_of(ask->pat) == NULL;
}

// Adds to a row what remains from a segment on; empty literals ask nothing.
static void add_rest(Match *m, Row *row, Occ *at, const Pat *pat, uint32_t segment) {
    Pat *rest = ARENA_NEW(m->arena, Pat);
    *rest = (Pat){.kind = PAT_REST, .span = pat->span, .bits = pat->bits, .segment = segment};
    while (segment_of(rest) != NULL && segment_of(rest)->is_literal &&
           segment_of(rest)->literal.len == 0) {
        rest->segment++;
    }
    match_add(m, row, at, rest);
}

static Occ *position(Match *m, const Occ *from, CoreVar base, int64_t offset) {
    Occ *occ = match_occ(m);
    *occ = (Occ){.how = OCC_BITS,
                 .parent = from->parent,
                 .total = from->total,
                 .base = base,
                 .offset = offset};
    return occ;
}

// The position as an operand; a sum is computed once on a path.
static CoreExpr *position_atom(Match *m, Chain *chain, Span span, Occ *at) {
    if (at->base == 0) {
        return core_int(m->arena, span, at->offset);
    }
    if (at->offset == 0) {
        return core_var(m->arena, span, at->base);
    }
    if (at->var == 0) {
        CoreExpr *sum = core_prim(
            m->arena, span, PRIM_ADD,
            CORE_ARGS(core_var(m->arena, span, at->base), core_int(m->arena, span, at->offset)));
        chain_let(m->L, chain, match_bind(m, at), sum);
    }
    return core_var(m->arena, span, at->var);
}

// ---- Is it bytes at all? ------------------------------------------------------------------------

CoreExpr *match_bits(Match *m, const Rows *rows, const Ask *chosen, Target *fail) {
    Chain chain = {0};
    Span span = chosen->pat->span;
    Occ *start = match_occ(m);
    *start = (Occ){.how = OCC_BITS, .parent = chosen->occ};
    Rows then = {0};
    Rows otherwise = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        Row *row = rows->items[i];
        const Ask *ask = match_ask_of(row, chosen->occ);
        bool is_text =
            ask != NULL && ask->pat->kind == PAT_CONST && ask->pat->value->kind == CONST_BYTES;
        if (ask != NULL && ask->pat->kind == PAT_BITS) {
            Row *moved = match_without(m, row, ask);
            add_rest(m, moved, start, ask->pat, 0);
            vec_push(m->arena, &then, moved);
            continue;
        }
        if (ask == NULL || is_text || ask->pat->kind == PAT_PIN) {
            vec_push(m->arena, &then, row);
        }
        if (!is_text) {
            vec_push(m->arena, &otherwise, row);
        }
    }
    CoreExpr *bytes = match_atom(m, &chain, chosen->occ);
    CoreExpr *test = match_test(m, span, TEST_BYTES_BITS, bytes, NULL);
    start->total = lower_var(m->L);
    test->as.test.binds = start->total;
    test->as.test.then = match_compile(m, &then, fail);
    test->as.test.otherwise = match_compile(m, &otherwise, fail);
    return chain_end(&chain, test);
}

// ---- Sizes --------------------------------------------------------------------------------------

static bool is_known_small(const Row *row, const CoreExpr *size) {
    for (const Known *known = row->known; known != NULL; known = known->next) {
        if (known->occ->var == size->as.var && known->occ->is_small) {
            return true;
        }
    }
    return false;
}

// Computes a size, with the names that earlier segments bind in sight; what fails there does not
// match.
static CoreExpr *compute_size(Match *m, Chain *chain, const Row *row, const BitsPat *bits,
                              PatSegment *segment, Target *no) {
    Lower *L = m->L;
    uint32_t diag_count = L->diags->list.len;
    LowerMark mark = lower_mark(L);
    for (const Known *known = row->known; known != NULL; known = known->next) {
        if (known->bind->within == bits) {
            CoreExpr *value = match_atom(m, chain, known->occ);
            lower_bind_again(L, known->bind->name, known->bind->span, value->as.var);
        }
    }
    Target *outer = L->guard;
    L->guard = no;
    CoreExpr *size = chain_hold(L, chain, lower_expr(L, segment->size));
    L->guard = outer;
    lower_release(L, mark);
    bool is_bad =
        size->kind == CORE_LIT && (size->as.lit->kind != CONST_INT || size->as.lit->integer < 0);
    if (is_bad && L->diags->list.len == diag_count) {
        DIAG(L->diags, segment_size, segment->size->span);
    }
    if (segment->size_reported) {
        diags_cut(L->diags, diag_count);
    }
    segment->size_reported = true;
    return size;
}

// Tests around `then` that a computed size is a small integer, not negative.
static CoreExpr *checked_size(Match *m, Span span, const Occ *at, const CoreExpr *size,
                              CoreExpr *then, Target *no) {
    CoreExpr *fits = match_test(m, span, TEST_GE, core_var(m->arena, span, at->total),
                                core_again(m->arena, size));
    fits->as.test.then = then;
    fits->as.test.otherwise = lower_goto(m->L, no, span, CORE_NO_ARGS);
    CoreExpr *positive =
        match_test(m, span, TEST_GE, core_again(m->arena, size), core_int(m->arena, span, 0));
    positive->as.test.then = fits;
    positive->as.test.otherwise = lower_goto(m->L, no, span, CORE_NO_ARGS);
    CoreExpr *is_int = match_test(m, span, TEST_IS_INT, core_again(m->arena, size), NULL);
    is_int->as.test.then = positive;
    is_int->as.test.otherwise = lower_goto(m->L, no, span, CORE_NO_ARGS);
    return is_int;
}

// ---- One segment --------------------------------------------------------------------------------

// Do two segments at one position ask for the same thing?
static bool same_segment(const PatSegment *a, const PatSegment *b) {
    if (a->is_literal || b->is_literal) {
        return a->is_literal && b->is_literal && str_equal(a->literal, b->literal);
    }
    return a == b || (a->spec == b->spec && a->is_rest == b->is_rest &&
                      ((a->spec & SEG_TYPE_MASK) == SEG_UTF8 || a->is_rest ||
                       (a->bits >= 0 && a->bits == b->bits)));
}

// Can the second not be there when the first literal is?
static bool excludes(const PatSegment *found, const PatSegment *other) {
    if (!found->is_literal || !other->is_literal) {
        return false;
    }
    size_t shared =
        found->literal.len < other->literal.len ? found->literal.len : other->literal.len;
    return memcmp(found->literal.ptr, other->literal.ptr, shared) != 0;
}

typedef struct SegmentSplit {
    Rows then;
    Rows otherwise;
} SegmentSplit;

// Do two asks about one position either share their test or exclude each other?
bool match_rest_parts_ways(const Ask *ask, const Ask *chosen) {
    const PatSegment *a = asked_segment(ask);
    const PatSegment *b = asked_segment(chosen);
    if (a == NULL || b == NULL) {
        return a == b && asks_end(ask);
    }
    return same_segment(a, b) || excludes(a, b);
}

// Rows that ask for this segment at this position go on behind it; others are asked again.
static SegmentSplit split_segment(Match *m, const Rows *rows, const Ask *chosen, Occ *value,
                                  Occ *next) {
    SegmentSplit split = {0};
    const PatSegment *segment = segment_of(chosen->pat);
    for (uint32_t i = 0; i < rows->len; i++) {
        Row *row = rows->items[i];
        const Ask *ask = match_ask_of(row, chosen->occ);
        const PatSegment *own = asked_segment(ask);
        if (own != NULL && same_segment(segment, own)) {
            Row *moved = match_without(m, row, ask);
            if (!own->is_rest) {
                add_rest(m, moved, next, ask->pat, ask->pat->segment + 1);
            }
            if (!own->is_literal) {
                match_add(m, moved, value, own->value);
            }
            vec_push(m->arena, &split.then, moved);
            continue;
        }
        bool is_out = own != NULL && excludes(segment, own);
        if (!is_out) {
            vec_push(m->arena, &split.then, row);
        }
        vec_push(m->arena, &split.otherwise, row);
    }
    return split;
}

static CoreExpr *match_end(Match *m, const Rows *rows, const Ask *chosen, Target *fail) {
    Rows then = {0};
    Rows otherwise = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        Row *row = rows->items[i];
        const Ask *ask = match_ask_of(row, chosen->occ);
        bool is_end = asks_end(ask);
        vec_push(m->arena, &then, is_end ? match_without(m, row, ask) : row);
        if (!is_end) {
            vec_push(m->arena, &otherwise, row);
        }
    }
    Chain chain = {0};
    Span span = chosen->pat->span;
    CoreExpr *at = position_atom(m, &chain, span, chosen->occ);
    CoreExpr *test =
        match_test(m, span, TEST_SAME, core_var(m->arena, span, chosen->occ->total), at);
    test->as.test.then = match_compile(m, &then, fail);
    test->as.test.otherwise = match_compile(m, &otherwise, fail);
    return chain_end(&chain, test);
}

// All the rest, of which nothing is wanted, at a whole byte: surely there.
static bool is_free(const Ask *ask, const PatSegment *segment) {
    return segment->is_rest && segment->value->kind == PAT_ANY && segment->value->binds == NULL &&
           ask->occ->base == 0 && ask->occ->offset % 8 == 0;
}

static CoreExpr *match_free(Match *m, const Rows *rows, const Row *row, const Ask *ask,
                            Target *fail) {
    Rows freed = {0};
    vec_push(m->arena, &freed, match_without(m, row, ask));
    for (uint32_t i = 1; i < rows->len; i++) {
        vec_push(m->arena, &freed, rows->items[i]);
    }
    return match_compile(m, &freed, fail);
}

static CoreTestKind test_of(const PatSegment *segment) {
    if (segment->is_literal) {
        return TEST_BITS_MATCH;
    }
    if (segment->is_rest) {
        return TEST_BITS_REST;
    }
    switch (segment->spec & SEG_TYPE_MASK) {
    case SEG_FLOAT: return TEST_BITS_FLOAT;
    case SEG_BYTES: return TEST_BITS_BYTES;
    case SEG_UTF8: return TEST_BITS_UTF8;
    default: return TEST_BITS_INT;
    }
}

// The position behind a segment whose size is only known when matching; `width` is in bits.
static void move_by(Match *m, Chain *chain, Span span, CoreExpr *at, CoreExpr *width, Occ *next) {
    bool is_start = at->kind == CORE_LIT && at->as.lit->integer == 0;
    CoreVar sum = lower_var(m->L);
    chain_let(m->L, chain, sum,
              is_start ? width : core_prim(m->arena, span, PRIM_ADD, CORE_ARGS(at, width)));
    next->base = sum;
    next->offset = 0;
}

static CoreExpr *width_of(Match *m, Span span, const PatSegment *segment, const Occ *value,
                          const CoreExpr *size) {
    if ((segment->spec & SEG_TYPE_MASK) == SEG_UTF8) {
        return core_prim(m->arena, span, PRIM_UTF8_BITS,
                         CORE_ARGS(core_var(m->arena, span, value->var)));
    }
    CoreExpr *copy = core_again(m->arena, size);
    return (segment->spec & SEG_TYPE_MASK) != SEG_BYTES
               ? copy
               : core_prim(m->arena, span, PRIM_MUL, CORE_ARGS(copy, core_int(m->arena, span, 8)));
}

// The size as an operand, or NULL where the test takes none.
static CoreExpr *size_operand(Match *m, Chain *chain, const Row *row, const Ask *ask,
                              PatSegment *segment, Target *no) {
    if (segment->is_literal) {
        return core_bytes(m->arena, segment->span, segment->literal);
    }
    if (segment->is_rest || (segment->spec & SEG_TYPE_MASK) == SEG_UTF8) {
        return NULL;
    }
    if (segment->bits >= 0) {
        bool is_bytes = (segment->spec & SEG_TYPE_MASK) == SEG_BYTES;
        return core_int(m->arena, segment->span, is_bytes ? segment->bits / 8 : segment->bits);
    }
    return compute_size(m, chain, row, ask->pat->bits, segment, no);
}

CoreExpr *match_rest(Match *m, const Rows *rows, const Row *row, const Ask *ask, Target *fail) {
    PatSegment *segment = (PatSegment *)segment_of(ask->pat);
    if (segment == NULL) {
        return match_end(m, rows, ask, fail);
    }
    if (is_free(ask, segment)) {
        return match_free(m, rows, row, ask, fail);
    }
    Span span = segment->span;
    Occ *at = ask->occ;
    Target no = {0};
    Chain chain = {0};
    CoreExpr *bytes = match_atom(m, &chain, at->parent);
    CoreExpr *size = size_operand(m, &chain, row, ask, segment, &no);
    CoreExpr *place = position_atom(m, &chain, span, at);
    CoreTestKind kind = test_of(segment);
    CoreExpr *test = match_test(m, span, kind, bytes, place);
    test->as.test.operands[2] = size;
    test->as.test.index = segment->spec;
    Occ *value = match_occ(m);
    if (kind != TEST_BITS_MATCH) {
        test->as.test.binds = match_bind(m, value);
        value->is_small = kind == TEST_BITS_INT && !(segment->spec & SEG_SIGNED) &&
                          segment->bits >= 0 && segment->bits <= SMALL_SIZE_BITS;
    }
    int64_t bits = segment->is_literal ? (int64_t)segment->literal.len * 8 : segment->bits;
    Occ *next = position(m, at, at->base, at->offset + (bits < 0 ? 0 : bits));
    Chain behind = {0};
    if (bits < 0 && !segment->is_rest) {
        move_by(m, &behind, span, core_again(m->arena, place),
                width_of(m, span, segment, value, size), next);
    }
    SegmentSplit split = split_segment(m, rows, ask, value, next);
    test->as.test.then = chain_end(&behind, match_compile(m, &split.then, fail));
    test->as.test.otherwise = lower_goto(m->L, &no, span, CORE_NO_ARGS);
    bool is_open = size != NULL && size->kind == CORE_VAR && !is_known_small(row, size);
    CoreExpr *tree = is_open ? checked_size(m, span, at, size, test, &no) : test;
    tree = chain_end(&chain, tree);
    return lower_place(m->L, &no, span, match_compile(m, &split.otherwise, fail), tree);
}

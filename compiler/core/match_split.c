// The tests of the match compiler: how one test splits the rows. compiler/core/match.c explains the
// whole.
//
// Each function takes rows and the ask that was chosen, and makes the test with the trees of both
// sides. Every split takes the chosen ask away from the first row, so that the tree is finite.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/match_private.h"

static void push(Match *m, Rows *rows, const Row *row) {
    vec_push(m->arena, rows, (Row *)row);
}

// ---- Parts --------------------------------------------------------------------------------------

static Occ *parts_of(Match *m, Occ *occ, OccHow how, uint32_t id, uint32_t count) {
    for (OccParts *parts = occ->parts; parts != NULL; parts = parts->next) {
        if (parts->how == how && parts->id == id) {
            return parts->items;
        }
    }
    OccParts *parts = ARENA_NEW(m->arena, OccParts);
    *parts = (OccParts){.how = how, .id = id, .next = occ->parts};
    parts->items = ARENA_NEW_ARRAY(m->arena, Occ, count);
    for (uint32_t i = 0; i < count; i++) {
        OccHow item = how == OCC_HEAD && i == 1 ? OCC_TAIL : how;
        parts->items[i] = (Occ){.how = item,
                                .parent = occ,
                                .index = how == OCC_HEAD ? 0 : i,
                                .record = how == OCC_FIELD ? id : 0};
    }
    occ->parts = parts;
    return parts->items;
}

// The row once the ask is known to hold, its parts asked about.
static Row *with_parts(Match *m, const Row *row, const Ask *ask, Occ *parts, uint32_t first) {
    Row *result = match_without(m, row, ask);
    for (uint32_t i = ask->pat->item_count; i > first; i--) {
        match_add(m, result, &parts[i - 1], ask->pat->items[i - 1]);
    }
    return result;
}

// ---- Tests --------------------------------------------------------------------------------------

CoreExpr *match_test(Match *m, Span span, CoreTestKind kind, CoreExpr *left, CoreExpr *right) {
    return core_test(m->arena, span, kind, left, right, NULL, NULL);
}

// May a value that is this constant also be what the pattern asks for? Unknown counts as yes.
typedef enum Fit { FIT_NO, FIT_MAYBE, FIT_SURELY } Fit;

static Fit in_range(const CoreConst *value, const Pat *range) {
    if (value->kind == CONST_BIG) {
        return FIT_MAYBE;
    }
    if (value->kind != CONST_INT) {
        return FIT_NO;
    }
    if (range->value->kind != CONST_INT || range->last->kind != CONST_INT) {
        return FIT_MAYBE;
    }
    bool fits = range->value->integer <= value->integer && value->integer <= range->last->integer;
    return fits ? FIT_SURELY : FIT_NO;
}

static Fit const_fits(const CoreConst *value, const Pat *pat) {
    switch (pat->kind) {
    case PAT_CONST: return core_const_same(value, pat->value) ? FIT_SURELY : FIT_NO;
    case PAT_SET:
        for (uint32_t i = 0; i < pat->const_count; i++) {
            if (core_const_same(value, pat->consts[i])) {
                return FIT_SURELY;
            }
        }
        return FIT_NO;
    case PAT_RANGE: return in_range(value, pat);
    case PAT_EMPTY: return value->kind == CONST_EMPTY ? FIT_SURELY : FIT_NO;
    case PAT_ANY: return FIT_SURELY;
    case PAT_PIN: return FIT_MAYBE;
    case PAT_TUPLE: return value->kind == CONST_TUPLE ? FIT_MAYBE : FIT_NO;
    case PAT_CONS: return value->kind == CONST_LIST ? FIT_MAYBE : FIT_NO;
    case PAT_MAP: return value->kind == CONST_MAP ? FIT_MAYBE : FIT_NO;
    case PAT_RECORD: return value->kind == CONST_RECORD ? FIT_MAYBE : FIT_NO;
    case PAT_BITS: return value->kind == CONST_BYTES ? FIT_MAYBE : FIT_NO;
    case PAT_OR:
    case PAT_REST: return FIT_MAYBE;
    }
    return FIT_MAYBE;
}

// The rows left when `occ` is this constant, or (value NULL) …
static void rows_if_const(Match *m, const Rows *rows, const Occ *occ, const CoreConst *value,
                          Rows *out) {
    for (uint32_t i = 0; i < rows->len; i++) {
        const Row *row = rows->items[i];
        const Ask *ask = match_ask_of(row, occ);
        Fit fit = ask == NULL ? FIT_MAYBE : const_fits(value, ask->pat);
        if (fit == FIT_SURELY) {
            push(m, out, match_without(m, row, ask));
        } else if (fit == FIT_MAYBE) {
            push(m, out, row);
        }
    }
}

static CoreExpr *split_const(Match *m, const Rows *rows, const Ask *ask, Chain *chain,
                             Target *fail) {
    Occ *occ = ask->occ;
    Span span = ask->pat->span;
    Rows then = {0};
    Rows otherwise = {0};
    rows_if_const(m, rows, occ, ask->pat->value, &then);
    for (uint32_t i = 0; i < rows->len; i++) {
        const Ask *other = match_ask_of(rows->items[i], occ);
        bool is_same = other != NULL && other->pat->kind == PAT_CONST &&
                       core_const_same(other->pat->value, ask->pat->value);
        if (!is_same) {
            push(m, &otherwise, rows->items[i]);
        }
    }
    CoreExpr *test = match_test(m, span, TEST_SAME, match_atom(m, chain, occ),
                                core_lit(m->arena, span, ask->pat->value));
    test->as.test.then = match_compile(m, &then, fail);
    test->as.test.otherwise = match_compile(m, &otherwise, fail);
    return test;
}

// ---- Switches -----------------------------------------------------------------------------------

typedef struct Case {
    const CoreConst *value;
    Rows rows;
    Target target; // of the first case with the same rows
    uint32_t same; // that case
} Case;

typedef struct Cases {
    Case *items;
    uint32_t len;
    uint32_t cap;
    uint32_t *slots; // by hash: index + 1
    uint32_t mask;
} Cases;

static void grow_slots(Match *m, Cases *cases) {
    uint32_t size = cases->slots == NULL ? 16 : (cases->mask + 1) * 2;
    cases->slots = ARENA_NEW_ARRAY(m->arena, uint32_t, size);
    cases->mask = size - 1;
    for (uint32_t i = 0; i < cases->len; i++) {
        uint32_t at = core_const_hash(cases->items[i].value) & cases->mask;
        while (cases->slots[at] != 0) {
            at = (at + 1) & cases->mask;
        }
        cases->slots[at] = i + 1;
    }
}

static uint32_t case_of(Match *m, Cases *cases, const CoreConst *value) {
    if (cases->slots == NULL || cases->len * 2 > cases->mask) {
        grow_slots(m, cases);
    }
    uint32_t at = core_const_hash(value) & cases->mask;
    while (cases->slots[at] != 0 &&
           !core_const_same(cases->items[cases->slots[at] - 1].value, value)) {
        at = (at + 1) & cases->mask;
    }
    if (cases->slots[at] == 0) {
        vec_push(m->arena, cases, ((Case){.value = value}));
        cases->slots[at] = cases->len;
    }
    return cases->slots[at] - 1;
}

bool match_is_switchable(const Ask *ask) {
    return ask != NULL && (ask->pat->kind == PAT_SET ||
                           (ask->pat->kind == PAT_CONST && pattern_is_switchable(ask->pat->value)));
}

static void collect_cases(Match *m, const Rows *rows, const Occ *occ, Cases *cases) {
    for (uint32_t i = 0; i < rows->len; i++) {
        const Ask *ask = match_ask_of(rows->items[i], occ);
        if (!match_is_switchable(ask)) {
            continue;
        }
        if (ask->pat->kind == PAT_CONST) {
            case_of(m, cases, ask->pat->value);
        }
        for (uint32_t k = 0; k < ask->pat->const_count; k++) {
            case_of(m, cases, ask->pat->consts[k]);
        }
    }
}

// Gives each case its rows, and `rest` those of the default.
static void fill_cases(Match *m, const Rows *rows, const Occ *occ, Cases *cases, Rows *rest) {
    for (uint32_t i = 0; i < rows->len; i++) {
        const Row *row = rows->items[i];
        const Ask *ask = match_ask_of(row, occ);
        if (match_is_switchable(ask)) {
            const Row *without = match_without(m, row, ask);
            if (ask->pat->kind == PAT_CONST) {
                push(m, &cases->items[case_of(m, cases, ask->pat->value)].rows, without);
            }
            for (uint32_t k = 0; k < ask->pat->const_count; k++) {
                Rows *of = &cases->items[case_of(m, cases, ask->pat->consts[k])].rows;
                if (of->len == 0 || of->items[of->len - 1] != without) {
                    push(m, of, without);
                }
            }
            continue;
        }
        push(m, rest, row);
        const Row *without = NULL;
        for (uint32_t k = 0; k < cases->len; k++) {
            Fit fit = ask == NULL ? FIT_MAYBE : const_fits(cases->items[k].value, ask->pat);
            if (fit == FIT_SURELY && without == NULL) {
                without = match_without(m, row, ask);
            }
            if (fit != FIT_NO) {
                push(m, &cases->items[k].rows, fit == FIT_SURELY ? without : row);
            }
        }
    }
}

static bool rows_same(const Rows *a, const Rows *b) {
    return a->len == b->len &&
           (a->len == 0 || memcmp(a->items, b->items, a->len * sizeof(Row *)) == 0);
}

// Finds for each case the first one with the same rows. Linear in the cases but for ones with
// equally many rows.
static void share_cases(Cases *cases) {
    enum { LOOK_BACK = 16 };
    for (uint32_t i = 0; i < cases->len; i++) {
        cases->items[i].same = i;
        uint32_t from = i > LOOK_BACK ? i - LOOK_BACK : 0;
        for (uint32_t k = from; k < i; k++) {
            if (rows_same(&cases->items[k].rows, &cases->items[i].rows)) {
                cases->items[i].same = cases->items[k].same;
                break;
            }
        }
    }
}

// Puts the trees of the cases there; the result is the switch with joins around it.
static CoreExpr *switch_on(Match *m, Span span, CoreExpr *subject, Cases *cases, const Rows *rest,
                           Target *fail) {
    CoreCase *made = arena_alloc(m->arena, cases->len * sizeof(CoreCase));
    uint32_t count = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        Case *c = &cases->items[i];
        if (!rows_same(&c->rows, rest)) {
            CoreExpr *body = lower_goto(m->L, &cases->items[c->same].target, span, CORE_NO_ARGS);
            made[count++] = (CoreCase){c->value, body};
        }
    }
    CoreExpr *result = core_switch(m->arena, span, subject, made, count, NULL);
    CoreExpr *whole = result;
    for (uint32_t i = 0; i < cases->len; i++) {
        Case *c = &cases->items[i];
        if (c->target.uses > 0) {
            whole = lower_place(m->L, &c->target, span, match_compile(m, &c->rows, fail), whole);
        }
    }
    result->as.select.otherwise = match_compile(m, rest, fail);
    return whole;
}

static CoreExpr *split_switch(Match *m, const Rows *rows, const Ask *ask, Chain *chain,
                              Target *fail) {
    Cases cases = {0};
    collect_cases(m, rows, ask->occ, &cases);
    if (cases.len == 1 && ask->pat->kind == PAT_CONST) {
        return split_const(m, rows, ask, chain, fail);
    }
    Rows rest = {0};
    fill_cases(m, rows, ask->occ, &cases, &rest);
    share_cases(&cases);
    return switch_on(m, ask->pat->span, match_atom(m, chain, ask->occ), &cases, &rest, fail);
}

// ---- Tuples, lists, records ---------------------------------------------------------------------

// Rows of the same shape go on with the parts, other shapes are out; when the test fails the
// reverse.
typedef struct Split {
    Rows then;
    Rows otherwise;
} Split;

typedef bool (*SameShape)(const Pat *pat, const Pat *chosen);

static bool same_tuple(const Pat *pat, const Pat *chosen) {
    return pat->kind == PAT_TUPLE && pat->item_count == chosen->item_count;
}

static bool same_record(const Pat *pat, const Pat *chosen) {
    return pat->kind == PAT_RECORD && pat->record == chosen->record;
}

static bool same_kind(const Pat *pat, const Pat *chosen) {
    return pat->kind == chosen->kind;
}

static Split split_shape(Match *m, const Rows *rows, const Ask *chosen, SameShape same, Occ *parts,
                         uint32_t first) {
    Split split = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        const Row *row = rows->items[i];
        const Ask *ask = match_ask_of(row, chosen->occ);
        bool fits = ask != NULL && same(ask->pat, chosen->pat);
        bool is_open = ask == NULL || ask->pat->kind == PAT_PIN || ask->pat->kind == PAT_CONST;
        if (fits) {
            push(m, &split.then, with_parts(m, row, ask, parts, first));
        } else if (is_open && (ask == NULL || ask->pat->kind == PAT_PIN ||
                               const_fits(ask->pat->value, chosen->pat) != FIT_NO)) {
            push(m, &split.then, row);
        }
        if (!fits) {
            push(m, &split.otherwise, row);
        }
    }
    return split;
}

static CoreExpr *finish_split(Match *m, CoreExpr *test, const Split *split, Target *fail) {
    test->as.test.then = match_compile(m, &split->then, fail);
    test->as.test.otherwise = match_compile(m, &split->otherwise, fail);
    return test;
}

// The atom that all tuples of this size in the column begin with, or NULL.
static Name only_tag(const Rows *rows, const Ask *chosen) {
    Name tag = NULL;
    for (uint32_t i = 0; i < rows->len; i++) {
        const Ask *ask = match_ask_of(rows->items[i], chosen->occ);
        if (ask == NULL || !same_tuple(ask->pat, chosen->pat)) {
            continue;
        }
        const Pat *first = ask->pat->items[0];
        if (first->kind != PAT_CONST || first->binds != NULL || first->value->kind != CONST_ATOM ||
            (tag != NULL && first->value->name != tag)) {
            return NULL;
        }
        tag = first->value->name;
    }
    return tag;
}

static CoreExpr *split_tuple(Match *m, const Rows *rows, const Ask *ask, Chain *chain,
                             Target *fail) {
    uint32_t size = ask->pat->item_count;
    Name tag = size == 0 ? NULL : only_tag(rows, ask);
    Occ *parts = parts_of(m, ask->occ, OCC_ELEM, size, size);
    Split split = split_shape(m, rows, ask, same_tuple, parts, tag != NULL);
    CoreExpr *test = match_test(m, ask->pat->span, tag != NULL ? TEST_IS_TAGGED : TEST_IS_TUPLE_OF,
                                match_atom(m, chain, ask->occ), NULL);
    test->as.test.index = size;
    test->as.test.name = tag;
    return finish_split(m, test, &split, fail);
}

static CoreExpr *split_record(Match *m, const Rows *rows, const Ask *ask, Chain *chain,
                              Target *fail) {
    Occ *parts = parts_of(m, ask->occ, OCC_FIELD, ask->pat->record, ask->pat->item_count);
    Split split = split_shape(m, rows, ask, same_record, parts, 0);
    CoreExpr *test =
        match_test(m, ask->pat->span, TEST_IS_RECORD_OF, match_atom(m, chain, ask->occ), NULL);
    test->as.test.record = ask->pat->record;
    return finish_split(m, test, &split, fail);
}

static CoreExpr *split_list(Match *m, const Rows *rows, const Ask *ask, Chain *chain,
                            Target *fail) {
    bool is_cons = ask->pat->kind == PAT_CONS;
    Occ *parts = is_cons ? parts_of(m, ask->occ, OCC_HEAD, 0, 2) : NULL;
    Split split = split_shape(m, rows, ask, same_kind, parts, 0);
    CoreExpr *test = match_test(m, ask->pat->span, is_cons ? TEST_IS_CONS : TEST_IS_EMPTY,
                                match_atom(m, chain, ask->occ), NULL);
    return finish_split(m, test, &split, fail);
}

// ---- Maps ---------------------------------------------------------------------------------------

static const PatEntry *entry_with(const Pat *map, const CoreExpr *key) {
    for (const PatEntry *e = map->entries; e != NULL; e = e->next) {
        if (pattern_same_atom(e->key, key)) {
            return e;
        }
    }
    return NULL;
}

// The row once the value of one key is in `value`: the other keys are still asked for.
static Row *with_entry(Match *m, const Row *row, const Ask *ask, const PatEntry *entry,
                       Occ *value) {
    Row *result = match_without(m, row, ask);
    Pat *rest = arena_copy(m->arena, ask->pat, sizeof(Pat));
    PatEntry **hole = &rest->entries;
    rest->binds = NULL;
    for (const PatEntry *e = ask->pat->entries; e != NULL; e = e->next) {
        if (e != entry) {
            PatEntry *copy = arena_copy(m->arena, e, sizeof(PatEntry));
            *hole = copy;
            hole = &copy->next;
        }
    }
    *hole = NULL;
    if (rest->entries != NULL) {
        match_add(m, result, ask->occ, rest);
    }
    match_add(m, result, value, entry->value);
    return result;
}

static bool may_be_map(const Ask *ask) {
    return ask == NULL || ask->pat->kind == PAT_MAP || ask->pat->kind == PAT_PIN ||
           (ask->pat->kind == PAT_CONST && ask->pat->value->kind == CONST_MAP);
}

static CoreExpr *split_map(Match *m, const Rows *rows, const Ask *chosen, Chain *chain,
                           Target *fail) {
    const PatEntry *entry = chosen->pat->entries;
    CoreExpr *key = entry == NULL ? NULL : core_again(m->arena, entry->key);
    Occ *value = match_occ(m);
    Split split = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        const Row *row = rows->items[i];
        const Ask *ask = match_ask_of(row, chosen->occ);
        bool is_map = ask != NULL && ask->pat->kind == PAT_MAP;
        const PatEntry *same = is_map && key != NULL ? entry_with(ask->pat, key) : NULL;
        bool is_done = is_map && ask->pat->entries == NULL;
        if (same != NULL) {
            push(m, &split.then, with_entry(m, row, ask, same, value));
        } else if (may_be_map(ask)) {
            push(m, &split.then, is_done ? match_without(m, row, ask) : row);
        }
        // Without the key those that want it are out; without a map all maps are.
        if (key != NULL ? same == NULL : !is_map) {
            push(m, &split.otherwise, row);
        }
    }
    CoreExpr *subject = match_atom(m, chain, chosen->occ);
    CoreExpr *test =
        match_test(m, chosen->pat->span, key == NULL ? TEST_IS_MAP : TEST_MAP_GET, subject, key);
    if (key != NULL) {
        test->as.test.binds = match_bind(m, value);
    }
    return finish_split(m, test, &split, fail);
}

// ---- Pins and ranges ----------------------------------------------------------------------------

static CoreExpr *split_pin(Match *m, const Rows *rows, const Ask *chosen, Chain *chain,
                           Target *fail) {
    Split split = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        const Row *row = rows->items[i];
        const Ask *ask = match_ask_of(row, chosen->occ);
        bool is_same = ask != NULL && ask->pat->kind == PAT_PIN &&
                       pattern_same_atom(ask->pat->atom, chosen->pat->atom);
        push(m, &split.then, is_same ? match_without(m, row, ask) : row);
        if (!is_same) {
            push(m, &split.otherwise, row);
        }
    }
    CoreExpr *test = match_test(m, chosen->pat->span, TEST_SAME, match_atom(m, chain, chosen->occ),
                                core_again(m->arena, chosen->pat->atom));
    return finish_split(m, test, &split, fail);
}

// Does every integer of `inner` lie in `outer`?
static bool range_within(const Pat *inner, const Pat *outer) {
    bool are_same =
        core_const_same(inner->value, outer->value) && core_const_same(inner->last, outer->last);
    return are_same || (in_range(inner->value, outer) == FIT_SURELY &&
                        in_range(inner->last, outer) == FIT_SURELY);
}

static bool range_apart(const Pat *a, const Pat *b) {
    bool are_small = a->value->kind == CONST_INT && a->last->kind == CONST_INT &&
                     b->value->kind == CONST_INT && b->last->kind == CONST_INT;
    return are_small &&
           (a->last->integer < b->value->integer || b->last->integer < a->value->integer);
}

static void split_range_row(Match *m, Split *split, const Row *row, const Ask *ask,
                            const Pat *range) {
    if (ask == NULL || ask->pat->kind == PAT_PIN || ask->pat->kind == PAT_SET) {
        push(m, &split->then, row);
        push(m, &split->otherwise, row);
        return;
    }
    if (ask->pat->kind == PAT_RANGE) {
        bool is_inside = range_within(ask->pat, range);
        if (range_within(range, ask->pat)) {
            push(m, &split->then, match_without(m, row, ask));
        } else if (!range_apart(ask->pat, range)) {
            push(m, &split->then, row);
        }
        if (!is_inside) {
            push(m, &split->otherwise, row);
        }
        return;
    }
    Fit fit = ask->pat->kind == PAT_CONST ? in_range(ask->pat->value, range) : FIT_NO;
    if (fit != FIT_NO) {
        push(m, &split->then, row);
    }
    if (fit != FIT_SURELY) {
        push(m, &split->otherwise, row);
    }
}

static CoreExpr *split_range(Match *m, const Rows *rows, const Ask *chosen, Chain *chain,
                             Target *fail) {
    const Pat *range = chosen->pat;
    Split split = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        split_range_row(m, &split, rows->items[i], match_ask_of(rows->items[i], chosen->occ),
                        range);
    }
    Span span = range->span;
    Target no = {0};
    CoreExpr *value = match_atom(m, chain, chosen->occ);
    CoreExpr *below = match_test(m, span, TEST_GE, core_lit(m->arena, span, range->last),
                                 core_again(m->arena, value));
    CoreExpr *above = match_test(m, span, TEST_GE, core_again(m->arena, value),
                                 core_lit(m->arena, span, range->value));
    CoreExpr *is_int = match_test(m, span, TEST_IS_INT, value, NULL);
    is_int->as.test.then = above;
    above->as.test.then = below;
    below->as.test.then = match_compile(m, &split.then, fail);
    is_int->as.test.otherwise = lower_goto(m->L, &no, span, CORE_NO_ARGS);
    above->as.test.otherwise = lower_goto(m->L, &no, span, CORE_NO_ARGS);
    below->as.test.otherwise = lower_goto(m->L, &no, span, CORE_NO_ARGS);
    return lower_place(m->L, &no, span, match_compile(m, &split.otherwise, fail), is_int);
}

// ---- Groups -------------------------------------------------------------------------------------

static bool map_parts_ways(const Pat *pat, const Pat *chosen) {
    if (pat->kind != PAT_MAP) {
        return pat->kind != PAT_PIN && pat->kind != PAT_OR &&
               !(pat->kind == PAT_CONST && pat->value->kind == CONST_MAP);
    }
    return chosen->entries == NULL ? pat->entries == NULL
                                   : entry_with(pat, chosen->entries->key) != NULL;
}

static bool range_parts_ways(const Pat *pat, const Pat *chosen) {
    switch (pat->kind) {
    case PAT_RANGE:
        return range_within(pat, chosen) || range_within(chosen, pat) || range_apart(pat, chosen);
    case PAT_CONST: return in_range(pat->value, chosen) != FIT_MAYBE;
    case PAT_PIN:
    case PAT_SET:
    case PAT_OR: return false;
    default: return true;
    }
}

// Will the test send the row one way only (or is there nothing to it)?
static bool parts_ways(const Match *m, const Row *row, const Ask *chosen) {
    const Ask *ask = match_ask_of(row, chosen->occ);
    if (ask == NULL) {
        return row->asks == NULL && m->clauses[row->clause].clause->guard == NULL;
    }
    switch (chosen->pat->kind) {
    case PAT_MAP: return map_parts_ways(ask->pat, chosen->pat);
    case PAT_RANGE: return range_parts_ways(ask->pat, chosen->pat);
    case PAT_REST: return match_rest_parts_ways(ask, chosen);
    case PAT_PIN:
        return ask->pat->kind == PAT_PIN && pattern_same_atom(ask->pat->atom, chosen->pat->atom);
    default: return true;
    }
}

uint32_t match_group_len(const Match *m, const Rows *rows, const Ask *chosen) {
    PatKind kind = chosen->pat->kind;
    if (kind != PAT_MAP && kind != PAT_RANGE && kind != PAT_REST && kind != PAT_PIN) {
        return rows->len;
    }
    uint32_t len = 1;
    while (len < rows->len && parts_ways(m, rows->items[len], chosen)) {
        len++;
    }
    return len;
}

// ---- All ----------------------------------------------------------------------------------------

CoreExpr *match_split(Match *m, const Rows *rows, const Ask *ask, Chain *chain, Target *fail) {
    switch (ask->pat->kind) {
    case PAT_CONST:
        return match_is_switchable(ask) ? split_switch(m, rows, ask, chain, fail)
                                        : split_const(m, rows, ask, chain, fail);
    case PAT_SET: return split_switch(m, rows, ask, chain, fail);
    case PAT_TUPLE: return split_tuple(m, rows, ask, chain, fail);
    case PAT_CONS:
    case PAT_EMPTY: return split_list(m, rows, ask, chain, fail);
    case PAT_MAP: return split_map(m, rows, ask, chain, fail);
    case PAT_RECORD: return split_record(m, rows, ask, chain, fail);
    case PAT_RANGE: return split_range(m, rows, ask, chain, fail);
    case PAT_PIN: return split_pin(m, rows, ask, chain, fail);
    case PAT_BITS: return match_bits(m, rows, ask, fail);
    case PAT_REST: return match_rest(m, rows, rows->items[0], ask, fail);
    case PAT_OR:
    case PAT_ANY: break;
    }
    CHECK(!"a pattern that is asked for");
    return NULL;
}

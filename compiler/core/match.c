// Pattern matching: rows of patterns to decision trees.
//
// After Maranget, "Compiling pattern matching to good decision trees" (2008), with rows as Jacobs keeps
// them: a row is the chain of what it still asks of values inside the subjects. The first row decides
// what is tested next: the value that most rows ask about. The test splits the rows: those that
// fit when it holds (asking on about the parts), and those that are left when it fails; a row that does
// not ask about the value is in both. A row that asks nothing more is a leaf: its guard, then its body.
// The body of a clause is made once; when several leaves reach it, it becomes a join that takes the bound names.
// A value is taken out of its parent (LET) where it is first needed on a path.
// Trees can be exponential in theory: past a limit the remaining rows are tried one by one instead, so the
// code stays linear in the patterns. Alternatives of constants alone are one ask (PAT_SET); cases of
// a switch that lead to the same rows share their tree.
// Tests: tests/unit/compiler/core/match_test.c, tests/stage, tests/lang/match.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/match_private.h"

enum {
    ROWS_LOOKED_AT = 32,   // by the heuristic
    ROWS_MIXED_MAX = 256,  // more clauses than this are compiled in blocks, one after another
    ROWS_PER_BLOCK = 64,
};

// ---- Occurrences ---------------------------------------------------------------------------------

Occ *match_occ(Match *m) { return ARENA_NEW(m->arena, Occ); }

CoreVar match_bind(Match *m, Occ *occ) {
    occ->var = lower_var(m->L);
    vec_push(m->arena, &m->trail, occ);
    return occ->var;
}

CoreExpr *match_atom(Match *m, Chain *chain, Occ *occ) {
    if (occ->var == 0) {
        static const CorePrim prims[] = {[OCC_ELEM] = PRIM_ELEM, [OCC_FIELD] = PRIM_FIELD,
                                         [OCC_HEAD] = PRIM_HEAD, [OCC_TAIL] = PRIM_TAIL};
        CHECK(occ->how >= OCC_ELEM && occ->how <= OCC_TAIL);
        CoreExpr *parent = match_atom(m, chain, occ->parent);
        CoreExpr *taken = core_prim_at(m->arena, m->span, prims[occ->how], occ->index, parent);
        taken->as.prim.record = occ->record;
        chain_let(m->L, chain, match_bind(m, occ), taken);
    }
    return core_var(m->arena, m->span, occ->var);
}

// Takes occurrences put into variables since `mark` out again: the path ends.
static void forget(Match *m, uint32_t mark) {
    while (m->trail.len > mark) {
        m->trail.items[--m->trail.len]->var = 0;
    }
}

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
        parts->items[i] = (Occ){.how = item, .parent = occ,
                                .index = how == OCC_HEAD ? 0 : i,
                                .record = how == OCC_FIELD ? id : 0};
    }
    occ->parts = parts;
    return parts->items;
}

// ---- Rows ----------------------------------------------------------------------------------------

Ask *match_ask_of(const Row *row, const Occ *occ) {
    Ask *ask = row->asks;
    while (ask != NULL && ask->occ != occ) {
        ask = ask->next;
    }
    return ask;
}

Row *match_without(Match *m, const Row *row, const Ask *ask) {
    Row *result = arena_copy(m->arena, row, sizeof(Row));
    Ask **hole = &result->asks;
    for (const Ask *a = row->asks; a != ask; a = a->next) {
        Ask *copy = arena_copy(m->arena, a, sizeof(Ask));
        *hole = copy;
        hole = &copy->next;
    }
    *hole = ask->next;
    return result;
}

static void learn(Match *m, Row *row, Occ *occ, const PatBind *binds) {
    for (const PatBind *bind = binds; bind != NULL; bind = bind->next) {
        Known *known = ARENA_NEW(m->arena, Known);
        *known = (Known){bind, occ, row->known};
        row->known = known;
    }
}

void match_add(Match *m, Row *row, Occ *occ, const Pat *pat) {
    learn(m, row, occ, pat->binds);
    if (pat->kind != PAT_ANY) {
        Ask *ask = ARENA_NEW(m->arena, Ask);
        *ask = (Ask){occ, pat, row->asks};
        row->asks = ask;
    }
}

// The row once the ask is known to hold, its parts asked about.
static Row *with_parts(Match *m, const Row *row, const Ask *ask, Occ *parts, uint32_t first) {
    Row *result = match_without(m, row, ask);
    for (uint32_t i = ask->pat->item_count; i > first; i--) {
        match_add(m, result, &parts[i - 1], ask->pat->items[i - 1]);
    }
    return result;
}

static void push(Match *m, Rows *rows, const Row *row) { vec_push(m->arena, rows, (Row *)row); }

static void add_alternatives(Match *m, Rows *out, Row *row, Occ *occ);

// Rows whose ask about `occ` is PAT_OR become one row for each alternative.
static Rows without_alternatives(Match *m, const Rows *rows, Occ *occ) {
    bool is_needed = false;
    for (uint32_t i = 0; i < rows->len && !is_needed; i++) {
        const Ask *ask = match_ask_of(rows->items[i], occ);
        is_needed = ask != NULL && ask->pat->kind == PAT_OR;
    }
    if (!is_needed) {
        return *rows;
    }
    Rows result = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        add_alternatives(m, &result, rows->items[i], occ);
    }
    return result;
}

static void choose_alternative(Match *m, Row *row, Pat *alternative) {
    Chosen *chosen = ARENA_NEW(m->arena, Chosen);
    *chosen = (Chosen){alternative, row->chosen};
    row->chosen = chosen;
}

static void add_alternatives(Match *m, Rows *out, Row *row, Occ *occ) {
    const Ask *ask = match_ask_of(row, occ);
    if (ask == NULL || ask->pat->kind != PAT_OR) {
        push(m, out, row);
        return;
    }
    for (uint32_t i = 0; i < ask->pat->item_count; i++) {
        Row *alternative = match_without(m, row, ask);
        choose_alternative(m, alternative, ask->pat->items[i]);
        match_add(m, alternative, occ, ask->pat->items[i]);
        add_alternatives(m, out, alternative, occ);
    }
}

// The ask of the first row whose value most of the next rows ask about, too.
static const Ask *choose(const Rows *rows) {
    const Ask *best = rows->items[0]->asks;
    uint32_t best_count = 0;
    if (best->next == NULL) {
        return best;
    }
    uint32_t looked_at = rows->len < ROWS_LOOKED_AT ? rows->len : ROWS_LOOKED_AT;
    for (const Ask *ask = rows->items[0]->asks; ask != NULL; ask = ask->next) {
        uint32_t count = 0;
        for (uint32_t i = 1; i < looked_at; i++) {
            count += match_ask_of(rows->items[i], ask->occ) != NULL;
        }
        // Alternatives multiply rows: they come last.
        count = ask->pat->kind == PAT_OR ? count : count + 1;
        if (count > best_count) {
            best = ask;
            best_count = count;
        }
    }
    return best;
}

// ---- Leaves --------------------------------------------------------------------------------------

static Occ *known_occ(const Row *row, Name name) {
    for (const Known *known = row->known; known != NULL; known = known->next) {
        if (known->bind->name == name) {
            return known->occ;
        }
    }
    return NULL;  // only after an error: an alternative that does not bind it
}

// The values of names, in their order, in variables.
static CoreExpr **values_of(Match *m, Chain *chain, const Row *row, const PatNames *names) {
    CoreExpr **values = arena_alloc(m->arena, names->len * sizeof(CoreExpr *));
    for (uint32_t i = 0; i < names->len; i++) {
        Occ *occ = known_occ(row, names->items[i]->name);
        values[i] = occ != NULL ? match_atom(m, chain, occ)
                                : chain_hold(m->L, chain, core_prim(m->arena, m->span, PRIM_SELF,
                                                                    CORE_NO_ARGS));
    }
    return values;
}

static void bind_names(Lower *L, const PatNames *names, CoreExpr *const *values) {
    for (uint32_t i = 0; i < names->len; i++) {
        lower_bind_again(L, names->items[i]->name, names->items[i]->span, values[i]->as.var);
    }
}

// The guard of a clause; if it does not hold the other rows are tried.
static CoreExpr *guarded_leaf(Match *m, const Rows *rows, MatchClause *clause, CoreExpr **values,
                              Target *fail) {
    Lower *L = m->L;
    Target yes = {0};
    Target no = {0};
    uint32_t diag_count = L->diags->list.len;
    LowerMark mark = lower_mark(L);
    bind_names(L, &clause->names, values);
    CoreExpr *tree = lower_guard(L, clause->clause->guard, &yes, &no);
    lower_release(L, mark);
    if (clause->guard_reported) {
        diags_cut(L->diags, diag_count);
    }
    clause->guard_reported = true;
    Span span = clause->clause->guard->span;
    CoreExpr *body = lower_goto(L, &clause->target, span, values, clause->names.len);
    tree = lower_place(L, &yes, span, body, tree);
    if (no.uses == 0) {
        return tree;
    }
    Rows rest = {.items = rows->items + 1, .len = rows->len - 1, .cap = rows->len - 1};
    return lower_place(L, &no, span, match_compile(m, &rest, fail), tree);
}

static CoreExpr *leaf(Match *m, const Rows *rows, Target *fail) {
    const Row *row = rows->items[0];
    Chain chain = {0};
    for (Chosen *chosen = row->chosen; chosen != NULL; chosen = chosen->next) {
        chosen->alternative->is_needed = true;
    }
    if (row->leaf != NULL) {
        CoreExpr **values = values_of(m, &chain, row, row->leaf->names);
        return chain_end(&chain, lower_goto(m->L, row->leaf->target, m->span, values,
                                            row->leaf->names->len));
    }
    MatchClause *clause = &m->clauses[row->clause];
    CoreExpr **values = values_of(m, &chain, row, &clause->names);
    CoreExpr *end = clause->clause->guard != NULL
                        ? guarded_leaf(m, rows, clause, values, fail)
                        : lower_goto(m->L, &clause->target, clause->clause->span, values,
                                     clause->names.len);
    return chain_end(&chain, end);
}

// ---- Tests ---------------------------------------------------------------------------------------

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

static CoreExpr *split_const(Match *m, const Rows *rows, const Ask *ask, Chain *chain, Target *fail) {
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

// ---- Switches ------------------------------------------------------------------------------------

typedef struct Case {
    const CoreConst *value;
    Rows rows;
    Target target;   // of the first case with the same rows
    uint32_t same;   // that case
} Case;

typedef struct Cases {
    Case *items;
    uint32_t len;
    uint32_t cap;
    uint32_t *slots;  // by hash: index + 1
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

static bool asks_switchable(const Ask *ask) {
    return ask != NULL && (ask->pat->kind == PAT_SET ||
                           (ask->pat->kind == PAT_CONST && pattern_is_switchable(ask->pat->value)));
}

static void collect_cases(Match *m, const Rows *rows, const Occ *occ, Cases *cases) {
    for (uint32_t i = 0; i < rows->len; i++) {
        const Ask *ask = match_ask_of(rows->items[i], occ);
        if (!asks_switchable(ask)) {
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
        if (asks_switchable(ask)) {
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
    return a->len == b->len && (a->len == 0 || memcmp(a->items, b->items, a->len * sizeof(Row *)) == 0);
}

// Finds for each case the first one with the same rows. Linear in the cases but for ones with equally many rows.
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

static CoreExpr *split_switch(Match *m, const Rows *rows, const Ask *ask, Chain *chain, Target *fail) {
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

// ---- Tuples, lists, records ----------------------------------------------------------------------

// Rows of the same shape go on with the parts, other shapes are out; when the test fails the reverse.
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

static bool same_kind(const Pat *pat, const Pat *chosen) { return pat->kind == chosen->kind; }

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

static CoreExpr *split_tuple(Match *m, const Rows *rows, const Ask *ask, Chain *chain, Target *fail) {
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

static CoreExpr *split_record(Match *m, const Rows *rows, const Ask *ask, Chain *chain, Target *fail) {
    Occ *parts = parts_of(m, ask->occ, OCC_FIELD, ask->pat->record, ask->pat->item_count);
    Split split = split_shape(m, rows, ask, same_record, parts, 0);
    CoreExpr *test = match_test(m, ask->pat->span, TEST_IS_RECORD_OF, match_atom(m, chain, ask->occ), NULL);
    test->as.test.record = ask->pat->record;
    return finish_split(m, test, &split, fail);
}

static CoreExpr *split_list(Match *m, const Rows *rows, const Ask *ask, Chain *chain, Target *fail) {
    bool is_cons = ask->pat->kind == PAT_CONS;
    Occ *parts = is_cons ? parts_of(m, ask->occ, OCC_HEAD, 0, 2) : NULL;
    Split split = split_shape(m, rows, ask, same_kind, parts, 0);
    CoreExpr *test = match_test(m, ask->pat->span, is_cons ? TEST_IS_CONS : TEST_IS_EMPTY,
                                match_atom(m, chain, ask->occ), NULL);
    return finish_split(m, test, &split, fail);
}

// ---- Maps ----------------------------------------------------------------------------------------

static const PatEntry *entry_with(const Pat *map, const CoreExpr *key) {
    for (const PatEntry *e = map->entries; e != NULL; e = e->next) {
        if (pattern_same_atom(e->key, key)) {
            return e;
        }
    }
    return NULL;
}

// The row once the value of one key is in `value`: the other keys are still asked for.
static Row *with_entry(Match *m, const Row *row, const Ask *ask, const PatEntry *entry, Occ *value) {
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

static CoreExpr *split_map(Match *m, const Rows *rows, const Ask *chosen, Chain *chain, Target *fail) {
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
    CoreExpr *test = match_test(m, chosen->pat->span, key == NULL ? TEST_IS_MAP : TEST_MAP_GET, subject,
                                key);
    if (key != NULL) {
        test->as.test.binds = match_bind(m, value);
    }
    return finish_split(m, test, &split, fail);
}

// ---- Pins and ranges -----------------------------------------------------------------------------

static CoreExpr *split_pin(Match *m, const Rows *rows, const Ask *chosen, Chain *chain, Target *fail) {
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
    bool are_same = core_const_same(inner->value, outer->value) && core_const_same(inner->last, outer->last);
    return are_same || (in_range(inner->value, outer) == FIT_SURELY && in_range(inner->last, outer) == FIT_SURELY);
}

static bool range_apart(const Pat *a, const Pat *b) {
    bool are_small = a->value->kind == CONST_INT && a->last->kind == CONST_INT &&
                     b->value->kind == CONST_INT && b->last->kind == CONST_INT;
    return are_small && (a->last->integer < b->value->integer || b->last->integer < a->value->integer);
}

static void split_range_row(Match *m, Split *split, const Row *row, const Ask *ask, const Pat *range) {
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

static CoreExpr *split_range(Match *m, const Rows *rows, const Ask *chosen, Chain *chain, Target *fail) {
    const Pat *range = chosen->pat;
    Split split = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        split_range_row(m, &split, rows->items[i], match_ask_of(rows->items[i], chosen->occ), range);
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

// ---- Rows one by one -----------------------------------------------------------------------------

static void collect_binds(Match *m, const Pat *pat, PatNames *names);

static void collect_segment_binds(Match *m, const BitsPat *bits, PatNames *names) {
    for (uint32_t i = 0; i < bits->count; i++) {
        if (!bits->segments[i].is_literal) {
            collect_binds(m, bits->segments[i].value, names);
        }
    }
}

static void collect_binds(Match *m, const Pat *pat, PatNames *names) {
    for (PatBind *bind = pat->binds; bind != NULL; bind = bind->next) {
        vec_push(m->arena, names, bind);
    }
    uint32_t count = pat->kind == PAT_OR ? 1 : pat->item_count;
    for (uint32_t i = 0; i < count; i++) {
        collect_binds(m, pat->items[i], names);
    }
    for (PatEntry *e = pat->entries; e != NULL; e = e->next) {
        collect_binds(m, e->value, names);
    }
    if (pat->kind == PAT_BITS) {
        collect_segment_binds(m, pat->bits, names);
    }
}

// The alternatives of a row that is tried alone: each leads to one place, which goes on with the row.
static CoreExpr *alternatives_apart(Match *m, const Row *row, const Ask *ask, Target *fail) {
    PatNames *names = ARENA_NEW(m->arena, PatNames);
    collect_binds(m, ask->pat->items[0], names);
    CoreVar *params = arena_alloc(m->arena, names->len * sizeof(CoreVar));
    Target *found = ARENA_NEW(m->arena, Target);
    *found = (Target){.params = params, .param_count = names->len, .needs_join = true};
    OrLeaf *to_found = ARENA_NEW(m->arena, OrLeaf);
    *to_found = (OrLeaf){found, names};
    CoreExpr *tree = lower_goto(m->L, fail, ask->pat->span, CORE_NO_ARGS);
    for (uint32_t i = ask->pat->item_count; i > 0; i--) {
        Row *alone = ARENA_NEW(m->arena, Row);
        *alone = (Row){.clause = row->clause, .leaf = to_found};
        match_add(m, alone, ask->occ, ask->pat->items[i - 1]);
        Target *next = ARENA_NEW(m->arena, Target);
        Rows one = {.items = &alone, .len = 1, .cap = 1};
        CoreExpr *this = match_compile(m, &one, next);
        tree = lower_place(m->L, next, ask->pat->span, tree, this);
    }
    Row *rest = match_without(m, row, ask);
    learn(m, rest, ask->occ, ask->pat->binds);
    for (uint32_t i = 0; i < names->len; i++) {
        Occ *occ = match_occ(m);
        params[i] = lower_var(m->L);
        occ->var = params[i];
        Known *known = ARENA_NEW(m->arena, Known);
        *known = (Known){names->items[i], occ, rest->known};
        rest->known = known;
    }
    Rows one = {.items = &rest, .len = 1, .cap = 1};
    return lower_place(m->L, found, ask->pat->span, match_compile(m, &one, fail), tree);
}

// Groups of rows tried one after another, `size` at a time: the next one is a join that the one before jumps to.
static CoreExpr *compile_apart(Match *m, const Rows *rows, uint32_t size, Target *fail) {
    m->gave_up = true;
    CoreExpr *rest = NULL;
    uint32_t groups = (rows->len + size - 1) / size;
    for (uint32_t g = groups; g > 0; g--) {
        uint32_t from = (g - 1) * size;
        uint32_t len = g == groups ? rows->len - from : size;
        Rows group = {.items = rows->items + from, .len = len, .cap = len};
        if (rest == NULL) {
            rest = match_compile(m, &group, fail);
        } else {
            Target *next = ARENA_NEW(m->arena, Target);
            next->needs_join = true;
            CoreExpr *tree = match_compile(m, &group, next);
            rest = lower_place(m->L, next, m->span, rest, tree);
        }
    }
    return rest;
}

// ---- Groups --------------------------------------------------------------------------------------

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

// How many of the first rows are split by the test without any being in both parts. Only tests that tell little apart
// (of a key, a segment, a pinned value, a range) are limited so: with them trees would grow fast.
static uint32_t group_len(const Match *m, const Rows *rows, const Ask *chosen) {
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

// ---- The tree ------------------------------------------------------------------------------------

static CoreExpr *split(Match *m, const Rows *rows, const Ask *ask, Chain *chain, Target *fail) {
    switch (ask->pat->kind) {
    case PAT_CONST:
        return asks_switchable(ask) ? split_switch(m, rows, ask, chain, fail)
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

// The rows tested by the first row's ask: those in its group together, then the others.
static CoreExpr *compile_group(Match *m, const Rows *rows, const Ask *ask, Target *fail) {
    uint32_t mark = m->trail.len;
    uint32_t len = group_len(m, rows, ask);
    Chain chain = {0};
    if (len == rows->len) {
        CoreExpr *tree = split(m, rows, ask, &chain, fail);
        forget(m, mark);
        return chain_end(&chain, tree);
    }
    Target next = {0};
    Rows group = {.items = rows->items, .len = len, .cap = len};
    Rows rest = {.items = rows->items + len, .len = rows->len - len, .cap = rows->len - len};
    CoreExpr *tree = split(m, &group, ask, &chain, &next);
    tree = chain_end(&chain, tree);
    forget(m, mark);
    if (next.uses == 0) {
        return tree;
    }
    return lower_place(m->L, &next, ask->pat->span, match_compile(m, &rest, fail), tree);
}

CoreExpr *match_compile(Match *m, const Rows *rows, Target *fail) {
    if (rows->len == 0) {
        return lower_goto(m->L, fail, m->span, CORE_NO_ARGS);
    }
    uint32_t mark = m->trail.len;
    CoreExpr *result;
    bool is_apart = ++m->node_count > m->node_limit;
    if (rows->items[0]->asks == NULL) {
        result = leaf(m, rows, fail);
    } else if (is_apart && rows->len > 1) {
        result = compile_apart(m, rows, 1, fail);
    } else {
        const Ask *ask = choose(rows);
        if (is_apart && ask->pat->kind == PAT_OR) {
            result = alternatives_apart(m, rows->items[0], ask, fail);
        } else {
            Rows plain = without_alternatives(m, rows, ask->occ);
            ask = match_ask_of(plain.items[0], ask->occ);
            // An alternative may ask nothing: then the first row asks about something else, or is a leaf.
            result = ask == NULL ? match_compile(m, &plain, fail) : compile_group(m, &plain, ask, fail);
        }
    }
    forget(m, mark);
    return result;
}

// Are there so many clauses, tested one after another, that the tree would be very deep?
static bool wants_blocks(const Rows *rows) {
    if (rows->len <= ROWS_MIXED_MAX) {
        return false;
    }
    if (rows->items[0]->asks == NULL || rows->len > 16 * ROWS_MIXED_MAX) {
        return true;
    }
    const Ask *ask = choose(rows);
    return !asks_switchable(ask) && ask->pat->kind != PAT_TUPLE && ask->pat->kind != PAT_RECORD;
}

static Rows first_rows(Match *m, Patterns *p, const CoreVar *subjects, uint32_t subject_count,
                       uint32_t clause_count) {
    Occ *occs = ARENA_NEW_ARRAY(m->arena, Occ, subject_count);
    for (uint32_t i = 0; i < subject_count; i++) {
        occs[i].var = subjects[i];
    }
    Rows rows = {0};
    for (uint32_t i = 0; i < clause_count; i++) {
        MatchClause *clause = &m->clauses[i];
        p->names = &clause->names;
        Pat **pats = arena_alloc(m->arena, subject_count * sizeof(Pat *));
        for (uint32_t k = 0; k < subject_count; k++) {
            pats[k] = pattern_make(p, clause->clause->patterns[k]);
        }
        Row *row = ARENA_NEW(m->arena, Row);
        row->clause = i;
        for (uint32_t k = subject_count; k > 0; k--) {
            match_add(m, row, &occs[k - 1], pats[k - 1]);
        }
        clause->target.param_count = clause->names.len;
        push(m, &rows, row);
    }
    return rows;
}

// Makes the body of a clause and puts it where the leaves go; the result is the tree with it.
static CoreExpr *place_body(Match *m, MatchClause *clause, uint32_t index, LowerBody body, void *data,
                            CoreExpr *tree) {
    Lower *L = m->L;
    Target *target = &clause->target;
    uint32_t count = clause->names.len;
    CoreExpr **values = arena_alloc(m->arena, count * sizeof(CoreExpr *));
    CoreVar *params = arena_alloc(m->arena, count * sizeof(CoreVar));
    bool is_inline = target->uses == 1;
    for (uint32_t i = 0; i < count; i++) {
        params[i] = is_inline ? target->first->as.jump.args.items[i]->as.var : lower_var(L);
        values[i] = core_var(m->arena, clause->clause->span, params[i]);
    }
    // A single leaf has the values in variables of its own: nothing is passed.
    target->params = params;
    target->param_count = is_inline ? 0 : count;
    LowerMark mark = lower_mark(L);
    bind_names(L, &clause->names, values);
    CoreExpr *made = body(L, clause->clause, index, data);
    lower_release(L, mark);
    return lower_place(L, target, clause->clause->span, made, tree);
}

// Alternatives by which no leaf is reached; only where every clause is.
static void report_idle_alternatives(Lower *L, const Pats *alternatives) {
    for (uint32_t i = 0; i < alternatives->len; i++) {
        if (!alternatives->items[i]->is_needed) {
            DIAG(L->diags, alternative_repeated, alternatives->items[i]->span);
        }
    }
}

CoreExpr *lower_clauses(Lower *L, Span span, const CoreVar *subjects, uint32_t subject_count,
                        const LowerClause *clauses, uint32_t clause_count, LowerBody body,
                        CoreExpr *otherwise, void *data) {
    Match m = {.L = L, .arena = L->arena, .span = span};
    m.clauses = ARENA_NEW_ARRAY(L->arena, MatchClause, clause_count);
    for (uint32_t i = 0; i < clause_count; i++) {
        m.clauses[i].clause = &clauses[i];
    }
    uint32_t errors = L->diags->error_count;
    Chain before = {0};
    Patterns p = {.L = L, .before = &before};
    Rows rows = first_rows(&m, &p, subjects, subject_count, clause_count);
    if (p.is_too_large) {
        rows.len = 0;
    }
    m.node_limit = 16 * p.size + 64 * clause_count + 512;
    Target fail = {0};
    CoreExpr *tree = wants_blocks(&rows) ? compile_apart(&m, &rows, ROWS_PER_BLOCK, &fail)
                                         : match_compile(&m, &rows, &fail);
    bool may_judge = !m.gave_up && errors == L->diags->error_count;
    for (uint32_t i = 0; i < clause_count; i++) {
        if (may_judge && m.clauses[i].target.uses == 0 && !clauses[i].may_be_idle) {
            DIAG(L->diags, pattern_unreachable, clauses[i].span);
        }
        tree = place_body(&m, &m.clauses[i], i, body, data, tree);
    }
    if (may_judge && errors == L->diags->error_count) {
        report_idle_alternatives(L, &p.alternatives);
    }
    tree = lower_place(L, &fail, otherwise->span, otherwise, tree);
    return chain_end(&before, tree);
}

// Pattern matching: rows of patterns to decision trees.
//
// After Maranget, "Compiling pattern matching to good decision trees" (2008), with rows as Jacobs
// keeps them: a row is the chain of what it still asks of values inside the subjects. The first row
// decides what is tested next: the value that most rows ask about. The test splits the rows: those
// that fit when it holds (asking on about the parts), and those that are left when it fails; a row
// that does not ask about the value is in both. A row that asks nothing more is a leaf: its guard,
// then its body. The body of a clause is made once; when several leaves reach it, it becomes a join
// that takes the bound names. A value is taken out of its parent (LET) where it is first needed on
// a path. Trees can be exponential in theory: past a limit the remaining rows are tried one by one
// instead, so the code stays linear in the patterns. Alternatives of constants alone are one ask
// (PAT_SET); cases of a switch that lead to the same rows share their tree.
// Tests: tests/unit/compiler/core/match_test.c, tests/stage, tests/lang/match.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/match_private.h"

enum {
    ROWS_LOOKED_AT = 32,  // by the heuristic
    ROWS_MIXED_MAX = 256, // more clauses than this are compiled in blocks, one after another
    ROWS_PER_BLOCK = 64,
};

// ---- Occurrences --------------------------------------------------------------------------------

Occ *match_occ(Match *m) {
    return ARENA_NEW(m->arena, Occ);
}

CoreVar match_bind(Match *m, Occ *occ) {
    occ->var = lower_var(m->L);
    vec_push(m->arena, &m->trail, occ);
    return occ->var;
}

CoreExpr *match_atom(Match *m, Chain *chain, Occ *occ) {
    if (occ->var == 0) {
        static const CorePrim prims[] = {[OCC_ELEM] = PRIM_ELEM,
                                         [OCC_FIELD] = PRIM_FIELD,
                                         [OCC_HEAD] = PRIM_HEAD,
                                         [OCC_TAIL] = PRIM_TAIL};
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

// ---- Rows ---------------------------------------------------------------------------------------

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

static void push(Match *m, Rows *rows, const Row *row) {
    vec_push(m->arena, rows, (Row *)row);
}

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

// ---- Leaves -------------------------------------------------------------------------------------

static Occ *known_occ(const Row *row, Name name) {
    for (const Known *known = row->known; known != NULL; known = known->next) {
        if (known->bind->name == name) {
            return known->occ;
        }
    }
    return NULL; // only after an error: an alternative that does not bind it
}

// The values of names, in their order, in variables.
static CoreExpr **values_of(Match *m, Chain *chain, const Row *row, const PatNames *names) {
    CoreExpr **values = arena_alloc(m->arena, names->len * sizeof(CoreExpr *));
    for (uint32_t i = 0; i < names->len; i++) {
        Occ *occ = known_occ(row, names->items[i]->name);
        values[i] = occ != NULL ? match_atom(m, chain, occ)
                                : chain_hold(m->L, chain,
                                             core_prim(m->arena, m->span, PRIM_SELF, CORE_NO_ARGS));
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
        return chain_end(
            &chain, lower_goto(m->L, row->leaf->target, m->span, values, row->leaf->names->len));
    }
    MatchClause *clause = &m->clauses[row->clause];
    CoreExpr **values = values_of(m, &chain, row, &clause->names);
    CoreExpr *end =
        clause->clause->guard != NULL
            ? guarded_leaf(m, rows, clause, values, fail)
            : lower_goto(m->L, &clause->target, clause->clause->span, values, clause->names.len);
    return chain_end(&chain, end);
}

// ---- Rows one by one ----------------------------------------------------------------------------

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

// The alternatives of a row that is tried alone: each leads to one place, which goes on with the
// row.
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

// Groups of rows tried one after another, `size` at a time: the next one is a join that the one
// before jumps to.
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

// ---- The tree -----------------------------------------------------------------------------------

// The rows tested by the first row's ask: those in its group together, then the others.
static CoreExpr *compile_group(Match *m, const Rows *rows, const Ask *ask, Target *fail) {
    uint32_t mark = m->trail.len;
    uint32_t len = match_group_len(m, rows, ask);
    Chain chain = {0};
    if (len == rows->len) {
        CoreExpr *tree = match_split(m, rows, ask, &chain, fail);
        forget(m, mark);
        return chain_end(&chain, tree);
    }
    Target next = {0};
    Rows group = {.items = rows->items, .len = len, .cap = len};
    Rows rest = {.items = rows->items + len, .len = rows->len - len, .cap = rows->len - len};
    CoreExpr *tree = match_split(m, &group, ask, &chain, &next);
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
            // An alternative may ask nothing: then the first row asks about something else, or is a
            // leaf.
            result =
                ask == NULL ? match_compile(m, &plain, fail) : compile_group(m, &plain, ask, fail);
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
    return !match_is_switchable(ask) && ask->pat->kind != PAT_TUPLE && ask->pat->kind != PAT_RECORD;
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
static CoreExpr *place_body(Match *m, MatchClause *clause, uint32_t index, LowerBody body,
                            void *data, CoreExpr *tree) {
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
    m.node_limit = 4 * p.size + 32 * clause_count + 256;
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

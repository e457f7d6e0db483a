// Patterns from the tree to Pats; compiler/core/pattern.h explains them.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/pattern.h"

#include "compiler/base/check.h"
#include "vm/ops/ops.h"

enum { PATTERN_MAX_SIZE = 2000 }; // parts of one pattern; it bounds how deep a decision tree is

static Pat *pat_new(Patterns *p, PatKind kind, Span span) {
    Pat *pat = ARENA_NEW(p->L->arena, Pat);
    pat->kind = kind;
    pat->span = span;
    p->size++;
    return pat;
}

static Pat *pat_const(Patterns *p, Span span, const CoreConst *value) {
    Pat *pat = pat_new(p, PAT_CONST, span);
    pat->value = value;
    return pat;
}

static Pat *pat_items(Patterns *p, PatKind kind, Span span, Pat *const *items, uint32_t count) {
    Pat *pat = pat_new(p, kind, span);
    pat->items = arena_copy(p->L->arena, items, count * sizeof(Pat *));
    pat->item_count = count;
    return pat;
}

// ---- Names --------------------------------------------------------------------------------------

static void add_bind(Patterns *p, Pat *pat, Name name, Span span) {
    if (name_is(name, NAME_UNDERSCORE)) {
        return;
    }
    PatBind *bind = ARENA_NEW(p->L->arena, PatBind);
    *bind = (PatBind){.name = name, .span = span, .within = p->within, .next = pat->binds};
    pat->binds = bind;
    for (uint32_t i = 0; i < p->names->len; i++) {
        if (p->names->items[i]->name == name) {
            DIAG(p->L->diags, pattern_name_twice, span, name_str(name));
            return;
        }
    }
    lower_check_hides(p->L, name, span);
    vec_push(p->L->arena, p->names, bind);
}

static Pat *make_pin(Patterns *p, const AstPatPin *pin) {
    Lower *L = p->L;
    Span span = pin->node.span;
    CoreExpr *value = chain_hold(L, p->before, lower_name_value(L, pin->name, span));
    if (value->kind == CORE_LIT) {
        return pat_const(p, span, value->as.lit);
    }
    Pat *pat = pat_new(p, PAT_PIN, span);
    pat->atom = value;
    return pat;
}

static bool has_name(const PatNames *names, Name name) {
    for (uint32_t i = 0; i < names->len; i++) {
        if (names->items[i]->name == name) {
            return true;
        }
    }
    return false;
}

// Reports the names from `from` on in `some` that `others` lacks.
static void report_missing(Patterns *p, const PatNames *some, uint32_t from, const PatNames *others,
                           Span span) {
    for (uint32_t i = from; i < some->len; i++) {
        if (!has_name(others, some->items[i]->name)) {
            DIAG(p->L->diags, alternative_names, span, name_str(some->items[i]->name));
            diag_note(p->L->diags, some->items[i]->span, STR("it is bound here"));
        }
    }
}

static void set_consts(Patterns *p, Pat *pat) {
    pat->consts = arena_alloc(p->L->arena, pat->item_count * sizeof(CoreConst *));
    for (uint32_t i = 0; i < pat->item_count; i++) {
        const CoreConst *value = pat->items[i]->value;
        bool is_repeated = false;
        for (uint32_t k = 0; k < pat->const_count && !is_repeated; k++) {
            is_repeated = core_const_same(pat->consts[k], value);
        }
        if (is_repeated) {
            DIAG(p->L->diags, alternative_repeated, pat->items[i]->span);
        } else {
            pat->consts[pat->const_count++] = value;
        }
    }
}

static Pat *make_or(Patterns *p, const AstPatOr *node) {
    uint32_t count = node->alternatives.len;
    Pat **items = arena_alloc(p->L->arena, count * sizeof(Pat *));
    uint32_t before = p->names->len;
    PatNames first = {0};
    bool is_set = true;
    for (uint32_t i = 0; i < count; i++) {
        const AstNode *alternative = node->alternatives.items[i];
        PatNames mine = {0};
        for (uint32_t k = 0; k < before; k++) {
            vec_push(p->L->arena, &mine, p->names->items[k]);
        }
        PatNames *outer = p->names;
        p->names = &mine;
        items[i] = pattern_make(p, alternative);
        p->names = outer;
        if (i == 0) {
            first = mine;
        } else {
            report_missing(p, &first, before, &mine, alternative->span);
            report_missing(p, &mine, before, &first, node->alternatives.items[0]->span);
        }
        is_set &= items[i]->kind == PAT_CONST && items[i]->binds == NULL &&
                  pattern_is_switchable(items[i]->value);
    }
    for (uint32_t k = before; k < first.len; k++) {
        vec_push(p->L->arena, p->names, first.items[k]);
    }
    Pat *pat = pat_items(p, is_set ? PAT_SET : PAT_OR, node->node.span, items, count);
    for (uint32_t i = 0; i < count && !is_set; i++) {
        vec_push(p->L->arena, &p->alternatives, items[i]);
    }
    if (is_set) {
        set_consts(p, pat);
    }
    return pat;
}

// ---- Data ---------------------------------------------------------------------------------------

static Pat *make_tuple(Patterns *p, Span span, Name tag, Span tag_span, const AstList *list) {
    uint32_t first = tag != NULL;
    uint32_t count = list->len + first;
    Pat **items = arena_alloc(p->L->arena, count * sizeof(Pat *));
    if (tag != NULL) {
        items[0] = pat_const(p, tag_span, core_const_atom(p->L->arena, tag));
    }
    for (uint32_t i = 0; i < list->len; i++) {
        items[first + i] = pattern_make(p, list->items[i]);
    }
    return pat_items(p, PAT_TUPLE, span, items, count);
}

static bool is_plain_const(const Pat *pat) {
    return pat->kind == PAT_CONST && pat->binds == NULL;
}

enum { LIST_MAX_CELLS = 16 }; // a longer list of constants is compared whole

static Pat *make_list(Patterns *p, const AstPatList *node) {
    Span span = node->node.span;
    uint32_t count = node->items.len;
    Pat **items = arena_alloc(p->L->arena, count * sizeof(Pat *));
    bool is_const = node->tail == NULL && count > LIST_MAX_CELLS;
    for (uint32_t i = 0; i < count; i++) {
        items[i] = pattern_make(p, node->items.items[i]);
        is_const &= is_plain_const(items[i]);
    }
    if (is_const) {
        CoreConst **consts = arena_alloc(p->L->arena, count * sizeof(CoreConst *));
        for (uint32_t i = 0; i < count; i++) {
            consts[i] = (CoreConst *)items[i]->value;
        }
        p->size -= count;
        return pat_const(
            p, span, core_const_list(p->L->arena, consts, count, core_const_empty(p->L->arena)));
    }
    Pat *rest = node->tail == NULL ? pat_new(p, PAT_EMPTY, span) : pattern_make(p, node->tail);
    for (uint32_t i = count; i > 0; i--) {
        rest = pat_items(p, PAT_CONS, span, (Pat *[]){items[i - 1], rest}, 2);
    }
    return rest;
}

static CoreExpr *make_key(Patterns *p, const AstNode *node);

static CoreExpr *make_keys(Patterns *p, Span span, Name tag, const AstList *list, bool is_list) {
    Lower *L = p->L;
    uint32_t first = tag != NULL;
    uint32_t count = list->len + first;
    CoreExpr **items = arena_alloc(L->arena, count * sizeof(CoreExpr *));
    CoreConst **consts = arena_alloc(L->arena, count * sizeof(CoreConst *));
    bool is_const = true;
    if (tag != NULL) {
        items[0] = core_atom(L->arena, span, tag);
    }
    for (uint32_t i = 0; i < list->len; i++) {
        items[first + i] = make_key(p, list->items[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        is_const &= items[i]->kind == CORE_LIT;
        consts[i] = is_const ? (CoreConst *)items[i]->as.lit : NULL;
    }
    if (is_const) {
        CoreConst *value =
            is_list ? core_const_list(L->arena, consts, count, core_const_empty(L->arena))
                    : core_const_items(L->arena, CONST_TUPLE, consts, count);
        return core_lit(L->arena, span, value);
    }
    if (!is_list) {
        return chain_hold(L, p->before, core_prim(L->arena, span, PRIM_TUPLE, items, count));
    }
    CoreExpr *made = core_empty(L->arena, span);
    for (uint32_t i = count; i > 0; i--) {
        CoreExpr *cell = core_prim(L->arena, span, PRIM_CONS, CORE_ARGS(items[i - 1], made));
        made = chain_hold(L, p->before, cell);
    }
    return made;
}

// The key of a map pattern, which binds nothing, as something atomic.
static CoreExpr *make_key(Patterns *p, const AstNode *node) {
    Lower *L = p->L;
    switch (node->kind) {
    case AST_PAT_TUPLE:
        return make_keys(p, node->span, NULL, &AST_AS(PatTuple, node)->items, false);
    case AST_PAT_TAGGED:
        return make_keys(p, node->span, AST_AS(PatTagged, node)->tag,
                         &AST_AS(PatTagged, node)->args, false);
    case AST_PAT_LIST: return make_keys(p, node->span, NULL, &AST_AS(PatList, node)->items, true);
    default: break;
    }
    PatNames none = {0};
    PatNames *outer = p->names;
    p->names = &none;
    const Pat *pat = pattern_make(p, node);
    p->names = outer;
    return pat->kind == PAT_CONST ? core_lit(L->arena, node->span, pat->value)
           : pat->kind == PAT_PIN ? pat->atom
                                  : lower_nil(L, node->span);
}

bool pattern_same_atom(const CoreExpr *a, const CoreExpr *b) {
    if (a->kind != b->kind) {
        return false;
    }
    return a->kind == CORE_VAR ? a->as.var == b->as.var : core_const_same(a->as.lit, b->as.lit);
}

static Pat *make_map(Patterns *p, const AstPatMap *node) {
    Pat *pat = pat_new(p, PAT_MAP, node->node.span);
    PatEntry **last = &pat->entries;
    for (uint32_t i = 0; i < node->entries.len; i++) {
        const AstPatEntry *given = AST_AS(PatEntry, node->entries.items[i]);
        PatEntry *entry = ARENA_NEW(p->L->arena, PatEntry);
        entry->key = make_key(p, given->key);
        entry->value = pattern_make(p, given->value);
        p->size++;
        for (PatEntry *e = pat->entries; e != NULL; e = e->next) {
            if (pattern_same_atom(e->key, entry->key)) {
                DIAG(p->L->diags, pattern_key_twice, given->key->span);
            }
        }
        *last = entry;
        last = &entry->next;
    }
    return pat;
}

static Pat *make_record(Patterns *p, const AstPatRecord *node) {
    Lower *L = p->L;
    Def *def = scope_def(L->scope, node->path, DEF_RECORD);
    Pat **items = ARENA_NEW_ARRAY(L->arena, Pat *, def == NULL ? 0 : def->field_count);
    for (uint32_t i = 0; i < node->fields.len; i++) {
        const AstPatField *field = AST_AS(PatField, node->fields.items[i]);
        Pat *value = pattern_make(p, field->value);
        int32_t index =
            def == NULL ? -1 : scope_field(L->scope, def, field->name, field->name_span);
        if (index >= 0 && items[index] != NULL) {
            DIAG(L->diags, field_repeated, field->name_span, name_str(field->name));
        } else if (index >= 0) {
            items[index] = value;
        }
    }
    if (def == NULL) {
        return pat_new(p, PAT_ANY, node->node.span);
    }
    for (uint32_t i = 0; i < def->field_count; i++) {
        items[i] = items[i] != NULL ? items[i] : pat_new(p, PAT_ANY, node->node.span);
    }
    Pat *pat = pat_items(p, PAT_RECORD, node->node.span, items, def->field_count);
    pat->record = lower_record_number(L, def);
    return pat;
}

static Pat *make_range(Patterns *p, const AstPatRange *node) {
    Pat *pat = pat_new(p, PAT_RANGE, node->node.span);
    pat->value = lower_int_const(p->L, node->first);
    pat->last = lower_int_const(p->L, node->last);
    bool is_empty = pat->value->kind == CONST_INT && pat->last->kind == CONST_INT &&
                    pat->value->integer > pat->last->integer;
    if (is_empty) {
        DIAG(p->L->diags, pattern_never, node->node.span);
    }
    return pat;
}

// ---- Bytes --------------------------------------------------------------------------------------

static uint32_t spec_of(const AstPatSegment *s) {
    uint32_t quality = (s->is_little ? SEG_LITTLE : 0) | (s->is_signed ? SEG_SIGNED : 0);
    switch (s->kind) {
    case AST_SEGMENT_FLOAT: return SEG_FLOAT | (quality & SEG_LITTLE);
    case AST_SEGMENT_BYTES: return SEG_BYTES;
    case AST_SEGMENT_UTF8: return SEG_UTF8;
    default: return SEG_INT | quality;
    }
}

// A constant size in bits, or -1 when it is only known when matching.
static int64_t constant_size(Patterns *p, const AstPatSegment *s) {
    int64_t unit = s->kind == AST_SEGMENT_BYTES ? 8 : 1;
    if (s->size == NULL) {
        return s->kind == AST_SEGMENT_FLOAT                                   ? 64
               : s->kind == AST_SEGMENT_INT || s->kind == AST_SEGMENT_DEFAULT ? 8
                                                                              : -1;
    }
    if (s->size->kind != AST_INT) {
        return -1;
    }
    const AstInt *size = AST_AS(Int, s->size);
    if (!size->fits || size->value > INT32_MAX / 8) {
        DIAG(p->L->diags, segment_size, s->size->span);
        return 0;
    }
    if (s->kind == AST_SEGMENT_FLOAT && size->value != 16 && size->value != 32 &&
        size->value != 64) {
        DIAG(p->L->diags, segment_float_size, s->size->span);
    }
    return size->value * unit;
}

// Can an integer of so many bits be this constant?
static bool never_fits(const PatSegment *s) {
    if ((s->spec & SEG_TYPE_MASK) != SEG_INT || s->value->kind != PAT_CONST || s->bits < 0 ||
        s->bits > 62) {
        return false;
    }
    const CoreConst *value = s->value->value;
    if (value->kind != CONST_INT) {
        return true;
    }
    if (s->spec & SEG_SIGNED) {
        int64_t half = s->bits == 0 ? 0 : (int64_t)1 << (s->bits - 1);
        return value->integer < -half || value->integer >= (half == 0 ? 1 : half);
    }
    return value->integer < 0 || value->integer >= (int64_t)1 << s->bits;
}

// Can what a segment gives ever fit the pattern? Alternatives are looked at one by one.
static bool may_be_segment(const Pat *pat, uint32_t type) {
    switch (pat->kind) {
    case PAT_ANY:
    case PAT_PIN: return true;
    case PAT_CONST:
        return type == SEG_BYTES   ? pat->value->kind == CONST_BYTES
               : type == SEG_FLOAT ? pat->value->kind == CONST_FLOAT
                                   : pat->value->kind == CONST_INT || pat->value->kind == CONST_BIG;
    case PAT_SET:
    case PAT_OR:
        for (uint32_t i = 0; i < pat->item_count; i++) {
            if (may_be_segment(pat->items[i], type)) {
                return true;
            }
        }
        return false;
    case PAT_RANGE: return type == SEG_INT || type == SEG_UTF8;
    case PAT_BITS: return type == SEG_BYTES;
    default: return false;
    }
}

static void make_segment(Patterns *p, PatSegment *out, const AstPatSegment *s, bool is_last) {
    out->span = s->node.span;
    out->spec = spec_of(s);
    bool is_text =
        s->value->kind == AST_STRING &&
        (s->kind == AST_SEGMENT_DEFAULT || (s->kind == AST_SEGMENT_BYTES && s->size == NULL));
    if (is_text) {
        out->is_literal = true;
        out->literal = AST_AS(String, s->value)->bytes;
        p->size++;
        return;
    }
    out->value = pattern_make(p, s->value);
    out->size = s->size;
    out->bits = constant_size(p, s);
    out->is_rest = s->kind == AST_SEGMENT_BYTES && s->size == NULL;
    if (out->is_rest && !is_last) {
        DIAG(p->L->diags, segment_rest, s->node.span);
    }
    if (!may_be_segment(out->value, out->spec & SEG_TYPE_MASK)) {
        DIAG(p->L->diags, segment_pattern, s->value->span);
    } else if (never_fits(out)) {
        DIAG(p->L->diags, pattern_never, s->node.span);
    }
}

// A value is whole bytes: constant sizes that are not, together, never match.
static void check_total(Patterns *p, const Pat *pat) {
    int64_t total = 0;
    for (uint32_t i = 0; i < pat->bits->count; i++) {
        const PatSegment *s = &pat->bits->segments[i];
        bool is_whole = s->is_literal || s->is_rest || (s->spec & SEG_TYPE_MASK) == SEG_UTF8 ||
                        (s->spec & SEG_TYPE_MASK) == SEG_BYTES;
        if (!is_whole && s->bits < 0) {
            return;
        }
        total += is_whole ? 0 : s->bits;
    }
    if (total % 8 != 0) {
        DIAG(p->L->diags, pattern_never, pat->span);
    }
}

static Pat *make_bytes(Patterns *p, const AstPatBytes *node) {
    Pat *pat = pat_new(p, PAT_BITS, node->node.span);
    pat->bits = ARENA_NEW(p->L->arena, BitsPat);
    pat->bits->count = node->segments.len;
    pat->bits->segments = ARENA_NEW_ARRAY(p->L->arena, PatSegment, node->segments.len);
    const BitsPat *outer = p->within;
    p->within = pat->bits;
    for (uint32_t i = 0; i < node->segments.len; i++) {
        make_segment(p, &pat->bits->segments[i], AST_AS(PatSegment, node->segments.items[i]),
                     i + 1 == node->segments.len);
    }
    p->within = outer;
    check_total(p, pat);
    return pat;
}

static Pat *make_prefix(Patterns *p, const AstPatPrefix *node) {
    Pat *pat = pat_new(p, PAT_BITS, node->node.span);
    PatSegment *segments = ARENA_NEW_ARRAY(p->L->arena, PatSegment, 2);
    segments[0] = (PatSegment){
        .span = node->prefix->node.span, .is_literal = true, .literal = node->prefix->bytes};
    segments[1] = (PatSegment){.span = node->rest->span,
                               .spec = SEG_BYTES,
                               .is_rest = true,
                               .bits = -1,
                               .value = pattern_make(p, node->rest)};
    pat->bits = ARENA_NEW(p->L->arena, BitsPat);
    *pat->bits = (BitsPat){.segments = segments, .count = 2};
    return pat;
}

// ---- All ----------------------------------------------------------------------------------------

static Pat *make(Patterns *p, const AstNode *node) {
    Arena *arena = p->L->arena;
    Span span = node->span;
    Pat *pat;
    switch (node->kind) {
    case AST_INT: return pat_const(p, span, lower_int_const(p->L, AST_AS(Int, node)));
    case AST_FLOAT: return pat_const(p, span, core_const_float(arena, AST_AS(Float, node)->value));
    case AST_STRING:
        return pat_const(p, span, core_const_bytes(arena, AST_AS(String, node)->bytes));
    case AST_ATOM: return pat_const(p, span, core_const_atom(arena, AST_AS(Atom, node)->name));
    case AST_PAT_ANY: return pat_new(p, PAT_ANY, span);
    case AST_PAT_VAR:
        pat = pat_new(p, PAT_ANY, span);
        add_bind(p, pat, AST_AS(PatVar, node)->name, span);
        return pat;
    case AST_PAT_AS:
        pat = pattern_make(p, AST_AS(PatAs, node)->pattern);
        add_bind(p, pat, AST_AS(PatAs, node)->name, AST_AS(PatAs, node)->name_span);
        return pat;
    case AST_PAT_TYPED: return pattern_make(p, AST_AS(PatTyped, node)->pattern);
    case AST_PAT_PIN: return make_pin(p, AST_AS(PatPin, node));
    case AST_PAT_TUPLE: return make_tuple(p, span, NULL, span, &AST_AS(PatTuple, node)->items);
    case AST_PAT_TAGGED: {
        const AstPatTagged *tagged = AST_AS(PatTagged, node);
        return make_tuple(p, span, tagged->tag, tagged->tag_span, &tagged->args);
    }
    case AST_PAT_LIST: return make_list(p, AST_AS(PatList, node));
    case AST_PAT_MAP: return make_map(p, AST_AS(PatMap, node));
    case AST_PAT_RECORD: return make_record(p, AST_AS(PatRecord, node));
    case AST_PAT_BYTES: return make_bytes(p, AST_AS(PatBytes, node));
    case AST_PAT_RANGE: return make_range(p, AST_AS(PatRange, node));
    case AST_PAT_PREFIX: return make_prefix(p, AST_AS(PatPrefix, node));
    case AST_PAT_OR: return make_or(p, AST_AS(PatOr, node));
    default: break;
    }
    CHECK(!"a pattern");
    return NULL;
}

Pat *pattern_make(Patterns *p, const AstNode *node) {
    uint32_t before = p->size;
    Pat *pat = make(p, node);
    if (p->size - before > PATTERN_MAX_SIZE && !p->is_too_large) {
        p->is_too_large = true;
        DIAG(p->L->diags, pattern_too_large, node->span);
    }
    return pat;
}

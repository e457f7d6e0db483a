// Data: constants, tuples, lists, maps and records.
//
// What is built of constants alone becomes a constant. Operands are evaluated in the order of the
// source; where an operation wants them in another order, or several times, they are bound first.
// Long lists and maps are chains, so that neither code nor later passes nest with their length.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/lower_private.h"

enum {
    LIST_MAX_NESTED = 32, // elements of a list that is one nest of cells
    MAP_MAX_PAIRS = 64,   // pairs of one MAP
};

// ---- Constants ----------------------------------------------------------------------------------

uint32_t lower_record_number(Lower *L, Def *def) {
    if (def->record_of != L->module) {
        def->record = core_record(L->arena, L->module, def->owner->name, def->name,
                                  def->field_names, def->field_count);
        def->record_of = L->module;
    }
    return def->record;
}

static CoreConst *to_const(Lower *L, const Value *value);

static CoreConst *fn_const(Lower *L, const Value *value) {
    CoreConst *c = core_const_empty(L->arena);
    uint32_t arity = (uint32_t)value->integer;
    if (value->module == L->scope->own->name) {
        const FnDef *fn = interface_fn(L->scope->own, value->name, arity);
        uintptr_t hidden = (uintptr_t)name_map_get(&L->hidden, value->name);
        if (hidden != 0 || (fn != NULL && !fn->is_built_in)) {
            c->kind = CONST_FN;
            c->index = hidden != 0 ? (uint32_t)hidden - 1 : fn->function;
            return c;
        }
    }
    c->kind = CONST_FNREF;
    c->module = value->module;
    c->name = value->name;
    c->index = arity;
    return c;
}

static CoreConst *items_const(Lower *L, const Value *value) {
    CoreConst **items = arena_alloc(L->arena, (value->item_count + 1) * sizeof(CoreConst *));
    for (uint32_t i = 0; i < value->item_count; i++) {
        items[i] = to_const(L, value->items[i]);
    }
    uint32_t count = value->item_count;
    CoreConst *c;
    switch (value->kind) {
    case VALUE_LIST:
        return core_const_list(L->arena, items, count,
                               value->tail == NULL ? core_const_empty(L->arena)
                                                   : to_const(L, value->tail));
    case VALUE_MAP: return core_const_items(L->arena, CONST_MAP, items, count);
    case VALUE_RECORD:
        c = core_const_items(L->arena, CONST_RECORD, items, count);
        c->record =
            core_record(L->arena, L->module, value->module, value->name, value->fields, count);
        return c;
    case VALUE_RANGE:
        items[count++] = core_const_int(L->arena, 1);
        return core_const_items(L->arena, CONST_RANGE, items, count);
    default: return core_const_items(L->arena, CONST_TUPLE, items, count);
    }
}

static CoreConst *to_const(Lower *L, const Value *value) {
    if (value->lowered_for == L->module) {
        return (CoreConst *)value->lowered;
    }
    CoreConst *c;
    switch (value->kind) {
    case VALUE_INT: c = core_const_int(L->arena, value->integer); break;
    case VALUE_FLOAT: c = core_const_float(L->arena, value->number); break;
    case VALUE_ATOM: c = core_const_atom(L->arena, value->name); break;
    case VALUE_BYTES: c = core_const_bytes(L->arena, value->text); break;
    case VALUE_BIG:
        c = core_const_bytes(L->arena, value->text);
        c->kind = CONST_BIG;
        break;
    case VALUE_FN: c = fn_const(L, value); break;
    default: c = items_const(L, value); break;
    }
    // A memo in an otherwise immutable tree: a large constant is used in many places.
    ((Value *)value)->lowered_for = L->module;
    ((Value *)value)->lowered = c;
    return c;
}

CoreExpr *lower_const(Lower *L, Span span, const Value *value) {
    return core_lit(L->arena, span, to_const(L, value));
}

CoreConst *lower_int_const(Lower *L, const AstInt *n) {
    if (n->fits) {
        return core_const_int(L->arena, n->value);
    }
    return to_const(L, value_digits(L->arena, n->digits, n->radix, n->is_negative));
}

CoreExpr *lower_int(Lower *L, const AstInt *n) {
    return core_lit(L->arena, n->node.span, lower_int_const(L, n));
}

// The constants of literals, or NULL if one is no literal.
static CoreConst **all_literals(Lower *L, CoreExpr *const *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (items[i]->kind != CORE_LIT) {
            return NULL;
        }
    }
    CoreConst **consts = arena_alloc(L->arena, count * sizeof(CoreConst *));
    for (uint32_t i = 0; i < count; i++) {
        consts[i] = (CoreConst *)items[i]->as.lit;
    }
    return consts;
}

// ---- Tuples and lists ---------------------------------------------------------------------------

CoreExpr *lower_tuple(Lower *L, Span span, Name tag, const AstList *list) {
    uint32_t first = tag != NULL;
    uint32_t count = list->len + first;
    CoreExpr **items = arena_alloc(L->arena, count * sizeof(CoreExpr *));
    if (tag != NULL) {
        items[0] = core_atom(L->arena, span, tag);
    }
    for (uint32_t i = 0; i < list->len; i++) {
        items[first + i] = lower_expr(L, list->items[i]);
    }
    CoreConst **consts = all_literals(L, items, count);
    if (consts != NULL) {
        return core_lit(L->arena, span, core_const_items(L->arena, CONST_TUPLE, consts, count));
    }
    return core_prim(L->arena, span, PRIM_TUPLE, items, count);
}

static CoreExpr *cons(Lower *L, Span span, CoreExpr *head, CoreExpr *tail) {
    return core_prim(L->arena, span, PRIM_CONS, CORE_ARGS(head, tail));
}

// Cells in front of a tail; constants at the end join it.
static CoreExpr *nest_list(Lower *L, Span span, CoreExpr **items, uint32_t count, CoreExpr *tail) {
    uint32_t rest = count;
    while (tail->kind == CORE_LIT && rest > 0 && items[rest - 1]->kind == CORE_LIT) {
        rest--;
    }
    if (rest < count) {
        CoreConst **consts = all_literals(L, items + rest, count - rest);
        tail = core_lit(L->arena, span,
                        core_const_list(L->arena, consts, count - rest, (CoreConst *)tail->as.lit));
    }
    for (uint32_t i = rest; i > 0; i--) {
        tail = cons(L, span, items[i - 1], tail);
    }
    return tail;
}

// A long list is made back to front as its elements are evaluated, and turned round.
static CoreExpr *long_list(Lower *L, Span span, CoreExpr **items, uint32_t count, CoreExpr *tail) {
    Chain chain = {0};
    CoreExpr *so_far = core_empty(L->arena, span);
    for (uint32_t i = 0; i < count; i++) {
        so_far = chain_hold(L, &chain, cons(L, span, items[i], so_far));
    }
    return chain_end(&chain, lower_runtime(L, span, RUNTIME_Vm_reverse_2, CORE_ARGS(so_far, tail)));
}

CoreExpr *lower_list_expr(Lower *L, const AstListExpr *list) {
    Span span = list->node.span;
    uint32_t count = list->items.len;
    CoreExpr **items = lower_list(L, &list->items);
    CoreExpr *tail = list->tail == NULL ? core_empty(L->arena, span) : lower_expr(L, list->tail);
    if (count <= LIST_MAX_NESTED || L->guard != NULL ||
        (tail->kind == CORE_LIT && all_literals(L, items, count) != NULL)) {
        return nest_list(L, span, items, count, tail);
    }
    return long_list(L, span, items, count, tail);
}

// ---- Maps ---------------------------------------------------------------------------------------

// Where each key stands among the pairs kept so far.
typedef struct KeyTable {
    uint32_t *slots; // index of the pair + 1
    uint32_t mask;
} KeyTable;

static KeyTable key_table(Lower *L, uint32_t pairs) {
    uint32_t size = 8;
    while (size < pairs * 2) {
        size *= 2;
    }
    return (KeyTable){ARENA_NEW_ARRAY(L->arena, uint32_t, size), size - 1};
}

// Keys and values of constants, each key once: the last one's value counts.
static CoreExpr *const_map(Lower *L, Span span, CoreConst **items, uint32_t count) {
    KeyTable table = key_table(L, count / 2);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i += 2) {
        uint32_t at = core_const_hash(items[i]) & table.mask;
        while (table.slots[at] != 0 &&
               !core_const_same(items[(table.slots[at] - 1) * 2], items[i])) {
            at = (at + 1) & table.mask;
        }
        if (table.slots[at] == 0) {
            table.slots[at] = kept / 2 + 1;
            items[kept] = items[i];
            kept += 2;
        }
        items[(table.slots[at] - 1) * 2 + 1] = items[i + 1];
    }
    return core_lit(L->arena, span, core_const_items(L->arena, CONST_MAP, items, kept));
}

static CoreExpr **lower_entries(Lower *L, const AstList *entries) {
    CoreExpr **items = arena_alloc(L->arena, entries->len * 2 * sizeof(CoreExpr *));
    for (uint32_t i = 0; i < entries->len; i++) {
        const AstEntry *entry = AST_AS(Entry, entries->items[i]);
        items[i * 2] = lower_expr(L, entry->key);
        items[i * 2 + 1] = lower_expr(L, entry->value);
    }
    return items;
}

static CoreExpr *put_pair(Lower *L, Span span, CorePrim prim, CoreExpr *map, CoreExpr **pair) {
    return lower_guarded(L, core_prim(L->arena, span, prim, CORE_ARGS(map, pair[0], pair[1])));
}

static CoreExpr *long_map(Lower *L, Span span, CoreExpr **items, uint32_t count) {
    Chain chain = {0};
    CoreExpr *map = core_prim(L->arena, span, PRIM_MAP, items, MAP_MAX_PAIRS * 2);
    for (uint32_t i = MAP_MAX_PAIRS * 2; i < count; i += 2) {
        map = put_pair(L, span, PRIM_MAP_PUT, chain_hold(L, &chain, map), items + i);
    }
    return chain_end(&chain, map);
}

// All operands are evaluated before the first key is put.
static CoreExpr *update_map(Lower *L, Span span, CoreExpr *base, const AstMap *node) {
    Chain chain = {0};
    uint32_t count = node->entries.len * 2;
    CoreExpr *map = count > 2 ? chain_hold(L, &chain, base) : base;
    CoreExpr **items = lower_entries(L, &node->entries);
    for (uint32_t i = 0; count > 2 && i < count; i++) {
        items[i] = chain_hold(L, &chain, items[i]);
    }
    for (uint32_t i = 0; i < count; i += 2) {
        map = i == 0 ? map : chain_hold(L, &chain, map);
        map = put_pair(L, node->entries.items[i / 2]->span, PRIM_MAP_UPDATE, map, items + i);
    }
    (void)span;
    return chain_end(&chain, map);
}

CoreExpr *lower_map(Lower *L, const AstMap *node) {
    Span span = node->node.span;
    if (node->base != NULL) {
        return update_map(L, span, lower_expr(L, node->base), node);
    }
    uint32_t count = node->entries.len * 2;
    CoreExpr **items = lower_entries(L, &node->entries);
    CoreConst **consts = all_literals(L, items, count);
    if (consts != NULL) {
        return const_map(L, span, consts, count);
    }
    return count <= MAP_MAX_PAIRS * 2 ? core_prim(L->arena, span, PRIM_MAP, items, count)
                                      : long_map(L, span, items, count);
}

// ---- Records ------------------------------------------------------------------------------------

// The values given in a record expression, by field; evaluated in the order of the source.
static CoreExpr **given_fields(Lower *L, Chain *chain, const AstRecord *record, Def *def,
                               bool hold) {
    CoreExpr **values = ARENA_NEW_ARRAY(L->arena, CoreExpr *, def->field_count);
    for (uint32_t i = 0; i < record->fields.len; i++) {
        const AstFieldInit *init = AST_AS(FieldInit, record->fields.items[i]);
        int32_t index = scope_field(L->scope, def, init->name, init->name_span);
        CoreExpr *value = lower_expr(L, init->value);
        if (index < 0) {
            continue;
        }
        if (values[index] != NULL) {
            DIAG(L->diags, field_repeated, init->name_span, name_str(init->name));
        }
        values[index] = hold ? chain_hold(L, chain, value) : value;
    }
    return values;
}

// May the values be evaluated in the order of the fields? Then nothing need be bound.
static bool stand_in_order(const AstRecord *record, const Def *def) {
    uint32_t next = 0;
    for (uint32_t i = 0; i < record->fields.len; i++) {
        Name name = AST_AS(FieldInit, record->fields.items[i])->name;
        while (next < def->field_count && def->fields[next].name != name) {
            if (def->fields[next].given == FIELD_CALL) {
                return false;
            }
            next++;
        }
        next++;
    }
    return next <= def->field_count;
}

static CoreExpr *default_value(Lower *L, const AstRecord *record, const Def *def,
                               const RecordField *field) {
    Span span = record->node.span;
    switch (field->given) {
    case FIELD_VALUE: return lower_const(L, span, field->value);
    case FIELD_CALL:
        if (L->guard != NULL) {
            return lower_not_in_guard(L, &record->node);
        }
        if (def->owner == L->scope->own) {
            uintptr_t hidden = (uintptr_t)name_map_get(&L->hidden, field->function);
            ASSERT(hidden != 0);
            return core_call(L->arena, span, (uint32_t)hidden - 1, CORE_NO_ARGS);
        }
        return core_call_ext(L->arena, span, def->owner->name, field->function, CORE_NO_ARGS);
    case FIELD_REQUIRED: break;
    }
    DIAG(L->diags, missing_field, record->path->node.span, name_str(def->name),
         name_str(field->name));
    return lower_nil(L, span);
}

static CoreExpr *make_record(Lower *L, Span span, Def *def, CoreExpr **values) {
    uint32_t number = lower_record_number(L, def);
    CoreConst **consts = all_literals(L, values, def->field_count);
    if (consts != NULL) {
        CoreConst *c = core_const_items(L->arena, CONST_RECORD, consts, def->field_count);
        c->record = number;
        return core_lit(L->arena, span, c);
    }
    CoreExpr *made = core_prim(L->arena, span, PRIM_RECORD, values, def->field_count);
    made->as.prim.record = number;
    return made;
}

static CoreExpr *update_record(Lower *L, const AstRecord *record, Def *def) {
    Span span = record->node.span;
    if (L->guard != NULL) {
        return lower_not_in_guard(L, &record->node);
    }
    Chain chain = {0};
    CoreExpr *base = chain_hold(L, &chain, lower_expr(L, record->base));
    CoreExpr **values = given_fields(L, &chain, record, def, true);
    for (uint32_t i = 0; i < def->field_count; i++) {
        if (values[i] == NULL) {
            values[i] = core_prim_at(L->arena, span, PRIM_FIELD, i, core_again(L->arena, base));
            values[i]->as.prim.record = lower_record_number(L, def);
        }
    }
    CoreExpr *fail =
        core_fail_with(L->arena, span, lower_known(L, NAME_BADARG), core_again(L->arena, base));
    CoreExpr *test = core_test(L->arena, span, TEST_IS_RECORD_OF, base, NULL,
                               make_record(L, span, def, values), fail);
    test->as.test.record = lower_record_number(L, def);
    return chain_end(&chain, test);
}

CoreExpr *lower_record(Lower *L, const AstRecord *record) {
    Def *def = scope_def(L->scope, record->path, DEF_RECORD);
    if (def == NULL) {
        return lower_nil(L, record->node.span);
    }
    if (record->base != NULL) {
        return update_record(L, record, def);
    }
    record_defaults(L->scope, def);
    Chain chain = {0};
    CoreExpr **values = given_fields(L, &chain, record, def, !stand_in_order(record, def));
    for (uint32_t i = 0; i < def->field_count; i++) {
        if (values[i] == NULL) {
            values[i] = default_value(L, record, def, &def->fields[i]);
        }
    }
    return chain_end(&chain, make_record(L, record->node.span, def, values));
}

// Evaluating constants: literals, operators, other constants, records, &f/n, functions that capture
// nothing.
//
// A walk over the expression that gives a Value or NULL; then, if asked to, it has reported why.
// Operators do what the machine would (value_math.c); what only the machine knows is no constant. A
// constant is evaluated once, in the scope of its own module; one that needs itself is found by its
// state. The functions written in a constant are collected there for lowering. Tests:
// tests/lang/modules, tests/lang/errors.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/resolve/scope.h"

// How deep evaluation may nest, through constants that need each other: bounds the stack.
enum { EVAL_MAX_DEPTH = 8000 };

typedef struct Eval {
    Scope *scope;
    Arena *arena;
    bool report;
    ConstDef *constant; // whose value this is, for its functions; or NULL
} Eval;

static const Value *eval(Eval *e, const AstNode *node);

static const Value *give_up(Eval *e, Span span, const Value *result) {
    if (e->report && result == NULL) {
        DIAG(e->scope->modules->diags, constant_expression, span);
    }
    return result;
}

static const Value *not_constant(Eval *e, const AstNode *node) {
    return give_up(e, node->span, NULL);
}

static const Value *known(Eval *e, uint32_t name_id) {
    return value_atom(e->arena, e->scope->modules->intern->known[name_id]);
}

static const Value *boolean(Eval *e, bool value) {
    return known(e, value ? NAME_TRUE : NAME_FALSE);
}

static bool is_truthy(const Value *v) {
    return v->kind != VALUE_ATOM || !(name_is(v->name, NAME_FALSE) || name_is(v->name, NAME_NIL));
}

static const Value *too_large(Eval *e, Span span, const Value *value) {
    if (value == NULL && e->report) {
        DIAG(e->scope->modules->diags, constant_too_large, span);
    }
    return value;
}

static const Value *outcome(Eval *e, Span span, ValueStatus status, const Value *result) {
    const char *reason = NULL;
    switch (status) {
    case VALUE_OK: return result;
    case VALUE_TOO_LARGE: return too_large(e, span, NULL);
    case VALUE_UNSUPPORTED: return give_up(e, span, NULL);
    case VALUE_ARITHMETIC: reason = ":arithmetic"; break;
    case VALUE_BAD: reason = ":badarg"; break;
    case VALUE_BADKEY: reason = ":badkey"; break;
    }
    if (e->report) {
        DIAG(e->scope->modules->diags, constant_fails, span, str_of(reason));
    }
    return NULL;
}

// ---- Data ---------------------------------------------------------------------------------------

static const Value **eval_list(Eval *e, const AstList *list) {
    const Value **items = arena_alloc(e->arena, list->len * sizeof(Value *));
    bool is_good = true;
    for (uint32_t i = 0; i < list->len; i++) {
        items[i] = eval(e, list->items[i]);
        is_good &= items[i] != NULL;
    }
    return is_good ? items : NULL;
}

static const Value *eval_tuple(Eval *e, const AstNode *node, Name tag, const AstList *list) {
    const Value **items = eval_list(e, list);
    if (items == NULL) {
        return NULL;
    }
    if (tag == NULL) {
        return too_large(e, node->span, value_items(e->arena, VALUE_TUPLE, items, list->len));
    }
    const Value **all = arena_alloc(e->arena, (list->len + 1) * sizeof(Value *));
    all[0] = value_atom(e->arena, tag);
    memcpy(all + 1, items, list->len * sizeof(Value *));
    return too_large(e, node->span, value_items(e->arena, VALUE_TUPLE, all, list->len + 1));
}

static const Value *eval_list_expr(Eval *e, const AstListExpr *list) {
    const Value **items = eval_list(e, &list->items);
    const Value *tail =
        list->tail == NULL ? value_items(e->arena, VALUE_LIST, NULL, 0) : eval(e, list->tail);
    if (items == NULL || tail == NULL) {
        return NULL;
    }
    return too_large(e, list->node.span, value_list(e->arena, items, list->items.len, tail));
}

// Entries in a growing map; keys are told apart by searching, as constants' maps are small.
typedef struct Entries {
    const Value **items;
    uint32_t len;
    uint32_t cap;
} Entries;

static uint32_t entry_of(const Entries *entries, const Value *key) {
    uint32_t at = 0;
    while (at < entries->len && !value_same(entries->items[at], key)) {
        at += 2;
    }
    return at;
}

static const Value *eval_map(Eval *e, const AstMap *map) {
    Entries entries = {0};
    if (map->base != NULL) {
        const Value *base = eval(e, map->base);
        if (base == NULL || base->kind != VALUE_MAP) {
            return base == NULL ? NULL : outcome(e, map->base->span, VALUE_BAD, NULL);
        }
        for (uint32_t i = 0; i < base->item_count; i++) {
            vec_push(e->arena, &entries, base->items[i]);
        }
    }
    for (uint32_t i = 0; i < map->entries.len; i++) {
        const AstEntry *entry = AST_AS(Entry, map->entries.items[i]);
        const Value *key = eval(e, entry->key);
        const Value *value = eval(e, entry->value);
        if (key == NULL || value == NULL) {
            return NULL;
        }
        uint32_t at = entry_of(&entries, key);
        if (at < entries.len) {
            entries.items[at + 1] = value;
        } else if (map->base != NULL) {
            return outcome(e, entry->key->span, VALUE_BADKEY, NULL);
        } else {
            vec_push(e->arena, &entries, key);
            vec_push(e->arena, &entries, value);
        }
    }
    return too_large(e, map->node.span,
                     value_items(e->arena, VALUE_MAP, entries.items, entries.len));
}

// The values of a record's fields: those of `base`, or the defaults; NULL where there is none yet.
static const Value **start_fields(Eval *e, const AstRecord *record, Def *def) {
    const Value **items = ARENA_NEW_ARRAY(e->arena, const Value *, def->field_count);
    if (record->base == NULL) {
        record_defaults(e->scope, def);
        for (uint32_t i = 0; i < def->field_count; i++) {
            items[i] = def->fields[i].given == FIELD_VALUE ? def->fields[i].value : NULL;
        }
        return items;
    }
    const Value *base = eval(e, record->base);
    if (base == NULL) {
        return NULL;
    }
    if (base->kind != VALUE_RECORD || base->module != def->owner->name || base->name != def->name) {
        outcome(e, record->base->span, VALUE_BAD, NULL);
        return NULL;
    }
    memcpy(items, base->items, def->field_count * sizeof(Value *));
    return items;
}

static const Value *eval_record(Eval *e, const AstRecord *record) {
    Def *def = e->report ? scope_def(e->scope, record->path, DEF_RECORD)
                         : scope_find_def(e->scope, record->path);
    if (def == NULL || def->kind != DEF_RECORD) {
        return NULL;
    }
    const Value **items = start_fields(e, record, def);
    if (items == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < record->fields.len; i++) {
        const AstFieldInit *init = AST_AS(FieldInit, record->fields.items[i]);
        int32_t index = -1;
        for (uint32_t k = 0; k < def->field_count; k++) {
            index = def->fields[k].name == init->name ? (int32_t)k : index;
        }
        if (index < 0 && e->report) {
            scope_field(e->scope, def, init->name, init->name_span);
        }
        const Value *value = eval(e, init->value);
        if (index < 0 || value == NULL) {
            return NULL;
        }
        items[index] = value;
    }
    for (uint32_t i = 0; i < def->field_count; i++) {
        if (items[i] == NULL && def->fields[i].given == FIELD_REQUIRED && e->report) {
            DIAG(e->scope->modules->diags, missing_field, record->path->node.span,
                 name_str(def->name), name_str(def->fields[i].name));
            return NULL;
        }
        if (items[i] == NULL) {
            return not_constant(e, &record->node);
        }
    }
    Value *v = value_items(e->arena, VALUE_RECORD, items, def->field_count);
    if (v != NULL) {
        v->module = def->owner->name;
        v->name = def->name;
        v->fields = def->field_names;
    }
    return too_large(e, record->node.span, v);
}

// ---- Bytes --------------------------------------------------------------------------------------

// Bits behind one another; `open` of the last byte are still free.
typedef struct Bits {
    Buf out;
    uint32_t open;
} Bits;

static void add_bit(Bits *bits, bool bit) {
    if (bits->open == 0) {
        buf_byte(&bits->out, 0);
        bits->open = 8;
    }
    bits->open--;
    bits->out.ptr[bits->out.len - 1] |= (char)(bit << bits->open);
}

static void add_bytes(Bits *bits, Str bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        for (int bit = 7; bit >= 0; bit--) {
            add_bit(bits, ((unsigned char)bytes.ptr[i] >> bit & 1) != 0);
        }
    }
}

// A number of up to 64 bits; a little-endian one is whole bytes.
static bool add_number(Bits *bits, uint64_t number, int64_t size, bool is_little) {
    if (size < 0 || size > 64 || (is_little && size % 8 != 0)) {
        return false;
    }
    for (int64_t i = 0; i < size; i++) {
        int64_t bit = is_little ? i / 8 * 8 + 7 - i % 8 : size - 1 - i;
        add_bit(bits, (number >> bit & 1) != 0);
    }
    return true;
}

static bool add_float(Bits *bits, const Value *value, int64_t size, bool is_little) {
    if (value->kind != VALUE_FLOAT && value->kind != VALUE_INT) {
        return false;
    }
    double number = value->kind == VALUE_INT ? (double)value->integer : value->number;
    float narrow = (float)number;
    uint64_t bits64 = 0;
    uint32_t bits32 = 0;
    memcpy(&bits64, &number, sizeof(number));
    memcpy(&bits32, &narrow, sizeof(narrow));
    return (size == 64 || (size == 32 && narrow - narrow == 0)) &&
           add_number(bits, size == 64 ? bits64 : bits32, size, is_little);
}

// False when what the segment comes to is not known here, or it fails.
static bool add_segment(Eval *e, Bits *bits, const AstSegment *segment) {
    const Value *value = eval(e, segment->value);
    const Value *given = segment->size == NULL ? NULL : eval(e, segment->size);
    if (value == NULL || (segment->size != NULL && (given == NULL || given->kind != VALUE_INT))) {
        return false;
    }
    bool is_text =
        segment->kind == AST_SEGMENT_DEFAULT && value->kind == VALUE_BYTES &&
        (segment->value->kind == AST_STRING || segment->value->kind == AST_INTERPOLATION);
    if (is_text || segment->kind == AST_SEGMENT_BYTES) {
        int64_t len = given == NULL ? (int64_t)value->text.len : given->integer;
        bool fits = value->kind == VALUE_BYTES && len >= 0 && len <= (int64_t)value->text.len;
        add_bytes(bits, (Str){value->text.ptr, fits ? (size_t)len : 0});
        return fits;
    }
    if (segment->kind == AST_SEGMENT_FLOAT) {
        return add_float(bits, value, given == NULL ? 64 : given->integer, segment->is_little);
    }
    if (segment->kind == AST_SEGMENT_UTF8) {
        bool fits = value->kind == VALUE_INT && value->integer >= 0 && value->integer <= 0x10ffff &&
                    (value->integer < 0xd800 || value->integer > 0xdfff);
        Buf text = buf_new(e->arena);
        buf_utf8(&text, fits ? (uint32_t)value->integer : 0);
        add_bytes(bits, buf_view(&text));
        return fits;
    }
    return value->kind == VALUE_INT &&
           add_number(bits, (uint64_t)value->integer, given == NULL ? 8 : given->integer,
                      segment->is_little);
}

static const Value *eval_bytes(Eval *e, const AstBytes *bytes) {
    Bits bits = {.out = buf_new(e->arena)};
    uint32_t errors = e->scope->modules->diags->error_count;
    for (uint32_t i = 0; i < bytes->segments.len; i++) {
        if (!add_segment(e, &bits, AST_AS(Segment, bytes->segments.items[i]))) {
            bool is_said = errors < e->scope->modules->diags->error_count;
            return is_said ? NULL : not_constant(e, bytes->segments.items[i]);
        }
    }
    return bits.open == 0 ? value_bytes(e->arena, buf_view(&bits.out))
                          : not_constant(e, &bytes->node);
}

// ---- Names --------------------------------------------------------------------------------------

static const Value *eval_var(Eval *e, const AstVar *var) {
    ConstDef *constant = scope_find_const(e->scope, var->name);
    if (constant == NULL) {
        if (e->report) {
            scope_unknown(e->scope, var->name, -1, var->node.span, NULL);
        }
        return NULL;
    }
    return constant_value(e->scope, constant);
}

static const Value *eval_remote(Eval *e, const AstRemote *remote) {
    Interface *module = e->report ? scope_module(e->scope, remote->path)
                                  : scope_find_module(e->scope, remote->path->name);
    LowerDef *lower = module == NULL ? NULL : interface_lower(module, remote->name);
    if (lower == NULL || lower->constant == NULL ||
        !(lower->constant->is_pub || module == e->scope->own)) {
        return module == NULL ? NULL : not_constant(e, &remote->node);
    }
    return constant_value(e->scope, lower->constant);
}

static const Value *fn_value(Eval *e, Name module, Name name, uint32_t arity) {
    Value *v = value_int(e->arena, arity);
    v->kind = VALUE_FN;
    v->module = module;
    v->name = name;
    return v;
}

static const Value *eval_fn_ref(Eval *e, const AstFnRef *ref) {
    Interface *owner;
    FnDef *fn;
    if (ref->path != NULL) {
        owner = scope_find_module(e->scope, ref->path->name);
        fn = owner == NULL ? NULL : interface_fn(owner, ref->name, ref->arity);
        fn = fn != NULL && (fn->is_pub || owner == e->scope->own) ? fn : NULL;
    } else {
        fn = scope_find_fn(e->scope, ref->name, ref->arity, &owner);
    }
    if (fn != NULL) {
        return fn_value(e, owner->name, fn->name, fn->arity);
    }
    if (e->report && ref->path == NULL) {
        scope_unknown(e->scope, ref->name, (int32_t)ref->arity, ref->name_span, NULL);
    } else if (e->report) {
        owner = scope_module(e->scope, ref->path);
        if (owner != NULL) {
            scope_remote_fn(e->scope, owner, ref->name, ref->arity, ref->name_span);
        }
    }
    return NULL;
}

static const Value *eval_lambda(Eval *e, const AstLambda *lambda) {
    if (e->constant == NULL) {
        return not_constant(e, &lambda->node);
    }
    vec_push(e->arena, &e->constant->lambdas, lambda);
    Name name = constant_lambda_name(e->scope->modules, e->constant, e->constant->lambdas.len - 1);
    return fn_value(e, e->scope->own->name, name, lambda->params.len);
}

// ---- Operators ----------------------------------------------------------------------------------

static const Value *eval_text(Eval *e, const AstInterpolation *text) {
    Buf out = buf_new(e->arena);
    for (uint32_t i = 0; i < text->parts.len; i++) {
        const Value *part = eval(e, text->parts.items[i]);
        if (part == NULL) {
            return NULL;
        }
        if (part->kind == VALUE_BYTES || part->kind == VALUE_BIG) {
            buf_str(&out, part->text);
        } else if (part->kind == VALUE_ATOM) {
            buf_str(&out, name_str(part->name));
        } else if (part->kind == VALUE_INT) {
            buf_format(&out, "%lld", (long long)part->integer);
        } else {
            return not_constant(e, text->parts.items[i]);
        }
        if (out.len > VALUE_MAX_BYTES) {
            return too_large(e, text->node.span, NULL);
        }
    }
    return value_bytes(e->arena, buf_view(&out));
}

static const Value *join_texts(Eval *e, Span span, const Value *x, const Value *y) {
    if (x->kind != VALUE_BYTES || y->kind != VALUE_BYTES) {
        return outcome(e, span, VALUE_BAD, NULL);
    }
    if (x->text.len + y->text.len > VALUE_MAX_BYTES) {
        return too_large(e, span, NULL);
    }
    Buf out = buf_new(e->arena);
    buf_str(&out, x->text);
    buf_str(&out, y->text);
    return value_bytes(e->arena, buf_view(&out));
}

static const Value *append(Eval *e, Span span, const Value *x, const Value *y) {
    if (x->kind != VALUE_LIST || x->tail != NULL) {
        return outcome(e, span, VALUE_BAD, NULL);
    }
    return too_large(e, span, value_list(e->arena, x->items, x->item_count, y));
}

static const Value *range(Eval *e, Span span, const Value *first, const Value *last) {
    if (!value_is_integer(first) || !value_is_integer(last)) {
        return outcome(e, span, VALUE_BAD, NULL);
    }
    const Value **items = arena_alloc(e->arena, 2 * sizeof(Value *));
    items[0] = first;
    items[1] = last;
    return value_items(e->arena, VALUE_RANGE, items, 2);
}

static const Value *eval_order(Eval *e, Span span, AstOp op, const Value *x, const Value *y) {
    int order;
    ValueStatus status = value_compare(x, y, &order);
    if (status != VALUE_OK) {
        return outcome(e, span, status, NULL);
    }
    return boolean(e, op == AST_OP_LT   ? order < 0
                      : op == AST_OP_LE ? order <= 0
                      : op == AST_OP_GT ? order > 0
                                        : order >= 0);
}

static const Value *eval_equal(Eval *e, Span span, bool wanted, const Value *x, const Value *y) {
    bool equal;
    ValueStatus status = value_equal(x, y, &equal);
    return status == VALUE_OK ? boolean(e, equal == wanted) : outcome(e, span, status, NULL);
}

static const Value *eval_arith(Eval *e, Span span, ValueOp op, const Value *x, const Value *y) {
    const Value *result = NULL;
    ValueStatus status = value_arith(e->arena, op, x, y, &result);
    return outcome(e, span, status, result);
}

static const Value *eval_in(Eval *e, Span span, const Value *x, const Value *y) {
    if (y->kind != VALUE_LIST || y->tail != NULL) {
        return outcome(e, span, VALUE_UNSUPPORTED, NULL);
    }
    for (uint32_t i = 0; i < y->item_count; i++) {
        bool equal;
        ValueStatus status = value_equal(x, y->items[i], &equal);
        if (status != VALUE_OK) {
            return outcome(e, span, status, NULL);
        }
        if (equal) {
            return boolean(e, true);
        }
    }
    return boolean(e, false);
}

static const Value *eval_binary(Eval *e, const AstBinary *binary) {
    const Value *x = eval(e, binary->left);
    if (x == NULL) {
        return NULL;
    }
    if (binary->op == AST_OP_AND || binary->op == AST_OP_OR) {
        return is_truthy(x) == (binary->op == AST_OP_OR) ? x : eval(e, binary->right);
    }
    const Value *y = eval(e, binary->right);
    if (y == NULL) {
        return NULL;
    }
    Span span = binary->node.span;
    switch (binary->op) {
    case AST_OP_EQ: return eval_equal(e, span, true, x, y);
    case AST_OP_NE: return eval_equal(e, span, false, x, y);
    case AST_OP_SAME: return boolean(e, value_same(x, y));
    case AST_OP_DIFFERS: return boolean(e, !value_same(x, y));
    case AST_OP_LT:
    case AST_OP_LE:
    case AST_OP_GT:
    case AST_OP_GE: return eval_order(e, span, binary->op, x, y);
    case AST_OP_IN: return eval_in(e, span, x, y);
    case AST_OP_APPEND: return append(e, span, x, y);
    case AST_OP_CONCAT: return join_texts(e, span, x, y);
    case AST_OP_RANGE: return range(e, span, x, y);
    case AST_OP_ADD: return eval_arith(e, span, VALUE_ADD, x, y);
    case AST_OP_SUB: return eval_arith(e, span, VALUE_SUB, x, y);
    case AST_OP_MUL: return eval_arith(e, span, VALUE_MUL, x, y);
    case AST_OP_DIV: return eval_arith(e, span, VALUE_DIV, x, y);
    case AST_OP_IDIV: return eval_arith(e, span, VALUE_IDIV, x, y);
    case AST_OP_MOD: return eval_arith(e, span, VALUE_MOD, x, y);
    default: return not_constant(e, &binary->node);
    }
}

static const Value *eval_unary(Eval *e, const AstUnary *unary) {
    const Value *x = eval(e, unary->operand);
    if (x == NULL) {
        return NULL;
    }
    if (unary->op == AST_OP_NOT) {
        return boolean(e, !is_truthy(x));
    }
    const Value *result = NULL;
    ValueStatus status = value_negate(e->arena, x, &result);
    return outcome(e, unary->node.span, status, result);
}

// object.name and object[key]; `or_nil`: an absent key gives nil
static const Value *look_up(Eval *e, Span span, const Value *object, const Value *key,
                            bool or_nil) {
    if (object == NULL || key == NULL) {
        return NULL;
    }
    if (object->kind == VALUE_RECORD && !or_nil) {
        for (uint32_t i = 0; i < object->item_count; i++) {
            if (object->fields[i] == key->name) {
                return object->items[i];
            }
        }
    } else if (object->kind == VALUE_MAP) {
        for (uint32_t i = 0; i < object->item_count; i += 2) {
            if (value_same(object->items[i], key)) {
                return object->items[i + 1];
            }
        }
        return or_nil ? known(e, NAME_NIL) : outcome(e, span, VALUE_BADKEY, NULL);
    } else if (object->kind == VALUE_TUPLE && or_nil && key->kind == VALUE_INT) {
        bool is_there = key->integer >= 0 && key->integer < object->item_count;
        return is_there ? object->items[key->integer] : known(e, NAME_NIL);
    }
    bool lacks = object->kind == VALUE_RECORD && !or_nil;
    return outcome(e, span, lacks ? VALUE_BADKEY : VALUE_BAD, NULL);
}

static const Value *eval_int(Eval *e, const AstInt *n) {
    return n->fits ? value_int(e->arena, n->value)
                   : value_digits(e->arena, n->digits, n->radix, n->is_negative);
}

static const Value *eval_node(Eval *e, const AstNode *node) {
    switch (node->kind) {
    case AST_INT: return eval_int(e, AST_AS(Int, node));
    case AST_FLOAT: return value_float(e->arena, AST_AS(Float, node)->value);
    case AST_STRING: return value_bytes(e->arena, AST_AS(String, node)->bytes);
    case AST_ATOM: return value_atom(e->arena, AST_AS(Atom, node)->name);
    case AST_INTERPOLATION: return eval_text(e, AST_AS(Interpolation, node));
    case AST_VAR: return eval_var(e, AST_AS(Var, node));
    case AST_REMOTE: return eval_remote(e, AST_AS(Remote, node));
    case AST_FN_REF: return eval_fn_ref(e, AST_AS(FnRef, node));
    case AST_LAMBDA: return eval_lambda(e, AST_AS(Lambda, node));
    case AST_TUPLE: return eval_tuple(e, node, NULL, &AST_AS(Tuple, node)->items);
    case AST_TAGGED:
        return eval_tuple(e, node, AST_AS(Tagged, node)->tag, &AST_AS(Tagged, node)->args);
    case AST_LIST: return eval_list_expr(e, AST_AS(ListExpr, node));
    case AST_MAP: return eval_map(e, AST_AS(Map, node));
    case AST_RECORD: return eval_record(e, AST_AS(Record, node));
    case AST_BYTES: return eval_bytes(e, AST_AS(Bytes, node));
    case AST_BINARY: return eval_binary(e, AST_AS(Binary, node));
    case AST_UNARY: return eval_unary(e, AST_AS(Unary, node));
    case AST_FIELD: {
        const AstField *field = AST_AS(Field, node);
        return look_up(e, node->span, eval(e, field->object), value_atom(e->arena, field->name),
                       false);
    }
    case AST_INDEX: {
        const AstIndex *index = AST_AS(Index, node);
        const Value *object = eval(e, index->object);
        return look_up(e, node->span, object, eval(e, index->key), true);
    }
    default: return not_constant(e, node);
    }
}

static const Value *eval(Eval *e, const AstNode *node) {
    Modules *modules = e->scope->modules;
    if (modules->constant_depth == EVAL_MAX_DEPTH) {
        return too_large(e, node->span, NULL);
    }
    modules->constant_depth++;
    const Value *result = eval_node(e, node);
    modules->constant_depth--;
    return result;
}

const Value *constant_eval(Scope *scope, const AstNode *expr, bool report) {
    Eval e = {.scope = scope, .arena = scope->modules->arena, .report = report};
    return eval(&e, expr);
}

const Value *constant_value(Scope *scope, ConstDef *constant) {
    Modules *modules = scope->modules;
    if (constant->state == CONST_RUNNING) {
        DIAG(modules->diags, constant_cycle, constant->span, name_str(constant->name));
        constant->state = CONST_DONE;
    }
    if (constant->state == CONST_UNKNOWN) {
        constant->state = CONST_RUNNING;
        Scope *home = constant->owner == scope->own ? scope : scope_of(modules, constant->owner);
        Eval e = {.scope = home, .arena = modules->arena, .report = true, .constant = constant};
        constant->value = eval(&e, constant->ast->value);
        constant->state = CONST_DONE;
    }
    return constant->value;
}

void record_defaults(Scope *scope, Def *record) {
    if (record->has_defaults) {
        return;
    }
    // Set first: a default that makes a record of the same kind sees itself as not yet constant.
    record->has_defaults = true;
    Modules *modules = scope->modules;
    Scope *home = record->owner == scope->own ? scope : scope_of(modules, record->owner);
    for (uint32_t i = 0; i < record->field_count; i++) {
        RecordField *field = &record->fields[i];
        if (field->ast != NULL && field->ast->fallback != NULL) {
            field->given = FIELD_CALL;
            field->function = record_default_name(modules, record, field->name);
        }
    }
    for (uint32_t i = 0; i < record->field_count; i++) {
        RecordField *field = &record->fields[i];
        if (field->given == FIELD_CALL && field->ast != NULL) {
            field->value = constant_eval(home, field->ast->fallback, false);
            field->given = field->value != NULL ? FIELD_VALUE : FIELD_CALL;
        }
    }
}

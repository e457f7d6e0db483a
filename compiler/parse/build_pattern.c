// Builders of patterns and types; compiler/parse/build.h has the conventions.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/parse/build.h"

#include "compiler/base/check.h"

AstNode *build_pat_var(Parser *p, const Token *name) {
    if (name_is(name->name, NAME_UNDERSCORE)) {
        return AST_MAKE(p->arena, PatAny, token_at(p, name));
    }
    return AST_MAKE(p->arena, PatVar, token_at(p, name), .name = name->name);
}

// The name of `name:` as a pattern, without the colon in its span.
static AstNode *key_var(Parser *p, const Token *key) {
    Span span = {p->tokens.file, key->offset, key->len - 1};
    if (name_is(key->name, NAME_UNDERSCORE)) {
        return AST_MAKE(p->arena, PatAny, span);
    }
    return AST_MAKE(p->arena, PatVar, span, .name = key->name);
}

AstNode *build_pat_typed(Parser *p, const Token *key, AstNode *type) {
    AstNode *pattern = key_var(p, key);
    return AST_MAKE(p->arena, PatTyped, span_from(p, key, type), .pattern = pattern, .type = type);
}

// Adds one more alternative to a node that has some: they come one by one, and a new node for each
// would take quadratic time.
static AstNode *chain_add(Parser *p, AstNode *node, AstList *alternatives, AstNode *right) {
    build_list_add(p, alternatives, right);
    node->span = span_join(node->span, right->span);
    node->height = right->height >= node->height ? (uint16_t)(right->height + 1) : node->height;
    return node;
}

AstNode *build_pat_or(Parser *p, AstNode *left, AstNode *right) {
    if (left->kind == AST_PAT_OR) {
        return chain_add(p, left, &AST_AS(PatOr, left)->alternatives, right);
    }
    return AST_MAKE(p->arena, PatOr, span_join(left->span, right->span),
                    .alternatives = *build_list_add(p, build_list(p, left), right));
}

AstNode *build_pat_as(Parser *p, AstNode *pattern, const Token *name) {
    return AST_MAKE(p->arena, PatAs, span_to(p, pattern, name), .pattern = pattern,
                    .name = name->name, .name_span = token_at(p, name));
}

AstNode *build_pat_prefix(Parser *p, const Token *prefix, AstNode *rest) {
    AstNode *string = build_string(p, prefix);
    return AST_MAKE(p->arena, PatPrefix, span_join(string->span, rest->span),
                    .prefix = AST_AS(String, string), .rest = rest);
}

AstNode *build_pat_range(Parser *p, AstNode *first, AstNode *last) {
    return AST_MAKE(p->arena, PatRange, span_join(first->span, last->span),
                    .first = AST_AS(Int, first), .last = AST_AS(Int, last));
}

AstNode *build_pat_interpolation(Parser *p, Parts *parts, const Token *end) {
    AstNode *string = build_interpolation(p, parts, end);
    DIAG(p->diags, pattern_interpolation, string->span);
    return AST_MAKE(p->arena, PatAny, string->span);
}

AstNode *build_pat_pin(Parser *p, const Token *caret, const Token *name) {
    if (name_is(name->name, NAME_UNDERSCORE)) {
        DIAG(p->diags, pattern_pin_any, span_tokens(p, caret, name));
    }
    return AST_MAKE(p->arena, PatPin, span_tokens(p, caret, name), .name = name->name);
}

AstNode *build_pat_tuple(Parser *p, const Token *open, AstList *items, const Token *close) {
    return AST_MAKE(p->arena, PatTuple, span_tokens(p, open, close), .items = list_of(items));
}

AstNode *build_pat_tagged(Parser *p, const Token *atom, AstList *args, const Token *close) {
    return AST_MAKE(p->arena, PatTagged, span_tokens(p, atom, close), .tag = atom->name,
                    .tag_span = token_at(p, atom), .args = list_of(args));
}

AstNode *build_pat_list(Parser *p, const Token *open, AstList *items, AstNode *tail,
                        const Token *close) {
    return AST_MAKE(p->arena, PatList, span_tokens(p, open, close), .items = list_of(items),
                    .tail = tail);
}

AstNode *build_pat_map(Parser *p, const Token *open, AstList *entries, const Token *close) {
    return AST_MAKE(p->arena, PatMap, span_tokens(p, open, close), .entries = list_of(entries));
}

AstNode *build_pat_key_entry(Parser *p, const Token *key, AstNode *value) {
    Span span = {p->tokens.file, key->offset, key->len - 1};
    AstNode *atom = AST_MAKE(p->arena, Atom, span, .name = key->name);
    value = value != NULL ? value : key_var(p, key);
    return AST_MAKE(p->arena, PatEntry, span_join(span, value->span), .key = atom, .value = value);
}

// May `pattern` be the key of a map pattern? It must be known before the match. Recursion is
// bounded by the lexer's limit on brackets.
static bool is_known(const AstNode *pattern) {
    const AstList *items;
    switch (pattern->kind) {
    case AST_INT:
    case AST_FLOAT:
    case AST_STRING:
    case AST_ATOM:
    case AST_PAT_PIN: return true;
    case AST_PAT_TUPLE: items = &AST_AS(PatTuple, pattern)->items; break;
    case AST_PAT_TAGGED: items = &AST_AS(PatTagged, pattern)->args; break;
    case AST_PAT_LIST:
        if (AST_AS(PatList, pattern)->tail != NULL) {
            return false;
        }
        items = &AST_AS(PatList, pattern)->items;
        break;
    default: return false;
    }
    for (uint32_t i = 0; i < items->len; i++) {
        if (!is_known(items->items[i])) {
            return false;
        }
    }
    return true;
}

AstNode *build_pat_entry(Parser *p, AstNode *key, AstNode *value) {
    if (!is_known(key)) {
        DIAG(p->diags, pattern_key, key->span);
        key = AST_MAKE(p->arena, Atom, key->span, .name = p->names->known[NAME_NIL]);
    }
    return AST_MAKE(p->arena, PatEntry, span_join(key->span, value->span), .key = key,
                    .value = value);
}

AstNode *build_pat_record(Parser *p, AstNode *path, AstList *fields, const Token *close) {
    return AST_MAKE(p->arena, PatRecord, span_to(p, path, close), .path = AST_AS(Path, path),
                    .fields = list_of(fields));
}

AstNode *build_pat_field(Parser *p, const Token *key, AstNode *value) {
    Span name_span = {p->tokens.file, key->offset, key->len - 1};
    Span span = value == NULL ? token_at(p, key) : span_from(p, key, value);
    return AST_MAKE(p->arena, PatField, span, .name = key->name, .name_span = name_span,
                    .value = value != NULL ? value : key_var(p, key));
}

AstNode *build_pat_bytes(Parser *p, const Token *open, AstList *segments, const Token *close) {
    return AST_MAKE(p->arena, PatBytes, span_tokens(p, open, close), .segments = list_of(segments));
}

AstNode *build_pat_segment(Parser *p, AstNode *value, const SegmentSpec *spec) {
    static const SegmentSpec none = {.kind = AST_SEGMENT_DEFAULT};
    Span span = spec != NULL ? span_join(value->span, spec->span) : value->span;
    spec = spec != NULL ? spec : &none;
    return AST_MAKE(p->arena, PatSegment, span, .value = value, .kind = spec->kind,
                    .is_little = spec->is_little, .is_signed = spec->is_signed, .size = spec->size);
}

// ---- Types -------------------------------------------------------------------------------------

AstNode *build_type_name(Parser *p, AstNode *path, AstList *args, const Token *close) {
    Span span = close != NULL ? span_to(p, path, close) : path->span;
    return AST_MAKE(p->arena, TypeName, span, .path = AST_AS(Path, path), .args = list_of(args));
}

AstNode *build_type_var(Parser *p, const Token *name) {
    return AST_MAKE(p->arena, TypeVar, token_at(p, name), .name = name->name);
}

AstNode *build_type_atom(Parser *p, const Token *atom) {
    return AST_MAKE(p->arena, TypeAtom, token_at(p, atom), .name = token_name(p, atom));
}

AstNode *build_type_tagged(Parser *p, const Token *atom, AstList *args, const Token *close) {
    return AST_MAKE(p->arena, TypeTagged, span_tokens(p, atom, close), .tag = atom->name,
                    .args = list_of(args));
}

AstNode *build_type_list(Parser *p, const Token *open, AstNode *item, const Token *close) {
    return AST_MAKE(p->arena, TypeList, span_tokens(p, open, close), .item = item);
}

AstNode *build_type_tuple(Parser *p, const Token *open, AstList *items, const Token *close) {
    return AST_MAKE(p->arena, TypeTuple, span_tokens(p, open, close), .items = list_of(items));
}

AstNode *build_type_map(Parser *p, const Token *open, AstNode *key, AstNode *value,
                        const Token *close) {
    return AST_MAKE(p->arena, TypeMap, span_tokens(p, open, close), .key = key, .value = value);
}

AstNode *build_type_fn(Parser *p, const Token *word, AstList *params, AstNode *result) {
    return AST_MAKE(p->arena, TypeFn, span_from(p, word, result), .params = list_of(params),
                    .result = result);
}

AstNode *build_type_union(Parser *p, AstNode *left, AstNode *right) {
    if (left->kind == AST_TYPE_UNION) {
        return chain_add(p, left, &AST_AS(TypeUnion, left)->alternatives, right);
    }
    return AST_MAKE(p->arena, TypeUnion, span_join(left->span, right->span),
                    .alternatives = *build_list_add(p, build_list(p, left), right));
}

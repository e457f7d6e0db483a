// Builders of statements and expressions; compiler/parse/build.h has the conventions.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/parse/build.h"

#include "compiler/base/check.h"

// A module's name of more bytes is refused: each word of a path makes a name of all before it.
enum { PATH_MAX_BYTES = 1000 };

// ---- Lists -------------------------------------------------------------------------------------

AstList *build_list_add(Parser *p, AstList *list, AstNode *item) {
    if (list == NULL) {
        list = ARENA_NEW(p->arena, AstList);
    }
    if (item != NULL) {
        vec_push(p->arena, list, item);
    }
    return list;
}

AstList *build_list(Parser *p, AstNode *item) {
    return build_list_add(p, NULL, item);
}

AstList *build_list_first(Parser *p, AstNode *item, AstList *list) {
    AstList *result = build_list(p, item);
    for (uint32_t i = 0; i < list->len; i++) {
        build_list_add(p, result, list->items[i]);
    }
    return result;
}

Args *build_arg(Parser *p, Args *args, AstNode *value) {
    if (args == NULL) {
        args = ARENA_NEW(p->arena, Args);
    }
    if (args->entries.len > 0) {
        const AstEntry *entry = AST_AS(Entry, args->entries.items[0]);
        Name key = AST_AS(Atom, entry->key)->name;
        DIAG(p->diags, argument_after_keys, value->span, name_str(key));
    }
    build_list_add(p, &args->positional, value);
    return args;
}

Args *build_arg_key(Parser *p, Args *args, AstNode *entry) {
    if (args == NULL) {
        args = ARENA_NEW(p->arena, Args);
    }
    build_list_add(p, &args->entries, entry);
    return args;
}

// The arguments with the keys gathered into one map at the end.
AstList args_list(Parser *p, const Args *args) {
    if (args == NULL) {
        return (AstList){0};
    }
    AstList list = args->positional;
    if (args->entries.len > 0) {
        const AstList *entries = &args->entries;
        Span span = span_join(entries->items[0]->span, entries->items[entries->len - 1]->span);
        vec_push(p->arena, &list,
                 AST_MAKE(p->arena, Map, span, .is_gathered = true, .entries = *entries));
    }
    return list;
}

// ---- Statements --------------------------------------------------------------------------------

AstNode *build_block(Parser *p, const Token *open, AstList *stmts, const Token *close) {
    return AST_MAKE(p->arena, Block, span_tokens(p, open, close), .stmts = list_of(stmts));
}

AstNode *build_let(Parser *p, const Token *word, AstNode *pattern, AstNode *value,
                   const Token *else_name, AstNode *else_body) {
    return AST_MAKE(p->arena, Let, span_from(p, word, else_body != NULL ? else_body : value),
                    .pattern = pattern, .value = value,
                    .else_name = else_name != NULL ? else_name->name : NULL,
                    .else_name_span = else_name != NULL ? token_at(p, else_name) : (Span){0},
                    .else_body = (AstBlock *)else_body);
}

AstNode *build_assign(Parser *p, const Token *name, AstNode *value) {
    return AST_MAKE(p->arena, Assign, span_from(p, name, value), .name = name->name,
                    .name_span = token_at(p, name), .value = value);
}

AstNode *build_become(Parser *p, const Token *word, const Token *name) {
    return AST_MAKE(p->arena, Become, span_tokens(p, word, name), .name = name->name,
                    .name_span = token_at(p, name));
}

// ---- Literals and names ------------------------------------------------------------------------

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return (c | 0x20) - 'a' + 10;
}

// The digits of an INT token's text without prefix, underscores and capitals.
static AstInt read_digits(Parser *p, Str text) {
    AstInt number = {.radix = 10, .fits = true};
    if (text.len > 2 && text.ptr[0] == '0' && text.ptr[1] >= 'a') {
        number.radix = text.ptr[1] == 'x' ? 16 : text.ptr[1] == 'o' ? 8 : 2;
        text = (Str){text.ptr + 2, text.len - 2};
    }
    char *digits = arena_alloc(p->arena, text.len);
    size_t len = 0;
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '_') {
            continue;
        }
        uint64_t digit = (uint64_t)digit_value(text.ptr[i]);
        number.fits = number.fits && value <= ((uint64_t)INT64_MAX - digit) / number.radix;
        value = value * number.radix + digit;
        digits[len++] = "0123456789abcdef"[digit];
    }
    number.digits = (Str){digits, len};
    number.value = number.fits ? (int64_t)value : 0;
    return number;
}

AstNode *build_int(Parser *p, const Token *token, const Token *minus) {
    AstInt number;
    if (token->kind == TOKEN_CHAR) {
        Buf digits = buf_new(p->arena);
        buf_format(&digits, "%u", token->code);
        number =
            (AstInt){.digits = buf_view(&digits), .radix = 10, .fits = true, .value = token->code};
    } else {
        number = read_digits(p, (Str){p->text + token->offset, token->len});
    }
    Span span = token_at(p, token);
    if (minus != NULL) {
        span = span_tokens(p, minus, token);
        number.is_negative = true;
        number.value = -number.value;
    }
    return AST_MAKE(p->arena, Int, span, .digits = number.digits, .radix = number.radix,
                    .is_negative = number.is_negative, .fits = number.fits, .value = number.value);
}

AstNode *build_float(Parser *p, const Token *token, const Token *minus) {
    double value;
    if (!lex_float_value((Str){p->text + token->offset, token->len}, p->arena, &value)) {
        DIAG(p->diags, float_too_large, token_at(p, token));
        value = 0;
    }
    Span span = minus != NULL ? span_tokens(p, minus, token) : token_at(p, token);
    return AST_MAKE(p->arena, Float, span, .value = minus != NULL ? -value : value);
}

AstNode *build_string(Parser *p, const Token *token) {
    return AST_MAKE(p->arena, String, token_at(p, token), .bytes = *token->text);
}

Name token_name(const Parser *p, const Token *token) {
    switch (token->kind) {
    case TOKEN_TRUE: return p->names->known[NAME_TRUE];
    case TOKEN_FALSE: return p->names->known[NAME_FALSE];
    case TOKEN_NIL: return p->names->known[NAME_NIL];
    default: return token->name;
    }
}

AstNode *build_atom(Parser *p, const Token *token) {
    return AST_MAKE(p->arena, Atom, token_at(p, token), .name = token_name(p, token));
}

AstNode *build_var(Parser *p, const Token *token) {
    if (name_is(token->name, NAME_UNDERSCORE)) {
        DIAG(p->diags, placeholder_value, token_at(p, token));
    }
    return AST_MAKE(p->arena, Var, token_at(p, token), .name = token->name);
}

AstNode *build_path(Parser *p, AstNode *path, const Token *token) {
    if (path == NULL) {
        return AST_MAKE(p->arena, Path, token_at(p, token), .name = token->name,
                        .first = token->name, .last = token->name);
    }
    const AstPath *before = AST_AS(Path, path);
    if (before->name->len > PATH_MAX_BYTES) {
        DIAG(p->diags, nested_too_deeply, token_at(p, token));
        return path;
    }
    Buf name = buf_new(p->arena);
    buf_str(&name, name_str(before->name));
    buf_byte(&name, '.');
    buf_str(&name, name_str(token->name));
    return AST_MAKE(p->arena, Path, span_to(p, path, token),
                    .name = intern_str(p->names, buf_view(&name)), .first = before->first,
                    .last = token->name);
}

AstNode *build_remote(Parser *p, AstNode *path, const Token *name) {
    return AST_MAKE(p->arena, Remote, span_to(p, path, name), .path = AST_AS(Path, path),
                    .name = name->name, .name_span = token_at(p, name));
}

AstNode *build_fn_ref(Parser *p, const Token *amp, AstNode *path, const Token *name,
                      const Token *arity) {
    AstInt number = read_digits(p, (Str){p->text + arity->offset, arity->len});
    // No function has that many parameters, so resolve will say that there is none.
    bool is_sane = number.fits && number.value < UINT32_MAX;
    return AST_MAKE(p->arena, FnRef, span_tokens(p, amp, arity), .path = (AstPath *)path,
                    .name = name->name, .name_span = token_at(p, name),
                    .arity = is_sane ? (uint32_t)number.value : UINT32_MAX);
}

// ---- Strings with interpolation ----------------------------------------------------------------

static void add_text(Parser *p, Parts *parts, const Token *text) {
    if (text->text->len > 0) {
        build_list_add(p, &parts->list, build_string(p, text));
    }
}

Parts *build_parts(Parser *p, Parts *parts, const Token *text, AstNode *expr) {
    if (parts == NULL) {
        parts = ARENA_NEW(p->arena, Parts);
        parts->open = text;
    }
    add_text(p, parts, text);
    build_list_add(p, &parts->list, expr);
    return parts;
}

AstNode *build_interpolation(Parser *p, Parts *parts, const Token *end) {
    add_text(p, parts, end);
    return AST_MAKE(p->arena, Interpolation, span_tokens(p, parts->open, end),
                    .parts = parts->list);
}

// ---- Data --------------------------------------------------------------------------------------

AstNode *build_tuple(Parser *p, const Token *open, AstList *items, const Token *close) {
    return AST_MAKE(p->arena, Tuple, span_tokens(p, open, close), .items = list_of(items));
}

AstNode *build_tagged(Parser *p, const Token *atom, Args *args, const Token *close) {
    if (args != NULL && args->entries.len > 0) {
        DIAG(p->diags, key_in_tagged, args->entries.items[0]->span, name_str(atom->name));
    }
    return AST_MAKE(p->arena, Tagged, span_tokens(p, atom, close), .tag = atom->name,
                    .tag_span = token_at(p, atom),
                    .args = args == NULL ? (AstList){0} : args->positional);
}

AstNode *build_list_expr(Parser *p, const Token *open, AstList *items, AstNode *tail,
                         const Token *close) {
    return AST_MAKE(p->arena, ListExpr, span_tokens(p, open, close), .items = list_of(items),
                    .tail = tail);
}

AstNode *build_list_comp(Parser *p, const Token *open, AstNode *body, AstList *sources,
                         const Token *close) {
    return AST_MAKE(p->arena, ListComp, span_tokens(p, open, close), .body = body,
                    .sources = list_of(sources));
}

AstNode *build_map(Parser *p, const Token *open, AstNode *base, AstList *entries,
                   const Token *close) {
    return AST_MAKE(p->arena, Map, span_tokens(p, open, close), .base = base,
                    .entries = list_of(entries));
}

AstNode *build_map_comp(Parser *p, const Token *open, AstNode *entry, AstList *sources,
                        const Token *close) {
    return AST_MAKE(p->arena, MapComp, span_tokens(p, open, close), .entry = AST_AS(Entry, entry),
                    .sources = list_of(sources));
}

// The span of a key's name, without the colon.
static Span key_span(const Parser *p, const Token *key) {
    return (Span){p->tokens.file, key->offset, key->len - 1};
}

// `name:` alone means `name: name`.
static AstNode *key_value(Parser *p, const Token *key, AstNode *value) {
    return value != NULL ? value : AST_MAKE(p->arena, Var, key_span(p, key), .name = key->name);
}

AstNode *build_key_entry(Parser *p, const Token *key, AstNode *value) {
    AstNode *atom = AST_MAKE(p->arena, Atom, key_span(p, key), .name = key->name);
    return build_entry(p, atom, key_value(p, key, value));
}

AstNode *build_entry(Parser *p, AstNode *key, AstNode *value) {
    return AST_MAKE(p->arena, Entry, span_join(key->span, value->span), .key = key, .value = value);
}

AstNode *build_record(Parser *p, AstNode *path, AstNode *base, AstList *fields,
                      const Token *close) {
    return AST_MAKE(p->arena, Record, span_to(p, path, close), .path = AST_AS(Path, path),
                    .base = base, .fields = list_of(fields));
}

AstNode *build_field(Parser *p, const Token *key, AstNode *value) {
    AstNode *filled = key_value(p, key, value);
    Span span = value == NULL ? token_at(p, key) : span_from(p, key, filled);
    return AST_MAKE(p->arena, FieldInit, span, .name = key->name, .name_span = key_span(p, key),
                    .value = filled);
}

AstNode *build_bytes(Parser *p, const Token *open, AstList *segments, const Token *close) {
    return AST_MAKE(p->arena, Bytes, span_tokens(p, open, close), .segments = list_of(segments));
}

AstNode *build_bytes_comp(Parser *p, const Token *open, AstNode *segment, AstList *sources,
                          const Token *close) {
    return AST_MAKE(p->arena, BytesComp, span_tokens(p, open, close),
                    .segment = AST_AS(Segment, segment), .sources = list_of(sources));
}

AstNode *build_source(Parser *p, AstNode *pattern, AstNode *iterable, AstNode *filter) {
    Span span = span_join(pattern->span, filter != NULL ? filter->span : iterable->span);
    return AST_MAKE(p->arena, Source, span, .pattern = pattern, .iterable = iterable,
                    .filter = filter);
}

// ---- Segments of bytes -------------------------------------------------------------------------

static bool add_size(SegmentSpec *spec, AstNode *size) {
    bool is_first = spec->size == NULL;
    spec->size = is_first ? size : spec->size;
    return is_first;
}

static bool add_kind(SegmentSpec *spec, AstSegmentKind kind) {
    bool is_first = !spec->has_kind;
    spec->has_kind = true;
    spec->kind = kind;
    return is_first;
}

static bool add_order(SegmentSpec *spec, bool is_little) {
    bool is_first = !spec->has_order;
    spec->has_order = true;
    spec->is_little = is_little;
    return is_first;
}

static bool add_sign(SegmentSpec *spec, bool is_signed) {
    bool is_first = !spec->has_sign;
    spec->has_sign = true;
    spec->is_signed = is_signed;
    return is_first;
}

// A word of a specification. False: it does not go with those before it.
static bool add_word(Parser *p, SegmentSpec *spec, const SpecItem *item) {
    uint32_t id = item->word->name->id;
    bool fits = true;
    switch (id) {
    case NAME_BYTES:
        fits = add_kind(spec, AST_SEGMENT_BYTES);
        return item->size == NULL ? fits : add_size(spec, item->size) && fits;
    case NAME_UTF8: fits = add_kind(spec, AST_SEGMENT_UTF8); break;
    case NAME_FLOAT: fits = add_kind(spec, AST_SEGMENT_FLOAT); break;
    case NAME_INT: fits = add_kind(spec, AST_SEGMENT_INT); break;
    case NAME_LITTLE: fits = add_order(spec, true); break;
    case NAME_BIG: fits = add_order(spec, false); break;
    case NAME_SIGNED: fits = add_sign(spec, true); break;
    case NAME_UNSIGNED: fits = add_sign(spec, false); break;
    default:
        if (!item->is_sized_word && spec->size == NULL) {
            return add_size(spec, build_var(p, item->word));
        }
        DIAG(p->diags, segment_unknown, token_at(p, item->word), name_str(item->word->name));
        return true;
    }
    return fits && !item->is_sized_word;
}

SegmentSpec build_spec(Parser *p, const SegmentSpec *before, const SpecItem *item) {
    SegmentSpec spec = before != NULL ? *before : (SegmentSpec){.kind = AST_SEGMENT_INT};
    bool is_word = item->word->kind != TOKEN_INT && item->word->kind != TOKEN_LPAREN;
    bool fits = is_word ? add_word(p, &spec, item) : add_size(&spec, item->size);
    if (!fits) {
        Span span = token_at(p, item->word);
        DIAG(p->diags, segment_repeated, span, source_text(p->sources, span));
    }
    Span end = item->size != NULL ? item->size->span : token_at(p, item->word);
    spec.span =
        before != NULL ? span_join(before->span, end) : span_join(token_at(p, item->word), end);
    return spec;
}

AstNode *build_segment(Parser *p, AstNode *value, const SegmentSpec *spec) {
    static const SegmentSpec none = {.kind = AST_SEGMENT_DEFAULT};
    Span span = spec != NULL ? span_join(value->span, spec->span) : value->span;
    spec = spec != NULL ? spec : &none;
    return AST_MAKE(p->arena, Segment, span, .value = value, .kind = spec->kind,
                    .is_little = spec->is_little, .is_signed = spec->is_signed, .size = spec->size);
}

// ---- Operations --------------------------------------------------------------------------------

AstNode *build_binary(Parser *p, AstOp op, const Token *token, AstNode *left, AstNode *right) {
    return AST_MAKE(p->arena, Binary, span_join(left->span, right->span), .op = op,
                    .op_span = token_at(p, token), .left = left, .right = right);
}

AstNode *build_unary(Parser *p, AstOp op, const Token *token, AstNode *operand) {
    return AST_MAKE(p->arena, Unary, span_from(p, token, operand), .op = op,
                    .op_span = token_at(p, token), .operand = operand);
}

AstNode *build_pipe(Parser *p, AstNode *left, AstNode *right) {
    Span span = span_join(left->span, right->span);
    if (right->kind != AST_CALL) {
        DIAG(p->diags, pipe_without_call, right->span);
        right = AST_MAKE(p->arena, Call, right->span, .callee = right);
    }
    return AST_MAKE(p->arena, Pipe, span, .left = left, .call = AST_AS(Call, right));
}

AstNode *build_send(Parser *p, AstNode *to, AstNode *message) {
    return AST_MAKE(p->arena, Send, span_join(to->span, message->span), .to = to,
                    .message = message);
}

AstNode *build_ask(Parser *p, AstNode *to, AstNode *message, AstNode *timeout) {
    Span span = span_join(to->span, timeout != NULL ? timeout->span : message->span);
    return AST_MAKE(p->arena, Ask, span, .to = to, .message = message, .timeout = timeout);
}

AstNode *build_field_of(Parser *p, AstNode *object, const Token *name) {
    return AST_MAKE(p->arena, Field, span_to(p, object, name), .object = object, .name = name->name,
                    .name_span = token_at(p, name));
}

AstNode *build_index(Parser *p, AstNode *object, AstNode *key, const Token *close) {
    return AST_MAKE(p->arena, Index, span_to(p, object, close), .object = object, .key = key);
}

AstNode *build_call(Parser *p, AstNode *callee, Args *args, const Token *close) {
    return AST_MAKE(p->arena, Call, span_to(p, callee, close), .callee = callee,
                    .args = args_list(p, args));
}

AstNode *build_lambda(Parser *p, const Token *word, AstList *params, AstNode *guard,
                      AstNode *result, AstNode *body) {
    return AST_MAKE(p->arena, Lambda, span_from(p, word, body), .params = list_of(params),
                    .guard = guard, .result = result, .body = body);
}

AstNode *build_assert(Parser *p, const Token *word, AstNode *operand) {
    return AST_MAKE(p->arena, Assert, span_from(p, word, operand), .operand = operand);
}

AstNode *build_spawn(Parser *p, const Token *word, AstSpawnMode mode, AstNode *path, Args *args,
                     const Token *close, AstNode *timeout) {
    Span span = timeout != NULL ? span_from(p, word, timeout) : span_tokens(p, word, close);
    return AST_MAKE(p->arena, Spawn, span, .mode = mode, .path = AST_AS(Path, path),
                    .args = args_list(p, args), .timeout = timeout);
}

AstNode *build_spawn_block(Parser *p, const Token *word, AstSpawnMode mode, AstNode *body) {
    return AST_MAKE(p->arena, SpawnBlock, span_from(p, word, body), .mode = mode,
                    .body = AST_AS(Block, body));
}

// ---- Control -----------------------------------------------------------------------------------

AstNode *build_if(Parser *p, const Token *word, AstNode *condition, AstNode *then_body,
                  AstNode *else_body) {
    return AST_MAKE(p->arena, If, span_from(p, word, else_body != NULL ? else_body : then_body),
                    .condition = condition, .then_body = AST_AS(Block, then_body),
                    .else_body = else_body);
}

AstNode *build_match(Parser *p, const Token *word, AstNode *subject, AstList *clauses,
                     const Token *close) {
    return AST_MAKE(p->arena, Match, span_tokens(p, word, close), .subject = subject,
                    .clauses = list_of(clauses));
}

AstNode *build_clause(Parser *p, AstNode *pattern, AstNode *guard, AstNode *body) {
    return AST_MAKE(p->arena, Clause, span_join(pattern->span, body->span), .pattern = pattern,
                    .guard = guard, .body = body);
}

AstNode *build_try(Parser *p, const Token *word, AstNode *body, const Catch *caught,
                   AstNode *after_body) {
    Span span =
        after_body != NULL ? span_from(p, word, after_body) : span_tokens(p, word, caught->close);
    return AST_MAKE(p->arena, Try, span, .body = AST_AS(Block, body), .has_catch = caught != NULL,
                    .clauses = caught != NULL ? list_of(caught->clauses) : (AstList){0},
                    .after_body = (AstBlock *)after_body);
}

AstReceive *build_receive_clause(Parser *p, AstReceive *receive, const ReceiveEntry *entry) {
    receive = receive != NULL ? receive : ARENA_NEW(p->arena, AstReceive);
    if (entry->after != NULL) {
        if (receive->timeout != NULL) {
            DIAG(p->diags, after_repeated, token_at(p, entry->after));
        }
        receive->timeout = entry->timeout;
        receive->timeout_body = entry->body;
    } else if (entry->clause != NULL) {
        if (receive->timeout != NULL) {
            DIAG(p->diags, after_not_last, entry->clause->span);
        }
        build_list_add(p, &receive->clauses, entry->clause);
    }
    return receive;
}

AstNode *build_receive(Parser *p, const Token *word, const AstReceive *parts, const Token *close) {
    static const AstReceive none = {0};
    parts = parts != NULL ? parts : &none;
    return AST_MAKE(p->arena, Receive, span_tokens(p, word, close), .clauses = parts->clauses,
                    .timeout = parts->timeout, .timeout_body = parts->timeout_body);
}

AstNode *build_for(Parser *p, const Token *word, AstList *sources, AstNode *body) {
    return AST_MAKE(p->arena, For, span_from(p, word, body), .sources = list_of(sources),
                    .body = AST_AS(Block, body));
}

// What the grammar's actions call: builders of nodes, and the state of a parse.
//
// Tokens are subjects before nodes; the first parameter after the parser is usually the token that
// the node begins with, the last the one that it ends with. Lists may be NULL for empty. A NULL
// item (what had an error) is left out of a list. Builders report what the grammar alone cannot
// tell.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/ast/ast.h"
#include "compiler/lex/lex.h"
#include "compiler/parse/parse.h"

typedef struct Parser {
    Arena *arena;
    Intern *names;
    Sources *sources;
    Diags *diags;
    const char *text;
    TokenList tokens;

    AstList defs;
    AstList stmts;
    AstDoc *module_doc;
    uint32_t module_doc_count; // how many of the first doc comments are the module's: 0 or 1
    bool is_too_deep;
    const Token *error; // the token that the parser could not take, until the driver has recovered
    Str last_message;   // of the last syntax error
    Str last_hint;
    // What could have stood where the last error is, found before the automaton reduced what it
    // could: optional parts are among it still.
    bool expected[TOKEN_KIND_COUNT + 1];
    bool wants_more; // the end came where a line that carries on could still help
} Parser;

// Feeds all tokens to the grammar (compiler/parse/grammar.y). Sets defs, stmts and is_too_deep.
void parser_run(Parser *p);

static inline Span token_at(const Parser *p, const Token *token) {
    return (Span){p->tokens.file, token->offset, token->len};
}

// From token to token, token to node, node to token.
static inline Span span_tokens(const Parser *p, const Token *first, const Token *last) {
    return span_join(token_at(p, first), token_at(p, last));
}
static inline Span span_from(const Parser *p, const Token *first, const AstNode *last) {
    return span_join(token_at(p, first), last->span);
}
static inline Span span_to(const Parser *p, const AstNode *first, const Token *last) {
    return span_join(first->span, token_at(p, last));
}

static inline AstList list_of(const AstList *list) {
    return list == NULL ? (AstList){0} : *list;
}

// ---- Lists -------------------------------------------------------------------------------------

AstList *build_list(Parser *p, AstNode *item);
AstList *build_list_add(Parser *p, AstList *list, AstNode *item);
AstList *build_list_first(Parser *p, AstNode *item, AstList *list);

// The arguments of a call while they are read: keys come last and gather.
typedef struct Args {
    AstList positional;
    AstList entries;
} Args;
Args *build_arg(Parser *p, Args *args, AstNode *value);
Args *build_arg_key(Parser *p, Args *args, AstNode *entry);
AstList args_list(Parser *p, const Args *args);

// ---- Definitions (build_def.c) -----------------------------------------------------------------

// Finds out whether the first doc comment is the module's. Before anything is built.
void build_module_doc(Parser *p);

void build_top_statement(Parser *p, AstNode *stmt);
void build_top_definition(Parser *p, AstNode *def);
AstNode *build_public(Parser *p, const Token *pub, AstNode *def);
AstNode *build_const(Parser *p, const Token *word, const Token *name, AstNode *type,
                     AstNode *value);
AstNode *build_record_def(Parser *p, const Token *word, const Token *name, AstList *fields,
                          const Token *end);
AstNode *build_field_def(Parser *p, const Token *name, AstNode *type, AstNode *fallback);
AstNode *build_type_def(Parser *p, const Token *word, const Token *name, AstList *params,
                        AstNode *type);
AstNode *build_import(Parser *p, const Token *word, AstNode *path, const Token *alias,
                      AstList *names, const Token *end);
AstNode *build_import_name(Parser *p, const Token *name);
AstNode *build_test(Parser *p, const Token *word, const Token *name, AstNode *body);
AstNode *build_extern(Parser *p, const Token *word, bool is_unsafe, const Token *library,
                      AstList *fns, const Token *end);
AstNode *build_extern_fn(Parser *p, const Token *word, const Token *name, AstList *params,
                         const Token *end, AstNode *result);
AstNode *build_fn(Parser *p, const Token *word, const Token *name, AstList *params, AstNode *guard,
                  AstNode *result, AstNode *body);
AstNode *build_action(Parser *p, const Token *word, const Token *name, AstList *params,
                      AstNode *guard, AstNode *result, AstNode *body);
AstNode *build_param(Parser *p, AstNode *pattern, AstNode *fallback);

// What stands between the braces of an actor or a behaviour.
typedef struct ActorItems {
    AstList states, handlers, behaviours, fns, actions;
    AstNode *after;
} ActorItems;
// `items` is NULL before the first.
ActorItems *build_actor_item(Parser *p, ActorItems *items, AstNode *item);
// `mailbox limit :policy`, or zeros.
typedef struct Mailbox {
    AstNode *limit;
    const Token *policy;
} Mailbox;
AstNode *build_actor(Parser *p, const Token *word, const Token *name, AstList *params,
                     const Mailbox *mailbox, const ActorItems *items, const Token *end);
AstNode *build_durable(Parser *p, const Token *word, AstNode *actor);
AstNode *build_state(Parser *p, const Token *word, const Token *name, AstNode *type,
                     AstNode *value);
AstNode *build_behaviour(Parser *p, const Token *word, const Token *name, const ActorItems *items,
                         const Token *end);
AstNode *build_event(Parser *p, const Token *word, const Token *event, AstList *params,
                     AstNode *guard, AstNode *reply, AstNode *body);
AstNode *build_handler(Parser *p, const Token *word, AstNode *pattern, AstNode *guard,
                       AstNode *reply, AstNode *body);
AstNode *build_after(Parser *p, const Token *word, AstNode *timeout, AstNode *body);

// A line of a supervisor: a setting (by its word) or a child.
typedef struct SupItem {
    const Token *word; // NULL: it had an error
    const Token *atom;
    AstNode *intensity, *period, *child;
} SupItem;
// The node is a place for the settings until the supervisor is built; NULL before the first.
AstSupervisor *build_sup_item(Parser *p, AstSupervisor *sup, const SupItem *item);
AstNode *build_supervisor(Parser *p, const Token *word, const Token *name, AstList *params,
                          const AstSupervisor *items, const Token *end);
AstNode *build_dynamic(Parser *p, const Token *word, AstNode *supervisor);
AstNode *build_child(Parser *p, const Token *word, AstNode *path, Args *args, const Token *end,
                     AstList *options);
AstNode *build_child_fn(Parser *p, const Token *word, AstList *params, AstNode *path, Args *args,
                        const Token *end, AstList *options);

// ---- Statements and expressions (build_expr.c) -------------------------------------------------

AstNode *build_block(Parser *p, const Token *open, AstList *stmts, const Token *close);
AstNode *build_let(Parser *p, const Token *word, AstNode *pattern, AstNode *value,
                   const Token *else_name, AstNode *else_body);
AstNode *build_assign(Parser *p, const Token *name, AstNode *value);
AstNode *build_become(Parser *p, const Token *word, const Token *name);

// A number; `minus` is the sign before it, or NULL. Also of a CHAR.
AstNode *build_int(Parser *p, const Token *token, const Token *minus);
AstNode *build_float(Parser *p, const Token *token, const Token *minus);
AstNode *build_string(Parser *p, const Token *token);
AstNode *build_atom(Parser *p, const Token *token);
AstNode *build_var(Parser *p, const Token *token);
AstNode *build_path(Parser *p, AstNode *path, const Token *token);
AstNode *build_remote(Parser *p, AstNode *path, const Token *name);
AstNode *build_fn_ref(Parser *p, const Token *amp, AstNode *path, const Token *name,
                      const Token *arity);
// The parts of a string with interpolations so far, and the token it began with.
typedef struct Parts {
    const Token *open;
    AstList list;
} Parts;
Parts *build_parts(Parser *p, Parts *parts, const Token *text, AstNode *expr);
AstNode *build_interpolation(Parser *p, Parts *parts, const Token *end);

AstNode *build_tuple(Parser *p, const Token *open, AstList *items, const Token *close);
AstNode *build_tagged(Parser *p, const Token *atom, Args *args, const Token *close);
AstNode *build_list_expr(Parser *p, const Token *open, AstList *items, AstNode *tail,
                         const Token *close);
AstNode *build_list_comp(Parser *p, const Token *open, AstNode *body, AstList *sources,
                         const Token *close);
AstNode *build_map(Parser *p, const Token *open, AstNode *base, AstList *entries,
                   const Token *close);
AstNode *build_map_comp(Parser *p, const Token *open, AstNode *entry, AstList *sources,
                        const Token *close);
AstNode *build_key_entry(Parser *p, const Token *key, AstNode *value);
AstNode *build_entry(Parser *p, AstNode *key, AstNode *value);
AstNode *build_record(Parser *p, AstNode *path, AstNode *base, AstList *fields, const Token *close);
AstNode *build_field(Parser *p, const Token *key, AstNode *value);
AstNode *build_bytes(Parser *p, const Token *open, AstList *segments, const Token *close);
AstNode *build_bytes_comp(Parser *p, const Token *open, AstNode *segment, AstList *sources,
                          const Token *close);
AstNode *build_source(Parser *p, AstNode *pattern, AstNode *iterable, AstNode *filter);

// One part of a segment's `::a/b/c`.
typedef struct SpecItem {
    const Token *word; // its first token: an INT, a `(`, or a word
    AstNode *size;     // the number, the expression, or the argument of a word such as bytes(n)
    bool is_sized_word;
} SpecItem;
// What all parts of a segment's specification say together.
typedef struct SegmentSpec {
    AstSegmentKind kind;
    bool has_kind, has_order, has_sign;
    bool is_little, is_signed;
    AstNode *size;
    Span span;
} SegmentSpec;
SegmentSpec build_spec(Parser *p, const SegmentSpec *before, const SpecItem *item);
AstNode *build_segment(Parser *p, AstNode *value, const SegmentSpec *spec);

AstNode *build_binary(Parser *p, AstOp op, const Token *token, AstNode *left, AstNode *right);
AstNode *build_unary(Parser *p, AstOp op, const Token *token, AstNode *operand);
AstNode *build_pipe(Parser *p, AstNode *left, AstNode *right);
AstNode *build_send(Parser *p, AstNode *to, AstNode *message);
AstNode *build_ask(Parser *p, AstNode *to, AstNode *message, AstNode *timeout);
AstNode *build_field_of(Parser *p, AstNode *object, const Token *name);
AstNode *build_index(Parser *p, AstNode *object, AstNode *key, const Token *close);
AstNode *build_call(Parser *p, AstNode *callee, Args *args, const Token *close);
AstNode *build_lambda(Parser *p, const Token *word, AstList *params, AstNode *guard,
                      AstNode *result, AstNode *body);
AstNode *build_assert(Parser *p, const Token *word, AstNode *operand);
AstNode *build_spawn(Parser *p, const Token *word, AstSpawnMode mode, AstNode *path, Args *args,
                     const Token *close, AstNode *timeout);
AstNode *build_spawn_block(Parser *p, const Token *word, AstSpawnMode mode, AstNode *body);
AstNode *build_if(Parser *p, const Token *word, AstNode *condition, AstNode *then_body,
                  AstNode *else_body);
AstNode *build_match(Parser *p, const Token *word, AstNode *subject, AstList *clauses,
                     const Token *close);
AstNode *build_clause(Parser *p, AstNode *pattern, AstNode *guard, AstNode *body);
// `catch { clauses }`, and its last token.
typedef struct Catch {
    AstList *clauses;
    const Token *close;
} Catch;
AstNode *build_try(Parser *p, const Token *word, AstNode *body, const Catch *caught,
                   AstNode *after_body);
// A clause of a receive, or its `after`.
typedef struct ReceiveEntry {
    AstNode *clause;
    const Token *after;
    AstNode *timeout, *body;
} ReceiveEntry;
// The node is a place for the parts until the receive is built; NULL before the first.
AstReceive *build_receive_clause(Parser *p, AstReceive *receive, const ReceiveEntry *entry);
AstNode *build_receive(Parser *p, const Token *word, const AstReceive *parts, const Token *close);
AstNode *build_for(Parser *p, const Token *word, AstList *sources, AstNode *body);

// ---- Patterns and types (build_pattern.c) ------------------------------------------------------

AstNode *build_pat_var(Parser *p, const Token *name);
AstNode *build_pat_typed(Parser *p, const Token *key, AstNode *type);
AstNode *build_pat_or(Parser *p, AstNode *left, AstNode *right);
AstNode *build_pat_as(Parser *p, AstNode *pattern, const Token *name);
AstNode *build_pat_prefix(Parser *p, const Token *prefix, AstNode *rest);
AstNode *build_pat_range(Parser *p, AstNode *first, AstNode *last);
AstNode *build_pat_interpolation(Parser *p, Parts *parts, const Token *end);
AstNode *build_pat_pin(Parser *p, const Token *caret, const Token *name);
AstNode *build_pat_tuple(Parser *p, const Token *open, AstList *items, const Token *close);
AstNode *build_pat_tagged(Parser *p, const Token *atom, AstList *args, const Token *close);
AstNode *build_pat_list(Parser *p, const Token *open, AstList *items, AstNode *tail,
                        const Token *close);
AstNode *build_pat_map(Parser *p, const Token *open, AstList *entries, const Token *close);
AstNode *build_pat_key_entry(Parser *p, const Token *key, AstNode *value);
AstNode *build_pat_entry(Parser *p, AstNode *key, AstNode *value);
AstNode *build_pat_record(Parser *p, AstNode *path, AstList *fields, const Token *close);
AstNode *build_pat_field(Parser *p, const Token *key, AstNode *value);
AstNode *build_pat_bytes(Parser *p, const Token *open, AstList *segments, const Token *close);
AstNode *build_pat_segment(Parser *p, AstNode *value, const SegmentSpec *spec);

AstNode *build_type_name(Parser *p, AstNode *path, AstList *args, const Token *close);
AstNode *build_type_var(Parser *p, const Token *name);
AstNode *build_type_atom(Parser *p, const Token *atom);
AstNode *build_type_tagged(Parser *p, const Token *atom, AstList *args, const Token *close);
AstNode *build_type_list(Parser *p, const Token *open, AstNode *item, const Token *close);
AstNode *build_type_tuple(Parser *p, const Token *open, AstList *items, const Token *close);
AstNode *build_type_map(Parser *p, const Token *open, AstNode *key, AstNode *value,
                        const Token *close);
AstNode *build_type_fn(Parser *p, const Token *word, AstList *params, AstNode *result);
AstNode *build_type_union(Parser *p, AstNode *left, AstNode *right);

// The name that a token stands for: a word's, an atom's, or that of true, false and nil.
Name token_name(const Parser *p, const Token *token);

// Builders of definitions: functions, records, types, actors, supervisors, and the module's lists;
// compiler/parse/build.h has the conventions.
//
// A doc comment belongs to the definition whose first token it stands before, with no other token
// in between. Definitions are built when they end, so the docs inside an actor are looked up before
// that of the actor itself: find_doc searches.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/parse/build.h"

#include "compiler/base/check.h"

// The index of the first doc comment at or behind `offset`.
static uint32_t doc_index(const Parser *p, uint32_t offset) {
    uint32_t low = 0;
    uint32_t high = p->tokens.docs.len;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (p->tokens.docs.items[middle].offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static AstDoc *build_doc(Parser *p, const LexDoc *doc) {
    Str text = lex_doc_text(p->sources, p->tokens.file, doc, p->arena);
    AstNode *node =
        AST_MAKE(p->arena, Doc, ((Span){p->tokens.file, doc->offset, doc->len}), .text = text);
    return AST_AS(Doc, node);
}

// The doc comment before the definition that begins with `first`, or NULL.
static AstDoc *find_doc(Parser *p, const Token *first) {
    uint32_t next = doc_index(p, first->offset);
    if (next == 0) {
        return NULL;
    }
    const LexDoc *doc = &p->tokens.docs.items[next - 1];
    const Token *before = first - 1;
    while (before->kind == TOKEN_NEWLINE) {
        before--;
    }
    bool is_next_to_it = doc->offset >= before->offset + before->len;
    return is_next_to_it && next > p->module_doc_count ? build_doc(p, doc) : NULL;
}

void build_module_doc(Parser *p) {
    p->module_doc_count = 0;
    if (p->tokens.docs.len == 0) {
        return;
    }
    const LexDoc *doc = &p->tokens.docs.items[0];
    const Token *first = &p->tokens.tokens.items[1];
    bool is_first = doc->offset < first->offset || first->kind == TOKEN_EOF;
    bool has_definition = first->kind != TOKEN_IMPORT && first->kind != TOKEN_EOF;
    bool is_only = p->tokens.docs.len == 1 || p->tokens.docs.items[1].offset > first->offset;
    if (is_first && !(has_definition && !doc->is_apart && is_only)) {
        p->module_doc_count = 1;
        p->module_doc = build_doc(p, doc);
    }
}

// ---- The module --------------------------------------------------------------------------------

void build_top_statement(Parser *p, AstNode *stmt) {
    if (stmt != NULL) {
        build_list_add(p, stmt->kind == AST_FN ? &p->defs : &p->stmts, stmt);
    }
}

void build_top_definition(Parser *p, AstNode *def) {
    if (def != NULL) {
        build_list_add(p, &p->defs, def);
    }
}

// Gives a definition that turned out to begin with `first` the doc comment before that.
static void set_doc(Parser *p, AstNode *def, AstDoc **doc, const Token *first) {
    *doc = find_doc(p, first);
    if (*doc != NULL && def->height == 1) {
        def->height = 2;
    }
}

AstNode *build_public(Parser *p, const Token *pub, AstNode *def) {
    bool *is_pub;
    AstDoc **doc;
    def->span = span_from(p, pub, def);
    switch (def->kind) {
    case AST_FN:
        is_pub = &AST_AS(Fn, def)->is_pub;
        doc = &AST_AS(Fn, def)->doc;
        break;
    case AST_CONST:
        is_pub = &AST_AS(Const, def)->is_pub;
        doc = &AST_AS(Const, def)->doc;
        break;
    case AST_RECORD_DEF:
        is_pub = &AST_AS(RecordDef, def)->is_pub;
        doc = &AST_AS(RecordDef, def)->doc;
        break;
    case AST_TYPE_DEF:
        is_pub = &AST_AS(TypeDef, def)->is_pub;
        doc = &AST_AS(TypeDef, def)->doc;
        break;
    case AST_ACTOR:
        is_pub = &AST_AS(Actor, def)->is_pub;
        doc = &AST_AS(Actor, def)->doc;
        break;
    case AST_SUPERVISOR:
        is_pub = &AST_AS(Supervisor, def)->is_pub;
        doc = &AST_AS(Supervisor, def)->doc;
        break;
    default: DIAG(p->diags, pub_misplaced, token_at(p, pub)); return def;
    }
    *is_pub = true;
    set_doc(p, def, doc, pub);
    return def;
}

AstNode *build_const(Parser *p, const Token *word, const Token *name, AstNode *type,
                     AstNode *value) {
    Span name_span = token_at(p, name);
    name_span.len -= name->kind == TOKEN_KEY;
    return AST_MAKE(p->arena, Const, span_from(p, word, value), .doc = find_doc(p, word),
                    .name = name->name, .name_span = name_span, .type = type, .value = value);
}

AstNode *build_record_def(Parser *p, const Token *word, const Token *name, AstList *fields,
                          const Token *end) {
    return AST_MAKE(p->arena, RecordDef, span_tokens(p, word, end), .doc = find_doc(p, word),
                    .name = name->name, .name_span = token_at(p, name), .fields = list_of(fields));
}

AstNode *build_field_def(Parser *p, const Token *name, AstNode *type, AstNode *fallback) {
    Span name_span = token_at(p, name);
    name_span.len -= name->kind == TOKEN_KEY;
    const AstNode *last = fallback != NULL ? fallback : type;
    return AST_MAKE(p->arena, FieldDef, last != NULL ? span_from(p, name, last) : name_span,
                    .doc = find_doc(p, name), .name = name->name, .name_span = name_span,
                    .type = type, .fallback = fallback);
}

AstNode *build_type_def(Parser *p, const Token *word, const Token *name, AstList *params,
                        AstNode *type) {
    return AST_MAKE(p->arena, TypeDef, span_from(p, word, type), .doc = find_doc(p, word),
                    .name = name->name, .name_span = token_at(p, name), .params = list_of(params),
                    .type = type);
}

AstNode *build_import(Parser *p, const Token *word, AstNode *path, const Token *alias,
                      AstList *names, const Token *end) {
    const Token *last = end != NULL ? end : alias;
    return AST_MAKE(p->arena, Import,
                    last != NULL ? span_tokens(p, word, last) : span_from(p, word, path),
                    .path = AST_AS(Path, path), .alias = alias != NULL ? alias->name : NULL,
                    .names = list_of(names));
}

AstNode *build_import_name(Parser *p, const Token *name) {
    return AST_MAKE(p->arena, ImportName, token_at(p, name), .name = name->name);
}

AstNode *build_test(Parser *p, const Token *word, const Token *name, AstNode *body) {
    return AST_MAKE(p->arena, Test, span_from(p, word, body), .doc = find_doc(p, word),
                    .name = *name->text, .name_span = token_at(p, name),
                    .body = AST_AS(Block, body));
}

AstNode *build_extern(Parser *p, const Token *word, bool is_unsafe, const Token *library,
                      AstList *fns, const Token *end) {
    return AST_MAKE(p->arena, Extern, span_tokens(p, word, end), .doc = find_doc(p, word),
                    .is_unsafe = is_unsafe, .library = *library->text, .fns = list_of(fns));
}

AstNode *build_extern_fn(Parser *p, const Token *word, const Token *name, AstList *params,
                         const Token *end, AstNode *result) {
    Span span = result != NULL ? span_from(p, word, result) : span_tokens(p, word, end);
    return AST_MAKE(p->arena, Fn, span, .doc = find_doc(p, word), .name = name->name,
                    .name_span = token_at(p, name), .params = list_of(params), .result = result);
}

static AstNode *new_fn(Parser *p, const Token *word, const Token *name, AstList *params,
                       AstNode *guard, AstNode *result, AstNode *body, bool is_action) {
    return AST_MAKE(p->arena, Fn, span_from(p, word, body), .doc = find_doc(p, word),
                    .is_action = is_action, .name = name->name, .name_span = token_at(p, name),
                    .params = list_of(params), .guard = guard, .result = result, .body = body);
}

AstNode *build_fn(Parser *p, const Token *word, const Token *name, AstList *params, AstNode *guard,
                  AstNode *result, AstNode *body) {
    return new_fn(p, word, name, params, guard, result, body, false);
}

AstNode *build_action(Parser *p, const Token *word, const Token *name, AstList *params,
                      AstNode *guard, AstNode *result, AstNode *body) {
    return new_fn(p, word, name, params, guard, result, body, true);
}

AstNode *build_param(Parser *p, AstNode *pattern, AstNode *fallback) {
    Span span = fallback != NULL ? span_join(pattern->span, fallback->span) : pattern->span;
    return AST_MAKE(p->arena, Param, span, .pattern = pattern, .fallback = fallback);
}

// ---- Actors ------------------------------------------------------------------------------------

static const ActorItems no_items = {0};

ActorItems *build_actor_item(Parser *p, ActorItems *items, AstNode *item) {
    items = items != NULL ? items : ARENA_NEW(p->arena, ActorItems);
    if (item == NULL) {
        return items;
    }
    switch (item->kind) {
    case AST_STATE: build_list_add(p, &items->states, item); break;
    case AST_HANDLER: build_list_add(p, &items->handlers, item); break;
    case AST_BEHAVIOUR: build_list_add(p, &items->behaviours, item); break;
    case AST_FN:
        build_list_add(p, AST_AS(Fn, item)->is_action ? &items->actions : &items->fns, item);
        break;
    default:
        CHECK(item->kind == AST_AFTER);
        if (items->after != NULL) {
            DIAG(p->diags, after_repeated, item->span);
            diag_note(p->diags, items->after->span, STR("the first one"));
        }
        items->after = item;
        break;
    }
    return items;
}

AstNode *build_actor(Parser *p, const Token *word, const Token *name, AstList *params,
                     const Mailbox *mailbox, const ActorItems *items, const Token *end) {
    const Token *policy = mailbox->policy;
    items = items != NULL ? items : &no_items;
    return AST_MAKE(
        p->arena, Actor, span_tokens(p, word, end), .doc = find_doc(p, word), .name = name->name,
        .name_span = token_at(p, name), .params = list_of(params), .mailbox_limit = mailbox->limit,
        .mailbox_policy = policy != NULL ? policy->name : NULL,
        .mailbox_policy_span = policy != NULL ? token_at(p, policy) : (Span){0},
        .states = items->states, .handlers = items->handlers, .behaviours = items->behaviours,
        .after = (AstAfter *)items->after, .fns = items->fns, .actions = items->actions);
}

AstNode *build_durable(Parser *p, const Token *word, AstNode *actor) {
    AstActor *node = AST_AS(Actor, actor);
    node->is_durable = true;
    set_doc(p, actor, &node->doc, word);
    actor->span = span_from(p, word, actor);
    return actor;
}

AstNode *build_state(Parser *p, const Token *word, const Token *name, AstNode *type,
                     AstNode *value) {
    Span name_span = token_at(p, name);
    name_span.len -= name->kind == TOKEN_KEY;
    return AST_MAKE(p->arena, State, span_from(p, word, value), .doc = find_doc(p, word),
                    .name = name->name, .name_span = name_span, .type = type, .value = value);
}

AstNode *build_behaviour(Parser *p, const Token *word, const Token *name, const ActorItems *items,
                         const Token *end) {
    items = items != NULL ? items : &no_items;
    return AST_MAKE(p->arena, Behaviour, span_tokens(p, word, end), .doc = find_doc(p, word),
                    .name = name->name, .name_span = token_at(p, name), .handlers = items->handlers,
                    .after = (AstAfter *)items->after);
}

AstNode *build_event(Parser *p, const Token *word, const Token *event, AstList *params,
                     AstNode *guard, AstNode *reply, AstNode *body) {
    return AST_MAKE(p->arena, Handler, span_from(p, word, body), .doc = find_doc(p, word),
                    .event = event->name, .event_span = token_at(p, event),
                    .params = list_of(params), .guard = guard, .reply = reply,
                    .body = AST_AS(Block, body));
}

AstNode *build_handler(Parser *p, const Token *word, AstNode *pattern, AstNode *guard,
                       AstNode *reply, AstNode *body) {
    return AST_MAKE(p->arena, Handler, span_from(p, word, body), .doc = find_doc(p, word),
                    .pattern = pattern, .guard = guard, .reply = reply,
                    .body = AST_AS(Block, body));
}

AstNode *build_after(Parser *p, const Token *word, AstNode *timeout, AstNode *body) {
    return AST_MAKE(p->arena, After, span_from(p, word, body), .timeout = timeout,
                    .body = AST_AS(Block, body));
}

// ---- Supervisors -------------------------------------------------------------------------------

AstSupervisor *build_sup_item(Parser *p, AstSupervisor *sup, const SupItem *item) {
    sup = sup != NULL ? sup : ARENA_NEW(p->arena, AstSupervisor);
    if (item->word == NULL) {
        return sup;
    }
    bool is_repeated = false;
    switch (item->word->kind) {
    case TOKEN_STRATEGY:
        is_repeated = sup->strategy != NULL;
        sup->strategy = item->atom->name;
        sup->strategy_span = token_at(p, item->atom);
        break;
    case TOKEN_AUTO_SHUTDOWN:
        is_repeated = sup->auto_shutdown != NULL;
        sup->auto_shutdown = item->atom->name;
        sup->auto_shutdown_span = token_at(p, item->atom);
        break;
    case TOKEN_INTENSITY:
        is_repeated = sup->intensity != NULL;
        sup->intensity = item->intensity;
        sup->period = item->period;
        break;
    default: build_list_add(p, &sup->children, item->child); break;
    }
    if (is_repeated) {
        DIAG(p->diags, setting_repeated, token_at(p, item->word), name_str(item->word->name));
    }
    return sup;
}

AstNode *build_supervisor(Parser *p, const Token *word, const Token *name, AstList *params,
                          const AstSupervisor *items, const Token *end) {
    static const AstSupervisor none = {0};
    items = items != NULL ? items : &none;
    return AST_MAKE(p->arena, Supervisor, span_tokens(p, word, end), .doc = find_doc(p, word),
                    .name = name->name, .name_span = token_at(p, name), .params = list_of(params),
                    .strategy = items->strategy, .strategy_span = items->strategy_span,
                    .intensity = items->intensity, .period = items->period,
                    .auto_shutdown = items->auto_shutdown,
                    .auto_shutdown_span = items->auto_shutdown_span, .children = items->children);
}

AstNode *build_dynamic(Parser *p, const Token *word, AstNode *supervisor) {
    AstSupervisor *node = AST_AS(Supervisor, supervisor);
    node->is_dynamic = true;
    set_doc(p, supervisor, &node->doc, word);
    supervisor->span = span_from(p, word, supervisor);
    return supervisor;
}

static AstNode *new_child(Parser *p, const Token *word, bool is_fn, AstList *params, AstNode *path,
                          Args *args, const Token *end, AstList *options) {
    bool has_options = options != NULL && options->len > 0;
    Span span = has_options ? span_from(p, word, options->items[options->len - 1])
                            : span_tokens(p, word, end);
    return AST_MAKE(p->arena, Child, span, .doc = find_doc(p, word), .is_fn = is_fn,
                    .params = list_of(params), .path = AST_AS(Path, path),
                    .args = args_list(p, args), .options = list_of(options));
}

AstNode *build_child(Parser *p, const Token *word, AstNode *path, Args *args, const Token *end,
                     AstList *options) {
    return new_child(p, word, false, NULL, path, args, end, options);
}

AstNode *build_child_fn(Parser *p, const Token *word, AstList *params, AstNode *path, Args *args,
                        const Token *end, AstList *options) {
    return new_child(p, word, true, params, path, args, end, options);
}

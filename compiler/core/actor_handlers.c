// Handlers as decision trees: telling messages apart, then finding the handler that takes one.
//
// The order is the language's: the current behaviour's handlers, in order, then the actor's own,
// then `on other`. A send reaches only handlers without `->`, an ask only those with it. Bodies are
// made once, in the function of their kind (tell, ask, or the event's), so that what actor-level
// handlers do stands in one place for all behaviours. Tests: tests/lang/actors, tests/behave,
// tests/lang/errors.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/actor_private.h"

// ---- Clauses ------------------------------------------------------------------------------------

typedef VEC(LowerClause) Clauses;

// What a body needs to know besides its handler.
typedef struct Body {
    ActorContext *actor;
    CoreVar message; // as postponed: the message, or for asks the request
    CoreVar from;    // asks only
    Target *reply;   // asks only: where the value goes
} Body;

// The message handlers of one kind among `handlers`.
static Clauses message_clauses(Lower *L, const AstList *handlers, bool asks) {
    Clauses clauses = {0};
    for (uint32_t i = 0; i < handlers->len; i++) {
        const AstHandler *handler = AST_AS(Handler, handlers->items[i]);
        if (handler->event == NULL && (handler->reply != NULL) == asks) {
            vec_push(L->arena, &clauses,
                     ((LowerClause){.patterns = &handler->pattern,
                                    .guard = handler->guard,
                                    .span = handler->pattern->span,
                                    .data = handler}));
        }
    }
    return clauses;
}

static CoreExpr *event_body(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    return actor_body(L, data, ((const AstHandler *)clause->data)->body);
}

CoreExpr *actor_event(Lower *L, ActorContext *A, const AstList *handlers, uint32_t name_id,
                      Span span, const CoreVar *subjects, uint32_t count, CoreExpr *otherwise) {
    Clauses clauses = {0};
    for (uint32_t i = 0; i < handlers->len; i++) {
        const AstHandler *handler = AST_AS(Handler, handlers->items[i]);
        if (handler->event != NULL && name_is(handler->event, name_id) &&
            handler->params.len == count) {
            vec_push(L->arena, &clauses,
                     ((LowerClause){.patterns = handler->params.items,
                                    .guard = handler->guard,
                                    .span = handler->event_span,
                                    .data = handler}));
        }
    }
    if (clauses.len == 0) {
        return otherwise;
    }
    return lower_clauses(L, span, subjects, count, clauses.items, clauses.len, event_body,
                         otherwise, A);
}

typedef struct EventCase {
    uint32_t name_id;
    const CoreVar *subjects;
    uint32_t count;
    Target *actors; // where the actor's own handlers stand
} EventCase;

static bool has_event(const AstList *handlers, uint32_t name_id) {
    for (uint32_t i = 0; i < handlers->len; i++) {
        const AstHandler *handler = AST_AS(Handler, handlers->items[i]);
        if (handler->event != NULL && name_is(handler->event, name_id)) {
            return true;
        }
    }
    return false;
}

static CoreExpr *event_case(Lower *L, ActorContext *A, const AstBehaviour *behaviour, void *data) {
    const EventCase *event = data;
    if (!has_event(&behaviour->handlers, event->name_id)) {
        return NULL;
    }
    Span span = behaviour->name_span;
    return actor_event(L, A, &behaviour->handlers, event->name_id, span, event->subjects,
                       event->count, lower_goto(L, event->actors, span, NULL, 0));
}

CoreExpr *actor_event_everywhere(Lower *L, ActorContext *A, uint32_t name_id,
                                 const CoreVar *subjects, uint32_t count, CoreExpr *otherwise) {
    Span span = A->ast->name_span;
    Target actors = lower_target(L);
    EventCase event = {name_id, subjects, count, &actors};
    CoreExpr *scope =
        actor_by_behaviour(L, A, span, event_case, lower_goto(L, &actors, span, NULL, 0), &event);
    CoreExpr *own = actor_event(L, A, &A->ast->handlers, name_id, span, subjects, count, otherwise);
    return lower_place(L, &actors, span, own, scope);
}

// ---- Sends --------------------------------------------------------------------------------------

// postponed = [message | postponed]
static CoreExpr *put_back(Lower *L, ActorContext *A, Span span, CoreExpr *message) {
    CoreExpr *list = core_prim(L->arena, span, PRIM_CONS,
                               CORE_ARGS(message, actor_cell(L, span, A->postponed_cell)));
    return actor_set_cell(L, span, A->postponed_cell, list);
}

// TEST value === word then, otherwise; `value` is a variable.
static CoreExpr *if_word(Lower *L, Span span, CoreVar value, const char *word, CoreExpr *then,
                         CoreExpr *otherwise) {
    return core_test(L->arena, span, TEST_SAME, core_var(L->arena, span, value),
                     core_atom(L->arena, span, lower_name(L, word)), then, otherwise);
}

static CoreExpr *send_body(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    const Body *body = data;
    const AstHandler *handler = clause->data;
    CoreExpr *value = actor_body(L, body->actor, handler->body);
    if (!body->actor->uses.postpone) {
        return value;
    }
    Span span = handler->node.span;
    CoreVar result = lower_var(L);
    CoreExpr *back = put_back(L, body->actor, span, core_var(L->arena, span, body->message));
    CoreExpr *test = if_word(L, span, result, "$postpone", back, lower_nil(L, span));
    return core_let(L->arena, span, result, value, test);
}

typedef struct MessageCase {
    Body *body;
    LowerBody make;
    bool asks;
    Target *actors;
} MessageCase;

static CoreExpr *message_case(Lower *L, ActorContext *A, const AstBehaviour *behaviour,
                              void *data) {
    (void)A;
    const MessageCase *message = data;
    Clauses clauses = message_clauses(L, &behaviour->handlers, message->asks);
    if (clauses.len == 0) {
        return NULL;
    }
    Span span = behaviour->name_span;
    return lower_clauses(L, span, &message->body->message, 1, clauses.items, clauses.len,
                         message->make, lower_goto(L, message->actors, span, NULL, 0),
                         message->body);
}

// The tree of all handlers of one kind over body->message.
static CoreExpr *messages(Lower *L, ActorContext *A, Body *body, LowerBody make, bool asks,
                          CoreExpr *otherwise) {
    Span span = A->ast->name_span;
    Target actors = lower_target(L);
    MessageCase message = {body, make, asks, &actors};
    CoreExpr *scope = actor_by_behaviour(L, A, span, message_case,
                                         lower_goto(L, &actors, span, NULL, 0), &message);
    Clauses clauses = message_clauses(L, &A->ast->handlers, asks);
    CoreExpr *own = otherwise;
    if (clauses.len > 0) {
        own = lower_clauses(L, span, &body->message, 1, clauses.items, clauses.len, make, otherwise,
                            body);
    }
    return lower_place(L, &actors, span, own, scope);
}

static void lower_tell(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->tell_fn, &mark);
    Body body = {.actor = A, .message = lower_param(L)};
    CoreExpr *unhandled =
        lower_runtime(L, span, RUNTIME_Actor_unhandled_2,
                      CORE_ARGS(core_atom(a, span, A->label), core_var(a, span, body.message)));
    CoreExpr *other = actor_event_everywhere(L, A, NAME_OTHER, &body.message, 1, unhandled);
    CoreExpr *tree = messages(L, A, &body, send_body, false, other);
    if (A->uses.caller) {
        tree = core_seq(a, span, actor_set_cell(L, span, A->from_cell, lower_nil(L, span)), tree);
    }
    actor_close(L, A, mark, tree);
}

// ---- Asks ---------------------------------------------------------------------------------------

static CoreExpr *ask_body(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    const Body *body = data;
    const AstHandler *handler = clause->data;
    CoreExpr *value = actor_body(L, body->actor, handler->body);
    return lower_goto(L, body->reply, handler->node.span, CORE_ARGS(value));
}

// (:"$gen_call", from, message)
static CoreExpr *ask_envelope(Lower *L, Span span, const Body *body) {
    return core_prim(L->arena, span, PRIM_TUPLE,
                     CORE_ARGS(core_atom(L->arena, span, lower_name(L, "$gen_call")),
                               core_var(L->arena, span, body->from),
                               core_var(L->arena, span, body->message)));
}

// What is done with a handler's value: reply, unless it is noreply or postpone.
static CoreExpr *reply_value(Lower *L, ActorContext *A, Span span, const Body *body,
                             CoreVar value) {
    CoreExpr *reply = lower_runtime(
        L, span, RUNTIME_Vm_reply_2,
        CORE_ARGS(core_var(L->arena, span, body->from), core_var(L->arena, span, value)));
    if (A->uses.postpone) {
        CoreExpr *back = put_back(L, A, span, ask_envelope(L, span, body));
        reply = if_word(L, span, value, "$postpone", back, reply);
    }
    if (A->uses.noreply) {
        reply = if_word(L, span, value, "$noreply", lower_nil(L, span), reply);
    }
    return reply;
}

static void lower_ask(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->ask_fn, &mark);
    CoreVar from = lower_param(L);
    CoreVar request = lower_param(L);
    CoreVar value = lower_var(L);
    Target reply = lower_target(L);
    reply.params = &value;
    reply.param_count = 1;
    Body body = {.actor = A, .message = request, .from = from, .reply = &reply};
    CoreExpr *unhandled = lower_runtime(
        L, span, RUNTIME_Vm_reply_error_2,
        CORE_ARGS(core_var(a, span, from), core_atom(a, span, lower_name(L, "unhandled"))));
    CoreExpr *tree = messages(L, A, &body, ask_body, true, unhandled);
    if (reply.uses > 0) {
        tree = lower_place(L, &reply, span, reply_value(L, A, span, &body, value), tree);
    }
    if (A->uses.caller) {
        tree =
            core_seq(a, span, actor_set_cell(L, span, A->from_cell, core_var(a, span, from)), tree);
    }
    actor_close(L, A, mark, tree);
}

// ---- Events that come as messages ---------------------------------------------------------------

// on down(ref, pid, reason); one that does not fit goes on as a message.
static void lower_down(Lower *L, ActorContext *A) {
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->down_fn, &mark);
    CoreVar message = lower_param(L);
    CoreVar subjects[3];
    for (int i = 0; i < 3; i++) {
        subjects[i] = lower_param(L);
    }
    CoreExpr *tell =
        core_call(L->arena, span, A->tell_fn, CORE_ARGS(core_var(L->arena, span, message)));
    actor_close(L, A, mark, actor_event_everywhere(L, A, NAME_DOWN, subjects, 3, tell));
}

// on exit(pid, reason). The parent's end is ours; without a handler that fits so is any but a
// normal one.
static void lower_exit(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->exit_fn, &mark);
    lower_param(L); // the message itself
    CoreVar subjects[2] = {lower_param(L), lower_param(L)};
    Target finish = lower_target(L);
    CoreExpr *by_default = core_test(a, span, TEST_SAME, core_var(a, span, subjects[1]),
                                     core_atom(a, span, lower_name(L, "normal")),
                                     lower_nil(L, span), lower_goto(L, &finish, span, NULL, 0));
    CoreExpr *handled = actor_event_everywhere(L, A, NAME_EXIT, subjects, 2, by_default);
    CoreVar parent = lower_var(L);
    CoreExpr *tree =
        core_test(a, span, TEST_SAME, core_var(a, span, subjects[0]), core_var(a, span, parent),
                  lower_goto(L, &finish, span, NULL, 0), handled);
    CoreExpr *end = core_call(a, span, A->finish_fn, CORE_ARGS(core_var(a, span, subjects[1])));
    tree = lower_place(L, &finish, span, end, tree);
    tree =
        core_let(a, span, parent, lower_runtime(L, span, RUNTIME_Vm_parent_0, CORE_NO_ARGS), tree);
    actor_close(L, A, mark, tree);
}

// A named timer's end, if it is the running one of that name.
static void lower_timeout(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->timeout_fn, &mark);
    CoreVar ref = lower_param(L);
    CoreVar name = lower_param(L);
    CoreVar timers = lower_var(L);
    CoreExpr *event = actor_event_everywhere(L, A, NAME_TIMEOUT, &name, 1, lower_nil(L, span));
    CoreExpr *fired = core_seq(
        a, span, actor_set_cell(L, span, A->timers_cell, core_var(a, span, timers)), event);
    CoreExpr *tree = core_test(a, span, TEST_SAME, core_var(a, span, timers), lower_nil(L, span),
                               lower_nil(L, span), fired);
    CoreExpr *left = lower_runtime(L, span, RUNTIME_Actor_fired_3,
                                   CORE_ARGS(actor_cell(L, span, A->timers_cell),
                                             core_var(a, span, ref), core_var(a, span, name)));
    actor_close(L, A, mark, core_let(a, span, timers, left, tree));
}

// ---- Telling messages apart ---------------------------------------------------------------------

// If `message` is a tuple of `size` with the tag: a call of `function` with (the message if
// `whole`, and) its elements.
static CoreExpr *if_tagged(Lower *L, Span span, CoreVar message, const char *tag, uint32_t size,
                           uint32_t function, bool whole, CoreExpr *otherwise) {
    Arena *a = L->arena;
    CoreExprs args = {0};
    if (whole) {
        vec_push(a, &args, core_var(a, span, message));
    }
    for (uint32_t i = 1; i < size; i++) {
        vec_push(a, &args, core_prim_at(a, span, PRIM_ELEM, i, core_var(a, span, message)));
    }
    CoreExpr *call = core_call(a, span, function, args.items, args.len);
    CoreExpr *test =
        core_test(a, span, TEST_IS_TAGGED, core_var(a, span, message), NULL, call, otherwise);
    test->as.test.index = size;
    test->as.test.name = lower_name(L, tag);
    return test;
}

// (:system, from, request): Actor.system answers; :stop(reason) is the end.
static CoreExpr *if_system(Lower *L, ActorContext *A, Span span, CoreVar message,
                           CoreExpr *otherwise) {
    Arena *a = L->arena;
    CoreConst *state = core_const_items(a, CONST_FN, NULL, 0);
    state->index = A->state_fn;
    CoreVar answer = lower_var(L);
    CoreExpr *reason = core_prim_at(a, span, PRIM_ELEM, 1, core_var(a, span, answer));
    CoreExpr *stop =
        core_test(a, span, TEST_IS_TAGGED, core_var(a, span, answer), NULL,
                  core_call(a, span, A->finish_fn, CORE_ARGS(reason)), lower_nil(L, span));
    stop->as.test.index = 2;
    stop->as.test.name = lower_name(L, "stop");
    CoreExpr *system =
        lower_runtime(L, span, RUNTIME_Actor_system_3,
                      CORE_ARGS(core_prim_at(a, span, PRIM_ELEM, 1, core_var(a, span, message)),
                                core_prim_at(a, span, PRIM_ELEM, 2, core_var(a, span, message)),
                                core_lit(a, span, state)));
    CoreExpr *test = core_test(a, span, TEST_IS_TAGGED, core_var(a, span, message), NULL,
                               core_let(a, span, answer, system, stop), otherwise);
    test->as.test.index = 3;
    test->as.test.name = lower_name(L, "system");
    return test;
}

static void lower_handle(Lower *L, ActorContext *A) {
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->handle_fn, &mark);
    CoreVar message = lower_param(L);
    CoreExpr *tree =
        core_call(L->arena, span, A->tell_fn, CORE_ARGS(core_var(L->arena, span, message)));
    if (A->has_down) {
        tree = if_tagged(L, span, message, "down", 4, A->down_fn, true, tree);
    }
    if (A->traps_exits) {
        tree = if_tagged(L, span, message, "exit", 3, A->exit_fn, true, tree);
    }
    if (A->has_timer) {
        tree = if_tagged(L, span, message, "$timeout", 3, A->timeout_fn, false, tree);
    }
    tree = if_system(L, A, span, message, tree);
    tree = if_tagged(L, span, message, "$gen_cast", 2, A->tell_fn, false, tree);
    tree = if_tagged(L, span, message, "$gen_call", 3, A->ask_fn, false, tree);
    actor_close(L, A, mark, tree);
}

// ---- Checks -------------------------------------------------------------------------------------

// The events: how many arguments each gives, and whether it may stand in a behaviour and in the
// actor itself.
static const struct EventInfo {
    uint32_t name_id;
    uint32_t params;
    bool in_behaviour;
    bool in_actor;
} events[] = {
    {NAME_START, 0, false, true},  {NAME_STOP, 1, true, true},  {NAME_DOWN, 3, true, true},
    {NAME_EXIT, 2, true, true},    {NAME_OTHER, 1, true, true}, {NAME_ENTER, 0, true, false},
    {NAME_TIMEOUT, 1, true, true},
};

static void check_event(Lower *L, const AstHandler *handler, bool in_behaviour) {
    if (name_is(handler->event, NAME_UPGRADE)) {
        DIAG(L->diags, not_yet, handler->event_span, STR("`on upgrade`"));
        return;
    }
    Suggest suggest = suggest_new(name_str(handler->event));
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        const struct EventInfo *info = &events[i];
        if (!name_is(handler->event, info->name_id)) {
            suggest_offer(&suggest, name_str(lower_known(L, info->name_id)));
            continue;
        }
        if (!(in_behaviour ? info->in_behaviour : info->in_actor)) {
            DIAG(L->diags, event_place, handler->event_span, name_str(handler->event),
                 in_behaviour ? STR("the actor itself") : STR("a behaviour"));
        }
        if (handler->params.len != info->params) {
            Buf count = buf_new(L->arena);
            buf_format(&count, "%u", info->params);
            DIAG(L->diags, event_params, handler->event_span, name_str(handler->event),
                 buf_view(&count));
        }
        if (handler->reply != NULL) {
            DIAG(L->diags, event_reply, handler->reply->span, name_str(handler->event));
        }
        return;
    }
    Diag *diag = DIAG(L->diags, event_unknown, handler->event_span, name_str(handler->event));
    actor_hint(L, diag, &suggest, "on ", "");
}

void actor_check_handlers(Lower *L, ActorContext *A) {
    for (uint32_t b = 0; b <= A->ast->behaviours.len; b++) {
        const AstList *list = b == 0
                                  ? &A->ast->handlers
                                  : &AST_AS(Behaviour, A->ast->behaviours.items[b - 1])->handlers;
        for (uint32_t i = 0; i < list->len; i++) {
            const AstHandler *handler = AST_AS(Handler, list->items[i]);
            if (handler->event != NULL) {
                check_event(L, handler, b > 0);
            }
        }
    }
    NameMap seen = {0};
    for (uint32_t i = 0; i < A->ast->states.len; i++) {
        AstState *state = AST_AS(State, A->ast->states.items[i]);
        if (name_map_get(&seen, state->name) != NULL) {
            DIAG(L->diags, duplicate_definition, state->name_span, name_str(state->name));
        }
        name_map_put(L->arena, &seen, state->name, state);
    }
    NameMap behaviours = {0};
    for (uint32_t i = 0; i < A->ast->behaviours.len; i++) {
        AstBehaviour *behaviour = AST_AS(Behaviour, A->ast->behaviours.items[i]);
        if (name_map_get(&behaviours, behaviour->name) != NULL) {
            DIAG(L->diags, duplicate_definition, behaviour->name_span, name_str(behaviour->name));
        }
        name_map_put(L->arena, &behaviours, behaviour->name, behaviour);
    }
    static const uint32_t policies[] = {NAME_BLOCK, NAME_DROP_NEW, NAME_DROP_OLD, NAME_FAIL};
    bool known = A->ast->mailbox_policy == NULL;
    for (size_t i = 0; i < sizeof policies / sizeof policies[0] && !known; i++) {
        known = name_is(A->ast->mailbox_policy, policies[i]);
    }
    if (!known) {
        DIAG(L->diags, policy_unknown, A->ast->mailbox_policy_span,
             name_str(A->ast->mailbox_policy));
    }
}

void actor_lower_handlers(Lower *L, ActorContext *A) {
    lower_handle(L, A);
    lower_tell(L, A);
    lower_ask(L, A);
    if (A->has_down) {
        lower_down(L, A);
    }
    if (A->traps_exits) {
        lower_exit(L, A);
    }
    if (A->has_timer) {
        lower_timeout(L, A);
    }
}

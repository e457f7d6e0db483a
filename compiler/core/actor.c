// An actor's functions but for its handlers: the start value, the first function of the process,
// the loop, settling and the end. actor.h says what is made and why.
//
// Each function of an actor sees the cells as names and nothing else of what surrounds the
// definition; the first function (`run`) sees the constructor parameters as variables. One walk per
// actor; nothing is kept after it. Tests: tests/lang/actors, tests/stage.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/actor_private.h"

// ---- Pieces that all actor files use ------------------------------------------------------------

CoreExpr *actor_cell(Lower *L, Span span, uint32_t cell) {
    CoreExpr *e = core_prim(L->arena, span, PRIM_CELL, CORE_NO_ARGS);
    e->as.prim.index = cell;
    return e;
}

CoreExpr *actor_set_cell(Lower *L, Span span, uint32_t cell, CoreExpr *value) {
    return core_prim_at(L->arena, span, PRIM_SET_CELL, cell, value);
}

uint32_t actor_function(Lower *L, ActorContext *A, const char *what, uint32_t arity) {
    Buf text = buf_new(L->arena);
    buf_str(&text, name_str(A->label));
    buf_byte(&text, '.');
    buf_text(&text, what);
    return lower_declare(L, intern_str(L->intern, buf_view(&text)), arity, A->ast->name_span);
}

void actor_hint(Lower *L, Diag *diag, const Suggest *suggest, const char *before,
                const char *after) {
    if (diag != NULL && suggest->best.len > 0) {
        Buf hint = buf_new(L->arena);
        buf_format(&hint, "did you mean `%s%.*s%s`?", before, (int)suggest->best.len,
                   suggest->best.ptr, after);
        diag->hint = buf_view(&hint);
    }
}

// Brings states and kept parameters into sight in the current function. A parameter that a state
// has the name of is hidden by it.
static void bind_cells(Lower *L, ActorContext *A) {
    for (uint32_t i = 0; i < A->kept_params.len; i++) {
        lower_bind_cell(L, A->kept_params.items[i], A->ast->name_span, A->params_cell + i, false);
    }
    for (uint32_t i = 0; i < A->ast->states.len; i++) {
        const AstState *state = AST_AS(State, A->ast->states.items[i]);
        lower_bind_cell(L, state->name, state->name_span, i, true);
    }
}

void actor_open(Lower *L, ActorContext *A, LowerFn *fn, uint32_t function, LowerMark *mark) {
    *mark = lower_mark(L);
    lower_open(L, fn, function);
    A->fn = fn;
    bind_cells(L, A);
}

void actor_close(Lower *L, ActorContext *A, LowerMark mark, CoreExpr *body) {
    lower_close(L, body);
    lower_release(L, mark);
    A->fn = NULL;
}

CoreExpr *actor_by_behaviour(Lower *L, ActorContext *A, Span span, ActorCase make,
                             CoreExpr *otherwise, void *data) {
    const AstList *behaviours = &A->ast->behaviours;
    CoreCase *cases = arena_alloc(L->arena, sizeof(CoreCase) * (behaviours->len + 1));
    uint32_t count = 0;
    for (uint32_t i = 0; i < behaviours->len; i++) {
        const AstBehaviour *behaviour = AST_AS(Behaviour, behaviours->items[i]);
        CoreExpr *body = make(L, A, behaviour, data);
        if (body != NULL) {
            cases[count++] = (CoreCase){core_const_atom(L->arena, behaviour->name), body};
        }
    }
    if (count == 0) {
        return otherwise;
    }
    CoreVar current = lower_var(L);
    CoreExpr *select =
        core_switch(L->arena, span, core_var(L->arena, span, current), cases, count, otherwise);
    return core_let(L->arena, span, current, actor_cell(L, span, A->behaviour_cell), select);
}

CoreExpr *actor_body(Lower *L, ActorContext *A, const AstBlock *body) {
    (void)A;
    return lower_block(L, body, false);
}

static CoreExpr *call0(Lower *L, Span span, uint32_t function) {
    return core_call(L->arena, span, function, CORE_NO_ARGS);
}

static CoreExpr *call1(Lower *L, Span span, uint32_t function, CoreExpr *arg) {
    return core_call(L->arena, span, function, CORE_ARGS(arg));
}

// TEST SAME(value, nil) then, otherwise; `value` is atomic.
static CoreExpr *if_nil(Lower *L, Span span, CoreExpr *value, CoreExpr *then, CoreExpr *otherwise) {
    return core_test(L->arena, span, TEST_SAME, value, lower_nil(L, span), then, otherwise);
}

// ---- The loop -----------------------------------------------------------------------------------

// try { value; settle } catch why { report; finish }: what a message or a time-out does.
static CoreExpr *guarded(Lower *L, ActorContext *A, Span span, CoreExpr *value, CoreExpr *message) {
    CoreExpr *body = value;
    if (A->needs_settle) {
        body = core_seq(L->arena, span, value, call0(L, span, A->settle_fn));
    }
    CoreVar why = lower_var(L);
    CoreExpr *report = lower_runtime(L, span, RUNTIME_Vm_report_2,
                                     CORE_ARGS(core_var(L->arena, span, why), message));
    CoreExpr *finish = call1(L, span, A->finish_fn, core_var(L->arena, span, why));
    return core_try(L->arena, span, body, why, core_seq(L->arena, span, report, finish));
}

// `value`, then round the loop again.
static CoreExpr *then_again(Lower *L, Span span, CoreExpr *value, CoreLabel again) {
    CoreVar unused = lower_var(L);
    return core_let(L->arena, span, unused, value, core_jump(L->arena, span, again, CORE_NO_ARGS));
}

static CoreExpr *receive_message(Lower *L, ActorContext *A, Span span, CoreLabel handle,
                                 CoreLabel again) {
    CoreVar message = lower_var(L);
    CoreExpr *receive = core_receive(L->arena, span, message);
    CoreExpr *jump =
        core_jump(L->arena, span, handle, CORE_ARGS(core_var(L->arena, span, message)));
    receive->as.receive.select = core_take(L->arena, span, jump);
    if (A->has_after) {
        receive->as.receive.timeout = call0(L, span, A->idle_ms_fn);
        CoreExpr *idle = guarded(L, A, span, call0(L, span, A->idle_fn), lower_nil(L, span));
        receive->as.receive.expired = then_again(L, span, idle, again);
    }
    return receive;
}

// The queue's first message if there is one, otherwise the mailbox's.
static CoreExpr *next_message(Lower *L, ActorContext *A, Span span, CoreLabel handle,
                              CoreLabel again) {
    CoreExpr *receive = receive_message(L, A, span, handle, again);
    if (!A->has_queue) {
        return receive;
    }
    Arena *a = L->arena;
    CoreVar queue = lower_var(L);
    CoreVar message = lower_var(L);
    CoreVar rest = lower_var(L);
    CoreExpr *jump = core_jump(a, span, handle, CORE_ARGS(core_var(a, span, message)));
    CoreExpr *is_ask = core_test(a, span, TEST_IS_TAGGED, core_var(a, span, message), NULL, NULL,
                                 lower_nil(L, span));
    is_ask->as.test.index = 3;
    is_ask->as.test.name = lower_name(L, "$gen_call");
    CoreExpr *from = core_prim_at(a, span, PRIM_ELEM, 1, core_var(a, span, message));
    is_ask->as.test.then = lower_runtime(L, span, RUNTIME_Vm_handling_1, CORE_ARGS(from));
    CoreExpr *taken = core_seq(a, span, is_ask, jump);
    taken =
        core_seq(a, span, actor_set_cell(L, span, A->queue_cell, core_var(a, span, rest)), taken);
    taken = core_let(a, span, rest,
                     core_prim(a, span, PRIM_TAIL, CORE_ARGS(core_var(a, span, queue))), taken);
    taken = core_let(a, span, message,
                     core_prim(a, span, PRIM_HEAD, CORE_ARGS(core_var(a, span, queue))), taken);
    CoreExpr *choose =
        core_test(a, span, TEST_IS_CONS, core_var(a, span, queue), NULL, taken, receive);
    return core_let(a, span, queue, actor_cell(L, span, A->queue_cell), choose);
}

static void lower_loop(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->loop_fn, &mark);
    CoreLabel again = lower_label(L);
    CoreLabel handle = lower_label(L);
    CoreVar message = lower_var(L);
    CoreExpr *handled =
        guarded(L, A, span, call1(L, span, A->handle_fn, core_var(a, span, message)),
                core_var(a, span, message));
    CoreExpr *next_round = then_again(L, span, handled, again);
    CoreExpr *next = next_message(L, A, span, handle, again);
    CoreExpr *round = core_join(a, span, handle, false, &message, 1, next_round, next);
    CoreExpr *enter = core_jump(a, span, again, CORE_NO_ARGS);
    if (A->needs_settle) {
        CoreVar unused = lower_var(L);
        CoreExpr *first = guarded(L, A, span, lower_nil(L, span), lower_nil(L, span));
        enter = core_let(a, span, unused, first, enter);
    }
    actor_close(L, A, mark, core_join(a, span, again, true, NULL, 0, round, enter));
}

// ---- After a handler ----------------------------------------------------------------------------

// queue = list reversed before the queue; list = [].
static CoreExpr *requeue(Lower *L, ActorContext *A, Span span, uint32_t cell) {
    CoreExpr *joined =
        lower_runtime(L, span, RUNTIME_Vm_reverse_2,
                      CORE_ARGS(actor_cell(L, span, cell), actor_cell(L, span, A->queue_cell)));
    return core_seq(L->arena, span, actor_set_cell(L, span, A->queue_cell, joined),
                    actor_set_cell(L, span, cell, core_empty(L->arena, span)));
}

static CoreExpr *enter_case(Lower *L, ActorContext *A, const AstBehaviour *behaviour, void *data) {
    (void)data;
    for (uint32_t i = 0; i < behaviour->handlers.len; i++) {
        const AstHandler *handler = AST_AS(Handler, behaviour->handlers.items[i]);
        if (handler->event != NULL && name_is(handler->event, NAME_ENTER)) {
            return actor_body(L, A, handler->body);
        }
    }
    return NULL;
}

// Goes into the behaviour `next`: its predecessor's timers and postponed messages, `on enter`, then
// settles again, since that may have said become or stop.
static CoreExpr *change_behaviour(Lower *L, ActorContext *A, Span span, CoreVar next) {
    Arena *a = L->arena;
    CoreExpr *change = call0(L, span, A->settle_fn);
    if (A->has_enter) {
        change = core_seq(
            a, span, actor_by_behaviour(L, A, span, enter_case, lower_nil(L, span), NULL), change);
    }
    if (A->uses.postpone) {
        change = core_seq(a, span, requeue(L, A, span, A->postponed_cell), change);
    }
    if (A->uses.timeout) {
        CoreExpr *left = lower_runtime(L, span, RUNTIME_Actor_leave_1,
                                       CORE_ARGS(actor_cell(L, span, A->timers_cell)));
        change = core_seq(a, span, actor_set_cell(L, span, A->timers_cell, left), change);
    }
    change = core_seq(a, span, actor_set_cell(L, span, A->behaviour_cell, core_var(a, span, next)),
                      change);
    return core_seq(a, span, actor_set_cell(L, span, A->become_cell, lower_nil(L, span)), change);
}

static void lower_settle(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->settle_fn, &mark);
    CoreExpr *body = lower_nil(L, span);
    if (A->uses.next) {
        CoreVar inserted = lower_var(L);
        body = core_test(a, span, TEST_IS_CONS, core_var(a, span, inserted), NULL,
                         requeue(L, A, span, A->inserted_cell), body);
        body = core_let(a, span, inserted, actor_cell(L, span, A->inserted_cell), body);
    }
    if (A->ast->behaviours.len > 0) {
        CoreVar next = lower_var(L);
        body = if_nil(L, span, core_var(a, span, next), body, change_behaviour(L, A, span, next));
        body = core_let(a, span, next, actor_cell(L, span, A->become_cell), body);
    }
    if (A->uses.stop) {
        CoreVar stop = lower_var(L);
        CoreExpr *reason = core_prim_at(a, span, PRIM_ELEM, 0, core_var(a, span, stop));
        CoreExpr *told = core_test(a, span, TEST_IS_TUPLE_OF, core_var(a, span, stop), NULL,
                                   call1(L, span, A->finish_fn, reason), body);
        told->as.test.index = 1;
        body = core_let(a, span, stop, actor_cell(L, span, A->stop_cell), told);
    }
    actor_close(L, A, mark, body);
}

// on stop(reason), then the end; what fails there is reported and is the reason then.
static void lower_finish_fn(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->finish_fn, &mark);
    CoreVar reason = lower_param(L);
    CoreExpr *end = lower_runtime(L, span, RUNTIME_Vm_stop_1, CORE_ARGS(core_var(a, span, reason)));
    if (actor_has_event(A, NAME_STOP)) {
        CoreExpr *body = actor_event_everywhere(L, A, NAME_STOP, &reason, 1, lower_nil(L, span));
        CoreVar why = lower_var(L);
        CoreExpr *report = lower_runtime(L, span, RUNTIME_Vm_report_2,
                                         CORE_ARGS(core_var(a, span, why), lower_nil(L, span)));
        CoreExpr *stop =
            lower_runtime(L, span, RUNTIME_Vm_stop_1, CORE_ARGS(core_var(a, span, why)));
        end = core_seq(a, span, core_try(a, span, body, why, core_seq(a, span, report, stop)), end);
    }
    actor_close(L, A, mark, end);
}

// ---- `after` ------------------------------------------------------------------------------------

static CoreExpr *idle_case(Lower *L, ActorContext *A, const AstBehaviour *behaviour, void *data) {
    bool wants_body = *(const bool *)data;
    if (behaviour->after == NULL) {
        return NULL;
    }
    return wants_body ? actor_body(L, A, behaviour->after->body)
                      : lower_expr(L, behaviour->after->timeout);
}

static void lower_idle(Lower *L, ActorContext *A, uint32_t function, bool wants_body) {
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, function, &mark);
    const AstAfter *after = A->ast->after;
    CoreExpr *otherwise;
    if (after == NULL) {
        otherwise = core_atom(L->arena, span, lower_known(L, NAME_INFINITY));
    } else {
        otherwise = wants_body ? actor_body(L, A, after->body) : lower_expr(L, after->timeout);
    }
    actor_close(L, A, mark, actor_by_behaviour(L, A, span, idle_case, otherwise, &wants_body));
}

// ---- What Actor.state shows ---------------------------------------------------------------------

static void lower_state(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    LowerMark mark;
    actor_open(L, A, &fn, A->state_fn, &mark);
    CoreExprs parts = {0};
    for (uint32_t i = 0; i < A->ast->states.len; i++) {
        const AstState *state = AST_AS(State, A->ast->states.items[i]);
        vec_push(a, &parts, core_atom(a, span, state->name));
        vec_push(a, &parts, actor_cell(L, span, i));
    }
    if (A->ast->behaviours.len > 0) {
        vec_push(a, &parts, core_atom(a, span, lower_name(L, "behaviour")));
        vec_push(a, &parts, actor_cell(L, span, A->behaviour_cell));
    }
    actor_close(L, A, mark, core_prim(a, span, PRIM_MAP, parts.items, parts.len));
}

// ---- The start ----------------------------------------------------------------------------------

// `on start`, whose value nobody asks for.
static void lower_on_start(Lower *L, ActorContext *A) {
    LowerFn fn;
    LowerMark mark;
    Span span = A->ast->name_span;
    actor_open(L, A, &fn, A->start_fn, &mark);
    A->in_start = true;
    CoreExpr *body =
        actor_event(L, A, &A->ast->handlers, NAME_START, span, NULL, 0, lower_nil(L, span));
    A->in_start = false;
    actor_close(L, A, mark, body);
}

// Whether an initialiser cannot fail nor take time: literals, names and data made of them.
static bool is_simple(const AstNode *node) {
    switch (node->kind) {
    case AST_INT:
    case AST_FLOAT:
    case AST_STRING:
    case AST_ATOM:
    case AST_VAR:
    case AST_LAMBDA:
    case AST_FN_REF: return true;
    case AST_TUPLE:
    case AST_TAGGED:
    case AST_LIST:
    case AST_ENTRY: break;
    case AST_MAP:
        if (AST_AS(Map, node)->base != NULL) {
            return false;
        }
        break;
    case AST_CALL: { // Queue.new() and the like are calls: they may fail
        return false;
    }
    default: return false;
    }
    if (node->kind == AST_LIST && AST_AS(ListExpr, node)->tail != NULL) {
        return false;
    }
    const AstShape *shape = ast_shape((AstKind)node->kind);
    for (uint32_t f = 0; f < shape->field_count; f++) {
        if (shape->fields[f].type == AST_FIELD_LIST) {
            const AstList *list = (const AstList *)((const char *)node + shape->fields[f].offset);
            for (uint32_t i = 0; i < list->len; i++) {
                if (!is_simple(list->items[i])) {
                    return false;
                }
            }
        } else if (shape->fields[f].type == AST_FIELD_ONE) {
            const AstNode *child =
                *(AstNode *const *)((const char *)node + shape->fields[f].offset);
            if (!is_simple(child)) {
                return false;
            }
        }
    }
    return true;
}

static bool must_wait(const ActorContext *A) {
    if (A->has_start) {
        return true;
    }
    for (uint32_t i = 0; i < A->ast->states.len; i++) {
        if (!is_simple(AST_AS(State, A->ast->states.items[i])->value)) {
            return true;
        }
    }
    return false;
}

// What runs after the initialisers: on start, maybe declining, telling the spawner, the loop.
static CoreExpr *run_tail(Lower *L, ActorContext *A, Span span) {
    Arena *a = L->arena;
    CoreExpr *body = call0(L, span, A->loop_fn);
    if (must_wait(A)) {
        body = core_seq(a, span, lower_runtime(L, span, RUNTIME_Vm_started_0, CORE_NO_ARGS), body);
    }
    if (A->has_start && A->uses.stop) {
        CoreVar stop = lower_var(L);
        CoreExpr *reason = core_prim_at(a, span, PRIM_ELEM, 0, core_var(a, span, stop));
        CoreExpr *decline = lower_runtime(L, span, RUNTIME_Actor_decline_1, CORE_ARGS(reason));
        CoreExpr *told =
            core_test(a, span, TEST_IS_TUPLE_OF, core_var(a, span, stop), NULL, decline, body);
        told->as.test.index = 1;
        body = core_let(a, span, stop, actor_cell(L, span, A->stop_cell), told);
    }
    if (A->has_start) {
        body = core_seq(a, span, call0(L, span, A->start_fn), body);
    }
    return body;
}

// The new process's first function: a closure in the start function, whose parameters it captures.
static CoreExpr *lower_run(Lower *L, ActorContext *A) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    LowerFn fn;
    lower_open_closure(L, &fn, 0, span);
    CoreExprs steps = {0};
    for (uint32_t i = 0; i < A->kept_params.len; i++) {
        Local *param = lower_find(L, A->kept_params.items[i]);
        vec_push(a, &steps,
                 actor_set_cell(L, span, A->params_cell + i, lower_local(L, span, param)));
    }
    for (uint32_t i = 0; i < A->ast->states.len; i++) {
        const AstState *state = AST_AS(State, A->ast->states.items[i]);
        Span where = state->value->span;
        vec_push(a, &steps, actor_set_cell(L, where, i, lower_expr(L, state->value)));
        lower_bind_cell(L, state->name, state->name_span, i, true);
    }
    if (A->ast->behaviours.len > 0) {
        const AstBehaviour *first = AST_AS(Behaviour, A->ast->behaviours.items[0]);
        vec_push(a, &steps,
                 actor_set_cell(L, span, A->behaviour_cell, core_atom(a, span, first->name)));
        if (A->has_enter) {
            vec_push(a, &steps,
                     actor_set_cell(L, span, A->become_cell, core_atom(a, span, first->name)));
        }
    }
    uint32_t lists[] = {A->queue_cell, A->inserted_cell, A->postponed_cell};
    bool used[] = {A->has_queue, A->uses.next, A->uses.postpone};
    for (uint32_t i = 0; i < 3; i++) {
        if (used[i]) {
            vec_push(a, &steps, actor_set_cell(L, span, lists[i], core_empty(a, span)));
        }
    }
    CoreExpr *body = run_tail(L, A, span);
    for (uint32_t i = steps.len; i-- > 0;) {
        body = core_seq(a, span, steps.items[i], body);
    }
    return lower_close(L, body);
}

static CoreExpr *start_tuple(Lower *L, ActorContext *A, CoreExpr *run) {
    Arena *a = L->arena;
    Span span = A->ast->name_span;
    CoreExpr *limit = lower_nil(L, span);
    CoreExpr *policy = lower_nil(L, span);
    if (A->ast->mailbox_limit != NULL) {
        limit = lower_expr(L, A->ast->mailbox_limit);
        policy = core_atom(a, span, A->ast->mailbox_policy);
    }
    return core_prim(a, span, PRIM_TUPLE,
                     CORE_ARGS(core_atom(a, span, lower_name(L, "$start")),
                               core_atom(a, span, lower_name(L, "actor")),
                               core_atom(a, span, A->label), run, lower_bool(L, span, must_wait(A)),
                               limit, policy, core_int(a, span, A->cell_count),
                               lower_bool(L, span, A->traps_exits)));
}

// The parameter's name, or NULL when it is `_`; what is no name is reported.
static Name param_name(Lower *L, const AstParam *param) {
    const AstNode *pattern = param->pattern;
    if (pattern->kind == AST_PAT_TYPED) {
        pattern = AST_AS(PatTyped, pattern)->pattern;
    }
    if (pattern->kind == AST_PAT_VAR) {
        return AST_AS(PatVar, pattern)->name;
    }
    if (pattern->kind != AST_PAT_ANY) {
        DIAG(L->diags, constructor_pattern, pattern->span);
    }
    return NULL;
}

void actor_bind_params(Lower *L, const AstList *params) {
    CoreVars vars = {0};
    for (uint32_t i = 0; i < params->len; i++) {
        vec_push(L->arena, &vars, lower_param(L));
    }
    for (uint32_t i = 0; i < params->len; i++) {
        Name name = param_name(L, AST_AS(Param, params->items[i]));
        if (name != NULL) {
            lower_bind(L, name, params->items[i]->span, vars.items[i]);
        }
    }
}

// The start functions of shorter arities: they give the rest of the parameters their defaults, each
// of which sees those before it, and call the full one.
static void lower_short_starts(Lower *L, Def *def, const AstList *params) {
    for (uint32_t arity = def->arity_min; arity < def->arity_max; arity++) {
        Span span = def->span;
        LowerMark mark = lower_mark(L);
        LowerFn fn;
        lower_open(L, &fn, def->function + (def->arity_max - arity));
        CoreExprs args = {0};
        CoreVars vars = {0};
        for (uint32_t i = 0; i < params->len; i++) {
            CoreVar var = i < arity ? lower_param(L) : lower_var(L);
            vec_push(L->arena, &vars, var);
            vec_push(L->arena, &args, core_var(L->arena, span, var));
        }
        CoreExprs defaults = {0};
        for (uint32_t i = 0; i < params->len; i++) {
            const AstParam *param = AST_AS(Param, params->items[i]);
            vec_push(L->arena, &defaults, i < arity ? NULL : lower_expr(L, param->fallback));
            Name name = param_name(L, param);
            if (name != NULL) {
                lower_bind(L, name, param->node.span, vars.items[i]);
            }
        }
        CoreExpr *body = core_call(L->arena, span, def->function, args.items, args.len);
        for (uint32_t i = params->len; i-- > arity;) {
            body = core_let(L->arena, span, vars.items[i], defaults.items[i], body);
        }
        lower_close(L, body);
        lower_release(L, mark);
    }
}

void actor_open_start(Lower *L, Def *def, const AstList *params, LowerFn *fn) {
    lower_short_starts(L, def, params);
    lower_open(L, fn, def->function);
    actor_bind_params(L, params);
}

void actor_declare(Lower *L, Def *def) {
    for (uint32_t arity = def->arity_max + 1; arity-- > def->arity_min;) {
        uint32_t function = lower_declare(L, def->name, arity, def->span);
        L->module->functions.items[function]->exported = def->is_pub;
        if (arity == def->arity_max) {
            def->function = function;
        }
    }
}

// ---- The whole ----------------------------------------------------------------------------------

bool actor_has_event(const ActorContext *A, uint32_t name_id) {
    const AstList *lists[2] = {&A->ast->handlers, NULL};
    for (uint32_t b = 0; b <= A->ast->behaviours.len; b++) {
        const AstList *list = lists[0];
        if (b > 0) {
            list = &AST_AS(Behaviour, A->ast->behaviours.items[b - 1])->handlers;
        }
        for (uint32_t i = 0; i < list->len; i++) {
            const AstHandler *handler = AST_AS(Handler, list->items[i]);
            if (handler->event != NULL && name_is(handler->event, name_id)) {
                return true;
            }
        }
    }
    return false;
}

static bool any_after(const AstActor *ast) {
    bool found = ast->after != NULL;
    for (uint32_t i = 0; i < ast->behaviours.len; i++) {
        found = found || AST_AS(Behaviour, ast->behaviours.items[i])->after != NULL;
    }
    return found;
}

// Which cells and functions the actor needs, numbered.
static void plan(Lower *L, ActorContext *A) {
    const AstActor *ast = A->ast;
    A->has_start = actor_has_event(A, NAME_START);
    A->has_after = any_after(ast);
    A->has_down = actor_has_event(A, NAME_DOWN);
    A->has_enter = actor_has_event(A, NAME_ENTER);
    A->has_timer = A->uses.timeout;
    A->traps_exits = actor_has_event(A, NAME_EXIT) || actor_has_event(A, NAME_STOP);
    A->has_queue = A->uses.next || A->uses.postpone;
    A->needs_settle = ast->behaviours.len > 0 || A->uses.stop || A->uses.next;
    uint32_t cell = ast->states.len;
    A->params_cell = cell;
    cell += A->kept_params.len;
    struct {
        bool used;
        uint32_t *cell;
    } optional[] = {
        {ast->behaviours.len > 0, &A->behaviour_cell},
        {ast->behaviours.len > 0, &A->become_cell},
        {A->uses.stop, &A->stop_cell},
        {A->has_queue, &A->queue_cell},
        {A->uses.next, &A->inserted_cell},
        {A->uses.postpone, &A->postponed_cell},
        {A->has_timer, &A->timers_cell},
        {A->uses.caller, &A->from_cell},
    };
    for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++) {
        *optional[i].cell = optional[i].used ? cell++ : UINT32_MAX;
    }
    A->cell_count = cell;
    struct {
        bool used;
        uint32_t *function;
        const char *name;
        uint32_t arity;
    } functions[] = {
        {true, &A->loop_fn, "loop", 0},
        {true, &A->handle_fn, "handle", 1},
        {true, &A->tell_fn, "tell", 1},
        {true, &A->ask_fn, "ask", 2},
        {A->needs_settle, &A->settle_fn, "settle", 0},
        {true, &A->finish_fn, "finish", 1},
        {true, &A->state_fn, "state", 0},
        {A->has_start, &A->start_fn, "start", 0},
        {A->has_after, &A->idle_fn, "idle", 0},
        {A->has_after, &A->idle_ms_fn, "idle_ms", 0},
        {A->has_down, &A->down_fn, "down", 4},
        {A->traps_exits, &A->exit_fn, "exit", 3},
        {A->has_timer, &A->timeout_fn, "timeout", 2},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (functions[i].used) {
            *functions[i].function = actor_function(L, A, functions[i].name, functions[i].arity);
        }
    }
}

void actor_lower(Lower *L, Def *def) {
    const AstActor *ast = AST_AS(Actor, def->ast);
    ActorContext context = {.ast = ast, .label = ast->name};
    ActorContext *A = &context;
    if (ast->is_durable) {
        DIAG(L->diags, not_yet, ast->name_span, STR("a durable actor"));
    }
    actor_scan(L, A);
    plan(L, A);
    actor_check_handlers(L, A);
    actor_declare_actions(L, A);
    FnTable *table = lower_table(L, &ast->fns, ast->name);
    lower_push_table(L, table);
    struct ActorContext *around = L->actor;
    L->actor = NULL;
    L->helpers_of = ast;
    lower_table_bodies(L, table);
    L->helpers_of = NULL;
    LowerMark mark = lower_mark(L);
    LowerFn fn;
    actor_open_start(L, def, &ast->params, &fn);
    CoreExpr *run = lower_run(L, A);
    lower_close(L, start_tuple(L, A, run));
    lower_release(L, mark);
    L->actor = A;
    if (A->has_start) {
        lower_on_start(L, A);
    }
    lower_loop(L, A);
    if (A->needs_settle) {
        lower_settle(L, A);
    }
    lower_finish_fn(L, A);
    if (A->has_after) {
        lower_idle(L, A, A->idle_fn, true);
        lower_idle(L, A, A->idle_ms_fn, false);
    }
    lower_state(L, A);
    actor_lower_handlers(L, A);
    actor_lower_actions(L, A);
    L->actor = around;
    lower_pop_table(L);
}

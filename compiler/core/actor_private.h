// What the actor files share: the context of the actor being lowered. Not for other passes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/core/actor.h"

// Which words an actor's handlers and actions mention: what is not mentioned costs nothing.
typedef struct ActorUses {
    bool become;
    bool stop;
    bool next;
    bool postpone;
    bool noreply;
    bool timeout;
    bool caller;
} ActorUses;

// An action: clauses of one name and arity.
typedef struct Action {
    Name name;
    uint32_t arity;
    uint32_t function;
    VEC(AstNode *) clauses; // AstFn
    struct Action *full;    // when this arity comes of defaults: the one with all parameters
    struct Action *next;    // same name, another arity
} Action;

typedef struct ActorContext {
    const AstActor *ast;
    Name label;
    ActorUses uses;
    NameMap actions; // Action chains
    VEC(Action *) action_list;
    LowerFn *fn; // the handler or action being lowered: inside of its closures L->fn is another
    bool traps_exits;
    bool in_start; // lowering `on start`
    // Cells. 0 .. state_count - 1 are the states.
    uint32_t cell_count;
    VEC(Name) kept_params;   // constructor parameters that handlers name
    uint32_t params_cell;    // cell of the first of them
    uint32_t behaviour_cell; // the current behaviour's name
    uint32_t become_cell;    // the one to come, or nil
    uint32_t stop_cell;      // (reason,) or nil
    uint32_t queue_cell;     // messages that go before the mailbox's
    uint32_t inserted_cell;  // by next(), newest first
    uint32_t postponed_cell; // newest first
    uint32_t timers_cell;    // stdlib/actor.cop's map, or nil
    uint32_t from_cell;      // who asks, or nil
    // Functions.
    uint32_t loop_fn;
    uint32_t handle_fn;
    uint32_t tell_fn;
    uint32_t ask_fn;
    uint32_t settle_fn;
    uint32_t finish_fn;
    uint32_t state_fn;
    uint32_t start_fn; // `on start`; only when has_start
    uint32_t idle_fn;  // `after`; only when has_after
    uint32_t idle_ms_fn;
    uint32_t down_fn;    // only when has_down
    uint32_t exit_fn;    // only when traps_exits
    uint32_t timeout_fn; // only when has_timer
    bool has_start;
    bool has_after;
    bool has_down;
    bool has_timer;
    bool has_enter;
    bool has_queue; // next or postpone
    bool needs_settle;
} ActorContext;

// CELL and SET_CELL.
CoreExpr *actor_cell(Lower *L, Span span, uint32_t cell);
CoreExpr *actor_set_cell(Lower *L, Span span, uint32_t cell, CoreExpr *value);

// Gives a report (or NULL) the hint 'did you mean `before…after`?' if there is something near.
void actor_hint(Lower *L, Diag *diag, const Suggest *suggest, const char *before,
                const char *after);

// Starts a function of the actor whose names in sight are its cells; *mark is for actor_close.
void actor_open(Lower *L, ActorContext *A, LowerFn *fn, uint32_t function, LowerMark *mark);
void actor_close(Lower *L, ActorContext *A, LowerMark mark, CoreExpr *body);

// Adds the constructor's parameters to the function just opened and binds their names.
void actor_bind_params(Lower *L, const AstList *params);

// Lowers the start functions of shorter arities and opens the full one, with its parameters bound.
void actor_open_start(Lower *L, Def *def, const AstList *params, LowerFn *fn);

// Declares "Counter.what".
uint32_t actor_function(Lower *L, ActorContext *A, const char *what, uint32_t arity);

// Is there a handler of this event, in the actor or in a behaviour?
bool actor_has_event(const ActorContext *A, uint32_t name_id);

// A SWITCH over the current behaviour (of `span`), with a case for each that `make` gives an
// expression for, not NULL.
// `otherwise` alone when it gives none.
typedef CoreExpr *(*ActorCase)(Lower *L, ActorContext *A, const AstBehaviour *behaviour,
                               void *data);
CoreExpr *actor_by_behaviour(Lower *L, ActorContext *A, Span span, ActorCase make,
                             CoreExpr *otherwise, void *data);

// A handler's or event's body in its function, ready for the words of handlers.
CoreExpr *actor_body(Lower *L, ActorContext *A, const AstBlock *body);

// The decision tree of the handlers of one event among `handlers`; `otherwise` when there is none
// or none fits.
CoreExpr *actor_event(Lower *L, ActorContext *A, const AstList *handlers, uint32_t name_id,
                      Span span, const CoreVar *subjects, uint32_t count, CoreExpr *otherwise);

// As actor_event, with the current behaviour's handlers before the actor's.
CoreExpr *actor_event_everywhere(Lower *L, ActorContext *A, uint32_t name_id,
                                 const CoreVar *subjects, uint32_t count, CoreExpr *otherwise);

// Reports events that there are not, and what they are given. (actor_handlers.c)
void actor_check_handlers(Lower *L, ActorContext *A);

// Lowers Counter.handle, .tell, .ask and the events' functions. (actor_handlers.c)
void actor_lower_handlers(Lower *L, ActorContext *A);

// Declares the actions; lowers them. (actor_words.c)
void actor_declare_actions(Lower *L, ActorContext *A);
void actor_lower_actions(Lower *L, ActorContext *A);

// Sets uses and kept_params from what the actor's code mentions. (actor_words.c)
void actor_scan(Lower *L, ActorContext *A);

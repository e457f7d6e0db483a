// The OTP layer: `actor`, `supervisor`, `spawn` and the words of handlers, as core.
//
// An actor is an ordinary process. Its state, the constructor parameters that handlers see and what
// the words of handlers leave behind (become, stop, next, postpone, timers) are cells of the
// process (CELL, SET_CELL), so that an assignment stands whatever fails after it, and handlers and
// actions are functions like any other. For `actor Counter(start)` these are made:
//
//   Counter(start)      the start value: (:"$start", :actor, :Counter, run, sync, limit, policy, cells, traps). Exported if pub.
//   run                 closure, the new process's first function: cells, `on start`, Vm.started(), loop
//   Counter.loop        takes a message, handles it under `try`, settles, again
//   Counter.handle(msg) tells asks, casts, system messages, timers, downs and exits apart
//   Counter.tell(msg)   Counter.ask(from, msg)   Counter.event_NAME(…)   the handlers' decision trees
//   Counter.settle      after a handler: stop, become (timers, postponed messages, `on enter`), next
//   Counter.finish(why) `on stop`, then the end
//   Counter.NAME/n      actions; private functions go through lower_table
//
// A supervisor is a start value whose process runs Supervisor.run with a map that describes it. The
// runtime half is stdlib/actor.cop and stdlib/supervisor.cop; runtime.def lists what is called
// there. Files: actor.c (the functions above but for handlers), actor_handlers.c (decision trees),
// actor_words.c (become, caller, spawn …), supervisor.c. Tests: tests/lang/actors,
// tests/lang/supervisors, tests/behave, tests/stage.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/core/lower.h"

// Declares the start functions of an actor or supervisor of this module, one for each arity, and
// sets def->function to the number of the one with all parameters; that with k parameters has
// function + (arity_max - k).
void actor_declare(Lower *L, Def *def);

// Lowers the definition. After all actor_declare.
void actor_lower(Lower *L, Def *def);
void supervisor_lower(Lower *L, Def *def);

// spawn Path(args), spawn { … }, become name.
CoreExpr *actor_lower_spawn(Lower *L, const AstSpawn *spawn);
CoreExpr *actor_lower_spawn_block(Lower *L, const AstSpawnBlock *spawn);
CoreExpr *actor_lower_become(Lower *L, const AstBecome *become);

// A call of an action, or of caller, stop, next or timeout inside of a handler or action; NULL when
// it is none. For a callee that is no local name; functions of the module hide the words, not the
// actions.
CoreExpr *actor_lower_call(Lower *L, const AstCall *call);

// noreply and postpone as values in a handler or action; NULL when `name` is none or this is no
// such place.
CoreExpr *actor_lower_word(Lower *L, Span span, Name name);

// Workers.start(sup, args…), where Workers is a dynamic supervisor; NULL when it is none.
CoreExpr *supervisor_lower_start(Lower *L, const AstCall *call);

// The start value of `path(args)`: what `spawn` and `child` begin with. nil after a report.
CoreExpr *actor_start_value(Lower *L, const AstPath *path, const AstList *args, Span span);

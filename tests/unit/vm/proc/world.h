// SPDX-License-Identifier: Apache-2.0
// A whole VM whose processes run C functions instead of code: for tests of processes and
// schedulers.
//
// A body is called for each slice, with its registers in p->x as it left them by `stay`, X0
// onwards; at first they are its arguments. It must not keep anything else between two calls.
#pragma once

#include "vm/boot.h"
#include "vm/code/module.h"
#include "vm/proc/spawn.h"
#include "vm/proc/worker.h"

typedef int (*Body)(Process *p);

// A VM with that many schedulers; seeded when seed is not 0. trace may be NULL.
VM *world_new(uint32_t schedulers, uint64_t seed, const char *trace);
void world_free(VM *vm);

// The Function that runs a body with `arity` arguments; good for ever.
const Function *world_function(Body body, uint16_t arity);
// Spawns from outside. The args are immediates.
Term world_spawn(VM *vm, Body body, const Term *args, uint32_t count);
// From within a process; options may be NULL.
Term world_spawn_from(Process *p, Body body, const Term *args, uint32_t count,
                      const SpawnOptions *options);

// Leaves the slice with X0..count-1 kept.
int stay(Process *p, RunResult result, uint32_t count);
// Ends the process. reason is a term of its own.
int leave(Process *p, Term reason);

// Runs the VM until `flag` reaches `value`; fails the test when it takes longer than `seconds`.
void world_wait(VM *vm, _Atomic uint32_t *flag, uint32_t value, int seconds);
// Takes the oldest message into *message; false when there is none (then stay(p, RUN_WAIT, n)).
bool world_receive(Process *p, Term *message);
// Whether a built-in's answer means that the body has to return, with `count` registers kept;
// *result is then what to return.
bool world_pending(Process *p, Term answer, uint32_t count, int *result);

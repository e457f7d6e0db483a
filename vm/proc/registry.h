// SPDX-License-Identifier: Apache-2.0
// Names: atom -> pid. Reading takes no lock: the table is an array of atomic slots that is replaced
// when it gets full (old ones are retired). Writing takes LOCK_REGISTRY. The names of a process
// hang on it (Process.names), so that its end frees them, before anybody hears of the end. Tests:
// tests/behave b25, b29, b30.
#pragma once

#include "vm/proc/worker.h"

typedef enum { REGISTER_OK, REGISTER_TAKEN, REGISTER_NOPROC, REGISTER_NO_MEMORY } RegisterStatus;

Registry *registry_new(MemStats *mem);
void registry_free(Registry *registry);

// REGISTER_TAKEN: *holder is who has it. Thread with a worker, online.
RegisterStatus registry_register(Worker *w, Term name, Term pid, Term *holder);
// False when nobody had it.
bool registry_unregister(Worker *w, Term name);
// The pid, or NIL. Never waits.
Term registry_whereis(const Registry *registry, Term name);
// Frees all names of a process that is EXITING.
void registry_release(Worker *w, Process *p);
// When the VM ends: the names stay in the table, which frees them.
void registry_disown(Process *p);
// The next name at or after slot *index; false at the end.
bool registry_next(const Registry *registry, uint32_t *index, Term *name, Term *pid);
// The first name of a process that the caller owns, or NIL.
Term registry_name_of(const Process *p);

// SPDX-License-Identifier: Apache-2.0
// Purging: the end of a version of a module that is older than the two which may live.
//
// Any process may hold something of it: frames, closures, literals. So it is freed in steps, one
// module at a time, driven by the schedulers when they look around:
//
//   SPREAD   every thread sees what is doomed: from then on a copy between processes takes doomed literals along as terms of its
//            own and refuses doomed closures, so nothing doomed comes to a process that does not hold it already
//   TIMERS   no timer may hold a message with something of it
//   FIRED    messages of timers that have just gone off are in their inboxes
//   ASK      each process is asked to look (SIGNAL_EVICT) ...
//   CLOSE    ... those that were ending then are told apart from those that end later
//   ANSWERS  all have looked or are gone. Who has frames or closures of the module is ended with :killed, as OTP's purge does;
//            literals are copied
//   FREE     every thread has forgotten what is doomed; then the memory goes
//
// A step that waits for all threads is over after a quiet point of each. What is long (a large
// heap) is done by the blocking pool. A message that is copied and cannot yet be sent, or is being
// looked at, puts the answer off. Tests: tests/unit/vm/code, tests/system/repl_redefine.session.
#pragma once

#include "vm/base/atomic.h"
#include "vm/base/quiet.h"
#include "vm/vm.h"

typedef struct Worker Worker;

enum { PURGE_STRIPES = 64, PURGE_TIMER_PARTS = 16 };

typedef struct {
    _Atomic uint32_t step; // PurgeStep
    _Atomic uint32_t busy; // a thread is at it
    _Atomic uint32_t side; // of `ending` for processes that end now
    _Atomic int64_t
        pending; // processes that have not looked yet, and 1 as long as some are still to be asked
    Module *module;
    uint32_t index;   // of the process table, while asking
    uint64_t look_ns; // when to look at the timers again
    QuietItem item;
    // Processes that have left the table and are not freed yet: begun less ended, over all stripes.
    // A stripe is mostly one scheduler's.
    struct {
        ON_OWN_LINE _Atomic uint64_t begun[2];
        _Atomic uint64_t ended[2];
    } ending[PURGE_STRIPES];
} Purge;

// Process.purge.
typedef enum {
    PURGE_NONE,
    PURGE_DUE,   // is to look before it runs on
    PURGE_LATER, // has looked, and could not say: again at its next turn
} PurgeDue;

// A step, if there is anything to purge: an online scheduler. True while there is.
bool purge_poll(Worker *w);
// Whether a purge goes on: then a scheduler should not sleep for long.
bool purge_goes_on(const VM *vm);

// p, which has stopped, looks. Its owner, or a thread of the blocking pool while it is kept from
// running. May collect. p->must_exit is set when it has to end.
void purge_look(Process *p);
// Whether that may take over about a millisecond.
bool purge_look_is_long(const Process *p);
// Whether the signal holds something doomed.
bool purge_is_doomed(const VM *vm, const Signal *signal);
// p cannot be found any more: it ends. / It is being freed.
void purge_ending(Worker *w, Process *p);
void purge_ended(Worker *w, Process *p);

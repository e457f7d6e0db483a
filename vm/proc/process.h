// SPDX-License-Identifier: Apache-2.0
// The process: what runs, fails, waits and is collected alone.
//
// Fields stand in groups by who may touch them. Everything under "owner" belongs to the scheduler
// that runs the process (or, while it is not running, to whoever moves it from WAITING or QUEUED to
// RUNNING in `state`, which hands all writes over by acquire/release). Others reach a process only
// by signals through its inbox and by the atomic words.
//
// Values live on the stack of its heap (heap.h), return addresses on a stack of their own; a
// frame's size and live slots are those of the Safepoint that belongs to a return address
// (vm/code/module.h). Tests: tests/unit/vm/proc, tests/behave.
#pragma once

#include <stdatomic.h>

#include "vm/base/alloc.h"
#include "vm/base/quiet.h"
#include "vm/heap/heap.h"
#include "vm/proc/mailbox.h"
#include "vm/proc/state.h"

typedef struct Safepoint Safepoint;
typedef struct Worker Worker; // vm/proc/worker.h: what the thread that runs a process lends it
typedef struct Relations
    Relations; // vm/proc/relation.h: links, monitors both ways, aliases, requests
typedef struct ProcessExtra ProcessExtra; // vm/proc/extra.h: what few processes need
typedef struct Bound Bound;               // vm/proc/bound.h: a bounded mailbox

enum { RETURNS_FIRST = 2 };

// Return addresses, newest first, as a machine's call pushes them; grows by doubling, starts in
// `first`.
typedef struct {
    uintptr_t *end; // lowest word: full when top is there
    uintptr_t *top; // newest
    union {
        uintptr_t first[RETURNS_FIRST];
        uintptr_t *base; // past the oldest, once there are more
    };
} ReturnStack;

static inline bool returns_are_first(const ReturnStack *r) {
    return r->end == r->first;
}

// Past the oldest: empty when top is there.
static inline uintptr_t *returns_base(const ReturnStack *r) {
    return returns_are_first(r) ? r->end + RETURNS_FIRST : r->base;
}

// Work that a built-in or op has begun and goes on with when it is run again: kept by the process
// between, dropped when it is done, fails or ends. The implementer embeds it at the start of a
// struct of its own.
typedef struct Work {
    void (*drop)(Process *p, struct Work *work);
    void (*each_root)(struct Work *work, RootVisit visit, void *collection); // may be NULL
    const void *owner; // the function that made it: a built-in asserts that it finds its own
} Work;

typedef enum {
    RUN_YIELD, // reductions spent, or a built-in has more to do: queue it again
    RUN_WAIT,  // sleeps until a signal arrives or its timer ends
    RUN_EXIT,  // ended: p->reason says why
} RunResult;

enum { SAVED_INLINE = 2 };

struct Process {
    // Shared, atomic.
    Inbox inbox; // any thread pushes
    _Atomic uint64_t
        waiting; // id of the ask, start or wait for room it is in, 0: none; whoever ends that wait
                 // clears it
    _Atomic(Bound *) bound;               // NULL: the mailbox is unbounded
    _Atomic(struct RegistryName *) names; // written under LOCK_REGISTRY
    _Atomic uint32_t state;               // ProcState: see vm/proc/state.h
    _Atomic uint32_t queued; // messages and signals in the mailbox when it was filled last
    _Atomic uint32_t home;   // number of the scheduler that ran it last

    // Owner: what is often used.
    int32_t reds;  // reductions left in this slice
    Term *x;       // the register file it runs with (its scheduler's), NULL while it does not run
    uint16_t live; // X0..live-1 are roots while C code runs for it
    uint16_t saved_count; // X registers kept while it does not run
    uint16_t saved_room;  // that there is room for
    uint16_t cell_count;  // cells of actor state, at the bottom of the stack of values
    uint16_t follow;      // 1 + the number of the scheduler where it goes on, or 0
    uint8_t priority;     // Priority
    uint8_t end_stage;    // how far its end has come: exit.c
    uint8_t purge;        // PurgeDue: purge.h
    uint8_t ending_side;
    bool trap_exits : 1;
    bool must_exit : 1;   // an exit signal has decided that it ends: extra->exit_reason
    bool woken : 1;       // a signal arrived that the code may wait for
    bool quiet_end : 1;   // its end is not reported
    bool uncatchable : 1; // the failure in `reason` passes every handler
    bool reported : 1;    // its crash report is out
    bool asleep : 1;      // it waited when it was woken last, and has run no code since
    bool chatty : 1;      // used its last slice mostly to send and receive
    uint32_t label;       // atom: what it runs, or that of TERM_NIL: process_label

    // Fixed at birth.
    VM *vm;
    Term pid;
    Term parent;           // pid of who spawned it, or NIL
    const Function *entry; // NULL when its code was purged
    uint64_t reductions;   // in all, at the end of the last slice; owner

    // Owner: execution.
    Worker *worker; // of the thread that runs it, or ran it last
    union {
        Heap heap;
        QuietItem retired; // after its end
    };
    union { // process_saved
        Term saved_inline[SAVED_INLINE];
        Term *saved_apart; // when saved_room is larger
    };
    const void *pc; // where to go on; engine's own meaning
    const Safepoint
        *point; // of the op that runs C code or at which it stopped: the current frame; NULL before
                // the first
    ReturnStack returns;
    Work *work;
    Term reason; // while failing or ended; otherwise TERM_NONE

    // Owner: messages and relations.
    Mailbox mailbox;
    Relations *relations; // NULL until there are some
    ProcessExtra *extra;  // NULL until needed

    // Scheduler's.
    Process *queue_next;
    struct Timer *timer; // of the receive, ask or sleep it is in
};

// Failing. Each returns TERM_NONE for `return process_fail(…)`; they may not collect, so that the
// caller's terms stay good. process_fail: reason is any term of p. The others build (atom, value),
// e.g. :badarg(v), with a small reserve that every heap keeps for this (FAIL_RESERVE words), so
// that they cannot themselves fail.
Term process_fail(Process *p, Term reason);
Term process_fail_with(Process *p, Term atom, Term value);
Term process_badarg(Process *p, Term value);
// :limit(what), what an atom such as AM_heap.
Term process_limit(Process *p, Term what);

// The X registers that are kept while it does not run.
static inline Term *process_saved(Process *p) {
    return p->saved_room > SAVED_INLINE ? p->saved_apart : p->saved_inline;
}

// Keeps X0..count-1 for the time it does not run. False after process_limit.
bool process_save(Process *p, const Term *x, uint32_t count);
// Doubles the stack of return addresses: TERM_TRUE; TERM_YIELD: to be called again; TERM_NONE after
// process_limit.
Term process_grow_returns(Process *p);

// Words of every heap that only failing may use (see above).
enum { HEAP_GAP = 4 };

// Visits all roots: registers, saved registers, cells, frames, work, reason.
void process_each_root(Process *p, RootVisit visit, void *collection);
// What the process keeps alive, in bytes: struct, heap, stacks, mailbox, relations.
size_t process_memory_bytes(const Process *p);

bool process_reserve_slow(Process *p, size_t words, Term *roots, size_t count, Room *room);

// Makes room, collecting if need be: X0..live-1, frames, work and `roots` are kept up to date.
// False after process_limit.
static inline bool process_reserve(Process *p, size_t words, Term *roots, size_t count,
                                   Room *room) {
    if ((size_t)(p->heap.sp - p->heap.top) >= words + HEAP_GAP &&
        p->heap.offheap_young.bytes <= p->heap.offheap_trigger) {
        room->at = p->heap.top;
        room->end = p->heap.top + words;
        room->offheap = &p->heap.offheap_young;
        p->heap.top = room->end;
        return true;
    }
    return process_reserve_slow(p, words, roots, count, room);
}

// Ends p's slice if it has run for longer than a slice is to take: what reductions say of time are
// estimates, and memory that is touched for the first time, or is far away, makes them wrong.
void process_look_at_clock(Process *p);

// Charges n reductions for work done in C; true when the slice is spent (then yield where it is
// possible). Looks at the clock now and then.
static inline bool process_charge(Process *p, int32_t n) {
    enum { BETWEEN_LOOKS = 64 };
    int32_t before = p->reds;
    p->reds -= n;
    if (UNLIKELY((uint32_t)(before ^ p->reds) >= BETWEEN_LOOKS)) {
        process_look_at_clock(p);
    }
    return p->reds <= 0;
}

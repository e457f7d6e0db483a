// SPDX-License-Identifier: Apache-2.0
// Handles: what a program holds by reference and what closes with the process that owns it:
// sockets, listeners, files.
//
// The table of a VM finds them by reference and by owner, under LOCK_HANDLE. A Handle is counted:
// the table holds it while it is open, and so does each operation in flight. Closing takes it out
// of the table at once (later uses find nothing: :closed) and then lets its kind close what is
// behind it, on whatever thread that must be. Any thread. Tests: tests/stdlib/outside_test.cop.
#pragma once

#include <stdatomic.h>

#include "vm/proc/process.h"

typedef struct Handle Handle;
typedef struct HandleTable HandleTable;

typedef struct {
    const char *name;
    void (*close)(Handle *handle); // any thread, once, after it has left the table
    void (*free)(Handle *handle);  // any thread, when nobody holds it; frees the struct too
} HandleKind;

// The implementer embeds it at the start of a struct of its own.
struct Handle {
    const HandleKind *kind;
    VM *vm;
    uint64_t id; // of the reference; set once it is in the table
    Term owner;  // pid; under the lock
    _Atomic uint32_t refs;
    Handle *next_by_id;
    Handle *next_by_owner;
};

// Sets vm->process_ended. NULL: no memory.
HandleTable *handle_table_new(VM *vm);
// Closes all that are open; no scheduler runs any more.
void handle_table_free(HandleTable *table);

// Puts a handle (refs 1, which goes to the table) into the table as p's and gives its reference.
// After a failure the handle is closed and TERM_NONE returned. May collect.
Term handle_publish(Process *p, Handle *handle);
// The open handle of a reference, held for the caller; NULL when there is none (closed, or never
// was one) or it is of another kind.
Handle *handle_find(VM *vm, Term ref, const HandleKind *kind);
void handle_retain(Handle *handle);
void handle_release(Handle *handle);
// False when it was closed already.
bool handle_close(Handle *handle);
// It closes with that process from now on; at once if that has ended. False when it is closed.
bool handle_give(Handle *handle, Term pid);

// SPDX-License-Identifier: Apache-2.0
// What the files of this room share: answers of built-ins, arguments, and bytes lent to another
// thread.
#pragma once

#include "vm/proc/process.h"
#include "vm/term/bytes.h"

// :ok(value); value may be any term of p. May collect: all terms but args are stale. TERM_NONE
// after a failure.
Term io_ok(Process *p, Term value);
// :ok(bytes) with a copy of the data.
Term io_ok_bytes(Process *p, const void *data, size_t len);
// :ok(bytes) of the whole of `shared`, whose reference goes over in any case.
Term io_ok_shared(Process *p, SharedBytes *shared);
// :error(reason) of a negative errno (as libuv's), the reason an atom such as :econnrefused.
Term io_error(Process *p, int status);
// :error(reason)
Term io_error_atom(Process *p, Term reason);
// The reason alone: an atom that stays.
Term io_reason(VM *vm, int status);

// A String without zero bytes as C text of its own, of kind MEM_IO. NULL after :badarg or
// :limit(:memory).
char *io_text(Process *p, Term t);
// Milliseconds to nanoseconds on the VM's clock; UINT64_MAX for :infinity. False after :badarg.
bool io_deadline(Process *p, Term ms, uint64_t *deadline_ns);

// Bytes of a process that another thread reads while the process may collect or end: a reference to
// shared data, or a copy of few bytes. Held by one request or job at a time.
typedef struct {
    SharedBytes *shared;
    uint8_t few[BYTES_HEAP_MAX];
    const uint8_t *data;
    size_t len;
} Lent;

// False after :badarg: t is no bytes. The struct may not move afterwards.
bool io_lend(Process *p, Term t, Lent *lent);
void io_lent_free(Lent *lent);

// SPDX-License-Identifier: Apache-2.0
// The event trace: `--trace=sched,send,…` writes a line for each event of those kinds (trace.def)
// to a file or standard error. It holds no addresses and no wall time in the seeded mode, so that
// equal seeds give equal bytes. Any thread; lines are written whole, under LOCK_TRACE. A kind that
// is off costs a load and a branch.
#pragma once

#include "vm/base/buffer.h"
#include "vm/base/lock.h"
#include "vm/term/term.h"

typedef enum {
#define TRACE(name, doc) TRACE_##name,
#include "vm/proc/trace.def"
#undef TRACE
    TRACE_KIND_COUNT
} TraceKind;

typedef struct Tracer Tracer;

struct Tracer {
    VM *vm;
    uint32_t kinds; // a bit for each TraceKind
    int fd;
    Lock lock;
    Buffer line;
};

// A bit for each kind named in `kinds`: names with commas between, or "all", and perhaps ":" and a
// file. False with `why` set (256 bytes) when there is no such kind.
bool trace_parse(const char *kinds, uint32_t *bits, char *why);

// `kinds` as above. NULL with `why` set (256 bytes) when they are wrong or the file cannot be
// written.
Tracer *tracer_new(VM *vm, const char *kinds, char *why);
void tracer_free(Tracer *tracer);
// Writes what a file has not got yet; NULL will do. For who ends without freeing.
void tracer_flush(Tracer *tracer);

// Format as printf's; %P takes a Term and prints it, bounded.
void trace_write(Tracer *tracer, TraceKind kind, Term pid, const char *format, ...);

#define TRACE_EVENT(vm, kind, ...)                                                                 \
    do {                                                                                           \
        if (__builtin_expect((vm)->tracer != NULL, 0) && ((vm)->tracer->kinds >> (kind)&1)) {      \
            trace_write((vm)->tracer, (kind), __VA_ARGS__);                                        \
        }                                                                                          \
    } while (0)

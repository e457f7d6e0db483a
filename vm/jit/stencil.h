// SPDX-License-Identifier: Apache-2.0
// The words of op bodies (vm/ops/README.md) for stencils. Only the file that tools/gen/stencilgen.c
// prints includes this; it is compiled to assembly and never linked.
//
// The machine's state is in the registers of the preserve_none convention, which every stencil
// takes and hands on:
// process, frame, heap top, reductions, X0..X5, and two that pass a value within an op; D0..D6, and
// one more for a raw number within an op. What does
// not fit a fast path goes to C by GO_COLD, which does the whole op (cold.c), so that no stencil
// calls a function, and none touches the stack.
#pragma once

#include "vm/ops/slow.h"

#define PARAMETERS                                                                                 \
    Process *p, Term *y, Term *top, int32_t reds, Term x0, Term x1, Term x2, Term x3, Term x4,     \
        Term x5, Term t0, Term t1, double d0, double d1, double d2, double d3, double d4,          \
        double d5, double d6, double dt

typedef __attribute__((preserve_none)) void Stencil(PARAMETERS);

extern Stencil HOLE_NEXT, HOLE_L, HOLE_ENTRY, HOLE_COLD, HOLE_RETURN;
// What is known of the holes' alignment is known of the values: tags fold away.
extern char HOLE_N __attribute__((aligned(8)));
extern char HOLE_ROOM __attribute__((aligned(8)));
extern char HOLE_SLOT __attribute__((aligned(8)));
extern char HOLE_SMALL __attribute__((aligned(4)));
extern char HOLE_ATOM __attribute__((aligned(256)));
extern char HOLE_A __attribute__((aligned(256)));
extern char HOLE_WORD32;
extern char HOLE_VALUE;
extern char HOLE_OFFSET;

#define STENCIL(name) __attribute__((preserve_none)) void name(PARAMETERS)

// A register with no particular value: with -no-enable-noundef-analysis an argument may be one.
#pragma clang diagnostic ignored "-Wuninitialized"
static inline Term stencil_any(void) {
    Term any;
    return any;
}

#define GO_WITH(to, t0_out, t1_out)                                                                \
    __attribute__((musttail)) return (to)(p, y, top, reds, x0, x1, x2, x3, x4, x5, (t0_out),       \
                                          (t1_out), d0, d1, d2, d3, d4, d5, d6, dt)
#define GO(to) GO_WITH(to, T0_OUT, T1_OUT)

#if defined(__x86_64__)
#include "vm/jit/stencil_x86_64.h"
#elif defined(__aarch64__)
#include "vm/jit/stencil_aarch64.h"
#endif

// Operands.
#define N             ((size_t)(uintptr_t)&HOLE_N >> 3)
#define SMALL         TERM_LITERAL((uintptr_t)&HOLE_SMALL)
#define SMALL_VALUE   ((int64_t)(uintptr_t)&HOLE_VALUE)
#define B_IS_SHIFT    true // class k is of no other
#define CONST_ATOM    TERM_LITERAL((uintptr_t)&HOLE_ATOM + IMM_ATOM)
#define ATOM          TERM_LITERAL((uintptr_t)&HOLE_A + IMM_ATOM)
#define OFFSET        ((uintptr_t)&HOLE_OFFSET)
#define RECORD        ((const RecordDesc *)ADDRESS64(HOLE_RECORD))
#define IMPORT        ((Import *)ADDRESS64(HOLE_IMPORT))
#define TUPLE_HEADER  TERM_LITERAL(WORD64(HOLE_HEADER))
#define L             HOLE_L
#define ENTRY         HOLE_ENTRY
#define SLOT_OF(base) (*(Term *)((char *)(base) + (uintptr_t)&HOLE_SLOT))
#define Y_SLOT        SLOT_OF(y)
#define X_SLOT        SLOT_OF(p->x)
#define RAW_Y         raw_load(&Y_SLOT)
#define RAW_X         raw_load(&X_SLOT)
#define RAW_WORD                                                                                   \
    ({                                                                                             \
        Term word_ = TERM_LITERAL(WORD64(HOLE_WORD));                                              \
        raw_load(&word_);                                                                          \
    })

// Words.
#define TOP        top
#define SPEND      stencil_spend(&reds)
#define HAS_ROOM   ((char *)y - (char *)top >= (ptrdiff_t)(uintptr_t)&HOLE_ROOM)
#define PUSH_FRAME (y -= N)
#define POP_FRAME  (y += N)
#define NEXT       GO(HOLE_NEXT)
#define JUMP(to)   GO((Stencil *)(to))
#define CALL(to)   GO((Stencil *)(to))
#define RETURN     GO(HOLE_RETURN)

#define GO_COLD GO_WITH(HOLE_COLD, TERM_LITERAL(ADDRESS64(HOLE_SITE)), stencil_any())

#define RETURN_ROOM                                                                                \
    do {                                                                                           \
        if (UNLIKELY(stencil_returns_full(p))) {                                                   \
            GO_COLD;                                                                               \
        }                                                                                          \
    } while (0)

// The byte at a position in bits. What is no small integer, negative or in the midst of a byte is
// beyond all bytes.
static inline uint64_t byte_at(Term position) {
    return position.bits >> 5 | position.bits << 59;
}

static inline uint16_t load_u16(Term address) {
    uint16_t value;
    memcpy(&value, (const void *)address.bits, sizeof value);
    return value;
}

static inline uint32_t load_u32(Term address) {
    uint32_t value;
    memcpy(&value, (const void *)address.bits, sizeof value);
    return value;
}

static inline uint64_t load_u64(Term address) {
    uint64_t value;
    memcpy(&value, (const void *)address.bits, sizeof value);
    return value;
}

// SHARED or SLICE, which have data and length at the same places.
static inline bool is_window(Term t) {
    return term_is_box(t) && (uint16_t)(bytes_form(t) - 0x100) <= BYTES_FORMS - 0x100;
}

#define HAS_SLICE_ROOM                                                                             \
    ((char *)y - (char *)top >= (ptrdiff_t)((SLICE_WORDS + HEAP_GAP) * sizeof(Term)))

// As bytes_slice of bytes.c: the rest of a window from a byte on.
static inline void put_slice(Term *to, Term window, uint64_t from) {
    to[0] = header_make(KIND_SLICE, SLICE_WORDS - 1, 0);
    to[1] = TERM_LITERAL(box_raw(window, 0) + from);
    to[2] = TERM_LITERAL(box_raw(window, 1) - from);
    to[3] = bytes_form(window) == BYTES_FORMS ? box_term(window, 2) : window;
}

// Room for the longest bytes on the heap.
#define HAS_BYTES_ROOM                                                                             \
    ((char *)y - (char *)top >= (ptrdiff_t)((BYTES_HEAP_WORDS + HEAP_GAP) * sizeof(Term)))

// n bytes, at most BYTES_HEAP_MAX, as bytes on the heap; gives what follows them. By words, since a
// call would need the stack.
static inline __attribute__((always_inline)) Term *put_bytes(Term *to, uint64_t from, uint64_t n) {
    uint64_t words = (n + 7) / 8;
    to[0] = header_make(KIND_BYTES, 1 + words, 0);
    to[1] = TERM_LITERAL(n);
    to[1 + words] = TERM_LITERAL(0); // without any data, the length once more
    stencil_copy(to + 2, from, n);
    return to + 2 + (to[1].bits + 7) / 8;
}

// Acquire pairs with the store of code_link.
#define IMPORT_TARGET(import) atomic_load_explicit(&(import)->target, memory_order_acquire)

// The callee begins by loading what it captured from the closure in T0.
#define PASS_CAPTURED(f) (t0 = X(N))

// In C.
#define COLLECT(words)                  GO_COLD
#define REMEMBER(cell)                  GO_COLD
#define YIELD_NEXT                      GO_COLD
#define YIELD_AGAIN                     GO_COLD
#define YIELD_AT(to)                    GO_COLD
#define RAISE(failure)                  GO_COLD
#define LINK(import)                    GO_COLD
#define CALL_BUILTIN(target, registers) GO_COLD
#define TAIL_BUILTIN(target, registers) GO_COLD
#define CALL_REFERENCE(n)               GO_COLD
#define TAIL_REFERENCE(n)               GO_COLD
#define SLOW1(function)                 GO_COLD
#define SLOW2(function)                 GO_COLD
#define SLOW3(function)                 GO_COLD
#define SLOW_WITH(function, detail)     GO_COLD
#define SLOW_RAW(call)                  GO_COLD
#define SLOW_FLOAT(number)              GO_COLD
#define CHECK_RAW(number)               GO_COLD
#define TEST2(function)                 GO_COLD
#define FETCH(function)                 GO_COLD
#define DO(function)                    GO_COLD

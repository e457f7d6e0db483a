// SPDX-License-Identifier: Apache-2.0
// The words of op bodies (README.md) for engines that run them as C: the interpreter, and the JIT
// for what a stencil does not do. Private to those; meant to be included once, in the file with the
// bodies. p, x (the registers) and y (the frame, equal to p->heap.sp where no slow path has run
// since) are in scope. The includer defines:
//
//   OPERAND(w)      word w of the instruction, laid out as tools/gen/opgen.c says
//   SELF BEHIND     where the op begins again; where what follows it begins, for a call its return address
//   JUMP(to)        goes there; COLD_JUMP(to): the same after a slow path, which may have moved the frame
//   LEAVE(answer)   ends the op without a value: step_leave
//   GO_COLD         before a slow path: empty, or where the engine keeps those apart, the way there
//   PASS_CAPTURED(f)
#pragma once

#include "vm/ops/slow.h"

// Operands ---------------------------------------------------------------------------------------

#define CONSTANT(w)      TERM_LITERAL(OPERAND(w))
#define GENERIC(w)       word_value(OPERAND(w), x, y)
#define GENERIC_SLOT(w)  (*word_slot(OPERAND(w), x, y))
#define CONSTANT_RAW(w)  term_to_double(CONSTANT(w))
#define GENERIC_RAW(w)   word_raw(OPERAND(w), x, y)
#define WORD_N(w)        ((uint32_t)OPERAND(w))
#define WORD_ATOM(w)     TERM_LITERAL(OPERAND(w))
#define WORD_L(w)        ((const void *)OPERAND(w))
#define WORD_ENTRY(w)    ((const void *)OPERAND(w))
#define WORD_FUNCTION(w) ((const Function *)OPERAND(w))
#define WORD_IMPORT(w)   ((Import *)OPERAND(w))
#define WORD_RECORD(w)   ((const RecordDesc *)OPERAND(w))
#define WORD_POINT(w)    ((const Safepoint *)OPERAND(w))
#define WORD_LIST(w)     (&OPERAND(w))
#define NO_LABEL         ((const void *)NULL)
#define ELEMENT(i)       word_value(LIST[i], x, y)
#define X(i)             x[i]

// Words ------------------------------------------------------------------------------------------

#define B_VALUE      term_to_small(B)
#define B_IS_SHIFT   (B.bits < UINT64_C(62) << 2)
#define TOP          p->heap.top
#define HAS_ROOM     ((size_t)(y - p->heap.top) >= (size_t)N + HEAP_GAP)
#define SPEND        (--p->reds < 0)
#define PUSH_FRAME   (y -= N, p->heap.sp = y)
#define POP_FRAME    (y += N, p->heap.sp = y)
#define TUPLE_HEADER header_make(KIND_TUPLE, N, 0)

#define NEXT      JUMP(BEHIND)
#define COLD_NEXT COLD_JUMP(BEHIND)
#define RETURN    JUMP((const void *)*p->returns.top++)

// Before a slow path, which may collect, fail, yield or wait: as the op is then run again from its
// start, pc stays. It takes about as long as a call, and counts as one; what takes longer charges
// for it.
#define AT_POINT                                                                                   \
    do {                                                                                           \
        GO_COLD;                                                                                   \
        process_charge(p, 1);                                                                      \
        p->point = POINT;                                                                          \
        p->pc = SELF;                                                                              \
    } while (0)

#define YIELD_AT(to)                                                                               \
    do {                                                                                           \
        p->point = POINT;                                                                          \
        p->pc = (to);                                                                              \
        LEAVE(TERM_YIELD);                                                                         \
    } while (0)

#define YIELD_NEXT  YIELD_AT(BEHIND)
#define YIELD_AGAIN YIELD_AT(SELF)

#define RAISE(failure)                                                                             \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        (void)(failure);                                                                           \
        LEAVE(TERM_NONE);                                                                          \
    } while (0)

#define REMEMBER(cell) heap_remember(&p->heap, (cell))

#define COLLECT(words)                                                                             \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = slow_collect(p, (words));                                                   \
        if (!term_is_value(answer_)) {                                                             \
            LEAVE(answer_);                                                                        \
        }                                                                                          \
        COLD_JUMP(SELF);                                                                           \
    } while (0)

// Room on the return stack; an op that has none runs again once it has grown, which may take more
// than a slice: what is called with is kept, and nothing may be changed before.
#define RETURN_ROOM                                                                                \
    do {                                                                                           \
        if (UNLIKELY(p->returns.top == p->returns.end)) {                                          \
            AT_POINT;                                                                              \
            p->live = (uint16_t)operands_passed(POINT);                                            \
            Term answer_ = process_grow_returns(p);                                                \
            if (!term_is_value(answer_)) {                                                         \
                LEAVE(answer_);                                                                    \
            }                                                                                      \
            p->live = 0;                                                                           \
            COLD_JUMP(SELF);                                                                       \
        }                                                                                          \
    } while (0)

// After RETURN_ROOM.
#define CALL(entry)                                                                                \
    do {                                                                                           \
        ASSERT(p->returns.top > p->returns.end);                                                   \
        *--p->returns.top = (uintptr_t)(BEHIND);                                                   \
        JUMP(entry);                                                                               \
    } while (0)

// Acquire pairs with the store of code_link.
#define IMPORT_TARGET(import) atomic_load_explicit(&(import)->target, memory_order_acquire)

#define LINK(import)                                                                               \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        if (slow_link(p, (import)) == NULL) {                                                      \
            LEAVE(TERM_NONE);                                                                      \
        }                                                                                          \
        COLD_JUMP(SELF);                                                                           \
    } while (0)

// Calls a built-in, with X0..registers-1 kept while it runs; its answer goes to X0.
#define BUILTIN(target, registers)                                                                 \
    AT_POINT;                                                                                      \
    p->live = (uint16_t)(registers);                                                               \
    Term answer_ = (target)->builtin(p, x);                                                        \
    if (UNLIKELY(!term_is_value(answer_))) {                                                       \
        LEAVE(answer_);                                                                            \
    }                                                                                              \
    p->live = 0;                                                                                   \
    x[0] = answer_

#define CALL_BUILTIN(target, registers)                                                            \
    do {                                                                                           \
        BUILTIN(target, registers);                                                                \
        COLD_NEXT;                                                                                 \
    } while (0)

#define TAIL_BUILTIN(target, registers)                                                            \
    do {                                                                                           \
        BUILTIN(target, registers);                                                                \
        COLD_JUMP((const void *)*p->returns.top++);                                                \
    } while (0)

// The target of the function reference in Xn; goes on with `call` and `call_builtin`.
#define REFERENCE(n, call, call_builtin)                                                           \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        const Target *target_ = slow_reference(p, x[n], (n));                                      \
        if (target_ == NULL) {                                                                     \
            LEAVE(TERM_NONE);                                                                      \
        }                                                                                          \
        const Function *callee_ = target_function(target_);                                        \
        if (callee_ != NULL) {                                                                     \
            y = p->heap.sp;                                                                        \
            call(callee_->entry);                                                                  \
        }                                                                                          \
        if (target_->builtin == NULL) {                                                            \
            COLD_JUMP(SELF);                                                                       \
        }                                                                                          \
        call_builtin(target_, (n) + 1);                                                            \
    } while (0)

#define CALL_REFERENCE(n) REFERENCE(n, CALL, CALL_BUILTIN)
#define TAIL_REFERENCE(n) REFERENCE(n, JUMP, TAIL_BUILTIN)

#define SWITCH(t, list, count, otherwise)                                                          \
    JUMP((const void *)switch_find((t), (list), (count), (uintptr_t)(otherwise)))

// Slow paths. An op with an `f` label goes there when it fails, or says so.
#define SPECIAL(answer)                                                                            \
    do {                                                                                           \
        if (F != NULL && term_same_bits((answer), TERM_NONE) && unwind_forget(p)) {                \
            COLD_JUMP(F);                                                                          \
        }                                                                                          \
        if (F != NULL && term_same_bits((answer), SLOW_ELSE)) {                                    \
            COLD_JUMP(F);                                                                          \
        }                                                                                          \
        LEAVE(answer);                                                                             \
    } while (0)

// `set` takes the result, answer_.
#define SLOW_TO(call, set)                                                                         \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = (call);                                                                     \
        if (LIKELY(term_is_value(answer_))) {                                                      \
            y = p->heap.sp;                                                                        \
            set;                                                                                   \
            COLD_NEXT;                                                                             \
        }                                                                                          \
        SPECIAL(answer_);                                                                          \
    } while (0)

#define SLOW(call) SLOW_TO(call, SET(answer_))
// A raw result, which the slow path gives as a term.
#define SLOW_RAW(call) SLOW_TO(call, SET_RAW(term_to_double(answer_)))

#define SLOW_FLOAT(number) SLOW(slow_float(p, (number)))

#define CHECK_RAW(number)                                                                          \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = slow_float(p, (number));                                                    \
        SPECIAL(answer_);                                                                          \
    } while (0)

#define SLOW1(function)             SLOW(function(p, A))
#define SLOW2(function)             SLOW(function(p, A, B))
#define SLOW3(function)             SLOW(function(p, A, B, C))
#define SLOW_WITH(function, detail) SLOW(function(p, A, (detail)))
#define SLOW_LIST(function)         SLOW(function(p, LIST, COUNT))

#define EFFECT2(function)                                                                          \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = function(p, A, B);                                                          \
        if (LIKELY(term_is_value(answer_))) {                                                      \
            COLD_NEXT;                                                                             \
        }                                                                                          \
        LEAVE(answer_);                                                                            \
    } while (0)

// What can neither fail nor collect.
#define DO(function)                                                                               \
    do {                                                                                           \
        function(p);                                                                               \
        COLD_NEXT;                                                                                 \
    } while (0)

#define TEST2(function)                                                                            \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = function(p, A, B);                                                          \
        if (term_same_bits(answer_, TERM_TRUE)) {                                                  \
            COLD_NEXT;                                                                             \
        }                                                                                          \
        if (LIKELY(term_same_bits(answer_, TERM_FALSE))) {                                         \
            COLD_JUMP(L);                                                                          \
        }                                                                                          \
        LEAVE(answer_);                                                                            \
    } while (0)

#define FETCH_CALL(call)                                                                           \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = (call);                                                                     \
        if (LIKELY(term_is_value(answer_))) {                                                      \
            y = p->heap.sp;                                                                        \
            SET(answer_);                                                                          \
            COLD_NEXT;                                                                             \
        }                                                                                          \
        if (LIKELY(term_same_bits(answer_, SLOW_ELSE))) {                                          \
            COLD_JUMP(L);                                                                          \
        }                                                                                          \
        LEAVE(answer_);                                                                            \
    } while (0)

#define FETCH(function)      FETCH_CALL(function(p))
#define FETCH2(function)     FETCH_CALL(function(p, A, B))
#define FETCH3(function)     FETCH_CALL(function(p, A, B, C))
#define FETCH_SPEC(function) FETCH_CALL(function(p, A, B, C, N))

#define RECEIVE(call)                                                                              \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        ReceiveResult result_ = (call);                                                            \
        if (result_ == RECEIVE_AGAIN) {                                                            \
            COLD_JUMP(L);                                                                          \
        }                                                                                          \
        if (result_ == RECEIVE_OVER) {                                                             \
            COLD_NEXT;                                                                             \
        }                                                                                          \
        if (result_ == RECEIVE_SLEEP) {                                                            \
            p->pc = L;                                                                             \
            LEAVE(TERM_WAIT);                                                                      \
        }                                                                                          \
        LEAVE(TERM_NONE);                                                                          \
    } while (0)

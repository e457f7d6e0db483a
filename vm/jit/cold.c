// SPDX-License-Identifier: Apache-2.0
// The whole of every op, in C, for what its stencil does not do: made from the same bodies. Runs on the thread's stack with the
// process's registers saved (glue_x86_64.S); answers where to go on.
#include "vm/jit/translate.h"
#include "vm/ops/slow.h"

#define GENERIC(w)        word_value(operands[(w) - 1], x, y)
#define GENERIC_SET(w, v) (*word_slot(operands[(w) - 1], x, y) = (v))
#define WORD(w)           operands[(w) - 1]
#define WORD_N(w)         ((uint32_t)WORD(w))
#define WORD_ATOM(w)      TERM_LITERAL(WORD(w))
#define WORD_L(w)         ((const void *)WORD(w))
#define WORD_ENTRY(w)     ((const void *)WORD(w))
#define WORD_FUNCTION(w)  ((const Function *)WORD(w))
#define WORD_IMPORT(w)    ((Import *)WORD(w))
#define WORD_RECORD(w)    ((const RecordDesc *)WORD(w))
#define WORD_POINT(w)     ((const Safepoint *)WORD(w))
#define WORD_LIST(w)      (operands + (w) - 1)
#define NO_LABEL          ((const void *)NULL)
#define ELEMENT(i)        word_value(LIST[i], x, y)
#define X(i)              x[i]

#define TOP          p->heap.top
#define HAS_ROOM     ((size_t)(y - p->heap.top) >= (size_t)N + HEAP_GAP)
#define SPEND        (--p->reds < 0)
#define PUSH_FRAME   (p->heap.sp -= N)
#define POP_FRAME    (p->heap.sp += N)
#define TUPLE_HEADER header_make(KIND_TUPLE, N, 0)

#define JUMP(to)      return ((Step){(to), 0})
#define NEXT          JUMP(site->next)
#define RETURN        JUMP((const void *)*p->returns.top++)
#define LEAVE(answer) return step_leave(p, (answer))

#define AT_POINT (p->point = POINT, p->pc = site->self)

#define YIELD_AT(to)                                                                               \
    do {                                                                                           \
        p->point = POINT;                                                                          \
        p->pc = (to);                                                                              \
        LEAVE(TERM_YIELD);                                                                         \
    } while (0)

#define YIELD_NEXT  YIELD_AT(site->next)
#define YIELD_AGAIN YIELD_AT(site->self)

#define RAISE(failure)                                                                             \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        (void)(failure);                                                                           \
        LEAVE(TERM_NONE);                                                                          \
    } while (0)

#define COLLECT(words)                                                                             \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = slow_collect(p, (words));                                                   \
        if (!term_is_value(answer_)) {                                                             \
            LEAVE(answer_);                                                                        \
        }                                                                                          \
        JUMP(site->self);                                                                          \
    } while (0)

#define RETURN_ROOM                                                                                \
    do {                                                                                           \
        if (p->returns.top == p->returns.end) {                                                    \
            AT_POINT;                                                                              \
            Term answer_ = process_grow_returns(p);                                                \
            if (!term_is_value(answer_)) {                                                         \
                LEAVE(answer_);                                                                    \
            }                                                                                      \
            JUMP(site->self);                                                                      \
        }                                                                                          \
    } while (0)

#define CALL(entry)                                                                                \
    do {                                                                                           \
        *--p->returns.top = (uintptr_t)site->next;                                                 \
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
        JUMP(site->self);                                                                          \
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
        NEXT;                                                                                      \
    } while (0)

#define TAIL_BUILTIN(target, registers)                                                            \
    do {                                                                                           \
        BUILTIN(target, registers);                                                                \
        RETURN;                                                                                    \
    } while (0)

#define REFERENCE(n, call, call_builtin)                                                           \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        const Target *target_ = slow_reference(p, x[n], (n));                                      \
        if (target_ == NULL) {                                                                     \
            LEAVE(TERM_NONE);                                                                      \
        }                                                                                          \
        const Function *callee_ = target_function(target_);                                        \
        if (callee_ != NULL) {                                                                     \
            call(callee_->entry);                                                                  \
        }                                                                                          \
        if (target_->builtin == NULL) {                                                            \
            JUMP(site->self);                                                                      \
        }                                                                                          \
        call_builtin(target_, (n) + 1);                                                            \
    } while (0)

#define CALL_REFERENCE(n) REFERENCE(n, CALL, CALL_BUILTIN)
#define TAIL_REFERENCE(n) REFERENCE(n, JUMP, TAIL_BUILTIN)

// A closure's entry expects it in a register: the stencil calls it.
#define PASS_CAPTURED(f) JUMP(site->self)

#define SWITCH(t, list, count, otherwise)                                                          \
    JUMP((const void *)switch_find((t), (list), (count), (uintptr_t)(otherwise)))

// Slow paths. An op with an `f` label goes there when it fails.
#define SPECIAL(answer)                                                                            \
    do {                                                                                           \
        if (F != NULL && term_same_bits((answer), TERM_NONE) && unwind_forget(p)) {                \
            JUMP(F);                                                                               \
        }                                                                                          \
        LEAVE(answer);                                                                             \
    } while (0)

#define SLOW(call)                                                                                 \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = (call);                                                                     \
        if (LIKELY(term_is_value(answer_))) {                                                      \
            y = p->heap.sp;                                                                        \
            SET(answer_);                                                                          \
            NEXT;                                                                                  \
        }                                                                                          \
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
            NEXT;                                                                                  \
        }                                                                                          \
        LEAVE(answer_);                                                                            \
    } while (0)

#define TEST2(function)                                                                            \
    do {                                                                                           \
        AT_POINT;                                                                                  \
        Term answer_ = function(p, A, B);                                                          \
        if (term_same_bits(answer_, TERM_TRUE)) {                                                  \
            NEXT;                                                                                  \
        }                                                                                          \
        if (LIKELY(term_same_bits(answer_, TERM_FALSE))) {                                         \
            JUMP(L);                                                                               \
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
            NEXT;                                                                                  \
        }                                                                                          \
        if (LIKELY(term_same_bits(answer_, SLOW_ELSE))) {                                          \
            JUMP(L);                                                                               \
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
            JUMP(L);                                                                               \
        }                                                                                          \
        if (result_ == RECEIVE_OVER) {                                                             \
            NEXT;                                                                                  \
        }                                                                                          \
        if (result_ == RECEIVE_SLEEP) {                                                            \
            p->pc = L;                                                                             \
            LEAVE(TERM_WAIT);                                                                      \
        }                                                                                          \
        LEAVE(TERM_NONE);                                                                          \
    } while (0)

#define OP_CASE(number, name)                                                                      \
    static Step do_##name(Process *p, const Site *site, const Word *operands, Term *x, Term *y);   \
    static Step cold_##name(Process *p, const Site *site) {                                        \
        site_enter(site);                                                                          \
        return do_##name(p, site, site->operands, p->x, p->heap.sp);                               \
    }                                                                                              \
    static inline Step do_##name(__attribute__((unused)) Process *p,                               \
                                 __attribute__((unused)) const Site *site,                         \
                                 __attribute__((unused)) const Word *operands,                     \
                                 __attribute__((unused)) Term *x, __attribute__((unused)) Term *y)
#include "gen/ops_cold.h"
#undef OP_CASE

Step (*const cold_ops[])(Process *p, const Site *site) = {
#define OP(name, operands, flags, effect) cold_##name,
#include "vm/ops/ops.def"
#undef OP
};

Step cold_exit(Process *p, const Site *site) {
    (void)site;
    return step_exit(p);
}

Step cold_unwind(Process *p, const Site *site) {
    (void)site;
    return step_unwind(p);
}

// SPDX-License-Identifier: Apache-2.0
// See interp.h. The words that op bodies use (vm/ops/README.md) are defined here for interpreting.
//
// While code runs, pc, x (the registers) and y (the current frame, equal to p->heap.sp) are in
// machine registers; the heap's top and the reductions stay in the process. A slow path gets
// p->point and p->pc set before it is called; after it y is read again, as a collection moves the
// stack. What is not a value leaves the cases through interp_leave.
#include "vm/interp/interp.h"

#include "vm/boot.h"
#include "vm/interp/threaded.h"
#include "vm/ops/slow.h"
#include "vm/ops/step.h"

#if defined(__has_attribute)
#if __has_attribute(preserve_none) && __has_attribute(musttail)
#define INTERP_TAIL_CALLS 1
#endif
#endif

// Leaving and entering
// -----------------------------------------------------------------------------

static const Word unwind_code[] = {CASE_UNWIND};
static const Safepoint exit_point = {.function = NULL};
static const struct {
    const Safepoint *point;
    Word code;
} exit_code = {&exit_point, CASE_EXIT};

// Out of the way of the cases.
__attribute__((noinline, cold)) static Step interp_leave(Process *p, Term answer) {
    return step_leave(p, answer);
}

// Operands ---------------------------------------------------------------------------------------

#define FIELD(i)          (((const uint16_t *)pc)[1 + (i)])
#define X_FIELD(i)        x[FIELD(i)]
#define Y_FIELD(i)        y[FIELD(i)]
#define CONSTANT(w)       TERM_LITERAL(pc[w])
#define GENERIC(w)        word_value(pc[w], x, y)
#define GENERIC_SET(w, v) (*word_slot(pc[w], x, y) = (v))
#define WORD_N(w)         ((uint32_t)pc[w])
#define WORD_ATOM(w)      TERM_LITERAL(pc[w])
#define WORD_L(w)         ((const Word *)pc[w])
#define WORD_ENTRY(w)     ((const Word *)pc[w])
#define WORD_FUNCTION(w)  ((const Function *)pc[w])
#define WORD_IMPORT(w)    ((Import *)pc[w])
#define WORD_RECORD(w)    ((const RecordDesc *)pc[w])
#define WORD_POINT(w)     ((const Safepoint *)pc[w])
#define WORD_LIST(w)      (pc + (w))
#define NO_LABEL          ((const Word *)NULL)
#define ELEMENT(i)        word_value(LIST[i], x, y)
#define X(i)              x[i]

// Words ------------------------------------------------------------------------------------------

#define TOP           p->heap.top
#define HAS_ROOM      ((size_t)(y - p->heap.top) >= (size_t)N + HEAP_GAP)
#define SPEND         (--p->reds < 0)
#define PUSH_FRAME    (y -= N, p->heap.sp = y)
#define POP_FRAME     (y += N, p->heap.sp = y)
#define TUPLE_HEADER  header_make(KIND_TUPLE, N, 0)

#define JUMP(to)                                                                                   \
    do {                                                                                           \
        pc = (const Word *)(to);                                                                   \
        DISPATCH;                                                                                  \
    } while (0)

#define NEXT JUMP(pc + SIZE)

#define RETURN JUMP(*p->returns.top++)

// The same after a slow path.
#define COLD_JUMP(to)                                                                              \
    do {                                                                                           \
        pc = (const Word *)(to);                                                                   \
        y = p->heap.sp;                                                                            \
        DISPATCH;                                                                                  \
    } while (0)

#define COLD_NEXT COLD_JUMP(pc + SIZE)

// Before a slow path, which may collect, fail, yield or wait: as the op is then run again from its
// start, pc stays.
#define AT_POINT                                                                                   \
    do {                                                                                           \
        GO_COLD;                                                                                   \
        p->point = POINT;                                                                          \
        p->pc = pc;                                                                                \
    } while (0)

#define YIELD_AT(to)                                                                               \
    do {                                                                                           \
        p->point = POINT;                                                                          \
        p->pc = (to);                                                                              \
        LEAVE(TERM_YIELD);                                                                         \
    } while (0)

#define YIELD_NEXT  YIELD_AT(pc + SIZE)
#define YIELD_AGAIN YIELD_AT(pc)

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
        COLD_JUMP(pc);                                                                             \
    } while (0)

// Room on the return stack; an op that has none runs again once it has grown, so nothing may be
// changed before.
#define RETURN_ROOM                                                                                \
    do {                                                                                           \
        if (UNLIKELY(p->returns.top == p->returns.end)) {                                          \
            AT_POINT;                                                                              \
            Term answer_ = process_grow_returns(p);                                                \
            if (!term_is_value(answer_)) {                                                         \
                LEAVE(answer_);                                                                    \
            }                                                                                      \
            COLD_JUMP(pc);                                                                         \
        }                                                                                          \
    } while (0)

// After RETURN_ROOM.
#define CALL(entry)                                                                                \
    do {                                                                                           \
        ASSERT(p->returns.top > p->returns.end);                                                   \
        *--p->returns.top = (uintptr_t)(pc + SIZE);                                                \
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
        COLD_JUMP(pc);                                                                             \
    } while (0)

// Calls a built-in, with X0..registers-1 kept while it runs; its answer is in answer_.
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
        COLD_JUMP(*p->returns.top++);                                                              \
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
            COLD_JUMP(pc);                                                                         \
        }                                                                                          \
        call_builtin(target_, (n) + 1);                                                            \
    } while (0)

#define CALL_REFERENCE(n) REFERENCE(n, CALL, CALL_BUILTIN)
#define TAIL_REFERENCE(n) REFERENCE(n, JUMP, TAIL_BUILTIN)

#define PASS_CAPTURED(f)                                                                           \
    do {                                                                                           \
        Term fn_ = x[N];                                                                           \
        for (uint32_t i_ = 0; i_ < (f)->captured; i_++) {                                          \
            x[N + i_] = fn_captured(fn_, i_);                                                      \
        }                                                                                          \
    } while (0)

#define SWITCH(t, list, count, otherwise)                                                          \
    JUMP(switch_find((t), (list), (count), (uintptr_t)(otherwise)))

// Slow paths. An op with an `f` label goes there when it fails.
#define SPECIAL(answer)                                                                            \
    do {                                                                                           \
        if (F != NULL && term_same_bits((answer), TERM_NONE) && unwind_forget(p)) {                \
            COLD_JUMP(F);                                                                          \
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
            COLD_NEXT;                                                                             \
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
            COLD_NEXT;                                                                             \
        }                                                                                          \
        LEAVE(answer_);                                                                            \
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

// Cases ------------------------------------------------------------------------------------------

#ifdef INTERP_TAIL_CALLS

#define UNUSED __attribute__((unused))
// The table of cases is an argument so that it stays in a register: a fifth less time than its
// address made anew.
#define CASE_PARAMETERS                                                                            \
    Process *p UNUSED, const Word *pc UNUSED, Term *x UNUSED, Term *y UNUSED,                      \
        const void *table UNUSED
#define CASE static __attribute__((preserve_none)) int

typedef __attribute__((preserve_none)) int (*Case)(CASE_PARAMETERS);

#define DISPATCH                                                                                   \
    __attribute__((musttail)) return ((const Case *)table)[*(const uint16_t *)pc](p, pc, x, y,     \
                                                                                  table)
// The answer travels in the place of pc.
#define LEAVE(answer)                                                                              \
    __attribute__((musttail)) return case_leave(p, (const Word *)(uintptr_t)(answer).bits, x, y,   \
                                                table)
#define GO_ON(step)                                                                                \
    do {                                                                                           \
        Step step_ = (step);                                                                       \
        if (step_.pc == NULL) {                                                                    \
            return (int)step_.result;                                                                   \
        }                                                                                          \
        pc = step_.pc;                                                                             \
        y = p->heap.sp;                                                                            \
        DISPATCH;                                                                                  \
    } while (0)

CASE case_leave(CASE_PARAMETERS) {
    GO_ON(interp_leave(p, TERM_LITERAL((uintptr_t)pc)));
}

CASE case_exit(CASE_PARAMETERS) {
    GO_ON(step_exit(p));
}

CASE case_unwind(CASE_PARAMETERS) {
    GO_ON(step_unwind(p));
}

// A case that calls C needs a stack frame, and clang makes it where the case begins. So slow paths
// are in functions of their own, which run the op once more.
#define GO_COLD                                                                                    \
    if (HOT) {                                                                                     \
        __attribute__((musttail)) return COLD_CASE(p, pc, x, y, table);                            \
    }

#define OP_CASE(number, name) CASE case_##name(CASE_PARAMETERS)
#define OP_COLD(name)         __attribute__((noinline, cold, unused)) CASE cold_##name(CASE_PARAMETERS)
#include "gen/ops_cases.h"

static const Case cases[CASE_COUNT] = {
#define X_CASE(number, name) case_##name,
    OP_VARIANTS(X_CASE)
#undef X_CASE
        [CASE_EXIT] = case_exit,
    [CASE_UNWIND] = case_unwind,
};

static int interp_loop(Process *p) {
    return cases[*(const uint16_t *)p->pc](p, p->pc, p->x, p->heap.sp, cases);
}

#else

#define DISPATCH goto *labels[*(const uint16_t *)pc]
#define LEAVE(answer)                                                                              \
    do {                                                                                           \
        left = (answer);                                                                           \
        goto case_leave;                                                                           \
    } while (0)

static int interp_loop(Process *p) {
    static const void *const labels[CASE_COUNT] = {
#define X_CASE(number, name) &&case_##name,
        OP_VARIANTS(X_CASE)
#undef X_CASE
            [CASE_EXIT] = &&case_exit,
        [CASE_UNWIND] = &&case_unwind,
    };
    const Word *pc = p->pc;
    Term *x = p->x;
    Term *y = p->heap.sp;
    Term left;
    Step step;
    DISPATCH;

#define GO_COLD
#define OP_CASE(number, name) case_##name:
#include "gen/ops_cases.h"

case_leave:
    step = interp_leave(p, left);
    goto go_on;
case_unwind:
    step = step_unwind(p);
go_on:
    if (step.pc == NULL) {
        return (int)step.result;
    }
    pc = step.pc;
    y = p->heap.sp;
    DISPATCH;
case_exit:
    return (int)step_exit(p).result;
}

#endif

// The engine
// ---------------------------------------------------------------------------------------

static int interp_run(Process *p) {
    if (p->saved_count != 0) {
        memcpy(p->x, p->saved, p->saved_count * sizeof(Term));
        p->saved_count = 0;
    }
    p->live = 0;
    return interp_loop(p);
}

static const Safepoint *interp_safepoint_of(uintptr_t return_address) {
    return ((const Safepoint *const *)return_address)[-1];
}

static void interp_start(Process *p, const Function *function) {
    p->pc = function->entry;
    p->point = NULL;
    *--p->returns.top = (uintptr_t)&exit_code.code;
}

static const void *interp_handler(const Function *function, uint32_t index) {
    return ((const Word *const *)function->engine_data)[index];
}

static const void *interp_unwinding(const VM *vm) {
    (void)vm;
    return unwind_code;
}

static bool interp_open(VM *vm, char *why) {
    (void)vm;
    (void)why;
    return true;
}

static void interp_close(VM *vm) {
    (void)vm;
}

const Engine interp_engine = {
    .name = "interp",
    .prepare = threaded_prepare,
    .discard = threaded_discard,
    .run = interp_run,
    .safepoint_of = interp_safepoint_of,
    .start = interp_start,
    .handler = interp_handler,
    .unwinding = interp_unwinding,
    .open = interp_open,
    .close = interp_close,
};

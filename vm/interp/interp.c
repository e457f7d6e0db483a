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

#define FIELD(i)   (((const uint16_t *)pc)[1 + (i)])
#define X_FIELD(i) x[FIELD(i)]
#define Y_FIELD(i) y[FIELD(i)]
#define X_RAW(i)   raw_load(&X_FIELD(i))
#define Y_RAW(i)   raw_load(&Y_FIELD(i))
#define OPERAND(w) pc[w]

#define SELF   pc
#define BEHIND (pc + SIZE)

#define JUMP(to)                                                                                   \
    do {                                                                                           \
        pc = (const Word *)(to);                                                                   \
        DISPATCH;                                                                                  \
    } while (0)

#define COLD_JUMP(to)                                                                              \
    do {                                                                                           \
        pc = (const Word *)(to);                                                                   \
        y = p->heap.sp;                                                                            \
        DISPATCH;                                                                                  \
    } while (0)

#define PASS_CAPTURED(f)                                                                           \
    do {                                                                                           \
        Term fn_ = x[N];                                                                           \
        for (uint32_t i_ = 0; i_ < (f)->captured; i_++) {                                          \
            x[N + i_] = fn_captured(fn_, i_);                                                      \
        }                                                                                          \
    } while (0)

#include "vm/ops/c_words.h"

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
            return (int)step_.result;                                                              \
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
    step_restore(p);
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

// SPDX-License-Identifier: Apache-2.0
// See jit.h.
#include "vm/jit/jit.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "vm/base/alloc.h"
#include "vm/boot.h"
#include "vm/jit/symbols.h"

// glue_MACHINE.S
int jit_enter(Process *p);

// The seeded mode runs processes on its caller's thread, which other signals reach than a
// scheduler's: a handler would run on the process's stack, where there is no room for it. They wait
// until the slice is over.
static int enter_with_signals_blocked(Process *p) {
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int result = jit_enter(p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

static int jit_run(Process *p) {
    step_restore(p);
    p->live = 0;
    return p->vm->options.seeded ? enter_with_signals_blocked(p) : jit_enter(p);
}

static void jit_start(Process *p, const Function *function) {
    const JitState *state = p->vm->engine_state;
    p->pc = function->entry;
    p->point = NULL;
    *--p->returns.top = (uintptr_t)state->exit;
}

static const void *jit_handler(const Function *function, uint32_t index) {
    return ((const void *const *)function->engine_data)[index];
}

static const void *jit_unwinding(const VM *vm) {
    const JitState *state = vm->engine_state;
    return state->unwinding;
}

static void jit_close(VM *vm) {
    JitState *state = vm->engine_state;
    if (state != NULL) {
        symbols_close(vm, state);
        mem_free(vm->mem, MEM_JIT, state->exit_site);
        mem_free(vm->mem, MEM_JIT, state->unwinding_site);
        if (state->stubs != NULL) {
            code_memory_give(state->memory, state->stubs, state->stubs_size);
        }
        code_memory_free(state->memory);
        mem_free(vm->mem, MEM_JIT, state);
        vm->engine_state = NULL;
    }
}

static bool jit_open(VM *vm, char *why) {
    JitState *state = mem_alloc_zero(vm->mem, MEM_JIT, sizeof *state);
    vm->engine_state = state;
    if (state == NULL) {
        return false;
    }
    state->memory = code_memory_new(vm->mem, why);
    return state->memory != NULL && translate_stubs(vm, state) && symbols_open(vm, state, why);
}

const Engine jit_engine = {
    .name = "jit",
    .prepare = translate_module,
    .discard = translate_discard,
    .run = jit_run,
    .safepoint_of = translate_point,
    .start = jit_start,
    .handler = jit_handler,
    .unwinding = jit_unwinding,
    .open = jit_open,
    .close = jit_close,
};

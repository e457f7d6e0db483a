// SPDX-License-Identifier: Apache-2.0
// Built-ins of Time, Env, Random, Log and Shell, and the state that built-ins keep for a VM. Tests:
// the examples of stdlib/time.cop, env.cop, random.cop and log.cop.
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "vm/base/rand.h"
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/bif/state.h"
#include "vm/sched/sched.h"

BifState *bif_state_new(VM *vm) {
    BifState *state = mem_alloc_zero(vm->mem, MEM_BIF, sizeof *state);
    if (state == NULL) {
        return NULL;
    }
    state->vm = vm;
    atomic_store_explicit(&state->random, vm->options.seeded ? vm->options.seed : rand_entropy(),
                          memory_order_relaxed);
    atomic_store_explicit(&state->log_level, 1, memory_order_relaxed);
    state->regexes = regex_cache_new(vm);
    if (state->regexes == NULL) {
        mem_free(vm->mem, MEM_BIF, state);
        return NULL;
    }
    return state;
}

void bif_state_free(BifState *state) {
    if (state != NULL) {
        MemStats *mem = state->vm->mem;
        regex_cache_free(state->regexes);
        mem_free(mem, MEM_BIF, state);
    }
}

// ---- Random -------------------------------------------------------------------------------------

enum { RANDOM_SHIFT1 = 30, RANDOM_SHIFT2 = 27, RANDOM_SHIFT3 = 31 };
static const uint64_t random_step = UINT64_C(0x9e3779b97f4a7c15);

// The output function of splitmix64 (Steele, Lea and Flood 2014).
static uint64_t random_mix(uint64_t z) {
    z = (z ^ (z >> RANDOM_SHIFT1)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> RANDOM_SHIFT2)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> RANDOM_SHIFT3);
}

uint64_t bif_random(BifState *state) {
    // Relaxed: the numbers depend on the order of calls, nothing else does.
    return random_mix(atomic_fetch_add_explicit(&state->random, random_step, memory_order_relaxed) +
                      random_step);
}

// A number below n from 64 random bits, without a measurable preference: the upper half of the
// product.
static uint64_t random_scale(uint64_t bits, uint64_t n) {
    return (uint64_t)(((__uint128_t)bits * n) >> 64);
}

// below(n): an integer from 0 to n - 1.
Term bif_random_below(Process *p, Term *args) {
    uint64_t n;
    if (!term_to_uint64(args[0], &n) || n == 0) {
        return process_badarg(p, args[0]);
    }
    return bif_unsigned(p, random_scale(bif_random(p->vm->bifs), n));
}

Term bif_random_float(Process *p, Term *args) {
    (void)args;
    return bif_float(p, (double)(bif_random(p->vm->bifs) >> 11) * 0x1.0p-53);
}

// step(state, n): (number below n, next state) of a generator that a program keeps itself.
Term bif_random_step(Process *p, Term *args) {
    uint64_t state;
    uint64_t n;
    if (!term_to_uint64(args[0], &state)) {
        return process_badarg(p, args[0]);
    }
    if (!term_to_uint64(args[1], &n) || n == 0) {
        return process_badarg(p, args[1]);
    }
    Room room;
    if (!process_reserve(p, 3 + 2 * INTEGER_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    state += random_step;
    Term number = room_uint(&room, random_scale(random_mix(state), n), false);
    return room_tuple2(&room, number, room_uint(&room, state, false));
}

// bytes(n): from the operating system, fit for secrets; in the seeded mode from the seed.
Term bif_random_bytes(Process *p, Term *args) {
    enum { RANDOM_BYTES_MAX = 64 * 1024 };
    if (!term_is_small(args[0]) || term_to_small(args[0]) < 0 ||
        term_to_small(args[0]) > RANDOM_BYTES_MAX) {
        return process_badarg(p, args[0]);
    }
    size_t n = (size_t)term_to_small(args[0]);
    uint8_t *bytes = mem_alloc(bif_mem(p), MEM_BIF, n + sizeof(uint64_t));
    if (bytes == NULL) {
        return process_limit(p, AM_memory);
    }
    size_t have = 0;
    while (have < n && !p->vm->options.seeded) {
        ssize_t got = getrandom(bytes + have, n - have, 0);
        CHECK(got > 0);
        have += (size_t)got;
    }
    for (; have < n; have += sizeof(uint64_t)) {
        uint64_t word = bif_random(p->vm->bifs);
        memcpy(bytes + have, &word, sizeof word);
    }
    process_charge(p, (int32_t)(n / 16));
    Term result = bif_bytes(p, bytes, n);
    mem_free(bif_mem(p), MEM_BIF, bytes);
    return result;
}

// ---- Time ---------------------------------------------------------------------------------------

Term bif_time_monotonic_us(Process *p, Term *args) {
    (void)args;
    return bif_integer(p, (int64_t)(clock_now_ns(&p->vm->clock) / 1000));
}

Term bif_time_monotonic_ns(Process *p, Term *args) {
    (void)args;
    return bif_integer(p, (int64_t)clock_now_ns(&p->vm->clock));
}

Term bif_time_system_ms(Process *p, Term *args) {
    (void)args;
    return bif_integer(p, (int64_t)(clock_system_ns(&p->vm->clock) / (1000 * 1000)));
}

// ---- Env ----------------------------------------------------------------------------------------

Term bif_env_args(Process *p, Term *args) {
    (void)args;
    const VMOptions *options = &p->vm->options;
    Term list = TERM_EMPTY;
    for (int i = options->argc - 1; i >= 0; i--) {
        size_t len = strlen(options->argv[i]);
        Room room;
        if (!process_reserve(p, CONS_WORDS + bytes_words(len), &list, 1, &room)) {
            return TERM_NONE;
        }
        Term text = room_bytes(bif_mem(p), &room, options->argv[i], len);
        if (!term_is_value(text)) {
            return process_limit(p, AM_memory);
        }
        list = room_cons(&room, text, list);
    }
    return list;
}

// get(name): a String, or nil.
Term bif_env_get(Process *p, Term *args) {
    if (!term_is_bytes(args[0])) {
        return process_badarg(p, args[0]);
    }
    BytesView name = bytes_view(args[0]);
    char text[256];
    if (name.len >= sizeof text || memchr(name.data, 0, name.len) != NULL) {
        return TERM_NIL;
    }
    memcpy(text, name.data, name.len);
    text[name.len] = 0;
    const char *value = getenv(text);
    return value != NULL ? bif_text(p, value) : TERM_NIL;
}

Term bif_env_pid(Process *p, Term *args) {
    (void)p;
    (void)args;
    return term_small(getpid());
}

Term bif_env_schedulers(Process *p, Term *args) {
    (void)args;
    return term_small((int64_t)p->vm->sched->count);
}

// ---- Log ----------------------------------------------------------------------------------------

Term bif_log_get_level(Process *p, Term *args) {
    (void)args;
    return term_small(atomic_load_explicit(&p->vm->bifs->log_level, memory_order_relaxed));
}

Term bif_log_set_level(Process *p, Term *args) {
    if (!term_is_small(args[0]) || term_to_small(args[0]) < 0 || term_to_small(args[0]) > 16) {
        return process_badarg(p, args[0]);
    }
    atomic_store_explicit(&p->vm->bifs->log_level, (uint32_t)term_to_small(args[0]),
                          memory_order_relaxed);
    return AM_ok;
}

// ---- Shell --------------------------------------------------------------------------------------

// ready(evaluator, good): the shell's evaluation is over, and what it printed is out.
Term bif_shell_ready(Process *p, Term *args) {
    const ShellHook *hook = &p->vm->bifs->shell;
    if (!term_is_pid(args[0])) {
        return process_badarg(p, args[0]);
    }
    if (hook->ready != NULL) {
        hook->ready(hook->data, args[0], !term_is_falsy(args[1]));
    }
    return AM_ok;
}

// SPDX-License-Identifier: Apache-2.0
// From canonical code to machine code, and what it shares with the engine and cold.c. Private to
// vm/jit.
#pragma once

#include "vm/jit/machine.h"
#include "vm/jit/memory.h"
#include "vm/ops/operands.h"
#include "vm/ops/step.h"

// What an op's cold code needs: a fixed head, then the operands in generic words (words.h), laid
// out as tools/gen/opgen.c says. They begin at index 1 of `words` so counted from `cold`.
typedef struct Site Site;
struct Site {
    const void *self; // begins the op again
    const void *next; // goes on behind it; behind a call: the return address
    Step (*cold)(Process *p, const Site *site);
    Word operands[];
};

typedef struct GdbObject GdbObject; // symbols.c

// Per VM: Engine's engine_state.
typedef struct {
    CodeMemory *memory;
    uint8_t *stubs; // what follows points into it
    size_t stubs_size;
    const void *glue;     // where HOLE_COLD goes
    const void *glue_raw; // in functions that use D
    const void *exit;     // the return address below a process's first function
    const void *unwinding;
    Site *exit_site;
    Site *unwinding_site;
    int perf_map;          // a file; 0: none
    GdbObject *gdb_object; // of the stubs, or NULL
} JitState;

// Per module: its engine_data. A Function's engine_data is an array of the addresses where its
// regions are handled.
typedef struct {
    uint8_t *code;
    size_t size;
    Word *sites; // all Sites, one after another
    const void **handlers;
    uint32_t *cold_starts; // offset of each function's cold code; then of their end
    GdbObject *gdb_object; // or NULL
} JitModule;

// cold.c: by Op.
extern Step (*const cold_ops[])(Process *p, const Site *site);
Step cold_exit(Process *p, const Site *site);
Step cold_unwind(Process *p, const Site *site);

bool translate_stubs(VM *vm, JitState *state);
bool translate_module(VM *vm, Module *module);
void translate_discard(VM *vm, Module *module);

// For ThreadSanitizer, which does not see how machine code finds a Site: by an acquiring load of a
// published function. What was done before site_publish was done before what follows site_enter.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define JIT_TSAN 1
#endif
#endif
#ifdef JIT_TSAN
void __tsan_acquire(void *at);
void __tsan_release(void *at);
#endif

static inline void site_publish(Site *site) {
#ifdef JIT_TSAN
    __tsan_release(site);
#else
    (void)site;
#endif
}

static inline void site_enter(const Site *site) {
#ifdef JIT_TSAN
    __tsan_acquire((void *)(uintptr_t)site);
#else
    (void)site;
#endif
}

// The Safepoint of a call, by its return address.
static inline const Safepoint *translate_point(uintptr_t return_address) {
    const uint8_t *at = (const uint8_t *)return_address;
    const Safepoint *point;
    memcpy(&point, at + machine_point_distance(at), sizeof point);
    return point;
}

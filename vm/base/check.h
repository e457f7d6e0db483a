// SPDX-License-Identifier: Apache-2.0
// Assertions: a failed one is a bug in the VM, never in the program it runs.
//
// CHECK always looks and stands at folder borders, on loaded code and before freeing. ASSERT looks
// in debug builds (NDEBUG not defined) and costs nothing else. Both print the condition and the
// place, call the hook that boot set (it writes the crash dump), and abort. Split conditions:
// ASSERT(a); ASSERT(b). Any thread. Tests: tests/unit/vm/base/base_test.c.
#pragma once

#include <assert.h>
#include <stdbool.h>

#ifdef NDEBUG
enum { VM_DEBUG = 0 };
#else
enum { VM_DEBUG = 1 };
#endif

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

// In a release build the condition is still compiled, so that it stays correct and its names stay
// used.
#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (VM_DEBUG && UNLIKELY(!(condition))) {                                                  \
            check_failed("ASSERT", #condition, __FILE__, __LINE__);                                \
        }                                                                                          \
    } while (0)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (UNLIKELY(!(condition))) {                                                              \
            check_failed("CHECK", #condition, __FILE__, __LINE__);                                 \
        }                                                                                          \
    } while (0)

// A place that no run can reach.
#define UNREACHABLE() check_failed("UNREACHABLE", "", __FILE__, __LINE__)

// A result that must not be dropped.
#define MUST_USE __attribute__((warn_unused_result))

// Called once by the thread that failed, before the abort; it may look but not allocate from the
// VM.
typedef void (*CheckHook)(void *data);

// Sets the hook of this operating system process (the one piece of state that is not a VM's: an
// abort ends all).
void check_set_hook(CheckHook hook, void *data);

// Prints, calls the hook unless it is already running, aborts.
_Noreturn __attribute__((cold)) void check_failed(const char *what, const char *condition,
                                                  const char *file, int line);

// Assertions of the compiler: a failed one is a bug in the compiler, never in the program it
// compiles.
//
// CHECK stays in every build and stands at the borders between folders; ASSERT goes away with
// NDEBUG and may cost time. A failure prints the condition and its place and aborts: the compiler
// is a library without globals, and there is nobody it could report its own bugs to. Errors in a
// program's source are diagnostics (compiler/diag/diag.h), not assertions.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Prints `what` with its place and aborts. Does not return.
_Noreturn void check_fail(const char *what, const char *file, int line);

#ifndef CHECK
#define CHECK(condition) ((condition) ? (void)0 : check_fail(#condition, __FILE__, __LINE__))
#endif

#ifndef ASSERT
#ifdef NDEBUG
#define ASSERT(condition) ((void)sizeof(condition))
#else
#define ASSERT(condition) CHECK(condition)
#endif
#endif

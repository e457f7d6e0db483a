// Running one program in many ways: compiled with the optimiser and without, on either engine, with
// a collection or a yield wherever there could be one. Each way is tried in a process of its own,
// so that one that crashes or hangs is a result like any other.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OUTPUT_BYTES = 256 * 1024 };

typedef struct {
    const char *name;
    const char *engine;
    bool plain; // not optimised
    const char *stress;
} Mode;

// The first is what the others are compared with.
extern const Mode modes[];
extern const uint32_t mode_count;

typedef enum {
    RAN,      // to its end; status and output say how
    REJECTED, // by the compiler: output has the diagnostics
    CRASHED,  // by signal `status`; output has what it said
    LATE,
} Outcome;

typedef struct {
    Outcome outcome;
    int status;
    double seconds;
    size_t size;
    char output[OUTPUT_BYTES]; // standard output; of what crashed standard error too
} Result;

// Runs the program in the modes whose bit is set. `results` is an array for all modes.
void modes_run(const char *text, size_t size, uint32_t set, double limit_s, Result *results);
// Memory for that, shared with the processes that run.
Result *modes_results(void);
// A clock, in seconds.
double modes_now(void);
// Are they the same, as far as a program may see?
bool modes_agree(const Result *a, const Result *b);
// Is the result one that says nothing, because a limit of the machine was reached?
bool modes_tells_nothing(const Result *result);

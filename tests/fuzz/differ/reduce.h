// Making a program that shows a fault smaller, as long as it still shows it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>

#include "tests/fuzz/differ/tree.h"

typedef struct {
    bool (*shows)(void *context, const Node *program);
    void *context;
    double seconds; // at most
} Reduction;

// Changes the tree in place.
void reduce(Arena *arena, Node *program, const Reduction *reduction);

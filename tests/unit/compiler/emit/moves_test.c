// SPDX-License-Identifier: Apache-2.0
// compiler/emit/moves.c: parallel moves, checked by doing them.
#include <criterion/criterion.h>

#include "compiler/emit/emit_private.h"

enum { REGS = 12, SCRATCH = REGS, TRIES = 20000 };

static uint32_t place(uint32_t i) {
    return i % 3 == 2 ? operand_make(OPERAND_Y, (int32_t)i) : operand_make(OPERAND_X, (int32_t)i);
}

static uint64_t state = 1;

static uint32_t roll(uint32_t n) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % n;
}

static void try_once(Arena *arena) {
    Moves moves = {0};
    Moves out = {0};
    uint32_t before[REGS + 1];
    uint32_t wanted[REGS + 1];
    for (uint32_t i = 0; i <= REGS; i++) {
        before[i] = wanted[i] = 100 + i;
    }
    for (uint32_t i = 0; i < REGS; i++) {
        uint32_t kind = roll(3);
        uint32_t from = roll(REGS);
        if (kind > 0) {
            Move move = {place(i), kind == 1 ? place(from) : operand_make(OPERAND_INT, (int32_t)i)};
            wanted[i] = kind == 1 ? before[from] : i;
            vec_push(arena, &moves, move);
        }
    }
    moves_order(arena, &moves, operand_make(OPERAND_X, SCRATCH), operand_make(OPERAND_D, 0), &out);
    for (uint32_t i = 0; i < out.len; i++) {
        uint32_t value = (uint32_t)operand_value(out.items[i].from);
        before[operand_value(out.items[i].to)] =
            operand_kind(out.items[i].from) == OPERAND_INT ? value : before[value];
    }
    for (uint32_t i = 0; i < REGS; i++) {
        cr_assert(before[i] == wanted[i]);
    }
}

Test(moves, any_set_of_moves_happens_at_once) {
    for (int i = 0; i < TRIES; i++) {
        Arena arena;
        arena_init(&arena);
        try_once(&arena);
        arena_free(&arena);
    }
}

Test(moves, a_swap_saves_one_register) {
    Arena arena;
    arena_init(&arena);
    Moves moves = {0};
    Moves out = {0};
    Move first = {operand_make(OPERAND_X, 0), operand_make(OPERAND_X, 1)};
    Move second = {operand_make(OPERAND_X, 1), operand_make(OPERAND_X, 0)};
    vec_push(&arena, &moves, first);
    vec_push(&arena, &moves, second);
    moves_order(&arena, &moves, operand_make(OPERAND_X, 9), operand_make(OPERAND_D, 0), &out);
    cr_assert(out.len == 3);
    arena_free(&arena);
}

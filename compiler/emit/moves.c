// Parallel moves: several registers get new values at once, as arguments of a call or parameters of
// a block do.
//
// A move may go when nobody still has to read its target; each one done may set free the one that
// writes to its source. What is left then are cycles: one register of each is saved in the scratch
// register, and whoever would read it reads that. Constants go last, since they read nothing.
// Tests: tests/unit/compiler/emit/moves_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

enum { SLOTS_PER_MOVE = 4, NOBODY = UINT32_MAX };

// What is known of a register, in a small hash table by its operand word.
typedef struct {
    uint32_t reg;
    uint32_t readers; // moves still to do that read it
    uint32_t writer;  // the move still to do that writes it, or NOBODY
} Reg;

typedef struct {
    const Moves *moves;
    Moves *out;
    Arena *arena;
    Reg *regs;
    uint32_t mask;
    bool *done;
    Words ready;
} Order;

static bool is_register(uint32_t place) {
    OperandKind kind = operand_kind(place);
    return kind == OPERAND_X || kind == OPERAND_Y || kind == OPERAND_D;
}

static Reg *reg_of(Order *o, uint32_t place) {
    uint32_t i = place * 0x9e3779b1u >> 7 & o->mask;
    while (o->regs[i].reg != place && o->regs[i].reg != NOBODY) {
        i = (i + 1) & o->mask;
    }
    if (o->regs[i].reg == NOBODY) {
        o->regs[i] = (Reg){place, 0, NOBODY};
    }
    return &o->regs[i];
}

static void emit(Order *o, uint32_t to, uint32_t from, bool raw) {
    Move move = {to, from, raw};
    vec_push(o->arena, o->out, move);
}

// `place` has one reader less.
static void unread(Order *o, uint32_t place) {
    Reg *reg = reg_of(o, place);
    reg->readers--;
    if (reg->readers == 0 && reg->writer != NOBODY) {
        vec_push(o->arena, &o->ready, reg->writer);
    }
}

static void do_move(Order *o, uint32_t index) {
    const Move *move = &o->moves->items[index];
    o->done[index] = true;
    reg_of(o, move->to)->writer = NOBODY;
    emit(o, move->to, move->from, move->raw);
    unread(o, move->from);
}

static void do_ready(Order *o) {
    while (o->ready.len > 0) {
        do_move(o, o->ready.items[--o->ready.len]);
    }
}

// Takes the cycle apart that `index` is in: its target is saved, and its one reader reads that.
static void break_cycle(Order *o, Moves *moves, uint32_t index, const uint32_t scratches[2]) {
    uint32_t saved = moves->items[index].to;
    uint32_t at = index;
    while (moves->items[at].from != saved) {
        at = reg_of(o, moves->items[at].from)->writer;
    }
    bool raw = moves->items[at].raw;
    uint32_t scratch = scratches[raw];
    emit(o, scratch, saved, raw);
    moves->items[at].from = scratch;
    reg_of(o, scratch)->readers++;
    unread(o, saved);
    do_ready(o);
}

void moves_order(Arena *arena, Moves *moves, uint32_t scratch, uint32_t raw_scratch, Moves *out) {
    const uint32_t scratches[2] = {scratch, raw_scratch};
    uint32_t size = 8;
    while (size < moves->len * SLOTS_PER_MOVE) {
        size *= 2;
    }
    Order o = {.moves = moves, .out = out, .arena = arena, .mask = size - 1};
    o.regs = arena_alloc(arena, size * sizeof(Reg));
    memset(o.regs, 0xff, size * sizeof(Reg));
    o.done = ARENA_NEW_ARRAY(arena, bool, moves->len);
    for (uint32_t i = 0; i < moves->len; i++) {
        const Move *move = &moves->items[i];
        o.done[i] = !is_register(move->from) || move->from == move->to;
        if (!o.done[i]) {
            reg_of(&o, move->from)->readers++;
            reg_of(&o, move->to)->writer = i;
        }
    }
    for (uint32_t i = 0; i < moves->len; i++) {
        if (!o.done[i] && reg_of(&o, moves->items[i].to)->readers == 0) {
            vec_push(arena, &o.ready, i);
        }
    }
    do_ready(&o);
    for (uint32_t i = 0; i < moves->len; i++) {
        if (!o.done[i]) {
            break_cycle(&o, moves, i, scratches);
        }
    }
    for (uint32_t i = 0; i < moves->len; i++) {
        if (!is_register(moves->items[i].from)) {
            emit(&o, moves->items[i].to, moves->items[i].from, moves->items[i].raw);
        }
    }
}

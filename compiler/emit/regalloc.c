// Registers: a place for each value, chosen in one walk over the blocks in their order.
//
// In SSA the values that live at a definition were all placed before it (their definitions dominate
// it), so that taking any free register is always right, and there are 255 of X and 32,768 slots:
// nothing is ever spilled for want of one, and what is left to choose well is which, so that few
// moves are needed. A value prefers, if it is free: the place of the block parameter that it will
// become; the register in which a call, or the return, wants it; for a parameter, the place of an
// arg that becomes it. What has no such wish stays out of the registers that the next call in its
// block fills. A value that lives across a call has a slot in framed blocks, and only there: it is
// computed into it, or moved to it right behind the frame. So has what becomes a parameter with a
// slot. When more values live at once than X can hold, all get slots. Wishes are collected in a
// walk from the last instruction to the first, so the nearest use counts. Tests:
// tests/unit/compiler/emit/emit_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

// ---- The walk's registers -----------------------------------------------------------------------

static uint32_t place_const(Emit *e, const CoreConst *c) {
    switch (c->kind) {
    case CONST_EMPTY: return operand_make(OPERAND_EMPTY, 0);
    case CONST_ATOM: return operand_make(OPERAND_ATOM, (int32_t)table_atom(e->image, c->name));
    case CONST_INT:
        if (c->integer >= OPERAND_INT_MIN && c->integer <= OPERAND_INT_MAX) {
            return operand_make(OPERAND_INT, (int32_t)c->integer);
        }
        break;
    default: break;
    }
    return operand_make(OPERAND_LIT, (int32_t)table_literal(e->image, c));
}

static OperandKind register_kind(const IrInst *v) {
    return v->raw ? OPERAND_D : OPERAND_X;
}

uint32_t place_of(Emit *e, const IrInst *v, bool framed) {
    if (ir_is_const(v)) {
        return place_const(e, v->constant);
    }
    bool slot = lives_in_slot(e, v, framed);
    uint16_t reg = slot ? e->y_of[v->id] : e->x_of[v->id];
    CHECK(reg != NO_REG);
    return operand_make(slot ? OPERAND_Y : register_kind(v), reg);
}

// The word of x_hole or y_hole with the register's bit.
static uint64_t *hole_word(Track *track, uint32_t place) {
    uint32_t reg = (uint32_t)operand_value(place);
    return operand_kind(place) == OPERAND_X ? &track->x_hole[reg / 64] : &track->y_hole[reg / 64];
}

static void set_hole(Track *track, uint32_t place, bool hole) {
    if ((!hole && !track->has_holes) || operand_kind(place) == OPERAND_D) {
        return;
    }
    if (!track->has_holes) {
        memset(track->x_hole, 0, sizeof(track->x_hole));
        memset(track->y_hole, 0, TRACK_WORDS * sizeof(uint64_t));
        track->has_holes = true;
    }
    uint64_t bit = UINT64_C(1) << (uint32_t)operand_value(place) % 64;
    uint64_t *word = hole_word(track, place);
    *word = (*word & ~bit) | (hole ? bit : 0);
}

bool track_is_hole(const Emit *e, uint32_t place) {
    return e->track.has_holes && operand_kind(place) <= OPERAND_Y &&
           (*hole_word((Track *)&e->track, place) >> (uint32_t)operand_value(place) % 64 & 1) != 0;
}

void track_copy(Emit *e, uint32_t place, uint32_t from) {
    set_hole(&e->track, place, track_is_hole(e, from));
}

void track_set(Emit *e, uint32_t place, const IrInst *v) {
    uint32_t reg = (uint32_t)operand_value(place);
    uint64_t bit = UINT64_C(1) << reg % 64;
    set_hole(&e->track, place, v->slot == SLOT_HOLE);
    if (operand_kind(place) == OPERAND_X) {
        e->track.x[reg / 64] |= bit;
        return;
    }
    if (operand_kind(place) == OPERAND_D) {
        e->track.d |= (uint32_t)bit;
        return;
    }
    while (e->track.y_words <= reg / 64) {
        e->track.y[e->track.y_words++] = 0;
    }
    e->track.y[reg / 64] |= bit;
    e->track.y_raw[reg / 64] = (e->track.y_raw[reg / 64] & ~bit) | (v->raw ? bit : 0);
}

void track_clear(Emit *e, uint32_t place) {
    uint32_t reg = (uint32_t)operand_value(place);
    if (operand_kind(place) == OPERAND_X) {
        e->track.x[reg / 64] &= ~(UINT64_C(1) << reg % 64);
    } else if (operand_kind(place) == OPERAND_D) {
        e->track.d &= ~(UINT32_C(1) << reg);
    } else {
        e->track.y[reg / 64] &= ~(UINT64_C(1) << reg % 64);
    }
}

static bool track_has(const Emit *e, uint32_t place) {
    uint32_t reg = (uint32_t)operand_value(place);
    if (operand_kind(place) == OPERAND_X) {
        return (e->track.x[reg / 64] >> reg % 64 & 1) != 0;
    }
    if (operand_kind(place) == OPERAND_D) {
        return (e->track.d >> reg & 1) != 0;
    }
    return reg / 64 < e->track.y_words && (e->track.y[reg / 64] >> reg % 64 & 1) != 0;
}

static void track_reset(Emit *e) {
    for (uint32_t i = 0; i < 4; i++) {
        e->track.x[i] = 0;
    }
    e->track.d = 0;
    memset(e->track.y, 0, e->track.y_words * sizeof(uint64_t));
}

void track_block(Emit *e, const IrBlock *block, bool params) {
    track_reset(e);
    e->framed = starts_framed(e, block);
    const IrInsts *live = &e->live_in[block->order];
    for (uint32_t i = 0; i < live->len; i++) {
        track_set(e, place_of(e, live->items[i], e->framed), live->items[i]);
    }
    for (uint32_t i = 0; params && i < block->params.len; i++) {
        const IrInst *param = block->params.items[i];
        if (e->use_count[param->id] > 0) {
            track_set(e, place_of(e, param, e->framed), param);
        }
    }
}

static void track_enter(Emit *e, const IrInst *v) {
    if (e->wants_y[v->id] && e->use_count[v->id] > 0) {
        track_clear(e, operand_make(register_kind(v), e->x_of[v->id]));
        track_set(e, operand_make(OPERAND_Y, e->y_of[v->id]), v);
    }
}

void track_enter_frame(Emit *e) {
    const IrBlock *block = e->frame_block;
    const IrInsts *live = &e->live_in[block->order];
    for (uint32_t i = 0; i < live->len; i++) {
        track_enter(e, live->items[i]);
    }
    for (uint32_t i = 0; i < block->params.len; i++) {
        track_enter(e, block->params.items[i]);
    }
    e->framed = true;
}

void track_kills(Emit *e, const IrInst *inst) {
    if (e->has_kills[inst->id]) {
        for (uint32_t i = e->kill_start[inst->id]; e->kills.items[i] != NULL; i++) {
            track_clear(e, place_of(e, e->kills.items[i], e->framed));
        }
    }
}

// ---- Wishes -------------------------------------------------------------------------------------

typedef struct {
    Emit *e;
    int16_t *wish;    // by value: an X register, or -1
    IrInst **becomes; // by value: the parameter it is given to, or NULL
    uint8_t *floor;   // by value: registers below this are for the next call
} Alloc;

static void wish_args(Alloc *a, const IrInst *inst) {
    uint32_t skip = inst->op == IR_CALL_FUN || inst->op == IR_TAIL_FUN;
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        const IrInst *v = inst->args[i];
        if (!ir_is_const(v) && a->wish[v->id] < 0) {
            a->wish[v->id] = (int16_t)(i < skip ? inst->arg_count - 1 : i - skip);
        }
    }
}

static void wish_jump(Alloc *a, const IrInst *inst) {
    const IrBlock *to = inst->targets[0];
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        IrInst *v = inst->args[i];
        if (!ir_is_const(v) && a->becomes[v->id] == NULL) {
            a->becomes[v->id] = to->params.items[i];
        }
    }
}

static void wish_block(Alloc *a, const IrBlock *block) {
    uint32_t floor = 0;
    for (const IrInst *inst = block->last; inst != NULL; inst = inst->prev) {
        if (ir_has_value(inst)) {
            a->floor[inst->id] = (uint8_t)floor;
        }
        switch (inst->op) {
        case IR_CALL:
        case IR_CALL_EXT:
        case IR_CALL_FUN:
        case IR_TAIL_CALL:
        case IR_TAIL_EXT:
        case IR_TAIL_FUN:
            floor = inst->arg_count < 16 ? inst->arg_count : 16;
            wish_args(a, inst);
            break;
        case IR_JUMP: wish_jump(a, inst); break;
        case IR_RET:
            if (!ir_is_const(inst->args[0]) && a->wish[inst->args[0]->id] < 0) {
                a->wish[inst->args[0]->id] = 0;
            }
            break;
        default: break;
        }
    }
    for (uint32_t i = 0; i < block->params.len; i++) {
        a->floor[block->params.items[i]->id] = (uint8_t)floor;
    }
}

// ---- Choosing -----------------------------------------------------------------------------------

static uint32_t lowest_clear(const uint64_t *words, uint32_t count, uint32_t from) {
    for (uint32_t i = from / 64; i < count; i++) {
        uint64_t clear = ~words[i];
        if (i == from / 64) {
            clear &= UINT64_MAX << from % 64;
        }
        if (clear != 0) {
            return i * 64 + (uint32_t)__builtin_ctzll(clear);
        }
    }
    return count * 64;
}

static void assign(Emit *e, const IrInst *v, uint32_t place) {
    uint32_t reg = (uint32_t)operand_value(place);
    if (operand_kind(place) == OPERAND_Y) {
        e->y_of[v->id] = (uint16_t)reg;
        if (reg >= e->frame_slots) {
            e->frame_slots = reg + 1;
        }
    } else {
        CHECK(reg < (v->raw ? D_COUNT : X_COUNT));
        e->x_of[v->id] = (uint16_t)reg;
    }
}

// `place` if it is of the kind wanted and free.
static bool try_place(Alloc *a, const IrInst *v, uint32_t place, bool slot) {
    if (operand_kind(place) != (slot ? OPERAND_Y : register_kind(v)) || track_has(a->e, place)) {
        return false;
    }
    assign(a->e, v, place);
    return true;
}

static bool has_place(const Emit *e, const IrInst *v, bool framed) {
    return !ir_is_const(v) && (lives_in_slot(e, v, framed) ? e->y_of : e->x_of)[v->id] != NO_REG;
}

// The place of an arg that becomes `param` in a block already done.
static bool try_args(Alloc *a, const IrInst *param, bool slot) {
    const IrBlock *block = param->block;
    enum { TRIES = 4 };
    for (uint32_t i = 0; i < block->preds.len && i < TRIES; i++) {
        const IrInst *jump = block->preds.items[i]->last;
        if (jump->op == IR_JUMP && param->index < jump->arg_count) {
            const IrInst *arg = jump->args[param->index];
            bool framed = a->e->is_framed[jump->block->order];
            if (has_place(a->e, arg, framed) &&
                try_place(a, param, place_of(a->e, arg, framed), slot)) {
                return true;
            }
        }
    }
    return false;
}

// What `v` will become, or where a call wants it.
static bool try_wishes(Alloc *a, const IrInst *v, bool slot) {
    enum { STEPS = 4 };
    const IrInst *at = v;
    for (uint32_t i = 0; i < STEPS && at != NULL; i++) {
        bool framed = starts_framed(a->e, at->block);
        if (at != v && has_place(a->e, at, framed) &&
            try_place(a, v, place_of(a->e, at, framed), slot)) {
            return true;
        }
        if (!slot && a->wish[at->id] >= 0 &&
            try_place(a, v, operand_make(OPERAND_X, a->wish[at->id]), slot)) {
            return true;
        }
        at = a->becomes[at->id];
    }
    return false;
}

static void choose_slot(Alloc *a, const IrInst *v) {
    Emit *e = a->e;
    uint32_t reg = lowest_clear(e->track.y, e->track.y_words, 0);
    if (reg >= Y_MAX) {
        e->frame_slots = Y_MAX + 1;
        reg = 0;
    }
    assign(e, v, operand_make(OPERAND_Y, (int32_t)reg));
}

// The register of an arg that dies here, as the machine adds to what is there already.
static void choose_raw(Alloc *a, const IrInst *v) {
    for (uint32_t i = 0; i < v->arg_count; i++) {
        const IrInst *arg = v->args[i];
        if (arg->raw && has_place(a->e, arg, a->e->framed) &&
            try_place(a, v, place_of(a->e, arg, a->e->framed), false)) {
            return;
        }
    }
    CHECK(~a->e->track.d != 0);
    assign(a->e, v, operand_make(OPERAND_D, __builtin_ctz(~a->e->track.d)));
}

static void choose(Alloc *a, const IrInst *v, bool slot) {
    Emit *e = a->e;
    if (try_wishes(a, v, slot) || (v->op == IR_PARAM && try_args(a, v, slot))) {
        return;
    }
    if (slot) {
        choose_slot(a, v);
        return;
    }
    if (v->raw) {
        choose_raw(a, v);
        return;
    }
    uint32_t reg = lowest_clear(e->track.x, 4, a->floor[v->id]);
    if (reg >= X_COUNT) {
        reg = lowest_clear(e->track.x, 4, 0);
    }
    assign(e, v, operand_make(OPERAND_X, (int32_t)reg));
}

// A value that becomes a parameter with a slot is best computed right into it: into the very one,
// if that is known and free, or into one that the parameter may then take over.
static void follow_param(Alloc *a, const IrInst *v) {
    Emit *e = a->e;
    const IrInst *param = a->becomes[v->id];
    if (!e->framed || param == NULL || e->wants_y[v->id] || v->op == IR_PARAM ||
        !lives_in_slot(e, param, starts_framed(e, param->block))) {
        return;
    }
    uint16_t slot = e->y_of[param->id];
    e->wants_y[v->id] = slot == NO_REG || !track_has(e, operand_make(OPERAND_Y, slot));
}

// Places a value where it is defined; what nobody uses takes a register for that moment only.
static void define(Alloc *a, const IrInst *v) {
    follow_param(a, v);
    choose(a, v, lives_in_slot(a->e, v, a->e->framed));
    if (a->e->use_count[v->id] > 0) {
        track_set(a->e, place_of(a->e, v, a->e->framed), v);
    }
}

// A handler's reason arrives in X0, the function's arguments in X0 and up. A parameter that nobody
// uses has no place.
static void place_params(Alloc *a, const IrBlock *block) {
    Emit *e = a->e;
    for (uint32_t i = 0; i < block->params.len; i++) {
        const IrInst *param = block->params.items[i];
        bool arrives = block == e->f->entry || block->is_handler;
        if (e->use_count[param->id] == 0) {
            continue;
        }
        if (arrives && !lives_in_slot(e, param, e->framed)) {
            assign(e, param, operand_make(OPERAND_X, (int32_t)i));
            track_set(e, operand_make(OPERAND_X, (int32_t)i), param);
        } else {
            define(a, param);
        }
    }
}

static void place_in_frame(Alloc *a, const IrInst *v) {
    if (a->e->wants_y[v->id] && a->e->use_count[v->id] > 0) {
        choose(a, v, true);
        track_set(a->e, operand_make(OPERAND_Y, a->e->y_of[v->id]), v);
    }
}

// ---- Order of parts -----------------------------------------------------------------------------

static bool is_part(const IrInst *inst, const IrInst *of) {
    bool takes =
        inst->op == IR_ELEM || inst->op == IR_HEAD || inst->op == IR_TAIL || inst->op == IR_FIELD;
    return takes && inst->args[0] == of;
}

static bool wants_register(const Alloc *a, const IrInst *v, uint16_t reg) {
    const IrInst *param = a->becomes[v->id];
    return a->wish[v->id] == reg || (param != NULL && a->e->x_of[param->id] == reg);
}

// Where a value is taken apart for the last time, the part that wants the value's own register is
// taken last, so that it can have it. `first` is the first of the parts; what takes its place is
// returned.
static IrInst *order_parts(Alloc *a, IrInst *first) {
    Emit *e = a->e;
    const IrInst *whole = first->arg_count > 0 ? first->args[0] : NULL;
    if (whole == NULL || !is_part(first, whole) || ir_is_const(whole) ||
        lives_in_slot(e, whole, e->framed)) {
        return first;
    }
    IrInst *wanting = NULL;
    IrInst *last = first;
    for (; is_part(last, whole); last = last->next) {
        if (wanting == NULL && wants_register(a, last, e->x_of[whole->id])) {
            wanting = last;
        }
        if (e->has_kills[last->id]) {
            break;
        }
    }
    if (wanting == NULL || wanting == last || !is_part(last, whole)) {
        return first;
    }
    IrInst *next = wanting == first ? first->next : first;
    ir_remove(wanting);
    ir_insert_before(last->next, wanting);
    e->has_kills[wanting->id] = true;
    e->kill_start[wanting->id] = e->kill_start[last->id];
    e->has_kills[last->id] = false;
    return next;
}

static void place_block(Alloc *a, const IrBlock *block) {
    Emit *e = a->e;
    track_block(e, block, false);
    place_params(a, block);
    if (block == e->frame_block) {
        const IrInsts *live = &e->live_in[block->order];
        for (uint32_t i = 0; i < live->len; i++) {
            place_in_frame(a, live->items[i]);
        }
        for (uint32_t i = 0; i < block->params.len; i++) {
            place_in_frame(a, block->params.items[i]);
        }
        track_enter_frame(e);
    }
    const IrInst *whole = NULL;
    for (IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        if (whole == NULL || !is_part(inst, whole)) {
            inst = order_parts(a, inst);
            whole = inst->arg_count > 0 ? inst->args[0] : NULL;
        }
        track_kills(e, inst);
        if (ir_has_value(inst)) {
            define(a, inst);
        }
    }
}

void regalloc_run(Emit *e) {
    Alloc a = {.e = e};
    a.wish = arena_alloc(e->arena, e->value_count * sizeof(int16_t));
    memset(a.wish, 0xff, e->value_count * sizeof(int16_t));
    a.becomes = ARENA_NEW_ARRAY(e->arena, IrInst *, e->value_count);
    a.floor = ARENA_NEW_ARRAY(e->arena, uint8_t, e->value_count);
    e->x_of = arena_alloc(e->arena, e->value_count * sizeof(uint16_t));
    e->y_of = arena_alloc(e->arena, e->value_count * sizeof(uint16_t));
    memset(e->x_of, 0xff, e->value_count * sizeof(uint16_t));
    memset(e->y_of, 0xff, e->value_count * sizeof(uint16_t));
    for (uint32_t i = e->f->blocks.len; i-- > 0;) {
        wish_block(&a, e->f->blocks.items[i]);
    }
    for (uint32_t i = 0; i < e->f->blocks.len; i++) {
        place_block(&a, e->f->blocks.items[i]);
    }
}

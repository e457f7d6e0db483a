// Encoding: instructions with places become canonical words, in the order of blocks.
//
// Most instructions are written by the letters of their op's operands (ops.def). The rest are the
// moves around calls and jumps, the frame, slots, and branches, which fall through to where they
// hold: when that side does not follow, the test is turned round if it can be, or a jump is put
// behind it. While it goes, the walk knows which registers hold something (Track): that is the
// liveness map of a safepoint, once what dies at the op is gone and before its result is there.
// Labels are blocks while the words are written; numbers are given in the end, one for each offset
// that is gone to, since a block may turn out to be empty. Tests:
// tests/unit/compiler/emit/emit_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

typedef struct {
    uint32_t word;
    const IrBlock *block;
} Patch;

enum { COPIES_MAX = 8 };

typedef struct {
    Emit *e;
    Arena *arena; // of the image
    ImageFunction *out;
    MapTable maps;
    const IrBlock *next;
    uint32_t *start; // by block: its first word
    uint32_t *end;
    VEC(Patch) patches;
    uint32_t jump_word; // the label of the last plain jump; 0: none yet
    Moves moves;        // those of one place, before and after ordering
    Moves ordered;
    Move copies[COPIES_MAX]; // registers that hold the same
    uint32_t copy_count;
} Encode;

// ---- Words --------------------------------------------------------------------------------------

static void put(Encode *c, uint32_t word) {
    vec_push(c->arena, &c->out->words, word);
}

static void put_label(Encode *c, const IrBlock *block) {
    Patch patch = {c->out->words.len, block};
    vec_push(c->e->arena, &c->patches, patch);
    put(c, 0);
}

static void put_map(Encode *c) {
    put(c, maps_add(&c->maps, &c->e->track, c->e->framed ? c->e->frame_slots : 0));
}

// ---- Moves --------------------------------------------------------------------------------------
// Which registers hold the same, by the last moves: a move back is left out (but an unfinished list
// has left where it was). Whatever writes a
// register, or may collect (registers that its map does not name are gone then), ends that.

static void forget_copies(Encode *c) {
    c->copy_count = 0;
}

static void forget_copies_of(Encode *c, uint32_t place) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->copy_count; i++) {
        if (c->copies[i].to != place && c->copies[i].from != place) {
            c->copies[kept++] = c->copies[i];
        }
    }
    c->copy_count = kept;
}

static bool is_copy(const Encode *c, uint32_t to, uint32_t from) {
    for (uint32_t i = 0; i < c->copy_count; i++) {
        const Move *copy = &c->copies[i];
        if ((copy->to == to && copy->from == from) || (copy->to == from && copy->from == to)) {
            return true;
        }
    }
    return false;
}

static void put_move(Encode *c, Move move) {
    uint32_t to = move.to;
    uint32_t from = move.from;
    if (to == from || is_copy(c, to, from)) {
        return;
    }
    put(c, move.raw ? OP_raw_move : OP_move);
    put(c, to);
    put(c, from);
    forget_copies_of(c, to);
    track_copy(c->e, to, from);
    bool is_register = operand_kind(from) <= OPERAND_Y || operand_kind(from) == OPERAND_D;
    if (c->copy_count < COPIES_MAX && is_register && !track_is_hole(c->e, from)) {
        c->copies[c->copy_count++] = move;
    }
}

static void put_term(Encode *c, uint32_t to, uint32_t from) {
    put_move(c, (Move){to, from, false});
}

static void put_op(Encode *c, Op op, const IrInst *inst) {
    if ((op_infos[op].flags & (OP_CALL | OP_GC)) != 0) {
        forget_copies(c);
    }
    if ((op_infos[op].flags & (OP_FAIL | OP_CALL | OP_GC)) != 0) {
        lines_add(c->e->image, c->out, c->out->words.len, inst->span, inst->inlined);
    }
    put(c, op);
}

static uint32_t place(Encode *c, const IrInst *v) {
    return place_of(c->e, v, c->e->framed);
}

// ---- Parallel moves -----------------------------------------------------------------------------

static void want_move(Encode *c, uint32_t to, uint32_t from, bool raw) {
    Move move = {to, from, raw};
    vec_push(c->e->arena, &c->moves, move);
}

// A register that neither lives nor has a part in the moves.
static uint32_t scratch_for(const Encode *c) {
    uint64_t used[4];
    memcpy(used, c->e->track.x, sizeof(used));
    for (uint32_t i = 0; i < c->moves.len; i++) {
        const uint32_t places[] = {c->moves.items[i].to, c->moves.items[i].from};
        for (uint32_t k = 0; k < 2; k++) {
            if (operand_kind(places[k]) == OPERAND_X) {
                uint32_t reg = (uint32_t)operand_value(places[k]);
                used[reg / 64] |= UINT64_C(1) << reg % 64;
            }
        }
    }
    for (uint32_t i = 0; i < 4; i++) {
        if (~used[i] != 0) {
            uint32_t reg = i * 64 + (uint32_t)__builtin_ctzll(~used[i]);
            CHECK(reg < X_COUNT);
            return operand_make(OPERAND_X, (int32_t)reg);
        }
    }
    CHECK(!"a free register");
    return 0;
}

// The same of D: the last one is no value's place (D_PRESSURE_MAX).
static uint32_t raw_scratch_for(const Encode *c) {
    uint32_t used = c->e->track.d;
    for (uint32_t i = 0; i < c->moves.len; i++) {
        const uint32_t places[] = {c->moves.items[i].to, c->moves.items[i].from};
        for (uint32_t k = 0; k < 2; k++) {
            if (operand_kind(places[k]) == OPERAND_D) {
                used |= UINT32_C(1) << operand_value(places[k]);
            }
        }
    }
    return operand_make(OPERAND_D, ~used != 0 ? __builtin_ctz(~used) : D_COUNT - 1);
}

static void put_moves(Encode *c) {
    if (c->moves.len == 1) {
        put_move(c, c->moves.items[0]);
    } else if (c->moves.len > 1) {
        c->ordered.len = 0;
        moves_order(c->e->arena, &c->moves, scratch_for(c), raw_scratch_for(c), &c->ordered);
        for (uint32_t i = 0; i < c->ordered.len; i++) {
            put_move(c, c->ordered.items[i]);
        }
    }
    c->moves.len = 0;
}

// ---- Instructions by their operands -------------------------------------------------------------

typedef struct {
    const IrInst *inst;
    const IrBlock *label; // where `l` goes
    uint32_t arg;         // the next arg
} Operands;

static void put_list(Encode *c, Operands *o, char letter) {
    const IrInst *inst = o->inst;
    if (letter == 'g') {
        put(c, inst->arg_count / 2);
        for (; o->arg < inst->arg_count; o->arg += 2) {
            put(c, inst->specs[o->arg / 2]);
            put(c, place(c, inst->args[o->arg]));
            put(c, place(c, inst->args[o->arg + 1]));
        }
        return;
    }
    put(c, inst->arg_count - o->arg);
    while (o->arg < inst->arg_count) {
        put(c, place(c, inst->args[o->arg++]));
    }
}

static void put_operand(Encode *c, Operands *o, char letter) {
    const IrInst *inst = o->inst;
    switch (letter) {
    case 'd':
    case 'e':
        put(c, place(c, inst));
        forget_copies_of(c, place(c, inst));
        break;
    case 's':
    case 'v': put(c, place(c, inst->args[o->arg++])); break;
    case 'n': put(c, inst->index); break;
    case 'a': put(c, table_atom(c->e->image, inst->name)); break;
    case 'F': put(c, c->e->image->numbers[inst->ref]); break;
    case 'R': put(c, inst->ref); break;
    case 'l': put_label(c, o->label); break;
    case 'm': put_map(c); break;
    case 'f':
        if (inst->target_count == 2) {
            put_label(c, o->label);
        } else {
            put(c, 0);
        }
        break;
    default: CHECK(!"an operand that this instruction has");
    }
}

// The op with all its operands; what dies at it must be gone from the track.
static void put_by_letters(Encode *c, Op op, const IrInst *inst, const IrBlock *label) {
    Operands o = {inst, label, 0};
    put_op(c, op, inst);
    for (const char *letter = op_infos[op].operands; *letter != '\0'; letter++) {
        if (*letter == '*') {
            put_list(c, &o, *++letter);
        } else {
            put_operand(c, &o, *letter);
        }
    }
}

static void define(Encode *c, const IrInst *v) {
    if (c->e->use_count[v->id] > 0) {
        track_set(c->e, place(c, v), v);
    }
}

// ---- Calls and returns --------------------------------------------------------------------------

static void unframe(Encode *c) {
    if (c->e->framed && c->e->frame_slots > 0) {
        put(c, OP_unframe);
        put(c, c->e->frame_slots);
    }
}

// Args into X0 and up, a function value behind them.
static void move_args(Encode *c, const IrInst *call, bool is_fun) {
    for (uint32_t i = 0; i < call->arg_count; i++) {
        uint32_t to = !is_fun ? i : i == 0 ? call->arg_count - 1 : i - 1;
        want_move(c, operand_make(OPERAND_X, (int32_t)to), place(c, call->args[i]), false);
    }
    put_moves(c);
}

static void put_callee(Encode *c, const IrInst *call) {
    switch (call->op) {
    case IR_CALL:
    case IR_TAIL_CALL: put(c, c->e->image->numbers[call->ref]); break;
    case IR_CALL_EXT:
    case IR_TAIL_EXT:
        put(c, table_import(c->e->image, call->module, call->name, call->arg_count));
        break;
    default: put(c, call->arg_count - 1);
    }
}

static void encode_call(Encode *c, const IrInst *call) {
    track_kills(c->e, call);
    move_args(c, call, call->op == IR_CALL_FUN);
    put_op(c, ir_infos[call->op].op, call);
    put_callee(c, call);
    put_map(c);
    if (c->e->use_count[call->id] > 0) {
        put_term(c, place(c, call), operand_make(OPERAND_X, 0));
        define(c, call);
    }
}

static void encode_tail(Encode *c, const IrInst *call) {
    track_kills(c->e, call);
    move_args(c, call, call->op == IR_TAIL_FUN);
    unframe(c);
    put_op(c, ir_infos[call->op].op, call);
    put_callee(c, call);
}

static void encode_ret(Encode *c, const IrInst *ret) {
    put_term(c, operand_make(OPERAND_X, 0), place(c, ret->args[0]));
    unframe(c);
    put(c, OP_ret);
}

// ---- Jumps and branches -------------------------------------------------------------------------

static void put_jump(Encode *c, const IrBlock *to) {
    if (to != c->next) {
        put(c, OP_jump);
        c->jump_word = c->out->words.len;
        put_label(c, to);
    }
}

static void encode_jump(Encode *c, const IrInst *jump) {
    const IrBlock *to = jump->targets[0];
    bool framed = starts_framed(c->e, to);
    track_kills(c->e, jump);
    for (uint32_t i = 0; i < jump->arg_count; i++) {
        const IrInst *param = to->params.items[i];
        if (c->e->use_count[param->id] > 0) {
            want_move(c, place_of(c->e, param, framed), place(c, jump->args[i]), param->raw);
        }
    }
    put_moves(c);
    if (ir_is_back(jump->block, to)) {
        track_block(c->e, to, true);
        put_op(c, OP_loop, jump);
        put_label(c, to);
        put_map(c);
    } else {
        put_jump(c, to);
    }
}

static Op inverse_of(Op op) {
    switch (op) {
    case OP_same: return OP_differ;
    case OP_eq: return OP_ne;
    case OP_lt: return OP_ge;
    case OP_ge: return OP_lt;
    case OP_raw_eq: return OP_raw_ne;
    case OP_raw_lt: return OP_raw_ge;
    case OP_raw_ge: return OP_raw_lt;
    default: return OP_COUNT;
    }
}

// An instruction with two targets, which falls through to the first.
static void encode_branch(Encode *c, const IrInst *inst) {
    const IrBlock *then = inst->targets[0];
    const IrBlock *otherwise = inst->targets[1];
    Op op = ir_infos[inst->op].op;
    if (then != c->next && otherwise == c->next && inverse_of(op) != OP_COUNT) {
        op = inverse_of(op);
        otherwise = then;
        then = c->next;
    }
    track_kills(c->e, inst);
    put_by_letters(c, op, inst, otherwise);
    put_jump(c, then);
}

static void encode_switch(Encode *c, const IrInst *inst) {
    uint32_t count = inst->target_count - 1;
    put(c, OP_switch);
    put(c, place(c, inst->args[0]));
    put(c, count);
    for (uint32_t i = 0; i < count; i++) {
        put(c, place(c, ir_const(c->e->f, inst->cases[i])));
        put_label(c, inst->targets[i]);
    }
    put_label(c, inst->targets[count]);
}

// ---- The walk -----------------------------------------------------------------------------------

static void encode_inst(Encode *c, const IrInst *inst) {
    switch (inst->op) {
    case IR_JUMP: encode_jump(c, inst); return;
    case IR_RET: encode_ret(c, inst); return;
    case IR_SWITCH: encode_switch(c, inst); return;
    case IR_CALL:
    case IR_CALL_EXT:
    case IR_CALL_FUN: encode_call(c, inst); return;
    case IR_TAIL_CALL:
    case IR_TAIL_EXT:
    case IR_TAIL_FUN: encode_tail(c, inst); return;
    default: break;
    }
    if (inst->target_count == 2) {
        encode_branch(c, inst);
        return;
    }
    track_kills(c->e, inst);
    switch (inst->op) {
    case IR_SLOT_INIT:
    case IR_SLOT_GET: put_term(c, place(c, inst), place(c, inst->args[0])); break;
    case IR_SLOT_SET: put_term(c, place(c, inst->args[0]), place(c, inst->args[1])); break;
    default:
        put_by_letters(c, ir_infos[inst->op].op, inst,
                       inst->target_count > 0 ? inst->targets[0] : NULL);
    }
    if (ir_has_value(inst)) {
        define(c, inst);
    }
}

static void move_in_frame(Encode *c, const IrInst *v) {
    if (c->e->wants_y[v->id] && c->e->use_count[v->id] > 0) {
        put_move(c, (Move){place_of(c->e, v, true), place_of(c->e, v, false), v->raw});
    }
}

static void encode_frame(Encode *c, const IrBlock *block) {
    Emit *e = c->e;
    put_op(c, OP_frame, block->first);
    put(c, e->frame_slots);
    put_map(c);
    const IrInsts *live = &e->live_in[block->order];
    for (uint32_t i = 0; i < live->len; i++) {
        move_in_frame(c, live->items[i]);
    }
    for (uint32_t i = 0; i < block->params.len; i++) {
        move_in_frame(c, block->params.items[i]);
    }
    track_enter_frame(e);
}

// The reason of a handler arrives in X0.
static void encode_reason(Encode *c, const IrBlock *block) {
    const IrInst *reason = block->params.items[0];
    if (c->e->use_count[reason->id] > 0) {
        put_term(c, place(c, reason), operand_make(OPERAND_X, 0));
    }
}

// A jump to what turns out to follow, as all between was empty, is taken back.
static void drop_jump_to(Encode *c, const IrBlock *block) {
    enum { JUMP_WORDS = 2 };
    uint32_t len = c->out->words.len;
    const Patch *last = c->patches.len > 0 ? &c->patches.items[c->patches.len - 1] : NULL;
    if (last == NULL || last->block != block || last->word != c->jump_word ||
        last->word + 1 != len) {
        return;
    }
    c->patches.len--;
    c->out->words.len = len - JUMP_WORDS;
    for (uint32_t i = block->order; i-- > 0 && c->end[i] == len;) {
        c->end[i] -= JUMP_WORDS;
        c->start[i] -= c->start[i] == len ? JUMP_WORDS : 0;
    }
}

static void encode_block(Encode *c, const IrBlock *block) {
    Emit *e = c->e;
    uint32_t order = block->order;
    drop_jump_to(c, block);
    forget_copies(c);
    c->next = order + 1 < e->f->blocks.len ? e->f->blocks.items[order + 1] : NULL;
    c->start[order] = c->out->words.len;
    track_block(e, block, true);
    if (block == e->f->entry) {
        lines_add(e->image, c->out, 0, e->f->core->span, NULL);
        put(c, OP_enter);
        put_map(c);
    }
    if (block->is_handler) {
        encode_reason(c, block);
    }
    if (block == e->frame_block) {
        encode_frame(c, block);
    }
    for (const IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        encode_inst(c, inst);
    }
    c->end[order] = c->out->words.len;
}

// ---- Labels and regions -------------------------------------------------------------------------

// Numbers the offsets that are gone to, and writes the numbers where the labels stand.
static uint32_t *number_labels(Encode *c) {
    IrFunction *f = c->e->f;
    uint32_t *label = ARENA_NEW_ARRAY(c->e->arena, uint32_t, f->blocks.len);
    for (uint32_t i = 0; i < c->patches.len; i++) {
        label[c->patches.items[i].block->order] = 1;
    }
    Words *blocks = &c->out->blocks;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        if (label[i] != 0 || f->blocks.items[i]->is_handler) {
            if (blocks->len == 0 || blocks->items[blocks->len - 1] != c->start[i]) {
                vec_push(c->arena, blocks, c->start[i]);
            }
            label[i] = blocks->len;
        }
    }
    for (uint32_t i = 0; i < c->patches.len; i++) {
        c->out->words.items[c->patches.items[i].word] = label[c->patches.items[i].block->order];
    }
    return label;
}

typedef struct {
    RegionEntry entry;
    uint32_t depth;
} Range;

typedef VEC(Range) Ranges;

// The words that each region covers: neighbouring blocks in one range.
static uint32_t find_ranges(Encode *c, const uint32_t *label, Ranges *ranges) {
    IrFunction *f = c->e->f;
    uint32_t depth_max = 0;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (IrRegion *r = f->blocks.items[i]->region; r != NULL; r = r->outer) {
            r->range = UINT32_MAX;
        }
    }
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        uint32_t start = c->start[i];
        uint32_t end = c->end[i];
        for (IrRegion *r = f->blocks.items[i]->region; r != NULL && start < end; r = r->outer) {
            depth_max = r->depth > depth_max ? r->depth : depth_max;
            if (r->range != UINT32_MAX && ranges->items[r->range].entry.end == start) {
                ranges->items[r->range].entry.end = end;
            } else {
                Range range = {{start, end, label[r->handler->order]}, r->depth};
                r->range = ranges->len;
                vec_push(c->e->arena, ranges, range);
            }
        }
    }
    return depth_max;
}

// Inner regions before those around them.
static void list_regions(Encode *c, const uint32_t *label) {
    Ranges ranges = {0};
    for (uint32_t depth = find_ranges(c, label, &ranges); depth > 0; depth--) {
        for (uint32_t i = 0; i < ranges.len; i++) {
            if (ranges.items[i].depth == depth) {
                vec_push(c->arena, &c->out->regions, ranges.items[i].entry);
            }
        }
    }
}

void encode_run(Emit *e) {
    Image *image = e->image;
    uint32_t block_count = e->f->blocks.len;
    Encode c = {.e = e, .arena = image->arena};
    ImageFunction out = {.core = e->f->core, .maps = buf_new(image->arena)};
    out.name = table_atom(image, e->f->core->name);
    c.out = &out;
    c.start = ARENA_NEW_ARRAY(e->arena, uint32_t, block_count);
    c.end = ARENA_NEW_ARRAY(e->arena, uint32_t, block_count);
    maps_init(&c.maps, e->arena, &out.maps);
    for (uint32_t i = 0; i < block_count; i++) {
        encode_block(&c, e->f->blocks.items[i]);
    }
    list_regions(&c, number_labels(&c));
    out.map_count = c.maps.count;
    vec_push(image->arena, &image->functions, out);
}

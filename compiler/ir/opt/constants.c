// Constants: which values are always the same constant, and which blocks can be reached at all.
//
// Sparse conditional constant propagation (Wegman and Zadeck 1991): everything is taken for
// unreached and undetermined until shown otherwise, so that a constant that goes round a loop, or
// comes only from sides that are never taken, is found in one go. Then what is constant is
// replaced, branches that are decided become jumps, and parts of what was built in this function
// are taken from where it was built. Afterwards no test of a constant's kind is left: the verifier
// of images follows registers only. Tests: tests/unit/compiler/ir/opt_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

// An instruction whose value is that of a part of what was built; it is no arg of it.
typedef struct {
    IrInst *inst;
    uint32_t next; // of the same part, plus 1
} PartUser;

typedef struct {
    IrFunction *f;
    Arena *arena;
    uint32_t value_count;
    IrInst **state;       // by value: NULL undetermined, itself no constant, else the constant
    bool *reached;        // by block order
    uint32_t *first_user; // by value: where its entries of `users` begin
    IrInst **users;
    uint32_t *first_part_user; // by value: into `part_users`, plus 1
    VEC(PartUser) part_users;
    VEC(IrBlock *) blocks; // reached and still to visit
    VEC(IrInst *) changed; // values whose users are still to visit
    VEC(IrInst *) args;    // of the instruction being looked at
} Solver;

// ---- Users --------------------------------------------------------------------------------------

static void list_users(Solver *s) {
    uint32_t *first = ARENA_NEW_ARRAY(s->arena, uint32_t, s->value_count + 2);
    for (int fill = 0; fill < 2; fill++) {
        for (uint32_t i = 0; i < s->f->blocks.len; i++) {
            for (IrInst *inst = s->f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
                for (uint32_t k = 0; k < inst->arg_count; k++) {
                    if (ir_is_const(inst->args[k])) {
                        continue;
                    }
                    uint32_t v = inst->args[k]->id;
                    if (fill) {
                        s->users[first[v + 1]++] = inst;
                    } else {
                        first[v + 2]++;
                    }
                }
            }
        }
        if (!fill) {
            for (uint32_t v = 1; v < s->value_count + 2; v++) {
                first[v] += first[v - 1];
            }
            s->users = ARENA_NEW_ARRAY(s->arena, IrInst *, first[s->value_count + 1]);
        }
    }
    s->first_user = first;
}

// ---- Solving ------------------------------------------------------------------------------------

static IrInst *state_of(const Solver *s, IrInst *v) {
    return ir_is_const(v) ? v : s->state[v->id];
}

static void set_state(Solver *s, IrInst *v, IrInst *to) {
    if (s->state[v->id] != to) {
        s->state[v->id] = to;
        vec_push(s->arena, &s->changed, v);
    }
}

static void reach(Solver *s, IrBlock *block) {
    if (!s->reached[block->order]) {
        s->reached[block->order] = true;
        vec_push(s->arena, &s->blocks, block);
    }
}

static void reach_all(Solver *s, const IrInst *inst) {
    for (uint32_t i = 0; i < inst->target_count; i++) {
        reach(s, inst->targets[i]);
    }
}

// Fills s->args with the states of the args; false while one is undetermined.
static bool known_args(Solver *s, const IrInst *inst) {
    s->args.len = 0;
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        IrInst *state = state_of(s, inst->args[i]);
        if (state == NULL) {
            return false;
        }
        vec_push(s->arena, &s->args, state);
    }
    return true;
}

static void solve_jump(Solver *s, const IrInst *jump) {
    IrBlock *to = jump->targets[0];
    for (uint32_t i = 0; i < jump->arg_count; i++) {
        IrInst *param = to->params.items[i];
        IrInst *arg = state_of(s, jump->args[i]);
        if (arg != NULL && s->state[param->id] != param) {
            bool agrees =
                ir_is_const(arg) && (s->state[param->id] == NULL || s->state[param->id] == arg);
            set_state(s, param, agrees ? arg : param);
        }
    }
    reach(s, to);
}

// The state of an instruction with a value: what it folds to, or what the part that it folds to is
// known to be.
static IrInst *value_state(Solver *s, IrInst *inst) {
    IrInst *value = fold_value(s->f, inst, s->args.items);
    if (value == NULL) {
        return inst;
    }
    if (!ir_is_const(value)) {
        PartUser user = {inst, s->first_part_user[value->id]};
        vec_push(s->arena, &s->part_users, user);
        s->first_part_user[value->id] = s->part_users.len;
        value = s->state[value->id];
    }
    bool agrees = value == NULL || (ir_is_const(value) &&
                                    (s->state[inst->id] == NULL || s->state[inst->id] == value));
    return agrees ? value : inst;
}

static void solve_inst(Solver *s, IrInst *inst) {
    if (inst->op == IR_JUMP) {
        solve_jump(s, inst);
        return;
    }
    if (ir_has_value(inst) && s->state[inst->id] == inst && inst->target_count == 0) {
        return;
    }
    if (!known_args(s, inst)) {
        return;
    }
    bool is_const = false;
    if (ir_has_value(inst)) {
        IrInst *state = value_state(s, inst);
        if (state == NULL) {
            return;
        }
        set_state(s, inst, state);
        is_const = state != inst;
    }
    IrBlock *only =
        is_const && inst->target_count == 2 ? inst->targets[0] : fold_target(inst, s->args.items);
    if (only != NULL) {
        reach(s, only);
    } else {
        reach_all(s, inst);
    }
}

static void solve_block(Solver *s, IrBlock *block) {
    if (block->region != NULL) {
        reach(s, block->region->handler);
    }
    for (IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        solve_inst(s, inst);
    }
}

static void solve_users(Solver *s, const IrInst *v) {
    for (uint32_t i = s->first_user[v->id]; i < s->first_user[v->id + 1]; i++) {
        if (s->reached[s->users[i]->block->order]) {
            solve_inst(s, s->users[i]);
        }
    }
    for (uint32_t at = s->first_part_user[v->id]; at != 0; at = s->part_users.items[at - 1].next) {
        solve_inst(s, s->part_users.items[at - 1].inst);
    }
}

static void solve(Solver *s) {
    for (uint32_t i = 0; i < s->f->blocks.len; i++) {
        IrBlock *block = s->f->blocks.items[i];
        for (uint32_t k = 0; (block == s->f->entry || block->is_handler) && k < block->params.len;
             k++) {
            s->state[block->params.items[k]->id] = block->params.items[k];
        }
    }
    reach(s, s->f->entry);
    while (s->blocks.len > 0 || s->changed.len > 0) {
        if (s->changed.len > 0) {
            solve_users(s, s->changed.items[--s->changed.len]);
        } else {
            solve_block(s, s->blocks.items[--s->blocks.len]);
        }
    }
}

// ---- Rewriting ----------------------------------------------------------------------------------

static bool is_found(const Solver *s, const IrInst *v) {
    return s->state[v->id] != NULL && s->state[v->id] != v;
}

static void drop_params(Solver *s, IrBlock *block) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < block->params.len; i++) {
        IrInst *param = block->params.items[i];
        if (is_found(s, param)) {
            param->forward = s->state[param->id];
            continue;
        }
        for (uint32_t k = 0; k < block->preds.len; k++) {
            if (block->preds.items[k]->last->op == IR_JUMP) {
                block->preds.items[k]->last->args[kept] = block->preds.items[k]->last->args[i];
            }
        }
        param->index = kept;
        block->params.items[kept++] = param;
    }
    if (kept < block->params.len) {
        for (uint32_t k = 0; k < block->preds.len; k++) {
            block->preds.items[k]->last->arg_count = kept;
        }
        block->params.len = kept;
    }
}

static void rewrite_end(IrFunction *f, IrBlock *block) {
    IrInst *last = block->last;
    IrBlock *only = fold_target(last, last->args);
    if (last->target_count == 2 && ir_has_value(last)) {
        IrInst *value = fold_value(f, last, last->args);
        if (value != NULL) {
            last->forward = value;
            only = last->targets[0];
        }
    }
    if (only != NULL) {
        opt_set_jump(f, block, only);
    }
}

static void rewrite_block(Solver *s, IrBlock *block) {
    for (IrInst *inst = block->first, *next; inst != NULL; inst = next) {
        next = inst->next;
        for (uint32_t k = 0; k < inst->arg_count; k++) {
            inst->args[k] = ir_value(inst->args[k]);
        }
        if (ir_has_value(inst) && inst->target_count == 0) {
            IrInst *value =
                is_found(s, inst) ? s->state[inst->id] : fold_value(s->f, inst, inst->args);
            if (value != NULL) {
                inst->forward = value;
                ir_remove(inst);
            }
        }
    }
    rewrite_end(s->f, block);
}

void opt_constants(IrFunction *f) {
    Solver s = {.f = f, .arena = f->module->arena};
    ir_number(f);
    s.value_count = f->inst_count;
    s.state = ARENA_NEW_ARRAY(s.arena, IrInst *, s.value_count);
    s.first_part_user = ARENA_NEW_ARRAY(s.arena, uint32_t, s.value_count);
    s.reached = ARENA_NEW_ARRAY(s.arena, bool, f->blocks.len);
    list_users(&s);
    solve(&s);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        if (s.reached[i] && f->blocks.items[i] != f->entry && !f->blocks.items[i]->is_handler) {
            drop_params(&s, f->blocks.items[i]);
        }
    }
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        if (s.reached[i]) {
            rewrite_block(&s, f->blocks.items[i]);
        }
    }
}

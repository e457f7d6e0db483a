// Speculation: where arithmetic on values of unknown kind ends in what must be a float, they most
// likely are floats, and what fields are read of is most likely the record that has them.
//
// A block whose beginning has no effects is then tried (with those that simply follow) with guards:
// AS_FLOAT and IS_RECORD_OF before the first use of each such value. Behind them the kinds are
// known, so that unbox.c keeps numbers raw and fields need no test of their own. All guards go to
// one copy of the block, made as it was, which does everything again from the block's start:
// whatever was computed until then is dropped unseen. The copy takes along all that the block
// dominates, so that no value has two definitions to be joined; that is bounded, and done for
// disjoint parts of a function, so code at most doubles. Tests:
// tests/unit/compiler/ir/types_test.c, tests/lang/values/likely_floats.cop.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

enum {
    REGION_MAX = 200, // instructions copied
    GUARDS_MIN = 3,   // fewer save too little
};

typedef struct {
    IrFunction *f;
    Arena *arena;
    uint32_t count;    // values that have kinds
    bool *wanted;      // by value: it becomes part of a float
    IrInst **guard;    // by value: its AS_FLOAT in the region that is being done
    uint32_t *record;  // by value: 1 + the record that it was found to be there
    IrInst **copies;   // by value
    IrBlock **targets; // by block id: its copy
    VEC(IrInst *) work;
    VEC(IrInst *) guarded; // whose entries above are to be cleared
} Speculation;

static uint32_t kinds_in(const Speculation *s, const IrInst *v) {
    return ir_is_const(v) ? kinds_of(v) : v->id < s->count ? s->f->kinds[v->id] : 0;
}

static bool is_arithmetic(const IrInst *inst) {
    return inst->target_count == 0 &&
           (inst->op == IR_ADD || inst->op == IR_SUB || inst->op == IR_MUL || inst->op == IR_NEG);
}

// A call that will be a raw operation: see types.c.
static bool is_raw_call(const Speculation *s, const IrInst *inst) {
    return inst->op == IR_CALL_EXT && kinds_in(s, inst) == KIND_FLOAT;
}

// ---- What becomes part of a float ---------------------------------------------------------------

static void want_args(Speculation *s, const IrInst *inst) {
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        IrInst *v = inst->args[i];
        if (!ir_is_const(v) && !s->wanted[v->id]) {
            s->wanted[v->id] = true;
            vec_push(s->arena, &s->work, v);
        }
    }
}

static void find_wanted(Speculation *s) {
    for (uint32_t i = 0; i < s->f->blocks.len; i++) {
        for (IrInst *inst = s->f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            bool gives_float = ir_has_value(inst) && kinds_in(s, inst) == KIND_FLOAT;
            if (gives_float && (is_arithmetic(inst) || is_raw_call(s, inst))) {
                want_args(s, inst);
            }
        }
    }
    while (s->work.len > 0) {
        const IrInst *v = s->work.items[--s->work.len];
        if (is_arithmetic(v)) {
            want_args(s, v);
        }
    }
}

// Something unknown that arithmetic takes for a part of a float.
static bool is_root(const Speculation *s, const IrInst *v) {
    uint32_t kinds = kinds_in(s, v);
    return !ir_is_const(v) && s->wanted[v->id] && !is_arithmetic(v) && !v->raw &&
           (kinds & KIND_FLOAT) != 0 && kinds != KIND_FLOAT;
}

static bool uses_roots(const Speculation *s, const IrInst *inst) {
    return is_arithmetic(inst) && (s->wanted[inst->id] || kinds_in(s, inst) == KIND_FLOAT);
}

// ---- Where it pays ------------------------------------------------------------------------------

// May it be done again?
static bool is_repeatable(const Speculation *s, const IrInst *inst) {
    if (is_raw_call(s, inst)) {
        return true;
    }
    return (ir_flags(inst) & (IR_EFFECT | OP_CALL | IR_ENDS)) == 0 && inst->target_count == 0 &&
           inst->op != IR_SLOT_GET && inst->op != IR_CELL;
}

static void note_guard(Speculation *s, IrInst *v) {
    vec_push(s->arena, &s->guarded, v);
}

static void clear_guards(Speculation *s) {
    while (s->guarded.len > 0) {
        const IrInst *v = s->guarded.items[--s->guarded.len];
        s->guard[v->id] = NULL;
        s->record[v->id] = 0;
    }
}

static uint32_t count_guards(Speculation *s, const IrBlock *block) {
    uint32_t guards = 0;
    for (const IrInst *inst = block->first; is_repeatable(s, inst); inst = inst->next) {
        for (uint32_t i = 0; i < inst->arg_count && uses_roots(s, inst); i++) {
            IrInst *v = inst->args[i];
            if (is_root(s, v) && s->guard[v->id] == NULL) {
                s->guard[v->id] = v;
                note_guard(s, v);
                guards++;
            }
        }
    }
    clear_guards(s);
    return guards;
}

// Can all that `block` dominates be copied?
static bool is_copyable(const Speculation *s, const IrBlock *block) {
    uint32_t size = 0;
    for (uint32_t i = block->order; i < s->f->blocks.len; i++) {
        const IrBlock *part = s->f->blocks.items[i];
        if (!ir_dominates(block, part)) {
            continue;
        }
        if (part->region != block->region || part->is_handler) {
            return false;
        }
        for (const IrInst *inst = part->first; inst != NULL; inst = inst->next) {
            if (++size > REGION_MAX || inst->op == IR_SLOT_INIT) {
                return false;
            }
        }
    }
    return true;
}

// ---- The copy -----------------------------------------------------------------------------------

static IrInst *copy_of(const Speculation *s, IrInst *v) {
    return ir_is_const(v) || s->copies[v->id] == NULL ? v : s->copies[v->id];
}

static IrInst *copy_inst(Speculation *s, const IrInst *inst) {
    IrInst *copy = ir_inst_new(s->f, inst->op, inst->arg_count, inst->target_count, inst->span);
    copy->constant = inst->constant; // or what else the union holds
    copy->module = inst->module;
    copy->index = inst->index;
    copy->ref = inst->ref;
    copy->inlined = inst->inlined;
    return copy;
}

static void copy_insts(Speculation *s, const IrBlock *from, IrBlock *to) {
    for (IrInst *inst = from->first; inst != NULL; inst = inst->next) {
        IrInst *copy = copy_inst(s, inst);
        s->copies[inst->id] = copy;
        ir_append(to, copy);
    }
}

static void fill_args(const Speculation *s, const IrBlock *from, IrBlock *to) {
    IrInst *copy = to->first;
    for (const IrInst *inst = from->first; inst != NULL; inst = inst->next, copy = copy->next) {
        for (uint32_t i = 0; i < inst->arg_count; i++) {
            copy->args[i] = copy_of(s, inst->args[i]);
        }
        for (uint32_t i = 0; i < inst->target_count; i++) {
            IrBlock *target = s->targets[inst->targets[i]->id];
            copy->targets[i] = target != NULL ? target : inst->targets[i];
        }
    }
}

// Copies all that `block` dominates; the copy of `block` itself takes its parameters from it, and a
// way back goes to the original.
static IrBlock *copy_region(Speculation *s, const IrBlock *block) {
    IrBlock *start = NULL;
    VEC(const IrBlock *) parts = {0};
    VEC(IrBlock *) copies = {0};
    for (uint32_t i = block->order; i < s->f->blocks.len; i++) {
        const IrBlock *part = s->f->blocks.items[i];
        if (!ir_dominates(block, part)) {
            continue;
        }
        IrBlock *copy = ir_block_new(s->f, part->region);
        start = start == NULL ? copy : start;
        vec_push(s->arena, &parts, part);
        vec_push(s->arena, &copies, copy);
        if (part != block) {
            s->targets[part->id] = copy;
            for (uint32_t k = 0; k < part->params.len; k++) {
                s->copies[part->params.items[k]->id] =
                    ir_param_new(s->f, copy, part->params.items[k]->span);
            }
        }
        copy_insts(s, part, copy);
    }
    for (uint32_t i = 0; i < parts.len; i++) {
        fill_args(s, parts.items[i], copies.items[i]);
    }
    return start;
}

// ---- Guards -------------------------------------------------------------------------------------

// Ends the block before `at` with a guard that goes on to a new block with the rest.
static void put_guard(Speculation *s, IrInst *guard, IrInst *at, IrBlock *otherwise) {
    IrBlock *block = at->block;
    IrBlock *rest = ir_block_new(s->f, block->region);
    rest->first = at;
    rest->last = block->last;
    block->last = at->prev;
    if (at->prev != NULL) {
        at->prev->next = NULL;
        at->prev = NULL;
    } else {
        block->first = NULL;
    }
    for (IrInst *inst = at; inst != NULL; inst = inst->next) {
        inst->block = rest;
    }
    guard->targets[0] = rest;
    guard->targets[1] = otherwise;
    guard->inlined = at->inlined;
    ir_append(block, guard);
}

static void guard_float(Speculation *s, IrInst *v, IrInst *at, IrBlock *otherwise) {
    IrInst *guard = ir_inst_new(s->f, IR_AS_FLOAT, 1, 2, at->span);
    guard->args[0] = v;
    put_guard(s, guard, at, otherwise);
    s->guard[v->id] = guard;
    note_guard(s, v);
}

static void guard_record(Speculation *s, IrInst *get, IrBlock *otherwise) {
    IrInst *v = get->args[0];
    IrInst *guard = ir_inst_new(s->f, IR_IS_RECORD_OF, 1, 2, get->span);
    guard->args[0] = v;
    guard->ref = get->ref;
    put_guard(s, guard, get, otherwise);
    s->record[v->id] = get->ref + 1;
    note_guard(s, v);
}

static void make_field(const Speculation *s, IrInst *get) {
    if (get->op == IR_GET_FIELD && get->target_count == 0 && !ir_is_const(get->args[0]) &&
        s->record[get->args[0]->id] == get->ref + 1) {
        get->op = IR_FIELD;
        get->name = NULL;
    }
}

// Arithmetic takes what was found to be a float.
static void take_floats(const Speculation *s, IrInst *inst) {
    bool takes = is_arithmetic(inst) || inst->op == IR_DIV || is_raw_call(s, inst);
    for (uint32_t i = 0; i < inst->arg_count && takes && inst->target_count == 0; i++) {
        IrInst *v = inst->args[i];
        if (!ir_is_const(v) && v->id < s->count && s->guard[v->id] != NULL) {
            inst->args[i] = s->guard[v->id];
        }
    }
}

// Gives the block that the rest of it is now in; `*guarding`: all until there may be done again.
static IrBlock *guard_block(Speculation *s, IrBlock *block, IrBlock *otherwise, bool *guarding) {
    IrBlock *rest = block;
    for (IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        bool ends = inst->next == NULL;
        *guarding = *guarding && (ends || is_repeatable(s, inst));
        bool guards = *guarding && !ends;
        if (guards && inst->op == IR_GET_FIELD && !ir_is_const(inst->args[0]) &&
            s->record[inst->args[0]->id] == 0) {
            guard_record(s, inst, otherwise);
        }
        for (uint32_t i = 0; i < inst->arg_count && guards && uses_roots(s, inst); i++) {
            if (is_root(s, inst->args[i]) && s->guard[inst->args[i]->id] == NULL) {
                guard_float(s, inst->args[i], inst, otherwise);
            }
        }
        make_field(s, inst);
        take_floats(s, inst);
        rest = inst->block;
    }
    return rest;
}

// A test that a guard has decided.
static void drop_test(const Speculation *s, IrBlock *block) {
    const IrInst *last = block->last;
    if (last->op == IR_IS_RECORD_OF && !ir_is_const(last->args[0]) &&
        s->record[last->args[0]->id] == last->ref + 1) {
        opt_set_jump(s->f, block, last->targets[0]);
    }
}

// `known`: the verifier of images still knows records here (no header is between).
static void use_guards(const Speculation *s, IrBlock *block, bool known) {
    for (IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        if (known) {
            make_field(s, inst);
        }
        take_floats(s, inst);
    }
    if (known) {
        drop_test(s, block);
    }
}

// The block that only `block` leads to, as the one it leads to; or NULL.
static IrBlock *sole_next(const IrBlock *block) {
    IrBlock *next = block->last->op == IR_JUMP ? block->last->targets[0] : NULL;
    return next != NULL && next->preds.len == 1 && next->params.len == 0 && !next->is_header ? next
                                                                                             : NULL;
}

// Guards what `block` needs, and what the blocks need that simply follow once tests are decided.
static void guard_all(Speculation *s, IrBlock *block, bool *done, bool *known) {
    IrBlock *otherwise = copy_region(s, block);
    bool guarding = true;
    for (IrBlock *part = block; part != NULL && guarding;) {
        known[part->order] = true;
        done[part->order] = true;
        IrBlock *rest = guard_block(s, part, otherwise, &guarding);
        drop_test(s, rest);
        part = sole_next(rest);
    }
}

static void speculate(Speculation *s, IrBlock *block, bool *done) {
    bool *known = ARENA_NEW_ARRAY(s->arena, bool, s->f->blocks.len);
    guard_all(s, block, done, known);
    for (uint32_t i = block->order + 1; i < s->f->blocks.len; i++) {
        IrBlock *part = s->f->blocks.items[i];
        if (ir_dominates(block, part) && !done[i]) {
            done[i] = true;
            known[i] = known[part->idom->order] && !part->is_header;
            use_guards(s, part, known[i]);
        }
    }
    clear_guards(s);
}

// What is tried here must be finished by opt_unbox, which leaves functions that receive alone.
static bool receives(const IrFunction *f) {
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        if (f->blocks.items[i]->last->op == IR_RECV_PEEK) {
            return true;
        }
    }
    return false;
}

bool opt_speculate(IrFunction *f) {
    if (receives(f)) {
        return false;
    }
    Speculation s = {.f = f, .arena = f->module->arena, .count = f->inst_count};
    s.wanted = ARENA_NEW_ARRAY(s.arena, bool, s.count);
    find_wanted(&s);
    s.guard = ARENA_NEW_ARRAY(s.arena, IrInst *, s.count);
    s.record = ARENA_NEW_ARRAY(s.arena, uint32_t, s.count);
    bool *done = ARENA_NEW_ARRAY(s.arena, bool, f->blocks.len);
    bool any = false;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        IrBlock *block = f->blocks.items[i];
        if (done[i] || block->is_handler || count_guards(&s, block) < GUARDS_MIN) {
            continue;
        }
        if (!any) {
            ir_dominators(f);
            s.copies = ARENA_NEW_ARRAY(s.arena, IrInst *, s.count);
            s.targets = ARENA_NEW_ARRAY(s.arena, IrBlock *, f->block_count);
        }
        if (is_copyable(&s, block)) {
            any = true;
            speculate(&s, block, done);
        }
    }
    return any;
}

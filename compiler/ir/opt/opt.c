// The optimiser's passes in their order, and what they share.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

typedef struct {
    void (*run)(IrFunction *f);
    const char *name;
    bool dominators; // it asks for the dominator tree
    bool shape;      // it may change edges or blocks
} Pass;

static const Pass recursion = {opt_recursion, "recursion", false, true};
static const Pass constants = {opt_constants, "constants", false, true};
static const Pass cfg = {opt_cfg, "cfg", false, true};
static const Pass facts = {opt_facts, "facts", true, true};
static const Pass cse = {opt_cse, "cse", true, true};
static const Pass dce = {opt_dce, "dce", false, false};
static const Pass lists = {opt_lists, "lists", false, false};
static const Pass strength = {opt_strength, "strength", false, false};

static const Pass *const passes[] = {&recursion, &constants, &cfg, &facts, &cse,     &constants,
                                     &cfg,       &dce,       &cfg, &lists, &strength};

// What a test that is decided after all calls for. No such test may be left: see opt.h.
static const Pass *const again[] = {&constants, &cfg, &dce, &cfg};

void opt_show(IrFunction *f, const char *pass) {
    Buf *out = f->module->passes;
    if (out == NULL) {
        return;
    }
    Buf text = buf_new(f->module->arena);
    ir_print(f, &text);
    if (!str_equal(buf_view(&text), f->shown)) {
        f->shown = buf_view(&text);
        buf_format(out, "# %s\n", pass);
        buf_str(out, f->shown);
    }
}

static void run_pass(IrFunction *f, const Pass *pass) {
    if (pass->dominators) {
        ir_dominators(f);
    }
    pass->run(f);
    if (pass->shape) {
        ir_order(f);
    }
    ir_verify(f);
    opt_show(f, pass->name);
}

// Before inlining, so that what is copied is small.
void ir_simplify(IrFunction *f) {
    opt_show(f, "build");
    run_pass(f, &recursion);
    run_pass(f, &cfg);
}

static bool has_decided_test(IrFunction *f) {
    ir_number(f);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        const IrInst *last = f->blocks.items[i]->last;
        if (fold_target(last, last->args) != NULL) {
            return true;
        }
    }
    return false;
}

void ir_optimise(IrFunction *f, bool plain) {
    for (uint32_t i = 0; !plain && i < sizeof(passes) / sizeof(*passes); i++) {
        run_pass(f, passes[i]);
    }
    // Each round makes the function smaller; hardly any that is optimised needs one.
    while (has_decided_test(f)) {
        for (uint32_t i = 0; i < sizeof(again) / sizeof(*again); i++) {
            run_pass(f, again[i]);
        }
    }
}

// Between these two passes raw numbers stand where terms are expected, until opt_unbox.
static bool speculate_all(IrModule *module) {
    bool any = false;
    for (uint32_t i = 0; i < module->live.len; i++) {
        IrFunction *f = module->live.items[i];
        if (opt_speculate(f)) {
            ir_order(f);
            opt_cfg(f);
            ir_order(f);
            any = true;
        }
    }
    return any;
}

void ir_unbox(IrModule *module) {
    opt_types(module);
    if (speculate_all(module)) {
        opt_types(module);
    }
    for (uint32_t i = 0; i < module->live.len; i++) {
        IrFunction *f = module->live.items[i];
        opt_sharpen(f);
        if (opt_unbox(f)) {
            ir_verify(f);
            opt_show(f, "unbox");
            run_pass(f, &cse);
            run_pass(f, &dce);
        }
    }
}

void opt_set_jump(IrFunction *f, IrBlock *block, IrBlock *to) {
    IrInst *old = block->last;
    IrInst *jump = ir_inst_new(f, IR_JUMP, 0, 1, old->span);
    jump->inlined = old->inlined;
    jump->targets[0] = to;
    ir_remove(old);
    ir_append(block, jump);
}

uint32_t *opt_uses(const IrFunction *f) {
    uint32_t *uses = ARENA_NEW_ARRAY(f->module->arena, uint32_t, f->inst_count);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (const IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            for (uint32_t k = 0; k < inst->arg_count; k++) {
                uses[inst->args[k]->id]++;
            }
        }
    }
    return uses;
}

// ---- The dominator tree -------------------------------------------------------------------------

DomWalk dom_walk(IrFunction *f) {
    Arena *arena = f->module->arena;
    DomWalk walk = {.f = f};
    walk.preorder = ARENA_NEW_ARRAY(arena, IrBlock *, f->blocks.len);
    walk.open = ARENA_NEW_ARRAY(arena, IrBlock *, f->blocks.len);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        walk.preorder[f->blocks.items[i]->dom_in] = f->blocks.items[i];
    }
    return walk;
}

IrBlock *dom_walk_next(DomWalk *walk) {
    if (walk->next == walk->f->blocks.len) {
        return NULL;
    }
    IrBlock *block = walk->preorder[walk->next++];
    while (walk->depth > 0 && !ir_dominates(walk->open[walk->depth - 1], block)) {
        walk->depth--;
    }
    walk->open[walk->depth++] = block;
    return block;
}

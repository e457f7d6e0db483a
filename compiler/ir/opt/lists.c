// Lists in order: what a loop puts at the front of a list that is turned round in the end is put at
// the back of an unfinished list instead.
//
// So a comprehension makes its list once. Looked for are values, from a loop's parameter on, that
// are nothing but such a list on its way: [] or a cell whose tail is one of them; parameters that
// are given only those; and their uses are only such cells, jumps to such parameters, and
// Vm.reverse (or List.reverse), at least once. As there can be only one holder of an unfinished
// list, none of the values may live on behind a use. Then [] becomes LIST_NEW, a cell LIST_ADD and
// turning round LIST_END. Not in functions that receive: the machine adds nothing to a list while
// it looks at a message. Tests: tests/unit/compiler/ir/opt_calls_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

typedef struct {
    IrFunction *f;
    Arena *arena;
    uint32_t *first_use; // by value: where its entries of `uses` begin
    IrInst **uses;       // an instruction once for each arg
    uint32_t *seen;      // by block: the last value that was found to live there, plus 1
    VEC(IrBlock *) stack;
    VEC(IrInst *) web; // marked
    uint32_t ends;
} Lists;

// Vm.reverse(list, tail), or a function of List that comes to the same with [] for a tail.
static bool is_reverse(const IrInst *inst) {
    if (inst->op != IR_CALL_EXT && inst->op != IR_TAIL_EXT) {
        return false;
    }
    if (strcmp(inst->module->text, "Vm") == 0) {
        return strcmp(inst->name->text, "reverse") == 0 && inst->arg_count == 2;
    }
    return strcmp(inst->module->text, "List") == 0 && inst->arg_count == 1 &&
           (strcmp(inst->name->text, "reverse") == 0 || strcmp(inst->name->text, "turn") == 0);
}

// Does the function turn lists round, and not receive?
static bool is_candidate(const IrFunction *f) {
    bool reverses = false;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        for (const IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            if (inst->op == IR_RECV_PEEK) {
                return false;
            }
            reverses |= is_reverse(inst);
        }
    }
    return reverses && f->loop_count > 0;
}

static void list_uses(Lists *s) {
    IrFunction *f = s->f;
    uint32_t *first = ARENA_NEW_ARRAY(s->arena, uint32_t, f->inst_count + 2);
    for (int fill = 0; fill < 2; fill++) {
        for (uint32_t i = 0; i < f->blocks.len; i++) {
            for (IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
                for (uint32_t k = 0; k < inst->arg_count; k++) {
                    uint32_t v = inst->args[k]->id;
                    if (fill) {
                        s->uses[first[v + 1]++] = inst;
                    } else {
                        first[v + 2]++;
                    }
                }
            }
        }
        if (!fill) {
            for (uint32_t v = 1; v < f->inst_count + 2; v++) {
                first[v] += first[v - 1];
            }
            s->uses = ARENA_NEW_ARRAY(s->arena, IrInst *, first[f->inst_count + 1]);
        }
    }
    s->first_use = first;
}

// ---- Finding ------------------------------------------------------------------------------------

static bool is_empty(const IrInst *v) {
    return ir_is_const(v) && v->constant->kind == CONST_EMPTY;
}

// Takes `v` in. False when it can be no such list.
static bool take(Lists *s, IrInst *v) {
    if (is_empty(v) || v->mark) {
        return true;
    }
    if (v->op != IR_CONS && (v->op != IR_PARAM || v->slot != 0)) {
        return false;
    }
    v->mark = true;
    vec_push(s->arena, &s->web, v);
    return true;
}

static bool take_given(Lists *s, const IrInst *v) {
    if (v->op == IR_CONS) {
        return take(s, v->args[1]);
    }
    const IrBlock *block = v->block;
    if (block == s->f->entry || block->is_handler) {
        return false;
    }
    for (uint32_t i = 0; i < block->preds.len; i++) {
        if (!take(s, block->preds.items[i]->last->args[v->index])) {
            return false;
        }
    }
    return true;
}

static bool take_use(Lists *s, const IrInst *v, IrInst *use) {
    if (is_reverse(use)) {
        s->ends++;
        return use->args[0] == v;
    }
    if (use->op == IR_CONS) {
        return use->args[1] == v && take(s, use);
    }
    for (uint32_t i = 0; use->op == IR_JUMP && i < use->arg_count; i++) {
        if (use->args[i] == v) {
            return take(s, use->targets[0]->params.items[i]);
        }
    }
    return false;
}

// Fills the web from `param` on.
static bool find_web(Lists *s, IrInst *param) {
    s->web.len = 0;
    s->ends = 0;
    if (!take(s, param)) {
        return false;
    }
    for (uint32_t i = 0; i < s->web.len; i++) {
        IrInst *v = s->web.items[i];
        if (!take_given(s, v)) {
            return false;
        }
        for (uint32_t k = s->first_use[v->id]; k < s->first_use[v->id + 1]; k++) {
            if (!take_use(s, v, s->uses[k])) {
                return false;
            }
        }
    }
    return s->ends > 0;
}

static void reach(Lists *s, const IrInst *v, IrBlock *block) {
    if (block != v->block && s->seen[block->order] != v->id + 1) {
        s->seen[block->order] = v->id + 1;
        vec_push(s->arena, &s->stack, block);
    }
}

static bool lives_behind(const Lists *s, const IrInst *v, const IrBlock *block) {
    for (uint32_t i = 0; i < block->last->target_count; i++) {
        if (s->seen[block->last->targets[i]->order] == v->id + 1) {
            return true;
        }
    }
    return block->region != NULL && s->seen[block->region->handler->order] == v->id + 1;
}

// Is every use of `v` its last on any path?
static bool is_used_once(Lists *s, const IrInst *v) {
    uint32_t first = s->first_use[v->id];
    uint32_t end = s->first_use[v->id + 1];
    for (uint32_t k = first; k < end; k++) {
        for (uint32_t other = first; other < k; other++) {
            if (s->uses[other]->block == s->uses[k]->block) {
                return false;
            }
        }
        reach(s, v, s->uses[k]->block);
        while (s->stack.len > 0) {
            const IrBlock *block = s->stack.items[--s->stack.len];
            for (uint32_t i = 0; i < block->preds.len; i++) {
                reach(s, v, block->preds.items[i]);
            }
        }
    }
    for (uint32_t k = first; k < end; k++) {
        if (lives_behind(s, v, s->uses[k]->block)) {
            return false;
        }
    }
    return true;
}

static bool is_linear(Lists *s) {
    enum { USES_MAX = 64 };
    for (uint32_t i = 0; i < s->web.len; i++) {
        const IrInst *v = s->web.items[i];
        if (s->first_use[v->id + 1] - s->first_use[v->id] > USES_MAX || !is_used_once(s, v)) {
            return false;
        }
    }
    return true;
}

// ---- Rewriting ----------------------------------------------------------------------------------

static IrInst *insert(Lists *s, IrOp op, IrInst *at, IrInst *list, IrInst *value) {
    IrInst *inst = ir_inst_new(s->f, op, list != NULL ? 2 : 0, 0, at->span);
    inst->inlined = at->inlined;
    if (list != NULL) {
        inst->args[0] = list;
        inst->args[1] = value;
    }
    ir_insert_before(at, inst);
    return inst;
}

static IrInst *list_at(Lists *s, IrInst *v, IrInst *at) {
    return is_empty(v) ? insert(s, IR_LIST_NEW, at, NULL, NULL) : v;
}

static void rewrite_given(Lists *s, IrInst *v) {
    if (v->op == IR_CONS) {
        v->forward = insert(s, IR_LIST_ADD, v, list_at(s, v->args[1], v), v->args[0]);
        ir_remove(v);
        return;
    }
    v->slot = SLOT_HOLE;
    for (uint32_t i = 0; i < v->block->preds.len; i++) {
        IrInst *jump = v->block->preds.items[i]->last;
        jump->args[v->index] = list_at(s, jump->args[v->index], jump);
    }
}

static void rewrite_end(Lists *s, IrInst *call, IrInst *list) {
    IrInst *tail = call->arg_count == 2 ? call->args[1] : ir_const_empty(s->f);
    IrInst *end = insert(s, IR_LIST_END, call, list, tail);
    if (call->op == IR_TAIL_EXT) {
        IrInst *ret = ir_inst_new(s->f, IR_RET, 1, 0, call->span);
        ret->inlined = call->inlined;
        ret->args[0] = end;
        ir_append(call->block, ret);
    }
    call->forward = end;
    ir_remove(call);
}

static void rewrite(Lists *s) {
    for (uint32_t i = 0; i < s->web.len; i++) {
        IrInst *v = s->web.items[i];
        for (uint32_t k = s->first_use[v->id]; k < s->first_use[v->id + 1]; k++) {
            if (is_reverse(s->uses[k])) {
                rewrite_end(s, s->uses[k], v);
            }
        }
    }
    for (uint32_t i = 0; i < s->web.len; i++) {
        rewrite_given(s, s->web.items[i]);
    }
}

static void clear_marks(Lists *s) {
    for (uint32_t i = 0; i < s->web.len; i++) {
        s->web.items[i]->mark = false;
    }
}

void opt_lists(IrFunction *f) {
    if (!is_candidate(f)) {
        return;
    }
    Lists s = {.f = f, .arena = f->module->arena};
    ir_number(f);
    s.seen = ARENA_NEW_ARRAY(s.arena, uint32_t, f->blocks.len);
    list_uses(&s);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        const IrBlock *block = f->blocks.items[i];
        for (uint32_t k = 0; block->is_header && k < block->params.len; k++) {
            IrInst *param = block->params.items[k];
            bool found = param->slot == 0 && find_web(&s, param) && is_linear(&s);
            clear_marks(&s);
            if (found) {
                rewrite(&s);
            }
        }
    }
}

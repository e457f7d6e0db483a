// Facts: what the tests on the way to a block say of values, and the tests that they decide.
//
// A walk over the dominator tree carries a fact for each value: the kinds it can be, the size and
// tag of a tuple, the record that it is. An edge from a test into a block with no other predecessor
// narrows it; so does an operation that would have failed otherwise. Where a value can be one thing
// only, that constant is used instead. What was noted in a block is taken back when its subtree is
// done.
//
// A test that HEAD, TAIL, ELEM or FIELD may rely on is dropped as true only on facts found since
// the innermost header or handler on the way (`fresh`), since the verifier of images forgets the
// others there. Tests: tests/unit/compiler/ir/opt_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

enum { UNKNOWN = UINT32_MAX };

typedef struct {
    uint32_t known;   // kinds
    uint32_t fresh;   // kinds, by facts since `barrier`
    uint32_t barrier; // where `fresh` and the shape were found
    uint32_t size;    // of a tuple, or UNKNOWN
    uint32_t record;  // or UNKNOWN
    Name tag;         // of a tuple, or NULL
} Fact;

typedef struct {
    uint32_t value;
    Fact before;
} Undo;

typedef struct {
    uint32_t undo; // entries of the log when it was opened
    uint32_t barrier;
} Level;

typedef struct {
    IrFunction *f;
    Arena *arena;
    Fact *facts; // by value
    VEC(Undo) log;
    Level *levels; // by depth in the dominator tree
    uint32_t barrier;
} Facts;

static Fact fact_of(const Facts *s, const IrInst *v) {
    if (ir_is_const(v)) {
        uint32_t kinds = kinds_of(v);
        return (Fact){kinds, kinds, s->barrier, UNKNOWN, UNKNOWN, NULL};
    }
    return s->facts[v->id];
}

static bool is_fresh(const Facts *s, const Fact *fact) {
    return fact->barrier == s->barrier;
}

static uint32_t fresh_kinds(const Facts *s, const Fact *fact) {
    return is_fresh(s, fact) ? fact->fresh : KIND_ANY;
}

static void set_fact(Facts *s, const IrInst *v, Fact fact) {
    if (!ir_is_const(v)) {
        Undo undo = {v->id, s->facts[v->id]};
        vec_push(s->arena, &s->log, undo);
        s->facts[v->id] = fact;
    }
}

// `v` is one of `kinds` from here on. The fact, to be given a shape by the caller before set_fact.
static Fact narrowed(const Facts *s, const IrInst *v, uint32_t kinds) {
    Fact fact = fact_of(s, v);
    fact.known &= kinds;
    fact.fresh = fresh_kinds(s, &fact) & kinds;
    if (!is_fresh(s, &fact)) {
        fact.barrier = s->barrier;
        fact.size = fact.record = UNKNOWN;
        fact.tag = NULL;
    }
    return fact;
}

static void narrow(Facts *s, const IrInst *v, uint32_t kinds) {
    Fact fact = fact_of(s, v);
    if (((fact.known | fresh_kinds(s, &fact)) & ~kinds) != 0) {
        set_fact(s, v, narrowed(s, v, kinds));
    }
}

// The same by a test that the verifier of images learns nothing from.
static void narrow_known(Facts *s, const IrInst *v, uint32_t kinds) {
    Fact fact = fact_of(s, v);
    if ((fact.known & ~kinds) != 0) {
        fact.known &= kinds;
        set_fact(s, v, fact);
    }
}

// ---- What tests and operations say --------------------------------------------------------------

// Kinds that hold one value only.
enum { KIND_SINGLE = KIND_TRUE | KIND_FALSE | KIND_NIL | KIND_EMPTY };

static void note_same(Facts *s, const IrInst *test, bool holds) {
    for (uint32_t i = 0; i < 2; i++) {
        const IrInst *v = test->args[i];
        const IrInst *other = test->args[1 - i];
        if (!ir_is_const(other)) {
            continue;
        }
        uint32_t kinds = kinds_of(other);
        bool numbers = (kinds & (KIND_INT | KIND_FLOAT)) != 0 && test->op == IR_EQ;
        if (holds) {
            narrow_known(s, v, numbers ? (uint32_t)(KIND_INT | KIND_FLOAT) : kinds);
        } else if ((kinds & KIND_SINGLE) != 0) {
            narrow_known(s, v, KIND_ANY & ~kinds);
        }
    }
}

static void note_test(Facts *s, const IrInst *test, bool holds) {
    if (test->op == IR_SAME || test->op == IR_EQ) {
        note_same(s, test, holds);
        return;
    }
    uint32_t kinds = kinds_of_test(test->op);
    if (kinds == 0) {
        return;
    }
    const IrInst *v = test->args[0];
    bool is_shape =
        test->op == IR_IS_TUPLE_OF || test->op == IR_IS_TAGGED || test->op == IR_IS_RECORD_OF;
    if (!is_shape) {
        narrow(s, v, holds ? kinds : KIND_ANY & ~kinds);
    } else if (holds) {
        Fact fact = narrowed(s, v, kinds);
        if (test->op == IR_IS_RECORD_OF) {
            fact.record = test->ref;
        } else {
            fact.size = test->index;
            fact.tag = test->op == IR_IS_TAGGED ? test->name : fact.tag;
        }
        set_fact(s, v, fact);
    }
}

// The args of an operation that has not failed.
static void note_done(Facts *s, const IrInst *inst) {
    switch (inst->op) {
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_IDIV:
    case IR_MOD:
    case IR_NEG:
        for (uint32_t i = 0; i < inst->arg_count; i++) {
            narrow(s, inst->args[i], KIND_INT | KIND_FLOAT);
        }
        break;
    case IR_BAND:
    case IR_BOR:
    case IR_BXOR:
    case IR_BNOT:
    case IR_SHL:
    case IR_SHR:
    case IR_RANGE:
        for (uint32_t i = 0; i < inst->arg_count; i++) {
            narrow(s, inst->args[i], KIND_INT);
        }
        break;
    case IR_CONCAT:
        narrow(s, inst->args[0], KIND_BYTES);
        narrow(s, inst->args[1], KIND_BYTES);
        break;
    default: break;
    }
}

// What the edge into a block with one predecessor says.
static void note_edge(Facts *s, const IrBlock *block) {
    if (block->preds.len != 1 || block->is_handler) {
        return;
    }
    const IrInst *last = block->preds.items[0]->last;
    if (last->target_count == 2 && last->targets[0] != last->targets[1]) {
        bool holds = last->targets[0] == block;
        if (ir_is_test(last)) {
            note_test(s, last, holds);
        } else if (holds) {
            note_done(s, last);
            if (last->op == IR_MAP_GET) {
                narrow(s, last->args[0], KIND_MAP);
            }
        }
    } else if (last->op == IR_SWITCH) {
        for (uint32_t i = 0; i + 1 < last->target_count; i++) {
            if (last->targets[i] == block) {
                narrow(s, last->args[0],
                       last->cases[i]->kind == CONST_INT
                           ? (uint32_t)KIND_INT
                           : KIND_ATOM | KIND_TRUE | KIND_FALSE | KIND_NIL);
            }
        }
    }
}

// ---- Deciding -----------------------------------------------------------------------------------

// 1: the test holds, 0: it does not, -1: not known.
static int decide_shape(const Facts *s, const IrInst *test, const Fact *fact) {
    bool fresh = is_fresh(s, fact);
    if (test->op == IR_IS_RECORD_OF) {
        return fact->record == UNKNOWN ? -1 : fact->record != test->ref ? 0 : fresh ? 1 : -1;
    }
    if (fact->size == UNKNOWN) {
        return -1;
    }
    if (fact->size != test->index) {
        return 0;
    }
    if (test->op == IR_IS_TAGGED && fact->tag != test->name) {
        return fact->tag == NULL ? -1 : 0;
    }
    return fresh ? 1 : -1;
}

static int decide(const Facts *s, const IrInst *test) {
    uint32_t kinds = kinds_of_test(test->op);
    if (kinds == 0 || ir_is_const(test->args[0])) {
        return -1;
    }
    const Fact *fact = &s->facts[test->args[0]->id];
    uint32_t fresh = fresh_kinds(s, fact);
    switch (test->op) {
    case IR_IS_CONS: return (fact->known & kinds) == 0 ? 0 : (fresh & ~kinds) == 0 ? 1 : -1;
    case IR_IS_LIST:
    case IR_IS_EMPTY: return (fresh & kinds) == 0 ? 0 : (fresh & ~kinds) == 0 ? 1 : -1;
    case IR_IS_TUPLE_OF:
    case IR_IS_TAGGED:
    case IR_IS_RECORD_OF: return (fact->known & kinds) == 0 ? 0 : decide_shape(s, test, fact);
    default: return (fact->known & kinds) == 0 ? 0 : (fact->known & ~kinds) == 0 ? 1 : -1;
    }
}

// The constant that `v` must be here, or `v`.
static IrInst *as_constant(const Facts *s, IrInst *v) {
    if (ir_is_const(v)) {
        return v;
    }
    switch (s->facts[v->id].known) {
    case KIND_TRUE: return ir_const_bool(s->f, true);
    case KIND_FALSE: return ir_const_bool(s->f, false);
    case KIND_NIL: return ir_const_atom(s->f, s->f->module->names->known[NAME_NIL]);
    case KIND_EMPTY: return ir_const_empty(s->f);
    default: return v;
    }
}

// `m.name`, where m is a record that has such a field.
static void as_field(const Facts *s, IrInst *get) {
    const IrInst *from = get->args[0];
    const Fact fact = fact_of(s, from);
    if (!is_fresh(s, &fact) || fact.record == UNKNOWN || ir_is_const(from)) {
        return;
    }
    const CoreRecord *record = &s->f->module->core->records.items[fact.record];
    for (uint32_t i = 0; i < record->field_count; i++) {
        if (record->fields[i] == get->name) {
            get->op = IR_FIELD;
            get->ref = fact.record;
            get->index = i;
            get->name = NULL;
            return;
        }
    }
}

static void visit(Facts *s, IrBlock *block) {
    note_edge(s, block);
    for (IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        for (uint32_t i = 0; i < inst->arg_count; i++) {
            inst->args[i] = as_constant(s, inst->args[i]);
        }
        if (inst->op == IR_GET && inst->target_count == 0) {
            as_field(s, inst);
        }
        if (inst->target_count == 0) {
            note_done(s, inst);
        }
    }
    const IrInst *last = block->last;
    if (ir_is_test(last)) {
        int holds = decide(s, last);
        if (holds >= 0) {
            opt_set_jump(s->f, block, last->targets[holds ? 0 : 1]);
        }
    }
}

static void open_level(Facts *s, const DomWalk *walk, const IrBlock *block) {
    Level *level = &s->levels[walk->depth - 1];
    level->undo = s->log.len;
    level->barrier = block->is_header || block->is_handler ? block->order + 1
                     : walk->depth > 1                     ? s->levels[walk->depth - 2].barrier
                                                           : 0;
    s->barrier = level->barrier;
}

static void take_back(Facts *s, uint32_t to) {
    while (s->log.len > to) {
        const Undo *undo = &s->log.items[--s->log.len];
        s->facts[undo->value] = undo->before;
    }
}

// What a parameter can be: what it is given, but for what comes round a loop.
static uint32_t kinds_given(const Facts *s, const IrBlock *block, const IrInst *param) {
    uint32_t kinds = 0;
    if (block == s->f->entry || block->is_handler) {
        return KIND_ANY;
    }
    for (uint32_t i = 0; i < block->preds.len; i++) {
        const IrInst *arg = block->preds.items[i]->last->args[param->index];
        bool later = !ir_is_const(arg) && ir_is_back(block->preds.items[i], block);
        kinds |= later ? (arg == param ? 0 : KIND_ANY) : fact_of(s, arg).known;
    }
    return kinds;
}

static void init_facts(Facts *s) {
    for (uint32_t i = 0; i < s->f->inst_count; i++) {
        s->facts[i] = (Fact){KIND_ANY, KIND_ANY, 0, UNKNOWN, UNKNOWN, NULL};
    }
    for (uint32_t i = 0; i < s->f->blocks.len; i++) {
        const IrBlock *block = s->f->blocks.items[i];
        for (uint32_t k = 0; k < block->params.len; k++) {
            s->facts[block->params.items[k]->id].known =
                kinds_given(s, block, block->params.items[k]);
        }
        for (const IrInst *inst = block->first; inst != NULL; inst = inst->next) {
            s->facts[inst->id].known = kinds_of(inst);
        }
    }
}

void opt_facts(IrFunction *f) {
    Facts s = {.f = f, .arena = f->module->arena};
    ir_number(f);
    s.levels = ARENA_NEW_ARRAY(s.arena, Level, f->blocks.len + 1);
    s.facts = ARENA_NEW_ARRAY(s.arena, Fact, f->inst_count);
    init_facts(&s);
    DomWalk walk = dom_walk(f);
    uint32_t depth = 0;
    for (IrBlock *block; (block = dom_walk_next(&walk)) != NULL;) {
        if (walk.depth <= depth) {
            take_back(&s, s.levels[walk.depth - 1].undo);
        }
        depth = walk.depth;
        open_level(&s, &walk, block);
        visit(&s, block);
    }
}

// Runs core; tests/unit/compiler/core/machine.h explains it.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/core/machine.h"

#include "compiler/base/check.h"
#include "vm/ops/ops.h"

typedef struct Machine {
    Arena *arena;
    Intern *names;
    const CoreConst **vars;
    const CoreExpr **joins; // by label: the JOIN
    const CoreExpr *jump;   // set by a JUMP until its JOIN is found
    const CoreConst *failed;
} Machine;

static const CoreConst *run(Machine *m, const CoreExpr *e);

static const CoreConst *atom(Machine *m, const char *text) {
    return core_const_atom(m->arena, intern_text(m->names, text));
}

static const CoreConst *fail(Machine *m, const CoreConst *reason) {
    CoreConst *items[] = {(CoreConst *)atom(m, "fail"), (CoreConst *)reason};
    m->failed = core_const_items(m->arena, CONST_TUPLE, items, 2);
    return m->failed;
}

static bool is_truthy(const CoreConst *c) {
    return c->kind != CONST_ATOM || !(name_is(c->name, NAME_FALSE) || name_is(c->name, NAME_NIL));
}

static const CoreConst *map_get(const CoreConst *map, const CoreConst *key) {
    for (uint32_t i = 0; map->kind == CONST_MAP && i < map->item_count; i += 2) {
        if (core_const_same(map->items[i], key)) {
            return map->items[i + 1];
        }
    }
    return NULL;
}

// `count` bits of bytes from position `at` as an unsigned number; false if there are fewer.
static bool read_bits(const CoreConst *bytes, int64_t at, int64_t count, uint64_t *number) {
    int64_t total = (int64_t)bytes->text.len * 8;
    *number = 0;
    if (at < 0 || count < 0 || count > 64 || at + count > total) {
        return false;
    }
    for (int64_t i = at; i < at + count; i++) {
        *number = *number << 1 | ((unsigned char)bytes->text.ptr[i / 8] >> (7 - i % 8) & 1);
    }
    return true;
}

static const CoreConst *slice(Machine *m, const CoreConst *bytes, int64_t at, int64_t len) {
    CHECK(at % 8 == 0);
    if (len < 0 || at / 8 + len > (int64_t)bytes->text.len) {
        return NULL;
    }
    return core_const_bytes(m->arena, (Str){bytes->text.ptr + at / 8, (size_t)len});
}

static bool numbers_less(const CoreConst *a, const CoreConst *b) {
    CHECK(a->kind == CONST_INT);
    CHECK(b->kind == CONST_INT);
    return a->integer < b->integer;
}

// Does the test hold? *bound is what it binds then.
static bool holds(Machine *m, const CoreExpr *e, const CoreConst *a, const CoreConst *b,
                  const CoreConst *c, const CoreConst **bound) {
    uint64_t number;
    switch (e->as.test.kind) {
    case TEST_TRUTHY: return is_truthy(a);
    case TEST_IS_INT: return a->kind == CONST_INT;
    case TEST_IS_ATOM: return a->kind == CONST_ATOM;
    case TEST_IS_CONS: return a->kind == CONST_LIST;
    case TEST_IS_EMPTY: return a->kind == CONST_EMPTY;
    case TEST_IS_MAP: return a->kind == CONST_MAP;
    case TEST_IS_TUPLE_OF: return a->kind == CONST_TUPLE && a->item_count == e->as.test.index;
    case TEST_IS_TAGGED:
        return a->kind == CONST_TUPLE && a->item_count == e->as.test.index &&
               a->items[0]->kind == CONST_ATOM && a->items[0]->name == e->as.test.name;
    case TEST_SAME: return core_const_same(a, b);
    case TEST_EQ: return core_const_same(a, b);
    case TEST_LT: return numbers_less(a, b);
    case TEST_GE: return !numbers_less(a, b);
    case TEST_MAP_GET: *bound = map_get(a, b); return *bound != NULL;
    case TEST_BYTES_BITS:
        *bound = core_const_int(m->arena, a->kind == CONST_BYTES ? (int64_t)a->text.len * 8 : 0);
        return a->kind == CONST_BYTES;
    case TEST_BITS_INT:
        CHECK(e->as.test.index == SEG_INT);
        if (!read_bits(a, b->integer, c->integer, &number)) {
            return false;
        }
        *bound = core_const_int(m->arena, (int64_t)number);
        return true;
    case TEST_BITS_BYTES: *bound = slice(m, a, b->integer, c->integer); return *bound != NULL;
    case TEST_BITS_REST:
        *bound = b->integer % 8 != 0
                     ? NULL
                     : slice(m, a, b->integer, (int64_t)a->text.len - b->integer / 8);
        return *bound != NULL;
    case TEST_BITS_MATCH: {
        int64_t len = (int64_t)c->text.len;
        const CoreConst *part = slice(m, a, b->integer, len);
        return part != NULL && str_equal(part->text, c->text);
    }
    default: CHECK(!"a test that the machine knows"); return false;
    }
}

static const CoreConst *run_test(Machine *m, const CoreExpr *e) {
    const CoreConst *operands[3] = {NULL, NULL, NULL};
    for (int i = 0; i < 3 && e->as.test.operands[i] != NULL; i++) {
        operands[i] = run(m, e->as.test.operands[i]);
    }
    const CoreConst *bound = NULL;
    if (!holds(m, e, operands[0], operands[1], operands[2], &bound)) {
        return run(m, e->as.test.otherwise);
    }
    if (e->as.test.binds != 0) {
        m->vars[e->as.test.binds] = bound;
    }
    return run(m, e->as.test.then);
}

static const CoreConst *list_tail(Machine *m, const CoreConst *list) {
    return core_const_list(m->arena, list->items + 1, list->item_count - 1, list->tail);
}

static const CoreConst *run_prim(Machine *m, const CoreExpr *e) {
    const CoreConst *args[64];
    uint32_t count = e->as.prim.args.len;
    for (uint32_t i = 0; i < count; i++) {
        args[i] = run(m, e->as.prim.args.items[i]);
        if (m->failed != NULL) {
            return m->failed;
        }
    }
    switch (e->as.prim.prim) {
    case PRIM_ELEM:
        CHECK(args[0]->kind == CONST_TUPLE);
        CHECK(e->as.prim.index < args[0]->item_count);
        return args[0]->items[e->as.prim.index];
    case PRIM_HEAD: CHECK(args[0]->kind == CONST_LIST); return args[0]->items[0];
    case PRIM_TAIL: CHECK(args[0]->kind == CONST_LIST); return list_tail(m, args[0]);
    case PRIM_TUPLE:
        return core_const_items(m->arena, CONST_TUPLE, (CoreConst *const *)args, count);
    case PRIM_ADD:
    case PRIM_MUL:
        if (args[0]->kind != CONST_INT || args[1]->kind != CONST_INT) {
            return e->as.prim.fail != NULL ? run(m, e->as.prim.fail) : fail(m, atom(m, "badarg"));
        }
        return core_const_int(m->arena, e->as.prim.prim == PRIM_ADD
                                            ? args[0]->integer + args[1]->integer
                                            : args[0]->integer * args[1]->integer);
    default: CHECK(!"a prim that the machine knows"); return NULL;
    }
}

static const CoreConst *run_switch(Machine *m, const CoreExpr *e) {
    const CoreConst *subject = run(m, e->as.select.subject);
    for (uint32_t i = 0; i < e->as.select.count; i++) {
        if (core_const_same(e->as.select.cases[i].value, subject)) {
            return run(m, e->as.select.cases[i].body);
        }
    }
    return run(m, e->as.select.otherwise);
}

static const CoreConst *run_jump(Machine *m, const CoreExpr *e) {
    const CoreExpr *join = m->joins[e->as.jump.label];
    const CoreConst *args[64];
    for (uint32_t i = 0; i < e->as.jump.args.len; i++) {
        args[i] = run(m, e->as.jump.args.items[i]);
    }
    for (uint32_t i = 0; i < e->as.jump.args.len; i++) {
        m->vars[join->as.join.params.items[i]] = args[i];
    }
    m->jump = join;
    return NULL;
}

// The value of the scope, or of the body when the scope jumps there.
static const CoreConst *run_join(Machine *m, const CoreExpr *e) {
    m->joins[e->as.join.label] = e;
    const CoreConst *value = run(m, e->as.join.scope);
    if (m->jump != e) {
        return value;
    }
    m->jump = NULL;
    return run(m, e->as.join.body);
}

static const CoreConst *run(Machine *m, const CoreExpr *e) {
    switch (e->kind) {
    case CORE_LIT: return e->as.lit;
    case CORE_VAR: CHECK(m->vars[e->as.var] != NULL); return m->vars[e->as.var];
    case CORE_LET: {
        // What fails in a guard jumps out of the value.
        const CoreConst *value = run(m, e->as.let.value);
        if (m->jump != NULL || m->failed != NULL) {
            return value;
        }
        m->vars[e->as.let.var] = value;
        return run(m, e->as.let.body);
    }
    case CORE_TEST: return run_test(m, e);
    case CORE_SWITCH: return run_switch(m, e);
    case CORE_JOIN: return run_join(m, e);
    case CORE_JUMP: return run_jump(m, e);
    case CORE_PRIM: return run_prim(m, e);
    case CORE_FAIL: return fail(m, run(m, e->as.value));
    case CORE_FAIL_WITH: return fail(m, core_const_atom(m->arena, e->as.fail_with.atom));
    default: CHECK(!"a node that the machine knows"); return NULL;
    }
}

const CoreConst *machine_run(Arena *arena, Intern *names, const CoreFunction *f,
                             const CoreConst *const *args) {
    Machine m = {.arena = arena, .names = names};
    m.vars = ARENA_NEW_ARRAY(arena, const CoreConst *, f->var_count + 1);
    m.joins = ARENA_NEW_ARRAY(arena, const CoreExpr *, f->label_count + 1);
    for (uint32_t i = 0; i < f->params.len; i++) {
        m.vars[f->params.items[i]] = args[i];
    }
    return run(&m, f->body);
}

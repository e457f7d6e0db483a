// Makers of core nodes; compiler/core/core_build.h explains them.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/core_build.h"

#include "compiler/base/check.h"

// ---- Constants ----------------------------------------------------------------------------------

static CoreConst *const_new(Arena *a, CoreConstKind kind) {
    CoreConst *c = ARENA_NEW(a, CoreConst);
    c->kind = kind;
    return c;
}

CoreConst *core_const_int(Arena *a, int64_t value) {
    CoreConst *c = const_new(a, CONST_INT);
    c->integer = value;
    return c;
}

CoreConst *core_const_float(Arena *a, double value) {
    CoreConst *c = const_new(a, CONST_FLOAT);
    c->number = value;
    return c;
}

CoreConst *core_const_atom(Arena *a, Name name) {
    CoreConst *c = const_new(a, CONST_ATOM);
    c->name = name;
    return c;
}

CoreConst *core_const_bytes(Arena *a, Str bytes) {
    CoreConst *c = const_new(a, CONST_BYTES);
    c->text = bytes;
    return c;
}

CoreConst *core_const_empty(Arena *a) {
    return const_new(a, CONST_EMPTY);
}

CoreConst *core_const_items(Arena *a, CoreConstKind kind, CoreConst *const *items, uint32_t count) {
    CoreConst *c = const_new(a, kind);
    c->items = arena_copy(a, items, count * sizeof(CoreConst *));
    c->item_count = count;
    return c;
}

CoreConst *core_const_list(Arena *a, CoreConst *const *items, uint32_t count, CoreConst *tail) {
    if (count == 0) {
        return tail;
    }
    CoreConst *c = core_const_items(a, CONST_LIST, items, count);
    c->tail = tail;
    return c;
}

// Lists are compared as chains of cells: [1 | [2]] is [1, 2].
typedef struct Cells {
    const CoreConst *list;
    uint32_t at;
} Cells;

static const CoreConst *cells_next(Cells *cells) {
    while (cells->list->kind == CONST_LIST && cells->at == cells->list->item_count) {
        *cells = (Cells){cells->list->tail, 0};
    }
    return cells->list->kind == CONST_LIST ? cells->list->items[cells->at++] : NULL;
}

static bool lists_same(const CoreConst *a, const CoreConst *b) {
    Cells left = {a, 0};
    Cells right = {b, 0};
    for (;;) {
        const CoreConst *x = cells_next(&left);
        const CoreConst *y = cells_next(&right);
        if (x == NULL || y == NULL) {
            return x == NULL && y == NULL && core_const_same(left.list, right.list);
        }
        if (!core_const_same(x, y)) {
            return false;
        }
    }
}

static bool items_same(const CoreConst *a, const CoreConst *b) {
    if (a->item_count != b->item_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->item_count; i++) {
        if (!core_const_same(a->items[i], b->items[i])) {
            return false;
        }
    }
    return true;
}

// Map constants have no promised order: each key of `a` is looked for in `b`, first where it stands
// in `a`.
static bool maps_same(const CoreConst *a, const CoreConst *b) {
    if (a->item_count != b->item_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->item_count; i += 2) {
        uint32_t found = i;
        if (!core_const_same(a->items[i], b->items[i])) {
            for (found = 0; found < b->item_count; found += 2) {
                if (core_const_same(a->items[i], b->items[found])) {
                    break;
                }
            }
        }
        if (found >= b->item_count || !core_const_same(a->items[i + 1], b->items[found + 1])) {
            return false;
        }
    }
    return true;
}

bool core_const_same(const CoreConst *a, const CoreConst *b) {
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case CONST_INT: return a->integer == b->integer;
    case CONST_FLOAT: return memcmp(&a->number, &b->number, sizeof(double)) == 0;
    case CONST_ATOM: return a->name == b->name;
    case CONST_BIG:
    case CONST_BYTES: return str_equal(a->text, b->text);
    case CONST_EMPTY: return true;
    case CONST_TUPLE:
    case CONST_RANGE: return items_same(a, b);
    case CONST_RECORD: return a->record == b->record && items_same(a, b);
    case CONST_LIST: return lists_same(a, b);
    case CONST_MAP: return maps_same(a, b);
    case CONST_FNREF: return a->module == b->module && a->name == b->name && a->index == b->index;
    case CONST_FN: return a->index == b->index;
    }
    return false;
}

static uint32_t mix(uint32_t hash, uint64_t word) {
    uint64_t h = (hash ^ word) * 0x9fb21c651e98df25u;
    return (uint32_t)(h ^ h >> 32);
}

static uint32_t hash_text(Str text) {
    uint32_t hash = (uint32_t)text.len;
    for (size_t i = 0; i < text.len && i < 64; i++) {
        hash = mix(hash, (unsigned char)text.ptr[i]);
    }
    return hash;
}

// The first elements of a list are those of its chain of cells, however it is written.
static uint32_t hash_list(const CoreConst *c, uint32_t depth);

static uint32_t hash_at(const CoreConst *c, uint32_t depth) {
    uint32_t hash = mix(0x5bd1u, c->kind);
    switch (c->kind) {
    case CONST_INT: return mix(hash, (uint64_t)c->integer);
    case CONST_FLOAT: {
        uint64_t bits;
        memcpy(&bits, &c->number, sizeof(bits));
        return mix(hash, bits);
    }
    case CONST_ATOM: return mix(hash, c->name->id);
    case CONST_BIG:
    case CONST_BYTES: return mix(hash, hash_text(c->text));
    case CONST_LIST: return mix(hash, depth == 0 ? 0 : hash_list(c, depth));
    case CONST_TUPLE:
    case CONST_RANGE:
    case CONST_RECORD:
        hash = mix(hash, c->item_count);
        for (uint32_t i = 0; depth > 0 && i < c->item_count && i < 4; i++) {
            hash = mix(hash, hash_at(c->items[i], depth - 1));
        }
        return hash;
    case CONST_FNREF: return mix(mix(hash, c->name->id), c->index);
    case CONST_MAP: return mix(hash, c->item_count);
    case CONST_FN: return mix(hash, c->index);
    case CONST_EMPTY: return hash;
    }
    return hash;
}

static uint32_t hash_list(const CoreConst *c, uint32_t depth) {
    uint32_t hash = 1;
    Cells cells = {c, 0};
    for (int i = 0; i < 4; i++) {
        const CoreConst *item = cells_next(&cells);
        if (item == NULL) {
            break;
        }
        hash = mix(hash, hash_at(item, depth - 1));
    }
    return hash;
}

uint32_t core_const_hash(const CoreConst *c) {
    return hash_at(c, 3);
}

// ---- Nodes --------------------------------------------------------------------------------------

// Most nodes are much smaller than the largest, so each takes only what its kind needs.
#define SIZE_WITH(member) (offsetof(CoreExpr, as) + sizeof(((CoreExpr *)NULL)->as.member))

static const uint8_t node_sizes[CORE_KIND_COUNT] = {
    [CORE_LIT] = SIZE_WITH(lit),
    [CORE_VAR] = SIZE_WITH(var),
    [CORE_LET] = SIZE_WITH(let),
    [CORE_SEQ] = SIZE_WITH(seq),
    [CORE_IF] = SIZE_WITH(branch),
    [CORE_TEST] = SIZE_WITH(test),
    [CORE_SWITCH] = SIZE_WITH(select),
    [CORE_JOIN] = SIZE_WITH(join),
    [CORE_JUMP] = sizeof(CoreExpr), // another node may take its place: core_become
    [CORE_CALL] = SIZE_WITH(call),
    [CORE_CALL_EXT] = SIZE_WITH(call_ext),
    [CORE_CALL_FUN] = SIZE_WITH(call_fun),
    [CORE_PRIM] = SIZE_WITH(prim),
    [CORE_CLOSURE] = SIZE_WITH(call),
    [CORE_FAIL] = SIZE_WITH(value),
    [CORE_FAIL_WITH] = SIZE_WITH(fail_with),
    [CORE_RERAISE] = SIZE_WITH(value),
    [CORE_TRY] = SIZE_WITH(try_),
    [CORE_SLOT_NEW] = SIZE_WITH(slot),
    [CORE_SLOT_GET] = SIZE_WITH(slot),
    [CORE_SLOT_SET] = SIZE_WITH(slot),
    [CORE_RECEIVE] = SIZE_WITH(receive),
    [CORE_TAKE] = SIZE_WITH(value),
    [CORE_SKIP] = offsetof(CoreExpr, as),
    [CORE_BITS] = SIZE_WITH(bits),
};

void core_become(CoreExpr *jump, const CoreExpr *e) {
    ASSERT(jump->kind == CORE_JUMP);
    memcpy(jump, e, node_sizes[e->kind]);
}

static CoreExpr *node(Arena *a, Span span, CoreKind kind) {
    CoreExpr *e = arena_alloc_zeroed(a, node_sizes[kind]);
    e->kind = kind;
    e->span = span;
    return e;
}

static CoreExprs exprs(Arena *a, CoreExpr *const *items, uint32_t count) {
    CoreExprs result = {.len = count, .cap = count};
    result.items = arena_copy(a, items, count * sizeof(CoreExpr *));
    return result;
}

CoreExpr *core_lit(Arena *a, Span span, const CoreConst *value) {
    CoreExpr *e = node(a, span, CORE_LIT);
    e->as.lit = value;
    return e;
}

CoreExpr *core_int(Arena *a, Span span, int64_t value) {
    return core_lit(a, span, core_const_int(a, value));
}

CoreExpr *core_atom(Arena *a, Span span, Name name) {
    return core_lit(a, span, core_const_atom(a, name));
}

CoreExpr *core_empty(Arena *a, Span span) {
    return core_lit(a, span, core_const_empty(a));
}

CoreExpr *core_bytes(Arena *a, Span span, Str bytes) {
    return core_lit(a, span, core_const_bytes(a, bytes));
}

CoreExpr *core_var(Arena *a, Span span, CoreVar var) {
    ASSERT(var != 0);
    CoreExpr *e = node(a, span, CORE_VAR);
    e->as.var = var;
    return e;
}

CoreExpr *core_let(Arena *a, Span span, CoreVar var, CoreExpr *value, CoreExpr *body) {
    CoreExpr *e = node(a, span, CORE_LET);
    e->as.let.var = var;
    e->as.let.value = value;
    e->as.let.body = body;
    return e;
}

CoreExpr *core_seq(Arena *a, Span span, CoreExpr *first, CoreExpr *second) {
    CoreExpr *e = node(a, span, CORE_SEQ);
    e->as.seq.first = first;
    e->as.seq.second = second;
    return e;
}

CoreExpr *core_if(Arena *a, Span span, CoreExpr *cond, CoreExpr *then, CoreExpr *otherwise) {
    CoreExpr *e = node(a, span, CORE_IF);
    e->as.branch.cond = cond;
    e->as.branch.then = then;
    e->as.branch.otherwise = otherwise;
    return e;
}

CoreExpr *core_test(Arena *a, Span span, CoreTestKind kind, CoreExpr *left, CoreExpr *right,
                    CoreExpr *then, CoreExpr *otherwise) {
    CoreExpr *e = node(a, span, CORE_TEST);
    e->as.test.kind = kind;
    e->as.test.operands[0] = left;
    e->as.test.operands[1] = right;
    e->as.test.then = then;
    e->as.test.otherwise = otherwise;
    return e;
}

CoreExpr *core_switch(Arena *a, Span span, CoreExpr *subject, CoreCase *cases, uint32_t count,
                      CoreExpr *otherwise) {
    CoreExpr *e = node(a, span, CORE_SWITCH);
    e->as.select.subject = subject;
    e->as.select.cases = cases;
    e->as.select.count = count;
    e->as.select.otherwise = otherwise;
    return e;
}

CoreExpr *core_join(Arena *a, Span span, CoreLabel label, bool recursive, const CoreVar *params,
                    uint32_t count, CoreExpr *body, CoreExpr *scope) {
    ASSERT(label != 0);
    CoreExpr *e = node(a, span, CORE_JOIN);
    e->as.join.label = label;
    e->as.join.recursive = recursive;
    e->as.join.params = (CoreVars){
        .items = arena_copy(a, params, count * sizeof(CoreVar)), .len = count, .cap = count};
    e->as.join.body = body;
    e->as.join.scope = scope;
    return e;
}

CoreExpr *core_jump(Arena *a, Span span, CoreLabel label, CoreExpr *const *args, uint32_t count) {
    CoreExpr *e = node(a, span, CORE_JUMP);
    e->as.jump.label = label;
    e->as.jump.args = exprs(a, args, count);
    return e;
}

CoreExpr *core_call(Arena *a, Span span, uint32_t function, CoreExpr *const *args, uint32_t count) {
    CoreExpr *e = node(a, span, CORE_CALL);
    e->as.call.function = function;
    e->as.call.args = exprs(a, args, count);
    return e;
}

CoreExpr *core_call_ext(Arena *a, Span span, Name module, Name name, CoreExpr *const *args,
                        uint32_t count) {
    CoreExpr *e = node(a, span, CORE_CALL_EXT);
    e->as.call_ext.module = module;
    e->as.call_ext.name = name;
    e->as.call_ext.args = exprs(a, args, count);
    return e;
}

CoreExpr *core_call_fun(Arena *a, Span span, CoreExpr *function, CoreExpr *const *args,
                        uint32_t count) {
    CoreExpr *e = node(a, span, CORE_CALL_FUN);
    e->as.call_fun.function = function;
    e->as.call_fun.args = exprs(a, args, count);
    return e;
}

CoreExpr *core_prim(Arena *a, Span span, CorePrim prim, CoreExpr *const *args, uint32_t count) {
    CoreExpr *e = node(a, span, CORE_PRIM);
    e->as.prim.prim = prim;
    e->as.prim.args = exprs(a, args, count);
    return e;
}

CoreExpr *core_prim_at(Arena *a, Span span, CorePrim prim, uint32_t index, CoreExpr *arg) {
    CoreExpr *e = core_prim(a, span, prim, CORE_ARGS(arg));
    e->as.prim.index = index;
    return e;
}

CoreExpr *core_closure(Arena *a, Span span, uint32_t function, CoreExpr *const *captured,
                       uint32_t count) {
    CoreExpr *e = node(a, span, CORE_CLOSURE);
    e->as.call.function = function;
    e->as.call.args = exprs(a, captured, count);
    return e;
}

CoreExpr *core_fail(Arena *a, Span span, CoreExpr *reason) {
    CoreExpr *e = node(a, span, CORE_FAIL);
    e->as.value = reason;
    return e;
}

CoreExpr *core_fail_with(Arena *a, Span span, Name atom, CoreExpr *value) {
    CoreExpr *e = node(a, span, CORE_FAIL_WITH);
    e->as.fail_with.atom = atom;
    e->as.fail_with.value = value;
    return e;
}

CoreExpr *core_reraise(Arena *a, Span span, CoreExpr *reason) {
    CoreExpr *e = node(a, span, CORE_RERAISE);
    e->as.value = reason;
    return e;
}

CoreExpr *core_try(Arena *a, Span span, CoreExpr *body, CoreVar reason, CoreExpr *handler) {
    CoreExpr *e = node(a, span, CORE_TRY);
    e->as.try_.body = body;
    e->as.try_.reason = reason;
    e->as.try_.handler = handler;
    return e;
}

CoreExpr *core_slot_new(Arena *a, Span span, CoreSlot slot, CoreExpr *value, CoreExpr *body) {
    CoreExpr *e = node(a, span, CORE_SLOT_NEW);
    e->as.slot.slot = slot;
    e->as.slot.value = value;
    e->as.slot.body = body;
    return e;
}

CoreExpr *core_slot_get(Arena *a, Span span, CoreSlot slot) {
    CoreExpr *e = node(a, span, CORE_SLOT_GET);
    e->as.slot.slot = slot;
    return e;
}

CoreExpr *core_slot_set(Arena *a, Span span, CoreSlot slot, CoreExpr *value) {
    CoreExpr *e = node(a, span, CORE_SLOT_SET);
    e->as.slot.slot = slot;
    e->as.slot.value = value;
    return e;
}

CoreExpr *core_take(Arena *a, Span span, CoreExpr *body) {
    CoreExpr *e = node(a, span, CORE_TAKE);
    e->as.value = body;
    return e;
}

CoreExpr *core_skip(Arena *a, Span span) {
    return node(a, span, CORE_SKIP);
}

CoreExpr *core_receive(Arena *a, Span span, CoreVar message) {
    CoreExpr *e = node(a, span, CORE_RECEIVE);
    e->as.receive.message = message;
    return e;
}

CoreExpr *core_bits(Arena *a, Span span, CoreSegment *segments, uint32_t count) {
    CoreExpr *e = node(a, span, CORE_BITS);
    e->as.bits.segments = segments;
    e->as.bits.count = count;
    return e;
}

CoreExpr *core_again(Arena *a, const CoreExpr *e) {
    ASSERT(core_is_atomic(e));
    return arena_copy(a, e, node_sizes[e->kind]);
}

static bool record_is(const CoreRecord *r, Name module_name, Name name, const Name *fields,
                      uint32_t field_count) {
    return r->module == module_name && r->name == name && r->field_count == field_count &&
           (field_count == 0 || memcmp(r->fields, fields, field_count * sizeof(Name)) == 0);
}

uint32_t core_record(Arena *a, CoreModule *module, Name module_name, Name name, const Name *fields,
                     uint32_t field_count) {
    for (uint32_t i = 0; i < module->records.len; i++) {
        if (record_is(&module->records.items[i], module_name, name, fields, field_count)) {
            return i;
        }
    }
    CoreRecord record = {.module = module_name, .name = name, .field_count = field_count};
    record.fields = arena_copy(a, fields, field_count * sizeof(Name));
    vec_push(a, &module->records, record);
    return module->records.len - 1;
}

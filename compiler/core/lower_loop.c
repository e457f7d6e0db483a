// Loops: `for` and the comprehensions.
//
// A source becomes a loop in place, a recursive join, so that a body may assign an actor's state.
// Its parameters are what remains and what was collected so far:
//
//     join L(rest, acc) = is_cons rest ? { x = head, t = tail; body; jump L(t, acc') }
//                       : is_empty rest ? done
//                       : jump L(Vm.iterate(rest), acc)
//
// Vm.iterate turns any other enumerable into a list, or into some elements before the enumerable of
// the others, so one body serves all kinds. A range that is written as such counts instead. The
// loops of several sources nest; the end of an inner one jumps to the next round of the one around
// it.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/lower_private.h"
#include "vm/ops/ops.h"

enum { LOOP_MAX_SOURCES = 64 };

typedef struct Loop Loop;

// One source of a loop being lowered.
typedef struct Level {
    Loop *loop;
    const AstSource *source;
    CoreLabel label;
    CoreVar acc;     // 0: nothing is collected
    CoreVar tail;    // of a list
    CoreVar counter; // of a range; else 0
    struct Level *outer;
} Level;

struct Loop {
    Lower *L;
    Span span;
    const AstList *sources;
    uint32_t next; // source to be lowered next
    bool collects;
    // The innermost body: what is collected next, given what is so far; for `for` an effect.
    CoreExpr *(*body)(Lower *L, CoreExpr *acc, const void *data);
    // The value of the whole, given what was collected.
    CoreExpr *(*result)(Lower *L, Span span, CoreExpr *acc);
    const void *data;
};

static CoreExpr *lower_level(Loop *loop, Level *outer, CoreExpr *acc);

static CoreExpr *var(Lower *L, Span span, CoreVar v) {
    return core_var(L->arena, span, v);
}

// The next round of a level; `acc` is what is collected by then.
static CoreExpr *next_round(Level *level, CoreExpr *acc) {
    Lower *L = level->loop->L;
    Span span = level->source->node.span;
    CoreExpr *rest =
        level->counter == 0
            ? var(L, span, level->tail)
            : core_prim(L->arena, span, PRIM_ADD,
                        CORE_ARGS(var(L, span, level->counter), core_int(L->arena, span, 1)));
    return core_jump(L->arena, span, level->label, (CoreExpr *[]){rest, acc}, acc == NULL ? 1 : 2);
}

static CoreExpr *acc_of(Level *level) {
    return level->acc == 0 ? NULL : var(level->loop->L, level->source->node.span, level->acc);
}

// What happens when a level has nothing more.
static CoreExpr *finish(Level *level) {
    return level->outer != NULL
               ? next_round(level->outer, acc_of(level))
               : level->loop->result(level->loop->L, level->loop->span, acc_of(level));
}

// An element fits its pattern and filter: the next source, or the body.
static CoreExpr *inside(Level *level) {
    Loop *loop = level->loop;
    Lower *L = loop->L;
    if (loop->next < loop->sources->len) {
        return lower_level(loop, level, acc_of(level));
    }
    CoreExpr *made = loop->body(L, acc_of(level), loop->data);
    if (loop->collects) {
        return next_round(level, made);
    }
    return core_seq(L->arena, made->span, made, next_round(level, NULL));
}

static CoreExpr *fitting(Lower *L, const LowerClause *clause, uint32_t index, void *data) {
    (void)index;
    (void)clause;
    Level *level = data;
    const AstNode *filter = level->source->filter;
    if (filter == NULL) {
        return inside(level);
    }
    Target yes = {0};
    Target no = {0};
    CoreExpr *branches = lower_condition(L, filter, &yes, &no);
    CoreExpr *taken = inside(level);
    branches = lower_place(L, &yes, filter->span, taken, branches);
    return lower_place(L, &no, filter->span, next_round(level, acc_of(level)), branches);
}

static CoreExpr *element(Level *level, CoreVar x) {
    Lower *L = level->loop->L;
    AstNode *pattern = level->source->pattern;
    LowerClause clause = {.patterns = &pattern, .span = pattern->span};
    return lower_clauses(L, pattern->span, &x, 1, &clause, 1, fitting,
                         next_round(level, acc_of(level)), level);
}

static CoreExpr *around(Level *level, CoreVar rest, CoreExpr *round, CoreExpr *start,
                        CoreExpr *acc) {
    Lower *L = level->loop->L;
    Span span = level->source->node.span;
    CoreVar params[] = {rest, level->acc};
    CoreExpr *args[] = {start, acc};
    uint32_t count = acc == NULL ? 1 : 2;
    CoreExpr *enter = core_jump(L->arena, span, level->label, args, count);
    return core_join(L->arena, span, level->label, true, params, count, round, enter);
}

static CoreExpr *list_level(Level *level, CoreExpr *start, CoreExpr *acc) {
    Lower *L = level->loop->L;
    Span span = level->source->iterable->span;
    CoreVar rest = lower_var(L);
    CoreVar x = lower_var(L);
    level->tail = lower_var(L);
    CoreExpr *more = lower_runtime(L, span, RUNTIME_Vm_iterate_1, CORE_ARGS(var(L, span, rest)));
    CoreExpr *again = core_jump(L->arena, span, level->label, (CoreExpr *[]){more, acc_of(level)},
                                acc == NULL ? 1 : 2);
    CoreExpr *end =
        core_test(L->arena, span, TEST_IS_EMPTY, var(L, span, rest), NULL, finish(level), again);
    CoreExpr *round = element(level, x);
    round = core_let(L->arena, span, level->tail,
                     core_prim(L->arena, span, PRIM_TAIL, CORE_ARGS(var(L, span, rest))), round);
    round = core_let(L->arena, span, x,
                     core_prim(L->arena, span, PRIM_HEAD, CORE_ARGS(var(L, span, rest))), round);
    round = core_test(L->arena, span, TEST_IS_CONS, var(L, span, rest), NULL, round, end);
    return around(level, rest, round, start, acc);
}

// Fails as a range of no integers does, before the loop.
static CoreExpr *need_int(Lower *L, Span span, const CoreExpr *bound, CoreExpr *then) {
    if (bound->kind == CORE_LIT && bound->as.lit->kind == CONST_INT) {
        return then;
    }
    CoreExpr *fail =
        core_fail_with(L->arena, span, lower_known(L, NAME_BADARG), core_again(L->arena, bound));
    return core_test(L->arena, span, TEST_IS_INT, core_again(L->arena, bound), NULL, then, fail);
}

static CoreExpr *range_level(Level *level, const AstBinary *range, CoreExpr *acc) {
    Lower *L = level->loop->L;
    Span span = range->node.span;
    Chain chain = {0};
    CoreExpr *first = chain_hold(L, &chain, lower_expr(L, range->left));
    CoreExpr *last = chain_hold(L, &chain, lower_expr(L, range->right));
    level->counter = lower_var(L);
    CoreExpr *end = finish(level);
    CoreExpr *round = element(level, level->counter);
    round = core_test(L->arena, span, TEST_GE, last, var(L, span, level->counter), round, end);
    CoreExpr *loop = around(level, level->counter, round, first, acc);
    CoreExpr *checked = need_int(L, span, first, need_int(L, span, last, loop));
    return chain_end(&chain, checked);
}

static CoreExpr *lower_level(Loop *loop, Level *outer, CoreExpr *acc) {
    Lower *L = loop->L;
    const AstSource *source = AST_AS(Source, loop->sources->items[loop->next++]);
    Level level = {.loop = loop, .source = source, .outer = outer};
    const AstNode *iterable = source->iterable;
    bool is_range = iterable->kind == AST_BINARY && AST_AS(Binary, iterable)->op == AST_OP_RANGE;
    CoreExpr *result;
    if (is_range) {
        level.label = lower_label(L);
        level.acc = loop->collects ? lower_var(L) : 0;
        result = range_level(&level, AST_AS(Binary, iterable), acc);
    } else {
        CoreExpr *start = lower_expr(L, iterable);
        level.label = lower_label(L);
        level.acc = loop->collects ? lower_var(L) : 0;
        result = list_level(&level, start, acc);
    }
    loop->next--;
    return result;
}

static CoreExpr *lower_sources(Loop *loop, CoreExpr *acc) {
    if (loop->sources->len > LOOP_MAX_SOURCES) {
        DIAG(loop->L->diags, nested_too_deeply, loop->span);
        return lower_nil(loop->L, loop->span);
    }
    return lower_level(loop, NULL, acc);
}

// ---- for ----------------------------------------------------------------------------------------

static CoreExpr *for_body(Lower *L, CoreExpr *acc, const void *data) {
    (void)acc;
    return lower_block(L, ((const AstFor *)data)->body, false);
}

static CoreExpr *for_result(Lower *L, Span span, CoreExpr *acc) {
    (void)acc;
    return lower_ok(L, span);
}

CoreExpr *lower_for(Lower *L, const AstFor *node) {
    Loop loop = {.L = L,
                 .span = node->node.span,
                 .sources = &node->sources,
                 .body = for_body,
                 .result = for_result,
                 .data = node};
    return lower_sources(&loop, NULL);
}

// ---- Comprehensions -----------------------------------------------------------------------------

static CoreExpr *list_body(Lower *L, CoreExpr *acc, const void *data) {
    const AstListComp *comp = data;
    CoreExpr *value = lower_expr(L, comp->body);
    return core_prim(L->arena, value->span, PRIM_CONS, CORE_ARGS(value, acc));
}

static CoreExpr *list_result(Lower *L, Span span, CoreExpr *acc) {
    return lower_runtime(L, span, RUNTIME_Vm_reverse_2, CORE_ARGS(acc, core_empty(L->arena, span)));
}

CoreExpr *lower_list_comp(Lower *L, const AstListComp *comp) {
    Loop loop = {.L = L,
                 .span = comp->node.span,
                 .sources = &comp->sources,
                 .collects = true,
                 .body = list_body,
                 .result = list_result,
                 .data = comp};
    return lower_sources(&loop, core_empty(L->arena, comp->node.span));
}

static CoreExpr *map_body(Lower *L, CoreExpr *acc, const void *data) {
    const AstMapComp *comp = data;
    CoreExpr *key = lower_expr(L, comp->entry->key);
    CoreExpr *value = lower_expr(L, comp->entry->value);
    CoreExpr *pair = core_prim(L->arena, comp->entry->node.span, PRIM_TUPLE, CORE_ARGS(key, value));
    return core_prim(L->arena, comp->entry->node.span, PRIM_CONS, CORE_ARGS(pair, acc));
}

static CoreExpr *map_result(Lower *L, Span span, CoreExpr *acc) {
    return lower_runtime(L, span, RUNTIME_Vm_map_collect_1, CORE_ARGS(acc));
}

CoreExpr *lower_map_comp(Lower *L, const AstMapComp *comp) {
    Loop loop = {.L = L,
                 .span = comp->node.span,
                 .sources = &comp->sources,
                 .collects = true,
                 .body = map_body,
                 .result = map_result,
                 .data = comp};
    return lower_sources(&loop, core_empty(L->arena, comp->node.span));
}

// Is each segment surely a whole number of bytes? Then they can be joined as they come.
static bool is_whole(const AstSegment *segment) {
    if (segment->kind == AST_SEGMENT_BYTES || segment->kind == AST_SEGMENT_UTF8 ||
        segment->size == NULL) {
        return true;
    }
    return segment->size->kind == AST_INT && AST_AS(Int, segment->size)->fits &&
           AST_AS(Int, segment->size)->value % 8 == 0;
}

static CoreExpr *joined_body(Lower *L, CoreExpr *acc, const void *data) {
    const AstBytesComp *comp = data;
    CoreSegment *segment = arena_alloc(L->arena, sizeof(CoreSegment));
    *segment = lower_segment(L, comp->segment);
    Span span = comp->segment->node.span;
    CoreExpr *piece = core_bits(L->arena, span, segment, 1);
    return lower_concat(L, span, acc, piece);
}

static CoreExpr *joined_result(Lower *L, Span span, CoreExpr *acc) {
    (void)L;
    (void)span;
    return acc;
}

static CoreExpr *pieces_body(Lower *L, CoreExpr *acc, const void *data) {
    const AstBytesComp *comp = data;
    CoreSegment segment = lower_segment(L, comp->segment);
    Span span = comp->segment->node.span;
    CoreExpr *spec = core_int(L->arena, span, segment.spec);
    CoreExpr *piece =
        core_prim(L->arena, span, PRIM_TUPLE, CORE_ARGS(spec, segment.value, segment.size));
    return core_prim(L->arena, span, PRIM_CONS, CORE_ARGS(piece, acc));
}

static CoreExpr *pieces_result(Lower *L, Span span, CoreExpr *acc) {
    return lower_runtime(L, span, RUNTIME_Vm_bits_collect_1, CORE_ARGS(acc));
}

CoreExpr *lower_bytes_comp(Lower *L, const AstBytesComp *comp) {
    Span span = comp->node.span;
    bool whole = is_whole(comp->segment);
    Loop loop = {.L = L,
                 .span = span,
                 .sources = &comp->sources,
                 .collects = true,
                 .body = whole ? joined_body : pieces_body,
                 .result = whole ? joined_result : pieces_result,
                 .data = comp};
    return lower_sources(&loop,
                         whole ? core_bytes(L->arena, span, STR("")) : core_empty(L->arena, span));
}

// Expressions: the one place that knows all kinds.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/core/actor.h"
#include "compiler/core/lower_private.h"

static CoreExpr *prim2(Lower *L, const AstBinary *binary, CorePrim prim) {
    CoreExpr *left = lower_expr(L, binary->left);
    CoreExpr *right = lower_expr(L, binary->right);
    return lower_guarded(L, core_prim(L->arena, binary->node.span, prim, CORE_ARGS(left, right)));
}

static CoreExpr *append(Lower *L, const AstBinary *binary) {
    if (L->guard != NULL) {
        return lower_not_in_guard(L, &binary->node);
    }
    CoreExpr *left = lower_expr(L, binary->left);
    CoreExpr *right = lower_expr(L, binary->right);
    return lower_runtime(L, binary->node.span, RUNTIME_Vm_append_2, CORE_ARGS(left, right));
}

static CoreExpr *concat(Lower *L, const AstBinary *binary) {
    CoreExpr *left = lower_expr(L, binary->left);
    CoreExpr *right = lower_expr(L, binary->right);
    return lower_concat(L, binary->node.span, left, right);
}

static CoreExpr *lower_binary(Lower *L, const AstBinary *binary, bool is_tail) {
    switch (binary->op) {
    case AST_OP_AND:
    case AST_OP_OR: return lower_and_or(L, binary, is_tail);
    case AST_OP_EQ:
    case AST_OP_NE:
    case AST_OP_SAME:
    case AST_OP_DIFFERS:
    case AST_OP_LT:
    case AST_OP_LE:
    case AST_OP_GT:
    case AST_OP_GE:
    case AST_OP_IN: return lower_truth(L, &binary->node);
    case AST_OP_APPEND: return append(L, binary);
    case AST_OP_CONCAT: return concat(L, binary);
    case AST_OP_RANGE: return prim2(L, binary, PRIM_RANGE);
    case AST_OP_ADD: return prim2(L, binary, PRIM_ADD);
    case AST_OP_SUB: return prim2(L, binary, PRIM_SUB);
    case AST_OP_MUL: return prim2(L, binary, PRIM_MUL);
    case AST_OP_DIV: return prim2(L, binary, PRIM_DIV);
    case AST_OP_IDIV: return prim2(L, binary, PRIM_IDIV);
    case AST_OP_MOD: return prim2(L, binary, PRIM_MOD);
    case AST_OP_NOT:
    case AST_OP_NEG:
    case AST_OP_COUNT: break;
    }
    CHECK(!"a binary operator");
    return NULL;
}

static CoreExpr *lower_unary(Lower *L, const AstUnary *unary) {
    Span span = unary->node.span;
    if (unary->op == AST_OP_NOT) {
        return lower_truth(L, &unary->node);
    }
    CoreExpr *operand = lower_expr(L, unary->operand);
    if (operand->kind == CORE_LIT && operand->as.lit->kind == CONST_INT &&
        operand->as.lit->integer != INT64_MIN) {
        return core_int(L->arena, span, -operand->as.lit->integer);
    }
    if (operand->kind == CORE_LIT && operand->as.lit->kind == CONST_FLOAT) {
        return core_lit(L->arena, span, core_const_float(L->arena, -operand->as.lit->number));
    }
    return lower_guarded(L, core_prim(L->arena, span, PRIM_NEG, CORE_ARGS(operand)));
}

// A message is an atom more often than not, and its colon is forgotten.
static CoreExpr *lower_message(Lower *L, const AstNode *message) {
    uint32_t before = L->diags->list.len;
    CoreExpr *result = lower_expr(L, message);
    if (message->kind == AST_VAR && L->diags->list.len > before) {
        Diag *diag = &L->diags->list.items[before];
        if (diag->id == DIAG_unknown_name && diag->hint.len == 0) {
            Str name = name_str(AST_AS(Var, message)->name);
            Buf hint = buf_new(L->arena);
            buf_format(&hint, "an atom is written `:%.*s`", (int)name.len, name.ptr);
            diag->hint = buf_view(&hint);
        }
    }
    return result;
}

static CoreExpr *lower_send(Lower *L, const AstSend *send) {
    CoreExpr *to = lower_expr(L, send->to);
    CoreExpr *message = lower_message(L, send->message);
    return core_prim(L->arena, send->node.span, PRIM_SEND, CORE_ARGS(to, message));
}

enum { ASK_TIMEOUT_MS = 5000 };

static CoreExpr *lower_ask(Lower *L, const AstAsk *ask) {
    Span span = ask->node.span;
    CoreExpr *to = lower_expr(L, ask->to);
    CoreExpr *message = lower_message(L, ask->message);
    CoreExpr *timeout = ask->timeout != NULL ? lower_expr(L, ask->timeout)
                                             : core_int(L->arena, span, ASK_TIMEOUT_MS);
    return core_prim(L->arena, span, PRIM_ASK, CORE_ARGS(to, message, timeout));
}

static CoreExpr *lower_field(Lower *L, const AstField *field) {
    CoreExpr *object = lower_expr(L, field->object);
    CoreExpr *get = core_prim(L->arena, field->node.span, PRIM_GET, CORE_ARGS(object));
    get->as.prim.name = field->name;
    return lower_guarded(L, get);
}

static CoreExpr *lower_index(Lower *L, const AstIndex *index) {
    CoreExpr *object = lower_expr(L, index->object);
    CoreExpr *key = lower_expr(L, index->key);
    return lower_guarded(L,
                         core_prim(L->arena, index->node.span, PRIM_INDEX, CORE_ARGS(object, key)));
}

static bool may_stand_in_guard(AstKind kind) {
    switch (kind) {
    case AST_INT:
    case AST_FLOAT:
    case AST_STRING:
    case AST_ATOM:
    case AST_VAR:
    case AST_REMOTE:
    case AST_FN_REF:
    case AST_TUPLE:
    case AST_TAGGED:
    case AST_LIST:
    case AST_MAP:
    case AST_RECORD:
    case AST_BINARY:
    case AST_UNARY:
    case AST_FIELD:
    case AST_INDEX:
    // These say for themselves why not:
    case AST_CALL:
    case AST_PIPE:
    case AST_PATH:
    case AST_INTERPOLATION:
    case AST_BYTES: return true;
    default: return false;
    }
}

CoreExpr *lower_at(Lower *L, const AstNode *node, bool is_tail) {
    if (L->guard != NULL && !may_stand_in_guard(node->kind)) {
        return lower_not_in_guard(L, node);
    }
    switch (node->kind) {
    case AST_INT: return lower_int(L, AST_AS(Int, node));
    case AST_FLOAT:
        return core_lit(L->arena, node->span,
                        core_const_float(L->arena, AST_AS(Float, node)->value));
    case AST_STRING: return lower_string(L, AST_AS(String, node));
    case AST_ATOM: return core_atom(L->arena, node->span, AST_AS(Atom, node)->name);
    case AST_INTERPOLATION: return lower_interpolation(L, AST_AS(Interpolation, node));
    case AST_VAR: return lower_name_value(L, AST_AS(Var, node)->name, node->span);
    case AST_PATH: return lower_path(L, AST_AS(Path, node));
    case AST_REMOTE: return lower_remote(L, AST_AS(Remote, node));
    case AST_FN_REF: return lower_fn_ref(L, AST_AS(FnRef, node));
    case AST_TUPLE: return lower_tuple(L, node->span, NULL, &AST_AS(Tuple, node)->items);
    case AST_TAGGED:
        return lower_tuple(L, node->span, AST_AS(Tagged, node)->tag, &AST_AS(Tagged, node)->args);
    case AST_LIST: return lower_list_expr(L, AST_AS(ListExpr, node));
    case AST_MAP: return lower_map(L, AST_AS(Map, node));
    case AST_RECORD: return lower_record(L, AST_AS(Record, node));
    case AST_BYTES: return lower_bytes(L, AST_AS(Bytes, node));
    case AST_LIST_COMP: return lower_list_comp(L, AST_AS(ListComp, node));
    case AST_MAP_COMP: return lower_map_comp(L, AST_AS(MapComp, node));
    case AST_BYTES_COMP: return lower_bytes_comp(L, AST_AS(BytesComp, node));
    case AST_BINARY: return lower_binary(L, AST_AS(Binary, node), is_tail);
    case AST_UNARY: return lower_unary(L, AST_AS(Unary, node));
    case AST_PIPE: return lower_pipe(L, AST_AS(Pipe, node), is_tail);
    case AST_SEND: return lower_send(L, AST_AS(Send, node));
    case AST_ASK: return lower_ask(L, AST_AS(Ask, node));
    case AST_CALL: return lower_call(L, AST_AS(Call, node), is_tail);
    case AST_FIELD: return lower_field(L, AST_AS(Field, node));
    case AST_INDEX: return lower_index(L, AST_AS(Index, node));
    case AST_LAMBDA: return lower_lambda(L, AST_AS(Lambda, node));
    case AST_SPAWN: return actor_lower_spawn(L, AST_AS(Spawn, node));
    case AST_SPAWN_BLOCK: return actor_lower_spawn_block(L, AST_AS(SpawnBlock, node));
    case AST_ASSERT: return lower_assert(L, AST_AS(Assert, node));
    case AST_BLOCK: return lower_block(L, AST_AS(Block, node), is_tail);
    case AST_IF: return lower_if(L, AST_AS(If, node), is_tail);
    case AST_MATCH: return lower_match(L, AST_AS(Match, node), is_tail);
    case AST_TRY: return lower_try(L, AST_AS(Try, node), is_tail);
    case AST_RECEIVE: return lower_receive(L, AST_AS(Receive, node), is_tail);
    case AST_FOR: return lower_for(L, AST_AS(For, node));
    case AST_ASSIGN: return lower_assign(L, AST_AS(Assign, node));
    case AST_BECOME: return actor_lower_become(L, AST_AS(Become, node));
    default: break;
    }
    CHECK(!"an expression");
    return NULL;
}

CoreExpr *lower_expr(Lower *L, const AstNode *node) {
    return lower_at(L, node, false);
}
CoreExpr *lower_tail(Lower *L, const AstNode *node) {
    return lower_at(L, node, true);
}

CoreExpr *lower_runtime(Lower *L, Span span, Runtime function, CoreExpr *const *args,
                        uint32_t count) {
    static const struct {
        const char *module;
        const char *name;
        uint32_t arity;
    } all[] = {
#define RUNTIME(module, name, arity, meaning) {#module, #name, arity},
#include "compiler/core/runtime.def"
#undef RUNTIME
    };
    CHECK(function < RUNTIME_COUNT);
    CHECK(all[function].arity == count);
    RuntimeName *name = &L->runtime[function];
    if (name->name == NULL) {
        *name =
            (RuntimeName){lower_name(L, all[function].module), lower_name(L, all[function].name)};
    }
    return core_call_ext(L->arena, span, name->module, name->name, args, count);
}

// Types that annotations name: each is built in, or a type, record, actor or supervisor in sight,
// with as many arguments as it has parameters.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/check/check.h"

static const char *const built_in[] = {"Int",  "Float", "Number", "String", "Bytes", "Atom",
                                       "Bool", "Pid",   "Ref",    "Any",    "Never"};

static bool is_built_in(Name name) {
    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
        if (str_is(name_str(name), built_in[i])) {
            return true;
        }
    }
    return false;
}

static void check_arity(Scope *scope, const AstTypeName *type, uint32_t params) {
    if (type->args.len != params) {
        Buf counts[2] = {buf_new(scope->modules->arena), buf_new(scope->modules->arena)};
        buf_format(&counts[0], "%u", params);
        buf_format(&counts[1], "%u", type->args.len);
        DIAG(scope->modules->diags, type_arity, type->node.span, name_str(type->path->name),
             buf_view(&counts[0]), buf_view(&counts[1]));
    }
}

static void check_type_name(Scope *scope, const AstTypeName *type) {
    if (is_built_in(type->path->name)) {
        check_arity(scope, type, 0);
        return;
    }
    const Def *def = scope_find_def(scope, type->path);
    if (def == NULL) {
        scope_unknown_type(scope, type->path, built_in, sizeof(built_in) / sizeof(built_in[0]));
    } else {
        check_arity(scope, type, def->kind == DEF_TYPE ? def->arity_max : 0);
    }
}

static void visit(AstNode *node, void *data) {
    if (node->kind == AST_TYPE_NAME) {
        check_type_name(data, AST_AS(TypeName, node));
    }
    // The types of C functions are names of their own.
    if (node->kind == AST_EXTERN && !str_is(AST_AS(Extern, node)->library, "vm")) {
        return;
    }
    ast_each_child(node, visit, data);
}

void check_module(Scope *scope) {
    visit((AstNode *)&scope->own->ast->node, scope);
}

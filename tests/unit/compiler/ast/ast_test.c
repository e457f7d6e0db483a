// compiler/ast: shapes, heights, printing, and what the verifier catches.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ast/ast.h"

#include "compiler/ast/print.h"
#include "tests/unit/compiler/source_fixture.h"

Test(ast, shapes) {
    for (int kind = 0; kind < AST_KIND_COUNT; kind++) {
        const AstShape *shape = ast_shape((AstKind)kind);
        cr_expect_gt(strlen(shape->name), 0);
        cr_expect_neq(shape->classes, 0, "%s", shape->name);
        for (uint32_t i = 0; i < shape->field_count; i++) {
            const AstFieldInfo *field = &shape->fields[i];
            cr_expect_geq(field->offset, sizeof(AstNode), "%s.%s", shape->name, field->name);
            cr_expect_lt(field->offset, shape->size_bytes, "%s.%s", shape->name, field->name);
            bool is_child = field->type <= AST_FIELD_LIST;
            cr_expect(is_child == (field->classes != 0 || field->kind != 0), "%s.%s", shape->name,
                      field->name);
        }
    }
    cr_expect_str_eq(ast_shape(AST_CALL)->name, "Call");
    cr_expect_str_eq(ast_op_text(AST_OP_IDIV), "//");
}

Test(ast, heights) {
    Fixture f;
    fixture_parse(&f, "f(1, g(2))");
    cr_expect_eq(f.module->node.height, 4);
    fixture_free(&f);
}

static void collect(AstNode *child, void *data) {
    buf_format(data, "%s ", ast_shape(child->kind)->name);
}

Test(ast, children_in_order) {
    Fixture f;
    fixture_parse(&f, "fn f(a, b) if c -> Int = d");
    Buf out = buf_new(&f.arena);
    ast_each_child(f.module->defs.items[0], collect, &out);
    cr_expect(str_is(buf_view(&out), "Param Param Var TypeName Var "));
    fixture_free(&f);
}

Test(ast, printing) {
    Fixture f;
    fixture_parse(&f, "fn f(x) {\n  x + 0xff <> \"a\\n\"\n}\nspawn link { 1.5 }");
    Buf out = buf_new(&f.arena);
    ast_print(&f.module->node, &f.sources, &out);
    buf_byte(&out, '\0');
    cr_expect_str_eq(out.ptr, "Module 1:1\n"
                              "  defs[0]: Fn 1:1 name=f\n"
                              "    params[0]: Param 1:6\n"
                              "      pattern: PatVar 1:6 name=x\n"
                              "    body: Block 1:9\n"
                              "      stmts[0]: Binary 2:3 op=<>\n"
                              "        left: Binary 2:3 op=+\n"
                              "          left: Var 2:3 name=x\n"
                              "          right: Int 2:7 digits=\"ff\" radix=16 fits value=255\n"
                              "        right: String 2:15 bytes=\"a\\n\"\n"
                              "  stmts[0]: SpawnBlock 4:1 mode=link\n"
                              "    body: Block 4:12\n"
                              "      stmts[0]: Float 4:14 value=1.5\n");
    fixture_free(&f);
}

static bool is_bad(Fixture *f) {
    return ast_verify(&f->module->node, &f->sources, &f->arena).len > 0;
}

Test(ast, verifier_catches) {
    Fixture f;
    fixture_parse(&f, "receive { x => 1; after 1 => 2 }\nlet y = f(3)");
    cr_assert_not(is_bad(&f));
    AstReceive *receive = AST_AS(Receive, f.module->stmts.items[0]);
    AstLet *let = AST_AS(Let, f.module->stmts.items[1]);
    AstCall *call = AST_AS(Call, let->value);

    AstNode *body = receive->timeout_body;
    receive->timeout_body = NULL;
    cr_expect(is_bad(&f), "a rule in words");
    receive->timeout_body = body;

    AstNode *pattern = let->pattern;
    let->pattern = call->args.items[0];
    cr_expect_not(is_bad(&f), "an Int is a pattern too");
    let->pattern = call->callee;
    cr_expect(is_bad(&f), "a Var is none");
    let->pattern = NULL;
    cr_expect(is_bad(&f), "a child that must be there");
    let->pattern = pattern;

    call->node.height = 1;
    cr_expect(is_bad(&f), "heights");
    call->node.height = 2;
    call->args.items[0]->span.offset = 1000;
    cr_expect(is_bad(&f), "spans");
    call->args.items[0]->span.offset = 0;
    cr_expect_not(is_bad(&f));
    fixture_free(&f);
}

// compiler/parse: doc comments find their definitions; numbers and spans of nodes.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

Test(parse_doc, attachment) {
    static const LineCase cases[] = {
        {"## A.\n## B.\nfn f() = 1", "(Fn f (Doc \"A.\\nB.\") 1)"},
        {"## A.\n\nfn f() = 1", "(Fn f 1)"},
        {"fn g() = 1\n## A.\n\nfn f() = 1", "(Fn g 1); (Fn f (Doc \"A.\") 1)"},
        {"## M.\n\n## A.\n##\n##   B.\npub const c = 1",
         "(Const is_pub c (Doc \"A.\\n\\n  B.\") 1)"},
        {"## M.\nimport List", "(Import List)"},
        {"## A.\n# not B\npub record R {\n  ## x\n  x: Int\n}",
         "(RecordDef is_pub R (Doc \"A.\") (FieldDef x (Doc \"x\") (TypeName Int)))"},
        {"actor A() {\n  ## s\n  state s = 1\n  ## h\n  on :a { 1 }\n  ## b\n  behaviour b {\n    ## c\n"
         "    on :c { 1 } }\n}",
         "(Actor A (State s (Doc \"s\") 1) (Handler (Doc \"h\") :a (Block 1)) "
         "(Behaviour b (Doc \"b\") (Handler (Doc \"c\") :c (Block 1))))"},
        {"## D.\ndurable actor A() {}", "(Actor is_durable A (Doc \"D.\"))"},
        {"## D.\npub dynamic supervisor A() {}", "(Supervisor is_pub is_dynamic A (Doc \"D.\"))"},
        {"let a = 1 ## no\nfn f() = 1", "(Fn f 1); (Let (PatVar a) 1)"},
        {"### no\n##no\nfn f() = 1", "(Fn f 1)"},
        {"## T.\r\n## U.\r\ntype T = :a\r\n", "(TypeDef T (Doc \"T.\\nU.\") (TypeAtom a))"},
    };
    CHECK_LINES(cases);
}

Test(parse_doc, module) {
    static const LineCase cases[] = {
        {"## M.\n\nfn f() = 1", "M."},
        {"## M.\n\n## A.\nfn f() = 1", "M."},
        {"## M.\nimport List", "M."},
        {"#!/usr/bin/env coppice\n## M.\n\nlet a = 1", "M."},
        {"## M.", "M."},
        {"# c\n\n## M.\n\n# d\n", "M."},
        {"## A.\nfn f() = 1", NULL},
        {"fn f() = 1\n## M.\n\n", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Fixture f;
        fixture_parse(&f, cases[i].source);
        const AstDoc *doc = f.module->doc;
        if (cases[i].line == NULL) {
            cr_expect_null(doc, "%s", cases[i].source);
        } else {
            cr_assert(doc != NULL, "%s", cases[i].source);
            cr_expect(str_is(doc->text, cases[i].line), "%s", cases[i].source);
        }
        fixture_free(&f);
    }
}

Test(parse_doc, numbers) {
    static const LineCase cases[] = {
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "(Int \"9223372036854775808\" 10)"},
        {"0x7fff_ffff_ffff_ffff", "(Int \"7fffffffffffffff\" 16 fits)"},
        {"0xFFFF_FFFF_FFFF_FFFF", "(Int \"ffffffffffffffff\" 16)"},
        {"0b1010 + 0o17", "(Binary + (Int \"1010\" 2 fits) (Int \"17\" 8 fits))"},
        {"007", "7"},
        {"1_0.2_5e-1_0", "(Float 1.0250000000000001e-09)"},
        {"4.9e-324 + 1.7976931348623157e308",
         "(Binary + (Float 4.9406564584124654e-324) (Float 1.7976931348623157e+308))"},
        {"1..2", "(Binary .. 1 2)"},
        {"'\\u{10ffff}' + '\\xff' + 'é'", "(Binary + (Binary + 1114111 255) 233)"},
    };
    CHECK_LINES(cases);
}

Test(parse_doc, spans) {
    Fixture f;
    fixture_parse(&f, "pub fn area(r: Int) = f(\"a#{r}\", 1)\nlet x: Int = -1");
    const AstFn *fn = AST_AS(Fn, f.module->defs.items[0]);
    cr_expect(
        str_is(source_text(&f.sources, fn->node.span), "pub fn area(r: Int) = f(\"a#{r}\", 1)"));
    cr_expect(str_is(source_text(&f.sources, fn->name_span), "area"));
    cr_expect(str_is(source_text(&f.sources, fn->params.items[0]->span), "r: Int"));
    const AstCall *call = AST_AS(Call, fn->body);
    cr_expect(str_is(source_text(&f.sources, call->args.items[0]->span), "\"a#{r}\""));
    const AstLet *let = AST_AS(Let, f.module->stmts.items[0]);
    cr_expect(str_is(source_text(&f.sources, let->node.span), "let x: Int = -1"));
    cr_expect(str_is(source_text(&f.sources, AST_AS(PatTyped, let->pattern)->pattern->span), "x"));
    fixture_free(&f);
}

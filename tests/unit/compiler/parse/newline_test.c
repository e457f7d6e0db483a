// compiler/lex and parse: where a line ends a statement, and words that are keywords only in
// places.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

Test(parse_newline, statements) {
    static const LineCase cases[] = {
        {"a\n"
         "-b",
         "a; (Unary - b)"},
        {"a\n"
         "(b)",
         "a; b"},
        {"a\n"
         "[b]",
         "a; (ListExpr b)"},
        {"a\n"
         "|> f()",
         "(Pipe a (Call f))"},
        {"a\n"
         ".b",
         "(Field b a)"},
        {"a\n"
         "and b\n"
         "or c",
         "(Binary or (Binary and a b) c)"},
        {"let x =\n"
         "  1\n"
         "let y = 1 +\n"
         "  2",
         "(Let (PatVar x) 1); (Let (PatVar y) (Binary + 1 2))"},
        {"f(\n"
         "  a,\n"
         "  b\n"
         ")",
         "(Call f a b)"},
        {"if a { 1 }\n"
         "else { 2 }",
         "(If a (Block 1) (Block 2))"},
        {"try { 1 }\n"
         "catch { x => 1 }",
         "(Try has_catch (Block 1) (Clause (PatVar x) 1))"},
        {"fn f(x)\n"
         "  -> Int = x",
         "(Fn f (Param (PatVar x)) (TypeName Int) x)"},
        {"type T = :a\n"
         "  | :b",
         "(TypeDef T (TypeUnion (TypeAtom a) (TypeAtom b)))"},
        {"let m = %{\n"
         "  a: 1,\n"
         "  b:\n"
         "    2,\n"
         "}",
         "(Let (PatVar m) (Map (Entry :a 1) (Entry :b 2)))"},
        {"f(a,\n"
         "  # comment\n"
         "\n"
         "  ## doc\n"
         "  b)",
         "(Call f a b)"},
        {"a # end\n"
         "b ## no doc",
         "a; b"},
        {"a;;b;\n"
         "c",
         "a; b; c"},
        {"f(fn(x) {\n"
         "  a\n"
         "  -b\n"
         "}, c)",
         "(Call f (Lambda (Param (PatVar x)) (Block a (Unary - b))) c)"},
        {"spawn Door(\n"
         "  1\n"
         ")",
         "(Spawn plain Door 1)"},
        {"match a {\n"
         "  1 =>\n"
         "    2\n"
         "\n"
         "  3 => 4 }",
         "(Match a (Clause 1 2) (Clause 3 4))"},
        {"\"#{\n"
         "  a\n"
         "  + b\n"
         "}\"",
         "(Interpolation (Binary + a b))"},
        {"let type = record\n"
         "type(x)\n"
         "record[1]\n"
         "actor.supervisor",
         "(Let (PatVar type) record); (Call type x); (Index record 1); (Field "
         "supervisor actor)"},
        {"let on = child ? within within state", "(Let (PatVar on) (Ask child within state))"},
        {"x ! :y\n"
         "link",
         "(Send x :y); link"},
        {"test\n"
         "\"x\"",
         "test; (String \"x\")"},
        {"become\n"
         "open",
         "become; open"},
        {"a\n"
         "and_b",
         "a; and_b"},
        {"x = fn(y) => z\n"
         "w",
         "(Assign x (Lambda (Param (PatVar y)) z)); w"},
    };
    CHECK_LINES(cases);
}

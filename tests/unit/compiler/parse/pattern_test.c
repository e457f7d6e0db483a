// compiler/parse: patterns, by their trees.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

Test(parse_pattern, forms) {
    static const LineCase cases[] = {
        {"let (a, [b | _]) = pair",
         "(Let (PatTuple (PatVar a) (PatList (PatVar b) (PatAny))) pair)"},
        {"match v { [x, y | _] => 1; User{name: n, age:} => 2; %{kind: :dog, \"k\" => "
         "a, ^k => b, c:} => 3 }",
         "(Match v (Clause (PatList (PatVar x) (PatVar y) (PatAny)) 1) (Clause "
         "(PatRecord User (PatField name (PatVar n)) (PatField age (PatVar age))) 2) "
         "(Clause (PatMap (PatEntry :kind :dog) (PatEntry (String \"k\") (PatVar a)) "
         "(PatEntry (PatPin k) (PatVar b)) (PatEntry :c (PatVar c))) 3))"},
        {"match v { \"GET \" <> path => 1; \"a\" <> (\"b\" <> c) => 2; \"a\" <> b as c "
         "| \"d\" => 3 }",
         "(Match v (Clause (PatPrefix (String \"GET \") (PatVar path)) 1) (Clause "
         "(PatPrefix (String \"a\") (PatPrefix (String \"b\") (PatVar c))) 2) (Clause "
         "(PatOr (PatAs c (PatPrefix (String \"a\") (PatVar b))) (String \"d\")) 3))"},
        {"match v { <<v::4, _::4, rest::bytes>> => 1; <<n, s::bytes(n - 1), \"x\", (a "
         "| b)::utf8, ^c>> => 2 }",
         "(Match v (Clause (PatBytes (PatSegment int (PatVar v) 4) (PatSegment int "
         "(PatAny) 4) (PatSegment bytes (PatVar rest))) 1) (Clause (PatBytes "
         "(PatSegment default (PatVar n)) (PatSegment bytes (PatVar s) (Binary - n 1)) "
         "(PatSegment default (String \"x\")) (PatSegment utf8 (PatOr (PatVar a) "
         "(PatVar b))) (PatSegment default (PatPin c))) 2))"},
        {"match v { :ok(r) as whole => 1; :a | :b | :c => 2; [(:a | :b), x] => 3; (x | "
         "y, z) => 4 }",
         "(Match v (Clause (PatAs whole (PatTagged ok (PatVar r))) 1) (Clause (PatOr "
         ":a :b :c) 2) (Clause (PatList (PatOr :a :b) (PatVar x)) 3) (Clause (PatTuple "
         "(PatOr (PatVar x) (PatVar y)) (PatVar z)) 4))"},
        {"match v { 'a'..'z' => 1; -5..5 => 2; -1 => 3; -1.5 => 4; ^expected => 5; _ "
         "=> 6; () => 7; (x,) => 8; (x) => 9 }",
         "(Match v (Clause (PatRange 97 122) 1) (Clause (PatRange -5 5) 2) (Clause -1 "
         "3) (Clause (Float -1.5) 4) (Clause (PatPin expected) 5) (Clause (PatAny) 6) "
         "(Clause (PatTuple) 7) (Clause (PatTuple (PatVar x)) 8) (Clause (PatVar x) "
         "9))"},
        {"match v { nil => 1; true => 2; false => 3; :\"a b\" => 4; r\"\\d\" => 5; "
         "Net.Req{} => 6; [] => 7; %{} => 8; <<>> => 9 }",
         "(Match v (Clause :nil 1) (Clause :true 2) (Clause :false 3) (Clause :a b 4) "
         "(Clause (String \"\\\\d\") 5) (Clause (PatRecord Net.Req) 6) (Clause "
         "(PatList) 7) (Clause (PatMap) 8) (Clause (PatBytes) 9))"},
    };
    CHECK_LINES(cases);
}

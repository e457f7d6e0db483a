// compiler/parse: expressions, by their trees; precedence first.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

Test(parse_expr, precedence) {
    static const LineCase cases[] = {
        {"c ? :get + 1", "(Binary + (Ask c :get) 1)"},
        {"xs |> List.sum() == 6", "(Binary == (Pipe xs (Call (Remote sum List))) 6)"},
        {"pid ! \"a\" <> b", "(Send pid (Binary <> (String \"a\") b))"},
        {"a ! b ! c", "(Send a (Send b c))"},
        {"a or b and not c == d", "(Binary or a (Binary and b (Unary not (Binary == c d))))"},
        {"1 + 2 * 3 - 4", "(Binary - (Binary + 1 (Binary * 2 3)) 4)"},
        {"a ++ b ++ c", "(Binary ++ a (Binary ++ b c))"},
        {"1..2 + 3", "(Binary .. 1 (Binary + 2 3))"},
        {"a - -b", "(Binary - a (Unary - b))"},
        {"-c ? :x", "(Unary - (Ask c :x))"},
        {"a ? b within 5 ? c within 6 + 1", "(Binary + (Ask (Ask a b 5) c 6) 1)"},
        {"not a in b", "(Unary not (Binary in a b))"},
        {"f(x).y[z](w)", "(Call (Index (Field y (Call f x)) z) w)"},
        {"Net.Http.get(url).body", "(Field body (Call (Remote get Net.Http) url))"},
        {"fn(x) => x + 1 |> f()", "(Lambda (Param (PatVar x)) (Pipe (Binary + x 1) (Call f)))"},
        {"assert a == b or c", "(Assert (Binary or (Binary == a b) c))"},
        {"a + fn(x) => x + 1", "(Binary + a (Lambda (Param (PatVar x)) (Binary + x 1)))"},
        {"x |> m.f(1) |> Mod.g()", "(Pipe (Pipe x (Call (Field f m) 1)) (Call (Remote g Mod)))"},
    };
    CHECK_LINES(cases);
}

Test(parse_expr, forms) {
    static const LineCase cases[] = {
        {"spawn link Door(\"1\") within 10 ! :go",
         "(Send (Spawn link Door (String \"1\") 10) :go)"},
        {"spawn Net.Conn(1, port: 80) ? :x",
         "(Ask (Spawn plain Net.Conn 1 (Map is_gathered (Entry :port 80))) :x)"},
        {"spawn { 1 }", "(SpawnBlock plain (Block 1))"},
        {"f(1, a: 2, b:)", "(Call f 1 (Map is_gathered (Entry :a 2) (Entry :b b)))"},
        {":tag(1, (2,), ())", "(Tagged tag 1 (Tuple 2) (Tuple))"},
        {"[1, 2 | t]", "(ListExpr 1 2 t)"},
        {"[x * y for x in xs, y in 1..3 if x != y]",
         "(ListComp (Binary * x y) (Source (PatVar x) xs) (Source (PatVar y) (Binary "
         ".. 1 3) (Binary != x y)))"},
        {"%{k => v for (k, v) in m}",
         "(MapComp (Entry k v) (Source (PatTuple (PatVar k) (PatVar v)) m))"},
        {"<<b::16/little for b in bs>>",
         "(BytesComp (Segment int is_little b 16) (Source (PatVar b) bs))"},
        {"%{name: 1, \"x\" => 2, y:, if: 3}",
         "(Map (Entry :name 1) (Entry (String \"x\") 2) (Entry :y y) (Entry :if 3))"},
        {"%{m | a: 1}", "(Map m (Entry :a 1))"},
        {"User{u | age: 3}", "(Record User u (FieldInit age 3))"},
        {"Net.User{name:}", "(Record Net.User (FieldInit name name))"},
        {"if u == User{name: \"a\"} { 1 } else if b { 2 } else { 3 }",
         "(If (Binary == u (Record User (FieldInit name (String \"a\")))) (Block 1) "
         "(If b (Block 2) (Block 3)))"},
        {"\"a#{b}c#{\"d#{e}\"}\"",
         "(Interpolation (String \"a\") b (String \"c\") (Interpolation (String \"d\") "
         "e))"},
        {"&f/1", "(FnRef f 1)"},
        {"&List.map/2", "(FnRef map 2 List)"},
        {"m.if.Upper", "(Field Upper (Field if m))"},
        {"<<1, x::8/signed, f::64/float, s::bytes(n), r::bytes, c::utf8, v::n, w::(n * "
         "8)/big, \"ab\">>",
         "(Bytes (Segment default 1) (Segment int is_signed x 8) (Segment float f 64) "
         "(Segment bytes s n) (Segment bytes r) (Segment utf8 c) (Segment int v n) "
         "(Segment int w (Binary * n 8)) (Segment default (String \"ab\")))"},
        {"let x = if a { b } else { c }", "(Let (PatVar x) (If a (Block b) (Block c)))"},
        {"let :ok(x) = f() else e { e }", "(Let e (PatTagged ok (PatVar x)) (Call f) (Block e))"},
        {"let c: Counter = :counter", "(Let (PatTyped (PatVar c) (TypeName Counter)) :counter)"},
        {"{ a; b = 1\n"
         "c }",
         "(Block a (Assign b 1) c)"},
        {"match v { 0 => \"z\"; n if n < 0 => x = 1; _ => become open }",
         "(Match v (Clause 0 (String \"z\")) (Clause (PatVar n) (Binary < n 0) (Assign "
         "x 1)) (Clause (PatAny) (Become open)))"},
        {"receive { :a => 1; after 10 => 2 }", "(Receive (Clause :a 1) 10 2)"},
        {"try { f() } catch { a => b } after { c }",
         "(Try has_catch (Block (Call f)) (Clause (PatVar a) b) (Block c))"},
        {"try { f() } after { c }", "(Try (Block (Call f)) (Block c))"},
        {"for (a, b) in xs if a, y in ys { f() }",
         "(For (Source (PatTuple (PatVar a) (PatVar b)) xs a) (Source (PatVar y) ys) "
         "(Block (Call f)))"},
        {"x.y(1)", "(Call (Field y x) 1)"},
        {"-1.5 + 0xff + 'a' + 1_000",
         "(Binary + (Binary + (Binary + (Unary - (Float 1.5)) (Int \"ff\" 16 fits)) "
         "97) 1000)"},
        {"123456789012345678901234567890", "(Int \"123456789012345678901234567890\" 10)"},
        {"f(fn() {\n"
         "  a\n"
         "  b\n"
         "})",
         "(Call f (Lambda (Block a b)))"},
        {"state = on.child(within)", "(Assign state (Call (Field child on) within))"},
    };
    CHECK_LINES(cases);
}

// compiler/parse: definitions and types, by their trees.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/source_fixture.h"

Test(parse_definition, forms) {
    static const LineCase cases[] = {
        {"fn f(:ok(x: Int), (a: String, b), c: [Int] = [], d = %{}) if a -> "
         "Result(Int, e) | nil = x",
         "(Fn f (Param (PatTagged ok (PatTyped (PatVar x) (TypeName Int)))) (Param "
         "(PatTuple (PatTyped (PatVar a) (TypeName String)) (PatVar b))) (Param "
         "(PatTyped (PatVar c) (TypeList (TypeName Int))) (ListExpr)) (Param (PatVar "
         "d) (Map)) a (TypeUnion (TypeName Result (TypeName Int) (TypeVar e)) "
         "(TypeAtom nil)) x)"},
        {"fn fact(n) if n <= 1 -> Int = 1\n"
         "fn fact(n) { n * fact(n - 1) }",
         "(Fn fact (Param (PatVar n)) (Binary <= n 1) (TypeName Int) 1); (Fn fact "
         "(Param (PatVar n)) (Block (Binary * n (Call fact (Binary - n 1)))))"},
        {"pub fn area(:circle(r)) = Math.pi() * r\n"
         "pub const retries = 3 * 2\n"
         "const x: Int = 1",
         "(Fn is_pub area (Param (PatTagged circle (PatVar r))) (Binary * (Call "
         "(Remote pi Math)) r)); (Const is_pub retries (Binary * 3 2)); (Const x "
         "(TypeName Int) 1)"},
        {"import List (map, filter)\n"
         "import Net.Http as Http\n"
         "import Shop (Item, total,)\n"
         "import Net.Http",
         "(Import List (ImportName map) (ImportName filter)); (Import Http Net.Http); "
         "(Import Shop (ImportName Item) (ImportName total)); (Import Net.Http)"},
        {"record User { name: String, age: Int = 0 }\n"
         "pub record Point {\n"
         "  x, y = 0\n"
         "  z: Float\n"
         "}\n"
         "record Empty {}",
         "(RecordDef User (FieldDef name (TypeName String)) (FieldDef age (TypeName "
         "Int) 0)); (RecordDef is_pub Point (FieldDef x) (FieldDef y 0) (FieldDef z "
         "(TypeName Float))); (RecordDef Empty)"},
        {"type Shape = :circle(Float) | :rect(Float, Float) | :dot()\n"
         "type Result(a, e) =\n"
         "  :ok(a)\n"
         "  | :error(e)\n"
         "type F = fn(A, [B]) -> C | (D, E,)\n"
         "type M = %{K => (V) | nil} | () | (X,) | true\n"
         "pub type G = fn() -> Net.Conn",
         "(TypeDef Shape (TypeUnion (TypeTagged circle (TypeName Float)) (TypeTagged "
         "rect (TypeName Float) (TypeName Float)) (TypeTagged dot))); (TypeDef Result "
         "(TypeVar a) (TypeVar e) (TypeUnion (TypeTagged ok (TypeVar a)) (TypeTagged "
         "error (TypeVar e)))); (TypeDef F (TypeFn (TypeName A) (TypeList (TypeName "
         "B)) (TypeUnion (TypeName C) (TypeTuple (TypeName D) (TypeName E))))); "
         "(TypeDef M (TypeUnion (TypeMap (TypeName K) (TypeUnion (TypeName V) "
         "(TypeAtom nil))) (TypeTuple) (TypeTuple (TypeName X)) (TypeAtom true))); "
         "(TypeDef is_pub G (TypeFn (TypeName Net.Conn)))"},
        {"test \"name\" { assert f(1) == 2 }",
         "(Test \"name\" (Block (Assert (Binary == (Call f 1) 2))))"},
        {"pub durable actor Cart(id: String, n = 1) mailbox 1_000 * 2 :block {\n"
         "  state items = []\n"
         "  state count: Int = 0\n"
         "  on start { Log.info(\"x\") }\n"
         "  on down(ref, pid, :x) if ref { 1 }\n"
         "  on :add(n: Int) { count = count + n }\n"
         "  on :value -> Int | nil { count }\n"
         "  on (n) if is_int(n) { n }\n"
         "  on [h | t] | :x { h }\n"
         "  on \"a\" <> b as c { c }\n"
         "  behaviour open { on :close { become locked }; after 10_000 { become locked } }\n"
         "  behaviour empty {}\n"
         "  after 5 { x }\n"
         "  action log(line) { items = [line | items] }\n"
         "  fn mask(c) = c\n"
         "}",
         "(Actor is_pub is_durable Cart block (Param (PatTyped (PatVar id) (TypeName "
         "String))) (Param (PatVar n) 1) (Binary * 1000 2) (State items (ListExpr)) "
         "(State count (TypeName Int) 0) (Handler start (Block (Call (Remote info Log) "
         "(String \"x\")))) (Handler down (PatVar ref) (PatVar pid) :x ref (Block 1)) "
         "(Handler (PatTagged add (PatTyped (PatVar n) (TypeName Int))) (Block (Assign "
         "count (Binary + count n)))) (Handler :value (TypeUnion (TypeName Int) "
         "(TypeAtom nil)) (Block count)) (Handler (PatVar n) (Call is_int n) (Block "
         "n)) (Handler (PatOr (PatList (PatVar h) (PatVar t)) :x) (Block h)) (Handler "
         "(PatAs c (PatPrefix (String \"a\") (PatVar b))) (Block c)) (Behaviour open "
         "(Handler :close (Block (Become locked))) (After 10000 (Block (Become "
         "locked)))) (Behaviour empty) (After 5 (Block x)) (Fn mask (Param (PatVar c)) "
         "c) (Fn is_action log (Param (PatVar line)) (Block (Assign items (ListExpr "
         "line items)))))"},
        {"supervisor Shop(port: Int) {\n"
         "  strategy :rest_for_one\n"
         "  intensity 5 within 10_000\n"
         "  auto_shutdown :any_significant\n"
         "  child Store(\"shop.db\"), name: :store\n"
         "  child Net.Web(port), restart: :transient,\n"
         "    shutdown: 2_000, backoff: (100, 10_000)\n"
         "}\n"
         "pub dynamic supervisor Workers() { child fn(job) => Worker(job), restart: :temporary }\n"
         "supervisor None() {}",
         "(Supervisor Shop rest_for_one any_significant (Param (PatTyped (PatVar port) "
         "(TypeName Int))) 5 10000 (Child Store (String \"shop.db\") (FieldInit name "
         ":store)) (Child Net.Web port (FieldInit restart :transient) (FieldInit "
         "shutdown 2000) (FieldInit backoff (Tuple 100 10000)))); (Supervisor is_pub "
         "is_dynamic Workers (Child is_fn (Param (PatVar job)) Worker job (FieldInit "
         "restart :temporary))); (Supervisor None)"},
        {"extern \"libm.so.6\" { fn cos(x: Double) -> Double }\n"
         "extern unsafe \"x\" { fn a()\n"
         "  pub fn b(x: Int) }",
         "(Extern \"libm.so.6\" (Fn cos (Param (PatTyped (PatVar x) (TypeName "
         "Double))) (TypeName Double))); (Extern is_unsafe \"x\" (Fn a) (Fn is_pub b "
         "(Param (PatTyped (PatVar x) (TypeName Int)))))"},
        {"fn f() {\n"
         "  fn loop(i, acc) { loop(i, acc) }\n"
         "  fn g(x) = x\n"
         "  loop(1, 2)\n"
         "}",
         "(Fn f (Block (Fn loop (Param (PatVar i)) (Param (PatVar acc)) (Block (Call "
         "loop i acc))) (Fn g (Param (PatVar x)) x) (Call loop 1 2)))"},
        {"actor Empty() {}", "(Actor Empty)"},
        {"{}", "(Block)"},
        {"fn f(g = fn(x: Int) -> Int { x }) = g",
         "(Fn f (Param (PatVar g) (Lambda (Param (PatTyped (PatVar x) (TypeName Int))) "
         "(TypeName Int) (Block x))) g)"},
        {"actor Door() { on enter { 1 }; on timeout(name) { 2 }; on stop(reason) { 3 "
         "}; on upgrade(old) { 4 }; on other(msg) { 5 }; on exit(a, b) -> Int { 6 } }",
         "(Actor Door (Handler enter (Block 1)) (Handler timeout (PatVar name) (Block "
         "2)) (Handler stop (PatVar reason) (Block 3)) (Handler upgrade (PatVar old) "
         "(Block 4)) (Handler other (PatVar msg) (Block 5)) (Handler exit (PatVar a) "
         "(PatVar b) (TypeName Int) (Block 6)))"},
    };
    CHECK_LINES(cases);
}

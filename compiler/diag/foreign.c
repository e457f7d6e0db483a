// Names that other languages have for what is written differently here; compiler/diag/diag.h has
// the contract.
//
// One table for values, functions and modules alike: whoever writes `None` or `len(x)` is told what
// to write. Consulted for unknown names only, so a program may define any of these. Tests:
// tests/lang/errors/foreign_names.cop.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/diag/diag.h"

#define NOTHING "what is not there is `nil`"
#define PRINTS  "write Io.println(text)"
#define LENGTH  "write List.length(xs), String.length(s), Map.size(m) or Tuple.size(t)"
#define TEXT    "a value becomes text in a string, \"#{value}\", or by inspect(value)"
#define FAILS   "write fail(reason)"
#define EACH                                                                                       \
    "write List.map(xs, f), List.filter(xs, f), List.fold(xs, acc, f), or `[e for x in xs]`"
#define SELF   "an actor's handlers see its state by name; its Pid is self()"
#define LEAVES "a loop ends with its list; leave earlier by recursion, or List.find and the like"
#define KINDS  "is_int(x), is_list(x) and the like tell what a value is"
#define MAPS   "write Map"
#define LISTS  "write List"
#define ENDS   "Ctrl-D ends the shell; a program ends with its main function"

// Where a name stands: as a value (or a module's name), called, or either; or as a type.
typedef enum Use { ANY, VALUE, CALL, TYPE } Use;

static const struct {
    Use use;
    const char *name;
    const char *hint;
} foreign[] = {
    {VALUE, "null", NOTHING},
    {VALUE, "undefined", NOTHING},
    {VALUE, "none", NOTHING},
    {VALUE, "None", NOTHING},
    {VALUE, "Nil", NOTHING},
    {VALUE, "Null", NOTHING},
    {VALUE, "NULL", NOTHING},
    {VALUE, "nullptr", NOTHING},
    {VALUE, "NaN", "a Float is always a number"},
    {VALUE, "True", "write true"},
    {VALUE, "False", "write false"},
    {VALUE, "TRUE", "write true"},
    {VALUE, "FALSE", "write false"},
    {VALUE, "yes", "write true"},
    {VALUE, "no", "write false"},
    {ANY, "return", "the value of a block is that of its last expression; there is no `return`"},
    {VALUE, "pass", "an empty block is `{ }`, and nil"},
    {ANY, "break", LEAVES},
    {ANY, "continue", "what a loop passes over is said by `if` in its head: `for x in xs if …`"},
    {VALUE, "this", SELF},
    {VALUE, "self", "write self()"},
    {VALUE, "me", "write self()"},
    {CALL, "print", PRINTS},
    {CALL, "println", PRINTS},
    {CALL, "puts", PRINTS},
    {CALL, "printf", PRINTS},
    {CALL, "echo", PRINTS},
    {VALUE, "console", PRINTS},
    {VALUE, "fmt", PRINTS},
    {CALL, "display", PRINTS},
    {VALUE, "System", PRINTS},
    {VALUE, "Console", PRINTS},
    {CALL, "input", "write Io.read_line()"},
    {CALL, "gets", "write Io.read_line()"},
    {CALL, "len", LENGTH},
    {CALL, "length", LENGTH},
    {CALL, "size", LENGTH},
    {CALL, "count", LENGTH},
    {CALL, "strlen", LENGTH},
    {CALL, "str", TEXT},
    {CALL, "string", TEXT},
    {CALL, "to_string", TEXT},
    {CALL, "toString", TEXT},
    {CALL, "format", TEXT},
    {CALL, "repr", TEXT},
    {CALL, "sprintf", TEXT},
    {CALL, "int", "write String.to_int(text)"},
    {CALL, "parseInt", "write String.to_int(text)"},
    {CALL, "atoi", "write String.to_int(text)"},
    {CALL, "to_int", "write String.to_int(text)"},
    {CALL, "float", "write String.to_float(text)"},
    {CALL, "to_float", "write String.to_float(text)"},
    {CALL, "throw", FAILS},
    {CALL, "raise", FAILS},
    {CALL, "error", FAILS},
    {CALL, "panic", FAILS},
    {CALL, "abort", FAILS},
    {CALL, "exit", "write fail(reason), or Process.exit(pid, reason); Ctrl-D ends the shell"},
    {VALUE, "exit", ENDS},
    {ANY, "quit", ENDS},
    {ANY, "help", "`h` is the shell's help, `h List.map` that of a function"},
    {CALL, "die", FAILS},
    {CALL, "range", "a range is written 1..10"},
    {CALL, "map", EACH},
    {CALL, "filter", EACH},
    {CALL, "fold", EACH},
    {CALL, "reduce", EACH},
    {CALL, "each", "write `for x in xs { … }`"},
    {CALL, "foreach", "write `for x in xs { … }`"},
    {CALL, "send", "a message is sent by `pid ! message`"},
    {CALL, "cast", "a message is sent by `pid ! message`"},
    {CALL, "call", "an actor is asked by `pid ? message`"},
    {CALL, "await", "an actor is asked by `pid ? message`"},
    {CALL, "spawn_link", "write `spawn link …`"},
    {CALL, "spawn_monitor", "write `spawn monitor …`"},
    {CALL, "monitor", "write Process.monitor(pid)"},
    {CALL, "link", "write Process.link(pid)"},
    {CALL, "register", "write Process.register(name, pid)"},
    {CALL, "whereis", "write Process.whereis(name)"},
    {CALL, "sleep", "write Process.sleep(ms)"},
    {CALL, "setTimeout", "write Process.send_after(pid, msg, ms)"},
    {CALL, "typeof", KINDS},
    {CALL, "type_of", KINDS},
    {CALL, "isinstance", KINDS},
    {CALL, "instanceof", KINDS},
    {CALL, "is_nil", "write `x == nil`"},
    {CALL, "is_binary", "write is_string(x) or is_bytes(x)"},
    {CALL, "is_integer", "write is_int(x)"},
    {CALL, "is_boolean", "write is_bool(x)"},
    {CALL, "is_function", "write is_fn(x)"},
    {CALL, "is_str", "write is_string(x)"},
    {CALL, "sqrt", "write Math.sqrt(x)"},
    {CALL, "pow", "write Math.pow(x, y)"},
    {CALL, "abs", "write Int.abs(n)"},
    {CALL, "min", "write Int.min(a, b)"},
    {CALL, "max", "write Int.max(a, b)"},
    {CALL, "round", "write Float.round(x)"},
    {CALL, "floor", "write Float.floor(x)"},
    {CALL, "ceil", "write Float.ceil(x)"},
    {CALL, "sum", "write List.sum(xs)"},
    {CALL, "sort", "write List.sort(xs)"},
    {CALL, "sorted", "write List.sort(xs)"},
    {CALL, "reverse", "write List.reverse(xs)"},
    {CALL, "zip", "write List.zip(xs, ys)"},
    {CALL, "hd", "write List.at(xs, 0), or match `[h | t]`"},
    {CALL, "tl", "write List.drop(xs, 1), or match `[h | t]`"},
    {CALL, "append", "lists are joined by `++`, texts by `<>`"},
    {CALL, "elem", "write t[0] or Tuple.at(t, i)"},
    {CALL, "element", "write t[0] or Tuple.at(t, i)"},
    {CALL, "div", "integers are divided by `//`"},
    {CALL, "rem", "the remainder is `%`"},
    {CALL, "mod", "the remainder is `%`"},
    {CALL, "band", "write Int.band(a, b)"},
    {CALL, "bor", "write Int.bor(a, b)"},
    {CALL, "bnot", "write Int.bnot(a)"},
    {CALL, "encode", "write Json.print(value)"},
    {CALL, "stringify", "write Json.print(value)"},
    {CALL, "decode", "write Json.parse(text)"},
    {CALL, "new", "an actor is started by `spawn Name(…)`, a record made by `Name{…}`"},
    {CALL, "require", "`Module.name` needs no import"},
    {CALL, "include", "`Module.name` needs no import"},
    {VALUE, "Enum", LISTS},
    {VALUE, "Stream", LISTS},
    {VALUE, "Array", LISTS},
    {VALUE, "Vec", LISTS},
    {VALUE, "Vector", LISTS},
    {VALUE, "Seq", LISTS},
    {VALUE, "Lists", LISTS},
    {VALUE, "lists", LISTS},
    {VALUE, "Dict", MAPS},
    {VALUE, "HashMap", MAPS},
    {VALUE, "Hash", MAPS},
    {VALUE, "Maps", MAPS},
    {VALUE, "maps", MAPS},
    {VALUE, "Object", MAPS},
    {VALUE, "Keyword", MAPS},
    {VALUE, "Integer", "write Int"},
    {VALUE, "Number", "write Int or Float"},
    {VALUE, "Logger", "write Log"},
    {VALUE, "GenServer", "write an `actor Name() { … }`"},
    {VALUE, "Agent", "write an `actor Name() { … }`"},
    {VALUE, "gen_server", "write an `actor Name() { … }`"},
    {VALUE, "IO", "write Io"},
    {VALUE, "io", "write Io"},
    {VALUE, "JSON", "write Json"},
    {VALUE, "os", "write Env, File, Path or Cmd"},
    {VALUE, "sys", "write Env, File, Path or Cmd"},
    {VALUE, "DateTime", "write Time"},
    {VALUE, "Date", "write Time"},
    {TYPE, "Integer", "write Int"},
    {TYPE, "int", "write Int"},
    {TYPE, "Double", "write Float"},
    {TYPE, "Str", "write String"},
    {TYPE, "Text", "write String"},
    {TYPE, "Binary", "write Bytes"},
    {TYPE, "Boolean", "write Bool"},
    {TYPE, "List", "a list of T is written [T]"},
    {TYPE, "Array", "a list of T is written [T]"},
    {TYPE, "Map", "a map is written %{Key => Value}"},
    {TYPE, "Dict", "a map is written %{Key => Value}"},
    {TYPE, "Tuple", "a tuple is written (A, B)"},
    {TYPE, "Fn", "a function is written fn(A) -> B"},
    {TYPE, "Function", "a function is written fn(A) -> B"},
    {TYPE, "Nil", "write nil"},
    {TYPE, "None", "write nil"},
    {TYPE, "Void", "a function that gives nothing of use gives nil or :ok"},
    {TYPE, "Unit", "a function that gives nothing of use gives nil or :ok"},
    {TYPE, "Optional", "write T | nil"},
    {TYPE, "Option", "write T | nil"},
    {TYPE, "Term", "write Any"},
};

static Str find_hint(Str name, Use use) {
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        bool fits = foreign[i].use == use || (foreign[i].use == ANY && use != TYPE);
        if (fits && str_is(name, foreign[i].name)) {
            return str_of(foreign[i].hint);
        }
    }
    return STR("");
}

Str foreign_hint(Str name, bool is_call) {
    return find_hint(name, is_call ? CALL : VALUE);
}

Str foreign_type_hint(Str name) {
    return find_hint(name, TYPE);
}

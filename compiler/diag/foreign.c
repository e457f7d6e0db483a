// Names that other languages have for what is written differently here; compiler/diag/diag.h has the contract.
//
// One table for values, functions and modules alike: whoever writes `None` or `len(x)` is told what to
// write. Consulted for unknown names only, so a program may define any of these. Tests:
// tests/lang/errors/foreign_names.cop.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/diag/diag.h"

#define NOTHING "what is not there is `nil`"
#define PRINTS  "write Io.println(text)"
#define LENGTH  "write List.length(xs), String.length(s), Map.size(m) or Tuple.size(t)"
#define TEXT    "a value becomes text in a string, \"#{value}\", or by inspect(value)"
#define FAILS   "write fail(reason)"
#define EACH    "write List.map(xs, f), List.filter(xs, f), List.fold(xs, acc, f), or `[e for x in xs]`"
#define SELF    "an actor's handlers see its state by name; its Pid is self()"
#define LEAVES  "a loop ends with its list; leave earlier by recursion, or List.find and the like"
#define KINDS   "is_int(x), is_list(x) and the like tell what a value is"
#define MAPS    "write Map"
#define LISTS   "write List"

static const struct {
    const char *name;
    const char *hint;
} foreign[] = {
    {"null", NOTHING}, {"undefined", NOTHING}, {"none", NOTHING}, {"None", NOTHING}, {"Nil", NOTHING},
    {"Null", NOTHING}, {"NULL", NOTHING}, {"nullptr", NOTHING}, {"NaN", "a Float is always a number"},
    {"True", "write true"}, {"False", "write false"}, {"TRUE", "write true"}, {"FALSE", "write false"},
    {"yes", "write true"}, {"no", "write false"},
    {"return", "the value of a block is that of its last expression; there is no `return`"},
    {"pass", "an empty block is `{ }`, and nil"},
    {"break", LEAVES}, {"continue", "what a loop passes over is said by `if` in its head: `for x in xs if …`"},
    {"this", SELF}, {"self", "write self()"}, {"me", "write self()"},
    {"print", PRINTS}, {"println", PRINTS}, {"puts", PRINTS}, {"printf", PRINTS}, {"echo", PRINTS},
    {"console", PRINTS}, {"fmt", PRINTS}, {"display", PRINTS}, {"System", PRINTS}, {"Console", PRINTS},
    {"input", "write Io.read_line()"}, {"gets", "write Io.read_line()"},
    {"len", LENGTH}, {"length", LENGTH}, {"size", LENGTH}, {"count", LENGTH}, {"strlen", LENGTH},
    {"str", TEXT}, {"string", TEXT}, {"to_string", TEXT}, {"toString", TEXT}, {"format", TEXT}, {"repr", TEXT},
    {"sprintf", TEXT}, {"int", "write String.to_int(text)"}, {"parseInt", "write String.to_int(text)"},
    {"atoi", "write String.to_int(text)"}, {"to_int", "write String.to_int(text)"},
    {"float", "write String.to_float(text)"}, {"to_float", "write String.to_float(text)"},
    {"throw", FAILS}, {"raise", FAILS}, {"error", FAILS}, {"panic", FAILS}, {"abort", FAILS},
    {"exit", "write fail(reason), or Process.exit(pid, reason)"}, {"die", FAILS},
    {"range", "a range is written 1..10"}, {"map", EACH}, {"filter", EACH}, {"fold", EACH}, {"reduce", EACH},
    {"each", "write `for x in xs { … }`"}, {"foreach", "write `for x in xs { … }`"},
    {"send", "a message is sent by `pid ! message`"}, {"cast", "a message is sent by `pid ! message`"},
    {"call", "an actor is asked by `pid ? message`"}, {"await", "an actor is asked by `pid ? message`"},
    {"spawn_link", "write `spawn link …`"}, {"spawn_monitor", "write `spawn monitor …`"},
    {"monitor", "write Process.monitor(pid)"}, {"link", "write Process.link(pid)"},
    {"register", "write Process.register(name, pid)"}, {"whereis", "write Process.whereis(name)"},
    {"sleep", "write Process.sleep(ms)"}, {"setTimeout", "write Process.send_after(pid, msg, ms)"},
    {"typeof", KINDS}, {"type_of", KINDS}, {"isinstance", KINDS}, {"instanceof", KINDS}, {"is_nil", "write `x == nil`"},
    {"is_binary", "write is_string(x) or is_bytes(x)"}, {"is_integer", "write is_int(x)"},
    {"is_boolean", "write is_bool(x)"}, {"is_function", "write is_fn(x)"}, {"is_str", "write is_string(x)"},
    {"sqrt", "write Math.sqrt(x)"}, {"pow", "write Math.pow(x, y)"}, {"abs", "write Int.abs(n)"},
    {"min", "write Int.min(a, b)"}, {"max", "write Int.max(a, b)"}, {"round", "write Float.round(x)"},
    {"floor", "write Float.floor(x)"}, {"ceil", "write Float.ceil(x)"}, {"sum", "write List.sum(xs)"},
    {"sort", "write List.sort(xs)"}, {"sorted", "write List.sort(xs)"}, {"reverse", "write List.reverse(xs)"},
    {"zip", "write List.zip(xs, ys)"}, {"hd", "write List.at(xs, 0), or match `[h | t]`"},
    {"tl", "write List.drop(xs, 1), or match `[h | t]`"}, {"append", "lists are joined by `++`, texts by `<>`"},
    {"elem", "write t[0] or Tuple.at(t, i)"}, {"element", "write t[0] or Tuple.at(t, i)"},
    {"div", "integers are divided by `//`"}, {"rem", "the remainder is `%`"}, {"mod", "the remainder is `%`"},
    {"band", "write Int.band(a, b)"}, {"bor", "write Int.bor(a, b)"}, {"bnot", "write Int.bnot(a)"},
    {"new", "an actor is started by `spawn Name(…)`, a record made by `Name{…}`"},
    {"require", "`Module.name` needs no import"}, {"include", "`Module.name` needs no import"},
    {"Enum", LISTS}, {"Stream", LISTS}, {"Array", LISTS}, {"Vec", LISTS}, {"Vector", LISTS}, {"Seq", LISTS},
    {"Lists", LISTS}, {"lists", LISTS}, {"Dict", MAPS}, {"HashMap", MAPS}, {"Hash", MAPS}, {"Maps", MAPS},
    {"maps", MAPS}, {"Object", MAPS}, {"Keyword", MAPS}, {"Integer", "write Int"}, {"Number", "write Int or Float"},
    {"Logger", "write Log"}, {"GenServer", "write an `actor Name() { … }`"}, {"Agent", "write an `actor Name() { … }`"},
    {"gen_server", "write an `actor Name() { … }`"}, {"IO", "write Io"}, {"io", "write Io"}, {"JSON", "write Json"},
    {"os", "write Env, File, Path or Cmd"}, {"sys", "write Env, File, Path or Cmd"}, {"DateTime", "write Time"},
    {"Date", "write Time"},
};

Str foreign_hint(Str name) {
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (str_is(name, foreign[i].name)) {
            return str_of(foreign[i].hint);
        }
    }
    return STR("");
}

// compiler/resolve: interfaces are read as they were written, and no bytes harm the reader; names
// are found in the right order, and what is not found is reported once, with the nearest name.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/core_fixture.h"

static const char *const module_text =
    "pub const limit = 3 * 2\n"
    "pub const table = %{a: [1, 2.5, \"x\"], b: (nil, 1..3), c: &f/1, d: fn(x) => x}\n"
    "pub const big = 123456789012345678901234567890\n"
    "const hidden = 1\n"
    "pub record User { name: String, age: Int = 0, tags: [Atom] = [:new], id: Int = next() }\n"
    "record Private { x: Int }\n"
    "pub type Shape = :circle(Float)\n"
    "pub type Result(a, e) = :ok(a) | :error(e)\n"
    "fn next() = 1\n"
    "pub fn f(x) = x\n"
    "pub fn g(a, b = 1, c = 2) = a\n"
    "pub actor Counter(start: Int) { state n = start }\n"
    "pub supervisor App() { child Counter(1) }\n";

// What an interface says, as text.
static const char *shown(Arena *arena, const Interface *i) {
    Buf out = buf_new(arena);
    for (uint32_t k = 0; k < i->fns.len; k++) {
        const FnDef *full = i->fns.items[k];
        for (const FnDef *fn = interface_lower(i, full->name)->fns; fn != NULL; fn = fn->next) {
            if (fn == full || fn->full == full) {
                buf_format(&out, "%s/%u ", fn->name->text, fn->arity);
            }
        }
    }
    for (uint32_t k = 0; k < i->constants.len; k++) {
        const ConstDef *c = i->constants.items[k];
        buf_format(&out, "%s:%d:%u ", c->name->text, c->value->kind, c->value->size);
    }
    for (uint32_t k = 0; k < i->defs.len; k++) {
        const Def *def = i->defs.items[k];
        buf_format(&out, "%s:%d:%u-%u ", def->name->text, def->kind, def->arity_min,
                   def->arity_max);
        for (uint32_t n = 0; n < def->field_count; n++) {
            buf_format(&out, ".%s:%d ", def->fields[n].name->text, def->fields[n].given);
        }
    }
    buf_byte(&out, '\0');
    return out.ptr;
}

Test(interface, is_read_as_it_was_written) {
    CoreFixture f;
    core_fixture(&f, module_text);
    cr_assert(f.source.diags.error_count == 0, "%s", fixture_errors(&f.source));
    Str bytes = interface_write(&f.modules, f.interface, false);
    Interface *read = interface_read(&f.modules, bytes, false);
    cr_assert(read != NULL);
    cr_expect_str_eq(
        shown(&f.source.arena, read),
        "f/1 g/1 g/2 g/3 limit:0:1 table:7:16 big:1:1 User:0:0-0 .name:0 .age:1 .tags:1 .id:2 "
        "Shape:1:0-0 Result:1:2-2 Counter:2:1-1 App:3:0-0 ",
        "%s", shown(&f.source.arena, read));
    cr_expect(read->name == f.interface->name);
    Str again = interface_write(&f.modules, read, false);
    cr_expect(str_equal(bytes, again), "same interface, same bytes");
    Interface *all =
        interface_read(&f.modules, interface_write(&f.modules, f.interface, true), false);
    cr_assert(all != NULL);
    cr_expect(interface_fn(all, intern_text(&f.source.names, "next"), 0) != NULL);
    core_fixture_free(&f);
}

Test(interface, no_bytes_harm_the_reader) {
    CoreFixture f;
    core_fixture(&f, module_text);
    Str bytes = interface_write(&f.modules, f.interface, true);
    char *copy = arena_copy(&f.source.arena, bytes.ptr, bytes.len);
    for (size_t len = 0; len < bytes.len; len++) {
        cr_expect(interface_read(&f.modules, (Str){copy, len}, false) == NULL);
    }
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        size_t at = random % bytes.len;
        char kept = copy[at];
        copy[at] = (char)(random >> 16);
        Interface *read = interface_read(&f.modules, (Str){copy, bytes.len}, false);
        if (read != NULL) {
            interface_write(&f.modules, read, true);
        }
        copy[at] = kept;
    }
    core_fixture_free(&f);
}

// ---- Names --------------------------------------------------------------------------------------

static void check_program(const char *library, const char *text, const char *errors) {
    CoreFixture f;
    core_fixture_init(&f);
    core_fixture_add(&f, "Net.Http", library);
    core_fixture_add(&f, "List", "pub fn map(xs, f) = xs\npub fn filter(xs, f) = xs");
    core_fixture_lower(&f, text);
    cr_expect_str_eq(fixture_errors(&f.source), errors, "%s: %s", text, fixture_errors(&f.source));
    core_fixture_free(&f);
}

static void check_names(const LineCase *cases, size_t count) {
    const char *http = "pub fn get(url) = url\n"
                       "fn secret() = 1\n"
                       "pub const port = 80\n"
                       "pub record Reply { code: Int }\n"
                       "pub actor Server(p) { state x = p }\n";
    for (size_t i = 0; i < count; i++) {
        check_program(http, cases[i].source, cases[i].line);
    }
}

static const LineCase names[] = {
    {"fn f() = Net.Http.get(1)", ""},
    {"import Net.Http\nfn f() = Http.get(Http.port)", ""},
    {"import Net.Http as Web\nfn f() = Web.get(Net.Http.port)", ""},
    {"import Net.Http (get, port, Reply, Server)\nfn f() = (get(port), Reply{code: 1}, spawn Server(1))",
     ""},
    {"import Net.Http\nfn f(r) { match r { Http.Reply{code: 1} => 1; Net.Http.Reply{} => 0 } }",
     ""},
    {"import Net.Http (get)\nfn get(x, y) = get(x)", ""},
    {"import Net.Http (get)\nfn get(x) = x\nfn f() = get(1)", ""},
    {"fn f() = Test.g(1)\nfn g(x) = x", ""},
    {"fn get(x) = x\nfn f(get) = get(1, 2)", ""},
    {"fn inspect(x) = x\nfn f() = inspect(1)", ""},
    {"fn f(x) if is_int(x) = self()\nfn f(_) = is_string(\"\")", ""},
    {"fn f() = Net.Http.gett(1)", "1:10 unknown_function"},
    {"fn f() = Net.Http.get(1, 2)", "1:10 unknown_function"},
    {"fn f() = Net.Http.secret()", "1:10 private_name"},
    {"fn f() = Net.Http.get", "1:10 function_as_value"},
    {"fn f() = Net.Http.port()", "1:19 constant_as_function"},
    {"fn f() = Net.Htp.get(1) + Net.Htp.get(2)", "1:10 unknown_module"},
    {"import Net.Htp (get)\nfn f() = get(Htp.x)", "1:8 unknown_module"},
    {"import Net.Http (gett)", "1:18 unknown_import"},
    {"import Net.Http (secret)", "1:18 unknown_import"},
    {"import List (map)\nimport Net.Http (map)", "2:18 unknown_import"},
    {"fn f() = Missing{x: 1}", "1:10 unknown_definition"},
    {"fn f() = Net.Http.Server{x: 1}", "1:10 wrong_kind"},
    {"fn f() = x", "1:10 unknown_name"},
    {"fn f() = f", "1:10 function_as_value"},
    {"fn f() = g(1)", "1:10 unknown_function"},
    {"fn f() { fn g(x) = x\n g(1, 2) }", "2:2 unknown_function"},
    {"fn f() = 1\nconst f = 2", "2:7 duplicate_definition"},
    {"record A { x: Int, x: Int }", "1:20 duplicate_definition"},
    {"type A = Int\nrecord A { x: Int }", "2:8 duplicate_definition"},
    {"fn f(a, b = 1) = 1\nfn f(a) = 2", "1:4 duplicate_definition"},
    {"fn f(1) = 1\nfn g() = 1\nfn f(2) = 1", "3:4 clauses_apart"},
    {"const a = b\nconst b = a", "1:7 constant_cycle"},
    {"const a = f()\nfn f() = 1", "1:11 constant_expression"},
    {"fn f(x) { x = 1 }", "1:11 assign_local"},
    {"fn f(x) = &x/1", "1:12 unknown_function"},
};

Test(scope, names_are_found_or_reported) {
    check_names(names, sizeof(names) / sizeof(names[0]));
}

Test(scope, the_nearest_name_is_offered) {
    CoreFixture f;
    core_fixture_init(&f);
    core_fixture_add(&f, "List", "pub fn filter(xs, f) = xs");
    core_fixture_lower(&f, "fn total(count) = List.fliter(cuont, 1)");
    const char *const hints[] = {"did you mean `filter`?", "did you mean `count`?"};
    cr_assert(f.source.diags.list.len >= 1);
    cr_expect(str_is(f.source.diags.list.items[0].hint, hints[0]), "%.*s",
              (int)f.source.diags.list.items[0].hint.len, f.source.diags.list.items[0].hint.ptr);
    core_fixture_free(&f);
}

// ---- The REPL -----------------------------------------------------------------------------------

Test(scope, earlier_inputs_are_seen) {
    CoreFixture f;
    core_fixture(
        &f, "import List (map)\nfn helper(x) = x\nrecord R { a: Int = helper(1) }\nconst c = 5");
    cr_expect_str_eq(fixture_errors(&f.source), "1:8 unknown_module");
    core_fixture_free(&f);
    core_fixture_init(&f);
    core_fixture_add(&f, "List", "pub fn map(xs, f) = xs");
    core_fixture_lower(
        &f, "import List (map)\nfn helper(x) = x\nrecord R { a: Int = helper(1) }\nconst c = 5");
    cr_assert(f.source.diags.error_count == 0, "%s", fixture_errors(&f.source));
    Str bytes = interface_write(&f.modules, f.interface, true);
    Interface *earlier = interface_read(&f.modules, bytes, false);
    cr_assert(earlier != NULL);
    Name name = intern_text(&f.source.names, "Repl.2");
    AstModule *ast = core_fixture_parse(&f, "2", "map(helper(c), R{a: 1})\nR{}");
    Interface *own = interface_of_ast(&f.modules, ast, name, name, false);
    Scope *scope = scope_of_repl(&f.modules, own, &earlier, 1);
    LowerOptions options = {.is_repl = true};
    f.core = lower_module(scope, &f.source.sources, &options, NULL);
    cr_expect(f.source.diags.error_count == 0, "%s", fixture_errors(&f.source));
    cr_expect(strstr(core_fixture_text(&f), "List.map(Test.helper(5), R{1})") != NULL, "%s",
              core_fixture_text(&f));
    cr_expect(strstr(core_fixture_text(&f), "Test.R.a()") != NULL, "%s", core_fixture_text(&f));
    core_fixture_free(&f);
}

// SPDX-License-Identifier: Apache-2.0
// compiler/driver.c: which modules a program has, names and paths, statuses, inputs of the REPL.
#include <criterion/criterion.h>
#include <stdio.h>

#include "compiler/driver.h"

static const struct {
    const char *path;
    const char *name;
} names[] = {
    {"main.cop", "Main"},
    {"net/http_client.cop", "Net.HttpClient"},
    {"b01_send_order.cop", "B01SendOrder"},
    {"my-tool.cop", "MyTool"},
    {"a/b/c.cop", "A.B.C"},
};

Test(driver, paths_name_modules) {
    Arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        Str name = module_name_of_path(&arena, str_of(names[i].path));
        cr_assert(str_is(name, names[i].name), "%.*s", (int)name.len, name.ptr);
    }
    cr_assert(str_is(module_path_of_name(&arena, STR("Net.HttpClient")), "net/http_client.cop"));
    cr_assert(str_is(module_path_of_name(&arena, STR("B01SendOrder")), "b01_send_order.cop"));
    arena_free(&arena);
}

// ---- Modules ------------------------------------------------------------------------------------

typedef struct {
    const char *texts[4][2]; // name, source
    uint32_t asked;
} Files;

static bool find_source(void *context, Str module, Str relative, CompileSource *source) {
    Files *files = context;
    files->asked++;
    for (size_t i = 0; i < 4 && files->texts[i][0] != NULL; i++) {
        if (str_is(module, files->texts[i][0])) {
            *source = (CompileSource){relative, relative, str_of(files->texts[i][1])};
            return true;
        }
    }
    return false;
}

static Compilation *compile(Files *files, const char *main_text, CompileStatus *status) {
    CompileOptions options = {0};
    CompileHost host = {.context = files, .module_source = find_source};
    Compilation *c = compilation_new(&options, &host);
    CompileSource entry = {STR("main.cop"), STR("main.cop"), str_of(main_text)};
    *status = compile_program(c, &entry, 1);
    return c;
}

Test(driver, modules_that_are_reached_are_compiled_once) {
    Files files = {{{"Left", "pub fn f() = Right.g() + 1"},
                    {"Right", "pub fn g() = Left.h()"},
                    {"Other", "fn x() = 1"}},
                   0};
    files.texts[0][1] = "pub fn f() = Right.g() + 1\npub fn h() = 2";
    CompileStatus status;
    Compilation *c = compile(&files, "fn main() = Left.f() + Right.g()", &status);
    cr_assert(status == COMPILE_OK);
    cr_assert(compilation_module_count(c) == 3);
    cr_assert(str_is(compilation_module(c, 0)->name, "Main"));
    cr_assert(compilation_module(c, 0)->has_main);
    cr_assert(str_is(compilation_module(c, 1)->name, "Left"));
    cr_assert(str_is(compilation_module(c, 2)->name, "Right"));
    cr_assert(files.asked == 2);
    compilation_free(c);
}

Test(driver, an_unknown_module_is_an_error) {
    Files files = {0};
    CompileStatus status;
    Compilation *c = compile(&files, "fn main() = Missing.f()", &status);
    cr_assert(status == COMPILE_ERRORS);
    cr_assert(compilation_errors(c) == 1);
    compilation_free(c);
}

Test(driver, a_broken_module_hides_what_follows_from_it) {
    Files files = {{{"Broken", "pub fn f( = 1"}}, 0};
    CompileStatus status;
    Compilation *c = compile(&files, "fn main() = Broken.f()", &status);
    cr_assert(status == COMPILE_ERRORS);
    Str text = compilation_diagnostics(c, false);
    cr_assert(memmem(text.ptr, text.len, "broken.cop", 10) != NULL);
    cr_assert(memmem(text.ptr, text.len, "main.cop", 8) == NULL, "%.*s", (int)text.len, text.ptr);
    compilation_free(c);
}

Test(driver, checking_makes_no_images) {
    CompileOptions options = {.check_only = true};
    CompileHost host = {0};
    Compilation *c = compilation_new(&options, &host);
    CompileSource entry = {STR("main.cop"), STR("main.cop"), STR("fn main() = 1")};
    cr_assert(compile_program(c, &entry, 1) == COMPILE_OK);
    cr_assert(compilation_module(c, 0)->image.len == 0);
    compilation_free(c);
}

Test(driver, more_values_than_a_frame_holds_are_an_error) {
    enum { VALUES = 33000 };
    Arena arena;
    arena_init(&arena);
    char *text = arena_alloc(&arena, VALUES * 64);
    // Calls of what calls itself stay calls.
    char *at = text + sprintf(text, "fn g() = g() + 1\nfn main() {\n");
    for (int i = 0; i < VALUES; i++) {
        at += sprintf(at, "  let x%d = g()\n", i);
    }
    at += sprintf(at, "  [");
    for (int i = 0; i < VALUES; i++) {
        at += sprintf(at, "x%d, ", i);
    }
    sprintf(at, "]\n}\n");
    Files files = {0};
    CompileStatus status;
    Compilation *c = compile(&files, text, &status);
    cr_assert(status == COMPILE_ERRORS);
    compilation_free(c);
    arena_free(&arena);
}

// ---- The REPL -----------------------------------------------------------------------------------

static CompileStatus input(const char *text, const Str *bindings, uint32_t count,
                           ReplResult *result, Compilation **c) {
    CompileOptions options = {0};
    CompileHost host = {0};
    *c = compilation_new(&options, &host);
    ReplInput typed = {
        .text = str_of(text), .number = 7, .bindings = bindings, .binding_count = count};
    return compile_repl(*c, &typed, result);
}

Test(driver, an_input_binds_names) {
    ReplResult result;
    Compilation *c;
    Str bound[] = {STR("x")};
    cr_assert(input("let y = x + 1\ny", bound, 1, &result, &c) == COMPILE_OK);
    cr_assert(str_is(result.module, "Repl.7"));
    cr_assert(result.binding_count == 2);
    cr_assert(result.image.len > 0);
    compilation_free(c);
}

Test(driver, an_open_input_is_incomplete) {
    ReplResult result;
    Compilation *c;
    cr_assert(input("[1,", NULL, 0, &result, &c) == COMPILE_INCOMPLETE);
    compilation_free(c);
    cr_assert(input("1 + )", NULL, 0, &result, &c) == COMPILE_ERRORS);
    compilation_free(c);
}

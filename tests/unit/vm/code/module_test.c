// SPDX-License-Identifier: Apache-2.0
// The code table: finding, hiding, linking, versions.
#include "vm/code/module.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/vm/interp/assembler.h"
#include "tests/unit/vm/interp/machine.h"
#include "vm/code/library.h"

static Bytes assembled(const char *text) {
    Bytes image;
    char error[256];
    cr_assert(assemble(text, &image, error), "%s", error);
    return image;
}

static Term atom(Machine *m, const char *text) {
    Term t;
    cr_assert_eq(atom_intern(m->vm.atoms, text, strlen(text), &t), ATOM_OK);
    return t;
}

// What module.f/0 gives or fails with.
static const char *run(Machine *m, const char *module, const char *name) {
    static char out[256];
    const Target *target =
        code_find(m->vm.code, atom(m, module), atom(m, name), 0, &(CodeStatus){0});
    if (target == NULL) {
        return "nothing";
    }
    machine_call(m, target_function(target), 0, 1000, out, sizeof out);
    machine_clear(m);
    return out;
}

static void load(Machine *m, const Bytes *image) {
    CodeError error;
    cr_assert_eq(code_load_image(m->vm.code, image->data, image->len, NULL, &error), CODE_OK, "%s",
                 error.what);
}

static void add(Machine *m, const Bytes *image, Term *main) {
    CodeError error;
    cr_assert_eq(code_add_image(m->vm.code, image->data, image->len, main, &error), CODE_OK, "%s",
                 error.what);
}

Test(module, new_versions_are_called_through_names) {
    Machine *m = machine_new(0);
    Bytes user = assembled("module User\nfn f/0\n  enter {}\n  tail_ext Used.f/0\n");
    Bytes one = assembled(
        "module Used\nfn f/0\n  enter {}\n  move x0 1\n  ret\nfn g/0\n  enter {}\n  move x0 1\n  ret\n");
    Bytes two = assembled("module Used\nfn f/0\n  enter {}\n  move x0 2\n  ret\n");
    load(m, &user);
    cr_expect_str_eq(run(m, "User", "f"), ":undef(:\"Used.f/0\")");
    load(m, &one);
    cr_expect_str_eq(run(m, "User", "f"), "1");
    cr_expect_str_eq(run(m, "Used", "g"), "1");
    load(m, &two);
    cr_expect_str_eq(run(m, "User", "f"), "2");
    cr_expect_str_eq(run(m, "Used", "g"), "nothing");
    load(m, &one);
    load(m, &two);
    load(m, &one);
    cr_expect_str_eq(run(m, "User", "f"), "1");
    CodeError error;
    cr_expect_eq(code_find_module(m->vm.code, atom(m, "Used"), &error)->version, 5);
    machine_free(m);
    bytes_free(&user);
    bytes_free(&one);
    bytes_free(&two);
}

// Two modules in one image, with so many functions that publishing them takes a while. Readers
// follow two names, as calls do:
// whoever has seen a new version must find nothing of an older one.
enum { MANY = 200, RELOADS = 300 };

typedef struct {
    Machine *m;
    const Target *first[2]; // a module's first export and another's last
    const Target *last[2];
    _Atomic bool over;
    int torn;
} Watch;

static uint32_t version_at(Watch *w, const Target *target) {
    const Function *f = target_function(target);
    while (f == NULL) {
        const Target *found =
            code_find(w->m->vm.code, target->module, target->name, target->arity, &(CodeStatus){0});
        f = found == NULL ? NULL : target_function(found);
    }
    return f->module->version;
}

static void *watch(void *context) {
    Watch *w = context;
    while (!atomic_load(&w->over)) {
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 2; j++) {
                uint32_t before = version_at(w, w->first[i]);
                w->torn += version_at(w, w->last[j]) < before;
                before = version_at(w, w->last[i]);
                w->torn += version_at(w, w->first[j]) < before;
            }
        }
    }
    return NULL;
}

Test(module, versions_are_published_at_once) {
    Machine *m = machine_new(0);
    char text[64 * 1024];
    int len = 0;
    for (int module = 0; module < 2; module++) {
        len += snprintf(text + len, sizeof text - (size_t)len, "module Pub%d\n", module);
        for (int i = 0; i < MANY; i++) {
            len += snprintf(text + len, sizeof text - (size_t)len,
                            "fn f%03d/0\n  enter {}\n  move x0 1\n  ret\n", i);
        }
    }
    Bytes image = assembled(text);
    load(m, &image);
    Watch w = {.m = m};
    for (int i = 0; i < 2; i++) {
        Term name = atom(m, i == 0 ? "Pub0" : "Pub1");
        w.first[i] = code_find(m->vm.code, name, atom(m, "f000"), 0, &(CodeStatus){0});
        w.last[i] = code_find(m->vm.code, name, atom(m, "f199"), 0, &(CodeStatus){0});
    }
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, watch, &w), 0);
    for (int i = 0; i < RELOADS; i++) {
        load(m, &image);
    }
    atomic_store(&w.over, true);
    pthread_join(thread, NULL);
    cr_expect_eq(w.torn, 0);
    machine_free(m);
    bytes_free(&image);
}

static Bytes library_list;
static Bytes library_user;

static bool find_in_library(const struct Library *library, const char *module,
                            const uint8_t **bytes, size_t *size) {
    (void)library;
    const Bytes *found = strcmp(module, "List") == 0   ? &library_list
                         : strcmp(module, "User") == 0 ? &library_user
                                                       : NULL;
    if (found != NULL) {
        *bytes = found->data;
        *size = found->len;
    }
    return found != NULL;
}

Test(module, a_program_hides_the_librarys_module_from_itself) {
    Machine *m = machine_new(0);
    struct Library library = {find_in_library, NULL};
    m->vm.library = &library;
    library_list = assembled("module List\nfn f/0\n  enter {}\n  move x0 :library\n  ret\n");
    library_user = assembled("module User\nfn call/0\n  enter {}\n  tail_ext List.f/0\n"
                             "fn refer/0\n  enter {}\n  move x0 &List.f/0\n  tail_fun 0\n");
    Bytes own = assembled("module Main\nfn f/0\n  enter {}\n  tail_ext List.f/0\n"
                          "fn builtin/0\n  enter {}\n  tail_ext List.length/0\n"
                          "module List\nfn f/0\n  enter {}\n  move x0 :program\n  ret\n");
    cr_expect_str_eq(run(m, "List", "f"), ":library");
    machine_free(m);
    m = machine_new(0);
    m->vm.library = &library;
    Term main;
    add(m, &own, &main);
    cr_expect_eq(main.bits, atom(m, "Main").bits);
    cr_expect_str_eq(run(m, "List", "f"), ":program");
    cr_expect_str_eq(run(m, "Main", "f"), ":program");
    cr_expect_str_eq(run(m, "User", "call"), ":library");
    cr_expect_str_eq(run(m, "User", "refer"), ":library");
    cr_expect_str_eq(run(m, "Main", "builtin"), ":undef(:\"List.length/0\")");
    machine_free(m);
    bytes_free(&own);
    bytes_free(&library_list);
    bytes_free(&library_user);
}

Test(module, an_image_that_is_not_sound_says_so_when_it_is_called) {
    Machine *m = machine_new(0);
    Bytes image = assembled("module Bad\nfn f/0\n  enter {}\n  move x0 x1\n  ret\n");
    Term main;
    add(m, &image, &main);
    cr_expect_str_eq(run(m, "Bad", "f"), "nothing");
    CodeError error;
    code_last_error(m->vm.code, &error);
    cr_expect(strstr(error.what, "function f/0, word 2, move: X1 is not initialised") != NULL, "%s",
              error.what);
    cr_expect_null(code_find_module(m->vm.code, main, &error));
    cr_expect(error.what[0] != '\0');
    machine_free(m);
    bytes_free(&image);
}

Test(module, a_module_that_finds_no_memory_is_not_taken_for_missing) {
    Machine *m = machine_new(0);
    Bytes image = assembled("module Used\nfn f/0\n  enter {}\n  move x0 1\n  ret\n");
    Term main;
    add(m, &image, &main);
    Term f = atom(m, "f");
    CodeStatus status = CODE_MEMORY;
    uint64_t nth = 0;
    while (status != CODE_OK) {
        mem_fail_nth(m->vm.mem, ++nth);
        const Target *target = code_find(m->vm.code, main, f, 0, &status);
        mem_fail_nth(m->vm.mem, 0);
        cr_assert_eq(status, target == NULL ? CODE_MEMORY : CODE_OK);
    }
    cr_expect_gt(nth, 4);
    cr_expect_str_eq(run(m, "Used", "f"), "1");
    machine_free(m);
    bytes_free(&image);
}

// SPDX-License-Identifier: Apache-2.0
// Runs tests/ops: a file for each op, in the assembler's text. What a function without arguments
// gives stands beside it (#= value, #! reason); what the verifier must say of a module stands
// beside its name (#? part of the message).
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vm/interp/assembler.h"
#include "tests/unit/vm/interp/machine.h"

enum { MAX_SLICES = 200000 };

static char *read_text(const char *path) {
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        return NULL;
    }
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    char *text = calloc(size + 1, 1);
    cr_assert_eq(fread(text, 1, size, f), size);
    fclose(f);
    return text;
}

// What stands behind `mark` in the line at `line`, or false.
static bool expectation(const char *line, const char *mark, char out[256]) {
    size_t len = strcspn(line, "\n");
    for (size_t i = 0; i + 2 < len; i++) {
        if (strncmp(line + i, mark, 2) == 0) {
            snprintf(out, 256, "%.*s", (int)(len - i - 2), line + i + 2);
            char *start = out + strspn(out, " ");
            memmove(out, start, strlen(start) + 1);
            return true;
        }
    }
    return false;
}

static void run_function(Machine *m, const Module *module, const char *path, const char *line) {
    char name[128];
    char expected[256];
    char got[1024];
    bool fails = expectation(line, "#!", expected);
    if (sscanf(line, "fn %127[a-zA-Z0-9_]/0", name) != 1 ||
        (!fails && !expectation(line, "#=", expected))) {
        return;
    }
    Term atom;
    cr_assert(atom_find(m->vm.atoms, name, strlen(name), &atom));
    const Function *f = module_export(module, atom, 0);
    cr_assert_not_null(f);
    CallEnd end = machine_call(m, f, 0, MAX_SLICES, got, sizeof got);
    cr_expect(end == (fails ? CALL_FAILED : CALL_VALUE) && strcmp(got, expected) == 0,
              "%s: %s: expected %s%s, got %s%s", path, name, fails ? "failure " : "", expected,
              end == CALL_FAILED  ? "failure "
              : end == CALL_STUCK ? "stuck"
              : end == CALL_LONG  ? "endless"
                                  : "",
              got);
    machine_clear(m);
}

static void run_loaded(Machine *m, Module *module, const char *path, const char *text) {
    cr_assert(m->vm.engine->prepare(&m->vm, module));
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "fn ", 3) == 0) {
            run_function(m, module, path, line);
        }
    }
    m->vm.engine->discard(&m->vm, module);
    module_free(module);
}

// One module's text, which begins with its `module` line.
static void run_module(Machine *m, const char *path, const char *text) {
    char error[256];
    char refused[256];
    Bytes image;
    if (!assemble(text, &image, error)) {
        cr_expect(false, "%s: %s", path, error);
        bytes_free(&image);
        return;
    }
    bool must_fail = expectation(text, "#?", refused);
    CodeError why;
    ImageCursor cursor;
    ImageModule part;
    Module *module;
    cr_assert_eq(image_open(image.data, image.len, &cursor, &why), CODE_OK);
    cr_assert(image_next(&cursor, &part, &why));
    CodeStatus status = module_load(&m->vm, &part, false, &module, &why);
    cr_expect(must_fail ? status == CODE_INVALID && strstr(why.what, refused) != NULL
                        : status == CODE_OK,
              "%s: %.40s: %s", path, text, status == CODE_OK ? "is not refused" : why.what);
    if (status == CODE_OK) {
        run_loaded(m, module, path, text);
    }
    bytes_free(&image);
}

static void run_file(const char *path) {
    char *text = read_text(path);
    cr_assert_not_null(text);
    Machine *m = machine_new(0);
    for (char *at = strstr(text, "module "); at != NULL;) {
        char *next = strstr(at, "\nmodule ");
        if (next != NULL) {
            *next = '\0';
        }
        run_module(m, path, at);
        at = next == NULL ? NULL : next + 1;
    }
    machine_free(m);
    free(text);
}

Test(ops, every_op_has_a_case) {
    for (int op = 0; op < OP_COUNT; op++) {
        char path[128];
        char used[64];
        snprintf(path, sizeof path, "tests/ops/%s.copasm", op_infos[op].name);
        snprintf(used, sizeof used, "\n  %s", op_infos[op].name);
        char *text = read_text(path);
        cr_expect(text != NULL && strstr(text, used) != NULL, "no case for %s in %s",
                  op_infos[op].name, path);
        free(text);
    }
}

Test(ops, cases) {
    glob_t files;
    cr_assert_eq(glob("tests/ops/*.copasm", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        run_file(files.gl_pathv[i]);
    }
    globfree(&files);
}

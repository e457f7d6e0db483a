// Fuzz target: any bytes as a program, through the whole compiler. There are diagnostics or there
// is an image, and that is one which the loader and the verifier pass.
//
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/driver.h"
#include "tests/unit/vm/interp/machine.h"
#include "tools/coppice/command.h"

enum { INPUT_MAX = 20000, MACHINE_RUNS = 5000 };

// Atoms live as long as a machine.
static Machine *machine(void) {
    static Machine *m;
    static uint32_t runs;
    if (runs++ % MACHINE_RUNS == 0) {
        if (m != NULL) {
            machine_free(m);
        }
        m = machine_new(0);
    }
    return m;
}

static void load(Str bundle) {
    Machine *m = machine();
    ImageCursor cursor;
    ImageModule image;
    CodeError error = {0};
    Module *module;
    bool ok = image_open((const uint8_t *)bundle.ptr, bundle.len, &cursor, &error) == CODE_OK;
    while (ok && image_next(&cursor, &image, &error)) {
        ok = module_load(&m->vm, &image, false, &module, &error) == CODE_OK;
        if (ok) {
            module_free(module);
        }
    }
    if (error.what[0] != '\0') {
        fprintf(stderr, "%s\n", error.what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > INPUT_MAX) {
        return 0;
    }
    CompileOptions options = {.tests = size % 2 == 0, .docs = true};
    CompileHost host = {.library_interface = library_interface, .library_module = library_module};
    Compilation *c = compilation_new(&options, &host);
    CompileSource source = {STR("fuzz.cop"), STR("fuzz.cop"), {(const char *)data, size}};
    CompileStatus status = compile_program(c, &source, 1);
    CHECK((status == COMPILE_ERRORS) == (compilation_errors(c) > 0));
    compilation_diagnostics(c, false);
    if (status == COMPILE_OK) {
        load(compilation_bundle(c));
    }
    compilation_free(c);
    return 0;
}

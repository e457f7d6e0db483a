// See program.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vm/interp/assembler.h"
#include "vm/base/check.h"
#include "vm/code/module.h"
#include "vm/sched/program.h"
#include "vm/term/atom.h"

enum { RUNS = 1000 };

struct FuzzProgram {
    VM *vm;
    Bytes image;
    uint32_t runs;
    const Module *module;
    char report[4096];
};

static void keep_report(void *data, const char *text, size_t len) {
    FuzzProgram *program = data;
    snprintf(program->report, sizeof program->report, "%.*s", (int)len, text);
}

FuzzProgram *fuzz_program(FuzzProgram *old, const char *assembly) {
    if (old != NULL && old->runs++ < RUNS) {
        return old;
    }
    if (old != NULL) {
        vm_destroy(old->vm);
        bytes_free(&old->image);
        free(old);
    }
    FuzzProgram *program = calloc(1, sizeof *program);
    CHECK(program != NULL);
    VMOptions options = {.schedulers = 1,
                         .seeded = true,
                         .seed = 1,
                         .memory_limit = (size_t)1 << 30,
                         .report = keep_report,
                         .report_data = program};
    char why[256] = "";
    if (!assemble(assembly, &program->image, why) || (program->vm = vm_create(&options, why)) == NULL) {
        fprintf(stderr, "%s\n", why);
        abort();
    }
    CodeError error = {0};
    Term name;
    if (code_load_image(program->vm->code, program->image.data, program->image.len, &name,
                        &error) == CODE_OK) {
        program->module = code_find_module(program->vm->code, name, &error);
    }
    if (program->module == NULL) {
        fprintf(stderr, "%s\n", error.what);
        abort();
    }
    return program;
}

VM *fuzz_vm(FuzzProgram *program) {
    return program->vm;
}

void fuzz_call(FuzzProgram *program, const char *name, const Term *args, uint32_t count) {
    Term atom;
    CHECK(atom_find(program->vm->atoms, name, strlen(name), &atom));
    const Function *function = module_export(program->module, atom, count);
    CHECK(function != NULL);
    ProgramEnd end = program_run(program->vm, function, args, count);
    if (end.status != 0) {
        fprintf(stderr, "%s\n", program->report);
        abort();
    }
}

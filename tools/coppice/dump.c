// SPDX-License-Identifier: Apache-2.0
// coppice dump: what an image holds. Every module is loaded and verified, then printed: exports,
// imports, literals, tests, documentation, and each function's instructions (vm/interp/disasm.h).
// Tests: tests/system/command_line.sh.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/coppice/command.h"
#include "vm/code/loader.h"
#include "vm/code/meta.h"
#include "vm/interp/disasm.h"
#include "vm/term/print.h"
#include "vm/term/record.h"

static void print_value(const Module *m, Term t) {
    Buffer out;
    buffer_init(&out, m->vm->mem);
    term_print_short(m->vm->atoms, &out, t);
    fwrite(out.data, 1, out.len, stdout);
    buffer_free(&out);
}

static const char *name_of(const Module *m, Term atom) {
    return atom_text(m->vm->atoms, atom);
}

// Instructions in the language of tests/ops.
static void print_function(const Module *m, const Function *f) {
    Buffer out;
    buffer_init(&out, m->vm->mem);
    buffer_add_char(&out, '\n');
    disasm_function(&out, f);
    fwrite(out.data, 1, out.len, stdout);
    buffer_free(&out);
}

static void print_module(const Module *m) {
    printf("module %s\n", name_of(m, m->name));
    for (uint32_t i = 0; i < m->file_count; i++) {
        printf("  file %s\n", m->files[i]);
    }
    for (uint32_t i = 0; i < m->record_count; i++) {
        const RecordDesc *desc = m->records[i];
        printf("  record %s.%s {", name_of(m, desc->module), name_of(m, desc->name));
        for (uint32_t k = 0; k < desc->field_count; k++) {
            printf("%s%s", k == 0 ? " " : ", ", name_of(m, desc->fields[k]));
        }
        printf(" }\n");
    }
    for (uint32_t i = 0; i < m->export_count; i++) {
        printf("  pub %s/%u\n", name_of(m, m->exports[i].name), m->exports[i].arity);
    }
    for (uint32_t i = 0; i < m->import_count; i++) {
        const Import *import = &m->imports[i];
        printf("  uses %s.%s/%u\n", name_of(m, import->module), name_of(m, import->name),
               import->arity);
    }
    for (uint32_t i = 0; i < m->literal_count; i++) {
        printf("  literal %u ", i);
        print_value(m, m->literals[i]);
        printf("\n");
    }
    for (uint32_t i = 0; i < m->meta->test_count; i++) {
        const MetaTest *test = &m->meta->tests[i];
        printf("  test \"%.*s\" line %u\n", (int)test->name.len, test->name.data, test->line);
    }
    printf("  documented: %u\n", m->meta->doc_count);
    for (uint32_t i = 0; i < m->function_count; i++) {
        print_function(m, &m->functions[i]);
    }
}

static bool dump_image(VM *vm, const uint8_t *bytes, size_t size, CodeError *error) {
    ImageCursor cursor;
    ImageModule part;
    if (image_open(bytes, size, &cursor, error) != CODE_OK) {
        return false;
    }
    while (image_next(&cursor, &part, error)) {
        Module *module;
        if (module_load(vm, &part, false, &module, error) != CODE_OK) {
            return false;
        }
        print_module(module);
        module_free(module);
    }
    return error->what[0] == 0;
}

int command_dump(const Options *options) {
    if (options->count != 1) {
        complain(options->count == 0 ? "dump what? coppice dump IMAGE" : "dump takes one image");
        return STATUS_USAGE;
    }
    const char *path = options->operands[0];
    char *text;
    size_t size;
    if (!file_load(path, &text, &size)) {
        return STATUS_FAILED;
    }
    if (!is_image(text, size)) {
        complain(
            "%s: is no image; coppice build makes one, and coppice build --dump=STAGES shows the stages of a source",
            path);
        free(text);
        return STATUS_FAILED;
    }
    VM *vm = machine_create(&options->vm);
    if (vm == NULL) {
        free(text);
        return STATUS_FAILED;
    }
    CodeError error = {0};
    int status = STATUS_OK;
    if (!dump_image(vm, (const uint8_t *)text, size, &error)) {
        complain("%s: %s (at byte %zu)", path, error.what[0] != 0 ? error.what : "no memory",
                 error.offset);
        status = STATUS_FAILED;
    }
    status = machine_finish(vm, status);
    free(text);
    return fflush(stdout) == 0 ? status : STATUS_FAILED;
}

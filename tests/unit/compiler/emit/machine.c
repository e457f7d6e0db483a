// SPDX-License-Identifier: Apache-2.0
// The loader and verifier on a machine without schedulers; compiler/emit's tests use it.
#include "tests/unit/compiler/emit/machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "vm/boot.h"
#include "vm/code/loader.h"
#include "vm/heap/block.h"
#include "vm/heap/literal.h"
#include "vm/term/atom.h"
#include "vm/term/record.h"

static VM *machine(void) {
    static VM vm;
    static const CodeHooks hooks;
    if (vm.mem == NULL) {
        vm.mem = mem_stats_new(UINT64_C(1) << 32);
        vm.atoms = atom_table_new(vm.mem, 1, 1 << 20);
        vm.records = record_table_new(vm.atoms);
        vm.literals = literal_space_new(vm.mem);
        vm.blocks = block_depot_new(vm.mem, vm.literals);
        vm.code = code_table_new(&vm, &hooks);
    }
    return &vm;
}

static bool load(const ImageModule *part, CodeError *error) {
    Module *module = NULL;
    if (module_load(machine(), part, false, &module, error) != CODE_OK) {
        return false;
    }
    module_free(module);
    return true;
}

bool machine_accepts(const char *image, size_t size, char *why) {
    ImageCursor cursor;
    ImageModule part;
    CodeError error = {0};
    bool good = image_open((const uint8_t *)image, size, &cursor, &error) == CODE_OK;
    while (good && image_next(&cursor, &part, &error)) {
        good = load(&part, &error);
    }
    snprintf(why, 256, "%s", error.what);
    return good && error.what[0] == '\0';
}

// SPDX-License-Identifier: Apache-2.0
// Making a VM with the embedded library and taking it down in order. See command.h.
#include <stdio.h>
#include <string.h>

#include "tools/coppice/command.h"
#include "vm/base/check.h"
#include "vm/io/stdio.h"
#include "vm/io/subprocess.h"
#include "vm/proc/trace.h"

VM *machine_create(const VMOptions *options) {
    char why[256] = "";
    VM *vm = vm_create(options, why);
    if (vm == NULL) {
        complain("%s", why);
        return NULL;
    }
    vm->library = (struct Library *)&embedded_library;
    return vm;
}

int machine_flush(VM *vm, int status) {
    enum { FLUSH_MS = 10 * 1000 };
    int error = stdio_flush(vm->stdio, FLUSH_MS);
    if (error != 0 && status == STATUS_OK) {
        complain("standard output: %s", strerror(error < 0 ? -error : error));
        return STATUS_FAILED;
    }
    return status;
}

int machine_finish(VM *vm, int status) {
    status = machine_flush(vm, status);
    tracer_flush(vm->tracer);
    subprocesses_end(vm->subprocesses);
    // The operating system frees faster; debug builds look for what was left.
    if (VM_DEBUG) {
        vm_destroy(vm);
    }
    return status;
}

// SPDX-License-Identifier: Apache-2.0
// Prints where the fields are that assembly uses: offsets.h.
#include <stdio.h>

#include "vm/jit/translate.h"
#include "vm/proc/worker.h"

int main(void) {
    puts("// Made by tools/gen/offsets.c.\n#pragma once\n");
#define PRINT(name, type, field) printf("#define %s %zu\n", name, offsetof(type, field))
    PRINT("PROCESS_REDS", Process, reds);
    PRINT("PROCESS_X", Process, x);
    PRINT("PROCESS_WORKER", Process, worker);
    PRINT("PROCESS_TOP", Process, heap.top);
    PRINT("PROCESS_SP", Process, heap.sp);
    PRINT("PROCESS_PC", Process, pc);
    PRINT("PROCESS_RETURNS", Process, returns.top);
    PRINT("WORKER_NATIVE_SP", Worker, native_sp);
    PRINT("SITE_COLD", Site, cold);
    printf("#define RAW_FILE_BYTES %zu\n", RAW_FILE * sizeof(Term));
#undef PRINT
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// The ops for the generators that print their bodies: the table (op_infos) and the reading of all
// vm/ops/*.op.h. A generator is one source file, so the table is compiled into it.
#pragma once

#include <glob.h>

#include "tools/gen/bodies.h"
#include "vm/ops/ops.c"

static inline int op_by_name(const char *name, size_t len) {
    for (int i = 0; i < OP_COUNT; i++) {
        if (strlen(op_infos[i].name) == len && memcmp(op_infos[i].name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

// Every op has a body afterwards. The generator runs at the root of the tree.
static inline void read_op_bodies(Body bodies[OP_COUNT]) {
    glob_t files;
    if (glob("vm/ops/*.op.h", 0, NULL, &files) != 0) {
        die("no bodies:", "vm/ops/*.op.h");
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        read_bodies(files.gl_pathv[i], bodies, op_by_name);
    }
    globfree(&files);
    for (int i = 0; i < OP_COUNT; i++) {
        if (bodies[i].text == NULL) {
            die("no body for", op_infos[i].name);
        }
    }
}

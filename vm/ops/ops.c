// SPDX-License-Identifier: Apache-2.0
// The table of ops as data, for encoder, decoder, verifier and disassembler.
#include "vm/ops/ops.h"

#define FAIL   OP_FAIL
#define GC     OP_GC
#define CALL   OP_CALL
#define END    OP_END
#define BRANCH OP_BRANCH
#define ROOM   OP_ROOM
#define PURE   OP_PURE

const OpInfo op_infos[OP_COUNT] = {
#define OP(name, operands, flags, effect) {#name, operands, (flags), effect},
#include "vm/ops/ops.def"
#undef OP
};

// Room for what is built: instructions that build in a row, with nothing between that may collect,
// share one ALLOC before the first of them.
//
// One test and one liveness map then serve all. The room is bounded, so that a long literal list of
// computed elements does not ask for all its cells at once.
// Tests: tests/unit/compiler/emit/emit_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

enum { ROOM_MAX_WORDS = 1024 };

static uint32_t room_words(const IrInst *inst) {
    switch (inst->op) {
    case IR_CONS:
    case IR_LIST_NEW:
    case IR_LIST_ADD: return 2;
    case IR_TUPLE: return inst->arg_count + 1;
    default: return inst->arg_count + 2; // RECORD, CLOSURE
    }
}

void alloc_merge(IrFunction *f) {
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        IrInst *room = NULL;
        for (IrInst *inst = f->blocks.items[i]->first; inst != NULL; inst = inst->next) {
            uint32_t flags = ir_flags(inst);
            if ((flags & OP_ROOM) != 0) {
                uint32_t words = room_words(inst);
                if (room == NULL || room->index + words > ROOM_MAX_WORDS) {
                    room = ir_inst_new(f, IR_ALLOC, 0, 0, inst->span);
                    room->inlined = inst->inlined;
                    ir_insert_before(inst, room);
                }
                room->index += words;
            } else if ((flags & (OP_GC | OP_CALL)) != 0) {
                room = NULL;
            }
        }
    }
}

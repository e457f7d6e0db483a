// The IR as text, for --dump=ir and the goldens of tests/stage.
//
//     fn sum/2
//     b0(v0, v1):
//         is_cons v0 -> b1, b2
//     b1:
//         v2 = head v0
//
// Values and blocks have their dense numbers; constants stand as they are written in the language.
//
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "compiler/ir/ir.h"

static void print_const(const IrFunction *f, const CoreConst *c, Buf *out);

static void print_consts(const IrFunction *f, const CoreConst *c, const char *open,
                         const char *close, Buf *out) {
    buf_text(out, open);
    for (uint32_t i = 0; i < c->item_count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        print_const(f, c->items[i], out);
    }
    if (c->kind == CONST_LIST && c->tail->kind != CONST_EMPTY) {
        buf_text(out, " | ");
        print_const(f, c->tail, out);
    }
    buf_text(out, close);
}

static void print_atom(Name name, Buf *out) {
    bool bare = name_is(name, NAME_TRUE) || name_is(name, NAME_FALSE) || name_is(name, NAME_NIL);
    buf_text(out, bare ? "" : ":");
    buf_str(out, name_str(name));
}

static void print_const(const IrFunction *f, const CoreConst *c, Buf *out) {
    switch (c->kind) {
    case CONST_INT: buf_format(out, "%" PRId64, c->integer); break;
    case CONST_BIG: buf_str(out, c->text); break;
    case CONST_FLOAT: buf_format(out, "%.17g", c->number); break;
    case CONST_ATOM: print_atom(c->name, out); break;
    case CONST_BYTES: buf_quoted(out, c->text); break;
    case CONST_EMPTY: buf_text(out, "[]"); break;
    case CONST_TUPLE: print_consts(f, c, "(", ")", out); break;
    case CONST_LIST: print_consts(f, c, "[", "]", out); break;
    case CONST_MAP: print_consts(f, c, "%{", "}", out); break;
    case CONST_RANGE: print_consts(f, c, "range(", ")", out); break;
    case CONST_RECORD:
        buf_str(out, name_str(f->module->core->records.items[c->record].name));
        print_consts(f, c, "{", "}", out);
        break;
    case CONST_FNREF:
        buf_format(out, "&%s.%s/%" PRIu32, c->module->text, c->name->text, c->index);
        break;
    case CONST_FN:
        buf_format(out, "&%s/%" PRIu32, f->module->core->functions.items[c->index]->name->text,
                   f->module->core->functions.items[c->index]->arity);
        break;
    }
}

static void print_value(const IrFunction *f, const IrInst *v, Buf *out) {
    if (v->op == IR_CONST) {
        print_const(f, v->constant, out);
    } else {
        buf_format(out, "v%" PRIu32, v->id);
    }
}

static void print_lower(const char *name, Buf *out) {
    for (; *name != '\0'; name++) {
        buf_byte(out, *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name);
    }
}

static void print_function_name(const CoreFunction *f, Buf *out) {
    buf_str(out, name_str(f->name));
    buf_format(out, "/%" PRIu32, f->arity);
    if (f->captured > 0) {
        buf_format(out, "+%" PRIu32, f->captured);
    }
}

// What an instruction refers to besides values.
static void print_reference(const IrFunction *f, const IrInst *inst, Buf *out) {
    const CoreModule *core = f->module->core;
    switch (inst->op) {
    case IR_CALL:
    case IR_TAIL_CALL:
    case IR_CLOSURE:
        buf_byte(out, ' ');
        print_function_name(core->functions.items[inst->ref], out);
        break;
    case IR_CALL_EXT:
    case IR_TAIL_EXT:
        buf_byte(out, ' ');
        buf_str(out, name_str(inst->module));
        buf_byte(out, '.');
        buf_str(out, name_str(inst->name));
        break;
    case IR_RECORD:
    case IR_IS_RECORD_OF:
        buf_byte(out, ' ');
        buf_str(out, name_str(core->records.items[inst->ref].name));
        break;
    case IR_FIELD:
        buf_byte(out, ' ');
        buf_str(out, name_str(core->records.items[inst->ref].name));
        buf_format(out, ".%" PRIu32, inst->index);
        break;
    case IR_IS_TAGGED:
        buf_format(out, " %" PRIu32 " :", inst->index);
        buf_str(out, name_str(inst->name));
        break;
    case IR_GET_FIELD:
        buf_text(out, " :");
        buf_str(out, name_str(inst->name));
        buf_byte(out, ' ');
        buf_str(out, name_str(core->records.items[inst->ref].name));
        break;
    case IR_FAIL_WITH:
    case IR_GET:
        buf_text(out, " :");
        buf_str(out, name_str(inst->name));
        break;
    case IR_ELEM:
    case IR_IS_TUPLE_OF:
    case IR_BITS_INT:
    case IR_BITS_FLOAT:
    case IR_ALLOC:
    case IR_CELL:
    case IR_SET_CELL: buf_format(out, " %" PRIu32, inst->index); break;
    default: break;
    }
}

static void print_targets(const IrFunction *f, const IrInst *inst, Buf *out) {
    for (uint32_t i = 0; i < inst->target_count; i++) {
        buf_text(out, i == 0 ? " -> " : ", ");
        if (inst->op == IR_SWITCH && i + 1 < inst->target_count) {
            print_const(f, inst->cases[i], out);
            buf_byte(out, ' ');
        }
        buf_format(out, "b%" PRIu32, inst->targets[i]->order);
    }
}

static void print_inst(const IrFunction *f, const IrInst *inst, Buf *out) {
    buf_text(out, "    ");
    if (ir_has_value(inst)) {
        buf_format(out, "v%" PRIu32 " = ", inst->id);
    }
    print_lower(ir_infos[inst->op].name, out);
    print_reference(f, inst, out);
    for (uint32_t i = 0; i < inst->arg_count; i++) {
        buf_text(out, i == 0 ? " " : ", ");
        print_value(f, inst->args[i], out);
        if (inst->op == IR_BITS && i % 2 == 1) {
            buf_format(out, "::%" PRIu32, inst->specs[i / 2]);
        }
    }
    print_targets(f, inst, out);
    buf_byte(out, '\n');
}

static void print_block(const IrFunction *f, const IrBlock *block, Buf *out) {
    buf_format(out, "b%" PRIu32, block->order);
    for (uint32_t i = 0; i < block->params.len; i++) {
        buf_format(out, i == 0 ? "(v%" PRIu32 : ", v%" PRIu32, block->params.items[i]->id);
    }
    buf_text(out, block->params.len > 0 ? "):" : ":");
    if (block->is_header) {
        buf_text(out, "  # loop");
    }
    if (block->is_handler) {
        buf_text(out, "  # handler");
    }
    if (block->region != NULL) {
        buf_format(out, "  # fails to b%" PRIu32, block->region->handler->order);
    }
    buf_byte(out, '\n');
    for (const IrInst *inst = block->first; inst != NULL; inst = inst->next) {
        print_inst(f, inst, out);
    }
}

void ir_print(IrFunction *f, Buf *out) {
    ir_number(f);
    buf_text(out, "fn ");
    print_function_name(f->core, out);
    buf_byte(out, '\n');
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        print_block(f, f->blocks.items[i], out);
    }
    buf_byte(out, '\n');
}

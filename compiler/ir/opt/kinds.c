// What a value can be by the instruction that defines it, and what a test of kind says.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/ir/opt/opt.h"

static uint32_t kinds_of_atom(Name name) {
    return name_is(name, NAME_TRUE)    ? KIND_TRUE
           : name_is(name, NAME_FALSE) ? KIND_FALSE
           : name_is(name, NAME_NIL)   ? KIND_NIL
                                       : KIND_ATOM;
}

static uint32_t kinds_of_const(const CoreConst *c) {
    switch (c->kind) {
    case CONST_INT:
    case CONST_BIG: return KIND_INT;
    case CONST_FLOAT: return KIND_FLOAT;
    case CONST_ATOM: return kinds_of_atom(c->name);
    case CONST_BYTES: return KIND_BYTES;
    case CONST_EMPTY: return KIND_EMPTY;
    case CONST_TUPLE: return KIND_TUPLE;
    case CONST_LIST: return KIND_CONS;
    case CONST_MAP: return KIND_MAP;
    case CONST_RECORD: return KIND_RECORD;
    case CONST_RANGE: return KIND_RANGE;
    case CONST_FNREF:
    case CONST_FN: return KIND_FN;
    }
    return KIND_ANY;
}

uint32_t kinds_of(const IrInst *v) {
    switch (v->op) {
    case IR_CONST: return kinds_of_const(v->constant);
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_IDIV:
    case IR_MOD:
    case IR_NEG: return KIND_INT | KIND_FLOAT;
    case IR_DIV:
    case IR_AS_FLOAT:
    case IR_BITS_FLOAT: return KIND_FLOAT;
    case IR_BAND:
    case IR_BOR:
    case IR_BXOR:
    case IR_BNOT:
    case IR_SHL:
    case IR_SHR:
    case IR_BYTES_BITS:
    case IR_BITS_INT:
    case IR_BITS_UTF8:
    case IR_UTF8_BITS: return KIND_INT;
    case IR_CONCAT:
    case IR_BITS:
    case IR_BITS_BYTES:
    case IR_BITS_REST: return KIND_BYTES;
    case IR_CONS: return KIND_CONS;
    case IR_TUPLE: return KIND_TUPLE;
    case IR_RECORD: return KIND_RECORD;
    case IR_CLOSURE: return KIND_FN;
    case IR_RANGE: return KIND_RANGE;
    case IR_MAP:
    case IR_MAP_PUT: return KIND_MAP;
    case IR_SELF: return KIND_PID;
    default: return KIND_ANY;
    }
}

uint32_t kinds_of_test(IrOp op) {
    switch (op) {
    case IR_TRUTHY: return KIND_ANY & ~(KIND_FALSE | KIND_NIL);
    case IR_IS_INT: return KIND_INT;
    case IR_IS_FLOAT: return KIND_FLOAT;
    case IR_IS_NUMBER: return KIND_INT | KIND_FLOAT;
    case IR_IS_ATOM: return KIND_TRUE | KIND_FALSE | KIND_NIL | KIND_ATOM;
    case IR_IS_BOOL: return KIND_TRUE | KIND_FALSE;
    case IR_IS_BYTES: return KIND_BYTES;
    case IR_IS_TUPLE:
    case IR_IS_TUPLE_OF:
    case IR_IS_TAGGED: return KIND_TUPLE;
    case IR_IS_LIST: return KIND_EMPTY | KIND_CONS;
    case IR_IS_CONS: return KIND_CONS;
    case IR_IS_EMPTY: return KIND_EMPTY;
    case IR_IS_MAP: return KIND_MAP;
    case IR_IS_RECORD:
    case IR_IS_RECORD_OF: return KIND_RECORD;
    case IR_IS_RANGE: return KIND_RANGE;
    case IR_IS_FN: return KIND_FN;
    case IR_IS_PID: return KIND_PID;
    case IR_IS_REF: return KIND_REF;
    default: return 0;
    }
}

uint32_t kinds_found(const IrFunction *f, const IrInst *v) {
    return ir_is_const(v) ? kinds_of(v) : f->kinds[v->id];
}

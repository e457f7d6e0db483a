// Core as text, for people and for golden files: one construct a line, indented by nesting.
//
//     fn fact/1(n)                              parameters and then captured values behind a `|`
//       if n >= 1 …
//
// Variables are v1, v2 …, labels L1, slots s1. Chains (LET, SEQ, JOIN bodies) are printed as
// statements one below the other, not nested.
//
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "compiler/base/buf.h"
#include "compiler/base/check.h"
#include "compiler/core/core_build.h"

typedef struct Printer {
    const CoreModule *module;
    Buf *out;
} Printer;

static const char *const prim_names[] = {
#define PRIM(name, arity, doc) #name,
#include "compiler/core/prims.def"
#undef PRIM
};

static const char *const test_names[] = {
#define CORE_TEST(name, operands, binds, doc) #name,
#include "compiler/core/tests.def"
#undef CORE_TEST
};

static void lower_case(Buf *out, const char *name) {
    for (; *name != '\0'; name++) {
        buf_byte(out, *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name);
    }
}

static void put_name(Buf *out, Name name) {
    buf_str(out, name_str(name));
}

// ---- Constants ----------------------------------------------------------------------------------

static void put_const(const CoreModule *module, const CoreConst *c, Buf *out);

static void put_consts(const CoreModule *module, const CoreConst *c, Buf *out, const char *open,
                       const char *close) {
    buf_text(out, open);
    for (uint32_t i = 0; i < c->item_count; i++) {
        buf_text(out, i == 0 ? "" : c->kind == CONST_MAP && i % 2 == 1 ? " => " : ", ");
        put_const(module, c->items[i], out);
    }
    if (c->kind == CONST_LIST && c->tail->kind != CONST_EMPTY) {
        buf_text(out, " | ");
        put_const(module, c->tail, out);
    }
    buf_text(out, c->kind == CONST_TUPLE && c->item_count == 1 ? "," : "");
    buf_text(out, close);
}

static void put_atom(Buf *out, Name name) {
    bool is_word = name_is(name, NAME_TRUE) || name_is(name, NAME_FALSE) || name_is(name, NAME_NIL);
    bool is_plain = name->len > 0;
    for (uint32_t i = 0; i < name->len; i++) {
        char c = name->text[i];
        is_plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                    (i > 0 && c >= '0' && c <= '9');
    }
    buf_text(out, is_word ? "" : ":");
    if (is_plain) {
        put_name(out, name);
    } else {
        buf_quoted(out, name_str(name));
    }
}

static void put_float(Buf *out, double number) {
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    buf_text(out, text);
    buf_text(out, strpbrk(text, ".e") == NULL ? ".0" : "");
}

static void put_const(const CoreModule *module, const CoreConst *c, Buf *out) {
    switch (c->kind) {
    case CONST_INT: buf_format(out, "%lld", (long long)c->integer); break;
    case CONST_BIG: buf_str(out, c->text); break;
    case CONST_FLOAT: put_float(out, c->number); break;
    case CONST_ATOM: put_atom(out, c->name); break;
    case CONST_BYTES: buf_quoted(out, c->text); break;
    case CONST_EMPTY: buf_text(out, "[]"); break;
    case CONST_TUPLE: put_consts(module, c, out, "(", ")"); break;
    case CONST_LIST: put_consts(module, c, out, "[", "]"); break;
    case CONST_MAP: put_consts(module, c, out, "%{", "}"); break;
    case CONST_RANGE: put_consts(module, c, out, "range(", ")"); break;
    case CONST_RECORD:
        put_name(out, module->records.items[c->record].name);
        put_consts(module, c, out, "{", "}");
        break;
    case CONST_FNREF:
        buf_format(out, "&%.*s.%.*s/%u", (int)c->module->len, c->module->text, (int)c->name->len,
                   c->name->text, c->index);
        break;
    case CONST_FN: {
        const CoreFunction *f = module->functions.items[c->index];
        buf_format(out, "&%.*s/%u", (int)f->name->len, f->name->text, f->arity);
        break;
    }
    }
}

void core_const_print(const CoreModule *module, const CoreConst *c, Buf *out) {
    put_const(module, c, out);
}

// ---- Expressions --------------------------------------------------------------------------------

static void put_expr(Printer *p, const CoreExpr *e, uint32_t depth);

static void line(Printer *p, uint32_t depth) {
    buf_byte(p->out, '\n');
    buf_fill(p->out, ' ', depth * 2);
}

// On the same line if it is atomic or a small operation, else below.
static bool is_short(const CoreExpr *e) {
    return core_is_atomic(e) || e->kind == CORE_PRIM || e->kind == CORE_CALL ||
           e->kind == CORE_CALL_EXT || e->kind == CORE_CALL_FUN || e->kind == CORE_CLOSURE ||
           e->kind == CORE_JUMP || e->kind == CORE_FAIL || e->kind == CORE_FAIL_WITH ||
           e->kind == CORE_RERAISE || e->kind == CORE_SLOT_GET || e->kind == CORE_SLOT_SET ||
           e->kind == CORE_SKIP || e->kind == CORE_BITS;
}

static void put_body(Printer *p, const CoreExpr *e, uint32_t depth) {
    if (is_short(e)) {
        buf_byte(p->out, ' ');
    } else {
        line(p, depth);
    }
    put_expr(p, e, depth);
}

static void put_args(Printer *p, const CoreExprs *args, uint32_t depth) {
    buf_byte(p->out, '(');
    for (uint32_t i = 0; i < args->len; i++) {
        buf_text(p->out, i == 0 ? "" : ", ");
        if (is_short(args->items[i])) {
            put_expr(p, args->items[i], depth + 1);
        } else {
            buf_byte(p->out, '{');
            put_body(p, args->items[i], depth + 1);
            buf_byte(p->out, '}');
        }
    }
    buf_byte(p->out, ')');
}

static void put_vars(Printer *p, const CoreVar *vars, uint32_t count) {
    buf_byte(p->out, '(');
    for (uint32_t i = 0; i < count; i++) {
        buf_format(p->out, "%sv%u", i == 0 ? "" : ", ", vars[i]);
    }
    buf_byte(p->out, ')');
}

static void put_function(Printer *p, uint32_t number) {
    const CoreFunction *f = p->module->functions.items[number];
    put_name(p->out, f->name);
    buf_format(p->out, "/%u", f->arity);
}

static void put_prim(Printer *p, const CoreExpr *e, uint32_t depth) {
    lower_case(p->out, prim_names[e->as.prim.prim]);
    switch (e->as.prim.prim) {
    case PRIM_ELEM:
    case PRIM_CELL:
    case PRIM_SET_CELL: buf_format(p->out, ".%u", e->as.prim.index); break;
    case PRIM_FIELD: {
        const CoreRecord *r = &p->module->records.items[e->as.prim.record];
        buf_byte(p->out, '.');
        put_name(p->out, r->name);
        buf_byte(p->out, '.');
        put_name(p->out, r->fields[e->as.prim.index]);
        break;
    }
    case PRIM_RECORD:
        buf_byte(p->out, '.');
        put_name(p->out, p->module->records.items[e->as.prim.record].name);
        break;
    case PRIM_GET:
        buf_byte(p->out, '.');
        put_name(p->out, e->as.prim.name);
        break;
    default: break;
    }
    put_args(p, &e->as.prim.args, depth);
    if (e->as.prim.fail != NULL) {
        buf_text(p->out, " or");
        put_body(p, e->as.prim.fail, depth + 1);
    }
}

static void put_test(Printer *p, const CoreExpr *e, uint32_t depth) {
    buf_text(p->out, "if ");
    if (e->as.test.binds != 0) {
        buf_format(p->out, "v%u = ", e->as.test.binds);
    }
    lower_case(p->out, test_names[e->as.test.kind]);
    switch (e->as.test.kind) {
    case TEST_IS_TUPLE_OF: buf_format(p->out, ".%u", e->as.test.index); break;
    case TEST_IS_TAGGED:
        buf_format(p->out, ".%u.", e->as.test.index);
        put_name(p->out, e->as.test.name);
        break;
    case TEST_IS_RECORD_OF:
        buf_byte(p->out, '.');
        put_name(p->out, p->module->records.items[e->as.test.record].name);
        break;
    case TEST_BITS_INT:
    case TEST_BITS_FLOAT: buf_format(p->out, ".%u", e->as.test.index); break;
    default: break;
    }
    buf_byte(p->out, '(');
    for (uint32_t i = 0; i < 3 && e->as.test.operands[i] != NULL; i++) {
        buf_text(p->out, i == 0 ? "" : ", ");
        put_expr(p, e->as.test.operands[i], depth);
    }
    buf_byte(p->out, ')');
    put_body(p, e->as.test.then, depth + 1);
    line(p, depth);
    buf_text(p->out, "else");
    put_body(p, e->as.test.otherwise, depth + 1);
}

static void put_switch(Printer *p, const CoreExpr *e, uint32_t depth) {
    buf_text(p->out, "switch ");
    put_expr(p, e->as.select.subject, depth);
    for (uint32_t i = 0; i < e->as.select.count; i++) {
        line(p, depth + 1);
        put_const(p->module, e->as.select.cases[i].value, p->out);
        buf_text(p->out, " =>");
        put_body(p, e->as.select.cases[i].body, depth + 2);
    }
    line(p, depth + 1);
    buf_text(p->out, "_ =>");
    put_body(p, e->as.select.otherwise, depth + 2);
}

static void put_receive(Printer *p, const CoreExpr *e, uint32_t depth) {
    buf_format(p->out, "receive v%u", e->as.receive.message);
    if (e->as.receive.only_ref != NULL) {
        buf_text(p->out, " only ");
        put_expr(p, e->as.receive.only_ref, depth);
    }
    if (e->as.receive.select != NULL) {
        put_body(p, e->as.receive.select, depth + 1);
    }
    if (e->as.receive.timeout != NULL) {
        line(p, depth);
        buf_text(p->out, "after");
        put_body(p, e->as.receive.timeout, depth + 1);
        line(p, depth);
        buf_text(p->out, "then");
        put_body(p, e->as.receive.expired, depth + 1);
    }
}

static void put_bits(Printer *p, const CoreExpr *e, uint32_t depth) {
    buf_text(p->out, "bits(");
    for (uint32_t i = 0; i < e->as.bits.count; i++) {
        const CoreSegment *s = &e->as.bits.segments[i];
        buf_format(p->out, "%s%u:", i == 0 ? "" : ", ", s->spec);
        put_expr(p, s->value, depth + 1);
        if (s->size != NULL) {
            buf_byte(p->out, ':');
            put_expr(p, s->size, depth + 1);
        }
    }
    buf_byte(p->out, ')');
    if (e->as.bits.fail != NULL) {
        buf_text(p->out, " or");
        put_body(p, e->as.bits.fail, depth + 1);
    }
}

// The nodes of a chain; gives what follows, or NULL.
static const CoreExpr *put_link(Printer *p, const CoreExpr *e, uint32_t depth) {
    switch (e->kind) {
    case CORE_LET:
        buf_format(p->out, "v%u =", e->as.let.var);
        put_body(p, e->as.let.value, depth + 1);
        return e->as.let.body;
    case CORE_SEQ:
        buf_text(p->out, "do");
        put_body(p, e->as.seq.first, depth + 1);
        return e->as.seq.second;
    case CORE_SLOT_NEW:
        buf_format(p->out, "slot s%u =", e->as.slot.slot);
        put_body(p, e->as.slot.value, depth + 1);
        return e->as.slot.body;
    case CORE_JOIN:
        buf_text(p->out, e->as.join.recursive ? "loop" : "in");
        put_body(p, e->as.join.scope, depth + 1);
        line(p, depth);
        buf_format(p->out, "L%u", e->as.join.label);
        put_vars(p, e->as.join.params.items, e->as.join.params.len);
        buf_byte(p->out, ':');
        return e->as.join.body;
    default: return NULL;
    }
}

static void put_expr(Printer *p, const CoreExpr *e, uint32_t depth) {
    for (const CoreExpr *rest; (rest = put_link(p, e, depth)) != NULL; e = rest) {
        line(p, depth);
    }
    switch (e->kind) {
    case CORE_LIT: put_const(p->module, e->as.lit, p->out); break;
    case CORE_VAR: buf_format(p->out, "v%u", e->as.var); break;
    case CORE_IF:
        buf_text(p->out, "if");
        put_body(p, e->as.branch.cond, depth + 1);
        line(p, depth);
        buf_text(p->out, "then");
        put_body(p, e->as.branch.then, depth + 1);
        line(p, depth);
        buf_text(p->out, "else");
        put_body(p, e->as.branch.otherwise, depth + 1);
        break;
    case CORE_TEST: put_test(p, e, depth); break;
    case CORE_SWITCH: put_switch(p, e, depth); break;
    case CORE_JUMP:
        buf_format(p->out, "jump L%u", e->as.jump.label);
        put_args(p, &e->as.jump.args, depth);
        break;
    case CORE_CALL:
        put_function(p, e->as.call.function);
        put_args(p, &e->as.call.args, depth);
        break;
    case CORE_CLOSURE:
        buf_text(p->out, "closure ");
        put_function(p, e->as.call.function);
        put_args(p, &e->as.call.args, depth);
        break;
    case CORE_CALL_EXT:
        put_name(p->out, e->as.call_ext.module);
        buf_byte(p->out, '.');
        put_name(p->out, e->as.call_ext.name);
        put_args(p, &e->as.call_ext.args, depth);
        break;
    case CORE_CALL_FUN:
        buf_text(p->out, "call ");
        put_expr(p, e->as.call_fun.function, depth + 1);
        put_args(p, &e->as.call_fun.args, depth);
        break;
    case CORE_PRIM: put_prim(p, e, depth); break;
    case CORE_FAIL:
        buf_text(p->out, "fail");
        put_body(p, e->as.value, depth + 1);
        break;
    case CORE_FAIL_WITH:
        buf_text(p->out, "fail ");
        put_atom(p->out, e->as.fail_with.atom);
        put_body(p, e->as.fail_with.value, depth + 1);
        break;
    case CORE_RERAISE:
        buf_text(p->out, "reraise");
        put_body(p, e->as.value, depth + 1);
        break;
    case CORE_TRY:
        buf_text(p->out, "try");
        put_body(p, e->as.try_.body, depth + 1);
        line(p, depth);
        buf_format(p->out, "catch v%u", e->as.try_.reason);
        put_body(p, e->as.try_.handler, depth + 1);
        break;
    case CORE_SLOT_GET: buf_format(p->out, "s%u", e->as.slot.slot); break;
    case CORE_SLOT_SET:
        buf_format(p->out, "s%u :=", e->as.slot.slot);
        put_body(p, e->as.slot.value, depth + 1);
        break;
    case CORE_RECEIVE: put_receive(p, e, depth); break;
    case CORE_TAKE:
        buf_text(p->out, "take");
        line(p, depth);
        put_expr(p, e->as.value, depth);
        break;
    case CORE_SKIP: buf_text(p->out, "skip"); break;
    case CORE_BITS: put_bits(p, e, depth); break;
    case CORE_LET:
    case CORE_SEQ:
    case CORE_JOIN:
    case CORE_SLOT_NEW:
    case CORE_KIND_COUNT: CHECK(!"a node at the end of a chain");
    }
}

static void print_function(Printer *p, const CoreFunction *f) {
    buf_text(p->out, f->exported ? "pub fn " : "fn ");
    put_name(p->out, f->name);
    buf_format(p->out, "/%u(", f->arity);
    for (uint32_t i = 0; i < f->params.len; i++) {
        buf_text(p->out, i == 0 ? "" : i == f->arity ? " | " : ", ");
        buf_format(p->out, "v%u", f->params.items[i]);
    }
    buf_byte(p->out, ')');
    if (f->body != NULL) {
        line(p, 1);
        put_expr(p, f->body, 1);
    }
    buf_byte(p->out, '\n');
}

void core_function_print(const CoreModule *module, const CoreFunction *f, Buf *out) {
    print_function(&(Printer){module, out}, f);
}

void core_print(const CoreModule *module, Buf *out) {
    Printer p = {module, out};
    for (uint32_t i = 0; i < module->functions.len; i++) {
        buf_text(out, i == 0 ? "" : "\n");
        print_function(&p, module->functions.items[i]);
    }
    for (uint32_t i = 0; i < module->tests.len; i++) {
        const CoreTestBlock *test = &module->tests.items[i];
        buf_byte(out, '\n');
        buf_quoted(out, test->name);
        buf_text(out, " is ");
        put_function(&p, test->function);
    }
    buf_text(out, module->tests.len > 0 ? "\n" : "");
}

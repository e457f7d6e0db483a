// SPDX-License-Identifier: Apache-2.0
// See disasm.h. Labels are written as the words they lead to; what is behind `#` is a comment.
#include "vm/interp/disasm.h"

#include <string.h>

#include "vm/boot.h"
#include "vm/code/instr.h"
#include "vm/code/lines.h"
#include "vm/term/print.h"
#include "vm/term/record.h"

typedef struct {
    Buffer *out;
    const Module *m;
    const Function *f;
} Disasm;

static void add_atom(Disasm *d, Term atom) {
    atom_print(d->m->vm->atoms, d->out, atom, true);
}

static void add_term(Disasm *d, Term t) {
    term_print_short(d->m->vm->atoms, d->out, t);
}

static void add_source(Disasm *d, uint32_t word) {
    int32_t value = operand_value(word);
    switch (operand_kind(word)) {
    case OPERAND_X: buffer_add_format(d->out, "x%d", value); break;
    case OPERAND_Y: buffer_add_format(d->out, "y%d", value); break;
    case OPERAND_INT: buffer_add_format(d->out, "%d", value); break;
    case OPERAND_ATOM: add_term(d, d->m->atoms[value]); break;
    case OPERAND_LIT: add_term(d, d->m->literals[value]); break;
    case OPERAND_D: buffer_add_format(d->out, "d%d", value); break;
    default: buffer_add_text(d->out, "[]"); break;
    }
}

static void add_label(Disasm *d, uint32_t word) {
    if (word == 0) {
        buffer_add_text(d->out, "-");
    } else {
        buffer_add_format(d->out, "@L%u", label_target(word));
    }
}

static void add_spec(Disasm *d, uint32_t spec) {
    static const char *const types[] = {"int", "float", "bytes", "utf8"};
    buffer_add_text(d->out, types[spec & SEG_TYPE_MASK]);
    buffer_add_text(d->out, (spec & SEG_LITTLE) != 0 ? "+little" : "");
    buffer_add_text(d->out, (spec & SEG_SIGNED) != 0 ? "+signed" : "");
    buffer_add_text(d->out, (spec & SEG_SHOWN) != 0 ? "+shown" : "");
    buffer_add_text(d->out, (spec & SEG_APPEND) != 0 ? "+append" : "");
}

static void add_point(Disasm *d, const Safepoint *point) {
    buffer_add_text(d->out, "{");
    const char *space = "";
    for (uint32_t i = 0; i < (uint32_t)point->nx + point->ny; i++) {
        if (i == point->nx) {
            buffer_add_format(d->out, "%s|", space);
            space = " ";
        }
        static const char *const marks[] = {"", "", "raw ", "hole "};
        SlotKind kind = safepoint_kind(point, i);
        if (kind != SLOT_DEAD) {
            buffer_add_format(d->out, "%s%s%c%u", space, marks[kind], i < point->nx ? 'x' : 'y',
                              i < point->nx ? i : i - point->nx);
            space = " ";
        }
    }
    if (point->nd > 0) {
        buffer_add_format(d->out, "%sd0..d%u", space, point->nd - 1u);
    }
    buffer_add_text(d->out, "}");
}

static void add_list(Disasm *d, const uint32_t *list, char letter) {
    const uint32_t *at = list + 1;
    buffer_add_text(d->out, "<");
    for (uint32_t i = 0; i < list[0]; i++, at += instr_list_width(letter)) {
        buffer_add_text(d->out, i == 0 ? "" : " ");
        if (letter == 'g') {
            add_spec(d, at[0]);
            buffer_add_text(d->out, " ");
            add_source(d, at[1]);
            buffer_add_text(d->out, " ");
            add_source(d, at[2]);
            continue;
        }
        add_source(d, at[0]);
        if (letter == 'k') {
            buffer_add_text(d->out, " ");
            add_label(d, at[1]);
        }
    }
    buffer_add_text(d->out, ">");
}

static bool is_spec(uint32_t op) {
    return op == OP_bits_int || op == OP_bits_float;
}

static void add_operand(Disasm *d, uint32_t op, char letter, uint32_t word) {
    const Module *m = d->m;
    switch (letter) {
    case 'd':
    case 's':
    case 'e':
    case 'v': add_source(d, word); break;
    case 'n':
        if (is_spec(op)) {
            add_spec(d, word);
        } else {
            buffer_add_format(d->out, "%u", word);
        }
        break;
    case 'a': add_term(d, m->atoms[word]); break;
    case 'l':
    case 'f': add_label(d, word); break;
    case 'm': add_point(d, d->f->points[word]); break;
    case 'F':
        add_atom(d, m->functions[word].name);
        buffer_add_format(d->out, "/%u", m->functions[word].arity);
        break;
    case 'I':
        add_atom(d, m->imports[word].module);
        buffer_add_text(d->out, ".");
        add_atom(d, m->imports[word].name);
        buffer_add_format(d->out, "/%u", m->imports[word].arity);
        break;
    default: add_atom(d, m->records[word]->name); break;
    }
}

// The source line, where it changes.
static void add_line(Disasm *d, uint32_t at, uint32_t *last) {
    uint32_t count;
    const LineFrame *frames = lines_find(d->f, at, &count);
    if (count != 0 && frames[0].line != *last) {
        *last = frames[0].line;
        buffer_add_format(d->out, "  # %s:%u", lines_file(d->f, &frames[0]), frames[0].line);
        for (uint32_t i = 1; i < count; i++) {
            buffer_add_format(d->out, ", inlined at %s:%u", lines_file(d->f, &frames[i]),
                              frames[i].line);
        }
        buffer_add_text(d->out, "\n");
    }
}

static void add_instruction(Disasm *d, const uint32_t *code) {
    buffer_add_format(d->out, "  %s", op_infos[code[0]].name);
    uint32_t at = 1;
    for (const char *o = op_infos[code[0]].operands; *o != '\0'; o++) {
        buffer_add_text(d->out, " ");
        if (*o == '*') {
            o++;
            add_list(d, code + at, *o);
            at += 1 + code[at] * instr_list_width(*o);
        } else {
            add_operand(d, code[0], *o, code[at++]);
        }
    }
    buffer_add_text(d->out, "\n");
}

void disasm_function(Buffer *out, const Function *f) {
    Disasm d = {.out = out, .m = f->module, .f = f};
    buffer_add_text(out, "fn ");
    add_atom(&d, f->name);
    buffer_add_format(out, f->captured == 0 ? "/%u" : "/%u+%u", f->arity, f->captured);
    buffer_add_text(out, "\n");
    for (uint32_t i = 0; i < f->region_count; i++) {
        const Region *r = &f->regions[i];
        buffer_add_format(out, "  region @L%u @L%u @L%u\n", r->start, r->end, r->target);
    }
    uint32_t block = 0;
    uint32_t line = 0;
    for (uint32_t at = 0; at < f->words; at += instr_words(f->code + at)) {
        add_line(&d, at, &line);
        while (block < f->block_count && f->blocks[block] <= at) {
            if (f->blocks[block++] == at) {
                buffer_add_format(out, "L%u:\n", at);
            }
        }
        add_instruction(&d, f->code + at);
    }
}

void disasm_module(Buffer *out, const Module *module) {
    Disasm d = {.out = out, .m = module};
    buffer_add_text(out, "module ");
    add_atom(&d, module->name);
    buffer_add_text(out, "\n");
    for (uint32_t i = 0; i < module->record_count; i++) {
        const RecordDesc *desc = module->records[i];
        buffer_add_text(out, "record ");
        add_atom(&d, desc->name);
        for (uint32_t k = 0; k < desc->field_count; k++) {
            buffer_add_text(out, " ");
            add_atom(&d, desc->fields[k]);
        }
        buffer_add_text(out, "\n");
    }
    for (uint32_t i = 0; i < module->function_count; i++) {
        buffer_add_text(out, "\n");
        disasm_function(out, &module->functions[i]);
    }
}

// SPDX-License-Identifier: Apache-2.0
// From the CODE chunk to canonical words in memory: checks every operand's kind and range by
// ops.def, resolves labels and gives each op that needs one its Safepoint (see instr.h for what
// changes in the words). What registers hold, and whether they are initialised, is the verifier's
// business. Runs within a load, one thread. Tests: tests/unit/vm/code/loader_test.c.
#include <stdio.h>
#include <string.h>

#include "vm/code/instr.h"
#include "vm/code/loader_private.h"
#include "vm/term/atom.h"
#include "vm/term/box.h"

enum {
    SAFEPOINT_BYTES_MIN = 1 << 20, // of all kinds of a module, whatever its size
    SAFEPOINT_BYTES_PER_WORD = 64,
};

typedef struct {
    Loading *l;
    Function *f;
    LoadFunction *load;
    uint32_t *code;      // of the function
    uint32_t at;         // word that is looked at
    uint32_t op_at;      // op that it belongs to
    uint32_t next_block; // index of the first block not yet passed
    uint32_t map;        // map of the op, or UINT32_MAX
    uint32_t frame_size;
    uint32_t x_count;
    uint32_t d_count;
    size_t kind_bytes; // of all safepoints so far
} Decoding;

static bool decode_fail(Decoding *d, const char *why) {
    if (d->l->error->what[0] == '\0') {
        uint32_t op = d->code[d->op_at];
        d->l->error->offset = 0;
        snprintf(d->l->error->what, sizeof d->l->error->what, "function %.80s/%u, word %u, %s: %s",
                 atom_text(d->l->vm->atoms, d->f->name), d->f->arity, d->op_at,
                 op < OP_COUNT ? op_infos[op].name : "no op", why);
    }
    return false;
}

static bool decode_register(Decoding *d, uint32_t word) {
    int32_t value = operand_value(word);
    if (operand_kind(word) == OPERAND_X) {
        if (value < 0 || value >= X_COUNT) {
            return decode_fail(d, "a register that does not exist");
        }
        if ((uint32_t)value >= d->x_count) {
            d->x_count = (uint32_t)value + 1;
        }
        return true;
    }
    return (value >= 0 && (uint32_t)value < d->frame_size) ||
           decode_fail(d, "a slot beyond the frame");
}

static bool decode_source(Decoding *d, uint32_t word) {
    uint32_t value = (uint32_t)operand_value(word);
    switch (operand_kind(word)) {
    case OPERAND_X:
    case OPERAND_Y: return decode_register(d, word);
    case OPERAND_INT: return true;
    case OPERAND_ATOM:
        return value < d->l->module->atom_count || decode_fail(d, "an atom that does not exist");
    case OPERAND_EMPTY: return value == 0 || decode_fail(d, "an operand of a wrong form");
    case OPERAND_LIT:
        return value < d->l->module->literal_count ||
               decode_fail(d, "a literal that does not exist");
    default: return decode_fail(d, "an operand of a wrong kind");
    }
}

// A register of the raw kind.
static bool decode_raw(Decoding *d, uint32_t word) {
    int32_t value = operand_value(word);
    if (operand_kind(word) == OPERAND_Y) {
        return decode_register(d, word);
    }
    if (operand_kind(word) != OPERAND_D || value < 0 || value >= D_COUNT) {
        return decode_fail(d, "an operand that is no raw register");
    }
    if ((uint32_t)value >= d->d_count) {
        d->d_count = (uint32_t)value + 1;
    }
    return true;
}

static bool decode_raw_source(Decoding *d, uint32_t word) {
    if (operand_kind(word) != OPERAND_LIT) {
        return decode_raw(d, word);
    }
    const Module *m = d->l->module;
    uint32_t value = (uint32_t)operand_value(word);
    return (value < m->literal_count && term_is_float(m->literals[value])) ||
           decode_fail(d, "a literal that is no float");
}

static bool decode_label(Decoding *d, bool may_be_none) {
    uint32_t label = d->code[d->at];
    if (label == 0) {
        return may_be_none || decode_fail(d, "a label that must be there is not");
    }
    if (label > d->load->block_count) {
        return decode_fail(d, "a label that does not exist");
    }
    d->code[d->at] = d->load->blocks[label - 1] + 1;
    return true;
}

// One operand that is no list.
static bool decode_operand(Decoding *d, char letter) {
    uint32_t word = d->code[d->at];
    Module *m = d->l->module;
    switch (letter) {
    case 'd':
        return operand_kind(word) <= OPERAND_Y
                   ? decode_register(d, word)
                   : decode_fail(d, "a destination that is no register");
    case 's': return decode_source(d, word);
    case 'e': return decode_raw(d, word);
    case 'v': return decode_raw_source(d, word);
    case 'n': return true;
    case 'a': return word < m->atom_count || decode_fail(d, "an atom that does not exist");
    case 'l': return decode_label(d, false);
    case 'f': return decode_label(d, true);
    case 'm':
        d->map = word;
        d->code[d->at] = d->f->point_count;
        return word < d->load->map_count || decode_fail(d, "a liveness map that does not exist");
    case 'F': return word < m->function_count || decode_fail(d, "a function that does not exist");
    case 'I': return word < m->import_count || decode_fail(d, "an import that does not exist");
    case 'R': return word < m->record_count || decode_fail(d, "a record that does not exist");
    default: UNREACHABLE();
    }
}

// One element of a list; d->at is its first word.
static bool decode_element(Decoding *d, char letter) {
    if (letter == 's') {
        return decode_operand(d, 's');
    }
    if (letter == 'k') {
        OperandKind kind = operand_kind(d->code[d->at]);
        if (kind != OPERAND_INT && kind != OPERAND_ATOM) {
            return decode_fail(d, "a case that is neither a small integer nor an atom");
        }
        bool ok = decode_source(d, d->code[d->at]);
        d->at++;
        ok = ok && decode_label(d, false);
        d->at--;
        return ok;
    }
    uint32_t spec = d->code[d->at];
    if (spec > (SEG_TYPE_MASK | SEG_LITTLE | SEG_SIGNED | SEG_SHOWN | SEG_APPEND)) {
        return decode_fail(d, "a segment of an unknown kind");
    }
    d->at++;
    bool ok = decode_source(d, d->code[d->at]);
    d->at++;
    ok = ok && decode_source(d, d->code[d->at]);
    d->at -= 2;
    return ok;
}

static bool decode_operands(Decoding *d, const char *letters) {
    for (const char *o = letters; *o != '\0'; o++) {
        if (d->at >= d->f->words) {
            return decode_fail(d, "the op goes on after the end of the function");
        }
        if (*o != '*') {
            if (!decode_operand(d, *o)) {
                return false;
            }
            d->at++;
            continue;
        }
        o++;
        uint32_t count = d->code[d->at++];
        uint32_t width = instr_list_width(*o);
        if (count > (d->f->words - d->at) / width) {
            return decode_fail(d, "the list goes on after the end of the function");
        }
        for (uint32_t i = 0; i < count; i++) {
            if (!decode_element(d, *o)) {
                return false;
            }
            d->at += width;
        }
    }
    return true;
}

// Safepoints -------------------------------------------------------------------------------------

static void kinds_set(Safepoint *point, uint32_t i, SlotKind kind) {
    point->kinds[i / 4] =
        (uint8_t)((point->kinds[i / 4] & ~(3u << (i % 4 * 2))) | ((unsigned)kind << (i % 4 * 2)));
}

typedef struct {
    uint32_t nx;
    uint32_t ny;
    uint32_t nd;
    Safepoint *point; // NULL: only counting
} SourceMarks;

static void mark_source(SourceMarks *marks, uint32_t word) {
    uint32_t value = (uint32_t)operand_value(word);
    if (operand_kind(word) == OPERAND_X) {
        if (value >= marks->nx) {
            marks->nx = value + 1;
        }
        if (marks->point != NULL) {
            kinds_set(marks->point, value, SLOT_TERM);
        }
    } else if (operand_kind(word) == OPERAND_Y && marks->point != NULL &&
               value < marks->point->ny) {
        kinds_set(marks->point, marks->point->nx + value, SLOT_TERM);
    }
}

static void mark_raw(SourceMarks *marks, uint32_t word) {
    uint32_t value = (uint32_t)operand_value(word);
    if (operand_kind(word) == OPERAND_D && value >= marks->nd) {
        marks->nd = value + 1;
    } else if (operand_kind(word) == OPERAND_Y && marks->point != NULL &&
               value < marks->point->ny) {
        kinds_set(marks->point, marks->point->nx + value, SLOT_RAW);
    }
}

// Marks what the op at `code` reads.
static void mark_sources(SourceMarks *marks, const uint32_t *code) {
    uint32_t at = 1;
    for (const char *o = op_infos[code[0]].operands; *o != '\0'; o++) {
        if (*o == 's') {
            mark_source(marks, code[at++]);
        } else if (*o == 'v') {
            mark_raw(marks, code[at++]);
        } else if (*o == '*') {
            o++;
            uint32_t count = code[at++];
            for (uint32_t i = 0; i < count; i++) {
                if (*o == 's') {
                    mark_source(marks, code[at]);
                } else if (*o == 'g') {
                    mark_source(marks, code[at + 1]);
                    mark_source(marks, code[at + 2]);
                }
                at += instr_list_width(*o);
            }
        } else {
            at++;
        }
    }
}

// The Safepoint of the op just decoded: its map and its sources; without a map room for the whole
// frame, which the verifier fills.
static bool make_point(Decoding *d, Safepoint **points) {
    const ImageMap *map = d->map == UINT32_MAX ? NULL : &d->load->maps[d->map];
    const uint32_t *code = d->code + d->op_at;
    bool is_call = (op_infos[code[0]].flags & OP_CALL) != 0;
    bool returns = code[0] == OP_ret; // X0 lives, and there is no frame
    SourceMarks marks = {.nx = returns ? 1 : map == NULL || is_call ? 0 : map->nx};
    marks.nd =
        map == NULL || is_call || map->raws == 0 ? 0 : 32 - (uint32_t)__builtin_clz(map->raws);
    uint32_t ny = returns ? 0 : map == NULL ? d->frame_size : map->ny;
    if (map != NULL && ny != 0 && ny != d->frame_size) {
        return decode_fail(d, "a liveness map that is not of the frame's size");
    }
    if (map != NULL && !is_call) {
        mark_sources(&marks, code);
    }
    size_t bytes = (marks.nx + ny + 3) / 4;
    d->kind_bytes += bytes;
    if (d->kind_bytes > SAFEPOINT_BYTES_MIN + SAFEPOINT_BYTES_PER_WORD * d->l->module->code_words) {
        return decode_fail(d, "liveness maps larger than the code can need");
    }
    Safepoint *point = loading_take(d->l, 1, sizeof(Safepoint) + bytes);
    if (point == NULL) {
        return false;
    }
    point->function = d->f;
    point->offset = d->op_at;
    point->nx = (uint16_t)marks.nx;
    point->ny = (uint16_t)ny;
    point->nd = (uint8_t)marks.nd;
    if (returns) {
        kinds_set(point, 0, SLOT_TERM);
    }
    for (uint32_t i = 0; map != NULL && i < map->nx && !is_call; i++) {
        kinds_set(point, i, (SlotKind)((map->x_kinds[i / 4] >> (i % 4 * 2)) & 3));
    }
    for (uint32_t i = 0; map != NULL && i < map->ny; i++) {
        kinds_set(point, point->nx + i, (SlotKind)((map->y_kinds[i / 4] >> (i % 4 * 2)) & 3));
    }
    if (map != NULL && !is_call) {
        marks.point = point;
        mark_sources(&marks, code);
    }
    points[d->f->point_count] = point;
    d->load->point_maps[d->f->point_count++] = d->map;
    return true;
}

// A function -------------------------------------------------------------------------------------

typedef struct {
    uint32_t frames;     // `frame` ops
    uint32_t frame_size; // of the last one
    uint32_t points;     // ops that need a Safepoint
} Survey;

// Walks the ops up to the first that is not sound, which the decoding proper will report.
static Survey survey_function(const uint32_t *code, uint32_t words) {
    Survey s = {0};
    for (uint32_t at = 0; at < words && code[at] < OP_COUNT;) {
        if (code[at] == OP_frame && at + 1 < words) {
            s.frame_size = code[at + 1];
            s.frames++;
        }
        s.points += instr_has_point(code[at]);
        uint64_t length = 1;
        for (const char *o = op_infos[code[at]].operands; *o != '\0'; o++) {
            if (*o == '*') {
                o++;
                length +=
                    length < words - at ? (uint64_t)code[at + length] * instr_list_width(*o) : 0;
            }
            length++;
        }
        if (length > words - at) {
            break;
        }
        at += (uint32_t)length;
    }
    return s;
}

static bool decode_function(Decoding *d) {
    Function *f = d->f;
    Survey survey = survey_function(d->code, f->words);
    if (survey.frames > 1 || survey.frame_size > Y_MAX) {
        return decode_fail(d, survey.frames > 1 ? "more than one frame op" : "a frame too large");
    }
    d->frame_size = survey.frame_size;
    Safepoint **points = loading_take(d->l, survey.points, sizeof(Safepoint *));
    d->load->point_maps = loading_take_temporary(d->l, survey.points, sizeof(uint32_t));
    if (points == NULL || d->load->point_maps == NULL) {
        return false;
    }
    f->points = points;
    f->frame_size = d->frame_size;
    d->d_count = 0;
    d->x_count = (uint32_t)f->arity + f->captured;
    if (d->x_count == 0) {
        d->x_count = 1; // results and reasons come in X0
    }
    for (d->at = 0; d->at < f->words;) {
        d->op_at = d->at;
        uint32_t op = d->code[d->at];
        if (op >= OP_COUNT) {
            return decode_fail(d, "a number that no op has");
        }
        if (d->next_block < d->load->block_count && d->load->blocks[d->next_block] < d->op_at) {
            return decode_fail(d, "a block begins within the op before");
        }
        if (d->next_block < d->load->block_count && d->load->blocks[d->next_block] == d->op_at) {
            d->next_block++;
        }
        d->map = UINT32_MAX;
        d->at++;
        if (!decode_operands(d, op_infos[op].operands)) {
            return false;
        }
        if (instr_has_point(op) && !make_point(d, points)) {
            return false;
        }
    }
    if (d->next_block < d->load->block_count) {
        return decode_fail(d, "a block begins within the last op");
    }
    f->x_count = d->x_count;
    f->d_count = d->d_count;
    return true;
}

bool load_code(Loading *l) {
    Reader *r = &l->chunks[CHUNK_CODE];
    Module *m = l->module;
    if (reader_left(r) < m->code_words) {
        reader_fail(r, "CODE: fewer words than the functions have");
        return false;
    }
    m->code = loading_take(l, m->code_words, sizeof(uint32_t));
    if (m->code == NULL) {
        return false;
    }
    for (size_t i = 0; i < m->code_words && !r->failed; i++) {
        m->code[i] = (uint32_t)read_u(r, UINT32_MAX, "code");
    }
    if (!r->failed && r->at != r->end) {
        reader_fail(r, "CODE: more words than the functions have");
    }
    size_t kind_bytes = 0;
    uint32_t *code = m->code;
    for (uint32_t i = 0; i < m->function_count && !r->failed; i++) {
        Decoding d = {.l = l,
                      .f = &m->functions[i],
                      .load = &l->functions[i],
                      .code = code,
                      .kind_bytes = kind_bytes};
        d.f->code = code;
        code += d.f->words;
        if (!decode_function(&d)) {
            return false;
        }
        kind_bytes = d.kind_bytes;
    }
    return !r->failed;
}

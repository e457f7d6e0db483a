// SPDX-License-Identifier: Apache-2.0
// Changes of code that could pass the verifier: see mutate.h.
//
// The first module's FUNC chunk is taken apart into tokens, numbers with what they mean, and its
// CODE chunk into words; changes are made there, in terms of instructions, and both are written
// anew. What the image had been damaged in before ends the taking apart, and nothing is changed
// then.
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vm/interp/mutate.h"
#include "tests/unit/vm/interp/mutate_private.h"
#include "vm/code/format.h"

enum { TOKENS_MAX = 1 << 20, WORDS_MAX = 1 << 18, FUNCTIONS_MAX = 1 << 12 };

typedef enum { NUMBER, ARITY, CAPTURED, WORDS, BLOCK, NX, NY, KINDS, START, END } Role;

typedef struct {
    Role role;
    uint32_t function;
    uint64_t value; // KINDS: a byte
} Token;

typedef struct {
    uint32_t start; // word
    uint32_t words;
    uint32_t blocks;
    uint32_t maps;
} Part;

typedef struct {
    Token *tokens;
    uint32_t token_count;
    uint32_t *code;
    uint32_t words;
    Part *parts;
    uint32_t part_count;
    uint32_t counts[CHUNK_COUNT]; // of entries
    uint64_t *random;
} Code;

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} Input;

static uint64_t input_u(Input *in) {
    uint64_t value = 0;
    for (int shift = 0; in->at < in->end && shift < 63; shift += 7) {
        uint8_t byte = *in->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    in->failed = true;
    return 0;
}

static uint32_t below(Code *c, uint32_t limit) {
    return limit == 0 ? 0 : (uint32_t)(mutate_random(c->random) % limit);
}

// Taking apart -----------------------------------------------------------------------------------

static uint64_t token(Code *c, Input *in, Role role) {
    uint64_t value = role != KINDS      ? input_u(in)
                     : in->at < in->end ? *in->at++
                                        : (in->failed = true, 0);
    if (c->token_count == TOKENS_MAX) {
        in->failed = true;
    }
    if (!in->failed) {
        c->tokens[c->token_count++] = (Token){role, c->part_count, value};
    }
    return value;
}

static void tokens(Code *c, Input *in, uint64_t count, Role role) {
    for (uint64_t i = 0; i < count && !in->failed; i++) {
        token(c, in, role);
    }
}

static void take_function(Code *c, Input *in) {
    token(c, in, NUMBER); // name
    token(c, in, ARITY);
    token(c, in, CAPTURED);
    token(c, in, NUMBER); // flags
    uint64_t words = token(c, in, WORDS);
    uint64_t blocks = token(c, in, NUMBER);
    tokens(c, in, blocks, BLOCK);
    uint64_t maps = token(c, in, NUMBER);
    for (uint64_t i = 0; i < maps && !in->failed; i++) {
        uint64_t nx = token(c, in, NX);
        tokens(c, in, (nx + 3) / 4, KINDS);
        uint64_t ny = token(c, in, NY);
        tokens(c, in, (ny + 3) / 4, KINDS);
    }
    uint64_t regions = token(c, in, NUMBER);
    for (uint64_t i = 0; i < regions && !in->failed; i++) {
        token(c, in, START);
        token(c, in, END);
        token(c, in, NUMBER); // label
    }
    if (!in->failed) {
        c->parts[c->part_count++] =
            (Part){c->words, (uint32_t)words, (uint32_t)blocks, (uint32_t)maps};
        c->words += (uint32_t)words;
    }
}

static bool take_apart(Code *c, const Bytes *image) {
    for (uint32_t i = 0; i < CHUNK_COUNT; i++) {
        Input in;
        if (mutate_chunk(image, i, &in.at, &in.end)) {
            in.failed = false;
            c->counts[i] = (uint32_t)input_u(&in);
        }
    }
    Input in = {0};
    if (c->counts[CHUNK_FUNC] == 0 || c->counts[CHUNK_FUNC] > FUNCTIONS_MAX ||
        !mutate_chunk(image, CHUNK_FUNC, &in.at, &in.end)) {
        return false;
    }
    token(c, &in, NUMBER);
    for (uint32_t i = 0; i < c->counts[CHUNK_FUNC] && !in.failed; i++) {
        take_function(c, &in);
    }
    if (in.failed || c->words > WORDS_MAX - 64 ||
        !mutate_chunk(image, CHUNK_CODE, &in.at, &in.end)) {
        return false;
    }
    for (uint32_t i = 0; i < c->words && !in.failed; i++) {
        c->code[i] = (uint32_t)input_u(&in);
    }
    return !in.failed;
}

// Putting together -------------------------------------------------------------------------------

static void put_functions(const Code *c, Bytes *out) {
    uint64_t kinds = 0; // bytes still to write
    for (uint32_t i = 0; i < c->token_count; i++) {
        const Token *t = &c->tokens[i];
        if (t->role == KINDS) {
            if (kinds > 0) {
                bytes_add_byte(out, (uint8_t)t->value);
                kinds--;
            }
            continue;
        }
        for (; kinds > 0; kinds--) {
            bytes_add_byte(out, 0);
        }
        bytes_add_u(out, t->value);
        kinds = t->role == NX || t->role == NY ? (t->value + 3) / 4 : 0;
    }
}

static void put_together(const Code *c, Bytes *image) {
    Bytes functions = {0};
    put_functions(c, &functions);
    mutate_replace(image, CHUNK_FUNC, &functions);
    bytes_free(&functions);
    Bytes code = {0};
    for (uint32_t i = 0; i < c->words; i++) {
        bytes_add_u(&code, c->code[i]);
    }
    mutate_replace(image, CHUNK_CODE, &code);
    bytes_free(&code);
}

// Instructions -----------------------------------------------------------------------------------

static uint32_t list_width(char letter) {
    return letter == 's' ? 1 : letter == 'k' ? 2 : 3;
}

// Words of the instruction at `at` of a part, or 0 when there is none that is whole.
static uint32_t words_at(const Code *c, const Part *p, uint32_t at) {
    const uint32_t *code = c->code + p->start;
    if (at >= p->words || code[at] >= OP_COUNT) {
        return 0;
    }
    uint64_t words = 1;
    for (const char *o = op_infos[code[at]].operands; *o != '\0'; o++) {
        if (*o == '*') {
            if (at + words >= p->words) {
                return 0;
            }
            words += (uint64_t)code[at + words] * list_width(*++o);
        }
        words++;
    }
    return at + words <= p->words ? (uint32_t)words : 0;
}

// A random instruction behind `enter`; 0: there is none.
static uint32_t pick(Code *c, const Part *p) {
    uint32_t count = 0;
    uint32_t picked = 0;
    for (uint32_t at = 0, words; (words = words_at(c, p, at)) != 0; at += words) {
        if (at != 0 && below(c, ++count) == 0) {
            picked = at;
        }
    }
    return picked;
}

static bool is_block(const Code *c, uint32_t part, uint32_t at) {
    uint64_t offset = 0;
    for (uint32_t i = 0; i < c->token_count; i++) {
        if (c->tokens[i].role == BLOCK && c->tokens[i].function == part) {
            offset += c->tokens[i].value;
            if (offset == at) {
                return true;
            }
        }
    }
    return false;
}

// A source that stands elsewhere in the part, or a constant.
static uint32_t new_source(Code *c, const Part *p, uint32_t old) {
    switch (below(c, 8)) {
    case 0: return operand_make(OPERAND_INT, (int32_t)below(c, 9) - 2);
    case 1: return operand_make(OPERAND_ATOM, (int32_t)below(c, c->counts[CHUNK_ATOM]));
    case 2: return operand_make(OPERAND_EMPTY, 0);
    case 3:
        return c->counts[CHUNK_LITS] == 0
                   ? old
                   : operand_make(OPERAND_LIT, (int32_t)below(c, c->counts[CHUNK_LITS]));
    case 4: return operand_make(OPERAND_INT, OPERAND_INT_MAX);
    default: break;
    }
    uint32_t at = pick(c, p);
    if (at == 0) {
        return old;
    }
    const char *letters = op_infos[c->code[p->start + at]].operands;
    return letters[0] == 'd' || letters[0] == 's' ? c->code[p->start + at + 1] : old;
}

static uint32_t new_operand(Code *c, const Part *p, char letter, uint32_t old) {
    switch (letter) {
    case 'd':
        return below(c, 3) == 0 ? operand_make(OPERAND_X, (int32_t)below(c, 6))
                                : new_source(c, p, old);
    case 's': return new_source(c, p, old);
    case 'n': return below(c, 3) == 0 ? below(c, 16) : old + below(c, 5) - 2;
    case 'l':
    case 'f': return 1 + below(c, p->blocks) - (letter == 'f' && below(c, 3) == 0);
    case 'm': return below(c, p->maps);
    case 'a': return below(c, c->counts[CHUNK_ATOM]);
    case 'F': return below(c, c->part_count);
    case 'I': return below(c, c->counts[CHUNK_IMPT]);
    default: return below(c, c->counts[CHUNK_RECS]);
    }
}

static void change_operand(Code *c, const Part *p) {
    uint32_t at = pick(c, p);
    if (at == 0) {
        return;
    }
    uint32_t *code = c->code + p->start + at;
    uint32_t *picked = NULL;
    char picked_letter = 0;
    uint32_t count = 0;
    uint32_t word = 1;
    for (const char *o = op_infos[*code].operands; *o != '\0'; o++, word++) {
        uint32_t elements = *o == '*' ? code[word++] : 1;
        bool list = *o == '*';
        o += list;
        uint32_t width = list ? list_width(*o) : 1;
        for (uint32_t i = 0; i < elements; i++) {
            // Of cases the label, of segments the value.
            if (below(c, ++count) == 0) {
                picked = code + word + i * width + (width > 1);
                picked_letter = *o == 'k' ? 'l' : *o == 'g' ? 's' : *o;
            }
        }
        word += list ? elements * width - 1 : 0;
    }
    if (picked != NULL) {
        *picked = new_operand(c, p, picked_letter, *picked);
    }
}

// Another op with the same operands.
static void change_op(Code *c, const Part *p) {
    uint32_t at = pick(c, p);
    if (at == 0) {
        return;
    }
    uint32_t op = c->code[p->start + at];
    uint32_t count = 0;
    for (uint32_t other = 0; other < OP_COUNT; other++) {
        if (strcmp(op_infos[op].operands, op_infos[other].operands) == 0 &&
            below(c, ++count) == 0) {
            c->code[p->start + at] = other;
        }
    }
}

static void swap_instructions(Code *c, const Part *p) {
    uint32_t at = pick(c, p);
    uint32_t first = words_at(c, p, at);
    uint32_t second = words_at(c, p, at + first);
    uint32_t copy[64];
    if (at == 0 || second == 0 || second > 64 ||
        is_block(c, (uint32_t)(p - c->parts), at + first)) {
        return;
    }
    uint32_t *code = c->code + p->start + at;
    memcpy(copy, code + first, second * sizeof *copy);
    memmove(code + second, code, first * sizeof *code);
    memcpy(code, copy, second * sizeof *copy);
}

// Everything behind `at` of the part moves by `by` words.
static void shift(Code *c, uint32_t part, uint32_t at, int32_t by) {
    uint64_t offset = 0;
    bool shifted = false;
    for (uint32_t i = 0; i < c->token_count; i++) {
        Token *t = &c->tokens[i];
        if (t->function != part) {
            continue;
        }
        if (t->role == BLOCK) {
            offset += t->value;
        }
        if (t->role == WORDS || (t->role == BLOCK && offset > at && !shifted) ||
            ((t->role == START || t->role == END) && t->value > at)) {
            t->value += (uint64_t)(int64_t)by;
            shifted |= t->role == BLOCK;
        }
    }
    c->parts[part].words += (uint32_t)by;
    for (uint32_t i = part + 1; i < c->part_count; i++) {
        c->parts[i].start += (uint32_t)by;
    }
    c->words += (uint32_t)by;
}

static void remove_instruction(Code *c, Part *p) {
    uint32_t at = pick(c, p);
    uint32_t words = words_at(c, p, at);
    if (at != 0) {
        uint32_t *code = c->code + p->start + at;
        memmove(code, code + words, (c->words - p->start - at - words) * sizeof *code);
        shift(c, (uint32_t)(p - c->parts), at, -(int32_t)words);
    }
}

// An instruction of this part again, before another one.
static void repeat_instruction(Code *c, Part *p) {
    uint32_t from = pick(c, p);
    uint32_t words = words_at(c, p, from);
    uint32_t at = pick(c, p);
    uint32_t copy[64];
    if (from == 0 || at == 0 || words > 64) {
        return;
    }
    uint32_t *code = c->code + p->start + at;
    memcpy(copy, c->code + p->start + from, words * sizeof *copy);
    memmove(code + words, code, (c->words - p->start - at) * sizeof *code);
    memcpy(code, copy, words * sizeof *copy);
    shift(c, (uint32_t)(p - c->parts), at, (int32_t)words);
}

// A slot more or less, with all that says so.
static void change_frame(Code *c, const Part *p) {
    uint32_t by = below(c, 4) == 0 ? UINT32_MAX : 1 + below(c, 2);
    uint32_t *code = c->code + p->start;
    uint32_t size = UINT32_MAX;
    for (uint32_t at = 0, words; (words = words_at(c, p, at)) != 0; at += words) {
        if (code[at] == OP_frame) {
            size = code[at + 1];
        }
        if (code[at] == OP_frame || code[at] == OP_unframe) {
            code[at + 1] += by;
        }
    }
    for (uint32_t i = 0; i < c->token_count; i++) {
        Token *t = &c->tokens[i];
        if (t->role == NY && t->function == p - c->parts && t->value != 0 && t->value == size) {
            t->value = (uint16_t)(t->value + by);
        }
    }
}

// A random token with that role of the part, or NULL.
static Token *pick_token(Code *c, const Part *p, Role role) {
    Token *picked = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->token_count; i++) {
        Token *t = &c->tokens[i];
        if (t->role == role && t->function == p - c->parts && below(c, ++count) == 0) {
            picked = t;
        }
    }
    return picked;
}

static void change_token(Code *c, const Part *p) {
    static const Role roles[] = {KINDS,    KINDS, KINDS, KINDS, ARITY,
                                 CAPTURED, NX,    START, END,   BLOCK};
    Role role = roles[below(c, sizeof roles / sizeof *roles)];
    Token *t = pick_token(c, p, role);
    if (t != NULL && role == KINDS) {
        uint32_t at = 2 * below(c, 4);
        t->value = (t->value & ~(UINT64_C(3) << at)) | (uint64_t)(below(c, 4) == 0) << at;
    } else if (t != NULL) {
        t->value = (uint16_t)(t->value + (below(c, 3) == 0 ? UINT64_MAX : 1));
    }
}

static void change(Code *c) {
    Part *p = &c->parts[below(c, c->part_count)];
    switch (below(c, 16)) {
    case 0:
    case 1:
    case 2: change_op(c, p); break;
    case 3:
    case 4: swap_instructions(c, p); break;
    case 5: remove_instruction(c, p); break;
    case 6:
    case 7: repeat_instruction(c, p); break;
    case 8:
    case 9: change_frame(c, p); break;
    case 10:
    case 11: change_token(c, p); break;
    default: change_operand(c, p); break;
    }
}

void mutate_code(Bytes *image, uint64_t *random, int count) {
    Code c = {.random = random};
    c.tokens = malloc(TOKENS_MAX * sizeof *c.tokens);
    c.code = malloc(WORDS_MAX * sizeof *c.code);
    c.parts = malloc(FUNCTIONS_MAX * sizeof *c.parts);
    if (take_apart(&c, image)) {
        for (int i = 0; i < count && c.words < WORDS_MAX - 64; i++) {
            change(&c);
        }
        put_together(&c, image);
    }
    free(c.tokens);
    free(c.code);
    free(c.parts);
}

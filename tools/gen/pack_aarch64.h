// SPDX-License-Identifier: Apache-2.0
// Stencils of aarch64. What is compiled for the tiny model is made to reach farther: `adr` of a
// hole becomes a value of 32 bits, and `tbz`, which reaches 32 KiB, a `tst` with a conditional
// branch, which reaches 1 MiB (and the translator sees to what is farther).
#pragma once

#include "tools/gen/pack.h"

static bool aarch64_parse_jump(const char *line, Jump *jump) {
    char operands[96] = "";
    if (sscanf(line, "%15s %95[^\n]", jump->mnemonic, operands) != 2) {
        return false;
    }
    const char *m = jump->mnemonic;
    bool compares = strcmp(m, "cbz") == 0 || strcmp(m, "cbnz") == 0;
    if (strcmp(m, "b") != 0 && strcmp(m, "br") != 0 && !starts(m, "b.") && !compares) {
        return false;
    }
    const char *comma = compares ? strchr(operands, ',') : NULL;
    int before = comma == NULL ? 0 : (int)(comma + 1 - operands);
    snprintf(jump->operands, sizeof jump->operands, "%.*s", before, operands);
    return sscanf(operands + before, "%63s", jump->target) == 1;
}

static bool has_word(const char *line, const char *word) {
    const char *at = strstr(line, word);
    return at != NULL && strpbrk(at + strlen(word), "0123456789") != at + strlen(word);
}

static bool aarch64_touches_stack(const char *line) {
    return has_word(line, "sp") || (has_word(line, "x29") && !starts(line, "mov\t")) ||
           has_word(line, "x30") || starts(line, "bl");
}

// Flags -------------------------------------------------------------------------------------------

static bool is_one_of(const char *line, const char *const *mnemonics) {
    for (; *mnemonics != NULL; mnemonics++) {
        size_t len = strlen(*mnemonics);
        if (strncmp(line, *mnemonics, len) == 0 && (line[len] == '\t' || line[len] == ' ')) {
            return true;
        }
    }
    return false;
}

static int label_line(const Text *text, const char *name) {
    for (int i = 0; i < text->count; i++) {
        size_t len = strlen(name);
        if (strncmp(text->lines[i], name, len) == 0 && text->lines[i][len] == ':') {
            return i;
        }
    }
    return -1;
}

// Whether the flags, as they are before line i, may be read. Stencils have no loops.
static bool reads_flags(const Text *text, int i) {
    static const char *const writers[] = {"cmp",  "cmn",  "tst",  "subs", "adds",
                                          "ands", "negs", "fcmp", NULL};
    static const char *const readers[] = {"cset", "csetm", "csel", "csinc", "csinv", "csneg",
                                          "cinc", "cinv",  "cneg", "ccmp",  "ccmn",  "fccmp",
                                          "adc",  "adcs",  "sbc",  "sbcs",  "fcsel", NULL};
    for (; i < text->count; i++) {
        const char *line = text->lines[i];
        Jump jump;
        if (is_one_of(line, readers) || starts(line, "b.")) {
            return true;
        }
        if (is_one_of(line, writers)) {
            return false;
        }
        if (aarch64_parse_jump(line, &jump)) {
            int target = label_line(text, jump.target);
            if (target >= 0 && reads_flags(text, target)) {
                return true;
            }
            if (strcmp(jump.mnemonic, "b") == 0 || strcmp(jump.mnemonic, "br") == 0) {
                return false;
            }
        }
    }
    return false;
}

// Rewriting ---------------------------------------------------------------------------------------

// Makes room for a line behind line i.
static char *insert_line(Text *text, int i) {
    if (text->count == LINES_MAX) {
        die("a stencil is too long:", text->name);
    }
    memmove(text->lines[i + 2], text->lines[i + 1], (size_t)(text->count - i - 1) * LINE_MAX_BYTES);
    text->count++;
    return text->lines[i + 1];
}

// adr x8, HOLE_N+8
static void widen_address(Text *text, int i) {
    char to[8];
    char hole[64];
    if (sscanf(text->lines[i], "adr %7[^,], %63s", to, hole) != 2 || !starts(hole, "HOLE_") ||
        strchr(hole, '-') != NULL) {
        die("no address of a hole:", text->lines[i]);
    }
    char *second = insert_line(text, i);
    snprintf(text->lines[i], LINE_MAX_BYTES, "movz\t%s, #:abs_g1:%s", to, hole);
    snprintf(second, LINE_MAX_BYTES, "movk\t%s, #:abs_g0_nc:%s", to, hole);
}

// tbz w8, #0, .LBB0_2
static void widen_bit_test(Text *text, int i) {
    char mnemonic[8];
    char what[8];
    char target[64];
    unsigned bit;
    if (sscanf(text->lines[i], "%7s %7[^,], #%u, %63s", mnemonic, what, &bit, target) != 4) {
        die("no test of a bit:", text->lines[i]);
    }
    int to = label_line(text, target);
    if (reads_flags(text, i + 1) || to < 0 || reads_flags(text, to)) {
        die("flags live over a test of a bit:", text->name);
    }
    char *second = insert_line(text, i);
    snprintf(text->lines[i], LINE_MAX_BYTES, "tst\t%s, #0x%llx", what, 1ULL << bit);
    snprintf(second, LINE_MAX_BYTES, "%s\t%s", strcmp(mnemonic, "tbz") == 0 ? "b.eq" : "b.ne",
             target);
}

// A jump to a label behind which there is only a jump out of the stencil goes there itself:
// compilers do not make conditional jumps out of functions.
static void shorten_jump(Text *text, int i) {
    Jump jump;
    Jump next;
    int to = aarch64_parse_jump(text->lines[i], &jump) ? label_line(text, jump.target) : -1;
    while (to >= 0 && to < text->count && is_label(text->lines[to])) {
        to++;
    }
    if (to >= 0 && to < text->count && aarch64_parse_jump(text->lines[to], &next) &&
        strcmp(next.mnemonic, "b") == 0 && starts(next.target, "HOLE_") &&
        strcmp(next.target, "HOLE_RETURN") != 0 && !text->call) {
        snprintf(text->lines[i], LINE_MAX_BYTES, "%s\t%s%s%s", jump.mnemonic, jump.operands,
                 jump.operands[0] != '\0' ? " " : "", next.target);
    }
}

static void aarch64_prepare(Text *text) {
    for (int i = 0; i < text->count; i++) {
        if (starts(text->lines[i], "adr")) {
            widen_address(text, i);
        } else if (starts(text->lines[i], "tbz") || starts(text->lines[i], "tbnz")) {
            widen_bit_test(text, i);
        }
    }
    for (int i = 0; i < text->count; i++) {
        shorten_jump(text, i);
    }
}

// The return address goes to the process's stack of them, and to x30 for the machine's own, by
// which it foretells returns.
static void aarch64_put_call(const Jump *jump) {
    puts("\tadr x30, 1f\n\tstr x30, [x29, #-8]!");
    printf("\t%s %s\n", strcmp(jump->mnemonic, "br") == 0 ? "blr" : "bl", jump->target);
    // Without effect; the halves of the distance from the first of the two.
    puts("1:\tmovz xzr, #:prel_g1:HOLE_POINT\n\tmovk xzr, #:prel_g0_nc:HOLE_POINT+4");
}

static const char *aarch64_fill_type(uint32_t relocation) {
    switch (relocation) {
    case R_AARCH64_JUMP26:
    case R_AARCH64_CALL26: return "FILL_BRANCH26";
    case R_AARCH64_CONDBR19: return "FILL_BRANCH19";
    case R_AARCH64_MOVW_UABS_G0_NC: return "FILL_WORD0";
    case R_AARCH64_MOVW_UABS_G1:
    case R_AARCH64_MOVW_UABS_G1_NC: return "FILL_WORD1";
    case R_AARCH64_MOVW_UABS_G2:
    case R_AARCH64_MOVW_UABS_G2_NC: return "FILL_WORD2";
    case R_AARCH64_MOVW_UABS_G3: return "FILL_WORD3";
    case R_AARCH64_MOVW_PREL_G0_NC: return "FILL_DISTANCE0";
    case R_AARCH64_MOVW_PREL_G1: return "FILL_DISTANCE1";
    default: return NULL;
    }
}

static const char *aarch64_inverses[][2] = {
    {"b.eq", "b.ne"}, {"b.lt", "b.ge"}, {"b.le", "b.gt"}, {"b.lo", "b.hs"}, {"b.ls", "b.hi"},
    {"b.mi", "b.pl"}, {"b.vs", "b.vc"}, {"cbz", "cbnz"},  {NULL, NULL},
};

static const Machine aarch64 = {
    .name = "aarch64",
    .comment = "//",
    .jump = "b",
    .to_register = "br",
    .inverses = aarch64_inverses,
    .returns = "ldr x30, [x29], #8\n\tret",
    .parse_jump = aarch64_parse_jump,
    .touches_stack = aarch64_touches_stack,
    .prepare = aarch64_prepare,
    .put_call = aarch64_put_call,
    .fill_type = aarch64_fill_type,
};

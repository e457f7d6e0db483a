// SPDX-License-Identifier: Apache-2.0
// Stencils of x86-64.
#pragma once

#include "tools/gen/pack.h"

static bool x86_64_parse_jump(const char *line, Jump *jump) {
    jump->operands[0] = '\0';
    return line[0] == 'j' && sscanf(line, "%15s %63s", jump->mnemonic, jump->target) == 2;
}

static bool x86_64_touches_stack(const char *line) {
    return strstr(line, "push") != NULL || strstr(line, "pop") == line || starts(line, "call") ||
           (strstr(line, "%rsp") != NULL && !starts(line, "cmpq"));
}

static void x86_64_prepare(Text *text) {
    (void)text;
}

static void x86_64_put_call(const Jump *jump) {
    printf("\tcall %s\n", jump->target);
    // nopl disp32(%rax,%rax,1), its displacement from the end of the call.
    puts("\t.byte 0x0f,0x1f,0x84,0x00\n\t.long HOLE_POINT - . + 4");
}

static const char *x86_64_fill_type(uint32_t relocation) {
    switch (relocation) {
    case R_X86_64_64: return "FILL_64";
    case R_X86_64_32: return "FILL_32";
    case R_X86_64_32S: return "FILL_32S";
    case R_X86_64_PC32:
    case R_X86_64_PLT32: return "FILL_PC32";
    default: return NULL;
    }
}

static const char *x86_64_inverses[][2] = {
    {"je", "jne"}, {"jl", "jge"}, {"jle", "jg"}, {"jb", "jae"}, {"jbe", "ja"},
    {"js", "jns"}, {"jo", "jno"}, {"jp", "jnp"}, {NULL, NULL},
};

static const Machine x86_64 = {
    .name = "x86_64",
    .comment = "#",
    .jump = "jmp",
    .to_register = "jmpq",
    .inverses = x86_64_inverses,
    .returns = "ret",
    .parse_jump = x86_64_parse_jump,
    .touches_stack = x86_64_touches_stack,
    .prepare = x86_64_prepare,
    .put_call = x86_64_put_call,
    .fill_type = x86_64_fill_type,
};

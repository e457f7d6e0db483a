// SPDX-License-Identifier: Apache-2.0
// From compiled stencils to tables, in two steps around the assembler:
//
//   stencilpack split stencils.s    the same assembly with each function in two sections: hot code, which falls through to
//                                   what follows, and cold code
//   stencilpack pack stencils.o     stencil_tables.h: bytes and relocations of both, by number
//
// What `split` does to a function: hot code ends at the first jump to HOLE_NEXT, which is dropped,
// or at the first other jump out of the stencil. A conditional jump there is turned round. In
// functions call_N that jump becomes a call, and behind it stands a nop that holds the distance to
// the word with the call's Safepoint. A jump to HOLE_RETURN is a return. A stencil that touches the
// stack is refused: it runs on a stack of return addresses only.
#include <ctype.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 400, LINE_MAX_BYTES = 160, STENCILS_MAX = 8192 };

static void die(const char *what, const char *which) {
    fprintf(stderr, "stencilpack: %s %s\n", what, which);
    exit(1);
}

// Splitting ---------------------------------------------------------------------------------------

typedef struct {
    char name[64];
    bool call;
    char lines[LINES_MAX][LINE_MAX_BYTES];
    int count;
} Text;

static bool starts(const char *line, const char *with) {
    return strncmp(line, with, strlen(with)) == 0;
}

static bool is_label(const char *line) {
    return line[0] == '.' && strchr(line, ':') != NULL;
}

// "jmp" or "jcc" and where to, from a line such as "jne\t.LBB0_2". False: it is no jump.
static bool parse_jump(const char *line, char *mnemonic, char *target) {
    return line[0] == 'j' && sscanf(line, "%15s %63s", mnemonic, target) == 2;
}

static bool is_unconditional(const char *mnemonic) {
    return strcmp(mnemonic, "jmp") == 0 || strcmp(mnemonic, "jmpq") == 0;
}

static void invert(char *mnemonic) {
    static const char *const pairs[][2] = {{"je", "jne"}, {"jl", "jge"}, {"jle", "jg"},
                                           {"jb", "jae"}, {"jbe", "ja"}, {"js", "jns"},
                                           {"jo", "jno"}, {"jp", "jnp"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        for (int side = 0; side < 2; side++) {
            if (strcmp(mnemonic, pairs[i][side]) == 0) {
                strcpy(mnemonic, pairs[i][1 - side]);
                return;
            }
        }
    }
    die("cannot turn round", mnemonic);
}

static void put_end(const Text *text, const char *mnemonic, const char *target) {
    if (strcmp(target, "HOLE_NEXT") == 0) {
        return;
    }
    if (strcmp(target, "HOLE_RETURN") == 0) {
        puts("\tret");
    } else if (text->call && strcmp(target, "HOLE_COLD") != 0) {
        printf("\tcall %s\n", target);
        // nopl disp32(%rax,%rax,1), its displacement from the end of the call.
        puts("\t.byte 0x0f,0x1f,0x84,0x00\n\t.long HOLE_POINT - . + 4");
    } else {
        printf("\t%s %s\n", mnemonic, target);
    }
}

// Whether a conditional jump to there ends the hot code: what is likely goes on there.
static bool ends_hot(const Text *text, const char *target) {
    return strcmp(target, "HOLE_NEXT") == 0 || strcmp(target, "HOLE_RETURN") == 0 ||
           (text->call && strcmp(target, "HOLE_ENTRY") == 0);
}

static void split_function(const Text *text) {
    printf("\t.section .hot.%s,\"ax\",@progbits\n", strchr(text->name, '_') + 1);
    int i = 0;
    for (; i < text->count; i++) {
        char mnemonic[16];
        char target[64];
        if (!parse_jump(text->lines[i], mnemonic, target)) {
            puts(text->lines[i]);
            continue;
        }
        bool leaves = starts(target, "HOLE_") || target[0] == '*';
        if (is_unconditional(mnemonic) && leaves) {
            put_end(text, mnemonic, target);
            i++;
            break;
        }
        if (!is_unconditional(mnemonic) && ends_hot(text, target)) {
            // Turned round, it goes to the rest.
            char next_mnemonic[16];
            char next[64];
            int after = i + 1;
            while (after < text->count && is_label(text->lines[after])) {
                after++;
            }
            invert(mnemonic);
            if (parse_jump(text->lines[after], next_mnemonic, next) &&
                is_unconditional(next_mnemonic)) {
                printf("\t%s %s\n", mnemonic, next);
            } else {
                printf("\t%s .Lrest_%s\n", mnemonic, text->name);
            }
            put_end(text, "jmp", target);
            i++;
            break;
        }
        puts(text->lines[i]);
    }
    printf("\t.section .cold.%s,\"ax\",@progbits\n.Lrest_%s:\n", strchr(text->name, '_') + 1,
           text->name);
    for (; i < text->count; i++) {
        char mnemonic[16];
        char target[64];
        bool returns =
            parse_jump(text->lines[i], mnemonic, target) && strcmp(target, "HOLE_RETURN") == 0;
        puts(returns ? "\tret" : text->lines[i]);
    }
}

static void keep_line(Text *text, char *line) {
    char *comment = strchr(line, '#');
    if (comment != NULL) {
        *comment = '\0';
    }
    char *at = line + strspn(line, " \t");
    size_t len = strlen(at);
    while (len > 0 && isspace((unsigned char)at[len - 1])) {
        at[--len] = '\0';
    }
    if (len == 0 || (at[0] == '.' && !starts(at, ".L"))) {
        return;
    }
    if (strstr(at, "push") != NULL || strstr(at, "pop") == at ||
        (strstr(at, "%rsp") != NULL && !starts(at, "cmpq")) || starts(at, "call")) {
        fprintf(stderr, "%s\n", at);
        die("a stencil touches the stack:", text->name);
    }
    if (text->count == LINES_MAX || len >= LINE_MAX_BYTES) {
        die("a stencil is too long:", text->name);
    }
    strcpy(text->lines[text->count++], at);
}

static void split(FILE *f) {
    static Text text;
    static char line[1024];
    bool inside = false;
    while (fgets(line, sizeof line, f) != NULL) {
        if (starts(line, ".Lfunc_end")) {
            if (inside) {
                split_function(&text);
            }
            inside = false;
        } else if ((starts(line, "st_") || starts(line, "call_")) && strchr(line, ':') != NULL) {
            inside = true;
            text.count = 0;
            text.call = starts(line, "call_");
            snprintf(text.name, sizeof text.name, "%.*s", (int)(strchr(line, ':') - line), line);
        } else if (inside) {
            keep_line(&text, line);
        }
    }
}

// Packing -----------------------------------------------------------------------------------------

static const char *const holes[] = {
#define HOLE(name, doc) "HOLE_" #name,
#include "vm/jit/holes.def"
#undef HOLE
};

enum { HOLE_COUNT = sizeof holes / sizeof holes[0] };

typedef struct {
    const uint8_t *bytes;
    size_t len;
    const Elf64_Rela *relocations;
    size_t relocation_count;
} Part;

typedef struct {
    Part parts[2]; // hot, cold
} Stencil;

static Stencil stencils[STENCILS_MAX];
static int stencil_count;
static uint8_t *file;

static const char *section_name(const Elf64_Shdr *sections, const Elf64_Shdr *section) {
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)file;
    return (const char *)file + sections[head->e_shstrndx].sh_offset + section->sh_name;
}

// The part that a section of that name is; NULL: none.
static Part *part_named(const char *name) {
    bool hot = starts(name, ".hot.");
    if (!hot && !starts(name, ".cold.")) {
        return NULL;
    }
    int number = atoi(strchr(name + 1, '.') + 1);
    if (number >= STENCILS_MAX) {
        die("too many stencils:", name);
    }
    stencil_count = number >= stencil_count ? number + 1 : stencil_count;
    return &stencils[number].parts[!hot];
}

static void read_sections(const Elf64_Shdr *sections, int count, const Elf64_Shdr **symbols) {
    for (int i = 0; i < count; i++) {
        const Elf64_Shdr *s = &sections[i];
        if (s->sh_type == SHT_SYMTAB) {
            *symbols = s;
        }
        Part *part = s->sh_type == SHT_PROGBITS ? part_named(section_name(sections, s)) : NULL;
        if (part != NULL) {
            part->bytes = file + s->sh_offset;
            part->len = s->sh_size;
        }
        part = s->sh_type == SHT_RELA ? part_named(section_name(sections, &sections[s->sh_info]))
                                      : NULL;
        if (part != NULL) {
            part->relocations = (const Elf64_Rela *)(file + s->sh_offset);
            part->relocation_count = s->sh_size / sizeof(Elf64_Rela);
        }
    }
}

static const char *relocation_type(uint32_t type) {
    switch (type) {
    case R_X86_64_64: return "FILL_64";
    case R_X86_64_32: return "FILL_32";
    case R_X86_64_32S: return "FILL_32S";
    case R_X86_64_PC32:
    case R_X86_64_PLT32: return "FILL_PC32";
    default: {
        char number[16];
        snprintf(number, sizeof number, "%u", type);
        die("no such relocation:", number);
        return NULL;
    }
    }
}

static void print_relocations(const Elf64_Shdr *sections, const Elf64_Shdr *symbols,
                              const Part *part) {
    const Elf64_Sym *table = (const Elf64_Sym *)(file + symbols->sh_offset);
    const char *strings = (const char *)file + sections[symbols->sh_link].sh_offset;
    for (size_t i = 0; i < part->relocation_count; i++) {
        const Elf64_Rela *r = &part->relocations[i];
        const Elf64_Sym *symbol = &table[ELF64_R_SYM(r->r_info)];
        char what[80];
        int64_t addend = r->r_addend;
        if (symbol->st_shndx != SHN_UNDEF) {
            const char *name = section_name(sections, &sections[symbol->st_shndx]);
            addend += (int64_t)symbol->st_value;
            snprintf(what, sizeof what, "%s",
                     starts(name, ".hot.") ? "HOLE_HOT_PART" : "HOLE_COLD_PART");
        } else {
            snprintf(what, sizeof what, "%s", strings + symbol->st_name);
            bool known = false;
            for (int h = 0; h < HOLE_COUNT; h++) {
                known = known || strcmp(holes[h], what) == 0;
            }
            if (!known) {
                die("no such hole:", what);
            }
        }
        printf("{%u, %s, %s, %lld},\n", (unsigned)r->r_offset,
               relocation_type(ELF64_R_TYPE(r->r_info)), what, (long long)addend);
    }
}

static void print_tables(const Elf64_Shdr *sections, const Elf64_Shdr *symbols) {
    puts(
        "// Made by tools/gen/stencilpack.c: hot and cold code of each stencil, and what is to be filled in.");
    puts("static const uint8_t stencil_bytes[] = {");
    for (int i = 0; i < 2 * stencil_count; i++) {
        const Part *part = &stencils[i / 2].parts[i % 2];
        for (size_t k = 0; k < part->len; k++) {
            printf("%u,%s", part->bytes[k], k % 24 == 23 || k + 1 == part->len ? "\n" : "");
        }
    }
    puts("};\n\nstatic const StencilFill stencil_fills[] = {");
    for (int i = 0; i < 2 * stencil_count; i++) {
        print_relocations(sections, symbols, &stencils[i / 2].parts[i % 2]);
    }
    puts("};\n\nstatic const Stencil stencils[] = {");
    size_t byte = 0;
    size_t fill = 0;
    for (int i = 0; i < stencil_count; i++) {
        printf("{");
        for (int k = 0; k < 2; k++) {
            const Part *part = &stencils[i].parts[k];
            printf("{%zu, %zu, %zu, %zu},", byte, fill, part->len, part->relocation_count);
            byte += part->len;
            fill += part->relocation_count;
        }
        puts("},");
    }
    puts("};");
}

static void pack(FILE *f) {
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    file = malloc((size_t)size);
    if (file == NULL || fread(file, 1, (size_t)size, f) != (size_t)size) {
        die("cannot read", "the object file");
    }
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + head->e_shoff);
    const Elf64_Shdr *symbols = NULL;
    read_sections(sections, head->e_shnum, &symbols);
    if (symbols == NULL) {
        die("no symbols in", "the object file");
    }
    print_tables(sections, symbols);
}

int main(int argc, char **argv) {
    FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
    if (f == NULL) {
        die("usage: stencilpack", "split ASSEMBLY | pack OBJECT");
    }
    if (strcmp(argv[1], "split") == 0) {
        split(f);
    } else {
        pack(f);
    }
    fclose(f);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// From compiled stencils to tables, in two steps around the assembler:
//
//   stencilpack split MACHINE stencils.s  the same assembly with each function in two sections: hot
//                                         code, which falls through to what follows, and cold code
//   stencilpack pack MACHINE stencils.o   stencil_tables.h: bytes and relocations of both, by number
//
// What `split` does to a function: hot code ends at the first jump to HOLE_NEXT, which is dropped,
// or at the first other jump out of the stencil. A conditional jump there is turned round. In
// functions call_N that jump becomes a call, and behind it stands a nop that holds the distance to
// the word with the call's Safepoint. A jump to HOLE_RETURN is a return. A stencil that touches the
// stack is refused: it runs on a stack of return addresses only.
#include <ctype.h>

#include "tools/gen/pack_aarch64.h"
#include "tools/gen/pack_x86_64.h"

enum { STENCILS_MAX = 8192 };

static const Machine *const machines[] = {&x86_64, &aarch64};
static const Machine *machine;

// Splitting ---------------------------------------------------------------------------------------

static bool is_unconditional(const Jump *jump) {
    return strcmp(jump->mnemonic, machine->jump) == 0 ||
           strcmp(jump->mnemonic, machine->to_register) == 0;
}

static bool leaves(const Jump *jump) {
    return starts(jump->target, "HOLE_") || jump->target[0] == '*' ||
           strcmp(jump->mnemonic, machine->to_register) == 0;
}

static void invert(Jump *jump) {
    for (const char *(*pair)[2] = machine->inverses; (*pair)[0] != NULL; pair++) {
        for (int side = 0; side < 2; side++) {
            if (strcmp(jump->mnemonic, (*pair)[side]) == 0) {
                strcpy(jump->mnemonic, (*pair)[1 - side]);
                return;
            }
        }
    }
    die("cannot turn round", jump->mnemonic);
}

static void put_jump(const Jump *jump, const char *target) {
    printf("\t%s %s%s\n", jump->mnemonic, jump->operands, target);
}

static void put_end(const Text *text, const Jump *jump) {
    if (strcmp(jump->target, "HOLE_NEXT") == 0) {
        return;
    }
    if (strcmp(jump->target, "HOLE_RETURN") == 0) {
        printf("\t%s\n", machine->returns);
    } else if (text->call && strcmp(jump->target, "HOLE_COLD") != 0) {
        machine->put_call(jump);
    } else {
        put_jump(jump, jump->target);
    }
}

// Whether a conditional jump to there ends the hot code: what is likely goes on there.
static bool ends_hot(const Text *text, const char *target) {
    return strcmp(target, "HOLE_NEXT") == 0 || strcmp(target, "HOLE_RETURN") == 0 ||
           (text->call && strcmp(target, "HOLE_ENTRY") == 0);
}

// A conditional jump that ends the hot code is turned round: it goes to the rest. `after` is the
// line behind it.
static void put_turned(const Text *text, const Jump *jump, int after) {
    while (after < text->count && is_label(text->lines[after])) {
        after++;
    }
    Jump turned = *jump;
    Jump next;
    char rest[80];
    snprintf(rest, sizeof rest, ".Lrest_%s", text->name);
    invert(&turned);
    bool jumps = machine->parse_jump(text->lines[after], &next) && is_unconditional(&next) &&
                 strcmp(next.mnemonic, machine->to_register) != 0;
    put_jump(&turned, jumps ? next.target : rest);
    Jump end = {.operands = ""};
    strcpy(end.mnemonic, machine->jump);
    strcpy(end.target, jump->target);
    put_end(text, &end);
}

static void split_function(const Text *text) {
    printf("\t.section .hot.%s,\"ax\",@progbits\n", strchr(text->name, '_') + 1);
    int i = 0;
    for (; i < text->count; i++) {
        Jump jump;
        bool jumps = machine->parse_jump(text->lines[i], &jump);
        if (jumps && is_unconditional(&jump) && leaves(&jump)) {
            put_end(text, &jump);
            i++;
            break;
        }
        if (jumps && !is_unconditional(&jump) && ends_hot(text, jump.target)) {
            i++;
            put_turned(text, &jump, i);
            break;
        }
        puts(text->lines[i]);
    }
    printf("\t.section .cold.%s,\"ax\",@progbits\n.Lrest_%s:\n", strchr(text->name, '_') + 1,
           text->name);
    for (; i < text->count; i++) {
        Jump jump;
        bool returns =
            machine->parse_jump(text->lines[i], &jump) && strcmp(jump.target, "HOLE_RETURN") == 0;
        if (returns) {
            printf("\t%s\n", machine->returns);
        } else {
            puts(text->lines[i]);
        }
    }
}

static void keep_line(Text *text, char *line) {
    char *comment = strstr(line, machine->comment);
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
    if (machine->touches_stack(at)) {
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
                machine->prepare(&text);
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

static const char *fill_type(uint32_t relocation) {
    const char *type = machine->fill_type(relocation);
    if (type == NULL) {
        char number[16];
        snprintf(number, sizeof number, "%u", relocation);
        die("no such relocation:", number);
    }
    return type;
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
        printf("{%u, %s, %s, %lld},\n", (unsigned)r->r_offset, fill_type(ELF64_R_TYPE(r->r_info)),
               what, (long long)addend);
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
    FILE *f = argc == 4 ? fopen(argv[3], "rb") : NULL;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0] && f != NULL; i++) {
        machine = strcmp(argv[2], machines[i]->name) == 0 ? machines[i] : machine;
    }
    if (machine == NULL) {
        die("usage: stencilpack", "split MACHINE ASSEMBLY | pack MACHINE OBJECT");
    }
    if (strcmp(argv[1], "split") == 0) {
        split(f);
    } else {
        pack(f);
    }
    fclose(f);
    return 0;
}

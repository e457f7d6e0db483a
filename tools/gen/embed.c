// Prints the assembly file that embeds the compiled library in the command.
//
// `embed DIR FILE...` takes the images DIR/FILE.copc, where FILE is a source's path in stdlib/
// without its ending, and defines the table that tools/coppice/library.h declares, sorted by module
// name so that it can be searched by halves. Without arguments the table is empty: coppice0, which
// compiles the library, is linked with that one. The images themselves are taken in by the
// assembler (.incbin). The build runs it; it has no tests but that the command finds its library.
//
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Entry {
    char module[256];
    const char *file;
} Entry;

// "net/http_client" to "Net.HttpClient".
static void module_name(const char *file, char *out, size_t size_bytes) {
    size_t len = 0;
    int upper = 1;
    for (const char *c = file; *c != '\0'; c++) {
        if (len + 2 > size_bytes) {
            fprintf(stderr, "embed: the path %s is too long\n", file);
            exit(1);
        }
        if (*c == '_') {
            upper = 1;
        } else if (*c == '/') {
            out[len++] = '.';
            upper = 1;
        } else {
            out[len++] = upper ? (char)toupper((unsigned char)*c) : *c;
            upper = 0;
        }
    }
    out[len] = '\0';
}

static int entry_compare(const void *a, const void *b) {
    return strcmp(((const Entry *)a)->module, ((const Entry *)b)->module);
}

int main(int argc, char **argv) {
    int count = argc > 2 ? argc - 2 : 0;
    Entry *entries = calloc((size_t)count + 1, sizeof *entries);
    if (entries == NULL) {
        return 1;
    }
    for (int i = 0; i < count; i++) {
        entries[i].file = argv[i + 2];
        module_name(argv[i + 2], entries[i].module, sizeof entries[i].module);
    }
    qsort(entries, (size_t)count, sizeof *entries, entry_compare);

    puts("    .section .rodata");
    for (int i = 0; i < count; i++) {
        printf(".Lname%d:\n    .asciz \"%s\"\n", i, entries[i].module);
        printf("    .balign 16\n.Limage%d:\n    .incbin \"%s/%s.copc\"\n.Lend%d:\n", i, argv[1],
               entries[i].file, i);
    }
    puts("    .balign 4\n    .globl library_image_count\n    .hidden library_image_count");
    printf("library_image_count:\n    .long %d\n", count);
    puts(
        "    .section .data.rel.ro,\"aw\"\n    .balign 8\n    .globl library_images\n    .hidden library_images");
    puts("library_images:");
    for (int i = 0; i < count; i++) {
        printf("    .quad .Lname%d, .Limage%d, .Lend%d - .Limage%d\n", i, i, i, i);
    }
    puts("    .quad 0, 0, 0\n    .section .note.GNU-stack,\"\",%progbits");
    free(entries);
    return 0;
}

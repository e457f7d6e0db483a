// Prints the documentation of one library module as Markdown: `docgen FILE.cop`.
//
// What stands in `##` comments at the head of the file is the module's text, what stands before a
// `pub` definition is that definition's, under its signature. Lines `## >> expression` and the
// result after them become code blocks. It reads line by line and knows no more of the language:
// the sources of the library are formatted, and have one definition a line. `make docs` runs it for
// each module.
//
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Text {
    char bytes[65536];
    size_t len;
} Text;

static void add(Text *t, const char *s) {
    size_t n = strlen(s);
    if (t->len + n + 1 > sizeof t->bytes) {
        fputs("docgen: a comment is too long\n", stderr);
        exit(1);
    }
    memcpy(t->bytes + t->len, s, n + 1);
    t->len += n;
}

static bool starts_with(const char *s, const char *prefix) {
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

// Prints a comment's lines; those from a `>>` up to the next blank or `>>`-less paragraph are
// examples.
static void print_comment(const Text *comment) {
    bool in_example = false;
    for (const char *at = comment->bytes; *at != '\0';) {
        const char *end = strchr(at, '\n');
        bool is_example = starts_with(at, ">> ");
        bool is_blank = end == at;
        if (is_example && !in_example) {
            puts("\n```coppice");
            in_example = true;
        } else if (in_example && is_blank) {
            puts("```");
            in_example = false;
        }
        printf("%.*s\n", (int)(end - at), at);
        at = end + 1;
    }
    if (in_example) {
        puts("```");
    }
}

// "fn take(xs: Any, n: Int) -> [a]" of "pub fn take(xs: Any, n: Int) -> [a] {": without what
// computes it.
static void print_signature(const char *line) {
    const char *end = line + strcspn(line, "\n");
    int depth = 0;
    for (const char *at = line; at < end; at++) {
        depth += (*at == '(') - (*at == ')');
        if (depth == 0 && (starts_with(at, " = ") || (starts_with(at, " {") && at[2] == '\n'))) {
            end = at;
        }
    }
    printf("\n### `%.*s`\n\n", (int)(end - line), line);
}

static void print_module(FILE *f) {
    static Text comment;
    char line[4096];
    bool is_head = true;
    while (fgets(line, sizeof line, f) != NULL) {
        const char *at = line + strspn(line, " ");
        if (starts_with(at, "## ") || strcmp(at, "##\n") == 0) {
            add(&comment, at[2] == ' ' ? at + 3 : at + 2);
            continue;
        }
        if (starts_with(at, "pub ")) {
            print_signature(at + strlen("pub "));
            print_comment(&comment);
        } else if (is_head && comment.len > 0) {
            print_comment(&comment);
        }
        is_head = is_head && comment.len == 0;
        comment.len = 0;
        comment.bytes[0] = '\0';
    }
}

// "stdlib/http_client.cop" as "# HttpClient".
static void print_title(const char *path) {
    const char *name = strrchr(path, '/');
    bool upper = true;
    printf("# ");
    for (name = name != NULL ? name + 1 : path; *name != '\0' && *name != '.'; name++) {
        if (*name != '_') {
            putchar(upper ? toupper((unsigned char)*name) : *name);
        }
        upper = *name == '_';
    }
    puts("\n");
}

int main(int argc, char **argv) {
    FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (f == NULL) {
        perror("docgen");
        return 1;
    }
    print_title(argv[1]);
    print_module(f);
    fclose(f);
    return 0;
}

// Prints what the style asks to look at, and bars nothing: `make tidy`.
//
// For each file given it looks for lines over 100 columns, functions over 70 lines, files over
// 1,200 lines, a missing head comment or licence line, words such as FIXME, bare malloc in C that
// has an allocator of its own, and includes that go against the order of the folders (rooms below).
// A line of the output is `path:line: what`, as an editor understands it. It reads line by line and
// knows no C: it may be wrong.
//
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_COLUMNS = 100, FUNCTION_LINES = 70, FILE_LINES = 1200 };

// A folder may include those before it in its list, and itself.
static const char *const compiler_rooms[] = {"base",    "diag",  "lex",  "ast", "parse",
                                             "resolve", "check", "core", "ir",  "emit"};
static const char *const vm_rooms[] = {"base", "term", "heap", "code",   "proc", "sched",
                                       "io",   "bif",  "ops",  "interp", "jit"};

static int found_count;

static void found(const char *path, int line, const char *what) {
    printf("%s:%d: %s\n", path, line, what);
    found_count++;
}

static bool starts_with(const char *s, const char *prefix) {
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *s, const char *ending) {
    size_t len = strlen(s);
    size_t n = strlen(ending);
    return len >= n && strcmp(s + len - n, ending) == 0;
}

// UTF-8: one column a character.
static int columns(const char *line) {
    int n = 0;
    for (; *line != '\0' && *line != '\n'; line++) {
        n += ((unsigned char)*line & 0xc0) != 0x80;
    }
    return n;
}

// The place of "vm/heap/x.h" in its list of rooms, or -1 for what lies directly in vm/ or
// elsewhere.
static int room_of(const char *path, const char *top, const char *const *rooms, size_t count) {
    size_t len = strlen(top);
    if (strncmp(path, top, len) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(rooms[i]);
        if (strncmp(path + len, rooms[i], n) == 0 && path[len + n] == '/') {
            return (int)i;
        }
    }
    return -1;
}

static bool is_upward(const char *path, const char *included, const char *top,
                      const char *const *rooms, size_t count) {
    int from = room_of(path, top, rooms, count);
    return from >= 0 && room_of(included, top, rooms, count) > from;
}

static void check_include(const char *path, int number, const char *line) {
    char included[256];
    if (sscanf(line, "#include \"%255[^\"]\"", included) != 1) {
        return;
    }
    if (is_upward(path, included, "compiler/", compiler_rooms,
                  sizeof compiler_rooms / sizeof *compiler_rooms) ||
        is_upward(path, included, "vm/", vm_rooms, sizeof vm_rooms / sizeof *vm_rooms)) {
        found(path, number, "includes a room above its own");
    }
    bool allowed =
        strcmp(included, "vm/ops/ops.def") == 0 || strcmp(included, "vm/code/format.h") == 0;
    if (starts_with(path, "compiler/") && starts_with(included, "vm/") && !allowed) {
        found(path, number, "the compiler includes the VM");
    }
    if (starts_with(path, "vm/") && starts_with(included, "compiler/")) {
        found(path, number, "the VM includes the compiler");
    }
}

// A name as a whole word.
static bool has_word(const char *line, const char *word) {
    size_t len = strlen(word);
    for (const char *at = line; (at = strstr(at, word)) != NULL; at += len) {
        bool left = at == line || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');
        bool right = !isalnum((unsigned char)at[len]) && at[len] != '_';
        if (left && right) {
            return true;
        }
    }
    return false;
}

static void check_words(const char *path, int number, const char *line, bool is_c) {
    static const char *const later[] = {"TODO", "FIXME", "XXX", "HACK"};
    static const char *const raw[] = {"malloc(", "calloc(", "realloc("};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        if (has_word(line, later[i])) {
            found(path, number, "left for later");
        }
    }
    bool has_allocator = is_c && (starts_with(path, "vm/") || starts_with(path, "compiler/")) &&
                         !ends_with(path, "base/alloc.c") && !ends_with(path, "base/arena.c");
    const char *comment = strstr(line, "//");
    for (size_t i = 0; has_allocator && i < sizeof raw / sizeof *raw; i++) {
        const char *at = strstr(line, raw[i]);
        bool whole =
            at != NULL && (at == line || (!isalnum((unsigned char)at[-1]) && at[-1] != '_'));
        if (whole && (comment == NULL || at < comment)) {
            found(path, number, "bare allocation");
        }
    }
}

static void check_head(const char *path, const char *first_line, bool has_licence) {
    bool comment = starts_with(first_line, "//") || starts_with(first_line, "#") ||
                   starts_with(first_line, "/*");
    if (!comment) {
        found(path, 1, "no head comment");
    }
    if (!has_licence) {
        found(path, 1, "no SPDX line");
    }
}

static void check_file(const char *path) {
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    bool is_c = ends_with(path, ".c") || ends_with(path, ".h");
    char *line = NULL;
    size_t capacity = 0;
    char first[8] = "";
    bool has_licence = false;
    int number = 0;
    int function_start = 0;
    while (getline(&line, &capacity, f) >= 0) {
        number++;
        if (number == 1) {
            snprintf(first, sizeof first, "%s", line);
        }
        has_licence |= strstr(line, "SPDX-License-Identifier: Apache-2.0") != NULL;
        if (columns(line) > LINE_COLUMNS) {
            found(path, number, "over 100 columns");
        }
        if (is_c && (isalpha((unsigned char)line[0]) || line[0] == '_') &&
            strchr(line, '(') != NULL) {
            function_start = number;
        }
        if (is_c && line[0] == '}' && function_start > 0) {
            if (number - function_start >= FUNCTION_LINES) {
                found(path, function_start, "a function over 70 lines");
            }
            function_start = 0;
        }
        check_include(path, number, line);
        check_words(path, number, line, is_c);
    }
    if (number > FILE_LINES) {
        found(path, number, "a file over 1,200 lines");
    }
    check_head(path, first, has_licence);
    free(line);
    fclose(f);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        check_file(argv[i]);
    }
    printf("%d places to look at\n", found_count);
    return 0;
}

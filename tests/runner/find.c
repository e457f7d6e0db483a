// Finds the tests in a folder: a file that is dropped in registers itself.
//
// A folder that holds a main.cop is one test of several modules: only main.cop is run. Everywhere
// else each .cop file is a test, its kind told by where it lies and what it says, and each .sh file
// a script. Of a manual, an .md file, each block marked ```coppice is one: it is copied to
// .build/manual/. The library is given to `coppice test` as a whole.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/runner/runner.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// The stages whose dumps are compared; the ending of a golden file is its stage.
static const char *const stages[] = {"tokens", "ast", "core", "ir", "asm"};

static bool ends_with(const char *s, const char *ending) {
    size_t len = strlen(s);
    size_t n = strlen(ending);
    return len > n && strcmp(s + len - n, ending) == 0;
}

static void add(TestList *list, const Test *test) {
    list->items = realloc(list->items, ((size_t)list->count + 1) * sizeof *list->items);
    if (list->items == NULL) {
        exit(2);
    }
    list->items[list->count++] = *test;
}

// One test for each golden file beside a source.
static void add_stages(TestList *list, Test *test) {
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        Text golden = {0};
        text_print(&golden, "%.*s.%s", (int)(strlen(test->path) - strlen(".cop")), test->path,
                   stages[i]);
        Test t = *test;
        t.kind = KIND_STAGE;
        t.stage = stages[i];
        t.out = (Text){0};
        t.any_err = false;
        if (text_read(&t.out, golden.bytes)) {
            add(list, &t);
        }
    }
}

static void add_source(TestList *list, const char *path) {
    Test test = {.path = strdup(path)};
    expect_read(&test);
    if (strstr(path, "/stage/") != NULL) {
        add_stages(list, &test);
        return;
    }
    if (strstr(path, "/errors/") != NULL || test.error_count > 0) {
        test.kind = KIND_ERRORS;
        add(list, &test);
        return;
    }
    if (!test.has_tests || test.has_expectations || test.has_code_outside_tests) {
        test.kind = KIND_PROGRAM;
        add(list, &test);
    }
    if (test.has_tests && test.skip == NULL) {
        test.kind = KIND_TESTS;
        add(list, &test);
    }
}

static void add_script(TestList *list, const char *path, Kind kind) {
    Test test = {.path = strdup(path)};
    expect_read(&test);
    test.kind = kind;
    add(list, &test);
}

// The blocks of a manual, each as a file that is named after the line it starts at.
static void add_manual(TestList *list, const char *path) {
    Text manual = {0};
    if (!text_read(&manual, path)) {
        perror(path);
        exit(2);
    }
    mkdir(".build", 0777);
    mkdir(".build/manual", 0777);
    FILE *block = NULL;
    Text name = {0};
    int number = 1;
    for (const char *at = manual.bytes; *at != '\0'; number++) {
        const char *end = strchrnul(at, '\n');
        size_t len = (size_t)(end - at);
        bool fence = len >= 3 && strncmp(at, "```", 3) == 0;
        if (block != NULL && fence) {
            fclose(block);
            block = NULL;
            add_source(list, name.bytes);
        } else if (block != NULL) {
            fprintf(block, "%.*s\n", (int)len, at);
        } else if (len == strlen("```coppice") && strncmp(at, "```coppice", len) == 0) {
            name.len = 0;
            text_print(&name, ".build/manual/line_%d.cop", number);
            block = fopen(name.bytes, "w");
            if (block == NULL) {
                perror(name.bytes);
                exit(2);
            }
        }
        at = *end == '\n' ? end + 1 : end;
    }
}

// A module of the library, or all of them in one run: what they hold besides tests does not run.
static void add_library(TestList *list, const char *path) {
    Test test = {.path = strdup(path), .kind = KIND_TESTS, .limit_s = 60};
    words_add(&test.flags, "--library");
    add(list, &test);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_folder(TestList *list, const char *path) {
    Text main_path = {0};
    text_print(&main_path, "%s/main.cop", path);
    struct stat info;
    if (stat(main_path.bytes, &info) == 0) {
        add_source(list, main_path.bytes);
        return;
    }
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            Text child = {0};
            text_print(&child, "%s/%s", path, entries[i]->d_name);
            if (stat(child.bytes, &info) == 0 &&
                (S_ISDIR(info.st_mode) || ends_with(child.bytes, ".cop") ||
                 ends_with(child.bytes, ".sh") || ends_with(child.bytes, ".session"))) {
                find_tests(list, child.bytes);
            }
        }
        free(entries[i]);
    }
    free(entries);
}

void find_tests(TestList *list, const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) {
        perror(path);
        exit(2);
    }
    if (strncmp(path, "stdlib", strlen("stdlib")) == 0) {
        add_library(list, path);
    } else if (S_ISDIR(info.st_mode)) {
        add_folder(list, path);
    } else if (ends_with(path, ".sh")) {
        add_script(list, path, KIND_SCRIPT);
    } else if (ends_with(path, ".session")) {
        add_script(list, path, KIND_SESSION);
    } else if (ends_with(path, ".md")) {
        add_manual(list, path);
    } else {
        add_source(list, path);
    }
}

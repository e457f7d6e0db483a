// SPDX-License-Identifier: Apache-2.0
// coppice build: a source or a folder of them to one image; dumps of the compiler's stages; and,
// with --library, the modules of the library to an image each (the build does that). Tests:
// tests/system/command_line.sh, tests/stage.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/coppice/command.h"
#include "vm/bif/bif.h"

static void print_dumps(Compilation *c, uint32_t stages) {
    for (uint32_t bit = DUMP_TOKENS; bit <= DUMP_ASM; bit *= 2) {
        if (stages & bit) {
            Str text = compilation_dump(c, bit);
            fwrite(text.ptr, 1, text.len, stdout);
        }
    }
}

// FILE.cop -> FILE.copc, FOLDER/ -> FOLDER.copc, both in the folder where they are.
static void default_output(const char *path, char *output) {
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    if (len > 4 && strncmp(path + len - 4, ".cop", 4) == 0) {
        len -= 4;
    }
    if (len == 1 && (path[0] == '-' || path[0] == '.')) {
        snprintf(output, PATH_MAX, "main.copc");
    } else {
        snprintf(output, PATH_MAX, "%.*s.copc", (int)(len < PATH_MAX - 8 ? len : PATH_MAX - 8),
                 path);
    }
}

static bool store_image(const Options *options, Compilation *c) {
    char output[PATH_MAX];
    if (options->output != NULL) {
        snprintf(output, sizeof output, "%s", options->output);
    } else {
        default_output(options->operands[0], output);
    }
    Str bundle = compilation_bundle(c);
    return file_store(output, bundle.ptr, bundle.len);
}

// ---- The library --------------------------------------------------------------------------------

// Makes the folders that `path` lies in.
static void make_folders(const char *path) {
    char folder[PATH_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        mkdir(folder, 0777);
    }
}

// The arity of the declaration whose parameters begin at `at`: parameters are parted by commas
// outside of brackets.
static uint32_t count_parameters(const char *at, const char *end) {
    uint32_t count = 0;
    int depth = 0;
    bool any = false;
    for (; at < end && !(depth == 0 && *at == ')'); at++) {
        depth += strchr("([{", *at) != NULL;
        depth -= strchr(")]}", *at) != NULL;
        count += depth == 0 && *at == ',';
        any = any || (*at != ' ' && *at != '\n');
    }
    return count + any;
}

// Looks for the built-in that a line of an `extern "vm"` block declares; counts it. False after a
// message.
static bool check_line(const char *module, const char *line, const char *end,
                       const char *source_end, size_t *declared) {
    line += strspn(line, " ");
    line += strncmp(line, "pub ", 4) == 0 ? 4 : 0;
    const char *paren = memchr(line, '(', (size_t)(end - line));
    if (strncmp(line, "fn ", 3) != 0 || paren == NULL) {
        return true;
    }
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)(paren - line - 3), line + 3);
    uint32_t arity = count_parameters(paren + 1, source_end);
    (*declared)++;
    if (bif_find(module, name, arity) == NULL) {
        complain("%s.cop declares %s/%u, which bifs.def does not have", module, name, arity);
        return false;
    }
    return true;
}

// The module of the library that a file directly in its folder is.
static void library_module_name(Str relative, char *name, size_t size) {
    snprintf(name, size, "%.*s", (int)(relative.len - 4), relative.ptr);
    name[0] -= name[0] >= 'a' && name[0] <= 'z' ? 'a' - 'A' : 0;
}

// Built-ins and their declarations have to agree, both ways.
static bool check_declared(const Program *program) {
    bool good = true;
    size_t declared = 0;
    for (uint32_t i = 0; i < program_entry_count(program); i++) {
        const CompileSource *source = program_entry(program, i);
        const char *end = source->text.ptr + source->text.len;
        char module[128];
        library_module_name(source->relative, module, sizeof module);
        bool inside = false;
        for (const char *line = source->text.ptr, *next; line < end; line = next) {
            const char *stop = memchr(line, '\n', (size_t)(end - line));
            stop = stop == NULL ? end : stop;
            next = stop < end ? stop + 1 : end;
            if (strncmp(line, "extern \"vm\" {", 13) == 0) {
                inside = true;
            } else if (*line == '}') {
                inside = false;
            } else if (inside) {
                good = check_line(module, line, stop, end, &declared) && good;
            }
        }
    }
    if (good && declared != bif_count) {
        complain("bifs.def has %zu built-ins, the library declares %zu", bif_count, declared);
        good = false;
    }
    return good;
}

static bool store_library(const Options *options, Compilation *c, const Program *program) {
    for (uint32_t i = 0; i < program_entry_count(program); i++) {
        Str relative = program_entry(program, i)->relative;
        char output[PATH_MAX];
        snprintf(output, sizeof output, "%s/%.*sc", options->output, (int)relative.len,
                 relative.ptr);
        make_folders(output);
        Str image = compilation_module(c, i)->image;
        if (!file_store(output, image.ptr, image.len)) {
            return false;
        }
    }
    return true;
}

// ---- The command --------------------------------------------------------------------------------

static int build(const Options *options, Program *program) {
    CompileOptions compile = {
        .library = options->library, .docs = true, .dump = options->dump, .plain = options->plain};
    CompileStatus status;
    Compilation *c = program_compile(program, &compile, &status);
    bool good = status == COMPILE_OK;
    print_dumps(c, options->dump);
    if (good && options->library) {
        good = check_declared(program) && store_library(options, c, program);
    } else if (good && (options->dump == 0 || options->output != NULL)) {
        good = store_image(options, c);
    }
    compilation_free(c);
    if (fflush(stdout) != 0) {
        complain("standard output: %s", strerror(errno));
        good = false;
    }
    return good ? STATUS_OK : STATUS_FAILED;
}

int command_build(const Options *options) {
    if (options->count == 0) {
        complain("build what? coppice build FILE|FOLDER [-o IMAGE] [--dump=STAGES]");
        return STATUS_USAGE;
    }
    if (options->count > 1) {
        complain("build takes one file or folder; the modules that a file reaches are found");
        return STATUS_USAGE;
    }
    if (options->library && options->output == NULL) {
        complain("--library needs -o FOLDER");
        return STATUS_USAGE;
    }
    const char *path = options->operands[0];
    Program *program = program_open(path);
    if (program == NULL) {
        return STATUS_FAILED;
    }
    bool good = is_directory(path) ? program_add_folder(program, path)
                                   : program_add(program, path, NULL, 0);
    int status = good ? build(options, program) : STATUS_FAILED;
    program_free(program);
    return status;
}

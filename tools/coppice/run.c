// SPDX-License-Identifier: Apache-2.0
// coppice run: compiles a source or takes an image, and runs its main. Status: 0; 1 when it does
// not compile or fails; 130, 143 when a signal ended it; what Env.exit said. Tests: tests/system,
// and every program test.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/coppice/command.h"
#include "vm/code/module.h"
#include "vm/heap/copy.h"
#include "vm/sched/program.h"
#include "vm/term/atom.h"
#include "vm/term/bytes.h"
#include "vm/term/list.h"

typedef struct {
    const uint8_t *image;
    size_t size;
    const char *name; // what the user called it
    Program *program; // of a source
    Compilation *compilation;
    char *file; // of an image
} Loaded;

static void loaded_free(Loaded *loaded) {
    if (loaded->compilation != NULL) {
        compilation_free(loaded->compilation);
    }
    program_free(loaded->program);
    free(loaded->file);
}

static bool load_source(const char *path, char *text, size_t size, bool plain, Loaded *loaded) {
    loaded->program = program_open(path);
    if (loaded->program == NULL) {
        free(text);
        return false;
    }
    if (!program_add(loaded->program, path, text, size)) {
        return false;
    }
    CompileOptions options = {.plain = plain};
    CompileStatus status;
    loaded->compilation = program_compile(loaded->program, &options, &status);
    if (status != COMPILE_OK) {
        return false;
    }
    if (!compilation_module(loaded->compilation, 0)->has_main) {
        complain(
            "%s: nothing to run: there is no statement, and no main function of one parameter or none",
            loaded->name);
        return false;
    }
    Str bundle = compilation_bundle(loaded->compilation);
    loaded->image = (const uint8_t *)bundle.ptr;
    loaded->size = bundle.len;
    return true;
}

// A source, an image or standard input with either. False after a message.
static bool load(const char *path, bool plain, Loaded *loaded) {
    loaded->name = strcmp(path, "-") == 0 ? "standard input" : path;
    char folder_main[4096];
    if (is_directory(path)) {
        snprintf(folder_main, sizeof folder_main, "%s/main.cop", path);
        if (access(folder_main, F_OK) != 0) {
            complain("%s: is a folder without a main.cop", path);
            return false;
        }
        path = folder_main;
    }
    char *text;
    size_t size;
    if (!file_load(path, &text, &size)) {
        return false;
    }
    size_t len = strlen(path);
    if (!is_image(text, size) && !(len > 5 && strcmp(path + len - 5, ".copc") == 0)) {
        return load_source(path, text, size, plain, loaded);
    }
    loaded->file = text;
    loaded->image = (const uint8_t *)text;
    loaded->size = size;
    return true;
}

// ---- Running ------------------------------------------------------------------------------------

// The list of the arguments, in a fragment that stands until the program has ended. NULL: no
// memory.
static Fragment *argument_list(VM *vm, Term *list) {
    size_t words = 0;
    for (int i = 0; i < vm->options.argc; i++) {
        words += CONS_WORDS + bytes_words(strlen(vm->options.argv[i]));
    }
    Fragment *fragment = fragment_new(vm->mem, words + 1);
    if (fragment == NULL) {
        return NULL;
    }
    Room room = fragment_room(fragment);
    *list = TERM_EMPTY;
    for (int i = vm->options.argc; i > 0; i--) {
        const char *text = vm->options.argv[i - 1];
        Term bytes = room_bytes(vm->mem, &room, text, strlen(text));
        *list = room_cons(&room, term_is_value(bytes) ? bytes : TERM_NIL, *list);
    }
    return fragment;
}

// Runs the main function and says so when, under a seed, nothing can happen any more.
static int run_function(VM *vm, const Function *main, const Term *args, uint32_t count) {
    ProgramEnd end = program_run(vm, main, args, count);
    if (end.stuck) {
        complain("stuck: every process waits, and nothing can wake one");
    }
    return end.status;
}

static int run_main(VM *vm, const Module *module) {
    Term name;
    if (atom_intern(vm->atoms, "main", 4, &name) != ATOM_OK) {
        complain("no memory");
        return STATUS_FAILED;
    }
    const Function *main_0 = module_export(module, name, 0);
    const Function *main_1 = module_export(module, name, 1);
    if (main_1 == NULL && main_0 == NULL) {
        complain("the image has no main function of one parameter or none");
        return STATUS_FAILED;
    }
    if (main_1 == NULL) {
        return run_function(vm, main_0, NULL, 0);
    }
    Term args;
    Fragment *fragment = argument_list(vm, &args);
    if (fragment == NULL) {
        complain("no memory");
        return STATUS_FAILED;
    }
    int status = run_function(vm, main_1, &args, 1);
    fragment_free(vm->mem, fragment);
    return status;
}

static int run_image(const Options *options, const Loaded *loaded) {
    VMOptions vm_options = options->vm;
    vm_options.argc = options->count > 0 ? options->count - 1 : 0;
    vm_options.argv = options->operands + (options->count > 0);
    VM *vm = machine_create(&vm_options);
    if (vm == NULL) {
        return STATUS_FAILED;
    }
    Term main_name;
    CodeError error = {0};
    const Module *module = NULL;
    int status = STATUS_FAILED;
    if (code_add_image(vm->code, loaded->image, loaded->size, &main_name, &error) == CODE_OK) {
        module = code_find_module(vm->code, main_name, &error);
    }
    if (module != NULL) {
        status = run_main(vm, module);
    } else {
        complain("%s: %s", loaded->name, error.what[0] != 0 ? error.what : "no memory");
    }
    return machine_finish(vm, status);
}

int command_run(const Options *options) {
    if (options->count == 0 && isatty(STDIN_FILENO)) {
        complain("run what? coppice run FILE [ARGUMENTS]; '-' is standard input");
        return STATUS_USAGE;
    }
    Loaded loaded = {0};
    const char *path = options->count == 0 ? "-" : options->operands[0];
    int status = load(path, options->plain, &loaded) ? run_image(options, &loaded) : STATUS_FAILED;
    loaded_free(&loaded);
    return status;
}

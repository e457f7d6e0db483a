// SPDX-License-Identifier: Apache-2.0
// The command: what its subcommands share. Options are parsed once (options.c); each subcommand is
// a function of them that returns the exit status: 0, STATUS_FAILED, STATUS_USAGE, or what a
// program ended with. One thread, but for what runs inside a VM. Tests: tests/system.
#pragma once

#include "compiler/driver.h"
#include "vm/base/buffer.h"
#include "vm/boot.h"

enum {
    STATUS_OK = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_INTERRUPTED = 130,
    STATUS_TERMINATED = 143
};

typedef struct {
    VMOptions vm;       // --schedulers, --seed, --trace, --engine
    const char *output; // -o
    const char *filter; // --filter: only tests whose names hold it
    uint32_t seeds;     // --seeds: how many seeds each test runs under; 0: as --seed says
    uint32_t dump;      // --dump: DUMP_*
    bool plain;         // --opt=0
    bool library;       // --library: sources of the library itself
    bool help;          // --help: the subcommand's page is wanted, and nothing else
    int count;          // operands
    char **operands;
} Options;

typedef int (*Command)(const Options *options);

int command_run(const Options *options);
int command_build(const Options *options);
int command_dump(const Options *options);
int command_test(const Options *options);
int command_repl(const Options *options);
int command_help(const Options *options);
int command_version(const Options *options);
// Prints the page of a subcommand; false when there is none.
bool help_page(const char *name);

// options.c. Parses what follows the subcommand's name; `program`: operands after the first belong
// to the program. False after a message.
bool options_parse(Options *options, const char *command, bool program, int argc, char **argv);
// Prints "coppice: " and the message, and a line end, to standard error.
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The one of `names` (ended by NULL) that is most like `word`, or NULL when none is.
const char *nearest(const char *word, const char *const *names);

// files.c. A whole file, or standard input for "-": *text is to be freed. False after a message.
bool file_load(const char *path, char **text, size_t *size);
// Writes a file so that it is there whole or not at all. False after a message.
bool file_store(const char *path, const void *data, size_t size);
bool is_directory(const char *path);
bool is_image(const char *text, size_t size);
// Whether standard error wants colours.
bool wants_colour(void);

// A program's sources: where its modules are looked for, and what was read (kept until
// program_free).
typedef struct Program Program;
// The source tree that `path` (a file, a folder or "-") belongs to. NULL after a message.
Program *program_open(const char *path);
void program_free(Program *program);
// Adds a file as an entry; "-": standard input, `text` given: that text (kept). False after a
// message.
bool program_add(Program *program, const char *path, char *text, size_t size);
// Adds every source under the folder, main.cop first, the others in the order of their paths. False
// after a message.
bool program_add_folder(Program *program, const char *folder);
// Compiles, printing diagnostics. The Compilation is to be freed before the program, also when the
// status is not COMPILE_OK.
Compilation *program_compile(Program *program, const CompileOptions *options,
                             CompileStatus *status);
// Compiler host of a program, which may be NULL (then only the library is seen).
CompileHost program_host(Program *program);
uint32_t program_entry_count(const Program *program);
const CompileSource *program_entry(const Program *program, uint32_t index);

// library.c. The library that is embedded in the command.
extern const struct Library embedded_library;
// The image of a module of it; false when there is none.
bool library_image(const char *module, size_t len, const uint8_t **bytes, size_t *size);
// A CompileHost's library_interface and library_module; they use no context.
bool library_interface(void *context, Str module, Str *interface);
Str library_module(void *context, uint32_t index);
// A chunk of the first module of an image, found by its four letters. False when it is not there.
bool image_chunk(const uint8_t *bytes, size_t size, const char *id, Str *chunk);

// machine.c. A VM with the library, ready to run. NULL after a message.
VM *machine_create(const VMOptions *options);
// Returns when what was printed is out: `status`, or STATUS_FAILED when standard output could not
// take it.
int machine_flush(VM *vm, int status);
// The same at the end of the command: the machine is not used any more.
int machine_finish(VM *vm, int status);

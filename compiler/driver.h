// The compiler as its users see it: sources in; images, diagnostics and dumps out.
//
// A Compilation owns one arena; everything it gives back (images, texts, interfaces) lies there
// until compilation_free. The compiler has no globals, prints nothing, never ends the process,
// reads no files: what it needs from outside it asks a CompileHost for. A Compilation belongs to
// one thread; several may run at once. Failures of the source are diagnostics; a bug of the
// compiler aborts.
//
// Users: tools/coppice (run, build, test, dump), tools/repl, the build of stdlib/. The pass list is
// the table in driver.c; compiler/README.md says what each pass expects and guarantees.
// Tests: tests/unit/compiler/driver_test.c, tests/stage, tests/lang.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/str.h"

typedef struct Compilation Compilation;
struct Diags;   // compiler/diag/diag.h
struct Sources; // compiler/base/source.h

typedef struct {
    Str path; // as diagnostics and traces shall show it
    Str relative; // from the source root, with '/': "net/http_client.cop"; the module's name comes of it
    Str text; // UTF-8; must stay until compilation_free
} CompileSource;

// What the compiler asks its user for. Any function may be NULL: then there is nothing of that
// sort.
typedef struct {
    void *context;
    // The source of the program's own module `module`, looked for at `relative` under the source
    // root. False when there is none (the library's module of that name is meant then).
    bool (*module_source)(void *context, Str module, Str relative, CompileSource *source);
    // The interface (TYPE chunk) of a module of the library; `interface` must stay until
    // compilation_free.
    bool (*library_interface)(void *context, Str module, Str *interface);
    // The name of the library's `index`th module for 'did you mean', from 0; length 0 beyond the
    // last.
    Str (*library_module)(void *context, uint32_t index);
    // A clock, for the times of the passes.
    uint64_t (*now_ns)(void *context);
} CompileHost;

// Stages whose result can be had as text.
enum {
    DUMP_TOKENS = 1,
    DUMP_AST = 2,
    DUMP_CORE = 4,
    DUMP_PASSES = 8, // the IR of each function after each pass of the optimiser that changed it
    DUMP_IR = 16,
    DUMP_ASM = 32,
};

typedef struct {
    bool tests;      // compile `test` blocks and the `>>` lines of doc comments too
    bool library;    // modules of the library: `extern "vm"` is allowed, and none is looked up
                     // but the entries
    bool check_only; // stop after the checks: diagnostics and interfaces, no images
    bool docs;       // keep doc comments in the image (DOCS chunk)
    bool plain;      // optimise no more than emission needs
    uint32_t dump;   // DUMP_*; of the entry sources only
} CompileOptions;

typedef enum {
    COMPILE_OK,         // images are there; there may be warnings
    COMPILE_ERRORS,     // see the diagnostics; no images
    COMPILE_INCOMPLETE, // REPL only: the text could go on; ask for another line
} CompileStatus;

typedef struct {
    Str name;      // "Net.HttpClient"
    Str path;      // CompileSource.path
    Str interface; // TYPE chunk
    Str image;     // a whole .copc file of this module alone; empty with check_only
    bool has_main; // exports main/0 or main/1 (a script does)
} CompiledModule;

typedef struct {
    const char *pass; // name in the pass list
    uint64_t ns;      // spent in it, all modules together; 0 without a clock
} CompileTime;

// `options` and `host` are copied. Never NULL.
Compilation *compilation_new(const CompileOptions *options, const CompileHost *host);
void compilation_free(Compilation *c);

// Compiles the `count` entries and every module of the program that they reach by name, each once.
// The first entry is the main module. Called once per Compilation. Linear in the size of the
// sources.
CompileStatus compile_program(Compilation *c, const CompileSource *entries, uint32_t count);

// After compile_program: the modules in the order of finding, the entries first.
uint32_t compilation_module_count(const Compilation *c);
const CompiledModule *compilation_module(const Compilation *c, uint32_t index);

// All modules in one .copc file, the main module first. After COMPILE_OK, not with check_only.
Str compilation_bundle(Compilation *c);

uint32_t compilation_errors(const Compilation *c);
uint32_t compilation_warnings(const Compilation *c);

// All diagnostics as text with excerpts of the source, in the order of files and places; ends in a
// newline if there are any. `colour`: with the escape codes of a terminal.
Str compilation_diagnostics(Compilation *c, bool colour);

// The diagnostics and sources themselves, for editors.
const struct Diags *compilation_diags(const Compilation *c);
const struct Sources *compilation_sources(const Compilation *c);

// The text of one stage (a DUMP_* bit that the options asked for), entries one after another.
Str compilation_dump(Compilation *c, uint32_t stage);

// Times of the passes in order; ends with pass == NULL.
const CompileTime *compilation_times(const Compilation *c);

// Bytes the arena holds.
uint64_t compilation_size_bytes(const Compilation *c);

// One input of the REPL. Each is a module of its own, `Repl.N` for `number` N, whose function
// `eval` takes the values of `bindings` in order and returns a tuple: the input's value, then those
// of `ReplResult.bindings`.
typedef struct {
    Str text;
    uint32_t number;
    const Str *bindings; // names bound so far, no name twice
    uint32_t binding_count;
    const Str
        *definitions; // interfaces of earlier inputs that define something, oldest first: their
    uint32_t definition_count; //   definitions and imports are seen as if they stood here
} ReplInput;

typedef struct {
    Str module; // "Repl.3"
    Str image;  // a .copc file of this module and of those of the program that it is the first to
                // reach
    Str interface; // for later inputs' `definitions`; empty when the input defines and imports
                   // nothing
    Str *bindings; // names bound afterwards, in the order of the result tuple after the value
    uint32_t binding_count; // at most 250: the function's arguments must fit
} ReplResult;

// Compiles one input. COMPILE_INCOMPLETE when more text could mend it. Called once per Compilation.
CompileStatus compile_repl(Compilation *c, const ReplInput *input, ReplResult *result);

// "net/http_client.cop" -> "Net.HttpClient": words of letters and digits, each begun with a
// capital. Works for any path.
Str module_name_of_path(Arena *a, Str relative);

// "Net.HttpClient" -> "net/http_client.cop": the path the module's source must have.
Str module_path_of_name(Arena *a, Str module);

// SPDX-License-Identifier: Apache-2.0
// The shell: reading lines (line.c), compiling and running inputs (repl.c), the machine it runs
// them in (shell.c), and documentation and completion (docs.c). All of it is on the main thread,
// but for Shell.ready's callback. Tests: tests/system/*.session.
#pragma once

#include "tools/coppice/command.h"
#include "vm/code/module.h"

// ---- shell.c ------------------------------------------------------------------------------------

typedef struct Shell Shell;

// A machine with the shell's processes. SIGINT is handled from then on. NULL after a message.
Shell *shell_open(const Options *options);
// Status of the command.
int shell_close(Shell *shell);
VM *shell_vm(const Shell *shell);
// Runs eval/1 of a module that was loaded, and prints its value (not nil when `quiet`). Whether it
// did not fail. Ctrl-C ends it.
bool shell_run(Shell *shell, Term module, bool quiet);
// Prints the last value in full.
void shell_print_full(Shell *shell);
// Whether SIGINT has come since the last call.
bool shell_interrupted(void);

// ---- Names --------------------------------------------------------------------------------------

// A list of texts that grows; owns them.
typedef struct {
    char **items;
    uint32_t count;
    uint32_t capacity;
} Names;

void names_add(Names *names, const char *text, size_t len);
void names_clear(Names *names);

// ---- line.c -------------------------------------------------------------------------------------

typedef struct Reader Reader;
// What may stand where `word` does, added to `found`: names, or what follows a module's name and a
// point.
typedef void (*Completer)(void *context, const char *word, size_t len, Names *found);

typedef enum { LINE_OK, LINE_END, LINE_INTERRUPTED } LineStatus;

Reader *reader_open(Completer complete, void *context);
void reader_close(Reader *reader);
// The next line, without its end, good until the next call. `more`: it goes on an input that is not
// complete.
LineStatus reader_next(Reader *reader, bool more, const char **line, size_t *len);

// ---- docs.c -------------------------------------------------------------------------------------

// Prints what is known of "Module" or "Module.name"; help on the shell for an empty text.
void docs_show(VM *vm, const char *what, size_t len);
// Names of modules and of their functions that begin with `word`.
void docs_complete(VM *vm, const char *word, size_t len, Names *found);

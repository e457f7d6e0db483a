// SPDX-License-Identifier: Apache-2.0
// coppice help, coppice version.
#include <stdio.h>
#include <string.h>

#include "tools/coppice/command.h"
#include "vm/code/format.h"

static const struct {
    const char *name;
    const char *usage;
    const char *text;
} pages[] = {
    {"run", "coppice run [OPTIONS] FILE [ARGUMENTS]",
     "Runs a source (.cop), an image (.copc) or, for '-', standard input: calls its main. 'coppice FILE' does\n"
     "the same, and '#!/usr/bin/env -S coppice run' on line one makes a script a command.\n"
     "Status: 0; 1 if it does not compile or fails; 130 after Ctrl-C, 143 after SIGTERM.\n"
     "  --schedulers N     threads that run processes (one per core)\n"
     "  --seed N           one thread, schedule and random numbers drawn from N, virtual time\n"
     "  --trace=KINDS      writes events of those kinds to standard error (sched,send,…; all)\n"
     "  --engine NAME      interp\n"},
    {"build", "coppice build [OPTIONS] FILE|FOLDER",
     "Compiles a source and the modules that it reaches, or all of a folder, to one image.\n"
     "  -o IMAGE           where to (FILE.copc beside the source)\n"
     "  --dump=STAGES      prints tokens, ast, core, ir or asm instead\n"},
    {"test", "coppice test [OPTIONS] FILE|FOLDER ...",
     "Runs test blocks and the '>>' examples of doc comments, each in a machine of its own.\n"
     "  --filter TEXT      only tests whose names hold it\n"
     "  --seed N           under this seed\n"
     "  --seeds N          each under N seeds; a failure names its seed\n"
     "  --schedulers N, --trace=KINDS, --engine NAME  as for run\n"},
    {"repl", "coppice repl",
     "A shell: each line is run, its value shown. Tab completes, the arrow keys bring back earlier lines,\n"
     "'h' tells more, Ctrl-C stops what runs, Ctrl-D ends.\n"},
    {"dump", "coppice dump IMAGE", "Prints what an image holds: modules, functions, instructions.\n"},
    {"help", "coppice help [COMMAND]", "Prints this, or more on one command.\n"},
    {"version", "coppice version", "Prints the version.\n"},
};

enum { PAGE_COUNT = sizeof pages / sizeof pages[0] };

int command_help(const Options *options) {
    for (int i = 0; i < options->count; i++) {
        for (size_t k = 0; k < PAGE_COUNT; k++) {
            if (strcmp(pages[k].name, options->operands[i]) == 0) {
                printf("usage: %s\n\n%s", pages[k].usage, pages[k].text);
                return STATUS_OK;
            }
        }
        complain("no command '%s'", options->operands[i]);
        return STATUS_USAGE;
    }
    puts("Coppice: actors and supervisors.\n\nusage:");
    for (size_t k = 0; k < PAGE_COUNT; k++) {
        printf("  %s\n", pages[k].usage);
    }
    puts("\n'coppice help COMMAND' says more.");
    return STATUS_OK;
}

int command_version(const Options *options) {
    (void)options;
    printf("coppice 0.1 (image format %d)\n", IMAGE_VERSION);
    return STATUS_OK;
}

// SPDX-License-Identifier: Apache-2.0
// coppice help, coppice version.
#include <stdio.h>
#include <string.h>

#include "tools/coppice/command.h"
#include "vm/code/format.h"

static const struct {
    const char *name;
    const char *usage;
    const char *brief;
    const char *text;
} pages[] = {
    {"run", "coppice run [OPTIONS] FILE|FOLDER|- [ARGUMENTS]", "runs a program",
     "Runs a source (.cop), an image (.copc), the main.cop of a folder or, for '-', standard input: its statements, or its\n"
     "main function. All that follows FILE is the program's. 'coppice FILE' does the same, and with\n"
     "'#!/usr/bin/env -S coppice run' on line one a script is a command.\n"
     "Status: 0; 1 if it does not compile or fails; 130 after Ctrl-C, 143 after SIGTERM; what Env.exit was given.\n\n"
     "  --schedulers N     threads that run processes (one per core)\n"
     "  --seed N           one thread; schedule and random numbers are drawn from N, time is virtual\n"
     "  --trace=KINDS      writes events of these kinds to standard error, with KINDS:FILE to a file\n"
     "  --engine NAME      what runs the code: jit or interp\n"
     "  --symbols=FOR      names machine code for perf (in /tmp/perf-PID.map), gdb, or all\n"
     "  --opt N            0: compile without the optimiser; 1 is the rule. For those who look for its faults\n"},
    {"build", "coppice build [OPTIONS] FILE|FOLDER|-", "makes an image of a program",
     "Compiles a source and the modules that it reaches, or all of a folder, to one image.\n\n"
     "  -o IMAGE           where to (FILE.copc beside the source)\n"
     "  --dump=STAGES      prints tokens, ast, core, ir, asm (or all) and makes no image unless -o is given;\n"
     "                     passes: the IR after each pass of the optimiser that changed it\n"
     "  --opt N            as for run\n"},
    {"test", "coppice test [OPTIONS] [FILE|FOLDER ...]", "runs tests",
     "Runs the test blocks and the '>>' examples of doc comments, each in a machine of its own; without a FILE those of the\n"
     "folder one is in. Status: 0; 1 if one failed, or --filter finds none.\n\n"
     "  --filter TEXT      only tests whose names hold it\n"
     "  --seed N           under this seed\n"
     "  --seeds N          each under the seeds 1 to N; a failure names the one that repeats it\n"
     "  --schedulers N, --trace=KINDS, --engine NAME, --opt N  as for run\n"},
    {"repl", "coppice repl [OPTIONS] [FOLDER]", "opens a shell",
     "A shell: each line is run, and its value shown. It sees the modules of FOLDER, or else of the folder one is in. Tab\n"
     "completes, the arrow keys bring back earlier lines, 'h' tells more, Ctrl-C stops what runs, Ctrl-D ends.\n\n"
     "  --schedulers N, --seed N, --trace=KINDS, --engine NAME  as for run\n"},
    {"dump", "coppice dump IMAGE", "shows what an image holds",
     "Prints what an image holds: modules, functions, instructions.\n"},
    {"help", "coppice help [COMMAND]", "tells more of a command",
     "Prints all commands, or more on one.\n"},
    {"version", "coppice version", "prints the version", "Prints the version.\n"},
};

enum { PAGE_COUNT = sizeof pages / sizeof pages[0] };

static const char *const trace_kinds[][2] = {
#define TRACE(name, doc) {#name, doc},
#include "vm/proc/trace.def"
#undef TRACE
};

bool help_page(const char *name) {
    for (size_t i = 0; i < PAGE_COUNT; i++) {
        if (strcmp(pages[i].name, name) == 0) {
            printf("usage: %s\n\n%s", pages[i].usage, pages[i].text);
            if (strcmp(name, "run") == 0) {
                printf("\nKINDS, with commas between: all, or of\n");
                for (size_t k = 0; k < sizeof trace_kinds / sizeof trace_kinds[0]; k++) {
                    printf("  %-18s %s\n", trace_kinds[k][0], trace_kinds[k][1]);
                }
            }
            return true;
        }
    }
    return false;
}

int command_help(const Options *options) {
    if (options->count > 1) {
        complain("help takes one command");
        return STATUS_USAGE;
    }
    if (options->count == 1) {
        if (help_page(options->operands[0])) {
            return STATUS_OK;
        }
        const char *names[PAGE_COUNT + 1] = {NULL};
        for (size_t i = 0; i < PAGE_COUNT; i++) {
            names[i] = pages[i].name;
        }
        const char *like = nearest(options->operands[0], names);
        if (like != NULL) {
            complain("no command '%s'; did you mean '%s'?", options->operands[0], like);
        } else {
            complain("no command '%s'; see 'coppice help'", options->operands[0]);
        }
        return STATUS_USAGE;
    }
    puts(
        "Coppice: actors and supervisors.\n\nusage: coppice COMMAND, or coppice FILE for coppice run FILE\n");
    for (size_t k = 0; k < PAGE_COUNT; k++) {
        printf("  %-10s %s\n", pages[k].name, pages[k].brief);
    }
    puts("\n'coppice help COMMAND' says more.");
    return STATUS_OK;
}

int command_version(const Options *options) {
    if (options->count > 0) {
        complain("version takes nothing");
        return STATUS_USAGE;
    }
    printf("coppice 0.1 (image format %d)\n", IMAGE_VERSION);
    return STATUS_OK;
}

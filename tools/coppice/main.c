// SPDX-License-Identifier: Apache-2.0
// The coppice command: finds the subcommand and calls it. What they do is in run.c, build.c,
// dump.c, help.c, and in tools/test and tools/repl. A file in place of a subcommand is run. Tests:
// tests/system/command_line.sh.
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/coppice/command.h"

typedef struct {
    const char *name;
    Command command;
    bool program; // operands after the first are the program's
} Subcommand;

static const Subcommand subcommands[] = {
    {"run", command_run, true},          {"build", command_build, false},
    {"test", command_test, false},       {"repl", command_repl, false},
    {"dump", command_dump, false},       {"help", command_help, false},
    {"version", command_version, false},
};

enum { SUBCOMMAND_COUNT = sizeof subcommands / sizeof subcommands[0] };

static const Subcommand *find_subcommand(const char *name) {
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = "help";
    } else if (strcmp(name, "--version") == 0 || strcmp(name, "-v") == 0 ||
               strcmp(name, "-V") == 0) {
        name = "version";
    }
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        if (strcmp(subcommands[i].name, name) == 0) {
            return &subcommands[i];
        }
    }
    return NULL;
}

static int unknown_subcommand(const char *name) {
    if (strchr(name, '/') != NULL || strstr(name, ".cop") != NULL) {
        complain("%s: %s", name, strerror(ENOENT));
        return STATUS_FAILED;
    }
    const char *names[SUBCOMMAND_COUNT + 1];
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        names[i] = subcommands[i].name;
    }
    names[SUBCOMMAND_COUNT] = NULL;
    const char *like = nearest(name, names);
    if (like != NULL) {
        complain("no command '%s'; did you mean '%s'?", name, like);
    } else {
        complain("no command '%s'; see 'coppice help'", name);
    }
    return STATUS_USAGE;
}

// The C library's arenas grow and shrink by single pages by default: a system call for every ten
// processes made and ended (fjcreate: 105,000 mprotect calls, a third of its time). The setting is
// the operating system process's.
static void tune_malloc(void) {
    enum { STEP_BYTES = 1024 * 1024, SLACK_BYTES = 16 * 1024 * 1024 };
    mallopt(M_TOP_PAD, STEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, SLACK_BYTES);
}

// Standard descriptors that were closed are taken by what fails when it is used, so that nothing
// else gets their numbers.
static void keep_standard_descriptors(void) {
    for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = open("/dev/null", O_RDWR)) {
        if (fd > STDERR_FILENO) {
            close(fd);
            return;
        }
        close(fd);
        // Opened the wrong way round: reading from, or writing to it, fails.
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            return;
        }
    }
}

// What a subcommand printed itself has to arrive, too.
static int flush_output(int status) {
    bool failed = ferror(stdout) != 0;
    failed |= fflush(stdout) != 0;
    if (failed && status == STATUS_OK) {
        complain("standard output: %s", strerror(errno));
        return STATUS_FAILED;
    }
    return status;
}

static int run_command(int argc, char **argv) {
    Options options = {0};
    if (argc < 2) {
        command_help(&options);
        return STATUS_USAGE;
    }
    const Subcommand *sub = find_subcommand(argv[1]);
    int skip = 2;
    if (sub == NULL && access(argv[1], F_OK) == 0) {
        sub = &subcommands[0];
        skip = 1;
    }
    if (sub == NULL) {
        return unknown_subcommand(argv[1]);
    }
    if (!options_parse(&options, sub->name, sub->program, argc - skip, argv + skip)) {
        return STATUS_USAGE;
    }
    if (options.help) {
        return help_page(sub->name) ? STATUS_OK : STATUS_FAILED;
    }
    return sub->command(&options);
}

int main(int argc, char **argv) {
    keep_standard_descriptors();
    tune_malloc();
    return flush_output(run_command(argc, argv));
}

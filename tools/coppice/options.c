// SPDX-License-Identifier: Apache-2.0
// Parses the command line: options by one table, wrong ones with the nearest right one. `--name
// value` and `--name=value` are the same; `--` ends the options. See command.h. Tests:
// tests/system/command_line.sh.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/diag/suggest.h"
#include "tools/coppice/command.h"
#include "vm/proc/trace.h"

void complain(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("coppice: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

const char *nearest(const char *word, const char *const *names) {
    Suggest suggest = suggest_new(str_of(word));
    for (; *names != NULL; names++) {
        suggest_offer(&suggest, str_of(*names));
    }
    return suggest.best.len > 0 ? suggest.best.ptr : NULL;
}

// ---- Values -------------------------------------------------------------------------------------

static bool read_number(const char *name, const char *text, uint64_t min, uint64_t max,
                        uint64_t *value) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != 0 || errno != 0 || number < min || number > max) {
        complain("%s: '%s' is no number from %llu to %llu", name, text, (unsigned long long)min,
                 (unsigned long long)max);
        return false;
    }
    *value = number;
    return true;
}

static const struct {
    const char *name;
    uint32_t bit;
} stages[] = {{"tokens", DUMP_TOKENS},
              {"ast", DUMP_AST},
              {"core", DUMP_CORE},
              {"passes", DUMP_PASSES},
              {"ir", DUMP_IR},
              {"asm", DUMP_ASM},
              {"all", DUMP_TOKENS | DUMP_AST | DUMP_CORE | DUMP_IR | DUMP_ASM}};

static bool set_dump(Options *o, const char *text) {
    do {
        size_t len = strcspn(text, ",");
        uint32_t bit = 0;
        for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
            if (strlen(stages[i].name) == len && strncmp(stages[i].name, text, len) == 0) {
                bit = stages[i].bit;
            }
        }
        if (bit == 0) {
            complain("--dump: no stage '%.*s'; there are tokens, ast, core, ir, asm, all", (int)len,
                     text);
            return false;
        }
        o->dump |= bit;
        text += len + (text[len] == ',');
    } while (*text != 0);
    return true;
}

static bool set_seed(Options *o, const char *text) {
    o->vm.seeded = true;
    return read_number("--seed", text, 0, UINT64_MAX, &o->vm.seed);
}

static bool set_schedulers(Options *o, const char *text) {
    uint64_t count;
    if (!read_number("--schedulers", text, 1, 1024, &count)) {
        return false;
    }
    o->vm.schedulers = (uint32_t)count;
    return true;
}

static bool set_seeds(Options *o, const char *text) {
    uint64_t count;
    if (!read_number("--seeds", text, 1, 100 * 1000, &count)) {
        return false;
    }
    o->seeds = (uint32_t)count;
    return true;
}

static bool set_trace(Options *o, const char *text) {
    uint32_t kinds;
    char why[256];
    if (!trace_parse(text, &kinds, why)) {
        complain("--trace: %s", why);
        return false;
    }
    o->vm.trace = text;
    return true;
}

static bool set_engine(Options *o, const char *text) {
    o->vm.engine = text;
    return true;
}

static bool set_opt(Options *o, const char *text) {
    uint64_t level;
    if (!read_number("--opt", text, 0, 1, &level)) {
        return false;
    }
    o->plain = level == 0;
    return true;
}

static bool set_symbols(Options *o, const char *text) {
    bool perf = strcmp(text, "perf") == 0 || strcmp(text, "all") == 0;
    bool gdb = strcmp(text, "gdb") == 0 || strcmp(text, "all") == 0;
    if (!perf && !gdb) {
        complain("--symbols: '%s' is none of perf, gdb, all", text);
        return false;
    }
    o->vm.symbols |= (perf ? SYMBOLS_PERF : 0) | (gdb ? SYMBOLS_GDB : 0);
    return true;
}

static bool set_output(Options *o, const char *text) {
    o->output = text;
    return true;
}

static bool set_filter(Options *o, const char *text) {
    o->filter = text;
    return true;
}

static bool set_library(Options *o, const char *text) {
    (void)text;
    o->library = true;
    return true;
}

// ---- The table ----------------------------------------------------------------------------------

typedef struct {
    const char *name;
    const char *commands; // that take it
    bool (*set)(Options *, const char *value);
    const char *fallback; // what it means without a value; NULL: it needs one
} Option;

static const Option table[] = {
    {"--schedulers", "run test repl", set_schedulers, NULL},
    {"--seed", "run test repl", set_seed, NULL},
    {"--seeds", "test", set_seeds, NULL},
    {"--trace", "run test repl", set_trace, "all"},
    {"--engine", "run test repl", set_engine, NULL},
    {"--symbols", "run test repl", set_symbols, "all"},
    {"--opt", "run build test", set_opt, NULL},
    {"--filter", "test", set_filter, NULL},
    {"--dump", "build", set_dump, NULL},
    {"--library", "build test", set_library, ""},
    {"-o", "build", set_output, NULL},
};

enum { TABLE_SIZE = sizeof table / sizeof table[0] };

static bool takes(const Option *option, const char *command) {
    const char *at = strstr(option->commands, command);
    return at != NULL && (at[strlen(command)] == 0 || at[strlen(command)] == ' ');
}

static const Option *find_option(const char *text, size_t len, const char *command) {
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (strlen(table[i].name) == len && strncmp(table[i].name, text, len) == 0 &&
            takes(&table[i], command)) {
            return &table[i];
        }
    }
    return NULL;
}

static void unknown_option(const char *text, size_t len, const char *command) {
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (strlen(table[i].name) == len && strncmp(table[i].name, text, len) == 0) {
            complain("%s has no option '%s'; these have: %s", command, text, table[i].commands);
            return;
        }
    }
    const char *names[TABLE_SIZE + 1];
    size_t count = 0;
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (takes(&table[i], command)) {
            names[count++] = table[i].name;
        }
    }
    names[count] = NULL;
    const char *like = nearest(text, names);
    if (like != NULL) {
        complain("%s has no option '%s'; did you mean '%s'?", command, text, like);
    } else {
        complain("%s has no option '%s'; see 'coppice help %s'", command, text, command);
    }
}

// Takes the option at argv[*at]; false after a message.
static bool take_option(Options *o, const char *command, int argc, char **argv, int *at) {
    const char *text = argv[*at];
    const char *equals = text[1] == '-' ? strchr(text, '=') : NULL;
    size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    const Option *option = find_option(text, len, command);
    if (option == NULL) {
        unknown_option(text, len, command);
        return false;
    }
    (*at)++;
    const char *value = equals != NULL ? equals + 1 : option->fallback;
    if (value == NULL) {
        if (*at == argc) {
            complain("%s needs a value", option->name);
            return false;
        }
        value = argv[(*at)++];
    }
    return option->set(o, value);
}

bool options_parse(Options *options, const char *command, bool program, int argc, char **argv) {
    int operands = 0;
    int at = 0;
    bool ended = false;
    while (at < argc && !(program && operands > 0)) {
        const char *text = argv[at];
        if (!ended && strcmp(text, "--") == 0) {
            ended = true;
            at++;
        } else if (!ended && (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0)) {
            options->help = true;
            return true;
        } else if (!ended && text[0] == '-' && text[1] != 0) {
            if (!take_option(options, command, argc, argv, &at)) {
                return false;
            }
        } else {
            argv[operands++] = argv[at++];
        }
    }
    while (at < argc) {
        argv[operands++] = argv[at++];
    }
    options->count = operands;
    options->operands = argv;
    return true;
}

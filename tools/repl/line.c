// SPDX-License-Identifier: Apache-2.0
// Reading lines: with libedit at a terminal (history in $XDG_STATE_HOME/coppice/history or
// ~/.local/state, Tab completes), plainly otherwise. See repl.h.
#include <errno.h>
#include <histedit.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "tools/repl/repl.h"

enum { HISTORY_LINES = 2000 };

struct Reader {
    EditLine *edit; // NULL: no terminal
    History *history;
    char history_path[PATH_MAX];
    bool more;
    char *line; // without a terminal
    size_t capacity;
    Completer complete;
    void *context;
};

void names_add(Names *names, const char *text, size_t len) {
    for (uint32_t i = 0; i < names->count; i++) {
        if (strlen(names->items[i]) == len && memcmp(names->items[i], text, len) == 0) {
            return;
        }
    }
    if (names->count == names->capacity) {
        names->capacity = names->capacity == 0 ? 32 : names->capacity * 2;
        names->items = realloc(names->items, names->capacity * sizeof(char *));
        if (names->items == NULL) {
            abort();
        }
    }
    names->items[names->count] = strndup(text, len);
    if (names->items[names->count++] == NULL) {
        abort();
    }
}

void names_clear(Names *names) {
    for (uint32_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
    *names = (Names){0};
}

// ---- History ------------------------------------------------------------------------------------

// Makes the folder and sets the path; an empty path when there is no home.
static void find_history(char path[PATH_MAX]) {
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    path[0] = 0;
    if (state != NULL && state[0] == '/') {
        snprintf(path, PATH_MAX, "%.*s/coppice/history", PATH_MAX - 32, state);
    } else if (home != NULL && home[0] == '/') {
        snprintf(path, PATH_MAX, "%.*s/.local/state/coppice/history", PATH_MAX - 64, home);
    }
    for (char *slash = path[0] == 0 ? NULL : strchr(path + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

static void remember(Reader *reader, const char *line) {
    HistEvent event;
    if (line[strspn(line, " \t\r\n")] != 0) {
        history(reader->history, &event, H_ENTER, line);
        if (reader->history_path[0] != 0) {
            history(reader->history, &event, H_SAVE, reader->history_path);
        }
    }
}

// ---- Completion ---------------------------------------------------------------------------------

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

static size_t common_length(const Names *names) {
    size_t len = strlen(names->items[0]);
    for (uint32_t i = 1; i < names->count; i++) {
        size_t k = 0;
        while (k < len && names->items[i][k] == names->items[0][k]) {
            k++;
        }
        len = k;
    }
    return len;
}

static void list_names(const Names *names) {
    enum { SHOWN = 200, COLUMNS = 80 };
    size_t column = 0;
    putchar('\n');
    for (uint32_t i = 0; i < names->count && i < SHOWN; i++) {
        size_t width = strlen(names->items[i]) + 2;
        if (column > 0 && column + width > COLUMNS) {
            putchar('\n');
            column = 0;
        }
        printf("%s  ", names->items[i]);
        column += width;
    }
    printf(names->count > SHOWN ? "...\n" : "\n");
    fflush(stdout);
}

static unsigned char complete_word(EditLine *edit, wint_t key) {
    (void)key;
    Reader *reader;
    el_get(edit, EL_CLIENTDATA, &reader);
    const LineInfo *info = el_line(edit);
    const char *start = info->cursor;
    while (start > info->buffer && is_word(start[-1])) {
        start--;
    }
    size_t len = (size_t)(info->cursor - start);
    Names found = {0};
    if (len > 0) {
        reader->complete(reader->context, start, len, &found);
    }
    unsigned char result = CC_ERROR;
    if (found.count > 0) {
        size_t common = common_length(&found);
        if (common > len) {
            char *rest = strndup(found.items[0] + len, common - len);
            result = rest != NULL && el_insertstr(edit, rest) == 0 ? CC_REFRESH : CC_ERROR;
            free(rest);
        } else if (found.count > 1) {
            list_names(&found);
            result = CC_REDISPLAY;
        }
    }
    names_clear(&found);
    return result;
}

// Ctrl-D typed ahead, while the terminal still gathered lines, comes as a zero byte once it does
// not.
static unsigned char end_typed_ahead(EditLine *edit, wint_t key) {
    (void)key;
    const LineInfo *info = el_line(edit);
    return info->lastchar == info->buffer ? CC_EOF : CC_ERROR;
}

// ---- Reading ------------------------------------------------------------------------------------

static char *show_prompt(EditLine *edit) {
    static char first[] = "> ";
    static char more[] = "| ";
    Reader *reader;
    el_get(edit, EL_CLIENTDATA, &reader);
    return reader->more ? more : first;
}

static bool open_terminal(Reader *reader) {
    HistEvent event;
    setlocale(LC_CTYPE, "");
    reader->edit = el_init("coppice", stdin, stdout, stderr);
    reader->history = history_init();
    if (reader->edit == NULL || reader->history == NULL) {
        return false;
    }
    history(reader->history, &event, H_SETSIZE, HISTORY_LINES);
    history(reader->history, &event, H_SETUNIQUE, 1);
    find_history(reader->history_path);
    if (reader->history_path[0] != 0) {
        history(reader->history, &event, H_LOAD, reader->history_path);
    }
    el_set(reader->edit, EL_CLIENTDATA, reader);
    el_set(reader->edit, EL_PROMPT, show_prompt);
    el_set(reader->edit, EL_EDITOR, "emacs");
    el_set(reader->edit, EL_HIST, history, reader->history);
    // Wide, for these strings are kept: el_set would make copies that nobody frees.
    el_wset(reader->edit, EL_ADDFN, L"complete", L"completes the word", complete_word);
    el_wset(reader->edit, EL_ADDFN, L"end-typed-ahead", L"ends, on an empty line", end_typed_ahead);
    el_set(reader->edit, EL_BIND, "^I", "complete", NULL);
    el_set(reader->edit, EL_BIND, "^@", "end-typed-ahead", NULL);
    el_set(reader->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(reader->edit, NULL);
    return true;
}

Reader *reader_open(Completer complete, void *context) {
    Reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        abort();
    }
    reader->complete = complete;
    reader->context = context;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !open_terminal(reader)) {
        reader->edit = NULL;
    }
    return reader;
}

void reader_close(Reader *reader) {
    if (reader->history != NULL) {
        history_end(reader->history);
    }
    if (reader->edit != NULL) {
        el_end(reader->edit);
    }
    free(reader->line);
    free(reader);
}

static LineStatus read_plain(Reader *reader, const char **line, size_t *len) {
    errno = 0;
    ssize_t got = getline(&reader->line, &reader->capacity, stdin);
    if (got < 0) {
        clearerr(stdin);
        return errno == EINTR ? LINE_INTERRUPTED : LINE_END;
    }
    *line = reader->line;
    *len = (size_t)got;
    return LINE_OK;
}

static LineStatus read_terminal(Reader *reader, const char **line, size_t *len) {
    int count = 0;
    const char *text = el_gets(reader->edit, &count);
    if (text == NULL || count <= 0) {
        bool interrupted = shell_interrupted();
        putchar('\n');
        fflush(stdout);
        el_reset(reader->edit);
        return interrupted ? LINE_INTERRUPTED : LINE_END;
    }
    remember(reader, text);
    *line = text;
    *len = (size_t)count;
    return LINE_OK;
}

LineStatus reader_next(Reader *reader, bool more, const char **line, size_t *len) {
    reader->more = more;
    LineStatus status =
        reader->edit != NULL ? read_terminal(reader, line, len) : read_plain(reader, line, len);
    while (status == LINE_OK && *len > 0 &&
           ((*line)[*len - 1] == '\n' || (*line)[*len - 1] == '\r')) {
        (*len)--;
    }
    return status;
}

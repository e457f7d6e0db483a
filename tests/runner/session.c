// Plays a session: a person at a terminal, written down in a .session file.
//
// The command runs on a pseudo terminal, whose output is collected with its control sequences taken
// out; tests/README.md says what the lines of a session mean. Each expectation looks at what came
// after the one before it. A session is a process of its own, which the runner starts like any
// other test, so it needs no time limit for the whole.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/runner/runner.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef enum Scan { SCAN_TEXT, SCAN_ESCAPE, SCAN_SEQUENCE, SCAN_TITLE } Scan;

typedef struct Session {
    const char *path;
    int line;
    Words command; // the coppice under test and its arguments
    pid_t pid;     // 0: nothing runs
    int terminal;
    Text shown;  // what the terminal has shown, without control sequences
    size_t seen; // up to where expectations have looked
    Scan scan;
    double patience_s;
    Text home; // a folder of its own, so that each session has its own history
} Session;

static const struct Key {
    const char *name;
    const char *bytes;
} keys[] = {
    {"enter", "\r"},       {"tab", "\t"},      {"ctrl-a", "\x01"},  {"ctrl-c", "\x03"},
    {"ctrl-d", "\x04"},    {"ctrl-l", "\x0c"}, {"ctrl-r", "\x12"},  {"ctrl-u", "\x15"},
    {"up", "\x1b[A"},      {"down", "\x1b[B"}, {"right", "\x1b[C"}, {"left", "\x1b[D"},
    {"backspace", "\x7f"}, {"escape", "\x1b"},
};

static void give_up(const Session *s, const char *what, const char *text) {
    printf("%s:%d: %s: %s\n--- shown since the last expectation:\n%s\n", s->path, s->line, what,
           text, s->shown.bytes + s->seen);
    if (s->pid > 0) {
        kill(-s->pid, SIGKILL);
        kill(s->pid, SIGKILL);
    }
    exit(1);
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Takes one byte of the terminal's output: text is kept, control sequences and carriage returns
// not.
static void show(Session *s, char c) {
    switch (s->scan) {
    case SCAN_TEXT:
        if (c == '\x1b') {
            s->scan = SCAN_ESCAPE;
        } else if (c == '\n' || c == '\t' || (unsigned char)c >= ' ') {
            text_add(&s->shown, &c, 1);
        }
        break;
    case SCAN_ESCAPE: s->scan = c == '[' ? SCAN_SEQUENCE : c == ']' ? SCAN_TITLE : SCAN_TEXT; break;
    case SCAN_SEQUENCE: s->scan = c >= '@' && c <= '~' ? SCAN_TEXT : SCAN_SEQUENCE; break;
    case SCAN_TITLE: s->scan = c == '\x07' || c == '\\' ? SCAN_TEXT : SCAN_TITLE; break;
    }
}

// Waits up to wait_ms for output. False when the terminal has been closed.
static bool collect(Session *s, int wait_ms) {
    struct pollfd p = {.fd = s->terminal, .events = POLLIN};
    if (poll(&p, 1, wait_ms) <= 0) {
        return true;
    }
    char buffer[4096];
    ssize_t n = read(s->terminal, buffer, sizeof buffer);
    for (ssize_t i = 0; i < n; i++) {
        show(s, buffer[i]);
    }
    return n > 0;
}

static void start(Session *s, const Words *more) {
    Words argv = {0};
    for (int i = 0; i < s->command.count; i++) {
        words_add(&argv, s->command.items[i]);
    }
    for (int i = 0; i < more->count; i++) {
        words_add(&argv, more->items[i]);
    }
    struct winsize size = {.ws_row = 40, .ws_col = 120};
    s->pid = forkpty(&s->terminal, NULL, NULL, &size);
    if (s->pid < 0) {
        perror("forkpty");
        exit(2);
    }
    if (s->pid == 0) {
        setenv("TERM", "xterm", 1);
        setenv("HOME", s->home.bytes, 1);
        execvp(argv.items[0], argv.items);
        _exit(127);
    }
}

// A person types when the screen rests; what is typed ahead, before the shell has set the terminal
// up, the kernel would take for itself.
static void wait_for_rest(Session *s) {
    double end_s = now_s() + 1;
    size_t len;
    do {
        len = s->shown.len;
        collect(s, 60);
    } while (s->shown.len != len && now_s() < end_s);
}

static void type_bytes(Session *s, const char *bytes) {
    size_t len = strlen(bytes);
    if (write(s->terminal, bytes, len) != (ssize_t)len) {
        give_up(s, "the terminal takes no input", strerror(errno));
    }
}

static void press(Session *s, const char *name) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            type_bytes(s, keys[i].bytes);
            return;
        }
    }
    give_up(s, "no such key", name);
}

static void expect(Session *s, const char *text) {
    double end_s = now_s() + s->patience_s;
    for (;;) {
        const char *at = strstr(s->shown.bytes + s->seen, text);
        if (at != NULL) {
            s->seen = (size_t)(at - s->shown.bytes) + strlen(text);
            return;
        }
        if (now_s() > end_s) {
            give_up(s, "not shown in time", text);
        }
        if (!collect(s, 50) && strstr(s->shown.bytes + s->seen, text) == NULL) {
            give_up(s, "the command ended before it showed", text);
        }
    }
}

static void expect_exit(Session *s, const char *status_text) {
    double end_s = now_s() + s->patience_s;
    int status;
    while (waitpid(s->pid, &status, WNOHANG) == 0) {
        collect(s, 20);
        if (now_s() > end_s) {
            give_up(s, "it did not end", status_text);
        }
    }
    close(s->terminal);
    s->pid = 0;
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (code != atoi(status_text)) {
        char got[16];
        snprintf(got, sizeof got, "%d", code);
        give_up(s, "exit status", got);
    }
}

static const char *value_of(const char *line, const char *word) {
    size_t len = strlen(word);
    if (strncmp(line, word, len) != 0 || line[len] != ':') {
        return NULL;
    }
    return line + len + 1 + (line[len + 1] == ' ');
}

static void play_line(Session *s, const char *line) {
    const char *value;
    if (line[0] == '#' || line[0] == '\0') {
        return;
    }
    if ((value = value_of(line, "run")) != NULL) {
        Words more = {0};
        words_split(&more, value);
        start(s, &more);
    } else if ((value = value_of(line, "send")) != NULL) {
        wait_for_rest(s);
        type_bytes(s, value);
        type_bytes(s, "\r");
    } else if ((value = value_of(line, "type")) != NULL) {
        wait_for_rest(s);
        type_bytes(s, value);
    } else if ((value = value_of(line, "key")) != NULL) {
        wait_for_rest(s);
        press(s, value);
    } else if ((value = value_of(line, "expect")) != NULL) {
        expect(s, value);
    } else if ((value = value_of(line, "absent")) != NULL) {
        if (strstr(s->shown.bytes + s->seen, value) != NULL) {
            give_up(s, "shown, and should not be", value);
        }
    } else if ((value = value_of(line, "pause")) != NULL) {
        for (double end_s = now_s() + atof(value) / 1000; now_s() < end_s;) {
            collect(s, 10);
        }
    } else if ((value = value_of(line, "exit")) != NULL) {
        expect_exit(s, value);
    } else {
        give_up(s, "a session knows no such line", line);
    }
}

int session_play(const char *path, char **command, double slowness) {
    Session s = {.path = path, .patience_s = 5 * slowness};
    Text script = {0};
    if (!text_read(&script, path)) {
        perror(path);
        return 2;
    }
    text_add(&s.shown, "", 0);
    const char *folder = getenv("TEST_FOLDER");
    text_print(&s.home, "%s/session.%d", folder != NULL ? folder : ".build", (int)getpid());
    mkdir(s.home.bytes, 0777);
    for (; *command != NULL; command++) {
        words_add(&s.command, *command);
    }
    for (const char *at = script.bytes; *at != '\0';) {
        const char *end = strchrnul(at, '\n');
        char *line = strndup(at, (size_t)(end - at));
        s.line++;
        play_line(&s, line);
        free(line);
        at = *end == '\n' ? end + 1 : end;
    }
    if (s.pid > 0) {
        give_up(&s, "the session leaves the command running", "write exit: STATUS");
    }
    return 0;
}

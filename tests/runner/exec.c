// Executes runs, several at a time.
//
// A slot holds one child, which leads a process group of its own, so that what it leaves behind is
// killed with it. Its output goes to files without names, which are read when it has ended: no pipe
// can fill up or be held open by a grandchild. SIGCHLD is blocked and waited for; between two
// children's ends the slots are looked at every 50 ms for time limits and floods of output.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FLOOD_BYTES = 32 << 20 };

typedef struct Slot {
    Run *run;      // NULL: free
    bool building; // its run->build is what runs
    pid_t pid;
    int out_fd;
    int err_fd;
    double start_s;
} Slot;

static char folder[64];

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

const char *exec_folder(void) {
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, ".build/testrun.%d", (int)getpid());
        mkdir(".build", 0777);
        if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
            perror(folder);
            exit(2);
        }
    }
    return folder;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at) {
    (void)info, (void)kind, (void)at;
    return remove(path);
}

void exec_cleanup(void) {
    if (folder[0] != '\0') {
        nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static int open_output(void) {
    int fd = memfd_create("output", MFD_CLOEXEC);
    if (fd < 0) {
        perror("memfd_create");
        exit(2);
    }
    return fd;
}

static int open_input(const Text *input) {
    if (input->len == 0) {
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    int fd = open_output();
    if (write(fd, input->bytes, input->len) != (ssize_t)input->len || lseek(fd, 0, SEEK_SET) != 0) {
        perror("input");
        exit(2);
    }
    return fd;
}

static void child_start(const Slot *slot, const Words *command, int in_fd) {
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(in_fd, 0);
    dup2(slot->out_fd, 1);
    dup2(slot->err_fd, 2);
    setenv("NO_COLOR", "1", 1);
    char absolute[PATH_MAX];
    setenv("TEST_FOLDER", realpath(folder, absolute) != NULL ? absolute : folder, 1);
    const Words *env = &slot->run->test->env;
    for (int i = 0; i < env->count; i++) {
        putenv(env->items[i]);
    }
    execvp(command->items[0], command->items);
    fprintf(stderr, "%s: %s\n", command->items[0], strerror(errno));
    _exit(127);
}

static void slot_start(Slot *slot, Run *run, bool building) {
    slot->run = run;
    slot->building = building;
    slot->out_fd = open_output();
    slot->err_fd = open_output();
    slot->start_s = now_s();
    int in_fd = open_input(&run->test->input);
    fflush(NULL);
    slot->pid = fork();
    if (slot->pid == 0) {
        child_start(slot, building ? &run->build : &run->command, in_fd);
    }
    if (slot->pid < 0) {
        perror("fork");
        exit(2);
    }
    setpgid(slot->pid, slot->pid);
    close(in_fd);
}

static void read_output(int fd, Text *into) {
    char buffer[16384];
    off_t at = 0;
    ssize_t n;
    text_add(into, "", 0);
    while (at < FLOOD_BYTES && (n = pread(fd, buffer, sizeof buffer, at)) > 0) {
        text_add(into, buffer, (size_t)n);
        at += n;
    }
    close(fd);
}

// Takes the ended child out of its slot. True if the run has ended with it: else its second command
// runs now.
static bool slot_end(Slot *slot, int status) {
    Run *run = slot->run;
    kill(-slot->pid, SIGKILL);
    run->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    run->seconds += now_s() - slot->start_s;
    read_output(slot->out_fd, &run->out);
    read_output(slot->err_fd, &run->err);
    if (slot->building && run->exit_status == 0 && !run->timed_out) {
        slot_start(slot, run, false);
        return false;
    }
    run->build_failed = slot->building;
    return true;
}

static bool flooded(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && info.st_size > FLOOD_BYTES;
}

static void slots_watch(Slot *slots, const Options *options) {
    for (int i = 0; i < options->jobs; i++) {
        Slot *slot = &slots[i];
        if (slot->run == NULL) {
            continue;
        }
        double limit_s = slot->run->test->limit_s * options->slowness;
        slot->run->flooded |= flooded(slot->out_fd) || flooded(slot->err_fd);
        slot->run->timed_out |= now_s() - slot->start_s > limit_s;
        if (slot->run->flooded || slot->run->timed_out) {
            kill(-slot->pid, SIGKILL);
        }
    }
}

static Slot *slot_of(Slot *slots, int count, pid_t pid) {
    for (int i = 0; i < count; i++) {
        if (slots[i].run != NULL && slots[i].pid == pid) {
            return &slots[i];
        }
    }
    return NULL;
}

void exec_all(Run *runs, int count, const Options *options,
              void (*done)(Run *, const Options *, Counts *), Counts *counts) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    Slot *slots = calloc((size_t)options->jobs, sizeof *slots);
    int next = 0;
    int running = 0;
    while (next < count || running > 0) {
        for (int i = 0; i < options->jobs && next < count; i++) {
            if (slots[i].run == NULL) {
                slot_start(&slots[i], &runs[next], runs[next].build.count > 0);
                next++;
                running++;
            }
        }
        sigtimedwait(&child, NULL, &(struct timespec){.tv_nsec = 50000000});
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            Slot *slot = slot_of(slots, options->jobs, pid);
            if (slot != NULL && slot_end(slot, status)) {
                done(slot->run, options, counts);
                slot->run = NULL;
                running--;
            }
        }
        slots_watch(slots, options);
    }
    free(slots);
}

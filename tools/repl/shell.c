// SPDX-License-Identifier: Apache-2.0
// The machine of the shell. Inputs are messages to the keeper process (stdlib/shell.cop), which
// says through Shell.ready that one is over; the main thread waits for that or for Ctrl-C, which
// ends the evaluator. In the seeded mode the main thread runs the machine itself meanwhile. See
// repl.h.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tools/repl/repl.h"
#include "vm/bif/state.h"
#include "vm/proc/exit.h"
#include "vm/proc/send.h"
#include "vm/proc/spawn.h"
#include "vm/sched/sched.h"
#include "vm/term/atom.h"
#include "vm/term/room.h"

struct Shell {
    VM *vm;
    Term keeper;
    int ready_fd;               // readable when an evaluation is over
    _Atomic uint64_t evaluator; // its pid's bits
    _Atomic uint32_t ready;
    _Atomic uint32_t good; // the last one did not fail
};

// Signals reach a process, not a shell: one descriptor for all, written to by the handler.
static int interrupt_fd = -1;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    int error = errno;
    uint64_t one = 1;
    ssize_t written = write(interrupt_fd, &one, sizeof one);
    (void)written;
    errno = error;
}

bool shell_interrupted(void) {
    uint64_t count;
    return read(interrupt_fd, &count, sizeof count) == sizeof count;
}

// On a scheduler's thread.
static void shell_ready(void *data, Term evaluator, bool good) {
    Shell *shell = data;
    atomic_store_explicit(&shell->evaluator, evaluator.bits, memory_order_relaxed);
    atomic_store_explicit(&shell->good, good, memory_order_relaxed);
    // Release: whoever sees it sees the two above.
    atomic_store_explicit(&shell->ready, 1, memory_order_release);
    uint64_t one = 1;
    ssize_t written = write(shell->ready_fd, &one, sizeof one);
    (void)written;
    sched_notify(shell->vm->sched);
}

// ---- Talking to the machine ---------------------------------------------------------------------

typedef struct {
    Shell *shell;
    Term message;
    const Function *function;
} Call;

static void call_spawn(Worker *w, void *data) {
    Call *call = data;
    SpawnOptions options = spawn_options();
    call->shell->keeper = process_spawn_call(w, call->function, NULL, 0, &options);
}

static void call_send(Worker *w, void *data) {
    Call *call = data;
    process_notify(w, call->shell->keeper, call->message);
}

static void call_kill(Worker *w, void *data) {
    Call *call = data;
    Term evaluator =
        TERM_LITERAL(atomic_load_explicit(&call->shell->evaluator, memory_order_relaxed));
    process_exit_from_outside(w, evaluator, AM_kill);
}

static void forget_ready(Shell *shell) {
    uint64_t count;
    while (read(shell->ready_fd, &count, sizeof count) > 0) {
    }
    atomic_store_explicit(&shell->ready, 0, memory_order_relaxed);
}

// Waits until the evaluation is over; Ctrl-C ends the evaluator.
static bool wait_ready(Shell *shell) {
    if (shell->vm->options.seeded) {
        sched_run_until(shell->vm->sched, &shell->ready);
    }
    // Acquire pairs with the release in shell_ready.
    while (atomic_load_explicit(&shell->ready, memory_order_acquire) == 0) {
        struct pollfd fds[2] = {{.fd = shell->ready_fd, .events = POLLIN},
                                {.fd = interrupt_fd, .events = POLLIN}};
        poll(fds, 2, -1);
        if (shell_interrupted()) {
            fputs("interrupted\n", stderr);
            sched_call(shell->vm->sched, call_kill, &(Call){.shell = shell});
        }
    }
    return atomic_load_explicit(&shell->good, memory_order_relaxed) != 0;
}

static bool send_and_wait(Shell *shell, Term message) {
    forget_ready(shell);
    sched_call(shell->vm->sched, call_send, &(Call){.shell = shell, .message = message});
    return wait_ready(shell);
}

static Term atom_of(VM *vm, const char *text) {
    Term atom;
    CHECK(atom_intern(vm->atoms, text, strlen(text), &atom) == ATOM_OK);
    return atom;
}

bool shell_run(Shell *shell, Term module, bool quiet) {
    Term words[FNREF_WORDS + 4];
    Room room = room_over(words, sizeof words / sizeof words[0], NULL);
    Term eval = room_fnref(&room, module, atom_of(shell->vm, "eval"), 1);
    return send_and_wait(shell,
                         room_tuple3(&room, atom_of(shell->vm, "$input"), eval, term_bool(quiet)));
}

void shell_print_full(Shell *shell) {
    send_and_wait(shell, atom_of(shell->vm, "$full"));
}

VM *shell_vm(const Shell *shell) {
    return shell->vm;
}

// ---- Opening and closing ------------------------------------------------------------------------

// Only the main thread takes SIGINT: the machine's threads inherit the mask.
static void block_interrupt(bool block) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static bool shell_start(Shell *shell) {
    VM *vm = shell->vm;
    CodeError error = {0};
    const Module *module = code_find_module(vm->code, atom_of(vm, "Shell"), &error);
    const Function *run = module == NULL ? NULL : module_export(module, atom_of(vm, "run"), 0);
    if (run == NULL) {
        complain("this command has no library: %s", error.what);
        return false;
    }
    Call call = {.shell = shell, .function = run};
    sched_call(vm->sched, call_spawn, &call);
    if (!term_is_pid(shell->keeper)) {
        complain("no memory");
        return false;
    }
    wait_ready(shell);
    return true;
}

Shell *shell_open(const Options *options) {
    Shell *shell = calloc(1, sizeof *shell);
    if (shell == NULL) {
        abort();
    }
    shell->ready_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    interrupt_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    block_interrupt(true);
    VMOptions vm_options = options->vm;
    vm_options.argc = 0;
    shell->vm = machine_create(&vm_options);
    if (shell->vm != NULL) {
        shell->vm->bifs->shell = (ShellHook){shell_ready, shell};
    }
    bool good = shell->vm != NULL && shell_start(shell);
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    block_interrupt(false);
    if (!good) {
        shell_close(shell);
        return NULL;
    }
    return shell;
}

int shell_close(Shell *shell) {
    int status = STATUS_FAILED;
    if (shell->vm != NULL) {
        status = machine_finish(shell->vm, STATUS_OK);
    }
    signal(SIGINT, SIG_DFL);
    close(shell->ready_fd);
    close(interrupt_fd);
    interrupt_fd = -1;
    free(shell);
    return status;
}

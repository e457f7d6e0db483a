// SPDX-License-Identifier: Apache-2.0
// Standard input, output and error.
//
// Output of both kinds goes through one queue in the order in which it was written, so that reports
// and printed lines keep their order; a thread writes it out as fast as the other side takes it.
// Who prints waits only while the queue is long. Errors (closed, broken pipe, disk full) are kept
// and given to whoever prints next; SIGPIPE is ignored. stdio_flush is called before the program
// ends. In the seeded mode writing is done at once, and so is reading what is there. Input is read
// by one job at a time. Tests: tests/system.
#pragma once

#include "vm/sched/blocking.h"

typedef struct Stdio Stdio;

Stdio *stdio_new(VM *vm);
void stdio_free(Stdio *stdio);

// args[0]: Bytes. :ok or :error(reason); waits while too much is queued. `fd` is 1 or 2.
Term stdio_print(Process *p, Term *args, int fd);
// As stdio_print with a line end after it.
Term stdio_print_line(Process *p, Term *args, int fd);
// No arguments. :ok(line) without its end, :error(:eof), :error(reason).
Term stdio_read_line(Process *p, Term *args);
// args[0]: how many bytes. :ok(bytes), fewer at the end, :error(:eof).
Term stdio_read(Process *p, Term *args);
// No arguments: returns when all that was printed is out. :ok or :error(reason).
Term stdio_flush_wait(Process *p, Term *args);

// Text from C (reports, the log), in order with what is printed. Any thread. Never waits for the
// other side.
void stdio_write(Stdio *stdio, int fd, const char *text, size_t len);
// Waits until all is out, for `timeout_ms` at the most. 0, or the first error (errno) of standard
// output. Any thread but a scheduler's.
int stdio_flush(Stdio *stdio, uint64_t timeout_ms);
// Whether fd is a terminal.
bool stdio_is_terminal(int fd);

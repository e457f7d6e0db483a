// SPDX-License-Identifier: Apache-2.0
// Files, on the blocking pool. Each function is a built-in's body (as in tcp.h): args are X
// registers, the answer :ok(…) | :error(reason), the reason an atom such as :enoent; run again
// after TERM_WAIT. Paths are Strings without zero bytes. Tests: tests/stdlib/file_test.cop.
#pragma once

#include "vm/sched/blocking.h"

// args[0]: path. :ok(bytes): all of it.
Term file_read(Process *p, Term *args);
// args[0]: path, args[1]: Bytes, args[2]: :write (made anew), :append, or :new (fails with
// :eexist). :ok
Term file_write(Process *p, Term *args);
// args[0]: path. :ok([name]), sorted, without . and ..
Term file_list(Process *p, Term *args);
// args[0]: path. :ok(%{size:, type: :file | :directory | :link | :other, modified_ms:, mode:})
Term file_info(Process *p, Term *args);
// args[0]: path. :ok; an empty directory too.
Term file_delete(Process *p, Term *args);
// args[0]: from, args[1]: to. :ok
Term file_rename(Process *p, Term *args);
// args[0]: path, args[1]: true: its parents too. :ok
Term file_make_directory(Process *p, Term *args);
// args[0]: path, args[1]: :read, :write, :append or :update. :ok(file), a reference; closed with
// the process that opened it.
Term file_open(Process *p, Term *args);
// args[0]: file, args[1]: how many bytes. :ok(bytes), fewer at the end; :error(:eof)
Term file_read_bytes(Process *p, Term *args);
// args[0]: file. :ok(line) without its end, :error(:eof)
Term file_read_line(Process *p, Term *args);
// args[0]: file, args[1]: Bytes. :ok
Term file_write_bytes(Process *p, Term *args);
// args[0]: file, args[1]: offset from the start. :ok
Term file_seek(Process *p, Term *args);
// args[0]: file. :ok: what was written is on the disk.
Term file_sync(Process *p, Term *args);
// args[0]: file. :ok
Term file_close(Process *p, Term *args);
// No arguments. The current directory, a String; :ok(path)
Term file_current(Process *p, Term *args);

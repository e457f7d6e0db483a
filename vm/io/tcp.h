// SPDX-License-Identifier: Apache-2.0
// TCP. Each function is a built-in's body: it takes X registers as args, returns :ok(…) |
// :error(reason) or what is said, and is run again after TERM_WAIT. A socket and a listener are
// references. What can fail in the ordinary course is :error(reason) with an atom: :closed,
// :econnrefused, :timeout, …; a wrong argument is :badarg(v). Reading: what arrives is kept by the
// handle, up to TCP_BUFFER bytes; then reading stops until a process takes some. Writing returns
// when the kernel has taken all of it, which is the back-pressure. Tests:
// tests/stdlib/outside_test.cop.
#pragma once

#include "vm/io/loop.h"

enum { TCP_BUFFER = 256 * 1024, TCP_LINE_MAX = 16 * 1024 * 1024, TCP_BACKLOG = 1024 };

// args[0]: port (0: any free one), args[1]: address, a String such as "127.0.0.1", or nil:
// "127.0.0.1". :ok(listener)
Term tcp_listen(Process *p, Term *args);
// args[0]: listener or socket. The port it is bound to, an integer. :badarg when it is closed.
Term tcp_port(Process *p, Term *args);
// args[0]: listener, args[1]: ms or :infinity. :ok(socket)
Term tcp_accept(Process *p, Term *args);
// args[0]: host (String), args[1]: port, args[2]: ms or :infinity. :ok(socket)
Term tcp_connect(Process *p, Term *args);
// args[0]: socket, args[1]: ms or :infinity. :ok(line) without its \n or \r\n; the rest without an
// end comes as the last line. :error(:closed) at the end.
Term tcp_read_line(Process *p, Term *args);
// args[0]: socket, args[1]: how many bytes, or nil: what there is, at least one; args[2]: ms.
// :ok(bytes)
Term tcp_read(Process *p, Term *args);
// args[0]: socket, args[1]: Bytes. :ok, or :error(reason).
Term tcp_write(Process *p, Term *args);
// args[0]: socket or listener. :ok, also when it is closed already. Those who wait on it get
// :error(:closed).
Term tcp_close(Process *p, Term *args);
// args[0]: socket, args[1]: pid. It closes with that process from now on. :ok or :error(:closed).
Term tcp_give(Process *p, Term *args);
// args[0]: socket. :ok((address, port)) of the other end.
Term tcp_peer(Process *p, Term *args);

// SPDX-License-Identifier: Apache-2.0
// Sockets and listeners as handles with a home scheduler. A socket's libuv struct is made on the
// home's thread when it is first used; until then it is just a descriptor. It reads only while
// somebody waits for data, so the kernel's buffers are the back-pressure. Listeners and connecting
// use bare descriptors with uv_poll, so that what they give can go to any loop.
#include "vm/io/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vm/io/answer.h"
#include "vm/io/dns.h"
#include "vm/term/atom.h"
#include "vm/term/room.h"

enum { READ_CHUNK = 16 * 1024 };

// Requests that wait, oldest first.
typedef struct {
    IoRequest *first;
    IoRequest **last;
} Waiting;

typedef struct {
    Handle handle;
    Scheduler *home;
    Post close_post;
    uint16_t port;
    struct sockaddr_storage peer;
    // Home's thread.
    int fd; // not yet opened by libuv; -1 afterwards
    bool opened;
    bool closed;
    bool reading;
    int end; // 0, or why no more can be read: UV_EOF or another error
    uv_tcp_t uv;
    uint8_t *buffer;
    size_t start;
    size_t used;
    size_t capacity;
    Waiting readers;
} Socket;

typedef struct {
    Handle handle;
    Scheduler *home;
    Post close_post;
    uint16_t port;
    // Home's thread.
    int fd;
    bool opened;
    bool closed;
    uv_poll_t poll;
    Waiting acceptors;
} Listener;

static void waiting_add(Waiting *w, IoRequest *r) {
    r->next = NULL;
    *w->last = r;
    w->last = &r->next;
}

static IoRequest *waiting_take(Waiting *w) {
    IoRequest *r = w->first;
    w->first = r->next;
    if (w->first == NULL) {
        w->last = &w->first;
    }
    return r;
}

static void waiting_remove(Waiting *w, IoRequest *r) {
    IoRequest **at = &w->first;
    while (*at != r) {
        at = &(*at)->next;
    }
    *at = r->next;
    if (*at == NULL) {
        w->last = at;
    }
}

static void finish_all(Waiting *w, int status) {
    while (w->first != NULL) {
        io_request_finish(waiting_take(w), status);
    }
}

static uint16_t port_of(const struct sockaddr_storage *address) {
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                                : ((const struct sockaddr_in *)address)->sin_port);
}

// ---- Closing ------------------------------------------------------------------------------------

static void uv_closed(uv_handle_t *handle) {
    handle_release(handle->data);
}

// Runs `close_post` on the home's thread; at once when no scheduler runs any more. The post holds
// the handle.
static void post_close(Handle *handle, Scheduler *home, Post *post) {
    handle_retain(handle);
    if (home->pool->running) {
        sched_post(home, post);
    } else {
        post->run(home, post);
    }
}

static void socket_run_close(Scheduler *s, Post *post) {
    (void)s;
    Socket *socket = (Socket *)(void *)((char *)post - offsetof(Socket, close_post));
    socket->closed = true;
    finish_all(&socket->readers, UV_EOF);
    if (socket->opened) {
        uv_close((uv_handle_t *)&socket->uv, uv_closed); // releases what the post held
        return;
    }
    if (socket->fd >= 0) {
        close(socket->fd);
        socket->fd = -1;
    }
    handle_release(&socket->handle);
}

static void socket_close(Handle *handle) {
    Socket *socket = (Socket *)(void *)handle;
    post_close(handle, socket->home, &socket->close_post);
}

static void socket_free(Handle *handle) {
    Socket *socket = (Socket *)(void *)handle;
    mem_free(handle->vm->mem, MEM_IO, socket->buffer);
    mem_free(handle->vm->mem, MEM_IO, socket);
}

static const HandleKind socket_kind = {"socket", socket_close, socket_free};

static void listener_run_close(Scheduler *s, Post *post) {
    (void)s;
    Listener *listener = (Listener *)(void *)((char *)post - offsetof(Listener, close_post));
    listener->closed = true;
    finish_all(&listener->acceptors, UV_EOF);
    if (listener->opened) {
        uv_poll_stop(&listener->poll);
        uv_close((uv_handle_t *)&listener->poll, uv_closed);
    }
    close(listener->fd);
    listener->fd = -1;
    if (!listener->opened) {
        handle_release(&listener->handle);
    }
}

static void listener_close(Handle *handle) {
    Listener *listener = (Listener *)(void *)handle;
    post_close(handle, listener->home, &listener->close_post);
}

static void listener_free(Handle *handle) {
    mem_free(handle->vm->mem, MEM_IO, handle);
}

static const HandleKind listener_kind = {"listener", listener_close, listener_free};

// A published socket for a connected descriptor, as :ok(socket). The descriptor goes over in any
// case.
static Term publish_socket(Process *p, int fd) {
    Socket *socket = mem_alloc_zero(p->vm->mem, MEM_IO, sizeof *socket);
    if (socket == NULL) {
        close(fd);
        return process_limit(p, AM_memory);
    }
    socket->handle = (Handle){.kind = &socket_kind, .vm = p->vm, .owner = TERM_NIL, .refs = 1};
    socket->home = sched_pick(p->vm->sched);
    socket->close_post.run = socket_run_close;
    socket->fd = fd;
    socket->readers.last = &socket->readers.first;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    socklen_t size = sizeof socket->peer;
    getpeername(fd, (struct sockaddr *)&socket->peer, &size);
    struct sockaddr_storage own = {0};
    size = sizeof own;
    getsockname(fd, (struct sockaddr *)&own, &size);
    socket->port = port_of(&own);
    Term ref = handle_publish(p, &socket->handle);
    return term_same_bits(ref, TERM_NONE) ? ref : io_ok(p, ref);
}

// On the home's thread: makes the socket libuv's. 0, or an error.
static int socket_open(Socket *socket) {
    if (socket->closed) {
        return UV_EOF;
    }
    if (socket->opened) {
        return 0;
    }
    int status = uv_tcp_init(&io_loop(socket->home)->uv, &socket->uv);
    if (status != 0) {
        return status;
    }
    socket->uv.data = &socket->handle;
    socket->opened = true;
    status = uv_tcp_open(&socket->uv, socket->fd);
    if (status == 0) {
        socket->fd = -1;
    }
    return status;
}

// ---- Listening and accepting --------------------------------------------------------------------

// Numeric address and port. False when the text is no address.
static bool parse_address(const char *text, uint16_t port, struct sockaddr_storage *address) {
    memset(address, 0, sizeof *address);
    return uv_ip4_addr(text, port, (struct sockaddr_in *)address) == 0 ||
           uv_ip6_addr(text, port, (struct sockaddr_in6 *)address) == 0;
}

static socklen_t address_size(const struct sockaddr_storage *address) {
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

static bool port_arg(Process *p, Term t, uint16_t *port) {
    if (!term_is_small(t) || term_to_small(t) < 0 || term_to_small(t) > 65535) {
        process_badarg(p, t);
        return false;
    }
    *port = (uint16_t)term_to_small(t);
    return true;
}

// A descriptor that listens, or a negative errno.
static int listen_at(const struct sockaddr_storage *address, uint16_t *port) {
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)address, address_size(address)) == 0 &&
        listen(fd, TCP_BACKLOG) == 0 && getsockname(fd, (struct sockaddr *)&bound, &size) == 0) {
        *port = port_of(&bound);
        return fd;
    }
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return -error;
}

Term tcp_listen(Process *p, Term *args) {
    uint16_t port;
    if (!port_arg(p, args[0], &port)) {
        return TERM_NONE;
    }
    struct sockaddr_storage address;
    parse_address("127.0.0.1", port, &address);
    if (!term_same_bits(args[1], TERM_NIL)) {
        char *text = io_text(p, args[1]);
        if (text == NULL) {
            return TERM_NONE;
        }
        bool good = parse_address(text, port, &address);
        mem_free(p->vm->mem, MEM_IO, text);
        if (!good) {
            return process_badarg(p, args[1]);
        }
    }
    int fd = listen_at(&address, &port);
    if (fd < 0) {
        return io_error(p, fd);
    }
    Listener *listener = mem_alloc_zero(p->vm->mem, MEM_IO, sizeof *listener);
    if (listener == NULL) {
        close(fd);
        return process_limit(p, AM_memory);
    }
    listener->handle = (Handle){.kind = &listener_kind, .vm = p->vm, .owner = TERM_NIL, .refs = 1};
    listener->home = sched_of(p);
    listener->close_post.run = listener_run_close;
    listener->fd = fd;
    listener->port = port;
    listener->acceptors.last = &listener->acceptors.first;
    Term ref = handle_publish(p, &listener->handle);
    return term_same_bits(ref, TERM_NONE) ? ref : io_ok(p, ref);
}

Term tcp_port(Process *p, Term *args) {
    Handle *handle = handle_find(p->vm, args[0], &listener_kind);
    uint16_t port;
    if (handle != NULL) {
        port = ((Listener *)(void *)handle)->port;
    } else if ((handle = handle_find(p->vm, args[0], &socket_kind)) != NULL) {
        port = ((Socket *)(void *)handle)->port;
    } else {
        return process_badarg(p, args[0]);
    }
    handle_release(handle);
    return term_small(port);
}

typedef struct {
    IoRequest request;
    int fd; // the result, -1: none
} AcceptRequest;

static void accept_drop(IoRequest *r) {
    int fd = ((AcceptRequest *)(void *)r)->fd;
    if (fd >= 0) {
        close(fd);
    }
}

static Listener *listener_of(IoRequest *r) {
    return (Listener *)(void *)r->handle;
}

// Accepts for those who wait as long as there are connections.
static void accept_ready(uv_poll_t *poll, int status, int events) {
    (void)events;
    Listener *listener = (Listener *)poll->data;
    while (listener->acceptors.first != NULL) {
        int fd = status < 0 ? -1 : accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && status == 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) {
            return;
        }
        AcceptRequest *r = (AcceptRequest *)(void *)waiting_take(&listener->acceptors);
        r->fd = fd;
        io_request_finish(&r->request, fd >= 0 ? 0 : status < 0 ? status : -errno);
    }
    uv_poll_stop(poll);
}

static void accept_start(IoRequest *r) {
    Listener *listener = listener_of(r);
    if (listener->closed) {
        io_request_finish(r, UV_EOF);
        return;
    }
    if (!listener->opened) {
        int status = uv_poll_init(&io_loop(listener->home)->uv, &listener->poll, listener->fd);
        if (status != 0) {
            io_request_finish(r, status);
            return;
        }
        listener->poll.data = &listener->handle;
        listener->opened = true;
    }
    waiting_add(&listener->acceptors, r);
    uv_poll_start(&listener->poll, UV_READABLE, accept_ready);
}

static void accept_cancel(IoRequest *r) {
    waiting_remove(&listener_of(r)->acceptors, r);
}

// :error(reason) of a request that failed.
static Term request_error(Process *p, const IoRequest *r) {
    if (r->status == UV_ETIMEDOUT) {
        return io_error_atom(p, AM_timeout);
    }
    return r->status == UV_ECANCELED ? io_error_atom(p, AM_closed) : io_error(p, r->status);
}

static Term accept_finish(Process *p, Term *args, IoRequest *r) {
    (void)args;
    if (r->status != 0) {
        return request_error(p, r);
    }
    AcceptRequest *accept = (AcceptRequest *)(void *)r;
    int fd = accept->fd;
    accept->fd = -1;
    return publish_socket(p, fd);
}

Term tcp_accept(Process *p, Term *args) {
    if (p->work == NULL) {
        uint64_t deadline;
        if (!term_is_kind(args[0], KIND_REF)) {
            return process_badarg(p, args[0]);
        }
        if (!io_deadline(p, args[1], &deadline)) {
            return TERM_NONE;
        }
        Handle *handle = handle_find(p->vm, args[0], &listener_kind);
        if (handle == NULL) {
            return io_error_atom(p, AM_closed);
        }
        AcceptRequest *r = io_request_new(p, sizeof *r, "accept", handle,
                                          ((Listener *)(void *)handle)->home, accept_start);
        if (r == NULL) {
            return TERM_NONE;
        }
        r->fd = -1;
        r->request.cancel = accept_cancel;
        r->request.drop = accept_drop;
        r->request.deadline_ns = deadline;
        if (!io_request_begin(p, tcp_accept, &r->request)) {
            return TERM_NONE;
        }
    }
    return io_request_continue(p, tcp_accept, args, accept_finish);
}

// ---- Connecting ---------------------------------------------------------------------------------

typedef struct {
    IoRequest request;
    int fd;
    uv_poll_t *poll; // while an attempt is under way
    uint32_t count;
    uint32_t index;
    struct sockaddr_storage addresses[8];
} ConnectRequest;

static void connect_drop(IoRequest *r) {
    int fd = ((ConnectRequest *)(void *)r)->fd;
    if (fd >= 0) {
        close(fd);
    }
}

static void poll_closed(uv_handle_t *handle) {
    IoRequest *r = handle->data;
    mem_free(r->vm->mem, MEM_IO, handle);
    io_request_release(r);
}

static void stop_poll(ConnectRequest *r) {
    uv_poll_stop(r->poll);
    uv_close((uv_handle_t *)r->poll, poll_closed);
    r->poll = NULL;
}

static void connect_cancel(IoRequest *r) {
    ConnectRequest *connect = (ConnectRequest *)(void *)r;
    if (connect->poll != NULL) {
        stop_poll(connect);
    }
}

static void connect_next(ConnectRequest *r, int last_error);

static void connect_ready(uv_poll_t *poll, int status, int events) {
    (void)events;
    ConnectRequest *r = poll->data;
    // libuv calls any error of the descriptor EBADF: the socket itself knows better.
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    if (error == 0) {
        error = -status;
    }
    stop_poll(r);
    if (error == 0) {
        io_request_finish(&r->request, 0);
        return;
    }
    close(r->fd);
    r->fd = -1;
    connect_next(r, -error);
}

// Waits until the attempt on r->fd is decided. False: no memory.
static bool connect_watch(ConnectRequest *r) {
    uv_poll_t *poll = mem_alloc(r->request.vm->mem, MEM_IO, sizeof *poll);
    if (poll == NULL || uv_poll_init(&io_loop(r->request.home)->uv, poll, r->fd) != 0) {
        mem_free(r->request.vm->mem, MEM_IO, poll);
        return false;
    }
    poll->data = r;
    r->poll = poll;
    atomic_fetch_add_explicit(&r->request.refs, 1, memory_order_relaxed);
    uv_poll_start(poll, UV_WRITABLE, connect_ready);
    return true;
}

// Tries the next address; finishes when one answers or there is none left.
static void connect_next(ConnectRequest *r, int last_error) {
    while (r->index < r->count) {
        const struct sockaddr_storage *address = &r->addresses[r->index++];
        r->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (r->fd < 0) {
            last_error = -errno;
            continue;
        }
        if (connect(r->fd, (const struct sockaddr *)address, address_size(address)) == 0) {
            io_request_finish(&r->request, 0);
            return;
        }
        if (errno == EINPROGRESS && connect_watch(r)) {
            return;
        }
        last_error = -errno;
        close(r->fd);
        r->fd = -1;
    }
    io_request_finish(&r->request, last_error);
}

static void connect_start(IoRequest *r) {
    connect_next((ConnectRequest *)(void *)r, UV_EAI_NONAME);
}

static Term connect_finish(Process *p, Term *args, IoRequest *r) {
    (void)args;
    if (r->status != 0) {
        return r->status == UV_EAI_NONAME ? io_error_atom(p, AM_not_found) : request_error(p, r);
    }
    ConnectRequest *connected = (ConnectRequest *)(void *)r;
    int fd = connected->fd;
    connected->fd = -1;
    return publish_socket(p, fd);
}

static const char connecting; // owner of the second phase's work

static Term connect_to(Process *p, Term *args, const struct sockaddr_storage *addresses,
                       uint32_t count) {
    uint64_t deadline;
    if (!io_deadline(p, args[2], &deadline)) {
        return TERM_NONE;
    }
    ConnectRequest *r = io_request_new(p, sizeof *r, "connect", NULL, sched_of(p), connect_start);
    if (r == NULL) {
        return TERM_NONE;
    }
    r->fd = -1;
    r->count = count;
    memcpy(r->addresses, addresses, count * sizeof *addresses);
    r->request.cancel = connect_cancel;
    r->request.drop = connect_drop;
    r->request.deadline_ns = deadline;
    if (!io_request_begin(p, &connecting, &r->request)) {
        return TERM_NONE;
    }
    return io_request_continue(p, &connecting, args, connect_finish);
}

static Job *name_make(Process *p, Term *args) {
    BytesView host = bytes_view(args[0]);
    DnsJob *job = dns_job(p, (const char *)host.data, host.len, (uint16_t)term_to_small(args[1]));
    return job == NULL ? NULL : &job->job;
}

static Term name_finish(Process *p, Term *args, Job *base) {
    const DnsJob *job = (const DnsJob *)(void *)base;
    return job->status != 0 ? io_error_atom(p, AM_not_found)
                            : connect_to(p, args, job->addresses, job->count);
}

Term tcp_connect(Process *p, Term *args) {
    if (p->work != NULL && p->work->owner == &connecting) {
        return io_request_continue(p, &connecting, args, connect_finish);
    }
    if (p->work == NULL) {
        uint16_t port;
        char *host = io_text(p, args[0]);
        if (host == NULL) {
            return TERM_NONE;
        }
        struct sockaddr_storage address;
        size_t len = strlen(host);
        bool good = port_arg(p, args[1], &port);
        bool numeric = good && parse_address(host, port, &address);
        mem_free(p->vm->mem, MEM_IO, host);
        if (!good) {
            return TERM_NONE;
        }
        if (len == 0 || len > 255) {
            return process_badarg(p, args[0]);
        }
        if (numeric) {
            return connect_to(p, args, &address, 1);
        }
    }
    return job_await(p, tcp_connect, args, name_make, name_finish);
}

// ---- Reading ------------------------------------------------------------------------------------

typedef struct {
    IoRequest request;
    bool line;
    size_t wanted;     // bytes; 0: what there is
    size_t looked;     // bytes of the buffer known to hold no line end
    SharedBytes *data; // the result
} ReadRequest;

static Socket *socket_of(IoRequest *r) {
    return (Socket *)(void *)r->handle;
}

static void read_drop(IoRequest *r) {
    SharedBytes *data = ((ReadRequest *)(void *)r)->data;
    if (data != NULL) {
        shared_release(data);
    }
}

// Gives `len` bytes from the buffer and drops `skip` behind them.
static int read_give(Socket *socket, ReadRequest *r, size_t len, size_t skip) {
    r->data = shared_new(r->request.vm->mem, len > 0 ? len : 1);
    if (r->data == NULL) {
        return UV_ENOMEM;
    }
    memcpy(r->data->data, socket->buffer + socket->start, len);
    atomic_store_explicit(&r->data->used, len, memory_order_relaxed);
    socket->start += len + skip;
    if (socket->start == socket->used) {
        // An idle connection holds no buffer.
        mem_free(r->request.vm->mem, MEM_IO, socket->buffer);
        socket->buffer = NULL;
        socket->start = socket->used = socket->capacity = 0;
    }
    return 0;
}

// Whether the request can be answered now: then *status is what it finishes with.
static bool read_try(Socket *socket, ReadRequest *r, int *status) {
    size_t there = socket->used - socket->start;
    const uint8_t *start = there > 0 ? socket->buffer + socket->start : NULL;
    if (r->line) {
        const uint8_t *end =
            there > r->looked ? memchr(start + r->looked, '\n', there - r->looked) : NULL;
        if (end != NULL) {
            size_t len = (size_t)(end - start);
            size_t cut = len > 0 && start[len - 1] == '\r';
            *status = read_give(socket, r, len - cut, 1 + cut);
            return true;
        }
        r->looked = there;
        if (there > TCP_LINE_MAX) {
            *status = UV_ENOBUFS;
            return true;
        }
    } else if (there > 0 && there >= r->wanted) {
        *status = read_give(socket, r, r->wanted == 0 ? there : r->wanted, 0);
        return true;
    }
    if (socket->end == 0) {
        return false;
    }
    *status = there > 0 ? read_give(socket, r, there, 0) : socket->end;
    return true;
}

// Answers those who can be answered, in order.
static void read_serve(Socket *socket) {
    int status;
    while (socket->readers.first != NULL &&
           read_try(socket, (ReadRequest *)(void *)socket->readers.first, &status)) {
        io_request_finish(waiting_take(&socket->readers), status);
    }
    if (socket->readers.first == NULL && socket->reading) {
        uv_read_stop((uv_stream_t *)&socket->uv);
        socket->reading = false;
    }
}

// Room behind what is there: at least READ_CHUNK bytes, or none when there is no memory.
static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    (void)suggested;
    Socket *socket = handle->data;
    if (socket->start > 0) {
        memmove(socket->buffer, socket->buffer + socket->start, socket->used - socket->start);
        socket->used -= socket->start;
        socket->start = 0;
    }
    if (socket->capacity - socket->used < READ_CHUNK) {
        size_t capacity = socket->capacity == 0 ? READ_CHUNK : socket->capacity * 2;
        uint8_t *buffer = mem_realloc(socket->handle.vm->mem, MEM_IO, socket->buffer, capacity);
        if (buffer == NULL) {
            *buf = uv_buf_init(NULL, 0);
            return;
        }
        socket->buffer = buffer;
        socket->capacity = capacity;
    }
    *buf = uv_buf_init((char *)socket->buffer + socket->used,
                       (unsigned)(socket->capacity - socket->used));
}

static void read_came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    (void)buf;
    Socket *socket = stream->data;
    if (n > 0) {
        socket->used += (size_t)n;
    } else if (n < 0) {
        socket->end = (int)n;
        uv_read_stop(stream);
        socket->reading = false;
    }
    read_serve(socket);
}

static void read_start(IoRequest *r) {
    Socket *socket = socket_of(r);
    int status = socket_open(socket);
    if (status != 0) {
        io_request_finish(r, status);
        return;
    }
    waiting_add(&socket->readers, r);
    read_serve(socket);
    if (socket->readers.first != NULL && !socket->reading) {
        status = uv_read_start((uv_stream_t *)&socket->uv, give_room, read_came);
        socket->reading = status == 0;
        if (status != 0) {
            finish_all(&socket->readers, status);
        }
    }
}

static void read_cancel(IoRequest *r) {
    Socket *socket = socket_of(r);
    waiting_remove(&socket->readers, r);
    if (socket->readers.first == NULL && socket->reading) {
        uv_read_stop((uv_stream_t *)&socket->uv);
        socket->reading = false;
    }
}

static Term read_finish(Process *p, Term *args, IoRequest *r) {
    (void)args;
    if (r->status != 0) {
        return request_error(p, r);
    }
    ReadRequest *read = (ReadRequest *)(void *)r;
    SharedBytes *data = read->data;
    read->data = NULL;
    return io_ok_shared(p, data);
}

static Term read_some(Process *p, const void *owner, Term *args, bool line, size_t wanted,
                      Term ms) {
    if (p->work == NULL) {
        uint64_t deadline;
        if (!term_is_kind(args[0], KIND_REF)) {
            return process_badarg(p, args[0]);
        }
        if (!io_deadline(p, ms, &deadline)) {
            return TERM_NONE;
        }
        Handle *handle = handle_find(p->vm, args[0], &socket_kind);
        if (handle == NULL) {
            return io_error_atom(p, AM_closed);
        }
        ReadRequest *r = io_request_new(p, sizeof *r, "read", handle,
                                        ((Socket *)(void *)handle)->home, read_start);
        if (r == NULL) {
            return TERM_NONE;
        }
        r->line = line;
        r->wanted = wanted;
        r->request.cancel = read_cancel;
        r->request.drop = read_drop;
        r->request.deadline_ns = deadline;
        if (!io_request_begin(p, owner, &r->request)) {
            return TERM_NONE;
        }
    }
    return io_request_continue(p, owner, args, read_finish);
}

Term tcp_read_line(Process *p, Term *args) {
    return read_some(p, tcp_read_line, args, true, 0, args[1]);
}

Term tcp_read(Process *p, Term *args) {
    size_t wanted = 0;
    if (!term_same_bits(args[1], TERM_NIL)) {
        if (!term_is_small(args[1]) || term_to_small(args[1]) <= 0 ||
            term_to_small(args[1]) > INT32_MAX) {
            return process_badarg(p, args[1]);
        }
        wanted = (size_t)term_to_small(args[1]);
    }
    return read_some(p, tcp_read, args, false, wanted, args[2]);
}

// ---- Writing ------------------------------------------------------------------------------------

typedef struct {
    IoRequest request;
    Lent lent;
    uv_write_t write;
} WriteRequest;

static void write_drop(IoRequest *r) {
    io_lent_free(&((WriteRequest *)(void *)r)->lent);
}

static void write_done(uv_write_t *write, int status) {
    io_request_finish(write->data, status);
}

// What the kernel takes at once goes at once; libuv sends the rest. (Data of more than 4 GiB goes
// in parts that libuv can count.)
static void write_start(IoRequest *r) {
    WriteRequest *write = (WriteRequest *)(void *)r;
    Socket *socket = socket_of(r);
    int status = socket_open(socket);
    size_t sent = 0;
    if (status == 0 && uv_stream_get_write_queue_size((uv_stream_t *)&socket->uv) == 0) {
        size_t first = write->lent.len < INT32_MAX ? write->lent.len : INT32_MAX;
        uv_buf_t buf = uv_buf_init((char *)(uintptr_t)write->lent.data, (unsigned)first);
        int n = uv_try_write((uv_stream_t *)&socket->uv, &buf, 1);
        sent = n > 0 ? (size_t)n : 0;
        status = n < 0 && n != UV_EAGAIN ? n : 0;
    }
    if (status != 0 || sent == write->lent.len) {
        io_request_finish(r, status);
        return;
    }
    write->write.data = r;
    uv_buf_t parts[8];
    unsigned count = 0;
    while (sent < write->lent.len && count < 8) {
        size_t len = write->lent.len - sent < INT32_MAX ? write->lent.len - sent : INT32_MAX;
        parts[count++] = uv_buf_init((char *)(uintptr_t)write->lent.data + sent, (unsigned)len);
        sent += len;
    }
    status = uv_write(&write->write, (uv_stream_t *)&socket->uv, parts, count, write_done);
    if (status != 0) {
        io_request_finish(r, status);
    }
}

static Term write_finish(Process *p, Term *args, IoRequest *r) {
    (void)args;
    return r->status != 0 ? request_error(p, r) : AM_ok;
}

Term tcp_write(Process *p, Term *args) {
    if (p->work == NULL) {
        if (!term_is_kind(args[0], KIND_REF)) {
            return process_badarg(p, args[0]);
        }
        if (!term_is_bytes(args[1])) {
            return process_badarg(p, args[1]);
        }
        Handle *handle = handle_find(p->vm, args[0], &socket_kind);
        if (handle == NULL) {
            return io_error_atom(p, AM_closed);
        }
        WriteRequest *r = io_request_new(p, sizeof *r, "write", handle,
                                         ((Socket *)(void *)handle)->home, write_start);
        if (r == NULL) {
            return TERM_NONE;
        }
        io_lend(p, args[1], &r->lent);
        r->request.drop = write_drop;
        if (!io_request_begin(p, tcp_write, &r->request)) {
            return TERM_NONE;
        }
    }
    return io_request_continue(p, tcp_write, args, write_finish);
}

// ---- The rest -----------------------------------------------------------------------------------

Term tcp_close(Process *p, Term *args) {
    if (!term_is_kind(args[0], KIND_REF)) {
        return process_badarg(p, args[0]);
    }
    Handle *handle = handle_find(p->vm, args[0], &socket_kind);
    if (handle == NULL) {
        handle = handle_find(p->vm, args[0], &listener_kind);
    }
    if (handle != NULL) {
        handle_close(handle);
        handle_release(handle);
    }
    return AM_ok;
}

Term tcp_give(Process *p, Term *args) {
    if (!term_is_pid(args[1])) {
        return process_badarg(p, args[1]);
    }
    if (!term_is_kind(args[0], KIND_REF)) {
        return process_badarg(p, args[0]);
    }
    Handle *handle = handle_find(p->vm, args[0], &socket_kind);
    if (handle == NULL) {
        handle = handle_find(p->vm, args[0], &listener_kind);
    }
    bool open = handle != NULL && handle_give(handle, args[1]);
    if (handle != NULL) {
        handle_release(handle);
    }
    return open ? AM_ok : io_error_atom(p, AM_closed);
}

Term tcp_peer(Process *p, Term *args) {
    if (!term_is_kind(args[0], KIND_REF)) {
        return process_badarg(p, args[0]);
    }
    Socket *socket = (Socket *)(void *)handle_find(p->vm, args[0], &socket_kind);
    if (socket == NULL) {
        return io_error_atom(p, AM_closed);
    }
    char text[INET6_ADDRSTRLEN] = "";
    uv_ip_name((const struct sockaddr *)&socket->peer, text, sizeof text);
    uint16_t port = port_of(&socket->peer);
    handle_release(&socket->handle);
    Room room;
    if (!process_reserve(p, 3 + 3 + BYTES_HEAP_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term address = room_bytes(p->vm->mem, &room, text, strlen(text));
    return room_tuple2(&room, AM_ok, room_tuple2(&room, address, term_small(port)));
}

// SPDX-License-Identifier: Apache-2.0
#include "vm/io/dns.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <uv.h>

#include "vm/io/answer.h"
#include "vm/proc/trace.h"
#include "vm/term/atom.h"
#include "vm/term/list.h"

static void lookup_run(Job *base, Worker *w) {
    (void)w;
    DnsJob *job = (DnsJob *)(void *)base;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    char port[8];
    snprintf(port, sizeof port, "%u", job->port);
    struct addrinfo *found = NULL;
    int error = getaddrinfo(job->host, port, &hints, &found);
    if (error != 0) {
        job->status = UV_EAI_NONAME;
        return;
    }
    for (struct addrinfo *at = found; at != NULL && job->count < 8; at = at->ai_next) {
        if (at->ai_addrlen <= sizeof job->addresses[0]) {
            memcpy(&job->addresses[job->count++], at->ai_addr, at->ai_addrlen);
        }
    }
    freeaddrinfo(found);
    job->status = job->count > 0 ? 0 : UV_EAI_NONAME;
}

DnsJob *dns_job(Process *p, const char *host, size_t len, uint16_t port) {
    DnsJob *job = job_new(p->vm, JOB_KERNEL, sizeof *job, p->pid, lookup_run, NULL);
    if (job == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    CHECK(len < sizeof job->host);
    memcpy(job->host, host, len);
    job->port = port;
    TRACE_EVENT(p->vm, TRACE_io, p->pid, "looks up %s", job->host);
    return job;
}

static Job *lookup_make(Process *p, Term *args) {
    if (!term_is_bytes(args[0]) || bytes_len(args[0]) == 0 || bytes_len(args[0]) > 255) {
        process_badarg(p, args[0]);
        return NULL;
    }
    BytesView host = bytes_view(args[0]);
    if (memchr(host.data, 0, host.len) != NULL) {
        process_badarg(p, args[0]);
        return NULL;
    }
    DnsJob *job = dns_job(p, (const char *)host.data, host.len, 0);
    return job == NULL ? NULL : &job->job;
}

static Term lookup_finish(Process *p, Term *args, Job *base) {
    (void)args;
    const DnsJob *job = (const DnsJob *)(void *)base;
    if (job->status != 0) {
        return io_error_atom(p, AM_not_found);
    }
    Room room;
    if (!process_reserve(p, job->count * (CONS_WORDS + BYTES_HEAP_WORDS) + 3, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term list = TERM_EMPTY;
    for (uint32_t i = job->count; i-- > 0;) {
        char text[INET6_ADDRSTRLEN];
        const struct sockaddr_storage *address = &job->addresses[i];
        uv_ip_name((const struct sockaddr *)address, text, sizeof text);
        list = room_cons(&room, room_bytes(p->vm->mem, &room, text, strlen(text)), list);
    }
    return room_tuple2(&room, AM_ok, list);
}

Term dns_lookup(Process *p, Term *args) {
    return job_await(p, dns_lookup, args, lookup_make, lookup_finish);
}

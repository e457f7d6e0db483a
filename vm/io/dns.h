// SPDX-License-Identifier: Apache-2.0
// Names of hosts to addresses, by the C library on the blocking pool. Tests:
// tests/stdlib/outside_test.cop.
#pragma once

#include <netinet/in.h>

#include "vm/sched/blocking.h"

// args[0]: host. :ok([address]), Strings such as "127.0.0.1" or "::1", at least one;
// :error(:not_found)
Term dns_lookup(Process *p, Term *args);

// A job that looks up `host` and stores what it finds; for connecting.
typedef struct {
    Job job;
    char host[256];
    uint16_t port;
    int status; // 0 or a negative errno of libuv
    uint32_t count;
    struct sockaddr_storage addresses[8];
} DnsJob;
DnsJob *dns_job(Process *p, const char *host, size_t len, uint16_t port);

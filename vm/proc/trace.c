// SPDX-License-Identifier: Apache-2.0
// The event trace: see trace.h.
#include "vm/proc/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "vm/boot.h"
#include "vm/term/print.h"

static const char *const kind_names[] = {
#define TRACE(name, doc) #name,
#include "vm/proc/trace.def"
#undef TRACE
};

static_assert(TRACE_KIND_COUNT <= 32, "a kind is a bit");

static bool parse_kind(const char *name, size_t len, uint32_t *kinds) {
    if (len == 3 && memcmp(name, "all", 3) == 0) {
        *kinds = UINT32_MAX;
        return true;
    }
    for (unsigned i = 0; i < TRACE_KIND_COUNT; i++) {
        if (strlen(kind_names[i]) == len && memcmp(kind_names[i], name, len) == 0) {
            *kinds |= 1u << i;
            return true;
        }
    }
    return false;
}

bool trace_parse(const char *kinds, uint32_t *bits, char *why) {
    *bits = 0;
    const char *at = kinds;
    do {
        size_t len = strcspn(at, ",:");
        if (!parse_kind(at, len, bits)) {
            int written =
                snprintf(why, 256, "there is no kind of event '%.*s' to trace; there are all",
                         (int)(len < 40 ? len : 40), at);
            for (unsigned i = 0; i < TRACE_KIND_COUNT; i++) {
                written += snprintf(why + written, 256 - (size_t)written, ", %s", kind_names[i]);
            }
            return false;
        }
        at += len;
        at += *at == ',';
    } while (*at != '\0' && *at != ':');
    return true;
}

Tracer *tracer_new(VM *vm, const char *kinds, char *why) {
    uint32_t chosen;
    if (!trace_parse(kinds, &chosen, why)) {
        return NULL;
    }
    const char *at = kinds + strcspn(kinds, ":");
    int fd = STDERR_FILENO;
    if (*at == ':') {
        fd = open(at + 1, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0) {
            snprintf(why, 256, "cannot write %.200s: %s", at + 1, strerror(errno));
            return NULL;
        }
    }
    Tracer *tracer = mem_alloc_zero(vm->mem, MEM_TRACE, sizeof *tracer);
    if (tracer == NULL) {
        snprintf(why, 256, "no memory");
        return NULL;
    }
    *tracer = (Tracer){.vm = vm, .kinds = chosen, .fd = fd};
    lock_init(&tracer->lock, LOCK_TRACE);
    buffer_init(&tracer->line, vm->mem);
    return tracer;
}

static void write_out(Tracer *tracer) {
    const char *at = tracer->line.data;
    size_t left = tracer->line.len;
    while (left > 0) {
        ssize_t written = write(tracer->fd, at, left);
        if (written <= 0) {
            break;
        }
        at += written;
        left -= (size_t)written;
    }
    buffer_clear(&tracer->line);
}

void tracer_flush(Tracer *tracer) {
    if (tracer != NULL) {
        lock_acquire(&tracer->lock);
        write_out(tracer);
        lock_release(&tracer->lock);
    }
}

void tracer_free(Tracer *tracer) {
    if (tracer == NULL) {
        return;
    }
    write_out(tracer);
    if (tracer->fd != STDERR_FILENO) {
        close(tracer->fd);
    }
    buffer_free(&tracer->line);
    lock_destroy(&tracer->lock);
    mem_free(tracer->vm->mem, MEM_TRACE, tracer);
}

void trace_write(Tracer *tracer, TraceKind kind, Term pid, const char *format, ...) {
    enum { TRACE_CHUNK = 32 * 1024 };
    va_list args;
    va_start(args, format);
    lock_acquire(&tracer->lock);
    Buffer *out = &tracer->line;
    buffer_add_format(out, "%s ", kind_names[kind]);
    term_print_short(tracer->vm->atoms, out, pid);
    buffer_add_char(out, ' ');
    for (const char *at = format; *at != '\0'; at++) {
        if (at[0] == '%' && at[1] == 'P') {
            term_print_short(tracer->vm->atoms, out, va_arg(args, Term));
            at++;
        } else if (at[0] == '%' && at[1] == 's') {
            buffer_add_text(out, va_arg(args, const char *));
            at++;
        } else if (at[0] == '%' && at[1] == 'u') {
            buffer_add_format(out, "%llu", va_arg(args, unsigned long long));
            at++;
        } else {
            buffer_add_char(out, *at);
        }
    }
    buffer_add_char(out, '\n');
    // Standard error is read along; a file is not.
    if (tracer->fd == STDERR_FILENO || out->len >= TRACE_CHUNK) {
        write_out(tracer);
    }
    lock_release(&tracer->lock);
    va_end(args);
}

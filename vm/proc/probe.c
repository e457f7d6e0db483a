// SPDX-License-Identifier: Apache-2.0
// Circles of waiting processes: the probe of ask.h.
//
// A PROBE signal carries its path, a Step for each process it has passed, and is sent on as it is.
// It stops at a process that does not wait, at an edge that does not stand, and in a circle that it
// has not begun in (whose members find it by their own probes): each step is compared with the one
// at the last power of two (Brent 1980).
#include "vm/proc/ask_private.h"
#include "vm/proc/relation.h"
#include "vm/proc/send.h"

typedef struct {
    Term pid;
    uint64_t id; // of its wait
    Term label;
} Step;

enum { STEP_WORDS = sizeof(Step) / sizeof(Term), PATH_FIRST = 4 };

static Step *path_of(Signal *probe) {
    return (Step *)(void *)(probe->data + SIGNAL_WORDS);
}

static size_t path_count(const Signal *probe) {
    return signal_id(probe);
}

static Signal *probe_new(Process *p, size_t capacity) {
    return signal_new_urgent(&p->worker->blocks, SIGNAL_PROBE, capacity * STEP_WORDS);
}

// Adds p's wait to the path and sends the probe to whom p waits for.
static void send_on(Process *p, const Wait *wait, Signal *probe) {
    size_t count = path_count(probe);
    size_t capacity = (probe->words - SIGNAL_WORDS) / STEP_WORDS;
    if (count == capacity) {
        Signal *longer = probe_new(p, capacity * 2);
        memcpy(path_of(longer), path_of(probe), count * sizeof(Step));
        signal_give(&p->worker->blocks, probe);
        probe = longer;
    }
    path_of(probe)[count] = (Step){.pid = p->pid, .id = wait->id, .label = process_label(p)};
    probe->data[SIGNAL_AT_ID].bits = count + 1;
    signal_send_to(p->worker, wait->target, probe);
}

void probe_start(Process *p, Wait *wait) {
    send_on(p, wait, probe_new(p, PATH_FIRST));
}

static void report(Process *p, const Step *path, size_t count) {
    size_t youngest = 0;
    for (size_t i = 0; i < count; i++) {
        if (!wait_stands(p->vm, path[i].pid, path[i].id)) {
            return;
        }
        if (path[i].id > path[youngest].id) {
            youngest = i;
        }
    }
    enum { ENTRY_WORDS = CONS_WORDS + 3 };
    Signal *s = signal_new_urgent(&p->worker->blocks, SIGNAL_CIRCLE, count * ENTRY_WORDS);
    Room room = signal_room(s);
    Term cycle = TERM_EMPTY;
    for (size_t i = count; i-- > 0;) {
        const Step *step = &path[(youngest + i) % count];
        cycle = room_cons(&room, room_tuple2(&room, step->pid, step->label), cycle);
    }
    s->data[SIGNAL_AT_TERM] = cycle;
    s->data[SIGNAL_AT_LINK] = p->pid;
    s->data[SIGNAL_AT_ID].bits = path[youngest].id;
    signal_send_to(p->worker, path[youngest].pid, s);
}

void ask_probe(Process *p, Signal *probe) {
    const Step *path = path_of(probe);
    size_t count = path_count(probe);
    const Step *last = &path[count - 1];
    const Wait *wait = p->extra == NULL ? NULL : p->extra->wait;
    bool passes = wait != NULL && wait->kind != WAIT_NONE && wait_stands(p->vm, p->pid, wait->id) &&
                  wait_stands(p->vm, last->pid, last->id) &&
                  relation_find(p, RELATION_REQUEST, last->id) == NULL;
    if (passes && path[0].id == wait->id) {
        report(p, path, count);
        passes = false;
    }
    size_t mark = (size_t)1 << (63 - __builtin_clzll(count));
    if (passes && path[mark - 1].id != wait->id) {
        send_on(p, wait, probe);
        return;
    }
    signal_give(&p->worker->blocks, probe);
}

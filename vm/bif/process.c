// SPDX-License-Identifier: Apache-2.0
// Built-ins of Process and those of Vm and Actor that make, answer and end processes: the
// language's face of vm/proc. Argument checks that the functions there do not make are made here.
// Tests: tests/behave, tests/stdlib/processes_test.cop.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/proc/ask.h"
#include "vm/proc/exit.h"
#include "vm/proc/info.h"
#include "vm/proc/limits.h"
#include "vm/proc/link.h"
#include "vm/proc/monitor.h"
#include "vm/proc/receive.h"
#include "vm/proc/registry.h"
#include "vm/proc/report.h"
#include "vm/proc/send.h"
#include "vm/proc/spawn.h"
#include "vm/sched/sched.h"
#include "vm/sched/program.h"

// ---- Starting -----------------------------------------------------------------------------------

static bool spawn_how(Process *p, Term atom, SpawnHow *how) {
    switch (atom.bits) {
    case ATOM_BITS(none): *how = SPAWN_PLAIN; return true;
    case ATOM_BITS(link): *how = SPAWN_LINK; return true;
    case ATOM_BITS(monitor): *how = SPAWN_MONITOR; return true;
    default: process_badarg(p, atom); return false;
    }
}

// spawn(fn, how)
Term bif_vm_spawn(Process *p, Term *args) {
    SpawnOptions options = spawn_options();
    if (!spawn_how(p, args[1], &options.how)) {
        return TERM_NONE;
    }
    return process_spawn(p, args[0], &options, AM_infinity);
}

// A start value: (:"$start", kind, label, fn, sync, limit, policy, cells, traps).
enum {
    START_KIND = 1,
    START_LABEL,
    START_FN,
    START_SYNC,
    START_LIMIT,
    START_POLICY,
    START_CELLS,
    START_TRAPS,
    START_SIZE,
};

static bool start_options(Term start, SpawnOptions *options) {
    if (!tuple_is_tagged(start, AM_start_value, START_SIZE)) {
        return false;
    }
    Term label = tuple_at(start, START_LABEL);
    Term limit = tuple_at(start, START_LIMIT);
    Term cells = tuple_at(start, START_CELLS);
    if (!term_is_atom(label) || !term_is_small(cells) || term_to_small(cells) < 0 ||
        term_to_small(cells) > UINT16_MAX) {
        return false;
    }
    options->label = label;
    options->cells = (uint16_t)term_to_small(cells);
    options->trap_exits = !term_is_falsy(tuple_at(start, START_TRAPS));
    options->sync = !term_is_falsy(tuple_at(start, START_SYNC));
    if (!term_same_bits(limit, TERM_NIL)) {
        if (!term_is_small(limit) || term_to_small(limit) < 1 ||
            term_to_small(limit) > UINT32_MAX) {
            return false;
        }
        options->mailbox_limit = (uint32_t)term_to_small(limit);
        return bound_policy(tuple_at(start, START_POLICY), &options->policy);
    }
    return true;
}

// start(start, how, ms, name)
Term bif_vm_start(Process *p, Term *args) {
    SpawnOptions options = spawn_options();
    if (!start_options(args[0], &options)) {
        return process_badarg(p, args[0]);
    }
    if (!spawn_how(p, args[1], &options.how)) {
        return TERM_NONE;
    }
    if (!term_is_atom(args[3])) {
        return process_badarg(p, args[3]);
    }
    options.name = args[3];
    Term started = process_spawn(p, tuple_at(args[0], START_FN), &options, args[2]);
    if (!term_is_value(started)) {
        return started;
    }
    if (term_same_bits(tuple_at(args[0], START_KIND), AM_supervisor)) {
        Term pid = term_is_tuple(started) ? tuple_at(started, 0) : started;
        if (term_is_pid(pid) && !program_add_supervisor(p, pid)) {
            return process_limit(p, AM_memory);
        }
    }
    return started;
}

Term bif_vm_started(Process *p, Term *args) {
    (void)args;
    process_started(p);
    return AM_ok;
}

Term bif_vm_ignored(Process *p, Term *args) {
    (void)args;
    process_ignored(p);
    return AM_ok;
}

Term bif_vm_give_up(Process *p, Term *args) {
    (void)args;
    program_give_up(p);
    return AM_ok;
}

Term bif_vm_parent(Process *p, Term *args) {
    (void)args;
    return p->parent;
}

// ---- Answering and ending -----------------------------------------------------------------------

Term bif_vm_reply(Process *p, Term *args) {
    return process_reply(p, args[0], args[1]);
}

Term bif_vm_reply_error(Process *p, Term *args) {
    return process_reply_error(p, args[0], args[1]);
}

Term bif_vm_caller(Process *p, Term *args) {
    return process_caller(p, args[0]);
}

Term bif_vm_handling(Process *p, Term *args) {
    return process_handling(p, args[0]);
}

Term bif_vm_stop(Process *p, Term *args) {
    return process_stop(p, args[0]);
}

// report(reason): the report of the failure caught last, which happened outside any message's
// handler.
Term bif_vm_report_failure(Process *p, Term *args) {
    report_crash(p, args[0], TERM_NONE);
    return AM_ok;
}

// report(reason, message): the same for a handler.
Term bif_vm_report(Process *p, Term *args) {
    report_crash(p, args[0], args[1]);
    return AM_ok;
}

Term bif_vm_start_timer(Process *p, Term *args) {
    return timer_start_named(p, args[0], args[1]);
}

Term bif_actor_try_ask(Process *p, Term *args) {
    return process_try_ask(p, args[0], args[1], args[2]);
}

// exit(status): ends the program.
Term bif_vm_exit(Process *p, Term *args) {
    if (!term_is_small(args[0]) || term_to_small(args[0]) < 0 || term_to_small(args[0]) > 255) {
        return process_badarg(p, args[0]);
    }
    return program_exit(p, (int)term_to_small(args[0]));
}

// ---- Process ------------------------------------------------------------------------------------

Term bif_process_sleep(Process *p, Term *args) {
    return process_sleep(p, args[0]);
}

Term bif_process_monitor(Process *p, Term *args) {
    return process_monitor(p, args[0]);
}

// demonitor(ref, flush)
Term bif_process_demonitor(Process *p, Term *args) {
    if (!term_is_ref(args[0])) {
        return process_badarg(p, args[0]);
    }
    return process_demonitor(p, args[0], !term_is_falsy(args[1]));
}

Term bif_process_alias(Process *p, Term *args) {
    (void)args;
    return process_alias(p);
}

Term bif_process_unalias(Process *p, Term *args) {
    return term_is_ref(args[0]) ? process_unalias(p, args[0]) : process_badarg(p, args[0]);
}

Term bif_process_make_ref(Process *p, Term *args) {
    (void)args;
    return process_make_ref(p);
}

Term bif_process_info(Process *p, Term *args) {
    return process_info(p, args[0]);
}

Term bif_process_info_item(Process *p, Term *args) {
    return process_info_item(p, args[0], args[1]);
}

Term bif_process_link(Process *p, Term *args) {
    return process_link(p, args[0]);
}

Term bif_process_unlink(Process *p, Term *args) {
    return process_unlink(p, args[0]);
}

Term bif_process_exit(Process *p, Term *args) {
    return process_exit(p, args[0], args[1]);
}

// register(name, pid): :ok, or fails with :already_started(holder) or :noproc.
Term bif_process_register(Process *p, Term *args) {
    if (!term_is_atom(args[0]) || term_same_bits(args[0], TERM_NIL) ||
        term_same_bits(args[0], TERM_TRUE) || term_same_bits(args[0], TERM_FALSE)) {
        return process_badarg(p, args[0]);
    }
    if (!term_is_pid(args[1])) {
        return process_badarg(p, args[1]);
    }
    Term holder;
    switch (registry_register(p->worker, args[0], args[1], &holder)) {
    case REGISTER_OK: return AM_ok;
    case REGISTER_TAKEN: return process_fail_with(p, AM_already_started, holder);
    case REGISTER_NOPROC: return process_fail(p, AM_noproc);
    case REGISTER_NO_MEMORY: break;
    }
    return process_limit(p, AM_memory);
}

Term bif_process_unregister(Process *p, Term *args) {
    return term_is_atom(args[0]) ? term_bool(registry_unregister(p->worker, args[0]))
                                 : process_badarg(p, args[0]);
}

Term bif_process_whereis(Process *p, Term *args) {
    return term_is_atom(args[0]) ? registry_whereis(p->vm->registry, args[0])
                                 : process_badarg(p, args[0]);
}

// registered(): a list of (name, pid). As many as there are room for in one go: names are few.
Term bif_process_registered(Process *p, Term *args) {
    (void)args;
    Term list = TERM_EMPTY;
    Term name;
    Term pid;
    for (uint32_t index = 0; registry_next(p->vm->registry, &index, &name, &pid);) {
        Room room;
        if (!process_reserve(p, CONS_WORDS + 3, &list, 1, &room)) {
            return TERM_NONE;
        }
        list = room_cons(&room, room_tuple2(&room, name, pid), list);
        process_charge(p, 1);
    }
    return list;
}

// send_after(to, message, ms)
Term bif_process_send_after(Process *p, Term *args) {
    return timer_send_after(p, args[0], args[1], args[2]);
}

Term bif_process_cancel_timer(Process *p, Term *args) {
    return term_is_ref(args[0]) ? timer_cancel(p, args[0]) : process_badarg(p, args[0]);
}

Term bif_process_read_timer(Process *p, Term *args) {
    return term_is_ref(args[0]) ? timer_read(p, args[0]) : process_badarg(p, args[0]);
}

Term bif_process_trap_exits(Process *p, Term *args) {
    if (!term_same_bits(args[0], TERM_TRUE) && !term_same_bits(args[0], TERM_FALSE)) {
        return process_badarg(p, args[0]);
    }
    return process_trap_exits(p, term_same_bits(args[0], TERM_TRUE));
}

Term bif_process_list(Process *p, Term *args) {
    (void)args;
    return process_list(p);
}

Term bif_process_limit(Process *p, Term *args) {
    return process_set_limit(p, args[0], args[1]);
}

Term bif_process_priority(Process *p, Term *args) {
    return process_set_priority(p, args[0]);
}

Term bif_process_suspend(Process *p, Term *args) {
    return process_suspend(p, args[0]);
}

Term bif_process_resume(Process *p, Term *args) {
    return process_resume(p, args[0]);
}

// SPDX-License-Identifier: Apache-2.0
// Versions that are older than two: who holds something of them, and that their memory goes.
#include "vm/proc/purge.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/vm/interp/assembler.h"
#include "vm/base/alloc.h"
#include "vm/base/clock.h"
#include "vm/boot.h"
#include "vm/code/module.h"
#include "vm/proc/send.h"
#include "vm/proc/spawn.h"
#include "vm/proc/table.h"
#include "vm/sched/sched.h"
#include "vm/term/atom.h"

#ifdef COPPICE_JIT
enum { ENGINE_COUNT = 2 };
#else
enum { ENGINE_COUNT = 1 };
#endif

// Waits for :go; what else comes stays.
#define WAIT                                                                                       \
    "  enter {}\npeek:\n  recv_peek x0 @none {}\n  same x0 :go @next {x0}\n  recv_take\n  ret\n"   \
    "next:\n  recv_next\n  loop @peek {}\nnone:\n  recv_wait @peek {}\n"

static const char hot[] =
    "module Hot\n"
    "fn value/0\n  enter {}\n  move x0 (1 [2 3] \"text\")\n  ret\n"
    "fn inner/0+1\n  enter {x0}\n  ret\n"
    "fn make/0\n  enter {}\n  alloc 3 {}\n  closure x0 inner/0 <7>\n  ret\n"
    "fn deep/0\n  enter {}\n  frame 0 {}\n  call_ext Keep.wait/0 {|}\n  unframe 0\n  ret\n"
    "fn wait/0\n" WAIT;

static const char keep[] =
    "module Keep\nfn wait/0\n" WAIT
    "fn check/1\n  enter {x0}\n  eq x0 (1 [2 3] \"text\") @bad {x0}\n  ret\nbad:\n  fail :bad\n"
    "fn literal/0\n  enter {}\n  frame 1 {}\n  call_ext Hot.value/0 {|}\n  move y0 x0\n  call wait/0 {| y0}\n"
    "  move x0 y0\n  unframe 1\n  tail check/1\n"
    "fn closure/0\n  enter {}\n  frame 1 {}\n  call_ext Hot.make/0 {|}\n  move y0 x0\n  call wait/0 {| y0}\n"
    "  move x0 y0\n  unframe 1\n  ret\n"
    "fn dropped/0\n  enter {}\n  frame 0 {}\n  call_ext Hot.make/0 {|}\n  call wait/0 {|}\n  unframe 0\n  ret\n"
    "fn message/0\n  enter {}\n  frame 1 {}\n  self y0\n  call_ext Hot.value/0 {| y0}\n  send y0 x0 {| y0}\n"
    "  call wait/0 {|}\n  unframe 1\n  tail taken/0\n"
    "fn taken/0\n  enter {}\npeek:\n  recv_peek x0 @none {}\n  recv_take\n  tail check/1\nnone:\n  recv_wait @peek {}\n"
    "fn letter/0\n  enter {}\n  frame 1 {}\n  self y0\n  call_ext Hot.make/0 {| y0}\n  send y0 x0 {| y0}\n"
    "  call wait/0 {|}\n  unframe 1\n  ret\n";

typedef struct {
    VM *vm;
    Bytes hot;
    Bytes keep;
    _Atomic uint32_t reports;
} World;

static void count_report(void *data, const char *text, size_t len) {
    (void)text;
    (void)len;
    World *world = data;
    atomic_fetch_add(&world->reports, 1);
}

static void load(World *w, const Bytes *image) {
    CodeError error;
    cr_assert_eq(code_load_image(w->vm->code, image->data, image->len, NULL, &error), CODE_OK, "%s",
                 error.what);
}

static World *world_open(const char *engine) {
    World *w = calloc(1, sizeof *w);
    VMOptions options = {
        .schedulers = 2, .engine = engine, .report = count_report, .report_data = w};
    char why[256];
    w->vm = vm_create(&options, why);
    cr_assert_not_null(w->vm, "%s", why);
    cr_assert(assemble(hot, &w->hot, why), "%s", why);
    cr_assert(assemble(keep, &w->keep, why), "%s", why);
    load(w, &w->keep);
    load(w, &w->hot);
    return w;
}

static void world_close(World *w) {
    vm_destroy(w->vm);
    bytes_free(&w->hot);
    bytes_free(&w->keep);
    free(w);
}

static Term atom(World *w, const char *text) {
    Term t;
    cr_assert_eq(atom_intern(w->vm->atoms, text, strlen(text), &t), ATOM_OK);
    return t;
}

typedef struct {
    const Function *function;
    Term pid;
    Term message;
    bool answer;
} Call;

static void call_spawn(Worker *w, void *data) {
    Call *call = data;
    SpawnOptions options = spawn_options();
    call->pid = process_spawn_call(w, call->function, NULL, 0, &options);
}

static void call_send(Worker *w, void *data) {
    Call *call = data;
    call->answer = process_notify(w, call->pid, call->message);
}

// Whether it waits, and so has got where it was to.
static void call_waits(Worker *w, void *data) {
    Call *call = data;
    Process *p = table_find(w->vm->processes, call->pid);
    call->answer = p != NULL && atomic_load(&p->state) == PROC_WAITING;
}

static void call_lives(Worker *w, void *data) {
    Call *call = data;
    call->answer = table_find(w->vm->processes, call->pid) != NULL;
}

static bool is(World *w, Term pid, void (*what)(Worker *, void *)) {
    Call call = {.pid = pid};
    sched_call(w->vm->sched, what, &call);
    return call.answer;
}

#define WAIT_FOR(condition)                                                                        \
    for (uint64_t end_ = clock_monotonic_ns() + UINT64_C(30000000000); !(condition);) {            \
        cr_assert(clock_monotonic_ns() < end_, "%s", #condition);                                  \
        usleep(200);                                                                               \
    }

static Term spawn(World *w, const char *module, const char *name) {
    const Target *target =
        code_find(w->vm->code, atom(w, module), atom(w, name), 0, &(CodeStatus){0});
    cr_assert_not_null(target);
    Call call = {.function = target_function(target)};
    sched_call(w->vm->sched, call_spawn, &call);
    cr_assert(term_is_pid(call.pid));
    WAIT_FOR(is(w, call.pid, call_waits));
    return call.pid;
}

// Two more versions, and the one that was there first is gone.
static void replace(World *w) {
    load(w, &w->hot);
    load(w, &w->hot);
    WAIT_FOR(!purge_goes_on(w->vm));
}

static void finish(World *w, Term pid) {
    Call call = {.pid = pid, .message = atom(w, "go")};
    sched_call(w->vm->sched, call_send, &call);
    cr_assert(call.answer);
    WAIT_FOR(!is(w, pid, call_lives));
}

ParameterizedTestParameters(purge, who_runs_in_it_or_holds_closures_is_ended) {
    static char engines[][8] = {"interp", "jit"};
    return cr_make_param_array(char[8], engines, ENGINE_COUNT);
}

ParameterizedTest(char engine[8], purge, who_runs_in_it_or_holds_closures_is_ended, .timeout = 60) {
    World *w = world_open(engine);
    Term ended[] = {spawn(w, "Hot", "wait"), spawn(w, "Hot", "deep"), spawn(w, "Keep", "closure"),
                    spawn(w, "Keep", "letter")};
    Term other = spawn(w, "Keep", "wait");
    load(w, &w->hot);
    Term newer = spawn(w, "Hot", "wait");
    for (int i = 0; i < 4; i++) {
        cr_expect(is(w, ended[i], call_lives), "%d", i);
    }
    load(w, &w->hot);
    WAIT_FOR(!purge_goes_on(w->vm));
    for (int i = 0; i < 4; i++) {
        cr_expect_not(is(w, ended[i], call_lives), "%d", i);
    }
    cr_expect(is(w, other, call_lives));
    finish(w, newer);
    finish(w, other);
    cr_expect_eq(w->reports, 0);
    world_close(w);
}

ParameterizedTestParameters(purge, literals_are_copied_and_garbage_does_not_count) {
    static char engines[][8] = {"interp", "jit"};
    return cr_make_param_array(char[8], engines, ENGINE_COUNT);
}

ParameterizedTest(char engine[8], purge, literals_are_copied_and_garbage_does_not_count,
                  .timeout = 60) {
    World *w = world_open(engine);
    Term kept[] = {spawn(w, "Keep", "literal"), spawn(w, "Keep", "message"),
                   spawn(w, "Keep", "dropped")};
    replace(w);
    replace(w);
    for (int i = 0; i < 3; i++) {
        cr_assert(is(w, kept[i], call_lives), "%d", i);
        finish(w, kept[i]);
    }
    cr_expect_eq(w->reports, 0);
    world_close(w);
}

static uint64_t code_bytes(const World *w) {
    return mem_used(w->vm->mem, MEM_CODE) + mem_used(w->vm->mem, MEM_LITERAL) +
           mem_used(w->vm->mem, MEM_JIT);
}

ParameterizedTestParameters(purge, memory_falls_back) {
    static char engines[][8] = {"interp", "jit"};
    return cr_make_param_array(char[8], engines, ENGINE_COUNT);
}

ParameterizedTest(char engine[8], purge, memory_falls_back, .timeout = 120) {
    enum { RELOADS = 1000, EACH = 50 };
    World *w = world_open(engine);
    load(w, &w->hot);
    uint64_t before = code_bytes(w);
    Term literal = spawn(w, "Keep", "literal");
    for (int i = 0; i < RELOADS; i++) {
        if (i % EACH == 0) {
            spawn(w, "Hot", "wait");
            spawn(w, "Keep", "closure");
            spawn(w, "Keep", "message");
        }
        load(w, &w->hot);
    }
    WAIT_FOR(!purge_goes_on(w->vm));
    // What the code memory itself needs to know what is free may have grown.
    cr_expect_leq(code_bytes(w), before + 4096, "%lu, %lu before", (unsigned long)code_bytes(w),
                  (unsigned long)before);
    cr_expect_leq(table_count(w->vm->processes), 1 + RELOADS / EACH + 64);
    finish(w, literal);
    cr_expect_eq(w->reports, 0);
    world_close(w);
}

// SPDX-License-Identifier: Apache-2.0
// Very long integers as text and back, on the blocking pool: what would take over SHORT_US here. A
// job has copies of its own of what it works on and leaves shared bytes, or the words of the
// number, which the process then takes over. See number.c, vm.c. Tests:
// tests/stdlib/number_test.cop.
#include "vm/bif/bigtext.h"

#include "vm/sched/blocking.h"

// ---- Numbers to text ----------------------------------------------------------------------------

typedef struct {
    Job job;
    int base;
    NumStatus status;
    SharedBytes *text;
    Term number; // in `words`
    Term words[];
} PrintJob;

static void print_run(Job *job, Worker *w) {
    (void)w;
    PrintJob *print = (PrintJob *)job;
    Buffer out;
    buffer_init(&out, job->vm->mem);
    print->status = bignum_print(job->vm->mem, &out, print->number, print->base);
    if (print->status == NUM_OK && !out.failed) {
        print->text = shared_new(job->vm->mem, out.len);
        if (print->text != NULL && shared_claim(print->text, 0, out.len)) {
            memcpy(print->text->data, out.data, out.len);
        }
    }
    buffer_free(&out);
}

static void print_free(Job *job) {
    PrintJob *print = (PrintJob *)job;
    if (print->text != NULL) {
        shared_release(print->text);
    }
}

static Job *print_make(Process *p, Term *args, int base) {
    size_t words = 1 + box_words(args[0]);
    PrintJob *print = job_new(p->vm, JOB_COMPUTES, sizeof *print + words * sizeof(Term), p->pid,
                              print_run, print_free);
    if (print == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    memcpy(print->words, term_pointer(args[0]), words * sizeof(Term));
    print->number = term_from_box(print->words);
    print->base = base;
    return &print->job;
}

static Job *print_make_decimal(Process *p, Term *args) {
    return print_make(p, args, 10);
}

static Job *print_make_in_base(Process *p, Term *args) {
    return print_make(p, args, (int)term_to_small(args[1]));
}

static Term print_finish(Process *p, Term *args, Job *job) {
    (void)args;
    PrintJob *print = (PrintJob *)job;
    Room room;
    if (print->text == NULL) {
        return process_limit(p, AM_memory);
    }
    if (!process_reserve(p, SHARED_WORDS, NULL, 0, &room)) {
        return TERM_NONE;
    }
    SharedBytes *text = print->text;
    print->text = NULL;
    return room_shared(&room, text, 0, text->capacity, text->capacity);
}

bool bigtext_is_long(Term number) {
    return term_is_bignum(number) && bignum_print_cost_us(number) > SHORT_US;
}

Term bigtext_decimal(Process *p, Term *args, BifFn owner) {
    return job_await(p, (const void *)owner, args, print_make_decimal, print_finish);
}

Term bigtext_in_base(Process *p, Term *args, BifFn owner) {
    return job_await(p, (const void *)owner, args, print_make_in_base, print_finish);
}

// ---- Text to numbers ----------------------------------------------------------------------------

typedef struct {
    Job job;
    int base;
    NumStatus status;
    Term number;
    Term *words; // where it was built
    size_t len;
    char text[];
} ParseJob;

static void parse_run(Job *job, Worker *w) {
    (void)w;
    ParseJob *parse = (ParseJob *)job;
    size_t words = bignum_parse_words(parse->len, parse->base);
    parse->words = mem_alloc(job->vm->mem, MEM_BIF, words * sizeof(Term));
    parse->status = NUM_MEMORY;
    if (parse->words != NULL) {
        Room room = room_over(parse->words, words, NULL);
        parse->status =
            bignum_parse(job->vm->mem, &room, parse->text, parse->len, parse->base, &parse->number);
    }
}

static void parse_free(Job *job) {
    mem_free(job->vm->mem, MEM_BIF, ((ParseJob *)job)->words);
}

static Job *parse_make(Process *p, Term *args) {
    BytesView text = bytes_view(args[0]);
    ParseJob *parse =
        job_new(p->vm, JOB_COMPUTES, sizeof *parse + text.len, p->pid, parse_run, parse_free);
    if (parse == NULL) {
        process_limit(p, AM_memory);
        return NULL;
    }
    memcpy(parse->text, text.data, text.len);
    parse->len = text.len;
    parse->base = (int)term_to_small(args[1]);
    return &parse->job;
}

Term bigtext_parsed(Process *p, NumStatus status, Term number) {
    switch (status) {
    case NUM_OK: return number;
    case NUM_LIMIT: return process_limit(p, AM_integer);
    case NUM_MEMORY: return process_limit(p, AM_memory);
    default: return TERM_NIL;
    }
}

static Term parse_finish(Process *p, Term *args, Job *job) {
    (void)args;
    ParseJob *parse = (ParseJob *)job;
    Term number = parse->number;
    if (parse->status == NUM_OK && term_is_box(number)) {
        size_t words = 1 + box_words(number);
        Room room;
        if (!process_reserve(p, words, NULL, 0, &room)) {
            return TERM_NONE;
        }
        Term *box = room_take(&room, words);
        memcpy(box, term_pointer(number), words * sizeof(Term));
        number = term_from_box(box);
    }
    return bigtext_parsed(p, parse->status, number);
}

bool bigtext_is_long_text(size_t len) {
    return bignum_parse_cost_us(len) > SHORT_US;
}

Term bigtext_parse(Process *p, Term *args, BifFn owner) {
    return job_await(p, (const void *)owner, args, parse_make, parse_finish);
}

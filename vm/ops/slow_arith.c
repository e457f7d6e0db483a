// SPDX-License-Identifier: Apache-2.0
// Slow paths of arithmetic: big integers, floats of rare size, mixed operands, failures.
//
// An operation on integers that may take over BLOCKING_US goes to the blocking pool: its operands
// are copied there, the process waits, and the result is copied back. An operand that is no number
// fails with :badarg of the first one that does not fit; division by zero and results that are no
// finite float with :arithmetic; integers over 2^26 bits with :limit(:integer).
#include <math.h>

#include "vm/ops/slow_private.h"
#include "vm/sched/blocking.h"
#include "vm/term/bignum.h"

enum {
    BLOCKING_US = 500,
};

typedef struct {
    Job job;
    BignumOp op;
    Term a;
    Term b;
    Term *operands; // words of a and b
    size_t operand_words;
    Term *words; // where the result is built
    size_t word_count;
    Term result;
    NumStatus status;
} ArithJob;

typedef struct {
    Work work;
    ArithJob *job;
} ArithWork;

Term slow_float(Process *p, double d) {
    if (!isfinite(d)) {
        return process_fail(p, AM_arithmetic);
    }
    if (flo_fits(d)) {
        return term_flo(d);
    }
    Room room;
    return process_reserve(p, FLOAT_WORDS, NULL, 0, &room) ? room_float(&room, d) : TERM_NONE;
}

static Term fail_number(Process *p, NumStatus status) {
    switch (status) {
    case NUM_LIMIT: return process_limit(p, AM_integer);
    case NUM_MEMORY: return process_limit(p, AM_memory);
    default: return process_fail(p, AM_arithmetic);
    }
}

// On the blocking pool
// -----------------------------------------------------------------------------

static void arith_job_run(Job *job, Worker *w) {
    (void)w;
    ArithJob *j = (ArithJob *)job;
    OffHeap none = {0};
    Room room = room_over(j->words, j->word_count, &none);
    j->status = bignum_run(job->vm->mem, j->op, &room, j->a, j->b, &j->result);
}

static void arith_job_free(Job *job) {
    ArithJob *j = (ArithJob *)job;
    mem_free(job->vm->mem, MEM_SCRATCH, j->operands);
    mem_free(job->vm->mem, MEM_SCRATCH, j->words);
}

static void arith_drop(Process *p, Work *work) {
    ArithWork *w = (ArithWork *)work;
    if (w->job != NULL) {
        job_release(&w->job->job);
    }
    mem_free(p->vm->mem, MEM_SCRATCH, w);
}

static size_t integer_words(Term t) {
    return term_is_small(t) ? 0 : 1 + box_words(t);
}

static Term integer_copy(Term t, Term *words) {
    if (term_is_small(t)) {
        return t;
    }
    memcpy(words, term_pointer(t), integer_words(t) * sizeof(Term));
    return term_from_box(words);
}

// NULL after :limit(:memory).
static ArithWork *arith_begin(Process *p, BignumOp op, Term a, Term b) {
    MemStats *mem = p->vm->mem;
    ArithWork *work = mem_alloc_zero(mem, MEM_SCRATCH, sizeof *work);
    ArithJob *job = work == NULL ? NULL
                                 : job_new(p->vm, JOB_COMPUTES, sizeof *job, p->pid, arith_job_run,
                                           arith_job_free);
    if (job != NULL) {
        work->job = job;
        job->op = op;
        job->operand_words = integer_words(a) + integer_words(b);
        job->operands = mem_alloc(mem, MEM_SCRATCH, (job->operand_words + 1) * sizeof(Term));
        job->word_count = bignum_words(op, a, b);
        job->words = mem_alloc(mem, MEM_SCRATCH, (job->word_count + 1) * sizeof(Term));
    }
    if (job == NULL || job->operands == NULL || job->words == NULL) {
        if (work != NULL) {
            arith_drop(p, &work->work);
        }
        process_limit(p, AM_memory);
        return NULL;
    }
    job->a = integer_copy(a, job->operands);
    job->b = integer_copy(b, job->operands + integer_words(a));
    work->work = (Work){arith_drop, NULL, (const void *)arith_begin};
    p->work = &work->work;
    return work;
}

static Term arith_blocking(Process *p, BignumOp op, Term a, Term b) {
    ArithWork *work = slow_resume(p, (const void *)arith_begin);
    if (work == NULL) {
        work = arith_begin(p, op, a, b);
        if (work == NULL) {
            return TERM_NONE;
        }
        job_post(&work->job->job);
    }
    if (!job_is_done(&work->job->job)) {
        return TERM_WAIT;
    }
    Room room;
    NumStatus status = work->job->status;
    size_t words = status == NUM_OK ? integer_words(work->job->result) : 0;
    if (!process_reserve(p, words, NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term result = TERM_NONE;
    if (status == NUM_OK) {
        result = integer_copy(work->job->result, room_take(&room, words));
    }
    slow_done(p);
    return status == NUM_OK ? result : fail_number(p, status);
}

// Integers ---------------------------------------------------------------------------------------

static Term integer_op(Process *p, BignumOp op, Term a, Term b) {
    uint64_t cost_us = bignum_cost_us(op, a, b);
    if (p->work != NULL || cost_us > BLOCKING_US) {
        return arith_blocking(p, op, a, b);
    }
    process_charge(p, (int32_t)(cost_us * REDUCTION_US));
    Term operands[2] = {a, b};
    Room room;
    if (!process_reserve(p, bignum_words(op, a, b), operands, 2, &room)) {
        return TERM_NONE;
    }
    Term result;
    NumStatus status = bignum_run(p->vm->mem, op, &room, operands[0], operands[1], &result);
    heap_trim(&p->heap, &room);
    return status == NUM_OK ? result : fail_number(p, status);
}

static Term integers_only(Process *p, BignumOp op, Term a, Term b) {
    if (!term_is_integer(a)) {
        return process_badarg(p, a);
    }
    return term_is_integer(b) ? integer_op(p, op, a, b) : process_badarg(p, b);
}

// Numbers ----------------------------------------------------------------------------------------

// False after :arithmetic, for an integer beyond all floats.
static bool number_to_double(Process *p, Term t, double *d) {
    if (term_is_small(t)) {
        *d = (double)term_to_small(t);
        return true;
    }
    if (term_is_float(t)) {
        *d = term_to_double(t);
        return true;
    }
    if (bignum_to_double(t, d)) {
        return true;
    }
    process_fail(p, AM_arithmetic);
    return false;
}

static Term float_op(Process *p, BignumOp op, Term a, Term b) {
    double x;
    double y;
    if (!number_to_double(p, a, &x) || !number_to_double(p, b, &y)) {
        return TERM_NONE;
    }
    return slow_float(p, op == BIGNUM_ADD ? x + y : op == BIGNUM_SUB ? x - y : x * y);
}

static Term number_op(Process *p, BignumOp op, Term a, Term b) {
    if (term_is_integer(a) && term_is_integer(b)) {
        return integer_op(p, op, a, b);
    }
    if (!term_is_number(a)) {
        return process_badarg(p, a);
    }
    return term_is_number(b) ? float_op(p, op, a, b) : process_badarg(p, b);
}

Term slow_add(Process *p, Term a, Term b) {
    return number_op(p, BIGNUM_ADD, a, b);
}

Term slow_sub(Process *p, Term a, Term b) {
    return number_op(p, BIGNUM_SUB, a, b);
}

Term slow_mul(Process *p, Term a, Term b) {
    return number_op(p, BIGNUM_MUL, a, b);
}

static bool small_is_exact(Term t) {
    int64_t v = term_is_small(t) ? term_to_small(t) : INT64_MAX;
    return v <= INT64_C(1) << FLO_EXACT_BITS && v >= -(INT64_C(1) << FLO_EXACT_BITS);
}

Term slow_div(Process *p, Term a, Term b) {
    if (!term_is_number(a)) {
        return process_badarg(p, a);
    }
    if (!term_is_number(b)) {
        return process_badarg(p, b);
    }
    bool integers = term_is_integer(a) && term_is_integer(b);
    if (integers && !(small_is_exact(a) && small_is_exact(b))) {
        double quotient;
        NumStatus status = bignum_divide(p->vm->mem, a, b, &quotient);
        return status == NUM_OK ? slow_float(p, quotient) : fail_number(p, status);
    }
    double x;
    double y;
    if (!number_to_double(p, a, &x) || !number_to_double(p, b, &y)) {
        return TERM_NONE;
    }
    return y == 0 ? process_fail(p, AM_arithmetic) : slow_float(p, x / y);
}

Term slow_unbox(Process *p, Term a) {
    if (term_is_float(a)) {
        return a;
    }
    double d;
    if (!term_is_number(a)) {
        return process_badarg(p, a);
    }
    return number_to_double(p, a, &d) ? slow_float(p, d) : TERM_NONE;
}

Term slow_mul_unbox(Process *p, Term a, Term b) {
    Term product = slow_mul(p, a, b);
    return term_is_value(product) ? slow_unbox(p, product) : product;
}

Term slow_idiv(Process *p, Term a, Term b) {
    return integers_only(p, BIGNUM_DIV, a, b);
}

Term slow_mod(Process *p, Term a, Term b) {
    return integers_only(p, BIGNUM_MOD, a, b);
}

Term slow_band(Process *p, Term a, Term b) {
    return integers_only(p, BIGNUM_AND, a, b);
}

Term slow_bor(Process *p, Term a, Term b) {
    return integers_only(p, BIGNUM_OR, a, b);
}

Term slow_bxor(Process *p, Term a, Term b) {
    return integers_only(p, BIGNUM_XOR, a, b);
}

Term slow_shl(Process *p, Term a, Term b) {
    return integers_only(p, BIGNUM_SHL, a, b);
}

Term slow_shr(Process *p, Term a, Term b) {
    return integers_only(p, BIGNUM_SHR, a, b);
}

Term slow_neg(Process *p, Term a) {
    if (term_is_float(a)) {
        return slow_float(p, -term_to_double(a));
    }
    Room room;
    if (!term_is_integer(a)) {
        return process_badarg(p, a);
    }
    return process_reserve(p, bignum_unary_words(a), &a, 1, &room) ? bignum_negate(&room, a)
                                                                   : TERM_NONE;
}

Term slow_bnot(Process *p, Term a) {
    Room room;
    if (!term_is_integer(a)) {
        return process_badarg(p, a);
    }
    if (!process_reserve(p, bignum_unary_words(a), &a, 1, &room)) {
        return TERM_NONE;
    }
    Term result;
    NumStatus status = bignum_not(&room, a, &result);
    return status == NUM_OK ? result : fail_number(p, status);
}

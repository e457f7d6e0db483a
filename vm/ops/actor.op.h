// SPDX-License-Identifier: Apache-2.0
// Bodies of the ops of processes: what they do is in vm/proc.

op(self) {
    SET(p->pid);
    NEXT;
}

op(cell) {
    if (LIKELY(N < p->cell_count)) {
        SET(p->heap.stack_end[-1 - (ptrdiff_t)N]);
        NEXT;
    }
    RAISE(process_badarg(p, term_small(N)));
}

op(set_cell) {
    if (LIKELY(N < p->cell_count)) {
        p->heap.stack_end[-1 - (ptrdiff_t)N] = A;
        NEXT;
    }
    RAISE(process_badarg(p, term_small(N)));
}

op(send) {
    EFFECT2(process_send);
}

op(ask) {
    SLOW3(process_ask);
}

op(recv_peek) {
    const Signal *s = receive_peek_quick(p);
    if (LIKELY(s != NULL)) {
        SET(signal_term(s));
        NEXT;
    }
    if (receive_is_empty(p)) {
        JUMP(L);
    }
    FETCH(slow_recv_peek);
}

op(recv_next) {
    receive_next(p);
    NEXT;
}

op(recv_take) {
    if (LIKELY(receive_take_quick(p))) {
        NEXT;
    }
    DO(receive_take);
}

op(recv_wait) {
    RECEIVE(receive_wait(p));
}

op(recv_wait_for) {
    RECEIVE(receive_wait_for(p, A));
}

op(recv_ref) {
    receive_ref(p, A);
    NEXT;
}

op(recv_done) {
    receive_done(p);
    NEXT;
}

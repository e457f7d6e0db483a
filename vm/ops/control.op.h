// SPDX-License-Identifier: Apache-2.0
// Bodies of the ops that move control: see vm/ops/README.md for the words.

op(enter) {
    if (UNLIKELY(SPEND)) {
        YIELD_NEXT;
    }
    NEXT;
}

op(frame) {
    if (UNLIKELY(!HAS_ROOM)) {
        COLLECT(N);
    }
    PUSH_FRAME;
    NEXT;
}

op(unframe) {
    POP_FRAME;
    NEXT;
}

op(ret) {
    if (UNLIKELY(SPEND)) {
        YIELD_AGAIN;
    }
    RETURN;
}

op(jump) {
    JUMP(L);
}

op(loop) {
    if (UNLIKELY(SPEND)) {
        YIELD_AT(L);
    }
    JUMP(L);
}

op(call) {
    RETURN_ROOM;
    CALL(ENTRY);
}

op(call_ext) {
    const Target *target = IMPORT_TARGET(IMPORT);
    if (UNLIKELY(target == NULL)) {
        LINK(IMPORT);
    }
    const Function *f = target_function(target);
    if (LIKELY(f != NULL)) {
        RETURN_ROOM;
        CALL(f->entry);
    }
    if (UNLIKELY(target->builtin == NULL)) {
        LINK(IMPORT);
    }
    CALL_BUILTIN(target, target->arity);
}

op(call_fun) {
    RETURN_ROOM;
    const Function *f = fn_callee(X(N), N);
    if (UNLIKELY(f == NULL)) {
        CALL_REFERENCE(N);
    }
    PASS_CAPTURED(f);
    CALL(f->closure_entry);
}

op(tail) {
    JUMP(ENTRY);
}

op(tail_ext) {
    const Target *target = IMPORT_TARGET(IMPORT);
    if (UNLIKELY(target == NULL)) {
        LINK(IMPORT);
    }
    const Function *f = target_function(target);
    if (LIKELY(f != NULL)) {
        JUMP(f->entry);
    }
    if (UNLIKELY(target->builtin == NULL)) {
        LINK(IMPORT);
    }
    TAIL_BUILTIN(target, target->arity);
}

op(tail_fun) {
    const Function *f = fn_callee(X(N), N);
    if (UNLIKELY(f == NULL)) {
        TAIL_REFERENCE(N);
    }
    PASS_CAPTURED(f);
    JUMP(f->closure_entry);
}

op(move) {
    SET(A);
    NEXT;
}

op(switch) {
    SWITCH(A, LIST, COUNT, L);
}

op(fail) {
    RAISE(process_fail(p, A));
}

op(fail_with) {
    RAISE(process_fail_with(p, ATOM, A));
}

op(reraise) {
    RAISE(slow_reraise(p, A));
}

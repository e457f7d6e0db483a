// SPDX-License-Identifier: Apache-2.0
// The whole of every op, in C, for what its stencil does not do: made from the same bodies. Runs on
// the thread's stack with the process's registers saved (glue_MACHINE.S); answers where to go on.
#include "vm/jit/translate.h"

#define OPERAND(w) operands[(w)-1]

#define SELF   site->self
#define BEHIND site->next

#define JUMP(to)      return ((Step){(to), 0})
#define COLD_JUMP(to) JUMP(to)
#define LEAVE(answer) return step_leave(p, (answer))
#define GO_COLD

// A closure's entry expects it in a register: the stencil calls it.
#define PASS_CAPTURED(f) JUMP(SELF)

#include "vm/ops/c_words.h"

#define OP_CASE(number, name)                                                                      \
    static Step do_##name(Process *p, const Site *site, const Word *operands, Term *x, Term *y);   \
    static Step cold_##name(Process *p, const Site *site) {                                        \
        site_enter(site);                                                                          \
        return do_##name(p, site, site->operands, p->x, p->heap.sp);                               \
    }                                                                                              \
    static inline Step do_##name(__attribute__((unused)) Process *p,                               \
                                 __attribute__((unused)) const Site *site,                         \
                                 __attribute__((unused)) const Word *operands,                     \
                                 __attribute__((unused)) Term *x, __attribute__((unused)) Term *y)
#include "gen/ops_cold.h"
#undef OP_CASE

Step (*const cold_ops[])(Process *p, const Site *site) = {
#define OP(name, operands, flags, effect) cold_##name,
#include "vm/ops/ops.def"
#undef OP
};

Step cold_exit(Process *p, const Site *site) {
    (void)site;
    return step_exit(p);
}

Step cold_unwind(Process *p, const Site *site) {
    (void)site;
    return step_unwind(p);
}

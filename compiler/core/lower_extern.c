// C functions of other libraries: `extern "libm.so.6" { … }`. Those of `extern "vm"` are built-ins
// and have no body; only the library declares them.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/lower_private.h"

CoreExpr *lower_native(Lower *L, const FnDef *def) {
    if (!str_is(def->native->library, "vm")) {
        DIAG(L->diags, not_yet, def->span, STR("a call of a C function"));
    } else if (def->clauses.items[0] == def->native->fns.items[0]) { // once for each block
        DIAG(L->diags, extern_vm, def->native->node.span);
    }
    for (uint32_t i = 0; i < def->arity; i++) {
        lower_param(L);
    }
    return lower_nil(L, def->span);
}

// C functions of other libraries: `extern "libm.so.6" { … }`. Those of `extern "vm"` are built-ins
// and have no body.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/core/lower_private.h"

CoreExpr *lower_native(Lower *L, const FnDef *def) {
    DIAG(L->diags, not_yet, def->span, STR("a call of a C function"));
    for (uint32_t i = 0; i < def->arity; i++) {
        lower_param(L);
    }
    return lower_nil(L, def->span);
}

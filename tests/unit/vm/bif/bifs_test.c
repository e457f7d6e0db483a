// SPDX-License-Identifier: Apache-2.0
// The table of built-ins: its order, and that every one is found.
#include <criterion/criterion.h>

#include "vm/bif/bif.h"

Test(bifs, are_in_the_order_that_searching_needs) {
    cr_assert(bifs_sorted());
}

Test(bifs, are_found_by_module_name_and_arity) {
    for (size_t i = 0; i < bif_count; i++) {
        const Bif *found = bif_find(bifs[i].module, bifs[i].name, bifs[i].arity);
        cr_assert_eq(found, &bifs[i], "%s.%s/%u", bifs[i].module, bifs[i].name, bifs[i].arity);
        cr_assert_not_null(found->function);
    }
}

Test(bifs, are_not_found_under_other_names) {
    cr_assert_null(bif_find("List", "length", 2));
    cr_assert_null(bif_find("List", "lengt", 1));
    cr_assert_null(bif_find("Lisp", "length", 1));
    cr_assert_null(bif_find("", "", 0));
    cr_assert_null(bif_find("Zz", "zz", 255));
}

// SPDX-License-Identifier: Apache-2.0
// Built-ins of Io and Log that print: io/stdio.h with the descriptor given. Tests:
// tests/system/streams.sh.
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/io/stdio.h"

Term bif_io_write(Process *p, Term *args) {
    return stdio_print(p, args, 1);
}

Term bif_io_write_line(Process *p, Term *args) {
    return stdio_print_line(p, args, 1);
}

Term bif_io_write_error(Process *p, Term *args) {
    return stdio_print(p, args, 2);
}

// is_terminal(fd)
Term bif_io_is_terminal(Process *p, Term *args) {
    if (!term_is_small(args[0]) || term_to_small(args[0]) < 0 || term_to_small(args[0]) > 2) {
        return process_badarg(p, args[0]);
    }
    return term_bool(stdio_is_terminal((int)term_to_small(args[0])));
}

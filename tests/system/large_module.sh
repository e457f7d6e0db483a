#!/bin/sh
# A module of more machine code than conditional branches reach on every machine: what it prints does not hang on the engine.
# SPDX-License-Identifier: Apache-2.0
set -eu

awk 'BEGIN {
    count = 1500
    for (i = 0; i < count; i++) {
        printf "fn f%d(x, y) = if x > %d { if is_float(y) { y * %d.5 + x } else { f%d(x - %d, y + x * 3) } } else { match y {\n",
            i, i * 7, i, (i * 37 + 11) % count, i * 7 + 1
        printf "  %d => [x, y]\n  z if z > %d => (x, z %% 1000, \"s%d\")\n  z => List.sum([x, z, %d])\n}}\n", i, i * 1000, i, i
    }
    print "fn main() {"
    for (i = 0; i < count; i += 97) {
        printf "  Io.println(inspect((f%d(%d, %d), f%d(%d, %d.25))))\n", i, i * 13 + 5000, i % 7, i, i * 7 + 50, i
    }
    print "}"
}' > "$TEST_FOLDER/large.cop"
"$COPPICE" run "$TEST_FOLDER/large.cop" > "$TEST_FOLDER/native"
"$COPPICE" run --engine=interp "$TEST_FOLDER/large.cop" > "$TEST_FOLDER/interpreted"
cmp "$TEST_FOLDER/native" "$TEST_FOLDER/interpreted"
[ "$(wc -l < "$TEST_FOLDER/native")" = 16 ]

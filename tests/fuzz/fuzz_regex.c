// Fuzz target: a pattern, options, a text and a place, as a hostile image would give them to the
// built-ins of Regex. They answer or fail; what a match is said to be lies within the text.
//
//   input: options, place (2 bytes), how many matches, length of the pattern, pattern, text
//
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>

#include "tests/fuzz/program.h"
#include "vm/base/check.h"
#include "vm/term/bytes.h"

enum { HEAD = 5, INPUT_MAX = 1000 };

static const char assembly[] = "module Fuzz\n"
                               "fn main/5\n"
                               "  enter {x0 x1 x2 x3 x4}\n"
                               "  frame 5 {x0 x1 x2 x3 x4}\n"
                               "  move y0 x0\n"
                               "  move y1 x1\n"
                               "  move y2 x2\n"
                               "  move y3 x3\n"
                               "  move y4 x4\n"
                               "  region @start @end @refused\n"
                               "start:\n"
                               "  call_ext Regex.check/2 {| y0 y1 y2 y3 y4}\n"
                               "  move x0 y0\n"
                               "  move x1 y1\n"
                               "  move x2 y2\n"
                               "  move x3 y3\n"
                               "  move x4 y4\n"
                               "  call_ext Regex.run_from/5 {| y2}\n"
                               "end:\n"
                               "  move x1 y2\n"
                               "  unframe 5\n"
                               "  is_tuple_of x0 2 @odd\n"
                               "  elem x0 x0 0\n"
                               "  tail matches/2\n"
                               "odd:\n"
                               "  fail x0\n"
                               "refused:\n"
                               "  unframe 5\n"
                               "  ret\n"
                               "fn matches/2\n" // (matches, text)
                               "  enter {x0 x1}\n"
                               "  frame 2 {x0 x1}\n"
                               "  move y0 x0\n"
                               "  move y1 x1\n"
                               "next:\n"
                               "  is_cons y0 @done\n"
                               "  head x0 y0\n"
                               "  tail_of y0 y0\n"
                               "  move x1 y1\n"
                               "  call spans/2 {| y0 y1}\n"
                               "  loop @next {| y0 y1}\n"
                               "done:\n"
                               "  move x0 y0\n"
                               "  unframe 2\n"
                               "  is_empty x0 @odd\n"
                               "  ret\n"
                               "odd:\n"
                               "  fail x0\n"
                               "fn spans/2\n" // (spans, text)
                               "  enter {x0 x1}\n"
                               "  frame 2 {x0 x1}\n"
                               "  move y0 x0\n"
                               "  move y1 x1\n"
                               "next:\n"
                               "  is_cons y0 @done\n"
                               "  head x0 y0\n"
                               "  tail_of y0 y0\n"
                               "  same x0 nil @some {x0 | y0 y1}\n"
                               "  jump @again\n"
                               "some:\n"
                               "  is_tuple_of x0 2 @odd\n"
                               "  elem x1 x0 0\n"
                               "  elem x2 x0 1\n"
                               "  shl x1 x1 3 - {x2 | y0 y1}\n"
                               "  bits_bytes x0 y1 x1 x2 @odd {| y0 y1}\n"
                               "again:\n"
                               "  loop @next {| y0 y1}\n"
                               "odd:\n"
                               "  move y0 :outside\n"
                               "done:\n"
                               "  move x0 y0\n"
                               "  unframe 2\n"
                               "  is_empty x0 @bad\n"
                               "  ret\n"
                               "bad:\n"
                               "  fail x0\n";

// What hangs from the mapped parts of a machine (its process table, heaps) is no leak, but looks
// like one to LeakSanitizer. The machine counts its memory itself, and ends when some is left after
// it was freed, as it is every so often.
int __lsan_is_turned_off(void) {
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static FuzzProgram *program;
    program = fuzz_program(program, assembly);
    if (size < HEAD || size > INPUT_MAX) {
        return 0;
    }
    MemStats *mem = fuzz_vm(program)->mem;
    size_t rest = size - HEAD;
    size_t pattern = data[4] < rest ? data[4] : rest;
    Fragment *fragment = fragment_new(mem, bytes_words(pattern) + bytes_words(rest - pattern));
    CHECK(fragment != NULL);
    Room room = fragment_room(fragment);
    Term args[5];
    args[0] = room_bytes(mem, &room, data + HEAD, pattern);
    args[1] = term_small((int8_t)data[0]);
    args[2] = room_bytes(mem, &room, data + HEAD + pattern, rest - pattern);
    args[3] = term_small((int16_t)(data[1] | data[2] << 8));
    args[4] = term_small((int8_t)data[3]);
    fuzz_call(program, "main", args, 5);
    fragment_free(mem, fragment);
    return 0;
}

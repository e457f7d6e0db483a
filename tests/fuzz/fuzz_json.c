// Fuzz target: bytes as JSON text, and as a description of a value of any kind. What is read must
// print as what reads the same, on one line and on many; what is printed must be read.
//
//   input: 0..127 and a text; or 128 + indent and bytes from which a value is built (build)
//
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <string.h>

#include "tests/fuzz/program.h"
#include "vm/base/check.h"
#include "vm/term/atom.h"
#include "vm/term/bytes.h"
#include "vm/term/map.h"

enum { TEXT_MAX = 20000, VALUE_MAX = 4000, WORDS_PER_BYTE = 40, DEPTH_MAX = 200 };

static const char assembly[] = "module Fuzz\n"
                               "fn text/1\n"
                               "  enter {x0}\n"
                               "  frame 1 {x0}\n"
                               "  call_ext Json.read/1 {|}\n"
                               "  is_tagged x0 2 :ok @no\n"
                               "  elem x0 x0 1\n"
                               "  move y0 x0\n"
                               "  move x1 0\n"
                               "  call again/2 {| y0}\n"
                               "  same x0 y0 @differs {x0 | y0}\n"
                               "  move x0 y0\n"
                               "  move x1 2\n"
                               "  call again/2 {| y0}\n"
                               "  same x0 y0 @differs {x0 | y0}\n"
                               "no:\n"
                               "  unframe 1\n"
                               "  move x0 :ok\n"
                               "  ret\n"
                               "differs:\n"
                               "  unframe 1\n"
                               "  fail x0\n"
                               "fn again/2\n" // printed and read
                               "  enter {x0 x1}\n"
                               "  frame 0 {x0 x1}\n"
                               "  call_ext Json.write/2 {|}\n"
                               "  call_ext Json.read/1 {|}\n"
                               "  unframe 0\n"
                               "  is_tagged x0 2 :ok @no\n"
                               "  elem x0 x0 1\n"
                               "  ret\n"
                               "no:\n"
                               "  fail x0\n"
                               "fn value/2\n"
                               "  enter {x0 x1}\n"
                               "  frame 0 {x0 x1}\n"
                               "  region @start @end @refused\n"
                               "start:\n"
                               "  call_ext Json.write/2 {|}\n"
                               "end:\n"
                               "  call_ext Json.read/1 {|}\n"
                               "  unframe 0\n"
                               "  is_tagged x0 2 :ok @no\n"
                               "  ret\n"
                               "refused:\n"
                               "  unframe 0\n"
                               "  ret\n"
                               "no:\n"
                               "  fail x0\n";

typedef struct {
    VM *vm;
    Room room;
    const uint8_t *at;
    const uint8_t *end;
    int depth;
} Builder;

static uint8_t next_byte(Builder *b) {
    return b->at < b->end ? *b->at++ : 0;
}

static Term build(Builder *b);

static Term build_list(Builder *b, size_t count) {
    Term list = count % 5 == 4 ? build(b) : TERM_EMPTY; // now and then no proper list
    for (size_t i = 0; i < count; i++) {
        list = room_cons(&b->room, build(b), list);
    }
    return list;
}

static Term build_tuple(Builder *b, size_t count) {
    Term elements[8];
    for (size_t i = 0; i < count; i++) {
        elements[i] = build(b);
    }
    return room_tuple(&b->room, elements, count);
}

static Term build_map(Builder *b, size_t count) {
    Term pairs[16];
    for (size_t i = 0; i < 2 * count; i++) {
        pairs[i] = build(b);
    }
    return map_from_pairs(b->vm->atoms, &b->room, pairs, count);
}

static Term build_bytes(Builder *b) {
    size_t len = next_byte(b) % 32;
    size_t left = (size_t)(b->end - b->at);
    len = len < left ? len : left;
    Term bytes = room_bytes(b->vm->mem, &b->room, b->at, len);
    b->at += len;
    return bytes;
}

static Term build_float(Builder *b) {
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        bits = bits << 8 | next_byte(b);
    }
    double d;
    memcpy(&d, &bits, sizeof d);
    return d - d == 0 ? room_float(&b->room, d) : term_small((int64_t)(bits >> 8));
}

static Term build(Builder *b) {
    static const Term atoms[] = {TERM_NIL, TERM_TRUE, TERM_FALSE};
    uint8_t byte = next_byte(b);
    if (b->depth >= DEPTH_MAX) {
        return TERM_EMPTY;
    }
    b->depth++;
    Term t = TERM_NIL;
    switch (byte % 9) {
    case 0: t = build_list(b, byte / 9 % 8); break;
    case 1: t = build_tuple(b, byte / 9 % 8); break;
    case 2: t = build_map(b, byte / 9 % 8); break;
    case 3: t = build_bytes(b); break;
    case 4: t = build_float(b); break;
    case 5: t = atoms[byte / 9 % 3]; break;
    case 6: t = AM_error; break;
    case 7: t = term_pid(byte, 1); break;
    default: t = term_small(byte - 128);
    }
    b->depth--;
    return t;
}

static void fuzz_value(FuzzProgram *program, const uint8_t *data, size_t size) {
    VM *vm = fuzz_vm(program);
    Fragment *fragment = fragment_new(vm->mem, (size + 100) * WORDS_PER_BYTE);
    CHECK(fragment != NULL);
    Builder b = {.vm = vm, .room = fragment_room(fragment), .at = data + 1, .end = data + size};
    Term args[2] = {build(&b), term_small(data[0] - 128)};
    fuzz_call(program, "value", args, 2);
    fragment_free(vm->mem, fragment);
}

// What hangs from the mapped parts of a machine (its process table, heaps) is no leak, but looks
// like one to LeakSanitizer. The machine counts its memory itself, and ends when some is left after
// it was freed, as it is every so often.
int __lsan_is_turned_off(void) {
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static FuzzProgram *program;
    program = fuzz_program(program, assembly);
    if (size < 1 || size > TEXT_MAX) {
        return 0;
    }
    if (data[0] >= 128) {
        if (size <= VALUE_MAX) {
            fuzz_value(program, data, size);
        }
        return 0;
    }
    MemStats *mem = fuzz_vm(program)->mem;
    Fragment *fragment = fragment_new(mem, bytes_words(size - 1));
    CHECK(fragment != NULL);
    Room room = fragment_room(fragment);
    Term text = room_bytes(mem, &room, data + 1, size - 1);
    fuzz_call(program, "text", &text, 1);
    fragment_free(mem, fragment);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Prints what the JIT is made of, from vm/jit/stencils.def, micro.def and the bodies of both:
//
//   stencilgen stencils.c          a function st_N for every variant of every stencil: compiled to assembly, see stencilpack.c
//   stencilgen stencil_numbers.h   the first number and the shape of each
//
// The variants of a stencil are numbered with its last operand counting fastest.
#include <stdbool.h>

#include "tools/gen/op_bodies.h"

static const char *const shapes[OP_COUNT] = {
#define STENCIL(name, shape) [OP_##name] = shape,
#include "vm/jit/stencils.def"
#undef STENCIL
};

typedef struct {
    const char *name;
    const char *shape;
} Micro;

static const Micro micros[] = {
#define MICRO(name, shape, doc) {#name, shape},
#include "vm/jit/micro.def"
#undef MICRO
};

enum { MICRO_COUNT = sizeof micros / sizeof micros[0] };

static Body op_bodies[OP_COUNT];
static Body micro_bodies[MICRO_COUNT];

static int micro_by_name(const char *name, size_t len) {
    for (int i = 0; i < MICRO_COUNT; i++) {
        if (strlen(micros[i].name) == len && memcmp(micros[i].name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

static void read_all(void) {
    read_op_bodies(op_bodies);
    read_bodies("vm/jit/micro.op.h", micro_bodies, micro_by_name);
    for (int i = 0; i < MICRO_COUNT; i++) {
        if (micro_bodies[i].text == NULL) {
            die("stencilgen: no body for", micros[i].name);
        }
    }
}

// Operand classes ---------------------------------------------------------------------------------

// How many operands of a class there are.
static int class_size(char class) {
    switch (class) {
    case 'r': return 7;
    case 't':
    case 'k': return 1;
    case 'u': return 2;
    case 'c': return 8;
    case 'w':
    case 'f': return 8;
    case 'g': return 11;
    case 'e': return 9;
    default: die("stencilgen: no such class of operands:", (char[]){class, '\0'}); return 0;
    }
}

// The operand as an expression. `second`: it is a second source.
static const char *class_operand(char class, int index, bool second) {
    static const char *const registers[] = {"x0", "x1", "x2", "x3", "x4", "x5"};
    static const char *const raws[] = {"d0", "d1", "d2",    "d3",    "d4",      "d5",
                                       "d6", "dt", "RAW_Y", "RAW_X", "RAW_WORD"};
    if (class == 'f' || class == 'g') {
        return raws[index];
    }
    if (class == 't' || class == 'u') {
        index += 6;
    } else if (class == 'k') {
        index += 7;
    }
    if (index < 6) {
        return registers[index];
    }
    if (index == 6) {
        return second ? "t1" : "t0";
    }
    return class == 'w' ? "t1" : index == 7 ? "SMALL" : "CONST_ATOM";
}

static int variant_count(const char *shape) {
    int count = 1;
    for (; *shape != '\0'; shape++) {
        count *= class_size(*shape);
    }
    return count;
}

// The operands of a variant, in the order of the shape.
static void variant_operands(const char *shape, bool has_destination, int variant,
                             const char *out[4]) {
    for (int i = (int)strlen(shape) - 1; i >= 0; i--) {
        int size = class_size(shape[i]);
        out[i] = class_operand(shape[i], variant % size, i == (has_destination ? 2 : 1));
        variant /= size;
    }
}

// Stencils ----------------------------------------------------------------------------------------

static bool writes(const char *operand, const char *which) {
    return strcmp(operand, which) == 0;
}

static void print_op(int op, int variant, int number) {
    const char *shape = shapes[op];
    const char *letters = op_infos[op].operands;
    bool has_destination = strpbrk(letters, "de") != NULL;
    bool two_address = strncmp(letters, "evv", 3) == 0; // A is the destination's register
    bool calls_closure = op == OP_call_fun || op == OP_tail_fun;
    const char *operands[4] = {"", "", "", ""};
    variant_operands(shape, has_destination, variant, operands);
    int source = has_destination && !two_address;
    bool result_in_t0 = calls_closure || (has_destination && writes(operands[0], "t0"));
    printf("\n#define T0_OUT %s\n#define T1_OUT stencil_any()\n",
           result_in_t0 ? "t0" : "stencil_any()");
    printf(
        "#define SET(v) (%s = (v))\n#define SET_RAW SET\n#define X(i) %s\n#define A %s\n#define B %s\n",
        has_destination ? operands[0] : "t0", operands[0], operands[source], operands[source + 1]);
    printf("#define B_VALUE %s\n",
           strcmp(operands[source + 1], "SMALL") == 0 ? "SMALL_VALUE" : "term_to_small(B)");
    printf("STENCIL(%s_%d)\n", (op_infos[op].flags & OP_CALL) != 0 ? "call" : "st", number);
    print_body(&op_bodies[op]);
    puts(
        "#undef T0_OUT\n#undef T1_OUT\n#undef SET\n#undef SET_RAW\n#undef X\n#undef A\n#undef B\n#undef B_VALUE");
}

static void print_micro(int micro, int variant, int number) {
    const char *shape = micros[micro].shape;
    const char *operands[4] = {"", "", "", ""};
    variant_operands(shape, true, variant, operands);
    bool two = strlen(shape) == 2;
    printf("\n#define T0_OUT t0\n#define T1_OUT t1\n#define D %s\n#define A %s\n", operands[0],
           operands[two ? 1 : 0]);
    printf("STENCIL(st_%d)\n", number);
    print_body(&micro_bodies[micro]);
    puts("#undef T0_OUT\n#undef T1_OUT\n#undef D\n#undef A");
}

static void print_stencils(void) {
    puts("// Made by tools/gen/stencilgen.c.\n#include \"vm/jit/stencil.h\"");
    int number = 0;
    for (int op = 0; op < OP_COUNT; op++) {
        for (int i = 0; shapes[op] != NULL && i < variant_count(shapes[op]); i++) {
            print_op(op, i, number++);
        }
    }
    for (int micro = 0; micro < MICRO_COUNT; micro++) {
        for (int i = 0; i < variant_count(micros[micro].shape); i++) {
            print_micro(micro, i, number++);
        }
    }
}

static void print_numbers(void) {
    puts(
        "// Made by tools/gen/stencilgen.c: the variants of stencils.\n#pragma once\n\n#include <stdint.h>\n");
    puts(
        "// The first variant and the shape of an op's stencils; shape NULL: it has none. Indexed by Op.");
    puts("static const struct {\n    uint16_t first;\n    const char *shape;\n} op_stencils[] = {");
    int number = 0;
    for (int op = 0; op < OP_COUNT; op++) {
        if (shapes[op] == NULL) {
            printf("    {0, (const char *)0},  // %s\n", op_infos[op].name);
        } else {
            printf("    {%d, \"%s\"},  // %s\n", number, shapes[op], op_infos[op].name);
            number += variant_count(shapes[op]);
        }
    }
    puts("};\n\nenum {");
    for (int micro = 0; micro < MICRO_COUNT; micro++) {
        printf("    MICRO_%s = %d,\n", micros[micro].name, number);
        number += variant_count(micros[micro].shape);
    }
    printf("    STENCIL_COUNT = %d,\n};\n", number);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "stencils.c") == 0) {
        read_all();
        print_stencils();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "stencil_numbers.h") == 0) {
        print_numbers();
        return 0;
    }
    die("usage: stencilgen", "stencils.c | stencil_numbers.h");
}

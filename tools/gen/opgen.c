// SPDX-License-Identifier: Apache-2.0
// Prints what the engines need of the ops, from ops.def and the bodies in vm/ops/*.op.h:
//
//   opgen ops_variants.h   the numbers of all variants and how instructions are laid out
//   opgen ops_cases.h      a case for each variant: its operands as macros, then the body of its op: OP_CASE(number, name)
//   opgen ops_cold.h       a case for each op, with all operands by generic words: OP_CASE(number, name)
//
// A variant is an op with the kinds of its fixed `d` and `s` operands (and the raw `e` and `v`): a
// register X or D, a slot Y or (sources only) a constant. Up to three such operands make variants; an op with more of them has
// one, and reads its operands by generic words (words.h).
//
// Layout of an instruction in 64-bit words:
//   0        variant number in the low 16 bits, then a 16-bit field for each fixed d or s: the register's number
//   then     the constants of s operands; or, in a generic op, a word for each d and s
//   then     n, a, l, F, I, R in the order of ops.def
//   then     f; then the op's Safepoint, if it has one
//   then     the list: its count, and its elements in generic words
//
// Words that bodies may use: vm/ops/README.md. The build runs it from the root of the
// tree.
#include <stdbool.h>

#include "tools/gen/op_bodies.h"

enum { FIELDS_MAX = 3 };

static Body bodies[OP_COUNT];

// Variants ---------------------------------------------------------------------------------------

static bool is_destination(char letter) {
    return letter == 'd' || letter == 'e';
}

static bool is_raw(char letter) {
    return letter == 'e' || letter == 'v';
}

// The fixed d, s, e and v operands as a string of these letters.
static void fixed_operands(int op, char out[16]) {
    int n = 0;
    for (const char *o = op_infos[op].operands; *o != '\0'; o++) {
        if (*o == '*') {
            o++;
        } else if (strchr("dsev", *o) != NULL) {
            out[n++] = *o;
        }
    }
    out[n] = '\0';
}

static bool all_generic; // whatever variants an op has

static bool op_is_generic(int op) {
    if (all_generic) {
        return true;
    }
    char fixed[16];
    fixed_operands(op, fixed);
    return strlen(fixed) > FIELDS_MAX;
}

static int variant_count(int op) {
    char fixed[16];
    fixed_operands(op, fixed);
    int count = 1;
    for (const char *o = fixed; *o != '\0' && !op_is_generic(op); o++) {
        count *= is_destination(*o) ? 2 : 3;
    }
    return count;
}

// The kinds of the operands of variant `index` of an op, a letter each: x, y or k. The last one
// counts fastest.
static void variant_kinds(int op, int index, char out[16]) {
    char fixed[16];
    fixed_operands(op, fixed);
    size_t n = op_is_generic(op) ? 0 : strlen(fixed);
    out[n] = '\0';
    while (n > 0) {
        n--;
        int base = is_destination(fixed[n]) ? 2 : 3;
        out[n] = "xyk"[index % base];
        index /= base;
    }
}

static bool op_has_point(int op) {
    bool has_point = (op_infos[op].flags & (OP_FAIL | OP_GC)) != 0;
    if (!has_point && strchr(op_infos[op].operands, 'm') != NULL) {
        die("an m operand, but neither FAIL nor GC:", op_infos[op].name);
    }
    return has_point;
}

static void print_variants(void) {
    puts("// Made by tools/gen/opgen.c: the variants of the ops.");
    puts("#pragma once\n\n#include <stdbool.h>\n#include <stdint.h>\n");
    puts("#define OP_VARIANTS(X) \\");
    int number = 0;
    for (int op = 0; op < OP_COUNT; op++) {
        for (int i = 0; i < variant_count(op); i++) {
            char kinds[16];
            variant_kinds(op, i, kinds);
            printf("    X(%d, %s%s%s) \\\n", number++, op_infos[op].name,
                   kinds[0] == '\0' ? "" : "_", kinds);
        }
    }
    printf("\n\nenum { VARIANT_COUNT = %d };\n\n", number);
    puts("// The first variant of each op.");
    puts("static const uint16_t op_variants[] = {");
    number = 0;
    for (int op = 0; op < OP_COUNT; op++) {
        printf("    %d,  // %s\n", number, op_infos[op].name);
        number += variant_count(op);
    }
    puts("};\n\n// Whether the op reads its operands by generic words.");
    puts("static const bool op_generic[] = {");
    for (int op = 0; op < OP_COUNT; op++) {
        printf("    %s,  // %s\n", op_is_generic(op) ? "true" : "false", op_infos[op].name);
    }
    puts("};");
}

// Cases ------------------------------------------------------------------------------------------

static char defined[32][16];
static int defined_count;

static void define(const char *name) {
    snprintf(defined[defined_count++], sizeof defined[0], "%s", name);
    printf("#define %s", name);
}

// The macros for d and s operands; gives the next free word.
static int print_fixed(int op, const char *kinds) {
    static const char *const source_names[] = {"A", "B", "C", "E"};
    char fixed[16];
    fixed_operands(op, fixed);
    int word = 1;
    int source = 0;
    for (int i = 0; fixed[i] != '\0'; i++) {
        char kind = op_is_generic(op) ? 'g' : kinds[i];
        bool raw = is_raw(fixed[i]);
        if (is_destination(fixed[i])) {
            define(raw ? "SET_RAW" : "SET");
            const char *slot = kind == 'g'   ? "GENERIC_SLOT(1)"
                               : kind == 'x' ? "X_FIELD(0)"
                                             : "Y_FIELD(0)";
            printf(raw ? "(v) raw_store(&%s, (v))\n" : "(v) (%s = (v))\n", slot);
            word += kind == 'g';
            continue;
        }
        define(source_names[source++]);
        if (kind == 'g') {
            printf(" GENERIC%s(%d)\n", raw ? "_RAW" : "", word++);
        } else if (kind == 'k') {
            printf(" CONSTANT%s(%d)\n", raw ? "_RAW" : "", word++);
        } else {
            printf(" %c_%s(%d)\n", kind == 'x' ? 'X' : 'Y', raw ? "RAW" : "FIELD", i);
        }
    }
    return word;
}

static int print_others(int op, int word) {
    for (const char *o = op_infos[op].operands; *o != '\0'; o++) {
        bool goes = (op_infos[op].flags & (OP_CALL | OP_END)) != 0;
        const char *name = *o == 'n'   ? "N"
                           : *o == 'a' ? "ATOM"
                           : *o == 'l' ? "L"
                           : *o == 'F' ? (goes ? "ENTRY" : "FUNCTION")
                           : *o == 'I' ? "IMPORT"
                           : *o == 'R' ? "RECORD"
                                       : NULL;
        if (*o == '*') {
            o++;
        } else if (name != NULL) {
            define(name);
            printf(" WORD_%s(%d)\n", name, word++);
        }
    }
    if (strchr(op_infos[op].operands, 'f') != NULL) {
        define("F");
        printf(" WORD_L(%d)\n", word++);
    } else {
        define("F");
        printf(" NO_LABEL\n");
    }
    if (op_has_point(op)) {
        define("POINT");
        printf(" WORD_POINT(%d)\n", word++);
    }
    const char *list = strchr(op_infos[op].operands, '*');
    define("SIZE");
    if (list == NULL) {
        printf(" %d\n", word);
    } else {
        printf(" (%d + COUNT * %d)\n", word + 1, list[1] == 's' ? 1 : list[1] == 'k' ? 2 : 3);
        define("COUNT");
        printf(" WORD_N(%d)\n", word);
        define("LIST");
        printf(" WORD_LIST(%d)\n", word + 1);
    }
    return word;
}

// An op with a Safepoint has slow paths: its body is there twice, so that an engine can keep those
// out of the case (HOT 1), which then needs no stack frame, and go to the second one (HOT 0) for
// them.
static void print_case(int op, int number, const char *kinds) {
    char name[64];
    snprintf(name, sizeof name, "%s%s%s", op_infos[op].name, kinds[0] == '\0' ? "" : "_", kinds);
    defined_count = 0;
    printf("\n");
    print_others(op, print_fixed(op, kinds));
    if (op_has_point(op)) {
        printf("#define COLD_CASE cold_%s\n#ifdef OP_COLD\n#define HOT 0\nOP_COLD(%s)\n", name,
               name);
        print_body(&bodies[op]);
        printf("#undef HOT\n#endif\n#define HOT 1\n");
    }
    printf("OP_CASE(%d, %s)\n", number, name);
    print_body(&bodies[op]);
    if (op_has_point(op)) {
        printf("#undef COLD_CASE\n#undef HOT\n");
    }
    for (int i = 0; i < defined_count; i++) {
        printf("#undef %s\n", defined[i]);
    }
}

static void print_cases(void) {
    puts("// Made by tools/gen/opgen.c: a case for each variant of each op.");
    int number = 0;
    for (int op = 0; op < OP_COUNT; op++) {
        for (int i = 0; i < variant_count(op); i++) {
            char kinds[16];
            variant_kinds(op, i, kinds);
            print_case(op, number++, kinds);
        }
    }
}

// As print_case, for an engine that has its own fast paths: every operand by generic words.
static void print_cold_cases(void) {
    puts("// Made by tools/gen/opgen.c: the whole of each op, with operands by generic words.");
    for (int op = 0; op < OP_COUNT; op++) {
        defined_count = 0;
        printf("\n");
        all_generic = true;
        print_others(op, print_fixed(op, ""));
        printf("OP_CASE(%d, %s)\n", op, op_infos[op].name);
        print_body(&bodies[op]);
        for (int i = 0; i < defined_count; i++) {
            printf("#undef %s\n", defined[i]);
        }
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "ops_variants.h") == 0) {
        print_variants();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "ops_cases.h") == 0) {
        read_op_bodies(bodies);
        print_cases();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "ops_cold.h") == 0) {
        read_op_bodies(bodies);
        print_cold_cases();
        return 0;
    }
    die("usage: opgen", "ops_variants.h | ops_cases.h | ops_cold.h");
}

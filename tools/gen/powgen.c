// SPDX-License-Identifier: Apache-2.0
// Prints gen/powers_of_ten.h: for each power of ten from 10^POWER_MIN to 10^POWER_MAX its 128
// leading bits, rounded down. vm/term/float.c prints and reads floats with them. Numbers here are
// arrays of 32-bit digits, lowest first.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { POWER_MIN = -342, POWER_MAX = 324, DIGITS = 48, START_BITS = 1400 };

static uint32_t number[DIGITS];

static void multiply(uint32_t by) {
    uint64_t carry = 0;
    for (int i = 0; i < DIGITS; i++) {
        carry += (uint64_t)number[i] * by;
        number[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void divide(uint32_t by) {
    uint64_t rest = 0;
    for (int i = DIGITS - 1; i >= 0; i--) {
        rest = rest << 32 | number[i];
        number[i] = (uint32_t)(rest / by);
        rest %= by;
    }
}

static int bit(int at) {
    return at < 0 ? 0 : (int)(number[at / 32] >> (at % 32) & 1);
}

static void print_top(void) {
    int top = DIGITS * 32 - 1;
    while (bit(top) == 0) {
        top--;
    }
    uint64_t half[2] = {0, 0};
    for (int i = 0; i < 128; i++) {
        half[i / 64] = half[i / 64] << 1 | (uint64_t)bit(top - i);
    }
    printf("    {0x%016llxu, 0x%016llxu},\n", (unsigned long long)half[0],
           (unsigned long long)half[1]);
}

// 10^power from 2^START_BITS divided by 10 again and again: each quotient is exact but for rounding
// down.
static void print_negative(int power) {
    memset(number, 0, sizeof number);
    number[START_BITS / 32] = 1u << (START_BITS % 32);
    for (int i = 0; i > power; i--) {
        divide(10);
    }
    print_top();
}

int main(void) {
    printf("// Made by tools/gen/powgen.c.\n#pragma once\n#include <stdint.h>\n");
    printf("enum { POWER_MIN = %d, POWER_MAX = %d };\n", POWER_MIN, POWER_MAX);
    printf(
        "// The 128 leading bits of 10^(POWER_MIN + i), rounded down; exact from 10^0 to 10^55.\n");
    printf("static const struct {\n    uint64_t high;\n    uint64_t low;\n} powers_of_ten[] = {\n");
    for (int power = POWER_MIN; power < 0; power++) {
        print_negative(power);
    }
    memset(number, 0, sizeof number);
    number[0] = 1;
    for (int power = 0; power <= POWER_MAX; power++) {
        print_top();
        multiply(10);
    }
    printf("};\n");
    return 0;
}

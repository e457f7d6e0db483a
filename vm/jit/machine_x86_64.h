// SPDX-License-Identifier: Apache-2.0
// See machine.h. Every jump reaches 2 GiB.
#pragma once

typedef enum { FILL_64, FILL_32, FILL_32S, FILL_PC32 } FillType;

enum {
    MACHINE_REGION_BYTES = 256 * 1024 * 1024,
    MACHINE_NEAR_BYTES = INT32_MAX,
    MACHINE_WAY_BYTES = 0,
    MACHINE_POINT_BYTES = 8, // nopl disp32(%rax,%rax,1)
};

static inline void machine_fill(uint8_t *to, FillType type, uint64_t value, uint64_t place) {
    if (type == FILL_PC32) {
        value -= place;
    }
    memcpy(to, &value, type == FILL_64 ? 8 : 4);
}

static inline bool machine_is_short(FillType type) {
    (void)type;
    return false;
}

static inline void machine_put_way(uint8_t *at, int64_t distance) {
    (void)at;
    (void)distance;
}

static inline void machine_put_jump(uint8_t *at, void (*to)(void)) {
    static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0}; // jmp *0(%rip)
    const void *address = (const void *)to;
    memcpy(at, jump, sizeof jump);
    memcpy(at + sizeof jump, &address, sizeof address);
}

static inline void machine_put_point(uint8_t *at, int32_t distance) {
    static const uint8_t nop[] = {0x0f, 0x1f, 0x84, 0};
    memcpy(at, nop, sizeof nop);
    memcpy(at + sizeof nop, &distance, sizeof distance);
}

static inline int32_t machine_point_distance(const uint8_t *return_address) {
    int32_t distance;
    memcpy(&distance, return_address + 4, sizeof distance);
    return distance;
}

static inline void machine_put_padding(uint8_t *at, size_t size) {
    memset(at, 0xcc, size); // breakpoints
}

static inline void machine_publish(const uint8_t *run, size_t size) {
    (void)run;
    (void)size;
}

// In DWARF: the return address is at the stack pointer (7), which the caller has 8 bytes above.
enum { MACHINE_ELF = EM_X86_64, MACHINE_RETURN_COLUMN = 16 };
#define MACHINE_FRAME_RULES                                                                        \
    { DW_DEF_CFA, 7, 8, DW_OFFSET | MACHINE_RETURN_COLUMN, 1 }

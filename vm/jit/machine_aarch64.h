// SPDX-License-Identifier: Apache-2.0
// See machine.h. `b` and `bl` reach 128 MiB, conditional branches 1 MiB. Values stand in `movz` and
// `movk`, 16 bits each.
#pragma once

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum {
    FILL_BRANCH26,
    FILL_BRANCH19,
    // Bits from 0, 16, 32 and 48 on.
    FILL_WORD0,
    FILL_WORD1,
    FILL_WORD2,
    FILL_WORD3,
    // The same of the distance from there.
    FILL_DISTANCE0,
    FILL_DISTANCE1,
} FillType;

enum {
    MACHINE_REGION_BYTES = 128 * 1024 * 1024,
    MACHINE_NEAR_BYTES = 1024 * 1024 - 64 * 1024,
    MACHINE_WAY_BYTES = 4,   // b
    MACHINE_POINT_BYTES = 8, // movz xzr, #high; movk xzr, #low
};

// Puts bits into those of an instruction from `shift` on that are 0 in stencils.
static inline void machine_or(uint8_t *to, uint64_t bits, uint32_t width, uint32_t shift) {
    uint32_t instruction;
    memcpy(&instruction, to, sizeof instruction);
    instruction |= ((uint32_t)bits & ((UINT32_C(1) << width) - 1)) << shift;
    memcpy(to, &instruction, sizeof instruction);
}

static inline void machine_fill(uint8_t *to, FillType type, uint64_t value, uint64_t place) {
    switch (type) {
    case FILL_BRANCH26: machine_or(to, (value - place) >> 2, 26, 0); break;
    case FILL_BRANCH19: machine_or(to, (value - place) >> 2, 19, 5); break;
    case FILL_WORD0:
    case FILL_WORD1:
    case FILL_WORD2:
    case FILL_WORD3: machine_or(to, value >> 16 * (type - FILL_WORD0), 16, 5); break;
    case FILL_DISTANCE0: machine_or(to, value - place, 16, 5); break;
    case FILL_DISTANCE1: machine_or(to, (value - place) >> 16, 16, 5); break;
    }
}

static inline bool machine_is_short(FillType type) {
    return type == FILL_BRANCH19;
}

static inline void machine_put_way(uint8_t *at, int64_t distance) {
    static const uint8_t branch[] = {0, 0, 0, 0x14}; // b
    memcpy(at, branch, sizeof branch);
    machine_fill(at, FILL_BRANCH26, (uint64_t)distance, 0);
}

static inline void machine_put_jump(uint8_t *at, void (*to)(void)) {
    static const uint32_t jump[] = {0x58000050, 0xd61f0200}; // ldr x16, .+8; br x16
    const void *address = (const void *)to;
    memcpy(at, jump, sizeof jump);
    memcpy(at + sizeof jump, &address, sizeof address);
}

static inline void machine_put_point(uint8_t *at, int32_t distance) {
    static const uint32_t nops[] = {0xd2a0001f, 0xf280001f}; // movz xzr, #0, lsl 16; movk xzr, #0
    memcpy(at, nops, sizeof nops);
    machine_or(at, (uint32_t)distance >> 16, 16, 5);
    machine_or(at + 4, (uint32_t)distance, 16, 5);
}

static inline int32_t machine_point_distance(const uint8_t *return_address) {
    uint32_t nops[2];
    memcpy(nops, return_address, sizeof nops);
    return (int32_t)((nops[0] >> 5 & 0xffff) << 16 | (nops[1] >> 5 & 0xffff));
}

static inline void machine_put_padding(uint8_t *at, size_t size) {
    memset(at, 0, size); // no instructions
}

// What is in caches of the address where it runs goes; then every thread forgets what it has
// fetched. (A kernel without this call has no other means; it may fail.)
static inline void machine_publish(const uint8_t *run, size_t size) {
    __builtin___clear_cache((char *)(uintptr_t)run, (char *)(uintptr_t)(run + size));
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
}

// In DWARF: the return address (30) is at x29, which the caller has 8 bytes above (val_offset 0
// from the frame's address); sp (31) stays.
enum { MACHINE_ELF = EM_AARCH64, MACHINE_RETURN_COLUMN = 30 };
#define MACHINE_FRAME_RULES                                                                        \
    { DW_DEF_CFA, 29, 8, DW_OFFSET | MACHINE_RETURN_COLUMN, 1, 0x14, 29, 0, 0x08, 31 }

// SPDX-License-Identifier: Apache-2.0
// What translation has of the machine; a header for each defines:
//
//   FillType                 how a value is put into a stencil
//   machine_fill(to, type, value, place)
//                            puts it at `to`, which runs at `place`
//   MACHINE_REGION_BYTES     of all code: any place in it reaches any other
//   MACHINE_NEAR_BYTES       modules of more code need ways
//   MACHINE_WAY_BYTES, machine_is_short(type), machine_put_way(at, distance)
//                            which are jumps, one for each fill that reaches only what is near
//   machine_put_jump(at, to) to anywhere, in at most 16 bytes; `at` is at a multiple of 8
//   MACHINE_POINT_BYTES, machine_put_point(at, distance), machine_point_distance(return_address)
//                            what stands behind a call
//   machine_put_padding(at, size)
//                            what stops who runs it
//   machine_publish(run, size)
//                            before any thread runs what was written there
//   MACHINE_ELF, MACHINE_RETURN_COLUMN, MACHINE_FRAME_RULES
//                            for gdb (symbols.c)
//
// The rest of what is a machine's own: stencil_MACHINE.h, glue_MACHINE.S, tools/gen/pack_MACHINE.h.
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include "vm/jit/machine_x86_64.h"
#elif defined(__aarch64__)
#include "vm/jit/machine_aarch64.h"
#endif

// SPDX-License-Identifier: Apache-2.0
// The image format (.copc), as far as writer and reader must agree on numbers. vm/code/README.md
// specifies it whole. Depends on nothing but ops.h, so that the compiler may include it.
//
//   file:    "COPC" u16 version, u16 flags (0), u64 checksum of all that follows, u32 count of modules, module*
//   module:  u32 size of what follows, chunk*         (the first module of a file is its main module)
//   chunk:   4 letters, u32 size of the payload, payload; each id at most once, in the order of the enum below
// Fixed-width numbers are little-endian. Within payloads `u` is unsigned LEB128 of at most 64 bits
// in its shortest form,
// `i` the same of a zigzag-coded signed number, `str` u length and that many bytes.
//
//   ATOM  u count, str*                      names in UTF-8; atom 0 is the module's name; no two alike
//   FILE  u count, str*                      source files, as shown in traces
//   LITS  u count, literal*                  literal: a tag byte (LIT_*) and its data; may refer to earlier literals
//   RECS  u count, {u module atom, u name atom, u n, u field atom*}
//   IMPT  u count, {u module atom, u name atom, u arity}
//   FUNC  u count, function*                 function: u name atom, u arity, u captured, u flags (FN_*), u words of code,
//                                            u blocks, {u offset in words, delta from the block before}*,
//                                            u maps, {u nx, kinds.., u ny, kinds.., u bits of D}* (4 kinds a byte, lowest first),
//                                            u regions, {u start, u end, u label}* (innermost first; words; a failure
//                                            at start <= op < end goes to label with X0 = reason)
//   CODE  u word*                            canonical instructions (ops.h) of all functions in turn
//   LINE  per function: u entries, {u offset delta, u frames, {u function name atom, u file, u line}*}
//                                            applies from that offset on; more than one frame: inlined, innermost first
//   EXPT  u count, {u name atom, u arity, u function}*   sorted by name text, then arity
//   TEST  u count, {str name, u function, u line}*
//   DOCS  u count, {u kind (DOC_*), str name, u arity, str signature, str text, u line}*
//   TYPE  bytes of the checker's own: kept, not read by the machine
#pragma once

#include <stddef.h>

#include "vm/ops/ops.h"

#define IMAGE_MAGIC "COPC"
enum { IMAGE_VERSION = 1 };

#define IMAGE_CHUNKS(X)                                                                            \
    X(ATOM) X(FILE) X(LITS) X(RECS) X(IMPT) X(FUNC) X(CODE) X(LINE) X(EXPT) X(TEST) X(DOCS) X(TYPE)

typedef enum {
#define X(id) CHUNK_##id,
    IMAGE_CHUNKS(X)
#undef X
        CHUNK_COUNT
} ChunkId;

// Tags of literals. A nested literal is a tag and its data again; LIT_REF names an earlier literal
// of the table.
typedef enum {
    LIT_INT = 1,   // i value (64 bits)
    LIT_BIG = 2,   // u sign (1: negative), str magnitude, least byte first, no zero at the end
    LIT_FLOAT = 3, // 8 bytes, IEEE 754 little-endian
    LIT_ATOM = 4,  // u atom
    LIT_EMPTY = 5,
    LIT_BYTES = 6,   // str
    LIT_TUPLE = 7,   // u n, literal*
    LIT_LIST = 8,    // u n >= 1, literal*, literal tail
    LIT_MAP = 9,     // u n, {literal key, literal value}*
    LIT_RECORD = 10, // u record, literal* (as many as it has fields)
    LIT_FNREF = 11,  // u module atom, u name atom, u arity: &Mod.f/n
    LIT_RANGE = 12,  // literal first, literal last, literal step: integers
    LIT_FN = 13,     // u function (of this module, captures nothing): a function value
    LIT_REF = 14,    // u number of an earlier literal
} LitTag;

enum {
    FN_EXPORTED = 1,
    FN_CLOSURE = 2, // reached through function values only
    FN_TEST = 4,
};

typedef enum {
    DOC_MODULE,
    DOC_FUNCTION,
    DOC_ACTOR,
    DOC_SUPERVISOR,
    DOC_RECORD,
    DOC_TYPE,
    DOC_CONST
} DocKind;

enum {
    IMAGE_MAX_MODULES = 1 << 16,
    IMAGE_MAX_ATOMS = 1 << 20,
    IMAGE_MAX_CODE_WORDS = 1 << 26,
    LIT_MAX_DEPTH = 1000,
    IMAGE_HEAD_BYTES = 16, // what the checksum does not cover
};

// The checksum of the head, over everything after it. It tells damage, not malice. Words are taken
// little-endian; what remains after the last whole one is padded with zeros, and the length goes in
// as well.
static inline uint64_t image_checksum(const uint8_t *bytes, size_t size_bytes) {
    uint64_t sum = UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)size_bytes;
    for (size_t at = 0; at < size_bytes; at += 8) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8 && at + i < size_bytes; i++) {
            word |= (uint64_t)bytes[at + i] << (8 * i);
        }
        sum = (sum ^ word) * UINT64_C(0xff51afd7ed558ccd);
        sum ^= sum >> 32;
    }
    return sum;
}

// Span: where something stands in the source: a file and a range of bytes.
//
// A file is a number in the compilation's Sources (compiler/base/source.h), which turns an offset
// into line and column. Spans are small and copied by value; every token, AST node and diagnostic
// has one. A span of length 0 is a place between two bytes (the end of the file, say).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

typedef struct Span {
    uint32_t file;   // index into Sources
    uint32_t offset; // first byte
    uint32_t len;    // bytes
} Span;

static inline uint32_t span_end(Span s) {
    return s.offset + s.len;
}

// From the first byte of `first` to the last of `last`, which must not begin before it.
static inline Span span_join(Span first, Span last) {
    uint32_t end = span_end(last) > span_end(first) ? span_end(last) : span_end(first);
    return (Span){first.file, first.offset, end - first.offset};
}

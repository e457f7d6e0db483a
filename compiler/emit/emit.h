// Emission: the IR of a module becomes an image.
//
// emit_function gives every value a place (frame.c, liveness.c, regalloc.c) and encodes its
// instructions (encode.c) into the tables of an Image; image_write puts these together in the
// format of vm/code/format.h. Deterministic: the same IR gives the same bytes, as every number is
// given in the order of first use. Limits that a program can reach (slots of a frame, atoms, words
// of code) are diagnostics. Nothing here knows core's expressions or the source, but for constants
// and places. Tests: tests/unit/compiler/emit, tests/stage/*.asm.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/base/source.h"
#include "compiler/diag/diag.h"
#include "compiler/ir/ir.h"
#include "vm/code/format.h"

typedef struct Image Image;

// An empty image for the module of `ir`. `docs`: keep the doc comments.
Image *image_new(Arena *arena, const IrModule *ir, Sources *sources, Diags *diags, bool docs);

// Adds the code of a function, which must come in the order of their numbers. The function's IR is
// used up. Linear in its size and in that of its liveness maps. Reports what goes over a limit.
void emit_function(Image *image, IrFunction *f);

// The module as a chunked body (what follows `u32 size` in the file), once all functions are in.
Str image_write(Image *image);

// A .copc file of these modules, the first being the main one.
Str image_bundle(Arena *arena, const Str *modules, uint32_t count);

// The code of a module's body (image_write) as text, for --dump=asm. Trusts what image_write made.
void image_print(Arena *arena, Str module, Buf *out);
